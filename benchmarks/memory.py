"""What this process and its workers take, in MB and seconds; for benchmarks/scale.py."""

from __future__ import annotations

import os
import resource
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np


class Workers:
    """Watches the memory of child processes, on Linux, that start while something runs.

    The largest resident memory that a process had, by the kernel's account, which counts pages that
    it shares with others in full. ``getrusage`` has it of children, too, but begins with that of
    the process that started them.
    """

    def __init__(self) -> None:
        self.largest = np.nan
        self._before: frozenset[int] = frozenset()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Workers:
        self._before = frozenset(_children(os.getpid()))
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            for child in set(_children(os.getpid())) - self._before:
                self.largest = float(np.fmax(self.largest, _peak(child)))


def _children(process: int) -> Iterator[int]:
    try:
        lists = [
            task.joinpath("children").read_text()
            for task in Path(f"/proc/{process}/task").iterdir()
        ]
    except OSError:
        return
    for text in lists:
        for child in map(int, text.split()):
            yield child
            yield from _children(child)


def _peak(process: int) -> float:
    """Peak resident memory of a process in MB, NaN where it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return np.nan
    found = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(found[0].split()[1]) / 1024 if found else np.nan


def living_seconds() -> float:
    """Seconds of processor of child processes that have not ended, on Linux."""
    ticks = 0
    for child in _children(os.getpid()):
        with suppress(OSError):
            # The name, in brackets, may hold anything. Then own time, and that of ended children.
            rest = Path(f"/proc/{child}/stat").read_text(errors="replace").rpartition(")")[2]
            ticks += sum(map(int, rest.split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def forget_peak() -> None:
    """Let the peak begin anew, where the system can: making the inputs took memory, too."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def own_peak() -> float:
    """Peak resident memory of this process in MB."""
    if sys.platform == "linux":
        return _peak(os.getpid())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024**2 if sys.platform == "darwin" else 1024)
