"""Ctrl-C: heard wherever it falls."""

from __future__ import annotations

import signal
import sys
import threading
import time
from _thread import get_ident, interrupt_main, start_new_thread
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_SOON = 0.01  # seconds, by which such a place is left


class UnwrittenError(KeyboardInterrupt):
    """An interrupt at a time when nothing was written."""


@contextmanager
def unwritten() -> Iterator[None]:
    """Let an interrupt say that nothing was written, for a folder takes its place as a whole."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise UnwrittenError from error


@contextmanager
def heard() -> Iterator[None]:
    """Interrupt again where an interrupt fell into a place that can raise nothing.

    What is raised in the callback of a weak reference or in a destructor is reported and dropped:
    the run would go on to its end. A drawing has thousands of them.
    """
    usual = sys.unraisablehook
    main = get_ident()
    over = False

    def again() -> None:
        time.sleep(_SOON)
        if over:
            return
        if sys.platform == "win32":
            interrupt_main()
        else:  # wakes it, too, where it waits
            signal.pthread_kill(main, signal.SIGINT)

    def hook(dropped: UnraisableHookArgs) -> None:
        if issubclass(dropped.exc_type, KeyboardInterrupt):
            start_new_thread(again, ())
        else:
            usual(dropped)

    sys.unraisablehook = hook
    before = _as_interrupts()
    try:
        yield
    finally:
        over = True
        sys.unraisablehook = usual
        for number, handler in before.items():
            signal.signal(number, handler)


def _as_interrupts() -> dict[signal.Signals, Any]:
    """Let the signals that end a program do it as Ctrl-C does, so that it leaves nothing half."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    names = ("SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    # What was ignored from outside (nohup) stays so.
    heeded = [one for one in numbers if signal.getsignal(one) == signal.SIG_DFL]
    return {one: signal.signal(one, signal.default_int_handler) for one in heeded}
