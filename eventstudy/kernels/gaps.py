"""Correlations of events of one calendar that may lack days, date by date.

The days of a run of dates lie on one axis of sessions, each event at its own place: products of
matrices over the sessions of one date then count and sum, for every pair with a later event, the
days that both have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.kernels.correlation import (
    MIN_MATCHES,
    STILL,
    Coverage,
    PairSums,
    masked_correlation,
    short,
)

# Pairs whose correlations are held at once: 32 MB a matrix.
_PAIRS = 2**22


def close_up(place: Integers, most: int) -> Integers:
    """Move dates together that are too far apart to share a session anyway, from 0 up.

    Parameters
    ----------
    place : array of int, shape (dates,)
        Sessions, ascending.
    most : int
        Largest distance that counts.

    Examples
    --------
    >>> close_up(np.array([7, 9, 100]), 3)
    array([0, 2, 6])
    """
    return np.cumsum(np.minimum(np.diff(place, prepend=place[:1]), most + 1))


def wide(values: Floats, bounds: Integers, place: Integers) -> Floats:
    """Lay rows on one axis of sessions, zeros elsewhere.

    Parameters
    ----------
    values : array of float, shape (N, days)
        Date by date.
    bounds : array of int, shape (dates + 1,)
        Where each date begins.
    place : array of int, shape (dates,)
        Session of the first day of each date, ascending from 0.

    Returns
    -------
    array of float, shape (N, sessions)
    """
    days = values.shape[1]
    found = np.zeros((len(values), days + int(place[-1])))
    edges = bounds.tolist()
    for first, begin, end in zip(place.tolist(), edges[:-1], edges[1:], strict=True):
        found[begin:end, first : first + days] = values[begin:end]
    return found


@dataclass(frozen=True, eq=False)
class Gaps:
    """Events of a run of dates of one calendar: N events, E estimation days, W windows.

    Attributes
    ----------
    values : array of float, shape (N, E)
        Residuals, date by date; NaN is missing.
    whole : array of bool, shape (N,)
        Events whose pairs with each other are not counted here.
    bounds : array of int, shape (dates + 1,)
        Where each date begins.
    place : array of int, shape (dates,)
        Session of each date, ascending.
    tested : sequence of Coverage
        The windows, their first session as one from day zero on.
    """

    values: Floats
    whole: Booleans
    bounds: Integers
    place: Integers
    tested: Sequence[Coverage]

    def sums(self, own: slice) -> Iterator[tuple[Integers, Integers, PairSums]]:
        """Sum C_ij over the pairs of some dates with themselves and with later ones.

        Yields
        ------
        x, y : array of int
            Two sets of events; no pair is in two of them.
        sums : PairSums
            Over the pairs, each once.
        """
        lengths: list[int] = [one.covered.shape[1] for one in self.tested]
        most = max(lengths) - 1
        place = close_up(self.place, most)
        there = np.isfinite(self.values)
        days = np.where(there, self.values, 0.0)
        laid = [wide(one, self.bounds, place) for one in (days, there.astype(np.float64), days**2)]
        covered = [wide(one.covered.astype(np.float64), self.bounds, place) for one in self.tested]
        bounds: list[int] = self.bounds.tolist()
        latest: list[int] = np.searchsorted(self.place, self.place + most, side="right").tolist()
        for date in range(own.start, own.stop):
            begin, end, stop = bounds[date], bounds[date + 1], bounds[latest[date]]
            mine, later = self.whole[begin:end], self.whole[end:stop]
            loose, firm = (begin + np.flatnonzero(one) for one in (~mine, mine))
            others = end + np.flatnonzero(~later)
            first = int(place[date])
            every = np.arange(begin, stop)
            for x in _tiles(loose, len(every)):
                yield x, every, self._pairs(x, slice(begin, stop), first, laid, covered)
            for x in _tiles(firm, len(others)):
                yield x, others, self._pairs(x, others, first, laid, covered)

    def _pairs(
        self,
        x: Integers,
        y: Integers | slice,
        first: int,
        laid: Sequence[Floats],
        covered: Sequence[Floats],
    ) -> PairSums:
        """Sum over the pairs of two sets of events, each once."""
        days = slice(first, first + self.values.shape[1])
        values, there, squared = laid
        rho, count = masked_correlation(
            (values[x, days], there[x, days], squared[x, days]),
            (values[y, days], there[y, days], squared[y, days]),
        )
        # Of two loose events of one date only one pair counts, and none of an event with itself.
        place: Integers = np.arange(len(self.whole), dtype=np.int64)[y]
        once = (place > x[:, None]) | self.whole[y]
        few = count < MIN_MATCHES
        of_x, of_y = (np.zeros((len(self.tested), length)) for length in rho.shape)
        squares, problem = np.zeros(len(self.tested)), [""] * len(self.tested)
        for number, (one, cover) in enumerate(zip(self.tested, covered, strict=True)):
            sessions = slice(first, first + one.covered.shape[1])
            shared: Floats = (cover[x, sessions] * one.weight[x, None]) @ cover[y, sessions].T
            shared *= one.weight[y]
            shared *= once
            total: Floats = rho * shared
            wrong = few | np.isnan(rho)
            if wrong.any():
                wrong &= shared > 0
                if wrong.any():
                    short_of = count[wrong & few]
                    problem[number] = short(int(short_of.min())) if len(short_of) else STILL
                    continue
                total[shared == 0] = 0.0
            of_x[number], of_y[number] = total.sum(axis=1), total.sum(axis=0)
            squares[number] = float(np.vdot(total, total))
        return PairSums(of_x, of_y, squares, tuple(problem))


def _tiles(x: Integers, partners: int) -> Iterator[Integers]:
    """Take so many events at a time that matrices of their pairs stay small; none without pairs."""
    step = max(_PAIRS // max(partners, 1), 1)
    yield from (x[first : first + step] for first in range(0, len(x) if partners else 0, step))
