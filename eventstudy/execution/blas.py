"""OpenBLAS on one thread while chunks run side by side."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from threading import Lock

from threadpoolctl import threadpool_limits  # pyright: ignore[reportMissingTypeStubs]

_lock = Lock()
_limits: list[threadpool_limits] = []
_users = [0]


@contextmanager
def one_thread() -> Generator[None]:
    """Hold linear algebra to one thread; the last to leave restores what the first one found.

    The number of threads belongs to the whole process. Two runs that overlap, and end in any order,
    must neither free each other's hold nor leave theirs behind.
    """
    with _lock:
        _users[0] += 1
        if _users[0] == 1:
            _limits.append(threadpool_limits(limits=1, user_api="blas"))
    try:
        yield
    finally:
        with _lock:
            _users[0] -= 1
            if _users[0] == 0:
                _limits.pop().restore_original_limits()
