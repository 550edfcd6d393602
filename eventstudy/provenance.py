"""Where the numbers come from: versions, inputs and the source of every series."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.arrays import Integers
from eventstudy.events import Events
from eventstudy.market import Market
from eventstudy.models import Model, settings_of
from eventstudy.panel import PriceSeries, SessionLookup

PACKAGES = ("numpy", "pandas", "scipy", "exchange_calendars")
_TEXTS = 1 << 16  # cells of a column that are Python's own texts at once
SOURCE_COLUMNS = (
    *("ticker", "role", "source", "first", "last", "sessions", "missing"),
    *("retrieved", "sha256", "note"),
)


def versions(packages: Iterable[str] = ()) -> dict[str, str]:
    """Versions of the package, of Python and of the libraries that decide numbers."""
    found = {"eventstudy": metadata.version("eventstudy"), "python": platform.python_version()}
    return found | {name: metadata.version(name) for name in (*PACKAGES, *packages)}


def digest_of(frame: pd.DataFrame) -> str:
    """Digest of the events of a frame: their columns in order, whatever pandas keeps them in.

    Parameters
    ----------
    frame : DataFrame
        Of :class:`~eventstudy.Events`: texts and times.

    Returns
    -------
    str
        sha256 in hexadecimal digits. A million rows take less than a fifth of a second.
    """
    digest = hashlib.sha256(f"{len(frame)} rows".encode())
    for name in frame:
        column = frame[name]
        digest.update(f"\n{name}\n".encode("utf-8", "surrogatepass"))
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            # seconds or nanoseconds: as nanoseconds, the lowest byte first, on every machine
            times = column.to_numpy(dtype="datetime64[ns]").view(np.int64)
            digest.update(times.astype("<i8").tobytes())
            continue
        alike = len(column) > 0 and bool((column == column.iloc[0]).all())
        texts = column.iloc[:1] if alike else column
        for first in range(0, len(texts), _TEXTS):
            digest.update(b"\x1f" if first else b"")
            digest.update(_joined(texts.iloc[first : first + _TEXTS]))
    return digest.hexdigest()


def _joined(texts: pd.Series) -> bytes | memoryview:
    """Join texts by a character that none of them has."""
    if isinstance(texts.dtype, pd.StringDtype) and texts.dtype.storage == "pyarrow":
        # without a Python text a cell: a third of the time
        arrow, compute = import_module("pyarrow"), import_module("pyarrow.compute")
        cells = arrow.array(texts, arrow.large_string())
        if isinstance(cells, arrow.ChunkedArray):  # of a frame that was put together
            cells = cells.combine_chunks()
        whole = arrow.ListArray.from_arrays([0, len(cells)], cells)
        separator = arrow.scalar("\x1f", arrow.large_string())
        return memoryview(compute.binary_join(whole, separator)[0].as_buffer())
    return "\x1f".join(texts.tolist()).encode("utf-8", "surrogatepass")


def describe_run(
    events: Events, spec: Mapping[str, Any], sources: pd.DataFrame, models: Sequence[Model]
) -> dict[str, Any]:
    """Say what went in; no clock, no path, so that the same input gives the same words.

    Parameters
    ----------
    events : Events
        The events.
    spec : mapping
        The settings.
    sources : DataFrame
        From :func:`sources_frame`.
    models : sequence of Model
        The study's own model, and others that it is held against.
    """
    inputs = {events.name: events.sha256 or digest_of(events.frame)}
    tables = {table.sha256: table for table in (model.table for model in models) if table}
    frames = 0
    for table in tables.values():
        inputs |= {Path(path).name: digest for path, digest in table.files.items()}
        if not table.files:
            frames += 1
            inputs["factors (frame)" if frames == 1 else f"factors (frame {frames})"] = table.sha256
    return {
        "name": events.name,
        "inputs": inputs,
        "settings": {**spec, "model": named_settings(models[0])},
        "sources": {
            str(source): list(dict.fromkeys(rows["ticker"]))
            for source, rows in sources.groupby("source", sort=False)
        },
        "versions": versions(dict.fromkeys(name for model in models for name in model.packages)),
    }


def named_settings(model: Model) -> str | dict[str, Any]:
    """Give the settings of a model, with the names of its files for their paths."""
    settings, table = settings_of(model), model.table
    if table is None or not table.files or isinstance(settings, str):
        return settings
    names = {path: Path(path).name for path in table.files}
    return {**settings, "factors": [names.get(one, one) for one in settings["factors"]]}


def sources_frame(market: Market) -> pd.DataFrame:
    """Build one row a series: where it is from, what it covers, what it lacks."""
    rows: list[dict[str, object]] = []
    roles = [("security", t) for t in market.panel.tickers]
    benchmarks = set(np.unique(market.benchmark).tolist())
    roles += [
        ("benchmark" if place in benchmarks else "factor", name)
        for place, name in enumerate(market.factors.names)
        if name not in market.brought
    ]
    known_rates = dict.fromkeys(market.rates[t] for _, t in roles if t in market.rates)
    found = [(role, market.series[t], market.sessions[t], market.rates.get(t)) for role, t in roles]
    found += [("factor", *one, None) for one in market.brought.values()]
    found += [
        ("currency", market.series[rate], market.sessions[rate], None)
        for rate in known_rates
        if rate in market.series
    ]
    lookup = SessionLookup()
    for role, series, sessions, rate in found:
        notes = list(series.notes)
        if rate is not None:
            notes.append(f"returns converted by {rate}")
        known = series.dates[np.isfinite(series.values)]
        rows.append(
            {
                "ticker": series.ticker,
                "role": role,
                "source": series.source,
                "first": known[0].astype("datetime64[s]") if len(known) else pd.NaT,
                "last": known[-1].astype("datetime64[s]") if len(known) else pd.NaT,
                "sessions": len(known),
                "missing": _missing(series, lookup.sessions(series, sessions)),
                "retrieved": series.retrieved,
                "sha256": series.sha256,
                "note": "; ".join(notes),
            }
        )
    return pd.DataFrame(rows, columns=list(SOURCE_COLUMNS))


def _missing(series: PriceSeries, session: Integers) -> int:
    """Sessions without a figure between the first and the last one, within the calendar in use."""
    there = session[np.isfinite(series.values) & (session >= 0)]
    return int(there[-1] - there[0] + 1 - len(there)) if len(there) else 0
