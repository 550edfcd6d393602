"""Bodies that Yahoo's chart endpoint would send, made from the bundled figures."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from eventstudy.sources import SnapshotPrices

Chart = dict[str, Any]

ADJUSTMENT = 0.97  # adjusted closes stand below the closes, as they do after dividends


@dataclass(frozen=True)
class Market:
    """What Yahoo tells of an exchange."""

    exchange: str
    timezone: str
    currency: str
    opens: time = time(9, 30)


MARKETS = {
    ".HK": Market("HKG", "Asia/Hong_Kong", "HKD"),
    ".SS": Market("SHH", "Asia/Shanghai", "CNY"),
    ".SZ": Market("SHZ", "Asia/Shanghai", "CNY"),
    "": Market("NMS", "America/New_York", "USD"),
}


def market(symbol: str) -> Market:
    return next(MARKETS[suffix] for suffix in MARKETS if symbol.endswith(suffix))


@dataclass(frozen=True)
class Rows:
    """Rows of one symbol; None is what Yahoo sends for a missing figure."""

    symbol: str
    days: list[date]
    open: list[float | None]
    close: list[float | None]
    adjusted: list[float | None] | None
    volume: list[int | None]
    dividends: dict[date, float] = field(default_factory=dict)
    splits: dict[date, float] = field(default_factory=dict)

    def without(self, *days: str) -> Rows:
        out = {date.fromisoformat(day) for day in days}
        keep = [k for k, day in enumerate(self.days) if day not in out]
        return replace(
            self,
            days=[self.days[k] for k in keep],
            open=[self.open[k] for k in keep],
            close=[self.close[k] for k in keep],
            adjusted=self.adjusted and [self.adjusted[k] for k in keep],
            volume=[self.volume[k] for k in keep],
        )

    def at(self, day: str) -> int:
        return self.days.index(date.fromisoformat(day))

    def with_row(self, day: str, close: float | None, volume: int | None = 1000) -> Rows:
        """Add a row, in its place by date, after one that is there."""
        when = date.fromisoformat(day)
        at = sum(other <= when for other in self.days)
        rows = copy.deepcopy(self)
        rows.days.insert(at, when)
        for column in (rows.open, rows.close, rows.adjusted):
            if column is not None:
                column.insert(at, close)
        rows.volume.insert(at, volume)
        return rows


@lru_cache
def rows(symbol: str) -> Rows:
    """Rows of a symbol of the bundled snapshot."""
    quotes = SnapshotPrices().load([symbol], date(2017, 1, 3), date(2025, 3, 31))
    series = quotes.series[symbol]
    opens = np.full(len(series.dates), np.nan) if series.opens is None else series.opens
    index = symbol.startswith("^") or symbol in ("000001.SS", "000300.SS", "399006.SZ")
    return Rows(
        symbol,
        days=series.dates.tolist(),
        open=[None if np.isnan(value) else float(value) for value in opens],
        close=[float(value) for value in series.values],
        adjusted=[float(value) * ADJUSTMENT for value in series.values],
        volume=[0 if index else 1_000_000 + k % 977 for k in range(len(series.dates))],
    )


def chart(rows: Rows, first: int, last: int) -> Chart:
    """Build the body for seconds of the epoch from first to before last."""
    place = market(rows.symbol)
    zone = ZoneInfo(place.timezone)

    def stamp(day: date) -> int:
        return int(datetime.combine(day, place.opens, zone).timestamp())

    stamps = [stamp(day) for day in rows.days]
    keep = [k for k, second in enumerate(stamps) if first <= second < last]
    meta = {
        "currency": place.currency,
        "symbol": rows.symbol,
        "exchangeName": place.exchange,
        "instrumentType": "INDEX" if rows.symbol.startswith("^") else "EQUITY",
        "firstTradeDate": stamps[0] if stamps else None,
        "exchangeTimezoneName": place.timezone,
        "timezone": "LMT",
        "gmtoffset": int(datetime.now(zone).utcoffset().total_seconds()),
        "priceHint": 2,
        "dataGranularity": "1d",
        "range": "",
        "validRanges": ["1d", "5d", "1mo", "1y", "max"],
    }
    if not keep:
        nothing = {"quote": [{}], "adjclose": [{}]}
        return {"chart": {"result": [{"meta": meta, "indicators": nothing}], "error": None}}
    opens, closes, volume = rows.open, rows.close, rows.volume
    both = [
        [value for value in pair if value is not None] for pair in zip(opens, closes, strict=True)
    ]
    tops = [max(pair, default=None) for pair in both]
    lows = [min(pair, default=None) for pair in both]
    columns = {"open": opens, "high": tops, "low": lows, "close": closes, "volume": volume}
    indicators: dict[str, Any] = {
        "quote": [{name: [values[k] for k in keep] for name, values in columns.items()}]
    }
    if rows.adjusted is not None:
        indicators["adjclose"] = [{"adjclose": [rows.adjusted[k] for k in keep]}]
    result: Chart = {
        "meta": meta,
        "timestamp": [stamps[k] for k in keep],
        "indicators": indicators,
    }
    days = {rows.days[k] for k in keep}
    events = {
        "dividends": {
            str(stamp(day)): {"amount": amount, "date": stamp(day)}
            for day, amount in rows.dividends.items()
            if day in days
        },
        "splits": {
            str(stamp(day)): {"date": stamp(day), "numerator": ratio, "denominator": 1}
            for day, ratio in rows.splits.items()
            if day in days
        },
    }
    if any(events.values()):
        result["events"] = {name: found for name, found in events.items() if found}
    return {"chart": {"result": [result], "error": None}}
