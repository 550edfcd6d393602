"""Bands of complete dates against the correlations of their pairs, one pair of dates at a time."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.kernels.band import Band
from eventstudy.kernels.correlation import Block, Coverage, pair_sums

DAYS = 60
LENGTHS = (1, 2, 4)


def dates_of(rng, sizes, zeros):
    """Residuals with a common factor by session, so that events of near dates are correlated."""
    market = rng.normal(0, 1, max(zeros) + 1)
    parts = []
    for size, zero in zip(sizes, zeros, strict=True):
        common = market[zero - 5 - DAYS : zero - 5]
        parts.append(1e-3 * (0.7 * common + rng.normal(0.1, 1, (size, DAYS))))
    return parts


def blocks_of(parts, zeros):
    return [
        Block(
            0,
            zero - 5 - DAYS,
            part,
            tuple(
                Coverage(zero, np.ones((len(part), k), bool), np.full(len(part), k**-0.5))
                for k in LENGTHS
            ),
        )
        for part, zero in zip(parts, zeros, strict=True)
    ]


def band_of(parts, zeros, *, single=False):
    bounds = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
    return Band(np.concatenate(parts), bounds, np.array(zeros), LENGTHS, single=single)


@pytest.mark.parametrize(("single", "close"), [(False, 1e-11), (True, 1e-6)])
@pytest.mark.parametrize(
    ("sizes", "zeros"), [((3, 1, 4, 2), (80, 81, 83, 90)), ((70, 66), (80, 81)), ((1,), (80,))]
)
def test_a_band_has_the_sums_of_its_pairs(sizes, zeros, single, close):
    parts = dates_of(np.random.default_rng(1), sizes, zeros)
    blocks, band = blocks_of(parts, zeros), band_of(parts, zeros, single=single)
    for date in range(len(sizes)):
        got = band.sums(date)
        assert got.problem == ("",) * len(LENGTHS)
        reached = range(date + 1, band.upto(date))
        assert [zeros[one] for one in reached] == [z for z in zeros if 0 < z - zeros[date] <= 3]
        first = pair_sums(blocks[date], blocks[date], (None,))
        own, squares = first.of_x, first.squares
        for later, other in zip(got.later, reached, strict=True):
            pair = pair_sums(blocks[date], blocks[other], (None,))
            own, squares = own + pair.of_x, squares + 2.0 * pair.squares
            np.testing.assert_allclose(later, pair.of_y, rtol=1e-10, atol=1e-13)
        np.testing.assert_allclose(got.own, own, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(
            got.squares, squares, rtol=close, atol=1e-10 if single else 1e-13
        )


def test_an_event_that_does_not_vary_leaves_its_windows_without_a_value():
    parts = dates_of(np.random.default_rng(2), (2, 2), (80, 83))
    parts[1][0] = 0.001
    got = band_of(parts, (80, 83)).sums(0)
    # Only the window of four sessions reaches the second date.
    assert got.problem[:2] == ("", "")
    assert "does not vary" in got.problem[2]


def test_too_few_shared_days():
    rng = np.random.default_rng(3)
    values = rng.normal(0, 1, (4, 30))
    band = Band(values, np.array([0, 2, 4]), np.array([80, 82]), (1, 3), single=False)
    got = band.sums(0)
    assert got.problem[0] == ""
    assert "only 28 estimation days" in got.problem[1]
