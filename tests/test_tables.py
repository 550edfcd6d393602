"""Columns of text by their distinct values, against one cell after the other."""

from __future__ import annotations

import datetime
import re
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import eventstudy as es
from eventstudy.instants import read_instants
from eventstudy.tables import BLANKS, Column, Problems, Table, frame_table, likeness, matching
from eventstudy.tickers import TICKER, spread

SPACE = BLANKS[1]
texts = st.one_of(
    st.none(),
    st.sampled_from(["", " ", "a", " a", "a ", f"a{SPACE}", "A", "b c", "a\nb", "ü", "nan"]),
    st.text(max_size=3),
)
numbers = st.sampled_from([0, 1, 1.0, 1.5, -0.0, np.nan, True, 10**20])
times = st.sampled_from(
    [pd.NaT, pd.Timestamp("2020-01-02"), datetime.date(2020, 1, 2), np.datetime64("2020-01-02")]
)


def written(value):
    """What a cell says, one at a time."""
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, float | np.floating) and np.isnan(value):
        return ""
    if isinstance(value, datetime.date):
        return value.isoformat().strip(BLANKS)
    return str(value).strip(BLANKS)


def check(cells, want):
    column = Column.of(cells)
    assert column.texts.tolist() == want
    assert len(set(column.values)) == len(column.values)
    assert column.filled.tolist() == [text != "" for text in want]
    rows = np.arange(len(want))[::-1]
    series = column.series(rows)
    assert series.tolist() == want[::-1]
    assert series.index.equals(pd.RangeIndex(len(want)))
    assert series.dtype == pd.Series([], dtype="str").dtype
    assert column.series(np.arange(len(want))).tolist() == want


@given(st.lists(texts, max_size=12))
def test_texts_keep_their_cells(cells):
    want = [written(cell) for cell in cells]
    check(pd.Series(cells, dtype=object), want)
    check(pd.Series(cells, dtype="category"), want)
    whole = [cell if cell is None else cell.encode("utf-8", "replace").decode() for cell in cells]
    want = [written(cell) for cell in whole]
    check(pd.Series(whole, dtype="str"), want)
    check(pd.Series(whole, dtype="string"), want)


@given(st.lists(st.one_of(texts, numbers, times), max_size=12))
def test_mixed_cells_are_written_out(cells):
    check(pd.Series(cells, dtype=object), [written(cell) for cell in cells])


@pytest.mark.parametrize(
    ("cells", "want"),
    [
        (pd.Series([3, 1, 3]), ["3", "1", "3"]),
        (pd.Series([True, False]), ["True", "False"]),
        (pd.Series([1.0, np.nan, 0.1]), ["1.0", "", "0.1"]),
        (pd.Series([1, None], dtype="Int64"), ["1", ""]),
        (pd.Series([], dtype=object), []),
        (pd.Series([2, None, np.int64(2), 10**20], dtype=object), ["2", "", "2", f"1{'0' * 20}"]),
        (pd.Series([1, True, 1.0], dtype=object), ["1", "True", "1.0"]),
        (
            pd.Series([datetime.date(2020, 1, 2), None, datetime.date(2020, 1, 2)], dtype=object),
            ["2020-01-02", "", "2020-01-02"],
        ),
    ],
)
def test_numbers_are_written_as_python_writes_them(cells, want):
    check(cells, want)


@given(st.lists(st.one_of(st.text(max_size=4), st.sampled_from(["MU", "0981.HK", "A..B", "^"]))))
def test_a_form_is_looked_for_in_all_texts_at_once(cells):
    values = np.array([*cells, ""], dtype=object)
    for form in (TICKER, re.compile("[A-Z]*"), re.compile("a|b")):
        want = [form.fullmatch(text) is not None for text in values]
        assert matching(values, form).tolist() == want


def test_a_text_of_two_lines_that_each_have_the_form_has_it_not():
    assert matching(np.array(["MU\nMU", "MU"], dtype=object), TICKER).tolist() == [False, True]


@given(st.lists(st.sampled_from(["", "A", "A B", "B;A", "C", " "]), min_size=1, max_size=8))
def test_every_ticker_of_a_cell_has_an_entry(cells):
    for given_ones in ([], ["X"], ["X", "Y"]):
        column = Column.of(pd.Series(cells, dtype=object))
        lines = np.arange(len(cells)) + 2
        table = Table("frame", "", {"tickers": column}, {}, lines, Problems())
        owners, securities = spread(table, "tickers", given_ones)
        want = [
            (row, ticker)
            for row, cell in enumerate(cells)
            for ticker in (re.findall("[A-Z]", cell) or given_ones or [""])
        ]
        assert list(zip(owners.tolist(), securities.texts.tolist(), strict=True)) == want


def test_the_date_of_an_instant_is_that_of_its_own_clock():
    cells = ["2020-01-02T23:30-05:00", "2020-01-02 23:30Z", "1899-12-31T00:00+14", ""]
    got = read_instants(frame_table(pd.DataFrame({"announced_at": cells}), "frame"), "announced_at")
    assert got.dates.astype(str).tolist() == ["2020-01-02", "2020-01-02", "1899-12-31", "NaT"]
    assert got.instants.astype("datetime64[m]").astype(str).tolist() == [
        *("2020-01-03T04:30", "2020-01-02T23:30", "1899-12-30T10:00", "NaT"),
    ]


def test_of_many_names_those_with_the_same_letter_are_compared():
    names = [f"E{i:05d}" for i in range(5000)] + ["MICRON-2023"]
    assert likeness("MICRON-203", names) == "MICRON-2023"
    assert likeness("E00017x", names) == "E00017"
    assert likeness("zzz", names) == ""


# ------------------------------------------------------------------ many rows


def many(count):
    rng = np.random.default_rng(0)
    days = np.datetime64("2010-01-04") + rng.integers(0, 3000, count)
    return pd.DataFrame(
        {
            "event_id": [f"E{i}" for i in range(count)],
            "date": days,
            "ticker": np.array([f"T{i:03d}" for i in range(500)])[rng.integers(0, 500, count)],
            "benchmark": "MKT",
        }
    )


def test_many_rows_take_little_beside_their_own_texts():
    """Columns that are not there take nothing, and no row becomes an object."""
    count = 200_000
    frame = many(count)
    tracemalloc.start()
    events = es.Events.from_frame(frame)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(events) == count
    for name in ("event_id", "ticker", "benchmark"):
        assert (events.frame[name].to_numpy() == frame[name].to_numpy()).all()
    assert (events.frame["date"] == frame["date"]).all()
    for name in ("written", "precision", "kind", "actor", "title", "source", "group", "notes"):
        assert (events.frame[name] == "").all()
    # two times of 8 bytes; where texts are Python's, places of 8 bytes a column and 60 an id
    assert kept < (14 * 8 + 60) * count
    assert peak < 400 * count


def test_bad_rows_among_many_are_told_as_among_few():
    frame = many(5000)
    frame.loc[[10, 4000], "ticker"] = ["A..B", "no,ticker"]
    frame.loc[77, "event_id"] = frame.loc[78, "event_id"]
    frame.loc[[77, 78], "ticker"] = "T001"
    frame.loc[[77, 78], "date"] = np.datetime64("2015-01-02")
    frame.loc[99, "event_id"] = "bell\x07"
    frame.loc[500, "benchmark"] = frame.loc[500, "ticker"]
    with pytest.raises(es.EventStudyError) as caught:
        es.Events.from_frame(frame)
    found = [(one.line, one.column, one.problem) for one in caught.value.problems]
    assert found == [
        (12, "ticker", "a ticker with two points in a row"),
        (80, "ticker", "event E78 has T001 twice, on line 79 before"),
        (101, "event_id", "an id with control characters"),
        (502, "benchmark", "a ticker that is its own benchmark"),
        (4002, "ticker", "not a ticker"),
    ]


@pytest.mark.parametrize("kind", ["float64", "Float64"])
def test_figures_that_are_all_whole_are_written_without_a_point(kind):
    """One missing cell makes floats of a column of identifiers."""
    assert Column.of(pd.Series([10001, None, 10002], dtype=kind)).texts.tolist() == [
        "10001",
        "",
        "10002",
    ]
    assert Column.of(pd.Series([1.5, None, 2.0], dtype=kind)).texts.tolist() == ["1.5", "", "2.0"]
    assert Column.of(pd.Series([1e300, np.inf])).texts.tolist() == ["1e+300", "inf"]
