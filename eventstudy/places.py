"""Where tickers trade, and what they are measured against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from eventstudy.arrays import Integers
from eventstudy.errors import EventsError, Problem, UnknownExchangeError
from eventstudy.exchanges import default_benchmark, exchange_of
from eventstudy.factors import FactorTable
from eventstudy.models import Model

DATA = "data"
"""The calendar of a study whose sessions are the rows of its data."""


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
        reasons = np.array([place.reason for place in self.places], dtype=object)
        if not any(reasons):
            return {}
        pairs = np.flatnonzero((reasons != "")[self.code])
        return dict(zip(pairs.tolist(), reasons[self.code[pairs]].tolist(), strict=True))


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
    code, first = _distinct(frame, columns)
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
        if place.benchmark and place.benchmark == ticker:
            problems.append(_own_benchmark(frame, ticker))
        places.append(place)
    if problems:
        raise EventsError("events", problems)
    return Listing(tuple(places), code)


def _distinct(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[Integers, Integers]:
    """Give a number to each distinct row of some columns, in the order of their first rows.

    Returns
    -------
    code : array of int, shape (rows,)
    first : array of int, shape (distinct,)
        The first row of each.
    """
    code = np.zeros(len(frame), dtype=np.int64)
    for name in columns:
        one, values = pd.factorize(frame[name])
        if len(values) > 1:
            # Numbered anew after each column, a product stays below the square of the rows.
            code = pd.factorize(code * len(values) + one)[0].astype(np.int64)
    backwards = np.arange(len(frame))[::-1]
    first = np.empty(int(code.max(initial=-1)) + 1, dtype=np.int64)
    first[code[backwards]] = backwards  # of several writes the last one, the first row, stays
    return code, first


def list_peers(
    tickers: Sequence[str], *, calendar: str, exchanges: Mapping[str, str]
) -> list[Place]:
    """Find the exchange of every peer, or of every ticker that is a factor.

    Raises
    ------
    UnknownExchangeError
        Where an exchange is not known.
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


@dataclass(frozen=True)
class Supply:
    """Series that a model needs beside the securities and their benchmarks.

    Attributes
    ----------
    factors : tuple of Place
        Tickers that are factors.
    table : FactorTable or None
        Factors that the model brings along.
    optional : bool
        Whether the model can do without some of the tickers.
    reach : int
        Sessions beyond the windows that leads and lags need.
    """

    factors: tuple[Place, ...] = ()
    table: FactorTable | None = None
    optional: bool = False
    reach: int = 0


def supply_of(model: Model, *, calendar: str, exchanges: Mapping[str, str]) -> Supply:
    """List what a model needs.

    Raises
    ------
    UnknownExchangeError
        Where the exchange of a factor is not known.
    """
    return Supply(
        tuple(list_peers(model.tickers, calendar=calendar, exchanges=exchanges)),
        model.table,
        model.selects,
        max(map(abs, model.shifts)),
    )
