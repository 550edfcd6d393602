"""Windows out of flat vectors."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from eventstudy.arrays import Booleans, Floats, Integers

Scalar = TypeVar("Scalar", bound=np.generic)


def _windows(values: NDArray[Scalar], width: int) -> NDArray[Scalar]:
    """View every window of a contiguous vector."""
    # numpy's own sliding view takes ten times as long to make, for each of thousands of blocks.
    step, count = values.itemsize, len(values) - width + 1
    return np.ndarray((max(count, 0), width), values.dtype, values, 0, (step, step))


def gather(values: Floats, first: Integers, width: int) -> Floats:
    """Copy one window an event out of a flat vector.

    Parameters
    ----------
    values : array of float, shape (total,)
        The flat vector, contiguous.
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
    return _windows(values, width)[first]


def gather_flags(flags: Booleans, first: Integers, width: int) -> Booleans:
    """Copy windows of flags, as :func:`gather` does of numbers."""
    if first.size == 0:
        return np.empty((*first.shape, width), dtype=np.bool_)
    return _windows(flags, width)[first]


def gather_counts(counts: Integers, first: Integers, width: int) -> Integers:
    """Copy windows of counts, as :func:`gather` does of numbers.

    They come in 64 bits, whatever they are kept in: the root of 16 bits would be of 32.
    """
    if first.size == 0:
        return np.empty((*first.shape, width), dtype=np.int64)
    return _windows(counts, width)[first].astype(np.int64, copy=False)


def rows_at(values: NDArray[Scalar], index: Integers | slice) -> NDArray[Scalar]:
    """Keep the rows at the given positions; a slice copies nothing.

    Parameters
    ----------
    values : array, shape (events, ...)
    index : array of int or slice
    """
    if isinstance(index, slice) or not values.flags.c_contiguous:
        return values[index]
    return values.take(index, axis=0)  # short rows: several times as fast as an index
