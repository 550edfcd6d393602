"""The price source that the command line names, and what is to be said of its series."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eventstudy.cli.options import RETURNS
from eventstudy.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from eventstudy.sources import PriceSource

NAMED = ("auto", "snapshot", "yahoo")

# Beginnings of the notes that tell of another source than was hoped for.
_DETOURS = (
    "from the snapshot: ",
    "kept since ",
    "no cache: ",
    "the copy in the cache ",
    "Yahoo answers with ",
)

_NAMED = 3
_REASONS = 20

prices_option = click.option(
    "--prices",
    default="auto",
    metavar="SOURCE",
    show_default=True,
    help="auto (what is kept of Yahoo, then Yahoo, then the bundled prices), yahoo, snapshot (the "
    "bundled prices), or a folder or file of your own: CSV or Parquet, one file per ticker, one "
    "long file (date, ticker, close or return) or one wide file; "
    f"{RETURNS}PATH where a wide file holds returns.",
)

cache_option = click.option(
    "--cache",
    metavar="FILE",
    show_default="eventstudy/prices.db in your cache folder",
    help="File in which prices from Yahoo are kept.",
)


def source_named(value: str, *, offline: bool, cache: str | None = None) -> PriceSource:
    """Make the source of ``--prices``.

    Parameters
    ----------
    value : str
        ``auto``, ``yahoo``, ``snapshot``, or the path of a folder or file of prices; ``returns:``
        before it says that wide files hold returns.
    offline : bool
        Whether the network must not be touched.
    cache : str, optional
        The cache file of ``--cache``.

    Raises
    ------
    InputError
        Where it is none of these.
    """
    from eventstudy.sources import (
        AutoPrices,
        CachedPrices,
        FilePrices,
        SnapshotPrices,
        YahooPrices,
    )

    if value == "auto":
        return AutoPrices(cache, offline=offline)
    if value == "yahoo":
        return CachedPrices(YahooPrices(), cache, offline=offline)
    if value == "snapshot":
        return SnapshotPrices()
    path = value.removeprefix(RETURNS)
    if not Path(path).exists():
        raise InputError(
            f"--prices {value}: there is no such folder or file. "
            f"Name one, or write {', '.join(NAMED[:-1])} or {NAMED[-1]}"
        )
    return FilePrices(path, kind="prices" if path == value else "returns")


def refuse_unpriced(sources: pd.DataFrame, dropped: pd.DataFrame) -> None:
    """Refuse events of which none came so far that a price series was asked for.

    Parameters
    ----------
    sources, dropped : DataFrame
        The result's tables of sources and of dropped pairs.

    Raises
    ------
    InputError
        With the reasons, which say what to write instead.
    """
    if (sources["role"] == "security").any():
        return
    pairs = (dropped["event_id"] + " " + dropped["ticker"]).str.strip()
    reasons = grouped(zip(dropped["reason"], pairs, strict=True))
    lines = reasons[:_REASONS]
    if len(reasons) > len(lines):
        lines.append(f"and {len(reasons) - len(lines):,} more reasons")
    raise InputError("\n  ".join(["no event can be studied:", *lines]))


def detours(sources: pd.DataFrame) -> list[str]:
    """Say, once each, why series come from elsewhere than their source would give them.

    Parameters
    ----------
    sources : DataFrame
        The result's table of sources, with ``ticker`` and ``note``.
    """
    found = [
        (note, ticker)
        for ticker, notes in zip(sources["ticker"], sources["note"], strict=True)
        for note in notes.split("; ")
        if note.startswith(_DETOURS)
    ]
    return grouped(found)


def grouped(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Say each of (text, ticker) once, with the tickers that it is about.

    Examples
    --------
    >>> grouped([("gone", "A"), ("late", "B"), ("gone", "B")])
    ['A, B: gone', 'B: late']
    """
    about: dict[str, dict[str, None]] = {}
    for text, ticker in pairs:
        about.setdefault(text, {})[ticker] = None
    said: list[str] = []
    for text, tickers in about.items():
        more = f" and {len(tickers) - _NAMED} more" if len(tickers) > _NAMED else ""
        said.append(f"{', '.join(list(tickers)[:_NAMED])}{more}: {text}")
    return said
