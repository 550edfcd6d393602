"""Yahoo's prices by the real yfinance, from a stand-in for Yahoo that is well."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from fake_yahoo import FakeYahoo
from yahoo_charts import ADJUSTMENT, rows

import eventstudy as es
from eventstudy.errors import (
    InputError,
    NetworkError,
    NoDataError,
    PricesError,
    SourceError,
    UnknownTickerError,
)
from eventstudy.panel import PriceSeries
from eventstudy.sources import SnapshotPrices, YahooPrices
from eventstudy.sources.bars import BarSeries

ROOT = Path(__file__).parents[2]
START, END = date(2020, 1, 2), date(2020, 12, 31)


def one(ticker: str, start: date = START, end: date = END, **options: object) -> PriceSeries:
    quotes = YahooPrices(**options).load([ticker], start, end)
    assert not quotes.failures, quotes.failures
    return quotes.series[ticker]


def test_a_series_has_adjusted_closes_opens_on_their_scale_and_volume(yahoo: FakeYahoo) -> None:
    series = one("MU")
    there = SnapshotPrices().load(["MU"], START, END).series["MU"]
    inside = (there.dates >= np.datetime64(START)) & (there.dates <= np.datetime64(END))
    assert series.source == "yahoo"
    assert series.kind == "prices"
    assert np.array_equal(series.dates, there.dates[inside])
    np.testing.assert_allclose(series.values, there.values[inside] * ADJUSTMENT, rtol=1e-15)
    assert series.opens is not None
    assert there.opens is not None
    np.testing.assert_allclose(series.opens, there.opens[inside] * ADJUSTMENT, rtol=1e-14)
    assert series.volume is not None
    assert (series.volume > 0).all()
    assert series.notes == ()
    assert abs(datetime.now(UTC) - datetime.fromisoformat(series.retrieved)).total_seconds() < 60


def test_the_bars_behind_a_series_are_as_yahoo_sent_them(yahoo: FakeYahoo) -> None:
    series = one("MU")
    assert isinstance(series, BarSeries)
    assert series.bars is not None
    assert series.client.startswith("yfinance ")
    np.testing.assert_allclose(series.bars.adjusted, series.bars.close * ADJUSTMENT, rtol=1e-15)
    assert (series.bars.high >= series.bars.low).all()
    assert series.sha256 == one("MU").sha256 == series.bars.sha256


def test_a_ticker_costs_one_request_and_a_run_two_more(yahoo: FakeYahoo) -> None:
    YahooPrices().load(["MU", "0981.HK", "000300.SS", "^GSPC", "MU"], START, END)
    assert yahoo.charts() == 4
    others = [path for _, _, path, _ in yahoo.log if "chart" not in path]
    assert others == ["/", "/v1/test/getcrumb"]


def test_the_last_day_asked_for_is_inside(yahoo: FakeYahoo) -> None:
    series = one("0981.HK", date(2020, 9, 1), date(2020, 9, 7))
    assert series.dates[[0, -1]].astype(str).tolist() == ["2020-09-01", "2020-09-07"]


def test_the_numbers_of_the_study_are_those_of_the_snapshot(yahoo: FakeYahoo) -> None:
    events, claims = es.read_events(ROOT / "events.csv"), es.read_claims(ROOT / "claims.csv")
    ours = es.Study().run(events, prices=SnapshotPrices(), claims=claims)
    theirs = es.Study().run(events, prices=YahooPrices(), claims=claims)
    assert set(theirs.frames["sources"]["source"]) == {"yahoo"}
    for name, frame in ours.frames.items():
        if name == "sources":
            continue
        other = theirs.frames[name]
        assert list(frame.columns) == list(other.columns)
        for column in frame:
            if frame[column].dtype.kind == "f":
                np.testing.assert_allclose(other[column], frame[column], rtol=1e-9, atol=1e-12)
            else:
                assert frame[column].astype(str).tolist() == other[column].astype(str).tolist()
    assert len(ours.events) > 50


def test_a_second_load_asks_again(yahoo: FakeYahoo) -> None:
    one("MU")
    yahoo.rows["MU"] = replace(rows("MU"), close=[7.0] * len(rows("MU").days), adjusted=None)
    assert set(one("MU").values) == {7.0}


def test_index_volumes_may_be_zero(yahoo: FakeYahoo) -> None:
    series = one("000001.SS")
    assert series.volume is not None
    assert not series.volume.any()
    assert np.isfinite(series.values).all()
    assert series.notes == ()


@pytest.mark.parametrize(
    ("ticker", "words"),
    [
        ("00981.HK", "Write 0981.HK"),
        ("MU/x", "not a ticker"),
        ("US5951121038", "ISIN"),
        ("", "not a ticker"),
    ],
)
def test_what_yahoo_cannot_know_is_refused_without_a_request(
    yahoo: FakeYahoo, ticker: str, words: str
) -> None:
    error = YahooPrices().load([ticker], START, END).failures[ticker]
    assert isinstance(error, UnknownTickerError)
    assert words in str(error)
    assert not yahoo.log


@pytest.mark.parametrize(
    ("ticker", "cure"),
    [
        ("981.HK", "write 0981.HK"),
        ("688981", "Write 688981.SS"),
        ("002415", "Write 002415.SZ"),
        ("688981.SH", "Write 688981.SS"),
        ("BRK.B", "BRK-B"),
        ("NOPE", "Write it as Yahoo does"),
    ],
)
def test_an_unknown_ticker_comes_with_its_cure(yahoo: FakeYahoo, ticker: str, cure: str) -> None:
    error = YahooPrices().load([ticker], START, END).failures[ticker]
    assert isinstance(error, UnknownTickerError)
    assert "may be delisted" in str(error)
    assert cure in str(error)
    assert yahoo.charts(ticker) == 2  # yfinance asks again with another cookie


def test_a_range_before_the_listing_has_no_data(yahoo: FakeYahoo) -> None:
    error = YahooPrices().load(["688981.SS"], date(2018, 1, 1), date(2018, 12, 31)).failures
    assert isinstance(error["688981.SS"], NoDataError)
    assert "its first is of 2020-07-16" in str(error["688981.SS"])
    yahoo.fail("MU", "before", forever=True)
    assert isinstance(YahooPrices().load(["MU"], START, END).failures["MU"], NoDataError)


def test_days_to_come_and_dates_the_wrong_way_round_need_no_request(yahoo: FakeYahoo) -> None:
    ahead = YahooPrices().load(["MU"], date(2190, 1, 1), date(2190, 2, 1)).failures["MU"]
    assert "still to come" in str(ahead)
    back = YahooPrices().load(["MU"], END, START).failures["MU"]
    assert "earlier date first" in str(back)
    assert not yahoo.log


def test_twenty_tickers_of_which_three_fail_leave_seventeen(yahoo: FakeYahoo) -> None:
    tickers = [f"T{number:02}" for number in range(20)]
    for ticker in tickers:
        yahoo.rows[ticker] = replace(rows("MU"), symbol=ticker)
    yahoo.fail("T00", "500", forever=True)
    yahoo.fail("T01", "404", forever=True)
    yahoo.fail("T02", "html", forever=True)
    quotes = YahooPrices(attempts=2, pause=0.01).load(tickers, START, END)
    assert list(quotes.series) == tickers[3:]
    kinds = {ticker: type(error) for ticker, error in quotes.failures.items()}
    assert kinds == {"T00": SourceError, "T01": UnknownTickerError, "T02": SourceError}


@pytest.mark.parametrize("option", ["deadline", "workers", "attempts", "pause"])
def test_options_are_positive(option: str) -> None:
    with pytest.raises(InputError, match=option):
        YahooPrices(**{option: 0})


def test_one_refused_connection_ends_the_attempts(yahoo: FakeYahoo) -> None:
    for host in ("fc.yahoo.com", "guce.yahoo.com"):
        yahoo.hosts[host] = "refused"
    yahoo.hosts |= dict.fromkeys(
        ("query1.finance.yahoo.com", "query2.finance.yahoo.com"), "refused"
    )
    quotes = YahooPrices().load(["MU", "QCOM", "AMAT", "NVDA"], START, END)
    assert not quotes.series
    assert all(isinstance(error, NetworkError) for error in quotes.failures.values())
    assert "cannot be reached" in str(quotes.failures["NVDA"])
    assert "--offline" in str(quotes.failures["NVDA"])
    assert yahoo.connects.count("query2.finance.yahoo.com") == 1


def test_a_dead_proxy_and_an_unknown_one_are_no_network(
    yahoo: FakeYahoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for proxy in ("http://127.0.0.1:9", "http://proxy.invalid:80"):
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, proxy)
        error = YahooPrices().load(["MU"], START, END).failures["MU"]
        assert isinstance(error, NetworkError), proxy
        assert "cannot be reached" in str(error)


def test_a_certificate_that_nobody_trusts_is_no_network(
    yahoo: FakeYahoo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import certifi

    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, certifi.where())
    error = YahooPrices().load(["MU"], START, END).failures["MU"]
    assert isinstance(error, NetworkError)
    assert "certificate" in str(error).lower()


def test_cookies_that_cannot_be_had_are_done_without(yahoo: FakeYahoo) -> None:
    yahoo.hosts |= {"fc.yahoo.com": "refused", "guce.yahoo.com": "refused"}
    assert len(one("MU").values)
    assert "crumb" not in yahoo.log[-1][3]
    yahoo.hosts = {"crumb": "429"}
    assert len(one("QCOM").values)


def test_the_consent_form_of_europe_is_passed(yahoo: FakeYahoo) -> None:
    yahoo.fail("MU", "consent", forever=True)
    assert len(one("MU").values)
    assert yahoo.consented


def test_nothing_of_yfinance_reaches_the_user(
    yahoo: FakeYahoo, capsys: pytest.CaptureFixture[str]
) -> None:
    yahoo.hosts["crumb"] = "429"
    yahoo.fail("QCOM", "404", forever=True)
    YahooPrices().load(["MU", "QCOM"], START, END)
    said = capsys.readouterr()
    assert said.out == said.err == ""


def test_every_failure_is_an_error_of_the_package(yahoo: FakeYahoo) -> None:
    errors = YahooPrices().load(["NOPE", "00001.HK"], START, END).failures.values()
    assert all(isinstance(error, PricesError) for error in errors)
