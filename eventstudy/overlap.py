"""Events that confound each other: shared tested days, and days inside an estimation window."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Booleans, Integers
from eventstudy.panel import Panel
from eventstudy.rows import Rows
from eventstudy.windows import Design, Window

SHARED = "tested windows share sessions"
INSIDE = "inside the estimation window"


def near_pairs(rows: Rows, security: Integers, first: int, last: int) -> tuple[Integers, Integers]:
    """Pairs (i, j) of one security whose day zeros satisfy first <= zero_j - zero_i <= last.

    Parameters
    ----------
    rows : Rows
        The rows.
    security : array of int, shape (rows,)
        What makes two rows comparable.
    first, last : int
        Range of the distance in sessions.

    Returns
    -------
    i, j : array of int
        Ascending by i, then by j's day zero; a row is no partner of itself.
    """
    order = np.lexsort((rows.zero, security))
    width = int(rows.zero.max(initial=0)) + max(abs(first), abs(last)) + 2
    place = security[order] * (2 * width) + rows.zero[order]
    begin = np.searchsorted(place, place + first, side="left")
    end = np.searchsorted(place, place + last, side="right")
    count = np.maximum(end - begin, 0)
    i = np.repeat(np.arange(len(order)), count)
    within = np.arange(len(i)) - np.repeat(np.cumsum(count) - count, count)
    j = np.repeat(begin, count) + within
    i, j = order[i], order[j]
    other = (i != j) & (security[i] == security[j])
    i, j = i[other], j[other]
    by_row = np.lexsort((rows.zero[j], i))
    return i[by_row], j[by_row]


def excluded_days(rows: Rows, design: Design) -> Booleans:
    """Estimation days that lie in another event's tested window of the same security.

    Returns
    -------
    array of bool, shape (rows, estimation days)
    """
    hull, estimation = design.hull, design.estimation
    out = np.zeros((len(rows), len(estimation)), dtype=np.bool_)
    i, j = near_pairs(
        rows, rows.security, estimation.first - hull.last, estimation.last - hull.first
    )
    distance = rows.zero[j] - rows.zero[i] - estimation.first
    for day in range(hull.first, hull.last + 1):
        place = distance + day
        inside = (place >= 0) & (place < len(estimation))
        out[i[inside], place[inside]] = True
    return out


def overlaps(
    rows: Rows,
    frame: pd.DataFrame,
    panel: Panel,
    design: Design,
    earlier: Integers | None = None,
) -> pd.DataFrame:
    """List the events of one security that confound each other.

    Parameters
    ----------
    rows : Rows
        Rows with day zero and security.
    frame : DataFrame
        The events' frame.
    panel : Panel
        For the dates of the sessions.
    design : Design
        The windows; the tested windows of an event count from their first day to their last.
    earlier : array of int, shape (rows,), optional
        Sessions by which the estimation window of each row starts earlier than the study's; none.

    Returns
    -------
    DataFrame
        event_id, ticker, other_event_id, other_ticker, kind, sessions, first, last: the shared
        sessions. Shared tested days are listed once a pair; a day inside an estimation window
        belongs to the event whose window it is.
    """
    hull, estimation = design.hull, design.estimation
    reach = len(hull) - 1
    shared = near_pairs(rows, rows.security, 0, reach)
    once = (rows.zero[shared[0]] < rows.zero[shared[1]]) | (shared[0] < shared[1])
    shared = (shared[0][once], shared[1][once])
    earlier = np.zeros(len(rows), dtype=np.int64) if earlier is None else earlier
    most = int(earlier.max(initial=0))
    i, j = near_pairs(
        rows, rows.security, estimation.first - most - hull.last, estimation.last - hull.first
    )
    start = estimation.first - earlier
    within = rows.zero[j] + hull.last >= rows.zero[i] + start[i]
    inside = (i[within], j[within])
    tested = np.full(len(rows), hull.first)
    return pd.concat(
        [
            _listed(rows, frame, panel, shared, (tested, hull.last), hull, SHARED),
            _listed(rows, frame, panel, inside, (start, estimation.last), hull, INSIDE),
        ],
        ignore_index=True,
    )


def overlap_flags(abnormal: Abnormal, frame: pd.DataFrame, shared: pd.DataFrame) -> dict[int, str]:
    """Flag of each event, by its position, whose tested days are another event's too."""
    both = shared[shared["kind"] == SHARED]
    others: dict[tuple[str, str], list[str]] = {}
    for one, other, ticker in zip(
        both["event_id"], both["other_event_id"], both["ticker"], strict=True
    ):
        others.setdefault((one, ticker), []).append(other)
        others.setdefault((other, ticker), []).append(one)
    own = frame.iloc[abnormal.rows.pair]
    keys = list(zip(own["event_id"], own["ticker"], strict=True))
    return {
        row: f"shares tested days with {', '.join(others[key])}"
        for row, key in enumerate(keys)
        if key in others
    }


def _listed(
    rows: Rows,
    frame: pd.DataFrame,
    panel: Panel,
    pairs: tuple[Integers, Integers],
    own: tuple[Integers, int],
    others: Window,
    kind: str,
) -> pd.DataFrame:
    i, j = pairs
    first = np.maximum(rows.zero[i] + own[0][i], rows.zero[j] + others.first)
    last = np.minimum(rows.zero[i] + own[1], rows.zero[j] + others.last)
    # The arrays of pandas keep the type of text where there is no row, as numpy's would not.
    event, ticker = frame["event_id"].array, frame["ticker"].array
    return pd.DataFrame(
        {
            "event_id": event[rows.pair[i]],
            "ticker": ticker[rows.pair[i]],
            "other_event_id": event[rows.pair[j]],
            "other_ticker": ticker[rows.pair[j]],
            "kind": pd.array([kind] * len(i), dtype="str"),
            "sessions": last - first + 1,
            "first": _dates(rows, panel, i, first),
            "last": _dates(rows, panel, i, last),
        }
    )


def _dates(rows: Rows, panel: Panel, row: Integers, session: Integers) -> pd.Series:
    """Dates of sessions of the rows' calendars."""
    dates = np.full(len(row), np.datetime64("NaT"), dtype="datetime64[s]")
    for which in np.unique(rows.calendar[row]):
        here = rows.calendar[row] == which
        sessions = panel.calendars[which].sessions
        inside = np.clip(session[here], 0, len(sessions) - 1)
        dates[here] = sessions[inside].astype("datetime64[s]")
    return pd.Series(dates)
