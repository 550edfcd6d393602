"""Sums over windows out of running sums, held to exact rationals."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.kernels.running import SUMS, running_sums, window_sums

WIDTH = 40


def draw(series: int, days: int, *, missing: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Daily returns of securities and of benchmarks, some of them missing."""
    rng = np.random.default_rng(days)
    y, x = 0.02 * rng.standard_normal((series, days)), 0.01 * rng.standard_normal((series, days))
    for one in (y, x):
        one[rng.random(one.shape) < missing] = np.nan
    return y, x


def exact(y: np.ndarray, x: np.ndarray, first: int, width: int) -> list[float]:
    """The six sums of a window in rationals."""
    days = slice(max(first, 0), max(first + width, 0))
    pairs = [
        (Fraction(float(a)), Fraction(float(b)))
        for a, b in zip(y[days], x[days], strict=True)
        if np.isfinite(a) and np.isfinite(b)
    ]
    terms = [(1, a, b, a * a, a * b, b * b) for a, b in pairs]
    return [float(sum(one)) for one in zip(*terms, strict=True)] or [0.0] * SUMS


@pytest.mark.parametrize("days", [31, 32, 33, 500])
@pytest.mark.parametrize("missing", [0.0, 0.05])
def test_every_window_even_beyond_the_ends_to_thirteen_digits(days, missing):
    y, x = draw(3, days, missing=missing)
    running = running_sums(y, x)
    first = np.arange(-WIDTH - 3, days + 4)
    for series in range(3):
        which = np.full(len(first), series)
        found = window_sums(running, which, first, WIDTH, days)
        want = np.array([exact(y[series], x[series], int(one), WIDTH) for one in first]).T
        known = np.isfinite(found).all(axis=0)
        # What is left of a security at an end may be too little for the difference to have digits.
        assert known[(first >= 0) & (first + WIDTH <= days)].all()
        assert not known[want[0] == 0].any()
        # Sums may cancel; their digits are those of the sizes of what is summed.
        count, yy, xx = want[[0, 3, 5]]
        size = np.array([count, *np.sqrt([count * yy, count * xx]), yy, np.sqrt(yy * xx), xx])
        assert (np.abs(found - want) <= 1e-13 * size)[:, known].all()
        assert (found[0] == want[0])[known].all()


def test_what_a_larger_value_before_has_rounded_away_has_no_sums():
    y, x = draw(1, 200)
    y[0, 20] = 1e6
    running = running_sums(y, x)
    first = np.array([0, 21, 100])
    found = window_sums(running, np.zeros(3, dtype=np.int64), first, WIDTH, 200)
    assert np.isfinite(found).all(axis=0).tolist() == [True, False, False]
    y[0, 20] = 1e200
    found = window_sums(running_sums(y, x), np.zeros(3, dtype=np.int64), first, WIDTH, 200)
    assert not np.isfinite(found).any()


@given(st.integers(1, 90), st.integers(0, 89), st.integers(0, 4))
def test_a_window_has_the_same_bits_in_any_company_and_whatever_comes_later(more, first, series):
    y, x = draw(5, 130, missing=0.02)
    first = np.array([first])
    together = window_sums(running_sums(y, x), np.array([series]), first, WIDTH, 130)
    alone = slice(series, series + 1)
    y, x = y[alone].copy(), x[alone].copy()
    y[:, first[0] + WIDTH :] = more
    none = np.zeros(1, dtype=np.int64)
    np.testing.assert_array_equal(
        window_sums(running_sums(y, x), none, first, WIDTH, 130), together
    )
