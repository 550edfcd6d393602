"""Events of one group in several windows: what tests read of many events at once.

What needs the estimation days of every event (correlations, ranks, shares of signs) is taken for
all windows of a group in one pass over its events, a range of them at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Booleans, Integers
from eventstudy.execution import Execute, map_chunks
from eventstudy.inference.correlations import (
    Correlation,
    Correlations,
    CorrelationTask,
    RangeSums,
    correlate,
)
from eventstudy.inference.day_zero import DaysZero, windows_overlap
from eventstudy.inference.history import (
    Histories,
    History,
    HistoryTask,
    RangeHistory,
    take_history,
)
from eventstudy.inference.timeline import Dates, Days, Timeline
from eventstudy.windows import Window


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
    together : bool
        Whether histories and correlations will both be asked for, so that one pass takes both.
    """

    abnormal: Abnormal
    windows: tuple[Window, ...]
    enters: Booleans
    execute: Execute = map_chunks
    together: bool = False

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
        return self._both[0] if self.together else self._pass(histories=True)[0]

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
        return self._both[1] if self.together else self._pass(correlations=True)[1]

    @property
    def passed(self) -> bool:
        """Whether the pass over the estimation days is done, so that windows share nothing more."""
        return not {"correlations", "_both"}.isdisjoint(vars(self))

    @cached_property
    def _both(self) -> tuple[tuple[History, ...], tuple[Correlation, ...]]:
        return self._pass(histories=True, correlations=True)

    def _pass(
        self, *, histories: bool = False, correlations: bool = False
    ) -> tuple[tuple[History, ...], tuple[Correlation, ...]]:
        """Pass over the estimation days of all events; what is not asked for is empty."""
        events, windows, enters, dates = self.abnormal, self.windows, self.enters, self.dates
        lead = tuple(int(one.max(initial=0)) for one in self.reach)
        task = _Task(
            # The effects are in the tasks, and need not go along.
            replace(events, effects={}),
            Timeline.of(events, windows, dates, lead),
            HistoryTask.of(events, windows, enters, self.overlap) if histories else None,
            CorrelationTask.of(events, windows, enters, dates, lead) if correlations else None,
        )
        history = Histories(len(self), windows)
        drawn = task.correlation is not None and task.correlation.signs is not None
        correlation = Correlations(dates.order, enters, drawn=drawn)
        for one, other in self.execute(_range_sums, task, task.timeline.ranges):
            if one is not None:
                history.add(one)
            if other is not None:
                correlation.add(other)
        return history.whole() if histories else (), correlation.whole() if correlations else ()


@dataclass(frozen=True, eq=False)
class _Task:
    """What a pass over the estimation days takes."""

    abnormal: Abnormal
    timeline: Timeline
    history: HistoryTask | None
    correlation: CorrelationTask | None


def _range_sums(task: _Task, start: int, stop: int) -> tuple[RangeHistory | None, RangeSums | None]:
    """Take what is asked for of the dates from one place of the timeline to another."""
    first, last, timeline = start, stop, task.timeline
    if task.correlation is not None:
        first, last = int(timeline.since[start]), int(timeline.upto[start:stop].max())
    days = Days.of(task.abnormal, timeline, first, last)
    return (
        None if task.history is None else take_history(task.history, days, start, stop),
        None if task.correlation is None else correlate(task.correlation, days, start, stop),
    )


def reach(abnormal: Abnormal, window: Window) -> Integers:
    """Sessions before a window that each event's returns reach back to, after a halt."""
    if not abnormal.panel.any_span and abnormal.given is None:
        return np.broadcast_to(np.int64(0), len(abnormal))
    spans = abnormal.window_spans(window)
    there = np.isfinite(abnormal.ar[:, abnormal.days(window)])
    back = np.where(there, spans - 1 - np.arange(len(window)), 0)
    return np.maximum(back, 0).max(axis=1, initial=0).astype(np.int64)
