"""Tests on ranks of abnormal returns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.inference.base import TOO_FEW, Sample, Test, TestResult
from eventstudy.inference.cross_section import BY_RELATIVE_DAY
from eventstudy.inference.history import effect_spread
from eventstudy.inference.history_block import Daily
from eventstudy.kernels.pvalues import two_sided

ALIKE = "the standardised effects do not vary"
NO_INTERVAL = "no interval in return units"
MEAN_RANK = "the estimate is a mean rank between -.5 and .5"
GRANK_Z_SMALL = (
    "fewer than 20 pairs: it rejects a true null in 6 % (20) to 16 % (3) at the 5 % level"
)
GRANK_Z_TWO = "needs three pairs: with two it rejects a true null in 24 % at the 5 % level"
GRANK_SMALL = "fewer than 20 pairs: it rejects a true null in 6 to 8 % at the 5 % level"


def corrado_test(sample: Sample) -> TestResult:
    """Compute the rank z: event-day mean ranks over their time-series standard deviation."""
    daily = _daily(sample)
    if isinstance(daily, TestResult):
        return daily
    return _rank_z(sample, daily, daily.ranks, daily.units, root=False)


def corrado_zivney_test(sample: Sample) -> TestResult:
    """Compute the rank z of ranks scaled by each event's usable days."""
    daily = _daily(sample)
    if isinstance(daily, TestResult):
        return daily
    return _rank_z(sample, daily, daily.units, daily.units, root=True)


def corrado_zivney_sign_test(sample: Sample) -> TestResult:
    """Compute the z of the signs of abnormal returns about each event's median."""
    daily = _daily(sample)
    if isinstance(daily, TestResult):
        return daily
    found = _rank_z(sample, daily, daily.signs, daily.signs, root=True)
    return replace(found, note="the estimate is the mean sign of the tested days, -1 to 1")


def _daily(sample: Sample) -> TestResult | Daily:
    """Give the sums by relative day, or why they say nothing."""
    n = len(sample)
    if n < 2:
        return TestResult(n=n, reason=TOO_FEW)
    return sample.history.daily or TestResult(n=n, reason=BY_RELATIVE_DAY)


def _rank_z(
    sample: Sample, daily: Daily, values: Floats, units: Floats, *, root: bool
) -> TestResult:
    """Sum the tested days' means over their spread: means over N_t, or sums over sqrt(N_t)."""
    n = len(sample)
    days = daily.events > 0
    count = np.maximum(daily.events, 1)
    means = np.where(days, values / count, np.nan)
    if root:
        means = means * np.sqrt(daily.events)
    spread = np.sqrt(np.mean(means[days] ** 2))
    tested = days.copy()
    tested[: len(daily.residuals)] = False
    length = int(tested.sum())
    if not spread > 0 or not length:
        return TestResult(n=n, reason="the daily means do not vary")
    statistic = float(means[tested].sum() / (np.sqrt(length) * spread))
    return TestResult(
        statistic=statistic,
        pvalue=float(two_sided(statistic)),
        dof=np.inf,
        n=n,
        estimate=float((units / count)[tested].mean()),
        reason=NO_INTERVAL,
        note=MEAN_RANK,
    )


def grank_t_test(sample: Sample) -> TestResult:
    """Compute the generalised rank t: the window as one more day among the estimation days."""
    n = len(sample)
    if n < 10:
        return TestResult(
            n=n,
            reason="needs ten pairs: with three it rejects a true null in 16 % at the 5 % level",
        )
    daily = sample.history.daily
    if daily is None:
        return TestResult(n=n, reason=BY_RELATIVE_DAY)
    if np.isnan(effect_spread(sample.effects.scar)):
        return TestResult(n=n, reason=ALIKE)
    events = daily.effect_events
    days = events > 0
    mean = daily.effect_units / np.maximum(events, 1)
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


def grank_z_test(sample: Sample) -> TestResult:
    """Compute the generalised rank z: the window's mean rank over its variance if independent."""
    n = len(sample)
    if n < 3:
        return TestResult(n=n, reason=GRANK_Z_TWO if n == 2 else TOO_FEW)
    if np.isnan(effect_spread(sample.effects.scar)):
        return TestResult(n=n, reason=ALIKE)
    shares = sample.history.shares
    count, total = shares.effect_days, float(shares.effect_unit.sum())
    statistic = total / float(np.sqrt(((count - 1.0) / (12.0 * (count + 1.0))).sum()))
    return TestResult(
        statistic=statistic,
        pvalue=float(two_sided(statistic)),
        dof=np.inf,
        n=n,
        estimate=total / n,
        reason=NO_INTERVAL,
        note=f"{MEAN_RANK}; {GRANK_Z_SMALL}" if n < 20 else MEAN_RANK,
    )


CORRADO = Test(
    "corrado",
    "Corrado rank z",
    "the abnormal returns of the tested days rank as those of other days",
    "they rank higher or lower",
    "Corrado (1989), J. Financial Economics 23:385-395, doi:10.1016/0304-405X(89)90064-0; for "
    "several days Campbell and Wasley (1993), 33:73-92, doi:10.1016/0304-405X(93)90025-7",
    "one date, or windows that share no session; a variance that the event leaves alone",
    "windows of many days, whose ranks dilute an effect of one day; events that lack estimation "
    "days, where it rejects too rarely: read Corrado-Zivney",
    corrado_test,
    history=True,
)

GRANK_T = Test(
    "grank_t",
    "Generalised rank t",
    "the standardised effect of the window ranks as a day of the estimation window",
    "it ranks higher or lower",
    "Kolari and Pynnonen (2011), J. Empirical Finance 18:953-971, "
    "doi:10.1016/j.jempfin.2011.08.003",
    "one date, or windows that share no session; symmetric returns",
    "fewer than 20 events, or skewed returns (19 % at the 5 % level with a skewness of 2)",
    grank_t_test,
    history=True,
)

CORRADO_ZIVNEY = Test(
    "corrado_zivney",
    "Corrado-Zivney rank z",
    "the abnormal returns of the tested days rank as those of other days",
    "they rank higher or lower",
    "Corrado and Zivney (1992), J. Financial and Quantitative Analysis 27:465-478, "
    "doi:10.2307/2331331",
    "one date, or windows that share no session; a variance that the event leaves alone",
    "windows of many days, whose ranks dilute an effect of one day",
    corrado_zivney_test,
    history=True,
)

CORRADO_ZIVNEY_SIGN = Test(
    "corrado_zivney_sign",
    "Corrado-Zivney sign z",
    "the abnormal returns of the tested days lie above their median as often as below",
    "they lie above more or less often",
    "Corrado and Zivney (1992), J. Financial and Quantitative Analysis 27:465-478, "
    "doi:10.2307/2331331",
    "one date, or windows that share no session",
    "small effects: signs have less power than ranks",
    corrado_zivney_sign_test,
    history=True,
)

GRANK_Z = Test(
    "grank_z",
    "Generalised rank z",
    "the standardised effect of the window ranks as a day of the estimation window",
    "it ranks higher or lower",
    "Kolari and Pynnonen (2011), J. Empirical Finance 18:953-971, "
    "doi:10.1016/j.jempfin.2011.08.003",
    "independent events; symmetric returns",
    "events that share sessions: at a correlation of .1 and 30 events it rejects in 39 % at the "
    "5 % level",
    grank_z_test,
    history=True,
)
