"""The one entrance: a function over ranges, by an engine."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import Any, TypeVar

from eventstudy.execution.engine import Engine
from eventstudy.execution.workers import Workers

Shared = TypeVar("Shared")
Result = TypeVar("Result")

Execute = Callable[[Callable[..., Any], Any, Sequence[tuple[int, int]]], Iterator[Any]]
"""Runs a function over ranges, as :func:`map_chunks` does with an engine of its own choice."""

# A small study does not pay the 3 ms that holding OpenBLAS to one thread costs the first time.
# Products event by event, and between so few events, are too small for a second thread anyway;
# a product of days by days (250 x 250) is not, from about 20 events on.
_FEW = 16


def chunks(count: int, size: int, *, block: int = 256) -> tuple[tuple[int, int], ...]:
    """Consecutive ranges over `count` events.

    Parameters
    ----------
    count : int
        Events.
    size : int
        Events a range, rounded up to whole blocks; the last range has what is left.
    block : int
        Every range begins at a multiple of it. The last bits of a matrix product depend on its
        shape: a function that works block by block gives the same bits for every `size`.

    Returns
    -------
    tuple of (int, int)
        First event and the one after the last of each range.

    Examples
    --------
    >>> chunks(1000, 300)
    ((0, 512), (512, 1000))
    """
    if count < 0 or size < 1 or block < 1:
        raise ValueError(f"no ranges of {size} in blocks of {block} over {count}")
    step = -(-size // block) * block
    return tuple((start, min(start + step, count)) for start in range(0, count, step))


def map_chunks(
    function: Callable[[Shared, int, int], Result],
    shared: Shared,
    ranges: Sequence[tuple[int, int]],
    *,
    engine: Engine | Workers | str = "serial",
    progress: Callable[[int, int], None] | None = None,
) -> Generator[Result]:
    """Run a function over ranges; results come in the order of the ranges, as they are asked for.

    One range alone is run in this thread, whatever the engine; with up to 16 events, by a call and
    nothing else. Otherwise OpenBLAS keeps to one thread until the last result is taken or the
    iterator closed: the ranges are what runs side by side, and with two threads a product of
    matrices has other last bits. Results that wait for their turn are at most twice as many as
    workers (four times on a cluster, most of them there). Who stops early should close the iterator
    (``contextlib.closing``): what waits is dropped, and processes at work are ended.

    Parameters
    ----------
    function : callable
        ``function(shared, start, stop)``, of an importable module. It must not change `shared`,
        and must not use ``warnings.catch_warnings`` under the serial engine: its filters belong
        to all threads.
    shared : object
        Anything that pickles. Contiguous arrays of numbers reach worker processes as read-only
        views of one block of memory; others (dates, texts, slices with steps) as copies.
    ranges : sequence of (int, int)
        First event and the one after the last. A range should cost 5 ms or more: 500 events at
        least.
    engine : Engine, Workers or str
        Where to run. With an engine or its description, workers are there for this call alone.
    progress : callable, optional
        Called with the ranges done and their total before each result is handed over.

    Yields
    ------
    object
        What the function returned.

    Raises
    ------
    StudyError
        No such engine.
    MissingExtraError
        Dask is not installed.
    EngineError
        Workers were lost again and again, or cannot load the function, or nobody answers at the
        address.
    Exception
        What the function raised, for the first range for which it did.
    """
    chosen = engine if isinstance(engine, Workers) else Engine.of(engine)
    plain = [(int(start), int(stop)) for start, stop in ranges]
    results = _results(function, shared, plain, chosen)
    return results if progress is None else _told(results, len(plain), progress)


def _results(
    function: Callable[[Shared, int, int], Result],
    shared: Shared,
    ranges: list[tuple[int, int]],
    engine: Engine | Workers,
) -> Generator[Result]:
    if not ranges:
        return
    if len(ranges) == 1:
        start, stop = ranges[0]
        if stop - start <= _FEW:
            yield function(shared, start, stop)
            return
        engine = Engine("serial", 1)
    # Imported here: a small study pays for none of them.
    from eventstudy.execution.blas import one_thread

    # For every engine: what the consumer computes in between must not depend on it either.
    with one_thread:
        if isinstance(engine, Workers):
            yield from engine.run(function, shared, ranges)
            return
        with Workers(engine) as own:
            yield from own.run(function, shared, ranges)


def _told(
    results: Generator[Result], total: int, progress: Callable[[int, int], None]
) -> Generator[Result]:
    with closing(results):
        for done, result in enumerate(results, 1):
            progress(done, total)
            yield result
