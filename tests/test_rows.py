"""Day zero of each pair: by the calendar, then by the prices."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import data_calendar, exchange_calendar
from eventstudy.panel import Panel, PriceSeries
from eventstudy.rows import locate, settle, shift_reasons


def events(*rows):
    """Pairs, each with an instant or a date."""
    table = [
        {
            "event_id": event_id,
            "ticker": ticker,
            "announced_at": when if "T" in when else "",
            "date": "" if "T" in when else when,
            "precision": "minute" if "T" in when else "",
        }
        for event_id, ticker, when in rows
    ]
    return es.Events.from_frame(pd.DataFrame(table)).frame


def new_york():
    return exchange_calendar("XNYS", "2020-01-01", "2020-12-31")


def hong_kong():
    return exchange_calendar("XHKG", "2020-01-01", "2020-12-31")


def placed(frame, which, calendars, **more):
    rows, dropped = locate(frame, np.array(which), calendars, **more)
    dates = [
        str(calendars[c].sessions[zero]) for c, zero in zip(rows.calendar, rows.zero, strict=True)
    ]
    return rows, dates, dropped


def test_one_instant_has_its_own_day_on_each_exchange():
    """Friday 17:00 in New York before Labor Day."""
    frame = events(
        ("A", "MU", "2020-09-04T17:00-04:00"), ("A", "0981.HK", "2020-09-04T17:00-04:00")
    )
    rows, dates, dropped = placed(frame, [0, 1], [new_york(), hong_kong()])
    assert dates == ["2020-09-08", "2020-09-07"]
    assert rows.phase.tolist() == ["after close", "closed day"]
    assert rows.event.tolist() == [0, 0]
    assert not rows.moved.any()
    assert dropped == {}
    assert (rows.security == -1).all()


def test_a_date_is_the_session_of_that_date_on_each_exchange():
    frame = events(("A", "MU", "2020-09-07"), ("A", "0981.HK", "2020-09-07"))
    rows, dates, _ = placed(frame, [0, 1], [new_york(), hong_kong()])
    assert dates == ["2020-09-08", "2020-09-07"]  # New York kept Labor Day
    assert rows.moved.tolist() == [True, False]
    assert rows.phase.tolist() == ["time unknown"] * 2


@pytest.mark.parametrize(
    ("rule", "date"), [("next", "2020-09-08"), ("previous", "2020-09-04"), ("drop", None)]
)
def test_the_closed_day_rule(rule, date):
    frame = events(("A", "MU", "2020-09-07"), ("B", "MU", "2020-09-09"))
    rows, dates, dropped = placed(frame, [0, 0], [new_york()], closed_day=rule)
    if date is None:
        assert dates == ["2020-09-09"]
        assert "2020-09-07 is no session of XNYS" in dropped[0]
        assert rows.pair.tolist() == [1]
    else:
        assert dates == [date, "2020-09-09"]
        assert rows.moved.tolist() == [True, False]


def test_a_pair_without_a_calendar_is_left_out():
    frame = events(("A", "MU", "2020-09-09"), ("A", "XXX", "2020-09-09"))
    rows, dates, dropped = placed(frame, [0, -1], [new_york()])
    assert rows.pair.tolist() == [0]
    assert dates == ["2020-09-09"]
    assert dropped == {}


@pytest.mark.parametrize("when", ["2021-03-01", "2021-03-01T12:00Z"])
def test_beyond_an_exchanges_calendar_is_dropped_and_others_stay(when):
    frame = events(("A", "MU", "2020-09-09"), ("B", "MU", when))
    rows, dropped = locate(frame, np.array([0, 0]), [new_york()])
    assert rows.pair.tolist() == [0]
    last = new_york().sessions[-1]
    assert dropped[1].startswith("2021-03-01")
    assert dropped[1].endswith(f"New York (XNYS), whose last session is that of {last}")


def listed(*days):
    return data_calendar(np.array(days, dtype="datetime64[D]"))


def test_in_the_users_own_list_an_instant_counts_by_its_written_date():
    """23:00 in New York on the 3rd is the 4th in UTC: the 3rd is what was written."""
    calendar = listed("2024-01-02", "2024-01-03", "2024-01-04", "2024-01-08")
    frame = events(
        ("A", "S", "2024-01-03T23:00-05:00"),
        ("B", "S", "2024-01-05T09:00+08:00"),
        ("C", "S", "2024-01-04"),
    )
    rows, dates, _ = placed(frame, [0, 0, 0], [calendar])
    assert dates == ["2024-01-03", "2024-01-08", "2024-01-04"]
    assert rows.moved.tolist() == [False, True, False]
    assert rows.phase.tolist() == ["time unknown"] * 3


@pytest.mark.parametrize("when", ["2024-01-01", "2024-01-09", "2023-12-31T12:00Z"])
def test_outside_the_users_own_list_a_pair_is_dropped_with_the_range(when):
    calendar = listed("2024-01-02", "2024-01-08")
    rows, dropped = locate(events(("A", "S", when)), np.array([0]), [calendar])
    assert len(rows) == 0
    assert dropped[0] == f"{when[:10]} is outside the data, 2024-01-02 to 2024-01-08"


def test_rows_can_be_taken_by_place_or_by_flag():
    frame = events(("A", "S", "2020-09-09"), ("B", "S", "2020-09-10"), ("A", "T", "2020-09-09"))
    rows, _ = locate(frame, np.zeros(3, dtype=np.int64), [new_york()])
    assert rows.event.tolist() == [0, 1, 0]
    assert rows.take(np.array([2, 0])).pair.tolist() == [2, 0]
    assert rows.take(np.array([False, True, False])).pair.tolist() == [1]


# ------------------------------------------------------------------ prices


def settled(values, zeros, *, kind="prices"):
    """Ten sessions, one security with the values, events on the given sessions."""
    days = np.datetime64("2024-01-01") + np.arange(len(values))
    calendar = data_calendar(days)
    series = PriceSeries("AAA", days, np.array(values, dtype=float), kind, "memory")
    panel = Panel.build([series], [calendar], [0], pad=3)
    frame = events(*((f"E{i}", "AAA", str(days[zero])) for i, zero in enumerate(zeros)))
    rows, _ = locate(frame, np.zeros(len(zeros), dtype=np.int64), [calendar])
    some = np.zeros(len(zeros), dtype=np.int64)
    found, dropped = settle(rows, panel, some, some)
    return found, dropped, panel


NAN = np.nan


def test_a_halt_moves_day_zero_to_the_resumption_and_says_so():
    found, dropped, panel = settled([1, 2, 3, NAN, NAN, 4, 5], [2, 3, 4, 5])
    assert found.zero.tolist() == [2, 5, 5, 5]
    assert found.announced.tolist() == [2, 3, 4, 5]
    assert dropped == {}
    assert shift_reasons(found, panel) == [
        "",
        "no price in the source on 2024-01-04..2024-01-05 (halt or gap)",
        "no price in the source on 2024-01-05..2024-01-05 (halt or gap)",
        "",
    ]


def test_given_returns_move_nothing():
    found, dropped, panel = settled([0.1, 0.2, NAN, NAN, 0.1], [2, 3], kind="returns")
    assert found.zero.tolist() == [2, 3]
    assert dropped == {}
    assert shift_reasons(found, panel) == ["", ""]


def test_before_the_first_price_and_after_the_last_there_is_no_day_zero():
    found, dropped, _ = settled([NAN, NAN, 3, 4, NAN, NAN], [1, 2, 4])
    assert found.pair.tolist() == [1]
    assert dropped[0] == "2024-01-02 is before the first price of AAA, 2024-01-03"
    assert dropped[2] == "no price of AAA on or after 2024-01-05; the series ends 2024-01-04"


def test_a_hole_in_given_returns_moves_nothing_yet_past_their_end_there_is_no_day():
    """Effects of days before the announcement alone are none of it; prices are treated alike."""
    found, dropped, _ = settled([0.1, NAN, 0.1, NAN], [1, 3], kind="returns")
    assert found.zero.tolist() == [1]
    assert dropped == {1: "no return of AAA on or after 2024-01-04; the series ends 2024-01-03"}


def test_a_series_without_a_single_price():
    found, dropped, _ = settled([NAN, NAN, NAN], [1])
    assert len(found) == 0
    assert dropped[0] == "no price of AAA near 2024-01-02"


def test_pairs_without_a_series_are_left_to_the_caller():
    days = np.datetime64("2024-01-01") + np.arange(3)
    series = PriceSeries("AAA", days, np.ones(3), "prices", "memory")
    panel = Panel.build([series], [data_calendar(days)], [0], pad=1)
    frame = events(("A", "AAA", "2024-01-02"), ("A", "BBB", "2024-01-02"))
    rows, _ = locate(frame, np.zeros(2, dtype=np.int64), panel.calendars)
    found, dropped = settle(rows, panel, np.array([0, -1]), np.array([-1, -1]))
    assert found.pair.tolist() == [0]
    assert dropped == {}


# ------------------------------------------------------------------ many pairs, against loops

CALENDARS = (
    new_york(),
    hong_kong(),
    listed("2020-01-02", "2020-02-03", "2020-06-01", "2020-11-30"),
)


def twin_locate(frame, which, calendars, closed_day):
    """Day zero, phase and moved of one pair after the other."""
    found, dropped = {}, {}
    for pair, (row, here) in enumerate(zip(frame.itertuples(index=False), which, strict=True)):
        if here < 0:
            continue
        one = calendars[here]
        if one.name != "data" and not pd.isna(row.announced_at):
            instant = np.array([row.announced_at.tz_convert(None)], dtype="datetime64[ns]")
            found[pair] = (int(one.day_zero(instant)[0]), one.phase(instant)[0], False)
            continue
        day = np.datetime64(row.written or str(row.date)[:10], "D")
        if one.name == "data" and not one.sessions[0] <= day <= one.sessions[-1]:
            dropped[pair] = f"{day} is outside the data, {one.sessions[0]} to {one.sessions[-1]}"
            continue
        (zero,), (moved,) = one.closed_day(np.array([day]), closed_day)
        if zero < 0:
            dropped[pair] = f"{day} is no session of {one.name}, and such events are to be dropped"
        else:
            found[pair] = (int(zero), "time unknown", bool(moved))
    return found, dropped


def random_events(rng, count):
    """Instants on several clocks, and dates, weekends among them."""
    days = np.datetime64("2020-01-20") + rng.integers(0, 300, count)
    offsets = rng.choice(["Z", "-05:00", "+08:00", "+05:30"], count)
    hours = rng.integers(0, 24, count)
    whens = [
        f"{day}T{hour:02d}:30{offset}" if timed else str(day)
        for day, hour, offset, timed in zip(
            days, hours, offsets, rng.random(count) < 0.6, strict=True
        )
    ]
    return events(*((f"E{i // 2}", f"S{i % 2}", whens[i // 2]) for i in range(count)))


@pytest.mark.parametrize("rule", ["next", "previous", "drop"])
@pytest.mark.parametrize("seed", range(4))
def test_many_pairs_are_located_as_one_after_the_other(seed, rule):
    rng = np.random.default_rng(seed)
    frame = random_events(rng, 200)
    which = rng.integers(-1, 3, len(frame))
    rows, dropped = locate(frame, which, CALENDARS, closed_day=rule)
    found, reasons = twin_locate(frame, which, CALENDARS, rule)
    assert dropped == reasons
    assert rows.pair.tolist() == list(found)
    got = zip(rows.zero.tolist(), rows.phase.tolist(), rows.moved.tolist(), strict=True)
    assert list(got) == list(found.values())
    assert rows.calendar.tolist() == which[rows.pair].tolist()
    np.testing.assert_array_equal(rows.event, pd.factorize(frame["event_id"])[0][rows.pair])


def twin_settle(rows, panel, security):
    """Look from each announcement for the next session with a price."""
    zeros, dropped = {}, {}
    for row, which in enumerate(security):
        if which < 0:
            continue
        dates = panel.calendars[panel.calendar[which]].sessions
        priced = np.flatnonzero(panel.priced[panel.row(which)])
        zero, pair, ticker = int(rows.announced[row]), int(rows.pair[row]), panel.tickers[which]
        later = priced[priced >= zero]
        figure = "price" if panel.moves[which] else "return"
        if not len(priced):
            dropped[pair] = f"no {figure} of {ticker} near {dates[zero]}"
        elif not len(later):
            end = f"; the series ends {dates[priced[-1]]}" if len(priced) else ""
            dropped[pair] = f"no {figure} of {ticker} on or after {dates[zero]}{end}"
        elif zero < priced[0]:
            dropped[pair] = (
                f"{dates[zero]} is before the first {figure} of {ticker}, {dates[priced[0]]}"
            )
        else:
            zeros[pair] = int(later[0]) if panel.moves[which] else zero
    return zeros, dropped


@pytest.mark.parametrize("seed", range(6))
def test_many_pairs_are_settled_as_one_after_the_other(seed):
    """Halts, series that begin late or end early, empty ones, given returns, missing ones."""
    rng = np.random.default_rng(seed)
    home = rng.integers(0, 2, 8)
    series = []
    for number, which in enumerate(home):
        dates = CALENDARS[which].sessions
        values = np.where(rng.random(len(dates)) < 0.3, np.nan, 10.0)
        values[: rng.integers(0, 60)] = np.nan
        values[len(dates) - rng.integers(0, 60) :] = np.nan
        values[:] = np.nan if number == 3 else values
        kind = "returns" if number == 5 else "prices"
        series.append(PriceSeries(f"S{number}", dates, values, kind, "memory"))
    panel = Panel.build(series, CALENDARS[:2], home.tolist(), pad=5)
    frame = random_events(rng, 300)
    security = rng.integers(-1, 8, len(frame))
    rows, _ = locate(frame, np.where(security < 0, 0, home[security]), CALENDARS)
    got, dropped = settle(rows, panel, security[rows.pair], np.zeros(len(rows), dtype=np.int64))
    zeros, reasons = twin_settle(rows, panel, security[rows.pair])
    assert dropped == reasons
    assert dict(zip(got.pair.tolist(), got.zero.tolist(), strict=True)) == zeros
    np.testing.assert_array_equal(got.security, security[got.pair])


def test_the_rows_of_a_study_are_small_and_are_not_copied_where_all_are_kept():
    frame = events(*((f"E{i}", "S", "2020-09-09") for i in range(50)))
    rows, _ = locate(frame, np.zeros(50, dtype=np.int64), [new_york()])
    assert sum(getattr(rows, name).dtype.itemsize for name in rows.__dataclass_fields__) == 34
    assert rows.zero.dtype == np.int64
    assert rows.take(np.ones(50, dtype=bool)) is rows
    assert len(rows.take(slice(10, 30))) == 20


def test_after_the_last_return_or_before_the_first_a_pair_is_dropped_as_of_prices():
    """Else its effect would be that of the days before the announcement alone."""
    dates = ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08"]
    calendar = listed(*dates)
    frame = events(*((name, "MU", day) for name, day in zip("ABCDE", dates, strict=True)))
    values = np.array([np.nan, 0.01, np.nan, 0.02, np.nan])
    for kind in ("returns", "prices"):
        known = values if kind == "returns" else 1.0 + values
        series = PriceSeries("MU", calendar.sessions, known, kind, "memory")
        panel = Panel.build([series], [calendar], [0], pad=5)
        rows, dropped = locate(frame, np.zeros(5, dtype=np.int64), [calendar])
        rows, dropped = settle(
            rows, panel, np.zeros(5, dtype=np.int64), np.zeros(5, dtype=np.int64)
        )
        figure = kind[:-1]
        assert dropped == {
            0: f"2024-01-02 is before the first {figure} of MU, 2024-01-03",
            4: f"no {figure} of MU on or after 2024-01-08; the series ends 2024-01-05",
        }
        # A hole moves the day zero of prices, and leaves that of given returns.
        assert rows.zero.tolist() == ([1, 2, 3] if kind == "returns" else [1, 3, 3])
