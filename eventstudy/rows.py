"""Event-security pairs laid on sessions: the rows of a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from eventstudy.arrays import Booleans, Integers, Texts
from eventstudy.calendars import Calendar, ClosedDay
from eventstudy.panel import Panel

CLOSED_DAY_RULES = ("next", "previous", "drop")


@dataclass(frozen=True, eq=False)
class Rows:
    """Pairs of an event and a security, with their day zero; every array has shape (rows,).

    Attributes
    ----------
    pair : array of int
        Row of the events frame.
    event : array of int
        Number of the event; the rows of one event_id share it.
    calendar : array of int
        Calendar of the security.
    announced : array of int
        Day zero by the calendar alone, as a session of that calendar.
    zero : array of int
        Day zero in force: a halt or a hole in the data moves it to the next session with a price.
    phase : array of str
        Phase of the exchange's day in which the announcement fell.
    moved : array of bool
        Where a calendar date was no session and the closed-day rule moved it.
    security : array of int
        Row of the panel, -1 before prices are known.
    benchmark : array of int
        The row's factor, -1 for a model that needs none.
    """

    pair: Integers
    event: Integers
    calendar: Integers
    announced: Integers
    zero: Integers
    phase: Texts
    moved: Booleans
    security: Integers
    benchmark: Integers

    def __len__(self) -> int:
        return len(self.pair)

    def take(self, index: Integers | Booleans | slice) -> Rows:
        """Keep the rows at the given positions."""
        return Rows(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


def locate(
    frame: pd.DataFrame,
    calendar: Integers,
    calendars: Sequence[Calendar],
    *,
    closed_day: ClosedDay = "next",
) -> tuple[Rows, dict[int, str]]:
    """Find day zero of each pair by its calendar alone.

    An instant maps to the first session whose close is strictly after it. A calendar date is the
    session of that date; where it is none, the closed-day rule decides. A user's own session list
    knows no closes: there an instant counts by the calendar date of its own written offset.

    Parameters
    ----------
    frame : DataFrame
        The events' frame: announced_at, written, date, event_id.
    calendar : array of int, shape (pairs,)
        Calendar of each pair, -1 for pairs to leave out.
    calendars : sequence of Calendar
        The calendars.
    closed_day : {"next", "previous", "drop"}
        What happens to a date that is no session.

    Returns
    -------
    rows : Rows
        In the order of the frame.
    dropped : dict of int to str
        Pairs left out, with the reason.

    Raises
    ------
    CalendarError
        Where an exchange's calendar does not reach an announcement.
    """
    count = len(frame)
    announced = np.full(count, -1, dtype=np.int64)
    phase = np.full(count, "time unknown", dtype=object)
    moved = np.zeros(count, dtype=np.bool_)
    dropped: dict[int, str] = {}
    timed = frame["announced_at"].notna().to_numpy()
    instants = frame["announced_at"].dt.tz_convert(None).to_numpy().astype("datetime64[ns]")
    day = frame["date"].where(~timed, pd.to_datetime(frame["written"].where(timed)))
    dates = day.to_numpy().astype("datetime64[D]")
    for which, one in enumerate(calendars):
        here = calendar == which
        own_list = one.name == "data"
        clocked = np.flatnonzero(here & timed & (not own_list))
        dated = np.flatnonzero(here & (~timed | own_list))
        if len(clocked):
            announced[clocked] = one.day_zero(instants[clocked])
            phase[clocked] = one.phase(instants[clocked])
        if own_list:
            dated = _inside(one, dates, dated, dropped)
        if len(dated):
            announced[dated], moved[dated] = one.closed_day(dates[dated], closed_day)
            for pair in dated[announced[dated] < 0]:
                dropped[int(pair)] = (
                    f"{dates[pair]} is no session of {one.name}, and such events are to be dropped"
                )
    kept = np.flatnonzero(announced >= 0)
    event = pd.factorize(frame["event_id"])[0].astype(np.int64)
    none = np.full(len(kept), -1, dtype=np.int64)
    rows = Rows(
        pair=kept,
        event=event[kept],
        calendar=calendar[kept],
        announced=announced[kept],
        zero=announced[kept],
        phase=phase[kept],
        moved=moved[kept],
        security=none,
        benchmark=none,
    )
    return rows, dropped


def _inside(
    calendar: Calendar, dates: np.ndarray, pairs: Integers, dropped: dict[int, str]
) -> Integers:
    """Leave out pairs whose date is not within the user's own session list."""
    first, last = calendar.sessions[0], calendar.sessions[-1]
    inside = (dates[pairs] >= first) & (dates[pairs] <= last)
    for pair in pairs[~inside]:
        dropped[int(pair)] = f"{dates[pair]} is outside the data, {first} to {last}"
    return pairs[inside]


def settle(
    rows: Rows, panel: Panel, security: Integers, benchmark: Integers
) -> tuple[Rows, dict[int, str]]:
    """Move day zero to the next session with a price, where the source gives prices.

    Parameters
    ----------
    rows : Rows
        From :func:`locate`.
    panel : Panel
        The securities.
    security, benchmark : array of int, shape (rows,)
        Row of the panel and factor of each row; a security of -1 is left out silently (its reason
        is the caller's).

    Returns
    -------
    rows : Rows
        Those that have a day zero.
    dropped : dict of int to str
        Pairs announced before the first price or after the last one, with the reason.
    """
    zero = rows.announced.copy()
    keep = security >= 0
    dropped: dict[int, str] = {}
    for which in np.unique(security[keep]):
        if not panel.moves[which]:
            continue
        mine = np.flatnonzero(security == which)
        calendar = panel.calendars[panel.calendar[which]]
        sessions = np.flatnonzero(panel.priced[panel.row(int(which))])
        ticker = panel.tickers[which]
        place = np.searchsorted(sessions, zero[mine], side="left")
        late = place == len(sessions)
        early = np.zeros(len(mine), dtype=np.bool_)
        if len(sessions):
            early = zero[mine] < sessions[0]
        for row in mine[late]:
            end = f"; the series ends {calendar.sessions[sessions[-1]]}" if len(sessions) else ""
            dropped[int(rows.pair[row])] = (
                f"no price of {ticker} on or after {calendar.sessions[zero[row]]}{end}"
            )
        for row in mine[early]:
            dropped[int(rows.pair[row])] = (
                f"{calendar.sessions[zero[row]]} is before the first price of {ticker}, "
                f"{calendar.sessions[sessions[0]]}"
            )
        keep[mine[late | early]] = False
        good = ~late & ~early
        zero[mine[good]] = sessions[place[good]]
    settled = replace(rows, zero=zero, security=security, benchmark=benchmark)
    return settled.take(keep), dropped


def shift_reasons(rows: Rows, panel: Panel) -> list[str]:
    """Say why day zero was moved, "" where it was not."""
    reasons: list[str] = []
    for which, announced, zero in zip(rows.calendar, rows.announced, rows.zero, strict=True):
        if announced == zero:
            reasons.append("")
            continue
        sessions = panel.calendars[which].sessions
        reasons.append(
            f"no price in the source on {sessions[announced]}..{sessions[zero - 1]} (halt or gap)"
        )
    return reasons
