"""Placebo events: forecast errors of days left out of the estimation, moved by whole clusters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import eventstudy as es
from eventstudy.simulate.placebo import (
    cluster_places,
    draw_places,
    hull_clusters,
    placebo_events,
    placements,
)
from eventstudy.simulate.power import _measured
from eventstudy.windows import Window

from .conftest import TICKERS, events, market, study

ZERO = Window(0, 0)

EVENTS = Path(__file__).parents[2] / "events.csv"


def measured(**options):
    return _measured(study(**options), events(), market())[1]


def test_placebo_event_is_a_forecast_error_of_days_left_out():
    abnormal = measured()
    event, place = 7, 41
    placebo = placebo_events(abnormal, np.array([event]), np.array([place]))
    returns = abnormal.estimation_returns[event]
    design = np.column_stack([np.ones(200), abnormal.estimation_factors[event, :, 0]])
    run = np.arange(place, place + 3)
    rest = np.delete(np.arange(200), run)
    beta, ssr, _, _ = np.linalg.lstsq(design[rest], returns[rest], rcond=None)
    sigma = np.sqrt(ssr[0] / (197 - 2))
    total = design[run].sum(axis=0)
    inverse = np.linalg.inv(design[rest].T @ design[rest])
    effects = placebo.cumulate(Window(-1, 1))
    assert effects.car[0] == pytest.approx((returns[run] - design[run] @ beta).sum(), rel=1e-9)
    assert effects.se[0] == pytest.approx(sigma * np.sqrt(3 + total @ inverse @ total), rel=1e-9)
    assert placebo.fit.n_obs[0] == 197
    assert np.isnan(placebo.residuals[0, run]).all()
    assert np.isnan(placebo.ar[0, : abnormal.days(Window(-1, 1)).start]).all()


def test_the_real_event_days_are_not_used():
    abnormal = measured()
    assert placements(abnormal) == 198
    index = np.arange(len(abnormal))
    abnormal.returns[:, abnormal.days(Window(-1, 1))] += 0.5
    moved = placebo_events(abnormal, index, np.full(len(index), 10))
    abnormal.returns[:, abnormal.days(Window(-1, 1))] -= 0.5
    same = placebo_events(abnormal, index, np.full(len(index), 10))
    hull = abnormal.days(Window(-1, 1))
    assert np.array_equal(moved.ar[:, hull], same.ar[:, hull])


def test_a_day_that_the_event_lacks_is_missing_in_its_runs():
    prices = market(missing=[("S2", "2021-05-04")])
    abnormal = _measured(study(), events(), prices)[1]
    lacking = np.flatnonzero(~np.isfinite(abnormal.ar[:, 6]))
    assert len(lacking) == 1
    placebo = placebo_events(abnormal, lacking, np.array([0]))
    assert placebo.cumulate(Window(-1, 1)).n_days.tolist() == [2]


def test_a_return_over_several_sessions_keeps_its_spread():
    abnormal, place = measured(), np.arange(198)
    spans = np.ones_like(abnormal.spans)
    short, long = (
        placebo_events(
            replace(abnormal, effects={}, given=replace(abnormal.observed, spans=own)),
            np.zeros(198, np.int64),
            place,
        )
        for own in (
            spans,
            np.where(np.arange(spans.shape[1]) == abnormal.days(ZERO).start, 4, 1)[None, :] * spans,
        )
    )
    wide, narrow = (one.cumulate(Window(0, 0)) for one in (long, short))
    assert wide.car == pytest.approx(2 * narrow.car, rel=1e-9)
    assert wide.se == pytest.approx(2 * narrow.se, rel=0.05)
    assert wide.length.tolist() == [4] * 198


def test_clusters_move_as_one_and_apart():
    abnormal = measured()
    cluster = hull_clusters(abnormal)
    assert cluster.max() + 1 == 3  # two of the four dates are a day apart
    places = draw_places(abnormal, cluster, 200, np.random.default_rng(0))
    session = abnormal.rows.zero + places
    for which in range(3):
        mine = np.flatnonzero(cluster == which)
        assert (places[:, mine] == places[:, mine[:1]]).all()
        assert len(np.unique(places[:, mine[0]])) > 100
    firsts = np.column_stack([session[:, np.flatnonzero(cluster == k)[0]] for k in range(3)])
    lasts = np.column_stack([session[:, np.flatnonzero(cluster == k)[-1]] for k in range(3)])
    for one in range(3):
        for other in range(3):
            if one != other:
                apart = (lasts[:, one] + 3 <= firsts[:, other]) | (
                    lasts[:, other] + 3 <= firsts[:, one]
                )
                assert apart.all()


def test_draws_depend_on_the_seed_alone():
    abnormal = measured()
    cluster = hull_clusters(abnormal)
    first, again, other = (
        draw_places(abnormal, cluster, 20, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_events_of_two_exchanges_move_by_their_closes():
    """Hong Kong's day zero closes some hours before, or a day after, that of New York."""
    given = es.read_events(EVENTS)
    abnormal = _measured(es.Study(), given, es.SnapshotPrices())[1]
    frame = given.frame.iloc[abnormal.rows.pair].reset_index(drop=True)
    members = np.flatnonzero(frame["event_id"] == "CHIPS-2022")
    places = cluster_places(abnormal, members)
    assert 200 < places.shape[1] < 248  # holidays of either exchange take some moves away
    rows, window = abnormal.rows, abnormal.design.estimation
    closes = []
    for row, place in zip(members, places, strict=True):
        session = rows.zero[row] + window.first + place - abnormal.design.hull.first
        closes.append(abnormal.panel.calendars[rows.calendar[row]].closes[session])
    hours = (closes[2] - closes[0]) / np.timedelta64(1, "h")
    # 10 October in Hong Kong follows Friday 7 October in New York: the next session after it.
    assert ((hours > 6) & (hours < 5 * 24)).all()  # a half day, a long holiday
    assert np.median(hours) in (11, 12)
    assert (closes[0] == closes[1]).all()


def test_more_clusters_than_room_overlap_rather_than_fail():
    dates = tuple(str(day)[:10] for day in np.arange("2021-03-01", "2021-06-01", 4, "M8[D]"))
    days = tuple(d for d in dates if np.is_busday(d))
    given = events(days, TICKERS[:2])
    abnormal = _measured(study(estimation=(-60, -11), min_estimation=30), given, market())[1]
    cluster = hull_clusters(abnormal)
    places = draw_places(abnormal, cluster, 10, np.random.default_rng(0))
    assert (places >= 0).all()
