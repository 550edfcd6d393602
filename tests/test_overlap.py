"""Confounded events against a plain double loop."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from worlds import dates_of, panel_of, world

from eventstudy.overlap import INSIDE, SHARED, excluded_days, near_pairs, overlaps
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
