"""Returns on each security's own sessions, and factors aligned by closes."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import eventstudy as es
from eventstudy.calendars import Calendar, data_calendar, exchange_calendar
from eventstudy.errors import PriceFileError
from eventstudy.panel import Factors, Panel, PriceSeries, align, compound, session_returns

EXCHANGES = ("XNYS", "XHKG", "XSHG")


def series(values, *, ticker="AAA", dates=None, kind="prices"):
    """A series on consecutive days, or on the dates given."""
    values = np.asarray(values, dtype=float)
    if dates is None:
        dates = np.datetime64("2024-01-01") + np.arange(len(values))
    return PriceSeries(ticker, np.asarray(dates, "datetime64[D]"), values, kind, "memory")


def build(*all_series, pad=3):
    days = data_calendar(all_series[0].dates)
    return Panel.build(all_series, [days], [0] * len(all_series), pad=pad)


@lru_cache
def year(mic):
    return exchange_calendar(mic, "2018-01-01", "2020-12-31")


# ------------------------------------------------------------------ returns


def test_a_return_is_the_price_over_the_one_before():
    panel = build(series([100, 110, 99]))
    got = panel.returns.values[panel.row(0)]
    assert np.isnan(got[0])  # the first price of a series has no return
    np.testing.assert_allclose(got[1:], [0.10, -0.10], rtol=1e-15)
    assert panel.spans[panel.row(0)].tolist() == [1, 1, 1]
    assert panel.priced[panel.row(0)].all()


def test_after_a_hole_one_return_covers_all_its_sessions():
    panel = build(series([100, np.nan, np.nan, 121, np.nan, 110]))
    got, spans = panel.returns.values[panel.row(0)], panel.spans[panel.row(0)]
    assert np.flatnonzero(np.isfinite(got)).tolist() == [3, 5]
    np.testing.assert_allclose(got[[3, 5]], [0.21, 110 / 121 - 1], rtol=1e-14)
    assert spans[[3, 5]].tolist() == [3, 2]
    assert panel.priced[panel.row(0)].tolist() == [True, False, False, True, False, True]


def test_a_session_without_a_row_is_a_hole_too():
    days = np.datetime64("2024-01-01") + np.arange(6)
    sparse = series([100, 121], dates=days[[0, 3]])
    panel = Panel.build([sparse], [data_calendar(days)], [0], pad=2)
    assert panel.spans[panel.row(0)][3] == 3
    assert panel.returns.values[panel.row(0)][3] == pytest.approx(0.21)


def test_given_returns_keep_one_session_each_after_a_hole():
    panel = build(series([0.01, np.nan, np.nan, 0.02], kind="returns"))
    assert panel.spans[panel.row(0)].tolist() == [1, 1, 1, 1]
    np.testing.assert_array_equal(panel.returns.values[panel.row(0)], [0.01, np.nan, np.nan, 0.02])
    assert not panel.moves[0]
    assert build(series([100.0, 101.0])).moves[0]


def test_rows_are_padded_so_that_no_window_runs_into_the_next_security():
    panel = build(series([100, 110]), series([50, 55], ticker="BBB"), pad=4)
    assert panel.returns.start.tolist() == [4, 14]
    assert len(panel.returns.values) == 2 * (2 + 8)
    inside = np.zeros(20, dtype=bool)
    for row in range(2):
        inside[panel.row(row)] = True
    assert np.isnan(panel.returns.values[~inside]).all()
    assert not panel.priced[~inside].any()
    assert (panel.spans[~inside] == 1).all()


def test_no_securities_at_all():
    panel = Panel.build([], [], [], pad=3)
    assert panel.tickers == ()
    assert len(panel.returns.values) == 0


def test_a_price_on_a_closed_day_names_the_date_and_the_way_out():
    closed = np.array(["2020-12-24", "2020-12-25", "2020-12-28"])
    wrong = series([1, 2, 3], ticker="MU", dates=closed)
    other = series([1, 2], ticker="NVDA", dates=["2020-07-03", "2020-07-04"])
    with pytest.raises(PriceFileError) as caught:
        Panel.build([wrong, other], [year("XNYS")], [0, 0], pad=2)
    assert [problem.column for problem in caught.value.problems] == ["MU", "NVDA"]
    text = str(caught.value)
    assert "MU has a figure on 2020-12-25, which is no session of XNYS" in text
    assert "NVDA has a figure on 2020-07-03 (and 1 more)" in text  # the Fourth was a Saturday
    assert 'calendar="data"' in text


def test_an_empty_cell_on_a_closed_day_is_no_figure():
    fine = series([1, np.nan, 3], dates=["2020-12-24", "2020-12-25", "2020-12-28"])
    panel = Panel.build([fine], [year("XNYS")], [0], pad=2)
    assert np.nanmax(panel.returns.values) == pytest.approx(2.0)
    assert panel.spans.max() == 1


def test_each_security_keeps_its_own_sessions():
    """Christmas closes New York, not Shanghai: neither sees the other's holiday."""
    days = np.arange("2020-12-21", "2020-12-31", dtype="datetime64[D]")
    panels = {}
    for mic in ("XNYS", "XSHG"):
        dates = days[year(mic).index_of(days) >= 0]
        one = series(100.0 + np.arange(len(dates)), dates=dates, ticker=mic)
        panels[mic] = Panel.build([one], [year(mic)], [0], pad=2)
        there = np.isfinite(panels[mic].returns.values)
        assert there.sum() == len(dates) - 1
        assert (panels[mic].spans[there] == 1).all()


# ------------------------------------------------------------------ factors


def test_of_a_factor_only_one_session_returns_can_be_used():
    days = data_calendar(np.datetime64("2024-01-01") + np.arange(5))
    got = session_returns(series([100, np.nan, 110, 121, 121]), days)
    np.testing.assert_allclose(got, [np.nan, np.nan, np.nan, 0.1, 0.0], rtol=1e-14)


def test_compounding():
    assert compound(np.array([])) == 0.0
    assert compound(np.array([0.1, -0.1])) == pytest.approx(-0.01, rel=1e-14)
    assert np.isnan(compound(np.array([0.1, np.nan])))


@pytest.mark.parametrize("mic", EXCHANGES)
def test_on_the_same_exchange_nothing_is_shifted(mic):
    returns = np.random.default_rng(1).normal(0, 0.01, len(year(mic)))
    returns[[5, 77]] = np.nan
    aligned, closed = align(returns, year(mic), year(mic))
    np.testing.assert_array_equal(aligned, returns)
    assert not closed.any()


@pytest.mark.parametrize("own", EXCHANGES)
@pytest.mark.parametrize("target", EXCHANGES)
def test_alignment_is_the_loop_over_closes(own, target):
    """(previous close, this close] of the security, on every session of three years."""
    if own == target:
        return
    factor, mine = year(own), year(target)
    returns = np.random.default_rng(2).normal(0, 0.01, len(factor))
    returns[[50, 51, 300]] = np.nan
    aligned, closed = align(returns, factor, mine)
    ends, closes = mine.closes.astype(int).tolist(), factor.closes.astype(int).tolist()
    counts = set()
    for session in range(1, len(mine)):
        inside = [
            value
            for value, close in zip(returns.tolist(), closes, strict=True)
            if ends[session - 1] < close <= ends[session]
        ]
        want = math.prod(1 + r for r in inside) - 1 if len(inside) != 1 else inside[0]
        assert aligned[session] == pytest.approx(want, rel=1e-12, abs=1e-16, nan_ok=True)
        assert closed[session] == (not inside)
        if not inside:
            assert aligned[session] == 0.0
        counts.add(len(inside))
    assert {0, 1, 2} <= counts
    assert np.isnan(aligned[0])


def at(calendar, date):
    return int(calendar.index_of(np.array([date], "datetime64[D]"))[0])


def test_thanksgiving_leaves_shanghais_friday_with_exactly_nothing():
    own, target = year("XNYS"), year("XSHG")
    returns = np.full(len(own), 0.01)
    aligned, closed = align(returns, own, target)
    friday = at(target, "2018-11-23")
    assert (aligned[friday], closed[friday]) == (0.0, True)
    thursday = at(target, "2018-11-22")  # it holds New York's Wednesday
    assert (aligned[thursday], closed[thursday]) == (0.01, False)


def test_after_golden_week_shanghai_gets_all_of_new_york_at_once():
    own, target = year("XNYS"), year("XSHG")
    returns = np.random.default_rng(3).normal(0, 0.01, len(own))
    aligned, _ = align(returns, own, target)
    first, last = at(own, "2020-09-30"), at(own, "2020-10-08")
    want = np.prod(1 + returns[first : last + 1]) - 1
    assert aligned[at(target, "2020-10-09")] == pytest.approx(want, rel=1e-14)


def test_a_session_that_took_place_without_a_price_is_missing_not_zero():
    own, target = year("XNYS"), year("XHKG")
    returns = np.full(len(own), 0.01)
    returns[at(own, "2020-03-10")] = np.nan
    aligned, closed = align(returns, own, target)
    there = at(target, "2020-03-11")
    assert np.isnan(aligned[there])
    assert not closed[there]
    assert aligned[there - 1] == aligned[there + 1] == 0.01


def test_one_missing_session_spoils_the_compound():
    own, target = year("XNYS"), year("XSHG")
    returns = np.full(len(own), 0.01)
    returns[at(own, "2020-10-05")] = np.nan
    aligned, closed = align(returns, own, target)
    assert np.isnan(aligned[at(target, "2020-10-09")])
    assert not closed[at(target, "2020-10-09")]


def synthetic(name, closes):
    sessions = np.array(closes, "datetime64[D]")
    instants = np.array(closes, "datetime64[ns]")
    opens = instants - np.timedelta64(1, "h")
    first, last = sessions[0], sessions[-1]
    return Calendar(name, "UTC", sessions, opens, instants, first, last, opens[0])


def test_the_right_end_is_inside_and_the_left_is_not():
    target = synthetic("ONE", ["2024-01-01T10", "2024-01-02T10", "2024-01-03T10"])
    own = synthetic("TWO", ["2024-01-01T10", "2024-01-02T10", "2024-01-03T09"])
    aligned, _ = align(np.array([0.5, 0.1, 0.2]), own, target)
    np.testing.assert_array_equal(aligned, [np.nan, 0.1, 0.2])
    later = synthetic("TWO", ["2024-01-01T10", "2024-01-02T11", "2024-01-03T10"])
    aligned, closed = align(np.array([0.5, 0.1, 0.2]), later, target)
    assert (aligned[1], closed[1]) == (0.0, True)
    assert aligned[2] == pytest.approx(1.1 * 1.2 - 1)


def test_beyond_the_factors_calendar_nothing_is_known():
    """A calendar that ends sooner says nothing of holidays: the factor is missing, not zero."""
    own = exchange_calendar("XSHG", "2019-03-01", "2019-09-30")
    target = exchange_calendar("XHKG", "2019-01-01", "2019-12-31")
    aligned, closed = align(np.full(len(own), 0.01), own, target)
    outside = (target.sessions < own.first) | (target.sessions > own.last)
    assert np.isnan(aligned[outside]).all()
    assert not closed[outside].any()
    assert np.isfinite(aligned[~outside][1:]).all()
    assert aligned[at(target, "2019-03-01")] == 0.01  # the close before the range is known


@given(st.lists(st.integers(1, 60), min_size=2, max_size=12), st.integers(0, 2**32 - 1))
def test_no_return_is_lost_or_counted_twice(steps, seed):
    """Between two closes that both keep, the compounded returns agree, however they are cut."""
    hours = np.cumsum(steps)
    start = np.datetime64("2024-01-01T00", "ns")
    own_closes = start + np.arange(0, hours[-1] + 1).astype("timedelta64[h]")
    every = Calendar(
        "ONE", "UTC", own_closes.astype("datetime64[D]"), own_closes, own_closes.copy(),
        *(np.datetime64("2023-12-31"), np.datetime64("2025-12-31")), own_closes[0],
    )  # fmt: skip
    some = own_closes[np.concatenate([[0], hours])]
    target = Calendar(
        "TWO", "UTC", some.astype("datetime64[D]"), some, some.copy(),
        *(np.datetime64("2024-01-01"), np.datetime64("2025-12-31")), some[0],
    )  # fmt: skip
    returns = np.random.default_rng(seed).normal(0, 0.01, len(own_closes))
    aligned, closed = align(returns, every, target)
    assert not closed.any()
    np.testing.assert_allclose(
        np.prod(1 + aligned[1:]), np.prod(1 + returns[1 : hours[-1] + 1]), rtol=1e-12
    )


def test_factors_stand_on_every_calendar():
    days = {mic: year(mic).sessions for mic in ("XNYS", "XHKG")}
    rng = np.random.default_rng(4)
    both = [
        series(100 * np.cumprod(1 + rng.normal(0, 0.01, len(dates))), ticker=mic, dates=dates)
        for mic, dates in days.items()
    ]
    calendars = [year(mic) for mic in days]
    factors = Factors.build(both, calendars, calendars, pad=5)
    assert factors.names == ("XNYS", "XHKG")
    assert factors.where.tolist() == [[0, 1], [2, 3]]
    for which, target in enumerate(calendars):
        for column, (one, own) in enumerate(zip(both, calendars, strict=True)):
            start = factors.returns.start[factors.where[which, column]]
            got = factors.returns.values[start : start + len(target)]
            want, closed = align(session_returns(one, own), own, target)
            np.testing.assert_array_equal(got, want)
            np.testing.assert_array_equal(factors.closed[start : start + len(target)], closed)
            assert np.isnan(factors.returns.values[start - 5 : start]).all()


def test_no_factors_at_all():
    factors = Factors.build([], [], [year("XNYS")], pad=5)
    assert factors.names == ()
    assert factors.where.shape == (1, 0)


# ------------------------------------------------------------------ many series


def twin_build(all_series, calendars, calendar, pad):
    """Session by session: what one series has on one of its calendar's."""
    values, spans, priced = [], [], []
    for one, which in zip(all_series, calendar, strict=True):
        sessions = calendars[which].sessions
        found = dict(zip(one.dates.tolist(), one.values.tolist(), strict=True))
        size, last = len(sessions), None
        got = [math.nan] * size
        covered, known = [1] * size, [False] * size
        for place, session in enumerate(sessions.tolist()):
            figure = found.get(session, math.nan)
            if not math.isfinite(figure):
                continue
            known[place] = True
            if one.kind == "returns":
                got[place] = figure
            elif last is not None:
                got[place], covered[place] = figure / last[1] - 1.0, place - last[0]
            last = (place, figure)
        margin = [math.nan] * pad
        values += [*margin, *got, *margin]
        spans += [*[1] * pad, *covered, *[1] * pad]
        priced += [*[False] * pad, *known, *[False] * pad]
    return np.array(values), np.array(spans), np.array(priced)


@pytest.mark.parametrize("seed", range(4))
def test_many_series_are_laid_as_session_after_session(seed):
    """Prices and returns, halts, shared arrays of dates and parts of them, three exchanges."""
    rng = np.random.default_rng(seed)
    calendars = tuple(year(mic) for mic in EXCHANGES)
    calendar = rng.integers(0, 3, 9).tolist()
    given_series = []
    for number, which in enumerate(calendar):
        dates = calendars[which].sessions
        if number % 3 == 0:
            dates = dates[rng.random(len(dates)) < 0.8]
        values = np.where(rng.random(len(dates)) < 0.2, np.nan, rng.uniform(5, 20, len(dates)))
        kind = "returns" if number % 4 == 0 else "prices"
        given_series.append(PriceSeries(f"S{number}", dates, values, kind, "memory"))
    given_series.append(series([np.nan] * 3, ticker="none", dates=calendars[0].sessions[:3]))
    panel = Panel.build(given_series, calendars, [*calendar, 0], pad=7)
    values, spans, priced = twin_build(given_series, calendars, [*calendar, 0], 7)
    np.testing.assert_array_equal(panel.returns.values, values)
    np.testing.assert_array_equal(panel.spans, spans)
    np.testing.assert_array_equal(panel.priced, priced)
    assert panel.spans.dtype == np.int16


def test_one_array_of_dates_means_other_sessions_on_another_calendar():
    """The 5th is the third session of one calendar and the second of the other."""
    days = np.array(["2024-01-02", "2024-01-03", "2024-01-05"], dtype="datetime64[D]")
    calendars = (data_calendar(days), data_calendar(days[[0, 2]]))
    shared = np.array(["2024-01-02", "2024-01-05"], dtype="datetime64[D]")
    both = [series([1.0, 2.0], ticker=name, dates=shared) for name in "AB"]
    panel = Panel.build(both, calendars, [0, 1], pad=0)
    assert panel.spans.tolist() == [1, 1, 2, 1, 1]


def test_a_hole_of_more_than_a_century_is_an_error():
    days = np.datetime64("1900-01-01") + np.arange(33_000)
    calendar = data_calendar(days)
    one = series([1.0, 2.0, 3.0], dates=days[[0, 1, 32_999]])
    with pytest.raises(
        PriceFileError, match="no price between 1900-01-02 and 1990-05-08"
    ) as caught:
        Panel.build([one], [calendar], [0], pad=1)
    assert "32,998 sessions" in str(caught.value)
    assert Panel.build([series([1.0, 2.0], dates=days[[0, 32_767]])], [calendar], [0], pad=1)


def test_each_calendar_has_a_row_of_each_factor():
    targets, own = [year("XNYS"), year("XHKG")], [year("XSHG"), year("XNYS"), year("XHKG")]
    rng = np.random.default_rng(1)
    factors = [
        series(rng.uniform(5, 20, len(one.sessions)), ticker=one.name, dates=one.sessions)
        for one in own
    ]
    got = Factors.build(factors, own, targets, pad=4)
    for place, target in enumerate(targets):
        for column, (one, calendar) in enumerate(zip(factors, own, strict=True)):
            want, closed = align(session_returns(one, calendar), calendar, target)
            first = got.returns.start[got.where[place, column]]
            row = slice(first, first + len(target.sessions))
            np.testing.assert_array_equal(got.returns.values[row], want)
            np.testing.assert_array_equal(got.closed[row], closed)
            assert np.isnan(got.returns.values[first - 4 : first]).all()
            assert np.isnan(got.returns.values[row.stop : row.stop + 4]).all()


def test_a_return_over_a_session_that_both_lack_needs_the_prices_at_its_ends_alone():
    """The benchmark's returns of the two sessions are not known, and their product is."""
    calendar = year("XNYS")
    sessions = calendar.sessions[:400]
    rng = np.random.default_rng(0)
    market = 0.01 * rng.standard_normal(len(sessions))
    returns = 1.1 * market + 0.01 * rng.standard_normal(len(sessions))
    prices = pd.DataFrame(
        {"AAA": 100 * np.cumprod(1 + returns), "MKT": 50 * np.cumprod(1 + market)},
        index=pd.DatetimeIndex(sessions),
    )
    day = sessions[300]
    events = es.Events.from_frame(
        pd.DataFrame({"event_id": ["A"], "date": [day], "ticker": "AAA", "benchmark": "MKT"})
    )

    def effects(*without: str) -> pd.DataFrame:
        given = prices.copy()
        given.loc[pd.Timestamp(sessions[299]), list(without)] = np.nan
        result = es.Study().run(events, prices=es.MemoryPrices.from_prices(given))
        return result.events.set_index("window")[["car", "se", "n_days", "spans"]]

    both, share = effects("AAA", "MKT"), effects("AAA")
    pd.testing.assert_frame_equal(both, share, rtol=1e-12)
    assert both.loc["(0, 0)", "spans"] == 2
    # A one-session return of the share has none of the benchmark beside it.
    assert np.isnan(effects("MKT").loc["(0, 0)", "car"])


def test_a_benchmark_elsewhere_needs_the_prices_at_the_closes_alone():
    """Two of its sessions close between two closes of the security, and one has no price."""
    own, target = year("XNYS"), year("XHKG")
    upto = np.searchsorted(own.closes, target.closes, side="right")
    session = int(np.flatnonzero(np.diff(upto) > 1)[3]) + 1
    values = 100 * np.cumprod(1 + 0.01 * np.random.default_rng(0).standard_normal(len(own)))
    whole = Factors.build(
        [PriceSeries("F", own.sessions, values, "prices", "x")], [own], [target], pad=0
    )
    values[upto[session - 1]] = np.nan  # the first of the two
    some = Factors.build(
        [PriceSeries("F", own.sessions, values, "prices", "x")], [own], [target], pad=0
    )
    np.testing.assert_allclose(some.returns.values, whole.returns.values, rtol=1e-12)
    values[upto[session] - 1] = np.nan  # the last one
    none = Factors.build(
        [PriceSeries("F", own.sessions, values, "prices", "x")], [own], [target], pad=0
    )
    assert np.isnan(none.returns.values[session : session + 2]).all()
    assert np.isfinite(none.returns.values[session + 2])
