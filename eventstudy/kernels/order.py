"""Orders of many whole numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventstudy.arrays import Integers


def order_of(numbers: NDArray[np.signedinteger]) -> Integers:
    """Positions in ascending order of their numbers, equal ones in the order of positions.

    Parameters
    ----------
    numbers : array of int, shape (n,)
        From 0 up. Below 2^16 they are sorted digit by digit: several times as fast.

    Returns
    -------
    array of int, shape (n,)

    Examples
    --------
    >>> order_of(np.array([2, 0, 2, 1]))
    array([1, 3, 0, 2])
    """
    most = int(numbers.max(initial=0))
    if most < 2**16:
        return np.argsort(numbers.astype(np.uint16), kind="stable")
    bits = len(numbers).bit_length()
    if most >= 2 ** (63 - bits):
        return np.argsort(numbers, kind="stable")
    # Numbers that hold a place in their last bits are sorted many times faster than places.
    places = np.sort((numbers.astype(np.int64) << bits) | np.arange(len(numbers)))
    return places & ((1 << bits) - 1)
