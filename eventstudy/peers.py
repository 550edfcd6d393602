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
    return touches(rows, rows, frame, panel, design, model.factors)


def touches(
    rows: Rows,
    every: Rows,
    frame: pd.DataFrame,
    panel: Panel,
    design: Design,
    tickers: Sequence[str],
) -> Booleans:
    """Tell which tickers each of some rows touches by any of the rows, shape (rows, tickers)."""
    begin, end = _spans(rows, panel, design)
    others = _spans(every, panel, design)
    found = np.zeros((len(rows), len(tickers)), dtype=np.bool_)
    if not len(tickers):
        return found
    column = {ticker: place for place, ticker in enumerate(tickers)}
    known = np.array([column.get(ticker, -1) for ticker in panel.tickers], dtype=np.int64)
    chosen = frame["ticker"].isin(tickers).to_numpy()
    ids, named = frame["event_id"].to_numpy()[chosen], frame["ticker"].to_numpy()[chosen]
    own = pd.Series(frame["event_id"].to_numpy()[rows.pair])
    which = known[every.security]
    for name, place in column.items():
        mine = which == place
        found[:, place] = own.isin(ids[named == name])
        found[:, place] |= _meets(begin, end, others[0][mine], others[1][mine])
    return found


def _spans(rows: Rows, panel: Panel, design: Design) -> tuple[Integers, Integers]:
    """Close before the first tested day of each row, and that of its last."""
    hull = design.hull
    begin, end = np.empty(len(rows), dtype=np.int64), np.empty(len(rows), dtype=np.int64)
    for which in np.unique(rows.calendar):
        here = rows.calendar == which
        zero = rows.zero[here]
        closes = panel.calendars[which].closes
        begin[here], end[here] = window_span(closes, zero + hull.first, zero + hull.last)
    return begin, end


def _meets(begin: Integers, end: Integers, first: Integers, last: Integers) -> Booleans:
    """Tell of each span (begin, end] whether one of the spans (first, last] overlaps it."""
    if not len(first):
        return np.zeros(len(begin), dtype=np.bool_)
    order = np.argsort(first)
    # Of those that begin before a span ends, one overlaps it if the last to end does.
    latest = np.maximum.accumulate(last[order])
    before = np.searchsorted(first[order], end, side="left")
    return (before > 0) & (latest[before - 1] > begin)


def peer_effects(
    abnormal: Abnormal, every: Rows, frame: pd.DataFrame, peers: Sequence[str]
) -> tuple[Abnormal, Integers]:
    """Estimate every peer on the days of every event, with the event's benchmark.

    A peer stands in for an event where it keeps the same calendar, has a price on day zero, is none
    of the event's own firms, and has no event of its own whose tested days share a session with the
    event's; one whose own data do not suffice is left out.

    Parameters
    ----------
    abnormal : Abnormal
        The events.
    every : Rows
        These events and all others of the study, estimated or not.
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
    panel, design = abnormal.panel, abnormal.design.reaching(0)
    known = [ticker for ticker in peers if ticker in panel.ticker_set]
    barred = touches(rows, every, frame, panel, design, known)
    table = stand_ins(rows, panel, known, barred)
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


def stand_ins(rows: Rows, panel: Panel, peers: Sequence[str], barred: Booleans) -> Integers:
    """Positions of events and rows of the panel that stand in for them, shape (pairs, 2).

    ``barred``, shape (rows, peers), are those that an event touches.
    """
    place = {ticker: column for column, ticker in enumerate(peers)}
    securities = [row for row, ticker in enumerate(panel.tickers) if ticker in place]
    if not securities or not len(rows):
        return np.empty((0, 2), dtype=np.int64)
    stands = np.empty((len(rows), len(securities)), dtype=np.bool_)
    for column, security in enumerate(securities):
        free = ~barred[:, place[panel.tickers[security]]]
        stands[:, column] = (rows.calendar == panel.calendar[security]) & free
        if panel.moves[security]:
            # A peer that is halted on day zero would have another one.
            here = np.flatnonzero(stands[:, column])
            stands[here, column] = panel.priced[panel.returns.start[security] + rows.zero[here]]
    position, column = np.nonzero(stands)
    return np.column_stack([position, np.array(securities, dtype=np.int64)[column]])
