"""Tests of one event, against scipy and by loops."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats
from worlds import MARKET, abnormal, one_date, prices, run, world

import eventstudy as es
from eventstudy.inference import single_tests
from eventstudy.inference.single import UNASKED, brown_forsythe
from eventstudy.kernels.blocks import CELLS
from eventstudy.windows import Window

NAN = np.nan


@pytest.mark.parametrize("days", [2, 5, 11])
def test_brown_forsythe_is_scipys_levene_about_the_median(days):
    rng = np.random.default_rng(days)
    estimation, window = rng.normal(0, 1, (4, 80)), rng.normal(0, 1.7, (4, days))
    estimation[0, :20] = NAN
    window[1, 0] = NAN
    got = brown_forsythe(estimation, window)
    for row in range(4):
        parts = [values[row][np.isfinite(values[row])] for values in (estimation, window)]
        if len(parts[1]) < 2:
            assert np.isnan(got[row])
        else:
            want = stats.levene(*parts, center="median").pvalue
            assert got[row] == pytest.approx(want, rel=1e-10)


def test_brown_forsythe_of_one_day_has_no_value():
    got = brown_forsythe(np.random.default_rng(0).normal(size=(2, 30)), np.array([[1.0], [NAN]]))
    assert np.isnan(got).all()


def by_rows(estimation, window):
    """Brown and Forsythe's test, event by event."""
    pvalues = np.full(len(estimation), np.nan)
    for row in range(len(estimation)):
        parts = [values[row][np.isfinite(values[row])] for values in (estimation, window)]
        if min(map(len, parts)) < 2:
            continue
        spread = [np.abs(part - np.median(part)) for part in parts]
        sizes = np.array([len(part) for part in spread])
        means = np.array([part.mean() for part in spread])
        whole = (sizes * means).sum() / sizes.sum()
        between = (sizes * (means - whole) ** 2).sum()
        within = sum(((part - part.mean()) ** 2).sum() for part in spread)
        dof = sizes.sum() - 2
        if within > 0:
            pvalues[row] = special.fdtrc(1, dof, between / (within / dof))
    return pvalues


@pytest.mark.parametrize(("events", "days", "tested"), [(60, 31, 4), (1, 120, 2), (9_000, 120, 3)])
def test_brown_forsythe_of_all_events_is_that_of_each(events, days, tested):
    """Holes in both, events without a day in either, one whose returns do not move."""
    rng = np.random.default_rng(events)
    estimation, window = rng.normal(0, 1, (events, days)), rng.normal(0, 1.2, (events, tested))
    if events > 1:
        estimation[rng.random(estimation.shape) < 0.05] = NAN
        window[rng.random(window.shape) < 0.2] = NAN
        estimation[0], window[1] = NAN, NAN
        estimation[2], window[2] = 0.25, 0.25
        estimation[3, :-1] = NAN
        estimation[4, 0] = np.inf
        assert (events * (days + tested) > CELLS) == (events == 9_000)
    got, want = brown_forsythe(estimation, window), by_rows(estimation, window)
    np.testing.assert_allclose(got, want, rtol=1e-12)
    assert np.isnan(got).sum() < events / 2 or events == 1


def test_sar_t():
    found, _ = abnormal(world(3), one_date(3))
    tests = single_tests(found, Window(-1, 1), 0.95)
    effects = found.cumulate(Window(-1, 1))
    np.testing.assert_array_equal(tests.effects.scar, effects.scar)
    want = 2 * stats.t.sf(np.abs(effects.car / effects.se), 118)
    np.testing.assert_allclose(tests.pvalue, want, rtol=1e-10)
    half = stats.t.ppf(0.975, 118) * effects.se
    np.testing.assert_allclose(tests.low, effects.car - half, rtol=1e-10)
    np.testing.assert_allclose(tests.high, effects.car + half, rtol=1e-10)


def test_without_the_placebo_all_else_is_the_same_and_the_reason_says_so():
    frame = world(3)
    frame.iloc[139:142, 0] = NAN
    found, _ = abnormal(frame, one_date(3))
    asked, unasked = (single_tests(found, Window(-1, 1), 0.95, placebo=p) for p in (True, False))
    for name in ("pvalue", "low", "high", "brown_forsythe"):
        np.testing.assert_array_equal(getattr(unasked, name), getattr(asked, name))
    for name in ("placebo_pvalue", "placebo_low", "placebo_high", "sq_lower", "sq_upper"):
        assert np.isnan(getattr(unasked, name)).all()
        assert np.isfinite(getattr(asked, name)[1:]).all()
    assert unasked.placebo.shape == (3, 0)
    assert unasked.n_placebo.tolist() == [0, 0, 0]
    nothing = "no abnormal return on any day of the window"
    assert unasked.reason.tolist() == [nothing, UNASKED, UNASKED]
    assert asked.reason.tolist() == [nothing, "", ""]


def test_sq_is_the_one_sided_placebo():
    """Gelbach, Helland and Klick: below the k-th smallest, k = floor(alpha (B + 1))."""
    frame = world(1, seed=4)
    frame.iloc[140, 0] -= 0.05
    found, _ = abnormal(frame, one_date(1))
    tests = single_tests(found, Window(0, 0), 0.95)
    placebo = tests.placebo[0][np.isfinite(tests.placebo[0])]
    car = tests.effects.car[0]
    assert tests.n_placebo[0] == len(placebo) == 120
    assert tests.sq_lower[0] == (1 + (placebo <= car).sum()) / 121
    assert tests.sq_upper[0] == (1 + (placebo >= car).sum()) / 121
    for alpha in (0.01, 0.05, 0.1):
        k = math.floor(alpha * 121 + 1e-9)
        rejects = k > 0 and car < np.sort(placebo)[k - 1]
        assert rejects == (tests.sq_lower[0] <= alpha)


def test_too_long_a_window_has_no_placebo_and_says_so():
    found, _ = abnormal(world(2), one_date(2), windows=[(-3, 3), (-2, 3)])
    assert np.isfinite(single_tests(found, Window(-2, 3), 0.95).placebo_pvalue).all()  # 6 = 120/20
    tests = single_tests(found, Window(-3, 3), 0.95)
    assert np.isnan([tests.placebo_pvalue, tests.sq_lower, tests.placebo_low]).all()
    assert "more than a twentieth" in tests.reason[0]
    assert np.isfinite(tests.pvalue).all()


def test_lost_estimation_days_count_against_the_length_of_the_window():
    frame = world(2)
    frame.iloc[20, 0] = NAN
    found, _ = abnormal(frame, one_date(2), windows=[(-2, 3)])  # 6 days of 119 and of 120
    tests = single_tests(found, Window(-2, 3), 0.95)
    assert np.isnan(tests.placebo_pvalue[0])
    assert np.isfinite(tests.placebo_pvalue[1])


def test_an_event_with_a_missing_day_is_compared_with_runs_that_lack_the_same():
    frame = world(1)
    frame.iloc[140, 0] = NAN
    frame.iloc[60, 0] = NAN
    found, _ = abnormal(frame, one_date(1))
    tests = single_tests(found, Window(-1, 1), 0.95)
    # Runs of three days, the middle one masked: those that begin on day 60 or end on it are out.
    assert tests.n_placebo[0] == 118 - 2
    residuals = found.residuals[0]
    x = np.column_stack([np.ones(150), frame[MARKET]])
    inverse = found.fit.unscaled[0]
    event = x[[139, 141]].sum(axis=0)
    statistic = tests.effects.car[0] / math.sqrt(2 + event @ inverse @ event)
    runs = []
    for start in range(118):
        pair = [start, start + 2]
        if np.isfinite(residuals[pair]).all():
            rows = x[[10 + start, 12 + start]].sum(axis=0)
            runs.append(residuals[pair].sum() / math.sqrt(2 - rows @ inverse @ rows))
    larger = (np.abs(runs) >= abs(statistic)).sum()
    assert tests.placebo_pvalue[0] == (1 + larger) / (len(runs) + 1)


def test_after_a_halt_the_placebo_is_on_the_scale_of_one_session():
    """One return over k sessions: AR / sqrt k, and the interval is that of the CAR again."""
    frame = prices(world(1, seed=3))
    frame.iloc[140:143, 0] = NAN
    found, _ = abnormal(frame, one_date(1), kind="prices")
    tests = single_tests(found, Window(0, 0), 0.95)
    row = found.event_rows[0, 5] / 2.0  # k = 4
    scale = math.sqrt(1 + row @ found.fit.unscaled[0] @ row)
    statistic = found.ar[0, 5] / 2.0 / scale
    residuals = found.residuals[0]
    design = found.estimation_rows[0]
    spread = np.sqrt(1 - np.einsum("tp,pq,tq->t", design, found.fit.unscaled[0], design))
    runs = residuals / spread
    assert tests.placebo_pvalue[0] == (1 + (np.abs(runs) >= abs(statistic)).sum()) / 121
    width = np.sort(np.abs(runs))[-6] * scale * 2.0
    assert tests.placebo_high[0] - tests.placebo_low[0] == pytest.approx(2 * width, rel=1e-9)
    mixed = single_tests(found, Window(-1, 1), 0.95)
    assert np.isfinite(mixed.placebo_pvalue[0])


def test_two_returns_of_different_spans_have_no_placebo_interval():
    frame = prices(world(1, seed=3))
    frame.iloc[140, 0] = NAN  # day zero moves on by one and covers two sessions
    found, _ = abnormal(frame, one_date(1), kind="prices", windows=[(0, 1)])
    tests = single_tests(found, Window(0, 1), 0.95)
    assert np.isfinite(tests.placebo_pvalue[0])
    assert np.isnan(tests.placebo_low[0])
    assert "different spans" in tests.reason[0]


# ------------------------------------------------------------------ peers


def test_peers_are_counted_by_their_standardised_effects():
    frame = world(26, seed=5)
    peers = [f"S{i:02d}" for i in range(26)]
    rows = [("A", "S00", 140), ("A", "S01", 140), ("B", "S02", 143)]
    result = run(frame, rows, windows=[(0, 0), (-1, 1)], peers=peers)
    every = run(
        frame, [(f"P{i:02d}", p, 140) for i, p in enumerate(peers)], windows=[(0, 0), (-1, 1)]
    )
    scars = every.events.set_index(["ticker", "window"])["scar"]
    for row in result.events[result.events["event_id"] == "A"].itertuples(index=False):
        others = [p for p in peers if p not in ("S00", "S01")]  # firms of the event stay out
        larger = sum(abs(scars[p, row.window]) >= abs(row.scar) for p in others)
        assert row.n_peers == 24
        assert row.peer_pvalue == (1 + larger) / 25
    assert (result.events.loc[result.events["event_id"] == "B", "n_peers"] == 25).all()


def test_a_peer_without_enough_days_of_its_own_is_left_out():
    frame = world(4, seed=6)
    frame.iloc[:100, 3] = NAN
    result = run(frame, [("A", "S00", 140)], peers=["S01", "S02", "S03"])
    assert (result.events["n_peers"] == 2).all()
    assert set(result.events["ticker"]) == {"S00"}
    assert len(result.dropped) == 0


def test_without_peers_there_is_no_such_p_value():
    result = run(world(2), one_date(2))
    assert result.events["peer_pvalue"].isna().all()
    assert (result.events["n_peers"] == 0).all()


def test_peers_change_nothing_else():
    frame = world(6, seed=7)
    plain = run(frame, one_date(3))
    with_peers = run(frame, one_date(3), peers=["S03", "S04", "S05"])
    own = [c for c in plain.events.columns if c not in ("peer_pvalue", "n_peers")]
    pd.testing.assert_frame_equal(plain.events[own], with_peers.events[own])
    pd.testing.assert_frame_equal(plain.tests, with_peers.tests)


def test_the_study_names_what_it_could_not_give():
    frame = world(2)
    frame.iloc[139:142, 0] = NAN
    events = run(frame, one_date(2), windows=[(0, 0), (-1, 1), (-5, 5)]).events
    nothing = events[(events["ticker"] == "S00") & (events["window"] != "(-5, 5)")]
    assert nothing["car"].isna().all()
    assert (nothing["reason"] == "no abnormal return on any day of the window").all()
    assert isinstance(events, pd.DataFrame)
    assert es.StudyResult
