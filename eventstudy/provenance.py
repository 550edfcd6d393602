"""Where the numbers come from: versions, inputs and the source of every series."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.events import Events
from eventstudy.market import Market

PACKAGES = ("numpy", "pandas", "scipy", "exchange_calendars")
SOURCE_COLUMNS = (
    *("ticker", "role", "source", "first", "last", "sessions", "missing"),
    *("retrieved", "sha256", "note"),
)


def versions() -> dict[str, str]:
    """Versions of the package, of Python and of the libraries that decide numbers."""
    found = {"eventstudy": metadata.version("eventstudy"), "python": platform.python_version()}
    return found | {name: metadata.version(name) for name in PACKAGES}


def describe_run(events: Events, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Say what went in; no clock, no path, so that the same input gives the same words."""
    return {
        "name": events.name,
        "inputs": {events.name: events.sha256},
        "settings": dict(spec),
        "versions": versions(),
    }


def sources_frame(market: Market) -> pd.DataFrame:
    """Build one row a series: where it is from, what it covers, what it lacks."""
    rows: list[dict[str, object]] = []
    roles = [("security", t) for t in market.panel.tickers]
    roles += [("benchmark", t) for t in market.factors.names]
    for role, ticker in roles:
        series = market.series[ticker]
        known = series.dates[np.isfinite(series.values)]
        rows.append(
            {
                "ticker": ticker,
                "role": role,
                "source": series.source,
                "first": known[0].astype("datetime64[s]") if len(known) else pd.NaT,
                "last": known[-1].astype("datetime64[s]") if len(known) else pd.NaT,
                "sessions": len(known),
                "missing": _missing(market, ticker),
                "retrieved": series.retrieved,
                "sha256": series.sha256,
                "note": "; ".join(series.notes),
            }
        )
    return pd.DataFrame(rows, columns=list(SOURCE_COLUMNS))


def _missing(market: Market, ticker: str) -> int:
    """Sessions without a figure between the first and the last one, within the calendar in use."""
    series, calendar = market.series[ticker], market.sessions[ticker]
    known = series.dates[np.isfinite(series.values)]
    there = calendar.index_of(known)
    there = there[there >= 0]
    return int(there[-1] - there[0] + 1 - len(there)) if len(there) else 0
