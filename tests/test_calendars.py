"""Sessions, day zero, phases and closed days, event by event and at the borders."""

from __future__ import annotations

import csv
import warnings
from datetime import date, datetime
from importlib import resources

import numpy as np
import pandas as pd
import pytest

from eventstudy.calendars import Calendar, data_calendar, exchange_calendar
from eventstudy.errors import CalendarError, StudyError, UnknownExchangeError
from eventstudy.exchanges import EXCHANGES, exchange_of
from eventstudy.published import reach

START, END = "2017-01-01", "2025-06-30"
# Not built by exchange_calendars 4.13 on pandas 3.1 (Orthodox Easter; Tel Aviv's Sundays).
FRAGILE = {"ASEX", "XBSE", "XTAE"}


def instants(*texts: str) -> np.ndarray:
    """UTC instants of ISO texts with an offset."""
    return np.array(
        [
            np.datetime64(pd.Timestamp(text).tz_convert("UTC").tz_localize(None), "ns")
            for text in texts
        ]
    )


def days(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[D]")


def day_zero(mic: str, instant: str) -> str:
    calendar = exchange_calendar(mic, START, END)
    return str(calendar.sessions[calendar.day_zero(instants(instant))][0])


def phase(mic: str, instant: str) -> str:
    return str(exchange_calendar(mic, START, END).phase(instants(instant))[0])


# Day zero by the exchange's calendar alone: a halt moves it further (0763.HK to 2018-06-13,
# 002415.SZ to 2019-10-10), which is for the prices to say.
EVENTS = [
    # event, instant, New York, Hong Kong, mainland
    ("ZTE-2018", "2018-04-16T09:00-04:00", "2018-04-16", "2018-04-17", "2018-04-17"),
    ("HUAWEI-2018", "2018-11-22T19:00-05:00", "2018-11-23", "2018-11-23", "2018-11-23"),
    ("HUAWEI-2019", "2019-05-15T17:00-04:00", "2019-05-16", "2019-05-16", "2019-05-16"),
    ("XINJIANG-2019", "2019-10-07T17:00-04:00", "2019-10-08", "2019-10-08", "2019-10-08"),
    ("SMIC-2020", "2020-09-04T17:00-04:00", "2020-09-08", "2020-09-07", "2020-09-07"),
    ("SMIC-2020-LISTED", "2020-12-18T06:23Z", "2020-12-18", "2020-12-18", "2020-12-18"),
    ("CHIPS-2022", "2022-10-07T11:19-04:00", "2022-10-07", "2022-10-10", "2022-10-10"),
    ("MICRON-2023", "2023-03-31T20:56+08:00", "2023-03-31", "2023-04-03", "2023-04-03"),
    ("MICRON-2023-BAN", "2023-05-21T20:00+08:00", "2023-05-22", "2023-05-22", "2023-05-22"),
    ("GALLIUM-2023", "2023-07-03T19:00+08:00", "2023-07-03", "2023-07-04", "2023-07-04"),
    ("CHIPS-2023", "2023-10-17T08:00-04:00", "2023-10-17", "2023-10-18", "2023-10-18"),
    ("BIS-2024", "2024-12-02T05:02Z", "2024-12-02", "2024-12-02", "2024-12-02"),
    ("MOFCOM-2024", "2024-12-03T08:52Z", "2024-12-03", "2024-12-04", "2024-12-04"),
]
PHASES = {
    "ZTE-2018": ("before open", "after close", "after close"),
    "HUAWEI-2018": ("closed day", "before open", "before open"),
    "HUAWEI-2019": ("after close", "before open", "before open"),
    "XINJIANG-2019": ("after close", "before open", "before open"),
    "SMIC-2020": ("after close", "closed day", "closed day"),
    "SMIC-2020-LISTED": ("before open", "during", "during"),
    "CHIPS-2022": ("during", "after close", "closed day"),
    "MICRON-2023": ("before open", "after close", "after close"),
    "MICRON-2023-BAN": ("closed day", "closed day", "closed day"),
    "GALLIUM-2023": ("before open", "after close", "after close"),
    "CHIPS-2023": ("before open", "after close", "after close"),
    "BIS-2024": ("before open", "during", "during"),
    "MOFCOM-2024": ("before open", "after close", "after close"),
}


@pytest.mark.parametrize(("event", "instant", "us", "hk", "cn"), EVENTS)
def test_day_zero_and_phase_of_the_events(
    event: str, instant: str, us: str, hk: str, cn: str
) -> None:
    mics = ("XNYS", "XHKG", "XSHG")
    assert tuple(day_zero(mic, instant) for mic in mics) == (us, hk, cn)
    assert tuple(phase(mic, instant) for mic in mics) == PHASES[event]


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2020-09-05T00:00-04:00", {"XHKG": "2020-09-07", "XNYS": "2020-09-08"}),
        ("2018-11-22T18:00-05:00", {"XSHG": "2018-11-23", "XNYS": "2018-11-23"}),
        ("2019-10-07T17:30-04:00", {"XNYS": "2019-10-08", "XSHG": "2019-10-08"}),
        ("2023-03-31T20:00+08:00", {"XNYS": "2023-03-31", "XHKG": "2023-04-03"}),
        ("2024-12-02T10:00-05:00", {"XNYS": "2024-12-02", "XHKG": "2024-12-03"}),
    ],
)
def test_day_zero_across_continents(instant: str, expected: dict[str, str]) -> None:
    assert {mic: day_zero(mic, instant) for mic in expected} == expected


@pytest.mark.parametrize(
    ("mic", "instant", "session", "where"),
    [
        # Half days close at 13:00 in New York and at 12:00 in Hong Kong.
        ("XNYS", "2018-11-23T12:59:59-05:00", "2018-11-23", "during"),
        ("XNYS", "2018-11-23T13:00-05:00", "2018-11-26", "after close"),
        ("XNYS", "2023-07-03T12:59:59-04:00", "2023-07-03", "during"),
        ("XNYS", "2023-07-03T13:00-04:00", "2023-07-05", "after close"),
        ("XHKG", "2018-12-24T11:59:59+08:00", "2018-12-24", "during"),
        ("XHKG", "2018-12-24T12:00+08:00", "2018-12-27", "after close"),
        # The close itself belongs to the next session, the nanosecond before it does not.
        ("XNYS", "2024-12-02T15:59:59.999999999-05:00", "2024-12-02", "during"),
        ("XNYS", "2024-12-02T16:00-05:00", "2024-12-03", "after close"),
        ("XHKG", "2024-12-03T16:00+08:00", "2024-12-04", "after close"),
        ("XSHG", "2024-12-03T15:00+08:00", "2024-12-04", "after close"),
        # The open is during, the lunch break too.
        ("XNYS", "2024-12-02T09:29:59.999999999-05:00", "2024-12-02", "before open"),
        ("XNYS", "2024-12-02T09:30-05:00", "2024-12-02", "during"),
        ("XHKG", "2024-12-03T12:30+08:00", "2024-12-03", "during"),
        ("XSHG", "2024-12-03T12:00+08:00", "2024-12-03", "during"),
        # Daylight saving: the same clock, another hour of UTC.
        ("XNYS", "2024-03-08T21:00Z", "2024-03-11", "after close"),
        ("XNYS", "2024-03-11T20:00Z", "2024-03-12", "after close"),
        ("XNYS", "2024-03-11T13:30Z", "2024-03-11", "during"),
        ("XNYS", "2024-03-11T13:29Z", "2024-03-11", "before open"),
        # A local date is the exchange's own: Friday evening in New York is Saturday in Hong Kong.
        ("XHKG", "2020-09-04T17:00-04:00", "2020-09-07", "closed day"),
        ("XNYS", "2020-09-07T12:00-04:00", "2020-09-08", "closed day"),
        # A New York midnight, 05:00 of the same date in UTC.
        ("XNYS", "2024-12-02T23:59:59-05:00", "2024-12-03", "after close"),
        ("XNYS", "2024-12-03T00:00-05:00", "2024-12-03", "before open"),
        # Golden Week, and the long weekend that follows no rule of weeks.
        ("XSHG", "2020-01-23T15:00+08:00", "2020-02-03", "after close"),
        ("XSHG", "2020-01-31T10:00+08:00", "2020-02-03", "closed day"),
        # No trading for a storm, which exchange_calendars 4.13 does not know.
        ("XHKG", "2023-08-31T16:00+08:00", "2023-09-04", "after close"),
        ("XHKG", "2023-09-01T10:00+08:00", "2023-09-04", "closed day"),
        ("XHKG", "2023-09-08T10:00+08:00", "2023-09-11", "closed day"),
    ],
)
def test_borders_of_sessions(mic: str, instant: str, session: str, where: str) -> None:
    assert day_zero(mic, instant) == session
    assert phase(mic, instant) == where


def test_instants_of_any_shape_and_unit() -> None:
    calendar = exchange_calendar("XNYS", START, END)
    one = instants("2024-12-02T16:00-05:00")
    expected = calendar.day_zero(one)[0]
    for unit in ("m", "s", "ms", "us", "ns"):
        assert calendar.day_zero(one.astype(f"datetime64[{unit}]"))[0] == expected
    square = np.tile(one, 6).reshape(2, 3)
    assert calendar.day_zero(square).shape == calendar.phase(square).shape == (2, 3)
    assert calendar.day_zero(one[:0]).shape == calendar.phase(one[:0]).shape == (0,)
    with pytest.raises(TypeError, match="datetime64"):
        calendar.day_zero(np.array([1.0]))


def test_session_that_opens_on_the_eve() -> None:
    calendar = exchange_calendar("CMES", "2024-11-25", "2024-12-31")
    given = instants("2024-12-01T16:59-06:00", "2024-12-01T17:30-06:00", "2024-12-02T17:30-06:00")
    assert calendar.phase(given).tolist() == ["closed day", "during", "during"]
    found = calendar.sessions[calendar.day_zero(given)].astype(str).tolist()
    assert found == ["2024-12-02", "2024-12-02", "2024-12-03"]


def test_same_day_of_the_event_in_hong_kong() -> None:
    calendar = exchange_calendar("XHKG", START, END)
    index = calendar.index_of(days("2020-09-07"))
    first, last = calendar.same_day(index)
    assert first.tolist() == instants("2020-09-04T16:00+08:00").tolist()
    assert last.tolist() == instants("2020-09-07T16:00+08:00").tolist()
    assert calendar.day_zero(first) == calendar.day_zero(last) - 1 == index


def test_same_day_over_a_closure() -> None:
    calendar = exchange_calendar("XHKG", START, END)
    index = int(calendar.index_of(days("2023-09-04"))[0])
    expected = instants("2023-08-31T16:00+08:00", "2023-09-04T16:00+08:00")
    assert calendar.same_day(index) == tuple(expected)


def test_same_day_has_no_session_before_the_first() -> None:
    calendar = exchange_calendar("XHKG", "2020-01-01", "2020-12-31")
    for index in (-1, len(calendar)):
        with pytest.raises(IndexError, match="no session"):
            calendar.same_day(index)


def test_first_session_reaches_back_to_the_close_before_it() -> None:
    calendar = exchange_calendar("XHKG", "2020-01-01", "2020-12-31")
    assert calendar.begins == instants("2019-12-31T12:00+08:00")[0]
    assert calendar.sessions[calendar.day_zero(calendar.begins)] == np.datetime64("2020-01-02")
    evening = instants("2019-12-31T12:00+08:00", "2019-12-31T23:59+08:00", "2020-01-01T00:00+08:00")
    assert calendar.phase(evening).tolist() == ["after close", "after close", "closed day"]
    early = calendar.begins - np.timedelta64(1, "ns")
    with pytest.raises(CalendarError, match="2019-12-31T03:59:59Z is beyond"):
        calendar.day_zero(np.array([early]))


def test_beyond_reach_names_instant_exchange_and_reach() -> None:
    calendar = exchange_calendar("XSHG", "2026-01-01", reach("XSHG")[1])
    given = instants("2026-03-02T10:00+08:00", "2099-01-04T10:00+08:00", "2019-01-01T00:00Z")
    assert calendar.covers(given).tolist() == [True, False, False]
    for method in (calendar.day_zero, calendar.phase):
        with pytest.raises(CalendarError) as caught:
            method(given)
        message = str(caught.value)
        assert "2099-01-04T02:00:00Z" in message
        assert "Shanghai (XSHG)" in message
        assert f"last session is that of {calendar.sessions[-1]}" in message


@pytest.mark.parametrize("text", ["3000-01-01T00:00:00", "0900-01-01T00:00:00"])
def test_instants_that_nanoseconds_cannot_hold_are_beyond_reach(text: str) -> None:
    calendar = exchange_calendar("XNYS", START, END)
    far = np.array([text], dtype="datetime64[us]")
    assert not calendar.covers(far)[0]
    with pytest.raises(CalendarError, match=text):
        calendar.day_zero(far)


def test_last_close_is_beyond_reach() -> None:
    calendar = exchange_calendar("XNYS", START, END)
    last = calendar.closes[-1:]
    assert calendar.day_zero(last - np.timedelta64(1, "ns")) == len(calendar) - 1
    with pytest.raises(CalendarError, match="beyond"):
        calendar.day_zero(last)


def test_missing_instant_is_an_error() -> None:
    calendar = exchange_calendar("XNYS", START, END)
    missing = np.array(["NaT"], dtype="datetime64[ns]")
    assert not calendar.covers(missing)[0]
    with pytest.raises(CalendarError, match="missing"):
        calendar.day_zero(missing)


def test_index_of() -> None:
    calendar = exchange_calendar("XNYS", "2023-07-01", "2023-07-07")
    dates = days("2023-07-03", "2023-07-04", "2023-07-05", "2023-06-30", "2023-07-10", "NaT")
    assert calendar.index_of(dates).tolist() == [0, -1, 1, -1, -1, -1]
    assert calendar.index_of(dates.astype("datetime64[ns]")).tolist() == [0, -1, 1, -1, -1, -1]


@pytest.mark.parametrize(
    ("rule", "sessions", "moved"),
    [
        ("next", ["2023-07-03", "2023-07-03", "2023-07-05"], [False, True, True]),
        ("previous", ["2023-07-03", "2023-06-30", "2023-07-03"], [False, True, True]),
        ("drop", ["2023-07-03", None, None], [False, False, False]),
    ],
)
def test_closed_day(rule: str, sessions: list[str | None], moved: list[bool]) -> None:
    calendar = exchange_calendar("XNYS", "2023-06-01", "2023-07-31")
    index, shifted = calendar.closed_day(days("2023-07-03", "2023-07-01", "2023-07-04"), rule)
    found = [str(calendar.sessions[i]) if i >= 0 else None for i in index]
    assert found == sessions
    assert shifted.tolist() == moved


def test_closed_day_that_the_calendar_does_not_reach() -> None:
    calendar = exchange_calendar("XNYS", "2023-07-01", "2023-07-09")
    for rule in ("next", "previous", "drop"):
        for text in ("2023-06-30", "2023-07-10", "2150-01-01"):
            with pytest.raises(CalendarError, match=f"{text} is beyond"):
                calendar.closed_day(days("2023-07-05", text), rule)
    with pytest.raises(CalendarError, match="2023-07-08 is beyond"):
        calendar.closed_day(days("2023-07-08"), "next")
    with pytest.raises(CalendarError, match="2023-07-02 is beyond"):
        calendar.closed_day(days("2023-07-02"), "previous")
    assert calendar.closed_day(days("2023-07-08"), "drop")[0].tolist() == [-1]
    with pytest.raises(StudyError, match="nearest"):
        calendar.closed_day(days("2023-07-05"), "nearest")  # type: ignore[arg-type]


def test_reach() -> None:
    assert reach("XSHG")[0] == date(1990, 12, 3)
    assert reach("XSHE") == reach("XSHG")
    assert reach("XSHG")[1] >= date(2026, 12, 31)
    assert reach("XNYS") == (date(1900, 1, 1), date(2099, 12, 31))


def test_calendar_beyond_reach_says_where_it_ends() -> None:
    first, last = reach("XSHG")
    beyond = date(last.year + 1, 1, 5)
    with pytest.raises(CalendarError, match=f"Shanghai .XSHG. reaches from {first} to {last}"):
        exchange_calendar("XSHG", "2020-01-01", beyond)
    with pytest.raises(CalendarError, match="asked for"):
        exchange_calendar("XSHG", "1980-01-01", "2020-01-01")
    with pytest.raises(CalendarError, match="the earlier one first"):
        exchange_calendar("XNYS", "2020-01-02", "2019-01-02")
    with pytest.raises(CalendarError, match="no session"):
        exchange_calendar("XNYS", "2020-01-04", "2020-01-05")
    with pytest.raises(CalendarError, match="is not a date"):
        exchange_calendar("XNYS", "soon", "2020-01-05")
    with pytest.raises(UnknownExchangeError, match="is not known"):
        exchange_calendar("XXXX", START, END)


def test_whole_reach_can_be_built() -> None:
    first, last = reach("XSHG")
    calendar = exchange_calendar("XSHG", first, last)
    assert calendar.begins == np.datetime64("1990-12-02T16:00", "ns")
    assert calendar.day_zero(calendar.begins) == 0


def test_calendars_are_kept_and_cannot_be_changed() -> None:
    calendar = exchange_calendar("XNYS", START, END)
    for start, end in (
        (date(2017, 1, 1), date(2025, 6, 30)),
        (np.datetime64("2017-01-01"), np.datetime64("2025-06-30T12:00", "ns")),
        (datetime(2017, 1, 1, 5), pd.Timestamp("2025-06-30")),  # noqa: DTZ001
    ):
        assert exchange_calendar("XNAS", start, end) is calendar
    for values in (calendar.sessions, calendar.opens, calendar.closes):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = values[1]
    assert repr(calendar) == "<Calendar XNYS: 2134 sessions, 2017-01-01 to 2025-06-30>"


def test_one_day() -> None:
    calendar = exchange_calendar("XHKG", "2023-09-04", "2023-09-04")
    assert calendar.sessions.tolist() == [date(2023, 9, 4)]
    assert calendar.begins == instants("2023-08-31T16:00+08:00")[0]


def test_no_warning_reaches_the_user() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exchange_calendar("XNYS", "2011-01-01", "2012-12-31")
        exchange_calendar("XTKS", "2011-01-01", "2012-12-31")


def buildable(mic: str) -> Calendar | None:
    try:
        return exchange_calendar(mic, "2021-02-01", "2024-12-31")
    except CalendarError as error:
        assert mic in FRAGILE, mic
        assert "Update exchange_calendars" in str(error)
        assert error.__cause__ is not None
        return None


@pytest.mark.parametrize("mic", sorted(FRAGILE))
def test_calendar_that_the_library_cannot_build_is_a_plain_error(mic: str) -> None:
    calendar = buildable(mic)
    assert calendar is None or len(calendar) > 700


@pytest.mark.slow
def test_every_exchange_has_a_calendar_on_its_own_clock() -> None:
    zones = {exchange.calendar: exchange.timezone for exchange in EXCHANGES}
    for mic, zone in zones.items():
        calendar = buildable(mic)
        if calendar is None:
            continue
        assert len(calendar) > 900, mic
        noon = np.datetime64("2024-06-03T12:00") + np.arange(0, 400, 20).astype("timedelta64[D]")
        clocks = [
            pd.DatetimeIndex(noon, tz="UTC").tz_convert(name).tz_localize(None)
            for name in (zone, calendar.timezone)
        ]
        assert (clocks[0] == clocks[1]).all(), mic
        assert np.all(calendar.opens < calendar.closes)
        assert np.all(np.diff(calendar.closes) > np.timedelta64(0))


def test_data_calendar() -> None:
    calendar = data_calendar(days("2024-01-02", "2024-01-04", "2024-01-05"))
    assert calendar.name == "data"
    assert calendar.timezone == "UTC"
    given = instants("2024-01-02T00:00Z", "2024-01-03T00:00Z", "2024-01-05T23:59Z")
    assert calendar.day_zero(given).tolist() == [0, 1, 2]
    assert calendar.phase(given).tolist() == ["during", "closed day", "during"]
    index, moved = calendar.closed_day(days("2024-01-03", "2024-01-04"), "next")
    assert (index.tolist(), moved.tolist()) == ([1, 1], [True, False])
    for outside in ("2024-01-01T23:59Z", "2024-01-06T00:00Z"):
        with pytest.raises(CalendarError, match="outside the data, 2024-01-02 to 2024-01-05"):
            calendar.day_zero(instants(outside))


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        ([], "no rows"),
        (["2024-01-02", "NaT"], "no date"),
        (["2024-01-02", "2024-01-03", "2024-01-03"], "2024-01-03 stands twice"),
        (["2024-01-02", "2024-01-05", "2024-01-03"], "2024-01-03 is out of order"),
        (["2024-01-02", "3024-01-03"], "3024-01-03"),
        (["1024-01-02", "2024-01-03"], "1024-01-02"),
    ],
)
def test_data_calendar_refuses(dates: list[str], message: str) -> None:
    with pytest.raises(CalendarError, match=message):
        data_calendar(days(*dates))


def test_data_calendar_leaves_the_given_dates_as_they_are() -> None:
    given = days("2024-01-02", "2024-01-04")
    data_calendar(given)
    given[0] = np.datetime64("2024-01-01")


def test_closures_have_a_reason_and_a_source() -> None:
    table = resources.files("eventstudy") / "data" / "closures.csv"
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert len({(row["exchange"], row["date"]) for row in rows}) == len(rows) >= 2
    for row in rows:
        assert row["reason"]
        assert row["source"].startswith("https://")
        calendar = exchange_calendar(row["exchange"], START, END)
        assert calendar.index_of(days(row["date"]))[0] == -1


HOURS = [
    # exchange, an instant after one close and before the other, its day zero
    ("BVMF", "2024-07-25T16:15-04:00", "2024-07-26"),  # 17:15 there, after the close at 17:00
    ("BVMF", "2024-01-25T15:15-05:00", "2024-01-25"),  # 17:15, before the close at 18:00
    ("XMEX", "2024-07-25T16:15-04:00", "2024-07-26"),  # 14:15, after the close at 14:00
    ("XMEX", "2024-01-25T15:30-05:00", "2024-01-25"),  # 14:30, before the close at 15:00
    ("XKRX", "2023-11-16T15:45+09:00", "2023-11-16"),  # closes at 16:30 on this day
    ("XKRX", "2023-11-17T15:45+09:00", "2023-11-20"),
]


@pytest.mark.parametrize(("mic", "instant", "zero"), HOURS)
def test_hours_that_exchange_calendars_does_not_know(mic: str, instant: str, zero: str) -> None:
    calendar = exchange_calendar(mic, "2023-01-01", "2024-12-31")
    assert str(calendar.sessions[calendar.day_zero(instants(instant))][0]) == zero


def test_a_session_of_other_hours_than_the_usual_ones_keeps_them() -> None:
    """Ash Wednesday opens late in Sao Paulo, within the weeks of the earlier close in 2025."""
    calendar = exchange_calendar("BVMF", "2025-01-01", "2025-12-31")
    other = exchange_calendar("XKRX", "2023-01-01", "2023-12-31")
    for one, day, opens in ((calendar, "2025-03-05", "13:00"), (other, "2023-01-02", "10:00")):
        place = int(one.index_of(days(day))[0])
        clock = pd.Timestamp(one.opens[place], tz="UTC").tz_convert(one.timezone)
        assert f"{clock:%H:%M}" == opens


def test_hours_have_a_reason_and_a_source_and_stand_where_they_were_not_known() -> None:
    """A row that exchange_calendars has meanwhile is to be taken out."""
    table = resources.files("eventstudy") / "data" / "hours.csv"
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    for row in rows:
        assert row["reason"]
        assert row["source"].startswith("http")
        calendar = exchange_calendar(row["exchange"], row["first"], row["last"])
        clock = pd.DatetimeIndex(calendar.closes, tz="UTC").tz_convert(calendar.timezone)
        assert row["close"] in clock.strftime("%H:%M")
        assert row["listed_close"] not in clock.strftime("%H:%M")


def test_calendars_agree_with_the_bundled_figures() -> None:
    """Every day with a figure is a session; a session without one is a halt or a known gap."""
    zte = exchange_calendar("XHKG", "2018-04-17", "2018-06-12").sessions
    absent = {
        "0763.HK": zte.astype(str).tolist(),
        "0981.HK": ["2024-12-24"],
        "002415.SZ": ["2019-10-08", "2019-10-09"],
    }
    folder = resources.files("eventstudy") / "data" / "snapshot"
    series = [file for file in folder.iterdir() if file.name.endswith(".csv")]
    assert len(series) >= 18
    for file in series:
        ticker = file.name.removesuffix(".csv")
        rows = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
        dates = days(*(row["date"] for row in rows))
        sessions = exchange_calendar(exchange_of(ticker), dates[0], dates[-1]).sessions
        assert np.setdiff1d(dates, sessions).size == 0, ticker
        assert np.setdiff1d(sessions, dates).astype(str).tolist() == absent.get(ticker, []), ticker
