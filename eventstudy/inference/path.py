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
from eventstudy.kernels.pvalues import critical, two_sided
from eventstudy.windows import Window


@dataclass(frozen=True, eq=False)
class MeanPath:
    """Averages of a group over the event days; every array has shape (days,).

    Attributes
    ----------
    aar : array of float
        Mean abnormal return over the events that have one that day.
    aar_low, aar_high, aar_pvalue : array of float
        Its interval, and the p-value that it is zero, of each day by itself; NaN where the
        correlation between events has no value.
    caar : array of float
        Mean over the events of the abnormal returns added up since the first event day. An event
        that lacks a day, as in a halt, stays in it with what it has added up: a mean of CARs, it
        is the sum of ``aar`` only where no event lacks a day.
    low, high, pvalue : array of float
        The same of ``caar``.
    n : array of int
        Events with an abnormal return that day.
    """

    aar: Floats
    aar_low: Floats
    aar_high: Floats
    aar_pvalue: Floats
    caar: Floats
    low: Floats
    high: Floats
    pvalue: Floats
    n: Integers


def mean_path(abnormal: Abnormal, level: float, execute: Execute = map_chunks) -> MeanPath:
    """Average a group's abnormal returns by day and cumulate them.

    Intervals and p-values are those of the cross-sectional standard error widened by
    sqrt((1 + (N - 1) r) / (1 - r)), r the overlap-weighted correlation of the day, or of the window
    so far (Kolari and Pynnonen 2010, Review of Financial Studies 23:3996-4025, applied to the plain
    mean). Of more than 100,000 events on many dates their degrees of freedom are estimated from
    draws of signs, as those of the adjusted BMP.
    """
    event = abnormal.design.event
    days = len(event)
    there = np.isfinite(abnormal.ar)
    ever = np.logical_or.accumulate(there, axis=1)
    windows = tuple(Window(event.first, event.first + day) for day in range(days))
    single = tuple(Window(event.first + day, event.first + day) for day in range(days))
    pool = Pool(abnormal, (*windows, *single), np.concatenate([ever, there], axis=1), execute)
    found = np.full((2, 4, days), np.nan)
    car = np.zeros(len(abnormal))
    for day in range(days):
        one = np.where(there[:, day], abnormal.ar[:, day], 0.0)
        car += one
        for place, (number, values) in enumerate(((day, car), (days + day, one))):
            enters = pool.enters[:, number]
            if enters.any():
                own = values if enters.all() else values[enters]
                found[place, :, day] = _mean(pool, number, own, level)
    so_far, of_day = found
    return MeanPath(
        aar=of_day[0],
        aar_low=of_day[1],
        aar_high=of_day[2],
        aar_pvalue=of_day[3],
        caar=so_far[0],
        low=so_far[1],
        high=so_far[2],
        pvalue=so_far[3],
        n=there.sum(axis=0),
    )


def _mean(pool: Pool, number: int, values: Floats, level: float) -> tuple[float, ...]:
    """Mean of the effects of one window, its interval and its p-value."""
    n, mean = len(values), float(values.mean())
    nothing = (mean, np.nan, np.nan, np.nan)
    if n < 2 or pool.correlations[number].problem:
        return nothing
    found, enters = pool.correlations[number], pool.enters[:, number]
    r = found.r
    if not (r < 1.0 - ROUNDING and 1.0 + (n - 1) * r > 0):
        return nothing
    se = np.std(values, ddof=1) / np.sqrt(n) * np.sqrt((1.0 + (n - 1) * r) / (1.0 - r))
    dates = len(pool.dates) if enters.all() else len(DaysZero.of(pool.abnormal.rows.take(enters)))
    dof = adjusted_dof(replace(found, row_sums=found.row_sums[enters]), n, dates)
    half = float(critical(level, dof) * se)
    pvalue = float(two_sided(mean / se, dof)) if se > 0 else np.nan
    return mean, mean - half, mean + half, pvalue
