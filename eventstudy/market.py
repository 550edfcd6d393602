"""What a study needs of the world: prices and calendars of its pairs, benchmarks and factors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import cast

import numpy as np
import pandas as pd

from eventstudy.arrays import Dates, Floats, Integers
from eventstudy.calendars import Calendar, data_calendar, exchange_calendar
from eventstudy.currency import (
    SESSIONS,
    convert_factor,
    convert_panel,
    rate_changes,
    rate_ticker,
)
from eventstudy.errors import PricesError, StudyError
from eventstudy.factors import FactorTable
from eventstudy.panel import Factors, Panel, PriceSeries
from eventstudy.places import DATA, Listing, Place, Supply, list_pairs, list_peers, supply_of
from eventstudy.published import reach
from eventstudy.sources import PriceSource, Quotes
from eventstudy.windows import Design

__all__ = [
    "DATA",
    "Listing",
    "Market",
    "Place",
    "Supply",
    "calendars_between",
    "event_range",
    "list_pairs",
    "list_peers",
    "open_market",
    "price_range",
    "supply_of",
]

# Calendar days that hold a session even over the longest holidays, and a margin for halts.
_DAYS_A_SESSION = 1.6
_MARGIN = timedelta(days=60)


def event_range(frame: pd.DataFrame) -> tuple[date, date]:
    """Dates of the first and the last announcement."""
    columns = (frame["announced_at"].dt.tz_convert(None), frame["date"])
    filled = [days for days in columns if days.notna().any()]
    return min(days.min() for days in filled).date(), max(days.max() for days in filled).date()


def price_range(frame: pd.DataFrame, design: Design) -> tuple[date, date]:
    """Calendar dates that prices should cover for the windows of all events, both inside."""
    first, last = event_range(frame)
    before = min(design.estimation.first, design.event.first, 0)
    after = max(design.estimation.last, design.event.last, 0)
    return (
        first + timedelta(days=int(before * _DAYS_A_SESSION)) - _MARGIN,
        last + timedelta(days=int(after * _DAYS_A_SESSION)) + _MARGIN,
    )


@dataclass(frozen=True, eq=False)
class Market:
    """Series on sessions for the pairs of a study.

    Attributes
    ----------
    series : mapping of str to PriceSeries
        What the source gave, whole.
    sessions : mapping of str to Calendar
        Calendar of each ticker, benchmarks included.
    brought : mapping of str to PriceSeries and Calendar
        Factors that the model brings along, whole; a security may have the name of one.
    panel : Panel
        The securities, on the sessions that the windows can need.
    factors : Factors
        The benchmarks, on the same sessions.
    calendar, security, benchmark : array of int, shape (pairs,)
        Calendar, row of the panel and factor of each pair, in 32 bits; -1 where there is none.
    dropped : dict of int to str
        Pairs without a place or a series, with the reason.
    laid : mapping of str to PriceSeries
        Benchmarks and factors of the source as they lie on their sessions, converted where they
        are.
    rates : mapping of str to str
        Rate by which the returns of a ticker are converted, for those that are.
    """

    series: Mapping[str, PriceSeries]
    sessions: Mapping[str, Calendar]
    brought: Mapping[str, tuple[PriceSeries, Calendar]]
    panel: Panel
    factors: Factors
    calendar: Integers
    security: Integers
    benchmark: Integers
    dropped: dict[int, str]
    laid: Mapping[str, PriceSeries] = field(default_factory=dict)
    rates: Mapping[str, str] = field(default_factory=dict)


def open_market(
    frame: pd.DataFrame,
    listing: Listing,
    prices: PriceSource,
    design: Design,
    *,
    peers: Sequence[Place] = (),
    supply: Supply | None = None,
    currency: str = "",
) -> Market:
    """Load the series of all pairs, of peers and of factors, and lay them on their calendars.

    A peer on an exchange of none of the pairs, or without a series, has no row.

    Parameters
    ----------
    frame : DataFrame
        The events' frame.
    listing : Listing
        Places of the pairs.
    prices : PriceSource
        Where series come from.
    design : Design
        The windows.
    peers : sequence of Place
        Other firms, for the placebo over peers.
    supply : Supply, optional
        What the model needs beside.
    currency : str
        Currency of all returns but those that the model brings along; "" for local ones.

    Raises
    ------
    PricesError
        Where not one pair has its series.
    CalendarError
        Where a calendar reaches neither announcements nor prices, or a currency is not known.
    StudyError
        Where a factor that the model brings along has the name of a benchmark.
    """
    supply = supply or Supply()
    good = [place for place in listing.places if not place.reason]
    used = {p.ticker: p.exchange for p in [*peers, *supply.factors, *good]}
    used |= {p.benchmark: p.benchmark_exchange for p in good if p.benchmark}
    needed = {ticker: rate_ticker(code, currency, ticker) for ticker, code in used.items()}
    rates = {ticker: rate for ticker, rate in needed.items() if rate}
    start, end = price_range(frame, design)
    quotes = prices.load(list(dict.fromkeys([*used, *rates.values()])), start, end)
    places = _with_series(listing.places, quotes.failures, supply, rates)
    if used and all(place.reason for place in places):
        reasons = dict.fromkeys(place.reason for place in places)
        raise PricesError("no price series for any event:\n  " + "\n  ".join(reasons))
    lost = {t for t in used if t in quotes.failures or rates.get(t) in quotes.failures}
    found = {p.ticker: _absent(p.ticker, quotes, rates) for p in supply.factors if p.ticker in lost}
    known = [p for p in peers if p.ticker not in lost]
    stock = _Stock({**quotes.series, **found}, start, end, known, supply, rates)
    return _lay_out(frame, replace(listing, places=places), stock, design)


@dataclass(frozen=True, eq=False)
class _Stock:
    """What was loaded: series, the range that is needed, and what they are for."""

    series: Mapping[str, PriceSeries]
    start: date
    end: date
    peers: Sequence[Place]
    supply: Supply
    rates: Mapping[str, str]


def _lay_out(frame: pd.DataFrame, listing: Listing, stock: _Stock, design: Design) -> Market:
    """Lay the series on calendars, and convert those that need it."""
    supply, rates = stock.supply, stock.rates
    good = [place for place in listing.places if not place.reason]
    own_days = any(place.exchange == DATA for place in good)
    series, whole = stock.series, _brought(supply.table, good)
    brought = whole
    if not own_days:
        series, brought = (_clip(one, stock.start, stock.end) for one in (series, whole))
    names = list(dict.fromkeys(p.exchange for p in good))
    usable = [p for p in stock.peers if p.exchange in names]
    securities = list(dict.fromkeys((p.ticker, p.exchange) for p in [*good, *usable]))
    factors = {p.benchmark: p.benchmark_exchange for p in good if p.benchmark}
    factors |= {p.ticker: p.exchange for p in supply.factors}
    home = [] if supply.table is None else [DATA if own_days else supply.table.exchange]
    codes = [*names, *factors.values(), *home, *([SESSIONS] if rates else [])]
    calendars = _calendars(codes, frame, series, brought)
    if own_days and supply.table is not None:
        rows = supply.table.onto(calendars[DATA].sessions)
        brought = {one.ticker: one for one in rows.series()}

    def change(ticker: str, code: str) -> Floats | None:
        rate = rates.get(ticker, "")
        if rate not in series:
            return None
        return rate_changes(series[rate], calendars[SESSIONS], calendars[code])

    targets = [calendars[name] for name in names]
    longest = max(abs(d) for w in (design.estimation, design.event) for d in (w.first, w.last))
    pad = longest + supply.reach + 2
    panel = Panel.build(
        [series[ticker] for ticker, _ in securities],
        targets,
        [names.index(code) for _, code in securities],
        pad=pad,
    )
    changes = {row: change(*key) for row, key in enumerate(securities)}
    laid = {
        ticker: convert_factor(series[ticker], calendars[code], change(ticker, code))
        for ticker, code in factors.items()
    }
    sessions = {ticker: calendars[code] for ticker, code in [*securities, *factors.items()]}
    sessions |= {rate: calendars[SESSIONS] for rate in rates.values() if rate in series}
    own = [calendars[code] for code in (*factors.values(), *(home * len(brought)))]
    return Market(
        stock.series,
        sessions,
        {name: (one, calendars[code]) for name, one in whole.items() for code in home},
        convert_panel(panel, changes),
        Factors.build([*laid.values(), *brought.values()], own, targets, pad=pad),
        *_positions(listing, names, securities, list(factors)),
        dropped=listing.dropped(),
        laid=laid,
        rates=rates,
    )


def _positions(
    listing: Listing,
    names: list[str],
    securities: list[tuple[str, str]],
    factors: list[str],
) -> tuple[Integers, Integers, Integers]:
    """Calendar, security and benchmark of each pair, -1 where there is none."""
    security = {key: row for row, key in enumerate(securities)}
    factor = {ticker: row for row, ticker in enumerate(factors)}
    exchange = {name: which for which, name in enumerate(names)}
    table = np.full((3, len(listing.places)), -1, dtype=np.int32)
    for column, place in enumerate(listing.places):
        if not place.reason:
            table[:, column] = (
                exchange[place.exchange],
                security[place.ticker, place.exchange],
                factor.get(place.benchmark, -1),
            )
    own, row, column = (cast("Integers", positions[listing.code]) for positions in table)
    return own, row, column


def _with_series(
    places: Sequence[Place],
    failures: Mapping[str, PricesError],
    supply: Supply,
    rates: Mapping[str, str],
) -> tuple[Place, ...]:
    """Give places the reason why a series that they need cannot be had."""
    needed = () if supply.optional else supply.factors
    lost = next((factor.ticker for factor in needed if factor.ticker in failures), "")

    def reason(place: Place) -> str:
        if place.ticker in failures:
            return str(failures[place.ticker])
        if place.benchmark in failures:
            return f"benchmark: {failures[place.benchmark]}"
        if lost:
            return f"factor: {failures[lost]}"
        for ticker in (place.ticker, place.benchmark, *(factor.ticker for factor in needed)):
            if rates.get(ticker) in failures:
                return f"currency: {failures[rates[ticker]]}"
        return ""

    found = [(place, place.reason or reason(place)) for place in places]
    return tuple(p if why == p.reason else replace(p, reason=why) for p, why in found)


def _absent(ticker: str, quotes: Quotes, rates: Mapping[str, str]) -> PriceSeries:
    """Give a series without a day, for a factor that the model can do without."""
    why = quotes.failures.get(ticker) or quotes.failures[rates[ticker]]
    none = np.empty(0, dtype="datetime64[D]")
    return PriceSeries(ticker, none, np.empty(0), "returns", "none", notes=(str(why),))


def _brought(table: FactorTable | None, places: Sequence[Place]) -> dict[str, PriceSeries]:
    """Give the factors that the model brings along, by name."""
    found = {} if table is None else {one.ticker: one for one in table.series()}
    double = next((p.benchmark for p in places if p.benchmark in found), None)
    if double is not None:
        raise StudyError(f"the factor {double} has the name of a benchmark. Rename its column")
    return found


def _clip(series: Mapping[str, PriceSeries], start: date, end: date) -> dict[str, PriceSeries]:
    """Keep the dates that the windows can need, so that calendars are built for no more.

    Nothing is copied, and series that share an array of dates share its part.
    """
    parts: dict[int, tuple[slice, Dates]] = {}
    found: dict[str, PriceSeries] = {}
    for ticker, one in series.items():
        if id(one.dates) not in parts:
            first = np.searchsorted(one.dates, np.datetime64(start), side="left")
            beyond = np.searchsorted(one.dates, np.datetime64(end), side="right")
            parts[id(one.dates)] = slice(first, beyond), one.dates[first:beyond]
        inside, dates = parts[id(one.dates)]
        others = {
            name: None if getattr(one, name) is None else getattr(one, name)[inside]
            for name in ("opens", "volume", "closes")
        }
        found[ticker] = replace(one, dates=dates, values=one.values[inside], **others)
    return found


def _calendars(
    names: Sequence[str],
    frame: pd.DataFrame,
    series: Mapping[str, PriceSeries],
    brought: Mapping[str, PriceSeries],
) -> dict[str, Calendar]:
    """Build the calendars over the data and the announcements."""
    if DATA in names:
        return {DATA: data_calendar(_all_days(series.values()))}
    every = [one for one in (*series.values(), *brought.values()) if len(one.dates)]
    days = [day for one in every for day in (one.dates[0], one.dates[-1])]
    first, last = event_range(frame)
    begin = min([first, *(day.astype(object) for day in days)])
    finish = max([last, *(day.astype(object) for day in days)])
    return calendars_between(names, begin, finish)


def _all_days(series: Iterable[PriceSeries]) -> np.ndarray:
    # The columns of one frame share the array of their dates.
    distinct = {id(one.dates): one.dates for one in series}
    return np.unique(np.concatenate(list(distinct.values())))


def calendars_between(names: Iterable[str], first: date, last: date) -> dict[str, Calendar]:
    """Build calendars from the year of the first date to some weeks after the last.

    Where a calendar ends sooner it is cut there; an announcement beyond is then dropped.
    """
    built: dict[str, Calendar] = {}
    for name in names:
        if name not in built:
            known = reach(name)
            # What lies wholly before or after it meets its first or last weeks, and is dropped.
            start = min(max(date(first.year, 1, 1), known[0]), known[1] - _MARGIN)
            end = max(min(last + _MARGIN, known[1]), known[0] + _MARGIN)
            built[name] = exchange_calendar(name, start, end)
    return built
