"""Starts of windows that reach back, against a loop over days."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from eventstudy.kernels.window_start import blank_before, window_starts

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
    reach = usable.shape[1] - length
    kept = returns.copy()
    blank_before(kept[:, :, None], reach - window_starts(usable, length), (0,))
    for row, whole in zip(kept, returns, strict=True):
        there = whole[np.isfinite(whole)]
        expected = there[-length:] if len(there) else there
        assert row[np.isfinite(row)].tolist() == expected.tolist()


def test_lags_do_not_see_what_lies_before_the_start():
    seen = np.zeros((2, 4, 3))
    blank_before(seen, np.array([0, 1]), (-1, 0, 1))
    assert np.isnan(seen[0, 0]).tolist() == [True, False, False]
    assert np.isnan(seen[1, 0]).tolist() == [True, True, True]
    assert np.isnan(seen[1, 1]).tolist() == [True, False, False]
    assert np.isfinite(seen[:, 2:]).all()


def test_no_events():
    assert window_starts(np.empty((0, 5), dtype=bool), 3).shape == (0,)
