"""Tails without one minus anything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from eventstudy.kernels.pvalues import critical, two_sided

dofs = st.one_of(st.just(np.inf), st.floats(1, 1e4))


@given(st.floats(-37, 37), dofs)
def test_p_values_are_scipys_survival_functions(statistic, dof):
    want = 2 * (stats.norm.sf(abs(statistic)) if np.isinf(dof) else stats.t.sf(abs(statistic), dof))
    assert float(two_sided(statistic, dof)) == pytest.approx(want, rel=1e-9)


@pytest.mark.parametrize("z", [8.5, 10.0, 20.0, 37.0])
def test_far_out_a_p_value_is_small_and_not_zero(z):
    """1 - cdf is exactly 0 from z = 8.3 on."""
    assert 1 - stats.norm.cdf(z) == 0
    assert 0 < float(two_sided(z)) < 1e-16
    assert 0 < float(two_sided(z * 10, 30)) < 1e-16


@given(st.floats(0.01, 0.999), dofs)
def test_the_critical_value_has_the_p_value_of_the_level(level, dof):
    assert float(two_sided(critical(level, dof), dof)) == pytest.approx(1 - level, rel=1e-9)


def test_each_row_has_its_own_degrees_of_freedom():
    got = two_sided(np.array([2.0, 2.0, np.nan]), np.array([np.inf, 5.0, 5.0]))
    np.testing.assert_allclose(got[:2], [2 * stats.norm.sf(2), 2 * stats.t.sf(2, 5)], rtol=1e-12)
    assert np.isnan(got[2])
    np.testing.assert_allclose(
        critical(0.95, np.array([10.0, np.inf])), [stats.t.ppf(0.975, 10), stats.norm.ppf(0.975)]
    )


def test_an_infinite_statistic_and_a_missing_degree_of_freedom():
    assert float(two_sided(np.inf)) == 0.0
    assert np.isnan(two_sided(2.0, np.nan))
