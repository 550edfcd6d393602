"""Whatever bytes or frames arrive, only the package's own errors come out."""

from __future__ import annotations

import math
import tempfile
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventstudy.errors import EventStudyError, PriceFileError
from eventstudy.panel import PriceSeries
from eventstudy.sources import FilePrices, MemoryPrices, Quotes

EVER = (date(1800, 1, 1), date(2199, 12, 31))
BRIEF = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

cells = st.one_of(
    st.text(alphabet='0123456789.,-+eE_"\n\r\0;=x nai\t\u0661\ud7ff', max_size=8),
    st.floats().map(repr),
    st.dates().map(date.isoformat),
    st.sampled_from(["", "date", "close", "Adj Close", "open", "return", "Price", "Ticker", "MU"]),
)
tables = st.lists(st.lists(cells, min_size=1, max_size=5).map(",".join), max_size=8).map("\n".join)


def sound(series: PriceSeries) -> None:
    assert series.dates.dtype == np.dtype("datetime64[D]")
    assert not np.isnat(series.dates).any()
    assert (np.diff(series.dates) > np.timedelta64(0)).all()
    assert series.values.shape == series.dates.shape
    assert series.values.dtype == np.float64
    assert not np.isinf(series.values).any()
    if series.kind == "prices":
        assert not (series.values <= 0).any()
    if series.opens is not None:
        assert series.opens.shape == series.dates.shape
        assert not (series.opens <= 0).any()


def attempt(load: Callable[[], Quotes]) -> None:
    try:
        quotes = load()
    except EventStudyError as error:
        text = str(error)
        assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in text.replace("\n", ""))
        assert len(text) < 100_000
        return
    for series in quotes.series.values():
        sound(series)


def read(data: bytes, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, f"MU{suffix}").write_bytes(data)
        attempt(lambda: FilePrices(folder).load(["MU", "close"], *EVER))


@BRIEF
@given(st.binary(max_size=300), st.sampled_from([".csv", ".parquet"]))
def test_any_bytes(data: bytes, suffix: str) -> None:
    read(data, suffix)


@BRIEF
@given(tables, st.sampled_from(["", "date,close\n", "date,open,close,adjclose\n", ",MU\n"]))
def test_any_table(text: str, header: str) -> None:
    read((header + text).encode("utf-8"), ".csv")


@pytest.fixture(scope="module")
def parquet() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.parquet")
        index = pd.date_range("2024-01-01", periods=20, tz="Asia/Tokyo", name="Date")
        pd.DataFrame({"Close": np.arange(1.0, 21)}, index=index).to_parquet(path)
        return path.read_bytes()


@BRIEF
@given(place=st.integers(0, 10_000), value=st.integers(0, 255), cut=st.integers(0, 200))
def test_damaged_parquet(parquet: bytes, place: int, value: int, cut: int) -> None:
    data = bytearray(parquet)
    data[place % len(data)] = value
    read(bytes(data[: len(data) - cut % 5]), ".parquet")


@BRIEF
@given(
    st.lists(st.one_of(st.none(), st.floats(1e-6, 1e9)), min_size=1, max_size=30),
    st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    st.booleans(),
)
def test_what_is_written_is_read(
    values: list[float | None], first: date, newest_first: bool
) -> None:
    days = [first + timedelta(days=3 * k) for k in range(len(values))]
    lines = [
        f"{day},{'' if value is None else repr(value)}"
        for day, value in zip(days, values, strict=True)
    ]
    order = -1 if newest_first else 1
    with tempfile.TemporaryDirectory() as folder:
        text = "\n".join(["date,close", *lines[::order]])
        Path(folder, "MU.csv").write_text(text, encoding="utf-8")
        quotes = FilePrices(folder).load(["MU"], *EVER)
    expected = [math.nan if value is None else value for value in values]
    if all(value is None for value in values):
        assert "MU" in quotes.failures
        return
    np.testing.assert_array_equal(quotes.series["MU"].values, expected)
    assert [day.item() for day in quotes.series["MU"].dates] == days


frames = st.builds(
    lambda rows, index: pd.DataFrame(rows[: len(index)], index=index[: len(rows)]),
    st.lists(st.fixed_dictionaries({"AAA": st.floats(), "BBB": st.floats()}), max_size=6),
    st.one_of(
        st.lists(st.dates(), max_size=6),
        st.lists(st.datetimes(), max_size=6),
        st.lists(cells, max_size=6),
        st.lists(st.one_of(st.integers(), st.dates(), cells, st.none()), max_size=6),
    ),
)


@BRIEF
@given(frames, st.sampled_from([MemoryPrices.from_returns, MemoryPrices.from_prices]))
def test_any_frame(frame: pd.DataFrame, make: Callable[[pd.DataFrame], MemoryPrices]) -> None:
    attempt(lambda: make(frame).load(["AAA", "ZZZ"], *EVER))


@BRIEF
@given(st.text(max_size=40))
def test_any_ticker(ticker: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "outside.csv").write_text("date,close\n2024-01-02,1\n", encoding="utf-8")
        inside = Path(folder, "inside")
        inside.mkdir()
        for name in ("MU", "NVDA"):
            (inside / f"{name}.csv").write_text("date,close\n2024-01-02,2\n", encoding="utf-8")
        for asked in (ticker, f"../{ticker}", "../outside"):
            try:
                quotes = FilePrices(inside).load([asked], *EVER)
            except PriceFileError:
                continue
            assert all(series.values[0] == 2 for series in quotes.series.values())
            assert len(quotes.series) + len(quotes.failures) == 1
