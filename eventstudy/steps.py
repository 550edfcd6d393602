"""The steps of a run: what it tells of itself, and where it works."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from eventstudy.execution import Engine, Workers, map_chunks

Progress = Callable[[str], None]

# What workers need is copied for every group and kind of sum; the days of one range are summed in
# less than a tenth of a second.
FEW_RANGES = 16


def quiet(step: str) -> None:
    """Tell nobody."""
    del step


@dataclass(frozen=True)
class Steps:
    """What a run tells of itself, and where it works.

    Attributes
    ----------
    progress : callable
        Told of each step as it begins, and how far it has come.
    workers : Workers
        There until the run ends.
    """

    progress: Progress
    workers: Workers
    _now: list[str] = field(default_factory=list)

    def begin(self, step: str) -> None:
        """Begin a step."""
        self._now[:] = [step]
        self.progress(step)

    def execute(
        self, function: Callable[..., Any], shared: Any, ranges: Sequence[tuple[int, int]]
    ) -> Iterator[Any]:
        """Run a function over ranges of events."""
        return map_chunks(function, shared, ranges, engine=self.workers, progress=self._told)

    def add_up(
        self, function: Callable[..., Any], shared: Any, ranges: Sequence[tuple[int, int]]
    ) -> Iterator[Any]:
        """Sum over ranges of events: in this process where they are few."""
        engine = _here(self.workers.engine, ranges) or self.workers
        return map_chunks(function, shared, ranges, engine=engine, progress=self._told)

    def add_up_later(
        self, function: Callable[..., Any], shared: Any, ranges: Sequence[tuple[int, int]]
    ) -> Iterator[Any]:
        """Sum when the run is over and its workers are gone; nothing is told."""
        engine = self.workers.engine
        return map_chunks(function, shared, ranges, engine=_here(engine, ranges) or engine)

    def _told(self, done: int, total: int) -> None:
        if total > 1:
            self.progress(f"{self._now[-1]}: {100 * done // total} %")


def _here(engine: Engine, ranges: Sequence[tuple[int, int]]) -> Engine | None:
    """Threads of this process in place of an engine that so few ranges are not worth."""
    return Engine() if engine.kind != "serial" and len(ranges) < FEW_RANGES else None
