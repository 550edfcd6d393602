"""Windows out of flat vectors."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from eventstudy.arrays import Booleans, Floats, Integers


def gather(values: Floats, first: Integers, width: int) -> Floats:
    """Copy one window an event out of a flat vector.

    Parameters
    ----------
    values : array of float, shape (total,)
        The flat vector.
    first : array of int, shape (events, ...)
        Flat position of each window's first element.
    width : int
        Elements of a window.

    Returns
    -------
    array of float, shape (events, ..., width)
    """
    if first.size == 0:
        return np.empty((*first.shape, width))
    return sliding_window_view(values, width)[first]


def gather_flags(flags: Booleans, first: Integers, width: int) -> Booleans:
    """Copy windows of flags, as :func:`gather` does of numbers."""
    if first.size == 0:
        return np.empty((*first.shape, width), dtype=np.bool_)
    return sliding_window_view(flags, width)[first]


def gather_counts(counts: Integers, first: Integers, width: int) -> Integers:
    """Copy windows of counts, as :func:`gather` does of numbers.

    They come in 64 bits, whatever they are kept in: the root of 16 bits would be of 32.
    """
    if first.size == 0:
        return np.empty((*first.shape, width), dtype=np.int64)
    return sliding_window_view(counts, width)[first].astype(np.int64, copy=False)
