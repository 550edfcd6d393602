"""Factor files and frames: two layouts, every fault, and what cannot be daily factors."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import FactorsError, StudyError
from eventstudy.factors import factor_frame, join, take_factors

FRENCH = """\
This file was created using the 202412 CRSP database.  The 1-month TBill rate data until 202405
are from Ibbotson Associates.  Starting from 202406, the 1-month TBill rate is another.

Missing data are indicated by -99.99 or -999.

,Mkt-RF,SMB,HML,RF
20241126,    0.48,   -0.94,   -0.61,   0.019
20241127,   -0.36,-99.99,    0.05,   0.019
20241129,    0.58,   -0.26,   -0.47,   0.019
20241203,    0.02,   -0.63, -999.00,   0.018

  Annual Factors: January-December
,Mkt-RF,SMB,HML,RF
  2023,   21.70,   -3.30,  -13.10,    4.95

Copyright 2024 Kenneth R. French
"""


def write(folder, text, name="factors.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def test_ken_frenchs_layout_is_read_as_it_is_published(tmp_path):
    path = write(tmp_path, FRENCH)
    table = es.read_factors(path)
    assert table.names == ("Mkt-RF", "SMB", "HML", "RF")
    days = ["2024-11-26", "2024-11-27", "2024-11-29", "2024-12-03"]
    assert table.dates.astype(str).tolist() == days  # footer and annual block are not days
    np.testing.assert_allclose(table.values[0], [0.0048, -0.0094, -0.0061, 0.00019], rtol=1e-12)
    assert np.isnan(table.values[1, 1])
    assert np.isnan(table.values[3, 2])
    assert np.isfinite(table.values).sum() == 14
    assert table.exchange == "XNYS"
    assert table.files == {str(path): hashlib.sha256(FRENCH.encode()).hexdigest()}
    assert table.notes == ("the block below line 13 of factors.csv is not read",)


@pytest.mark.parametrize("change", [
    lambda text: text.replace("\n", "\r\n"),
    lambda text: "\ufeff" + text,
    lambda text: text.replace(",Mkt-RF", " ,Mkt-RF").replace("RF\n", "RF  \n"),
    lambda text: text.replace("CRSP database", "CRSP\u00ae database"),
])  # fmt: skip
def test_line_ends_marks_and_blanks_change_nothing(tmp_path, change):
    plain = es.read_factors(write(tmp_path, FRENCH, "plain.csv"))
    other = es.read_factors(write(tmp_path, change(FRENCH), "other.csv"))
    np.testing.assert_array_equal(plain.values, other.values)
    assert plain.names == other.names


def test_a_file_in_latin_1_is_read_too(tmp_path):
    text = FRENCH.replace("CRSP database", "CRSP\u00ae database")
    assert len(es.read_factors(write(tmp_path, text, encoding="latin-1")).dates) == 4


def test_a_second_daily_block_is_noted_and_not_read(tmp_path):
    head, block = ",Mkt-RF,RF\n", "20241126,0.48,0.019\n20241127,-0.36,0.019\n"
    text = (
        f"Average Value Weighted Returns -- Daily\n{head}{block}\n  Equal Weighted\n{head}{block}"
    )
    table = es.read_factors(write(tmp_path, text))
    assert len(table.dates) == 2
    assert table.notes == ("the block below line 7 of factors.csv is not read",)


@pytest.mark.parametrize(("rows", "words"), [
    ("202411,6.5,0.4\n202412,-3.2,0.4\n", "monthly factors"),
    ("2023,21.7,4.9\n2024,20.1,5.2\n", "annual factors"),
    ("".join(f"202401{day:02d},0.5,0.01\n" for day in (1, 8, 15, 22, 29))
     + "20240205,0.4,0.01\n20240212,0.4,0.01\n", "weekly factors"),
])  # fmt: skip
def test_files_that_are_not_daily_are_refused(tmp_path, rows, words):
    with pytest.raises(FactorsError, match=words) as caught:
        es.read_factors(write(tmp_path, f",Mkt-RF,RF\n{rows}"))
    assert "[Daily]" in str(caught.value)


def test_plain_csv_has_decimals_and_empty_cells(tmp_path):
    text = "date,SOX,EPU\n2024-01-02,0.01,\n2024-01-03,-0.02,NA\n\n2024-01-04,0.005,0.1\n"
    table = es.read_factors(write(tmp_path, text), exchange="XHKG")
    assert table.exchange == "XHKG"
    np.testing.assert_array_equal(table.values[:, 0], [0.01, -0.02, 0.005])
    assert np.isnan(table.values[:2, 1]).all()
    own = "Date,A,B\n20240102,0.01,0.02\n20240103,0.01,0.02\n"
    assert es.read_factors(write(tmp_path, own)).values[0].tolist() == [0.01, 0.02]
    saved = ",A,B\n2024-01-02,0.01,0.02\n2024-01-03,0.01,0.02\n"  # as pandas writes an index
    assert es.read_factors(write(tmp_path, saved)).values[0].tolist() == [0.01, 0.02]


def test_every_bad_cell_at_once_with_its_line(tmp_path):
    text = "date,A,B\n2024-01-02,x,0.1\n2024-02-30,0.1,0.1\n2024-01-04,0.1\n2024-01-05,0.1,1e999x\n"
    with pytest.raises(FactorsError) as caught:
        es.read_factors(write(tmp_path, text))
    found = [(one.line, one.column) for one in caught.value.problems]
    assert found == [(2, "A"), (3, "date"), (4, ""), (5, "B")]


@pytest.mark.parametrize(("text", "words"), [
    ("", "no header"),
    ("date,A\n", "no header"),
    ("just words\nand more\n", "no header"),
    ("date,A,A\n2024-01-02,0.1,0.1\n2024-01-03,0.1,0.1\n", "twice"),
    ("date,A,\n2024-01-02,0.1,0.1\n2024-01-03,0.1,0.1\n", "cells"),
    ("date,A\n2024-01-03,0.1\n2024-01-02,0.1\n", "do not ascend"),
    ("date,A\n2024-01-02,0.1\n2024-01-02,0.1\n", "do not ascend"),
])  # fmt: skip
def test_tables_that_are_none(tmp_path, text, words):
    with pytest.raises(FactorsError, match=words):
        es.read_factors(write(tmp_path, text))


def test_per_cent_in_a_plain_table_is_refused(tmp_path):
    rng = np.random.default_rng(0)
    days = pd.bdate_range("2024-01-02", periods=40)
    frame = pd.DataFrame({"Mkt-RF": rng.normal(0, 1.0, 40)}, index=days)
    with pytest.raises(FactorsError, match="per cent, not decimals"):
        factor_frame(frame)
    path = tmp_path / "percent.csv"
    frame.to_csv(path, index_label="date")
    with pytest.raises(FactorsError, match="Divide them by 100"):
        es.read_factors(path)
    assert factor_frame(frame / 100).names == ("Mkt-RF",)


def test_codes_for_missing_figures_are_missing_in_a_frame_too():
    days = pd.bdate_range("2024-01-02", periods=5)
    values = [0.01, -99.99, -999.0, -0.9999, -9.99]
    table = factor_frame(pd.DataFrame({"Mkt-RF": values}, index=days))
    assert np.isfinite(table.values).sum() == 1
    assert table.notes == ("4 figures are codes for missing ones",)


@pytest.mark.parametrize(("make", "words"), [
    (lambda folder: folder / "none.csv", "no such file"),
    (lambda folder: folder, "a folder"),
    (lambda folder: write(folder, "PK\x03\x04", "f.zip"), "ZIP archive"),
])  # fmt: skip
def test_files_that_cannot_be_read(tmp_path, make, words):
    with pytest.raises(FactorsError, match=words):
        es.read_factors(make(tmp_path))


@pytest.mark.parametrize("index", [
    pd.DatetimeIndex(["2024-01-02", "2024-01-03"], tz="America/New_York"),
    pd.PeriodIndex(["2024-01-02", "2024-01-03"], freq="D"),
    ["2024-01-02", "2024-01-03"],
])  # fmt: skip
def test_frames_with_any_index_of_days(index):
    table = factor_frame(pd.DataFrame({"A": [0.01, np.nan]}, index=index))
    assert table.dates.astype(str).tolist() == ["2024-01-02", "2024-01-03"]
    column = pd.DataFrame({"date": ["2024-01-02", "2024-01-03"], "A": [0.01, np.nan]})
    np.testing.assert_array_equal(factor_frame(column).values, table.values)


@pytest.mark.parametrize("frame", [
    pd.DataFrame({"A": [0.01, 0.02]}),
    pd.DataFrame({"A": ["x", "y"]}, index=["2024-01-02", "2024-01-03"]),
    pd.DataFrame({"A": [0.01]}, index=["soon"]),
    pd.DataFrame({"A": [0.01]}, index=pd.DatetimeIndex([pd.NaT])),
    pd.DataFrame(index=pd.bdate_range("2024-01-02", periods=3)),
    pd.DataFrame({"A": [0.01, np.inf]}, index=["2024-01-02", "2024-01-03"]),
])  # fmt: skip
def test_frames_that_cannot_be_used(frame):
    with pytest.raises(FactorsError):
        factor_frame(frame)


def test_the_frame_given_is_not_shared():
    frame = pd.DataFrame({"A": [0.01, 0.02]}, index=pd.bdate_range("2024-01-02", periods=2))
    table = factor_frame(frame)
    frame.iloc[0, 0] = 9.0
    assert table.values[0, 0] == 0.01


def test_tables_stand_side_by_side():
    days = pd.bdate_range("2024-01-02", periods=3)
    one = factor_frame(pd.DataFrame({"A": [0.01, 0.02]}, index=days[:2]))
    two = factor_frame(pd.DataFrame({"B": [0.03, 0.04]}, index=days[1:]))
    both = join([one, two])
    assert both.names == ("A", "B")
    np.testing.assert_array_equal(both.values, [[0.01, np.nan], [0.02, 0.03], [np.nan, 0.04]])
    with pytest.raises(FactorsError, match="two of the tables"):
        join([one, one])
    with pytest.raises(FactorsError, match="different exchanges"):
        join([one, factor_frame(pd.DataFrame({"B": [0.1]}, index=days[:1]), exchange="XHKG")])


def test_files_and_tickers_are_told_apart(tmp_path):
    path = write(tmp_path, FRENCH)
    table, tickers = take_factors([str(path), "^SOX"])
    assert table is not None
    assert tickers == ("^SOX",)
    assert take_factors("^GSPC") == (None, ("^GSPC",))
    for wrong in ([], "", "no ticker", ["^SOX", "^SOX"]):
        with pytest.raises(StudyError):
            take_factors(wrong)


def test_a_users_own_rows_take_what_lies_between_them():
    days = pd.to_datetime(["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"])
    table = factor_frame(pd.DataFrame({"A": [0.01, 0.02, np.nan, 0.04]}, index=days))
    rows = np.array(["2024-01-02", "2024-01-04", "2024-01-05", "2024-01-08"], "datetime64[D]")
    laid = table.onto(rows).values[:, 0]
    assert laid[0] == 0.01
    assert np.isnan(laid[1])  # 4 January itself has no figure
    assert laid[2] == 0.04
    assert np.isnan(laid[3])  # beyond the factors
    between = table.onto(rows[[0, 2]]).values[:, 0]
    assert np.isnan(between[1])
    two = np.array(["2024-01-02", "2024-01-03"], "datetime64[D]")
    whole = factor_frame(pd.DataFrame({"A": [0.01, 0.02, 0.03, 0.04]}, index=days))
    last = np.array(["2024-01-02", "2024-01-05"], "datetime64[D]")
    assert whole.onto(last).values[1, 0] == pytest.approx(1.02 * 1.03 * 1.04 - 1, rel=1e-12)
    assert whole.onto(two).values[:, 0].tolist() == [0.01, 0.02]
