"""The average abnormal return by day, cumulated, with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Floats, Integers
from eventstudy.inference.base import ROUNDING, Sample
from eventstudy.inference.standardized import adjusted_dof
from eventstudy.kernels.dependence import Rhos
from eventstudy.kernels.pvalues import critical
from eventstudy.windows import Window


@dataclass(frozen=True, eq=False)
class MeanPath:
    """Averages of a group over the event days; every array has shape (days,).

    Attributes
    ----------
    aar : array of float
        Mean abnormal return over the events that have one that day.
    caar : array of float
        Mean over the events of the abnormal returns added up since the first event day.
    low, high : array of float
        Interval of ``caar``; NaN where the correlation between events has no value.
    n : array of int
        Events with an abnormal return that day.
    """

    aar: Floats
    caar: Floats
    low: Floats
    high: Floats
    n: Integers


def mean_path(abnormal: Abnormal, level: float) -> MeanPath:
    """Average a group's abnormal returns by day and cumulate them.

    The interval is that of the cross-sectional standard error widened by sqrt((1 + (N - 1) r) /
    (1 - r)), r the overlap-weighted correlation of the window so far (Kolari and Pynnonen 2010,
    Review of Financial Studies 23:3996-4025, applied to the plain mean).
    """
    event = abnormal.design.event
    ar = abnormal.ar
    there = np.isfinite(ar)
    n = there.sum(axis=0)
    with np.errstate(invalid="ignore"):
        aar = np.where(there, ar, 0.0).sum(axis=0) / np.where(n > 0, n, np.nan)
    caar, half = np.full(len(event), np.nan), np.full(len(event), np.nan)
    memo: dict[bytes, Rhos] = {}
    for day in range(len(event)):
        window = Window(event.first, event.first + day)
        sofar = np.flatnonzero(there[:, : day + 1].any(axis=1))
        sample = Sample(abnormal.take(sofar), window, level, memo=memo)
        if len(sample) == 0:
            continue
        car = sample.effects.car
        caar[day] = car.mean()
        half[day] = _half_width(sample, car, level)
    return MeanPath(aar, caar, caar - half, caar + half, n)


def _half_width(sample: Sample, car: Floats, level: float) -> float:
    n = len(car)
    if n < 2 or sample.correlation.problem:
        return np.nan
    r = sample.correlation.r
    if not (r < 1.0 - ROUNDING and 1.0 + (n - 1) * r > 0):
        return np.nan
    se = np.std(car, ddof=1) / np.sqrt(n) * np.sqrt((1.0 + (n - 1) * r) / (1.0 - r))
    return float(critical(level, adjusted_dof(sample)) * se)
