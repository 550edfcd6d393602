"""Tickers to exchanges and benchmarks, and the table of suffixes against yfinance's own."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from eventstudy.errors import UnknownExchangeError
from eventstudy.exchanges import (
    EXCHANGES,
    INDICES,
    calendar_code,
    default_benchmark,
    exchange_name,
    exchange_of,
    is_index,
)


@pytest.mark.parametrize(
    ("ticker", "exchange"),
    [
        ("MU", "XNYS"),
        ("BRK-B", "XNYS"),
        ("BAC-PL", "XNYS"),
        ("ACWI", "XNYS"),
        ("0981.HK", "XHKG"),
        ("0981.hk", "XHKG"),
        ("688981.SS", "XSHG"),
        ("002415.SZ", "XSHG"),
        ("000001.SS", "XSHG"),
        ("399006.SZ", "XSHG"),
        ("7203.T", "XTKS"),
        ("VOD.L", "XLON"),
        ("2330.TW", "XTAI"),
        ("6488.TWO", "XTAI"),
        ("005930.KS", "XKRX"),
        ("247540.KQ", "XKRX"),
        ("MC.PA", "XPAR"),
        ("SAP.DE", "XETR"),
        ("ASML.AS", "XAMS"),
        ("TLX.V", "XTSE"),
        ("INFY.NS", "XBOM"),
        ("^GSPC", "XNYS"),
        ("^gspc", "XNYS"),
        ("^DJI", "XNYS"),
        ("^IXIC", "XNYS"),
        ("^SOX", "XNYS"),
        ("^RUT", "XNYS"),
        ("^VIX", "XNYS"),
        ("^HSI", "XHKG"),
        ("^HSCE", "XHKG"),
        ("^N225", "XTKS"),
        ("^FTSE", "XLON"),
        ("^GDAXI", "XETR"),
        ("^KS11", "XKRX"),
        ("^TWII", "XTAI"),
    ],
)
def test_exchange_of(ticker: str, exchange: str) -> None:
    assert exchange_of(ticker) == exchange


@pytest.mark.parametrize(
    "ticker", ["EURUSD=X", "CL=F", "BTC-USD", "eth-eur", "^UNHEARD", "ABC.ZZ", "DX-Y.NYB", "A."]
)
def test_unknown_exchange_asks_for_one(ticker: str) -> None:
    with pytest.raises(UnknownExchangeError, match="column `exchange`") as caught:
        exchange_of(ticker)
    assert repr(ticker) in str(caught.value)
    assert default_benchmark(ticker) in {None, "ACWI"}


def test_share_class_with_a_point_is_shown_how_to_be_written() -> None:
    with pytest.raises(UnknownExchangeError, match="BRK-B"):
        exchange_of("BRK.B")


@pytest.mark.parametrize(
    ("named", "exchange"),
    [("XETR", "XETR"), ("xnas", "XNYS"), ("XSHE", "XSHG"), ("BVMF", "BVMF"), ("CMES", "CMES")],
)
def test_named_exchange_wins(named: str, exchange: str) -> None:
    assert exchange_of("CL=F", named=named) == exchange
    assert exchange_of("0981.HK", named=named) == exchange


@pytest.mark.parametrize("named", ["NYSE!", "XXXX", " "])
def test_named_exchange_must_be_known(named: str) -> None:
    with pytest.raises(UnknownExchangeError, match="is not known"):
        exchange_of("MU", named=named)


@pytest.mark.parametrize(
    ("ticker", "index"),
    [
        ("^GSPC", True),
        ("000001.SS", True),
        ("000300.SS", True),
        ("399006.SZ", True),
        ("000001.SZ", False),
        ("600519.SS", False),
        ("399006.SS", False),
        ("0001.HK", False),
        ("MU", False),
    ],
)
def test_is_index(ticker: str, index: bool) -> None:
    assert is_index(ticker) is index


@pytest.mark.parametrize(
    ("ticker", "benchmark"),
    [
        ("MU", "^GSPC"),
        ("BRK-B", "^GSPC"),
        ("0763.HK", "^HSI"),
        ("688981.SS", "000300.SS"),
        ("002415.SZ", "000300.SS"),
        ("^GSPC", "ACWI"),
        ("^HSI", "ACWI"),
        ("000001.SS", "ACWI"),
        ("000300.SS", "ACWI"),
        ("399006.SZ", "ACWI"),
        ("^UNHEARD", "ACWI"),
        ("ACWI", None),
        ("acwi", None),
        ("7203.T", None),
        ("SAP.DE", None),
        ("CL=F", None),
    ],
)
def test_default_benchmark(ticker: str, benchmark: str | None) -> None:
    assert default_benchmark(ticker) == benchmark


def test_default_benchmark_goes_by_the_named_exchange() -> None:
    assert default_benchmark("SAP", named="XETR") is None
    assert default_benchmark("SMIC", named="XHKG") == "^HSI"
    assert default_benchmark("SMIC", named="XXXX") is None


def test_table_is_whole() -> None:
    suffixes = [exchange.suffix for exchange in EXCHANGES]
    assert len(set(suffixes)) == len(suffixes) >= 40
    for exchange in EXCHANGES:
        assert exchange.suffix == "" or exchange.suffix.startswith(".")
        assert ZoneInfo(exchange.timezone).key == exchange.timezone
        assert exchange_of(f"1{exchange.suffix}") == exchange.calendar
        assert calendar_code(exchange.mic) == calendar_code(exchange.calendar) == exchange.calendar
        assert exchange.calendar in exchange_name(exchange.calendar)
    assert set(INDICES.values()) <= {exchange.calendar for exchange in EXCHANGES}


def test_exchange_name() -> None:
    assert exchange_name("XSHG") == "Shanghai (XSHG)"
    assert exchange_name("XTSE") == "Toronto (XTSE)"
    assert exchange_name("XKRX") == "Seoul (XKRX)"
    assert exchange_name("ASEX") == "Athens (ASEX)"
    assert exchange_name("24/7") == "24/7"


def test_table_agrees_with_yfinance() -> None:
    from yfinance import const

    # The same market by another code: yfinance takes the code of a segment or of the operator,
    # and KQKS is its own invention for KOSDAQ.
    same = {"XNAS": "XNYS", "XVIE": "XWBO", "MTAA": "XMIL", "BMEX": "XMAD", "KQKS": "XKOS"}
    mics = {exchange.suffix: exchange.mic for exchange in EXCHANGES}
    compared = set()
    for mic, suffix in const._MIC_TO_YAHOO_SUFFIX.items():
        ours = f".{suffix}" if suffix else ""
        if ours in mics:
            assert mics[ours] == same.get(mic, mic), ours
            compared.add(ours)
    assert compared == set(mics)


def test_every_calendar_is_one_of_exchange_calendars() -> None:
    import exchange_calendars

    names = set(exchange_calendars.get_calendar_names(include_aliases=False))
    assert {exchange.calendar for exchange in EXCHANGES} <= names
    assert {calendar_code(name) for name in ("CMES", "IFUS", "24/5", "24/7", "XASE")} <= names
