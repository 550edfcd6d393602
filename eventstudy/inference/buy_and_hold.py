"""Tests on buy-and-hold abnormal returns."""

from __future__ import annotations

import numpy as np

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
    se = float(np.std(bhar, ddof=1) / np.sqrt(n))
    return with_se(float(np.mean(bhar)), se, n - 1, n, sample.level)


def bhar_skewness_adjusted_test(sample: Sample) -> TestResult:
    """Compute Johnson's t on the BHARs, with its bootstrap."""
    return johnson_result(sample, sample.effects.bhar, "bhar_skewness_adjusted")


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
