"""Many requests to one source: a few at a time, tried again, and never beyond a deadline.

Nothing here knows what is fetched. Threads are daemons and are left behind at the deadline, at a
keyboard interrupt, and once the source proves to be out of reach, so that none of them can hold up
the end of the program.
"""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from eventstudy.errors import NetworkError, PricesError

Found = TypeVar("Found")

LOST_IN_A_ROW = 5
"""After so many tickers without one that succeeds in between, the others are not asked for."""

_PARTING = 0.2


@dataclass(frozen=True)
class Patience:
    """How long and how often a source is asked.

    Attributes
    ----------
    deadline : float
        Seconds for all tickers together.
    workers : int
        Requests at the same time.
    attempts : int
        Tries a ticker has.
    pause : float
        Seconds before the second try; it doubles each time, give or take a half.
    """

    deadline: float
    workers: int
    attempts: int
    pause: float


class Failed(Exception):  # noqa: N818
    """One try that failed.

    Parameters
    ----------
    error : PricesError
        What to tell the user.
    again : bool
        Whether another try may succeed.
    slow : bool
        Whether it cost the whole time that one may wait: a ticker is tried so twice at most.
    over : bool
        Whether the source is out of reach, so that no other ticker need be tried.
    """

    def __init__(
        self, error: PricesError, *, again: bool = False, slow: bool = False, over: bool = False
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.again = again
        self.slow = slow
        self.over = over


class Run(Generic[Found]):
    """One round of fetching, as its workers see it."""

    def __init__(
        self,
        tickers: Sequence[str],
        fetch: Callable[[str, Run[Found]], Found],
        patience: Patience,
    ) -> None:
        self.tickers = tickers
        self.fetch = fetch
        self.patience = patience
        self.stopped = threading.Event()
        self._ends = time.monotonic() + patience.deadline
        self._opened = threading.Event()
        self._todo: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[str, Found | BaseException]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._lost = 0
        self._why: PricesError | None = None
        # Seconds between tries need not be secret.
        self._chance = random.Random()  # noqa: S311
        for ticker in tickers:
            self._todo.put(ticker)

    def left(self) -> float:
        """Seconds until the deadline, or 0 once the run is stopped."""
        return 0.0 if self.stopped.is_set() else max(0.0, self._ends - time.monotonic())

    def results(self) -> dict[str, Found | PricesError]:
        """Fetch all tickers; what cannot be had is an error in its place."""
        count = min(self.patience.workers, len(self.tickers))
        threads = [
            threading.Thread(target=self._work, args=(number,), daemon=True, name="prices")
            for number in range(count)
        ]
        found: dict[str, Found | PricesError] = {}
        try:
            for thread in threads:
                thread.start()
            while len(found) < len(self.tickers) and (left := self.left()):
                self._take(found, min(left, 0.1))
        finally:
            self.stopped.set()
            _await(threads)
        self._take(found, 0.0)
        return {
            ticker: found[ticker] if ticker in found else self._unasked(ticker)
            for ticker in self.tickers
        }

    def _take(self, found: dict[str, Found | PricesError], wait: float) -> None:
        """Move what is done to its place, waiting for the first of it."""
        try:
            ticker, outcome = self._done.get(timeout=wait) if wait else self._done.get_nowait()
            while True:
                if isinstance(outcome, PricesError) or not isinstance(outcome, BaseException):
                    found[ticker] = outcome
                else:
                    raise outcome
                ticker, outcome = self._done.get_nowait()
        except queue.Empty:
            return

    def _work(self, number: int) -> None:
        # The first ticker goes alone: it finds out whether the source can be reached, and gets the
        # cookies that the others need.
        while number and not self._opened.wait(0.1):
            if self.stopped.is_set():
                return
        while self.left():
            try:
                ticker = self._todo.get_nowait()
            except queue.Empty:
                return
            try:
                self._done.put((ticker, self._try(ticker)))
            except BaseException as error:  # noqa: BLE001  the caller raises it
                self._done.put((ticker, error))
            self._opened.set()

    def _try(self, ticker: str) -> Found | PricesError:
        for attempt in range(1, self.patience.attempts + 1):
            try:
                found = self.fetch(ticker, self)
            except Failed as failed:
                if failed.over:
                    self._stop(failed.error)
                pause = self.patience.pause * 2 ** (attempt - 1) * self._chance.uniform(0.5, 1.5)
                most = min(2, self.patience.attempts) if failed.slow else self.patience.attempts
                last = attempt >= most or pause >= self.left()
                if not failed.again or last or self.stopped.wait(pause):
                    self._count(failed)
                    return failed.error
            else:
                self._count(None)
                return found
        raise AssertionError("unreachable")

    def _count(self, failed: Failed | None) -> None:
        with self._lock:
            # An answer such as "no such ticker" shows that the source is well.
            self._lost = self._lost + 1 if failed is not None and failed.again else 0
            if failed is not None and self._lost >= LOST_IN_A_ROW:
                text = f"not asked for, as {self._lost} others failed before it: {failed.error}"
                self._stop(type(failed.error)(text))

    def _stop(self, why: PricesError) -> None:
        self._why = self._why or why
        self.stopped.set()

    def _unasked(self, ticker: str) -> PricesError:
        if self._why is not None:
            return type(self._why)(str(self._why))
        return NetworkError(
            f"no answer for {ticker} within {self.patience.deadline:g} seconds, the time for all "
            "tickers together. Try again: what is fetched already stays in the cache"
        )


def _await(threads: Sequence[threading.Thread]) -> None:
    """Give threads a moment: one in compiled code as the program ends may bring it to abort."""
    until = time.monotonic() + _PARTING
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(0.0, until - time.monotonic()))
