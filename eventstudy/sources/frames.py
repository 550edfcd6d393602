"""Frames of prices or returns held in memory: their dates and numbers, checked by whole columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from eventstudy.arrays import Dates, Floats, Instants, Integers
from eventstudy.sources.cells import (
    LARGEST_PRICE,
    SMALLEST_PRICE,
    Faults,
    check_order,
    check_prices,
    check_range,
    check_returns,
    check_twice,
    may_be_no_returns,
    read_dates,
)
from eventstudy.tables import shown

if TYPE_CHECKING:
    import pandas as pd

_LARGEST_INT = 10**300
_NO_RETURNS = "Write returns as decimals: 0.01 is 1 %; of prices say kind='prices'"
_INFINITE = "Make it missing: frame.replace([np.inf, -np.inf], np.nan)"


def check_shape(frame: Any, faults: Faults) -> None:
    """Count what is no frame of dates down and tickers across."""
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        cure = "Give a DataFrame, dates down, tickers across (of a Series: .to_frame('MU'))"
        faults.add(None, "", type(frame).__name__, "not a frame", cure)
    elif not frame.size:
        cure = "Give one row a session and one column a ticker"
        faults.add(None, "", f"shape {frame.shape}", "the frame is empty", cure)
    elif frame.columns.nlevels > 1:
        cure = "Take one field: frame['Adj Close'], or frame['Close'] where closes are adjusted"
        faults.add(None, "", f"{frame.columns.nlevels} levels", "columns of many levels", cure)
    elif frame.index.nlevels > 1:
        cure = "Turn the tickers into columns: frame['close'].unstack('ticker')"
        faults.add(None, "", f"{frame.index.nlevels} levels", "an index of many levels", cure)


def column_names(frame: pd.DataFrame, faults: Faults) -> tuple[str, ...]:
    """Tickers of the columns; numbers are taken as text."""
    names: list[str] = []
    seen: set[str] = set()
    for column in frame.columns:
        if isinstance(column, float) and column.is_integer():
            column = int(column)  # noqa: PLW2901
        if not isinstance(column, str | int | np.integer):
            cure = "Name the columns by tickers: frame.columns = [...]"
            faults.add(None, str(column), "", "a column name that is no ticker", cure)
        name = str(column)
        if name in seen:
            cure = "Keep one: frame.loc[:, ~frame.columns.duplicated()]"
            faults.add(None, name, "", "a column named twice", cure)
        seen.add(name)
        names.append(name)
    return tuple(names)


def index_dates(index: pd.Index, faults: Faults) -> Dates:
    """Index as local calendar dates, shape (n,); it must be ascending, none twice."""
    import pandas as pd

    name = str(index.name) if index.name is not None else "index"
    lines = np.arange(len(index), dtype=np.int64) + 2
    if isinstance(index, pd.PeriodIndex):
        check_periods(index.dtype, name, str(index[0]), faults)
        index = index.to_timestamp()
    if isinstance(index, pd.DatetimeIndex):
        local = index.tz_localize(None).to_numpy()
        days = local.astype("datetime64[D]")
        if str(index.tz) in UTC:
            check_utc(local, lines, name, faults)
        check_range(days, lines, name, faults)
    else:
        written = list(index)
        if not all(isinstance(day, str | date | np.datetime64) for day in written):
            cure = "Set the dates as the index: frame.set_index('date')"
            value = str(index[0])
            faults.add(2, name, value, f"an index of {index.dtype}, not of dates", cure)
            return np.empty(0, dtype="datetime64[D]")
        days, _ = read_dates([_iso(day) for day in written], lines, name, faults)
    if not faults:
        cure = "Keep one row a day: frame[~frame.index.duplicated()]"
        first = ~check_twice(days, lines, name, faults, cure)
        cure = "Sort the rows: frame.sort_index()"
        if check_order(days[first], lines[first], name, faults, cure):
            faults.add(None, name, "", "dates run backwards", cure)
    return days


def check_periods(kind: object, name: str, first: str, faults: Faults) -> None:
    """Refuse weeks, months and longer: which of its days a return belongs to is not known."""
    freq = str(kind).removeprefix("period[").rstrip("]")
    if freq.partition("-")[0] in {"W", "M", "Q", "Y"}:
        cure = "Take the days on which the returns end: .to_timestamp(how='end')"
        faults.add(2, name, first, f"periods of {freq}, not days", cure)


UTC = ("UTC", "Etc/UTC", "GMT", "Etc/GMT", "UCT", "Zulu", "Universal")
"""Names of the one zone that is no exchange's."""


def check_utc(stamps: Instants, lines: Integers, name: str, faults: Faults) -> None:
    """Count stamps in UTC that are no midnight: whose day they are, only another zone can tell."""
    odd = np.flatnonzero(stamps != stamps.astype("datetime64[D]"))
    odd = odd[~np.isnat(stamps[odd])]
    if len(odd):
        cure = "Convert them to the exchange's own zone: .tz_convert('Asia/Shanghai')"
        problem = "times of day in UTC, where the day there may be another one"
        first = int(odd[0])
        faults.add(int(lines[first]), name, f"{stamps[first]}Z", problem, cure)


def _iso(day: str | date | np.datetime64) -> str:
    if isinstance(day, str):
        return day
    if isinstance(day, datetime):
        return "" if str(day) == "NaT" else day.isoformat()
    return str(day)[:10] if isinstance(day, np.datetime64) else day.isoformat()


def numbers(frame: pd.DataFrame, tickers: tuple[str, ...], faults: Faults) -> Floats | None:
    """Columns as the rows of one array, shape (k, n); None where a column holds something else."""
    import pandas as pd

    whole = len(faults)
    odd = [k for k, kind in enumerate(frame.dtypes) if not _is_number(kind)]
    for k in odd:
        column = frame.iloc[:, k]
        bad = ~column.map(is_float_or_missing).to_numpy(dtype=bool)
        if bad.any() or column.dtype != object:
            row = int(np.flatnonzero(bad)[0]) if bad.any() else 0
            cure = f"Convert it ({to_numeric(tickers[k])}), or leave it out"
            value = str(column.iloc[row])
            faults.add(row + 2, tickers[k], value, f"a column of {column.dtype}, not numbers", cure)
    if len(faults) > whole:
        return None
    if odd:
        columns = {k: frame.iloc[:, k] for k in range(len(tickers))}
        columns |= {k: columns[k].astype("Float64") for k in odd}
        frame = pd.DataFrame(columns)
    values = frame.to_numpy(dtype=float, na_value=np.nan).T
    # A frame of one block is shown by pandas, one of many is already a copy of its own.
    own = values.flags.c_contiguous and not np.may_share_memory(values, frame.iloc[:, 0].to_numpy())
    return values if own and values.flags.writeable else np.array(values, order="C")


def to_numeric(name: str) -> str:
    """Say how a column of figures and codes becomes one of numbers."""
    of = f"frame[{shown(name)!r}]"
    return f"pd.to_numeric({of}); where letters stand for missing, with errors='coerce'"


def _is_number(kind: Any) -> bool:
    import pandas as pd

    types = pd.api.types
    return (
        types.is_numeric_dtype(kind)
        and not types.is_bool_dtype(kind)
        and not types.is_complex_dtype(kind)
    )


def is_float_or_missing(value: object) -> bool:
    """Tell whether a cell is a number that a float can hold, or None or NA."""
    import pandas as pd

    if value is None or value is pd.NA:
        return True
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        return False
    return not isinstance(value, int) or abs(value) < _LARGEST_INT


def check_values(values: Floats, tickers: Sequence[str], kind: str, faults: Faults) -> None:
    """Count what is no return, or no price; values of shape (k, n)."""
    lines = np.arange(values.shape[1], dtype=np.int64) + 2
    if kind == "prices":
        bad = np.isinf(values) | (values < SMALLEST_PRICE) | (values > LARGEST_PRICE)
        for k in np.flatnonzero(bad.any(axis=1)).tolist():
            hint = "; returns go to MemoryPrices.from_returns"
            check_prices(values[k], lines, tickers[k], faults, hint)
        return
    for k in np.flatnonzero(may_be_no_returns(values)).tolist():
        check_returns(values[k], lines, tickers[k], faults, _NO_RETURNS, _INFINITE)
