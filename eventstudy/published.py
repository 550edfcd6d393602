"""Sessions as exchange_calendars publishes them, and closures and hours that it does not know."""

from __future__ import annotations

import csv
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, cast

import numpy as np
import pandas as pd

from eventstudy.arrays import Dates, Instants
from eventstudy.errors import CalendarError
from eventstudy.exchanges import calendar_code, exchange_name
from eventstudy.filters import filtered

# exchange_calendars sets no limit to most exchanges; instants are counted in nanoseconds, which
# end in 2262, and holidays of the far past or future are rules without exceptions.
_LIMITS = (date(1900, 1, 1), date(2099, 12, 31))


@cache
def reach(mic: str) -> tuple[date, date]:
    """First and last date that the calendar of an exchange can be asked for.

    Raises
    ------
    UnknownExchangeError
        Where the exchange is not known.

    Examples
    --------
    >>> reach("XSHG")[0].isoformat()
    '1990-12-03'
    """
    code = calendar_code(mic)
    with filtered():
        library = _library()
        # The classes know their bounds, yet the table of classes is not public: without it, a
        # short calendar is asked, which takes as long to build as the one that is wanted.
        classes = getattr(library.calendar_utils, "_default_calendar_factories", {})
        calendar = classes.get(code) or library.get_calendar(code, "2024-01-02", "2024-01-31")
        bounds = (calendar.bound_min(), calendar.bound_max())
    least, most = (
        limit if bound is None else cast("date", bound.date())
        for bound, limit in zip(bounds, _LIMITS, strict=True)
    )
    return max(least, _LIMITS[0]), min(most, _LIMITS[1])


def _library() -> Any:
    # It has no types; callers catch its warnings on its own use of pandas, which no user can cure.
    import exchange_calendars  # pyright: ignore[reportMissingTypeStubs]

    return exchange_calendars


def published(code: str, start: date, end: date) -> tuple[str, Dates, Instants, Instants]:
    """Time zone, sessions, opens and closes as exchange_calendars has them."""
    with filtered():
        library = _library()
        faults = (ValueError, TypeError, AttributeError, LookupError, NotImplementedError)
        try:
            calendar = library.get_calendar(code, start.isoformat(), end.isoformat())
            sessions, opens, closes = (
                pd.DatetimeIndex(times).tz_localize(None).as_unit("ns").to_numpy(copy=True)
                for times in (calendar.sessions, calendar.opens, calendar.closes)
            )
            timezone = cast("str", calendar.tz.key)
        except (library.errors.CalendarError, *faults) as error:
            raise CalendarError(
                f"exchange_calendars {library.__version__} with pandas {pd.__version__} cannot "
                f"build the calendar of {exchange_name(code)} from {start} to {end}. Update "
                "exchange_calendars, or give returns with calendar='data'"
            ) from error
    days = sessions.astype("datetime64[D]")
    for listed in _table("hours.csv", code):
        here = (days >= np.datetime64(listed["first"])) & (days <= np.datetime64(listed["last"]))
        for instants, name in ((opens, "open"), (closes, "close")):
            # A session of other hours than the usual ones, as a half day, keeps them.
            usual = _instants(days[here], listed[f"listed_{name}"], timezone)
            known = instants[here]
            right = _instants(days[here], listed[name], timezone)
            instants[here] = np.where(known == usual, right, known)
    return timezone, days, opens, closes


def _instants(days: Dates, clock: str, timezone: str) -> Instants:
    """Give one time of day of an exchange's clock on some days, UTC."""
    hour, minute = (int(part) for part in clock.split(":"))
    local = days.astype("datetime64[ns]") + np.timedelta64(60 * hour + minute, "m")
    return pd.DatetimeIndex(local).tz_localize(timezone).tz_convert(None).to_numpy()


@cache
def closures(code: str) -> Dates:
    """Days on which an exchange did not trade although exchange_calendars has a session."""
    return np.array([row["date"] for row in _table("closures.csv", code)], "datetime64[D]")


def _table(name: str, code: str) -> list[dict[str, str]]:
    """Rows of a table of ours that are of one exchange."""
    table = resources.files("eventstudy") / "data" / name
    rows = csv.DictReader(table.read_text(encoding="utf-8").splitlines())
    return [row for row in rows if row["exchange"] == code]
