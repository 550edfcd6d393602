"""Threads of this process: numpy lets go of the interpreter in gathers, ufuncs and products."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from itertools import islice
from typing import TypeVar

Result = TypeVar("Result")

# Ranges under way or done and waiting for their turn, a worker: with two, none idles while the
# consumer takes a result, and memory stays bounded where the consumer is slow.
LOOK_AHEAD = 2


def in_order(
    call: Callable[[int, int], Result],
    ranges: list[tuple[int, int]],
    workers: int,
    *,
    abandon: Callable[[], None] | None = None,
) -> Generator[Result]:
    """Call over ranges from threads; results in the order of the ranges.

    Parameters
    ----------
    call : callable
        ``call(start, stop)``.
    ranges : list of (int, int)
        Start and stop.
    workers : int
        Threads.
    abandon : callable, optional
        Called at the end, also an early one, to make calls under way return soon.

    Yields
    ------
    object
        What the calls returned.
    """
    remaining = iter(ranges)
    waiting: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="eventstudy")
    try:

        def submit(count: int) -> None:
            for start, stop in islice(remaining, count):
                # A copy of the context each: the caller's np.errstate holds in the threads too.
                waiting.append(pool.submit(copy_context().run, call, start, stop))

        submit(LOOK_AHEAD * workers)
        while waiting:
            result = waiting.popleft().result()
            submit(1)
            yield result
    finally:
        for future in waiting:
            future.cancel()
        if abandon is not None:
            abandon()
        pool.shutdown(wait=True, cancel_futures=True)
