"""Fetched bars against the sessions of their exchange: what is not over, extra, or missing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from eventstudy.arrays import Booleans, Dates
from eventstudy.calendars import Calendar, exchange_calendar
from eventstudy.errors import CalendarError, UnknownExchangeError
from eventstudy.exchanges import exchange_name, exchange_of, is_index
from eventstudy.published import reach
from eventstudy.sources.bars import PRICES, Bars

SETTLING = timedelta(minutes=30)
"""After a close, the time in which a delayed feed may still show an unfinished session."""

_LISTED = 4


def utc_now() -> datetime:
    """Give the present instant, UTC."""
    return datetime.now(UTC)


def sessions_between(ticker: str, start: date, end: date) -> Calendar | None:
    """Sessions by which a ticker trades; None where its exchange or the dates are not known."""
    try:
        mic = exchange_of(ticker)
        first, last = reach(mic)
        return exchange_calendar(mic, max(start, first), min(end, last))
    except CalendarError:
        return None


def last_over(calendar: Calendar, now: datetime) -> np.datetime64 | None:
    """Last session that had closed, and settled, by an instant; None where none had."""
    instant = np.datetime64((now - SETTLING).astimezone(UTC).replace(tzinfo=None), "ns")
    count = int(np.searchsorted(calendar.closes, instant, side="right"))
    return calendar.sessions[count - 1] if count else None


def settle(
    ticker: str, bars: Bars, start: date, end: date, *, now: datetime, timezone: str
) -> tuple[Bars, tuple[str, ...]]:
    """Keep the bars of sessions that are over, and say what is left out, odd or missing.

    Parameters
    ----------
    ticker : str
        Names the exchange; where it does not, sessions are not checked.
    bars : Bars
        As fetched.
    start, end : date
        The range asked for, both inside; bars outside it are left out without a word.
    now : datetime
        Instant of the fetch. A session counts as over half an hour after its close.
    timezone : str
        Time zone of the exchange as the vendor names it.

    Returns
    -------
    bars : Bars
        Prices that are not positive and finite are NaN.
    notes : tuple of str
    """
    bars = bars.at((bars.dates >= np.datetime64(start)) & (bars.dates <= np.datetime64(end)))
    today = now.astimezone(_zone(timezone)).date()
    calendar = sessions_between(ticker, start, min(end, today))
    notes: list[str] = []
    if calendar is None:
        unfinished = bars.dates >= np.datetime64(today)
        bars = _without(bars, unfinished, "a day that is not over is left out", notes)
        notes.append(_unchecked(ticker))
    else:
        bars = _on_sessions(bars, calendar, today, now, notes)
        notes += _elsewhere(calendar, timezone)
    bars = _positive(bars, notes)
    if calendar is not None:
        notes += _gaps(bars, calendar, now)
    notes += _splits(bars)
    if calendar is not None and not is_index(ticker):
        bars = _traded(bars, notes)
    return bars, tuple(notes)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _unchecked(ticker: str) -> str:
    try:
        return f"sessions are not checked: no calendar of {exchange_name(exchange_of(ticker))}"
    except UnknownExchangeError:
        return "sessions are not checked: the ticker does not tell the exchange"


def _without(bars: Bars, out: Booleans, text: str, notes: list[str]) -> Bars:
    """Leave rows out; said where one of them has a close."""
    priced = bars.dates[out & np.isfinite(bars.close)]
    if len(priced):
        notes.append(f"{text} ({_days(priced)})")
    return bars.at(~out)


def _on_sessions(
    bars: Bars, calendar: Calendar, today: date, now: datetime, notes: list[str]
) -> Bars:
    known = calendar.index_of(bars.dates) >= 0
    over = last_over(calendar, now)
    unfinished = known if over is None else known & (bars.dates > over)
    bars = _without(bars, unfinished, "a session that is not over is left out", notes)
    beyond = (bars.dates > calendar.last) & (bars.dates <= np.datetime64(today))
    text = f"days beyond the calendar of {exchange_name(calendar.name)} are left out"
    bars = _without(bars, beyond, text, notes)
    closed = calendar.index_of(bars.dates) < 0
    return _without(bars, closed, "prices on days without a session are left out", notes)


def _elsewhere(calendar: Calendar, timezone: str) -> list[str]:
    """Say where the vendor's clock is not that of the ticker's exchange."""
    noon = datetime.combine(calendar.last.astype(object), datetime.min.time()).replace(hour=12)
    theirs, ours = (
        noon.replace(tzinfo=_zone(name)).utcoffset() for name in (timezone, calendar.timezone)
    )
    if theirs == ours:
        return []
    name = exchange_name(calendar.name)
    return [f"the source places it in {timezone}, the ticker in {name}: check the ticker"]


def _positive(bars: Bars, notes: list[str]) -> Bars:
    """Make missing what cannot be a price; an open of 0 commonly stands for none."""
    columns = {name: getattr(bars, name) for name in bars.__dataclass_fields__}
    bad = np.zeros(len(bars), dtype=np.bool_)
    for name in PRICES:
        values = columns[name]
        wrong = ~np.isnan(values) & ~((values > 0) & np.isfinite(values))
        columns[name] = np.where(wrong, np.nan, values)
        if name in ("close", "adjusted"):
            bad |= wrong
    if bad.any():
        notes.append(f"prices that are none are taken as missing ({_days(bars.dates[bad])})")
    columns["adjusted"] = np.where(np.isnan(columns["close"]), np.nan, columns["adjusted"])
    lost = ~np.isnan(columns["close"]) & np.isnan(columns["adjusted"]) & ~bad
    if lost.any():
        days = _days(bars.dates[lost])
        notes.append(f"closes without an adjusted close are taken as missing ({days})")
    return Bars(**columns)


def _gaps(bars: Bars, calendar: Calendar, now: datetime) -> list[str]:
    """Say which sessions have no price: before the first, between, and after the last."""
    index = calendar.index_of(bars.dates[np.isfinite(bars.adjusted)])
    over = last_over(calendar, now)
    if not len(index) or over is None:
        return []
    first, last = int(index[0]), int(index[-1])
    final = int(calendar.index_of(np.asarray(over)))
    notes: list[str] = []
    if first > 0:
        notes.append(
            f"first price on {calendar.sessions[first]}, {_sessions(first)} after the first "
            "one asked for"
        )
    missing = np.setdiff1d(np.arange(first, last + 1), index)
    if len(missing):
        breaks = np.flatnonzero(np.diff(missing) > 1) + 1
        runs = [calendar.sessions[run] for run in np.split(missing, breaks)]
        notes.append(f"{_sessions(len(missing))} without a price: {_spans(runs)}")
    if last < final:
        notes.append(
            f"last price on {calendar.sessions[last]}, {_sessions(final - last)} before the last "
            "one asked for"
        )
    return notes


def _splits(bars: Bars) -> list[str]:
    """Say where closes move as a split would move them, although splits should be worked in."""
    known = np.isfinite(bars.close)
    dates, close, split = bars.dates[known], bars.close[known], bars.split[known]
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.abs(np.log(split[1:]))
        move = np.log(close[1:] / close[:-1])
        unworked = (step > np.log(1.4)) & (np.abs(move + np.log(split[1:])) < np.abs(move))
    days = dates[1:][unworked & np.isfinite(step)]
    if not len(days):
        return []
    return [f"closes look unadjusted for a split ({_days(days)}): check them"]


def _traded(bars: Bars, notes: list[str]) -> Bars:
    """Make missing the closes of sessions on which nothing was traded and the close stood still.

    So a vendor fills halts: their returns are not zero, they are none, and the return after them is
    over all of their sessions. Where nobody counts units, no session is known to be one.
    """
    known = np.flatnonzero(np.isfinite(bars.close))
    close, volume = bars.close[known], bars.volume[known]
    still = known[1:][(volume[1:] == 0) & (close[1:] == close[:-1])]
    if not (volume > 0).any() or not len(still):
        return bars
    days = _days(bars.dates[still])
    of = _sessions(len(still))
    notes.append(f"no volume and an unmoved close, taken as missing, on {of}: {days}")
    columns = {name: getattr(bars, name) for name in bars.__dataclass_fields__}
    for name in ("close", "adjusted"):
        columns[name] = columns[name].copy()
        columns[name][still] = np.nan
    return Bars(**columns)


def _sessions(count: int) -> str:
    return f"{count:,} session{'s' if count != 1 else ''}"


def _days(days: Dates) -> str:
    return _spans([days[place : place + 1] for place in range(len(days))])


def _spans(runs: list[Dates]) -> str:
    """Write runs of days as "2018-04-17 to 2018-06-12, 2024-12-24"."""
    named = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs[:_LISTED]]
    more = len(runs) - len(named)
    return ", ".join(named) + (f" and {more:,} more" if more else "")
