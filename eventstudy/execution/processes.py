"""Worker processes on this machine.

Programs of their own rather than ``multiprocessing``: that runs the user's script again in every
worker, unless it is guarded, and its pool is lost with one worker. Each worker is asked by a thread
of this process, so that order, look-ahead and errors are those of the threads.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import suppress
from pickle import PicklingError
from queue import SimpleQueue
from signal import Signals
from threading import Lock
from typing import Any, TypeVar

from eventstudy.errors import EngineError
from eventstudy.execution.failures import Failure
from eventstudy.execution.memory import Block
from eventstudy.execution.pipes import pack, receive, send
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


def run(
    function: Callable[[Shared, int, int], Result],
    shared: Shared,
    ranges: list[tuple[int, int]],
    workers: int,
) -> Generator[Result]:
    """Run a function over ranges in worker processes.

    Raises
    ------
    EngineError
        The function or what is shared does not pickle, or cannot be loaded by a worker; or a range
        has lost three workers.
    """
    if os.name != "posix":
        raise EngineError(
            "the engine processes needs a system whose processes inherit files. Use serial or dask"
        )
    try:
        block = Block((function, shared))
    except (PicklingError, AttributeError, TypeError) as error:
        raise _stuck(f"{error}") from error
    with block:
        team = _Team(block, workers)
        try:
            yield from in_order(team.call, ranges, workers, abandon=team.abandon)
        finally:
            team.close()


def _stuck(reason: str) -> EngineError:
    return EngineError(
        f"a worker process cannot load the function or its data ({reason}). What is defined in a "
        "script, a notebook or a function must move to a module that can be imported; or use serial"
    )


class _Team:
    """Workers, as many as threads that ask them."""

    def __init__(self, block: Block, count: int) -> None:
        self._block = block
        self._workers = [_Worker() for _ in range(count)]
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._lock = Lock()
        self._abandoned = False

    def call(self, start: int, stop: int) -> Any:
        """Ask a worker that is idle; where it ends without an answer, ask the one after it."""
        worker = self._idle.get()
        try:
            ends: list[str] = []
            while len(ends) < _TRIES:
                try:
                    self._ready(worker)
                    answer = worker.ask((start, stop))
                except (EOFError, OSError) as error:
                    ends.append(worker.end() or str(error))
                    continue
                if isinstance(answer, Failure):
                    answer.throw()
                return answer
        finally:
            self._idle.put(worker)
        raise EngineError(
            f"{_TRIES} worker processes in a row ended on events {start} to {stop - 1} without a "
            f"result ({', '.join(ends)}). Where memory ran out, use fewer workers "
            "(processes:2) or smaller chunks; serial shows the error of a library that crashes"
        )

    def abandon(self) -> None:
        """End all workers, whatever they do; they hold nothing that this could harm."""
        with self._lock:
            self._abandoned = True
            for worker in self._workers:
                worker.kill()

    def close(self) -> None:
        """Free what the workers leave."""
        self.abandon()
        for worker in self._workers:
            worker.end()

    def _ready(self, worker: _Worker) -> None:
        if worker.process is not None:
            return
        with self._lock:
            if self._abandoned:
                raise EngineError("the work was given up")
            worker.start(self._block.descriptor)
        answer = worker.ask(self._block.layout)
        if isinstance(answer, Failure):
            raise _stuck(f"{answer.kind.__qualname__}: {', '.join(map(str, answer.arguments))}")


class _Worker:
    """A process, or the place of one that has not begun or has ended."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, descriptor: int) -> None:
        """Begin a process.

        Raises
        ------
        OSError
            The system refuses another one.
        """
        program = (
            f"import sys; sys.path[:] = {list(map(str, sys.path))!r}; "
            f"from eventstudy.execution.worker import main; main({descriptor})"
        )
        self.process = subprocess.Popen(  # noqa: S603 (this interpreter, on our own text)
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(descriptor,),
            env=os.environ | _ONE_THREAD,
            # Ctrl-C is for this process, which ends its workers.
            process_group=0,
        )

    def ask(self, question: object) -> Any:
        """Send a question and wait for the answer.

        Raises
        ------
        EOFError, OSError
            The process has ended.
        """
        process = self.process
        if process is None or process.stdin is None or process.stdout is None:
            raise EOFError
        send(process.stdin, pack(question))
        return receive(process.stdout)

    def kill(self) -> None:
        """End the process now; what waits for its answer gets EOFError."""
        process = self.process
        if process is not None:
            process.kill()

    def end(self) -> str:
        """Free the process, which has ended or closed its pipes; how it ended."""
        process, self.process = self.process, None
        if process is None:
            return ""
        try:
            # One that ended by itself closes its pipes a little before it has an exit code.
            code = process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        return Signals(-code).name if code < 0 else f"exit code {code}"
