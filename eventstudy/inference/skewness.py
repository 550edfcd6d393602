"""Tests that allow for skewed effects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.inference.base import ROUNDING, Sample, Test, TestResult
from eventstudy.inference.cross_section import NOT_ZERO, ZERO_MEAN
from eventstudy.inference.rank import NO_INTERVAL
from eventstudy.kernels.pvalues import two_sided
from eventstudy.kernels.skewness import BOOTSTRAP_FROM, hall_t, johnson_bootstrap, johnson_t

# Share of the squares that the others must hold for a difference to keep twelve digits.
_DOMINATED = 1e-4
TABLE = "below 20 pairs there is no bootstrap: the p-value is that of a t with N - 1"
JOHNSON = (
    "Johnson (1978), J. American Statistical Association 73:536-544, "
    "doi:10.1080/01621459.1978.10480051; Lyon, Barber and Tsai (1999), J. Finance 54:165-201, "
    "doi:10.1111/0022-1082.00101"
)


def skewness_adjusted_test(sample: Sample) -> TestResult:
    """Compute Johnson's t on the CARs, with the bootstrap of a quarter of the sample."""
    return johnson_result(sample, sample.effects.car, "skewness_adjusted")


def johnson_result(sample: Sample, effects: Floats, name: str) -> TestResult:
    """Test the mean of effects by Johnson's t and its bootstrap."""
    n = len(effects)
    if n < 3 or same(effects):
        return TestResult(n=n, reason="needs three pairs that differ")
    statistic = float(johnson_t(effects))
    found = TestResult(
        statistic=statistic,
        dof=n - 1,
        n=n,
        estimate=float(np.mean(effects)),
        reason=NO_INTERVAL,
    )
    if n < BOOTSTRAP_FROM:
        return replace(
            found, pvalue=float(two_sided(statistic, n - 1)), reason=f"{NO_INTERVAL}; {TABLE}"
        )
    return replace(found, pvalue=johnson_bootstrap(effects, sample.rng(name)), dof=np.nan)


def same(effects: Floats) -> bool:
    """Tell whether effects differ by no more than rounding."""
    return bool(np.ptp(effects) <= ROUNDING * np.abs(effects).max())


def hall_test(sample: Sample) -> TestResult:
    """Compute Hall's transformed t on the CARs, standard normal."""
    effects = sample.effects.car
    n = len(effects)
    if n < 3 or same(effects):
        return TestResult(n=n, reason="needs three pairs that differ")
    statistic = float(hall_t(effects))
    return TestResult(
        statistic=statistic,
        pvalue=float(two_sided(statistic)),
        dof=np.inf,
        n=n,
        estimate=float(np.mean(effects)),
        reason=NO_INTERVAL,
    )


def jackknife_test(sample: Sample) -> TestResult:
    """Compute the t of the jackknife pseudo-values of mean(SCAR)/sd(SCAR)."""
    scar = sample.effects.scar
    n = len(scar)
    if n < 4:
        return TestResult(n=n, reason="needs four pairs")
    none = TestResult(n=n, reason="the effects do not vary without one of the events")
    if same(scar):
        return none
    mean, spread = _without_each(scar)
    whole = float(np.std(scar, ddof=1))
    if not (spread > 0).all():
        return none
    pseudo = n * float(scar.mean()) / whole - (n - 1) * mean / spread
    se = float(np.std(pseudo, ddof=1)) / np.sqrt(n)
    if not se > 0:
        return TestResult(n=n, reason="the pseudo-values do not vary")
    statistic = float(pseudo.mean()) / se
    return TestResult(
        statistic=statistic,
        pvalue=float(two_sided(statistic, n - 1)),
        dof=n - 1,
        n=n,
        estimate=float(pseudo.mean()),
        se=se,
        reason=NO_INTERVAL,
        note="the estimate is a mean in standard deviations of the standardised effects",
    )


def _without_each(values: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the others, for each value; 0 where the others are the same.

    From the sums of all, but where one value holds nearly all of their squares.
    """
    n = len(values)
    about = values - values.mean()
    squares = float((about**2).sum())
    mean = values.mean() - about / (n - 1)
    left = squares - n / (n - 1) * about**2
    for one in np.flatnonzero(~(left > _DOMINATED * squares)):
        others = np.delete(values, one)
        mean[one] = others.mean()
        left[one] = 0.0 if same(others) else ((others - mean[one]) ** 2).sum()
    return mean, np.sqrt(left / (n - 2))


SKEWNESS_ADJUSTED = Test(
    "skewness_adjusted",
    "Skewness-adjusted t",
    ZERO_MEAN,
    NOT_ZERO,
    JOHNSON,
    "independent events",
    "events that share sessions; fat tails, which it does not cure (9 % at the 5 % level with "
    "returns of t(3))",
    skewness_adjusted_test,
    resamples=True,
)

HALL = Test(
    "hall",
    "Hall transformed t",
    ZERO_MEAN,
    NOT_ZERO,
    "Hall (1992), J. Royal Statistical Society B 54:221-228, "
    "doi:10.1111/j.2517-6161.1992.tb01872.x",
    "independent events, many of them",
    "events that share sessions; small samples, where its normal tails are too thin",
    hall_test,
)

JACKKNIFE = Test(
    "jackknife",
    "Jackknife t",
    "the mean standardised effect over its spread is zero",
    NOT_ZERO,
    "Giaccotto and Sfiridis (1996), J. Economics and Business 48:349-370",
    "independent events",
    "events that share sessions; fat tails (7 % at the 5 % level with returns of t(3))",
    jackknife_test,
)
