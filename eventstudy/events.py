"""Events: what was announced, when, and which securities it may have moved."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from eventstudy.arrays import Booleans, Integers
from eventstudy.csvfile import read_table
from eventstudy.errors import EventsError
from eventstudy.instants import Moments, read_dates, read_instants
from eventstudy.tables import (
    NAME_LIMIT,
    Column,
    Diagnosis,
    Finding,
    Problems,
    Table,
    check_frame,
    frame_table,
    in_notebook,
    likeness,
    longest,
    shown,
)
from eventstudy.tickers import TICKER, given_tickers, spread, ticker_fault

PRECISIONS = ("minute", "hour", "assumed")

_TEXTS = (
    "precision",
    "kind",
    "actor",
    "title",
    "source",
    "benchmark",
    "group",
    "exchange",
    "notes",
)
_MOMENTS = ("announced_at", "date")
KNOWN = ("event_id", *_MOMENTS, "tickers", "ticker", "written", *_TEXTS)
_PER_SECURITY = ("tickers", "ticker", "benchmark", "exchange")

EXAMPLE = """\
# A template for events.csv: one row an event, or one row an event and security.
# Lines that begin with # are skipped. Save the file as UTF-8, with commas between the cells.
#
# event_id      a name of your choice; rows with the same event_id are one event
# announced_at  the instant in ISO 8601 with its offset from UTC: 2020-09-04T17:00-04:00
# date          in its place, a calendar date in each security's own market, time unknown
# precision     of announced_at: minute, hour, or assumed (an hour that you supposed)
# tickers       one or more, separated by spaces or semicolons; --tickers fills empty cells
# kind          sanction, retaliation, report, ... : groups that are tested together
# actor, title, source, group, notes     free text; group names a further group
# benchmark     only where the default one of the exchange is not wanted
# Other columns are kept and travel to the results.
#
event_id,announced_at,date,precision,tickers,kind,actor,title,source,benchmark,group,notes
CHIPS-2022,2022-10-07T11:19-04:00,,minute,NVDA AMAT,sanction,US BIS,Rules on advanced chips,\
US Federal Register 87 FR 62186,^SOX,chips,
CHIPS-2022,2022-10-07T11:19-04:00,,minute,0981.HK,sanction,US BIS,Rules on advanced chips,\
US Federal Register 87 FR 62186,^HSI,chips,
REVIEW-2023,2023-03-31T20:56+08:00,,minute,MU,retaliation,CAC,"Review of Micron, by China",\
press reports,,chips,earnings two days before
TARIFF-2018,,2018-03-22,,^GSPC; 000001.SS,sanction,US President,Tariffs announced,\
press reports,,trade,time of day not known
"""


@dataclass(frozen=True, eq=False)
class Events:
    """Events and their securities, checked.

    Attributes
    ----------
    frame : DataFrame
        One row an event and security, RangeIndex. In this order: ``event_id``, ``ticker`` ("" where
        none is given yet), ``announced_at`` (datetime64[ns, UTC]; NaT where a date was given),
        ``written`` (the instant's calendar date on the clock it was written in, "" where a date was
        given), ``date`` (datetime64[s]; NaT where an instant was given), ``precision``, ``kind``,
        ``actor``, ``title``, ``source``, ``benchmark``, ``group``, ``exchange``, ``notes``, then
        unknown columns. All but the instant and the date are text, "" where nothing was given;
        texts are as they were written and may hold control characters (see ``tables.shown``).
    name : str
        The file's name without its folder, or "frame".
    sha256 : str
        Digest of the file's bytes, "" for a frame.
    """

    frame: pd.DataFrame
    name: str
    sha256: str

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, tickers: Sequence[str] | str = ()) -> Events:
        """Check the events of a frame.

        Parameters
        ----------
        frame : DataFrame
            The columns of events.csv; ``ticker`` may stand for ``tickers``. A million rows take a
            second, and columns that are not there take no memory. Instants are ISO 8601
            texts with an offset, or datetimes with a time zone; dates are texts, dates or
            datetimes at midnight. What is missing (None, NaN, NaT) is an empty cell. The ``frame``
            of other events is fine, too, with its column ``written``.
        tickers : sequence of str
            What fills the empty cells of ``tickers``.

        Raises
        ------
        EventsError
            With every problem; its line is the row's position plus 2.

        Examples
        --------
        >>> import pandas as pd
        >>> rows = {"event_id": ["BAN"], "date": ["2023-05-22"], "tickers": ["MU; 0981.HK"]}
        >>> events = Events.from_frame(pd.DataFrame(rows))
        >>> events.ids, len(events), list(events.frame["ticker"])
        (('BAN',), 2, ['MU', '0981.HK'])

        Millions of rows are columns, one row an event and security, with a benchmark that is a
        column of the prices:

        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> which, when = rng.integers(0, 500, 10_000), rng.integers(0, 2_500, 10_000)
        >>> many = pd.DataFrame(
        ...     {
        ...         "event_id": [f"E{number}" for number in range(10_000)],
        ...         "date": np.datetime64("2010-01-04") + when,
        ...         "ticker": np.array([f"T{number:03d}" for number in range(500)])[which],
        ...         "benchmark": "MKT",
        ...     }
        ... )
        >>> Events.from_frame(many)
        <Events frame: 10000 events, 10000 rows, 2010-01-04 to 2016-11-07>
        """
        check_frame(frame, "frame", EventsError, "read_events")
        table = frame_table(frame, "frame", _MOMENTS)
        if not len(frame):
            table.problems.add(None, "", "", "the frame has no rows", "Give at least one row")
        return _events(table, tickers)

    def with_tickers(self, tickers: Sequence[str] | str) -> Events:
        """Give the same events with ``tickers`` wherever an event has none.

        Raises
        ------
        EventsError
            Where a ticker has a bad form or is given twice.
        """
        filled = Events.from_frame(self.frame, tickers=tickers)
        return replace(filled, name=self.name, sha256=self.sha256)

    @property
    def ids(self) -> tuple[str, ...]:
        """Every ``event_id`` once, in the order of the table."""
        return tuple(self.frame["event_id"].unique())

    def __len__(self) -> int:
        return len(self.frame)

    def _summary(self) -> str:
        days = self.frame["date"].fillna(self.frame["announced_at"].dt.tz_localize(None))
        ids, rows = self.frame["event_id"].nunique(), len(self.frame)
        counts = f"{ids} event{'s'[: ids != 1]}, {rows} row{'s'[: rows != 1]}"
        return f"{shown(self.name)}: {counts}, {days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}"

    def __repr__(self) -> str:
        return f"<Events {self._summary()}>"

    def _repr_html_(self) -> str:
        listed = self.frame.head(50)
        table = listed.loc[:, (listed != "").any().to_numpy()].copy()
        for name in table.select_dtypes(exclude=["datetime", "datetimetz"]):
            table[name] = table[name].map(shown)
        rest = len(self.frame) - len(listed)
        more = f"<p>and {rest:,} more rows</p>" if rest else ""
        html = table.to_html(index=False, escape=True, na_rep="", border=0)
        return in_notebook(f"<p><b>Events</b> {escape(self._summary())}</p>", html, more)


def read_events(path: str | PathLike[str], *, tickers: Sequence[str] | str = ()) -> Events:
    """Read events.csv.

    Parameters
    ----------
    path : str or path
        A CSV file, UTF-8, of at most 10 MB and 64 kB a cell. Columns: ``event_id``;
        ``announced_at`` with ``precision``, or ``date``, or both, one of the two filled in each
        row; ``tickers``; and at will ``kind``, ``actor``, ``title``, ``source``, ``benchmark``,
        ``group``, ``exchange``, ``notes``. Others are kept. Lines that begin with # are skipped.
    tickers : sequence of str
        What fills the empty cells of ``tickers``.

    Raises
    ------
    EventsError
        With every problem at once, each with line, column, value and cure.
    """
    return _events(read_table(path, EventsError, KNOWN), tickers)


def _events(table: Table, tickers: Sequence[str] | str) -> Events:
    given = given_tickers(tickers, table.problems)
    _check_names(table, needs_tickers=not tickers)
    ids = table.column("event_id")
    _check_ids(table, ids)
    instants, dates = (read_instants(table, "announced_at"), read_dates(table, "date"))
    _check_one_of_both(table, instants, dates)
    _check_precision(table, instants)
    written = _written(table, instants)
    _check_agreement(table, ids, instants, dates, written)
    owners, securities = spread(table, _ticker_name(table), given)
    _check_pairs(table, ids, owners, securities)
    _check_alike(table, securities)
    _check_benchmark(table, owners, securities)
    table.problems.raise_any(EventsError, table.name)
    frame = pd.DataFrame(
        {
            "event_id": ids.series(owners),
            "ticker": securities.series(np.arange(len(owners))),
            "announced_at": pd.Series(instants.instants[owners]).dt.tz_localize("UTC"),
            "written": written.series(owners),
            "date": dates.dates[owners].astype("datetime64[s]"),
        }
    )
    others = [name for name in table.columns if name not in KNOWN]
    columns = {name: table.column(name).series(owners) for name in (*_TEXTS, *others)}
    frame = pd.concat([frame, pd.DataFrame(columns)], axis=1)
    return Events(frame, Path(table.name).name, table.sha256)


def _check_names(table: Table, *, needs_tickers: bool) -> None:
    table.require("event_id", KNOWN)
    if "announced_at" not in table and "date" not in table:
        names = [name for name in table.columns if name not in KNOWN]
        meant = likeness("announced_at", names) or likeness("date", names)
        cure = f"Is '{shown(meant)}' meant? Rename it" if meant else "Add one of the two"
        table.problems.add(None, "", "", "neither a column announced_at nor a column date", cure)
    if "ticker" in table and "tickers" in table:
        problem = "both a column ticker and a column tickers"
        table.problems.add(None, "ticker", "", problem, "Keep one of the two")
    elif "ticker" not in table and needs_tickers:
        table.require("tickers", KNOWN)


def _check_ids(table: Table, ids: Column) -> None:
    if "event_id" in table:
        table.flag(~ids.filled, "event_id", ("the event has no id", "Give it a name"))
        if longest(ids.values) > NAME_LIMIT or not "".join(ids.values).isprintable():
            bad = [len(text) > NAME_LIMIT or not text.isprintable() for text in ids.values]
            table.flag(ids.where(bad), "event_id", _id_fault)


def _id_fault(text: str) -> Diagnosis:
    if len(text) > NAME_LIMIT:
        return f"an id of {len(text):,} characters", f"Keep to {NAME_LIMIT}"
    return "an id with control characters", "Write letters, digits and other printable characters"


def _check_one_of_both(table: Table, instants: Moments, dates: Moments) -> None:
    cure = "Keep the instant where it is known, else the date"
    both = instants.filled & dates.filled
    table.flag(both, "date", ("announced_at and date are both filled", cure))
    if "announced_at" in table or "date" in table:
        name = "announced_at" if "announced_at" in table else "date"
        cure = "Give announced_at with its offset, or date where the time of day is not known"
        neither = ~instants.filled & ~dates.filled
        table.flag(neither, name, ("neither an instant nor a date", cure))


def _check_precision(table: Table, instants: Moments) -> None:
    if "precision" not in table:
        if instants.filled.any():
            table.require("precision", KNOWN)
        return
    column = table.column("precision")
    unknown = column.where([text not in ("", *PRECISIONS) for text in column.values])
    table.flag(unknown, "precision", _precision_fault)
    cure = "Write minute, hour, or assumed where the time of day is a supposition"
    missing = instants.filled & ~column.filled
    table.flag(missing, "precision", ("an instant without its precision", cure))


def _precision_fault(text: str) -> Diagnosis:
    meant = likeness(text, PRECISIONS)
    hint = f"Is '{meant}' meant? " if meant else ""
    return "not a precision", f"{hint}Write minute, hour or assumed"


def _written(table: Table, instants: Moments) -> Column:
    """Calendar dates on the announcers' own clocks: as given, else by the offsets."""
    given = read_dates(table, "written")
    distance = np.abs(given.dates - instants.instants.astype("datetime64[D]"))
    cure = "Give the date of the instant on its own clock, or leave the column out"
    problem = "more than a day from the instant"
    table.flag(distance > np.timedelta64(1, "D"), "written", (problem, cure))
    dates = np.where(np.isnat(given.dates), instants.dates, given.dates)
    dates[np.isnat(instants.instants)] = np.datetime64("NaT")
    codes, days = pd.factorize(dates)
    texts = np.array([*np.datetime_as_string(days.astype("datetime64[D]")), ""], dtype=object)
    # the code of NaT, -1, is the last text, ""
    return Column(np.asarray(codes, dtype=np.int64) % len(texts), texts)


def _check_agreement(
    table: Table, ids: Column, instants: Moments, dates: Moments, written: Column
) -> None:
    """Compare each row with the first one of its event."""
    if _all_differ(ids.codes):
        return
    last_first = np.arange(len(table))[::-1]
    firsts = np.zeros(len(ids.values), dtype=np.int64)
    firsts[ids.codes[last_first]] = last_first  # of several rows of an event the first one stays
    first = firsts[ids.codes]
    agreeing = ("event_id", "written", *_MOMENTS, *_PER_SECURITY)
    for name in table.columns:
        if name not in agreeing:
            codes = table.column(name).codes
            _flag_disagreement(table, ids, name, codes != codes[first], first)
    instant, day = instants.instants, dates.dates
    known = ~np.isnat(instant) & ~np.isnat(instant[first])
    differs = known & ((instant != instant[first]) | (written.codes != written.codes[first]))
    _flag_disagreement(table, ids, "announced_at", differs, first)
    differs = ~np.isnat(day) & ~np.isnat(day[first]) & (day != day[first])
    _flag_disagreement(table, ids, "date", differs, first)
    one = instants.filled != dates.filled
    mixed = one & one[first] & (instants.filled != instants.filled[first])
    _flag_disagreement(table, ids, "announced_at", mixed, first)


def _flag_disagreement(
    table: Table, ids: Column, name: str, differs: Booleans, first: Integers
) -> None:
    def disagreement(row: int) -> Finding:
        other = shown(table.text(name, int(first[row]))) or "nothing"
        event, line = shown(table.text("event_id", row)), table.lines[first[row]]
        problem = f"the rows of event {event} disagree: line {line} has {other}"
        cure = "Write the same on every row of an event, or give this row an id of its own"
        return int(table.lines[row]), name, table.text(name, row) or "nothing", problem, cure

    table.problems.add_each(np.flatnonzero(differs & ids.filled), disagreement)


def _all_differ(codes: Integers) -> bool:
    return int(np.bincount(codes).max(initial=0)) <= 1


def _ticker_name(table: Table) -> str:
    return "ticker" if "ticker" in table else "tickers"


def _check_pairs(table: Table, ids: Column, owners: Integers, securities: Column) -> None:
    if _all_differ(ids.codes[owners]):
        return
    pairs = ids.codes[owners] * len(securities.values) + securities.codes
    order = np.argsort(pairs, kind="stable")
    again = np.flatnonzero(np.diff(pairs[order]) == 0) + 1

    def double(place: int) -> Finding:
        row, earlier = int(owners[order[place]]), owners[order[place - 1]]
        ticker = str(securities.values[securities.codes[order[place]]])
        event = shown(table.text("event_id", row))
        what = f"has {ticker} twice" if ticker else "is there twice without a ticker"
        problem = f"event {event} {what}, on line {table.lines[earlier]} before"
        return int(table.lines[row]), _ticker_name(table), ticker, problem, "Keep one of the two"

    table.problems.add_each(again[ids.filled[owners[order[again]]]], double)


def _check_alike(table: Table, securities: Column) -> None:
    """Note tickers that differ by case only, and names that look the same: one of each is wrong."""
    _note_alike(table.problems, _ticker_name(table), securities, str.casefold)
    for name in ("event_id", "kind", "group"):
        _note_alike(table.problems, name, table.column(name), _as_it_looks)


def _as_it_looks(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _note_alike(problems: Problems, name: str, column: Column, key: Callable[[str], str]) -> None:
    joined = "".join(column.values)
    if key is _as_it_looks and joined.isascii() and not re.search(r"\s\s|[^\S ]", joined):
        return  # of a million plain ids none looks like another
    texts = set(column.values)
    first: dict[str, str] = {}
    for text in column.values:
        seen = key(text)
        if seen == text:
            continue
        other = seen if seen in texts else first.setdefault(seen, text)
        if other != text:
            problem = f"it looks like {other!a}, which is another text"
            problems.add(None, name, ascii(text), problem, "Write both alike, or apart")


def _check_benchmark(table: Table, owners: Integers, securities: Column) -> None:
    column = table.column("benchmark")
    table.flag(~column.matches(TICKER) & column.filled, "benchmark", ticker_fault)
    if not column.filled.any():
        return
    # tickers as codes of the benchmarks' texts, -1 for a ticker that is no benchmark
    known = pd.Index(column.values).get_indexer(pd.Index(securities.values))
    own = column.filled[owners] & (column.codes[owners] == known[securities.codes])
    rows = np.zeros(len(table), dtype=bool)
    rows[owners[own]] = True
    cure = "Name another benchmark, or leave the cell empty for the exchange's default"
    table.flag(rows, "benchmark", ("a ticker that is its own benchmark", cure))
