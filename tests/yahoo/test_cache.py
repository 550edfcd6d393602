"""The price cache: what is kept, when it is fetched again, and what happens to a bad file."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import CacheError, NetworkError, PricesError, SourceError, UnknownTickerError
from eventstudy.panel import PriceSeries
from eventstudy.sources import CachedPrices, MemoryPrices, Quotes, SnapshotPrices
from eventstudy.sources.bars import BarSeries
from eventstudy.sources.cache import fresh
from eventstudy.sources.store import PriceStore, default_path
from eventstudy.sources.store_rows import SCHEMA, Kept

START, END = date(2020, 1, 2), date(2020, 12, 31)


@dataclass
class Vendor:
    """The snapshot's prices by another name, with a count of what was asked for."""

    name: str = "vendor"
    asked: list[tuple[str, date, date]] = field(default_factory=list)
    down: PricesError | None = None

    def load(self, tickers: Sequence[str], start: date, end: date) -> Quotes:
        self.asked += [(ticker, start, end) for ticker in tickers]
        if self.down is not None:
            return Quotes({}, dict.fromkeys(tickers, self.down))
        return SnapshotPrices().load(tickers, start, end)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "prices.db"


def filled(series: PriceSeries, name: str) -> np.ndarray:
    column = getattr(series, name)
    return np.full(len(series.dates), np.nan) if column is None else column


def same(one: PriceSeries, other: PriceSeries) -> bool:
    names = ("values", "opens", "volume")
    return (
        (one.ticker, one.kind, one.source, one.sha256, one.notes)
        == (other.ticker, other.kind, other.source, other.sha256, other.notes)
        and np.array_equal(one.dates, other.dates)
        and all(
            np.array_equal(filled(one, name), filled(other, name), equal_nan=True) for name in names
        )
    )


def test_a_second_load_comes_from_the_cache_and_is_the_same(path: Path) -> None:
    vendor = Vendor()
    source = CachedPrices(vendor, path)
    assert source.name == "vendor"
    first = source.load(["MU", "ACWI"], START, END)
    second = source.load(["ACWI", "MU"], START, END)
    assert len(vendor.asked) == 2
    assert list(second.series) == ["ACWI", "MU"]
    for ticker, series in first.series.items():
        assert same(series, second.series[ticker])


@dataclass
class Held:
    """A source of one's own that gives what a frame holds."""

    frame: MemoryPrices
    name: str = "held"

    def load(self, tickers: Sequence[str], start: date, end: date) -> Quotes:
        return self.frame.load(tickers, start, end)


@pytest.mark.parametrize("kind", ["returns", "prices"])
def test_any_source_can_be_kept(path: Path, kind: str) -> None:
    days = pd.date_range("2020-01-01", periods=4)
    frame = pd.DataFrame({"AAA": [0.5, np.nan, -0.0, 1e-300]}, index=days)
    memory = (
        MemoryPrices.from_returns(frame)
        if kind == "returns"
        else MemoryPrices.from_prices(frame.abs() + 1)
    )
    source = CachedPrices(Held(memory), path)
    first, second = (source.load(["AAA"], START, END).series["AAA"] for _ in range(2))
    assert isinstance(second, BarSeries)
    assert same(first, second)
    assert second.kind == kind
    assert second.opens is second.volume is None


def test_the_file_is_the_users_alone_and_keeps_a_log(path: Path) -> None:
    CachedPrices(Vendor(), path).load(["MU"], START, END)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with sqlite3.connect(path) as base:
        assert base.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert {path.stat().st_mode, Path(f"{path}-wal").stat().st_mode} == {path.stat().st_mode}
    base.close()


def test_the_default_place_is_the_users_cache_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_path() == tmp_path / "eventstudy" / "prices.db"
    CachedPrices(Vendor()).load(["MU"], START, END)
    assert default_path().exists()


def test_a_wider_range_is_fetched_whole_and_replaces_the_series(path: Path) -> None:
    vendor = Vendor()
    source = CachedPrices(vendor, path)
    source.load(["MU"], START, END)
    source.load(["MU"], START, END + timedelta(days=400))
    source.load(["MU"], START - timedelta(days=400), END)
    first, last = START - timedelta(days=400), END + timedelta(days=400)
    assert vendor.asked[1:] == [("MU", START, last), ("MU", first, last)]
    source.load(["MU"], first, last)
    source.load(["MU"], START, END)
    assert len(vendor.asked) == 3
    assert len(PriceStore(path).status()) == 1


def kept_at(fetched: str, last_price: str, first: date = START, last: date = END) -> Kept:
    days = np.arange(np.datetime64("2020-01-02"), np.datetime64(last_price) + 1)
    series = PriceSeries("MU", days, np.ones(len(days)), "prices", "vendor")
    return Kept("vendor", series, first, last, fetched)


@pytest.mark.parametrize(
    ("fetched", "last_price", "end", "now", "expected"),
    [
        # Fetched on Friday evening after the close; the next session is Monday's.
        ("2020-09-18T21:00:00Z", "2020-09-18", "2020-12-31", "2020-09-20T12:00", True),
        ("2020-09-18T21:00:00Z", "2020-09-18", "2020-12-31", "2020-09-21T20:00", True),
        ("2020-09-18T21:00:00Z", "2020-09-18", "2020-12-31", "2020-09-21T20:31", False),
        # Fetched while Friday's session was on: it lacks Friday once that is over.
        ("2020-09-18T15:00:00Z", "2020-09-17", "2020-12-31", "2020-09-18T19:00", True),
        ("2020-09-18T15:00:00Z", "2020-09-17", "2020-12-31", "2020-09-18T21:00", False),
        ("2020-09-18T15:00:00Z", "2020-09-17", "2020-09-17", "2020-09-18T21:00", True),
        # Friday's price did not come: asked for again after 12 hours, until a week is over.
        ("2020-09-18T21:00:00Z", "2020-09-17", "2020-09-18", "2020-09-19T08:00", True),
        ("2020-09-18T21:00:00Z", "2020-09-17", "2020-09-18", "2020-09-19T10:00", False),
        ("2020-09-26T21:00:00Z", "2020-09-17", "2020-09-18", "2021-09-19T10:00", True),
        # The past does not age.
        ("2021-01-10T00:00:00Z", "2020-12-31", "2020-12-31", "2026-01-01T00:00", True),
    ],
)
def test_when_a_series_is_fresh(
    fetched: str, last_price: str, end: str, now: str, expected: bool
) -> None:
    instant = datetime.fromisoformat(now).replace(tzinfo=UTC)
    kept = kept_at(fetched, last_price)
    assert fresh(kept, START, date.fromisoformat(end), instant) is expected


def test_a_range_that_was_not_asked_for_is_not_fresh() -> None:
    now = datetime(2021, 6, 1, tzinfo=UTC)
    kept = kept_at("2021-06-01T00:00:00Z", "2020-12-31")
    assert fresh(kept, START, END, now)
    assert not fresh(kept, START - timedelta(days=1), END, now)
    assert not fresh(kept, START, END + timedelta(days=1), now)


def test_a_ticker_without_an_exchange_is_fresh_for_half_a_day(path: Path) -> None:
    now = datetime(2020, 9, 18, 12, tzinfo=UTC)
    kept = kept_at("2020-09-18T01:00:00Z", "2020-09-17")
    kept = replace(kept, series=replace(kept.series, ticker="BTC-USD"))
    assert fresh(kept, START, END, now)
    assert not fresh(kept, START, END, now + timedelta(hours=2))


def test_offline_takes_what_is_there_and_asks_nobody(path: Path) -> None:
    vendor = Vendor()
    CachedPrices(vendor, path).load(["MU"], START, END)
    vendor.asked.clear()
    offline = CachedPrices(vendor, path, offline=True)
    quotes = offline.load(["MU", "QCOM"], START, END + timedelta(days=60))
    note = quotes.series["MU"].notes[-1]
    assert note.startswith("kept since 20")
    assert note.endswith("not fetched anew: offline")
    assert isinstance(quotes.failures["QCOM"], UnknownTickerError)
    assert "without --offline" in str(quotes.failures["QCOM"])
    assert "not fetched anew" not in str(offline.load(["MU"], START, END).series["MU"].notes)
    assert not vendor.asked


def test_offline_without_a_file_makes_none(path: Path) -> None:
    quotes = CachedPrices(Vendor(), path, offline=True).load(["MU"], START, END)
    assert list(quotes.failures) == ["MU"]
    assert not path.parent.exists()


def test_a_failure_falls_back_on_what_is_kept(path: Path) -> None:
    vendor = Vendor()
    source = CachedPrices(vendor, path)
    source.load(["MU"], START, END)
    vendor.down = NetworkError("nobody answers. Try again")
    quotes = source.load(["MU", "QCOM"], START, END + timedelta(days=60))
    assert quotes.series["MU"].notes[-1].endswith("not fetched anew: nobody answers")
    assert quotes.failures == {"QCOM": vendor.down}
    assert source.load(["MU"], date(2030, 1, 1), date(2030, 2, 1)).failures


def test_nothing_is_kept_of_a_failure(path: Path) -> None:
    vendor = Vendor()
    quotes = CachedPrices(vendor, path).load(["MU", "NOPE"], START, END)
    assert list(quotes.failures) == ["NOPE"]
    assert [one.ticker for one in PriceStore(path).status()] == ["MU"]


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE bars SET close = close * 1.0000001 WHERE date = '2020-09-08'",
        "DELETE FROM bars WHERE date = '2020-09-08'",
        "UPDATE bars SET adjusted = 'x' WHERE date = '2020-09-08'",
        "UPDATE series SET fetched = '2099-01-01T00:00:00Z'",
        "UPDATE series SET notes = '['",
    ],
)
def test_a_changed_figure_is_found_and_fetched_anew(path: Path, harm: str) -> None:
    vendor = Vendor()
    source = CachedPrices(vendor, path)
    good = source.load(["MU"], START, END).series["MU"]
    base = sqlite3.connect(path)
    base.execute(harm)
    base.commit()
    base.close()
    assert not PriceStore(path).status()[0].intact
    failure = CachedPrices(vendor, path, offline=True).load(["MU"], START, END).failures["MU"]
    assert isinstance(failure, SourceError)
    assert "damaged" in str(failure)
    again = source.load(["MU"], START, END).series["MU"]
    assert again.notes[-1] == "the copy in the cache was damaged and is replaced"
    assert np.array_equal(again.values, good.values)
    assert PriceStore(path).status()[0].intact
    assert source.load(["MU"], START, END).series["MU"].notes == good.notes
    assert len(vendor.asked) == 2


def test_status_says_what_is_there(path: Path) -> None:
    store = PriceStore(path)
    assert store.status() == []
    assert not path.exists()
    CachedPrices(Vendor(), path).load(["QCOM", "MU"], START, END)
    first, second = store.status()
    assert (first.ticker, second.ticker) == ("MU", "QCOM")
    assert (first.source, first.first, first.last) == ("vendor", "2016-12-30", "2025-03-31")
    assert first.bars == 2073
    assert first.intact
    assert datetime.fromisoformat(first.fetched) <= datetime.now(UTC)


def test_clear_empties_the_cache(path: Path) -> None:
    store = PriceStore(path)
    assert store.clear() == 0
    assert not path.exists()
    CachedPrices(Vendor(), path).load(["QCOM", "MU"], START, END)
    size = path.stat().st_size
    assert store.clear() == 2
    assert store.status() == []
    assert path.stat().st_size < size / 4


def bytes_of(path: Path) -> bytes:
    return path.read_bytes()


@contextmanager
def refused(words: str, way_out: str) -> Iterator[None]:
    with pytest.raises(CacheError) as caught:
        yield
    assert words in str(caught.value)
    assert way_out in str(caught.value)


@pytest.mark.parametrize("harm", ["header", "page", "short"])
def test_a_damaged_file_is_refused_and_can_be_cleared(
    path: Path, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(path.parent))
    vendor, place = Vendor(), default_path()
    source = CachedPrices(vendor)
    source.load(["MU", "QCOM"], START, END)
    data = bytearray(bytes_of(place))
    if harm == "header":
        data[:100] = b"x" * 100
    elif harm == "page":
        data[4096:40960] = b"\xff" * 36864
    else:
        del data[len(data) // 3 :]
    place.write_bytes(data)
    for use in (
        lambda: source.load(["MU"], START, END),
        lambda: CachedPrices(vendor, offline=True).load(["MU"], START, END),
        PriceStore().status,
    ):
        with refused("is damaged", "`eventstudy fetch --clear`"):
            use()
    assert bytes_of(place) == bytes(data)
    assert len(vendor.asked) == 2
    assert PriceStore().clear() == -1
    assert not source.load(["MU"], START, END).failures


@pytest.mark.parametrize(("version", "cure"), [(0, "fetch --clear --cache"), (99, "Update")])
def test_another_schema_is_refused(path: Path, version: int, cure: str) -> None:
    vendor = Vendor()
    CachedPrices(vendor, path).load(["MU"], START, END)
    base = sqlite3.connect(path)
    base.execute(f"PRAGMA user_version = {version}")
    base.close()
    data = bytes_of(path)
    with refused(f"(schema {version}; this one has {SCHEMA})", cure):
        CachedPrices(vendor, path).load(["MU"], START, END)
    with refused(f"(schema {version}; this one has {SCHEMA})", cure):
        PriceStore(path).status()
    assert bytes_of(path) == data
    assert PriceStore(path).clear() == -1
    assert not path.exists()


def test_a_file_of_another_kind_is_never_touched(tmp_path: Path) -> None:
    letter, other = tmp_path / "letter.txt", tmp_path / "other.db"
    letter.write_text("Dear reader, " * 1000)
    base = sqlite3.connect(other)
    base.execute("CREATE TABLE mine (one)")
    base.commit()
    base.close()
    for path, words in ((letter, "is no price cache"), (other, "of another program")):
        data = bytes_of(path)
        for use in (
            lambda path=path: CachedPrices(Vendor(), path).load(["MU"], START, END),
            PriceStore(path).status,
            PriceStore(path).clear,
        ):
            with refused(words, "--cache"):
                use()
        assert bytes_of(path) == data


def test_a_file_in_use_is_waited_for_and_never_removed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    CachedPrices(Vendor(), path).load(["MU"], START, END)
    monkeypatch.setattr("eventstudy.sources.store._WAIT", 0.1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with refused("in use by others", "Try again"):
        CachedPrices(Vendor(), path).load(["QCOM"], START, END)
    with refused("in use by others", "Try again"):
        PriceStore(path).clear()
    assert not CachedPrices(Vendor(), path).load(["MU"], START, END).failures
    other.execute("ROLLBACK")
    other.close()
    assert [one.ticker for one in PriceStore(path).status()] == ["MU"]


def test_a_folder_and_a_file_in_the_way_are_refused(tmp_path: Path) -> None:
    with refused("is a folder", "--cache"):
        CachedPrices(Vendor(), tmp_path).load(["MU"], START, END)
    (tmp_path / "file").touch()
    vendor = Vendor()
    with refused("cannot be", "--cache"):
        CachedPrices(vendor, tmp_path / "file" / "prices.db").load(["MU"], START, END)
    assert not vendor.asked


def test_an_empty_file_is_a_new_cache(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    assert PriceStore(path).status() == []
    assert not CachedPrices(Vendor(), path).load(["MU"], START, END).failures


ELSEWHERE = """
import os, resource, sys
from datetime import date
from eventstudy.errors import CacheError
from eventstudy.sources import CachedPrices, SnapshotPrices
path, limit, user, *tickers = sys.argv[1:]
source = CachedPrices(SnapshotPrices(), path)
source.inner.load(tickers, date(2020, 1, 2), date(2020, 12, 31))
if int(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
if int(user):
    os.setuid(int(user))
try:
    source.load(tickers, date(2020, 1, 2), date(2020, 12, 31))
except CacheError as error:
    print(error)
"""


def told(path: Path, *tickers: str, limit: int = 0, user: int = 0) -> str:
    """What a program of its own says of the cache, under a limit of the file's size or a user."""
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(path), str(limit), str(user), *tickers],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout


@pytest.mark.parametrize("room", [0, 100_000, 400_000])
def test_a_file_that_cannot_grow_is_said_and_nothing_is_harmed(path: Path, room: int) -> None:
    vendor = Vendor("snapshot")
    CachedPrices(vendor, path).load(["MU"], START, END)
    limit = path.stat().st_size + room if room else 20_000
    said = told(path, "MU", "QCOM", "AMAT", "NVDA", "AXTI", limit=limit)
    assert f"cannot be {'written' if room else 'read'}" in said
    assert "Make room on the disk, or name another file with --cache" in said
    status = PriceStore(path).status()
    assert all(one.intact for one in status)
    assert "MU" in [one.ticker for one in status]
    assert not CachedPrices(Vendor(), path).load(["QCOM", "AMAT"], START, END).failures


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte, where this user may make one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if mount is None or subprocess.call(
        [mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], stderr=subprocess.DEVNULL
    ):
        pytest.skip("only root can make a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_said_and_nothing_is_harmed(small_disk: Path) -> None:
    path = small_disk / "prices.db"
    vendor = Vendor()
    CachedPrices(vendor, path).load(["MU"], START, END)
    with refused("cannot be written", "Make room on the disk"):
        CachedPrices(vendor, path).load(SnapshotPrices().tickers, START, END)
    assert all(one.intact for one in PriceStore(path).status())
    assert not CachedPrices(vendor, path, offline=True).load(["MU"], START, END).failures
    (small_disk / "filler").write_bytes(b"x" * (shutil.disk_usage(small_disk).free))
    with refused("cannot be written", "Make room on the disk"):
        CachedPrices(vendor, path).load(["^HSI"], START, END)
    (small_disk / "filler").unlink()
    assert "MU" in [one.ticker for one in PriceStore(path).status()]


def test_a_read_only_disk_can_be_read(small_disk: Path) -> None:
    path = small_disk / "prices.db"
    vendor = Vendor()
    CachedPrices(vendor, path).load(["MU"], START, END)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert not CachedPrices(vendor, path).load(["MU"], START, END).failures
    assert not CachedPrices(vendor, path, offline=True).load(["MU"], START, END).failures
    asked = len(vendor.asked)
    with refused("cannot be written", "--cache"):
        CachedPrices(vendor, path).load(["QCOM"], START, END)
    with refused("cannot be", "--cache"):
        PriceStore(path).clear()
    assert len(vendor.asked) == asked
    assert [one.ticker for one in PriceStore(path).status()] == ["MU"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes of files are those of POSIX")
@pytest.mark.parametrize("what", ["folder", "file", "both"])
def test_what_cannot_be_written_is_said(path: Path, what: str) -> None:
    CachedPrices(Vendor("snapshot"), path).load(["MU"], START, END)
    data = bytes_of(path)
    nobody = 65534 if os.geteuid() == 0 else 0
    if nobody:
        for place in (path, path.parent):
            os.chown(place, nobody, -1)
        for place in path.parents[1:]:
            if place.stat().st_uid == 0 and "pytest-of" in str(place):
                place.chmod(0o755)
    if what != "file":
        path.parent.chmod(0o500)
    if what != "folder":
        path.chmod(0o400)
    try:
        assert told(path, "MU", user=nobody) == ""
        said = told(path, "QCOM", user=nobody)
    finally:
        path.parent.chmod(0o700)
        path.chmod(0o600)
    assert "cannot be written" in said
    assert "or name another file with --cache" in said
    assert bytes_of(path) == data


def test_closes_as_they_were_traded_are_kept_beside_the_adjusted_ones(path: Path) -> None:
    """A claim must not be judged otherwise on the second run."""
    days = np.arange("2020-01-06", "2020-01-10", dtype="datetime64[D]")
    adjusted, closes = np.array([9.0, 9.0, 9.9, 10.0]), np.array([10.0, 10.0, 10.0, 10.0])
    opens = adjusted * 1.01

    class Own:
        name = "own"

        def load(self, tickers: Sequence[str], start: date, end: date) -> Quotes:
            series = PriceSeries("A", days, adjusted, "prices", "own", opens, closes=closes)
            return Quotes({"A": series}, {})

    source = CachedPrices(Own(), path)
    for _ in range(2):
        one = source.load(["A"], date(2020, 1, 1), date(2020, 1, 10)).series["A"]
        assert one.values.tolist() == adjusted.tolist()
        assert one.closes is not None
        assert one.closes.tolist() == closes.tolist()
        assert one.opens is not None
        np.testing.assert_allclose(one.opens, opens, rtol=1e-12)
