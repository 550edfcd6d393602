"""Exchanges: which one a ticker trades on, by Yahoo's suffixes, and what it is measured against.

A calendar is named by the code of exchange_calendars, which is the exchange's MIC wherever that
library keeps one. An exchange that keeps the sessions and hours of another one (Shenzhen those of
Shanghai, KOSDAQ, TPEx, Mumbai's NSE, Toronto's Venture) goes by that one's calendar, under whose
code it stands in the tables of a study.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from eventstudy.errors import UnknownExchangeError


@dataclass(frozen=True)
class Exchange:
    """One row of the table of suffixes.

    Attributes
    ----------
    suffix : str
        What follows the last point of a ticker, the point included; "" for the United States.
    mic : str
        Market identifier code (ISO 10383).
    calendar : str
        Code of the calendar that gives its sessions.
    name : str
        City or exchange, as a reader knows it.
    timezone : str
        IANA name of the exchange's clock.
    """

    suffix: str
    mic: str
    calendar: str
    name: str
    timezone: str


_ROWS = """
        XNYS  XNYS  America/New_York                New York
.AS     XAMS  XAMS  Europe/Amsterdam                Amsterdam
.AT     XATH  ASEX  Europe/Athens                   Athens
.AX     XASX  XASX  Australia/Sydney                Sydney
.BA     XBUE  XBUE  America/Argentina/Buenos_Aires  Buenos Aires
.BD     XBUD  XBUD  Europe/Budapest                 Budapest
.BK     XBKK  XBKK  Asia/Bangkok                    Bangkok
.BO     XBOM  XBOM  Asia/Kolkata                    Mumbai (BSE)
.BR     XBRU  XBRU  Europe/Brussels                 Brussels
.CO     XCSE  XCSE  Europe/Copenhagen               Copenhagen
.DE     XETR  XETR  Europe/Berlin                   Xetra
.F      XFRA  XFRA  Europe/Berlin                   Frankfurt
.HE     XHEL  XHEL  Europe/Helsinki                 Helsinki
.HK     XHKG  XHKG  Asia/Hong_Kong                  Hong Kong
.IC     XICE  XICE  Atlantic/Reykjavik              Reykjavik
.IR     XDUB  XDUB  Europe/Dublin                   Dublin
.IS     XIST  XIST  Europe/Istanbul                 Istanbul
.JK     XIDX  XIDX  Asia/Jakarta                    Jakarta
.JO     XJSE  XJSE  Africa/Johannesburg             Johannesburg
.KL     XKLS  XKLS  Asia/Kuala_Lumpur               Kuala Lumpur
.KQ     XKOS  XKRX  Asia/Seoul                      Seoul (KOSDAQ)
.KS     XKRX  XKRX  Asia/Seoul                      Seoul
.L      XLON  XLON  Europe/London                   London
.LS     XLIS  XLIS  Europe/Lisbon                   Lisbon
.MC     XMAD  XMAD  Europe/Madrid                   Madrid
.MI     XMIL  XMIL  Europe/Rome                     Milan
.MX     XMEX  XMEX  America/Mexico_City             Mexico City
.NS     XNSE  XBOM  Asia/Kolkata                    Mumbai (NSE)
.NZ     XNZE  XNZE  Pacific/Auckland                Wellington
.OL     XOSL  XOSL  Europe/Oslo                     Oslo
.PA     XPAR  XPAR  Europe/Paris                    Paris
.PR     XPRA  XPRA  Europe/Prague                   Prague
.PS     XPHS  XPHS  Asia/Manila                     Manila
.RO     XBSE  XBSE  Europe/Bucharest                Bucharest
.SA     BVMF  BVMF  America/Sao_Paulo               Sao Paulo
.SI     XSES  XSES  Asia/Singapore                  Singapore
.SN     XSGO  XSGO  America/Santiago                Santiago
.SR     XSAU  XSAU  Asia/Riyadh                     Riyadh
.SS     XSHG  XSHG  Asia/Shanghai                   Shanghai
.ST     XSTO  XSTO  Europe/Stockholm                Stockholm
.SW     XSWX  XSWX  Europe/Zurich                   Zurich
.SZ     XSHE  XSHG  Asia/Shanghai                   Shenzhen
.T      XTKS  XTKS  Asia/Tokyo                      Tokyo
.TA     XTAE  XTAE  Asia/Jerusalem                  Tel Aviv
.TO     XTSE  XTSE  America/Toronto                 Toronto
.TW     XTAI  XTAI  Asia/Taipei                     Taipei
.TWO    ROCO  XTAI  Asia/Taipei                     Taipei (TPEx)
.V      XTSX  XTSE  America/Toronto                 Toronto (Venture)
.VI     XWBO  XWBO  Europe/Vienna                   Vienna
.WA     XWAR  XWAR  Europe/Warsaw                   Warsaw
"""


def _table(rows: str) -> tuple[Exchange, ...]:
    exchanges: list[Exchange] = []
    for row in rows.strip("\n").splitlines():
        mic, calendar, timezone, name = row[8:].split(maxsplit=3)
        exchanges.append(Exchange(row[:8].strip(), mic, calendar, name, timezone))
    return tuple(exchanges)


EXCHANGES = _table(_ROWS)
"""Every exchange known by its suffix."""

_INDICES_BY_CALENDAR = {
    "XNYS": "DJI DJT DJU GSPC IXIC MID NDX NYA OEX RUA RUI RUT SOX VIX W5000",
    "XHKG": "HSI HSCE",
    "BVMF": "BVSP",
    "XAMS": "AEX",
    "XASX": "AXJO AORD",
    "XBOM": "BSESN NSEI",
    "XBRU": "BFX",
    "XBUE": "MERV",
    "XETR": "GDAXI MDAXI SDAXI TECDAX",
    "XIDX": "JKSE",
    "XKLS": "KLSE",
    "XKRX": "KS11 KQ11 KS200",
    "XLON": "FTSE FTMC",
    "XMAD": "IBEX",
    "XMEX": "MXX",
    "XNZE": "NZ50",
    "XPAR": "FCHI",
    "XSES": "STI",
    "XSTO": "OMX",
    "XSWX": "SSMI",
    "XTAI": "TWII",
    "XTKS": "N225",
    "XTSE": "GSPTSE",
    "XWBO": "ATX",
}

INDICES = {
    f"^{index}": calendar
    for calendar, names in _INDICES_BY_CALENDAR.items()
    for index in names.split()
}
"""Calendar of each index whose ticker begins with ^."""

# Codes that a user may name although no suffix leads to them: other venues of the United States,
# and markets whose tickers do not say where they trade.
_NAMED_ONLY = {
    **dict.fromkeys(("XNAS", "XASE", "ARCX", "BATS", "OOTC"), "XNYS"),
    **dict.fromkeys(("CMES", "XCME", "XCBT", "XNYM", "CECS"), "CMES"),
    **dict.fromkeys(("IEPA", "IFUS"), "IEPA"),
    "24/5": "24/5",
    "24/7": "24/7",
}
_BY_SUFFIX = {exchange.suffix: exchange for exchange in EXCHANGES}
_CODES = (
    _NAMED_ONLY
    | {exchange.calendar: exchange.calendar for exchange in EXCHANGES}
    | {exchange.mic: exchange.calendar for exchange in EXCHANGES}
)
_NAMES = {exchange.calendar: exchange.name for exchange in reversed(EXCHANGES)} | {
    exchange.mic: exchange.name for exchange in EXCHANGES if exchange.mic == exchange.calendar
}

_MAINLAND_INDEX = re.compile(r"000\d{3}\.SS|399\d{3}\.SZ")
_COIN = re.compile(r".+-(USD|USDT|EUR|GBP|JPY|CNY|HKD|KRW|CAD|AUD|CHF|INR|BTC|ETH)")
_SHARE_CLASS = re.compile(r"([A-Z]+)\.([A-Z])")
_WORLD = "ACWI"
_BENCHMARKS = {"XNYS": "^GSPC", "XHKG": "^HSI", "XSHG": "000300.SS"}
_CURE = (
    "Name the exchange in the column `exchange`, as in XNYS, XHKG or XLON "
    "(`eventstudy list exchanges` shows them)"
)


def calendar_code(mic: str) -> str:
    """Code of the calendar by which an exchange trades.

    Parameters
    ----------
    mic : str
        A MIC or a calendar's code of the table, in any case of letters, or one of a few more that
        can only be named: XNAS, ARCX, CMES (futures), 24/5 (currencies), 24/7 (coins).

    Raises
    ------
    UnknownExchangeError
        Where no calendar is known by that code.

    Examples
    --------
    >>> calendar_code("XNAS"), calendar_code("XSHE")
    ('XNYS', 'XSHG')
    """
    code = _CODES.get(mic.strip().upper())
    if code is None:
        raise UnknownExchangeError(f"exchange {mic!r} is not known. {_CURE}")
    return code


def exchange_name(mic: str) -> str:
    """Exchange as a reader knows it, with its code, or the code alone where no row names it.

    Examples
    --------
    >>> exchange_name("XSHG"), exchange_name("24/7")
    ('Shanghai (XSHG)', '24/7')
    """
    return f"{_NAMES[mic]} ({mic})" if mic in _NAMES else mic


def exchange_of(ticker: str, *, named: str = "") -> str:
    """Code of the calendar by which a ticker trades.

    Parameters
    ----------
    ticker : str
        In Yahoo's spelling: ``MU``, ``BRK-B``, ``0981.HK``, ``002415.SZ``, ``^GSPC``.
    named : str
        The exchange that the user named; "" leaves it to the ticker.

    Returns
    -------
    str
        XSHG for both mainland exchanges, XNYS for every ticker without a suffix.

    Raises
    ------
    UnknownExchangeError
        For an index or a suffix outside the tables, for currencies, coins and futures, and for a
        `named` exchange that is not known.

    Examples
    --------
    >>> exchange_of("0981.HK"), exchange_of("002415.SZ"), exchange_of("^SOX"), exchange_of("BRK-B")
    ('XHKG', 'XSHG', 'XNYS', 'XNYS')
    >>> exchange_of("CL=F", named="CMES")
    'CMES'
    """
    if named:
        return calendar_code(named)
    symbol = ticker.upper()
    if symbol.startswith("^"):
        if symbol not in INDICES:
            raise UnknownExchangeError(f"the exchange of index {ticker!r} is not known. {_CURE}")
        return INDICES[symbol]
    if "=" in symbol or _COIN.fullmatch(symbol):
        raise UnknownExchangeError(
            f"{ticker!r} is a currency, a coin or a future, and its ticker does not say where it "
            "trades. Name the exchange in the column `exchange`: CMES for futures, 24/5 for "
            "currencies, 24/7 for coins"
        )
    point = symbol.rfind(".")
    suffix = symbol[point:] if point >= 0 else ""
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix].calendar
    share = _SHARE_CLASS.fullmatch(symbol)
    hint = f". A US share class is written {share[1]}-{share[2]}" if share else ""
    raise UnknownExchangeError(
        f"the suffix {suffix!r} of ticker {ticker!r} belongs to no exchange known here{hint}. "
        f"{_CURE}"
    )


def is_index(ticker: str) -> bool:
    """Tell whether a ticker is an index: it begins with ^, or is 000xxx.SS or 399xxx.SZ.

    Examples
    --------
    >>> is_index("^HSI"), is_index("000001.SS"), is_index("000001.SZ"), is_index("ACWI")
    (True, True, False, False)
    """
    symbol = ticker.upper()
    return symbol.startswith("^") or _MAINLAND_INDEX.fullmatch(symbol) is not None


def default_benchmark(ticker: str, *, named: str = "") -> str | None:
    """Benchmark of a ticker for which none was named.

    US shares are measured against ^GSPC, Hong Kong's against ^HSI, mainland shares against
    000300.SS, and an index against ACWI, a fund on the world's shares.

    Parameters
    ----------
    ticker : str
        In Yahoo's spelling.
    named : str
        The exchange that the user named; "" leaves it to the ticker.

    Returns
    -------
    str or None
        None where the user must name one: every other exchange, an exchange that is not known,
        and ACWI itself.

    Examples
    --------
    >>> [default_benchmark(t) for t in ("MU", "0981.HK", "688981.SS", "^SOX", "7203.T", "ACWI")]
    ['^GSPC', '^HSI', '000300.SS', 'ACWI', None, None]
    """
    if ticker.upper() == _WORLD:
        return None
    if is_index(ticker):
        return _WORLD
    try:
        exchange = exchange_of(ticker, named=named)
    except UnknownExchangeError:
        return None
    return _BENCHMARKS.get(exchange)
