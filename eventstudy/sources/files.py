"""Prices from the user's own files: one file a ticker, one wide file, or one long file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np

from eventstudy.errors import NoDataError, PriceFileError, PricesError
from eventstudy.panel import PriceSeries
from eventstudy.sources.base import Kind, Quotes, check_kind, unknown
from eventstudy.sources.cells import Faults, FileProblem
from eventstudy.sources.parquet import ParquetSheet
from eventstudy.sources.sheets import CsvSheet, Heading, Sheet
from eventstudy.sources.sheetseries import note_no_column, ordered, sheet_series, used_columns
from eventstudy.tables import shown

SUFFIXES = (".csv", ".parquet")
LARGEST_FILE = 512 * 1024 * 1024

_LISTED = 200
_HINTED = 20
_ONE_A_DAY = "Keep one row a day, and one ticker a file (or one column a ticker)"


@dataclass(frozen=True, eq=False)
class FilePrices:
    r"""Prices from a folder with one file a ticker, or from one file, wide or long.

    Parameters
    ----------
    path : str or path
        A folder with ``TICKER.csv`` or ``TICKER.parquet`` (the extra ``parquet``), or one file.
        A folder with a single price file is read as that file.
    kind : {"prices", "returns"}
        What a wide file holds, a file with dates down and one column a ticker. Of a file that has
        closes and returns, ``returns`` takes the returns.

    Notes
    -----
    *Which file.* Names are compared with the folder's listing; no path is ever built from a
    ticker. ``MU.csv`` is taken for MU; else the one file whose name differs in letter case only;
    else, for ``^GSPC``, the one named ``GSPC``, unless GSPC is asked for too. A note of the series
    tells where the name differed. Two files that fit equally well are refused.

    *Columns of one ticker's file*, in any letter case: ``date`` (or ``datetime``, or an unnamed
    first column), and ``adj_close`` (``Adj Close``, ``adjclose``, ``adjusted_close``), else
    ``close``, which a note then calls unadjusted as far as the file says; else ``return``, simple
    returns in decimals. ``open`` is brought to the scale of the adjusted closes; an open of 0
    stands in many vendors' files for none and is missing. The layouts of ``yfinance.download``
    are known, with both of their two-row heads.

    *Long files.* One file with a column ``ticker`` (or ``symbol``, or ``permno``) beside those has
    one row a ticker and day; its returns may be called ``ret``, too. A file that is named as a
    ticker, or stands among others, is read as that ticker's, whatever such a column says.

    *Cells.* An empty cell is missing, and nothing else is. Dates are ISO; of a timestamp the local
    calendar date as written counts. Rows run forwards, or backwards all through.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     text = "date,close,adj_close\n2024-01-02,20,10\n2024-01-03,21,10.5\n"
    ...     _ = Path(folder, "MU.csv").write_text(text)
    ...     quotes = FilePrices(folder).load(["MU"], date(2024, 1, 1), date(2024, 1, 31))
    >>> quotes.series["MU"].values
    array([10. , 10.5])
    """

    path: str | os.PathLike[str]
    kind: Kind = "prices"
    name: str = field(default="files", init=False)

    def __post_init__(self) -> None:
        check_kind(self.kind)

    def load(self, tickers: Sequence[str], start: date, end: date) -> Quotes:
        """Give the whole series of each ticker.

        A ticker that no file holds is an :class:`~eventstudy.errors.UnknownTickerError` in
        ``failures``, one without a price from `start` to `end` (both inside) a
        :class:`~eventstudy.errors.NoDataError`.

        Raises
        ------
        PriceFileError
            With the bad cells of all the files at once.
        MissingExtraError
            Where a Parquet file is to be read and pyarrow is not installed.
        """
        files = _price_files(self.path)
        asked = tuple(dict.fromkeys(tickers))
        reader = _Reader(self.kind, asked, start, end)
        if len(files) == 1:
            reader.read(files[0], asked)
        else:
            reader.read_folder(files)
        reader.refuse(shown(os.fspath(self.path), 200))
        return reader.quotes()


def _price_files(path: str | os.PathLike[str]) -> list[Path]:
    """List the price files of the path; the path itself where it is one."""
    name = shown(os.fspath(path), 200)
    cure = f"Give a folder with TICKER.csv files, or one file ({', '.join(SUFFIXES)})"
    try:
        place = Path(path)
        if place.is_dir():
            with os.scandir(place) as entries:
                found = sorted(
                    Path(entry.path)
                    for entry in entries
                    if not entry.name.startswith(".") and _suffix(entry.name) in SUFFIXES
                )
            if found:
                return found
            raise PriceFileError(name, [FileProblem(None, "", "", "no price file in it", cure)])
        place.stat()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PriceFileError(name, [FileProblem(None, "", "", shown(reason), cure)]) from None
    if _suffix(place.name) not in SUFFIXES:
        problem = "neither a folder nor a price file"
        raise PriceFileError(name, [FileProblem(None, "", "", problem, cure)])
    return [place]


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122


@dataclass(frozen=True)
class _Choice:
    """Name under which a file has a ticker, and the columns that make its series."""

    name: str
    columns: list[Heading]


class _Names:
    """Names of files or columns, to be found by ticker."""

    def __init__(self, names: Iterable[str], asked: Iterable[str]) -> None:
        self.names = list(names)
        self._asked = {name.casefold() for name in asked}
        self._alike: dict[str, list[str]] = {}
        for name in self.names:
            self._alike.setdefault(name.casefold(), []).append(name)

    def spellings(self, ticker: str) -> list[str]:
        """Names that may stand for a ticker, the better one first."""
        bare = ticker.startswith("^") and ticker[1:].casefold() not in self._asked
        return [ticker, ticker[1:]] if bare else [ticker]

    def alike(self, name: str) -> list[str]:
        """Names that differ from one in the case of letters at most."""
        return self._alike.get(name.casefold(), [])

    def match(self, ticker: str) -> list[str]:
        """Names that stand for a ticker: one, none, or several that fit equally well."""
        for name in self.spellings(ticker):
            if alike := self._alike.get(name.casefold()):
                return [other for other in alike if other == name] or alike
        return []


class _Reader:
    """Reads files for one call of load and keeps what comes of each ticker."""

    def __init__(self, kind: Kind, asked: tuple[str, ...], start: date, end: date) -> None:
        self.kind: Kind = kind
        self.asked = asked
        self.first = np.datetime64(start, "D")
        self.last = np.datetime64(end, "D")
        self.series: dict[str, PriceSeries] = {}
        self.failures: dict[str, PricesError] = {}
        self.faults: list[Faults] = []

    def read_folder(self, files: Sequence[Path]) -> None:
        """Find each ticker's file by its name, and read it."""
        by_stem: dict[str, list[Path]] = {}
        for file in files:
            by_stem.setdefault(file.stem, []).append(file)
        stems = _Names(by_stem, self.asked)
        for ticker in self.asked:
            fitting = [file for stem in stems.match(ticker) for file in by_stem[stem]]
            if len(fitting) > 1:
                faults = self._faults_of(fitting[0])
                names = ", ".join(file.name for file in fitting)
                problem = f"more than one file for {shown(ticker)}"
                faults.add(None, "", names, problem, "Keep one of them in the folder")
            elif fitting:
                self.read(fitting[0], (ticker,))
            else:
                self._unknown(
                    ticker, stems.names, "the folder", f"Add the file {shown(ticker)}.csv"
                )

    def read(self, file: Path, tickers: Sequence[str]) -> None:
        """Read these tickers from one file."""
        faults = self._faults_of(file)
        data = _bytes(file, faults)
        sheet = None if data is None else _sheet(file, data, faults)
        if data is None or sheet is None:
            return
        digest = hashlib.sha256(data).hexdigest()
        one = sheet.head.one_ticker
        columns = sheet.head.by_ticker()
        stem = _Names([file.stem], self.asked)
        if sheet.head.tickers is not None and not any(map(stem.match, tickers)):
            self._read_long(sheet, shown(file.name), faults, digest)
            return
        names = _Names([file.stem] if one else columns, self.asked)
        chosen: dict[str, _Choice] = {}
        for ticker in tickers:
            found = names.match(ticker)
            if len(found) > 1:
                value = ", ".join(found)
                problem = f"more than one column for {shown(ticker)}"
                faults.add(1, "", value, problem, "Keep one of them")
            elif found:
                if used := used_columns(columns["" if one else found[0]], self.kind):
                    chosen[ticker] = _Choice(found[0], used)
                else:
                    note_no_column(sheet.head.columns, faults)
            elif not one and stem.match(ticker):
                note_no_column(sheet.head.columns, faults)
            else:
                cure = f"Put {shown(ticker)}.csv beside it" if one else "Add it as a column"
                self._unknown(ticker, names.names, shown(file.name), cure)
        if chosen:
            self._take(sheet, chosen, faults, digest)

    def _take(self, sheet: Sheet, chosen: dict[str, _Choice], faults: Faults, digest: str) -> None:
        used = {h.position: h for choice in chosen.values() for h in choice.columns}
        needed = list(used.values())
        grid = ordered(sheet.read(needed, faults), sheet.head.date.name, faults, _ONE_A_DAY)
        rows = {heading.position: row for heading, row in zip(needed, grid.values, strict=True)}
        for ticker, choice in chosen.items():
            cells = {heading: rows[heading.position] for heading in choice.columns}
            self._keep(sheet_series(ticker, grid, cells, self.kind, faults), choice.name, digest)

    def _read_long(self, sheet: Sheet, holder: str, faults: Faults, digest: str) -> None:
        """Read the tickers asked for from a file with one row a ticker and day."""
        columns = used_columns(sheet.head.columns, self.kind)
        spelled = _Names([], self.asked).spellings
        wanted = {name.casefold() for ticker in self.asked for name in spelled(ticker)}
        grid = sheet.read(columns, faults, wanted)
        names = _Names(grid.names, self.asked)
        by_name = np.argsort(grid.which, kind="stable")
        bounds = np.searchsorted(grid.which[by_name], np.arange(len(grid.names) + 1))
        for ticker in self.asked:
            found = names.match(ticker)
            found = names.alike(found[0]) if found else found
            if len(found) > 1:
                problem = f"more than one spelling of {shown(ticker)}"
                faults.add(None, "", ", ".join(found), problem, "Keep one of them")
            elif not found:
                self._unknown(ticker, names.names, holder, "Add its rows")
            else:
                place = grid.names.index(found[0])
                rows = grid.rows(by_name[bounds[place] : bounds[place + 1]])
                rows = ordered(rows, sheet.head.date.name, faults, "Keep one row a ticker and day")
                cells = dict(zip(columns, rows.values, strict=True))
                self._keep(sheet_series(ticker, rows, cells, self.kind, faults), found[0], digest)

    def _keep(self, series: PriceSeries | None, name: str, digest: str) -> None:
        """Keep a series that a file has under some name; None is of a file with bad cells."""
        if series is None:
            return
        if name != series.ticker:
            series = replace(series, notes=(f"read from {shown(name)}", *series.notes))
        series = replace(series, sha256=digest)
        ticker = shown(series.ticker)
        given = np.flatnonzero(np.isfinite(series.values))
        if not len(given):
            message = f"the file of {ticker} holds no price. Fill the column, or leave it out"
            self.failures[series.ticker] = NoDataError(message)
            return
        days = series.dates[given]
        if not ((days >= self.first) & (days <= self.last)).any():
            message = (
                f"the file of {ticker} has prices from {days[0]} to {days[-1]}, and none from "
                f"{self.first} to {self.last}. Add those days to the file"
            )
            self.failures[series.ticker] = NoDataError(message)
            return
        self.series[series.ticker] = series

    def _unknown(self, ticker: str, names: Sequence[str], holder: str, cure: str) -> None:
        # Nearest names of thousands against thousands would take minutes.
        known = names if len(self.failures) < _HINTED else names[:10]
        self.failures[ticker] = unknown(ticker, known, holder=holder, cure=cure)

    def _faults_of(self, file: Path) -> Faults:
        self.faults.append(Faults(file.name))
        return self.faults[-1]

    def refuse(self, name: str) -> None:
        """Raise the problems of all the files, where there are any."""
        problems = [problem for faults in self.faults for problem in faults.problems]
        if not problems:
            return
        bad = [faults for faults in self.faults if faults]
        if len(problems) > _LISTED:
            total = sum(map(len, bad))
            text = f"{total:,} bad cells or files in all, in {len(bad):,} files"
            last = FileProblem(None, "", "", text, "Repair those above first")
            problems = [*problems[: _LISTED - 1], last]
        raise PriceFileError(name, problems)

    def quotes(self) -> Quotes:
        """Series and failures in the order asked for."""
        return Quotes(
            {ticker: self.series[ticker] for ticker in self.asked if ticker in self.series},
            {ticker: self.failures[ticker] for ticker in self.asked if ticker in self.failures},
        )


def _bytes(file: Path, faults: Faults) -> bytes | None:
    cure = "Put a readable file there"
    try:
        # A pipe would be read for ever, so only what is a file is opened.
        if not file.is_file():
            kind = "a folder" if file.is_dir() else "not a file"
            faults.add(None, "", "", f"{kind} where a price file belongs", cure)
            return None
        if file.stat().st_size > LARGEST_FILE:
            limit = f"{LARGEST_FILE // 1024**2} MB"
            cure = "Keep the tickers and years that the study needs"
            faults.add(None, "", "", f"larger than {limit}", cure)
            return None
        return file.read_bytes()
    except OSError as error:
        faults.add(None, "", "", f"cannot be read ({error.strerror})", cure)
        return None


def _sheet(file: Path, data: bytes, faults: Faults) -> Sheet | None:
    if _suffix(file.name) == ".parquet":
        return ParquetSheet.of(data, faults)
    return CsvSheet.of(data, faults)
