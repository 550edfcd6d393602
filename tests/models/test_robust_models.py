"""Huber's and Theil-Sen's market models against statsmodels and scipy."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from markets import ZERO, returns, run
from scipy import stats

import eventstudy as es
from eventstudy.errors import StudyError

DAYS = slice(ZERO - 130, ZERO - 10)


def wild():
    """Returns with three wild days in the estimation window."""
    frame = returns()
    for day, jump in ((40, 0.2), (70, -0.15), (90, 0.18)):
        frame.iloc[day, 0] += jump
    return frame


@pytest.mark.parametrize("k", [1.345, 2.5])
def test_huber_is_statsmodels_rlm(k):
    frame = wild()
    fit = run(frame, es.Huber(k=k)).fits.iloc[0]
    y, x = frame["S0"].iloc[DAYS].to_numpy(), sm.add_constant(frame["MKT"].iloc[DAYS].to_numpy())
    want = sm.RLM(y, x, M=sm.robust.norms.HuberT(t=k)).fit(maxiter=200)
    np.testing.assert_allclose(fit[["alpha", "beta"]].astype(float), want.params, rtol=1e-6)
    # The estimating equation holds at the answer, whatever the program that found it.
    residuals = y - x @ fit[["alpha", "beta"]].to_numpy(dtype=float)
    scale = np.median(np.abs(residuals)) / stats.norm.ppf(0.75)
    score = x.T @ np.clip(residuals / scale, -k, k)
    assert np.abs(score / np.abs(x).sum(axis=0)).max() < 1e-4


def test_rounding_of_the_benchmark_makes_no_slope():
    rng = np.random.default_rng(3)
    x = np.round(0.01 * rng.standard_normal(120), 3)  # many ties
    y = x + 0.01 * rng.standard_normal(120)
    noise = 1e-17 * rng.standard_normal(120)
    assert es.TheilSen().line(y, x + noise) == pytest.approx(es.TheilSen().line(y, x), rel=1e-12)


@pytest.mark.parametrize("intercept", ["separate", "joint"])
def test_theil_sen_is_scipys(intercept):
    frame = wild()
    fit = run(frame, es.TheilSen(intercept=intercept)).fits.iloc[0]
    y, x = frame["S0"].iloc[DAYS].to_numpy(), frame["MKT"].iloc[DAYS].to_numpy()
    want = stats.theilslopes(y, x, method=intercept)
    assert fit["beta"] == want.slope
    assert fit["alpha"] == want.intercept
    i, j = np.triu_indices(len(y), 1)
    assert fit["beta"] == pytest.approx(np.median((y[j] - y[i]) / (x[j] - x[i])), rel=1e-12)


@pytest.mark.parametrize("model", [es.Huber(), es.TheilSen()])
def test_the_error_is_the_robust_scale_with_the_forecast_term_of_least_squares(model):
    frame = wild()
    found = run(frame, model)
    fit, plain = found.fits.iloc[0], run(frame, es.MarketModel())
    y, x = frame["S0"].iloc[DAYS], frame["MKT"].iloc[DAYS]
    residuals = y - fit["alpha"] - fit["beta"] * x
    assert fit["sigma"] == pytest.approx(stats.median_abs_deviation(residuals, scale="normal"))
    assert fit["dof"] == 118
    ratio = found.events["se"] / plain.events["se"]
    np.testing.assert_allclose(ratio, fit["sigma"] / plain.fits.loc[0, "sigma"], rtol=1e-10)
    assert found.events["flags"].str.contains("approximate").all()
    assert fit["note"].startswith("approximate")
    assert any("Approximate" in note for note in found.findings().notes)
    assert fit["sigma"] < 0.7 * plain.fits.loc[0, "sigma"]
    assert abs(fit["beta"] - 0.9) < abs(plain.fits.loc[0, "beta"] - 0.9) + 0.2


def test_the_portfolio_test_says_that_it_is_approximate_and_sur_has_no_value():
    tests = run(returns(), es.Huber(), tickers=("S0", "S1")).tests
    first = tests[(tests["group"] == "all") & (tests["window"] == "(0, 0)")].set_index("test")
    assert "approximate" in first.loc["portfolio", "note"]
    assert np.isfinite(first.loc["portfolio", "pvalue"])
    assert "no least-squares" in first.loc["sur", "reason"]


def test_a_benchmark_that_stands_still():
    for model in (es.Huber(), es.TheilSen()):
        found = run(returns().assign(MKT=0.0), model)
        assert "does not vary" in found.dropped.loc[0, "reason"]


def test_a_share_that_mostly_stands_still_has_no_robust_scale():
    frame = returns()
    frame["S0"] = np.where(np.arange(len(frame)) % 3 == 0, frame["S0"], frame["MKT"])
    found = run(frame, es.TheilSen())
    assert "half of the abnormal returns" in found.dropped.loc[0, "reason"]
    frame["S0"] = 0.0
    assert "does not vary" in run(frame, es.TheilSen()).dropped.loc[0, "reason"]


def test_huber_that_does_not_converge(monkeypatch):
    from statsmodels.robust.robust_linear_model import RLM

    fit = RLM.fit
    monkeypatch.setattr(RLM, "fit", lambda self, maxiter: fit(self, maxiter=maxiter, tol=-1.0))
    found = run(wild(), es.Huber())
    assert found.dropped.loc[0, "reason"] == "Huber's estimate did not converge"


def test_options_that_cannot_be():
    with pytest.raises(StudyError, match="not above 0"):
        es.Huber(k=0)
    with pytest.raises(StudyError, match="neither separate nor joint"):
        es.TheilSen(intercept="none")
