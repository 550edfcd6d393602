from __future__ import annotations

import hashlib
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import (
    InputError,
    MissingExtraError,
    NoDataError,
    PriceFileError,
    UnknownTickerError,
)
from eventstudy.panel import PriceSeries
from eventstudy.sources import FilePrices, SnapshotPrices

EVER = (date(2000, 1, 1), date(2030, 1, 1))
PLAIN = "date,close\n2024-01-02,10\n2024-01-03,11\n2024-01-05,12.5\n"
DAYS = ["2024-01-02", "2024-01-03", "2024-01-05"]


def load(path: Path, *tickers: str, **options: Any) -> dict[str, PriceSeries]:
    quotes = FilePrices(path, **options).load(tickers, *EVER)
    assert not quotes.failures
    return dict(quotes.series)


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def one(folder: Path, text: str, **options: Any) -> PriceSeries:
    return load(write(folder, MU=text), "MU", **options)["MU"]


def refused(path: Path, *tickers: str, **options: Any) -> PriceFileError:
    with pytest.raises(PriceFileError) as caught:
        FilePrices(path, **options).load(tickers or ["MU"], *EVER)
    assert all(problem.cure for problem in caught.value.problems)
    assert isinstance(caught.value, InputError)
    return caught.value


def fault(folder: Path, text: str | bytes, *tickers: str) -> str:
    data = text if isinstance(text, bytes) else text.encode()
    (folder / "MU.csv").write_bytes(data)
    return str(refused(folder, *tickers))


def test_one_file_a_ticker(tmp_path: Path) -> None:
    write(tmp_path, MU=PLAIN, NVDA=PLAIN.replace("10", "20"))
    series = load(tmp_path, "NVDA", "MU", "NVDA")
    assert list(series) == ["NVDA", "MU"]
    micron = series["MU"]
    assert (micron.ticker, micron.kind, micron.source) == ("MU", "prices", "files")
    assert micron.dates.dtype == np.dtype("datetime64[D]")
    assert micron.dates.astype(str).tolist() == DAYS
    np.testing.assert_array_equal(micron.values, [10, 11, 12.5])
    assert micron.notes == (
        "closes are not adjusted for dividends and splits, as far as the file says",
    )
    assert micron.sha256 == hashlib.sha256(PLAIN.encode()).hexdigest()
    assert (micron.opens, micron.retrieved) == (None, "")


@pytest.mark.parametrize(
    "name", ["adj_close", "Adj Close", "adjclose", "adjusted_close", "ADJCLOSE"]
)
@pytest.mark.parametrize("day", ["date", "Date", "Datetime", "DATE", ""])
def test_adjusted_closes(tmp_path: Path, name: str, day: str) -> None:
    text = f"{day},Open,High,Low,Close,{name},Volume\n2024-01-02,8,9,7,10,5,n/a\n"
    series = one(tmp_path, f"{text}2024-01-03,,9,7,12,6,1e5\n2024-01-04,0,9,7,12,6,\n")
    np.testing.assert_array_equal(series.values, [5, 6, 6])
    assert series.opens is not None
    np.testing.assert_array_equal(series.opens, [4, np.nan, np.nan])
    assert series.notes == ()


def test_unadjusted_opens_stay(tmp_path: Path) -> None:
    series = one(tmp_path, "date,open,close\n2024-01-02,8,10\n")
    assert series.opens is not None
    np.testing.assert_array_equal(series.opens, [8])


def test_adjusted_closes_alone_have_no_opens(tmp_path: Path) -> None:
    assert one(tmp_path, "date,open,adjclose\n2024-01-02,8,10\n").opens is None


def test_an_empty_adjusted_column_is_none(tmp_path: Path) -> None:
    series = one(tmp_path, "date,close,adjclose\n2024-01-02,8,\n2024-01-03,9,\n")
    np.testing.assert_array_equal(series.values, [8, 9])
    assert "not adjusted" in series.notes[0]


def test_a_close_without_its_adjusted_close_is_missing(tmp_path: Path) -> None:
    series = one(tmp_path, "date,close,adjclose\n2024-01-02,8,4\n2024-01-03,9,\n")
    np.testing.assert_array_equal(series.values, [4, np.nan])
    assert series.notes == ("closes without an adjusted close, taken as missing: 1",)


def test_returns(tmp_path: Path) -> None:
    series = one(tmp_path, "date,return,gap\n2024-01-02,0.01,x\n2024-01-03,,\n2024-01-04,-1,\n")
    assert series.kind == "returns"
    np.testing.assert_array_equal(series.values, [0.01, np.nan, -1])
    assert series.notes == ("returns as the file gives them",)


def test_returns_in_percent_are_refused(tmp_path: Path) -> None:
    text = fault(tmp_path, "date,return\n2024-01-02,1.5\n2024-01-03,-2.5\n")
    assert "MU.csv, line 3, column return: a return below -100 % (-2.5)" in text
    assert "0.0125 for 1.25 %" in text


def test_the_bundled_figures_are_read_as_files() -> None:
    folder = Path(sys.modules["eventstudy.sources"].__path__[0]).parent / "data" / "snapshot"
    files = load(folder, "MU", "^GSPC")
    levels = SnapshotPrices().load(["MU", "^GSPC"], *EVER).series
    for ticker, series in files.items():
        assert series.kind == "returns"
        closes = levels[ticker].values
        np.testing.assert_allclose(series.values[1:], closes[1:] / closes[:-1] - 1, atol=1e-12)
        assert series.sha256 == levels[ticker].sha256


def test_empty_cells_are_missing(tmp_path: Path) -> None:
    series = one(tmp_path, "date,close\n2024-01-02,10\n2024-01-03,\n2024-01-04, \n,\n\n")
    np.testing.assert_array_equal(series.values, [10, np.nan, np.nan])


def test_newest_first_is_turned(tmp_path: Path) -> None:
    series = one(tmp_path, "date,open,close\n2024-01-05,3,30\n2024-01-03,2,20\n2024-01-02,1,10\n")
    assert series.dates.astype(str).tolist() == DAYS
    np.testing.assert_array_equal(series.values, [10, 20, 30])
    np.testing.assert_array_equal(series.opens, [1, 2, 3])


@pytest.mark.parametrize(
    ("stamps", "notes"),
    [
        (["2024-01-02 00:00:00", "2024-01-03 00:00:00"], 0),
        (["2024-01-02T00:00:00Z", "2024-01-03T00:00:00+00:00"], 0),
        (["2024-01-02 00:00:00-05:00", "2024-01-03 00:00:00-04:00"], 0),
        (["2024-01-02 23:30:00+0800", "2024-01-03 00:30:00+08"], 1),
        (["2024-01-02", "2024-01-03 16:00"], 1),
    ],
    ids=str,
)
def test_timestamps_give_the_date_as_written(tmp_path: Path, stamps: list[str], notes: int) -> None:
    series = one(tmp_path, "date,close\n" + "".join(f"{stamp},1\n" for stamp in stamps))
    assert series.dates.astype(str).tolist() == ["2024-01-02", "2024-01-03"]
    assert ("times of day in the dates were left out" in series.notes) == bool(notes)


BAD_CELLS = [
    ("2024-01-08,abc", "line 5, column close: not a number (abc)"),
    ("2024-01-08,N/A", "line 5, column close: not a number (N/A)"),
    ("2024-01-08,nan", "line 5, column close: not a number (nan)"),
    ("2024-01-08,1_000", "line 5, column close: not a number (1_000)"),
    ('2024-01-08,"1,234.5"', "line 5, column close: not a number (1,234.5)"),
    ("2024-01-08,١٢", "line 5, column close: not a number (١٢)"),
    ("2024-01-08,1e", "line 5, column close: not a number (1e)"),
    ("2024-01-08,--1", "line 5, column close: not a number (--1)"),
    ("2024-01-08,=1+1", "line 5, column close: not a number (=1+1)"),
    ("2024-01-08,0", "line 5, column close: a price that is not positive (0)"),
    ("2024-01-08,-3", "line 5, column close: a price that is not positive (-3)"),
    ("2024-01-08,inf", "line 5, column close: an infinite price (inf)"),
    ("2024-01-08,-Infinity", "line 5, column close: an infinite price (-Infinity)"),
    ("2024-01-08,1e999", "line 5, column close: an infinite price (inf)"),
    ("2024-01-08,1e200", "line 5, column close: a price outside 1e-12 to 1e+15 (1e+200)"),
    ("2024-01-08,1e-200", "line 5, column close: a price outside"),
    ("2024-02-30,1", "line 5, column date: no such day in the calendar (2024-02-30)"),
    ("04/01/2024,1", "line 5, column date: not a date (04/01/2024)"),
    ("2024-1-4,1", "line 5, column date: not a date (2024-1-4)"),
    ("2024-W01-4,1", "line 5, column date: not a date"),
    ("today,1", "line 5, column date: not a date"),
    (",1", "line 5, column date: not a date"),
    ("0000-01-01,1", "line 5, column date: no such day"),
    ("9999-01-01,1", "line 5, column date: a date outside the years"),
    ("2024-01-04T25:00,1", "line 5, column date: not a date"),
    ("2024-01-08T00:00Z,1", "some dates name a time zone, others none"),
    ("2024-01-03,1", "line 5, column date: date twice (2024-01-03)"),
    ("2024-01-04,1", "line 5, column date: date out of order (2024-01-04)"),
    ("2024-01-08,1,2", "line 5: a row of another length than the header's 2 cells (3 cells"),
    ("Source: somebody", "line 5: a row of another length than the header's 2 cells (1 cells"),
    ('2024-01-08,"1', "rows that are not CSV"),
    ("2024-01-08,\x1b[31m", r"line 5, column close: not a number (\x1b[31m)"),
    ("2024-01-08,1\0", r"line 5: a NUL character"),
]


@pytest.mark.parametrize(("row", "message"), BAD_CELLS, ids=repr)
def test_bad_cells(tmp_path: Path, row: str, message: str) -> None:
    text = fault(tmp_path, f"{PLAIN}{row}\n")
    assert f"MU.csv, {message}" in text or message in text
    assert "1 problem\n" in text
    assert all(character.isprintable() or character == "\n" for character in text)


BAD_FILES = [
    (b"", "MU.csv: the file is empty"),
    (b"\n \n,,\n", "the file is empty"),
    (b"\xef\xbb\xbf", "the file is empty"),
    (b"date,close\n", "no row below the header"),
    (b"date,preis\n2024-01-02,1\n", "no column of closes or returns (preis)"),
    (b"date,clsoe\n2024-01-02,1\n", "('clsoe' looks like one)"),
    (b"date\n2024-01-02\n", "no column of closes or returns"),
    (b"dat,close\n2024-01-02,1\n", "Rename 'dat' to 'date'"),
    (b"day,close\n2024-01-02,1\n", "no column of dates (day, close)"),
    (b"date;close\n2024-01-02;1,5\n", "Separate the cells by commas"),
    (b"date\tclose\n2024-01-02\t1\n", "Separate the cells by commas"),
    (b"date,close,Close\n2024-01-02,1,2\n", "a column named twice"),
    (b"date,adj close,adj_close\n2024-01-02,1,2\n", "a column named twice"),
    (b"date,Datetime,close\n2024-01-02,2024-01-02,2\n", "a second column of dates"),
    ("date,close\n2024-01-02,1\n".encode("utf-16"), "UTF-16"),
    (
        "date,close\n2024-01-02,1\n2024-01-03,é\n".encode("latin-1"),
        "line 3: text that is not UTF-8",
    ),
    (b"PK\x03\x04junk", "a spreadsheet or an archive"),
    (b"\x00\x01\x02", "a NUL character"),
    (b"date,close\n2024-01-02," + b"1" * 200_000, "rows that are not CSV"),
    (b"date,close\n" + b"2024-01-02,1\n" * 100_001, "more than 100,000 rows"),
]


@pytest.mark.parametrize(("data", "message"), BAD_FILES, ids=lambda value: repr(value)[:40])
def test_bad_files(tmp_path: Path, data: bytes, message: str) -> None:
    assert message in fault(tmp_path, data)


def test_byte_order_mark_and_line_ends(tmp_path: Path) -> None:
    (tmp_path / "MU.csv").write_bytes(b"\xef\xbb\xbf" + PLAIN.replace("\n", "\r\n").encode())
    (tmp_path / "NVDA.csv").write_bytes(PLAIN.replace("\n", "\r").encode())
    for series in load(tmp_path, "MU", "NVDA").values():
        np.testing.assert_array_equal(series.values, [10, 11, 12.5])


def test_every_bad_cell_of_every_file_at_once(tmp_path: Path) -> None:
    write(tmp_path, MU=f"{PLAIN}x,0\n2024-01-09,y\n", NVDA="", AMAT=PLAIN, QCOM="date,open\n,\n")
    error = refused(tmp_path, "AMAT", "MU", "NVDA", "QCOM", "TSM")
    text = str(error)
    assert len(error.problems) == 5
    for part in (
        "MU.csv, line 5, column date",
        "MU.csv, line 6, column close",
        "NVDA.csv: the file",
    ):
        assert part in text
    assert "MU.csv, line 5, column close: a price that is not positive" in text
    assert "QCOM.csv, line 1: no column of closes" in text
    assert [p.column for p in error.problems][:3] == ["date", "close", "close"]


def test_one_fault_hides_no_other(tmp_path: Path) -> None:
    rows = ["2024-01-03,abc", "x,1", "2024-01-02,2", "2024-01-03,0", "2024-01-04,1,1"]
    text = fault(tmp_path, "\n".join(["date,close", *rows, "2024-01-05,1", "2024-01-08,1"]))
    for part in (
        "line 2, column close: not a number",
        "line 3, column date: not a date",
        "line 4, column date: date out of order",
        "line 5, column date: date twice",
        "line 5, column close: a price that is not positive",
        "line 6: a row of another length",
    ):
        assert part in text
    assert "6 problems" in text


def test_many_bad_cells_are_capped_and_counted(tmp_path: Path) -> None:
    days = pd.bdate_range("2000-01-03", periods=5000).strftime("%Y-%m-%d")
    text = fault(tmp_path, "date,close\n" + "".join(f"{day},x\n" for day in days))
    assert "4,990 more like these (5,000 in all): not a number" in text
    assert len(text.splitlines()) == 12
    rows = "date,close\n" + "".join(f"{day},x\n" for day in days[:20])
    for k in range(100):
        write(tmp_path, **{f"T{k}": rows})
    error = refused(tmp_path, *(f"T{k}" for k in range(100)))
    assert len(error.problems) == 200
    assert "2,000 bad cells or files in all, in 100 files" in str(error)


def test_wide_file(tmp_path: Path) -> None:
    text = "Date,MU,^GSPC,notes\n2024-01-02,1,10,x\n2024-01-03,,11,\n2024-01-05,2,12,y\n"
    path = write(tmp_path, prices=text) / "prices.csv"
    for place in (path, tmp_path):
        series = load(place, "^GSPC", "MU")
        np.testing.assert_array_equal(series["MU"].values, [1, np.nan, 2])
        np.testing.assert_array_equal(series["^GSPC"].values, [10, 11, 12])
        assert series["MU"].dates.astype(str).tolist() == DAYS
        assert series["MU"].sha256 == hashlib.sha256(text.encode()).hexdigest()
    quotes = FilePrices(path).load(["MU", "MUU"], *EVER)
    assert "prices.csv has no MUU; the nearest it has: MU" in str(quotes.failures["MUU"])
    assert "line 2, column notes: not a number (x)" in str(refused(path, "notes"))


def test_wide_file_of_returns(tmp_path: Path) -> None:
    path = write(tmp_path, r="date,MU\n2024-01-02,-0.01\n2024-01-03,0\n") / "r.csv"
    assert "FilePrices(path, kind='returns')" in str(refused(path))
    series = load(path, "MU", kind="returns")["MU"]
    assert series.kind == "returns"
    np.testing.assert_array_equal(series.values, [-0.01, 0])


def test_a_file_named_after_its_ticker(tmp_path: Path) -> None:
    path = write(tmp_path, MU=PLAIN) / "MU.csv"
    quotes = FilePrices(str(path)).load(["MU", "^GSPC"], *EVER)
    assert list(quotes.series) == ["MU"]
    assert "Put ^GSPC.csv beside it" in str(quotes.failures["^GSPC"])


def test_one_column_named_after_the_ticker(tmp_path: Path) -> None:
    write(tmp_path, MU="date,MU\n2024-01-02,1\n", NVDA=PLAIN)
    np.testing.assert_array_equal(load(tmp_path, "MU")["MU"].values, [1])


def yahoo() -> pd.DataFrame:
    fields = ["Adj Close", "Close", "High", "Low", "Open", "Volume"]
    columns = pd.MultiIndex.from_product([fields, ["0981.HK", "MU"]], names=["Price", "Ticker"])
    rows = [[5, 50, 10, 100, 1, 1, 1, 1, 8, 80, 7, 7], [6, np.nan, 12, np.nan, *[1] * 8]]
    index = pd.DatetimeIndex(["2024-01-02", "2024-01-03"], name="Date")
    return pd.DataFrame(rows, index=index, columns=columns, dtype=float)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("by", ["column", "ticker"])
def test_layout_of_yfinance_download(tmp_path: Path, suffix: str, by: str) -> None:
    frame = yahoo()
    if by == "ticker":
        frame = frame.swaplevel(axis="columns").sort_index(axis="columns")
    path = tmp_path / f"download.{suffix}"
    getattr(frame, f"to_{suffix}")(path)
    series = load(path, "MU", "0981.HK")
    np.testing.assert_array_equal(series["0981.HK"].values, [5, 6])
    np.testing.assert_array_equal(series["0981.HK"].opens, [4, 0.5])
    np.testing.assert_array_equal(series["MU"].values, [50, np.nan])
    assert series["MU"].dates.astype(str).tolist() == DAYS[:2]


def test_layout_of_yfinance_download_of_one_ticker(tmp_path: Path) -> None:
    frame = yahoo().xs("MU", axis="columns", level="Ticker", drop_level=False)
    frame.to_csv(tmp_path / "a.csv")
    np.testing.assert_array_equal(load(tmp_path / "a.csv", "MU")["MU"].values, [50, np.nan])
    quotes = FilePrices(tmp_path / "a.csv").load(["TSM"], *EVER)
    assert isinstance(quotes.failures["TSM"], UnknownTickerError)
    text = (tmp_path / "a.csv").read_text(encoding="utf-8")
    lines = text.replace("50.0", "x").splitlines()
    (tmp_path / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    assert "a.csv, line 4, column Adj Close MU: not a number (x)" in str(refused(tmp_path))


def test_unnamed_double_head(tmp_path: Path) -> None:
    text = ",Close,Close\n,MU,NVDA\nDate,,\n2024-01-02,1,2\n"
    series = load(write(tmp_path, a=text) / "a.csv", "MU", "NVDA")
    np.testing.assert_array_equal(series["NVDA"].values, [2])


def test_names_that_differ(tmp_path: Path) -> None:
    write(tmp_path, gspc=PLAIN, mu=PLAIN, BRK=PLAIN)
    series = load(tmp_path, "^GSPC", "MU")
    assert series["^GSPC"].notes[0] == "read from gspc"
    assert series["MU"].notes[0] == "read from mu"
    quotes = FilePrices(tmp_path).load(["^GSPC", "GSPC"], *EVER)
    assert list(quotes.series) == ["GSPC"]
    write(tmp_path, **{"^GSPC": PLAIN.replace("10", "99")})
    series = load(tmp_path, "^GSPC")
    assert series["^GSPC"].values[0] == 99
    assert len(series["^GSPC"].notes) == 1


def test_two_files_for_a_ticker(tmp_path: Path) -> None:
    write(tmp_path, MU=PLAIN)
    (tmp_path / "MU.parquet").write_bytes(b"")
    assert "more than one file for MU (MU.csv, MU.parquet)" in str(refused(tmp_path))


def test_unknown_ticker_names_the_nearest_files(tmp_path: Path) -> None:
    write(tmp_path, **{"0981.HK": PLAIN, "MU": PLAIN})
    quotes = FilePrices(tmp_path).load(["981.HK", "MU"], *EVER)
    error = quotes.failures["981.HK"]
    assert isinstance(error, UnknownTickerError)
    assert "the nearest it has: 0981.HK. Add the file 981.HK.csv" in str(error)
    assert list(quotes.series) == ["MU"]


@pytest.mark.parametrize(
    "ticker",
    ["../secret", "../../secret", "/secret", "sub/secret", ".", "..", "", "a\0b", "*", "%2e"],
)
def test_hostile_tickers_stay_in_the_folder(tmp_path: Path, ticker: str) -> None:
    folder = tmp_path / "prices"
    (folder / "sub").mkdir(parents=True)
    write(tmp_path, secret=PLAIN)
    write(folder / "sub", secret=PLAIN)
    write(folder, MU=PLAIN, NVDA=PLAIN)
    for name in (ticker, f"{folder.parent}/secret"):
        quotes = FilePrices(folder).load([name], *EVER)
        assert not quotes.series
        error = quotes.failures[name]
        assert isinstance(error, UnknownTickerError)
        assert "\0" not in str(error)


def test_no_price_in_the_range(tmp_path: Path) -> None:
    write(tmp_path, MU=PLAIN, NVDA="date,close\n2024-01-02,\n")
    quotes = FilePrices(tmp_path).load(["MU", "NVDA"], date(2023, 1, 1), date(2024, 1, 1))
    assert not quotes.series
    assert isinstance(quotes.failures["MU"], NoDataError)
    assert "from 2024-01-02 to 2024-01-05" in str(quotes.failures["MU"])
    assert "holds no price" in str(quotes.failures["NVDA"])
    inside = FilePrices(tmp_path).load(["MU"], date(2024, 1, 5), date(2024, 1, 5))
    assert len(inside.series["MU"].values) == 3


def test_paths_that_hold_no_prices(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("x", encoding="utf-8")
    (tmp_path / ".MU.csv").write_text(PLAIN, encoding="utf-8")
    for path in (
        tmp_path,
        tmp_path / "text.txt",
        tmp_path / "none",
        Path("a\0b"),
        Path("x" * 5000),
    ):
        error = refused(path)
        assert "Give a folder with TICKER.csv files" in str(error)
        assert "\0" not in str(error)


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "MU.csv").mkdir()
    assert "a folder where a price file belongs" in str(refused(tmp_path))
    os.mkfifo(tmp_path / "NVDA.csv")
    assert "not a file where a price file belongs" in str(refused(tmp_path, "NVDA"))
    (tmp_path / "QCOM.csv").symlink_to(tmp_path / "QCOM.csv")
    refused(tmp_path, "QCOM")
    assert "not a file" in str(refused(tmp_path / "NVDA.csv", "NVDA"))


def test_limit_of_size(tmp_path: Path) -> None:
    with (tmp_path / "MU.csv").open("wb") as file:
        file.truncate(513 * 1024 * 1024)
    assert "larger than 512 MB" in str(refused(tmp_path))


def test_file_names_that_are_not_text(tmp_path: Path) -> None:
    write(tmp_path, MU=PLAIN)
    with open(os.fsencode(tmp_path) + b"/\xff\x1b.csv", "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write("x")
    error = FilePrices(tmp_path).load(["TSM"], *EVER).failures["TSM"]
    assert str(error).encode()
    assert "\x1b" not in str(error)
    assert str(refused(tmp_path, "\udcff\x1b")).encode()


class TestParquet:
    @pytest.mark.parametrize(
        "index",
        [
            pd.DatetimeIndex(DAYS, name="Date"),
            pd.DatetimeIndex(DAYS),
            pd.DatetimeIndex(DAYS, name="date").tz_localize("America/New_York"),
            pd.DatetimeIndex(DAYS, name="date").tz_localize("Asia/Hong_Kong").as_unit("s"),
            pd.Index([date.fromisoformat(day) for day in DAYS], name="date"),
            pd.Index(DAYS, name="date"),
        ],
        ids=str,
    )
    def test_dates(self, tmp_path: Path, index: Any) -> None:
        frame = pd.DataFrame({"Close": [1.0, None, 3.0], "Volume": [1, 2, 3]}, index=index)
        frame.to_parquet(tmp_path / "MU.parquet")
        series = load(tmp_path, "MU")["MU"]
        assert series.dates.astype(str).tolist() == DAYS
        np.testing.assert_array_equal(series.values, [1, np.nan, 3])
        digest = hashlib.sha256((tmp_path / "MU.parquet").read_bytes()).hexdigest()
        assert series.sha256 == digest
        assert series.notes == (
            "closes are not adjusted for dividends and splits, as far as the file says",
        )

    def test_date_as_a_column(self, tmp_path: Path) -> None:
        frame = pd.DataFrame({"adj_close": [1, 2, 3], "date": pd.DatetimeIndex(DAYS)})
        frame.to_parquet(tmp_path / "MU.parquet")
        np.testing.assert_array_equal(load(tmp_path, "MU")["MU"].values, [1, 2, 3])

    def test_wide(self, tmp_path: Path) -> None:
        frame = pd.DataFrame({"MU": [1, 2], "NVDA": [3.0, None]}, index=pd.DatetimeIndex(DAYS[:2]))
        frame.to_parquet(tmp_path / "wide.parquet")
        series = load(tmp_path / "wide.parquet", "NVDA", "MU")
        np.testing.assert_array_equal(series["NVDA"].values, [3, np.nan])
        np.testing.assert_array_equal(series["MU"].values, [1, 2])

    @pytest.mark.parametrize(
        ("frame", "message"),
        [
            (pd.DataFrame({"date": DAYS, "close": [1.0, -2.0, np.inf]}), "line 3, column close"),
            (pd.DataFrame({"date": DAYS, "close": ["1", "2", "3"]}), "holds no numbers"),
            (pd.DataFrame({"date": DAYS, "close": [True, False, True]}), "holds no numbers"),
            (
                pd.DataFrame({"date": [1, 2, 3], "close": [1.0, 2, 3]}),
                "that holds no dates (int64)",
            ),
            (
                pd.DataFrame({"date": [DAYS[0], "x", None], "close": [1.0, 2, 3]}),
                "line 3, column date",
            ),
            (
                pd.DataFrame({"date": pd.DatetimeIndex([DAYS[0], None, DAYS[2]]), "close": 1.0}),
                "no date",
            ),
            (pd.DataFrame({"date": [DAYS[0]] * 3, "close": [1.0, 2, 3]}), "date twice"),
            (pd.DataFrame({"date": [], "close": []}), "the file is empty"),
            (pd.DataFrame({"close": [1.0, 2.0]}), "no column of dates"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_problems(self, tmp_path: Path, frame: pd.DataFrame, message: str) -> None:
        frame.to_parquet(tmp_path / "MU.parquet", index=False)
        assert message in str(refused(tmp_path))

    @pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + bytes(50) + b"PAR1", b"date,close"])
    def test_damaged(self, tmp_path: Path, data: bytes) -> None:
        (tmp_path / "MU.parquet").write_bytes(data)
        assert "not a Parquet file that can be read" in str(refused(tmp_path))

    def test_without_pyarrow(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        write(tmp_path, NVDA=PLAIN)
        (tmp_path / "MU.parquet").write_bytes(b"PAR1")
        assert list(load(tmp_path, "NVDA")) == ["NVDA"]
        with pytest.raises(MissingExtraError, match=r"eventstudy\[parquet\]") as caught:
            FilePrices(tmp_path).load(["MU"], *EVER)
        assert caught.value.extra == "parquet"


def test_a_wide_file_of_many_tickers_is_quick(tmp_path: Path) -> None:
    import time

    rng = np.random.default_rng(0)
    tickers = [f"S{k}" for k in range(400)]
    index = pd.bdate_range("2015-01-01", periods=1000)
    prices = 100 * np.exp(rng.normal(0, 0.01, (1000, 400)).cumsum(axis=0))
    frame = pd.DataFrame(prices, index=index, columns=tickers)
    frame.iloc[5, 7] = np.nan
    frame.to_csv(tmp_path / "wide.csv")
    begin = time.process_time()
    series = load(tmp_path, *tickers)
    assert time.process_time() - begin < 2
    np.testing.assert_array_equal(series["S7"].values, frame["S7"].to_numpy())
