"""Order statistics of the Walsh averages, which are counted and never formed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Floats, Integers

FORMED = 100_000  # pairs of distinct values that are sorted at once
SAMPLE = 10_000


@dataclass(frozen=True, eq=False)
class _Cut:
    """The pairs whose sum is at most a bound.

    Attributes
    ----------
    bound : float
    end : array of int, shape (k,)
        For each distinct value that is the smaller of such a pair, the first one that is too large
        to be the other.
    pairs : array of int, shape (k,)
        Pairs of each, itself with itself too.
    total : int
        All of them.
    """

    bound: float
    end: Integers
    pairs: Integers
    total: int


@dataclass(frozen=True, eq=False)
class _Sorted:
    """Sums of pairs in order from a rank on: each with the rank of the next, shape (sums,)."""

    first: int
    sums: Floats
    upto: Integers


class WalshAverages:
    """The averages (x_i + x_j)/2, i <= j, of n values in ascending order.

    An order statistic is found between two cuts, which are drawn closer by the order statistics of
    a sample of the pairs between them; a cut costs a binary search a value. The answer is exact,
    whatever the sample: an average as it is rounded when it is formed.

    Parameters
    ----------
    values : array of float, shape (n,)

    Attributes
    ----------
    times : array of int, shape (m,)
        How often each distinct value occurs.

    References
    ----------
    Floyd and Rivest (1975), Communications of the ACM 18:165-172, for selection by a sample;
    Monahan (1984), ACM Transactions on Mathematical Software 10:265-270, for Walsh averages.

    Examples
    --------
    >>> averages = WalshAverages(np.array([1.0, 2.0, 4.0]))
    >>> [averages[rank] for rank in range(len(averages))]
    [1.0, 1.5, 2.0, 2.5, 3.0, 4.0]
    """

    def __init__(self, values: Floats) -> None:
        self._distinct, self.times = np.unique(values, return_counts=True)
        self._before = np.concatenate([[0], np.cumsum(self.times)])
        self._itself = self.times * (self.times + 1) // 2
        self._rng = np.random.default_rng(0)
        m = len(self._distinct)
        self._least = self._cut(-np.inf, np.empty(0, dtype=np.int64))
        self._most = self._cut(np.inf, np.full(m, m))
        self._known = _Sorted(0, np.empty(0), np.empty(0, dtype=np.int64))

    def __len__(self) -> int:
        return self._most.total

    def __getitem__(self, rank: int) -> float:
        """Give the average of a rank, 0 for the least."""
        known = self._known
        if not (len(known.upto) and known.first <= rank < known.upto[-1]):
            self._known = known = self._about(rank)
        return float(known.sums[np.searchsorted(known.upto, rank, side="right")]) / 2.0

    def _about(self, rank: int) -> _Sorted:
        """Draw two cuts together about a rank, and sort what is left between them."""
        low, high = self._least, self._most
        while int((high.end - _start(low, high)).sum()) > FORMED:
            inner = self._cuts_about(rank, low, high)
            for cut in inner:
                if rank < cut.total:
                    high = cut
                    break
                low = cut
            if not inner:
                # Most of the sample is the upper bound itself: it may be the one that is sought.
                cut = self._cut_at(float(np.nextafter(high.bound, -np.inf)))
                if cut.total <= rank:
                    return _Sorted(cut.total, np.array([high.bound]), np.array([high.total]))
                high = cut
        return self._between(low, high)

    def _cut_at(self, bound: float) -> _Cut:
        # Twice each value, not half the bound: the half of the least double below zero is zero.
        k = int(np.searchsorted(2.0 * self._distinct, bound, side="right"))
        smaller, larger = self._distinct[:k], self._distinct[k:]
        end = k + np.searchsorted(larger, (bound - smaller)[::-1], side="right")[::-1]
        # The difference is rounded: the rounded sum decides, which grows with the larger value.
        following = self._distinct[np.minimum(end, len(self._distinct) - 1)]
        short = (smaller + following <= bound) & (end < len(self._distinct))
        wrong = np.flatnonzero(short | (smaller + self._distinct[end - 1] > bound))
        end[wrong] = _first_beyond(self._distinct, smaller[wrong], bound)
        return self._cut(bound, end)

    def _cut(self, bound: float, end: Integers) -> _Cut:
        k = len(end)
        larger = self._before[end] - self._before[1 : k + 1]
        pairs = self._itself[:k] + self.times[:k] * larger
        return _Cut(bound, end, pairs, int(pairs.sum()))

    def _cuts_about(self, rank: int, low: _Cut, high: _Cut) -> list[_Cut]:
        """Cuts below and above a rank, by a sample of the pairs between two others."""
        between = high.pairs.copy()
        between[: len(low.pairs)] -= low.pairs
        upto = np.cumsum(between)
        drawn = np.sort(self._rng.integers(0, upto[-1], SAMPLE))
        row = np.searchsorted(upto, drawn, side="right")
        # Pairs of a row in order: the value with itself, then with each larger one.
        place = drawn - upto[row] + high.pairs[row] - self._itself[row]
        larger = self._before[row + 1] + place // self.times[row]
        column = np.where(place < 0, row, np.searchsorted(self._before, larger, side="right") - 1)
        sums = np.sort(self._distinct[row] + self._distinct[column])
        middle = (rank - low.total) / int(upto[-1]) * SAMPLE
        margin = 1.1 * np.sqrt(SAMPLE)  # two standard errors, or a little more
        sides = (int(middle - margin), int(middle + margin) + 1)
        bounds = {float(sums[side]) for side in sides if 0 <= side < SAMPLE} - {high.bound}
        return [self._cut_at(bound) for bound in sorted(bounds)]

    def _between(self, low: _Cut, high: _Cut) -> _Sorted:
        """Sort the sums between two cuts."""
        start = _start(low, high)
        width = high.end - start
        row = np.repeat(np.arange(len(width)), width)
        column = np.arange(len(row)) - np.repeat(np.cumsum(width) - width - start, width)
        sums = self._distinct[row] + self._distinct[column]
        times = np.where(row == column, self._itself[row], self.times[row] * self.times[column])
        order = np.argsort(sums)
        return _Sorted(low.total, sums[order], low.total + np.cumsum(times[order]))


def _start(low: _Cut, high: _Cut) -> Integers:
    """For each value that is the smaller of a pair between two cuts, the first other one."""
    start = np.arange(len(high.end))
    start[: len(low.end)] = low.end
    return start


def _first_beyond(values: Floats, smaller: Floats, bound: float) -> Integers:
    """First of ascending values whose sum with each other one is above a bound, by bisection."""
    low = np.zeros(len(smaller), dtype=np.int64)
    high = np.full(len(smaller), len(values))
    while (low < high).any():
        middle = np.minimum((low + high) // 2, len(values) - 1)
        within = smaller + values[middle] <= bound
        low, high = (
            np.where(within & (low < high), middle + 1, low),
            np.where(within, high, np.minimum(high, middle)),
        )
    return low
