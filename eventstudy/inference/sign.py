"""Tests on signs and signed ranks of cumulative abnormal returns."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
from scipy import special

from eventstudy.arrays import Floats
from eventstudy.inference.base import TOO_FEW, Sample, Test, TestResult
from eventstudy.inference.rank import NO_INTERVAL
from eventstudy.kernels.pvalues import two_sided
from eventstudy.kernels.signed_rank import signed_rank, walsh_interval

COWAN = (
    "Cowan (1992), Review of Quantitative Finance and Accounting 2:343-358, doi:10.1007/BF00939016"
)


def generalized_sign_test(sample: Sample) -> TestResult:
    """Compare the share of positive CARs with that of positive estimation days."""
    n = len(sample)
    if n < 2:
        return TestResult(n=n, reason=TOO_FEW)
    return _sign_z(sample, sample.history.shares.positive)


def _sign_z(sample: Sample, share: Floats) -> TestResult:
    """Count positive effects against the share of positive values in each event's own history."""
    n = len(sample)
    if not np.isfinite(share).all():
        return TestResult(n=n, reason="an event has no complete run of estimation days")
    expected = float(np.mean(share))
    if not 0.0 < expected < 1.0:
        return TestResult(n=n, reason="every estimation day has the same sign")
    positive = int((sample.signed > 0).sum())
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


def generalized_sign_window_test(sample: Sample) -> TestResult:
    """Compare the share of positive CARs with that of the overlapping sums of L estimation days."""
    n = len(sample)
    if n < 2:
        return TestResult(n=n, reason=TOO_FEW)
    if len(sample.window) > len(sample.abnormal.design.estimation):
        return TestResult(n=n, reason="the window is longer than the estimation window")
    return _sign_z(sample, sample.history.shares.positive_runs)


def sign_test(sample: Sample) -> TestResult:
    """Count the positive effects against a fair coin, exactly."""
    effects = sample.signed
    positive = int(np.count_nonzero(effects > 0))
    n = positive + int(np.count_nonzero(effects < 0))
    if n < 2:
        return TestResult(n=n, reason=TOO_FEW)
    lower, upper = special.bdtr(positive, n, 0.5), special.bdtrc(positive - 1, n, 0.5)
    upper = upper if positive > 0 else 1.0
    pvalue = float(min(1.0, 2.0 * min(lower, upper)))
    median, low, high, reason = _median(effects, sample.level)
    if not reason and (low <= 0.0 <= high) != (pvalue > 1.0 - sample.level):
        low, high = np.nan, np.nan
        reason = "effects of zero: the test leaves them out, an interval of the median cannot"
    return TestResult(
        statistic=float(positive),
        pvalue=pvalue,
        n=n,
        estimate=median,
        low=low,
        high=high,
        reason=reason,
        note="the statistic is the number of positive effects, the estimate the median",
    )


def _median(values: Floats, level: float) -> tuple[float, float, float, str]:
    """Find the median, and the order statistics that the exact sign test does not reject as it."""
    n = len(values)

    def tails(k: int) -> float:
        return 2.0 * float(special.bdtr(k, n, 0.5))

    # A tail costs as much as sorting a few events: only those that the bisection asks for.
    skip = bisect_right(range(n), (1.0 - level) * (1 + 1e-12), key=tails) - 1
    places = [(n - 1) // 2, n // 2, max(skip, 0), n - 1 - max(skip, 0)]
    first, second, low, high = np.partition(values, places)[places].tolist()
    median = (first + second) / 2.0
    if skip < 0:
        return median, np.nan, np.nan, f"{n} pairs cannot reach the {1 - level:.3g} level"
    return median, low, high, ""


def wilcoxon_test(sample: Sample) -> TestResult:
    """Compute the signed-rank statistic W+, exact up to 25 events, ties and zeros included."""
    effects = sample.signed
    n = len(effects)
    if n < 2:
        return TestResult(n=n, reason=TOO_FEW)
    found = signed_rank(effects)
    if found.n == 0:
        return TestResult(n=n, reason="every effect is zero")
    interval = walsh_interval(effects, 1.0 - sample.level)
    notes = [
        "the estimate is the Hodges-Lehmann median" if np.isfinite(interval.estimate) else "",
        "" if sample.one_session.all() else "a return over k sessions counts over sqrt(k)",
        f"{n - found.n} zero effects are left out" if found.n < n else "",
    ]
    return TestResult(
        statistic=found.statistic,
        pvalue=found.pvalue,
        dof=np.nan if found.exact else np.inf,
        n=found.n,
        estimate=interval.estimate,
        low=interval.low,
        high=interval.high,
        reason=interval.reason,
        note="; ".join(note for note in notes if note),
    )


GENERALIZED_SIGN = Test(
    "generalized_sign",
    "Generalised sign z",
    "effects are positive as often as the abnormal returns of the estimation window",
    "they are positive more or less often",
    COWAN,
    "independent events",
    "events that share sessions; windows of several days where returns are skewed",
    generalized_sign_test,
    history=True,
)

WILCOXON = Test(
    "wilcoxon",
    "Wilcoxon signed rank",
    "effects are symmetric about zero",
    "their centre is not zero",
    "Wilcoxon (1945), Biometrics Bulletin 1:80-83, doi:10.2307/3001968",
    "independent events with symmetric effects",
    "events that share sessions; skewed effects",
    wilcoxon_test,
)

GENERALIZED_SIGN_WINDOW = Test(
    "generalized_sign_window",
    "Generalised sign z, window shares",
    "effects are positive as often as sums over as many estimation days",
    "they are positive more or less often",
    f"{COWAN}; expected share from overlapping sums of the window's length",
    "independent events",
    "events that share sessions",
    generalized_sign_window_test,
    history=True,
)

SIGN = Test(
    "sign",
    "Sign test, exact",
    "effects are positive as often as negative",
    "they are positive more or less often",
    "Dixon and Mood (1946), J. American Statistical Association 41:557-566",
    "independent events; abnormal returns with a median of zero",
    "events that share sessions; skewed abnormal returns (30 % at the 5 % level with a chi-square "
    "of 2)",
    sign_test,
)
