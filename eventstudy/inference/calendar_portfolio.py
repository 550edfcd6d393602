"""The portfolio of all securities with an event under way, session by session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.panel import Panel
from eventstudy.windows import Window

# Flags of all securities and sessions take less than the event days sorted, up to so many flags an
# event day.
_SPARSE = 32
# Events looked at together, so that what is made of them stays in a core's cache.
_EVENTS = 1 << 16


@dataclass(frozen=True, eq=False)
class CalendarPortfolio:
    """Equal-weighted returns of the securities with an event under way, on D sessions.

    Attributes
    ----------
    returns : array of float, shape (D,)
        Mean return, less what the model expects without estimating anything.
    design : array of float, shape (D, p)
        The model's design rows; a constant for a model without any.
    held : array of float, shape (D,)
        Securities in the portfolio.
    sessions : array of int, shape (D,)
        Sessions with an event under way, ascending.
    """

    returns: Floats
    design: Floats
    held: Floats
    sessions: Integers


def portfolio_of(abnormal: Abnormal, window: Window) -> CalendarPortfolio:
    """Form the portfolio of events of one calendar and one set of factors.

    A security counts once a session, however many of its events are under way, and only with a
    return of one session.

    Parameters
    ----------
    abnormal : Abnormal
        The events.
    window : Window
        Days on which an event is under way.
    """
    return _of_panel(abnormal, window) if abnormal.given is None else _of_given(abnormal, window)


def _of_panel(abnormal: Abnormal, window: Window) -> CalendarPortfolio:
    """Form the portfolio of returns as the panel has them: the same whichever event asks."""
    zero, panel = abnormal.rows.zero, abnormal.panel
    base = int(zero.min(initial=0)) + window.first
    width = int(zero.max(initial=0)) + window.last + 1 - base
    most = len(panel.returns.start) * width
    bearer = np.zeros(width, dtype=np.int64)
    if most <= _SPARSE * len(zero) * len(window):
        flags = np.zeros(most, dtype=np.bool_)
        for cells in _under_way(abnormal, window, base, bearer):
            flags[cells] = True
        total, held = _add_rows(panel, flags.reshape(-1, width), base)
    else:
        found = np.concatenate(list(_under_way(abnormal, window, base, bearer)))
        found.sort()  # several times as fast as numpy's unique, which hashes
        found = found[np.flatnonzero(np.diff(found, prepend=-1))]
        security, place = np.divmod(found, width)
        returns = panel.returns.values[panel.returns.start[security] + base + place]
        total = np.bincount(place, weights=returns, minlength=width)
        held = np.bincount(place, minlength=width)
    place = np.flatnonzero(held)
    part = abnormal.take(bearer[place])
    day = base + place - part.rows.zero - abnormal.design.event.first
    factors = part.factors[np.arange(len(place)), day] if len(place) else np.empty((0, 0))
    offset, design = _expected(abnormal, factors)
    count = held[place].astype(np.float64)
    return CalendarPortfolio(total[place] / count - offset, design, count, base + place)


def _under_way(
    abnormal: Abnormal, window: Window, base: int, bearer: Integers
) -> Iterator[Integers]:
    """Give the cells of events under way, some events and one day of the window at a time.

    A cell is the security times the number of sessions plus the session's place from ``base`` on.
    ``bearer``, one place a session, is told of an event that is under way.
    """
    panel, day_of = abnormal.panel, abnormal.days(window).start
    for begin in range(0, len(abnormal), _EVENTS):
        some = slice(begin, begin + _EVENTS)
        zero, security = abnormal.rows.zero[some], abnormal.rows.security[some].astype(np.int64)
        start, row = panel.returns.start[security], security * len(bearer)
        for day in range(len(window)):
            session = zero + (window.first + day)
            usable = np.isfinite(abnormal.ar[some, day_of + day])
            if panel.any_span:
                usable &= panel.spans[start + session] == 1
            event = np.flatnonzero(usable)
            place = session[event] - base
            bearer[place] = begin + event
            yield row[event] + place


def _add_rows(panel: Panel, flags: Booleans, base: int) -> tuple[Floats, Integers]:
    """Sum and number of the flagged returns of each session, security after security."""
    width = flags.shape[1]
    total, held = np.zeros(width), np.zeros(width, dtype=np.int32)
    for security in np.flatnonzero(flags.any(axis=1)):
        first = panel.returns.start[security] + base
        own = panel.returns.values[first : first + width]
        total += np.where(flags[security], own, 0.0)
        held += flags[security]
    return total, held.astype(np.int64)


def _of_given(abnormal: Abnormal, window: Window) -> CalendarPortfolio:
    """Form the portfolio of events with returns of their own, each security's first event."""
    rows, days = abnormal.rows, abnormal.days(window)
    usable = np.isfinite(abnormal.ar[:, days]) & (abnormal.window_spans(window) == 1)
    event, day = np.nonzero(usable)
    session = rows.zero[event] + window.first + day
    once = _first_of_each(session, rows.security[event])
    event, day, session = event[once], day[once], session[once]
    offset, design = _expected(abnormal, abnormal.factors[event, days.start + day])
    returns = abnormal.returns[event, days.start + day] - offset
    sessions, first, which = np.unique(session, return_index=True, return_inverse=True)
    held = np.bincount(which, minlength=len(sessions)).astype(np.float64)
    mean = np.bincount(which, weights=returns, minlength=len(sessions)) / held
    return CalendarPortfolio(mean, design[first], held, sessions)


def _expected(abnormal: Abnormal, factors: Floats) -> tuple[Floats, Floats]:
    """Give the part of returns that is not estimated, and the design rows of the rest."""
    ones = np.ones((len(factors), 1), dtype=np.int64)
    if not len(factors):
        return np.empty(0), np.empty((0, max(abnormal.model.parameters, 1)))
    offset = abnormal.model.offset(factors[:, None, :], ones)[:, 0]
    design = abnormal.model.design(factors[:, None, :], ones)[:, 0, :]
    return offset, design if design.shape[1] else np.ones((len(factors), 1))


def _first_of_each(session: Integers, security: Integers) -> Integers:
    """Places of the first row of each session and security, in the order of both."""
    # One whole number a pair: sorting pairs of columns takes ten times as long.
    key = session * (int(security.max(initial=0)) + 1) + security
    return np.unique(key, return_index=True)[1]
