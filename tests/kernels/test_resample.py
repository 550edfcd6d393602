"""The placebo distribution, run by run."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.kernels.ols import least_squares
from eventstudy.kernels.resample import placebo_critical, placebo_pvalues, placebo_statistics


def fitted(seed=0, events=3, days=40, holes=0.1):
    rng = np.random.default_rng(seed)
    x = np.stack([np.ones((events, days)), rng.normal(0, 0.01, (events, days))], axis=2)
    y = rng.normal(0, 0.02, (events, days))
    y[rng.random(y.shape) < holes] = np.nan
    return least_squares(y, x), x


@pytest.mark.parametrize(
    "available", [[True], [True, True, True], [True, False, True], [False, True]]
)
def test_runs_are_the_loop(available):
    """c / sqrt(L - 1'H 1), on the positions that the event has; a run that lacks a day is out."""
    fit, x = fitted()
    there = np.tile(available, (3, 1))
    got = placebo_statistics(fit.residuals, x, fit.unscaled, there)
    length = len(available)
    assert got.shape == (3, 40 - length + 1)
    for event in range(3):
        for start in range(40 - length + 1):
            days = [start + k for k in range(length) if available[k]]
            rows = x[event, days].sum(axis=0)
            spread = len(days) - rows @ fit.unscaled[event] @ rows
            want = fit.residuals[event, days].sum() / math.sqrt(spread)
            assert got[event, start] == pytest.approx(want, rel=1e-10, nan_ok=True)


def test_one_day_is_the_internally_studentised_residual_but_for_sigma():
    """The deleted-variance form sqrt(1 - h): in-sample residuals are too small by just that."""
    fit, x = fitted(holes=0.0)
    got = placebo_statistics(fit.residuals, x, fit.unscaled, np.ones((3, 1), dtype=bool))
    hat = np.einsum("ntp,npq,ntq->nt", x, fit.unscaled, x)
    np.testing.assert_allclose(got, fit.residuals / np.sqrt(1 - hat), rtol=1e-12)


def test_a_window_longer_than_the_estimation_has_no_run():
    fit, x = fitted()
    got = placebo_statistics(fit.residuals, x, fit.unscaled, np.ones((3, 41), dtype=bool))
    assert got.shape == (3, 0)
    both, lower, upper, count = placebo_pvalues(np.ones(3), got)
    assert np.isnan([both, lower, upper]).all()
    assert count.tolist() == [0, 0, 0]
    assert np.isnan(placebo_critical(got, 0.05)).all()


runs = st.lists(st.one_of(st.integers(-5, 5), st.none()), min_size=1, max_size=60)


@given(st.integers(-6, 6), runs, st.sampled_from([0.01, 0.05, 0.1, 0.29, 0.5]))
def test_p_values_and_critical_values_are_two_sides_of_one_test(effect, drawn, alpha):
    values = np.array([[np.nan if v is None else float(v) for v in drawn]])
    known = values[np.isfinite(values)]
    both, lower, upper, count = placebo_pvalues(np.array([float(effect)]), values)
    b = len(known)
    assert count[0] == b
    if not b:
        assert np.isnan(both[0])
        return
    assert both[0] == (1 + (np.abs(known) >= abs(effect)).sum()) / (b + 1)  # ties count against it
    assert lower[0] == (1 + (known <= effect).sum()) / (b + 1)
    assert upper[0] == (1 + (known >= effect).sum()) / (b + 1)
    assert min(both[0], lower[0], upper[0]) >= 1 / (b + 1)
    k = math.floor(alpha * (b + 1) + 1e-9)
    critical = placebo_critical(values, alpha)[0]
    if k == 0:
        assert np.isnan(critical)
        assert both[0] > alpha
        return
    assert critical == np.sort(np.abs(known))[::-1][k - 1]
    assert (abs(effect) > critical) == (both[0] <= alpha + 1e-9)


@pytest.mark.parametrize(("alpha", "b", "k"), [(0.29, 99, 29), (0.05, 19, 1), (0.05, 18, 0)])
def test_the_order_statistic_survives_rounding(alpha, b, k):
    """.29 * 100 is 28.999999999999996 in doubles."""
    values = np.arange(1.0, b + 1)[None, :]
    got = placebo_critical(values, alpha)[0]
    assert np.isnan(got) if k == 0 else got == b + 1 - k


def test_an_effect_that_is_missing_has_no_p_value():
    both, *_ = placebo_pvalues(np.array([np.nan]), np.ones((1, 9)))
    assert np.isnan(both[0])
