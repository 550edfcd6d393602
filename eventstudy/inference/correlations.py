"""Overlap-weighted correlation of the standardised effects of many events, in several windows.

Events of one calendar without a missing day go into products of whole dates
(:mod:`eventstudy.kernels.band`); its other pairs are taken by the days that both have
(:mod:`eventstudy.kernels.gaps`), pairs across calendars by the sessions that match, too
(:mod:`eventstudy.kernels.correlation`). Each sum is formed over the same numbers in the same order
however the dates are shared out, so that it has the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.inference.timeline import Dates, Days
from eventstudy.kernels.band import Band, BandSums
from eventstudy.kernels.correlation import Block, Coverage, Matches, PairSums, pair_sums
from eventstudy.kernels.dependence import match
from eventstudy.kernels.gaps import Gaps
from eventstudy.windows import Window

MANY = 100_000
"""Events above which the squares of correlations, which enter degrees of freedom alone, are
estimated from draws of signs, where there are dates enough."""
# Dates of about one size, for each session of the longest window; of fewer, squares are exact.
_DATES_A_SESSION = 100
# Draws of all such dates together. Where the events of each date move as one, the sum of squares
# has a standard error of the root of two over this number, 1.6 %; where they hardly do, below .1 %.
_DRAWS = 8_000
SEED = 0


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
    drawn : bool
        Whether squares are estimated from draws of signs.
    """

    r: float
    row_sums: Floats
    squares: float
    problem: str
    drawn: bool = False


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
    signs : array of 1 and -1, shape (k, N), or None
        Drawn for the events in the order of the dates; None where squares are exact.
    classes : mapping of two calendars to their matching sessions
        From :func:`eventstudy.kernels.dependence.match`.
    """

    windows: tuple[Window, ...]
    lead: tuple[int, ...]
    weight: Floats
    signs: np.ndarray | None
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
        signs = _signs(len(abnormal), windows, dates)
        return cls(windows, lead, weight, signs, _classes(abnormal, dates))


@dataclass(frozen=True, eq=False)
class RangeSums:
    """Sums of C_ij of the events of some dates.

    Events are told by their positions in the order of the dates. ``bands`` have whole sums of their
    events; ``pairs`` those of two sets of events over each other.
    """

    bands: list[tuple[Integers, BandSums]]
    pairs: list[tuple[Integers, Integers, PairSums]]


class Correlations:
    """Sums of all ranges, added up in their order.

    Parameters
    ----------
    order : array of int, shape (N,)
        The events in the order of the dates.
    enters : array of bool, shape (N, W)
        Events that count in a window.
    drawn : bool
        Whether squares of bands are estimated from draws of signs.

    References
    ----------
    Kolari and Pynnonen (2010), Review of Financial Studies 23:3996-4025, whose r it is for events
    of one date. Hutchinson (1990), Communications in Statistics - Simulation and Computation
    19:433-450, for the draws of signs.
    """

    def __init__(self, order: Integers, enters: Booleans, *, drawn: bool = False) -> None:
        count, windows = enters.shape
        self._order, self._enters = order, enters
        self._draws, self._drawn = drawn, False
        self._banded, self._others = np.zeros((2, windows, count))
        self._squares, self._other_squares = np.zeros((2, windows))
        self._problem = [""] * windows

    def add(self, part: RangeSums) -> None:
        """Add the sums of the next range."""
        self._drawn |= self._draws and len(part.bands) > 0
        for place, band in part.bands:
            self._banded[:, place] = band.rows
            for one in band.squares:
                self._squares += one
            self._note(band.problem)
        for x, y, pair in part.pairs:
            self._others[:, x] += pair.of_x
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
            own[self._order] = sums[number] + 1.0
            if problem:
                results.append(Correlation(np.nan, own, np.nan, problem))
                continue
            entering = own if n == len(own) else own[enters]
            r = float((entering.sum() - n) / (n * (n - 1))) if n > 1 else np.nan
            results.append(Correlation(r, own, float(squares[number]) + n, "", self._drawn))
        return tuple(results)


def _signs(events: int, windows: tuple[Window, ...], dates: Dates) -> np.ndarray | None:
    """Draw signs for events in the order of their dates, where squares are to be estimated.

    A date counts by the square of its events: many dates and a few large ones are as good as few.
    """
    if events <= MANY:
        return None
    sizes = np.diff(dates.bounds).astype(np.float64)
    alike = float((sizes**2).sum()) ** 2 / float((sizes**4).sum())
    if alike < _DATES_A_SESSION * max(map(len, windows)):
        return None
    draws = int(np.ceil(_DRAWS / alike))
    return 2 * np.random.default_rng(SEED).integers(2, size=(draws, events), dtype=np.int8) - 1


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
        (x, y): match(calendars[x].closes, calendars[y].closes)
        for x in used
        for y in used
        if x != y
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
    found = RangeSums([], [])
    for one in np.unique(calendar).tolist():
        here = covered.enters & (calendar[days.place - days.start] == one)
        _one_calendar(task, days, covered, here, range(start, stop), found)
    if (calendar == calendar[0]).all():
        return found
    units = {place: covered.unit(task, days, place) for place in range(start, days.stop)}
    for place in range(start, stop):
        for other in range(place + 1, int(timeline.upto[place])):
            found.pairs.extend(_across(task, units[place], units[other]))
    return found


def _one_calendar(
    task: CorrelationTask,
    days: Days,
    covered: _Covered,
    here: Booleans,
    own: range,
    found: RangeSums,
) -> None:
    """Sum over the pairs of events of one calendar: those that have all their days, and others."""
    lengths = [len(window) for window in task.windows]
    rows = np.flatnonzero(here & covered.whole)
    if len(rows):
        bounds, zero, mine = _dates_of(days, rows, own)
        values = days.values if len(rows) == len(days) else days.values[rows]
        band = Band(values, days.total[rows], days.squares[rows], bounds, zero)
        if mine.stop > mine.start:
            signs = None if task.signs is None else task.signs[:, days.position[rows]]
            sums = band.sums(mine, lengths, signs)
            place = days.position[rows[bounds[mine.start] : bounds[mine.stop]]]
            found.bands.append((place, sums))
    if covered.whole[here].all():
        return
    rows = np.flatnonzero(here)
    bounds, zero, mine = _dates_of(days, rows, own)
    tested = [
        Coverage(window.first - lead, cover[rows], weight[rows])
        for window, lead, cover, weight in zip(
            task.windows, task.lead, covered.sessions, covered.weight, strict=True
        )
    ]
    values = days.values if len(rows) == len(days) else days.values[rows]
    gaps = Gaps(values, covered.whole[rows], bounds, zero, tested)
    position = days.position[rows]
    found.pairs.extend((position[x], position[y], sums) for x, y, sums in gaps.sums(mine))


def _dates_of(days: Days, rows: Integers, own: range) -> tuple[Integers, Integers, slice]:
    """Bounds and sessions of the dates of some events, and which of the dates are among places."""
    timeline = days.timeline
    places, first = np.unique(days.place[rows], return_index=True)
    zero = timeline.dates.zero[timeline.sequence[places]]
    mine = slice(*np.searchsorted(places, [own.start, own.stop]).tolist())
    return np.append(first, len(rows)), zero, mine


def _across(
    task: CorrelationTask, one: _Unit | None, other: _Unit | None
) -> Iterator[tuple[Integers, Integers, PairSums]]:
    """Sum over the pairs of two dates of different calendars."""
    if one is None or other is None or one.block.calendar == other.block.calendar:
        return
    low, high = sorted((one, other), key=lambda unit: unit.date)
    classes = task.classes[low.block.calendar, high.block.calendar]
    yield low.position, high.position, pair_sums(low.block, high.block, classes)


@dataclass(frozen=True, eq=False)
class _Unit:
    """Events of one date."""

    date: int
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
    enters : array of bool, shape (n,)
        Events that enter a window.
    whole : array of bool, shape (n,)
        Events that enter all windows, lack none of their days, and reach back to none.
    """

    weight: Floats
    sessions: list[Booleans]
    enters: Booleans
    whole: Booleans

    @classmethod
    def of(cls, task: CorrelationTask, days: Days) -> _Covered:
        """Look at the days of all windows."""
        weight = task.weight.take(days.timeline.dates.order[days.position], axis=1)
        sessions = [
            _covered(days.abnormal, *one) for one in zip(task.windows, task.lead, strict=True)
        ]
        whole = np.isfinite(days.total) & (weight > 0).all(axis=0)
        for covered, lead in zip(sessions, task.lead, strict=True):
            whole &= covered[:, lead:].all(axis=1)
            if lead:
                whole &= ~covered[:, :lead].any(axis=1)
        return cls(weight, sessions, np.asarray((weight > 0).any(axis=0)), whole)

    def unit(self, task: CorrelationTask, days: Days, place: int) -> _Unit | None:
        """Give the events of one date that enter a window."""
        dates, date = days.timeline.dates, int(days.timeline.sequence[place])
        zero, calendar = int(dates.zero[date]), int(dates.calendar[date])
        begin, end = np.searchsorted(days.place, [place, place + 1])
        own = begin + np.flatnonzero(self.enters[begin:end])
        if not len(own):
            return None
        tested = tuple(
            _coverage(zero + window.first, lead, covered[own], weight[own])
            for window, lead, covered, weight in zip(
                task.windows, task.lead, self.sessions, self.weight, strict=True
            )
        )
        first = zero + days.abnormal.design.estimation.first
        return _Unit(date, days.position[own], Block(calendar, first, days.values[own], tested))


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
