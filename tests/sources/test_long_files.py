"""Price files with one row a ticker and day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import NoDataError, PriceFileError, UnknownTickerError
from eventstudy.sources import FilePrices, Quotes

START, END = date(2020, 1, 1), date(2024, 12, 31)


def frame(tickers: list[str], sessions: int = 40) -> pd.DataFrame:
    """Closes of tickers, each with a day of its own missing, sorted by date."""
    rng = np.random.default_rng(0)
    days = pd.bdate_range("2020-01-06", periods=sessions).strftime("%Y-%m-%d")
    rows = [
        (day, ticker, 100 + 10 * rng.random(), 50 + 5 * rng.random())
        for place, day in enumerate(days)
        for number, ticker in enumerate(tickers)
        if place != number + 3
    ]
    return pd.DataFrame(rows, columns=["Date", "Ticker", "Close", "Adj Close"])


def load(path: Path, *tickers: str) -> Quotes:
    return FilePrices(path).load(tickers, START, END)


@pytest.mark.parametrize("by_ticker", [True, False])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_long_file_gives_what_one_file_a_ticker_gives(tmp_path, suffix, by_ticker):
    long = frame(["MU", "^GSPC", "0981.HK", "OTHER"])
    if by_ticker:
        long = long.sort_values(["Ticker", "Date"])
    folder = tmp_path / "folder"
    folder.mkdir()
    for ticker, rows in long.sort_values("Date").groupby("Ticker"):
        rows.drop(columns="Ticker").to_csv(folder / f"{ticker}.csv", index=False)
    file = tmp_path / f"prices.{suffix}"
    long.to_csv(file, index=False) if suffix == "csv" else long.to_parquet(file, index=False)
    asked = ("0981.HK", "^GSPC", "MU")
    got, want = load(file, *asked), load(folder, *asked)
    assert list(got.series) == list(asked)
    assert not got.failures
    for ticker, series in got.series.items():
        assert series.dates.tolist() == want.series[ticker].dates.tolist()
        assert series.values.tolist() == want.series[ticker].values.tolist()
        assert series.kind == "prices"
        assert series.notes == ()


def test_identifiers_in_figures_and_the_returns_of_crsp(tmp_path):
    text = "PERMNO,date,RET\n10001,2020-01-06,0.01\n10002,2020-01-06,-0.02\n10001,2020-01-07,\n"
    (tmp_path / "crsp.csv").write_text(text)
    pd.read_csv(tmp_path / "crsp.csv").to_parquet(tmp_path / "crsp.parquet", index=False)
    for name in ("crsp.csv", "crsp.parquet"):
        quotes = load(tmp_path / name, "10001", "10002", "10003")
        assert quotes.series["10002"].values.tolist() == [-0.02]
        np.testing.assert_array_equal(quotes.series["10001"].values, [0.01, np.nan])
        assert quotes.series["10001"].kind == "returns"
        assert quotes.series["10001"].dates.astype(str).tolist() == ["2020-01-06", "2020-01-07"]
        assert isinstance(quotes.failures["10003"], UnknownTickerError)
        assert "Add its rows" in str(quotes.failures["10003"])


def test_names_differ_in_case_or_by_the_sign_of_an_index(tmp_path):
    file = tmp_path / "prices.csv"
    file.write_text("date,symbol,close\n2020-01-06,mu,5\n2020-01-06,GSPC,6\n2020-01-07,mu,7\n")
    series = load(file, "MU", "^GSPC").series
    assert series["MU"].values.tolist() == [5.0, 7.0]
    assert series["MU"].notes[0] == "read from mu"
    assert series["^GSPC"].values.tolist() == [6.0]
    file.write_text("date,symbol,close\n2020-01-06,mu,5\n2020-01-06,Mu,6\n")
    with pytest.raises(PriceFileError, match="more than one spelling of MU"):
        load(file, "MU")


def test_every_bad_cell_is_named_with_its_line(tmp_path):
    file = tmp_path / "prices.csv"
    file.write_text(
        "date,ticker,close\n2020-01-06,MU,5\n2020-01-06,,6\n2020-01-07,MU,C\n"
        "2020-01-06,MU,6\n2020-01-08,XX,worse\n2020-01-05,YY,-1\n"
    )
    with pytest.raises(PriceFileError) as caught:
        load(file, "MU", "YY")
    found = {(one.line, one.problem) for one in caught.value.problems}
    # What is wrong with XX, which no event names, is left aside, as in a wide file.
    assert found == {
        (3, "no ticker"),
        (4, "not a number"),
        (5, "date twice"),
        (7, "a price that is not positive"),
    }
    assert any("one row a ticker and day" in one.cure for one in caught.value.problems)


def test_a_ticker_without_a_price_in_the_range_says_what_there_is(tmp_path):
    file = tmp_path / "prices.csv"
    file.write_text("date,ticker,close\n2010-01-06,MU,5\n2020-01-06,XX,6\n")
    failure = load(file, "MU", "XX").failures["MU"]
    assert isinstance(failure, NoDataError)
    assert "2010-01-06" in str(failure)


def test_a_file_named_as_a_ticker_is_that_tickers_whatever_its_column_says(tmp_path):
    file = tmp_path / "MU.csv"
    file.write_text("date,ticker,close\n2020-01-06,MU.US,5\n2020-01-07,MU.US,6\n")
    assert load(file, "MU").series["MU"].values.tolist() == [5.0, 6.0]


def test_there_may_be_more_rows_than_one_ticker_has_days(tmp_path):
    days = pd.bdate_range("1950-01-02", periods=18_000).strftime("%Y-%m-%d")
    tickers = [f"T{number}" for number in range(6)]
    long = pd.DataFrame({"date": np.repeat(days, 6), "ticker": tickers * len(days), "close": 1.5})
    long.to_csv(tmp_path / "prices.csv", index=False)
    long.to_parquet(tmp_path / "prices.parquet", index=False)
    for name in ("prices.csv", "prices.parquet"):
        quotes = FilePrices(tmp_path / name).load(tickers, date(1960, 1, 1), END)
        assert [len(series.dates) for series in quotes.series.values()] == [18_000] * 6


def test_returns_are_taken_from_a_file_with_closes_where_they_are_asked_for(tmp_path):
    """A split that the closes lack is no return."""
    file = tmp_path / "crsp.csv"
    file.write_text("date,permno,close,ret\n2020-01-06,1,102,0.01\n2020-01-07,1,51,0\n")
    asked = FilePrices(file, kind="returns").load(["1"], START, END).series["1"]
    assert (asked.kind, asked.values.tolist()) == ("returns", [0.01, 0.0])
    plain = load(file, "1").series["1"]
    assert (plain.kind, plain.values.tolist()) == ("prices", [102.0, 51.0])


def test_tickers_that_differ_in_case_alone_are_refused(tmp_path):
    file = tmp_path / "prices.csv"
    file.write_text("date,ticker,close\n2020-01-06,A,5\n2020-01-07,a,6\n")
    with pytest.raises(PriceFileError, match="more than one spelling of A"):
        load(file, "A")
