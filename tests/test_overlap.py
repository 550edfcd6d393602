"""Confounded events against a plain double loop."""

from __future__ import annotations

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from worlds import dates_of, panel_of, world

from eventstudy.overlap import (
    INSIDE,
    SHARED,
    TestedDays,
    count_overlaps,
    excluded_days,
    near_pairs,
    overlap_flags,
    overlaps,
    shares_tested_days,
)
from eventstudy.rows import Rows
from eventstudy.windows import Design, Window

TICKERS = ["S00", "S01", "S02"]
pairs = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 59)), min_size=1, max_size=10, unique=True
)
bounds = st.tuples(st.integers(-6, 6), st.integers(-6, 6)).map(sorted)


def rows_of(cases):
    """Each case is a security and a day zero; each row is an event of its own."""
    count = np.arange(len(cases))
    security = np.array([which for which, _ in cases])
    zero = np.array([place for _, place in cases])
    none = np.zeros(len(cases), dtype=np.int64)
    phase = np.zeros(len(cases), dtype=np.int8)
    rows = Rows(count, count, none, zero, zero, phase, none.astype(bool), security, none)
    frame = pd.DataFrame(
        {"event_id": [f"E{i}" for i in count], "ticker": [TICKERS[which] for which, _ in cases]}
    )
    return rows, frame


def design(tested, *, estimation=(-20, -8)):
    return Design(Window(*estimation), Window(-7, 7), (Window(*tested),), 5)


@given(pairs, st.integers(-25, 25), st.integers(0, 20))
def test_near_pairs_are_the_double_loop(cases, first, width):
    rows, _ = rows_of(cases)
    i, j = near_pairs(rows, rows.security, first, first + width)
    want = {
        (a, b)
        for a, (own, zero) in enumerate(cases)
        for b, (other, place) in enumerate(cases)
        if a != b and own == other and first <= place - zero <= first + width
    }
    assert set(zip(i.tolist(), j.tolist(), strict=True)) == want
    assert len(i) == len(want)
    assert (np.diff(i) >= 0).all()


@given(pairs, bounds)
def test_excluded_days_are_those_of_other_events_of_the_same_security(cases, tested):
    rows, _ = rows_of(cases)
    plan = design(tested)
    got = excluded_days(rows, plan)
    for a, (own, zero) in enumerate(cases):
        for place, day in enumerate(range(-20, -7)):
            want = any(
                a != b and own == other and tested[0] <= zero + day - theirs <= tested[1]
                for b, (other, theirs) in enumerate(cases)
            )
            assert got[a, place] == want


@given(pairs, bounds)
def test_the_table_lists_every_confounded_pair_once(cases, tested):
    rows, frame = rows_of(cases)
    panel = panel_of(world(3, 90), pad=40)
    got = overlaps(rows, frame, panel, design(tested))
    seen = set()
    for row in got.itertuples(index=False):
        seen.add((row.kind, row.event_id, row.other_event_id))
        assert row.ticker == row.other_ticker
    assert len(seen) == len(got)
    shared, inside = set(), set()
    for a, (own, zero) in enumerate(cases):
        mine = set(range(zero + tested[0], zero + tested[1] + 1))
        estimation = set(range(zero - 20, zero - 7))
        for b, (other, place) in enumerate(cases):
            if a == b or own != other:
                continue
            theirs = set(range(place + tested[0], place + tested[1] + 1))
            if mine & theirs and (zero, a) < (place, b):
                shared.add((f"E{a}", f"E{b}"))
            if estimation & theirs:
                inside.add((f"E{a}", f"E{b}"))
    assert {(a, b) for kind, a, b in seen if kind == SHARED} == shared
    assert {(a, b) for kind, a, b in seen if kind == INSIDE} == inside


def test_the_shared_sessions_have_their_dates():
    rows, frame = rows_of([(0, 50), (0, 52), (1, 50)])
    dates = dates_of(90)
    got = overlaps(rows, frame, panel_of(world(3, 90), pad=40), design((-1, 2)))
    assert got["kind"].tolist() == [SHARED]
    row = got.iloc[0]
    assert (row["event_id"], row["other_event_id"]) == ("E0", "E1")
    assert (row["sessions"], row["first"], row["last"]) == (2, dates[51], dates[52])


def test_a_day_inside_an_estimation_window_belongs_to_the_later_event():
    rows, frame = rows_of([(0, 40), (0, 55)])
    dates = dates_of(90)
    got = overlaps(rows, frame, panel_of(world(3, 90), pad=40), design((0, 1)))
    assert got["kind"].tolist() == [INSIDE]
    row = got.iloc[0]
    assert (row["event_id"], row["other_event_id"]) == ("E1", "E0")
    assert (row["sessions"], row["first"], row["last"]) == (2, dates[40], dates[41])


def test_events_of_different_securities_do_not_confound_each_other():
    rows, frame = rows_of([(0, 40), (1, 40), (2, 41)])
    got = overlaps(rows, frame, panel_of(world(3, 90), pad=40), design((-3, 3)))
    assert len(got) == 0
    assert list(got.columns[:5]) == [
        *("event_id", "ticker", "other_event_id", "other_ticker", "kind"),
    ]


crowded = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 59)), min_size=1, max_size=30)


@given(crowded, bounds)
def test_the_counts_are_those_of_the_list(cases, tested):
    """Events on the same day included, which the pairs of the other tests leave out."""
    rows, frame = rows_of(cases)
    panel, plan = panel_of(world(3, 90), pad=40), design(tested)
    listed = overlaps(rows, frame, panel, plan)
    counted = overlaps(rows, frame, panel, plan, limit=0) if len(listed) else listed
    counts = count_overlaps(rows, plan)
    assert counts == {kind: int((listed["kind"] == kind).sum()) for kind in (SHARED, INSIDE)}
    others, sessions = twin_counts(cases, tested)
    keys = [(kind, f"E{row}") for kind, row in others]
    assert flat(shares_tested_days(rows, plan)) == {
        row: count for (kind, row), count in others.items() if kind == SHARED
    }
    if not others:
        assert len(counted) == 0
        return
    assert list(counted.columns) == ["event_id", "ticker", "kind", "n_others", "sessions"]
    assert sorted(zip(counted["kind"], counted["event_id"], strict=True)) == sorted(keys)
    for row in counted.itertuples(index=False):
        key = (row.kind, int(row.event_id[1:]))
        assert (row.n_others, row.sessions) == (others[key], len(sessions[key]))
        assert row.ticker == TICKERS[cases[key[1]][0]]


def flat(counts):
    return {row: count for row, count in enumerate(counts.tolist()) if count}


def twin_counts(cases, tested):
    """Other events, and the sessions that they share, by kind and row: a double loop over sets."""
    others, sessions = {}, {}
    for a, (own, zero) in enumerate(cases):
        mine = {
            SHARED: set(range(zero + tested[0], zero + tested[1] + 1)),
            INSIDE: set(range(zero - 20, zero - 7)),
        }
        for b, (other, place) in enumerate(cases):
            theirs = set(range(place + tested[0], place + tested[1] + 1))
            for kind, days in mine.items():
                if a != b and own == other and days & theirs:
                    others[kind, a] = others.get((kind, a), 0) + 1
                    sessions.setdefault((kind, a), set()).update(days & theirs)
    return others, sessions


@given(crowded, bounds, st.integers(1, 7))
def test_excluded_days_of_a_part_are_those_of_the_whole(cases, tested, size):
    rows, _ = rows_of(cases)
    plan = design(tested)
    whole = excluded_days(rows, plan)
    index = TestedDays.of(rows, plan)
    parts = [
        excluded_days(rows.take(slice(first, first + size)), plan, among=index)
        for first in range(0, len(rows), size)
    ]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    np.testing.assert_array_equal(whole, twin_excluded_days(rows, plan))


def twin_excluded_days(rows, plan):
    """Pair by pair, as it was done before the sessions of a security were laid on a line."""
    hull, estimation = plan.hull, plan.estimation
    out = np.zeros((len(rows), len(estimation)), dtype=bool)
    i, j = near_pairs(
        rows, rows.security, estimation.first - hull.last, estimation.last - hull.first
    )
    distance = rows.zero[j] - rows.zero[i] - estimation.first
    for day in range(hull.first, hull.last + 1):
        place = distance + day
        inside = (place >= 0) & (place < len(estimation))
        out[i[inside], place[inside]] = True
    return out


def test_the_flags_name_the_others_or_count_them():
    rows, frame = rows_of([(0, 40), (0, 41), (0, 42), (1, 40)])
    panel, plan = panel_of(world(3, 90), pad=40), design((0, 1))
    events = SimpleNamespace(rows=rows)
    named = overlap_flags(events, frame, overlaps(rows, frame, panel, plan))
    assert named == {
        0: "shares tested days with E1",
        1: "shares tested days with E0, E2",
        2: "shares tested days with E1",
    }
    counted = overlap_flags(events, frame, overlaps(rows, frame, panel, plan, limit=1))
    assert counted == {
        0: "shares tested days with 1 other event",
        1: "shares tested days with 2 other events",
        2: "shares tested days with 1 other event",
    }


def test_many_events_of_few_securities_are_counted_and_not_listed():
    """20,000 events on 3 securities would be millions of pairs."""
    rng = np.random.default_rng(3)
    cases = list(zip(rng.integers(0, 3, 20_000), rng.integers(0, 5000, 20_000), strict=True))
    rows, frame = rows_of(cases)
    plan = design((0, 1), estimation=(-260, -11))
    tracemalloc.start()
    got = overlaps(rows, frame, panel_of(world(3, 90), pad=40), plan)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(count_overlaps(rows, plan).values()) > 5_000_000
    assert "n_others" in got
    assert len(got) <= 2 * len(rows)
    assert peak < 20e6  # the list of pairs would hold 40 million integers for their places alone
