"""Linear algebra on one thread while chunks run side by side."""

from __future__ import annotations

from threading import Lock
from types import TracebackType

from threadpoolctl import threadpool_limits  # pyright: ignore[reportMissingTypeStubs]


class _OneThread:
    """Holds OpenBLAS (or MKL, BLIS) to one thread; the last to leave restores what was before.

    The number of threads belongs to the whole process. Runs that overlap, and end in any order,
    must neither free each other's hold nor leave theirs behind. A library that is loaded in the
    meantime is not held.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._limits: threadpool_limits | None = None

    def __enter__(self) -> None:
        with self._lock:
            self._users += 1
            if self._limits is None:
                self._limits = threadpool_limits(limits=1, user_api="blas")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0 and self._limits is not None:
                self._limits.restore_original_limits()
                self._limits = None


one_thread = _OneThread()
