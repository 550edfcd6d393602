"""Bands of complete dates against the correlations of their pairs."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.kernels.band import Band
from eventstudy.kernels.correlation import STILL

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


def correlations(parts, zeros, date, other):
    """Of every event of a date with every one of another, on the days that both have."""
    lag = zeros[other] - zeros[date]
    x, y = parts[date][:, lag:], parts[other][:, : DAYS - lag]
    rho = np.atleast_2d(np.corrcoef(x, y))[: len(x), len(x) :]
    return rho - np.eye(len(x)) if date == other else rho


def band_of(parts, zeros):
    bounds = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
    values = np.concatenate(parts)
    return Band(values, values.sum(axis=1), (values**2).sum(axis=1), bounds, np.array(zeros))


@pytest.mark.parametrize(
    ("sizes", "zeros"),
    [
        ((3, 1, 4, 2), (80, 81, 83, 90)),
        ((70, 66), (80, 81)),
        ((1,), (80,)),
        # From 2 x 60 events on a date with its like, products are of days by days.
        ((5, 130, 3, 150, 1), (80, 81, 82, 83, 84)),
    ],
)
def test_a_band_has_the_sums_of_its_pairs(sizes, zeros):
    parts = dates_of(np.random.default_rng(1), sizes, zeros)
    band = band_of(parts, zeros)
    rows = [np.zeros((len(LENGTHS), size)) for size in sizes]
    squares = np.zeros((len(sizes), len(LENGTHS)))
    for date in range(len(sizes)):
        for other in range(date, len(sizes)):
            lag = zeros[other] - zeros[date]
            share = np.array([max(length - lag, 0) / length for length in LENGTHS])
            if not share.any():
                continue
            rho = correlations(parts, zeros, date, other)
            rows[date] += share[:, None] * rho.sum(axis=1)
            if other > date:
                rows[other] += share[:, None] * rho.sum(axis=0)
            squares[date] += share**2 * (rho**2).sum() * (1 + (other > date))
    got = band.sums(slice(0, len(sizes)), LENGTHS)
    assert got.problem == ("",) * len(LENGTHS)
    np.testing.assert_allclose(got.rows, np.concatenate(rows, axis=1), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(got.squares, squares, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("outlier", [1.0, 1e3, 1e6])
@pytest.mark.parametrize("day", [0, 1, -2, -1])
def test_a_day_outside_what_two_dates_share_leaves_no_rounding(day, outlier):
    """One value at an edge of each event's days is a million times as large as the others."""
    zeros = (80, 82)
    parts = dates_of(np.random.default_rng(4), (3, 4), zeros)
    for part in parts:
        part[:, day] = outlier
    got = band_of(parts, zeros).sums(slice(0, 2), (4,))
    across = correlations(parts, zeros, 0, 1)
    within = [correlations(parts, zeros, date, date).sum(axis=1) for date in (0, 1)]
    rows = np.concatenate(
        [within[0] + 0.5 * across.sum(axis=1), within[1] + 0.5 * across.sum(axis=0)]
    )
    np.testing.assert_allclose(got.rows[0], rows, rtol=1e-9, atol=1e-9)


def test_dates_have_the_same_bits_in_whatever_band():
    sizes, zeros = (30, 1, 40, 20, 35), (80, 81, 83, 84, 90)
    parts = dates_of(np.random.default_rng(4), sizes, zeros)
    whole = band_of(parts, zeros).sums(slice(0, 5), LENGTHS)
    # Of the third date every other one but the last is a partner.
    some = band_of(parts[:4], zeros[:4]).sums(slice(2, 3), LENGTHS)
    np.testing.assert_array_equal(some.rows, whole.rows[:, 31:71])
    np.testing.assert_array_equal(some.squares, whole.squares[2:3])


def test_an_event_that_does_not_vary_leaves_its_windows_without_a_value():
    parts = dates_of(np.random.default_rng(2), (2, 2), (80, 83))
    parts[1][0] = 0.001
    got = band_of(parts, (80, 83)).sums(slice(0, 1), LENGTHS)
    # Only the window of four sessions reaches the second date.
    assert got.problem[:2] == ("", "")
    assert "does not vary" in got.problem[2]
    assert np.isfinite(got.rows).all()
    # Alone on its date it is in no pair that these windows count.
    alone = band_of([parts[0], parts[1][:1]], (80, 83)).sums(slice(0, 2), (1, 2))
    assert alone.problem == ("", "")


def test_too_few_shared_days():
    values = [np.random.default_rng(3).normal(0, 1, (2, 30)) for _ in range(2)]
    got = band_of(values, (80, 82)).sums(slice(0, 2), (1, 3))
    assert got.problem[0] == ""
    assert "only 28 estimation days" in got.problem[1]


@pytest.mark.parametrize("sizes", [(5, 4), (150, 140)])
def test_an_event_that_does_not_vary_is_told_however_many_there_are(sizes):
    parts = dates_of(np.random.default_rng(1), sizes, (80, 81))
    parts[0][2] = 0.1
    found = band_of(parts, (80, 81)).sums(slice(0, 2), LENGTHS)
    assert found.problem == (STILL,) * len(LENGTHS)


def every_sign(events):
    """All vectors of 1 and -1, shape (2^events, events)."""
    bits = np.arange(2**events)[:, None] >> np.arange(events) & 1
    return (2 * bits - 1).astype(np.int8)


@pytest.mark.parametrize("zeros", [(80, 81, 83, 90), (80, 82, 84, 86)])
def test_over_all_signs_the_estimated_squares_are_the_exact_ones(zeros):
    band = band_of(dates_of(np.random.default_rng(1), (3, 1, 4, 2), zeros), zeros)
    exact, drawn = (band.sums(slice(0, 4), LENGTHS, signs) for signs in (None, every_sign(10)))
    np.testing.assert_allclose(drawn.squares, exact.squares, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(drawn.rows, exact.rows, rtol=1e-11, atol=1e-13)


def test_signs_tell_of_dates_of_many_events_too():
    sizes, zeros = (5, 130, 3, 150, 1), (80, 81, 82, 83, 84)
    band = band_of(dates_of(np.random.default_rng(1), sizes, zeros), zeros)
    signs = np.random.default_rng(2).choice(np.array([-1, 1], dtype=np.int8), (2_000, sum(sizes)))
    exact, drawn = (band.sums(slice(0, 5), LENGTHS, one) for one in (None, signs))
    # The root of 2 / 2,000 is .03.
    np.testing.assert_allclose(drawn.squares[1::2], exact.squares[1::2], rtol=0.1)
    assert not np.allclose(drawn.squares[1::2], exact.squares[1::2], rtol=1e-6)


def test_signs_leave_the_bits_of_a_date_alone_in_whatever_band():
    sizes, zeros = (30, 1, 40, 20, 35), (80, 81, 83, 84, 90)
    parts = dates_of(np.random.default_rng(4), sizes, zeros)
    signs = np.random.default_rng(5).choice(np.array([-1, 1], dtype=np.int8), (3, sum(sizes)))
    whole = band_of(parts, zeros).sums(slice(0, 5), LENGTHS, signs)
    some = band_of(parts[:4], zeros[:4]).sums(slice(2, 3), LENGTHS, signs[:, :91])
    np.testing.assert_array_equal(some.squares, whole.squares[2:3])


def test_an_event_that_does_not_vary_is_told_with_signs_too():
    parts = dates_of(np.random.default_rng(2), (2, 2), (80, 83))
    parts[1][0] = 0.001
    signs = np.ones((2, 4), dtype=np.int8)
    got = band_of(parts, (80, 83)).sums(slice(0, 1), LENGTHS, signs)
    assert got.problem[:2] == ("", "")
    assert "does not vary" in got.problem[2]
    alone = band_of([parts[0], parts[1][:1]], (80, 83)).sums(slice(0, 2), (1, 2), signs[:, :3])
    assert alone.problem == ("", "")
