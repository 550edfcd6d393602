"""Day zero, its span and its phase hold together for any instant, and agree with the library."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventstudy.calendars import data_calendar, exchange_calendar

MICS = ("XNYS", "XHKG", "XSHG")
START, END = "2017-01-01", "2025-06-30"
NANOSECOND = np.timedelta64(1, "ns")


# Whole seconds that all three calendars cover, from the last New York close of 2016.
LOW, HIGH = (
    int(np.datetime64(text, "s").astype(np.int64))
    for text in ("2016-12-30T21:00:00", "2025-06-30T06:59:59")
)
moments = st.integers(LOW * 10**9, HIGH * 10**9).map(lambda n: np.datetime64(n, "ns"))


@settings(deadline=None)
@given(mic=st.sampled_from(MICS), moment=moments)
def test_an_instant_lies_in_the_span_of_its_day_zero(mic: str, moment: np.datetime64) -> None:
    calendar = exchange_calendar(mic, START, END)
    first, last = calendar.same_day(calendar.day_zero(np.array([moment])))
    assert first[0] <= moment < last[0]


@settings(deadline=None)
@given(mic=st.sampled_from(MICS), data=st.data())
def test_spans_are_half_open_and_leave_no_gap(mic: str, data: st.DataObject) -> None:
    calendar = exchange_calendar(mic, START, END)
    index = data.draw(st.integers(0, len(calendar) - 2))
    first, last = calendar.same_day(index)
    width = int((last - first).astype(np.int64))
    inside = first + np.timedelta64(data.draw(st.integers(0, width - 1)), "ns")
    given_ = np.array([first, inside, last - NANOSECOND, last])
    assert calendar.day_zero(given_).tolist() == [index, index, index, index + 1]
    assert calendar.same_day(index + 1)[0] == last


@settings(deadline=None)
@given(mic=st.sampled_from(MICS), moment=moments)
def test_phase_says_what_the_local_clock_says(mic: str, moment: np.datetime64) -> None:
    calendar = exchange_calendar(mic, START, END)
    local = pd.Timestamp(moment, tz="UTC").tz_convert(calendar.timezone)
    # The local date may be that of the session before the calendar's first.
    wider = exchange_calendar(mic, "2016-12-01", END)
    session = np.flatnonzero(wider.sessions == np.datetime64(local.date()))
    if not len(session):
        expected = "closed day"
    elif moment < wider.opens[session[0]]:
        expected = "before open"
    elif moment < wider.closes[session[0]]:
        expected = "during"
    else:
        expected = "after close"
    found = calendar.phase(np.array([moment]))[0]
    assert found == expected
    day_zero = calendar.sessions[calendar.day_zero(np.array([moment]))][0]
    today = found in {"before open", "during"}
    assert (day_zero == np.datetime64(local.date())) == today


@settings(deadline=None)
@given(batch=st.lists(moments, min_size=1, max_size=20), mic=st.sampled_from(MICS))
def test_a_batch_is_its_instants_one_by_one(batch: list[np.datetime64], mic: str) -> None:
    calendar = exchange_calendar(mic, START, END)
    together = np.array(batch)
    singly = [calendar.day_zero(np.array([moment]))[0] for moment in batch]
    assert calendar.day_zero(together).tolist() == singly
    assert calendar.covers(together).all()


@settings(deadline=None)
@given(
    mic=st.sampled_from(MICS),
    dates=st.sampled_from([("2018-01-01", "2020-12-31"), ("2020-09-05", "2023-09-02")]),
    data=st.data(),
)
def test_day_zero_does_not_depend_on_how_much_was_built(
    mic: str, dates: tuple[str, str], data: st.DataObject
) -> None:
    whole, part = exchange_calendar(mic, START, END), exchange_calendar(mic, *dates)
    bounds = (part.begins, part.closes[-1] - NANOSECOND)
    low, high = (int(instant.astype(np.int64)) for instant in bounds)
    at = np.array([np.datetime64(data.draw(st.integers(low, high)), "ns")])
    assert part.sessions[part.day_zero(at)] == whole.sessions[whole.day_zero(at)]
    assert part.same_day(part.day_zero(at)) == whole.same_day(whole.day_zero(at))
    assert part.phase(at) == whole.phase(at)


@settings(deadline=None)
@given(dates=st.lists(st.dates(), min_size=1, max_size=30, unique=True), data=st.data())
def test_rules_of_closed_days(dates: list, data: st.DataObject) -> None:
    sessions = np.array(sorted(d for d in dates if 1700 < d.year < 2200), dtype="datetime64[D]")
    if not len(sessions):
        return
    calendar = data_calendar(sessions)
    span = int((sessions[-1] - sessions[0]).astype(np.int64))
    day = sessions[:1] + data.draw(st.integers(0, span))
    (following, moved), (previous, _) = (calendar.closed_day(day, r) for r in ("next", "previous"))
    assert sessions[previous] <= day <= sessions[following]
    assert moved[0] == (day[0] not in sessions)
    assert following - previous == moved
    assert calendar.closed_day(day, "drop")[0] == (-1 if moved[0] else following)
    noon = day.astype("datetime64[ns]") + np.timedelta64(12, "h")
    assert calendar.day_zero(noon) == following


@pytest.mark.parametrize("mic", MICS)
def test_day_zero_agrees_with_the_library_minute_by_minute(mic: str) -> None:
    """exchange_calendars' own answer for a minute, on the sessions that both know."""
    import exchange_calendars

    calendar = exchange_calendar(mic, START, END)
    with warnings.catch_warnings(action="ignore"):
        library = exchange_calendars.get_calendar(mic, start="2016-12-01", end="2025-07-31")
        rng = np.random.default_rng(20240902)
        minutes = rng.integers(LOW // 60 + 1, HIGH // 60, 300) * 60
        # The minutes of closes and opens, where a rule can be off by one.
        edges = rng.choice(len(calendar) - 1, 50)
        marks = np.concatenate([calendar.closes[edges], calendar.opens[edges + 1]])
        drawn = np.concatenate([minutes.astype("datetime64[s]").astype("datetime64[ns]"), marks])
        expected = [
            library.minute_to_session(pd.Timestamp(instant, tz="UTC"), direction="next")
            for instant in drawn
        ]
    theirs = np.array([np.datetime64(session.date()) for session in expected])
    # Closures that the library may not know: the next session stands for them.
    index, _ = calendar.closed_day(theirs, "next")
    assert calendar.day_zero(drawn).tolist() == index.tolist()
