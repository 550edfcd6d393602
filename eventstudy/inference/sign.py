"""Tests on signs and signed ranks of cumulative abnormal returns."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.inference.base import TOO_FEW, Sample, Test, TestResult
from eventstudy.inference.rank import NO_INTERVAL
from eventstudy.kernels.pvalues import two_sided
from eventstudy.kernels.signed_rank import signed_rank, walsh_interval


def generalized_sign_test(sample: Sample) -> TestResult:
    """Compare the share of positive CARs with that of positive estimation days."""
    n = len(sample)
    if n < 2:
        return TestResult(n=n, reason=TOO_FEW)
    there = np.isfinite(sample.residuals)
    share = np.where(there, sample.residuals > 0, False).sum(axis=1) / there.sum(axis=1)
    expected = float(np.mean(share))
    positive = int((sample.signed > 0).sum())
    if not 0.0 < expected < 1.0:
        return TestResult(n=n, reason="every estimation day has the same sign")
    statistic = (positive - n * expected) / np.sqrt(n * expected * (1.0 - expected))
    return TestResult(
        statistic=float(statistic),
        pvalue=float(two_sided(statistic)),
        dof=np.inf,
        n=n,
        estimate=positive / n,
        reason=NO_INTERVAL,
        note=f"the estimate is the share of positive effects; {expected:.3f} is expected",
    )


def wilcoxon_test(sample: Sample) -> TestResult:
    """Compute the signed-rank statistic W+, exact up to 25 events, ties and zeros included."""
    effects: Floats = sample.signed
    n = len(effects)
    if n < 2:
        return TestResult(n=n, reason=TOO_FEW)
    found = signed_rank(effects)
    if found.n == 0:
        return TestResult(n=n, reason="every effect is zero")
    interval = walsh_interval(effects, 1.0 - sample.level)
    spans = (np.where(np.isfinite(sample.ar), sample.spans, 0) > 1).any()
    return TestResult(
        statistic=found.statistic,
        pvalue=found.pvalue,
        dof=np.nan if found.exact else np.inf,
        n=found.n,
        estimate=interval.estimate,
        low=interval.low,
        high=interval.high,
        reason=interval.reason,
        note="the estimate is the Hodges-Lehmann median"
        + ("; a return over k sessions counts over sqrt(k)" if spans else "")
        + (f"; {n - found.n} zero effects are left out" if found.n < n else ""),
    )


GENERALIZED_SIGN = Test(
    "generalized_sign",
    "Generalised sign z",
    "effects are positive as often as the abnormal returns of the estimation window",
    "they are positive more or less often",
    "Cowan (1992), Review of Quantitative Finance and Accounting 2:343-358",
    "independent events",
    "events that share sessions; windows of several days where returns are skewed",
    generalized_sign_test,
)

WILCOXON = Test(
    "wilcoxon",
    "Wilcoxon signed rank",
    "effects are symmetric about zero",
    "their centre is not zero",
    "Wilcoxon (1945), Biometrics Bulletin 1:80-83",
    "independent events with symmetric effects",
    "events that share sessions; skewed effects",
    wilcoxon_test,
)
