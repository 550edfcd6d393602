"""Calendars: the sessions of an exchange, and the session that an announcement could first move.

The rule of the package: an instant belongs to the first session whose close is strictly after it.
Whatever is known at the very close moves the next session.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from eventstudy.arrays import Booleans, Dates, Instants, Integers, Texts
from eventstudy.errors import CalendarError, StudyError
from eventstudy.exchanges import calendar_code, exchange_name
from eventstudy.published import closures, published, reach

PHASES = ("time unknown", "closed day", "before open", "during", "after close")
"""Where in the exchange's day an announcement fell; the first is for a date without a time."""
_CLOSED_DAY, _BEFORE_OPEN, _DURING, _AFTER_CLOSE = range(1, 5)

Day = date | np.datetime64 | str
ClosedDay = Literal["next", "previous", "drop"]

# Days asked for on either side, so that the close before the first session is known.
_MARGIN = timedelta(days=15)
_OUT = "Leave the event out, update exchange_calendars, or give returns with calendar='data'"


@dataclass(frozen=True, eq=False, repr=False)
class Calendar:
    """Sessions of one exchange between two dates.

    Methods take instants as datetime64 in UTC, or local dates of the exchange as datetime64, in
    any unit and shape, and return arrays of that shape; an index counts positions in `sessions`.

    Attributes
    ----------
    name : str
        Code of the exchange's calendar, as in XNYS, or "data" for the rows of a user's frame.
    timezone : str
        IANA name of the exchange's clock.
    sessions : array of datetime64[D], shape (n,)
        Local dates of the sessions, ascending.
    opens, closes : array of datetime64[ns], shape (n,)
        Their first and last instant, UTC. A lunch break is part of the session.
    first, last : datetime64[D]
        The dates between which every session is known, both inside.
    begins : datetime64[ns]
        The close before the first session: what is announced earlier is beyond reach.
    """

    name: str
    timezone: str
    sessions: Dates
    opens: Instants
    closes: Instants
    first: np.datetime64
    last: np.datetime64
    begins: np.datetime64

    def __post_init__(self) -> None:
        for values in (self.sessions, self.opens, self.closes):
            values.flags.writeable = False

    def __len__(self) -> int:
        return len(self.sessions)

    def __repr__(self) -> str:
        return f"<Calendar {self.name}: {len(self)} sessions, {self.first} to {self.last}>"

    def covers(self, instants: Instants) -> Booleans:
        """Tell which instants have a day zero here; a missing one (NaT) has none."""
        # Whole seconds lose nothing, as every close is one; nanoseconds would wrap around in 2262.
        seconds = _datetimes(instants).astype("datetime64[s]")
        from_second, to_second = np.array([self.begins, self.closes[-1]], "datetime64[s]")
        return (seconds >= from_second) & (seconds < to_second)

    def day_zero(self, instants: Instants) -> Integers:
        """Index of the first session whose close is strictly after each instant.

        Raises
        ------
        CalendarError
            Names the first instant before the close that precedes the first session, at or after
            the last close, or missing.

        Examples
        --------
        A Friday evening before Labor Day belongs to Hong Kong's Monday and New York's Tuesday.

        >>> import numpy as np
        >>> instants = np.array(["2020-09-04T21:00"], dtype="datetime64[ns]")
        >>> for mic in ("XHKG", "XNYS"):
        ...     calendar = exchange_calendar(mic, "2020-01-01", "2020-12-31")
        ...     print(calendar.sessions[calendar.day_zero(instants)], calendar.phase(instants))
        ['2020-09-07'] ['closed day']
        ['2020-09-08'] ['after close']
        """
        values = self._reached(instants)
        return np.searchsorted(self.closes, values, side="right").astype(np.int64)

    def index_of(self, dates: Dates) -> Integers:
        """Index of the session on each date; -1 where there is none, here or beyond reach."""
        days = _datetimes(dates).astype("datetime64[D]").astype(np.int64)
        # NaT is the smallest integer, and lies outside even where the difference wraps around.
        place = days - self.sessions[0].astype(np.int64)
        outside = (place < 0) | (place >= len(self._by_date))
        return np.where(outside, -1, self._by_date[np.where(outside, 0, place)])

    @cached_property
    def _by_date(self) -> Integers:
        """Index of the session on each date from the first session to the last, -1 for none."""
        place = (self.sessions - self.sessions[0]).astype(np.int64)
        index = np.full(int(place[-1]) + 1, -1, dtype=np.int64)
        index[place] = np.arange(len(self))
        return index

    def phase(self, instants: Instants) -> Texts:
        """Place in the local day: "closed day", "before open", "during" or "after close".

        "during" is from the open to just before the close, lunch included; "closed day" is a local
        date without a session; the close itself is "after close". A session that opens on the eve
        is "during" from there on. A calendar of a user's rows knows no hours: all of the date is
        "during".

        Raises
        ------
        CalendarError
            As `day_zero` does.
        """
        return np.array(PHASES)[self.placed(instants)[1]]

    def placed(self, instants: Instants) -> tuple[Integers, NDArray[np.int8]]:
        """Day zero and phase of many instants at once.

        Returns
        -------
        index : array of int64
            As `day_zero`.
        phase : array of int8
            Place in `PHASES` of what `phase` says.

        Raises
        ------
        CalendarError
            As `day_zero` does.
        """
        values = self._reached(instants)
        index = np.searchsorted(self.closes, values, side="right").astype(np.int64)
        local = _local_dates(values, self.timezone)
        session = self.index_of(local)
        phase = np.full(values.shape, _AFTER_CLOSE, dtype=np.int8)
        phase[values < self.opens[session]] = _BEFORE_OPEN
        phase[session < 0] = _CLOSED_DAY
        # The evening of the session before the first one, whose date is no longer in `sessions`.
        eve = (local < self.first) & (local == _local_dates(self.begins, self.timezone))
        phase[eve] = _AFTER_CLOSE
        phase[values >= self.opens[index]] = _DURING
        return index, phase

    def same_day(self, index: ArrayLike) -> tuple[Instants, Instants]:
        """Span of instants that give a session as day zero.

        Returns
        -------
        from_instant, to_instant : array of datetime64[ns]
            The close before the session, which is inside, and its own, which is not. UTC.

        Raises
        ------
        IndexError
            Where there is no such session; a negative one does not count from the end.
        """
        at = np.asarray(index, dtype=np.int64)
        outside = (at < 0) | (at >= len(self))
        if np.any(outside):
            raise IndexError(f"{self!r} has no session {at[outside][0]}")
        before = np.where(at > 0, self.closes[np.maximum(at - 1, 0)], self.begins)
        return before[()], self.closes[at]

    def closed_day(self, dates: Dates, rule: ClosedDay) -> tuple[Integers, Booleans]:
        """Session of each calendar date, by a rule for dates without one.

        Returns
        -------
        index : array of int64
            The date's own session, else the "next" or the "previous" one, or -1 by "drop".
        moved : array of bool
            True where another date's session stands for it.

        Raises
        ------
        CalendarError
            Names the first date beyond reach, or whose next or previous session is.
        StudyError
            For another rule.
        """
        if rule not in ("next", "previous", "drop"):
            raise StudyError(f"closed_day {rule!r} is not a rule. Write next, previous or drop")
        days = _datetimes(dates).astype("datetime64[D]")
        reached = self.reaches(days, rule)
        if not np.all(reached):
            raise CalendarError(f"the date {self.beyond(days[~reached][0])}. {self._cure}")
        index = self.index_of(days)
        closed = index < 0
        if rule != "drop":
            following = np.searchsorted(self.sessions, days[closed])
            index[closed] = following - (rule == "previous")
        return index, closed & (index >= 0)

    def reaches(self, dates: Dates, rule: ClosedDay) -> Booleans:
        """Tell which dates `closed_day` can place by a rule, or can know to have no session."""
        days = _datetimes(dates).astype("datetime64[D]")
        least = self.sessions[0] if rule == "previous" else self.first
        most = self.sessions[-1] if rule == "next" else self.last
        return (days >= least) & (days <= most)

    def beyond(self, when: np.datetime64) -> str:
        """Say that a date, or an instant, is beyond the calendar."""
        what = str(when) if np.datetime_data(when)[0] == "D" else _utc(when)
        if self.name == "data":
            return f"{what} is outside the data, {self.first} to {self.last}"
        side, end = ("first", 0) if when < self.closes[0] else ("last", -1)
        return (
            f"{what} is beyond the calendar of {exchange_name(self.name)}, whose {side} session "
            f"is that of {self.sessions[end]}"
        )

    def _reached(self, instants: Instants) -> Instants:
        values = _datetimes(instants)
        covered = self.covers(values)
        if not np.all(covered):
            lost = values[~covered][0]
            if np.isnat(lost):
                raise CalendarError("an instant is missing (NaT). Give one, or a date instead")
            raise CalendarError(f"the instant {self.beyond(lost)}. {self._cure}")
        return values.astype("datetime64[ns]")

    @property
    def _cure(self) -> str:
        if self.name == "data":
            return "Leave the event out, or give rows on both sides of it"
        return _OUT


def exchange_calendar(mic: str, start: Day, end: Day) -> Calendar:
    """Sessions of an exchange from one date to another, both inside.

    The sessions are those of exchange_calendars without the closures that it does not know yet
    (data/closures.csv), and with the hours that it does not know (data/hours.csv). They depend on
    the dates given and never on the clock. Calendars are kept, so asking again costs nothing.

    Parameters
    ----------
    mic : str
        As in `eventstudy.exchanges.calendar_code`: XSHE gives the calendar XSHG.
    start, end : date, datetime64 or str
        Local dates. The close before `start` is known too, where the calendar goes back so far.

    Raises
    ------
    CalendarError
        Where no calendar reaches that far, there is no session between the dates, or
        exchange_calendars cannot build the calendar.
    UnknownExchangeError
        Where the exchange is not known.

    Examples
    --------
    >>> calendar = exchange_calendar("XNYS", "2018-11-19", "2018-11-25")
    >>> calendar.sessions.astype(str).tolist()
    ['2018-11-19', '2018-11-20', '2018-11-21', '2018-11-23']
    """
    return _exchange_calendar(calendar_code(mic), _day(start), _day(end))


@lru_cache(maxsize=256)
def _exchange_calendar(code: str, start: date, end: date) -> Calendar:
    earliest, latest = reach(code)
    if not earliest <= start <= end <= latest:
        raise CalendarError(
            f"the calendar of {exchange_name(code)} reaches from {earliest} to {latest}, and "
            f"{start} to {end} was asked for. Give dates inside, the earlier one first. {_OUT}"
        )
    timezone, sessions, opens, closes = published(
        code, max(start - _MARGIN, earliest), min(end + _MARGIN, latest)
    )
    first, last = np.datetime64(start, "D"), np.datetime64(end, "D")
    kept = ~np.isin(sessions, closures(code))
    earlier = closes[kept & (sessions < first)]
    kept &= (sessions >= first) & (sessions <= last)
    if not np.any(kept):
        raise CalendarError(
            f"{exchange_name(code)} has no session from {start} to {end}. Give dates further apart"
        )
    begins = earlier[-1] if len(earlier) else _midnight(start, timezone)
    return Calendar(code, timezone, sessions[kept], opens[kept], closes[kept], first, last, begins)


def data_calendar(dates: Dates) -> Calendar:
    """Calendar whose sessions are the rows of a user's frame; a session lasts its UTC day.

    Parameters
    ----------
    dates : array of datetime64, shape (n,)
        Ascending, none twice, from 1678 to 2261.

    Raises
    ------
    CalendarError
        Names the first date that is missing, out of order, given twice or impossible.

    Examples
    --------
    >>> import numpy as np
    >>> calendar = data_calendar(np.array(["2024-01-02", "2024-01-04"], dtype="datetime64[D]"))
    >>> calendar.day_zero(np.array(["2024-01-03T12:00"], dtype="datetime64[ns]")).tolist()
    [1]
    """
    sessions = _datetimes(dates).astype("datetime64[D]")
    if sessions.ndim != 1 or len(sessions) == 0:
        raise CalendarError("the data have no rows to take sessions from. Give at least one date")
    if np.any(np.isnat(sessions)):
        raise CalendarError("a row of the data has no date. Fill it in, or take the row out")
    behind = np.flatnonzero(sessions[1:] <= sessions[:-1])
    if len(behind):
        at = sessions[behind[0] + 1]
        fault = "stands twice" if at == sessions[behind[0]] else "is out of order"
        raise CalendarError(
            f"the date {at} {fault} in the data. Sort the rows by date and give each date once"
        )
    for day in (sessions[0], sessions[-1]):
        if not np.datetime64("1678-01-01") <= day <= np.datetime64("2261-12-31"):
            raise CalendarError(f"the date {day} of the data is not in 1678 to 2261. Correct it")
    opens = sessions.astype("datetime64[ns]")
    closes = np.add(opens, np.timedelta64(1, "D"))
    return Calendar("data", "UTC", sessions, opens, closes, sessions[0], sessions[-1], opens[0])


def _day(value: Day) -> date:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise CalendarError(f"{value!r} is not a date. Write it as in 2024-12-02") from None


def _datetimes(values: Instants) -> Instants:
    array = np.asarray(values)
    if array.dtype.kind != "M":
        raise TypeError(f"dates and instants must be datetime64 (UTC), not {array.dtype}")
    return array


def _local_dates(instants: Instants | np.datetime64, timezone: str) -> Dates:
    clock = pd.DatetimeIndex(np.ravel(instants), tz="UTC").tz_convert(ZoneInfo(timezone))
    dates = clock.tz_localize(None).to_numpy().astype("datetime64[D]")
    return dates.reshape(np.shape(instants))


def _midnight(day: date, timezone: str) -> np.datetime64:
    moment = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(timezone))
    return np.datetime64(int(moment.timestamp()), "s").astype("datetime64[ns]")


def _utc(instant: np.datetime64) -> str:
    return f"{np.datetime_as_string(instant, unit='s')}Z"
