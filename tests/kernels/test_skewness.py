"""Johnson's and Hall's t by their formulas, and the bootstrap by its definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.kernels.blocks import CELLS
from eventstudy.kernels.skewness import BOOTSTRAP_DRAWS, hall_t, johnson_bootstrap, johnson_t

samples = st.lists(st.floats(-1, 1, width=16), min_size=3, max_size=20).map(np.array)


def parts(x):
    n, mean = len(x), sum(x) / len(x)
    sd = math.sqrt(sum((v - mean) ** 2 for v in x) / (n - 1))
    return n, mean / sd, sum((v - mean) ** 3 for v in x) / (n * sd**3)


@given(samples)
def test_the_formulas(x):
    if np.ptp(x) == 0:
        with np.errstate(invalid="ignore"):
            assert not np.isfinite(johnson_t(x))
        return
    n, s, g = parts(x)
    want = math.sqrt(n) * (s + g * s**2 / 3 + g / (6 * n))
    assert float(johnson_t(x)) == pytest.approx(want, rel=1e-8, abs=1e-9)
    want += math.sqrt(n) * g**2 * s**3 / 27
    assert float(hall_t(x)) == pytest.approx(want, rel=1e-8, abs=1e-9)


def test_without_skewness_they_are_the_plain_t():
    x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0]) + 0.7
    plain = x.mean() / (x.std(ddof=1) / math.sqrt(5))
    assert float(johnson_t(x)) == pytest.approx(plain, rel=1e-13)
    assert float(hall_t(x)) == pytest.approx(plain, rel=1e-13)


def test_by_hand():
    """x = 0, 0, 3: mean 1, sd sqrt 3, g = (-1 - 1 + 8)/(3 * 3 sqrt 3) = 2/(3 sqrt 3)."""
    s, g = 1 / math.sqrt(3), 2 / (3 * math.sqrt(3))
    want = math.sqrt(3) * (s + g * s * s / 3 + g / 18)
    assert float(johnson_t(np.array([0.0, 0.0, 3.0]))) == pytest.approx(want, rel=1e-14)


def test_the_bootstrap_is_its_definition():
    """Resamples of a quarter, centred on the sample's mean, the tails counted apart."""
    x = np.random.default_rng(1).chisquare(2, 30) - 1.3
    got = johnson_bootstrap(x, np.random.default_rng(5))
    rng, ordered = np.random.default_rng(5), np.sort(x)
    places = rng.integers(0, 30, (BOOTSTRAP_DRAWS, 8))
    star = []
    for place in places:
        drawn = ordered[place] - x.mean()
        if np.ptp(drawn) > 0:
            n, s, g = parts(drawn)
            star.append(math.sqrt(n) * (s + g * s**2 / 3 + g / (6 * n)))
    assert len(star) == BOOTSTRAP_DRAWS
    statistic = float(johnson_t(x))
    lower, upper = (1 + sum(v <= statistic for v in star)), (1 + sum(v >= statistic for v in star))
    assert got == min(1.0, 2 * min(lower, upper) / (BOOTSTRAP_DRAWS + 1))


def test_resamples_that_do_not_vary_are_drawn_again():
    x = np.r_[np.zeros(18), 1.0, 2.0]  # most resamples of five are all zeros
    got = johnson_bootstrap(x, np.random.default_rng(0))
    assert 0 < got <= 1


@pytest.mark.parametrize("zeros", [0, 790])
def test_the_bootstrap_in_blocks_is_that_of_one_call(zeros):
    """Resamples of 200 come in two blocks; those that do not vary are drawn again at the end."""
    x = np.r_[np.zeros(zeros), np.random.default_rng(8).chisquare(2, 800 - zeros) - 1.9]
    rng, ordered, size = np.random.default_rng(9), np.sort(x), 200
    assert BOOTSTRAP_DRAWS * size > CELLS
    drawn = ordered[rng.integers(0, 800, (BOOTSTRAP_DRAWS, size))]
    flat = np.flatnonzero(np.ptp(drawn, axis=1) == 0)
    assert bool(len(flat)) == bool(zeros)
    while len(flat):
        drawn[flat] = ordered[rng.integers(0, 800, (len(flat), size))]
        flat = flat[np.ptp(drawn[flat], axis=1) == 0]
    star, statistic = johnson_t(drawn, float(ordered.mean())), float(johnson_t(ordered))
    tails = 1 + (star <= statistic).sum(), 1 + (star >= statistic).sum()
    want = min(1.0, 2 * min(tails) / (BOOTSTRAP_DRAWS + 1))
    assert johnson_bootstrap(x, np.random.default_rng(9)) == want


def test_the_bootstrap_knows_no_order():
    x = np.random.default_rng(2).normal(0.2, 1, 25)
    one = johnson_bootstrap(x, np.random.default_rng(3))
    assert one == johnson_bootstrap(x[::-1].copy(), np.random.default_rng(3))


def test_the_bootstrap_rejects_a_skewed_null_about_as_often_as_it_should():
    rng = np.random.default_rng(4)
    rejected = sum(
        johnson_bootstrap(rng.chisquare(2, 30) - 2, np.random.default_rng(i)) <= 0.05
        for i in range(60)
    )
    assert rejected <= 8  # .05 of 60 is 3; more than 8 would happen once in 250 times
