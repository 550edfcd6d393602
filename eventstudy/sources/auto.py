"""Prices without a choice to make: the cache, then Yahoo, then the bundled snapshot."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from eventstudy.errors import CacheError, PricesError
from eventstudy.panel import PriceSeries
from eventstudy.sources.base import PriceSource, Quotes
from eventstudy.sources.cache import CachedPrices, Gathered
from eventstudy.sources.snapshot import SnapshotPrices
from eventstudy.sources.yahoo import YahooPrices


@dataclass(frozen=True)
class AutoPrices:
    """Each series whole from the first that has it: the cache, Yahoo, the bundled snapshot.

    Two sources never join in one series. A series of the cache is taken where it is fresh (see
    :class:`~eventstudy.sources.cache.CachedPrices`), and so is what Yahoo gives, which is then
    kept. Where Yahoo fails, an older series of the cache or the snapshot's is taken, whichever has
    more prices in the range, the cache's where they have as many. Notes say which, and why. After
    one connection that cannot be made Yahoo is not tried for the others. A cache that cannot be
    used is noted and does not stop the run.

    Parameters
    ----------
    cache : str or path, optional
        The cache file, by default ``eventstudy/prices.db`` in the user's cache folder.
    offline : bool
        Never touch the network.
    live, bundled : PriceSource
        What stands for Yahoo and for the snapshot.
    """

    cache: str | os.PathLike[str] | None = None
    offline: bool = field(default=False, kw_only=True)
    live: PriceSource = field(default_factory=YahooPrices, kw_only=True)
    bundled: PriceSource = field(default_factory=SnapshotPrices, kw_only=True)
    name: str = field(default="auto", init=False, repr=False)

    def load(self, tickers: Sequence[str], start: date, end: date) -> Quotes:
        """Give the series of these tickers; a failure says what Yahoo, or the cache, said."""
        asked = list(dict.fromkeys(tickers))
        cached = CachedPrices(self.live, self.cache, offline=self.offline)
        found = cached.gather(asked, start, end, tolerant=True)
        lacking = [ticker for ticker in asked if ticker in found.stale or _failed(found, ticker)]
        bundled = self.bundled.load(lacking, start, end).series if lacking else {}
        series: dict[str, PriceSeries] = {}
        failures: dict[str, PricesError] = {}
        for ticker in asked:
            one = found.quotes.series.get(ticker)
            own = bundled.get(ticker)
            if own is not None and (
                one is None or _prices(own, start, end) > _prices(one, start, end)
            ):
                one = replace(own, notes=(*own.notes, self._why(found, ticker)))
            if one is None:
                failures[ticker] = self._neither(found.quotes.failures[ticker])
            else:
                series[ticker] = _warned(one, found.trouble)
        return Quotes(series, failures)

    def _why(self, found: Gathered, ticker: str) -> str:
        if self.offline:
            return f"from the {self.bundled.name}: offline"
        error = found.quotes.failures.get(ticker)
        problem = found.stale[ticker] if error is None else str(error).partition(". ")[0]
        return f"from the {self.bundled.name}: {problem}"

    def _neither(self, error: PricesError) -> PricesError:
        problem, _, cure = str(error).partition(". ")
        return type(error)(f"{problem}, and the bundled {self.bundled.name} has none. {cure}")


def _failed(found: Gathered, ticker: str) -> bool:
    return ticker in found.quotes.failures


def _prices(series: PriceSeries, start: date, end: date) -> int:
    days = series.dates[np.isfinite(series.values)]
    return int(((days >= np.datetime64(start)) & (days <= np.datetime64(end))).sum())


def _warned(series: PriceSeries, trouble: CacheError | None) -> PriceSeries:
    if trouble is None:
        return series
    note = f"no cache: {str(trouble).partition('. ')[0]}"
    return replace(series, notes=(*series.notes, note))
