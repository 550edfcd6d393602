"""Events that confound each other: shared tested days, and days inside an estimation window."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Booleans, Integers
from eventstudy.kernels.gather import gather_flags
from eventstudy.panel import Panel
from eventstudy.rows import Rows
from eventstudy.windows import Design, Window

SHARED = "tested windows share sessions"
INSIDE = "inside the estimation window"

LISTED = 100_000
"""Pairs that are listed by name; of more, events and sessions are counted."""


def near_pairs(rows: Rows, security: Integers, first: int, last: int) -> tuple[Integers, Integers]:
    """Pairs (i, j) of one security whose day zeros satisfy first <= zero_j - zero_i <= last.

    Their number grows with the square of the events of a security: see :func:`count_overlaps`.

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
    order, begin, count = _near(rows.zero, security, first, last, kind="stable")
    i = np.repeat(np.arange(len(order)), count)
    within = np.arange(len(i)) - np.repeat(np.cumsum(count) - count, count)
    j = np.repeat(begin, count) + within
    i, j = order[i], order[j]
    other = i != j
    i, j = i[other], j[other]
    by_row = np.lexsort((rows.zero[j], i))
    return i[by_row], j[by_row]


def _near(
    zero: Integers,
    security: Integers,
    first: int,
    last: int,
    kind: Literal["quicksort", "stable"] = "quicksort",
) -> tuple[Integers, Integers, Integers]:
    """Sort by security and day zero, and count what is near each row, itself included.

    Returns
    -------
    order : array of int, shape (rows,)
    begin, count : array of int, shape (rows,)
        In this order: where the rows near each one begin, and how many they are.
    """
    # Securities are further apart than any distance asked for, so that none reaches another's.
    width = np.int64(zero.max(initial=0)) + max(abs(first), abs(last)) + 2
    place = security * (2 * width) + zero
    order = np.argsort(place, kind=kind)
    place = place[order]
    begin = np.searchsorted(place, place + first, side="left")
    end = np.searchsorted(place, place + last, side="right")
    return order, begin, np.maximum(end - begin, 0)


def _count(rows: Rows, first: int, last: int) -> Integers:
    """Rows of the same security within a range of distances, itself included, shape (rows,)."""
    order, _, count = _near(rows.zero, rows.security, first, last)
    found = np.empty(len(rows), dtype=np.int64)
    found[order] = count
    return found


def shares_tested_days(rows: Rows, design: Design) -> Integers:
    """Count the other events of the same security whose tested days share a session, shape (rows,).

    No pair is listed, so that a million rows cost a sort.
    """
    reach = len(design.hull) - 1
    return _count(rows, -reach, reach) - 1


def _inside_estimation(rows: Rows, design: Design) -> Integers:
    """Count the other events with a tested day in each row's estimation window, shape (rows,)."""
    hull, estimation = design.hull, design.estimation
    # The row's own tested days are none of its estimation days, so that it never counts itself.
    return _count(rows, estimation.first - hull.last, estimation.last - hull.first)


def count_overlaps(rows: Rows, design: Design) -> dict[str, int]:
    """Count the pairs of each kind that :func:`overlaps` would list, without listing them.

    Shared tested days count once a pair, as they are listed.
    """
    return {
        SHARED: int(shares_tested_days(rows, design).sum()) // 2,
        INSIDE: int(_inside_estimation(rows, design).sum()),
    }


@dataclass(frozen=True, eq=False)
class TestedDays:
    """Tested days of all events, on one line of sessions a security.

    Attributes
    ----------
    tested, shared : array of bool, shape (securities * width,)
        Sessions that are tested days of an event of the security, and of two or more.
    line : array of int, shape (securities,)
        Line of each security with an event.
    width, origin : int
        Sessions of a line, and the place of session 0 on it; no window of a row leaves its line.
    """

    __test__ = False  # no class of tests, whatever its name

    tested: Booleans
    shared: Booleans
    line: Integers
    width: int
    origin: int

    @classmethod
    def of(cls, rows: Rows, design: Design) -> TestedDays:
        """Lay out the tested days of all rows; 2 bytes a security and session are kept."""
        hull, estimation = design.hull, design.estimation
        origin = -min(hull.first, estimation.first, 0)
        width = origin + int(rows.zero.max(initial=0)) + max(hull.last, estimation.last, 0) + 2
        line = np.cumsum(np.bincount(rows.security) > 0) - 1
        none = np.zeros(0, dtype=np.bool_)
        place = cls(none, none, line, width, origin).place(rows)
        first, count = np.unique(place + hull.first, return_counts=True)
        # Up where windows begin and down behind their ends: the running sum counts events.
        events = np.zeros((int(line.max(initial=-1)) + 1) * width, dtype=np.int32)
        events[first] += count.astype(np.int32)
        events[first + len(hull)] -= count.astype(np.int32)
        np.cumsum(events, out=events)
        return cls(events > 0, events > 1, line, width, origin)

    def place(self, rows: Rows) -> Integers:
        """Place of the day zero of each row."""
        return self.line[rows.security] * self.width + self.origin + rows.zero


def excluded_days(rows: Rows, design: Design, *, among: TestedDays | None = None) -> Booleans:
    """Estimation days that lie in another event's tested window of the same security.

    Parameters
    ----------
    rows : Rows
        The rows, or a part of them.
    design : Design
        The windows.
    among : TestedDays, optional
        Of all rows, where ``rows`` are a part of them; by default of ``rows``.

    Returns
    -------
    array of bool, shape (rows, estimation days)
    """
    days = among or TestedDays.of(rows, design)
    first = days.place(rows) + design.estimation.first
    # A row's own tested days are none of its estimation days: what is tested here is another's.
    return gather_flags(days.tested, first, len(design.estimation))


@dataclass(frozen=True, eq=False)
class OtherEvents:
    """Estimation days of some rows that belong to another event, of all the rows.

    Attributes
    ----------
    rows : Rows
        All rows.
    design : Design
        The widest windows that will be asked for.
    """

    rows: Rows
    design: Design

    @cached_property
    def _days(self) -> TestedDays:
        return TestedDays.of(self.rows, self.design)

    def __call__(self, some: Rows, design: Design) -> Booleans:
        """Days to leave out of windows within those of the design, shape (some, E)."""
        return excluded_days(some, design, among=self._days)


def overlaps(
    rows: Rows,
    frame: pd.DataFrame,
    panel: Panel,
    design: Design,
    *,
    earlier: Integers | None = None,
    limit: int = LISTED,
) -> pd.DataFrame:
    """List the events of one security that confound each other, or count them where they are many.

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
    limit : int
        Pairs that are listed at most.

    Returns
    -------
    DataFrame
        event_id, ticker, other_event_id, other_ticker, kind, sessions, first, last: the shared
        sessions. Shared tested days are listed once a pair; a day inside an estimation window
        belongs to the event whose window it is. Of more than ``limit`` pairs: event_id, ticker,
        kind, n_others, sessions, one row an event, security and kind: the other events of the
        security that share tested days with it, or have tested days inside its estimation window,
        and the sessions of its own window that they share, each counted once.
    """
    if sum(count_overlaps(rows, design).values()) > limit:
        return _counted(rows, frame, design)
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


def _counted(rows: Rows, frame: pd.DataFrame, design: Design) -> pd.DataFrame:
    days = TestedDays.of(rows, design)
    parts: list[pd.DataFrame] = []
    for kind, others, window, flags in (
        (SHARED, shares_tested_days(rows, design), design.hull, days.shared),
        (INSIDE, _inside_estimation(rows, design), design.estimation, days.tested),
    ):
        upto = np.zeros(len(flags) + 1, dtype=np.int32)
        np.cumsum(flags, out=upto[1:])
        first = days.place(rows) + window.first
        sessions = (upto[first + len(window)] - upto[first]).astype(np.int64)
        held = np.flatnonzero(others)
        own = frame[["event_id", "ticker"]].iloc[rows.pair[held]].reset_index(drop=True)
        parts.append(own.assign(kind=kind, n_others=others[held], sessions=sessions[held]))
    return pd.concat(parts, ignore_index=True)


def overlap_flags(abnormal: Abnormal, frame: pd.DataFrame, shared: pd.DataFrame) -> dict[int, str]:
    """Flag of each event, by its position, whose tested days are another event's too.

    ``shared`` is the frame of :func:`overlaps`: where it names the others, so does the flag; where
    it counts them, the flag says how many they are.
    """
    both = shared[shared["kind"] == SHARED]
    others: dict[tuple[str, str], list[str]] = {}
    if "n_others" in both:
        counted = zip(both["event_id"], both["ticker"], both["n_others"], strict=True)
        others = {
            (event, ticker): [f"{count:,} other event{'s'[: count != 1]}"]
            for event, ticker, count in counted
        }
    else:
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
