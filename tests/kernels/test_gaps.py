"""Events that lack days against the correlation of every pair by itself."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.kernels import gaps as kernel
from eventstudy.kernels.correlation import Coverage
from eventstudy.kernels.gaps import Gaps

DAYS, LENGTHS = 50, (1, 3)
SIZES, ZEROS = (4, 1, 3, 5), (60, 61, 63, 120)


def events(seed=0, *, loose=(1, 3, 4, 6, 9)):
    """Residuals with a common shock by session, and coverage, of which some lack days."""
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 1, 200)
    zero = np.repeat(ZEROS, SIZES)
    values = np.array([market[z - 5 - DAYS : z - 5] + rng.normal(0, 1, DAYS) for z in zero])
    covered = [np.ones((len(zero), length), dtype=bool) for length in LENGTHS]
    for row in loose[:-1]:  # the last one lacks a weight alone
        values[row, rng.integers(0, DAYS, 6)] = np.nan
    covered[1][3, 0] = covered[1][6, 2] = False
    weight = [one.sum(axis=1) ** -0.5 for one in covered]
    weight[0][9] = 0.0
    tested = [Coverage(0, *one) for one in zip(covered, weight, strict=True)]
    whole = np.isin(np.arange(len(zero)), loose, invert=True)
    bounds = np.concatenate([[0], np.cumsum(SIZES)])
    return Gaps(values, whole, bounds, np.array(ZEROS), tested), zero


def pair(gaps, zero, i, j, window):
    """C_ij from the days that both have."""
    lag = zero[j] - zero[i]
    if lag >= LENGTHS[window]:
        return 0.0
    x, y = gaps.values[i, lag:], gaps.values[j, : DAYS - lag]
    both = np.isfinite(x) & np.isfinite(y)
    one = gaps.tested[window]
    length = LENGTHS[window]
    shared = sum(one.covered[i, day] and one.covered[j, day - lag] for day in range(lag, length))
    rho = np.corrcoef(x[both], y[both])[0, 1] if shared else 0.0
    return rho * shared * one.weight[i] * one.weight[j]


@pytest.mark.parametrize("pairs", [1, 20, 2**22])
@pytest.mark.parametrize("own", [slice(0, 4), slice(1, 3)])
def test_every_pair_that_is_not_whole_counts_once(own, pairs, monkeypatch):
    monkeypatch.setattr(kernel, "_PAIRS", pairs)
    gaps, zero = events()
    n = len(zero)
    date = np.repeat(np.arange(4), SIZES)
    rows, squares = np.zeros((2, n)), np.zeros(2)
    for x, y, sums in gaps.sums(own):
        assert sums.problem == ("", "")
        np.add.at(rows, (slice(None), x), sums.of_x)
        np.add.at(rows, (slice(None), y), sums.of_y)
        squares += sums.squares
    right, right_squares = np.zeros((2, n)), np.zeros(2)
    for i in range(n):
        for j in range(i + 1, n):
            if (gaps.whole[i] and gaps.whole[j]) or not own.start <= date[i] < own.stop:
                continue
            for window in range(2):
                value = pair(gaps, zero, i, j, window)
                right[window, [i, j]] += value
                right_squares[window] += value**2
    np.testing.assert_allclose(rows, right, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(squares, right_squares, rtol=1e-9, atol=1e-12)


def test_too_few_shared_days_and_no_variance():
    gaps, _ = events()
    gaps.values[1, :22] = np.nan
    problem = [sums.problem for _, _, sums in gaps.sums(slice(0, 1))]
    assert "estimation days; a correlation needs" in problem[0][0]
    gaps, _ = events()
    gaps.values[1] = 0.01
    problem = [sums.problem for _, _, sums in gaps.sums(slice(0, 1))]
    assert "does not vary" in problem[0][1]


def test_windows_longer_than_the_estimation_window():
    """Two dates whose windows share sessions and whose estimation windows share none."""
    rng = np.random.default_rng(1)
    values = rng.normal(0, 1, (2, DAYS))
    values[0, 3] = np.nan
    covered = Coverage(0, np.ones((2, DAYS + 10), dtype=bool), np.ones(2))
    whole = np.array([False, True])
    gaps = Gaps(values, whole, np.arange(3), np.array([0, DAYS + 5]), [covered])
    (_, _, sums), *rest = gaps.sums(slice(0, 2))
    assert "only 0 estimation days" in sums.problem[0]
    assert not rest
