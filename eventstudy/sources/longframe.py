"""Long frames of prices or returns: one row a security and day, checked by whole columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from eventstudy.arrays import Booleans, Dates, Floats, Integers
from eventstudy.kernels.order import order_of
from eventstudy.sources.cells import Faults, check_range, read_dates
from eventstudy.sources.frames import (
    UTC,
    check_periods,
    check_utc,
    check_values,
    is_float_or_missing,
    numbers,
    to_numeric,
)
from eventstudy.tables import Column, likeness, shown

if TYPE_CHECKING:
    import pandas as pd

_DATES_CURE = "Keep one row a ticker and day: frame.drop_duplicates([{names}])"
_ORDER_CURE = "Sort the rows: frame.sort_values([{names}])"


def check_columns(frame: Any, names: tuple[str, str, str], faults: Faults) -> None:
    """Count what is no frame with these columns of date, ticker and value."""
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        cure = "Give a DataFrame with one row a ticker and day"
        faults.add(None, "", type(frame).__name__, "not a frame", cure)
        return
    if not len(frame):
        faults.add(None, "", "", "the frame has no rows", "Give one row a ticker and day")
    columns = [str(name) for name in frame.columns]
    for word, name in zip(("date", "ticker", "value"), names, strict=True):
        count = columns.count(name)
        if count > 1:
            faults.add(None, name, "", "the column is named twice", "Rename one of the two")
        elif not count:
            meant = likeness(name, [other for other in columns if other not in names])
            hint = f"Is '{shown(meant)}' meant? Write {word}={meant!r}" if meant else ""
            cure = hint or f"Add it, or name the column of the {word}s: {word}='...'"
            if word == "value":
                cure += "; where they are prices, kind='prices' too"
            faults.add(None, name, "", "the column is missing", cure)


def long_values(
    frame: pd.DataFrame, names: tuple[str, str, str], kind: str, faults: Faults
) -> tuple[Dates, tuple[str, ...], Floats]:
    """Lay a long frame out with one row a ticker and one column a day.

    Parameters
    ----------
    frame : DataFrame
        It has the columns.
    names : tuple of str
        Of the columns of date, ticker and value.
    kind : {"prices", "returns"}
        What the values are.
    faults : Faults
        Takes every bad cell, each with the row's position plus 2; with any, what is given back is
        not to be used.

    Returns
    -------
    dates : array of datetime64[D], shape (n,)
        Every date of the frame, ascending.
    tickers : tuple of str, length k
        In the order of their first rows.
    values : array of float, shape (k, n)
        NaN where the frame has no row.
    """
    lines = np.arange(2, len(frame) + 2, dtype=np.int64)
    tickers = Column.of(frame[names[1]])
    if not tickers.filled.all():
        cure, empty = "Fill the cell, or leave the row out", [""] * len(frame)
        faults.add_where(~tickers.filled, lines, names[1], empty, "no ticker", cure)
    days = _days(frame[names[0]], names[0], lines, faults)
    figures = _figures(frame[names[2]], lines, faults)
    if figures is not None:
        check_values(figures, (names[2],), kind, faults)
    if faults or figures is None:
        return days, (), np.empty((0, 0))
    dates, place = _distinct(days)
    values = np.full((len(tickers.values), len(dates)), np.nan)
    # Ten million rows are usual here: 32 bits a row where they reach.
    small = np.int32 if values.size < 2**31 else np.int64
    flat = cast("Integers", tickers.codes.astype(small) * small(len(dates)))
    flat += place
    _check_twice(flat, lines, values.size, (tickers, dates), names, faults)
    _check_order(tickers.codes, place, lines, dates, names, faults)
    values.ravel()[flat] = figures[0]
    known = tuple(str(ticker) for ticker in tickers.values if ticker)
    return dates, known, values[: len(known)]


def _figures(cells: pd.Series, lines: Integers, faults: Faults) -> Floats | None:
    """Give the values, shape (1, rows); of a column of objects every cell that is no number."""
    name = str(cells.name)
    if cells.dtype == object:
        bad = ~cells.map(is_float_or_missing).to_numpy(dtype=bool)
        if bad.any():
            cure = f"Correct the cell, or make the column numbers: {to_numeric(name)}"
            faults.add_where(bad, lines, name, cells.map(str).tolist(), "not a number", cure)
            return None
    return numbers(cells.to_frame(), (name,), faults)


def _days(cells: pd.Series, name: str, lines: Integers, faults: Faults) -> Dates:
    """Calendar dates of a column, shape (rows,)."""
    import pandas as pd

    if isinstance(cells.dtype, pd.PeriodDtype):
        check_periods(cells.dtype, name, str(cells.iloc[0]), faults)
        cells = cells.dt.to_timestamp()
    if isinstance(cells.dtype, np.dtype | pd.DatetimeTZDtype) and cells.dtype.kind == "M":
        zoned = isinstance(cells.dtype, pd.DatetimeTZDtype)
        local = (cells.dt.tz_localize(None) if zoned else cells).to_numpy()
        days = local.astype("datetime64[D]")
        if zoned and str(cells.dt.tz) in UTC:
            check_utc(local, lines, name, faults)
        check_range(days, lines, name, faults)
        return days
    if cells.dtype.kind in "iuf":
        cure = f"Of figures such as 20241202: pd.to_datetime(frame[{name!r}].astype(str))"
        faults.add(2, name, str(cells.iloc[0]), f"a column of {cells.dtype}, not of dates", cure)
        return np.empty(0, dtype="datetime64[D]")
    column = Column.of(cells)
    bad = Faults()
    used = column.values if not column.filled.all() else column.values[column.values != ""]
    read, _ = read_dates(list(used), np.arange(len(used)) + 2, name, bad)
    if not bad:
        return read[column.codes]
    # Each bad cell is to be named with its own row, not once for all that are alike.
    return read_dates(column.texts.tolist(), lines, name, faults)[0]


def _distinct(days: Dates) -> tuple[Dates, Integers]:
    """Give the dates once, ascending, and the place of each row's, by a table of all days."""
    number = (days - days.min()).astype(np.int64)
    there: Booleans = np.zeros(int(number.max()) + 1, dtype=np.bool_)
    there[number] = True
    place = np.cumsum(there, dtype=np.int32) - 1
    return days.min() + np.flatnonzero(there), cast("Integers", place[number])


def _check_twice(
    flat: Integers,
    lines: Integers,
    cells: int,
    known: tuple[Column, Dates],
    names: tuple[str, str, str],
    faults: Faults,
) -> None:
    there: Booleans = np.zeros(cells, dtype=np.bool_)
    there[flat] = True
    if int(there.sum()) == len(flat):
        return
    tickers, dates = known
    order = np.argsort(flat, kind="stable")
    again = np.zeros(len(flat), dtype=np.bool_)
    again[order[1:]] = flat[order[1:]] == flat[order[:-1]]
    rows = np.flatnonzero(again)
    texts = [
        f"{tickers.values[tickers.codes[row]]} {dates[flat[row] % len(dates)]}" for row in rows
    ]
    cure = _DATES_CURE.format(names=f"{names[1]!r}, {names[0]!r}")
    everywhere = np.ones(len(rows), dtype=np.bool_)
    faults.add_where(everywhere, lines[rows], names[0], texts, "ticker and date twice", cure)


def _check_order(
    codes: Integers,
    place: Integers,
    lines: Integers,
    dates: Dates,
    names: tuple[str, str, str],
    faults: Faults,
) -> None:
    """Count the rows that are earlier than the row of the same ticker before them."""
    if (np.diff(place) >= 0).all():
        return
    bad = np.zeros(len(codes), dtype=np.bool_)
    if (np.diff(codes) >= 0).all():
        bad[1:] = (codes[1:] == codes[:-1]) & (place[1:] < place[:-1])
    else:
        order = order_of(codes)
        bad[order[1:]] = (np.diff(codes[order]) == 0) & (np.diff(place[order]) < 0)
    if bad.any():
        rows = np.flatnonzero(bad)
        texts = np.datetime_as_string(dates[place[rows]]).tolist()
        cure = _ORDER_CURE.format(names=f"{names[1]!r}, {names[0]!r}")
        everywhere = np.ones(len(rows), dtype=np.bool_)
        faults.add_where(everywhere, lines[rows], names[0], texts, "date out of order", cure)
