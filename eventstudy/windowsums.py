"""Sums over the estimation windows of many events of the same securities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Floats, Integers
from eventstudy.execution import Execute, chunks
from eventstudy.kernels.gather import gather, gather_counts
from eventstudy.kernels.order import order_of
from eventstudy.kernels.running import SUMS, running_sums, window_sums
from eventstudy.panel import Factors, Panel
from eventstudy.rows import Rows
from eventstudy.windows import Window

FEW = 4_096
"""Events up to which all sums are taken from each window's own days: they take a moment anyway."""

WORTH = 6
"""Days of windows of their own that cost as much as a session of running sums (measured)."""

# Windows of a stretch: those of a longer history would be small differences of large sums.
_STRETCH = 32
# Pairs whose running sums are taken together, so that they stay in a core's cache, and of a range.
_LOT, RANGE = 16, 64


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Pairs of a security and a benchmark on a stretch of sessions: P pairs of n events.

    Stretches share the days of a window, so that each window lies in one. The pairs are in the
    order of their calendars and stretches.

    Attributes
    ----------
    panel, factors : Panel, Factors
        The returns.
    window : Window
        The window to sum over.
    calendar, begin, security, benchmark : array of int, shape (P,)
        The pairs, and the sessions with which their stretches begin.
    bounds : array of int, shape (P + 1,)
        Where the events of each begin.
    events, zero : array of int, shape (n,)
        The events pair by pair, and their days zero.
    """

    panel: Panel
    factors: Factors
    window: Window
    calendar: Integers
    begin: Integers
    security: Integers
    benchmark: Integers
    bounds: Integers
    events: Integers
    zero: Integers

    @classmethod
    def of(cls, rows: Rows, panel: Panel, factors: Factors, window: Window) -> _Pairs:
        """Find the pairs whose windows are together much longer than their stretch."""
        long = _STRETCH * len(window)
        stretch = np.maximum(rows.zero + window.first, 0) // long
        many = np.array([int(stretch.max(initial=0)) + 1, len(panel.tickers)], dtype=np.int64)
        key = (rows.calendar * many[0] + stretch) * many[1] + rows.security
        key = key * factors.where.shape[1] + rows.benchmark
        order = order_of(key)
        begins = np.flatnonzero(np.append(True, np.diff(key[order]) != 0))
        sizes = np.diff(np.append(begins, len(rows)))
        first = order[begins]
        begin = stretch[first] * long
        sessions = np.array([len(one.sessions) for one in panel.calendars])[rows.calendar[first]]
        days = np.minimum(long + len(window), sessions - begin)
        worth = sizes * len(window) > WORTH * days
        events, first = order[np.repeat(worth, sizes)], first[worth]
        return cls(
            panel,
            factors,
            window,
            rows.calendar[first],
            begin[worth],
            rows.security[first],
            rows.benchmark[first],
            np.append(0, np.cumsum(sizes[worth])),
            events,
            rows.zero[events],
        )

    def __len__(self) -> int:
        return len(self.security)

    @property
    def sizes(self) -> Integers:
        """Events of each pair, shape (P,)."""
        return np.diff(self.bounds)

    def lots(self, start: int, stop: int) -> Iterator[slice]:
        """Cut some pairs between calendars and stretches, and where they are many."""
        some = slice(start, stop)
        differ = (np.diff(self.calendar[some]) != 0) | (np.diff(self.begin[some]) != 0)
        cuts = np.flatnonzero(differ) + start + 1
        for begin, end in zip([start, *cuts], [*cuts, stop], strict=True):
            yield from (slice(one, min(one + _LOT, end)) for one in range(begin, end, _LOT))

    def days(self, lot: slice) -> int:
        """Sessions of the stretch of a lot, the days of a window that begins with its last one."""
        sessions = len(self.panel.calendars[self.calendar[lot.start]].sessions)
        begin = int(self.begin[lot.start])
        return min((_STRETCH + 1) * len(self.window), sessions - begin)


def shared_window_sums(
    rows: Rows, panel: Panel, factors: Factors, window: Window, execute: Execute
) -> Floats | None:
    """Sum returns, the benchmark's, their squares and product over windows.

    Parameters
    ----------
    rows : Rows
        N events, each with a security and a benchmark.
    panel, factors : Panel, Factors
        Their returns. A return over several sessions is missing.
    window : Window
        The window.
    execute : callable
        Runs a function over ranges, as :func:`eventstudy.execution.map_chunks` does.

    Returns
    -------
    array of float, shape (N, 6), or None
        From :func:`eventstudy.kernels.running.window_sums`. NaN where the windows of a security and
        benchmark are together no longer than :data:`WORTH` times their history, so that sums of
        their own cost less; None where all are, and of up to :data:`FEW` events.

    Notes
    -----
    A history longer than 33 windows is summed in stretches, each as a history of its own: running
    sums over all of it would cost the windows their digits.

    Whether an event has sums depends on how many there are; their bits on the days of its stretch
    up to the end of the window alone, wherever they are taken.
    """
    if len(rows) <= FEW:
        return None
    pairs = _Pairs.of(rows, panel, factors, window)
    if not len(pairs):
        return None
    found = np.empty((len(rows), SUMS))
    if len(pairs.events) < len(rows):
        found.fill(np.nan)
    for events, sums in execute(_sums_of_range, pairs, chunks(len(pairs), RANGE, block=_LOT)):
        found[events] = sums
    return found


def _sums_of_range(pairs: _Pairs, start: int, stop: int) -> tuple[Integers, Floats]:
    """Sum over the windows of some pairs: their events, and sums of shape (events, 6)."""
    bounds, window = pairs.bounds, pairs.window
    found = np.empty((bounds[stop] - bounds[start], SUMS))
    for lot in pairs.lots(start, stop):
        days, begin = pairs.days(lot), pairs.begin[lot.start]
        own = slice(bounds[lot.start], bounds[lot.stop])
        series = np.repeat(np.arange(lot.stop - lot.start), pairs.sizes[lot])
        first = pairs.zero[own] + window.first - begin
        sums = window_sums(_running(pairs, lot, days), series, first, len(window), days)
        found[own.start - bounds[start] : own.stop - bounds[start]] = sums.T
    return pairs.events[bounds[start] : bounds[stop]], found


def _running(pairs: _Pairs, lot: slice, days: int) -> Floats:
    """Take the running sums of a lot."""
    panel, factors, begin = pairs.panel, pairs.factors, pairs.begin[lot]
    start = panel.returns.start[pairs.security[lot]] + begin
    y = gather(panel.returns.values, start, days)
    if panel.any_span:
        y[gather_counts(panel.spans, start, days) != 1] = np.nan
    which = factors.where[pairs.calendar[lot], pairs.benchmark[lot]]
    x = gather(factors.returns.values, factors.returns.start[which] + begin, days)
    return running_sums(y, x)
