"""What the tests run over ranges; a module of its own, for workers to import."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from eventstudy.errors import EventsError, Problem


@dataclass(frozen=True, eq=False)
class Columns:
    values: np.ndarray
    days: np.ndarray
    folder: Path = Path()


@dataclass(frozen=True, eq=False)
class Sums:
    start: int
    rows: np.ndarray
    product: np.ndarray


def columns(folder: Path = Path()) -> Columns:
    values = np.random.default_rng(7).standard_normal((4_000, 250))
    return Columns(values, np.arange(4_000).astype("datetime64[D]"), folder)


def sums(shared: Columns, start: int, stop: int) -> Sums:
    rows = shared.values[start:stop]
    # Later ranges are done sooner.
    time.sleep(0.0005 * max(0, 20 - start // 100))
    return Sums(start, np.exp(rows).sum(axis=1), rows[:212] @ rows[:212].T)


def same(left: list[Sums], right: list[Sums]) -> bool:
    return len(left) == len(right) and all(
        a.start == b.start
        and a.rows.tobytes() == b.rows.tobytes()
        and a.product.tobytes() == b.product.tobytes()
        for a, b in zip(left, right, strict=True)
    )


def place(shared: Columns, start: int, stop: int) -> tuple[int, bool, bool]:
    time.sleep(0.01)
    return os.getpid(), bool(shared.values.flags.owndata), bool(shared.values.flags.writeable)


def blas_threads(shared: Any, start: int, stop: int) -> set[int]:
    np.ones((300, 300)) @ np.ones((300, 300))
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


def begin(shared: Path, start: int, stop: int) -> int:
    (shared / f"begun{start}").touch()
    return start


def die_once(shared: Columns, start: int, stop: int) -> Sums:
    """Die at range 1000 the first time, and at 1100 where the folder has room for two."""
    for fatal in (1000, 1100):
        marker = shared.folder / f"die{fatal}"
        if start == fatal and marker.exists():
            marker.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
    return sums(shared, start, stop)


def die(shared: Any, start: int, stop: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leave(shared: Any, start: int, stop: int) -> None:
    os._exit(3)


def fail(shared: Any, start: int, stop: int) -> int:
    time.sleep(0.05 if start == 2 else 0.0)
    if start >= 2:
        raise EventsError("events.csv", [Problem(start, "date", "x", "is no date", "Write one.")])
    return start


class StubbornError(Exception):
    def __reduce__(self) -> Any:
        raise TypeError("not to be pickled")

    def __init__(self) -> None:
        super().__init__(lambda: None)


def fail_stubbornly(shared: Any, start: int, stop: int) -> None:
    raise StubbornError


def chatter(shared: Any, start: int, stop: int) -> int:
    sys.stdout.write("a line on standard output\n")
    return start


def linger(shared: Any, start: int, stop: int) -> int:
    if start:
        time.sleep(60)
    return os.getpid()


def place_slowly(shared: Any, start: int, stop: int) -> int:
    time.sleep(0.3)
    return os.getpid()


def unpicklable(shared: Any, start: int, stop: int) -> object:
    return lambda: start


def text(shared: Any, start: int, stop: int) -> str:
    return repr(shared)
