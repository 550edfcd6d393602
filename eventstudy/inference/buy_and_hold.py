"""Tests on buy-and-hold abnormal returns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.inference.base import TOO_FEW, Sample, Test, TestResult, with_se
from eventstudy.inference.cross_section import NOT_ZERO
from eventstudy.inference.skewness import JOHNSON, johnson_result

NULL = "the mean buy-and-hold abnormal return is zero"
BARBER_LYON = (
    "Barber and Lyon (1997), J. Financial Economics 43:341-372, doi:10.1016/S0304-405X(96)00890-2"
)


def bhar_test(sample: Sample) -> TestResult:
    """Compute the cross-sectional t of the BHARs, N - 1 degrees of freedom."""
    bhar = sample.effects.bhar
    n = len(bhar)
    if n < 2:
        return TestResult(n=n, reason=TOO_FEW)
    size = _size(bhar)
    se = size * float(np.std(bhar / size, ddof=1) / np.sqrt(n))
    return with_se(size * float(np.mean(bhar / size)), se, n - 1, n, sample.level)


def _size(bhar: Floats) -> float:
    """Power of two near the largest: returns bought and held may be too large to be squared."""
    largest = float(np.abs(bhar).max())
    return 2.0 ** np.frexp(largest)[1] if 0.0 < largest < np.inf else 1.0


def bhar_skewness_adjusted_test(sample: Sample) -> TestResult:
    """Compute Johnson's t on the BHARs, with its bootstrap."""
    bhar = sample.effects.bhar
    size = _size(bhar) if len(bhar) else 1.0
    found = johnson_result(sample, bhar / size, "bhar_skewness_adjusted")
    return replace(found, estimate=found.estimate * size)


BHAR = Test(
    "bhar",
    "BHAR t",
    NULL,
    NOT_ZERO,
    BARBER_LYON,
    "independent events",
    "events that share sessions; long windows, whose buy-and-hold returns are skewed",
    bhar_test,
)

BHAR_SKEWNESS_ADJUSTED = Test(
    "bhar_skewness_adjusted",
    "BHAR skewness-adjusted t",
    NULL,
    NOT_ZERO,
    f"{JOHNSON}; {BARBER_LYON}",
    "independent events",
    "events that share sessions",
    bhar_skewness_adjusted_test,
    resamples=True,
)
