"""Where announcements fall: day zero of each pair, what would give the same one, and overlaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from eventstudy.arrays import Integers
from eventstudy.calendars import Calendar
from eventstudy.errors import StudyError
from eventstudy.market import DATA, Listing, calendars_between, list_pairs, price_range
from eventstudy.models.base import BENCHMARK
from eventstudy.overlap import overlaps
from eventstudy.panel import Panel
from eventstudy.result import dropped_frame
from eventstudy.rows import Rows, locate

if TYPE_CHECKING:
    from eventstudy.events import Events
    from eventstudy.sources import PriceSource
    from eventstudy.study import Study


@dataclass(frozen=True, eq=False)
class Placement:
    """Where the pairs of an event and a security fall.

    Attributes
    ----------
    pairs : DataFrame
        One row a pair that has a day zero by its calendar: event_id, ticker, exchange, timezone,
        announced_at, date, precision, local (the announcement by the exchange's clock, ISO 8601;
        None where only a date is known), phase, day_zero, moved, same_from and same_to (between
        them, the second one not inside, an announcement has this day zero; as local),
        benchmark, benchmark_exchange, aligned (whether the benchmark's market is another exchange),
        and with prices shifted_to, shifted_by and shift_reason.
    dropped : DataFrame
        event_id, ticker, reason.
    overlaps : DataFrame
        As in a study's result.
    """

    pairs: pd.DataFrame
    dropped: pd.DataFrame
    overlaps: pd.DataFrame


def place(events: Events, study: Study, prices: PriceSource | None) -> Placement:
    """Place the pairs by their calendars, and with prices by those too.

    Parameters
    ----------
    events : Events
        The events.
    study : Study
        Its windows, benchmarks, exchanges and rules.
    prices : PriceSource or None
        Where halts, holes and short series are looked for, as a run of the study would.

    Raises
    ------
    CalendarError
        Where a calendar does not reach an announcement.
    PricesError
        Where prices are asked for and no pair has any.
    StudyError
        Where the sessions are the rows of the user's own data.
    """
    if study.calendar == DATA:
        raise StudyError(
            "with calendar 'data' sessions are the rows of the data, which have no day to check "
            'before a run. Leave --calendar data out, or calendar = "data" in the file of --study'
        )
    frame = events.frame
    listing = list_pairs(
        frame,
        calendar=study.calendar,
        benchmark=study.benchmark,
        exchanges=study.exchanges,
        needs_benchmark=BENCHMARK in study.expected_return.factors,
    )
    placement = _by_calendar(frame, listing, study)
    if prices is None:
        return placement
    result = study.run(events, prices=prices)
    shifts = result.events.drop_duplicates(["event_id", "ticker"])
    shifts = shifts[["event_id", "ticker", "day_zero", "shifted_by", "shift_reason"]]
    pairs = placement.pairs.merge(
        shifts.rename(columns={"day_zero": "shifted_to"}), how="left", on=["event_id", "ticker"]
    )
    pairs = pairs.fillna({"shifted_by": 0, "shift_reason": ""}).astype({"shifted_by": "int64"})
    return Placement(pairs, result.dropped, result.overlaps)


def _by_calendar(frame: pd.DataFrame, listing: Listing, study: Study) -> Placement:
    good = [one for one in listing.places if not one.reason]
    codes = list(dict.fromkeys(one.exchange for one in good))
    calendars = list(calendars_between(codes, *price_range(frame, study.design)).values())
    code = np.array([-1 if one.reason else codes.index(one.exchange) for one in listing.places])
    located, unplaced = locate(
        frame, code.astype(np.int64)[listing.code], calendars, closed_day=study.closed_day
    )
    ticker = pd.factorize(frame["ticker"])[0].astype(np.int64)
    rows = replace(located, security=ticker[located.pair] * len(codes) + located.calendar)
    return Placement(
        _pairs(frame, listing, calendars, located),
        dropped_frame(frame, listing.dropped() | unplaced),
        # A panel without securities: overlaps read its calendars only.
        overlaps(rows, frame, Panel.build([], calendars, [], pad=0), study.design),
    )


def _pairs(
    frame: pd.DataFrame, listing: Listing, calendars: Sequence[Calendar], rows: Rows
) -> pd.DataFrame:
    """Describe the pairs that have a day zero by their calendar."""
    own = frame.iloc[rows.pair].reset_index(drop=True)
    places = [listing.places[code] for code in listing.code[rows.pair]]
    exchange = [calendars[which].name for which in rows.calendar]
    other = [one.benchmark_exchange for one in places]
    local, begin, end = _clocks(own, calendars, rows)
    return pd.DataFrame(
        {
            "event_id": own["event_id"],
            "ticker": own["ticker"],
            "exchange": exchange,
            "timezone": [calendars[which].timezone for which in rows.calendar],
            "announced_at": own["announced_at"],
            "date": own["date"],
            "precision": own["precision"],
            "local": pd.Series(local, dtype=object),
            "phase": rows.phase,
            "day_zero": _sessions(calendars, rows.calendar, rows.announced),
            "moved": rows.moved,
            "same_from": pd.Series(begin, dtype=object),
            "same_to": pd.Series(end, dtype=object),
            "benchmark": [one.benchmark for one in places],
            "benchmark_exchange": other,
            "aligned": [bool(b) and b != e for b, e in zip(other, exchange, strict=True)],
        }
    )


def _clocks(own: pd.DataFrame, calendars: Sequence[Calendar], rows: Rows) -> list[list[str | None]]:
    """Announcement, and the span with its day zero, by each exchange's clock; None without."""
    instants = own["announced_at"].dt.tz_convert(None).to_numpy().astype("datetime64[ns]")
    clocks: list[list[str | None]] = [[None] * len(rows) for _ in range(3)]
    for which, calendar in enumerate(calendars):
        here = np.flatnonzero((rows.calendar == which) & ~np.isnat(instants))
        if not len(here):
            continue
        span = calendar.same_day(rows.announced[here])
        for clock, times in zip(clocks, (instants[here], *span), strict=True):
            local = pd.DatetimeIndex(times, tz="UTC").tz_convert(calendar.timezone)
            for row, time in zip(here, local, strict=True):
                clock[row] = time.isoformat()
    return clocks


def _sessions(calendars: Sequence[Calendar], which: Integers, session: Integers) -> np.ndarray:
    dates = [calendars[one].sessions[at] for one, at in zip(which, session, strict=True)]
    return np.array(dates, dtype="datetime64[s]")
