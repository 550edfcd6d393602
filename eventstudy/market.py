"""What a study needs of the world: exchanges, benchmarks, prices and calendars of its pairs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from eventstudy.arrays import Integers
from eventstudy.calendars import Calendar, data_calendar, exchange_calendar, reach
from eventstudy.errors import EventsError, PricesError, Problem, UnknownExchangeError
from eventstudy.exchanges import default_benchmark, exchange_of
from eventstudy.panel import Factors, Panel, PriceSeries
from eventstudy.sources import PriceSource
from eventstudy.windows import Design

DATA = "data"
# Calendar days that hold a session even over the longest holidays, and a margin for halts.
_DAYS_A_SESSION = 1.6
_MARGIN = timedelta(days=60)


@dataclass(frozen=True)
class Place:
    """Where a ticker trades and what it is measured against; "" where there is nothing.

    Attributes
    ----------
    ticker, exchange : str
        The security and the code of its calendar.
    benchmark, benchmark_exchange : str
        The benchmark and its calendar, "" for a model that needs none.
    reason : str
        Why the pair cannot be studied, "" where it can.
    """

    ticker: str
    exchange: str = ""
    benchmark: str = ""
    benchmark_exchange: str = ""
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Listing:
    """Places of all pairs.

    Attributes
    ----------
    places : tuple of Place
        Each distinct place once.
    code : array of int, shape (pairs,)
        Place of each pair.
    """

    places: tuple[Place, ...]
    code: Integers

    def dropped(self) -> dict[int, str]:
        """Pairs that cannot be studied, with the reason."""
        bad = np.array([bool(place.reason) for place in self.places], dtype=np.bool_)
        pairs = np.flatnonzero(bad[self.code]) if len(self.places) else []
        return {int(pair): self.places[self.code[pair]].reason for pair in pairs}


def list_pairs(
    frame: pd.DataFrame,
    *,
    calendar: str,
    benchmark: str | None,
    exchanges: Mapping[str, str],
    needs_benchmark: bool,
) -> Listing:
    """Find exchange and benchmark of every pair.

    A row's own benchmark comes first, then the study's, then the default of its exchange. With
    ``calendar="data"`` there are no exchanges.

    Raises
    ------
    EventsError
        Where a ticker is its own benchmark.
    """
    columns = ["ticker", "benchmark", "exchange"]
    code = frame.groupby(columns, sort=False).ngroup().to_numpy().astype(np.int64)
    _, first = np.unique(code, return_index=True)
    places: list[Place] = []
    problems: list[Problem] = []
    for ticker, own, named in frame[columns].iloc[first].itertuples(index=False, name=None):
        listed = exchanges.get(ticker, named)
        try:
            place = _place(ticker, own or benchmark or "", listed, calendar, needs_benchmark)
            if place.benchmark and calendar != DATA:
                there = exchange_of(place.benchmark, named=exchanges.get(place.benchmark, ""))
                place = replace(place, benchmark_exchange=there)
        except UnknownExchangeError as error:
            place = Place(ticker, reason=str(error))
        if place.benchmark == ticker:
            problems.append(_own_benchmark(frame, ticker))
        places.append(place)
    if problems:
        raise EventsError("events", problems)
    return Listing(tuple(places), code)


def list_peers(
    tickers: Sequence[str], *, calendar: str, exchanges: Mapping[str, str]
) -> list[Place]:
    """Find the exchange of every peer.

    Raises
    ------
    UnknownExchangeError
        Where a peer's exchange is not known.
    """
    return [
        Place(t, DATA if calendar == DATA else exchange_of(t, named=exchanges.get(t, "")))
        for t in tickers
    ]


def _place(ticker: str, benchmark: str, listed: str, calendar: str, needed: bool) -> Place:  # noqa: FBT001
    if not ticker:
        return Place("", reason="no ticker: fill the cell, or name tickers for the run")
    exchange = DATA if calendar == DATA else exchange_of(ticker, named=listed)
    if not needed:
        return Place(ticker, exchange)
    benchmark = benchmark or default_benchmark(ticker, named=listed) or ""
    if not benchmark:
        reason = f"no default benchmark for {ticker}: name one in the column benchmark"
        return Place(ticker, exchange, reason=reason)
    return Place(ticker, exchange, benchmark, DATA if calendar == DATA else "")


def _own_benchmark(frame: pd.DataFrame, ticker: str) -> Problem:
    row = frame.loc[frame["ticker"] == ticker].iloc[0]
    return Problem(
        None,
        "benchmark",
        ticker,
        f"{ticker} is its own benchmark (event {row['event_id']})",
        "Name another benchmark for it in the column benchmark, or leave the ticker out",
    )


def event_range(frame: pd.DataFrame) -> tuple[date, date]:
    """Dates of the first and the last announcement."""
    days = pd.concat([frame["announced_at"].dt.tz_convert(None), frame["date"]]).dropna()
    return days.min().date(), days.max().date()


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
    panel : Panel
        The securities, on the sessions that the windows can need.
    factors : Factors
        The benchmarks, on the same sessions.
    calendar, security, benchmark : array of int, shape (pairs,)
        Calendar, row of the panel and factor of each pair; -1 where there is none.
    dropped : dict of int to str
        Pairs without a place or a series, with the reason.
    """

    series: Mapping[str, PriceSeries]
    sessions: Mapping[str, Calendar]
    panel: Panel
    factors: Factors
    calendar: Integers
    security: Integers
    benchmark: Integers
    dropped: dict[int, str]


def open_market(
    frame: pd.DataFrame,
    listing: Listing,
    prices: PriceSource,
    design: Design,
    *,
    peers: Sequence[Place] = (),
) -> Market:
    """Load the series of all pairs, and of peers, and lay them on their calendars.

    A peer on an exchange of none of the pairs, or without a series, has no row.

    Raises
    ------
    PricesError
        Where not one pair has its series.
    CalendarError
        Where a calendar does not reach the announcements.
    """
    good = [place for place in listing.places if not place.reason]
    wanted = dict.fromkeys(p.ticker for p in good) | dict.fromkeys(
        p.benchmark for p in good if p.benchmark
    )
    wanted |= dict.fromkeys(peer.ticker for peer in peers)
    start, end = price_range(frame, design)
    quotes = prices.load(list(wanted), start, end)
    places = tuple(_with_series(place, quotes.failures) for place in listing.places)
    listing = replace(listing, places=places)
    good = [place for place in places if not place.reason]
    if wanted and not good:
        reasons = dict.fromkeys(place.reason for place in places)
        raise PricesError("no price series for any event:\n  " + "\n  ".join(reasons))
    own_days = any(place.exchange == DATA for place in good)
    series = {
        ticker: one if own_days else _clip(one, start, end) for ticker, one in quotes.series.items()
    }
    names = list(dict.fromkeys(p.exchange for p in good))
    others = [p.benchmark_exchange for p in good if p.benchmark_exchange]
    calendars = _calendars([*names, *others], frame, series.values())
    pad = max(abs(d) for w in (design.estimation, design.event) for d in (w.first, w.last)) + 2
    usable = [p for p in peers if p.exchange in names and p.ticker in quotes.series]
    securities = list(dict.fromkeys((p.ticker, p.exchange) for p in [*good, *usable]))
    benchmarks = dict.fromkeys((p.benchmark, p.benchmark_exchange) for p in good if p.benchmark)
    targets = [calendars[name] for name in names]
    panel = Panel.build(
        [series[ticker] for ticker, _ in securities],
        targets,
        [names.index(exchange) for _, exchange in securities],
        pad=pad,
    )
    factors = Factors.build(
        [series[ticker] for ticker, _ in benchmarks],
        [calendars[exchange] for _, exchange in benchmarks],
        targets,
        pad=pad,
    )
    factor = {ticker: row for row, (ticker, _) in enumerate(benchmarks)}
    table = np.array(
        [
            (-1, -1, -1)
            if p.reason
            else (
                names.index(p.exchange),
                securities.index((p.ticker, p.exchange)),
                factor.get(p.benchmark, -1),
            )
            for p in places
        ],
        dtype=np.int64,
    ).reshape(-1, 3)[listing.code]
    sessions = {ticker: calendars[exchange] for ticker, exchange in [*securities, *benchmarks]}
    return Market(quotes.series, sessions, panel, factors, *table.T, dropped=listing.dropped())


def _with_series(place: Place, failures: Mapping[str, PricesError]) -> Place:
    """Give a place the reason why its series, or its benchmark's, cannot be had."""
    if place.reason:
        return place
    if place.ticker in failures:
        return replace(place, reason=str(failures[place.ticker]))
    if place.benchmark in failures:
        return replace(place, reason=f"benchmark: {failures[place.benchmark]}")
    return place


def _clip(series: PriceSeries, start: date, end: date) -> PriceSeries:
    """Keep the dates that the windows can need, so that calendars are built for no more."""
    inside = (series.dates >= np.datetime64(start)) & (series.dates <= np.datetime64(end))
    opens = None if series.opens is None else series.opens[inside]
    return replace(series, dates=series.dates[inside], values=series.values[inside], opens=opens)


def _calendars(
    names: Sequence[str], frame: pd.DataFrame, series: Iterable[PriceSeries]
) -> dict[str, Calendar]:
    """Build the calendars over the data and the announcements."""
    days = [day for one in series if len(one.dates) for day in (one.dates[0], one.dates[-1])]
    if DATA in names:
        return {DATA: data_calendar(_all_days(series))}
    first, last = event_range(frame)
    begin = min([first, *(day.astype(object) for day in days)])
    finish = max([last, *(day.astype(object) for day in days)])
    return calendars_between(names, begin, finish)


def _all_days(series: Iterable[PriceSeries]) -> np.ndarray:
    return np.unique(np.concatenate([one.dates for one in series]))


def calendars_between(names: Iterable[str], first: date, last: date) -> dict[str, Calendar]:
    """Build calendars from the year of the first date to some weeks after the last.

    Where a calendar ends sooner it is cut there; an announcement beyond is then its error.
    """
    built: dict[str, Calendar] = {}
    for name in names:
        if name not in built:
            known = reach(name)
            start = max(date(first.year, 1, 1), known[0])
            built[name] = exchange_calendar(name, start, min(last + _MARGIN, known[1]))
    return built
