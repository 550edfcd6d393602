"""Dimson's and Scholes and Williams's models against statsmodels and the formulas."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from markets import ZERO, returns, run, shifted

import eventstudy as es
from eventstudy.errors import StudyError

FIRST, LAST = ZERO - 130, ZERO - 11


def lagged(frame, leads, lags):
    return np.column_stack([shifted(frame["MKT"].to_numpy(), k) for k in range(-lags, leads + 1)])


@pytest.mark.parametrize(("leads", "lags"), [(1, 1), (0, 1), (2, 2), (0, 0), (3, 1)])
def test_dimson_is_one_regression_on_days_whose_neighbours_lie_inside(leads, lags):
    frame = returns()
    found = run(frame, es.Dimson(leads=leads, lags=lags))
    inside = slice(FIRST + lags, LAST + 1 - leads)
    x = sm.add_constant(lagged(frame, leads, lags)[inside])
    want = sm.OLS(frame["S0"].to_numpy()[inside], x).fit()
    fit = found.fits.iloc[0]
    assert (fit["n_obs"], fit["dof"]) == (120 - leads - lags, want.df_resid)
    names = [f"beta_lag{k}" for k in range(lags, 0, -1)] + ["beta_0"]
    names += [f"beta_lead{k}" for k in range(1, leads + 1)]
    np.testing.assert_allclose(fit[["alpha", *names]].astype(float), want.params, rtol=1e-9)
    assert fit["beta"] == pytest.approx(want.params[1:].sum(), rel=1e-9)
    assert fit["sigma"] == pytest.approx(np.sqrt(want.scale), rel=1e-11)
    day = found.days.set_index("day").loc[0]
    row = np.concatenate([[1.0], lagged(frame, leads, lags)[ZERO]])
    assert day["expected"] == pytest.approx(row @ want.params, rel=1e-9)
    effect = found.events[found.events["window"] == "(-1, 1)"].iloc[0]
    total = sm.add_constant(lagged(frame, leads, lags))[ZERO - 1 : ZERO + 2].sum(axis=0)
    variance = 3 * want.scale + total @ want.cov_params() @ total
    assert effect["se"] == pytest.approx(np.sqrt(variance), rel=1e-10)


def test_dimson_without_neighbours_is_the_market_model():
    frame = returns()
    one, two = run(frame, es.Dimson(leads=0, lags=0)), run(frame, es.MarketModel())
    np.testing.assert_allclose(one.events["car"], two.events["car"], rtol=1e-12)
    assert "beta_fowler_rorke" not in one.fits


def test_fowler_and_rorkes_weights():
    frame = returns()
    for reach in (1, 2):
        fit = run(frame, es.Dimson(leads=reach, lags=reach)).fits.iloc[0]
        days = slice(FIRST + reach, LAST + 1 - reach)
        x = lagged(frame, reach, reach)[days]
        r = [np.corrcoef(x[:, reach], x[:, reach - k])[0, 1] for k in range(1, reach + 1)]
        if reach == 1:
            w1 = (1 + r[0]) / (1 + 2 * r[0])
            want = fit["beta_0"] + w1 * (fit["beta_lag1"] + fit["beta_lead1"])
        else:
            below = 1 + 2 * r[0] + 2 * r[1]
            w1, w2 = (1 + 2 * r[0] + r[1]) / below, (1 + r[0] + r[1]) / below
            want = (
                fit["beta_0"]
                + w1 * (fit["beta_lag1"] + fit["beta_lead1"])
                + w2 * (fit["beta_lag2"] + fit["beta_lead2"])
            )
        assert fit["beta_fowler_rorke"] == pytest.approx(want, rel=1e-10)


def test_an_event_day_whose_lead_is_not_in_the_data_has_no_abnormal_return():
    frame = returns(sessions=ZERO + 3)  # ends on day 2
    found = run(frame, es.Dimson(leads=1, lags=1))
    days = found.days.set_index("day")["ar"]
    assert np.isfinite(days[1])
    assert np.isnan(days[2])


def test_a_lag_over_a_halt_is_compounded_over_the_span_moved_by_the_lag():
    frame = returns()
    prices = 100 * (1 + frame).cumprod()
    prices.iloc[ZERO - 2 : ZERO, 0] = np.nan
    found = run(prices, es.Dimson(leads=0, lags=1), kind="prices")
    fit = found.fits.iloc[0]
    day = found.days.set_index("day").loc[0]
    assert day["spans"] == 3
    market = frame["MKT"].to_numpy()
    same = np.prod(1 + market[ZERO - 2 : ZERO + 1]) - 1
    before = np.prod(1 + market[ZERO - 3 : ZERO]) - 1
    want = 3 * fit["alpha"] + fit["beta_0"] * same + fit["beta_lag1"] * before
    assert day["expected"] == pytest.approx(want, rel=1e-9)


@pytest.mark.parametrize("options", [{"leads": -1}, {"lags": 21}, {"leads": 1.5}, {"lags": True}])
def test_leads_and_lags_that_cannot_be(options):
    with pytest.raises(StudyError, match="is not a number from 0 to 20"):
        es.Dimson(**options)


def test_scholes_williams_is_the_instrumental_variable_slope_up_to_end_effects():
    frame = returns(seed=5)
    found = run(frame, es.ScholesWilliams())
    fit = found.fits.iloc[0]
    days = slice(FIRST + 1, LAST)
    y = frame["S0"].to_numpy()[days]
    x = lagged(frame, 1, 1)[days]
    slopes = [np.cov(y, x[:, k])[0, 1] / np.var(x[:, k], ddof=1) for k in range(3)]
    rho = np.corrcoef(x[:, 1], x[:, 0])[0, 1]
    beta = sum(slopes) / (1 + 2 * rho)
    assert fit["beta"] == pytest.approx(beta, rel=1e-10)
    assert fit["alpha"] == pytest.approx(y.mean() - beta * x[:, 1].mean(), rel=1e-8)
    residuals = y - fit["alpha"] - beta * x[:, 1]
    assert fit["sigma"] == pytest.approx(np.sqrt((residuals**2).sum() / (118 - 2)), rel=1e-10)
    z, m = x.sum(axis=1), x[:, 1]
    z, m = z - z.mean(), m - m.mean()
    assert beta == pytest.approx((z @ (y - y.mean())) / (z @ m), rel=0.02)
    effect = found.events[found.events["window"] == "(-1, 1)"].iloc[0]
    market = frame["MKT"].to_numpy()
    gap = market[ZERO - 1 : ZERO + 2].sum() - 3 * x[:, 1].mean()
    variance = fit["sigma"] ** 2 * (3 + 9 / 118 + gap**2 * (z @ z) / (z @ m) ** 2)
    assert effect["se"] == pytest.approx(np.sqrt(variance), rel=1e-10)
    assert effect["dof"] == 116


def test_scholes_williams_takes_only_days_whose_neighbours_are_there():
    frame = returns()
    frame.iloc[ZERO - 50, frame.columns.get_loc("MKT")] = np.nan
    assert run(frame, es.ScholesWilliams()).fits.loc[0, "n_obs"] == 118 - 3


def test_scholes_williams_has_no_value_at_an_autocorrelation_of_minus_a_half():
    frame = returns()
    rng = np.random.default_rng(2)
    shock = rng.normal(0, 0.01, len(frame) + 1)
    frame["MKT"] = np.diff(shock)  # autocorrelation -.5
    found = run(frame, es.ScholesWilliams())
    assert "near -.5" in found.dropped.loc[0, "reason"]


def test_scholes_williams_on_a_benchmark_that_stands_still():
    frame = returns().assign(MKT=0.001)
    found = run(frame, es.ScholesWilliams())
    assert "does not vary" in found.dropped.loc[0, "reason"]


def test_the_days_that_dimson_leaves_out_leave_the_joint_tests_theirs():
    """T of the mean is that of the portfolio, whose regression it is."""
    found = run(
        returns(), es.Dimson(leads=1, lags=1), tickers=("S0", "S1", "S2"),
        tests=["sur", "sur_mean", "portfolio"],
    )  # fmt: skip
    tests = found.tests[found.tests["group"] == "all"].set_index(["test", "window"])
    for window in ("(0, 0)", "(-1, 1)"):
        own, other = tests.loc[("sur_mean", window)], tests.loc[("portfolio", window)]
        assert own["statistic"] == pytest.approx(other["statistic"], rel=1e-9)
        assert own["dof"] == other["dof"] == 118 - 4
        assert tests.loc[("sur", window), "n"] == 3
        assert np.isfinite(tests.loc[("sur", window), "statistic"])
