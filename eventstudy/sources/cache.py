"""Prices that are fetched once and kept: any source behind the price cache."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from eventstudy.errors import CacheError, InputError, PricesError, SourceError, UnknownTickerError
from eventstudy.panel import PriceSeries
from eventstudy.sources.base import MemoryPrices, PriceSource, Quotes
from eventstudy.sources.files import FilePrices
from eventstudy.sources.sessions import last_over, sessions_between, utc_now
from eventstudy.sources.store import PriceStore
from eventstudy.sources.store_rows import Kept
from eventstudy.tables import shown

YOUNG = timedelta(hours=12)
"""Age up to which a series is fresh although the last session is not in it, or not known."""

SETTLED = timedelta(days=7)
"""After a close, the time in which a missing session may still be added by the source."""

_REACH = timedelta(days=21)
_LOCAL = (MemoryPrices, FilePrices)


@dataclass(frozen=True, eq=False)
class Gathered:
    """What a cache and the source behind it gave.

    Attributes
    ----------
    quotes : Quotes
        Series and failures.
    stale : mapping of str to str
        Tickers whose series is an older one than the source may have by now, and why it is taken.
    trouble : CacheError or None
        Why the cache could not be read or written.
    """

    quotes: Quotes
    stale: Mapping[str, str]
    trouble: CacheError | None = None


@dataclass(frozen=True)
class CachedPrices:
    """A source whose series are kept in a file, and fetched again only when they may have changed.

    A series comes from one fetch, whole: nothing is ever added to one that is there, because every
    dividend and split rewrites the adjusted closes before it. Its figures are checked by their
    digest whenever they are read; what does not fit is fetched anew.

    Parameters
    ----------
    inner : PriceSource
        Where series come from; its `name` and the ticker are the key.
    path : str or path, optional
        The cache file, by default ``eventstudy/prices.db`` in the user's cache folder.
    offline : bool
        Never ask `inner`: what is kept is taken, however old, and a note says how old.
    clock : callable
        Gives the present instant.

    Notes
    -----
    *When a kept series is fresh*, so that the source is not asked. It was fetched for at least the
    dates asked for (those to come left aside), and nothing can have been added since. That is,
    with L the last session of the exchange up to the last date asked for that is over by now: it
    was fetched after the close of L (and half an hour), and either it has a price for L, or the
    fetch was a week after L (what is missing then will not come), or it is less than 12 hours old.
    Where the exchange is not known, a series is fresh for 12 hours, and for good when it was
    fetched a week after the last date asked for.

    A series that is fetched again is fetched for the dates that it had as well as those asked for.
    Where that fails, the kept one is taken, if it has a price in the range, and a note says so.
    """

    inner: PriceSource
    path: str | os.PathLike[str] | None = None
    offline: bool = field(default=False, kw_only=True)
    clock: Callable[[], datetime] = field(default=utc_now, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        # Series are kept by the source's name and the ticker: two frames, or two folders, would be
        # given each other's figures.
        if type(self.inner) in _LOCAL:
            raise InputError(
                f"a cache keeps what was fetched, and {type(self.inner).__name__} is at hand: two "
                "of them would be given each other's figures. Use it without CachedPrices"
            )

    @property
    def name(self) -> str:
        """Name of the source behind the cache."""
        return self.inner.name

    def load(self, tickers: Sequence[str], start: date, end: date) -> Quotes:
        """Give the series of these tickers, from the cache where it is fresh.

        Raises
        ------
        CacheError
            Where the cache cannot be read or written. It is found out before anything is fetched,
            but for a disk that runs full.
        """
        return self.gather(tickers, start, end, tolerant=False).quotes

    def gather(self, tickers: Sequence[str], start: date, end: date, *, tolerant: bool) -> Gathered:
        """Load, and tell which series are not fresh.

        Parameters
        ----------
        tickers, start, end
            As for `load`.
        tolerant : bool
            Go on without a cache that cannot be used, and say so in ``trouble``.
        """
        asked = list(dict.fromkeys(tickers))
        store = PriceStore(self.path)
        kept: dict[str, Kept] = {}
        damaged: list[str] = []
        trouble: CacheError | None = None
        wanted = asked
        try:
            kept, damaged = store.read(self.inner.name, asked)
            now = self.clock()
            wanted = [t for t in asked if t not in kept or not fresh(kept[t], start, end, now)]
            if wanted and not self.offline:
                store.write(())
        except CacheError as error:
            if not tolerant:
                raise
            trouble = error
        series = {ticker: kept[ticker].series for ticker in asked if ticker not in wanted}
        if self.offline:
            failures = {ticker: _not_there(ticker, damaged) for ticker in wanted}
        else:
            fetched, failures = self._fetch(wanted, start, end, kept)
            try:
                if fetched and trouble is None:
                    store.write(fetched)
            except CacheError as error:
                if not tolerant:
                    raise
                trouble = error
            for one in fetched:
                series[one.series.ticker] = _repaired(one.series, damaged)
        stale = {
            ticker: "offline" if self.offline else _problem(failures[ticker])
            for ticker in failures
            if ticker in kept and _has_price(kept[ticker].series, start, end)
        }
        series |= {ticker: _aged(kept[ticker], why) for ticker, why in stale.items()}
        return Gathered(
            Quotes(
                {ticker: series[ticker] for ticker in asked if ticker in series},
                {ticker: failures[ticker] for ticker in asked if ticker not in series},
            ),
            stale,
            trouble,
        )

    def _fetch(
        self, tickers: Sequence[str], start: date, end: date, kept: Mapping[str, Kept]
    ) -> tuple[list[Kept], dict[str, PricesError]]:
        """Ask the source, for the dates that were kept as well."""
        if not tickers:
            return [], {}
        earlier = [kept[ticker] for ticker in tickers if ticker in kept]
        first = min([start, *(one.first for one in earlier)])
        last = max([end, *(one.last for one in earlier)])
        quotes = self.inner.load(tickers, first, last)
        now = self.clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        fetched = [
            Kept(self.inner.name, one, first, last, one.retrieved or now)
            for one in quotes.series.values()
        ]
        return fetched, dict(quotes.failures)


def fresh(kept: Kept, start: date, end: date, now: datetime) -> bool:
    """Tell whether a source could have nothing to add to a series by now.

    The rule stands in the notes of :class:`CachedPrices`.

    Parameters
    ----------
    kept : Kept
        The series, and when and for which dates it was fetched.
    start, end : date
        The range that is asked for, both inside.
    now : datetime
        The present instant, with its zone.
    """
    until = min(end, (now + timedelta(hours=14)).astimezone(UTC).date())
    if kept.first > start or kept.last < until:
        return False
    fetched = datetime.fromisoformat(kept.fetched)
    fetched = fetched if fetched.tzinfo else fetched.replace(tzinfo=UTC)
    young = now - fetched < YOUNG
    if (fetched - SETTLED).astimezone(UTC).date() > until:
        return True
    calendar = sessions_between(kept.series.ticker, until - _REACH, until)
    over = None if calendar is None else last_over(calendar, now)
    if calendar is None or over is None:
        return young
    if last_over(calendar, fetched) != over:
        return False
    known = kept.series.dates[np.isfinite(kept.series.values)]
    settled = last_over(calendar, fetched - SETTLED) == over
    return young or settled or bool(len(known) and known[-1] >= over)


def _has_price(series: PriceSeries, start: date, end: date) -> bool:
    days = series.dates[np.isfinite(series.values)]
    return bool(((days >= np.datetime64(start)) & (days <= np.datetime64(end))).any())


def _not_there(ticker: str, damaged: Sequence[str]) -> PricesError:
    name = shown(ticker)
    cure = "Run once without --offline, or take a file of your own: --prices FOLDER"
    if ticker in damaged:
        text = f"what the cache has of {name} is damaged: its figures do not fit their digest"
        return SourceError(f"{text}. {cure}")
    return UnknownTickerError(f"the cache has no {name} for these dates. {cure}")


def _repaired(series: PriceSeries, damaged: Sequence[str]) -> PriceSeries:
    if series.ticker not in damaged:
        return series
    note = "the copy in the cache was damaged and is replaced"
    return replace(series, notes=(*series.notes, note))


def _aged(kept: Kept, why: str) -> PriceSeries:
    note = f"kept since {kept.fetched}, not fetched anew: {why}"
    return replace(kept.series, notes=(*kept.series.notes, note))


def _problem(error: PricesError) -> str:
    """Say what is wrong without the cure."""
    return str(error).partition(". ")[0]
