"""Overlap-weighted correlation of the standardised effects of many events, in several windows.

Events of one calendar without a missing day go into products of whole dates
(:mod:`eventstudy.kernels.band`); every other pair of events is taken by the days that both have
(:mod:`eventstudy.kernels.correlation`). Each sum is formed over the same numbers in the same order
however the dates are shared out, so that it has the same bits.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.estimation import BLOCK, RANGE, Execute
from eventstudy.inference.day_zero import DaysZero
from eventstudy.kernels.band import Band, BandSums
from eventstudy.kernels.correlation import Block, Coverage, Matches, PairSums, pair_sums
from eventstudy.kernels.dependence import match, window_span
from eventstudy.windows import Window

# Dates of one range, and the neighbours that it shares sessions with, which it gathers too.
_DATES = 128
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
class Dates:
    """Events ordered by calendar and day zero: D distinct pairs of the two.

    Attributes
    ----------
    calendar, zero : array of int, shape (D,)
        Calendar and session.
    order : array of int, shape (N,)
        The events, date by date.
    bounds : array of int, shape (D + 1,)
        Where each date begins in ``order``.
    """

    calendar: Integers
    zero: Integers
    order: Integers
    bounds: Integers

    def __len__(self) -> int:
        return len(self.zero)

    @classmethod
    def of(cls, days_zero: DaysZero) -> Dates:
        """Order events by their days zero, each date's in their own order."""
        number = days_zero.number
        sizes = np.bincount(number, minlength=len(days_zero))
        order = np.argsort(number, kind="stable")
        bounds = np.append(0, np.cumsum(sizes))
        return cls(days_zero.calendar, days_zero.zero, order, bounds)


@dataclass(frozen=True, eq=False)
class _Task:
    """What the correlations of some dates are taken from.

    ``sequence`` holds the dates in the order in which their windows begin; for each place in it,
    ``since`` is the first place whose windows may share a session with it, ``upto`` the first later
    one whose windows do not.
    """

    abnormal: Abnormal
    windows: tuple[Window, ...]
    dates: Dates
    weight: Floats
    lead: tuple[int, ...]
    classes: Mapping[tuple[int, int], Sequence[Matches]]
    sequence: Integers
    since: Integers
    upto: Integers


def correlate(
    abnormal: Abnormal,
    windows: tuple[Window, ...],
    enters: Booleans,
    dates: Dates,
    reach: tuple[Integers, ...],
    execute: Execute,
) -> tuple[Correlation, ...]:
    """Measure the overlap-weighted correlation of standardised effects in all windows of a pool.

    The arguments are those of :class:`eventstudy.inference.pool.Pool`.

    References
    ----------
    Kolari and Pynnonen (2010), Review of Financial Studies 23:3996-4025, whose r it is for events
    of one date.
    """
    count, order = len(abnormal), dates.order
    lengths = np.array([_length(abnormal, window) for window in windows])
    with np.errstate(divide="ignore"):
        weight = np.where(enters.T, 1.0 / np.sqrt(lengths.astype(np.float64)), 0.0)
    lead = tuple(int(one.max(initial=0)) for one in reach)
    places = _sequence(abnormal, windows, dates, lead)
    classes = _classes(abnormal, dates)
    # The effects are not asked for, and need not go along.
    task = _Task(replace(abnormal, effects={}), windows, dates, weight, lead, classes, *places)
    banded, others = np.zeros((2, len(windows), count))
    squares, other_squares = np.zeros((2, len(windows)))
    problem = [""] * len(windows)
    for part in execute(_correlate_range, task, _ranges(dates, task.sequence)):
        for place, band in part.bands:
            banded[:, place] = band.rows
            for one in band.squares:
                squares += one
            problem = _first(problem, band.problem)
        for x, y, pair in part.pairs:
            others[:, x] += pair.of_x
            if y is None:
                other_squares += pair.squares
            else:
                others[:, y] += pair.of_y
                other_squares += 2.0 * pair.squares
            problem = _first(problem, pair.problem)
    banded += others
    squares += other_squares
    results: list[Correlation] = []
    for number in range(len(windows)):
        n = int(enters[:, number].sum())
        own = np.empty(count)
        own[order] = banded[number]
        own += 1.0
        r = float((own[enters[:, number]].sum() - n) / (n * (n - 1))) if n > 1 else np.nan
        valid = not problem[number]
        results.append(
            Correlation(
                r if valid else np.nan,
                own,
                float(squares[number]) + n if valid else np.nan,
                problem[number],
            )
        )
    return tuple(results)


def _first(known: Sequence[str], more: Sequence[str]) -> list[str]:
    """Keep the first problem of each window."""
    return [was or why for was, why in zip(known, more, strict=True)]


def _length(abnormal: Abnormal, window: Window) -> Integers:
    """Sessions that the returns of a window cover, shape (N,)."""
    if window in abnormal.effects:
        return abnormal.effects[window].length
    there = np.isfinite(abnormal.ar[:, abnormal.days(window)])
    if not abnormal.panel.any_span and abnormal.given is None:
        return np.count_nonzero(there, axis=1)
    return np.where(there, abnormal.window_spans(window), 0).sum(axis=1, dtype=np.int64)


def _sequence(
    abnormal: Abnormal, windows: tuple[Window, ...], dates: Dates, lead: tuple[int, ...]
) -> tuple[Integers, Integers, Integers]:
    """Dates in the order in which their windows begin, and how far each one's windows reach."""
    calendars = abnormal.panel.calendars
    begin, end = np.empty(len(dates), dtype=np.int64), np.empty(len(dates), dtype=np.int64)
    first = min(w.first - back for w, back in zip(windows, lead, strict=True))
    last = max(window.last for window in windows)
    for which in np.unique(dates.calendar):
        here = dates.calendar == which
        zero = dates.zero[here]
        begin[here], end[here] = window_span(calendars[which].closes, zero + first, zero + last)
    sequence = np.lexsort((end, begin))
    upto = np.searchsorted(begin[sequence], end[sequence], side="left")
    # Ends need not ascend as beginnings do: the latest end so far tells who may still be under way.
    since = np.searchsorted(np.maximum.accumulate(upto), np.arange(len(dates)), side="right")
    return sequence, np.minimum(since, np.arange(len(dates))), upto


def _ranges(dates: Dates, sequence: Integers) -> list[tuple[int, int]]:
    """Ranges of dates that hold about as many events each, and not too many dates."""
    sizes = np.diff(dates.bounds)[sequence]
    found, first, events = [], 0, 0
    for place, size in enumerate(sizes.tolist()):
        events += size
        if events >= RANGE or place - first >= _DATES:
            found.append((first, place + 1))
            first, events = place + 1, 0
    return [*found, (first, len(sizes))] if first < len(sizes) else found


def _classes(abnormal: Abnormal, dates: Dates) -> dict[tuple[int, int], Sequence[Matches]]:
    """Sessions that match, for every pair of calendars of the events."""
    calendars = abnormal.panel.calendars
    used = np.unique(dates.calendar).tolist()
    return {
        (x, y): (None,) if x == y else match(calendars[x].closes, calendars[y].closes)
        for x in used
        for y in used
    }


@dataclass(frozen=True, eq=False)
class _RangeSums:
    """Sums of C_ij of the events of some dates.

    Events are told by their positions in the order of the dates. ``bands`` have whole sums of their
    events; ``pairs`` those of two sets of events over each other, None for a set with itself.
    """

    bands: list[tuple[Integers, BandSums]]
    pairs: list[tuple[Integers, Integers | None, PairSums]]


def _correlate_range(task: _Task, start: int, stop: int) -> _RangeSums:
    """Sum the correlations of some dates with themselves, with earlier and with later ones."""
    days = _Days.of(task, int(task.since[start]), max(int(task.upto[start:stop].max()), stop))
    lengths = [len(window) for window in task.windows]
    bands: list[tuple[Integers, BandSums]] = []
    for calendar in np.unique(days.calendar).tolist():
        rows = np.flatnonzero(days.whole & (days.calendar[days.place] == calendar))
        if len(rows):
            bands += _band_sums(task, days, rows, lengths, range(start, stop))
    if days.whole.all() and (days.calendar == days.calendar[0]).all():
        return _RangeSums(bands, [])
    units = {place: list(days.units(task, place)) for place in range(start, days.stop)}
    pairs: list[tuple[Integers, Integers | None, PairSums]] = []
    for place in range(start, stop):
        for other in range(place, int(task.upto[place])):
            pairs += _pairs(task, units[place], units[other], same=place == other)
    return _RangeSums(bands, pairs)


def _band_sums(
    task: _Task, days: _Days, rows: Integers, lengths: Sequence[int], own: range
) -> Iterator[tuple[Integers, BandSums]]:
    """Sum over the events of one calendar that have all their days."""
    every = len(rows) == len(days.place)
    places, first = np.unique(days.place[rows], return_index=True)
    band = Band(
        days.residuals if every else days.residuals[rows],
        days.total[rows],
        days.squares[rows],
        np.append(first, len(rows)),
        task.dates.zero[task.sequence[days.start + places]],
    )
    begin, end = np.searchsorted(days.start + places, [own.start, own.stop]).tolist()
    if begin < end:
        single = len(task.abnormal) > SINGLE_PRECISION
        found = band.sums(slice(begin, end), lengths, single=single)
        yield days.position[rows[band.bounds[begin] : band.bounds[end]]], found


def _pairs(
    task: _Task, x: list[_Unit], y: list[_Unit], *, same: bool
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
class _Days:
    """Estimation days of the events of the dates from place ``start`` to ``stop`` of a sequence.

    Attributes
    ----------
    start, stop : int
        The places.
    calendar : array of int, shape (dates,)
        Calendar of each date.
    place : array of int, shape (n,)
        Date of each event, as a place from ``start`` on, ascending.
    position : array of int, shape (n,)
        Each event's position in the order of the dates.
    residuals : array of float, shape (n, E)
        Standardised residuals, NaN is missing.
    total, squares : array of float, shape (n,)
        Their sum, and that of their squares.
    covered : list of array of bool, shape (n, lead + L)
        Sessions that the returns of each window cover.
    weight : array of float, shape (W, n)
        1 / sqrt(L_i), 0 for an event that does not enter.
    """

    start: int
    stop: int
    calendar: Integers
    place: Integers
    position: Integers
    residuals: Floats
    total: Floats
    squares: Floats
    covered: list[Booleans]
    weight: Floats
    lead: tuple[int, ...]

    @classmethod
    def of(cls, task: _Task, start: int, stop: int) -> _Days:
        """Gather."""
        dates, which = task.dates, task.sequence[start:stop]
        sizes = np.diff(dates.bounds)[which]
        shift = dates.bounds[which] - np.cumsum(sizes) + sizes
        position = np.arange(int(sizes.sum())) + np.repeat(shift, sizes)
        members = dates.order[position]
        part = task.abnormal.take(members)
        residuals = np.empty((len(part), len(part.design.estimation)))
        total, squares = np.empty((2, len(part)))
        for first in range(0, len(part), BLOCK):
            some = slice(first, first + BLOCK)
            residuals[some] = own = part.take(some).standard_residuals
            total[some], squares[some] = np.einsum("nt->n", own), np.einsum("nt,nt->n", own, own)
        return cls(
            start,
            stop,
            dates.calendar[which],
            np.repeat(np.arange(stop - start), sizes),
            position,
            residuals,
            total,
            squares,
            [_covered(part, *one) for one in zip(task.windows, task.lead, strict=True)],
            task.weight[:, members],
            task.lead,
        )

    @cached_property
    def whole(self) -> Booleans:
        """Events that enter all windows and lack none of their days, nor reach back, shape (n,)."""
        found = np.isfinite(self.total) & (self.weight > 0).all(axis=0)
        for covered, lead in zip(self.covered, self.lead, strict=True):
            found &= covered[:, lead:].all(axis=1)
            if lead:
                found &= ~covered[:, :lead].any(axis=1)
        return found

    def units(self, task: _Task, place: int) -> Iterator[_Unit]:
        """Give the sets of events of one date."""
        date = int(task.sequence[place])
        zero, calendar = int(task.dates.zero[date]), int(task.dates.calendar[date])
        begin, end = np.searchsorted(self.place, [place - self.start, place - self.start + 1])
        enters = (self.weight[:, begin:end] > 0).any(axis=0)
        for whole in (True, False):
            own = begin + np.flatnonzero(enters & (self.whole[begin:end] == whole))
            if not len(own):
                continue
            tested = tuple(
                _coverage(zero + window.first, lead, covered[own], weight[own])
                for window, lead, covered, weight in zip(
                    task.windows, task.lead, self.covered, self.weight, strict=True
                )
            )
            first = zero + task.abnormal.design.estimation.first
            block = Block(calendar, first, self.residuals[own], tested)
            yield _Unit(date, whole, self.position[own], block)


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
