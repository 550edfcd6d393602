"""Other firms: who is touched and who stands in, against the loops over pairs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import MARKET, abnormal, prices, table, world

import eventstudy as es
from eventstudy.calendars import exchange_calendar
from eventstudy.kernels.dependence import window_span
from eventstudy.models import Peers
from eventstudy.panel import Panel, PriceSeries
from eventstudy.peers import peer_effects, stand_ins, touched, touches
from eventstudy.rows import Rows
from eventstudy.windows import Design, Window

CALENDARS = tuple(
    exchange_calendar(mic, "2020-01-01", "2020-06-30") for mic in ("XNYS", "XHKG", "XTKS")
)
TICKERS = ("A", "B", "C", "D", "E", "F")
HOMES = np.array([0, 0, 0, 1, 1, 2])
DESIGN = Design(Window(-40, -11), Window(-5, 5), (Window(-1, 2),), 5)
# event, security, day zero: an event may have several securities, and a day any number of events
cases = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 115)),
    min_size=1,
    max_size=12,
    unique_by=lambda case: case[:2],
)
some = st.lists(st.sampled_from([*TICKERS, "G"]), unique=True, max_size=5)


def panel():
    none = np.empty(0, dtype="datetime64[D]")
    series = [PriceSeries(name, none, np.empty(0), "returns", "memory") for name in TICKERS]
    return Panel.build(series, CALENDARS, HOMES.tolist(), pad=60)


def laid(chosen):
    event, security, zero = (
        np.array(column, dtype=np.int32) for column in zip(*chosen, strict=True)
    )
    count = np.arange(len(chosen), dtype=np.int32)
    calendar = HOMES[security]
    flags = np.zeros(len(chosen), dtype=bool)
    rows = Rows(
        count, event, calendar, zero, zero, flags.astype(np.int8), flags, security, calendar
    )
    names = {"event_id": [f"N{one}" for one in event], "ticker": [TICKERS[s] for s in security]}
    return rows, pd.DataFrame(names)


@given(cases, some.filter(lambda names: len(names) > 1))
def test_an_event_touches_its_own_firms_and_those_with_an_event_of_their_days(chosen, names):
    rows, frame = laid(chosen)
    got = touched(rows, frame, panel(), DESIGN, Peers(names))
    spans = []
    for row in range(len(rows)):
        zero = rows.zero[row : row + 1]
        closes = CALENDARS[rows.calendar[row]].closes
        begin, end = window_span(closes, zero - 1, zero + 2)
        spans.append((int(begin[0]), int(end[0])))
    for row, (event, _, _) in enumerate(chosen):
        for column, name in enumerate(names):
            want = any(
                TICKERS[security] == name
                and (
                    other == event
                    or (spans[place][0] < spans[row][1] and spans[row][0] < spans[place][1])
                )
                for place, (other, security, _) in enumerate(chosen)
            )
            assert got[row, column] == want


@given(cases, some)
def test_a_peer_stands_in_on_its_own_calendar_for_events_of_others(chosen, names):
    rows, frame = laid(chosen)
    barred = touches(rows, rows, frame, panel(), DESIGN, names)
    got = stand_ins(rows, panel(), names, barred)
    want = [
        (row, security)
        for row, (event, _, _) in enumerate(chosen)
        for security, ticker in enumerate(TICKERS)
        if ticker in names
        and HOMES[security] == rows.calendar[row]
        and not barred[row, names.index(ticker)]
    ]
    assert [tuple(pair) for pair in got.tolist()] == want


def test_a_peer_that_is_halted_on_day_zero_does_not_stand_in():
    """It has another day zero: the first session after the halt."""
    frame = prices(world())
    names = [name for name in frame.columns if name != MARKET]
    frame.iloc[135, frame.columns.get_loc(names[2])] = np.nan
    found, _ = abnormal(frame, [("A", names[0], 135), ("B", names[0], 142)], kind="prices")
    table = pd.DataFrame({"event_id": ["A", "B"], "ticker": names[0]})
    extra, owner = peer_effects(found, found.rows, table, names[1:4])
    stands = {(int(one), names[row]) for one, row in zip(owner, extra.rows.security, strict=True)}
    every = {(one, name) for one in (0, 1) for name in names[1:4]}
    assert stands == every - {(0, names[2])}


@pytest.mark.parametrize("peers", [(), ("unknown",)])
def test_without_a_peer_the_events_are_not_even_looked_at(peers):
    """There is no frame of events to look at here."""
    found, _ = abnormal(world(), [("A", "S00", 140), ("B", "S01", 140)])
    extra, owner = peer_effects(found, found.rows, pd.DataFrame(), peers)
    assert len(extra) == len(owner) == 0


def test_a_peer_with_an_event_of_its_own_on_the_same_days_does_not_stand_in():
    """Its return is no sample of what happens without one."""
    frame = world(8, sessions=400)
    pairs = [("A", "S00", 300), ("B", "S01", 301), ("C", "S02", 340), ("D", "S03", 298)]
    events = es.Events.from_frame(table(frame, pairs, benchmark=MARKET))
    peers = [f"S{number:02d}" for number in range(1, 8)]
    study = es.Study(calendar="data", peers=peers, estimation=(-150, -11), windows=[(-1, 1)])
    result = study.run(events, prices=es.Panel.from_frame(frame))
    count = result.events.set_index("event_id")["n_peers"]
    # A meets B and D; B and D, of which days differ, meet A alone, whose firm is no peer.
    assert count.to_dict() == {"A": 5, "B": 6, "C": 6, "D": 6}
