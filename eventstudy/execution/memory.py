"""One block of memory without a name, which worker processes map read-only.

A named block (``multiprocessing.shared_memory``) outlives a killed program, and before Python 3.13
every process that opens one also asks its resource tracker to remove it. A block without a name
goes with the last descriptor, however the processes end: there is nothing to clean up.
"""

from __future__ import annotations

import mmap
import os
import pickle
import tempfile
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Any

# Cache lines, and the widest registers.
ALIGNMENT = 64


@dataclass(frozen=True)
class Layout:
    """Where things lie in a block.

    Attributes
    ----------
    places : tuple of (int, int)
        First byte and length; the pickle first, then its buffers.
    """

    places: tuple[tuple[int, int], ...]


class Block:
    """An object in memory that can be shared: its pickle, and its arrays as they are.

    Attributes
    ----------
    layout : Layout
        Where things lie.
    """

    def __init__(self, content: object) -> None:
        buffers: list[pickle.PickleBuffer] = []
        head = pickle.dumps(content, protocol=5, buffer_callback=buffers.append)
        parts = [memoryview(head), *(buffer.raw() for buffer in buffers)]
        places: list[tuple[int, int]] = []
        end = 0
        for part in parts:
            start = -(-end // ALIGNMENT) * ALIGNMENT
            places.append((start, part.nbytes))
            end = start + part.nbytes
        self.layout = Layout(tuple(places))
        self._file = _nameless()
        try:
            for (start, _), part in zip(places, parts, strict=True):
                self._file.seek(start)
                self._file.write(part)
            self._file.flush()
        except BaseException:
            self._file.close()
            raise

    @property
    def descriptor(self) -> int:
        """File descriptor, for workers to be given."""
        return self._file.fileno()

    def __enter__(self) -> Block:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


def content(descriptor: int, layout: Layout) -> Any:
    """Map a block and load what it holds; arrays are read-only views of it."""
    whole = memoryview(mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ))
    head, *buffers = [whole[start : start + length] for start, length in layout.places]
    return pickle.loads(head, buffers=buffers)  # noqa: S301 (written by the process that started us)


def _nameless() -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("eventstudy"), "w+b")
    # Removed from its folder as soon as it is open.
    return tempfile.TemporaryFile(prefix="eventstudy")
