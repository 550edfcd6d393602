"""Odd words on the command line, odd places, and ends from outside: told, and nothing half done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import eventstudy as es

Command = Callable[..., Any]
QUICK = ("--format", "csv", "--test", "bmp", "--placebo", "never")


@pytest.mark.parametrize("option", ["--study", "--out", "--prices", "--benchmark", "--claims"])
def test_an_empty_option_is_no_default(command: Command, events: Path, option: str) -> None:
    refused = command("run", str(events), option, "")
    assert refused.code == 2
    assert f"Invalid value for '{option}': it is empty" in refused.err
    assert not Path("reports").exists()


def test_a_title_may_be_longer_than_a_file_name(command: Command, events: Path) -> None:
    done = command("run", str(events), *QUICK, "--out", "o", "--title", "long " * 80)
    assert (done.code, Path("o/events.csv").exists()) == (0, True)


def test_what_is_not_utf8_is_refused_before_any_work(command: Command, events: Path) -> None:
    refused = command("run", str(events), "--title", os.fsdecode(b"a\xff"))
    assert refused.code == 2
    assert r"a\udcff is not UTF-8" in refused.err


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_a_link_that_leads_to_itself(command: Command, events: Path) -> None:
    Path("loop").symlink_to("loop")
    for folder in ("loop", "loop/x"):
        refused = command("run", str(events), *QUICK, "--out", folder)
        assert refused.code == 2
        assert "Name another" in refused.err or "symbolic link" in refused.err


def test_without_a_home_the_cache_says_where_it_may_be(command: Command, events: Path) -> None:
    refused = command("run", str(events), "--prices", "yahoo", "--cache", "~nobody-here/x.db")
    assert refused.code == 2
    assert "Name a file for it with --cache" in refused.err


def test_a_folder_with_work_of_somebody_is_left_alone(command: Command, events: Path) -> None:
    assert command("run", str(events), *QUICK, "--out", "o").code == 0
    mine = Path("o/thesis/chapter.tex")
    mine.parent.mkdir()
    mine.write_text("work", encoding="utf-8")
    for name in ("run", "robustness"):
        refused = command(name, str(events), "--prices", "snapshot", "--out", "o")
        assert refused.code == 2
        assert "holds files that are of no run: thesis. " in refused.err
    assert mine.read_text(encoding="utf-8") == "work"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_program_that_is_ended_leaves_nothing_half(events: Path, number: int) -> None:
    line = [sys.executable, "-m", "eventstudy", "run", str(events), "--prices", "snapshot"]
    running = subprocess.Popen([*line, "--out", "deep/o"], stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not any(Path("deep").glob(".o-*")) and time.monotonic() < until:
        time.sleep(0.01)
    running.send_signal(number)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Interrupted; nothing was written" in said
    assert not any(Path("deep").iterdir())


def test_a_closed_stdout_is_no_fault(events: Path) -> None:
    line = f"{sys.executable} -m eventstudy check {events} >&-"
    done = subprocess.run(["bash", "-c", line], stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_own_returns_on_their_own_days(command: Command, tmp_path: Path) -> None:
    """A wide file of returns, its rows the sessions: the first day of who comes from elsewhere."""
    days = pd.date_range("2020-01-01", periods=320, freq="W-WED")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        0.01 * rng.standard_normal((320, 3)), columns=["AAA", "BBB", "MKT"], index=days
    )
    frame.rename_axis("date").to_csv(tmp_path / "mine.csv")
    Path("own.csv").write_text(
        f"event_id,date,tickers\nA,{days[300]:%Y-%m-%d},AAA BBB\n", encoding="utf-8"
    )
    own = ("own.csv", "--prices", f"returns:{tmp_path / 'mine.csv'}", "--benchmark", "MKT")
    done = command("run", *own, "--calendar", "data", *QUICK, "--out", "o")
    assert done.code == 0, done.err
    got = es.load("o")
    want = es.Study(calendar="data", benchmark="MKT", tests=["bmp"], placebo="never")
    want = want.run(es.read_events("own.csv"), prices=es.Panel.from_frame(frame))
    np.testing.assert_allclose(got.events["car"], want.events["car"], rtol=1e-12)
    assert "returns:mine.csv" in got.provenance["command"]
    assert str(tmp_path) not in got.provenance["command"]
    refused = command("run", *own, *QUICK, "--out", "other")
    assert refused.code == 2
    assert "--calendar data" in refused.err
    missing = command("run", "own.csv", "--prices", "returns:none.csv")
    assert "there is no such folder or file" in missing.err
