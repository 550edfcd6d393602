"""Instants and calendar dates of columns: read, and told apart from what is neither."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventstudy.arrays import Booleans, Dates, Instants, Texts
from eventstudy.tables import Diagnosis, Table, matching

FIRST_YEAR, LAST_YEAR = 1800, 2199

_DAY = r"(?:1[89]|2[01])[0-9]{2}-[0-9]{2}-[0-9]{2}"
_ANY_DAY = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")
_HOUR = r"[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
_INSTANT = re.compile(f"{_DAY}{_HOUR}(?:Z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)")
_LOCAL = re.compile(f"{_DAY}{_HOUR}")
_MIDNIGHT = re.compile(rf"{_DAY}(?:[T ]00:00(?::00(?:\.0+)?)?)?")

_OFFSET_CURE = "Add the offset from UTC, as in 2020-09-04T17:00-04:00, or Z for UTC"
_INSTANT_CURE = "Write date, T, time and offset, as in 2020-09-04T17:00-04:00"
_DATE_CURE = "Write it as 2020-09-04"
_NO_OFFSET: Diagnosis = ("an instant without its offset from UTC", _OFFSET_CURE)
_YEARS = f"a year outside {FIRST_YEAR} to {LAST_YEAR}"


@dataclass(frozen=True, eq=False)
class Moments:
    """The cells of a column of instants or of dates, each of shape (rows,).

    Attributes
    ----------
    filled : array of bool
        Whether the cell holds anything.
    instants : array of datetime64[ns]
        In UTC; NaT where the cell is empty or bad, and everywhere in a column of dates.
    dates : array of datetime64[D]
        The calendar date as written: an instant's is that of its own offset. NaT as above.
    """

    filled: Booleans
    instants: Instants
    dates: Dates


def read_instants(table: Table, name: str) -> Moments:
    """Read the column of instants, noting each bad cell among the table's problems."""
    if name in table.moments:
        cells = table.moments[name]
        zoned = isinstance(cells.dtype, pd.DatetimeTZDtype)
        local = cells.dt.tz_localize(None) if zoned else cells
        utc = cells.dt.tz_convert("UTC").dt.tz_localize(None) if zoned else cells
        filled = ~np.isnat(local.to_numpy())
        dates = local.to_numpy().astype("datetime64[D]")
        usable = filled & _reachable(dates)
        diagnosis = (_YEARS, _INSTANT_CURE) if zoned else _NO_OFFSET
        bad = filled & ~(usable & zoned)
        table.flag(bad, name, diagnosis)
        instants = np.where(~bad, utc.to_numpy(), np.datetime64("NaT")).astype("datetime64[ns]")
        return Moments(filled, instants, np.where(bad, np.datetime64("NaT"), dates))
    column = table.column(name)
    shaped = matching(column.values, _INSTANT)
    distinct = np.full(len(column.values), np.datetime64("NaT"), dtype="datetime64[ns]")
    distinct[shaped] = _parsed(column.values[shaped], "ISO8601")
    bad = np.isnat(distinct) & (column.values != "")
    table.flag(column.where(bad), name, _instant_fault)
    days = np.full(len(distinct), np.datetime64("NaT"), dtype="datetime64[D]")
    # the first ten characters are the date on the announcer's own clock
    days[~np.isnat(distinct)] = column.values[~np.isnat(distinct)].astype("S10").astype(days.dtype)
    return Moments(column.filled, distinct[column.codes], days[column.codes])


def read_dates(table: Table, name: str) -> Moments:
    """Read the column of calendar dates, noting each bad cell among the table's problems."""
    if name in table.moments:
        cells = table.moments[name]
        zoned = isinstance(cells.dtype, pd.DatetimeTZDtype)
        times = (cells.dt.tz_localize(None) if zoned else cells).to_numpy()
        filled, dates = ~np.isnat(times), times.astype("datetime64[D]")
        whole = (times == dates) & _reachable(dates) & (not zoned)
        bad = filled & ~whole
        table.flag(bad, name, _date_fault)
        dates = np.where(bad, np.datetime64("NaT"), dates)
    else:
        column = table.column(name)
        shaped = matching(column.values, _MIDNIGHT)
        days = np.full(len(column.values), np.datetime64("NaT"), dtype="datetime64[D]")
        texts = pd.Series(column.values[shaped], dtype=object)
        days[shaped] = _parsed(texts.str[:10].to_numpy(), "%Y-%m-%d")
        bad = np.isnat(days) & (column.values != "")
        table.flag(column.where(bad), name, _date_fault)
        filled, dates = column.filled, days[column.codes]
    none = np.broadcast_to(np.datetime64("NaT", "ns"), len(dates))
    return Moments(filled, none, dates)


def _parsed(texts: Texts, form: str) -> Dates:
    """Read texts of the right form, NaT where there is no such day or hour."""
    read = pd.to_datetime(pd.Series(texts, dtype=object), format=form, utc=True, errors="coerce")
    return read.dt.tz_localize(None).to_numpy().astype("datetime64[ns]")


def _reachable(dates: Dates) -> Booleans:
    first, beyond = np.datetime64(str(FIRST_YEAR)), np.datetime64(str(LAST_YEAR + 1))
    return (dates >= first) & (dates < beyond)


def _instant_fault(text: str) -> Diagnosis:
    if _INSTANT.fullmatch(text):
        return "no such date or time", "Give a day of the calendar and a time from 00:00 to 23:59"
    if _LOCAL.fullmatch(text):
        return _NO_OFFSET
    if _ANY_DAY.fullmatch(text):
        cure = "Move it to the column date, or add time and offset, as in 2020-09-04T17:00-04:00"
        return "a date without a time of day", cure
    day = _ANY_DAY.match(text)
    if day and not FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        return _YEARS, _INSTANT_CURE
    return "not an instant in ISO 8601 with its offset", _INSTANT_CURE


def _date_fault(text: str) -> Diagnosis:
    if _MIDNIGHT.fullmatch(text):
        return "no such date", "Give a day of the calendar, as in 2020-09-04"
    day = _ANY_DAY.match(text)
    if day and len(text) > len(day[0]):
        cure = f"{_DATE_CURE}, or move the instant to the column announced_at"
        return "a time of day or a time zone in a calendar date", cure
    if day and not FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        return _YEARS, _DATE_CURE
    return "not a date in ISO 8601", _DATE_CURE
