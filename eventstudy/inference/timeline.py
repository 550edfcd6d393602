"""Events date by date, and the estimation days of those of a run of dates."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eventstudy.abnormal import Abnormal, estimation_factors, estimation_returns
from eventstudy.arrays import Floats, Integers
from eventstudy.estimation import BLOCK, RANGE
from eventstudy.inference.day_zero import DaysZero
from eventstudy.kernels.dependence import window_span
from eventstudy.kernels.order import order_of
from eventstudy.models.base import forecast_runs, without_margins
from eventstudy.windows import Window

# Dates of a lot, and of a range.
_LOT_DATES, _DATES = 64, 128


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
        sizes = np.bincount(days_zero.number, minlength=len(days_zero))
        bounds = np.append(0, np.cumsum(sizes))
        return cls(days_zero.calendar, days_zero.zero, order_of(days_zero.number), bounds)


@dataclass(frozen=True, eq=False)
class Timeline:
    """Dates in the order in which their windows begin: D of them.

    Attributes
    ----------
    dates : Dates
        The events by date.
    sequence : array of int, shape (D,)
        The dates. Positions in it are called places.
    since : array of int, shape (D,)
        First place whose windows may share a session with those of each place.
    upto : array of int, shape (D,)
        First later place whose windows do not.
    lots : array of int, shape (lots + 1,)
        Places at which the lots begin: dates whose events are summed together, whatever the ranges
        in which they are worked on.
    """

    dates: Dates
    sequence: Integers
    since: Integers
    upto: Integers
    lots: Integers

    @classmethod
    def of(
        cls, abnormal: Abnormal, windows: tuple[Window, ...], dates: Dates, lead: tuple[int, ...]
    ) -> Timeline:
        """Order dates; returns reach back up to ``lead`` sessions before each window."""
        calendars = abnormal.panel.calendars
        begin, end = np.empty((2, len(dates)), dtype=np.int64)
        first = min(window.first - back for window, back in zip(windows, lead, strict=True))
        last = max(window.last for window in windows)
        for which in np.unique(dates.calendar):
            here = dates.calendar == which
            zero = dates.zero[here]
            begin[here], end[here] = window_span(calendars[which].closes, zero + first, zero + last)
        sequence = np.lexsort((end, begin))
        upto = np.searchsorted(begin[sequence], end[sequence], side="left")
        # Ends need not ascend as beginnings do: the latest so far tells who may still be under way.
        every = np.arange(len(dates))
        since = np.searchsorted(np.maximum.accumulate(upto), every, side="right")
        sizes = np.diff(dates.bounds)[sequence]
        lots = np.array(_cuts(sizes, np.ones_like(sizes), BLOCK, _LOT_DATES), dtype=np.int64)
        return cls(dates, sequence, np.minimum(since, every), np.maximum(upto, every + 1), lots)

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """Ranges of places, whole lots each."""
        ends = np.cumsum(np.append(0, np.diff(self.dates.bounds)[self.sequence]))
        lots = _cuts(np.diff(ends[self.lots]), np.diff(self.lots), RANGE, _DATES)
        bounds = self.lots[lots].tolist()
        return list(itertools.pairwise(bounds))


def _cuts(events: Integers, dates: Integers, most_events: int, most_dates: int) -> list[int]:
    """Cut a row of things where so many events or dates have come together, from 0 to its end."""
    found, total, number = [0], 0, 0
    for place, (size, count) in enumerate(zip(events.tolist(), dates.tolist(), strict=True), 1):
        total, number = total + size, number + count
        if total >= most_events or number >= most_dates:
            found.append(place)
            total, number = 0, 0
    return found if found[-1] == len(events) else [*found, len(events)]


def _whole_dates(sizes: Integers) -> Iterator[slice]:
    """Cut events into blocks that stay near a core, between dates where they can."""
    begin = end = 0
    for size in sizes.tolist():
        if end > begin and end - begin + size > BLOCK:
            yield slice(begin, end)
            begin = end
        end += size
        while end - begin > 2 * BLOCK:
            yield slice(begin, begin + BLOCK)
            begin += BLOCK
    if end > begin:
        yield slice(begin, end)


def _residuals(abnormal: Abnormal, out: Floats) -> None:
    """Fill in the abnormal returns of the estimation days of events in the order of their dates.

    Events that share their factors are forecast together. ``out`` has shape (n, E).
    """
    rows, panel, model, fit = abnormal.rows, abnormal.panel, abnormal.model, abnormal.fit
    # Nothing here may depend on which events happen to be together: last bits would.
    given = fit.residuals is not None or fit.used is not None
    barred = abnormal.barred is not None or not panel.ticker_set.isdisjoint(model.tickers)
    if given or barred or abnormal.design.extra:
        out[:] = abnormal.residuals
        return
    differ = np.zeros(len(rows) - 1, dtype=np.bool_)
    for part in (rows.zero, rows.calendar, rows.benchmark):
        differ |= part[1:] != part[:-1]
    first = np.append(0, np.flatnonzero(differ) + 1)
    design, market = abnormal.design, abnormal.market
    factors = estimation_factors(rows.take(first), panel, market, design, model, None)
    own = estimation_returns(rows, panel, design, abnormal.left_out_days)
    inner = without_margins(own, model.margins)
    expected = forecast_runs(model, fit, factors, [*first.tolist(), len(rows)])
    np.subtract(inner, expected, out=out)


@dataclass(frozen=True, eq=False)
class Days:
    """Estimation days of the events of the dates from one place of a timeline to another.

    Attributes
    ----------
    timeline : Timeline
        The dates.
    start, stop : int
        The places.
    abnormal : Abnormal
        The n events, date by date.
    place : array of int, shape (n,)
        Place of each event's date, ascending.
    position : array of int, shape (n,)
        Position of each event in the order of the dates.
    raw, values : array of float, shape (n, E)
        Abnormal returns of the estimation days, and the same on the scale of sigma; NaN is missing.
    total, squares : array of float, shape (n,)
        Sum of the values, and of their squares.
    """

    timeline: Timeline
    start: int
    stop: int
    abnormal: Abnormal
    place: Integers
    position: Integers
    raw: Floats
    values: Floats
    total: Floats
    squares: Floats

    def __len__(self) -> int:
        return len(self.place)

    @classmethod
    def of(cls, abnormal: Abnormal, timeline: Timeline, start: int, stop: int) -> Days:
        """Gather them from the prices."""
        dates, which = timeline.dates, timeline.sequence[start:stop]
        sizes = np.diff(dates.bounds)[which]
        shift = dates.bounds[which] - np.cumsum(sizes) + sizes
        position = np.arange(int(sizes.sum())) + np.repeat(shift, sizes)
        part = abnormal.take(dates.order[position])
        raw = np.empty((len(part), len(part.design.estimation)))
        values = raw if part.fit.innovations is None else np.empty(raw.shape)
        total, squares = np.empty((2, len(part)))
        for some in _whole_dates(sizes):
            one = part.take(some)
            own = raw[some]
            _residuals(one, own)
            if values is not raw:
                values[some] = own = one.on_scale(own)
            total[some], squares[some] = np.einsum("nt->n", own), np.einsum("nt,nt->n", own, own)
        place = np.repeat(np.arange(start, stop), sizes)
        return cls(timeline, start, stop, part, place, position, raw, values, total, squares)

    def blocks(self, start: int, stop: int) -> Iterator[slice]:
        """Cut the events of some lots into blocks of about the same size."""
        lots = self.timeline.lots
        first, last = np.searchsorted(lots, [start, stop])
        bounds = np.searchsorted(self.place, lots[first : last + 1]).tolist()
        for begin, end in itertools.pairwise(bounds):
            pieces = max(round((end - begin) / BLOCK), 1)
            cuts = [begin + (end - begin) * piece // pieces for piece in range(pieces + 1)]
            yield from (slice(*pair) for pair in itertools.pairwise(cuts))
