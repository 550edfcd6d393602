"""Models that choose among other securities: the elastic net and synthetic control."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from markets import ZERO, days, run
from scipy.optimize import minimize

import eventstudy as es
from eventstudy.errors import MissingExtraError, StudyError
from eventstudy.models.synthetic_control import placebo_ratios, simplex_weights

NAMES = [f"P{which:02d}" for which in range(8)]
DAYS = slice(ZERO - 130, ZERO - 10)


def sector(seed=7, peers=8, sessions=160):
    """Two shares and peers that share two factors; MKT is the first of them."""
    rng = np.random.default_rng(seed)
    common = 0.01 * rng.standard_normal((sessions, 2))
    columns = {f"P{which:02d}": None for which in range(peers)} | {"S0": None, "S1": None}
    for name in columns:
        loads = rng.uniform(0.4, 1.2, 2)
        columns[name] = common @ loads + 0.008 * rng.standard_normal(sessions)
    return pd.DataFrame({**columns, "MKT": common[:, 0]}, index=days(sessions))


def estimation(frame, names):
    part = frame.iloc[DAYS]
    return part["S0"].to_numpy(), part[list(names)].to_numpy()


def test_the_elastic_net_solves_its_own_problem():
    """The conditions of the minimum hold at the answer, on standardised returns."""
    frame = sector()
    fit = run(frame, es.Peers(NAMES)).fits.iloc[0]
    y, x = estimation(frame, NAMES)
    unit = y.std()
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)
    slopes = fit[NAMES].to_numpy(dtype=float)
    b = slopes * x.std(axis=0) / unit
    residuals = (y - fit["alpha"] - x @ slopes) / unit
    assert residuals.mean() == pytest.approx(0, abs=1e-9)
    gradient = scaled.T @ residuals / len(y) - fit["penalty"] * (1 - fit["mix"]) * b
    edge = fit["penalty"] * fit["mix"]
    used = b != 0
    np.testing.assert_allclose(gradient[used], edge * np.sign(b[used]), atol=2e-3)
    assert (np.abs(gradient[~used]) <= edge + 2e-3).all()
    assert fit["peers_used"] == used.sum()


def test_its_error_is_that_of_days_left_out():
    frame = sector()
    found = run(frame, es.Peers(NAMES))
    fit = found.fits.iloc[0]
    y, x = estimation(frame, NAMES)
    residuals = found.estimation["ar"].to_numpy()
    inside = y - fit["alpha"] - x @ fit[NAMES].to_numpy(dtype=float)
    assert (residuals**2).sum() > (inside**2).sum()
    left_out = np.mean(residuals**2)
    assert fit["sigma"] ** 2 * (1 + 1 / 120) == pytest.approx(left_out, rel=1e-10)
    effect = found.events.set_index("window")
    se = effect["se"]
    assert se["(0, 0)"] == pytest.approx(np.sqrt(left_out), rel=1e-10)
    assert se["(-1, 1)"] == pytest.approx(fit["sigma"] * np.sqrt(3 + 9 / 120), rel=1e-10)
    assert effect.loc["(0, 0)", "dof"] == 119 - fit["peers_used"]
    # Placebo: both are forecasts, so both have the scale of forecasts.
    own = abs(effect.loc["(0, 0)", "car"])
    want = (1 + (np.abs(residuals) >= own).sum()) / 121
    assert effect.loc["(0, 0)", "placebo_pvalue"] == pytest.approx(want, rel=1e-12)
    assert fit["r2"] == pytest.approx(1 - (residuals**2).sum() / ((y - y.mean()) ** 2).sum())


def test_peers_beat_the_market_where_the_sector_moves():
    frame = sector()
    with_peers = run(frame, es.Peers(NAMES), diagnostics=True).fits.iloc[0]
    market = run(frame, es.MarketModel(), diagnostics=True).fits.iloc[0]
    assert with_peers["r2_outside"] > market["r2_outside"] + 0.1


def test_simplex_weights_are_the_minimum_of_another_program():
    rng = np.random.default_rng(1)
    for donors in (2, 5, 25):
        x = 0.01 * rng.standard_normal((120, donors))
        y = x[:, : min(3, donors)].mean(axis=1) + 0.004 * rng.standard_normal(120)
        got = simplex_weights(y, x)
        assert got.min() >= 0
        assert got.sum() == pytest.approx(1, abs=1e-12)
        other = minimize(
            lambda w, y=y, x=x: 1e4 * ((y - x @ w) ** 2).sum(),
            np.full(donors, 1 / donors),
            jac=lambda w, y=y, x=x: -2e4 * x.T @ (y - x @ w),
            bounds=[(0, 1)] * donors,
            constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
            method="SLSQP",
            options={"ftol": 1e-15, "maxiter": 1000},
        )
        np.testing.assert_allclose(got, other.x, atol=2e-5)
        assert ((y - x @ got) ** 2).sum() <= ((y - x @ other.x) ** 2).sum() * (1 + 1e-9)


def test_synthetic_control_is_a_weighted_mean_with_the_covariance_of_its_weights():
    frame = sector()
    found = run(frame, es.SyntheticControl(NAMES))
    fit = found.fits.iloc[0]
    y, x = estimation(frame, NAMES)
    w = simplex_weights(y, x)
    np.testing.assert_allclose(fit[NAMES].to_numpy(dtype=float), w, atol=1e-12)
    used = np.flatnonzero(w > 0)
    assert fit["donors_used"] == len(used)
    assert fit["dof"] == 120 - (len(used) - 1)
    assert fit["sigma"] == pytest.approx(np.sqrt(((y - x @ w) ** 2).sum() / fit["dof"]), rel=1e-10)
    # The same weights by least squares of y - x_1 on x_j - x_1, whose covariance is the textbook's.
    moved = x[:, used[1:]] - x[:, used[:1]]
    free, *_ = np.linalg.lstsq(moved, y - x[:, used[0]], rcond=None)
    np.testing.assert_allclose(free, w[used[1:]], atol=1e-8)
    ahead = frame.iloc[ZERO - 1 : ZERO + 2][NAMES].to_numpy()
    total = (ahead[:, used[1:]] - ahead[:, used[:1]]).sum(axis=0)
    variance = fit["sigma"] ** 2 * (3 + total @ np.linalg.inv(moved.T @ moved) @ total)
    effect = found.events.set_index("window").loc["(-1, 1)"]
    assert effect["se"] == pytest.approx(np.sqrt(variance), rel=1e-8)
    own = frame["S0"].iloc[ZERO - 1 : ZERO + 2].to_numpy()
    assert effect["car"] == pytest.approx((own - ahead @ w).sum(), rel=1e-9)


def test_the_placebo_over_donors():
    frame = sector(peers=20)
    names = [f"P{which:02d}" for which in range(20)]
    frame.loc[frame.index[ZERO], "S0"] -= 0.08
    found = run(frame, es.SyntheticControl(names))
    effect = found.events.set_index("window").loc["(0, 0)"]
    assert effect["n_donors"] == 20
    assert effect["donor_pvalue"] == pytest.approx(1 / 21)
    y, x = estimation(frame, names)
    ahead = frame.iloc[ZERO - 5 : ZERO + 6][names].to_numpy()
    ratios = placebo_ratios(es.SyntheticControl(names), y, x, ahead)
    others = np.delete(np.arange(20), 3)
    w = simplex_weights(x[:, 3], x[:, others])
    usual = np.sqrt(np.mean((x[:, 3] - x[:, others] @ w) ** 2))
    want = (ahead[:, 3] - ahead[:, others] @ w) / usual
    np.testing.assert_allclose(ratios[3], want, rtol=1e-9)
    assert "donor_pvalue" not in run(frame, "market").events


@pytest.mark.parametrize("kind", [es.Peers, es.SyntheticControl])
def test_what_the_event_touches_is_no_candidate(kind):
    frame = sector()
    model = kind([*NAMES, "S0", "S1"])
    one = run(frame, model).fits.iloc[0]
    assert one["S0"] == 0  # never its own peer
    assert one["S1"] != 0 or kind is es.Peers
    together = run(frame, model, tickers=("S0", "S1"), event_ids=("E", "E")).fits
    assert (together[["S0", "S1"]] == 0).all(axis=None)  # another security of the same event
    table = pd.DataFrame(
        {
            "event_id": ["E", "F", "G"],
            "ticker": ["S0", "S1", "P00"],
            "date": [
                frame.index[place].strftime("%Y-%m-%d") for place in (ZERO, ZERO + 2, ZERO - 9)
            ],
            "benchmark": "MKT",
        }
    )
    study = es.Study(
        model=model,
        estimation=(-120, -11),
        event=(-5, 5),
        windows=[(-1, 1)],
        calendar="data",
    )
    found = study.run(es.Events.from_frame(table), prices=es.MemoryPrices.from_returns(frame))
    fits = found.fits.set_index("event_id")
    assert fits.loc["E", "S1"] == 0  # its own event, two days later, shares a tested day
    assert fits.loc["F", "S0"] == 0
    assert found.overlaps is not None


@pytest.mark.parametrize("kind", [es.Peers, es.SyntheticControl])
def test_a_peer_with_holes_costs_days_or_its_place(kind):
    frame = sector()
    frame.iloc[60:65, 0] = np.nan  # P00 lacks 5 of 120 days: they go
    frame.iloc[30:70, 1] = np.nan  # P01 lacks 40: it goes
    frame.iloc[ZERO, 2] = np.nan  # P02 lacks day zero
    found = run(frame, kind(NAMES))
    fit = found.fits.iloc[0]
    assert fit["n_obs"] == 115
    assert fit["P01"] == 0
    missing = np.isnan(found.days.set_index("day").loc[0, "ar"])
    assert missing == (fit["P02"] != 0)  # a day needs the peers in use, and no others


def test_a_peer_that_the_source_lacks_is_left_out_and_listed():
    found = run(sector(), es.SyntheticControl([*NAMES, "NOPE"]))
    assert found.dropped.empty
    row = found.sources.set_index("ticker").loc["NOPE"]
    assert (row["role"], row["sessions"]) == ("factor", 0)
    assert "no NOPE" in row["note"]


@pytest.mark.parametrize("kind", [es.Peers, es.SyntheticControl])
def test_no_candidate_is_a_reason(kind):
    frame = sector()
    frame[["P00", "P01"]] = np.nan
    found = run(frame, kind(["P00", "P01"]))
    assert "on enough days of the estimation window" in found.dropped.loc[0, "reason"]


def test_a_donor_that_is_the_security():
    frame = sector()
    frame["P00"] = frame["S0"]
    found = run(frame, es.SyntheticControl(NAMES))
    assert "very returns" in found.dropped.loc[0, "reason"]


def test_an_elastic_net_that_does_not_converge(monkeypatch):
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import ElasticNetCV

    fit = ElasticNetCV.fit

    def unsettled(self, x, y):
        warnings.warn("no", ConvergenceWarning, stacklevel=1)
        return fit(self, x, y)

    monkeypatch.setattr(ElasticNetCV, "fit", unsettled)
    found = run(sector(), es.Peers(NAMES))
    assert found.dropped.loc[0, "reason"] == "the elastic net did not converge"


def test_tests_that_need_a_common_design_have_none():
    names = ("portfolio", "sur", "calendar_time", "adjusted_bmp", "adjusted_patell")
    found = run(sector(), es.SyntheticControl(NAMES), tickers=("S0", "S1"), tests=names)
    tests = found.tests[found.tests["window"] == "(0, 0)"].set_index("test")
    for name in names[:3]:
        assert "own choice" in tests.loc[name, "reason"]
    assert found.leads.loc[0, "test"] == "adjusted_patell"


def test_the_placebo_over_peer_firms_bars_what_the_event_touches():
    found = run(sector(), es.SyntheticControl([*NAMES, "S0"]), peers=NAMES)
    row = found.events.set_index("window").loc["(0, 0)"]
    assert row["n_peers"] == 8
    assert 0 < row["peer_pvalue"] <= 1


@pytest.mark.parametrize("factors", [(), ["P00"], ["P00", "P00"], ["P00", "no good"], "P00"])
def test_lists_that_give_no_choice(factors):
    for kind in (es.Peers, es.SyntheticControl):
        with pytest.raises(StudyError):
            kind(factors)


def test_options_that_cannot_be():
    with pytest.raises(StudyError, match="folds 1"):
        es.Peers(NAMES, folds=1)
    for kind in (es.Peers, es.SyntheticControl):
        with pytest.raises(StudyError, match="coverage"):
            kind(NAMES, coverage=0)


def test_settings_come_back():
    for model in (es.Peers("AAA, BBB", folds=4), es.SyntheticControl(NAMES, coverage=0.5)):
        study = es.Study(model=model)
        assert es.Study.from_spec(study.spec).spec == study.spec


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(
        "eventstudy.models.peers.find_spec",
        lambda name: None if name == "sklearn" else find_spec(name),
    )
    with pytest.raises(MissingExtraError, match=r"pip install 'eventstudy\[peers\]'"):
        es.Peers(NAMES)


@pytest.mark.slow
def test_the_error_of_peers_and_donors_holds_its_size():
    """Returns without an event: 5 % are called significant, within three standard errors."""
    from scipy.stats import t as student

    rng = np.random.default_rng(3)
    names, days_, rejected = [f"P{k:02d}" for k in range(12)], 120, {"peers": 0, "control": 0}
    draws = 200
    for _ in range(draws):
        common = 0.01 * rng.standard_normal((days_ + 3, 2))
        x = common @ rng.uniform(0.3, 1.2, (2, 12)) + 0.012 * rng.standard_normal((days_ + 3, 12))
        y = common @ [0.9, 0.7] + 0.015 * rng.standard_normal(days_ + 3)
        for key, model in (("peers", es.Peers(names)), ("control", es.SyntheticControl(names))):
            fit = model.fit(y[None, :days_], x[None, :days_])
            rows = model.design(fit.chosen(x[None, days_:]), np.ones((1, 3), dtype=np.int64))[0]
            total = rows.sum(axis=0)
            se = fit.sigma[0] * np.sqrt(3 + total @ fit.unscaled[0] @ total)
            gap = (y[days_:] - rows @ fit.coefficients[0]).sum()
            rejected[key] += 2 * student.sf(abs(gap / se), fit.dof[0]) < 0.05
    for count in rejected.values():
        assert abs(count / draws - 0.05) < 3 * np.sqrt(0.05 * 0.95 / draws)
