"""Market models with a moving variance, against the package arch and the recursions."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import numpy as np
import pytest
from arch import arch_model
from markets import days, run

import eventstudy as es
from eventstudy.errors import MissingExtraError, StudyError
from eventstudy.models.garch import EGarch, Garch
from eventstudy.windows import Design, Window

E, AHEAD = 260, 21
ZERO = 280


def spells(seed=4, sessions=300):
    """A share with calm and wild spells, and its market."""
    import pandas as pd

    rng = np.random.default_rng(seed)
    market = 0.01 * rng.standard_normal(sessions)
    z = rng.standard_normal(sessions)
    h, e = np.empty(sessions), np.empty(sessions)
    for t in range(sessions):
        h[t] = 2e-4 if t == 0 else 1e-5 + 0.12 * e[t - 1] ** 2 + 0.83 * h[t - 1]
        e[t] = np.sqrt(h[t]) * z[t]
    return pd.DataFrame({"S0": 1.1 * market + e, "MKT": market}, index=days(sessions))


def study(model, frame=None, **settings):
    usual = {"estimation": (-260, -11), "event": (-10, 10), "zero": ZERO}
    return run(spells() if frame is None else frame, model, **(usual | settings))


def own_fit(kind):
    """The same model by arch itself, in per cent."""
    frame = spells().iloc[ZERO - 260 : ZERO - 10] * 100
    model = arch_model(frame["S0"], x=frame[["MKT"]], mean="LS", rescale=False, **kind.variance)
    return model.fit(disp="off")


@pytest.mark.parametrize("seed", [1, 9, 11, 15])
def test_of_several_maxima_the_highest_is_taken(seed):
    """arch's own start ends at a lower one, two units of likelihood and more below."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(250)
    y = x + rng.standard_t(3, 250)
    y[rng.integers(20, 230)] += 12
    ends = Garch()._maxima(y, x)
    model = arch_model(y, x=x[:, None], mean="LS", rescale=False, **Garch.variance)
    assert ends[0].loglikelihood > model.fit(disp="off").loglikelihood + 2
    exog = np.column_stack([np.ones(250), x])
    line = np.linalg.lstsq(exog, y, rcond=None)[0]
    spread = np.var(y - exog @ line)
    for c in (0.02, 0.1, 0.3, 0.6, 0.95):
        for d in (0.02, 0.3, 0.6, 0.95):
            if c + d < 1:
                start = np.array([*line, spread * (1 - c - d), c, d])
                other = model.fit(disp="off", show_warning=False, starting_values=start)
                assert other.convergence_flag or other.loglikelihood < ends[0].loglikelihood + 1e-3


def test_garch_is_archs():
    found, want = study(es.Garch()), own_fit(Garch)
    fit = found.fits.iloc[0]
    assert fit["alpha"] * 100 == pytest.approx(want.params["Const"], abs=2e-4)
    assert fit["beta"] == pytest.approx(want.params["MKT"], abs=2e-4)
    assert fit["garch_arch"] == pytest.approx(want.params["alpha[1]"], abs=2e-3)
    assert fit["garch_lag"] == pytest.approx(want.params["beta[1]"], abs=2e-3)
    known = (want.conditional_volatility / 100) ** 2
    assert fit["sigma"] == pytest.approx(np.sqrt(known.mean()), rel=1e-3)
    ahead = want.forecast(horizon=AHEAD, x=np.zeros((1, 1, AHEAD))).variance.to_numpy()[0] / 1e4
    effect = found.events.set_index("window")
    market = spells()["MKT"].to_numpy()
    covariance = want.param_cov.to_numpy()[:2, :2] * np.outer([0.01, 1], [0.01, 1])
    for window, first, last in (("(0, 0)", 0, 0), ("(-1, 1)", -1, 1)):
        row = np.array([last - first + 1, market[ZERO + first : ZERO + last + 1].sum()])
        variance = ahead[10 + first : 11 + last].sum() + row @ covariance @ row
        assert effect.loc[window, "se"] == pytest.approx(np.sqrt(variance), rel=2e-3)
        assert effect.loc[window, "dof"] == np.inf
    p = effect.loc["(0, 0)", "pvalue"]
    from scipy.stats import norm

    assert p == pytest.approx(2 * norm.sf(abs(effect.loc["(0, 0)", "t"])), rel=1e-10)


def test_the_forecast_formula_of_garch():
    """h_E+k = mean + (c + d)^(k-1) (h_E+1 - mean)."""
    shape = {"omega": 0.2, "alpha[1]": 0.1, "beta[1]": 0.8}
    got = Garch().forecast(shape, 5.0, 20)
    mean = 0.2 / (1 - 0.9)
    np.testing.assert_allclose(got, mean + 0.9 ** np.arange(1, 21) * (5.0 - mean), rtol=1e-12)
    assert Garch().step(shape, 3.0, 4.0) == pytest.approx(0.2 + 0.1 * 9 + 0.8 * 4)


def test_the_forecast_of_egarch_is_the_mean_over_all_shocks():
    shape = {"omega": 0.05, "alpha[1]": 0.15, "gamma[1]": -0.1, "beta[1]": 0.9}
    got = EGarch().forecast(shape, 2.0, 5)
    rng = np.random.default_rng(0)
    z = rng.standard_normal((5, 400_000))
    level = np.full(z.shape[1], np.log(2.0))
    for k in range(5):
        news = 0.15 * (np.abs(z[k]) - np.sqrt(2 / np.pi)) - 0.1 * z[k]
        level = 0.05 + news + 0.9 * level
        h = np.exp(level)
        assert got[k] == pytest.approx(h.mean(), abs=5 * h.std() / np.sqrt(len(h)))


def test_egarch_is_archs():
    found, want = study(es.EGarch()), own_fit(EGarch)
    fit = found.fits.iloc[0]
    own = found.estimation["ar"].to_numpy() * 100
    assert np.isfinite(own).all()
    # At least as likely as arch's own answer from its one start.
    assert fit["beta"] == pytest.approx(want.params["MKT"], abs=0.02)
    known = (want.conditional_volatility / 100) ** 2
    assert fit["sigma"] == pytest.approx(np.sqrt(known.mean()), rel=0.02)
    assert {"garch_arch", "garch_sign", "garch_lag"} <= set(found.fits)


def test_the_placebo_weighs_each_day_by_its_own_variance():
    found = study(es.Garch())
    want = own_fit(Garch)
    h = (want.conditional_volatility.to_numpy() / 100) ** 2
    fit = found.fits.iloc[0]
    frame = spells().iloc[ZERO - 260 : ZERO - 10]
    residuals = (frame["S0"] - fit["alpha"] - fit["beta"] * frame["MKT"]).to_numpy()
    effect = found.events.set_index("window").loc["(0, 0)"]
    own = abs(effect["t"])
    standard = np.abs(residuals) / np.sqrt(h)  # but for the covariance of the coefficients
    want_p = (1 + (standard >= own).sum()) / (len(standard) + 1)
    assert effect["placebo_pvalue"] == pytest.approx(want_p, abs=2.1 / 251)
    plain = study("market").events.set_index("window").loc["(0, 0)"]
    assert plain["placebo_pvalue"] != effect["placebo_pvalue"]
    # The interval is that of the test: it excludes 0 exactly when the placebo p is at most 5 %.
    for row in found.events.itertuples(index=False):
        outside = not row.placebo_low <= 0 <= row.placebo_high
        assert outside == (row.placebo_pvalue <= 0.05 + 1e-12)


def test_rank_tests_take_standardised_residuals():
    import pandas as pd

    frame = spells()
    frame["S1"] = spells(seed=9)["S0"]
    found = run(
        frame,
        es.Garch(),
        tickers=("S0", "S1"),
        zero=ZERO,
        estimation=(-260, -11),
        event=(-10, 10),
        tests=("corrado_zivney", "grank_z", "patell", "j2", "beaver_patell", "portfolio", "sur"),
    )
    tests = found.tests[(found.tests["group"] == "all") & (found.tests["window"] == "(0, 0)")]
    tests = tests.set_index("test")
    assert np.isfinite(tests.loc[["corrado_zivney", "patell", "j2"], "pvalue"]).all()
    scar = found.events[found.events["window"] == "(0, 0)"]["scar"].to_numpy()
    assert tests.loc["patell", "statistic"] == pytest.approx(scar.sum() / np.sqrt(2), rel=1e-10)
    u = np.mean(scar**2)
    assert tests.loc["beaver_patell", "statistic"] == pytest.approx((u - 1) * 2 / 2, rel=1e-9)
    assert "no least-squares" in tests.loc["sur", "reason"]
    mean = frame.assign(S0=(frame["S0"] + frame["S1"]) / 2)
    one = study(es.Garch(), pd.DataFrame(mean[["S0", "MKT"]])).events.iloc[0]
    assert tests.loc["portfolio", "statistic"] == pytest.approx(one["t"], rel=1e-6)


def test_a_missing_day_has_the_variance_of_the_last_one_before():
    fit = Garch().fit(*arrays(spells(), hole=50), AHEAD)
    assert fit.innovations is not None
    assert fit.innovations.shape == (1, 250 + AHEAD)
    assert fit.innovations[0, 50] == fit.innovations[0, 49]
    assert fit.n_obs[0] == 249


def arrays(frame, hole=None):
    part = frame.iloc[ZERO - 260 : ZERO - 10]
    y = part["S0"].to_numpy(copy=True)[None]
    if hole is not None:
        y[0, hole] = np.nan
    return y, part["MKT"].to_numpy()[None, :, None]


def test_a_return_over_k_sessions_takes_the_sum_of_their_variances():
    from eventstudy.abnormal import event_innovations

    fit = Garch().fit(*arrays(spells()), AHEAD)
    assert fit.innovations is not None
    design = Design(Window(-260, -11), Window(-10, 10), (Window(0, 0),), 100)
    spans = np.ones((1, 21), dtype=np.int64)
    spans[0, 10] = 3
    got = event_innovations(fit, design, spans)
    assert got[0, 10] == pytest.approx(fit.innovations[0, 258:261].sum(), rel=1e-14)
    assert got[0, 9] == fit.innovations[0, 259]


def test_an_estimation_window_after_the_event_cannot_be_forecast_backwards():
    found = study(es.Garch(), zero=20, estimation=(30, 270), event=(-5, 5))
    assert "backwards" in found.dropped.loc[0, "reason"]
    assert found.events.empty


@pytest.mark.parametrize("model", [es.Garch(iterations=1), es.EGarch(iterations=1)])
def test_a_likelihood_that_does_not_converge_drops_the_event(model):
    found = study(model)
    assert found.dropped.loc[0, "reason"].endswith("did not converge")


def test_a_variance_that_runs_away_drops_the_event(monkeypatch):
    monkeypatch.setattr(Garch, "forecast", lambda *_: np.full(20, 1e6))
    found = study(es.Garch())
    assert "beyond all that it has seen" in found.dropped.loc[0, "reason"]


def test_a_benchmark_that_stands_still():
    found = study(es.Garch(), spells().assign(MKT=0.0))
    assert "does not vary" in found.dropped.loc[0, "reason"]


def test_without_arch_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(
        "eventstudy.models.garch.find_spec",
        lambda name: None if name == "arch" else find_spec(name),
    )
    with pytest.raises(MissingExtraError, match=r"pip install 'eventstudy\[garch\]'"):
        es.Garch()
    with pytest.raises(MissingExtraError):
        es.Study(model="egarch")


def test_iterations_below_one():
    with pytest.raises(StudyError, match="below 1"):
        es.Garch(iterations=0)


def test_a_plain_study_imports_neither_arch_nor_statsmodels_nor_sklearn():
    import subprocess

    code = (
        "import eventstudy as es, sys, pandas as pd, numpy as np\n"
        "days = pd.bdate_range('2020-01-06', periods=200)\n"
        "rng = np.random.default_rng(0)\n"
        "frame = pd.DataFrame(rng.normal(0, .01, (200, 2)), columns=['A', 'M'], index=days)\n"
        "events = pd.DataFrame({'event_id': ['E'], 'ticker': ['A'], 'date': ['2020-09-21'],"
        " 'benchmark': ['M']})\n"
        "es.Study(calendar='data', estimation=(-150, -11)).run(es.Events.from_frame(events),"
        " prices=es.MemoryPrices.from_returns(frame))\n"
        "heavy = {'arch', 'statsmodels', 'sklearn', 'scipy.stats', 'scipy.optimize'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
