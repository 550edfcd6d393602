"""Sums over windows that share days: differences of running sums, whatever a window's length."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import Floats, Integers

SUMS = 6
"""Days with both, y, x, y^2, x y, x^2."""

# Days of a block: running sums begin anew in each, so that one addition serves a day of all blocks.
_DAYS = 32

# Share of a running sum of squares that a window must have of its own: a difference of running sums
# keeps the digits of the larger ones.
_KEPT = 1e-2


def running_sums(y: Floats, x: Floats) -> Floats:
    """Sum two variables, their squares and their product from the first day on.

    Parameters
    ----------
    y, x : array of float, shape (series, days)
        NaN is missing: a day with either missing adds nothing.

    Returns
    -------
    array of float, shape (32, 6, series, blocks)
        The sums of what :data:`SUMS` lists before day t are at t % 32 and t // 32.
    """
    series, days = y.shape
    blocks = days // _DAYS + 1
    there = np.isfinite(y) & np.isfinite(x)
    if not there.all():
        y, x = np.where(there, y, 0.0), np.where(there, x, 0.0)
    sums = np.empty((_DAYS, SUMS, series, blocks))
    laid = np.zeros((series, blocks * _DAYS))
    for number, values in enumerate((there, y, x)):
        laid[:, 1 : days + 1] = values
        sums[:, number] = laid.reshape(series, blocks, _DAYS).transpose(2, 0, 1)
    with np.errstate(over="ignore", invalid="ignore"):
        for number, (one, other) in enumerate(((1, 1), (1, 2), (2, 2)), 3):
            np.multiply(sums[:, one], sums[:, other], out=sums[:, number])
        for day in range(1, _DAYS):
            sums[day] += sums[day - 1]
        before = np.zeros(sums.shape[1:])
        np.cumsum(sums[-1, :, :, :-1], axis=2, out=before[:, :, 1:])
        sums += before
    return sums


def window_sums(
    running: Floats, series: Integers, first: Integers, width: int, days: int
) -> Floats:
    """Sum over windows.

    Parameters
    ----------
    running : array of float, shape (32, 6, series, blocks)
        From :func:`running_sums`.
    series : array of int, shape (n,)
        Series of each window.
    first : array of int, shape (n,)
        Its first day; days before the first one of the series or after its last one are missing.
    width : int
        Its days.
    days : int
        Days of the series.

    Returns
    -------
    array of float, shape (6, n)
        NaN where the windows' own squares are too small a part of all before their end: a far
        larger value has left its rounding in the running sums.

    Examples
    --------
    >>> y = np.array([[1.0, 2.0, np.nan, 4.0]])
    >>> sums = window_sums(running_sums(y, 2.0 * y), np.array([0]), np.array([1]), 3, days=4)
    >>> sums[:, 0]
    array([ 2.,  6., 12., 20., 40., 80.])
    """
    found, whole = np.empty((2, SUMS, len(first)))
    step, blocks = running[0, 0].size, running.shape[3]
    flat = running.reshape(-1)
    for day, out in ((first, found), (first + width, whole)):
        block, rest = np.divmod(np.clip(day, 0, days), _DAYS)
        place = rest * (SUMS * step) + series * blocks + block
        for one in out:
            flat.take(place, out=one)
            place += step
    with np.errstate(invalid="ignore"):
        np.subtract(whole, found, out=found)
        kept = (found[3] > _KEPT * whole[3]) & (found[5] > _KEPT * whole[5])
    found[:, ~kept] = np.nan
    return found
