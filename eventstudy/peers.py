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
    column = {ticker: place for place, ticker in enumerate(model.factors)}
    factor = np.array([column.get(ticker, -1) for ticker in panel.tickers], dtype=np.int64)
    chosen = frame["ticker"].isin(model.factors).to_numpy()
    ids, tickers = frame["event_id"].to_numpy()[chosen], frame["ticker"].to_numpy()[chosen]
    own = pd.Series(frame["event_id"].to_numpy()[rows.pair])
    found = np.zeros((len(rows), len(model.factors)), dtype=np.bool_)
    mine = factor[rows.security]
    for name, place in column.items():
        found[:, place] = own.isin(ids[tickers == name])
        found[:, place] |= _meets(begin, end, np.flatnonzero(mine == place))
    return found


def _meets(begin: Integers, end: Integers, others: Integers) -> Booleans:
    """Tell of each span (begin, end] whether one of some of them overlaps it."""
    if not len(others):
        return np.zeros(len(begin), dtype=np.bool_)
    others = others[np.argsort(begin[others])]
    # Of those that begin before a span ends, one overlaps it if the last to end does.
    last = np.maximum.accumulate(end[others])
    before = np.searchsorted(begin[others], end, side="left")
    return (before > 0) & (last[before - 1] > begin)


def peer_effects(
    abnormal: Abnormal, frame: pd.DataFrame, peers: Sequence[str]
) -> tuple[Abnormal, Integers]:
    """Estimate every peer on the days of every event, with the event's benchmark.

    A peer stands in for an event where it keeps the same calendar, has a price on day zero, and is
    none of the event's own firms; one whose own data do not suffice is left out.

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
    rows = abnormal.rows
    table = stand_ins(rows, frame, abnormal.panel, peers)
    number = np.arange(len(table))
    # Rows are told apart by their number, so that those left out can be found again.
    chosen = replace(rows.take(table[:, 0]), security=table[:, 1], pair=number)
    # A model that chooses among securities may use none that the event touches, here as there.
    barred = abnormal.barred if abnormal.model.selects else None
    found, _ = estimate(
        chosen,
        abnormal.panel,
        abnormal.market,
        design=abnormal.design,
        model=abnormal.model,
        barred=None if barred is None else barred[table[:, 0]],
    )
    return found, table[found.rows.pair, 0]


def stand_ins(rows: Rows, frame: pd.DataFrame, panel: Panel, peers: Sequence[str]) -> Integers:
    """Positions of events and rows of the panel that stand in for them, shape (pairs, 2)."""
    wanted = set(peers)
    securities = [row for row, ticker in enumerate(panel.tickers) if ticker in wanted]
    if not securities or not len(rows):
        return np.empty((0, 2), dtype=np.int64)
    firms = frame[frame["ticker"].isin(wanted)]
    own = pd.Series(frame["event_id"].to_numpy()[rows.pair])
    stands = np.empty((len(rows), len(securities)), dtype=np.bool_)
    for column, security in enumerate(securities):
        events = firms.loc[firms["ticker"] == panel.tickers[security], "event_id"]
        stands[:, column] = (rows.calendar == panel.calendar[security]) & ~own.isin(events)
        if panel.moves[security]:
            # A peer that is halted on day zero would have another one.
            here = np.flatnonzero(stands[:, column])
            stands[here, column] = panel.priced[panel.returns.start[security] + rows.zero[here]]
    position, column = np.nonzero(stands)
    return np.column_stack([position, np.array(securities, dtype=np.int64)[column]])
