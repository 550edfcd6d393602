"""What travels through Dask, so that its arrays arrive where numpy wants them.

Dask hands over arrays as they lie in its messages, at odd addresses. numpy copies such an array
before a product, takes another routine for ``A @ A.T``, and the last bits differ.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from eventstudy.execution.memory import ALIGNMENT


class Parcel:
    """Anything that pickles; its arrays arrive aligned and read-only.

    Attributes
    ----------
    content : object
        What was put in.
    """

    def __init__(self, content: object) -> None:
        self.content: Any = content

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        buffers: list[pickle.PickleBuffer] = []
        head = pickle.dumps(self.content, protocol=5, buffer_callback=buffers.append)
        if protocol.__index__() < 5:
            # Dask's scheduler speaks protocol 4, which knows no buffers.
            return _opened, (head, [buffer.raw().tobytes() for buffer in buffers])
        return _opened, (head, buffers)


def _opened(head: bytes, buffers: Sequence[Any]) -> Parcel:
    return Parcel(pickle.loads(head, buffers=map(_aligned, buffers)))  # noqa: S301 (our own bytes)


def _aligned(buffer: Any) -> memoryview:
    """Return the buffer read-only, or a copy of it where it does not begin at a cache line."""
    there: NDArray[np.uint8] = np.frombuffer(buffer, np.uint8)
    if there.ctypes.data % ALIGNMENT:
        room = np.empty(there.size + ALIGNMENT, np.uint8)
        start = -room.ctypes.data % ALIGNMENT
        here = room[start : start + there.size]
        here[:] = there
        there = here
    return there.data.toreadonly()
