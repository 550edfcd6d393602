"""Returns in one currency: converted by exchange rates of the same source.

R = (1 + r)(1 + x) - 1, with r the return in local currency and x the change of the rate over the
same time. Rates close when the day ends (calendar 24/5), securities at some other hour: each close
takes the rate's nearest one, that of the day before in Asia and that of the same day in Europe and
America. So the two are at most twelve hours apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.calendars import Calendar
from eventstudy.errors import StudyError, UnknownExchangeError
from eventstudy.panel import Panel, PriceSeries, Ragged, align, compound, session_returns

_HALF_A_DAY = np.timedelta64(12, "h")
SESSIONS = "24/5"
"""Calendar of exchange rates."""

_EURO = "XAMS ASEX XBRU XETR XFRA XHEL XDUB XLIS XMAD XMIL XPAR XWBO"
_OTHERS = (
    "XNYS USD, XASX AUD, XBUE ARS, XBUD HUF, XBKK THB, XBOM INR, XCSE DKK, XHKG HKD, XICE ISK, "
    "XIST TRY, XIDX IDR, XJSE ZAR, XKLS MYR, XKRX KRW, XLON GBP, XMEX MXN, XNZE NZD, XOSL NOK, "
    "XPRA CZK, XPHS PHP, XBSE RON, BVMF BRL, XSES SGD, XSGO CLP, XSAU SAR, XSHG CNY, XSTO SEK, "
    "XSWX CHF, XTKS JPY, XTAE ILS, XTSE CAD, XTAI TWD, XWAR PLN, CMES USD, IEPA USD"
)
CURRENCIES = dict.fromkeys(_EURO.split(), "EUR") | {
    pair[:4]: pair[5:] for pair in _OTHERS.split(", ")
}
"""Currency of the prices of each exchange, by the code of its calendar."""


def check_currency(currency: str) -> None:
    """Refuse what is no currency of any exchange.

    Raises
    ------
    StudyError
        Where it is not known.
    """
    if currency and currency not in CURRENCIES.values():
        known = ", ".join(sorted(set(CURRENCIES.values())))
        raise StudyError(f"currency {currency!r} is not known. Choose one of {known}")


_OTHERWISE = (
    (re.compile(r"900\d{3}\.SS"), "USD"),  # B shares of Shanghai
    (re.compile(r"200\d{3}\.SZ"), "HKD"),  # B shares of Shenzhen
    (re.compile(r"8\d{4}\.HK"), "CNY"),  # Hong Kong's counters in renminbi
)
"""Shares that trade in another currency than the rest of their exchange."""


def rate_ticker(exchange: str, currency: str, ticker: str = "") -> str:
    """Ticker of the rate that turns an exchange's prices into a currency; "" where none is needed.

    A ticker whose form says that it trades in another currency than its exchange has that one.

    Raises
    ------
    UnknownExchangeError
        Where the currency of the exchange is not known.

    Examples
    --------
    >>> rate_ticker("XHKG", "USD"), rate_ticker("XNYS", "USD"), rate_ticker("XNYS", "")
    ('HKDUSD=X', '', '')
    >>> rate_ticker("XSHG", "USD", "900901.SS"), rate_ticker("XSHG", "HKD", "200002.SZ")
    ('', '')
    """
    if not currency:
        return ""
    if exchange not in CURRENCIES:
        raise UnknownExchangeError(
            f"the currency of {exchange} is not known. Leave currency out for local returns"
        )
    special = (code for form, code in _OTHERWISE if form.fullmatch(ticker))
    own = next(special, CURRENCIES[exchange])
    return "" if own == currency else f"{own}{currency}=X"


def rate_changes(rate: PriceSeries, calendar: Calendar, target: Calendar) -> Floats:
    """Give the changes of a rate over each session of another calendar, shape (sessions,)."""
    inside = (rate.dates >= calendar.first) & (rate.dates <= calendar.last)
    # Rates that are quoted on a weekend belong to no session; the next close holds what they say.
    inside &= calendar.index_of(rate.dates) >= 0
    kept = PriceSeries(rate.ticker, rate.dates[inside], rate.values[inside], rate.kind, rate.source)
    nearest = replace(
        calendar, closes=calendar.closes - _HALF_A_DAY, begins=calendar.begins - _HALF_A_DAY
    )
    return align(session_returns(kept, calendar), nearest, target)[0]


def convert_factor(series: PriceSeries, calendar: Calendar, changes: Floats | None) -> PriceSeries:
    """Convert a benchmark or factor: its one-session returns, those of longer spans missing.

    Parameters
    ----------
    series : PriceSeries
        In local currency, within its calendar.
    calendar : Calendar
        Its own.
    changes : array of float, shape (sessions,), or None
        Of the rate, on the same calendar; None leaves the series as it is.
    """
    if changes is None:
        return series
    returns = (1.0 + session_returns(series, calendar)) * (1.0 + changes) - 1.0
    bare = {"opens": None, "volume": None, "closes": None}
    return replace(series, dates=calendar.sessions, values=returns, kind="returns", **bare)


def convert_panel(panel: Panel, changes: Mapping[int, Floats | None]) -> Panel:
    """Convert securities; a return over k sessions takes the rate's change over all of them.

    Parameters
    ----------
    panel : Panel
        In local currency.
    changes : mapping of int to array of float, shape (sessions,), or None
        Changes of the rate on the security's calendar; None leaves a security as it is.
    """
    wanted = {security: change for security, change in changes.items() if change is not None}
    if not wanted:
        return panel
    values = panel.returns.values.copy()
    for security, change in wanted.items():
        here = panel.row(security)
        own = change.copy()
        for session in np.flatnonzero(panel.spans[here] > 1):
            first = session + 1 - panel.spans[here][session]
            own[session] = compound(change[first : session + 1])
        values[here] = (1.0 + values[here]) * (1.0 + own) - 1.0
    return replace(panel, returns=Ragged(values, panel.returns.start))
