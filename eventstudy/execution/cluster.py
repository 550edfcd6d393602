"""A Dask cluster: one that runs, or one on this machine for as long as a run."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from importlib import import_module
from itertools import islice
from math import inf
from time import monotonic
from typing import Any, TypeVar

from eventstudy.errors import EngineError
from eventstudy.execution.blas import one_thread
from eventstudy.execution.engine import cores
from eventstudy.execution.failures import Failure
from eventstudy.execution.parcels import Parcel

Shared = TypeVar("Shared")
Result = TypeVar("Result")

# Ranges under way or waiting for their turn, a thread: it takes about 20 ms until a task that is
# handed in has come back, and with two a thread would idle meanwhile.
_LOOK_AHEAD = 4
# Seconds until a scheduler must have answered.
_PATIENCE = 10.0
# Seconds until one worker must be there, at the beginning and after all were lost.
_ARRIVAL = 30.0
# Seconds to wait for a result before asking again, at first. A result that was fetched from a
# worker just as it was lost comes only when asked for anew, or after half a minute.
_ASK_AGAIN = 2.0
# Times that all workers that hold the data may be lost between one result and the next.
_TRIES = 3
_LOGGERS = ("distributed", "distributed.client", "tornado")


class Cluster:
    """A cluster that is there for one call after the other.

    Parameters
    ----------
    address : str or None
        Of a running scheduler; None to start one on this machine.

    Raises
    ------
    EngineError
        Nobody answers at the address, or no cluster could be started.
    """

    def __init__(self, address: str | None) -> None:
        with ExitStack() as stack:
            stack.enter_context(_quiet())
            self._client = stack.enter_context(_client(address))
            self._stack = stack.pop_all()

    def run(
        self,
        function: Callable[[Shared, int, int], Result],
        shared: Shared,
        ranges: list[tuple[int, int]],
    ) -> Generator[Result]:
        """Run a function over ranges.

        Raises
        ------
        EngineError
            Workers were lost again and again, or they cannot load the function.
        """
        yield from _Run(self._client, function, shared).results(ranges)

    def close(self) -> None:
        """Leave the cluster; one that was started here ends."""
        self._stack.close()


def task(function: Callable[[Any, int, int], Any], shared: Parcel, start: int, stop: int) -> Parcel:
    """Run one range on a Dask worker; an exception of the function is a result like others."""
    with one_thread:
        try:
            return Parcel(function(shared.content, start, stop))
        except Exception as error:  # noqa: BLE001 (raised again by the client)
            return Parcel(Failure.of(error))


class _Run:
    """One function and its data on a cluster."""

    def __init__(
        self, client: Any, function: Callable[[Shared, int, int], Any], shared: Shared
    ) -> None:
        self._client = client
        self._function = function
        self._shared = Parcel(shared)
        self._data: Any = None
        self._threads = 0
        self._counted = -inf

    def results(self, ranges: list[tuple[int, int]]) -> Generator[Any]:
        """Results in the order of the ranges."""
        self._scatter()
        remaining = iter(ranges)
        waiting: deque[tuple[tuple[int, int], Any]] = deque()
        losses = 0
        while True:
            ahead = _LOOK_AHEAD * self._count()
            for pair in islice(remaining, max(0, ahead - len(waiting))):
                waiting.append((pair, self._submit(pair)))
            if not waiting:
                return
            pair, future = waiting[0]
            try:
                answer = self._answer(future, pair)
            except CancelledError:
                # Every worker that held the data is gone, and with it all that waited for it.
                losses += 1
                if losses == _TRIES:
                    raise _lost(pair, f"the cluster lost its data {_TRIES} times") from None
                self._scatter()
                waiting = deque((pair, self._submit(pair)) for pair, _ in waiting)
                continue
            losses = 0
            waiting.popleft()
            del future
            if isinstance(answer, Failure):
                answer.throw()
            yield answer

    def _count(self) -> int:
        """Count the threads of all workers, at least 1; asked once a second, for clusters grow."""
        now = monotonic()
        if now > self._counted + 1:
            try:
                self._threads = sum(self._client.nthreads().values())
            except OSError as error:
                raise _away(error) from error
            self._counted = now
        return max(1, self._threads)

    def _scatter(self) -> None:
        """Lay the data on every worker: any of them can be lost without the others."""
        try:
            self._client.wait_for_workers(1, timeout=_ARRIVAL)
            # In a list, for Dask would scatter the parts of a dict or tuple; not hashed, for that
            # reads all of it.
            (self._data,) = self._client.scatter([self._shared], broadcast=True, hash=False)
        except (OSError, CancelledError) as error:
            raise EngineError(
                f"the Dask cluster has no worker that takes the data ({error}). Start one: "
                f"dask worker {self._client.scheduler.address}"
            ) from error

    def _submit(self, pair: tuple[int, int]) -> Any:
        # pure=False: the key is drawn rather than hashed from the arguments, which takes long.
        return self._client.submit(task, self._function, self._data, *pair, pure=False)

    def _answer(self, future: Any, pair: tuple[int, int]) -> Any:
        wait = _ASK_AGAIN
        while True:
            try:
                return future.result(timeout=wait).content
            except TimeoutError:
                # Longer each time, so that one that takes long to send arrives in the end.
                wait *= 2
            except CancelledError:
                raise
            except OSError as error:
                raise _away(error) from error
            except Exception as error:
                # The function's own exceptions are results: this one is of the machinery.
                if type(error).__name__ == "KilledWorker":
                    raise _lost(pair, str(error)) from error
                raise EngineError(
                    f"a Dask worker cannot run the function ({type(error).__name__}: {error}). Its "
                    "workers need the same packages in the same versions as this program"
                ) from error


def _away(error: OSError) -> EngineError:
    return EngineError(
        f"the Dask scheduler went away ({error}). Start it again, or use dask, processes or serial"
    )


def _lost(pair: tuple[int, int], reason: str) -> EngineError:
    return EngineError(
        f"events {pair[0]} to {pair[1] - 1} have no result: {reason}. Where workers ran out of "
        "memory, use smaller chunks or larger workers; serial shows the error of a library that "
        "crashes"
    )


@contextmanager
def _client(address: str | None) -> Generator[Any]:
    distributed: Any = import_module("distributed")
    if address is None:
        try:
            cluster = distributed.LocalCluster(
                n_workers=cores(),
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                # Any port: without an address its server of figures asks for 8787.
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                # As both end, a worker may lose its scheduler, and logs that as an error; what
                # counts comes back as an exception.
                silence_logs=logging.CRITICAL,
            )
        except (OSError, RuntimeError) as error:
            raise EngineError(
                f"no Dask cluster could be started on this machine ({error}). In a script, the "
                'study must run under: if __name__ == "__main__": (Dask runs the script again in '
                "each worker); or use processes, which needs no such line"
            ) from error
        with cluster, distributed.Client(cluster, set_as_default=False) as client:
            yield client
        return
    try:
        client = distributed.Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise EngineError(
            f"no Dask scheduler answers at {address} ({error}). Start one (dask scheduler), or use "
            "dask, processes or serial"
        ) from error
    with client:
        yield client


@contextmanager
def _quiet() -> Generator[None]:
    """Keep Dask's loggers to errors: it tells of every worker that comes and goes."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
