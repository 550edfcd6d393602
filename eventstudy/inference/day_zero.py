"""Distinct days zero, and the clusters of events whose windows share sessions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Booleans, Integers
from eventstudy.kernels.dependence import clusters, join_events, window_span
from eventstudy.panel import Panel
from eventstudy.rows import Rows
from eventstudy.windows import Window


@dataclass(frozen=True, eq=False)
class DaysZero:
    """Distinct days zero of N events, each a session of a calendar: D of them.

    Attributes
    ----------
    calendar, zero : array of int, shape (D,)
        Calendar and session, in the order of both.
    number : array of int32, shape (N,)
        Which of them is each event's.
    """

    calendar: Integers
    zero: Integers
    number: np.ndarray

    def __len__(self) -> int:
        return len(self.zero)

    @classmethod
    def of(cls, rows: Rows) -> DaysZero:
        """Find them by counting the events of every session, which sorts nothing."""
        base = int(rows.zero.min(initial=0))
        width = int(rows.zero.max(initial=0)) - base + 1
        key = rows.calendar.astype(np.int64) * width
        key += rows.zero - base
        count = np.bincount(key)
        used = np.flatnonzero(count)
        number = np.empty(len(count), dtype=np.int32)
        number[used] = np.arange(len(used))
        return cls(used // width, used % width + base, number[key])


def clusters_of(
    rows: Rows, panel: Panel, window: Window, days_zero: DaysZero, back: Integers
) -> Integers:
    """Assign clusters to events that share a tested session or an event_id.

    Parameters
    ----------
    rows : Rows
        N events.
    panel : Panel
        Their calendars.
    window : Window
        The tested days. They count whether or not a return is available on them.
    days_zero : DaysZero
        The events' days zero.
    back : array of int, shape (N,)
        Sessions before the window that an event's returns reach back to, after a halt.

    Returns
    -------
    array of int, shape (N,)
        Clusters from 0, in the order of time.
    """
    zero = days_zero.zero
    begin, end = _spans(panel, days_zero.calendar, zero + window.first, zero + window.last)
    # A day zero stands for its events, but for those that reach back; where windows have no known
    # session at all, for none of them.
    stands = bool((begin < end).all())
    apart = np.flatnonzero(back) if stands else np.arange(len(rows))
    own = rows.zero[apart]
    first, last = own + window.first - back[apart], own + window.last
    spans = _spans(panel, rows.calendar[apart], first, last)
    if not stands:
        return clusters(*spans, rows.event)
    begin, end = np.append(begin, spans[0]), np.append(end, spans[1])
    shared = clusters(begin, end, np.arange(len(begin)))
    label = shared[days_zero.number]
    label[apart] = shared[len(zero) :]
    return join_events(label, rows.event)


def windows_overlap(
    rows: Rows,
    panel: Panel,
    window: Window,
    days_zero: DaysZero,
    some: Booleans,
    back: Integers | None = None,
) -> bool:
    """Whether windows of different days zero share a session.

    Parameters
    ----------
    rows : Rows
        N events.
    panel : Panel
        The calendars.
    window : Window
        The tested days.
    days_zero : DaysZero
        The events' days zero.
    some : array of bool, shape (N,)
        The events that count.
    back : array of int, shape (N,), optional
        As in :func:`clusters_of`; by default none reaches back.
    """
    number = days_zero.number[some]
    first = days_zero.zero + window.first
    if back is not None and back.any():
        # A date reaches back as far as the event of it that reaches furthest.
        np.minimum.at(first, number, rows.zero[some] + window.first - back[some])
    used = np.flatnonzero(np.bincount(number, minlength=len(days_zero)))
    last = days_zero.zero[used] + window.last
    spans = _spans(panel, days_zero.calendar[used], first[used], last)
    apart = clusters(*spans, np.arange(len(used)))
    return int(apart.max(initial=-1)) + 1 < len(used)


def _spans(
    panel: Panel, calendar: Integers, first: Integers, last: Integers
) -> tuple[Integers, Integers]:
    """Close before each first session, and close of each last one, in ns."""
    begin, end = np.empty(len(first), dtype=np.int64), np.empty(len(first), dtype=np.int64)
    for which in np.unique(calendar):
        here = calendar == which
        closes = panel.calendars[which].closes
        begin[here], end[here] = window_span(closes, first[here], last[here])
    return begin, end
