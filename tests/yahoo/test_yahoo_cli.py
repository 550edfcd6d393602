"""The command line against the stand-in for Yahoo, by environment variables alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fake_yahoo import FakeYahoo
from yahoo_charts import rows

from eventstudy.cli import main
from eventstudy.cli.prices import detours

EVENTS = """\
event_id,announced_at,precision,tickers,kind,title
SMIC,2020-09-04T17:00-04:00,assumed,0981.HK,report,Blacklist weighed
HUAWEI,2018-11-22T19:00-05:00,assumed,000001.SS,report,Allies asked
REVIEW,2023-03-31T20:56+08:00,minute,MU,retaliation,Review of Micron
"""
SERIES = 6
RUN = ("run", "events.csv", "--format", "csv", "--test", "bmp")


@dataclass
class Program:
    """Eventstudy in a folder of its own, run in this process, or alone in one of its own."""

    folder: Path
    environment: dict[str, str]
    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        self.capture.readouterr()
        with pytest.raises(SystemExit) as left:
            main(arguments)
        said = self.capture.readouterr()
        assert (left.value.code or 0) == code, said.err
        return said.out, said.err

    def json(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        return json.loads(self(*arguments, "--json", code=code)[0])

    def alone(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "eventstudy", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def program(
    yahoo: FakeYahoo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Program:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "events.csv").write_text(EVENTS)
    return Program(folder, os.environ | yahoo.environment(tmp_path / "caches"), capsys)


def numbers(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "events.csv").select_dtypes("number")


def test_a_run_gives_the_numbers_of_the_snapshot_and_the_next_needs_no_network(
    yahoo: FakeYahoo, program: Program
) -> None:
    running = program.alone(*RUN, "--prices", "yahoo", "--out", "yahoo")
    _, said = running.communicate()
    assert running.returncode == 0
    assert "Warning" not in said
    assert said.startswith("Prices: yahoo for all 6 series\n")
    assert yahoo.charts() == SERIES
    assert len(yahoo.log) == SERIES + 2
    program(*RUN, "--prices", "snapshot", "--out", "snapshot")
    pd.testing.assert_frame_equal(
        numbers(program.folder / "yahoo"),
        numbers(program.folder / "snapshot"),
        rtol=1e-9,
        atol=1e-12,
    )
    _, said = program(*RUN, "--out", "again")
    assert said.startswith("Prices: yahoo for all 6 series\n")
    program("check", "events.csv", "--prices", "yahoo", "--offline")
    assert len(yahoo.log) == SERIES + 2
    for name in ("events.csv", "days.csv", "tests.csv"):
        there = (program.folder / "again" / name).read_bytes()
        assert there == (program.folder / "yahoo" / name).read_bytes()


def test_fetch_status_and_clear(yahoo: FakeYahoo, program: Program) -> None:
    out, _ = program("fetch", "events.csv", "--cache", "my.db")
    assert "0981.HK" in out
    assert oct((program.folder / "my.db").stat().st_mode)[-3:] == "600"
    asked = len(yahoo.log)
    document = program.json("fetch", "events.csv", "--cache", "my.db")
    assert len(document["series"]) == SERIES
    assert document["failures"] == []
    program("check", "events.csv", "--cache", "my.db", "--prices", "yahoo")
    assert len(yahoo.log) == asked
    out, _ = program("fetch", "--status", "--cache", "my.db")
    assert "yfinance " in out
    assert "moments" in out
    kept = program.json("fetch", "--status", "--cache", "my.db")["series"]
    assert {one["state"] for one in kept} == {"whole"}
    assert len(kept) == SERIES
    assert "Removed: 6 series" in program("fetch", "--clear", "--cache", "my.db")[0]
    assert "Nothing is kept" in program("fetch", "--status", "--cache", "my.db")[0]


def test_three_of_twenty_that_fail_leave_seventeen(yahoo: FakeYahoo, program: Program) -> None:
    tickers = [f"T{number:02}" for number in range(20)]
    for ticker in tickers[2:]:
        yahoo.rows[ticker] = replace(rows("MU"), symbol=ticker)
    yahoo.fail("T02", "before", forever=True)
    text = "event_id,announced_at,precision,tickers,kind,title\n"
    text += f"E,2020-09-04T17:00-04:00,hour,{' '.join(tickers)},report,All\n"
    (program.folder / "many.csv").write_text(text)
    document = program.json("check", "many.csv", "--prices", "auto")
    assert {row["ticker"] for row in document["pairs"]} >= set(tickers[3:])
    dropped = {row["ticker"]: row["reason"] for row in document["dropped"]}
    assert sorted(dropped) == tickers[:3]
    assert "Yahoo knows no T00" in dropped["T00"]
    assert "no price of T02" in dropped["T02"]
    _, said = program("fetch", "many.csv", "--strict", code=1)
    assert said == ""


def test_no_series_at_all_is_exit_3(yahoo: FakeYahoo, program: Program) -> None:
    yahoo.hosts |= {
        f"{host}.yahoo.com": "refused"
        for host in ("fc", "guce", "query1.finance", "query2.finance")
    }
    _, said = program("fetch", "events.csv", code=3)
    assert said.count("Yahoo cannot be reached") == 1
    _, said = program("check", "events.csv", "--prices", "yahoo", code=3)
    assert said.count("Yahoo cannot be reached") <= 2
    _, said = program(*RUN)
    assert said.startswith("Prices: snapshot for all 6 series\n")
    assert "3 more: from the snapshot: Yahoo cannot be reached" in said


def test_a_damaged_cache_is_exit_2_and_can_be_cleared(yahoo: FakeYahoo, program: Program) -> None:
    place = Path(program.environment["XDG_CACHE_HOME"]) / "eventstudy" / "prices.db"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"x" * 5000)
    uses = (("check", "events.csv", "--prices", "yahoo"), ("fetch", "events.csv"))
    for arguments in (*uses, ("fetch", "--status")):
        _, said = program(*arguments, code=2)
        assert "is damaged" in said
        assert "eventstudy fetch --clear" in said
    assert not yahoo.log
    program("check", "events.csv", "--prices", "auto")
    assert place.read_bytes() == b"x" * 5000
    program("fetch", "--clear")
    program("fetch", "events.csv")


def test_detours_are_said_once_each() -> None:
    gone = "from the snapshot: Yahoo cannot be reached"
    notes = [f"total returns; {gone}", gone, gone, gone, "no cache: it is full; first price"]
    sources = pd.DataFrame({"ticker": ["A", "B", "C", "D", "A"], "note": notes})
    assert detours(sources) == [f"A, B, C and 1 more: {gone}", "A: no cache: it is full"]


@pytest.mark.parametrize("arguments", [(), ("events.csv", "--status"), ("--status", "--clear")])
def test_fetch_does_one_thing(program: Program, arguments: tuple[str, ...]) -> None:
    assert "--status, or --clear" in program("fetch", *arguments, code=2)[1]


def test_an_interrupt_ends_a_run_within_a_second_and_leaves_the_cache_whole(
    yahoo: FakeYahoo, program: Program
) -> None:
    program("fetch", "events.csv")
    kept = program.json("fetch", "--status")["series"]
    yahoo.rows["NEW"] = replace(rows("MU"), symbol="NEW")
    yahoo.fail("NEW", "hang", forever=True)
    asked = yahoo.charts()
    running = program.alone(*RUN, "--benchmark", "NEW")
    try:
        while yahoo.charts() == asked:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, said = running.communicate(timeout=20)
    finally:
        running.kill()
    assert time.monotonic() - began < 1.5  # a second, and some for a busy machine
    assert running.returncode == 130
    assert "Traceback" not in said
    assert [one["state"] for one in program.json("fetch", "--status")["series"]] == [
        "whole"
    ] * SERIES
    assert [one["ticker"] for one in kept] == sorted(one["ticker"] for one in kept)
