from __future__ import annotations

import csv
import hashlib
import re
import warnings
from datetime import date
from importlib.resources import files

import numpy as np
import pytest

from eventstudy.errors import NoDataError, UnknownTickerError
from eventstudy.panel import PriceSeries
from eventstudy.sources import SnapshotPrices

FOLDER = files("eventstudy") / "data" / "snapshot"
PROVENANCE = (files("eventstudy") / "data" / "PROVENANCE.md").read_text(encoding="utf-8")
EVER = (date(2016, 1, 1), date(2026, 1, 1))
TICKERS = [
    "000001.SS",
    "000300.SS",
    "002230.SZ",
    "002415.SZ",
    "0763.HK",
    "0981.HK",
    "399006.SZ",
    "688981.SS",
    "ACWI",
    "AMAT",
    "AMBA",
    "AXTI",
    "MU",
    "NVDA",
    "QCOM",
    "^GSPC",
    "^HSI",
    "^SOX",
]
CALENDARS = {".HK": "XHKG", "HSI": "XHKG", ".SS": "XSHG", ".SZ": "XSHG"}
CLOSED_IN_HONG_KONG = {"2023-09-01", "2023-09-08"}


@pytest.fixture(scope="module")
def snapshot() -> dict[str, PriceSeries]:
    quotes = SnapshotPrices().load(TICKERS, *EVER)
    assert not quotes.failures
    return dict(quotes.series)


def figures(ticker: str) -> list[dict[str, str]]:
    text = (FOLDER / f"{ticker}.csv").read_text(encoding="ascii")
    return list(csv.DictReader(text.splitlines()))


def place(series: PriceSeries, day: str) -> int:
    found = int(np.searchsorted(series.dates, np.datetime64(day)))
    assert str(series.dates[found]) == day
    return found


def step(series: PriceSeries, day: str) -> float:
    at = place(series, day)
    return float(series.values[at] / series.values[at - 1] - 1)


def test_tickers_are_listed() -> None:
    assert list(SnapshotPrices().tickers) == TICKERS
    assert SnapshotPrices().name == "snapshot"


@pytest.mark.parametrize("ticker", TICKERS)
def test_levels_reproduce_the_figures(snapshot: dict[str, PriceSeries], ticker: str) -> None:
    series, rows = snapshot[ticker], figures(ticker)
    assert (series.ticker, series.kind, series.source) == (ticker, "prices", "snapshot")
    assert [str(day) for day in series.dates] == [row["date"] for row in rows]
    assert (rows[0]["return"], rows[0]["gap"]) == ("", "")
    assert series.values[0] == 100
    returns = np.array([float(row["return"]) for row in rows[1:]])
    np.testing.assert_allclose(
        series.values[1:] / series.values[:-1] - 1, returns, rtol=0, atol=1e-9
    )
    gaps = np.array([float(row["gap"] or "nan") for row in rows])
    assert series.opens is not None
    np.testing.assert_array_equal(np.isnan(series.opens), np.isnan(gaps))
    np.testing.assert_allclose(
        series.opens[1:] / series.values[:-1] - 1, gaps[1:], rtol=0, atol=1e-9
    )
    assert all(re.fullmatch(r"-?\d\.\d{6}", row["return"]) for row in rows[1:])
    assert (np.diff(series.dates) > np.timedelta64(0)).all()
    assert np.isfinite(series.values).all()


@pytest.mark.parametrize("ticker", TICKERS)
def test_digest_is_that_of_the_file_and_of_the_provenance(
    snapshot: dict[str, PriceSeries], ticker: str
) -> None:
    digest = hashlib.sha256((FOLDER / f"{ticker}.csv").read_bytes()).hexdigest()
    assert snapshot[ticker].sha256 == digest
    assert f"    {digest}  {ticker}.csv\n" in PROVENANCE


@pytest.mark.parametrize("ticker", TICKERS)
def test_provenance_counts(snapshot: dict[str, PriceSeries], ticker: str) -> None:
    line = next(x for x in PROVENANCE.splitlines() if x.startswith(f"| {ticker} | ") and ";" in x)
    _, _, _, meaning, days, first, last, opens, *_ = (cell.strip() for cell in line.split("|"))
    series = snapshot[ticker]
    assert int(days.replace(",", "")) == len(series.dates) - 1
    assert [first, last] == [str(series.dates[1]), str(series.dates[-1])]
    assert series.opens is not None
    assert int(opens.replace(",", "")) == np.isfinite(series.opens).sum()
    assert series.notes[0] == f"{meaning} returns; levels are 100 on {series.dates[0]}"


def test_sessions_are_those_of_the_exchange(snapshot: dict[str, PriceSeries]) -> None:
    import exchange_calendars

    calendars = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of exchange_calendars on pandas 3
        for mic in ("XNYS", "XHKG", "XSHG"):
            calendar = exchange_calendars.get_calendar(mic, start="2016-12-01", end="2025-04-01")
            calendars[mic] = calendar.sessions.to_numpy().astype("datetime64[D]")
    absent: dict[str, set[str]] = {}
    for ticker, series in snapshot.items():
        sessions = calendars[CALENDARS.get(ticker[-3:], "XNYS")]
        assert np.isin(series.dates, sessions).all()
        # The base row is the session right before the first return.
        base = int(np.searchsorted(sessions, series.dates[0]))
        assert sessions[base + 1] == series.dates[1]
        inside = sessions[(sessions >= series.dates[0]) & (sessions <= series.dates[-1])]
        absent[ticker] = {str(day) for day in np.setdiff1d(inside, series.dates)}
        if CALENDARS.get(ticker[-3:]) == "XHKG":
            absent[ticker] -= CLOSED_IN_HONG_KONG
    assert absent.pop("0981.HK") == {"2024-12-24"}
    assert absent.pop("002415.SZ") == {"2019-10-08", "2019-10-09"}
    halt = absent.pop("0763.HK")
    assert (min(halt), max(halt)) == ("2018-04-17", "2018-06-12")
    assert not any(absent.values())
    bases = {str(series.dates[0]) for ticker, series in snapshot.items() if ticker != "688981.SS"}
    assert bases == {"2016-12-30"}
    assert str(snapshot["688981.SS"].dates[0]) == "2020-07-16"


@pytest.mark.parametrize(
    ("ticker", "day", "percent"),
    [
        ("0981.HK", "2020-09-07", -22.88),
        ("MU", "2023-03-31", -4.36),
        ("000001.SS", "2018-11-23", -2.49),
        ("399006.SZ", "2018-11-23", -3.34),
        ("AMBA", "2019-10-08", -9.49),
        ("002415.SZ", "2019-10-10", -4.34),
    ],
)
def test_known_facts(
    snapshot: dict[str, PriceSeries], ticker: str, day: str, percent: float
) -> None:
    assert round(100 * step(snapshot[ticker], day), 2) == percent
    assert f"| {ticker} | {day}" in PROVENANCE


def test_known_opening_of_ambarella(snapshot: dict[str, PriceSeries]) -> None:
    series = snapshot["AMBA"]
    at = place(series, "2019-10-08")
    assert series.opens is not None
    assert round(100 * (series.opens[at] / series.values[at - 1] - 1), 2) == -13.37


def test_known_records(snapshot: dict[str, PriceSeries]) -> None:
    shanghai = snapshot["000001.SS"]
    at = place(shanghai, "2018-11-23")
    lower = shanghai.dates[:at][shanghai.values[:at] < shanghai.values[at]]
    assert str(lower[-1]) == "2018-10-30"
    micron = snapshot["MU"]
    at = place(micron, "2023-03-31")
    falls = micron.values[1:] / micron.values[:-1] - 1
    larger = micron.dates[1:at][falls[: at - 1] < falls[at - 1]]
    assert str(larger[-1]) == "2022-12-15"


def test_halts_are_absent_days(snapshot: dict[str, PriceSeries]) -> None:
    zte = snapshot["0763.HK"]
    at = place(zte, "2018-06-13")
    assert str(zte.dates[at - 1]) == "2018-04-16"
    hikvision = snapshot["002415.SZ"]
    at = place(hikvision, "2019-10-10")
    assert str(hikvision.dates[at - 1]) == "2019-09-30"


def test_notes_say_what_is_missing(snapshot: dict[str, PriceSeries]) -> None:
    assert snapshot["MU"].notes[1:] == ("no opening prices after 2024-03-08",)
    assert snapshot["ACWI"].notes[1:] == ("no opening prices",)
    assert snapshot["0981.HK"].notes[1:] == (
        "no figure on 2024-12-24: a gap of the source, not a halt",
    )
    assert snapshot["0981.HK"].retrieved == ""


@pytest.mark.parametrize("ticker", ["TSM", "mu", "", "../PROVENANCE", "/etc/passwd", "MU.csv"])
def test_unknown_ticker_says_what_there_is(ticker: str) -> None:
    quotes = SnapshotPrices().load([ticker, "MU"], *EVER)
    assert list(quotes.series) == ["MU"]
    error = quotes.failures[ticker]
    assert isinstance(error, UnknownTickerError)
    for part in (*TICKERS, "--prices yahoo", "--prices FOLDER"):
        assert part in str(error)


def test_no_session_in_the_range() -> None:
    quotes = SnapshotPrices().load(["002230.SZ", "MU"], date(2022, 1, 1), date(2022, 12, 31))
    assert list(quotes.series) == ["MU"]
    error = quotes.failures["002230.SZ"]
    assert isinstance(error, NoDataError)
    assert "from 2016-12-30 to 2021-03-23" in str(error)


def test_arrays_cannot_be_changed(snapshot: dict[str, PriceSeries]) -> None:
    with pytest.raises(ValueError, match="read-only"):
        snapshot["MU"].values[0] = 0
