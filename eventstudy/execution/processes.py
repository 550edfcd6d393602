"""Worker processes on this machine.

Programs of their own rather than ``multiprocessing``: that runs the user's script again in every
worker, unless it is guarded, and its pool is lost with one worker. Each worker is asked by a thread
of this process, so that order, look-ahead and errors are those of the threads.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from pickle import PicklingError
from queue import SimpleQueue
from signal import Signals
from threading import Lock
from typing import Any, TypeVar

from eventstudy.errors import EngineError
from eventstudy.execution.failures import Failure
from eventstudy.execution.memory import Block
from eventstudy.execution.messages import pack, receive, send, send_descriptor
from eventstudy.execution.threads import in_order

Shared = TypeVar("Shared")
Result = TypeVar("Result")

# Workers that a range may lose before it is given up.
_TRIES = 3
# By environment, so that it holds for libraries that the function loads later, too.
_ONE_THREAD = dict.fromkeys(
    (
        "OPENBLAS_NUM_THREADS",
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)


class Team:
    """Worker processes that answer one call after the other.

    Parameters
    ----------
    count : int
        Processes at most. Each begins when it is first needed.
    module : str
        What they import as they begin.

    Raises
    ------
    EngineError
        The system has no processes that inherit files.
    """

    def __init__(self, count: int, module: str = "") -> None:
        if os.name != "posix":
            raise EngineError(
                "the engine processes needs a system whose processes inherit files. Use serial or "
                "dask"
            )
        self._module = module
        self._workers = [_Worker(module) for _ in range(count)]
        self._taken = Lock()
        self._job: _Job | None = None

    def begin(self, count: int) -> None:
        """Let so many processes begin before there is work."""
        for worker in self._workers[:count]:
            # What the system refuses now is told when there is work.
            with suppress(OSError):
                worker.start()

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
            The function or what is shared does not pickle, or cannot be loaded by a worker; or a
            range has lost three workers.
        """
        if not self._taken.acquire(blocking=False):
            # Work inside other work, whose workers must not be asked two things at once.
            with closing(Team(len(self._workers), self._module)) as other:
                yield from other.run(function, shared, ranges)
            return
        try:
            with _block(function, shared) as block:
                self._job = job = _Job(block, self._workers[: len(ranges)])
                try:
                    yield from in_order(job.call, ranges, len(job.workers), abandon=job.abandon)
                finally:
                    for worker in job.workers:
                        worker.forget()
        finally:
            self._job = None
            self._taken.release()

    def close(self) -> None:
        """End all processes, whatever they do; they hold nothing that this could harm."""
        if self._job is not None:
            self._job.abandon()
        for worker in self._workers:
            worker.kill()
        for worker in self._workers:
            worker.end()


def _block(function: Callable[..., Any], shared: object) -> Block:
    try:
        return Block((function, shared))
    except (PicklingError, AttributeError, TypeError) as error:
        raise _stuck(f"{error}") from error


def _stuck(reason: str) -> EngineError:
    return EngineError(
        f"a worker process cannot load the function or its data ({reason}). What is defined in a "
        "script, a notebook or a function must move to a module that can be imported; or use serial"
    )


class _Job:
    """A function, what it shares, and the workers that it is run by, one thread each."""

    def __init__(self, block: Block, workers: list[_Worker]) -> None:
        self.workers = workers
        self._block = block
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        for worker in workers:
            self._idle.put(worker)
        self._lock = Lock()
        self._busy: set[_Worker] = set()
        self._abandoned = False

    def call(self, start: int, stop: int) -> Any:
        """Ask a worker that is idle; where it ends without an answer, ask the one after it."""
        worker = self._idle.get()
        try:
            ends: list[str] = []
            while len(ends) < _TRIES:
                try:
                    self._take(worker)
                    failure = worker.load(self._block)
                    answer = failure or worker.ask((start, stop))
                except (EOFError, OSError) as error:
                    ends.append(worker.end() or str(error))
                    continue
                except EngineError:
                    raise
                except BaseException:
                    # The rest of an answer may be on its way, which nobody would know from another.
                    worker.kill()
                    worker.end()
                    raise
                if failure is not None:
                    told = ", ".join(map(str, failure.arguments))
                    raise _stuck(f"{failure.kind.__qualname__}: {told}")
                if isinstance(answer, Failure):
                    answer.throw()
                return answer
        finally:
            with self._lock:
                self._busy.discard(worker)
            self._idle.put(worker)
        raise EngineError(
            f"{_TRIES} worker processes in a row ended on events {start} to {stop - 1} without a "
            f"result ({', '.join(ends)}). Where memory ran out, use fewer workers "
            "(processes:2) or smaller chunks; serial shows the error of a library that crashes"
        )

    def abandon(self) -> None:
        """End the workers that are asked right now."""
        with self._lock:
            self._abandoned = True
            for worker in self._busy:
                worker.kill()

    def _take(self, worker: _Worker) -> None:
        with self._lock:
            if self._abandoned:
                raise EngineError("the work was given up")
            self._busy.add(worker)
            # Inside the lock: who gives up ends this process too, or none begins.
            worker.start()


class _Worker:
    """A process, or the place of one that has not begun or has ended."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._loaded: Block | None = None

    def start(self) -> None:
        """Begin a process, where there is none.

        Raises
        ------
        OSError
            The system refuses another one.
        """
        if self._process is not None:
            return
        program = (
            f"import sys; sys.path[:] = {list(map(str, sys.path))!r}; "
            f"from eventstudy.execution.worker import main; main({self._module!r})"
        )
        channel, its = socket.socketpair()
        with its:
            # Whatever the program has set for new sockets, a range may take its time.
            channel.setblocking(True)
            its.setblocking(True)
            try:
                self._process = subprocess.Popen(  # noqa: S603 (this interpreter, on our own text)
                    [sys.executable, "-c", program],
                    stdin=its.fileno(),
                    stdout=subprocess.DEVNULL,
                    env=os.environ | _ONE_THREAD,
                    # Ctrl-C is for this process, which ends its workers.
                    process_group=0,
                )
            except OSError:
                channel.close()
                raise
        self._channel = channel

    def load(self, block: Block) -> Failure | None:
        """Give the process a block that it does not have; None, or the Failure to load it.

        Raises
        ------
        EOFError, OSError
            The process has ended.
        """
        if self._loaded is block:
            return None
        channel = self._open()
        send(channel, pack(block.layout))
        send_descriptor(channel, block.descriptor)
        answer = receive(channel)
        if isinstance(answer, Failure):
            return answer
        self._loaded = block
        return None

    def forget(self) -> None:
        """Let the process drop the block that it has; where it has ended that was done."""
        if self._loaded is not None and self._channel is not None:
            with suppress(OSError):
                send(self._channel, pack(None))
        self._loaded = None

    def ask(self, question: tuple[int, int]) -> Any:
        """Send a range and wait for the answer.

        Raises
        ------
        EOFError, OSError
            The process has ended.
        """
        send(self._open(), pack(question))
        return receive(self._open())

    def kill(self) -> None:
        """End the process now; what waits for its answer gets EOFError."""
        process = self._process
        if process is not None:
            process.kill()

    def end(self) -> str:
        """Free the process, which has ended or closed its socket; how it ended."""
        process, channel = self._process, self._channel
        self._process = self._channel = self._loaded = None
        if channel is not None:
            channel.close()
        if process is None:
            return ""
        try:
            # One that ended by itself closes its socket a little before it has an exit code.
            code = process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        return Signals(-code).name if code < 0 else f"exit code {code}"

    def _open(self) -> socket.socket:
        if self._channel is None:
            raise EOFError
        return self._channel
