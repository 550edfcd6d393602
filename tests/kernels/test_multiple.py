"""Adjusted p-values against statsmodels and against the definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from eventstudy.kernels.multiple import benjamini_hochberg, holm, step_down

pvalues = st.lists(
    st.one_of(st.floats(0, 1), st.sampled_from([0.01, 0.04, 0.05, 1.0]), st.just(float("nan"))),
    max_size=12,
).map(np.array)


@pytest.mark.parametrize(("adjust", "method"), [(holm, "holm"), (benjamini_hochberg, "fdr_bh")])
@settings(max_examples=12)  # a call of multipletests costs 50 ms
@given(values=pvalues)
def test_they_are_statsmodels_on_the_tests_that_have_a_value(adjust, method, values):
    got = adjust(values.astype(float))
    known = np.isfinite(values)
    assert np.isnan(got[~known]).all()
    if known.any():
        want = multipletests(values[known], method=method)[1]
        np.testing.assert_allclose(got[known], want, rtol=1e-12, atol=1e-300)


def by_definition(statistics, null):
    """Romano and Wolf step by step: drop the largest, ask again, never fall back."""
    size = np.abs(statistics)
    left = sorted(range(len(size)), key=lambda j: -size[j])
    adjusted, before = {}, 0.0
    while left:
        j = left[0]
        top = np.abs(null[:, left]).max(axis=1)
        p = (1 + (top >= size[j]).sum()) / (len(null) + 1)
        before = adjusted[j] = max(before, p)
        left = left[1:]
    return [adjusted[j] for j in range(len(size))]


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_step_down_is_its_definition(tests, seed):
    rng = np.random.default_rng(seed)
    statistics, null = 2 * rng.standard_normal(tests), rng.standard_normal((99, tests))
    found = step_down(statistics, lambda test: null[:, test])
    got = found.adjusted
    np.testing.assert_allclose(got, by_definition(statistics, null), rtol=1e-14)
    own = (1 + (np.abs(null) >= np.abs(statistics)).sum(axis=0)) / 100
    np.testing.assert_array_equal(found.pvalue, own)
    assert (got >= own).all()  # nothing is won by looking at more
    order = np.argsort(-np.abs(statistics))
    assert (np.diff(got[order]) >= 0).all()


def test_one_hypothesis_keeps_its_own_p():
    null = np.random.default_rng(0).standard_normal((999, 1))
    got = step_down(np.array([1.5]), lambda test: null[:, test])
    assert got.adjusted[0] == got.pvalue[0] == (1 + (np.abs(null) >= 1.5).sum()) / 1000
