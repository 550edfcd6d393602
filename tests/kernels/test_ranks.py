"""Ranks against scipy."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from eventstudy.kernels.ranks import Sorted, rank

values = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12),
    elements=st.one_of(
        st.integers(-3, 3).map(float),
        st.just(np.nan),
        st.sampled_from([0.0, -0.0, np.inf, -np.inf, 1e-300]),
    ),
)


finite = st.one_of(
    st.integers(-3, 3).map(float),
    st.sampled_from([0.0, -0.0, 1e-300, -1e-300, 5e-324, 1.0 + 2**-52, 1e308]),
    st.floats(-4, 4),
)


@given(values)
def test_ranks_are_scipys(rows):
    for row, mine in zip(rows, rank(rows), strict=True):
        there = ~np.isnan(row)
        np.testing.assert_array_equal(mine[there], stats.rankdata(row[there]))
        assert not mine[~there].any()


@given(st.data())
def test_rows_are_sorted_with_their_columns(data):
    shape = data.draw(hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=20))
    rows = data.draw(hnp.arrays(np.float64, shape, elements=finite))
    order = Sorted.of(rows)
    columns = np.array([order.column(np.full(len(rows), day)) for day in range(rows.shape[1])]).T
    for row, near, own, places in zip(rows, order.near, columns, order.places, strict=True):
        assert sorted(own) == list(range(len(row)))
        np.testing.assert_array_equal(own[places], np.arange(len(row)))
        if not near:
            assert (np.diff(row[own]) > 0).all()
        equal = len(np.unique(row)) < len(row)
        assert near or not equal


@given(st.data())
def test_counts_below_are_right_where_no_value_is_met(data):
    shape = data.draw(hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=20))
    rows = data.draw(hnp.arrays(np.float64, shape, elements=finite))
    others = data.draw(hnp.arrays(np.float64, (len(rows), 2), elements=finite))
    below, meets = Sorted.of(rows).below(others)
    for column in range(2):
        one = others[:, column, None]
        right = (rows < one).sum(axis=1)
        met = meets[:, column]
        np.testing.assert_array_equal(below[~met, column], right[~met])
        assert not (rows == one).any(axis=1)[~met].any()
        # Few values are met by chance: those that agree in all bits but the last ones.
        close = np.isclose(rows, one, rtol=1e-12, atol=1e-300).any(axis=1)
        assert not (met & ~close).any()


def test_no_days_and_no_events():
    assert rank(np.empty((3, 0))).shape == (3, 0)
    assert rank(np.empty((0, 3))).shape == (0, 3)
    assert Sorted.of(np.empty((3, 0))).below(np.zeros((3, 1)))[0].tolist() == [[0], [0], [0]]
    assert Sorted.of(np.empty((0, 3))).below(np.empty((0, 1)))[0].shape == (0, 1)
