"""What came back from Yahoo, and what its failures are called.

A failure is named by Yahoo's answer, and where there is none, by why: yfinance makes the same
exception of many of them, and of some an empty frame.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from eventstudy.errors import (
    NetworkError,
    NoDataError,
    RateLimitError,
    SourceError,
    UnknownTickerError,
)
from eventstudy.sources.fetching import Failed, Run
from eventstudy.tables import shown

HOST = "query2.finance.yahoo.com"
"""The host that gives prices."""

CONNECTING, ANSWERING = 5.0, 5.0
"""Seconds that a connection may take, and the answer beyond them."""

_CHART = "/finance/chart/"
_LATER = "Try again later; what is fetched already stays in the cache"
_NO_NETWORK = (
    "Check the connection and the proxy, or take prices that need none: --offline, --prices "
    "snapshot, or --prices FOLDER"
)
# Of curl: what says that nobody can be reached, however often one tries. 5, 6: names of proxy and
# host; 7: no connection; 60, 77: nobody to trust; 97: the proxy refuses.
_OUT_OF_REACH = frozenset((5, 6, 7, 60, 77, 97))
_BROKEN_OFF, _TIMED_OUT = 18, 28
_FINAL = frozenset((400, 404, 422))


class Answer:
    """The last answer to a request for prices within one try, or why there is none.

    Parameters
    ----------
    run : Run
        Tells how much time is left.
    lost : list of Exception
        Why a request for a cookie was lost, shared by all tries: after one, none is waited for
        again, as prices can be had without.
    turn : Lock
        Held by the thread whose try this is; it lets go of it while it waits for prices, and only
        then, as yfinance holds a lock of its own when it asks for a cookie.
    """

    def __init__(self, run: Run[Any], lost: list[Exception], turn: threading.Lock) -> None:
        self.run = run
        self.lost = lost
        self.turn = turn
        self.status = 0
        self.text = ""
        self.error: Exception | None = None

    def carry(self, send: Callable[..., Any], url: str, options: dict[str, Any]) -> Any:
        """Send a request within the time that is left, and remember what came of it."""
        prices = _CHART in url
        left = self.run.left()
        try:
            if not left:
                raise TimeoutError("no time is left")
            if not prices and self.lost:
                raise self.lost[0]
            options["timeout"] = (min(CONNECTING, left / 2), min(ANSWERING, left / 2))
            response = self._wait(send, url, options) if prices else send(url=url, **options)
        except Exception as error:
            if prices:
                self.status, self.text, self.error = 0, "", error
            else:
                self.lost.append(error)
            raise
        if prices or _CHART in str(response.url):
            self.status, self.text, self.error = response.status_code, response.text, None
        return response

    def _wait(self, send: Callable[..., Any], url: str, options: dict[str, Any]) -> Any:
        self.turn.release()
        try:
            return send(url=url, **options)
        finally:
            self.turn.acquire()

    @property
    def chart(self) -> dict[str, Any]:
        """The answer's ``chart``, {} where it has none."""
        try:
            chart = json.loads(self.text)["chart"]
        except (ValueError, TypeError, LookupError, RecursionError):
            return {}
        return chart if isinstance(chart, dict) else {}

    @property
    def result(self) -> dict[str, Any]:
        """The figures in ``chart``, {} where there are none."""
        result = self.chart.get("result")
        if isinstance(result, list) and result and isinstance(result[0], dict):
            return result[0]
        return {}

    @property
    def fault(self) -> tuple[str, str]:
        """Yahoo's own code and words for why there are no figures, "" where it says nothing."""
        error = self.chart.get("error")
        if not isinstance(error, dict):
            return "", shown(str(error), 120) if error else ""
        return str(error.get("code") or ""), shown(str(error.get("description") or ""), 120)


def failed(
    ticker: str,
    answer: Answer,
    error: Exception | None,
    *,
    start: date,
    end: date,
    client: str,
) -> Failed:
    """Name the failure of one try.

    Parameters
    ----------
    ticker : str
        What was asked for.
    answer : Answer
        What came back.
    error : Exception or None
        What yfinance raised; None where it gave an empty frame.
    start, end : date
        The range asked for, both inside.
    client : str
        Program and version that asked.
    """
    if answer.error is not None or isinstance(error, TimeoutError):
        return _unanswered(answer.error or error)
    status, name = answer.status, shown(ticker)
    code, words = answer.fault
    if status in (429, 999):
        text = f"Yahoo refuses more requests for now (HTTP {status}). {_LATER}"
        return Failed(RateLimitError(text), again=True)
    if code == "Not Found" or (status == 404 and not answer.text):
        said = f" ({words})" if words else ""
        return Failed(UnknownTickerError(f"Yahoo knows no {name}{said}. {spelling(ticker)}"))
    # yfinance has two errors of its own for figures that are not there, and stumbles over others.
    missing = error is None or type(error).__name__.endswith("MissingError")
    if "doesn't exist" in words or (status == 200 and answer.chart and missing and not words):
        return Failed(nothing(ticker, start, end, answer.result))
    if status >= 400 or words:
        said = f": {words}" if words else ""
        text = f"Yahoo answers with an error (HTTP {status}{said}). {_LATER}"
        return Failed(SourceError(text), again=status not in _FINAL)
    if status and not answer.result:
        page = answer.text.lstrip()[:1] == "<"
        what = "a web page" if page else "an answer that breaks off or makes no sense"
        text = f"Yahoo sends {what} in place of figures. {_LATER}"
        return Failed(SourceError(text), again=True)
    return unreadable(error, client)


def _unanswered(error: Exception | None) -> Failed:
    """Name a request that brought no answer."""
    code = int(getattr(error, "code", 0) or 0)
    words = _curl_words(error)
    connecting = code == _TIMED_OUT and "onnect" in words
    if code in _OUT_OF_REACH or connecting or "CONNECT" in words:
        text = f"Yahoo cannot be reached ({words}). {_NO_NETWORK}"
        return Failed(NetworkError(text), over=True)
    if code == _TIMED_OUT or isinstance(error, TimeoutError):
        error = NetworkError(f"Yahoo does not answer in time. {_LATER}")
        return Failed(error, again=True, slow=True)
    if code == _BROKEN_OFF:
        return Failed(SourceError(f"Yahoo's answer breaks off. {_LATER}"), again=True)
    text = f"the connection to Yahoo was lost ({words}). {_LATER}"
    return Failed(NetworkError(text), again=True)


def out_of_reach(host: str) -> NetworkError:
    """Error of a run whose machine knows no address of Yahoo's."""
    return NetworkError(f"Yahoo cannot be reached (Could not resolve host: {host}). {_NO_NETWORK}")


def _curl_words(error: Exception | None) -> str:
    """Curl's own words, without its code, its address for help, and what differs each time."""
    text = str(error).partition(". See ")[0]
    text = re.sub(r"^Failed to perform, curl: \(\d+\) ", "", text)
    return shown(re.sub(r" after \d+ (ms|milliseconds)", "", text), 120)


def nothing(ticker: str, start: date, end: date, result: dict[str, Any]) -> NoDataError:
    """Error of a range without a price; Yahoo may say when its prices begin."""
    meta = result.get("meta")
    first = meta.get("firstTradeDate") if isinstance(meta, dict) else None
    known = ""
    if isinstance(first, int) and 0 < first < 4e9:
        known = f"; its first is of {datetime.fromtimestamp(first, UTC).date()}"
    return NoDataError(
        f"Yahoo has no price of {shown(ticker)} from {start} to {end}{known}. Check the ticker "
        "and the dates of its events"
    )


def unreadable(error: Exception | None, client: str) -> Failed:
    """Name a failure inside yfinance or in files of its own."""
    if type(error).__module__.partition(".")[0] in ("peewee", "sqlite3"):
        text = (
            f"{client} cannot use a cache of its own ({shown(str(error))}). Delete the folder "
            "py-yfinance in your cache folder (~/.cache on Linux)"
        )
        # Else it was in use by another program, for a moment.
        damaged = "not a database" in str(error) or "malformed" in str(error)
        return Failed(SourceError(text), again=not damaged, over=damaged)
    words = f"{type(error).__name__}: {shown(str(error), 120)}"
    cure = "Try again later; if it stays so, update yfinance: pip install -U yfinance"
    text = f"{client} cannot read Yahoo's answer ({words}). {cure}"
    return Failed(SourceError(text), again=True)


def spelling(ticker: str) -> str:
    """Cure of a ticker that Yahoo does not know, by its form.

    Examples
    --------
    >>> spelling("981.HK"), spelling("688981")
    ("Hong Kong's codes have four digits: write 0981.HK", 'Write 688981.SS')
    """
    symbol = ticker.upper()
    if found := re.fullmatch(r"([0-9]{1,3})\.HK", symbol):
        return f"Hong Kong's codes have four digits: write {found[1]:0>4}.HK"
    if found := re.fullmatch(r"([0-9]{6})(\.SH)?", symbol):
        shanghai = found[1][0] in "569" or found[2]
        return f"Write {found[1]}.{'SS' if shanghai else 'SZ'}"
    if found := re.fullmatch(r"([A-Z]+)\.([A-Z])", symbol):
        return f"A US share class is written {found[1]}-{found[2]}"
    return "Write it as Yahoo does (MU, 0981.HK, 000001.SS, ^GSPC); a delisted one may be gone"
