"""What effect a test detects: power by effect, and the smallest effect with power enough.

A test's decisions on placebo events are known once its answer without an effect is: adding the same
effect to every event moves the answer in a known way, so no effect is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.inference import TestResult
from eventstudy.kernels.cumulate import Cumulated
from eventstudy.kernels.pvalues import critical

_STEPS = 40  # halvings of the last step of the search


class Detection(Protocol):
    """Decisions of one test on placebo events, by the effect that is added to them.

    Its length is the number of placebo samples in which the test had a value.
    """

    @property
    def scale(self) -> float:
        """A size of effect from which to begin a search, in return units."""
        ...

    def __len__(self) -> int: ...

    def power(self, effect: float) -> float:
        """Give the share of the samples in which the test rejects with this effect."""
        ...


@dataclass(frozen=True, eq=False)
class Shift:
    """A test whose estimate moves by the effect while its interval keeps its width.

    Attributes
    ----------
    estimate, half_width : array of float, shape (B,)
        Estimate and half-width of the interval without an effect.
    """

    estimate: Floats
    half_width: Floats

    @property
    def scale(self) -> float:
        """The median half-width."""
        return float(np.median(self.half_width)) if len(self) else np.nan

    def __len__(self) -> int:
        return len(self.estimate)

    def power(self, effect: float) -> float:
        """Give the share of the samples whose interval does not hold zero."""
        return float(np.mean(np.abs(self.estimate + effect) > self.half_width))


@dataclass(frozen=True, eq=False)
class Studentised:
    """A test proportional to mean over standard deviation of the standardised effects.

    The same return is a different standardised effect for each event, so an effect raises the
    standard deviation too: however large it is, the test may not reject.

    Attributes
    ----------
    scar, per_unit : array of float, shape (B, N)
        Standardised effects without an effect, and what a return of 1 adds to each; NaN is missing.
    factor : array of float, shape (B,)
        Statistic over mean / standard deviation.
    critical : array of float, shape (B,)
        Critical value of the statistic.
    """

    scar: Floats
    per_unit: Floats
    factor: Floats
    critical: Floats

    @property
    def scale(self) -> float:
        """A critical value on the median event."""
        unit = float(np.nanmedian(self.per_unit)) if len(self) else np.nan
        return float(np.median(self.critical / self.factor)) / unit if len(self) else np.nan

    def __len__(self) -> int:
        return len(self.factor)

    def power(self, effect: float) -> float:
        """Give the share of the samples whose statistic is beyond its critical value."""
        moved = self.scar + effect * self.per_unit
        ratio = np.nanmean(moved, axis=1) / np.nanstd(moved, axis=1, ddof=1)
        return float(np.mean(np.abs(ratio * self.factor) > self.critical))


STUDENTISED = ("bmp", "adjusted_bmp")


def detection_of(
    test: str, results: Sequence[TestResult], effects: Sequence[Cumulated], level: float
) -> Detection:
    """Collect the answers of a group test on placebo samples.

    Parameters
    ----------
    test : str
        Name of the test.
    results : sequence of TestResult
        Its answers, of samples in which it has a value and an interval.
    effects : sequence of Cumulated
        The effects of each sample.
    level : float
        Level of the intervals.
    """
    if test not in STUDENTISED:
        estimate = np.array([found.estimate for found in results])
        width = np.array([found.high - found.low for found in results])
        return Shift(estimate, width / 2.0)
    most = max((len(one.scar) for one in effects), default=0)
    scar = np.full((len(results), most), np.nan)
    per_unit = np.full((len(results), most), np.nan)
    for row, one in enumerate(effects):
        scar[row, : len(one.scar)] = one.scar
        per_unit[row, : len(one.se)] = 1.0 / one.se
    ratio = np.nanmean(scar, axis=1) / np.nanstd(scar, axis=1, ddof=1) if results else np.empty(0)
    statistic = np.array([found.statistic for found in results])
    dof = np.array([found.dof for found in results])
    return Studentised(scar, per_unit, statistic / ratio, critical(level, dof))


def smallest_effect(detection: Detection, target: float) -> float:
    """Find the smallest effect that is detected with a given power, whichever its sign.

    Returns
    -------
    float
        In return units, positive; NaN where no effect is detected so often.

    Examples
    --------
    >>> round(smallest_effect(Shift(np.zeros(10), np.full(10, 0.02)), 0.8), 6)
    0.02
    """
    if not len(detection) or not detection.scale > 0:
        return np.nan
    low = 0.0
    for high in sizes_tried(detection):
        if _either_sign(detection, high) >= target:
            break
        low = high
    else:
        return np.nan
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        if _either_sign(detection, middle) >= target:
            high = middle
        else:
            low = middle
    return float(high)


def sizes_tried(detection: Detection) -> Floats:
    """Give the sizes of effect among which the smallest is looked for, shape (60,)."""
    return detection.scale * np.geomspace(0.05, 200.0, 60)


def _either_sign(detection: Detection, effect: float) -> float:
    return min(detection.power(effect), detection.power(-effect))


def share_error(share: float, count: float) -> float:
    """Give the standard error of a share of so many independent samples; never exactly 0.

    The standard deviation of the share's posterior under Jeffreys' prior.

    Examples
    --------
    >>> round(share_error(0.05, 250), 4), share_error(0.0, 250) > 0
    (0.014, True)
    """
    if not count > 0:
        return np.nan
    a, b = share * count + 0.5, (1.0 - share) * count + 0.5
    return float(np.sqrt(a * b / (a + b + 1.0)) / (a + b))
