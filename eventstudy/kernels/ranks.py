"""Ranks within rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Booleans, Floats, Integers

_SIGN = 0x7FFFFFFFFFFFFFFF


@dataclass(frozen=True, eq=False)
class Ranked:
    """Rows of values with their ranks.

    Attributes
    ----------
    ranks : array of float, shape (events, days)
        Average ranks from 1 up, 0 where a value is missing.
    count : array of int, shape (events,)
        Values that are there.
    tied : array of bool, shape (events,)
        Whether two values of the row are equal.
    keys : array of int, shape (events, days)
        The values in ascending order as whole numbers that keep it, their last bits set.
    """

    ranks: Floats
    count: Integers
    tied: Booleans
    keys: Integers

    def take(self, index: Integers) -> Ranked:
        """Keep the rows at the given positions."""
        return Ranked(self.ranks[index], self.count[index], self.tied[index], self.keys[index])


def rank(values: Floats) -> Ranked:
    """Rank each row from 1 up, ties sharing their average rank; NaN is missing.

    Parameters
    ----------
    values : array of float, shape (events, days)

    Returns
    -------
    Ranked

    Examples
    --------
    >>> rank(np.array([[3.0, np.nan, 1.0, 3.0]])).ranks
    array([[2.5, 0. , 1. , 2.5]])

    Notes
    -----
    One sort of whole numbers that hold a value's leading bits and, in place of the last ones, its
    column: many times faster than sorting columns by values. Rows in which two values agree in
    their leading bits, and may be tied, are ranked again by the values themselves.
    """
    events, days = values.shape
    missing = np.isnan(values)
    some = bool(missing.any())
    count = days - np.count_nonzero(missing, axis=1) if some else np.full(events, days)
    bits = max(days - 1, 1).bit_length()
    low = (1 << bits) - 1
    keys = _ordered_bits(values)
    if some:
        keys[missing] = _SIGN
    keys &= ~low
    keys |= np.arange(days, dtype=np.int64)
    keys.sort(axis=1)
    ranks = _inverse(keys & low, bits)
    keys |= low
    near: Booleans = keys[:, 1:] == keys[:, :-1]
    if some:
        near = near & (np.arange(1, days, dtype=np.int64) < count[:, None])
        ranks[missing] = 0.0
    tied = np.zeros(events, dtype=np.bool_)
    again = np.flatnonzero(near.any(axis=1))
    if len(again):
        ranks[again], tied[again] = _by_value(values[again])
    return Ranked(ranks, count, tied, keys)


def _ordered_bits(values: Floats) -> Integers:
    """Whole numbers in the order of the values."""
    keys: Integers = (values + 0.0).view(np.int64)  # -0.0 becomes 0.0
    # The bits of negative numbers run the other way.
    keys ^= (keys >> 63) & _SIGN
    return keys


def _inverse(column: Integers, bits: int) -> Floats:
    """Give the place of each column in rows of columns, from 1: a sort again beats a scatter."""
    kind = np.dtype(np.int32 if 2 * bits < 31 else np.int64)
    places = column.astype(kind)
    places <<= bits
    places |= np.arange(column.shape[1], dtype=kind)
    places.sort(axis=1)
    places &= (1 << bits) - 1
    found = places.astype(np.float64)
    found += 1.0
    return found


def _by_value(values: Floats) -> tuple[Floats, Booleans]:
    """Average ranks, 0 where a value is missing, and which rows hold equal values."""
    events, days = values.shape
    order = np.argsort(values, axis=1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=1)
    place = np.empty((events, days), dtype=np.int64)
    place[:] = np.arange(days)
    opens = np.ones((events, days), dtype=np.bool_)
    opens[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    closes = np.ones((events, days), dtype=np.bool_)
    closes[:, :-1] = opens[:, 1:]
    first = np.maximum.accumulate(np.where(opens, place, 0), axis=1)
    last = np.minimum.accumulate(np.where(closes, place, days)[:, ::-1], axis=1)[:, ::-1]
    ranks = np.empty((events, days))
    np.put_along_axis(ranks, order, (first + last) / 2.0 + 1.0, axis=1)
    tied: Booleans = ~np.asarray(opens.all(axis=1))
    return np.where(np.isnan(values), 0.0, ranks), tied


def place(ranked: Ranked, values: Floats, others: Floats) -> tuple[Integers, Integers]:
    """Count the values of each row that are below other values, and those that equal them.

    Parameters
    ----------
    ranked : Ranked
        Ranks of the rows.
    values : array of float, shape (events, days)
        The rows.
    others : array of float, shape (events, k)
        Values for each row; for NaN the counts mean nothing.

    Returns
    -------
    below, equal : array of int, shape (events, k)

    Examples
    --------
    >>> rows = np.array([[3.0, 1.0, 1.0]])
    >>> place(rank(rows), rows, np.array([[1.0, 2.0]]))
    (array([[0, 2]]), array([[2, 0]]))
    """
    days = values.shape[1]
    low = (1 << max(days - 1, 1).bit_length()) - 1
    key: Integers = _ordered_bits(others) | low
    below: Integers = np.zeros(others.shape, dtype=np.int64)
    flat, begin = ranked.keys.reshape(-1), (np.arange(len(others)) * days)[:, None]
    count, step = ranked.count[:, None], 1 << max(days, 1).bit_length()
    while step > 1:
        step >>= 1
        ahead = below + step
        found = flat[begin + np.minimum(ahead, days) - 1]
        below = np.where((ahead <= count) & (found < key), ahead, below)
    equal: Integers = np.zeros(others.shape, dtype=np.int64)
    # The same leading bits may be the same value: those are counted one by one.
    meets: Booleans = (below < count) & (flat[begin + np.minimum(below, days - 1)] == key)
    for row, column in np.argwhere(meets):
        below[row, column] = np.count_nonzero(values[row] < others[row, column])
        equal[row, column] = np.count_nonzero(values[row] == others[row, column])
    return below, equal
