"""Parquet files of prices, read with pyarrow, the extra ``parquet``."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence, Set
from typing import TYPE_CHECKING, Any

import numpy as np

from eventstudy.arrays import Dates, Floats, Integers
from eventstudy.errors import MissingExtraError
from eventstudy.sources.cells import Faults, check_range, read_dates
from eventstudy.sources.sheets import DATE_NAMES, LONGEST, UNNAMED, Grid, Head, Heading, read_head

if TYPE_CHECKING:
    import pyarrow as pa

_PAIR = re.compile(r"\(['\"]([^'\"]*)['\"], ?['\"]([^'\"]*)['\"]\)")


class ParquetSheet:
    """A Parquet file, its index among the columns; read with pyarrow.

    Parameters
    ----------
    table : pyarrow.Table
        The whole file.
    head : Head
        What its columns are.
    """

    def __init__(self, table: pa.Table, head: Head) -> None:
        self.head = head
        self._table = table

    @classmethod
    def of(cls, data: bytes, faults: Faults) -> ParquetSheet | None:
        """Read a file's bytes; None, and the reason in `faults`, where they cannot be read.

        Raises
        ------
        MissingExtraError
            Where pyarrow is not installed.
        """
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError:
            raise MissingExtraError("parquet", "Reading a Parquet file") from None
        cure = "Write the file anew: frame.to_parquet(...)"
        try:
            table = pq.ParquetFile(io.BytesIO(data)).read()
        except (pa.ArrowException, OSError, ValueError) as error:
            message = str(error).splitlines()[0] if str(error) else type(error).__name__
            faults.add(None, "", message, "not a Parquet file that can be read", cure)
            return None
        sheet = cls._placed(table, faults) if table.num_rows else None
        if not table.num_rows:
            faults.add(None, "", "", "the file is empty", "Write one row a day")
        elif sheet and sheet.head.tickers is None and table.num_rows > LONGEST:
            faults.add(None, "", "", f"more than {LONGEST:,} rows", "Write one row a day")
            return None
        return sheet

    @classmethod
    def _placed(cls, table: pa.Table, faults: Faults) -> ParquetSheet | None:
        # The index of a pandas frame is stored last, and a two-level head as text.
        names = [str(name) for name in table.column_names]
        index = [k for k, name in enumerate(names) if name in UNNAMED[1:]]
        dated = [k for k, name in enumerate(names) if name.casefold() in DATE_NAMES]
        leading = (dated or index or [0])[0]
        order = [leading, *(k for k in range(len(names)) if k != leading)]
        names = [names[k] for k in order]
        pairs = [_PAIR.fullmatch(name) for name in names[1:]]
        if pairs and all(pairs):
            rows = [["", *(pair[k] for pair in pairs if pair)] for k in (1, 2)]
        else:
            rows = [names]
        head = read_head(rows, faults)
        return cls(table.select(order), head) if head else None

    def read(
        self, columns: Sequence[Heading], faults: Faults, wanted: Set[str] | None = None
    ) -> Grid:
        """Read the dates and these columns, as :class:`Sheet` says."""
        table, date = self._table, self.head.date
        lines = np.arange(table.num_rows, dtype=np.int64) + 2
        names: tuple[str, ...] = ()
        which: Integers = np.empty(0, dtype=np.int64)
        if wanted is not None and (named := self.head.tickers) is not None:
            names, which = _arrow_tickers(table.column(named.position), lines, named.name, faults)
            chosen = np.array([name.casefold() in wanted for name in (*names, "")])
            rows = np.flatnonzero(chosen[which])
            table, lines, which = table.take(rows), lines[rows], which[rows]
        dates, timed = _arrow_dates(table.column(date.position), lines, date.name, faults)
        values = np.full((len(columns), len(lines)), np.nan)
        for k, heading in enumerate(columns):
            values[k] = _arrow_floats(table.column(heading.position), heading.name, faults)
        return Grid(dates, values, lines, timed, names, which)


def _arrow_tickers(
    column: Any, lines: Integers, name: str, faults: Faults
) -> tuple[tuple[str, ...], Integers]:
    """Tickers in the order in which they come, and the place of each row's; -1 where none is."""
    import pyarrow as pa

    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind)
    ):
        cure = "Store text, or whole numbers"
        faults.add(None, name, str(kind), "a column of tickers that holds no text", cure)
        return (), np.full(len(lines), -1, dtype=np.int64)
    texts = column.cast(pa.string()).to_pandas().str.strip()
    which, names = texts.factorize()
    empty = (which < 0) | (np.append(names == "", True)[which])
    cure = "Fill the cell, or leave the row out"
    faults.add_where(empty, lines, name, [""] * len(lines), "no ticker", cure)
    return tuple(names), np.where(empty, -1, which)


def _arrow_dates(column: Any, lines: Integers, name: str, faults: Faults) -> tuple[Dates, bool]:
    import pandas as pd
    import pyarrow as pa

    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return read_dates([text or "" for text in column.to_pylist()], lines, name, faults)
    if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        cure = "Store dates or timestamps"
        faults.add(None, name, str(kind), "a column of dates that holds no dates", cure)
        return np.full(len(lines), np.datetime64("NaT"), dtype="datetime64[D]"), False
    instants = column.to_numpy()
    if pa.types.is_timestamp(kind) and kind.tz:
        try:
            zoned = pd.DatetimeIndex(instants).tz_localize("UTC").tz_convert(kind.tz)
        except (ValueError, KeyError):
            faults.add(None, name, kind.tz, "a time zone that is not known", "Store plain dates")
            zoned = pd.DatetimeIndex(instants)
        instants = zoned.tz_localize(None).to_numpy()
    dates = np.asarray(instants).astype("datetime64[D]")
    check_range(dates, lines, name, faults)
    return dates, bool((dates != instants)[~np.isnat(dates)].any())


def _arrow_floats(column: Any, name: str, faults: Faults) -> Floats:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind):
        return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), dtype=float)
    cure = "Store numbers: frame.astype(float)"
    faults.add(None, name, str(kind), "a column that holds no numbers", cure)
    return np.full(len(column), np.nan)
