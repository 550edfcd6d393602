"""Odd figures: what is left out, made missing, adjusted here, and always said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from fake_yahoo import FakeYahoo
from yahoo_charts import Rows, rows

from eventstudy.errors import NoDataError
from eventstudy.panel import PriceSeries
from eventstudy.sources import YahooPrices
from eventstudy.sources.bars import adjust

START, END = date(2020, 8, 31), date(2020, 9, 18)


def changed(ticker: str, **columns: Callable[[list[Any], Rows], None]) -> Rows:
    """Rows of a ticker, each named column changed in place."""
    there = rows(ticker)
    copies = {name: list(getattr(there, name)) for name in columns}
    for name, change in columns.items():
        change(copies[name], there)
    return replace(there, **copies)


def put(day: str, value: Any) -> Callable[[list[Any], Rows], None]:
    def change(column: list[Any], there: Rows) -> None:
        column[there.at(day)] = value

    return change


def load(
    yahoo: FakeYahoo, there: Rows, *, now: datetime | None = None, start: date = START
) -> PriceSeries:
    yahoo.rows[there.symbol] = there
    source = YahooPrices() if now is None else YahooPrices(clock=lambda: now)
    quotes = source.load([there.symbol], start, END)
    assert not quotes.failures, quotes.failures
    return quotes.series[there.symbol]


def on(series: PriceSeries, day: str) -> float:
    return float(series.values[series.dates.astype(str).tolist().index(day)])


def test_a_row_of_nothing_is_a_session_without_a_price(yahoo: FakeYahoo) -> None:
    columns = dict.fromkeys(("open", "close", "adjusted", "volume"), put("2020-09-08", None))
    series = load(yahoo, changed("MU", **columns))
    assert np.isnan(on(series, "2020-09-08"))
    assert series.volume is not None
    assert np.isnan(series.volume[series.dates == np.datetime64("2020-09-08")])
    assert series.notes == ("1 session without a price: 2020-09-08",)


def test_sessions_without_a_row_are_said(yahoo: FakeYahoo) -> None:
    gone = ("2020-09-03", "2020-09-04", "2020-09-07", "2020-09-09")
    series = load(yahoo, rows("0981.HK").without(*gone))
    assert series.notes == ("4 sessions without a price: 2020-09-03 to 2020-09-07, 2020-09-09",)


def test_a_late_beginning_and_an_early_end_are_said(yahoo: FakeYahoo) -> None:
    gone = ("2020-08-31", "2020-09-01", "2020-09-18")
    series = load(yahoo, rows("MU").without(*gone))
    assert series.notes == (
        "first price on 2020-09-02, 2 sessions after the first one asked for",
        "last price on 2020-09-17, 1 session before the last one asked for",
    )


@pytest.mark.parametrize("day", ["2020-09-05", "2020-09-07"])
def test_a_price_on_a_day_without_a_session_is_left_out(yahoo: FakeYahoo, day: str) -> None:
    series = load(yahoo, rows("MU").with_row(day, 50.0))
    assert day not in series.dates.astype(str).tolist()
    assert series.notes == (f"prices on days without a session are left out ({day})",)


def test_an_empty_row_on_a_day_without_a_session_is_nothing(yahoo: FakeYahoo) -> None:
    series = load(yahoo, rows("MU").with_row("2020-09-07", None, None))
    assert series.notes == ()
    assert len(series.dates) == 14


@pytest.mark.parametrize(
    ("minute", "over"), [("19:00", False), ("20:00", False), ("20:29", False), ("20:30", True)]
)
def test_a_session_that_is_not_over_is_left_out(yahoo: FakeYahoo, minute: str, over: bool) -> None:
    now = datetime.fromisoformat(f"2020-09-18T{minute}+00:00")
    series = load(yahoo, rows("MU"), now=now)
    assert (series.dates[-1] == np.datetime64("2020-09-18")) is np.bool_(over)
    said = ("a session that is not over is left out (2020-09-18)",)
    assert series.notes == (() if over else said)


def test_today_is_that_of_the_exchange(yahoo: FakeYahoo) -> None:
    # Friday morning in Hong Kong is still Thursday in Greenwich and New York.
    now = datetime(2020, 9, 17, 23, 0, tzinfo=UTC)
    assert load(yahoo, rows("0981.HK"), now=now).dates[-1] == np.datetime64("2020-09-17")
    now = datetime(2020, 9, 18, 8, 45, tzinfo=UTC)
    assert load(yahoo, rows("0981.HK"), now=now).dates[-1] == np.datetime64("2020-09-18")


def test_a_last_row_that_comes_twice_is_said(yahoo: FakeYahoo) -> None:
    series = load(yahoo, rows("MU").with_row("2020-09-18", 44.0))
    assert on(series, "2020-09-18") == 44.0
    assert len(series.dates) == 14
    assert series.notes == (
        "Yahoo sent more than one row for 2020-09-18: one is kept, of the last day the later",
    )


def test_a_row_that_comes_twice_in_between_is_said(yahoo: FakeYahoo) -> None:
    series = load(yahoo, rows("MU").with_row("2020-09-10", 44.0))
    assert len(series.dates) == 14
    assert "more than one row for 2020-09-10" in series.notes[0]


def test_closes_without_dividends_stand_for_adjusted_ones(yahoo: FakeYahoo) -> None:
    series = load(yahoo, replace(rows("MU"), adjusted=None))
    assert on(series, "2020-09-08") == rows("MU").close[rows("MU").at("2020-09-08")]
    assert series.notes == (
        "Yahoo sent no adjusted closes and no dividend: closes are taken as they are",
    )


@pytest.mark.parametrize("sent", [False, True])
def test_closes_with_dividends_are_adjusted_here(yahoo: FakeYahoo, sent: bool) -> None:
    there = rows("MU")
    paid = {date(2020, 9, 10): 2.0}
    series = load(yahoo, replace(there, adjusted=there.close if sent else None, dividends=paid))
    close = {day: there.close[there.at(day)] for day in ("2020-09-09", "2020-09-10")}
    step = on(series, "2020-09-10") / on(series, "2020-09-09")
    assert step == pytest.approx(close["2020-09-10"] / (close["2020-09-09"] - 2.0), rel=1e-12)
    assert on(series, "2020-09-18") == there.close[there.at("2020-09-18")]
    assert series.notes == ("Yahoo sent no adjusted closes: adjusted here for 1 dividend",)


def test_the_adjustment_is_that_of_yahoo() -> None:
    close = np.array([10.0, np.nan, 12.0, 9.0, 9.0, 8.0])
    dividend = np.array([1.0, 0.0, 2.0, 0.0, np.nan, 4.5])
    adjusted = adjust(close, dividend)
    first, second = 1 - 2.0 / 10.0, 1 - 4.5 / 9.0
    expected = close * np.array([first * second, 1.0, second, second, second, 1.0])
    np.testing.assert_allclose(adjusted, expected, rtol=1e-15)
    assert adjust(close, np.array([0, 0, 99.0, 0, 0, 0]))[0] == 10.0


def test_dividends_with_adjusted_closes_need_no_word(yahoo: FakeYahoo) -> None:
    series = load(yahoo, replace(rows("MU"), dividends={date(2020, 9, 10): 2.0}))
    assert series.notes == ()


@pytest.mark.parametrize("value", [0.0, -3.0, float("inf")])
def test_what_cannot_be_a_price_is_missing(yahoo: FakeYahoo, value: float) -> None:
    columns = dict.fromkeys(("close", "adjusted"), put("2020-09-08", value))
    series = load(yahoo, changed("MU", **columns))
    assert np.isnan(on(series, "2020-09-08"))
    assert series.notes == (
        "prices that are none are taken as missing (2020-09-08)",
        "1 session without a price: 2020-09-08",
    )


def test_a_close_without_an_adjusted_one_is_missing(yahoo: FakeYahoo) -> None:
    series = load(yahoo, changed("MU", adjusted=put("2020-09-08", None)))
    assert np.isnan(on(series, "2020-09-08"))
    assert series.notes[0] == "closes without an adjusted close are taken as missing (2020-09-08)"


def test_an_open_of_zero_is_none(yahoo: FakeYahoo) -> None:
    series = load(yahoo, changed("MU", open=put("2020-09-08", 0.0)))
    assert series.opens is not None
    assert np.isnan(series.opens[series.dates == np.datetime64("2020-09-08")])


def test_a_halt_that_yahoo_fills_is_one(yahoo: FakeYahoo) -> None:
    there = rows("MU")
    still, days = there.close[there.at("2020-09-04")], ("2020-09-08", "2020-09-09")
    close, volume = list(there.close), list(there.volume)
    for day in days:
        close[there.at(day)], volume[there.at(day)] = still, 0
    series = load(yahoo, replace(there, close=close, adjusted=close, volume=volume))
    words = "no volume and an unmoved close, taken as missing, on 2 sessions: "
    assert series.notes == (f"{words}2020-09-08, 2020-09-09",)
    for day in days:
        assert np.isnan(on(series, day))
    assert np.isfinite(on(series, "2020-09-04"))
    assert np.isfinite(on(series, "2020-09-10"))
    # Where no unit is counted, as of a rate, an unmoved close says nothing.
    uncounted = replace(there, close=close, adjusted=close, volume=[0] * len(volume))
    assert np.isfinite(on(load(yahoo, uncounted), days[0]))


def test_a_split_that_is_not_worked_in_is_said(yahoo: FakeYahoo) -> None:
    there = rows("MU")
    at = there.at("2020-09-10")
    close = [value if k < at else value / 4 for k, value in enumerate(there.close)]
    jump = replace(there, close=close, adjusted=close, splits={date(2020, 9, 10): 4.0})
    series = load(yahoo, jump)
    assert series.notes == ("closes look unadjusted for a split (2020-09-10): check them",)
    assert load(yahoo, replace(there, splits={date(2020, 9, 10): 4.0})).notes == ()


def test_another_ticker_than_asked_for_is_said(yahoo: FakeYahoo) -> None:
    yahoo.rows["FB"] = replace(rows("MU"), symbol="META")
    series = YahooPrices().load(["FB"], START, END).series["FB"]
    assert series.ticker == "FB"
    assert series.notes == ("Yahoo answers with the prices of META",)


def test_another_exchange_than_the_ticker_says_is_said(
    yahoo: FakeYahoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    yahoo.rows["MUX"] = replace(rows("0981.HK"), symbol="MUX.HK")
    notes = YahooPrices().load(["MUX"], START, END).series["MUX"].notes
    assert any("places it in Asia/Hong_Kong, the ticker in New York" in note for note in notes)


def test_a_ticker_without_an_exchange_is_not_checked(yahoo: FakeYahoo) -> None:
    yahoo.rows["BTC-USD"] = replace(rows("MU"), symbol="BTC-USD").with_row("2020-09-05", 44.0)
    series = YahooPrices().load(["BTC-USD"], START, END).series["BTC-USD"]
    assert np.datetime64("2020-09-05") in series.dates
    assert series.notes == ("sessions are not checked: the ticker does not tell the exchange",)


def test_a_series_without_one_price_is_no_data(yahoo: FakeYahoo) -> None:
    there = rows("MU")
    none = [None] * len(there.days)
    yahoo.rows["MU"] = replace(there, close=none, adjusted=none, open=none)
    error = YahooPrices().load(["MU"], START, END).failures["MU"]
    assert isinstance(error, NoDataError)
