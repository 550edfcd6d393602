"""Events of one group in several windows: what tests read of many events at once.

What needs the estimation days of every event (correlations, ranks, shares of signs) is taken for
all windows of a group in one pass over its events, a range of them at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.estimation import BLOCK, RANGE, Execute
from eventstudy.execution import map_chunks
from eventstudy.inference.day_zero import DaysZero, windows_overlap
from eventstudy.inference.history import History, histories
from eventstudy.kernels.band import Band
from eventstudy.kernels.correlation import Block, Coverage, Matches, pair_sums
from eventstudy.kernels.dependence import match, window_span
from eventstudy.windows import Window

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
class Pool:
    """Events of a group, and which of them enter each of its windows: N events, W windows.

    Attributes
    ----------
    abnormal : Abnormal
        The events.
    windows : tuple of Window
        The windows.
    enters : array of bool, shape (N, W)
        Events that have an effect in the window and count in it.
    execute : callable
        Runs a function over ranges of events.
    """

    abnormal: Abnormal
    windows: tuple[Window, ...]
    enters: Booleans
    execute: Execute = map_chunks

    def __len__(self) -> int:
        return len(self.abnormal)

    @cached_property
    def days_zero(self) -> DaysZero:
        """Distinct days zero of the events, by calendar."""
        return DaysZero.of(self.abnormal.rows)

    @cached_property
    def dates(self) -> Dates:
        """The events by calendar and day zero."""
        return Dates.of(self.days_zero)

    @cached_property
    def histories(self) -> tuple[History, ...]:
        """Sums over the estimation days of all events, window by window."""
        return histories(self.abnormal, self.windows, self.enters, self.overlap, self.execute)

    @cached_property
    def overlap(self) -> tuple[bool, ...]:
        """Whether windows of different dates share a session, window by window."""
        rows, panel = self.abnormal.rows, self.abnormal.panel
        found: list[bool] = []
        for number, window in enumerate(self.windows):
            enters, back = self.enters[:, number], self.reach[number]
            found.append(windows_overlap(rows, panel, window, self.days_zero, enters, back))
        return tuple(found)

    @cached_property
    def reach(self) -> tuple[Integers, ...]:
        """Sessions before each window that the events' returns reach back to, shape (N,) each."""
        return tuple(reach(self.abnormal, window) for window in self.windows)

    @cached_property
    def correlations(self) -> tuple[Correlation, ...]:
        """Overlap-weighted correlation of the standardised effects, window by window."""
        return correlate(self)


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


def reach(abnormal: Abnormal, window: Window) -> Integers:
    """Sessions before a window that each event's returns reach back to, after a halt."""
    if not abnormal.panel.any_span and abnormal.given is None:
        return np.broadcast_to(np.int64(0), len(abnormal))
    spans = abnormal.window_spans(window)
    there = np.isfinite(abnormal.ar[:, abnormal.days(window)])
    back = np.where(there, spans - 1 - np.arange(len(window)), 0)
    return np.maximum(back, 0).max(axis=1, initial=0).astype(np.int64)


@dataclass(frozen=True, eq=False)
class _Task:
    """What the correlations of some dates are taken from.

    ``sequence`` holds the dates in the order in which their windows begin, ``upto`` for each place
    in it the first later place whose windows share no session with it.
    """

    abnormal: Abnormal
    windows: tuple[Window, ...]
    dates: Dates
    weight: Floats
    lead: tuple[int, ...]
    classes: Mapping[tuple[int, int], Sequence[Matches]]
    sequence: Integers
    upto: Integers


def correlate(pool: Pool) -> tuple[Correlation, ...]:
    """Measure the overlap-weighted correlation of standardised effects in all windows of a pool.

    References
    ----------
    Kolari and Pynnonen (2010), Review of Financial Studies 23:3996-4025, whose r it is for events
    of one date.
    """
    count = len(pool)
    lengths = np.array([_length(pool.abnormal, window) for window in pool.windows])
    with np.errstate(divide="ignore"):
        weight = np.where(pool.enters.T, 1.0 / np.sqrt(lengths.astype(np.float64)), 0.0)
    lead = tuple(int(one.max(initial=0)) for one in pool.reach)
    sequence, upto = _sequence(pool, lead)
    classes = _classes(pool)
    # The effects are not asked for, and need not go along.
    bare = replace(pool.abnormal, effects={})
    task = _Task(bare, pool.windows, pool.dates, weight, lead, classes, sequence, upto)
    windows = len(pool.windows)
    row_sums, squares = np.zeros((windows, count)), np.zeros(windows)
    problem = [""] * windows
    bounds, order = pool.dates.bounds, pool.dates.order
    for part in pool.execute(_correlate_range, task, _ranges(pool.dates, sequence)):
        for one in part:
            for date, sums in one.sums:
                row_sums[:, bounds[date] : bounds[date + 1]] += sums
            squares += one.squares
            problem = [was or why for was, why in zip(problem, one.problem, strict=True)]
    results: list[Correlation] = []
    for number in range(windows):
        n = int(pool.enters[:, number].sum())
        own = np.empty(count)
        own[order] = row_sums[number]
        own += 1.0
        r = float((own[pool.enters[:, number]].sum() - n) / (n * (n - 1))) if n > 1 else np.nan
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


def _length(abnormal: Abnormal, window: Window) -> Integers:
    """Sessions that the returns of a window cover, shape (N,)."""
    if window in abnormal.effects:
        return abnormal.effects[window].length
    there = np.isfinite(abnormal.ar[:, abnormal.days(window)])
    if not abnormal.panel.any_span and abnormal.given is None:
        return np.count_nonzero(there, axis=1)
    return np.where(there, abnormal.window_spans(window), 0).sum(axis=1, dtype=np.int64)


def _sequence(pool: Pool, lead: tuple[int, ...]) -> tuple[Integers, Integers]:
    """Dates in the order in which their windows begin, and how far each one's windows last."""
    dates, calendars = pool.dates, pool.abnormal.panel.calendars
    begin, end = np.empty(len(dates), dtype=np.int64), np.empty(len(dates), dtype=np.int64)
    first = min(w.first - back for w, back in zip(pool.windows, lead, strict=True))
    last = max(window.last for window in pool.windows)
    for which in np.unique(dates.calendar):
        here = dates.calendar == which
        zero = dates.zero[here]
        begin[here], end[here] = window_span(calendars[which].closes, zero + first, zero + last)
    sequence = np.lexsort((end, begin))
    return sequence, np.searchsorted(begin[sequence], end[sequence], side="left")


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


@dataclass(frozen=True, eq=False)
class _DateSums:
    """Sums of C_ij of one date with itself and later ones, one row a window.

    ``sums`` has those of the events of each date, by the date's number; pairs of different dates
    count twice in ``squares``.
    """

    sums: list[tuple[int, Floats]]
    squares: Floats
    problem: tuple[str, ...]


def _correlate_range(task: _Task, start: int, stop: int) -> list[_DateSums]:
    """Sum the correlations of some dates with themselves and with later ones."""
    last = max(int(task.upto[start:stop].max(initial=start)), stop)
    blocks = _blocks(task, start, last)
    bands = _bands(task, blocks, start)
    results: list[_DateSums] = []
    for place in range(start, stop):
        partners = range(place, int(task.upto[place]))
        others: Sequence[int] = partners
        own = bands.get(place)
        if own is not None:
            inside = [other for other in partners if other in bands and bands[other][0] is own[0]]
            results.append(_band_sums(task, place, inside, bands))
            others = [other for other in partners if other not in inside]
        results += [_pair_sums(task, place, other, blocks, start) for other in others]
    return results


def _bands(task: _Task, blocks: list[Block], start: int) -> dict[int, tuple[Band, int]]:
    """Dates without a missing day, by their place: the band they lie in and their number there."""
    found: dict[int, tuple[Band, int]] = {}
    lengths = [len(window) for window in task.windows]
    plain = [place for place, block in enumerate(blocks) if block.plain(lengths)]
    for calendar in {blocks[place].calendar for place in plain}:
        own = [place for place in plain if blocks[place].calendar == calendar]
        sizes = [len(blocks[place].residuals) for place in own]
        whole = blocks[0].residuals.base
        band = Band(
            np.concatenate([blocks[place].residuals for place in own])
            if whole is None or len(own) < len(blocks)
            else whole,
            np.concatenate([[0], np.cumsum(sizes)]),
            task.dates.zero[task.sequence[[start + place for place in own]]],
            lengths,
            single=len(task.abnormal) > SINGLE_PRECISION,
        )
        found |= {start + place: (band, number) for number, place in enumerate(own)}
    return found


def _band_sums(
    task: _Task, place: int, partners: list[int], bands: dict[int, tuple[Band, int]]
) -> _DateSums:
    band, number = bands[place]
    found = band.sums(number)
    dates = [int(task.sequence[one]) for one in partners[: 1 + len(found.later)]]
    sums = list(zip(dates, [found.own, *found.later], strict=True))
    return _DateSums(sums, found.squares, found.problem)


def _pair_sums(task: _Task, place: int, other: int, blocks: list[Block], start: int) -> _DateSums:
    low, high = sorted((place, other), key=lambda one: task.sequence[one])
    x, y = blocks[low - start], blocks[high - start]
    found = pair_sums(x, y, task.classes[x.calendar, y.calendar])
    g, h = int(task.sequence[low]), int(task.sequence[high])
    if g == h:
        return _DateSums([(g, found.of_x)], found.squares, found.problem)
    return _DateSums([(g, found.of_x), (h, found.of_y)], 2.0 * found.squares, found.problem)


def _classes(pool: Pool) -> dict[tuple[int, int], Sequence[Matches]]:
    """Sessions that match, for every pair of calendars of the events."""
    calendars = pool.abnormal.panel.calendars
    used = np.unique(pool.dates.calendar).tolist()
    return {
        (x, y): (None,) if x == y else match(calendars[x].closes, calendars[y].closes)
        for x in used
        for y in used
    }


def _blocks(task: _Task, start: int, stop: int) -> list[Block]:
    """Gather the dates of some places of the sequence."""
    abnormal, dates = task.abnormal, task.dates
    which = task.sequence[start:stop]
    members = [dates.order[dates.bounds[one] : dates.bounds[one + 1]] for one in which]
    chosen = np.concatenate(members)
    part = abnormal.take(chosen)
    residuals = standard_residuals(part)
    covered = [
        _covered(part, window, lead) for window, lead in zip(task.windows, task.lead, strict=True)
    ]
    estimation = abnormal.design.estimation
    blocks: list[Block] = []
    first = 0
    for one, own in zip(which, members, strict=True):
        mine = slice(first, first + len(own))
        first += len(own)
        zero = int(dates.zero[one])
        tested = tuple(
            _coverage(zero + window.first, lead, cover[mine], weight[own])
            for window, lead, cover, weight in zip(
                task.windows, task.lead, covered, task.weight, strict=True
            )
        )
        calendar = int(dates.calendar[one])
        blocks.append(Block(calendar, zero + estimation.first, residuals[mine], tested))
    return blocks


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


def standard_residuals(abnormal: Abnormal) -> Floats:
    """Gather the standardised residuals of events, a block at a time, shape (N, E)."""
    values = np.empty((len(abnormal), len(abnormal.design.estimation)))
    for first in range(0, len(abnormal), BLOCK):
        some = slice(first, first + BLOCK)
        values[some] = abnormal.take(some).standard_residuals
    return values
