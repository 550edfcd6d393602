"""The same days of other firms: rows for the placebo over peers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from eventstudy.abnormal import Abnormal, estimate
from eventstudy.arrays import Integers


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
    found, _ = estimate(
        chosen, panel, abnormal.market, design=abnormal.design, model=abnormal.model
    )
    return found, table[found.rows.pair, 0]
