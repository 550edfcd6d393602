"""The cache, then Yahoo, then the snapshot: whole series, and every choice said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from fake_yahoo import FakeYahoo
from yahoo_charts import rows

from eventstudy.errors import NetworkError, UnknownTickerError
from eventstudy.sources import AutoPrices, SnapshotPrices, YahooPrices
from eventstudy.sources.store import PriceStore

START, END = date(2020, 1, 2), date(2020, 12, 31)
QUICK = YahooPrices(attempts=1)
HOSTS = ("fc", "guce", "query1.finance", "query2.finance")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "prices.db"


def cut_off(yahoo: FakeYahoo) -> None:
    yahoo.hosts |= {f"{host}.yahoo.com": "refused" for host in HOSTS}


def test_yahoo_comes_first_and_is_kept(yahoo: FakeYahoo, path: Path) -> None:
    source = AutoPrices(path, live=QUICK)
    first = source.load(["MU", "0981.HK"], START, END)
    asked = len(yahoo.log)
    second = source.load(["MU", "0981.HK"], START, END)
    assert len(yahoo.log) == asked
    for quotes in (first, second):
        assert {one.source for one in quotes.series.values()} == {"yahoo"}
    assert first.series["MU"].notes == second.series["MU"].notes == ()
    assert first.series["MU"].retrieved == second.series["MU"].retrieved
    assert first.series["MU"].sha256 == second.series["MU"].sha256


def test_what_yahoo_lacks_the_snapshot_gives_whole(yahoo: FakeYahoo, path: Path) -> None:
    yahoo.fail("QCOM", "500", forever=True)
    quotes = AutoPrices(path, live=QUICK).load(["MU", "QCOM", "NOPE"], START, END)
    bundled = SnapshotPrices().load(["QCOM"], START, END).series["QCOM"]
    assert quotes.series["MU"].source == "yahoo"
    assert quotes.series["QCOM"].source == "snapshot"
    assert quotes.series["QCOM"].values is bundled.values
    assert quotes.series["QCOM"].notes[-1].startswith("from the snapshot: Yahoo answers with")
    assert isinstance(quotes.failures["NOPE"], UnknownTickerError)
    assert "and the bundled snapshot has none. Write it as" in str(quotes.failures["NOPE"])


def test_without_a_network_one_connection_is_tried(yahoo: FakeYahoo, path: Path) -> None:
    cut_off(yahoo)
    quotes = AutoPrices(path).load(["MU", "QCOM", "AMAT", "TSM"], START, END)
    assert {one.source for one in quotes.series.values()} == {"snapshot"}
    assert "Yahoo cannot be reached" in quotes.series["AMAT"].notes[-1]
    assert isinstance(quotes.failures["TSM"], NetworkError)
    assert yahoo.connects == ["fc.yahoo.com", "query2.finance.yahoo.com"]


def test_offline_touches_nothing(yahoo: FakeYahoo, path: Path) -> None:
    AutoPrices(path, live=QUICK).load(["MU"], START, END)
    asked = len(yahoo.log)
    offline = AutoPrices(path, offline=True, live=QUICK)
    quotes = offline.load(["MU", "QCOM", "TSM"], START, END)
    assert {ticker: one.source for ticker, one in quotes.series.items()} == {
        "MU": "yahoo",
        "QCOM": "snapshot",
    }
    assert quotes.series["QCOM"].notes[-1] == "from the snapshot: offline"
    assert "without --offline" in str(quotes.failures["TSM"])
    assert len(yahoo.log) == asked


def test_of_an_old_series_and_the_snapshot_the_fuller_is_taken(
    yahoo: FakeYahoo, path: Path
) -> None:
    AutoPrices(path, live=QUICK).load(["MU"], START, END)
    cut_off(yahoo)
    # Of 2019 the kept series has nothing; into January 2021 it lacks some days only.
    wider = AutoPrices(path).load(["MU"], date(2019, 1, 2), END).series["MU"]
    assert wider.source == "snapshot"
    yahoo.hosts.clear()
    yahoo.rows["TSM"] = replace(rows("MU"), symbol="TSM")
    AutoPrices(path, live=QUICK).load(["TSM"], START, END)
    cut_off(yahoo)
    kept = AutoPrices(path).load(["TSM"], START, date(2021, 1, 31)).series["TSM"]
    assert kept.source == "yahoo"
    assert kept.dates[-1] == np.datetime64("2020-12-31")
    assert "not fetched anew: Yahoo cannot be reached" in kept.notes[-1]


@pytest.mark.parametrize("offline", [True, False])
def test_a_cache_that_cannot_be_used_is_said_and_done_without(
    yahoo: FakeYahoo, tmp_path: Path, offline: bool
) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader, " * 1000)
    series = AutoPrices(path, offline=offline, live=QUICK).load(["MU"], START, END).series["MU"]
    assert series.source == ("snapshot" if offline else "yahoo")
    assert series.notes[-1].startswith("no cache: ")
    assert "is no price cache" in series.notes[-1]
    assert path.read_text() == "Dear reader, " * 1000


def test_a_rate_limit_leaves_what_was_fetched_in_the_cache(yahoo: FakeYahoo, path: Path) -> None:
    yahoo.rows["T1"] = replace(rows("MU"), symbol="T1")
    yahoo.fail("T2", "429", forever=True)
    quotes = AutoPrices(path, live=QUICK).load(["T1", "T2"], START, END)
    assert list(quotes.series) == ["T1"]
    assert list(quotes.failures) == ["T2"]
    assert [one.ticker for one in PriceStore(path).status()] == ["T1"]
