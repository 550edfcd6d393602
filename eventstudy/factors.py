"""Factor returns from a frame or a file, Ken French's daily files among them.

A table of factors keeps the sessions of one exchange, by default New York's, as the factors of Ken
French's library do; it is aligned with each security by closes, like a benchmark.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from eventstudy.arrays import Dates, Floats
from eventstudy.errors import FactorsError, Problem, StudyError
from eventstudy.factorfile import parse
from eventstudy.panel import PriceSeries
from eventstudy.tickers import TICKER

NEW_YORK = "XNYS"
FILE_LIMIT = 50_000_000
# No daily factor moves so much on a usual day: such figures are per cent.
_PERCENT = 0.2
_LEAST = 20
# Codes for a missing figure in Ken French's files, and what is left of them after dividing by 100.
CODES = (-99.99, -999.0, -0.9999, -9.99)
SUFFIXES = (".csv", ".txt")


@dataclass(frozen=True, eq=False)
class FactorTable:
    """Daily factor returns.

    Attributes
    ----------
    names : tuple of str
        The factors.
    dates : array of datetime64[D], shape (n,)
        Ascending, none twice.
    values : array of float, shape (n, factors)
        Simple returns in decimals (.01 is one per cent); NaN where a figure is missing.
    exchange : str
        Code of the calendar whose sessions the dates are.
    files : mapping of str to str
        The files it was read from, each with the sha256 of its bytes; empty for a frame.
    notes : tuple of str
        What the reader must know, such as blocks of a file that were not read.
    """

    names: tuple[str, ...]
    dates: Dates
    values: Floats = field(repr=False)
    exchange: str = NEW_YORK
    files: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        span = f", {self.dates[0]} to {self.dates[-1]}" if len(self.dates) else ""
        return f"<FactorTable {', '.join(self.names)}{span}>"

    @property
    def sha256(self) -> str:
        """Digest of the names, dates and values themselves."""
        text = "\n".join([*self.names, *map(str, self.dates)])
        return hashlib.sha256(text.encode() + self.values.tobytes()).hexdigest()

    def onto(self, sessions: Dates) -> FactorTable:
        """Lay the factors on the rows of a user's own data, by their dates.

        A factor without a figure on a row is missing there; what it did on dates between two rows
        belongs to the second, compounded.

        Parameters
        ----------
        sessions : array of datetime64[D], shape (rows,)
            Ascending, none twice.

        Returns
        -------
        FactorTable
            Its dates are the sessions.
        """
        inside = (self.dates >= sessions[0]) & (self.dates <= sessions[-1])
        days = np.union1d(sessions, self.dates[inside])
        values = np.full((len(days), len(self.names)), np.nan)
        values[np.searchsorted(days, self.dates[inside])] = self.values[inside]
        first = np.searchsorted(days, sessions)
        starts = np.concatenate([[0], first[:-1] + 1])
        laid = values[first]
        for row in np.flatnonzero(first > starts):
            laid[row] = np.prod(1.0 + values[starts[row] : first[row] + 1], axis=0) - 1.0
        return replace(self, dates=sessions, values=laid)

    def series(self) -> list[PriceSeries]:
        """Each factor as a series of returns."""
        digest = next(iter(self.files.values()), "") if len(self.files) == 1 else ""
        source = "factor file" if self.files else "factor frame"
        return [
            PriceSeries(
                name,
                self.dates,
                self.values[:, place],
                "returns",
                source,
                sha256=digest,
                notes=self.notes,
            )
            for place, name in enumerate(self.names)
        ]


Source = FactorTable | pd.DataFrame | str | PathLike[str]


def read_factors(path: str | PathLike[str], *, exchange: str = NEW_YORK) -> FactorTable:
    """Read daily factor returns from a CSV file.

    Two layouts are read. Ken French's, as his library publishes it: lines of text, a header whose
    first cell is empty, rows that begin with YYYYMMDD, per cent, -99.99 and -999 for missing
    figures, and after an empty line more blocks or a copyright, which are not read. And plain CSV:
    a column of dates, one column a factor, decimals, an empty cell for a missing figure.

    Parameters
    ----------
    path : path
        The file.
    exchange : str
        Code of the calendar whose sessions the dates are.

    Returns
    -------
    FactorTable
        In decimals.

    Raises
    ------
    FactorsError
        With every bad cell at once; or where the file has no daily block (a monthly or weekly
        one), or where figures of a plain file can only be per cent.

    References
    ----------
    Fama and French (1993), Journal of Financial Economics 33:3-56; Ken French's data library,
    https://mba.tuck.dartmouth.edu/pages/faculty/ken.french/data_library.html
    """
    place = Path(path)
    data, name = _bytes(place), place.name
    names, dates, values, notes = parse(data, name)
    table = FactorTable(
        names, dates, values, exchange, {str(path): hashlib.sha256(data).hexdigest()}, notes
    )
    return _checked(table, name)


def factor_frame(frame: pd.DataFrame, *, exchange: str = NEW_YORK) -> FactorTable:
    """Take daily factor returns from a frame.

    Parameters
    ----------
    frame : DataFrame
        One numeric column a factor, in decimals; NaN is missing. Dates in the index, or in a column
        ``date``.
    exchange : str
        Code of the calendar whose sessions the dates are.

    Raises
    ------
    FactorsError
        Where dates or figures cannot be used.

    Examples
    --------
    >>> frame = pd.DataFrame({"Mkt-RF": [0.01, None]}, index=["2024-01-02", "2024-01-03"])
    >>> factor_frame(frame)
    <FactorTable Mkt-RF, 2024-01-02 to 2024-01-03>
    """
    if "date" in frame.columns:
        frame = frame.set_index("date")
    names = tuple(str(name).strip() for name in frame.columns)
    try:
        index = frame.index
        stamps = index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index
        days = pd.DatetimeIndex(pd.to_datetime(stamps)).tz_localize(None)
        values = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise _refusal("frame of factors", f"it cannot be read: {error}", _FRAME) from None
    dates = days.to_numpy().astype("datetime64[D]")
    if pd.api.types.is_numeric_dtype(index) or np.isnat(dates).any():
        raise _refusal("frame of factors", "the index does not hold dates", _FRAME)
    return _checked(FactorTable(names, dates, values.copy(), exchange), "frame of factors")


_FRAME = (
    "Give dates in the index and one numeric column a factor, in decimals; figures such as "
    "20240102 become dates by pd.to_datetime(frame.index.astype(str))"
)


def join(tables: Sequence[FactorTable]) -> FactorTable:
    """Put tables side by side; a date that one lacks is missing in its columns.

    Raises
    ------
    FactorsError
        Where two have a factor of one name, or keep different exchanges.
    """
    if len(tables) == 1:
        return tables[0]
    names = [name for table in tables for name in table.names]
    double = next((name for name in names if names.count(name) > 1), None)
    if double is not None:
        raise _refusal("factors", f"{double} is in two of the tables", "Leave it out of one")
    if len({table.exchange for table in tables}) > 1:
        raise _refusal("factors", "the tables keep different exchanges", "Give tables of one")
    dates = np.unique(np.concatenate([table.dates for table in tables]))
    values = np.full((len(dates), len(names)), np.nan)
    column = 0
    for table in tables:
        rows = np.searchsorted(dates, table.dates)
        values[rows, column : column + len(table.names)] = table.values
        column += len(table.names)
    files = {path: digest for table in tables for path, digest in table.files.items()}
    notes = tuple(note for table in tables for note in table.notes)
    return FactorTable(tuple(names), dates, values, tables[0].exchange, files, notes)


def take_factors(
    factors: Source | Sequence[Source], *, exchange: str = NEW_YORK
) -> tuple[FactorTable | None, tuple[str, ...]]:
    """Take factors apart into a table and tickers.

    Parameters
    ----------
    factors : FactorTable, DataFrame, str, path, or a sequence of these
        A text that ends in .csv or .txt or has a slash is a file; any other is a ticker.
    exchange : str
        Code of the calendar whose sessions the dates of frames and files are.

    Returns
    -------
    table : FactorTable or None
        The frames and files side by side.
    tickers : tuple of str
        The series that come from the source of the prices.

    Raises
    ------
    FactorsError
        Where a file or frame cannot be used.
    StudyError
        Where there is nothing, or a text is no ticker.

    Examples
    --------
    >>> take_factors(["^GSPC", "^SOX"])
    (None, ('^GSPC', '^SOX'))
    """
    one = isinstance(factors, FactorTable | pd.DataFrame | str | PathLike)
    if not one and (isinstance(factors, pd.Series) or not isinstance(factors, Iterable)):
        raise StudyError(
            f"this {type(factors).__name__} is no factor. Give a frame with one column a factor, "
            "as in series.to_frame('NAME'), a file or tickers"
        )
    tables: list[FactorTable] = []
    tickers: list[str] = []
    for source in [factors] if one else factors:
        if isinstance(source, FactorTable):
            tables.append(source)
        elif isinstance(source, pd.DataFrame):
            tables.append(factor_frame(source, exchange=exchange))
        elif isinstance(source, PathLike) or (isinstance(source, str) and is_file(source)):
            tables.append(read_factors(source, exchange=exchange))
        elif isinstance(source, str) and TICKER.fullmatch(source):
            tickers.append(source)
        else:
            raise StudyError(
                f"{source!r} is no factor. Give a frame, a file whose name ends in .csv, or tickers"
            )
    if not tables and not tickers:
        raise StudyError("there are no factors. Give a frame, a file or tickers")
    if len(set(tickers)) < len(tickers):
        raise StudyError("a factor is given twice. Give each once")
    return join(tables) if tables else None, tuple(tickers)


def is_file(text: str) -> bool:
    """Tell a file from a ticker.

    Examples
    --------
    >>> is_file("factors/F-F.csv"), is_file("^GSPC")
    (True, False)
    """
    return text.lower().endswith(SUFFIXES) or "/" in text or os.sep in text


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(FILE_LIMIT + 1)
    except FileNotFoundError:
        raise _refusal(path.name, "there is no such file", "Check the path") from None
    except IsADirectoryError:
        raise _refusal(path.name, "this is a folder", "Give the CSV file inside it") from None
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or str(fault)
        raise _refusal(path.name, f"the file cannot be read: {reason}", "Check it") from None
    if len(data) > FILE_LIMIT:
        raise _refusal(path.name, "the file is larger than 50 MB, the limit", "Cut it shorter")
    if data.startswith(b"PK"):
        raise _refusal(path.name, "this is a ZIP archive", "Unpack it and give the CSV inside")
    return data


def _refusal(name: str, problem: str, cure: str) -> FactorsError:
    return FactorsError(name, [Problem(None, "", "", problem, cure)])


def _checked(table: FactorTable, name: str) -> FactorTable:
    """Refuse what no table of daily factors can be; blank the codes of missing figures."""
    problems: list[Problem] = []
    names = table.names
    if not names or not len(table.dates):
        raise _refusal(name, "there is no factor, or no row", "Give dates and one factor or more")
    problems += [
        Problem(None, double, "", "the factor is there twice", "Name each once")
        for double in sorted({one for one in names if names.count(one) > 1})
    ]
    if "" in names:
        problems.append(Problem(None, "", "", "a factor has no name", "Name every column"))
    behind = np.flatnonzero(table.dates[1:] <= table.dates[:-1])
    if len(behind):
        at = str(table.dates[behind[0] + 1])
        problems.append(
            Problem(None, "date", at, "the dates do not ascend", "Sort them, each date once")
        )
    values = table.values
    coded = np.isin(np.round(values, 6), CODES)
    values = np.where(coded, np.nan, values)
    for place, factor in enumerate(names):
        known = np.abs(values[np.isfinite(values[:, place]), place])
        if np.isinf(values[:, place]).any():
            problems.append(Problem(None, factor, "", "it has infinite figures", "Correct them"))
        elif len(known) >= _LEAST and np.median(known) > _PERCENT:
            problems.append(
                Problem(
                    None,
                    factor,
                    f"{np.median(known):.2g} on a usual day",
                    "the figures are per cent, not decimals",
                    "Divide them by 100",
                )
            )
    if problems:
        raise FactorsError(name, problems)
    notes = table.notes
    if coded.any():
        notes = (*notes, f"{int(coded.sum()):,} figures are codes for missing ones")
    return replace(table, values=values, notes=notes)
