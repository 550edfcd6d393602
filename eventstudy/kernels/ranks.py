"""Ranks within rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np

from eventstudy.arrays import Booleans, Floats, Integers

_BEHIND = 2.0**1000
"""What stands for a missing day; rows with a value as large are ranked by an order of places."""


@dataclass(frozen=True, eq=False)
class Sorted:
    """Rows of values in ascending order.

    Attributes
    ----------
    keys : array of float, shape (events, days)
        The values, ascending, each with its column in place of its last bits.
    near : array of bool, shape (events,)
        Whether two values of the row agree in their other bits, so that they may be equal and out
        of order.
    """

    keys: Floats
    near: Booleans

    @classmethod
    def of(cls, values: Floats) -> Sorted:
        """Sort each row; all values are finite, for numpy's sort keeps no bits of a NaN.

        One sort of numbers that hold a value's leading bits and, in place of the last ones, its
        column: many times faster than sorting columns by values.
        """
        keys = values + 0.0  # -0.0 becomes 0.0
        whole = keys.view(np.int64)
        low = _low(values.shape[1])
        whole &= ~low
        whole |= np.arange(values.shape[1], dtype=np.int64)
        keys.sort(axis=1)
        # Along the whole block: that a row may end as the next begins does no harm.
        flat = whole.reshape(-1)
        differ = (flat[1:] ^ flat[:-1]).view(np.uint64)
        near = np.zeros(len(values), dtype=np.bool_)
        if differ.min(initial=low + 1) <= low:
            alike = (whole[:, 1:] ^ whole[:, :-1]).view(np.uint64) <= low
            near = np.asarray(alike.any(axis=1))
        return cls(keys, near)

    @cached_property
    def places(self) -> Integers:
        """Place of each column's value among those of its row, from 0, shape (events, days).

        In 16 bits where they hold two numbers of columns: a sort of columns then costs a third of
        that of the values.
        """
        days = self.keys.shape[1]
        bits = _low(days).bit_length()
        width = next(one for one in (16, 32, 64) if 2 * bits <= one)
        places = self.keys.view(np.int64).astype(f"u{width // 8}")
        places <<= width - bits  # the column, in the first bits
        places |= np.arange(days, dtype=places.dtype)
        places.sort(axis=1)
        places &= (1 << (width - bits)) - 1
        return cast("Integers", places)

    def column(self, place: Integers) -> Integers:
        """Column of the value at one place of each row, shape (events,)."""
        found = self.keys[np.arange(len(self.keys)), place]
        return found.view(np.int64) & _low(self.keys.shape[1])

    def take(self, index: Integers) -> Sorted:
        """Keep the rows at the given positions."""
        return Sorted(self.keys[index], self.near[index])

    def below(self, others: Floats) -> tuple[Integers, Booleans]:
        """Count the values of each row that are below other values.

        Parameters
        ----------
        others : array of float, shape (events, k)
            Values for each row; for NaN the count means nothing.

        Returns
        -------
        below : array of int, shape (events, k)
        meets : array of bool, shape (events, k)
            Where a value may equal the other one, so that the count may be wrong.

        Examples
        --------
        >>> Sorted.of(np.array([[3.0, 1.0, 1.5]])).below(np.array([[1.25, 7.0]]))[0]
        array([[1, 3]])
        """
        days = self.keys.shape[1]
        low = _low(days)
        other = (others + 0.0).view(np.int64)
        # The lowest and the highest key that a value with the same leading bits can have.
        clear, full = (other & ~low).view(np.float64), (other | low).view(np.float64)
        least, most = np.minimum(clear, full), np.maximum(clear, full)
        if not self.keys.size:
            return np.zeros(others.shape, dtype=np.int64), np.zeros(others.shape, dtype=np.bool_)
        flat = self.keys.reshape(-1)
        begin = days * np.arange(len(self.keys), dtype=np.int64)[:, None]
        # The count is at most `step` above `found`, for both halves of the first step alike.
        step = 1 << (days.bit_length() - 1)
        found: Integers = begin + (_values_at(flat, begin + (step - 1)) < least) * (days - step)
        while step > 1:
            step >>= 1
            found += (_values_at(flat, found + (step - 1)) < least) * step
        found += _values_at(flat, found) < least
        found -= begin
        nearest = _values_at(flat, begin + np.minimum(found, days - 1))
        return found, (nearest <= most) & (found < days)


def _values_at(flat: Floats, places: Integers) -> Floats:
    """Take values: faster than an index."""
    return flat.take(places)


def _low(days: int) -> int:
    """Bits that hold the number of a column."""
    return (1 << max(days - 1, 1).bit_length()) - 1


def rank(values: Floats) -> Floats:
    """Rank each row from 1 up, ties sharing their average rank; NaN is missing.

    Parameters
    ----------
    values : array of float, shape (events, days)

    Returns
    -------
    array of float, shape (events, days)
        0 where a value is missing.

    Examples
    --------
    >>> rank(np.array([[3.0, np.nan, 1.0, 3.0]]))
    array([[2.5, 0. , 1. , 2.5]])
    """
    if not values.size:
        return np.zeros(values.shape)
    missing = np.isnan(values)
    # Missing days go behind all others, no two of them alike.
    behind = np.linspace(_BEHIND, 2.0 * _BEHIND, values.shape[1])
    order = Sorted.of(np.where(missing, behind, values))
    count = np.count_nonzero(~missing, axis=1)
    largest = order.keys[np.arange(len(values)), np.maximum(count, 1) - 1]
    ranks = order.places.astype(np.float64) + 1.0
    ranks[missing] = 0.0
    # What is infinite sorts last, as no number, and what is as large as a missing day among those:
    # neither is in its place.
    other = np.flatnonzero((order.near | ~(largest < _BEHIND)) & (count > 0))
    if len(other):
        ranks[other] = _tied(values[other])
    return ranks


def _tied(values: Floats) -> Floats:
    """Rank each row by an order of places: for values that may be equal."""
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
    return np.where(np.isnan(values), 0.0, ranks)
