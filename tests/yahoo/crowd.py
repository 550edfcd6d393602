"""Programs that write the price cache, killed or all at once; run as a program of its own.

A process with one thread, so that its children can be forked, which is fast. A series holds one
number throughout, its generation: a series of two numbers would be one that is half replaced.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import sys
import time
import traceback
from collections import Counter
from datetime import date
from itertools import count
from pathlib import Path

import numpy as np

from eventstudy.panel import PriceSeries
from eventstudy.sources.store import PriceStore
from eventstudy.sources.store_rows import Kept

TICKERS = ("AAA", "BBB", "CCC")
SESSIONS = 400
FIRST, LAST = date(2020, 1, 1), date(2020, 12, 31)
DAYS = np.arange("2020-01-01", SESSIONS, dtype="datetime64[D]")


def kept(ticker: str, generation: int) -> Kept:
    values = np.full(SESSIONS, float(generation))
    series = PriceSeries(ticker, DAYS, values, "prices", "crowd")
    return Kept("crowd", series, FIRST, LAST, "2021-01-01T00:00:00Z")


def generations(store: PriceStore) -> dict[str, int]:
    """Generation of each series that is there, each whole and intact."""
    found, damaged = store.read("crowd", TICKERS)
    assert not damaged, f"{damaged} are damaged"
    for one in found.values():
        assert len(one.series.values) == SESSIONS
        assert np.ptp(one.series.values) == 0, "a series of two fetches"
    return {ticker: int(one.series.values[0]) for ticker, one in found.items()}


def write_until_killed(store: PriceStore, begin: int, told: int) -> None:
    for generation in count(begin):
        ticker = TICKERS[generation % len(TICKERS)]
        store.write([kept(ticker, generation)])
        os.write(told, f"{ticker} {generation}\n".encode())


def start_writer(store: PriceStore, begin: int) -> tuple[int, int]:
    """Fork a writer; its process, and where it tells what is written."""
    reader, teller = os.pipe()
    child = os.fork()
    if not child:
        try:
            write_until_killed(store, begin, teller)
        finally:
            os._exit(1)
    os.close(teller)
    return child, reader


def seconds_of_three_writes(store: PriceStore) -> float:
    began = time.monotonic()
    child, reader = start_writer(store, 0)
    with os.fdopen(reader) as lines:
        for _ in range(3):
            lines.readline()
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return time.monotonic() - began


def kill(folder: Path, kills: int) -> None:
    """Kill a writer at random moments; what it told to be written must be there."""
    chance = random.Random(20201218)
    longest = seconds_of_three_writes(PriceStore(folder / "first.db"))
    store, sure, tally = PriceStore(folder / "0.db"), {}, Counter()
    for number in range(kills):
        if number % 10 == 0:  # the first moments of a file are worth a look too
            store, sure = PriceStore(folder / f"{number}.db"), {}
        child, reader = start_writer(store, max(sure.values(), default=0) + 100)
        time.sleep(chance.uniform(0.0, longest))
        os.kill(child, signal.SIGKILL)
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL, "a writer gave up"
        with os.fdopen(reader) as lines:
            written = {ticker: int(generation) for ticker, generation in map(str.split, lines)}
        sure |= written
        tally["in time" if written else "too soon"] += 1
        there = generations(store)
        for ticker, generation in sure.items():
            assert there.get(ticker, -1) >= generation, f"{ticker} of {generation} is lost"
        if number % 10 == 9:
            base = sqlite3.connect(store.path)
            assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            base.close()
    sys.stdout.write(f"{tally['in time']} {tally['too soon']}")


def together(folder: Path, programs: int, rounds: int) -> None:
    """Let programs read and write one file from its first moment on."""
    store = PriceStore(folder / "prices.db")
    children = []
    for number in range(programs):
        child = os.fork()
        if not child:
            code = 1
            try:
                for generation in range(rounds):
                    ticker = TICKERS[(number + generation) % len(TICKERS)]
                    store.write([kept(ticker, 1000 * number + generation)])
                    assert generations(store)
                code = 0
            except Exception:  # noqa: BLE001
                traceback.print_exc()
            finally:
                os._exit(code)
        children.append(child)
    codes = [os.waitpid(child, 0)[1] for child in children]
    assert not any(codes), codes
    sys.stdout.write(str(len(generations(store))))


if __name__ == "__main__":
    task, place, *numbers = sys.argv[1:]
    {"kill": kill, "together": together}[task](Path(place), *map(int, numbers))
