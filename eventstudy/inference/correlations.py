"""Overlap-weighted correlation of the standardised effects of many events, in several windows.

Events of one calendar without a missing day go into products of whole dates
(:mod:`eventstudy.kernels.band`); every other pair of events is taken by the days that both have
(:mod:`eventstudy.kernels.correlation`). Each sum is formed over the same numbers in the same order
however the dates are shared out, so that it has the same bits.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.inference.timeline import Dates, Days
from eventstudy.kernels.band import Band, BandSums
from eventstudy.kernels.correlation import Block, Coverage, Matches, PairSums, pair_sums
from eventstudy.kernels.dependence import match
from eventstudy.windows import Window

SINGLE_PRECISION = 100_000
"""Events above which the squares of correlations, which enter degrees of freedom alone, are summed
from products in single precision."""


@dataclass(frozen=True, eq=False)
class Correlation:
    """Correlation of the standardised effects of N events.

    Attributes
    ----------
    r : float
        Mean of C_ij over i != j; NaN where it has no value.
    row_sums : array of float, shape (N,)
        Sum over j of C_ij, the diagonal of ones included.
    squares : float
        Sum over all i, j of C_ij^2, the diagonal included.
    problem : str
        Why there is no value, "" where there is.
    """

    r: float
    row_sums: Floats
    squares: float
    problem: str


@dataclass(frozen=True, eq=False)
class CorrelationTask:
    """What correlations are taken from, besides the estimation days.

    Attributes
    ----------
    windows : tuple of Window
        W windows.
    lead : tuple of int, length W
        Sessions before each window that a return reaches back to.
    weight : array of float, shape (W, N)
        1 / sqrt(L_i), 0 for an event that does not enter.
    classes : mapping of two calendars to their matching sessions
        From :func:`eventstudy.kernels.dependence.match`.
    """

    windows: tuple[Window, ...]
    lead: tuple[int, ...]
    weight: Floats
    classes: Mapping[tuple[int, int], Sequence[Matches]]

    @classmethod
    def of(
        cls,
        abnormal: Abnormal,
        windows: tuple[Window, ...],
        enters: Booleans,
        dates: Dates,
        lead: tuple[int, ...],
    ) -> CorrelationTask:
        """Weigh N events, of which shape (N, W) enter."""
        lengths = np.array([_length(abnormal, window) for window in windows])
        with np.errstate(divide="ignore"):
            weight = np.where(enters.T, 1.0 / np.sqrt(lengths.astype(np.float64)), 0.0)
        return cls(windows, lead, weight, _classes(abnormal, dates))


@dataclass(frozen=True, eq=False)
class RangeSums:
    """Sums of C_ij of the events of some dates.

    Events are told by their positions in the order of the dates. ``bands`` have whole sums of their
    events; ``pairs`` those of two sets of events over each other, None for a set with itself.
    """

    bands: list[tuple[Integers, BandSums]]
    pairs: list[tuple[Integers, Integers | None, PairSums]]


class Correlations:
    """Sums of all ranges, added up in their order.

    Parameters
    ----------
    order : array of int, shape (N,)
        The events in the order of the dates.
    enters : array of bool, shape (N, W)
        Events that count in a window.

    References
    ----------
    Kolari and Pynnonen (2010), Review of Financial Studies 23:3996-4025, whose r it is for events
    of one date.
    """

    def __init__(self, order: Integers, enters: Booleans) -> None:
        count, windows = enters.shape
        self._order, self._enters = order, enters
        self._banded, self._others = np.zeros((2, windows, count))
        self._squares, self._other_squares = np.zeros((2, windows))
        self._problem = [""] * windows

    def add(self, part: RangeSums) -> None:
        """Add the sums of the next range."""
        for place, band in part.bands:
            self._banded[:, place] = band.rows
            for one in band.squares:
                self._squares += one
            self._note(band.problem)
        for x, y, pair in part.pairs:
            self._others[:, x] += pair.of_x
            if y is None:
                self._other_squares += pair.squares
            else:
                self._others[:, y] += pair.of_y
                self._other_squares += 2.0 * pair.squares
            self._note(pair.problem)

    def _note(self, problem: Sequence[str]) -> None:
        """Keep the first problem of each window."""
        self._problem = [was or why for was, why in zip(self._problem, problem, strict=True)]

    def whole(self) -> tuple[Correlation, ...]:
        """Give the correlations of all windows."""
        sums = np.add(self._banded, self._others, out=self._others)
        squares = self._squares + self._other_squares
        results: list[Correlation] = []
        for number, problem in enumerate(self._problem):
            enters = self._enters[:, number]
            n = int(enters.sum())
            own = np.empty(len(enters))
            own[self._order] = sums[number]
            own += 1.0
            if problem:
                results.append(Correlation(np.nan, own, np.nan, problem))
                continue
            r = float((own[enters].sum() - n) / (n * (n - 1))) if n > 1 else np.nan
            results.append(Correlation(r, own, float(squares[number]) + n, ""))
        return tuple(results)


def _length(abnormal: Abnormal, window: Window) -> Integers:
    """Sessions that the returns of a window cover, shape (N,)."""
    if window in abnormal.effects:
        return abnormal.effects[window].length
    there = np.isfinite(abnormal.ar[:, abnormal.days(window)])
    if not abnormal.panel.any_span and abnormal.given is None:
        return np.count_nonzero(there, axis=1)
    return np.where(there, abnormal.window_spans(window), 0).sum(axis=1, dtype=np.int64)


def _classes(abnormal: Abnormal, dates: Dates) -> dict[tuple[int, int], Sequence[Matches]]:
    """Sessions that match, for every pair of calendars of the events."""
    calendars = abnormal.panel.calendars
    used = np.unique(dates.calendar).tolist()
    return {
        (x, y): (None,) if x == y else match(calendars[x].closes, calendars[y].closes)
        for x in used
        for y in used
    }


def correlate(task: CorrelationTask, days: Days, start: int, stop: int) -> RangeSums:
    """Sum the correlations of the dates from one place to another, with those near them too.

    Parameters
    ----------
    task : CorrelationTask
        The windows.
    days : Days
        The dates and all that share sessions with them.
    start, stop : int
        The places.
    """
    timeline = days.timeline
    calendar = timeline.dates.calendar[timeline.sequence[days.start : days.stop]]
    covered = _Covered.of(task, days)
    bands: list[tuple[Integers, BandSums]] = []
    for one in np.unique(calendar).tolist():
        rows = np.flatnonzero(covered.whole & (calendar[days.place - days.start] == one))
        if len(rows):
            bands += _band_sums(task, days, rows, range(start, stop))
    if covered.whole.all() and (calendar == calendar[0]).all():
        return RangeSums(bands, [])
    units = {place: list(covered.units(task, days, place)) for place in range(start, days.stop)}
    pairs: list[tuple[Integers, Integers | None, PairSums]] = []
    for place in range(start, stop):
        for other in range(place, int(timeline.upto[place])):
            pairs += _pairs(task, units[place], units[other], same=place == other)
    return RangeSums(bands, pairs)


def _band_sums(
    task: CorrelationTask, days: Days, rows: Integers, own: range
) -> Iterator[tuple[Integers, BandSums]]:
    """Sum over the events of one calendar that have all their days."""
    timeline, every = days.timeline, len(rows) == len(days)
    places, first = np.unique(days.place[rows], return_index=True)
    band = Band(
        days.values if every else days.values[rows],
        days.total[rows],
        days.squares[rows],
        np.append(first, len(rows)),
        timeline.dates.zero[timeline.sequence[places]],
    )
    begin, end = np.searchsorted(places, [own.start, own.stop]).tolist()
    if begin < end:
        lengths = [len(window) for window in task.windows]
        single = task.weight.shape[1] > SINGLE_PRECISION
        found = band.sums(slice(begin, end), lengths, single=single)
        yield days.position[rows[band.bounds[begin] : band.bounds[end]]], found


def _pairs(
    task: CorrelationTask, x: list[_Unit], y: list[_Unit], *, same: bool
) -> Iterator[tuple[Integers, Integers | None, PairSums]]:
    """Sum over the pairs of two dates, or of one date with itself, that lie in no band."""
    couples = itertools.combinations_with_replacement(x, 2) if same else itertools.product(x, y)
    for one, other in couples:
        if one.whole and other.whole and one.block.calendar == other.block.calendar:
            continue
        low, high = sorted((one, other), key=lambda unit: unit.date)
        classes = task.classes[low.block.calendar, high.block.calendar]
        found = pair_sums(low.block, high.block, classes)
        yield low.position, None if low is high else high.position, found


@dataclass(frozen=True, eq=False)
class _Unit:
    """Events of one date that all lack no day, or that may."""

    date: int
    whole: bool
    position: Integers
    block: Block


@dataclass(frozen=True, eq=False)
class _Covered:
    """What the returns of n events cover.

    Attributes
    ----------
    weight : array of float, shape (W, n)
        1 / sqrt(L_i), 0 for an event that does not enter.
    sessions : list of array of bool, shape (n, lead + L)
        Sessions that the returns of each window cover.
    whole : array of bool, shape (n,)
        Events that enter all windows, lack none of their days, and reach back to none.
    """

    weight: Floats
    sessions: list[Booleans]
    whole: Booleans

    @classmethod
    def of(cls, task: CorrelationTask, days: Days) -> _Covered:
        """Look at the days of all windows."""
        weight = task.weight[:, days.timeline.dates.order[days.position]]
        sessions = [
            _covered(days.abnormal, *one) for one in zip(task.windows, task.lead, strict=True)
        ]
        whole = np.isfinite(days.total) & (weight > 0).all(axis=0)
        for covered, lead in zip(sessions, task.lead, strict=True):
            whole &= covered[:, lead:].all(axis=1)
            if lead:
                whole &= ~covered[:, :lead].any(axis=1)
        return cls(weight, sessions, whole)

    def units(self, task: CorrelationTask, days: Days, place: int) -> Iterator[_Unit]:
        """Give the sets of events of one date."""
        dates, date = days.timeline.dates, int(days.timeline.sequence[place])
        zero, calendar = int(dates.zero[date]), int(dates.calendar[date])
        begin, end = np.searchsorted(days.place, [place, place + 1])
        enters = (self.weight[:, begin:end] > 0).any(axis=0)
        for whole in (True, False):
            own = begin + np.flatnonzero(enters & (self.whole[begin:end] == whole))
            if not len(own):
                continue
            tested = tuple(
                _coverage(zero + window.first, lead, covered[own], weight[own])
                for window, lead, covered, weight in zip(
                    task.windows, task.lead, self.sessions, self.weight, strict=True
                )
            )
            first = zero + days.abnormal.design.estimation.first
            block = Block(calendar, first, days.values[own], tested)
            yield _Unit(date, whole, days.position[own], block)


def _coverage(first: int, lead: int, covered: Booleans, weight: Floats) -> Coverage:
    """Leave out the sessions before the window where no return reaches back to them."""
    if lead and not covered[:, :lead].any():
        return Coverage(first, covered[:, lead:], weight)
    return Coverage(first - lead, covered, weight)


def _covered(abnormal: Abnormal, window: Window, lead: int) -> Booleans:
    """Sessions that each event's returns cover, from ``lead`` sessions before the window on.

    A return after a halt is the sum of the sessions that it covers, and it is correlated with the
    returns of all of them: its covariance with another event counts each, as its variance does.
    """
    there = np.isfinite(abnormal.ar[:, abnormal.days(window)])
    if not lead and not abnormal.panel.any_span and abnormal.given is None:
        return there
    covered = np.concatenate([np.zeros((len(there), lead), dtype=np.bool_), there], axis=1)
    spans = abnormal.window_spans(window)
    for row, day in np.argwhere(there & (spans > 1)):
        end = day + lead + 1
        covered[row, max(end - int(spans[row, day]), 0) : end] = True
    return covered
