"""Workers of an engine that stay from one piece of work to the next."""

from __future__ import annotations

from collections.abc import Callable, Generator
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from eventstudy.execution.engine import Engine, cores

if TYPE_CHECKING:
    from eventstudy.execution.cluster import Cluster
    from eventstudy.execution.processes import Team

Shared = TypeVar("Shared")
Result = TypeVar("Result")


class Workers:
    """Workers of an engine, for as many calls of :func:`~eventstudy.execution.map_chunks` as come.

    A process takes a second to import what a study needs, a cluster several to start: they begin
    with the first work, or by :meth:`begin`, and end with the ``with`` block.

    Parameters
    ----------
    engine : Engine
        Where to run.
    module : str
        What worker processes import as they begin; nothing by default.

    Attributes
    ----------
    engine : Engine
        Where to run.

    Raises
    ------
    ValueError
        Where work comes after the ``with`` block.
    """

    def __init__(self, engine: Engine, *, module: str = "") -> None:
        self.engine = engine
        self._module = module
        self._there: Team | Cluster | None = None
        self._over = False

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over = True
        there, self._there = self._there, None
        if there is not None:
            there.close()

    def begin(self, ranges: int) -> None:
        """Let worker processes for so many ranges begin, to import before there is work."""
        if self.engine.kind == "processes":
            self._processes().begin(ranges)

    def run(
        self,
        function: Callable[[Shared, int, int], Result],
        shared: Shared,
        ranges: list[tuple[int, int]],
    ) -> Generator[Result]:
        """Run a function over ranges, which are side by side; results in their order."""
        if self._over:
            raise ValueError("these workers have ended")
        if self.engine.kind == "dask":
            return self._cluster().run(function, shared, ranges)
        if self.engine.kind == "processes":
            return self._processes().run(function, shared, ranges)
        workers = min(self.engine.workers or cores(), len(ranges))
        if workers == 1:
            return (function(shared, start, stop) for start, stop in ranges)
        # Imported here, as the others are: a small study pays for none of them.
        from eventstudy.execution.threads import in_order

        return in_order(lambda start, stop: function(shared, start, stop), ranges, workers)

    def _cluster(self) -> Cluster:
        from eventstudy.execution.cluster import Cluster

        if not isinstance(self._there, Cluster):
            self._there = Cluster(self.engine.address)
        return self._there

    def _processes(self) -> Team:
        from eventstudy.execution.processes import Team

        if not isinstance(self._there, Team):
            self._there = Team(self.engine.workers or cores(), self._module)
        return self._there
