"""Events of one group in several windows: what tests read of many events at once.

What needs the estimation days of every event (correlations, ranks, shares of signs) is taken for
all windows of a group in one pass over its events, a range of them at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Booleans, Integers
from eventstudy.estimation import Execute
from eventstudy.execution import map_chunks
from eventstudy.inference.correlations import Correlation, Dates, correlate
from eventstudy.inference.day_zero import DaysZero, windows_overlap
from eventstudy.inference.history import History, histories
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
        return correlate(
            self.abnormal, self.windows, self.enters, self.dates, self.reach, self.execute
        )


def reach(abnormal: Abnormal, window: Window) -> Integers:
    """Sessions before a window that each event's returns reach back to, after a halt."""
    if not abnormal.panel.any_span and abnormal.given is None:
        return np.broadcast_to(np.int64(0), len(abnormal))
    spans = abnormal.window_spans(window)
    there = np.isfinite(abnormal.ar[:, abnormal.days(window)])
    back = np.where(there, spans - 1 - np.arange(len(window)), 0)
    return np.maximum(back, 0).max(axis=1, initial=0).astype(np.int64)
