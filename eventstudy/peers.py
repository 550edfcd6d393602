"""Other firms: which of them an event touches, and the same days of those that it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Booleans, Integers
from eventstudy.estimation import estimate
from eventstudy.kernels.dependence import window_span
from eventstudy.models import Model
from eventstudy.panel import Panel
from eventstudy.rows import Rows
from eventstudy.windows import Design


def touched(
    rows: Rows, frame: pd.DataFrame, panel: Panel, design: Design, model: Model
) -> Booleans | None:
    """Find the factors that each event touches, for a model that chooses among securities.

    Touched are the securities of the same event, and those with an event of their own whose tested
    days share a session with the event's.

    Parameters
    ----------
    rows : Rows
        The events, with their day zero.
    frame : DataFrame
        The events' frame.
    panel : Panel
        The securities.
    design : Design
        The windows.
    model : Model
        Its factors are tickers.

    Returns
    -------
    array of bool, shape (rows, factors), or None
        None for a model that does not choose.
    """
    if not model.selects:
        return None
    hull = design.hull
    begin, end = np.empty(len(rows), dtype=np.int64), np.empty(len(rows), dtype=np.int64)
    for which in np.unique(rows.calendar):
        here = rows.calendar == which
        zero = rows.zero[here]
        closes = panel.calendars[which].closes
        begin[here], end[here] = window_span(closes, zero + hull.first, zero + hull.last)
    ticker = np.array(panel.tickers, dtype=object)[rows.security]
    event = frame["event_id"].to_numpy()
    own = event[rows.pair]
    found = np.zeros((len(rows), len(model.factors)), dtype=np.bool_)
    for column, factor in enumerate(model.factors):
        found[:, column] = np.isin(own, event[(frame["ticker"] == factor).to_numpy()])
        for row in np.flatnonzero(ticker == factor):
            found[:, column] |= (begin < end[row]) & (begin[row] < end)
    return found


def peer_effects(
    abnormal: Abnormal, frame: pd.DataFrame, peers: Sequence[str]
) -> tuple[Abnormal, Integers]:
    """Estimate every peer on the days of every event, with the event's benchmark.

    A peer stands in for an event where it keeps the same calendar and is none of the event's own
    firms; one whose own data do not suffice is left out.

    Parameters
    ----------
    abnormal : Abnormal
        The events.
    frame : DataFrame
        The events' frame.
    peers : sequence of str
        Tickers; those of the panel are used.

    Returns
    -------
    abnormal : Abnormal
        One row an event and peer.
    owner : array of int
        Position of the event of each row.
    """
    rows, panel = abnormal.rows, abnormal.panel
    events, tickers = frame["event_id"].to_numpy(), frame["ticker"].to_numpy()
    own: dict[str, set[str]] = {}
    for event, ticker in zip(events, tickers, strict=True):
        own.setdefault(event, set()).add(ticker)
    securities = [row for row, ticker in enumerate(panel.tickers) if ticker in set(peers)]
    pairs = [
        (position, security)
        for position, (pair, calendar) in enumerate(zip(rows.pair, rows.calendar, strict=True))
        for security in securities
        if panel.calendar[security] == calendar and panel.tickers[security] not in own[events[pair]]
    ]
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    number = np.arange(len(table))
    # Rows are told apart by their number, so that those left out can be found again.
    chosen = replace(rows.take(table[:, 0]), security=table[:, 1], pair=number)
    # A model that chooses among securities may use none that the event touches, here as there.
    barred = abnormal.barred if abnormal.model.selects else None
    found, _ = estimate(
        chosen,
        panel,
        abnormal.market,
        design=abnormal.design,
        model=abnormal.model,
        barred=None if barred is None else barred[table[:, 0]],
    )
    return found, table[found.rows.pair, 0]
