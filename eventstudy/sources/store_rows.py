"""Tables of the price cache: one row a series, one row a bar, and a digest over both."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np

from eventstudy.panel import PriceSeries
from eventstudy.sources.bars import COLUMNS, Bars, BarSeries, bars_of, series_of

SCHEMA = 1
APPLICATION = 0x45565354  # "EVST", in the file's header
DAMAGED: Literal["damaged"] = "damaged"

_TABLES = (
    """
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    ticker TEXT NOT NULL,
    label TEXT NOT NULL,
    kind TEXT NOT NULL,
    first TEXT NOT NULL,
    last TEXT NOT NULL,
    fetched TEXT NOT NULL,
    client TEXT NOT NULL,
    origin TEXT NOT NULL,
    notes TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    UNIQUE (source, ticker)
)""",
    """
CREATE TABLE bars (
    series INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
    date TEXT NOT NULL,
    open REAL, high REAL, low REAL, close REAL, adjusted REAL,
    volume REAL, dividend REAL, split REAL,
    PRIMARY KEY (series, date)
) WITHOUT ROWID""",
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {SCHEMA}",
)
_ALL = """
SELECT id, source, ticker, label, kind, first, last, fetched, client, origin, notes, sha256
FROM series ORDER BY source, ticker"""
_ONE = """
SELECT id, source, ticker, label, kind, first, last, fetched, client, origin, notes, sha256
FROM series WHERE source = ? AND ticker = ?"""
_BARS = """
SELECT date, open, high, low, close, adjusted, volume, dividend, split FROM bars
WHERE series = ? ORDER BY date"""
_NEW = """
INSERT INTO series
(source, ticker, label, kind, first, last, fetched, client, origin, notes, sha256)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_NEW_BAR = """
INSERT INTO bars (series, date, open, high, low, close, adjusted, volume, dividend, split)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


@dataclass(frozen=True, eq=False)
class Kept:
    """A series as the cache keeps it.

    Attributes
    ----------
    source : str
        Name of the source that was asked; with the ticker it is the key.
    series : PriceSeries
        As its source gave it; a :class:`BarSeries` when it is read.
    first, last : date
        The range that was asked for, both inside; the series may begin later and end sooner.
    fetched : str
        Instant of the fetch, ISO 8601 in UTC.
    """

    source: str
    series: PriceSeries
    first: date
    last: date
    fetched: str


@dataclass(frozen=True)
class Listed:
    """What the cache holds, one line a series.

    Attributes
    ----------
    source, ticker, client : str
        Where it is from, what it is, and the program and version that fetched it.
    first, last : str
        First and last date with a bar, "" where there is none.
    bars : int
        Rows.
    fetched : str
        Instant of the fetch, ISO 8601 in UTC.
    intact : bool
        Whether the digest fits the figures.
    """

    source: str
    ticker: str
    client: str
    first: str
    last: str
    bars: int
    fetched: str
    intact: bool


@contextlib.contextmanager
def transaction(base: sqlite3.Connection) -> Iterator[None]:
    """All or nothing."""
    base.execute("BEGIN IMMEDIATE")
    try:
        yield
        base.execute("COMMIT")
    except BaseException:
        # SQLite may have rolled back by itself, as on a full disk.
        with contextlib.suppress(sqlite3.Error):
            base.execute("ROLLBACK")
        raise


def make(base: sqlite3.Connection) -> None:
    """Make the tables in an empty file, within a transaction."""
    for statement in _TABLES:
        base.execute(statement)


def replace(base: sqlite3.Connection, kept: Kept) -> None:
    """Put a series in the place of the one that was there."""
    one = kept.series
    bars = bars_of(one)
    head = (
        *(kept.source, one.ticker, one.source, one.kind),
        *(kept.first.isoformat(), kept.last.isoformat(), kept.fetched),
        *(one.client if isinstance(one, BarSeries) else "", one.sha256, json.dumps(one.notes)),
    )
    columns = [getattr(bars, name).tolist() for name in COLUMNS]
    days = bars.dates.astype("datetime64[D]").astype(str).tolist()
    with transaction(base):
        base.execute("DELETE FROM series WHERE source = ? AND ticker = ?", head[:2])
        number = base.execute(_NEW, (*head, _digest(head, bars))).lastrowid
        rows = zip(days, *columns, strict=True)
        base.executemany(_NEW_BAR, ((number, *row) for row in rows))


def remove_all(base: sqlite3.Connection) -> int:
    """Remove every series; their number."""
    with transaction(base):
        count = base.execute("DELETE FROM series").rowcount
    with contextlib.suppress(sqlite3.OperationalError):  # in use: the room is given back later
        base.execute("VACUUM")
    return count


def find(base: sqlite3.Connection, source: str, ticker: str) -> Kept | Literal["damaged"] | None:
    """Find a series; DAMAGED where its digest does not fit."""
    row = base.execute(_ONE, (source, ticker)).fetchone()
    return None if row is None else _kept(base, row)


def listing(base: sqlite3.Connection) -> list[Listed]:
    """List all series by source and ticker."""
    return [_listed(base, row) for row in base.execute(_ALL).fetchall()]


def _digest(head: Sequence[str], bars: Bars) -> str:
    return hashlib.sha256(json.dumps([*head, bars.sha256]).encode()).hexdigest()


def _bars(base: sqlite3.Connection, number: int) -> Bars:
    rows = base.execute(_BARS, (number,)).fetchall()
    dates, *columns = zip(*rows, strict=True) if rows else [()] * (len(COLUMNS) + 1)
    figures = {
        name: np.array(column, dtype=np.float64)
        for name, column in zip(COLUMNS, columns, strict=True)
    }
    return Bars(np.array(dates, dtype="datetime64[D]"), **figures)


def _kept(base: sqlite3.Connection, row: tuple[Any, ...]) -> Kept | Literal["damaged"]:
    number, *head, digest = row
    source, ticker, label, kind, first, last, fetched, client, origin, notes = head
    try:
        bars = _bars(base, number)
        if _digest(head, bars) != digest:
            return DAMAGED
    except (TypeError, ValueError):
        return DAMAGED
    series = series_of(
        ticker,
        bars,
        source=label,
        kind=kind,
        retrieved=fetched,
        client=client,
        notes=tuple(json.loads(notes)),
        sha256=origin,
    )
    return Kept(source, series, date.fromisoformat(first), date.fromisoformat(last), fetched)


def _listed(base: sqlite3.Connection, row: tuple[Any, ...]) -> Listed:
    number, source, ticker, _, _, _, _, fetched, client, *_ = row
    count, first, last = base.execute(
        "SELECT count(*), min(date), max(date) FROM bars WHERE series = ?", (number,)
    ).fetchone()
    intact = _kept(base, row) != DAMAGED
    return Listed(source, ticker, client, first or "", last or "", count, fetched, intact)
