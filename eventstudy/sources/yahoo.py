"""Live prices from Yahoo, by yfinance: the one module that imports it, and only when it fetches.

yfinance is asked for one ticker at a time, through a session of ours. The session keeps every
request inside the deadline (yfinance's own limits are 10 and 30 seconds, whatever it is told), and
remembers Yahoo's answer, so that a failure is named by what came and not by the exception that
yfinance happened to make of it.
"""

from __future__ import annotations

import logging
import re
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.errors import (
    InputError,
    NoDataError,
    PricesError,
    UnknownExchangeError,
    UnknownTickerError,
)
from eventstudy.exchanges import EXCHANGES, exchange_of
from eventstudy.filters import filtered
from eventstudy.sources.bars import Bars, BarSeries, adjust, series_of
from eventstudy.sources.base import Quotes
from eventstudy.sources.fetching import Failed, Patience, Run
from eventstudy.sources.reach import nameless
from eventstudy.sources.sessions import settle, utc_now
from eventstudy.sources.yahoo_answers import (
    HOST,
    Answer,
    failed,
    nothing,
    out_of_reach,
    unreadable,
)
from eventstudy.tables import shown
from eventstudy.tickers import TICKER, ticker_fault

if TYPE_CHECKING:
    import pandas as pd

_TIMEZONES = {exchange.calendar: exchange.timezone for exchange in EXCHANGES}
_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")
_EASTMOST = timedelta(hours=14)

_ALONE = threading.Lock()
_here = threading.local()
_cookies: Any = None


@dataclass(frozen=True)
class YahooPrices:
    """Daily prices from Yahoo Finance, adjusted for dividends and splits.

    Each ticker is a request of its own, tried again where that may help, and either a whole series
    or an error with its cure. Notes of a series say what a reader must know: sessions without a
    price, today's unfinished session, dividends that Yahoo had not worked in.

    Parameters
    ----------
    deadline : float
        Seconds for all tickers of one call together.
    workers : int
        Requests at the same time.
    attempts : int
        Tries for each ticker when Yahoo fails or refuses. A connection that cannot be made is not
        tried again, for any ticker.
    pause : float
        Seconds before the second try; it doubles each time, give or take a half.
    clock : callable
        Gives the present instant, by which today's session is over or not.

    Raises
    ------
    InputError
        Where an option is not positive.

    Notes
    -----
    Where Yahoo sends no adjusted closes (or sends plain closes in their place, although dividends
    were paid), they are computed here from its closes and dividends by the same formula, and a
    note says so. Opens are brought to the scale of the adjusted closes. Figures on days that are
    no session of the ticker's exchange are left out with a note, and so is a session that closed
    less than half an hour ago. ``series.bars`` holds the raw figures. Volume of an index may be 0.

    Examples
    --------
    >>> YahooPrices(deadline=30)
    YahooPrices(deadline=30, workers=4, attempts=4, pause=1.0)
    """

    deadline: float = 120.0
    workers: int = 4
    attempts: int = 4
    pause: float = 1.0
    clock: Callable[[], datetime] = field(default=utc_now, repr=False)
    name: str = field(default="yahoo", init=False, repr=False)

    def __post_init__(self) -> None:
        for option in ("deadline", "workers", "attempts", "pause"):
            if not getattr(self, option) > 0:
                raise InputError(f"{option} must be positive, not {getattr(self, option)}")

    def load(self, tickers: Sequence[str], start: date, end: date) -> Quotes:
        """Fetch the series of these tickers from `start` to `end`, both inside.

        Failures are an :class:`~eventstudy.errors.UnknownTickerError`,
        :class:`~eventstudy.errors.NoDataError`, :class:`~eventstudy.errors.RateLimitError`,
        :class:`~eventstudy.errors.NetworkError` or :class:`~eventstudy.errors.SourceError`.
        """
        asked = list(dict.fromkeys(tickers))
        outcomes: dict[str, BarSeries | PricesError] = {}
        for ticker in asked:
            if error := _refused(ticker, start, end, self.clock()):
                outcomes[ticker] = error
        wanted = [ticker for ticker in asked if ticker not in outcomes]
        if wanted and nameless(HOST):
            outcomes |= dict.fromkeys(wanted, out_of_reach(HOST))
        elif wanted:
            patience = Patience(self.deadline, self.workers, self.attempts, self.pause)
            with _yfinance() as client:
                source = _Yahoo(client, start, end, self.clock)
                fetched = Run(wanted, source.fetch, patience).results()
            # Here and not in the threads, which would all build the same calendars.
            outcomes |= {ticker: source.series(ticker, it) for ticker, it in fetched.items()}
        series: dict[str, BarSeries] = {}
        failures: dict[str, PricesError] = {}
        for ticker in asked:
            outcome = outcomes[ticker]
            if isinstance(outcome, PricesError):
                failures[ticker] = outcome
            else:
                series[ticker] = outcome
        return Quotes(series, failures)


def _refused(ticker: str, start: date, end: date, now: datetime) -> PricesError | None:
    """Error of a ticker that Yahoo need not be asked for."""
    name = shown(ticker)
    if not TICKER.fullmatch(ticker):
        problem, cure = ticker_fault(ticker)
        return UnknownTickerError(f"{name}: {problem}. {cure}")
    if _ISIN.fullmatch(ticker.upper()):
        return UnknownTickerError(f"{name} is an ISIN. Write Yahoo's ticker, as in MU or 0981.HK")
    if re.fullmatch(r"0[0-9]{4}\.HK", ticker.upper()):
        return UnknownTickerError(
            f"Yahoo knows no {name}: Hong Kong's codes have four digits there. Write {name[1:]}"
        )
    if start > end:
        return NoDataError(f"there is no day from {start} to {end}. Give the earlier date first")
    # East of Greenwich the day has begun while UTC still has the one before.
    if start > (now.astimezone(UTC) + _EASTMOST).date():
        return NoDataError(f"{name} has no prices from {start} on: those days are still to come")
    return None


@contextmanager
def _yfinance() -> Iterator[Any]:
    """Yield yfinance, quiet and raising. One at a time: it keeps one session for the process."""
    with filtered():
        import yfinance
    # Its own use of pandas draws warnings, from threads, that no user can cure; and it logs what
    # is an error here. The filter stays, for a thread may outlive the call.
    warnings.filterwarnings("ignore", module=r"(yfinance|curl_cffi|peewee)\b")
    logger = logging.getLogger("yfinance")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    with _ALONE:
        debug: Any = yfinance.config.debug
        hidden, debug.hide_exceptions = debug.hide_exceptions, False
        try:
            yield yfinance
        finally:
            debug.hide_exceptions = hidden


def _session() -> Any:
    """Make a session as yfinance makes its own, with the cookies of the last one."""
    global _cookies  # noqa: PLW0603
    from curl_cffi import requests

    class Session(requests.Session):
        def request(self, method: Any, url: str, *args: Any, **options: Any) -> Any:
            send = super().request
            answer = getattr(_here, "answer", None)
            if answer is None or args:  # another thread's, with no deadline of ours
                return send(method, url, *args, **options)
            return answer.carry(send, url, {"method": method, **options})

    session = Session(impersonate="chrome")
    if _cookies is not None:
        session.cookies.update(_cookies)
    _cookies = session.cookies
    return session


@dataclass(frozen=True, eq=False)
class _Fetched:
    """Yfinance's frame, the figures as Yahoo sent them, and the instant of the fetch."""

    frame: pd.DataFrame
    result: dict[str, Any]
    at: datetime


class _Yahoo:
    """Fetches single tickers, for the threads of one call of load."""

    def __init__(self, client: Any, start: date, end: date, clock: Callable[[], datetime]) -> None:
        self.client = client
        self.version = f"yfinance {client.__version__}"
        self.start = start
        self.end = end
        self.clock = clock
        self.session = _session()
        self.lost: list[Exception] = []
        # pandas and yfinance change the process's warning filters while they work, so that two
        # threads at once can undo what keeps their warnings from the user.
        self.turn = threading.Lock()

    def fetch(self, ticker: str, run: Run[_Fetched]) -> _Fetched:
        """Try once to fetch a ticker."""
        with self.turn:
            # yfinance keeps answers, bad ones too, and gives them again without asking.
            self.client.data.YfData.cache_get.cache_clear()
            _here.answer = answer = Answer(run, self.lost, self.turn)
            try:
                frame = self._history(ticker)
            except Exception as error:
                raise self._failed(ticker, answer, error) from error
            finally:
                _here.answer = None
        if frame.empty:
            raise self._failed(ticker, answer, None)
        return _Fetched(frame, answer.result, self.clock())

    def series(self, ticker: str, fetched: _Fetched | PricesError) -> BarSeries | PricesError:
        """Make a series of what was fetched, checked against the exchange's sessions."""
        if isinstance(fetched, PricesError):
            return fetched
        try:
            return self._series(ticker, fetched.frame, fetched.result, fetched.at)
        except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
            return unreadable(error, self.version).error

    def _failed(self, ticker: str, answer: Answer, error: Exception | None) -> Failed:
        return failed(ticker, answer, error, start=self.start, end=self.end, client=self.version)

    def _history(self, ticker: str) -> pd.DataFrame:
        last = min(self.end, (self.clock().astimezone(UTC) + _EASTMOST).date())
        security = self.client.Ticker(ticker, session=self.session)
        with suppress(UnknownExchangeError, KeyError):
            # Else yfinance asks Yahoo for it, by a request more for each ticker.
            security._tz = _TIMEZONES[exchange_of(ticker)]
        return security.history(
            start=self.start,
            end=last + timedelta(days=1),
            interval="1d",
            auto_adjust=False,
            actions=True,
            keepna=True,
        )

    def _series(
        self, ticker: str, frame: pd.DataFrame, result: dict[str, Any], now: datetime
    ) -> BarSeries | PricesError:
        timezone = str(getattr(frame.index, "tz", None) or "UTC")
        bars, adjusted = _adjusted(_bars(frame), result)
        bars, notes = settle(ticker, bars, self.start, self.end, now=now, timezone=timezone)
        if not np.isfinite(bars.adjusted).any():
            return nothing(ticker, self.start, self.end, result)
        return series_of(
            ticker,
            bars,
            source="yahoo",
            retrieved=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            client=self.version,
            notes=(*_oddities(ticker, bars, result, timezone), *adjusted, *notes),
        )


def _bars(frame: pd.DataFrame) -> Bars:
    """Columns of yfinance's frame; its index is midnight in the exchange's own zone."""
    index: Any = frame.index
    dates = index.tz_localize(None).to_numpy().astype("datetime64[D]")
    if np.any(np.diff(dates).astype(np.int64) <= 0):
        raise ValueError("dates that do not ascend")

    def column(name: str) -> Floats:
        if name not in frame:
            return np.zeros(len(frame))
        return frame[name].to_numpy(dtype=np.float64, na_value=np.nan, copy=True)

    close = column("Close")
    # yfinance makes 0 of a volume that is missing.
    volume = np.where(np.isnan(close), np.nan, column("Volume"))
    return Bars(
        dates=dates,
        open=column("Open"),
        high=column("High"),
        low=column("Low"),
        close=close,
        adjusted=column("Adj Close"),
        volume=volume,
        dividend=column("Dividends") + column("Capital Gains"),
        split=column("Stock Splits"),
    )


def _adjusted(bars: Bars, result: dict[str, Any]) -> tuple[Bars, list[str]]:
    """Adjust where Yahoo did not; dividends of the first day move no return."""
    paid = int((bars.dividend[1:] > 0).sum())
    priced = np.isfinite(bars.close)
    plain = bool((bars.adjusted[priced] == bars.close[priced]).all())
    absent = bool(result) and "adjclose" not in (result.get("indicators") or {})
    if plain and paid:
        columns = {name: getattr(bars, name) for name in bars.__dataclass_fields__}
        columns["adjusted"] = adjust(bars.close, bars.dividend)
        text = "1 dividend" if paid == 1 else f"{paid} dividends"
        return Bars(**columns), [f"Yahoo sent no adjusted closes: adjusted here for {text}"]
    if absent:
        return bars, ["Yahoo sent no adjusted closes and no dividend: closes are taken as they are"]
    return bars, []


def _oddities(ticker: str, bars: Bars, result: dict[str, Any], timezone: str) -> list[str]:
    """Say what yfinance keeps to itself: another ticker than asked for, a row that came twice."""
    notes: list[str] = []
    symbol = (result.get("meta") or {}).get("symbol")
    if isinstance(symbol, str) and symbol.upper() != ticker.upper():
        notes.append(f"Yahoo answers with the prices of {shown(symbol)}")
    stamps = [stamp for stamp in result.get("timestamp") or () if isinstance(stamp, int)]
    rows = Counter(datetime.fromtimestamp(stamp, ZoneInfo(timezone)).date() for stamp in stamps)
    kept = set(bars.dates.tolist())
    twice = sorted(day for day, count in rows.items() if count > 1 and day in kept)
    if twice:
        named = ", ".join(map(str, twice[:4])) + (" and more" if len(twice) > 4 else "")
        notes.append(
            f"Yahoo sent more than one row for {named}: one is kept, of the last day the later"
        )
    return notes
