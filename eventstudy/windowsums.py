"""Sums over the estimation windows of many events of the same securities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Floats, Integers
from eventstudy.execution import Execute, chunks
from eventstudy.kernels.gather import gather, gather_counts
from eventstudy.kernels.running import SUMS, running_sums, window_sums
from eventstudy.panel import Factors, Panel
from eventstudy.rows import Rows
from eventstudy.windows import Window

FEW = 4_096
"""Events up to which all sums are taken from each window's own days: they take a moment anyway."""

WORTH = 6
"""Days of windows of their own that cost as much as a session of running sums (measured)."""

# Pairs whose running sums are taken together, so that they stay in a core's cache, and of a range.
_LOT, RANGE = 16, 64


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Pairs of a security and a benchmark, in the order of their calendars: P pairs of n events.

    Attributes
    ----------
    panel, factors : Panel, Factors
        The returns.
    window : Window
        The window to sum over.
    security, calendar, benchmark : array of int, shape (P,)
        The pairs.
    bounds : array of int, shape (P + 1,)
        Where the events of each begin.
    events, zero : array of int, shape (n,)
        The events pair by pair, and their days zero.
    """

    panel: Panel
    factors: Factors
    window: Window
    security: Integers
    calendar: Integers
    benchmark: Integers
    bounds: Integers
    events: Integers
    zero: Integers

    @classmethod
    def of(cls, rows: Rows, panel: Panel, factors: Factors, window: Window) -> _Pairs:
        """Find the pairs whose windows are together much longer than their history."""
        count = np.array([len(panel.tickers), factors.where.shape[1]], dtype=np.int64)
        key = (rows.calendar * count[0] + rows.security) * count[1] + rows.benchmark
        # Numbers that hold a place in their last bits are sorted many times faster than places.
        bits = len(rows).bit_length()
        ordered = np.sort((key << bits) | np.arange(len(rows)))
        order = ordered & ((1 << bits) - 1)
        begins = np.flatnonzero(np.append(True, np.diff(ordered >> bits) != 0))
        sizes = np.diff(np.append(begins, len(rows)))
        calendar = rows.calendar[order[begins]]
        sessions = np.array([len(one.sessions) for one in panel.calendars])[calendar]
        worth = sizes * len(window) > WORTH * sessions
        events = order[np.repeat(worth, sizes)]
        first = order[begins[worth]]
        return cls(
            panel,
            factors,
            window,
            rows.security[first],
            calendar[worth],
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
        """Cut some pairs between calendars, and where they are many."""
        cuts = np.flatnonzero(np.diff(self.calendar[start:stop])) + start + 1
        for begin, end in zip([start, *cuts], [*cuts, stop], strict=True):
            yield from (slice(one, min(one + _LOT, end)) for one in range(begin, end, _LOT))


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
    Whether an event has sums depends on how many there are; their bits on the history of security
    and benchmark up to the end of the window alone, wherever they are taken.
    """
    if len(rows) <= FEW:
        return None
    pairs = _Pairs.of(rows, panel, factors, window)
    if not len(pairs):
        return None
    found = np.full((len(rows), SUMS), np.nan)
    for events, sums in execute(_sums_of_range, pairs, chunks(len(pairs), RANGE, block=_LOT)):
        found[events] = sums
    return found


def _sums_of_range(pairs: _Pairs, start: int, stop: int) -> tuple[Integers, Floats]:
    """Sum over the windows of some pairs: their events, and sums of shape (events, 6)."""
    bounds, window = pairs.bounds, pairs.window
    found = np.empty((bounds[stop] - bounds[start], SUMS))
    for lot in pairs.lots(start, stop):
        days = len(pairs.panel.calendars[pairs.calendar[lot.start]].sessions)
        begin, end = bounds[lot.start], bounds[lot.stop]
        series = np.repeat(np.arange(lot.stop - lot.start), pairs.sizes[lot])
        first = pairs.zero[begin:end] + window.first
        sums = window_sums(_running(pairs, lot, days), series, first, len(window), days)
        found[begin - bounds[start] : end - bounds[start]] = sums.T
    return pairs.events[bounds[start] : bounds[stop]], found


def _running(pairs: _Pairs, lot: slice, days: int) -> Floats:
    """Take the running sums of a lot."""
    panel, factors = pairs.panel, pairs.factors
    start = panel.returns.start[pairs.security[lot]]
    y = gather(panel.returns.values, start, days)
    if panel.any_span:
        y[gather_counts(panel.spans, start, days) != 1] = np.nan
    which = factors.where[pairs.calendar[lot], pairs.benchmark[lot]]
    return running_sums(y, gather(factors.returns.values, factors.returns.start[which], days))
