from __future__ import annotations

import time
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import PriceFileError, UnknownTickerError
from eventstudy.sources import MemoryPrices

EVER = (date(2000, 1, 1), date(2030, 1, 1))
DAYS = ["2024-01-02", "2024-01-03", "2024-01-05"]


def frame(values: Any = (1.0, 2.0, 3.0), index: Any = DAYS, name: Any = "AAA") -> pd.DataFrame:
    return pd.DataFrame({name: list(values)}, index=index)


def problems(caught: pytest.ExceptionInfo[PriceFileError]) -> list[str]:
    return [problem.problem for problem in caught.value.problems]


def test_returns_keep_every_row() -> None:
    given = pd.DataFrame({"AAA": [0.01, None, -0.02], "BBB": [None, None, None]}, index=DAYS)
    prices = MemoryPrices.from_returns(given)
    quotes = prices.load(["BBB", "AAA", "BBB"], date(1990, 1, 1), date(1990, 1, 2))
    assert list(quotes.series) == ["BBB", "AAA"]
    assert not quotes.failures
    series = quotes.series["AAA"]
    assert (series.ticker, series.kind, series.source) == ("AAA", "returns", "memory")
    np.testing.assert_array_equal(series.values, [0.01, np.nan, -0.02])
    assert np.isnan(quotes.series["BBB"].values).all()
    assert series.dates.dtype == prices.dates.dtype == np.dtype("datetime64[D]")
    assert prices.dates.astype(str).tolist() == DAYS
    assert (series.opens, series.retrieved, series.notes) == (None, "", ())


def test_prices() -> None:
    prices = MemoryPrices.from_prices(frame())
    assert prices.load(["AAA"], *EVER).series["AAA"].kind == "prices"
    assert prices.name == "memory"
    assert prices.tickers == ("AAA",)


@pytest.mark.parametrize(
    "index",
    [
        pd.DatetimeIndex(DAYS),
        pd.DatetimeIndex(DAYS).as_unit("s"),
        pd.DatetimeIndex(DAYS).as_unit("ns"),
        pd.DatetimeIndex(DAYS).tz_localize("America/New_York"),
        pd.DatetimeIndex([f"{day} 23:30" for day in DAYS]).tz_localize("Asia/Hong_Kong"),
        pd.PeriodIndex(DAYS, freq="D"),
        [date.fromisoformat(day) for day in DAYS],
        pd.Index([datetime.fromisoformat(day) for day in DAYS], dtype=object),
        pd.Index([pd.Timestamp(day, tz="Asia/Tokyo") for day in DAYS], dtype=object),
        pd.Index([datetime.fromisoformat(day).replace(tzinfo=UTC) for day in DAYS], dtype=object),
        pd.Index([np.datetime64(day) for day in DAYS], dtype=object),
        [f"{day}T16:00:00+08:00" for day in DAYS],
        DAYS,
    ],
    ids=str,
)
def test_indexes_that_hold_dates(index: Any) -> None:
    prices = MemoryPrices.from_returns(frame(index=index))
    assert prices.dates.astype(str).tolist() == DAYS


@pytest.mark.parametrize(
    ("index", "problem", "cure"),
    [
        ([0, 1, 2], "an index of int64, not of dates", "set_index"),
        (["2024-01-02", "x\x1b[31m", "2024-01-05"], "not a date", "2024-12-02"),
        (["2024-01-02", "2024-02-30", "2024-03-05"], "no such day in the calendar", "2024-12-02"),
        (["2024-01-02", "0001-01-01", "2024-03-05"], "a date outside", "2024-12-02"),
        (["2024-01-02", "2024-01-02", "2024-03-05"], "date twice", "duplicated"),
        (["2024-01-02", "2024-01-05", "2024-01-03"], "date out of order", "sort_index"),
        (DAYS[::-1], "dates run backwards", "sort_index"),
        (pd.DatetimeIndex(["2024-01-02", "NaT", "2024-01-03"]), "no date", "2024-12-02"),
        (
            pd.DatetimeIndex(["2024-01-02 09:00", "2024-01-02 16:00", "2024-01-03"]),
            "date twice",
            "",
        ),
        (["2024-01-02", "2024-01-03T00:00Z", "2024-01-05"], "some dates name a time zone", ""),
        (
            pd.Index(["2024-01-02", 5, "2024-01-05"], dtype=object),
            "an index of object",
            "set_index",
        ),
        (pd.MultiIndex.from_product([DAYS, ["a"]]), "an index of many levels", "unstack"),
        (pd.DatetimeIndex(["1600-01-02", "2024-01-03", "2024-01-04"]), "a date outside", ""),
    ],
    ids=str,
)
def test_indexes_that_do_not(index: Any, problem: str, cure: str) -> None:
    with pytest.raises(PriceFileError) as caught:
        MemoryPrices.from_returns(frame(index=index))
    assert len(caught.value.problems) == 1
    assert problems(caught)[0].startswith(problem)
    assert cure in caught.value.problems[0].cure
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        np.array([1.0, 2.0, 3.0], dtype=np.float32),
        np.array([1, 2, 3], dtype=np.int64),
        pd.array([1, 2, 3], dtype="Int64"),
        pd.array([1.0, 2.0, 3.0], dtype="Float64"),
        pd.array([1.0, 2.0, 3.0], dtype="double[pyarrow]"),
        np.array([1, 2.0, np.float32(3)], dtype=object),
    ],
    ids=lambda values: str(values.dtype),
)
def test_numbers_of_any_width(values: Any) -> None:
    given = pd.DataFrame({"AAA": values, "BBB": [1.0, np.nan, 2.0]}, index=DAYS)
    series = MemoryPrices.from_prices(given).load(["AAA", "BBB"], *EVER).series
    np.testing.assert_array_equal(series["AAA"].values, [1, 2, 3])
    np.testing.assert_array_equal(series["BBB"].values, [1, np.nan, 2])


@pytest.mark.parametrize(
    "values",
    [
        pd.array([1, None, 3], dtype="Int64"),
        np.array([1.0, None, 3.0], dtype=object),
        np.array([1.0, pd.NA, 3.0], dtype=object),
        np.array([1.0, np.nan, 3.0], dtype=object),
    ],
    ids=str,
)
def test_missing_of_any_kind(values: Any) -> None:
    series = MemoryPrices.from_prices(frame(values)).load(["AAA"], *EVER).series["AAA"]
    np.testing.assert_array_equal(series.values, [1, np.nan, 3])


@pytest.mark.parametrize(
    "values",
    [
        ["1", "2", "3"],
        [1.0, "x", 2.0],
        [True, False, True],
        [1 + 2j, 1.0, 2.0],
        pd.DatetimeIndex(DAYS),
        pd.Categorical(["a", "b", "a"]),
        np.array([1, 10**400, 3], dtype=object),
        np.array([1.0, True, 3.0], dtype=object),
    ],
    ids=str,
)
def test_columns_that_hold_no_numbers(values: Any) -> None:
    with pytest.raises(PriceFileError, match="not numbers") as caught:
        MemoryPrices.from_returns(frame(values))
    assert caught.value.problems[0].column == "AAA"
    assert "pd.to_numeric" in caught.value.problems[0].cure


def test_every_bad_cell_at_once() -> None:
    given = pd.DataFrame(
        {"AAA": [1.0, 0.0, -5.0], "BBB": [np.inf, 2.0, 1e300], "CCC": [1.0, 1.0, 1e-300]},
        index=DAYS,
    )
    with pytest.raises(PriceFileError) as caught:
        MemoryPrices.from_prices(given)
    assert {(p.line, p.column, p.value) for p in caught.value.problems} == {
        (3, "AAA", "0"),
        (4, "AAA", "-5"),
        (2, "BBB", "inf"),
        (4, "BBB", "1e+300"),
        (4, "CCC", "1e-300"),
    }
    assert "from_returns" in str(caught.value)


def test_infinite_returns_are_counted_and_capped() -> None:
    given = pd.DataFrame(
        {"AAA": np.full(1000, np.inf)}, index=pd.date_range("2020-01-01", periods=1000)
    )
    with pytest.raises(PriceFileError, match=r"990 more like these \(1,000 in all\)") as caught:
        MemoryPrices.from_returns(given)
    assert len(caught.value.problems) == 11


def test_a_return_below_minus_100_per_cent() -> None:
    with pytest.raises(PriceFileError, match=r"line 3, column AAA: .*below -100 % \(-2.5\)"):
        MemoryPrices.from_returns(frame([1.2, -2.5, 0.3]))


@pytest.mark.parametrize(("scale", "usual"), [(100.0, "1"), (1.0, "50")])
def test_what_is_no_return_in_decimals(scale: float, usual: str) -> None:
    days = pd.date_range("2020-01-01", periods=40)
    values = np.resize([0.01, -0.01], 40) if scale > 1 else np.full(40, 50.0)
    given = pd.DataFrame({"AAA": scale * values, "BBB": 0.01}, index=days)
    for wide in (MemoryPrices.from_returns, MemoryPrices.from_frame):
        with pytest.raises(PriceFileError, match="kind='prices'") as caught:
            wide(given)
        (problem,) = caught.value.problems
        assert (problem.column, problem.value) == ("AAA", f"{usual} on a usual day")
    long = given[["AAA"]].rename_axis("date").reset_index().assign(ticker="AAA")
    with pytest.raises(PriceFileError, match="no returns in decimals"):
        MemoryPrices.from_long(long, value="AAA")
    given["AAA"] = np.where(np.arange(40) < 19, 5.0, 0.01)
    assert MemoryPrices.from_returns(given).tickers == ("AAA", "BBB")


@pytest.mark.parametrize("freq", ["W", "M", "Q", "Y"])
def test_periods_of_many_days_are_refused(freq: str) -> None:
    months = pd.period_range("2020-01", periods=3, freq=freq)
    with pytest.raises(PriceFileError, match=f"periods of {freq}.*to_timestamp"):
        MemoryPrices.from_returns(pd.DataFrame({"AAA": 0.01}, index=months))
    long = pd.DataFrame({"date": months, "ticker": "AAA", "return": 0.01})
    with pytest.raises(PriceFileError, match=f"periods of {freq}.*to_timestamp"):
        MemoryPrices.from_long(long)


def test_columns_named_twice() -> None:
    given = pd.DataFrame([[1.0, 2.0]] * 3, index=DAYS, columns=["AAA", "AAA"])
    with pytest.raises(PriceFileError, match="a column named twice"):
        MemoryPrices.from_returns(given)


def test_column_names() -> None:
    assert MemoryPrices.from_returns(frame(name=7)).tickers == ("7",)
    with pytest.raises(PriceFileError, match="a column name that is no ticker"):
        MemoryPrices.from_returns(frame(name=1.5))


def test_columns_of_many_levels() -> None:
    columns = pd.MultiIndex.from_tuples([("Close", "MU")], names=["Price", "Ticker"])
    given = pd.DataFrame([[1.0]] * 3, index=DAYS, columns=columns)
    with pytest.raises(PriceFileError, match="frame\\['Adj Close'\\]"):
        MemoryPrices.from_prices(given)


@pytest.mark.parametrize(
    "given", [pd.DataFrame(), pd.DataFrame({"AAA": []}), pd.Series([1.0]), [[1.0]], None], ids=repr
)
def test_not_a_frame_or_an_empty_one(given: Any) -> None:
    with pytest.raises(PriceFileError):
        MemoryPrices.from_returns(given)


def test_thousands_of_tickers_print_in_a_line() -> None:
    names = [f"T{number:04d}" for number in range(3_000)]
    prices = MemoryPrices.from_returns(pd.DataFrame(0.01, index=DAYS, columns=names))
    assert repr(prices) == (
        "<MemoryPrices of returns: 3,000 tickers, 3 days, 2024-01-02 to 2024-01-05>"
    )
    assert repr(MemoryPrices.from_prices(frame())).startswith("<MemoryPrices of prices: 1 ticker, ")


def test_unknown_tickers_name_the_nearest() -> None:
    given = pd.DataFrame([[1.0, 2.0]] * 3, index=DAYS, columns=["0981.HK", "MU"])
    quotes = MemoryPrices.from_returns(given).load(["MU", "981.HK", "x" * 60_000], *EVER)
    assert list(quotes.series) == ["MU"]
    assert isinstance(quotes.failures["981.HK"], UnknownTickerError)
    assert "the nearest it has: 0981.HK" in str(quotes.failures["981.HK"])
    assert len(str(quotes.failures["x" * 60_000])) < 500


def test_later_changes_of_the_frame_do_not_count() -> None:
    given = frame()
    prices = MemoryPrices.from_returns(given)
    given.iloc[0, 0] = 99.0
    series = prices.load(["AAA"], *EVER).series["AAA"]
    assert series.values[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        series.values[0] = 5


def test_large_frames_are_instant() -> None:
    rng = np.random.default_rng(0)
    columns = [f"S{k}" for k in range(2000)]
    index = pd.bdate_range("2000-01-03", periods=5000)
    given = pd.DataFrame(rng.normal(0, 0.01, (5000, 2000)), index=index, columns=columns)
    begin = time.process_time()
    quotes = MemoryPrices.from_returns(given).load(columns, *EVER)
    assert time.process_time() - begin < 1.5
    assert len(quotes.series) == 2000
    np.testing.assert_array_equal(quotes.series["S7"].values, given["S7"].to_numpy())


def test_many_unknown_tickers_are_quick() -> None:
    columns = [f"S{k}" for k in range(2000)]
    given = pd.DataFrame(np.ones((2, 2000)), index=DAYS[:2], columns=columns)
    begin = time.process_time()
    quotes = MemoryPrices.from_returns(given).load([f"T{k}" for k in range(2000)], *EVER)
    assert time.process_time() - begin < 3
    assert len(quotes.failures) == 2000


def test_the_digest_of_a_series_tells_of_its_figures_and_dates_and_of_no_other():
    frame = pd.DataFrame({"A": [0.01, None], "B": [0.01, 0.02]}, index=["2024-01-02", "2024-01-03"])

    def digests(given: pd.DataFrame) -> list[str]:
        series = MemoryPrices.from_returns(given).load(["A", "B"], *EVER).series
        return [one.sha256 for one in series.values()]

    first = digests(frame)
    assert first == digests(frame.copy())
    assert len({*first}) == 2
    changed = digests(frame.assign(B=[0.01, 0.0200001]))
    assert changed[0] == first[0]
    assert changed[1] != first[1]
    later = digests(frame.set_axis(["2024-01-02", "2024-01-04"]))
    assert not {*later} & {*first}


def test_columns_of_whole_floats_are_identifiers():
    frame = pd.DataFrame({10001.0: [0.01, 0.02]}, index=["2024-01-02", "2024-01-03"])
    assert MemoryPrices.from_returns(frame).tickers == ("10001",)
    with pytest.raises(PriceFileError, match="no ticker"):
        MemoryPrices.from_returns(frame.rename(columns={10001.0: 1.5}))
