"""Price files as sheets: what the columns mean, and the cells of those that are needed.

A sheet is read in two steps, for a wide file holds more tickers than a study asks for: the head
says what the columns are, then the cells of the columns that are needed are read and checked.
"""

from __future__ import annotations

import array
import csv
import io
import itertools
import math
import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from eventstudy.arrays import Dates, Floats, Integers
from eventstudy.sources.cells import Faults, nearest, read_dates

LONGEST = 100_000  # sessions of four centuries: more rows are not one row a day

ROLES = {"adjclose": "adjusted", "adjustedclose": "adjusted", "close": "close", "open": "open"}
ROLES["return"] = "return"
_TICKERS = ("ticker", "symbol", "permno")
_OTHER_FIELDS = {"high", "low", "volume", "dividends", "stocksplits", "capitalgains", "repaired"}
DATE_NAMES = ("date", "datetime")
UNNAMED = ("", "__index_level_0__")
_CORNERS = ("", "price", "ticker", "symbols", "attributes")
_PLAIN = re.compile(r"[-+0-9.eE,]*")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?inf(inity)?", re.IGNORECASE)


@dataclass(frozen=True)
class Heading:
    """One column of a sheet.

    Attributes
    ----------
    position : int
        Place in the file, counted from 0.
    name : str
        Name as the file writes it.
    role : str
        "adjusted", "close", "open", "return", "ticker" for the tickers of the rows of a long sheet,
        or "" for a column that is not read.
    ticker : str
        Its ticker, "" where the whole file is one ticker's.
    """

    position: int
    name: str
    role: str
    ticker: str


@dataclass(frozen=True, eq=False)
class Head:
    """What the columns of a sheet are.

    Attributes
    ----------
    date : Heading
        The column of dates.
    columns : tuple of Heading
        The others. In a wide sheet, one column a ticker, their role is "wide".
    rows : int
        Rows that the head takes.
    """

    date: Heading
    columns: tuple[Heading, ...]
    rows: int

    @property
    def one_ticker(self) -> bool:
        """Whether the whole sheet is one ticker's."""
        return all(not heading.ticker for heading in self.columns)

    @property
    def tickers(self) -> Heading | None:
        """Column that names the ticker of each row, where there is one."""
        return next((heading for heading in self.columns if heading.role == "ticker"), None)

    def by_ticker(self) -> dict[str, list[Heading]]:
        """Columns of each ticker in the file's order; "" is the ticker of a sheet of one."""
        found: dict[str, list[Heading]] = {"": []} if self.one_ticker else {}
        for heading in self.columns:
            if bool(heading.ticker) != self.one_ticker:
                found.setdefault(heading.ticker, []).append(heading)
        return found


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells of the columns asked for.

    Attributes
    ----------
    dates : array of datetime64[D], shape (n,)
        In the file's order.
    values : array of float, shape (columns, n)
        NaN where the cell is empty or bad.
    lines : array of int, shape (n,)
        Line of each row in the file.
    timed : bool
        Whether times of day were left out of the dates.
    names : tuple of str
        Tickers of a long sheet, those too of which no row was asked for.
    which : array of int, shape (n,)
        Place in `names` of each row's ticker; empty where the sheet is not long.
    """

    dates: Dates
    values: Floats
    lines: Integers
    timed: bool
    names: tuple[str, ...] = ()
    which: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def rows(self, index: Integers) -> Grid:
        """Keep the rows at the given positions."""
        kept = self.dates[index], self.values[:, index], self.lines[index]
        return Grid(*kept, self.timed)


class Sheet(Protocol):
    """A file whose head has been read."""

    head: Head

    def read(
        self, columns: Sequence[Heading], faults: Faults, wanted: Set[str] | None = None
    ) -> Grid:
        """Read the dates and these columns; bad cells go into `faults`.

        Of a long sheet, where tickers are `wanted` (in small letters), their rows alone.
        """
        ...


def _key(name: str) -> str:
    return re.sub(r"[\s_.\-]", "", name).casefold()


def read_head(rows: Sequence[Sequence[str]], faults: Faults) -> Head | None:
    """Tell what the columns are from the first rows of a sheet.

    Known are one ticker (a column ``close``, ``adj_close`` or ``return``), a column ``ticker``
    beside those, one column a ticker, and the two-row heads that ``yfinance.download`` writes.
    None where it cannot be told.
    """
    first = [name.strip() for name in rows[0]]
    second = [name.strip() for name in rows[1]] if len(rows) > 1 else []
    pairs = _pairs(first, second)
    if pairs:
        rest = tuple(
            Heading(k, f"{field} {ticker}", ROLES.get(_key(field), ""), ticker)
            for k, (field, ticker) in enumerate(pairs, start=1)
        )
        third = [name.strip() for name in rows[2]] if len(rows) > 2 else []
        units = bool(third) and third[0].casefold() in (*DATE_NAMES, "") and not any(third[1:])
        date, height = Heading(0, third[0] if units else first[0], "", ""), 2 + units
    else:
        found = _date_heading(first, faults)
        if found is None:
            return None
        date, height = found, 1
        rest = _single_row(first, date.position)
    head = Head(date, rest, height)
    return head if _distinct(head, faults) else None


def _date_heading(names: list[str], faults: Faults) -> Heading | None:
    found = [k for k, name in enumerate(names) if name.casefold() in DATE_NAMES]
    if len(found) > 1:
        cure = "Keep one column of dates"
        faults.add(1, names[found[1]], "", "a second column of dates", cure)
        return None
    if found:
        return Heading(found[0], names[found[0]], "", "")
    if names and names[0] in UNNAMED:
        return Heading(0, "date", "", "")
    like = [name for known in DATE_NAMES for name in nearest(known, names, 1)]
    cure = f"Rename '{like[0]}' to 'date'" if like else "Name the column of dates 'date'"
    if len(names) == 1 and re.search("[;\t|]", names[0]):
        cure = "Separate the cells by commas, and write numbers with a point"
    faults.add(1, "", ", ".join(names), "no column of dates", cure)
    return None


def _single_row(names: list[str], date: int) -> tuple[Heading, ...]:
    others = [(k, name) for k, name in enumerate(names) if k != date]
    keys = [_key(name) for _, name in others]
    named = next((key for key in _TICKERS if key in keys), None)
    # RET may be a ticker, but beside a column of tickers it is the column of returns of CRSP.
    known = ROLES | ({} if named is None else {named: "ticker", "ret": "return"})
    roles = [known.get(key, "") for key in keys]
    if {"close", "adjusted", "return"}.intersection(roles):
        return tuple(Heading(*at, role, "") for at, role in zip(others, roles, strict=True))
    return tuple(Heading(k, name, "wide" if name else "", name) for k, name in others)


def _pairs(first: list[str], second: list[str]) -> list[tuple[str, str]]:
    """Field and ticker of each column after the first, where the head has two rows."""
    if len(first) != len(second) or len(first) < 2:
        return []
    corners = first[0].casefold() in _CORNERS and second[0].casefold() in _CORNERS
    if not corners or not all(second[1:]) or all(map(_NUMBER.fullmatch, second[1:])):
        return []
    for fields, tickers in ((first[1:], second[1:]), (second[1:], first[1:])):
        if all(_key(field) in ROLES or _key(field) in _OTHER_FIELDS for field in fields):
            return list(zip(fields, tickers, strict=True))
    return []


def _distinct(head: Head, faults: Faults) -> bool:
    seen: dict[tuple[str, str], Heading] = {}
    distinct = True
    for heading in head.columns:
        if not heading.role:
            continue
        key = (heading.role, heading.ticker)
        if key in seen:
            problem = "a column named twice"
            faults.add(1, heading.name, seen[key].name, problem, "Keep one of them")
            distinct = False
        seen.setdefault(key, heading)
    return distinct


class CsvSheet:
    """A CSV file in UTF-8 with commas.

    Parameters
    ----------
    data : bytes
        The whole file, known to be UTF-8.
    head : Head
        What its columns are.
    """

    def __init__(self, data: bytes, head: Head) -> None:
        self.head = head
        self._data = data

    @classmethod
    def of(cls, data: bytes, faults: Faults) -> CsvSheet | None:
        """Read the head of a file's bytes; None, and the reason in `faults`, where none is."""
        if not _is_text(data, faults):
            return None
        first = [row for _, row in itertools.islice(_rows(data, faults), 3)]
        if not first and not faults:
            cure = "Write a header, date,close, and one row a session"
            faults.add(None, "", "", "the file is empty", cure)
        if faults:
            return None
        head = read_head(first, faults)
        return cls(data, head) if head else None

    def read(
        self, columns: Sequence[Heading], faults: Faults, wanted: Set[str] | None = None
    ) -> Grid:
        """Read the dates and these columns, as :class:`Sheet` says."""
        lines: list[int] = []
        written: list[str] = []
        numbers = array.array("d")
        which, names = array.array("q"), _Tickers(self.head.tickers, wanted, faults)
        width, date = 0, self.head.date
        positions = [heading.position for heading in columns]
        plain = _is_plain(self._data, self.head.rows)
        for number, (line, row) in enumerate(_rows(self._data, faults)):
            if number == 0:
                width = len(row)
            if number < self.head.rows:
                continue
            if len(row) != width:
                problem = f"a row of another length than the header's {width} cells"
                cure = "Give every column a cell, empty where there is no price"
                faults.add(line, "", f"{len(row)} cells: {','.join(row)}", problem, cure)
                continue
            if wanted is not None:
                place = names.place(line, row)
                if place is None:
                    continue
                which.append(place)
            elif len(lines) == LONGEST:
                cure = "Write one row a day"
                faults.add(line, "", "", f"more than {LONGEST:,} rows", cure)
                break
            lines.append(line)
            written.append(row[date.position])
            cells = [row[position] for position in positions]
            found = _floats(cells) if plain or _PLAIN.fullmatch(",".join(cells)) else None
            if found is None:
                pairs = zip(columns, cells, strict=True)
                found = [_float(line, head.name, cell.strip(), faults) for head, cell in pairs]
            numbers.extend(found)
        where = np.array(lines, dtype=np.int64)
        dates, timed = read_dates(written, where, date.name, faults)
        values = np.frombuffer(numbers, dtype=float) if numbers else np.empty(0)
        values = np.ascontiguousarray(values.reshape(len(lines), len(columns)).T)
        return Grid(dates, values, where, timed, tuple(names.seen), np.array(which, dtype=np.int64))


class _Tickers:
    """Tickers of the rows of a long sheet, in the order in which they come."""

    def __init__(self, column: Heading | None, wanted: Set[str] | None, faults: Faults) -> None:
        self.seen: dict[str, int] = {}
        self._column, self._wanted, self._faults = column, wanted or (), faults

    def place(self, line: int, row: Sequence[str]) -> int | None:
        """Place of the row's ticker among those seen; None where it is not wanted."""
        assert self._column is not None
        name = row[self._column.position].strip()
        if not name:
            cure = "Fill the cell, or leave the row out"
            self._faults.add(line, self._column.name, "", "no ticker", cure)
            return None
        place = self.seen.setdefault(name, len(self.seen))
        return place if name.casefold() in self._wanted else None


def _is_text(data: bytes, faults: Faults) -> bool:
    cure = "Save the file as CSV in UTF-8"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        faults.add(None, "", "", "the file is UTF-16, not UTF-8", cure)
        return False
    if data[:4] == b"PK\x03\x04":
        faults.add(None, "", "", "the file is a spreadsheet or an archive, not CSV", cure)
        return False
    nul = data.find(b"\0")
    if nul >= 0:
        line = data.count(b"\n", 0, nul) + 1
        text = data[max(nul - 20, 0) : nul + 20].decode("ascii", "replace")
        faults.add(line, "", text, "a NUL character", cure)
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = f"byte {data[error.start]:#04x}"
        faults.add(line, "", byte, "text that is not UTF-8", cure)
        return False
    return True


def _is_plain(data: bytes, rows: int) -> bool:
    """Whether no cell below the head can be one of the odd texts that float() takes.

    They are nan, inf, 1_000 and digits of other scripts.
    """
    begin = 0
    for _ in range(rows):
        begin = data.find(b"\n", begin) + 1
    return data.isascii() and all(data.find(odd, begin) < 0 for odd in (b"n", b"N", b"_"))


def _rows(data: bytes, faults: Faults) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold anything, each with the line on which it begins."""
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
    reader = csv.reader(text, strict=True)
    line = 0
    try:
        for row in reader:
            begins, line = line + 1, reader.line_num
            if any(cell.strip() for cell in row):
                yield begins, row
    except csv.Error as error:
        cure = "Close every quote, and keep cells under 128 kB"
        faults.add(line + 1, "", str(error), "rows that are not CSV", cure)


def _floats(cells: list[str]) -> list[float] | None:
    try:
        return [*map(float, cells)]
    except ValueError:
        pass
    try:
        return [float(cell) if cell else math.nan for cell in cells]
    except ValueError:
        return None


def _float(line: int, column: str, cell: str, faults: Faults) -> float:
    if not cell:
        return math.nan
    if _NUMBER.fullmatch(cell):
        return float(cell)
    cure = "Write a number such as 1234.5, or leave the cell empty where there is no price"
    problem = "an infinite price" if _INFINITE.fullmatch(cell) else "not a number"
    faults.add(line, column, cell, problem, cure)
    return math.nan
