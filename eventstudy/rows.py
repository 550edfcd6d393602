"""Event-security pairs laid on sessions: the rows of a study."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy.arrays import Booleans, Dates, Integers, Texts
from eventstudy.calendars import PHASES, Calendar, ClosedDay
from eventstudy.kernels.gather import rows_at
from eventstudy.panel import Panel

CLOSED_DAY_RULES = ("next", "previous", "drop")


@dataclass(frozen=True, eq=False)
class Rows:
    """Pairs of an event and a security, with their day zero; every array has shape (rows,).

    The rows of a study are 32-bit integers but for their day zero, half the memory of millions of
    pairs. They are positions and go as they are into indices and sums with the 64-bit positions of
    a panel; a product of two of them is to be taken in 64 bits.

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
    phase_code : array of int8
        Place in :data:`eventstudy.calendars.PHASES` of the phase of the exchange's day in which
        the announcement fell.
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
    phase_code: NDArray[np.int8]
    moved: Booleans
    security: Integers
    benchmark: Integers

    def __len__(self) -> int:
        return len(self.pair)

    @property
    def phase(self) -> Texts:
        """Phase of the exchange's day in which the announcement fell, as text, shape (rows,)."""
        return np.array(PHASES, dtype=object)[self.phase_code]

    def take(self, index: Integers | Booleans | slice) -> Rows:
        """Keep the rows at the given positions; a slice and flags of all rows copy nothing."""
        if isinstance(index, np.ndarray) and index.dtype == np.bool_:
            if index.all():
                return self
            index = np.flatnonzero(index)
        place = cast("Integers | slice", index)
        return Rows(*(rows_at(getattr(self, name), place) for name in self.__dataclass_fields__))


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
        Pairs left out, those among them that a calendar does not reach, with the reason.
    """
    count = len(frame)
    announced = np.full(count, -1, dtype=np.int32)
    phase = np.zeros(count, dtype=np.int8)
    moved = np.zeros(count, dtype=np.bool_)
    dropped: dict[int, str] = {}
    timed = frame["announced_at"].notna().to_numpy()
    instants = frame["announced_at"].dt.tz_convert(None).to_numpy().astype("datetime64[ns]")
    dates = frame["date"].to_numpy().astype("datetime64[D]")
    for which, one in enumerate(calendars):
        here = calendar == which
        by_clock = here & timed
        if one.name == "data" and by_clock.any():
            dates[by_clock] = _written(frame, np.flatnonzero(by_clock))
            by_clock = np.zeros_like(by_clock)
        clocked, dated = np.flatnonzero(by_clock), np.flatnonzero(here & ~by_clock)
        clocked, early_or_late = _split(clocked, one.covers(instants[clocked]))
        dropped |= _reasons(early_or_late, instants[early_or_late], one.beyond)
        dated, early_or_late = _split(dated, one.reaches(dates[dated], closed_day))
        dropped |= _reasons(early_or_late, dates[early_or_late], one.beyond)
        if len(clocked):
            announced[clocked], phase[clocked] = one.placed(instants[clocked])
        if len(dated):
            announced[dated], moved[dated] = one.closed_day(dates[dated], closed_day)
            closed = f"is no session of {one.name}, and such events are to be dropped"
            lost = dated[announced[dated] < 0]
            dropped |= _reasons(lost, dates[lost], lambda day, why=closed: f"{day} {why}")
    kept = np.flatnonzero(announced >= 0)
    announced = announced[kept]
    rows = Rows(
        pair=_small(kept),
        event=_small(pd.factorize(frame["event_id"])[0])[kept],
        calendar=_small(calendar)[kept],
        announced=_small(announced),
        zero=announced.astype(np.int64),
        phase_code=phase[kept],
        moved=moved[kept],
        security=_small(np.broadcast_to(-1, len(kept))),
        benchmark=_small(np.broadcast_to(-1, len(kept))),
    )
    return rows, dropped


def _small(values: NDArray[np.signedinteger]) -> Integers:
    """Take positions in 32 bits; the alias names the 64 bits of everywhere else."""
    return cast("Integers", values.astype(np.int32, copy=False))


def _written(frame: pd.DataFrame, pairs: Integers) -> Dates:
    """Dates of instants on the clocks they were written in."""
    code, texts = pd.factorize(frame["written"].iloc[pairs])
    return pd.to_datetime(texts).to_numpy().astype("datetime64[D]")[code]


def _reasons(pairs: Integers, values: Dates, say: Callable[[np.datetime64], str]) -> dict[int, str]:
    """Give pairs their reasons; each distinct value is put into words once."""
    distinct, code = np.unique(values, return_inverse=True)
    texts = np.array([say(value) for value in distinct], dtype=object)
    return dict(zip(pairs.tolist(), texts[code].tolist(), strict=True))


def _split(pairs: Integers, inside: Booleans) -> tuple[Integers, Integers]:
    """Pairs that a calendar reaches, and those beyond it."""
    return pairs[inside], pairs[~inside]


def settle(
    rows: Rows, panel: Panel, security: Integers, benchmark: Integers
) -> tuple[Rows, dict[int, str]]:
    """Move day zero to the next session with a price, where the source gives prices.

    Given returns move no day zero: nobody knows where a missing one went. Yet what is announced
    before the first of them, or after the last, is left out as it is of prices.

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
        Pairs announced before the first price or return, or after the last one, with the reason.
    """
    keep = security >= 0
    dropped: dict[int, str] = {}
    settled = replace(rows, security=_small(security), benchmark=_small(benchmark))
    placed = np.flatnonzero(keep)
    flat = panel.returns.start[security[placed]] + rows.announced[placed]
    halted = placed[~panel.priced[flat]]
    halted = halted[np.argsort(security[halted], kind="stable")]
    borders = np.flatnonzero(np.diff(security[halted])) + 1
    zero = rows.zero.copy()
    for mine in np.split(halted, borders) if len(halted) else ():
        zero[mine], reasons = _resumed(rows.pair[mine], zero[mine], panel, int(security[mine[0]]))
        dropped |= reasons
    keep &= zero >= 0
    return replace(settled, zero=zero).take(keep), dropped


def _resumed(
    pairs: Integers, zero: Integers, panel: Panel, security: int
) -> tuple[Integers, dict[int, str]]:
    """First session of a security with a price from each day on, -1 before its prices and after.

    Of given returns the day itself.

    Returns
    -------
    session : array of int, shape (pairs,)
    dropped : dict of int to str
        Why there is none.
    """
    sessions = np.flatnonzero(panel.priced[panel.row(security)])
    dates = panel.calendars[panel.calendar[security]].sessions
    ticker, moves = panel.tickers[security], bool(panel.moves[security])
    figure = "price" if moves else "return"
    place = np.searchsorted(sessions, zero, side="left")
    late = place == len(sessions)
    early = (zero < sessions[0]) if len(sessions) else np.zeros(len(zero), dtype=np.bool_)
    found = np.append(sessions, -1)[place]
    end = f"; the series ends {dates[sessions[-1]]}" if len(sessions) else ""
    where = "on or after" if len(sessions) else "near"
    dropped = _reasons(
        pairs[late],
        dates[zero[late]],
        lambda day: f"no {figure} of {ticker} {where} {day}{end}",
    )
    if early.any():
        begin = f"is before the first {figure} of {ticker}, {dates[sessions[0]]}"
        dropped |= _reasons(pairs[early], dates[zero[early]], lambda day: f"{day} {begin}")
    return np.where(early, -1, found if moves else np.where(late, -1, zero)), dropped


def shift_reasons(rows: Rows, panel: Panel) -> list[str]:
    """Say why day zero was moved, "" where it was not."""
    reasons = np.full(len(rows), "", dtype=object)
    for row in np.flatnonzero(rows.announced != rows.zero):
        sessions = panel.calendars[rows.calendar[row]].sessions
        begin, end = sessions[rows.announced[row]], sessions[rows.zero[row] - 1]
        reasons[row] = f"no price in the source on {begin}..{end} (halt or gap)"
    return reasons.tolist()
