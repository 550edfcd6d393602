"""Running a function over ranges of many events: here, in worker processes, on a Dask cluster.

Knows no finance. The engine decides where the work is done and never what comes out: results arrive
in the order of the ranges, with the same bits.
"""

from eventstudy.execution.engine import Engine
from eventstudy.execution.mapping import Execute, chunks, map_chunks
from eventstudy.execution.workers import Workers

__all__ = ["Engine", "Execute", "Workers", "chunks", "map_chunks"]
