"""Returns of securities, each on its own exchange's sessions, and factors aligned by closes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, cast

import numpy as np

from eventstudy.arrays import Booleans, Dates, Floats, Integers
from eventstudy.calendars import Calendar
from eventstudy.errors import PriceFileError, Problem

LONGEST_SPAN = int(np.iinfo(np.int16).max)
"""Sessions that one return may cover in a panel: more than a century."""


@dataclass(frozen=True, eq=False)
class PriceSeries:
    """One series as its source gave it.

    Attributes
    ----------
    ticker : str
        The security or index.
    dates : array of datetime64[D], shape (n,)
        Ascending, none twice.
    values : array of float, shape (n,)
        Adjusted closes (``kind="prices"``) or simple returns (``kind="returns"``); NaN is missing.
    kind : {"prices", "returns"}
        What the values are. Between two prices a missing session is seen and counted; in given
        returns an empty cell is a missing day and nothing else.
    source : str
        Name of the source, as the report prints it.
    opens : array of float, shape (n,), optional
        Opening prices on the scale of the closes; NaN is missing.
    retrieved : str
        Instant of the fetch in ISO 8601, "" where nothing was fetched.
    sha256 : str
        Digest of the series' bytes at the source, "" where there are none.
    notes : tuple of str
        What the reader must know of this series.
    volume : array of float, shape (n,), optional
        Units traded; NaN is missing, and of an index 0 may mean that nobody counts.
    closes : array of float, shape (n,), optional
        Closes that are not adjusted for dividends, as the press quotes them.
    """

    ticker: str
    dates: Dates
    values: Floats
    kind: Literal["prices", "returns"]
    source: str
    opens: Floats | None = None
    retrieved: str = ""
    sha256: str = ""
    notes: tuple[str, ...] = ()
    volume: Floats | None = None
    closes: Floats | None = None


@dataclass(frozen=True, eq=False)
class Ragged:
    """Rows of unequal origin in one flat vector, each padded so that no window runs over its ends.

    Attributes
    ----------
    values : array of float, shape (total,)
        NaN is missing, and so is all padding.
    start : array of int, shape (rows,)
        Flat position of session 0 of the row's calendar.
    """

    values: Floats
    start: Integers


@dataclass(frozen=True, eq=False)
class Panel:
    """Returns of securities, each on all sessions of its own calendar.

    Attributes
    ----------
    tickers : tuple of str
        The securities, in the order of the rows.
    calendars : tuple of Calendar
        The calendars in use.
    calendar : array of int, shape (securities,)
        Which calendar a security keeps.
    returns : Ragged
        Simple returns. A return belongs to the session on which it ends.
    spans : array of int16, shape (total,)
        Sessions that a return covers: 1, or more after a halt or a hole in the data. Kept in 16
        bits; :func:`eventstudy.kernels.gather.gather_counts` gives windows of them in 64.
    priced : array of bool, shape (total,)
        Whether the session has a price (the first price of a series has no return).
    moves : array of bool, shape (securities,)
        Whether a session without a price moves day zero: prices do, given returns do not.
    pad : int
        Sessions of padding on both sides of every row.
    """

    tickers: tuple[str, ...]
    calendars: tuple[Calendar, ...]
    calendar: Integers
    returns: Ragged
    spans: Integers
    priced: Booleans
    moves: Booleans
    pad: int

    @cached_property
    def ticker_set(self) -> frozenset[str]:
        """The tickers, to look one up."""
        return frozenset(self.tickers)

    @classmethod
    def build(
        cls,
        series: Sequence[PriceSeries],
        calendars: Sequence[Calendar],
        calendar: Sequence[int],
        *,
        pad: int,
    ) -> Panel:
        """Lay series on the sessions of their calendars.

        Parameters
        ----------
        series : sequence of PriceSeries
            One a security.
        calendars : sequence of Calendar
            The calendars that ``calendar`` points into.
        calendar : sequence of int, same length as series
            Which calendar each series keeps.
        pad : int
            Sessions of padding on both sides.

        Raises
        ------
        PriceFileError
            Where a series has a figure on a day that is no session of its calendar, or a hole of
            more than 32,767 sessions.
        """
        count = len(series)
        sizes = np.array([len(calendars[c].sessions) + 2 * pad for c in calendar], dtype=np.int64)
        ends = np.cumsum(sizes)
        start = ends - sizes + pad
        total = int(ends[-1]) if count else 0
        values = np.full(total, np.nan)
        spans = np.ones(total, dtype=np.int16)
        priced = np.zeros(total, dtype=np.bool_)
        problems: list[Problem] = []
        lookup = SessionLookup()
        for row, (one, which) in enumerate(zip(series, calendar, strict=True)):
            session = lookup.sessions(one, calendars[which])
            known = np.isfinite(one.values) & _reached(one.dates, calendars[which])
            index = session if known.all() else session[known]
            if np.any(index < 0):
                problems.append(_off_session(one, calendars[which], known, index))
                continue
            figures = one.values if len(index) == len(known) else one.values[known]
            place, after = _places(index, int(start[row]))
            priced[place] = True
            if one.kind == "returns":
                values[place] = figures
                continue
            values[after] = figures[1:] / figures[:-1] - 1.0
            if isinstance(after, slice):
                continue
            covered = np.diff(index)
            if np.any(covered > LONGEST_SPAN):
                problems.append(_long_span(one, known, covered))
                continue
            spans[after] = covered
        if problems:
            raise PriceFileError("prices", problems)
        return cls(
            tickers=tuple(s.ticker for s in series),
            calendars=tuple(calendars),
            calendar=np.asarray(calendar, dtype=np.int64),
            returns=Ragged(values, start),
            spans=cast("Integers", spans),
            priced=priced,
            moves=np.array([s.kind == "prices" for s in series], dtype=np.bool_),
            pad=pad,
        )

    @cached_property
    def any_span(self) -> bool:
        """Whether any return covers several sessions."""
        return bool((self.spans > 1).any())

    def row(self, security: int) -> slice:
        """Flat slice of a security's sessions, without the padding."""
        first = int(self.returns.start[security])
        return slice(first, first + len(self.calendars[self.calendar[security]].sessions))


class SessionLookup:
    """Sessions of the dates of series; those of one source often share one array of dates."""

    def __init__(self) -> None:
        # What the keys are the identities of is kept, so that no other thing can get one of them.
        self._found: dict[tuple[int, int], tuple[Dates, Calendar, Integers]] = {}

    def sessions(self, series: PriceSeries, calendar: Calendar) -> Integers:
        """Index of the session on each date of a series; -1 where there is none."""
        key = id(series.dates), id(calendar)
        if key not in self._found:
            self._found[key] = series.dates, calendar, calendar.index_of(series.dates)
        return self._found[key][2]


def _places(index: Integers, start: int) -> tuple[Integers | slice, Integers | slice]:
    """Flat places of a series, and of all but its first day: slices where it has no hole."""
    if len(index) and int(index[-1] - index[0]) == len(index) - 1:
        first = start + int(index[0])
        return slice(first, first + len(index)), slice(first + 1, first + len(index))
    return start + index, start + index[1:]


def _reached(dates: Dates, calendar: Calendar) -> Booleans | np.bool_:
    """Tell which dates are within a calendar: what is beyond it can be in no window."""
    if not len(dates) or (dates[0] >= calendar.first and dates[-1] <= calendar.last):
        return np.True_
    return (dates >= calendar.first) & (dates <= calendar.last)


def _off_session(
    series: PriceSeries, calendar: Calendar, known: Booleans, index: Integers
) -> Problem:
    wrong = series.dates[known][index < 0]
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    return Problem(
        None,
        series.ticker,
        str(wrong[0]),
        f"{series.ticker} has a figure on {wrong[0]}{more}, which is no session of {calendar.name}",
        "Correct the dates, or name the exchange: in the events' column exchange, or by "
        'exchanges={"TICKER": "XETR"} (--exchange TICKER=XETR). Where all series have the same '
        'days, calendar="data" (--calendar data) takes those as sessions',
    )


def _long_span(series: PriceSeries, known: Booleans, covered: Integers) -> Problem:
    place = int(np.argmax(covered))
    before, after = series.dates[known][place : place + 2]
    return Problem(
        None,
        series.ticker,
        str(after),
        f"{series.ticker} has no price between {before} and {after}, {covered[place]:,} sessions",
        f"Leave out what is before: a return covers at most {LONGEST_SPAN:,} sessions",
    )


@dataclass(frozen=True, eq=False)
class Factors:
    """Factor returns on the sessions of the securities' calendars.

    Attributes
    ----------
    names : tuple of str
        The factors.
    returns : Ragged
        One row a calendar and factor, in the order of ``where``.
    levels : array of float, shape (total,)
        The factor's last price at each close, NaN where it has none; of given returns, all of it.
    closed : array of bool, shape (total,)
        Sessions in which the factor's market did not close at all, so that its return is exactly 0.
    where : array of int, shape (calendars, factors)
        Row of a calendar and factor.
    exchanges : tuple of str
        Name of each factor's own calendar.
    """

    names: tuple[str, ...]
    returns: Ragged
    levels: Floats
    closed: Booleans
    where: Integers
    exchanges: tuple[str, ...] = ()

    @classmethod
    def build(
        cls,
        series: Sequence[PriceSeries],
        own: Sequence[Calendar],
        targets: Sequence[Calendar],
        *,
        pad: int,
    ) -> Factors:
        """Align each factor with the closes of each target calendar.

        Parameters
        ----------
        series : sequence of PriceSeries
            One a factor.
        own : sequence of Calendar, same length
            The calendar of each factor's own market, over at least the range of the targets.
        targets : sequence of Calendar
            Calendars of the securities.
        pad : int
            Sessions of padding on both sides.
        """
        sizes = np.array([len(t.sessions) + 2 * pad for t in targets for _ in series], np.int64)
        start = np.cumsum(sizes) - sizes + pad
        values = np.full(int(sizes.sum()), np.nan)
        levels = values.copy()
        closed = np.zeros(len(values), dtype=np.bool_)
        for row, (one, calendar) in enumerate(zip(series, own, strict=True)):
            returns, prices = session_returns(one, calendar), _session_prices(one, calendar)
            for which, target in enumerate(targets):
                first = start[which * len(series) + row]
                inside = slice(first, first + len(target.sessions))
                aligned, closed[inside] = align(returns, calendar, target)
                levels[inside] = at_closes = _at_closes(prices, calendar, target)
                # Over several sessions of the factor the prices at both ends are enough.
                lost = 1 + np.flatnonzero(np.isnan(aligned[1:]))
                aligned[lost] = at_closes[lost] / at_closes[lost - 1] - 1.0
                values[inside] = aligned
        return cls(
            names=tuple(s.ticker for s in series),
            returns=Ragged(values, start),
            levels=levels,
            closed=closed,
            where=np.arange(len(start), dtype=np.int64).reshape(len(targets), len(series)),
            exchanges=tuple(calendar.name for calendar in own),
        )

    def over(self, end: int, span: int) -> float:
        """Return over some sessions, the last of which is at one place of the flat vectors.

        A session without a figure makes it missing, but not where prices are known at both ends.
        """
        found = compound(self.returns.values[end - span + 1 : end + 1])
        if np.isnan(found):
            return float(self.levels[end] / self.levels[end - span] - 1.0)
        return found


def session_returns(series: PriceSeries, calendar: Calendar) -> Floats:
    """Lay one-session returns of a factor on its own calendar.

    A return that spans a session without a price cannot be given to one session: it is missing.

    Returns
    -------
    array of float, shape (sessions,)
    """
    panel = Panel.build([series], [calendar], [0], pad=0)
    return np.where(panel.spans == 1, panel.returns.values, np.nan)


def _session_prices(series: PriceSeries, calendar: Calendar) -> Floats:
    """Lay prices on the sessions of a calendar; NaN without one, and all of given returns."""
    prices = np.full(len(calendar.sessions), np.nan)
    if series.kind == "prices":
        known = np.isfinite(series.values) & _reached(series.dates, calendar)
        prices[calendar.index_of(series.dates[known])] = series.values[known]
    return prices


def _at_closes(prices: Floats, own: Calendar, target: Calendar) -> Floats:
    """Price of a factor's last session at each close of the target; NaN beyond its calendar."""
    last = np.searchsorted(own.closes, target.closes, side="right") - 1
    known = (last >= 0) & (target.sessions <= own.last)
    return np.where(known, prices[last], np.nan)


def align(returns: Floats, own: Calendar, target: Calendar) -> tuple[Floats, Booleans]:
    """Compound a factor's returns over the sessions that close within each session of the target.

    The return of a target session covers (previous close, this close], right end included. With no
    factor session in it the return is exactly 0 and flagged; a factor session without a figure
    makes it missing, and so does a factor's calendar that does not reach so far.

    Parameters
    ----------
    returns : array of float, shape (own sessions,)
        One-session returns on the factor's own calendar.
    own, target : Calendar
        Calendars of the factor and of the security.

    Returns
    -------
    aligned : array of float, shape (target sessions,)
        NaN for the first session, whose previous close is not known.
    closed : array of bool, shape (target sessions,)
        Where no factor session closed.
    """
    if own is target or own.name == target.name:
        return returns.copy(), np.zeros(len(returns), dtype=np.bool_)
    upto = np.searchsorted(own.closes, target.closes, side="right")
    before = np.concatenate([[0], upto[:-1]])
    count = upto - before
    aligned = np.zeros(len(upto))
    single = count == 1
    aligned[single] = returns[before[single]]
    for session in np.flatnonzero(count > 1):
        aligned[session] = compound(returns[before[session] : upto[session]])
    known = target.sessions <= own.last
    known[1:] &= target.closes[:-1] >= own.begins
    known[0] = False
    return np.where(known, aligned, np.nan), known & (count == 0)


def compound(returns: Floats) -> float:
    """Compound returns of consecutive sessions: the product of 1 + r, less 1; 0 for none."""
    return float(np.prod(1.0 + returns) - 1.0)
