"""Tests of a larger variance on the event days."""

from __future__ import annotations

import numpy as np
from scipy import special

from eventstudy.inference.base import SEVERAL_DATES, TOO_FEW, Sample, Test, TestResult
from eventstudy.inference.rank import NO_INTERVAL

NULL = "the variance of the event days is that of the estimation window"
LARGER = "it is larger"
RATIO = "the estimate is the variance of the window over the usual one"
REFERENCE = (
    "Beaver (1968), J. Accounting Research 6:67-92, doi:10.2307/2490070; Patell (1976), J. "
    "Accounting Research 14:246-276, doi:10.2307/2490543"
)


def _ratio(sample: Sample) -> float:
    """U: the mean squared standardised effect over its expectation."""
    return float(np.mean(sample.effects.scar**2 * (1.0 - 2.0 / sample.dof)))


def beaver_patell_test(sample: Sample) -> TestResult:
    """Compute the z of U = mean SCAR^2 (nu - 2)/nu, upper tail."""
    n = len(sample)
    if n < 2:
        return TestResult(n=n, reason=TOO_FEW)
    if (sample.dof <= 4).any():
        return TestResult(n=n, reason="an event has four degrees of freedom or fewer")
    u = _ratio(sample)
    # 2 (nu - 1)/(nu - 4), written so that infinite degrees of freedom have their limit.
    spread = float(np.sqrt((2.0 + 6.0 / (sample.dof - 4.0)).sum()))
    statistic = (u - 1.0) * n / spread
    return TestResult(
        statistic=statistic,
        pvalue=float(special.ndtr(-statistic)),
        dof=np.inf,
        n=n,
        estimate=u,
        reason=NO_INTERVAL,
        note=RATIO,
    )


def beaver_patell_placebo_test(sample: Sample) -> TestResult:
    """Compare U with itself on every run of estimation days, upper tail."""
    n = len(sample)
    if n < 2:
        return TestResult(n=n, reason=TOO_FEW)
    if len(sample.days_zero) > 1:
        return TestResult(n=n, reason=SEVERAL_DATES)
    fit = sample.abnormal.fit
    there = np.isfinite(sample.ar)
    runs = sample.abnormal.placebo(there) / fit.sigma[:, None]
    squares = runs**2 * (1.0 - 2.0 / sample.dof)[:, None]
    complete = np.isfinite(squares).all(axis=0)
    placebo = squares[:, complete].mean(axis=0)
    if len(placebo) < 19:
        return TestResult(n=n, reason="fewer than 19 runs of days that all events have")
    u = _ratio(sample)
    return TestResult(
        statistic=u,
        pvalue=float((1 + (placebo >= u).sum()) / (len(placebo) + 1)),
        n=n,
        estimate=u,
        reason=NO_INTERVAL,
        note=f"{RATIO}; {len(placebo)} runs",
    )


BEAVER_PATELL = Test(
    "beaver_patell",
    "Beaver-Patell U",
    NULL,
    LARGER,
    REFERENCE,
    "independent events, normal returns",
    "fat tails: with returns of t(5) it rejects in 11 to 14 % at the 5 % level; read its placebo "
    "then",
    beaver_patell_test,
)

BEAVER_PATELL_PLACEBO = Test(
    "beaver_patell_placebo",
    "Beaver-Patell U, placebo",
    NULL,
    LARGER,
    f"{REFERENCE}; its distribution from the estimation days",
    "one date; estimation days that are alike",
    "short estimation windows: the least p-value is 1 over the number of days",
    beaver_patell_placebo_test,
)
