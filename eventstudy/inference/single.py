"""Tests of one event of one security."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Floats, Integers, Texts
from eventstudy.kernels.cumulate import Cumulated, leverage
from eventstudy.kernels.pvalues import critical, two_sided
from eventstudy.kernels.resample import (
    placebo_critical,
    placebo_pvalues,
    placebo_statistics,
)
from eventstudy.windows import Window

SHARE_OF_RUNS = 20


@dataclass(frozen=True, eq=False)
class SingleTests:
    """Tests of every event in one window; every array has shape (N,) but where said.

    Attributes
    ----------
    effects : Cumulated
        The effects.
    pvalue, low, high : array of float
        SAR-t: CAR over the standard error of its forecast, t with the dof of the fit.
    placebo_pvalue, placebo_low, placebo_high : array of float
        Placebo in time, two-sided.
    sq_lower, sq_upper : array of float
        Sample-quantile test, lower and upper tail.
    n_placebo : array of int
        Placebo runs.
    placebo : array of float, shape (N, runs)
        Placebo effects in return units, on the event's own scale: to be compared with its CAR.
    reason : array of str
        Why a number is missing.
    """

    effects: Cumulated
    pvalue: Floats
    low: Floats
    high: Floats
    placebo_pvalue: Floats
    placebo_low: Floats
    placebo_high: Floats
    sq_lower: Floats
    sq_upper: Floats
    n_placebo: Integers
    placebo: Floats
    reason: Texts


def single_tests(abnormal: Abnormal, window: Window, level: float) -> SingleTests:
    """Test every event by its own estimation window.

    Parameters
    ----------
    abnormal : Abnormal
        The events.
    window : Window
        A window inside the event window.
    level : float
        Level of the intervals.

    Notes
    -----
    SAR-t is exact for normal returns whose variance the event leaves alone (Patell 1976). The
    placebo test compares the effect with the same statistic on every run of days of the estimation
    window; the sample-quantile (SQ) test of Gelbach, Helland and Klick (2013), American Law and
    Economics Review 15:495-541, is its one-sided form. Where the window is longer than a twentieth
    of the usable days there are too few independent runs, and no value.
    """
    effects = abnormal.cumulate(window)
    dof = abnormal.fit.dof
    half = critical(level, dof) * effects.se
    days = abnormal.days(window)
    ar, spans = abnormal.ar[:, days], abnormal.spans[:, days]
    there = np.isfinite(ar)
    long_window = len(window) > abnormal.fit.n_obs / SHARE_OF_RUNS
    usable = there.any(axis=1) & ~long_window
    root = np.where(there, np.sqrt(spans), 1.0)
    rows = np.where(there[:, :, None], abnormal.event_rows[:, days] / root[:, :, None], 0.0)
    scale = np.sqrt(there.sum(axis=1) + leverage(rows.sum(axis=1), abnormal.fit.unscaled))
    statistic = np.where(usable, np.where(there, ar / root, 0.0).sum(axis=1) / scale, np.nan)
    placebo = placebo_statistics(
        abnormal.fit.residuals, abnormal.fit.rows, abnormal.fit.unscaled, there
    )
    placebo[~usable] = np.nan
    both, lower, upper, count = placebo_pvalues(statistic, placebo)
    # With one return over k sessions the statistic is the CAR over sqrt(k); with several returns of
    # different spans it is no multiple of the CAR, and there is no interval for it.
    widest = np.where(there, spans, 1).max(axis=1, initial=1)
    mixed = (widest > 1) & (effects.n_days > 1)
    unit = np.where(mixed, np.nan, scale * np.sqrt(widest))
    width = placebo_critical(placebo, 1.0 - level) * unit
    reason = np.full(len(abnormal), "", dtype=object)
    reason[long_window] = (
        f"no placebo: {len(window)} days are more than a twentieth of the usable estimation days"
    )
    reason[mixed & usable] = "no placebo interval: the window mixes returns of different spans"
    reason[effects.n_days == 0] = "no abnormal return on any day of the window"
    return SingleTests(
        effects=effects,
        pvalue=two_sided(effects.scar, dof),
        low=effects.car - half,
        high=effects.car + half,
        placebo_pvalue=both,
        placebo_low=effects.car - width,
        placebo_high=effects.car + width,
        sq_lower=lower,
        sq_upper=upper,
        n_placebo=count,
        placebo=placebo * unit[:, None],
        reason=reason,
    )
