"""Exchanges, benchmarks, prices and calendars of the pairs."""

from __future__ import annotations

import tracemalloc
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import exchange_calendar
from eventstudy.errors import EventsError, PricesError, UnknownExchangeError
from eventstudy.market import (
    calendars_between,
    event_range,
    list_pairs,
    list_peers,
    open_market,
    price_range,
)
from eventstudy.rows import locate, settle
from eventstudy.windows import Design, Window

DESIGN = Design(Window(-60, -11), Window(-5, 5), (Window(0, 0),), 30)


def events(*tickers, when="2020-09-09", **columns):
    table = {"event_id": "A", "ticker": list(tickers), "date": when} | columns
    return es.Events.from_frame(pd.DataFrame(table)).frame


def places(frame, **changes):
    usual = {"calendar": "exchange", "benchmark": None, "exchanges": {}, "needs_benchmark": True}
    listing = list_pairs(frame, **(usual | changes))
    return [listing.places[code] for code in listing.code], listing


def test_defaults_by_exchange():
    found, _ = places(events("MU", "0981.HK", "688981.SS", "000001.SS", "^HSI"))
    assert [place.exchange for place in found] == ["XNYS", "XHKG", "XSHG", "XSHG", "XHKG"]
    assert [place.benchmark for place in found] == ["^GSPC", "^HSI", "000300.SS", "ACWI", "ACWI"]
    assert [place.benchmark_exchange for place in found] == [
        *("XNYS", "XHKG", "XSHG", "XNYS", "XNYS"),
    ]
    assert not any(place.reason for place in found)


def test_a_rows_own_benchmark_comes_before_the_studys():
    frame = events("MU", "NVDA", benchmark=["^SOX", ""])
    found, _ = places(frame, benchmark="^IXIC")
    assert [place.benchmark for place in found] == ["^SOX", "^IXIC"]


def test_a_model_without_a_benchmark_asks_for_none():
    found, _ = places(events("MU", "7203.T"), needs_benchmark=False)
    assert [place.benchmark for place in found] == ["", ""]
    assert not any(place.reason for place in found)


def test_where_there_is_no_default_benchmark_the_pair_has_a_reason():
    found, listing = places(events("7203.T", "MU"))
    assert "no default benchmark for 7203.T: name one" in found[0].reason
    assert listing.dropped() == {0: found[0].reason}


def test_an_unknown_exchange_is_a_reason_unless_it_is_named():
    found, _ = places(events("AAA.XYZ", benchmark="^GSPC"))
    assert found[0].reason
    found, _ = places(events("AAA.XYZ", benchmark="^GSPC", exchange="XASX"))
    assert (found[0].exchange, found[0].reason) == ("XASX", "")
    found, _ = places(events("AAA.XYZ", benchmark="^GSPC"), exchanges={"AAA.XYZ": "XASX"})
    assert found[0].exchange == "XASX"
    found, _ = places(events("MU", benchmark="BBB.XYZ"))
    assert "BBB.XYZ" in found[0].reason


def test_the_users_own_days_know_no_exchange():
    found, _ = places(events("S1", "weird.name", benchmark="MKT"), calendar="data")
    assert {place.exchange for place in found} == {"data"}
    assert {place.benchmark_exchange for place in found} == {"data"}


def test_a_pair_without_a_ticker():
    found, _ = places(events("MU", ""))
    assert "no ticker: fill the cell" in found[1].reason


def test_a_ticker_that_is_its_own_benchmark_is_an_error():
    with pytest.raises(EventsError, match="ACWI is its own benchmark") as caught:
        places(events("MU", "ACWI"), benchmark="ACWI")
    assert caught.value.problems[0].column == "benchmark"


def test_peers_have_an_exchange_each():
    found = list_peers(["INTC", "0700.HK"], calendar="exchange", exchanges={})
    assert [place.exchange for place in found] == ["XNYS", "XHKG"]
    assert [p.exchange for p in list_peers(["a"], calendar="data", exchanges={})] == ["data"]
    with pytest.raises(UnknownExchangeError, match=r"AAA\.XYZ"):
        list_peers(["AAA.XYZ"], calendar="exchange", exchanges={})


# ------------------------------------------------------------------ ranges


def test_the_range_of_announcements_takes_instants_and_dates():
    table = pd.DataFrame(
        {
            "event_id": ["A", "B"],
            "ticker": "MU",
            "announced_at": ["2020-03-31T23:00-04:00", ""],
            "precision": ["minute", ""],
            "date": ["", "2019-05-16"],
        }
    )
    frame = es.Events.from_frame(table).frame
    assert event_range(frame) == (date(2019, 5, 16), date(2020, 4, 1))


@pytest.mark.parametrize("mic", ["XNYS", "XHKG", "XSHG"])
@pytest.mark.parametrize("estimation", [(-260, -11), (-30, -6), (6, 255)])
def test_the_range_of_prices_holds_every_session_of_the_windows(mic, estimation):
    """Also where the longest holidays lie in it."""
    plan = Design(Window(*estimation), Window(-5, 5), (Window(0, 0),), 5)
    calendar = exchange_calendar(mic, "2017-01-01", "2023-12-31")
    for day in ("2020-02-03", "2019-10-08", "2020-05-06"):
        zero = int(calendar.closed_day(np.array([day], "datetime64[D]"), "next")[0][0])
        start, end = price_range(events("MU", when=day), plan)
        first = min(estimation[0], -5) - 1  # one more price for the first return
        last = max(estimation[1], 5)
        assert start <= calendar.sessions[zero + first].astype(object)
        assert calendar.sessions[zero + last].astype(object) <= end


def test_calendars_are_cut_where_they_end():
    built = calendars_between(["XSHG", "XNYS"], date(2026, 3, 2), date(2026, 12, 20))
    assert built["XNYS"].last == np.datetime64(date(2026, 12, 20) + timedelta(days=60))
    assert built["XSHG"].last == np.datetime64("2026-12-31")
    assert built["XNYS"].first == np.datetime64("2026-01-01")


# ------------------------------------------------------------------ the market


def source(*tickers, start="2020-05-01", end="2020-10-30", mic="XNYS", seed=0):
    calendar = exchange_calendar(mic, start, end)
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        100 * np.cumprod(1 + rng.normal(0, 0.01, (len(calendar), len(tickers))), axis=0),
        index=calendar.sessions.astype("datetime64[s]"),
        columns=list(tickers),
    )
    return es.MemoryPrices.from_prices(frame)


def opened(frame, prices, *, peers=(), **changes):
    _, listing = places(frame, **changes)
    return open_market(frame, listing, prices, DESIGN, peers=peers)


def test_each_series_is_loaded_once_and_pairs_point_to_it():
    market = opened(events("MU", "NVDA"), source("MU", "NVDA", "^GSPC"))
    assert market.panel.tickers == ("MU", "NVDA")
    assert market.factors.names == ("^GSPC",)
    assert market.security.tolist() == [0, 1]
    assert market.benchmark.tolist() == [0, 0]
    assert market.calendar.tolist() == [0, 0]
    assert market.dropped == {}
    assert set(market.series) == {"MU", "NVDA", "^GSPC"}
    assert market.panel.pad >= 62


def test_a_series_that_cannot_be_had_is_a_reason():
    market = opened(events("MU", "AAPL"), source("MU", "^GSPC"))
    assert list(market.dropped) == [1]
    assert "AAPL" in market.dropped[1]
    assert market.security.tolist() == [0, -1]


def test_a_benchmark_that_cannot_be_had_is_a_reason_too():
    frame = events("MU", "NVDA", benchmark=["^GSPC", "^SOX"])
    market = opened(frame, source("MU", "NVDA", "^GSPC"))
    assert market.dropped[1].startswith("benchmark: ")
    assert "^SOX" in market.dropped[1]


def test_no_series_at_all_is_an_error_with_each_reason_once():
    with pytest.raises(PricesError, match="no price series for any event") as caught:
        opened(events("MU", "NVDA"), source("AAPL"))
    assert str(caught.value).count("MU") == 1


def test_peers_without_a_series_or_on_another_exchange_have_no_row():
    peers = list_peers(["AMD", "0700.HK", "GONE"], calendar="exchange", exchanges={})
    market = opened(events("MU"), source("MU", "AMD", "0700.HK", "^GSPC"), peers=peers)
    assert market.panel.tickers == ("MU", "AMD")
    assert market.security.tolist() == [0]


def test_the_calendar_does_not_reach_further_than_the_windows_need():
    market = opened(events("MU"), source("MU", "^GSPC", start="2005-01-03"))
    assert market.panel.calendars[0].first >= np.datetime64("2020-01-01")
    assert market.series["MU"].dates[0] == np.datetime64("2005-01-03")  # the source's, whole


def test_of_the_users_own_days_every_one_is_a_session():
    days = pd.date_range("2024-01-01", periods=90)  # weekends, too
    frame = pd.DataFrame({"S": np.full(90, 0.01), "M": 0.02}, index=days)
    market = opened(
        events("S", when="2024-03-16", benchmark="M"),
        es.MemoryPrices.from_returns(frame),
        calendar="data",
    )
    assert len(market.panel.calendars[0]) == 90
    assert market.sessions["M"].name == "data"


# ------------------------------------------------------------------ many pairs


@pytest.mark.parametrize("seed", range(5))
def test_distinct_places_are_those_of_the_rows(seed):
    """Three columns against a dictionary of their rows, in the order of their first ones."""
    rng = np.random.default_rng(seed)
    count = 300
    table = {
        "event_id": [f"E{i}" for i in range(count)],
        "date": "2020-09-09",
        "ticker": rng.choice(["MU", "NVDA", "AMD", "0981.HK", "7203.T"], count),
        "benchmark": rng.choice(["", "^SOX", "^IXIC"], count),
        "exchange": rng.choice(["", "XNYS"], count) if seed else "",
    }
    frame = es.Events.from_frame(pd.DataFrame(table)).frame
    found, listing = places(frame)
    keys = list(zip(frame["ticker"], frame["benchmark"], frame["exchange"], strict=True))
    first = {key: row for row, key in reversed(list(enumerate(keys)))}
    distinct = list(dict.fromkeys(keys))
    assert listing.code.tolist() == [distinct.index(key) for key in keys]
    assert len(listing.places) == len(distinct)
    for row, key in enumerate(keys):
        alone, _ = places(frame.iloc[[first[key]]].reset_index(drop=True))
        assert found[row] == alone[0]
    dropped = {row: place.reason for row, place in enumerate(found) if place.reason}
    assert listing.dropped() == dropped
    assert seed == 0 or dropped  # Tokyo has no default benchmark


def test_series_of_one_frame_share_their_sessions_after_the_cut():
    """The years before the windows are cut off, without a copy of what stays."""
    dates = pd.bdate_range("2015-01-01", "2020-12-31")
    dates = dates[np.isin(dates, exchange_calendar("XNYS", "2015-01-01", "2020-12-31").sessions)]
    values = np.random.default_rng(0).normal(0, 0.01, (len(dates), 3))
    frame = pd.DataFrame(values, index=dates, columns=["MU", "NVDA", "^GSPC"])
    prices = es.Panel.from_frame(frame)
    pairs = events("MU", "NVDA")
    _, listing = places(pairs)
    market = open_market(pairs, listing, prices, DESIGN)
    assert market.calendar.tolist() == [0, 0]
    assert market.security.tolist() == [0, 1]
    assert market.benchmark.tolist() == [0, 0]
    row = market.panel.row(1)
    sessions = market.panel.calendars[0].sessions
    known = np.isfinite(market.panel.returns.values[row])
    assert sessions[known][0] > np.datetime64("2020-01-01")
    want = frame["NVDA"].loc[sessions[known]].to_numpy()
    np.testing.assert_array_equal(market.panel.returns.values[row][known], want)


def test_many_pairs_take_little_beside_the_panel():
    """From the events' frame to settled rows: 60 bytes a pair are kept, and none is an object."""
    count, sessions = 200_000, 1_000
    rng = np.random.default_rng(0)
    names = [*(f"T{i:02d}" for i in range(40)), "MKT"]
    dates = pd.bdate_range("2015-01-01", periods=sessions)
    frame = pd.DataFrame(rng.normal(0, 0.01, (sessions, 41)), index=dates, columns=names)
    table = {
        "event_id": [f"E{i}" for i in range(count)],
        "date": dates[rng.integers(0, sessions, count)],
        "ticker": np.array(names[:40])[rng.integers(0, 40, count)],
        "benchmark": "MKT",
    }
    pairs = es.Events.from_frame(pd.DataFrame(table)).frame
    prices = es.Panel.from_frame((1 + frame).cumprod(), kind="prices")
    tracemalloc.start()
    _, listing = places(pairs, calendar="data")
    market = open_market(pairs, listing, prices, DESIGN)
    rows, unplaced = locate(pairs, market.calendar, market.panel.calendars)
    rows, unpriced = settle(rows, market.panel, market.security, market.benchmark)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(rows) == count
    assert not unplaced
    assert not unpriced
    assert market.panel.tickers[rows.security[7]] == table["ticker"][7]
    assert (dates[rows.zero] == table["date"]).all()
    assert kept < 60 * count + 11 * market.panel.returns.values.size + 2e6
    assert peak < 160 * count + 11 * market.panel.returns.values.size + 2e6
