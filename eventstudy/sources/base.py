"""What a price source is, and the source that holds a frame in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from eventstudy.arrays import Dates, Floats
from eventstudy.errors import PriceFileError, PricesError, StudyError, UnknownTickerError
from eventstudy.panel import PriceSeries
from eventstudy.sources.cells import Faults, nearest
from eventstudy.sources.frames import (
    check_shape,
    check_values,
    column_names,
    index_dates,
    numbers,
)
from eventstudy.sources.longframe import check_columns, long_values
from eventstudy.tables import shown

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["prices", "returns"]
_HINTED = 20


@dataclass(frozen=True, eq=False)
class Quotes:
    """What a source had to give.

    Attributes
    ----------
    series : mapping of str to PriceSeries
        By ticker, in the order asked for.
    failures : mapping of str to PricesError
        The tickers without a series, each with the reason and its cure. A ticker that was asked
        for is in exactly one of the two.
    """

    series: Mapping[str, PriceSeries]
    failures: Mapping[str, PricesError]


class PriceSource(Protocol):
    """Where prices come from. A new source is one class with these two members.

    It must hold to the following:

    - One call takes all tickers, and each of them comes back once: as a series, or as a
      :class:`~eventstudy.errors.PricesError` in ``failures``. Nothing is lost and nothing made up.
    - ``load`` raises only for what stops the whole run, an
      :class:`~eventstudy.errors.InputError` such as a damaged file, with every problem at once,
      or a :class:`~eventstudy.errors.MissingExtraError`.
    - A series is one source's whole: two sources never join in one series, for their adjustments
      differ. Closes are adjusted for dividends and splits where the source can; where it cannot,
      or nobody knows, a note of the series says so.
    - Dates are sessions of the security's own exchange by its local calendar, ascending, none
      twice. A session without a price is absent, or its value is NaN; it is never filled.
    - The same call on the same state gives the same numbers: no clock enters but ``retrieved``.
    """

    @property
    def name(self) -> str:
        """One word for the report: "snapshot", "files", "memory"."""
        ...

    def load(self, tickers: Sequence[str], start: date, end: date) -> Quotes:
        """Give the series of these tickers.

        Parameters
        ----------
        tickers : sequence of str
            As the events name them; they may come from anyone, so a source looks them up and
            never builds a path or an address of them unquoted.
        start, end : date
            The range that is needed, both inside. A source may give more.

        Returns
        -------
        Quotes
        """
        ...


def unknown(
    ticker: str, known: Iterable[str], *, holder: str, cure: str, everything: bool = False
) -> UnknownTickerError:
    """Error for a ticker that a source does not have, with the names nearest to it.

    `everything` lists all that it has instead.
    """
    names = list(known)
    near = [] if everything else nearest(ticker, names)
    some = names if everything else names[:10]
    more = len(names) - len(some)
    if not names:
        has = "it holds none"
    elif near:
        has = f"the nearest it has: {', '.join(map(shown, near))}"
    else:
        has = f"it has {', '.join(map(shown, some))}{f' and {more:,} more' if more else ''}"
    return UnknownTickerError(f"{holder} has no {shown(ticker)}; {has}. {cure}")


@dataclass(frozen=True, eq=False, repr=False)
class MemoryPrices:
    """Prices or returns that are already in memory: the way in for thousands of securities.

    It is also named ``Panel``. Make one of a wide frame, dates down and tickers across, with
    :meth:`from_frame` (or :meth:`from_returns`, :meth:`from_prices`), of a long one, with one row
    a security and day, with :meth:`from_long`. The whole frame is checked and copied once; a
    series keeps every date of the frame, also those without a value, because with
    ``calendar="data"`` these dates are the list of sessions. Benchmarks and factors are columns,
    or tickers, like any other: the events name theirs in ``benchmark``.

    Attributes
    ----------
    dates : array of datetime64[D], shape (n,)
        The frame's index, ascending.
    tickers : tuple of str, length k
        The frame's columns.
    values : array of float, shape (k, n)
        Simple returns in decimals, or prices; NaN is missing. Not writeable.
    kind : {"prices", "returns"}
        What the values are.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"AAA": [0.01, None]}, index=["2024-01-02", "2024-01-03"])
    >>> prices = MemoryPrices.from_returns(frame)
    >>> prices.load(["AAA"], date(2024, 1, 1), date(2024, 1, 31)).series["AAA"].values
    array([0.01,  nan])
    >>> long = pd.DataFrame(
    ...     {"date": ["2024-01-02", "2024-01-03"], "ticker": "AAA", "return": [0.01, 0.02]}
    ... )
    >>> MemoryPrices.from_long(long).values
    array([[0.01, 0.02]])
    """

    dates: Dates
    tickers: tuple[str, ...]
    values: Floats
    kind: Kind
    name: str = field(default="memory", init=False)

    def __post_init__(self) -> None:
        check_kind(self.kind)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, kind: Kind = "returns") -> MemoryPrices:
        """Take a wide frame, as :meth:`from_returns` or :meth:`from_prices`.

        Parameters
        ----------
        frame : DataFrame
            Dates down, tickers across.
        kind : {"returns", "prices"}
            What the values are.

        Raises
        ------
        PriceFileError
            With every bad row and column at once.
        StudyError
            For another kind.
        """
        return cls._of(frame, check_kind(kind))

    @classmethod
    def from_long(
        cls,
        frame: pd.DataFrame,
        *,
        date: str = "date",
        ticker: str = "ticker",
        value: str = "return",
        kind: Kind = "returns",
    ) -> MemoryPrices:
        """Take a long frame: one row a security and day.

        Parameters
        ----------
        frame : DataFrame
            Its dates are datetimes, dates or ISO text, ascending within each ticker. A day without
            a row, or with NaN, is missing where another ticker has it. The index is left aside.
        date, ticker, value : str
            Names of its columns.
        kind : {"returns", "prices"}
            What the values are, as for :meth:`from_returns` and :meth:`from_prices`.

        Raises
        ------
        PriceFileError
            With every bad cell at once: rows of the same ticker and day, dates out of order,
            numbers that are none; its line is the row's position plus 2.
        StudyError
            For another kind.
        """
        check_kind(kind)
        faults, names = Faults(), (date, ticker, value)
        check_columns(frame, names, faults)
        _refuse(faults)
        dates, tickers, values = long_values(frame, names, kind, faults)
        return cls._kept(dates, tickers, values, kind, faults)

    @classmethod
    def from_returns(cls, frame: pd.DataFrame) -> MemoryPrices:
        """Take simple returns in decimals (0.01 is one per cent).

        Parameters
        ----------
        frame : DataFrame
            Index of dates (a DatetimeIndex, a PeriodIndex of days, dates, or ISO text), ascending,
            none twice; where it names a time zone, the local date counts. Numeric columns, one a
            ticker; NaN is a missing day and nothing else.

        Raises
        ------
        PriceFileError
            With every bad row and column at once.
        """
        return cls._of(frame, "returns")

    @classmethod
    def from_prices(cls, frame: pd.DataFrame) -> MemoryPrices:
        """Take closing prices, adjusted for dividends and splits where there were any.

        Parameters
        ----------
        frame : DataFrame
            As for :meth:`from_returns`; prices are positive. NaN is a session without a price: the
            next return spans it.

        Raises
        ------
        PriceFileError
            With every bad row and column at once.
        """
        return cls._of(frame, "prices")

    @classmethod
    def _of(cls, frame: pd.DataFrame, kind: Kind) -> MemoryPrices:
        faults = Faults()
        check_shape(frame, faults)
        _refuse(faults)
        tickers = column_names(frame, faults)
        dates = index_dates(frame.index, faults)
        values = numbers(frame, tickers, faults)
        if values is not None:
            check_values(values, tickers, kind, faults)
        return cls._kept(dates, tickers, values, kind, faults)

    @classmethod
    def _kept(
        cls,
        dates: Dates,
        tickers: tuple[str, ...],
        values: Floats | None,
        kind: Kind,
        faults: Faults,
    ) -> MemoryPrices:
        _refuse(faults)
        assert values is not None
        values.flags.writeable = False
        dates.flags.writeable = False
        return cls(dates, tickers, values, kind)

    def __repr__(self) -> str:
        spread = f", {self.dates[0]} to {self.dates[-1]}" if len(self.dates) else ""
        tickers, days = len(self.tickers), len(self.dates)
        counts = f"{tickers:,} ticker{'s'[: tickers != 1]}, {days:,} day{'s'[: days != 1]}"
        return f"<MemoryPrices of {self.kind}: {counts}{spread}>"

    def load(self, tickers: Sequence[str], start: date, end: date) -> Quotes:  # noqa: ARG002
        """Give each asked column whole, whatever the range; the others are failures."""
        places = {ticker: k for k, ticker in enumerate(self.tickers)}
        series: dict[str, PriceSeries] = {}
        failures: dict[str, PricesError] = {}
        of_dates = hashlib.sha256(self.dates.astype(np.int64).tobytes())
        for ticker in dict.fromkeys(tickers):
            place = places.get(ticker)
            if place is None:
                # Nearest names of thousands against thousands would take minutes.
                known = self.tickers if len(failures) < _HINTED else self.tickers[:10]
                cure = "Add it, or correct the ticker (of a benchmark: events column benchmark)"
                failures[ticker] = unknown(ticker, known, holder="the frame", cure=cure)
                continue
            values = self.values[place]
            digest = of_dates.copy()
            digest.update(values)
            series[ticker] = PriceSeries(
                ticker, self.dates, values, self.kind, self.name, sha256=digest.hexdigest()
            )
        return Quotes(series, failures)


def check_kind(kind: Kind) -> Kind:
    """Refuse what is no kind of values.

    Raises
    ------
    StudyError
        Names the kinds.
    """
    if kind not in ("prices", "returns"):
        raise StudyError(f"kind {kind!r} is none of prices, returns. Choose one")
    return kind


def _refuse(faults: Faults) -> None:
    if faults:
        raise PriceFileError("frame of prices", faults.problems)
