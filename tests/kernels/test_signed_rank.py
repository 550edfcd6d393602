"""The signed-rank test: scipy without ties, all sign vectors with them, and its interval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from eventstudy.kernels.signed_rank import (
    INTERVAL_UP_TO,
    _inverted,
    exact_counts,
    signed_rank,
    walsh_interval,
)

tied = st.lists(st.integers(-4, 5), min_size=1, max_size=10).map(lambda v: np.array(v, float))
alphas = st.sampled_from([0.01, 0.05, 0.1, 0.2, 0.5])


def by_all_signs(values):
    """Two-sided p-value over the 2^n signs of the average ranks."""
    kept = values[values != 0]
    ranks = stats.rankdata(np.abs(kept))
    signs = np.arange(2 ** len(kept))[:, None] >> np.arange(len(kept)) & 1
    totals = signs @ ranks
    plus = ranks[kept > 0].sum()
    below, above = (totals <= plus + 1e-9).mean(), (totals >= plus - 1e-9).mean()
    return plus, min(1.0, 2 * min(below, above))


@pytest.mark.parametrize("n", [1, 2, 5, 12, 25])
def test_without_ties_it_is_scipys_exact_test(n):
    values = np.random.default_rng(n).normal(0.3, 1, n)
    got = signed_rank(values)
    want = stats.wilcoxon(values, method="exact")
    assert got.exact
    assert got.pvalue == pytest.approx(want.pvalue, rel=1e-12)
    assert got.statistic == stats.rankdata(np.abs(values))[values > 0].sum()


@pytest.mark.parametrize("n", [26, 80])
def test_beyond_25_it_is_the_normal_form_without_correction(n):
    values = np.random.default_rng(n).normal(0.1, 1, n)
    got = signed_rank(values)
    assert not got.exact
    want = stats.wilcoxon(values, method="asymptotic", correction=False)
    assert got.pvalue == pytest.approx(want.pvalue, rel=1e-12)
    mean, variance = n * (n + 1) / 4, n * (n + 1) * (2 * n + 1) / 24
    z = (got.statistic - mean) / np.sqrt(variance)
    assert got.pvalue == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-12)


@pytest.mark.parametrize("n", [30, 60])
def test_beyond_25_with_ties_the_variance_is_that_of_the_average_ranks(n):
    values = np.random.default_rng(n).integers(-5, 7, n).astype(float)
    got = signed_rank(values)
    kept = values[values != 0]
    ranks = stats.rankdata(np.abs(kept))
    z = (ranks[kept > 0].sum() - ranks.sum() / 2) / np.sqrt((ranks**2).sum() / 4)
    assert got.pvalue == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-12)
    assert got.n == len(kept)


@given(tied)
def test_with_ties_and_zeros_it_is_the_count_of_all_signs(values):
    got = signed_rank(values)
    if not (values != 0).any():
        assert got.n == 0
        assert np.isnan(got.pvalue)
        return
    plus, pvalue = by_all_signs(values)
    assert got.statistic == plus
    assert got.pvalue == pytest.approx(pvalue, rel=1e-12)


@given(tied)
def test_the_tails_are_symmetric(values):
    one, other = signed_rank(values), signed_rank(-values)
    np.testing.assert_allclose(one.pvalue, other.pvalue, rtol=1e-14)


def test_counts_are_exact_up_to_the_last_unit():
    counts = exact_counts(2 * np.arange(1, 26))
    assert counts.sum() == 2**25
    assert counts[0] == counts[-1] == 1
    assert (counts[1::2] == 0).all()  # without ties twice W+ is even


@pytest.mark.parametrize("n", [6, 9, 15, 30])
@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.3])
def test_without_ties_the_interval_is_the_inverted_test(n, alpha):
    """The p-value is constant between Walsh averages: the closure of the stretches accepted."""
    values = np.random.default_rng(n).normal(0.2, 1, n)
    row, column = np.triu_indices(n)
    walsh = np.unique((values[row] + values[column]) / 2)
    between = (walsh[1:] + walsh[:-1]) / 2
    accepted = np.array([signed_rank(values - centre).pvalue > alpha for centre in between])
    got = walsh_interval(values, alpha)
    assert got.low == walsh[:-1][accepted][0]
    assert got.high == walsh[1:][accepted][-1]
    assert got.estimate == np.median((values[row] + values[column]) / 2)
    assert got.low <= got.estimate <= got.high


@given(st.lists(st.floats(-1, 1, width=32), min_size=5, max_size=12, unique=True), alphas)
def test_zero_is_outside_exactly_when_the_test_rejects(values, alpha):
    values = np.array(values)
    got = walsh_interval(values, alpha)
    if np.isfinite(got.low):
        assert (got.low <= 0 <= got.high) == (signed_rank(values).pvalue > alpha)
    else:
        assert got.reason


@given(tied, alphas)
def test_with_ties_too_or_it_says_why_not(values, alpha):
    got = walsh_interval(values, alpha)
    if np.isfinite(got.low):
        pvalue = signed_rank(values).pvalue
        assert (got.low <= 0 <= got.high) == (not pvalue <= alpha)
        assert got.low <= got.high
    else:
        assert got.reason


@given(tied, alphas)
def test_with_ties_no_accepted_stretch_lies_outside(values, alpha):
    got = walsh_interval(values, alpha)
    if not np.isfinite(got.low):
        return
    row, column = np.triu_indices(len(values))
    points = np.unique((values[row] + values[column]) / 2)
    for centre in (points[1:] + points[:-1]) / 2:
        if signed_rank(values - centre).pvalue > alpha:
            assert got.low <= centre <= got.high


def test_five_values_cannot_reach_five_per_cent():
    got = walsh_interval(np.array([1.0, 2.0, 3.0, 4.0, 5.5]), 0.05)
    assert np.isnan(got.low)
    assert "5 values cannot reach the 0.05 level" in got.reason
    assert got.estimate == 3.0


@pytest.mark.parametrize("n", [26, 33, 60])
@pytest.mark.parametrize("alpha", [1e-9, 0.01, 0.05, 0.3])
@pytest.mark.parametrize("least", [-6, 1, 20])
def test_with_ties_beyond_25_the_order_statistics_are_the_inverted_test(n, alpha, least):
    """Stretch by stretch: halves of whole numbers, so that no difference is rounded."""
    values = np.random.default_rng(n).integers(least, 9 + abs(least), n) / 2.0
    row, column = np.triu_indices(n)
    walsh = np.sort((values[row] + values[column]) / 2.0)
    want = _inverted(values, walsh, float(np.median(walsh)), alpha)
    got = walsh_interval(values, alpha)
    np.testing.assert_equal(
        (got.estimate, got.low, got.high, got.reason),
        (want.estimate, want.low, want.high, want.reason),
    )


def test_values_that_are_all_one_are_their_own_interval():
    got = walsh_interval(np.full(50, 0.25), 0.05)
    assert (got.estimate, got.low, got.high) == (0.25, 0.25, 0.25)


def test_a_large_sample_has_its_interval():
    values = np.random.default_rng(0).normal(0.01, 1, INTERVAL_UP_TO)
    got = walsh_interval(values, 0.05)
    # The normal mean's own interval is 2 % narrower: sqrt(3/pi).
    half = stats.norm.ppf(0.975) / np.sqrt(len(values)) / np.sqrt(3 / np.pi)
    assert got.low < got.estimate < got.high
    assert got.high - got.low == pytest.approx(2 * half, rel=0.01)
    assert got.estimate == pytest.approx(values.mean(), abs=half)
    for end in (got.low, got.high):
        assert signed_rank(values - end).pvalue == pytest.approx(0.05, rel=1e-3)


def test_above_a_limit_there_is_no_interval_but_a_reason():
    got = walsh_interval(np.arange(INTERVAL_UP_TO + 1.0), 0.05)
    assert np.isnan([got.estimate, got.low, got.high]).all()
    assert got.reason.startswith("no interval above 100,000 values")


@pytest.mark.parametrize("scale", [1e-300, 5e-324, 1.0, 1e300])
def test_many_ties_of_any_size_are_scipys(scale):
    values = np.random.default_rng(3).integers(-40, 60, 5_000) * scale
    got = signed_rank(values)
    want = stats.wilcoxon(values, zero_method="wilcox", correction=False, method="asymptotic")
    n = np.count_nonzero(values)
    assert got.n == n
    assert min(got.statistic, n * (n + 1) / 2 - got.statistic) == want.statistic
    assert got.pvalue == pytest.approx(want.pvalue, rel=1e-9)
