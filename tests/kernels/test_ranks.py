"""Ranks against scipy."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from eventstudy.kernels.ranks import average_ranks

values = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12),
    elements=st.one_of(
        st.integers(-3, 3).map(float),
        st.just(np.nan),
        st.sampled_from([0.0, -0.0, np.inf, -np.inf, 1e-300]),
    ),
)


@given(values)
def test_ranks_are_scipys(rows):
    got = average_ranks(rows)
    for row, mine in zip(rows, got, strict=True):
        there = ~np.isnan(row)
        np.testing.assert_array_equal(mine[there], stats.rankdata(row[there]))
        assert np.isnan(mine[~there]).all()


def test_no_days_and_no_events():
    assert average_ranks(np.empty((3, 0))).shape == (3, 0)
    assert average_ranks(np.empty((0, 3))).shape == (0, 3)
