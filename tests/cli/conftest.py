"""The command line, run in this process or in one of its own, in an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from eventstudy.cli import main

EVENTS = """\
event_id,announced_at,precision,tickers,kind,title
SMIC,2020-09-04T17:00-04:00,assumed,0981.HK 688981.SS,report,Blacklist weighed
LISTED,2020-12-18T06:23Z,minute,0981.HK,sanction,Entity list
REVIEW,2023-03-31T20:56+08:00,minute,MU,retaliation,Review of Micron
BAN,2023-05-21T20:00+08:00,assumed,MU,retaliation,Ban of Micron
"""
CLAIMS = """\
event_id,ticker,measure,quoted,comparison,since,text,source
SMIC,0981.HK,close_return,-22.9%,is,,plummeted,press
REVIEW,MU,close_return,-4.5%,is,,sank,press
"""


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """What it printed, as JSON that knows no NaN."""
        return json.loads(self.out, parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


Command = Callable[..., Outcome]


def _bundled(arguments: tuple[str, ...]) -> list[str]:
    """Take the bundled prices where a test names no others: no test goes to the network."""
    silent = arguments[:1] == ("run",) and "--prices" not in arguments and "--help" not in arguments
    return ["run", "--prices", "snapshot", *arguments[1:]] if silent else [*arguments]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the working one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    return tmp_path


@pytest.fixture
def command(folder: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in this process."""

    def run(*arguments: str) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main(_bundled(arguments))
        said = capsys.readouterr()
        return Outcome(int(left.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def program(folder: Path) -> Command:
    """Runs a command in a process of its own."""

    def run(*arguments: str, **environment: str) -> Outcome:
        done = subprocess.run(
            [sys.executable, "-m", "eventstudy", *_bundled(arguments)],
            cwd=folder,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def events(folder: Path) -> Path:
    """Four events, one pair of which has too young a share."""
    path = folder / "events.csv"
    path.write_text(EVENTS, encoding="utf-8")
    return path


@pytest.fixture
def claims(folder: Path) -> Path:
    """Two claims about them."""
    path = folder / "claims.csv"
    path.write_text(CLAIMS, encoding="utf-8")
    return path
