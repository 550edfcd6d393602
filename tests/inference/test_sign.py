"""The interval of the median, by all tails of the binomial."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from eventstudy.inference.sign import _median


@pytest.mark.parametrize("n", [1, 2, 5, 6, 17, 100, 1_001, 20_000])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99, 1 - 2 * 0.5**6])
def test_its_ends_are_the_first_values_that_the_sign_test_does_not_reject(n, level):
    values = np.random.default_rng(n).normal(0.1, 1, n)
    ordered = np.sort(values)
    rejected = 2 * stats.binom.cdf(np.arange(n), n, 0.5) <= (1 - level) * (1 + 1e-10)
    skip = int(rejected.sum()) - 1
    median, low, high, reason = _median(values, level)
    assert median == np.median(values)
    if skip < 0:
        assert np.isnan([low, high]).all()
        assert f"{n} pairs cannot reach" in reason
        return
    assert (low, high, reason) == (ordered[skip], ordered[n - 1 - skip], "")


def test_a_million_events_have_theirs():
    """The normal form is within an order statistic or two of the exact one there."""
    n = 1_000_000
    values = np.random.default_rng(0).permutation(n).astype(np.float64)
    median, low, high, reason = _median(values, 0.95)
    assert median == (n - 1) / 2
    assert not reason
    half = stats.norm.ppf(0.975) * np.sqrt(n) / 2
    assert abs(low - (n / 2 - half)) < 2
    assert low + high == n - 1
