"""Tests on ranks of abnormal returns."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.inference.base import TOO_FEW, Sample, Test, TestResult
from eventstudy.kernels.pvalues import two_sided
from eventstudy.kernels.ranks import average_ranks

NO_INTERVAL = "no interval in return units"
MEAN_RANK = "the estimate is a mean rank between -.5 and .5"
BY_RELATIVE_DAY = (
    "tested windows of different dates share sessions: a test that averages by relative day "
    "over-rejects there"
)
GRANK_SMALL = "fewer than 20 events: it rejects a true null in 6 to 8 % at the 5 % level"


def misaligned(sample: Sample) -> bool:
    """Whether averaging by relative day mixes sessions that are correlated across days."""
    return len(sample.window) > 1 and sample.dates_overlap


def corrado_test(sample: Sample) -> TestResult:
    """Compute the rank z: event-day mean ranks over their time-series standard deviation."""
    n = len(sample)
    if n < 2:
        return TestResult(n=n, reason=TOO_FEW)
    if misaligned(sample):
        return TestResult(n=n, reason=BY_RELATIVE_DAY)
    ranks = average_ranks(np.hstack([sample.residuals, sample.one_session_ar]))
    count = np.isfinite(ranks).sum(axis=1)
    centred = ranks - (count[:, None] + 1.0) / 2.0
    there = np.isfinite(centred)
    events = there.sum(axis=0)
    days = events > 0
    mean = _column_means(centred, days)
    spread = np.sqrt(np.mean(mean[days] ** 2))
    tested = np.zeros(len(days), dtype=np.bool_)
    tested[sample.residuals.shape[1] :] = True
    tested &= days
    length = int(tested.sum())
    if not spread > 0 or not length:
        return TestResult(n=n, reason="the mean ranks do not vary")
    statistic = float(mean[tested].sum() / (np.sqrt(length) * spread))
    unit = _column_means(centred / (count[:, None] + 1.0), days)
    return TestResult(
        statistic=statistic,
        pvalue=float(two_sided(statistic)),
        dof=np.inf,
        n=n,
        estimate=float(unit[tested].mean()),
        reason=NO_INTERVAL,
        note=MEAN_RANK,
    )


def grank_t_test(sample: Sample) -> TestResult:
    """Compute the generalised rank t: the window as one more day among the estimation days."""
    n = len(sample)
    if n < 10:
        return TestResult(
            n=n,
            reason="needs ten events: with three it rejects a true null in 16 % at the 5 % level",
        )
    if misaligned(sample):
        return TestResult(n=n, reason=BY_RELATIVE_DAY)
    scar = sample.effects.scar
    spread = float(np.std(scar, ddof=1))
    if not spread > 0:
        return TestResult(n=n, reason="the standardised effects do not vary")
    standard = sample.residuals / sample.abnormal.fit.sigma[:, None]
    ranks = average_ranks(np.hstack([standard, (scar / spread)[:, None]]))
    count = np.isfinite(ranks).sum(axis=1)
    unit = ranks / (count[:, None] + 1.0) - 0.5
    events = np.isfinite(unit).sum(axis=0)
    days = events > 0
    mean = _column_means(unit, days)
    total = int(days.sum())
    variance = float((events[days] / n * mean[days] ** 2).sum() / total)
    if not variance > 0:
        return TestResult(n=n, reason="the mean ranks do not vary")
    z = float(mean[-1] / np.sqrt(variance))
    remainder = total - 1 - z**2
    statistic = z * np.sqrt((total - 2) / remainder) if remainder > 0 else np.copysign(np.inf, z)
    return TestResult(
        statistic=float(statistic),
        pvalue=float(two_sided(statistic, total - 2)),
        dof=total - 2,
        n=n,
        estimate=float(mean[-1]),
        reason=NO_INTERVAL,
        note=f"{MEAN_RANK}; {GRANK_SMALL}" if n < 20 else MEAN_RANK,
    )


def _column_means(values: Floats, days: np.ndarray) -> Floats:
    """Mean of each column over its events, NaN on days without any."""
    there = np.isfinite(values)
    total = np.where(there, values, 0.0).sum(axis=0)
    return np.where(days, total / np.maximum(there.sum(axis=0), 1), np.nan)


CORRADO = Test(
    "corrado",
    "Corrado rank z",
    "the abnormal returns of the tested days rank as those of other days",
    "they rank higher or lower",
    "Corrado (1989), J. Financial Economics 23:385-395; Campbell and Wasley (1993), 33:73-92",
    "one date, or windows that share no session; a variance that the event leaves alone",
    "windows of many days, whose ranks dilute an effect of one day",
    corrado_test,
)

GRANK_T = Test(
    "grank_t",
    "Generalised rank t",
    "the standardised effect of the window ranks as a day of the estimation window",
    "it ranks higher or lower",
    "Kolari and Pynnonen (2011), J. Empirical Finance 18:953-971",
    "one date, or windows that share no session; symmetric returns",
    "fewer than 20 events, or skewed returns (19 % at the 5 % level with a skewness of 2)",
    grank_t_test,
)
