"""Tickers as events and claims name them: Yahoo's form, one or more in a cell."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from eventstudy.arrays import Integers
from eventstudy.tables import Column, Diagnosis, Finding, Problems, Table, matching

TICKER = re.compile(r"\^?[A-Za-z0-9](?!.*\.\.)[A-Za-z0-9.=-]{0,19}")

_SEPARATORS = re.compile("[ ;\u00a0]+")


def ticker_fault(text: str) -> Diagnosis:
    """Say what is wrong with a text that is no ticker, and the cure."""
    if not text.isprintable():
        return "a ticker with control characters", "Separate tickers by spaces or semicolons"
    if "," in text:
        return "not a ticker", "Separate tickers by spaces or semicolons"
    if ".." in text:
        return "a ticker with two points in a row", "Write one point before the suffix: 0981.HK"
    if len(text) > 20:
        return f"a ticker of {len(text):,} characters", "Keep to 20"
    return "not a ticker", "Write it as Yahoo does: MU, 0981.HK, 000001.SS, ^GSPC"


def given_tickers(tickers: Sequence[str] | str, problems: Problems) -> list[str]:
    """Take apart the tickers that fill empty cells; note bad ones and doubles, keep the rest."""
    texts = [tickers] if isinstance(tickers, str) else tickers
    kept: list[str] = []
    for piece in (piece for text in texts for piece in _SEPARATORS.split(text) if piece):
        if not TICKER.fullmatch(piece):
            problems.add(None, "--tickers", piece, *ticker_fault(piece))
        elif piece in kept:
            problems.add(None, "--tickers", piece, "the ticker is given twice", "Give it once")
        else:
            kept.append(piece)
    return kept


def spread(table: Table, name: str, given: list[str]) -> tuple[Integers, Column]:
    """Give every ticker of a column of lists an entry of its own.

    Parameters
    ----------
    table : Table
        Its problems take each ticker of a bad form.
    name : str
        Column whose cells hold tickers, separated by spaces or semicolons.
    given : list of str
        What stands for an empty cell; nothing for one empty entry.

    Returns
    -------
    owners : array of int, shape (entries,)
        The row that each entry comes from, ascending.
    securities : Column
        Of shape (entries,): the tickers, "" where there is none.
    """
    cells = table.column(name)
    split = [_SEPARATORS.split(text) for text in cells.values]
    split = [[piece for piece in pieces if piece] or given or [""] for pieces in split]
    counts = np.fromiter(map(len, split), dtype=np.int64, count=len(split))
    flat = np.array([piece for pieces in split for piece in pieces], dtype=object)
    codes, tickers = pd.factorize(flat)
    codes = codes.astype(np.int64)
    if (counts == 1).all():
        owners, securities = np.arange(len(table)), Column(codes[cells.codes], tickers)
    else:
        per_row = counts[cells.codes]
        owners = np.repeat(np.arange(len(table)), per_row)
        within = np.arange(len(owners)) - np.repeat(np.cumsum(per_row) - per_row, per_row)
        starts = np.repeat((np.cumsum(counts) - counts)[cells.codes], per_row)
        securities = Column(codes[starts + within], tickers)

    def bad_form(entry: int) -> Finding:
        ticker = str(tickers[securities.codes[entry]])
        return int(table.lines[owners[entry]]), name, ticker, *ticker_fault(ticker)

    good = securities.where(matching(tickers, TICKER) | (tickers == ""))
    table.problems.add_each(np.flatnonzero(~good), bad_form)
    return owners, securities
