"""Tests on standardised cumulative abnormal returns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import special

from eventstudy.inference.base import ROUNDING, TOO_FEW, Sample, Test, TestResult, with_se
from eventstudy.inference.correlations import MANY, Correlation

NULL = "the mean standardised cumulative abnormal return is zero"
ALTERNATIVE = "it is not zero"
ALIKE = (
    "the effects lie closer together than their own forecast errors allow, so that the interval "
    "may be too short by chance: read the adjusted Patell Z"
)
DRAWN = (
    "the degrees of freedom are estimated from draws of signs, as they are of more than "
    f"{MANY:,} events on many dates"
)
ESTIMATE = "the estimate is the precision-weighted effect, not the plain mean"


def patell_test(sample: Sample) -> TestResult:
    """Compute Z = sum SCAR / sqrt(sum nu/(nu - 2)), standard normal."""
    return _patell(sample, 1.0)


def adjusted_patell_test(sample: Sample) -> TestResult:
    """Compute Patell's Z over sqrt(1 + (N - 1) r)."""
    problem = _no_correlation(sample)
    if problem:
        return problem
    r = sample.correlation.r
    return _patell(sample, np.sqrt(1.0 + (len(sample) - 1) * r), r=r)


def _patell(sample: Sample, widening: float, r: float = np.nan) -> TestResult:
    n = len(sample)
    if n < 2:
        return TestResult(n=n, reason=TOO_FEW)
    if (sample.dof <= 4).any():
        return TestResult(n=n, reason="an event has four degrees of freedom or fewer")
    scale = 1.0 + 2.0 / (sample.dof - 2.0)  # nu/(nu - 2), 1 for infinite nu
    se = float(np.sqrt(scale.sum())) / n * widening
    return _standardized(sample, se, np.inf, r)


def j2_test(sample: Sample) -> TestResult:
    """Compute J2 = sqrt(N (nu - 2)/nu) mean(SCAR), where all events have the same nu."""
    if (sample.dof != sample.dof[:1]).any():
        reason = "the events differ in degrees of freedom: Patell's Z is the form for that"
        return TestResult(n=len(sample), reason=reason)
    return _patell(sample, 1.0)


def bmp_test(sample: Sample) -> TestResult:
    """Compute t = mean(SCAR) / (sd(SCAR) / sqrt N) with N - 1 degrees of freedom."""
    n = len(sample)
    if n < 2:
        return TestResult(n=n, reason=TOO_FEW)
    se = float(np.std(sample.effects.scar, ddof=1) / np.sqrt(n))
    return _standardized(sample, se, n - 1, np.nan)


def adjusted_bmp_test(sample: Sample) -> TestResult:
    """Compute the BMP t times sqrt((1 - r) / (1 + (N - 1) r))."""
    problem = _no_correlation(sample)
    if problem:
        return problem
    n, r = len(sample), sample.correlation.r
    if r >= 1.0 - ROUNDING:
        return TestResult(
            n=n, r=r, reason=f"the correlation between events is {r:.3f}, not below 1"
        )
    widening = np.sqrt((1.0 + (n - 1) * r) / (1.0 - r))
    spread = float(np.std(sample.effects.scar, ddof=1))
    se = spread / np.sqrt(n) * widening
    dof = adjusted_dof(sample.correlation, n, len(sample.days_zero))
    found = _standardized(sample, se, dof, r)
    if not found.has_value:
        return found
    further = [ALIKE] if _alike(sample, spread, r) else []
    further += [DRAWN] if sample.correlation.drawn else []
    return replace(found, note="; ".join([found.note, *further]))


def _alike(sample: Sample, spread: float, r: float) -> bool:
    """Whether the effects lie closer together than one time in twenty where their errors are right.

    (N - 1) s^2 / (1 - r) over the mean nu/(nu - 2) is chi-square with N - 1 degrees of freedom.
    """
    few = sample.dof <= 2
    scale = float(np.mean(np.where(few, 1.0, 1.0 + 2.0 / np.where(few, 1.0, sample.dof - 2.0))))
    n = len(sample)
    return float(special.chdtr(n - 1, (n - 1) * spread**2 / ((1.0 - r) * scale))) < 0.05


def adjusted_dof(found: Correlation, n: int, dates: int) -> float:
    """Degrees of freedom: N - 1 on one window, fewer where only some of the sessions are shared.

    Satterthwaite's match of the first two moments of the cross-sectional variance, whose terms are
    correlated unequally when windows overlap in part.
    """
    if dates == 1:
        return n - 1
    widening = 1.0 + (n - 1) * found.r
    spread = found.squares - (2.0 / n) * float((found.row_sums**2).sum()) + widening**2
    trace = ((n - 1) * (1.0 - found.r)) ** 2
    # Exact squares leave no less than that; estimated ones may.
    return n - 1.0 if spread * (n - 1) <= trace else trace / spread


def _no_correlation(sample: Sample) -> TestResult | None:
    """Give the result that says why there is no correlation to correct for, or None."""
    n = len(sample)
    if n < 2:
        return TestResult(n=n, reason=TOO_FEW)
    found = sample.correlation
    if found.problem:
        return TestResult(n=n, reason=found.problem)
    if not 1.0 + (n - 1) * found.r > 0:
        reason = (
            f"the mean correlation between events is {found.r:.3f}: 1 + (N - 1) r is not above 0"
        )
        return TestResult(n=n, r=found.r, reason=reason)
    return None


def _standardized(sample: Sample, se: float, dof: float, r: float) -> TestResult:
    """Turn the standardised mean into a return by the mean precision."""
    precision = float(np.mean(1.0 / sample.effects.se))
    mean = float(np.mean(sample.effects.scar))
    found = with_se(mean / precision, se / precision, dof, len(sample), sample.level)
    return replace(found, r=r, note=ESTIMATE)


PATELL = Test(
    "patell",
    "Patell Z",
    NULL,
    ALTERNATIVE,
    "Patell (1976), J. Accounting Research 14:246-276, doi:10.2307/2490543",
    "independent events, a variance that the event leaves alone",
    "events that share sessions, or that raise the variance: at twice the variance it rejects in "
    "17 % at the 5 % level",
    patell_test,
)

ADJUSTED_PATELL = Test(
    "adjusted_patell",
    "Adjusted Patell Z",
    NULL,
    ALTERNATIVE,
    "Kolari and Pynnonen (2010), Review of Financial Studies 23:3996-4025, doi:10.1093/rfs/hhq072",
    "the estimation window's correlation between events, a variance that the event leaves alone",
    "events that raise the variance",
    adjusted_patell_test,
)

BMP = Test(
    "bmp",
    "BMP t",
    NULL,
    ALTERNATIVE,
    "Boehmer, Musumeci and Poulsen (1991), J. Financial Economics 30:253-272, "
    "doi:10.1016/0304-405X(91)90032-F",
    "independent events",
    "events that share sessions: at a correlation of .1 and 30 events it rejects in 33 % at the "
    "5 % level",
    bmp_test,
)

ADJUSTED_BMP = Test(
    "adjusted_bmp",
    "Adjusted BMP t",
    NULL,
    ALTERNATIVE,
    "Kolari and Pynnonen (2010), Review of Financial Studies 23:3996-4025, doi:10.1093/rfs/hhq072",
    "the event days' correlation between events is that of the estimation window",
    "a shock of the event days that is common to all events and larger than usual: Ibragimov-"
    "Mueller over several dates holds there",
    adjusted_bmp_test,
)

J2 = Test(
    "j2",
    "J2",
    NULL,
    ALTERNATIVE,
    "Campbell, Lo and MacKinlay (1997), The Econometrics of Financial Markets, chapter 4",
    "independent events, a variance that the event leaves alone",
    "events that share sessions, or that raise the variance; it is Patell's Z where every event "
    "has the same number of estimation days",
    j2_test,
)
