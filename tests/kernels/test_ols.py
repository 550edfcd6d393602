"""Least squares against NIST's certified regressions and against statsmodels.

``nist_strd_linear.json`` holds the eleven sets for linear regression of NIST's Statistical
Reference Datasets (StRD, https://www.itl.nist.gov/div898/strd/), with the solution computed anew in
exact rationals to 17 digits. Digits are counted as NIST does: LRE = -log10 of the relative error,
at most 15.
"""

from __future__ import annotations

import json
import math
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm

from eventstudy.kernels.cumulate import cumulate, leverage
from eventstudy.kernels.ols import least_squares

FILE = Path(__file__).parent.parent / "reference" / "nist_strd_linear.json"
LOWER_AND_AVERAGE = ("norris", "pontius", "noint1", "noint2")
# Digits of the worst coefficient and of the worst standard error, as measured with numpy 2.4 on
# x86-64; the assertions leave one digit to other linear algebra libraries.
HIGHER = {
    "longley": (10.9, 12.7),
    "wampler1": (9.4, 9.2),
    "wampler2": (12.6, 14.2),
    "wampler3": (9.1, 13.5),
    "wampler4": (7.6, 13.6),
    "wampler5": (5.6, 13.6),
    "filip": (7.3, 7.6),
}


@lru_cache
def certified():
    return json.loads(FILE.read_text(encoding="utf-8"))


def design(one):
    """Columns of the regression; powers are exact before they are rounded once."""
    if one["model"] == "no intercept":
        return np.array([[float(value)] for value in one["x"]])
    if isinstance(one["x"][0], list):
        return np.array([[1.0, *map(float, values)] for values in one["x"]])
    return np.array(
        [[float(Fraction(value) ** power) for power in range(one["p"])] for value in one["x"]]
    )


def digits(got, want):
    """Correct significant digits (LRE)."""
    want = float(want)
    error = abs(got - want) / (abs(want) if want else 1.0)
    return 15.0 if error == 0 else min(15.0, -math.log10(error))


def reached(name):
    """Digits of the worst coefficient, the worst standard error, and the residual spread."""
    one = certified()[name]
    y = np.array([float(value) for value in one["y"]])
    fit = least_squares(y[None], design(one)[None])
    assert not fit.singular[0]
    assert fit.n_obs[0] == one["n"]
    sigma = math.sqrt(fit.ssr[0] / (one["n"] - one["p"]))
    errors = sigma * np.sqrt(np.diag(fit.unscaled[0]))
    return (
        min(digits(*pair) for pair in zip(fit.coefficients[0], one["coef"], strict=True)),
        min(digits(*pair) for pair in zip(errors, one["se"], strict=True)),
        digits(sigma, one["resid_sd"]),
    )


@pytest.mark.parametrize("name", LOWER_AND_AVERAGE)
def test_nist_lower_and_average_difficulty_to_nine_digits(name):
    coefficients, errors, sigma = reached(name)
    assert coefficients >= 9
    assert errors >= 9
    assert sigma >= 9


@pytest.mark.parametrize("name", HIGHER)
def test_nist_higher_difficulty_to_the_digits_stated(name):
    """Filip and Wampler5 are the hardest: 7.3 and 5.6 digits of the worst coefficient."""
    coefficients, errors, sigma = reached(name)
    stated = HIGHER[name]
    assert coefficients >= stated[0] - 1
    assert errors >= stated[1] - 1
    assert sigma >= min(stated[1], 12) - 1


def test_every_set_of_the_file_is_used():
    assert set(certified()) == {*LOWER_AND_AVERAGE, *HIGHER}


def draw(seed, events=7, days=90, columns=3):
    rng = np.random.default_rng(seed)
    x = np.concatenate(
        [np.ones((events, days, 1)), rng.normal(0, 0.01, (events, days, columns - 1))], axis=2
    )
    beta = rng.normal(0, 1, (events, columns)) * [0.001, *[1.0] * (columns - 1)]
    y = np.einsum("nmp,np->nm", x, beta) + rng.normal(0, 0.02, (events, days))
    return y, x


@pytest.mark.parametrize("columns", [1, 2, 4])
@pytest.mark.parametrize("holes", [False, True])
def test_statsmodels_agrees_event_by_event(columns, holes):
    y, x = draw(columns, columns=columns)
    if holes:
        rng = np.random.default_rng(9)
        y[rng.random(y.shape) < 0.1] = np.nan
        x[..., -1][rng.random(y.shape) < 0.05] = np.nan
    fit = least_squares(y, x)
    for event in range(len(y)):
        there = np.isfinite(y[event]) & np.isfinite(x[event]).all(axis=1)
        want = sm.OLS(y[event][there], x[event][there]).fit()
        assert fit.n_obs[event] == want.nobs
        np.testing.assert_allclose(fit.coefficients[event], want.params, rtol=1e-9, atol=1e-13)
        np.testing.assert_allclose(fit.unscaled[event], want.normalized_cov_params, rtol=1e-9)
        np.testing.assert_allclose(fit.residuals[event][there], want.resid, atol=1e-14)
        assert np.isnan(fit.residuals[event][~there]).all()
        assert fit.ssr[event] == pytest.approx(want.ssr, rel=1e-12)


@pytest.mark.parametrize("length", [1, 2, 5])
def test_the_forecast_variance_of_a_sum_is_statsmodels(length):
    """Var(CAR) = s^2 (L + x'(X'X)^-1 x): of a sum of forecasts and of its own noise."""
    y, x = draw(5)
    fit = least_squares(y[:, :-length], x[:, :-length])
    dof = fit.n_obs - x.shape[2]
    sigma = np.sqrt(fit.ssr / dof)
    expected = np.einsum("ntp,np->nt", x[:, -length:], fit.coefficients)
    spans = np.ones(expected.shape, dtype=np.int64)
    got = cumulate(y[:, -length:], expected, spans, x[:, -length:], fit.unscaled, sigma)
    for event in range(len(y)):
        want = sm.OLS(y[event, :-length], x[event, :-length]).fit()
        total = x[event, -length:].sum(axis=0)
        mean = want.get_prediction(total[None])  # the error of the sum of the forecasts
        noise = length * want.scale
        assert got.se[event] == pytest.approx(math.sqrt(mean.var_pred_mean[0] + noise), rel=1e-11)
        if length == 1:
            assert got.se[event] == pytest.approx(mean.se_obs[0], rel=1e-11)
        effect = y[event, -length:].sum() - mean.predicted_mean[0]
        assert got.car[event] == pytest.approx(effect, rel=1e-9)


def test_leverage_is_the_hat_matrix():
    y, x = draw(6, events=3)
    fit = least_squares(y, x)
    for event in range(3):
        hat = x[event] @ np.linalg.solve(x[event].T @ x[event], x[event].T)
        np.testing.assert_allclose(
            leverage(x, fit.unscaled)[event], np.diag(hat), rtol=1e-9, atol=1e-13
        )


@pytest.mark.parametrize(
    "spoil",
    [
        lambda x: x[..., 1].fill(0.0),
        lambda x: x[..., 1].fill(0.02),
        lambda x: np.copyto(x[..., 2], 3 * x[..., 1] - x[..., 0]),
    ],
)
def test_columns_that_repeat_each_other_are_seen(spoil):
    y, x = draw(7)
    spoil(x)
    fit = least_squares(y, x)
    assert fit.singular.all()
    assert np.isnan(fit.coefficients).all()


def test_fewer_days_than_columns_are_no_regression():
    y, x = draw(8, days=5, columns=4)
    y[0, :2] = np.nan
    y[1] = np.nan
    fit = least_squares(y, x)
    assert fit.singular.tolist() == [True, True, *[False] * 5]
    assert fit.n_obs.tolist() == [3, 0, *[5] * 5]


def test_tiny_factors_are_no_dependence():
    """A factor in units of 1e-9 carries as much as one in per cent."""
    y, x = draw(9)
    small = x.copy()
    small[..., 1] *= 1e-9
    one, other = least_squares(y, x), least_squares(y, small)
    assert not other.singular.any()
    np.testing.assert_allclose(other.coefficients[:, 1] * 1e-9, one.coefficients[:, 1], rtol=1e-10)
    np.testing.assert_allclose(other.residuals, one.residuals, atol=1e-14)


def test_a_model_without_coefficients():
    y, _ = draw(10)
    fit = least_squares(y, np.empty((*y.shape, 0)))
    np.testing.assert_array_equal(fit.residuals, y)
    assert fit.coefficients.shape == (7, 0)
    assert not fit.singular.any()
