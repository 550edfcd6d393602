"""Panels of many securities: long frames, and benchmarks that are columns of the same frame."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import PriceFileError, StudyError


def wide(*, sessions=40, securities=5, seed=0, holes=0.2):
    rng = np.random.default_rng(seed)
    values = 0.01 * rng.standard_normal((sessions, securities))
    values[rng.random(values.shape) < holes] = np.nan
    values[0] = 0.0  # every ticker has a row, and the first one the first date
    names = [f"T{which}" for which in range(securities)]
    dates = pd.bdate_range("2024-01-01", periods=sessions).rename("date")
    return pd.DataFrame(values, index=dates, columns=names)


def long(frame, *, by_ticker=True):
    """The cells of a wide frame that hold something."""
    stacked = frame.reset_index().melt("date", var_name="ticker", value_name="return").dropna()
    return stacked if by_ticker else stacked.sort_values(["date", "ticker"])


@pytest.mark.parametrize("by_ticker", [True, False])
@pytest.mark.parametrize("kind", ["returns", "prices"])
def test_a_long_frame_is_the_wide_one(kind, by_ticker):
    frame = wide() if kind == "returns" else 100 + wide()
    want = es.Panel.from_frame(frame, kind=kind)
    got = es.Panel.from_long(long(frame, by_ticker=by_ticker), kind=kind)
    assert got.tickers == want.tickers
    assert got.kind == want.kind == kind
    np.testing.assert_array_equal(got.dates, want.dates)
    np.testing.assert_array_equal(got.values, want.values)
    assert not got.values.flags.writeable


@pytest.mark.parametrize(
    "form",
    [
        lambda dates: dates.dt.strftime("%Y-%m-%d"),
        lambda dates: dates.dt.date,
        lambda dates: dates.dt.tz_localize("Asia/Tokyo"),
        lambda dates: dates.dt.to_period("D"),
        lambda dates: dates.dt.strftime("%Y-%m-%d").astype("category"),
    ],
)
def test_dates_come_in_the_forms_of_an_index(form):
    rows = long(wide())
    want = es.Panel.from_long(rows)
    got = es.Panel.from_long(rows.assign(date=form(rows["date"])))
    np.testing.assert_array_equal(got.dates, want.dates)
    np.testing.assert_array_equal(got.values, want.values)


def test_columns_may_have_other_names_and_tickers_other_types():
    rows = long(wide()).rename(columns={"date": "day", "ticker": "permno", "return": "ret"})
    names = {"date": "day", "ticker": "permno", "value": "ret"}
    want = es.Panel.from_long(rows, **names)
    category = es.Panel.from_long(rows.assign(permno=rows["permno"].astype("category")), **names)
    number = es.Panel.from_long(rows.assign(permno=rows["permno"].str[1:].astype(int)), **names)
    assert category.tickers == want.tickers
    assert number.tickers == ("0", "1", "2", "3", "4")
    np.testing.assert_array_equal(number.values, want.values)


def problems(frame, **more):
    with pytest.raises(PriceFileError) as caught:
        es.Panel.from_long(frame, **more)
    return caught.value.problems


def test_every_bad_cell_is_told_at_once():
    rows = pd.DataFrame(
        {
            "date": ["2024-01-02", "2024-01-32", "2024-01-03", "soon", "2024-01-05"],
            "ticker": ["A", "A", None, "B", "B"],
            "return": [0.1, 0.2, 0.3, np.inf, 0.5],
        }
    )
    found = {(one.line, one.column, one.problem) for one in problems(rows)}
    assert found == {
        (3, "date", "no such day in the calendar"),
        (4, "ticker", "no ticker"),
        (5, "date", "not a date"),
        (5, "return", "an infinite return"),
    }
    assert all(one.cure for one in problems(rows))


def test_rows_twice_and_dates_out_of_order_are_told_with_their_lines():
    rows = pd.DataFrame(
        {
            "date": ["2024-01-03", "2024-01-02", "2024-01-02", "2024-01-04", "2024-01-02"],
            "ticker": ["A", "B", "A", "A", "B"],
            "return": 0.1,
        }
    )
    found = [(one.line, one.value, one.problem) for one in problems(rows)]
    assert found == [
        (4, "2024-01-02", "date out of order"),
        (6, "B 2024-01-02", "ticker and date twice"),
    ]


def test_dates_out_of_order_among_rows_that_are_grouped_by_ticker():
    rows = pd.DataFrame(
        {
            "date": ["2024-01-03", "2024-01-04", "2024-01-02", "2024-01-02", "2024-01-03"],
            "ticker": [*"AAABB"],
            "return": 0.1,
        }
    )
    found = [(one.line, one.value, one.problem) for one in problems(rows)]
    assert found == [(4, "2024-01-02", "date out of order")]


@pytest.mark.parametrize("values", [["0.1", "0.2"], [True, False]])
def test_values_that_are_no_numbers(values):
    rows = pd.DataFrame({"date": ["2024-01-02", "2024-01-03"], "ticker": "A", "return": values})
    (one,) = problems(rows)
    assert (one.line, one.column) == (2, "return")
    assert "not numbers" in one.problem


def test_every_cell_that_is_no_number_is_told():
    values = [0.1, "x", None, True, 0.2]
    rows = pd.DataFrame({"date": pd.bdate_range("2024-01-01", periods=5), "ticker": "A"})
    rows["return"] = pd.Series(values, dtype=object)
    found = [(one.line, one.value, one.problem) for one in problems(rows)]
    assert found == [(3, "x", "not a number"), (5, "True", "not a number")]
    fine = es.Panel.from_long(rows.drop(index=[1, 3]))
    np.testing.assert_array_equal(fine.values, [[0.1, np.nan, 0.2]])


def test_a_price_that_is_none():
    rows = pd.DataFrame({"date": ["2024-01-02"], "ticker": "A", "close": [-1.0]})
    (one,) = problems(rows, value="close", kind="prices")
    assert (one.line, one.column, one.problem) == (2, "close", "a price that is not positive")


def test_missing_columns_are_told_with_what_may_be_meant():
    rows = pd.DataFrame({"Date": ["2024-01-02"], "symbol": "A", "return": 0.1})
    first, second = problems(rows)
    assert (first.column, first.cure) == ("date", "Is 'Date' meant? Write date='Date'")
    assert (second.column, second.problem) == ("ticker", "the column is missing")
    assert problems(rows.iloc[:0])[0].problem == "the frame has no rows"
    assert [one.problem for one in problems(rows["return"])] == ["not a frame"]


@pytest.mark.parametrize("make", [es.Panel.from_frame, es.Panel.from_long])
def test_another_kind_is_an_error(make):
    with pytest.raises(StudyError, match="none of prices, returns"):
        make(wide(), kind="return")


def test_the_frame_of_one_block_is_copied_and_one_of_columns_not_twice():
    """A change of the user's frame afterwards changes nothing."""
    for frame in (wide(), pd.concat([wide().iloc[:, [k]] for k in range(5)], axis=1)):
        panel = es.Panel.from_frame(frame)
        kept = panel.values.copy()
        frame.iloc[:, :] = 7.0
        np.testing.assert_array_equal(panel.values, kept)
    many = pd.DataFrame({f"T{k}": np.zeros(2000) for k in range(500)})
    many.index = pd.bdate_range("2000-01-03", periods=2000)
    tracemalloc.start()
    es.Panel.from_frame(many)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.6 * 8 * many.size  # one copy, and flags of a byte


def market_study(frame, events, panel):
    study = es.Study(
        estimation=(-60, -11), event=(-5, 5), windows=[(0, 0), (-1, 1)], calendar="data", tests=()
    )
    return study.run(es.Events.from_frame(events), prices=panel).events


def loop(frame, events):
    """The market model of each event by least squares, one after the other."""
    cars = {}
    for event, ticker, when, benchmark in events.itertuples(index=False):
        zero = frame.index.get_loc(when)
        before = slice(zero - 60, zero - 10)
        x = np.column_stack([np.ones(50), frame[benchmark].to_numpy()[before]])
        alpha, beta = np.linalg.lstsq(x, frame[ticker].to_numpy()[before], rcond=None)[0]
        abnormal = frame[ticker] - alpha - beta * frame[benchmark]
        for first, last in ((0, 0), (-1, 1)):
            days = abnormal.iloc[zero + first : zero + last + 1]
            cars[event, f"({first}, {last})"] = days.sum()
    return cars


@pytest.mark.parametrize("benchmarks", [["T0"] * 4, ["T0", "T1", "T0", "T1"]])
@pytest.mark.parametrize("shape", ["wide", "long"])
def test_benchmarks_are_columns_of_the_frame_shared_or_one_a_market(benchmarks, shape):
    frame = wide(sessions=150, securities=6, holes=0.0, seed=4)
    rng = np.random.default_rng(5)
    count = 12
    which = rng.integers(0, 4, count)
    events = pd.DataFrame(
        {
            "event_id": [f"E{i}" for i in range(count)],
            "ticker": [f"T{2 + one}" for one in which],
            "date": frame.index[rng.integers(70, 140, count)],
            "benchmark": [benchmarks[one] for one in which],
        }
    )
    panel = es.Panel.from_frame(frame) if shape == "wide" else es.Panel.from_long(long(frame))
    got = market_study(frame, events, panel)
    want = loop(frame, events)
    assert len(got) == len(want)
    for row in got.itertuples(index=False):
        assert row.car == pytest.approx(want[row.event_id, row.window], abs=1e-14)
        assert (
            row.benchmark
            == dict(zip(events["event_id"], events["benchmark"], strict=True))[row.event_id]
        )
