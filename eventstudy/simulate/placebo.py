"""Placebo events: a run of an event's own estimation days in the place of its tested days.

The run is left out of the estimation, so that its forecast errors are those of an event; the
sessions stay those of the event, so that events share days and clusters as the real ones do.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eventstudy.abnormal import Abnormal, Observed, event_innovations
from eventstudy.arrays import Booleans, Floats, Instants, Integers
from eventstudy.kernels.cumulate import leverage
from eventstudy.kernels.dependence import clusters
from eventstudy.models import Fit
from eventstudy.models.base import forecast

_HOUR = 3_600_000_000_000
# Half days and summer time move the distance between two exchanges' closes by less than this.
_LEEWAY = 6 * _HOUR


def placements(abnormal: Abnormal) -> int:
    """Count the runs of the tested days' length in the estimation window."""
    design = abnormal.design
    return max(len(design.estimation) - len(design.hull) + 1, 0)


def placebo_events(abnormal: Abnormal, event: Integers, place: Integers) -> Abnormal:
    """Put runs of estimation days in the place of tested days.

    Parameters
    ----------
    abnormal : Abnormal
        The real events.
    event : array of int, shape (n,)
        Position of each placebo event's real one.
    place : array of int, shape (n,)
        First day of the run, counted from the first estimation day.

    Returns
    -------
    Abnormal
        n events, estimated without the run. Days outside all tested windows are missing, and so is
        a day that the real event lacks. The run's abnormal returns are brought to the variance that
        the model gives the real days: times sqrt(k) where a return covers k sessions.

    Notes
    -----
    A model that is no least squares (GARCH, Huber, peers) is not fitted again, which would take
    minutes: its own residuals stand for forecast errors, made wider by sqrt((1 + h)/(1 - h)).
    """
    chosen = abnormal.take(event)
    design, model = chosen.design, chosen.model
    column = place[:, None] + np.arange(len(design.hull))
    factors = chosen.estimation_factors
    run_factors = np.take_along_axis(factors, column[:, :, None], axis=1)
    days = chosen.days(design.hull)
    spans = chosen.spans[:, days]
    if model.exact:
        returns = chosen.estimation_returns
        run = np.take_along_axis(returns, column, axis=1)
        np.put_along_axis(returns, column, np.nan, axis=1)
        fit = model.fit(returns, factors, design.horizon)
        one = np.ones(returns.shape, dtype=np.int64)
        fit = replace(fit, residuals=returns - forecast(model, fit, factors, one))
        ar = run - forecast(model, fit, run_factors, np.ones_like(spans))
    else:
        fit, ar = _without_run(chosen, column)
    event_factors = chosen.factors.copy()
    event_factors[:, days] = run_factors
    returns, expected = (np.full(chosen.returns.shape, np.nan) for _ in range(2))
    innovations = event_innovations(fit, design, chosen.spans)
    ar *= np.sqrt(innovations[:, days] / _innovations(fit, column))
    ar[~np.isfinite(chosen.ar[:, days])] = np.nan
    expected_run = forecast(model, fit, run_factors, spans)
    expected[:, days] = np.where(np.isfinite(ar), expected_run, np.nan)
    returns[:, days] = expected_run + ar
    given = Observed(returns, expected, event_factors, chosen.spans, chosen.closed)
    return replace(chosen, fit=fit, ar=returns - expected, effects={}, given=given)


def _without_run(chosen: Abnormal, column: Integers) -> tuple[Fit, Floats]:
    """Take the run out of each event's own fit, and make its residuals forecast errors."""
    fit = chosen.fit
    residuals = chosen.residuals.copy()
    ar = np.take_along_axis(residuals, column, axis=1)
    np.put_along_axis(residuals, column, np.nan, axis=1)
    if not fit.outside:
        rows = np.take_along_axis(chosen.estimation_rows, column[:, :, None], axis=1)
        share = np.clip(leverage(rows, fit.unscaled) / _innovations(fit, column), 0.0, 0.5)
        ar *= np.sqrt((1.0 + share) / (1.0 - share))
    return replace(fit, residuals=residuals), ar


def _innovations(fit: Fit, column: Integers) -> Floats | float:
    """Give the variance of the run's own days over sigma^2."""
    if fit.innovations is None:
        return 1.0
    return np.take_along_axis(fit.innovations, column, axis=1)


def cluster_places(abnormal: Abnormal, members: Integers) -> Integers:
    """Places to which a cluster of events can move as one.

    Events of one exchange keep their distance in sessions. An event of another exchange keeps its
    distance from the last session there that closed by the first event's close; moves to where a
    holiday of either exchange makes that a session of another day are left out.

    Parameters
    ----------
    abnormal : Abnormal
        The real events.
    members : array of int, shape (n,)
        The cluster's events.

    Returns
    -------
    array of int, shape (n, moves)
        Place of each event's run, as `placebo_events` takes it.
    """
    rows, design = abnormal.rows, abnormal.design
    count = placements(abnormal)
    closes = [calendar.closes.astype(np.int64) for calendar in abnormal.panel.calendars]
    calendar, zero = rows.calendar[members], rows.zero[members]
    first = design.estimation.first - design.hull.first
    place = np.arange(count, dtype=np.int64)
    moved = zero[0] + first + place  # the session that stands for the first event's day zero
    own = closes[calendar[0]]
    known = (moved >= 0) & (moved < len(own))
    place, moved = place[known], moved[known]
    shift = np.empty((len(members), len(moved)), dtype=np.int64)
    fits = np.ones(len(moved), dtype=np.bool_)
    for which in np.unique(calendar):
        here = np.flatnonzero(calendar == which)
        if which == calendar[0]:
            shift[here] = moved - zero[0]
            continue
        there = _last_closed(closes[which], own[moved])
        gap = own[moved] - closes[which][there]
        fits &= np.abs(gap - np.median(gap)) <= _LEEWAY
        shift[here] = there - _last_closed(closes[which], own[zero[:1]])
    places = shift - first
    # Before its own start an event has no day that a run could take.
    start = design.extra - abnormal.earlier[members]
    fits &= ((places >= start[:, None]) & (places < count)).all(axis=0)
    return places[:, fits]


def _last_closed(closes: Integers, instants: Integers) -> Integers:
    """Find the last session that closes by each instant, the first one where none does."""
    return np.maximum(np.searchsorted(closes, instants, side="right") - 1, 0)


def hull_clusters(abnormal: Abnormal) -> Integers:
    """Cluster of each event over all of its tested days, shape (N,)."""
    hull = abnormal.design.hull
    begin, end = _spans(abnormal, np.arange(len(abnormal)), abnormal.rows.zero + hull.first)
    return clusters(begin, end, abnormal.rows.event)


def _spans(abnormal: Abnormal, members: Integers, first: Integers) -> tuple[Integers, Integers]:
    """Span of tested days that begin on given sessions: close before them, close of the last."""
    width = len(abnormal.design.hull)
    begin, end = np.empty(first.shape, dtype=np.int64), np.empty(first.shape, dtype=np.int64)
    calendar = abnormal.rows.calendar[members]
    for which in np.unique(calendar):
        here = calendar == which
        closes: Instants = abnormal.panel.calendars[which].closes
        known = closes.astype(np.int64)
        before, last = first[here] - 1, first[here] + width - 1
        begin[here] = np.where(
            before >= 0, known[np.clip(before, 0, len(known) - 1)], known[0] - 24 * _HOUR
        )
        end[here] = known[np.clip(last, 0, len(known) - 1)]
    return begin, end


def draw_places(
    abnormal: Abnormal, cluster: Integers, replications: int, rng: np.random.Generator
) -> Integers:
    """Move every cluster of dates to a random place of its estimation window.

    Each cluster moves as one, so that its events keep their correlation; clusters move apart from
    each other, and never onto each other's days where there is room.

    Parameters
    ----------
    abnormal : Abnormal
        The real events.
    cluster : array of int, shape (N,)
        Cluster of each event, from :func:`hull_clusters`.
    replications : int
        Draws.
    rng : Generator
        Where they come from.

    Returns
    -------
    array of int, shape (replications, N)
        Place of each event's run; -1 for the events of a cluster that no move fits.
    """
    places = np.full((replications, len(abnormal)), -1, dtype=np.int64)
    moves = []
    for which in range(int(cluster.max(initial=-1)) + 1):
        members = np.flatnonzero(cluster == which)
        possible = cluster_places(abnormal, members)
        if not possible.shape[1]:
            continue
        first = abnormal.rows.zero[members] + abnormal.design.estimation.first
        begin, end = _spans(abnormal, members, first[:, None] + possible)
        moves.append((members, possible, begin.min(axis=0), end.max(axis=0)))
    for draw in range(replications):
        taken = np.empty((0, 2), dtype=np.int64)
        for which in rng.permutation(len(moves)):
            members, possible, begin, end = moves[which]
            free = np.flatnonzero(_free(begin, end, taken))
            chosen = rng.choice(free) if len(free) else rng.integers(len(begin))
            places[draw, members] = possible[:, chosen]
            taken = np.vstack([taken, [begin[chosen], end[chosen]]])
    return places


def _free(begin: Integers, end: Integers, taken: Integers) -> Booleans:
    """Which spans overlap none of those that are taken."""
    taken = taken[(taken[:, 1] > begin.min()) & (taken[:, 0] < end.max())]
    apart = (end[:, None] <= taken[:, 0]) | (begin[:, None] >= taken[:, 1])
    return np.asarray(apart.all(axis=1))
