"""What rank and sign tests read of the estimation days: sums over events, taken block by block.

The sums of one block of events are formed at once and added up in the order of the blocks, so that
they have the same bits however the blocks are shared out.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.inference.history_block import Block, Daily, Figures, added, block_history
from eventstudy.inference.timeline import Days
from eventstudy.kernels.gather import rows_at
from eventstudy.stack import Stack
from eventstudy.windows import Window

# Below this share of an effect a spread is rounding: the effects are the same.
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Shares:
    """Figures of each event; every array has shape (N,).

    Attributes
    ----------
    positive : array of float
        Share of estimation days with a positive abnormal return; NaN without any.
    positive_runs : array of float
        Share of runs of L estimation days with a positive sum; NaN without any.
    effect_unit : array of float
        Rank of the effect among the estimation days over their number + 2, less one half.
    effect_days : array of int
        Values that were ranked: the estimation days and the effect.
    """

    positive: Floats
    positive_runs: Floats
    effect_unit: Floats
    effect_days: Integers

    def take(self, index: Integers) -> Shares:
        """Keep the events at the given positions."""
        return Shares(*(getattr(self, one.name)[index] for one in fields(self)))


@dataclass(frozen=True, eq=False)
class History:
    """Estimation days of the events of one window.

    Attributes
    ----------
    daily : Daily or None
        None where windows of different dates share sessions, so that sums by relative day have no
        use, and for a window that no event enters.
    shares : Shares
        Figures of each event, of those too that do not enter.
    """

    daily: Daily | None
    shares: Shares


@dataclass(frozen=True, eq=False)
class HistoryTask:
    """What histories are taken from, besides the estimation days.

    Attributes
    ----------
    windows : tuple of Window
        W windows.
    enters : array of bool, shape (N, W)
        Events that count in a window.
    effects : array of float, shape (N, W)
        Effects over their spread, on the scale of sigma; NaN where there is none.
    aligned : tuple of bool, length W
        Whether sums by relative day have a use.
    """

    windows: tuple[Window, ...]
    enters: Booleans
    effects: Floats
    aligned: tuple[bool, ...]

    @classmethod
    def of(
        cls,
        abnormal: Abnormal,
        windows: tuple[Window, ...],
        enters: Booleans,
        overlap: tuple[bool, ...],
    ) -> HistoryTask:
        """Scale the effects of N events; windows of different dates may share sessions."""
        effects = np.empty(enters.shape)
        for number, window in enumerate(windows):
            scar = abnormal.cumulate(window).scar
            effects[:, number] = scar / effect_spread(scar[enters[:, number]])
        effects *= abnormal.fit.sigma[:, None]
        shared = zip(windows, overlap, strict=True)
        aligned = tuple(len(window) == 1 or not overlaps for window, overlaps in shared)
        return cls(windows, enters, effects, aligned)


@dataclass(frozen=True, eq=False)
class RangeHistory:
    """Histories of some events, and the sums of each block of them, window by window."""

    events: Integers
    figures: Figures
    daily: list[list[Daily | None]]


class Histories:
    """Histories of all ranges of N events, added up in their order."""

    def __init__(self, events: int, windows: tuple[Window, ...]) -> None:
        self._stack = Stack[Figures](events)
        self._windows = windows
        self._daily: list[Daily | None] = [None] * len(windows)

    def add(self, part: RangeHistory) -> None:
        """Add the next range."""
        self._stack.add(part.figures, part.events)
        for block in part.daily:
            self._daily = added(self._daily, block)

    def whole(self) -> tuple[History, ...]:
        """Give the histories of all windows."""
        of = self._stack.whole()
        results: list[History] = []
        for number, (window, sums) in enumerate(zip(self._windows, self._daily, strict=True)):
            runs, effect = of["rising", len(window)], of["effect", number]
            results.append(History(sums, Shares(of["rising", 1], runs, effect, of["days", 1])))
        return tuple(results)


def effect_spread(scar: Floats) -> float:
    """Cross-sectional standard deviation of standardised effects, NaN where they do not vary."""
    if len(scar) < 2:
        return np.nan
    spread = float(np.std(scar, ddof=1))
    return spread if spread > ROUNDING * np.abs(scar).max() else np.nan


def take_history(task: HistoryTask, days: Days, start: int, stop: int) -> RangeHistory:
    """Take the history of the events of the dates from one place to another, whole lots.

    Parameters
    ----------
    task : HistoryTask
        The windows.
    days : Days
        The dates, and perhaps others.
    start, stop : int
        The places.
    """
    own = slice(*np.searchsorted(days.place, [start, stop]).tolist())
    events = days.timeline.dates.order[days.position[own]]
    abnormal = days.abnormal.take(own)
    hull = replace(abnormal.design, windows=task.windows).hull
    tested = abnormal.ar[:, abnormal.days(hull)] / np.sqrt(abnormal.window_innovations(hull))
    whole = Block(
        task.windows,
        task.aligned,
        days.raw[own],
        days.values[own],
        days.total[own],
        days.squares[own],
        tested,
        rows_at(task.effects, events),
        rows_at(task.enters, events),
    )
    stack = Stack[Figures](len(events))
    sums: list[list[Daily | None]] = []
    for some in days.blocks(start, stop):
        mine = slice(some.start - own.start, some.stop - own.start)
        figures, daily = block_history(whole.take(mine))
        stack.add(figures)
        sums.append(daily)
    return RangeHistory(events, stack.whole(), sums)
