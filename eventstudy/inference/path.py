"""The average abnormal return by day, cumulated, with its interval."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Floats, Integers
from eventstudy.execution import Execute, map_chunks
from eventstudy.inference.day_zero import DaysZero
from eventstudy.inference.history import ROUNDING
from eventstudy.inference.pool import Pool
from eventstudy.inference.standardized import adjusted_dof
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
        Mean over the events of the abnormal returns added up since the first event day. An event
        that lacks a day, as in a halt, stays in it with what it has added up: a mean of CARs, it
        is the sum of ``aar`` only where no event lacks a day.
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


def mean_path(abnormal: Abnormal, level: float, execute: Execute = map_chunks) -> MeanPath:
    """Average a group's abnormal returns by day and cumulate them.

    The interval is that of the cross-sectional standard error widened by sqrt((1 + (N - 1) r) /
    (1 - r)), r the overlap-weighted correlation of the window so far (Kolari and Pynnonen 2010,
    Review of Financial Studies 23:3996-4025, applied to the plain mean).
    """
    event = abnormal.design.event
    days = len(event)
    there = np.isfinite(abnormal.ar)
    n = there.sum(axis=0)
    windows = tuple(Window(event.first, event.first + day) for day in range(days))
    pool = Pool(abnormal, windows, np.logical_or.accumulate(there, axis=1), execute)
    aar, caar, half = (np.full(days, np.nan) for _ in range(3))
    car = np.zeros(len(abnormal))
    for day in range(days):
        one = np.where(there[:, day], abnormal.ar[:, day], 0.0)
        car += one
        enters = pool.enters[:, day]
        if n[day]:
            aar[day] = one.sum() / n[day]
        if enters.any():
            own = car if enters.all() else car[enters]
            caar[day] = own.mean()
            half[day] = _half_width(pool, day, own, level)
    return MeanPath(aar, caar, caar - half, caar + half, n)


def _half_width(pool: Pool, day: int, car: Floats, level: float) -> float:
    n = len(car)
    if n < 2 or pool.correlations[day].problem:
        return np.nan
    found, enters = pool.correlations[day], pool.enters[:, day]
    r = found.r
    if not (r < 1.0 - ROUNDING and 1.0 + (n - 1) * r > 0):
        return np.nan
    se = np.std(car, ddof=1) / np.sqrt(n) * np.sqrt((1.0 + (n - 1) * r) / (1.0 - r))
    dates = len(pool.dates) if enters.all() else len(DaysZero.of(pool.abnormal.rows.take(enters)))
    dof = adjusted_dof(replace(found, row_sums=found.row_sums[enters]), n, dates)
    return float(critical(level, dof) * se)
