"""Daily bars as a vendor gives them, and the series that a study takes from them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from eventstudy.arrays import Booleans, Dates, Floats, Integers
from eventstudy.panel import PriceSeries

PRICES = ("open", "high", "low", "close", "adjusted")
COLUMNS = (*PRICES, "volume", "dividend", "split")


@dataclass(frozen=True, eq=False)
class Bars:
    """Raw daily figures of one security; every array has shape (n,), NaN is missing.

    Attributes
    ----------
    dates : array of datetime64[D]
        Local dates of the exchange, ascending, none twice.
    open, high, low, close : array of float
        Prices of the session, not adjusted for dividends.
    adjusted : array of float
        Closes adjusted for dividends and splits.
    volume : array of float
        Units traded.
    dividend : array of float
        Dividend in money, on its ex-date; 0 elsewhere.
    split : array of float
        Units after the split for one before, on its date; 0 elsewhere.
    """

    dates: Dates
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    adjusted: Floats
    volume: Floats
    dividend: Floats
    split: Floats

    def __len__(self) -> int:
        return len(self.dates)

    def at(self, places: Booleans | Integers) -> Bars:
        """Keep the rows at these places."""
        return Bars(*(getattr(self, column.name)[places] for column in fields(self)))

    @property
    def sha256(self) -> str:
        """Digest of all figures; equal figures have equal digests on every machine."""
        digest = hashlib.sha256(self.dates.astype("datetime64[D]").astype("<i8").tobytes())
        for name in COLUMNS:
            values = np.asarray(getattr(self, name), dtype="<f8") + 0.0  # -0.0 becomes 0.0
            digest.update(np.where(np.isnan(values), np.nan, values).tobytes())
        return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class BarSeries(PriceSeries):
    """A series with the bars behind it, and the client that fetched them.

    Attributes
    ----------
    bars : Bars, optional
        On dates of their own: they stay whole where the series is cut.
    client : str
        Program and version that fetched them, as in "yfinance 1.7.0".
    """

    bars: Bars | None = None
    client: str = ""


def series_of(
    ticker: str,
    bars: Bars,
    *,
    source: str,
    kind: Literal["prices", "returns"] = "prices",
    retrieved: str = "",
    client: str = "",
    notes: tuple[str, ...] = (),
    sha256: str | None = None,
) -> BarSeries:
    """Take adjusted closes, opens on their scale, and volumes from bars.

    An open of 0 stands for none. A column without any figure becomes None. `sha256` is that of the
    bars where none is given.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = bars.adjusted / bars.close
    scale[~np.isfinite(scale)] = np.nan
    opens = np.where(bars.open > 0, bars.open, np.nan) * scale
    for column in (bars.dates, *(getattr(bars, name) for name in COLUMNS), opens):
        column.flags.writeable = False
    return BarSeries(
        ticker,
        bars.dates,
        bars.adjusted,
        kind,
        source,
        opens=_or_none(opens),
        retrieved=retrieved,
        sha256=bars.sha256 if sha256 is None else sha256,
        notes=notes,
        volume=_or_none(bars.volume),
        closes=bars.close,
        bars=bars,
        client=client,
    )


def bars_of(series: PriceSeries) -> Bars:
    """Bars of a series: its own, or what can be said of one that has none.

    Where its closes are not known the adjusted ones stand for them; opens are on their scale.
    """
    own = series.bars if isinstance(series, BarSeries) else None
    if own is not None:
        return own
    none = np.full(len(series.dates), np.nan)
    opens = none if series.opens is None else series.opens
    volume = none if series.volume is None else series.volume
    adjusted = closes = series.values
    if series.closes is not None:
        closes = series.closes
        with np.errstate(divide="ignore", invalid="ignore"):
            opens = opens * (closes / adjusted)
    return Bars(series.dates, opens, none, none, closes, adjusted, volume, none, none)


def _or_none(values: Floats) -> Floats | None:
    return values if np.isfinite(values).any() else None


def adjust(close: Floats, dividend: Floats) -> Floats:
    """Adjust closes for dividends, the way Yahoo does (CRSP's factors).

    Before the ex-date of a dividend D the closes are multiplied by 1 - D / P, where P is the last
    close before it. A dividend that is not below P is passed over.

    Parameters
    ----------
    close : array of float, shape (n,)
        Closes adjusted for splits.
    dividend : array of float, shape (n,)
        On the ex-date, on the scale of the closes; 0 or NaN elsewhere.

    Examples
    --------
    >>> adjust(np.array([10.0, 10.0, 9.0]), np.array([0.0, 0.0, 1.0]))
    array([9., 9., 9.])
    """
    factors = np.ones(len(close))
    for place in np.flatnonzero(dividend > 0):
        before = np.flatnonzero(np.isfinite(close[:place]))
        if len(before) and dividend[place] < close[before[-1]]:
            factors[place] = 1.0 - dividend[place] / close[before[-1]]
    later = np.cumprod(factors[::-1])[::-1]
    return close * np.append(later[1:], 1.0)
