"""Sessions as exchange_calendars publishes them, and the closures that it does not know yet."""

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
                pd.DatetimeIndex(times).tz_localize(None).as_unit("ns").to_numpy()
                for times in (calendar.sessions, calendar.opens, calendar.closes)
            )
            timezone = cast("str", calendar.tz.key)
        except (library.errors.CalendarError, *faults) as error:
            raise CalendarError(
                f"exchange_calendars {library.__version__} with pandas {pd.__version__} cannot "
                f"build the calendar of {exchange_name(code)} from {start} to {end}. Update "
                "exchange_calendars, or give returns with calendar='data'"
            ) from error
    return timezone, sessions.astype("datetime64[D]"), opens, closes


@cache
def closures(code: str) -> Dates:
    """Days on which an exchange did not trade although exchange_calendars has a session."""
    table = resources.files("eventstudy") / "data" / "closures.csv"
    rows = csv.DictReader(table.read_text(encoding="utf-8").splitlines())
    return np.array([row["date"] for row in rows if row["exchange"] == code], "datetime64[D]")
