"""Ranks against scipy."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from eventstudy.kernels.ranks import place, rank

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
    got = rank(rows)
    for row, mine, count, tied in zip(rows, got.ranks, got.count, got.tied, strict=True):
        there = ~np.isnan(row)
        np.testing.assert_array_equal(mine[there], stats.rankdata(row[there]))
        assert not mine[~there].any()
        assert count == there.sum()
        assert tied == (len(np.unique(row[there])) < there.sum())


@given(values, st.data())
def test_places_are_those_of_a_count(rows, data):
    finite = st.one_of(st.sampled_from([0.0, -0.0, 1e-300, -2.0]), st.floats(-4, 4))
    others = data.draw(hnp.arrays(np.float64, (len(rows), 2), elements=finite))
    below, equal = place(rank(rows), rows, others)
    for column in range(2):
        one = others[:, column, None]
        np.testing.assert_array_equal(below[:, column], (rows < one).sum(axis=1))
        np.testing.assert_array_equal(equal[:, column], (rows == one).sum(axis=1))


def test_no_days_and_no_events():
    assert rank(np.empty((3, 0))).ranks.shape == (3, 0)
    assert rank(np.empty((0, 3))).ranks.shape == (0, 3)
