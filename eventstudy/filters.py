"""Filters of warnings that threads take in turn: they belong to the process, not to a thread."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

_ALONE = threading.RLock()


@contextmanager
def filtered(
    action: Literal["ignore", "error"] = "ignore", category: type[Warning] = Warning
) -> Iterator[None]:
    """Ignore the warnings of a library, or raise them, for one thread at a time.

    Two threads that change the filters at once may put each other's back, and leave the process
    with a filter that nobody set.
    """
    with _ALONE, warnings.catch_warnings(action=action, category=category):
        yield
