"""Where an estimation window starts that reaches back for the days that it lacks."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import Booleans, Floats, Integers


def window_starts(usable: Booleans, length: int) -> Integers:
    """Find the latest start from which each window holds as many usable days as it is long.

    Parameters
    ----------
    usable : array of bool, shape (events, reach + length)
        Days up to the end of the window, which stays: those before the window itself come first.
    length : int
        Days of the window itself.

    Returns
    -------
    array of int, shape (events,)
        How many days earlier than the window itself each one starts, from 0 to the reach: 0 where
        no day is missing. Where even all of the days are too few it starts at the oldest usable
        one, for a start among days that are not usable would add nothing.

    Examples
    --------
    >>> window_starts(np.array([[1, 1, 0, 1, 1], [1, 1, 1, 1, 1], [0, 1, 1, 0, 0]], bool), 3)
    array([1, 0, 1])
    """
    reach = usable.shape[1] - length
    held = usable[:, ::-1].cumsum(axis=1)[:, ::-1]
    start: Integers = (held >= length).sum(axis=1) - 1
    oldest: Integers = np.argmax(usable, axis=1)
    short = start < 0
    start[short] = oldest[short]
    start[~usable.any(axis=1)] = reach
    return reach - np.minimum(start, reach)


def roll_start(
    returns: Floats, factors: Floats, length: int, shifts: tuple[int, ...], *, optional: bool
) -> tuple[Floats, Floats, Integers]:
    """Move the start of each window back until it holds as many usable days as it is long.

    Parameters
    ----------
    returns : array of float, shape (events, reach + length)
        Returns up to the end of the window, NaN where a day is not usable.
    factors : array of float, shape (events, reach + length, columns)
        Each factor at all of its shifts; NaN is missing.
    length : int
        Days of the window itself.
    shifts : tuple of int
        Days by which the columns of a factor are taken later (negative: earlier).
    optional : bool
        Whether a day without a factor is usable, as where a model chooses among its factors.

    Returns
    -------
    returns, factors : array of float
        The days from the earliest start to the end, NaN before each event's own start. What lies
        before that stays unseen also by the lags of the days after it, so that a window that starts
        earlier is estimated like any other.
    earlier : array of int, shape (events,)
        As :func:`window_starts`.
    """
    reach = returns.shape[1] - length
    if reach == 0:
        return returns, factors, np.zeros(len(returns), dtype=np.int64)
    usable = np.isfinite(returns)
    if not optional:
        usable &= np.isfinite(factors).all(axis=2)
    earlier = window_starts(usable, length)
    most = int(earlier.max(initial=0))
    returns, factors = returns[:, reach - most :].copy(), factors[:, reach - most :].copy()
    if most:
        day, start = np.arange(most + length), (most - earlier)[:, None]
        returns[day < start] = np.nan
        for place, shift in enumerate(shifts):
            factors[:, :, place :: len(shifts)][day + min(shift, 0) < start] = np.nan
    return returns, factors, earlier
