"""A source that is asked once for a series."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from eventstudy.sources.base import PriceSource, Quotes


class Once:
    """A source that is asked once for a ticker: what it gave is given again.

    So the parts of one command that need the same series cannot come to differ, and the network
    is not asked twice where there is no cache.

    Parameters
    ----------
    source : PriceSource
        Where prices come from.
    covering : pair of dates, optional
        Dates that every series covers, whatever is asked for: where the parts need different ones.
    """

    def __init__(self, source: PriceSource, covering: tuple[date, date] | None = None) -> None:
        self.source, self._covering = source, covering
        self._given: dict[tuple[date, date], dict[str, Quotes]] = {}

    @property
    def name(self) -> str:
        """The name of the source."""
        return self.source.name

    def load(self, tickers: Sequence[str], start: date, end: date) -> Quotes:
        """Give the series of these tickers, as :class:`eventstudy.PriceSource` says."""
        if self._covering is not None:
            start, end = min(start, self._covering[0]), max(end, self._covering[1])
        given = self._given.setdefault((start, end), {})
        lacking = [ticker for ticker in dict.fromkeys(tickers) if ticker not in given]
        if lacking:
            given.update(dict.fromkeys(lacking, self.source.load(lacking, start, end)))
        series, failures = {}, {}
        for ticker in dict.fromkeys(tickers):
            quotes = given[ticker]
            if ticker in quotes.series:
                series[ticker] = quotes.series[ticker]
            else:
                failures[ticker] = quotes.failures[ticker]
        return Quotes(series, failures)
