"""Starts of windows that reach back, against a loop over days."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from eventstudy.kernels.window_start import roll_start, window_starts

days = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=14))


def loop(usable, length):
    """Go back day by day until there are enough; then forward to a day that is usable."""
    reach = len(usable) - length
    for earlier in range(reach + 1):
        if sum(usable[reach - earlier :]) >= length:
            return earlier
    earlier = reach
    while earlier > 0 and not usable[reach - earlier]:
        earlier -= 1
    return earlier


@given(days, st.data())
def test_starts_are_those_of_a_loop(usable, data):
    length = data.draw(st.integers(1, usable.shape[1]))
    got = window_starts(usable, length)
    assert got.tolist() == [loop(row, length) for row in usable]


@given(days, st.data())
def test_each_window_holds_its_newest_usable_days(usable, data):
    length = data.draw(st.integers(1, usable.shape[1]))
    returns = np.where(usable, np.arange(usable.size, dtype=float).reshape(usable.shape), np.nan)
    factors = np.ones((*usable.shape, 1))
    kept, seen, earlier = roll_start(returns, factors, length, (0,), optional=False)
    assert kept.shape[1] == length + earlier.max()
    for row, whole in zip(kept, returns, strict=True):
        there = whole[np.isfinite(whole)]
        window = whole[-length:]
        expected = there[-length:] if len(there) else window[:0]
        assert row[np.isfinite(row)].tolist() == expected.tolist()
    assert (np.isfinite(seen[:, :, 0]) | np.isnan(kept)).all()


def test_a_day_without_a_factor_is_usable_only_where_factors_are_optional():
    returns, factors = np.zeros((1, 5)), np.zeros((1, 5, 2))
    factors[0, 3, 1] = np.nan
    assert roll_start(returns, factors, 3, (0,), optional=False)[2].tolist() == [1]
    assert roll_start(returns, factors, 3, (0,), optional=True)[2].tolist() == [0]


def test_lags_do_not_see_what_lies_before_the_start():
    returns, factors = np.zeros((2, 6)), np.zeros((2, 6, 3))
    returns[0, 4] = np.nan
    _, seen, earlier = roll_start(returns, factors, 3, (-1, 0, 1), optional=False)
    assert earlier.tolist() == [1, 0]
    assert np.isnan(seen[0, 0]).tolist() == [True, False, False]
    assert np.isnan(seen[1, 0]).tolist() == [True, True, True]
    assert np.isnan(seen[1, 1]).tolist() == [True, False, False]
    assert np.isfinite(seen[:, 2:]).all()


def test_no_events_and_no_reach():
    returns, factors = np.empty((0, 5)), np.empty((0, 5, 1))
    kept, _, earlier = roll_start(returns, factors, 3, (0,), optional=False)
    assert (kept.shape, earlier.shape) == ((0, 3), (0,))
    whole = np.zeros((2, 3))
    assert roll_start(whole, np.zeros((2, 3, 0)), 3, (0,), optional=False)[0] is whole
