"""The placebo distribution: the same statistic on every run of days without an event."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.kernels.cumulate import leverage


def placebo_statistics(
    residuals: Floats,
    rows: Floats,
    unscaled: Floats,
    available: Booleans,
    innovations: Floats | None = None,
) -> Floats:
    """Scaled effects of all runs of consecutive estimation days, one run a starting day.

    A run of L days has c / sqrt(L - x'(X'X)^-1 x): the sum of its residuals over the standard
    deviation that in-sample residuals have, in units of sigma, so that it compares with an event's
    effect over sqrt(L + x'(X'X)^-1 x).

    Parameters
    ----------
    residuals : array of float, shape (events, days)
        Estimation-window abnormal returns, NaN is missing.
    rows : array of float, shape (events, days, p)
        Their design rows.
    unscaled : array of float, shape (events, p, p)
        (X'X)^-1.
    available : array of bool, shape (events, L)
        Days of the event's own window that have a return; the same positions of every run count.
    innovations : array of float, shape (events, days), optional
        Variance of each day over sigma^2, which stands for its 1 in L; 1 by default.

    Returns
    -------
    array of float, shape (events, days - L + 1)
        NaN for runs that lack a day.
    """
    length = available.shape[1]
    runs = residuals.shape[1] - length + 1
    if runs < 1:
        return np.empty((len(residuals), 0))
    total = np.zeros((len(residuals), runs))
    spent = np.zeros((len(residuals), runs))
    design = np.zeros((len(residuals), runs, rows.shape[2]))
    clean = np.where(np.isfinite(rows), rows, 0.0)
    for day in range(length):
        taken = available[:, day, None]
        total += np.where(taken, residuals[:, day : day + runs], 0.0)
        own = 1.0 if innovations is None else innovations[:, day : day + runs]
        spent += np.where(taken, own, 0.0)
        design += np.where(taken[:, :, None], clean[:, day : day + runs], 0.0)
    spread = spent - leverage(design, unscaled)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(spread > 1e-9, total / np.sqrt(spread), np.nan)


def placebo_pvalues(statistic: Floats, placebo: Floats) -> tuple[Floats, Floats, Floats, Integers]:
    """P-values of an effect in its placebo distribution: (1 + as extreme) / (B + 1).

    Parameters
    ----------
    statistic : array of float, shape (events,)
    placebo : array of float, shape (events, runs)
        NaN for runs that do not count. Ties count against the event.

    Returns
    -------
    both, lower, upper : array of float, shape (events,)
    count : array of int, shape (events,)
        B, the runs that count.
    """
    count = np.isfinite(placebo).sum(axis=1)
    one = statistic[:, None]
    with np.errstate(invalid="ignore"):
        both = (np.abs(placebo) >= np.abs(one)).sum(axis=1)
        lower = (placebo <= one).sum(axis=1)
        upper = (placebo >= one).sum(axis=1)
    known = np.isfinite(statistic) & (count > 0)
    both, lower, upper = (
        np.where(known, (1 + extreme) / (count + 1), np.nan) for extreme in (both, lower, upper)
    )
    return both, lower, upper, count


def placebo_critical(placebo: Floats, alpha: float) -> Floats:
    """Give the k-th largest absolute placebo effect, k = floor(alpha (B + 1)); NaN where k is 0.

    An effect is significant at alpha exactly when it is strictly larger in absolute value.
    """
    size = np.where(np.isfinite(placebo), np.abs(placebo), -np.inf)
    count = np.isfinite(placebo).sum(axis=1)
    k = np.floor(alpha * (count + 1) + 1e-9).astype(np.int64)
    if placebo.shape[1] == 0:
        return np.full(len(placebo), np.nan)
    ordered = np.sort(size, axis=1)[:, ::-1]
    place = np.clip(k - 1, 0, placebo.shape[1] - 1)
    picked = np.take_along_axis(ordered, place[:, None], axis=1)[:, 0]
    return np.where((k >= 1) & np.isfinite(picked), picked, np.nan)
