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


def blank_before(values: Floats, start: Integers, shifts: tuple[int, ...]) -> None:
    """Blank the days before each window's own start, in place.

    What lies before the start stays unseen also by the lags of the days after it, so that a window
    that starts earlier is estimated like any other.

    Parameters
    ----------
    values : array of float, shape (events, days, columns)
        Variables, each at all of its shifts.
    start : array of int, shape (events,)
        First day of each window.
    shifts : tuple of int
        Days by which the columns of a variable are taken later (negative: earlier).
    """
    day = np.arange(values.shape[1], dtype=np.int64)
    for place, shift in enumerate(shifts):
        values[:, :, place :: len(shifts)][day + min(shift, 0) < start[:, None]] = np.nan
