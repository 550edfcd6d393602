"""The bundled snapshot: daily returns of the shares and indices of the example study."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import numpy as np

from eventstudy.arrays import Dates, Floats
from eventstudy.errors import NoDataError, PricesError
from eventstudy.panel import PriceSeries
from eventstudy.sources.base import Quotes, unknown

_HEADER = "date,return,gap"
_SUFFIX = ".csv"
_OTHERS = "For others take --prices yahoo, or --prices FOLDER with a price file of each"
_HOLES = {"0981.HK": "no figure on 2024-12-24: a gap of the source, not a halt"}


@dataclass(frozen=True, eq=False)
class SnapshotPrices:
    """Daily returns that come with the package, 2017 to March 2025; no network, no setting.

    Shares and ACWI are total returns, indices price returns. They are given as levels that are
    100 on the session before the first return, with opening levels where the opening price was
    known. Where they come from and how they were checked is told in ``data/PROVENANCE.md``.

    Examples
    --------
    >>> quotes = SnapshotPrices().load(["0981.HK"], date(2020, 9, 1), date(2020, 9, 30))
    >>> smic = quotes.series["0981.HK"]
    >>> day = list(smic.dates.astype(str)).index("2020-09-07")
    >>> print(f"{smic.values[day] / smic.values[day - 1] - 1:.2%}")
    -22.88%
    """

    name: str = field(default="snapshot", init=False)

    @property
    def tickers(self) -> tuple[str, ...]:
        """The tickers it has, sorted."""
        return tuple(_listing())

    def load(self, tickers: Sequence[str], start: date, end: date) -> Quotes:
        """Give the whole series of each ticker.

        One that the snapshot does not have is an :class:`~eventstudy.errors.UnknownTickerError`
        in ``failures``, one without a session from `start` to `end` (both inside) a
        :class:`~eventstudy.errors.NoDataError`.
        """
        series: dict[str, PriceSeries] = {}
        failures: dict[str, PricesError] = {}
        known = _listing()
        for ticker in dict.fromkeys(tickers):
            if ticker not in known:
                failures[ticker] = unknown(
                    ticker, known, holder="the bundled snapshot", cure=_OTHERS, everything=True
                )
                continue
            found = _series(ticker)
            first, last = found.dates[0], found.dates[-1]
            if last < np.datetime64(start, "D") or first > np.datetime64(end, "D"):
                failures[ticker] = NoDataError(
                    f"the bundled snapshot has {ticker} from {first} to {last}, and nothing from "
                    f"{start} to {end}. {_OTHERS}"
                )
                continue
            series[ticker] = found
        return Quotes(series, failures)


@lru_cache(maxsize=1)
def _listing() -> dict[str, Traversable]:
    folder = files("eventstudy") / "data" / "snapshot"
    found = {file.name.removesuffix(_SUFFIX): file for file in folder.iterdir()}
    return {ticker: found[ticker] for ticker in sorted(found) if found[ticker].name != ticker}


@lru_cache(maxsize=64)
def _series(ticker: str) -> PriceSeries:
    data = _listing()[ticker].read_bytes()
    header, *rows = data.decode("ascii").split()
    if header != _HEADER:
        raise PricesError(f"the bundled file of {ticker} is damaged. Install the package anew")
    written, returns, gaps = zip(*(row.split(",") for row in rows), strict=True)
    steps = np.array([text or "0" for text in returns], dtype=np.float64)
    overnight = np.array([text or "nan" for text in gaps], dtype=np.float64)
    dates = np.array(written, dtype="datetime64[D]")
    closes: Floats = np.cumprod(1.0 + steps, dtype=np.float64)
    closes *= 100.0
    opens = np.full(len(closes), np.nan)
    opens[1:] = closes[:-1] * (1.0 + overnight[1:])
    for column in (dates, closes, opens):
        column.flags.writeable = False
    return PriceSeries(
        ticker,
        dates,
        closes,
        "prices",
        "snapshot",
        opens=opens,
        sha256=hashlib.sha256(data).hexdigest(),
        notes=_notes(ticker, dates, opens),
    )


def _notes(ticker: str, dates: Dates, opens: Floats) -> tuple[str, ...]:
    index = ticker.startswith(("^", "000300.SS", "000001.SS", "399006.SZ"))
    meaning = "price returns" if index else "total returns"
    notes = [f"{meaning}; levels are 100 on {dates[0]}"]
    opened = np.flatnonzero(np.isfinite(opens))
    if not len(opened):
        notes.append("no opening prices")
    elif opened[-1] < len(dates) - 1:
        notes.append(f"no opening prices after {dates[opened[-1]]}")
    if ticker in _HOLES:
        notes.append(_HOLES[ticker])
    return tuple(notes)
