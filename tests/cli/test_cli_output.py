"""What is printed: whole tables, strict JSON, no terminal escape, quiet ends."""

from __future__ import annotations

import json
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

from eventstudy.cli import messages, output
from eventstudy.errors import InputError

Command = Callable[..., Any]
ESCAPE = "\x1b[31mred\x1b]0;title\x07"


def test_a_piped_table_is_as_wide_as_its_cells(capsys: pytest.CaptureFixture[str]) -> None:
    cells = [["x" * 300, "中" * 40, "-12.5", "[/b]:smile:[red]"]]
    output.table(("one", "two", "three", "four"), cells, right=("three",))
    head, rule, row, blank = capsys.readouterr().out.split("\n")[:4]
    assert [*head.split()] == ["one", "two", "three", "four"]
    assert set(rule) == {"-"}
    assert row == f"{'x' * 300}  {'中' * 40}  -12.5  [/b]:smile:[red]"
    assert blank == ""


def test_figures_are_printed_as_programs_read_them(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("name", "value"), [["a − b", "−1.50"], ["c", "–"]], right=("value",))
    output.sentences(["It fell by −1.50 %."])
    assert capsys.readouterr().out.split("\n")[2:4] == ["a − b  -1.50", "c          -"]


def test_control_characters_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("name",), [[ESCAPE]], title=ESCAPE)
    output.sentences([ESCAPE])
    output.paragraph(ESCAPE)
    output.document({"text": pd.DataFrame({"a": [ESCAPE]}), "words": ESCAPE})
    messages.note(ESCAPE)
    messages.failure(InputError(f"{ESCAPE}\nsecond line"))
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err
    assert "\x07" not in said.out + said.err
    assert said.out.count(r"\x1b[31mred\x1b]0;title\x07") == 4
    assert said.err.endswith("\nsecond line\n")


def test_long_tables_say_what_they_leave_out(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [[str(number)] for number in range(1_234)]
    output.table(("number",), rows, rest="run/events.csv")
    assert "... and 1,034 more rows in run/events.csv\n" in capsys.readouterr().out
    output.table(("number",), rows[:200], rest="run/events.csv", total=1_234)
    assert "... and 1,034 more rows in run/events.csv\n" in capsys.readouterr().out
    output.table(("number",), rows)
    assert capsys.readouterr().out.count("\n") == 1_234 + 3


def test_the_document_has_null_for_what_is_not_finite(capsys: pytest.CaptureFixture[str]) -> None:
    frame = pd.DataFrame(
        {
            "number": [1.5, np.nan, np.inf, -np.inf],
            "count": [1, 2, 3, 4],
            "flag": [True, False, True, False],
            "day": pd.to_datetime(["2020-09-07", None, "2020-09-08", "2020-09-09"]),
            "instant": pd.to_datetime(["2020-09-04T21:00Z", None, None, None], utc=True),
            "text": ["", "中", "\x1b", None],
        }
    )
    output.document({"frame": frame, "empty": frame.head(0), "words": {"a": "−"}})
    document = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert list(document) == ["schema", "frame", "empty", "words"]
    assert document["schema"] == 1
    assert document["empty"] == []
    assert document["words"] == {"a": "−"}
    first, second, third, last = document["frame"]
    assert first == {
        "number": 1.5,
        "count": 1,
        "flag": True,
        "day": "2020-09-07",
        "instant": "2020-09-04T21:00:00+00:00",
        "text": "",
    }
    assert second["number"] is third["number"] is last["number"] is None
    assert second["day"] is second["instant"] is last["text"] is None
    assert (second["text"], third["text"]) == ("中", "\x1b")


def test_a_long_document_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    output.document({"rows": pd.DataFrame({"n": np.arange(12_001)})})
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["n"] for row in rows] == list(range(12_001))


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes of this kind")
def test_a_reader_that_leaves_is_no_error(folder: Path) -> None:
    line = f"set -o pipefail; {sys.executable} -m eventstudy list exchanges --json | head -1"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == '{"schema": 1,\n'


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device")
def test_a_full_disk_under_stdout_is_an_error() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "eventstudy", "list", "models"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith("Error: stdout cannot be written")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_an_interrupt_is_exit_130(folder: Path) -> None:
    os.mkfifo("events.csv")
    running = subprocess.Popen(
        [sys.executable, "-m", "eventstudy", "run", "events.csv"], stderr=subprocess.PIPE, text=True
    )
    with Path("events.csv").open("w"):  # opens once the command reads from the other end
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=20)
    assert running.returncode == 130
    assert said.strip() == "Interrupted"
    assert not Path("reports").exists()


DEAF = """
import os, signal, time, weakref
from eventstudy import Study
from eventstudy.cli import main

class Thing: pass

def run(self, *given, progress, **more):
    thing = Thing()
    one = weakref.ref(thing, lambda gone: os.kill(os.getpid(), signal.SIGINT) or time.sleep(0.1))
    del thing  # the callback is interrupted, and can raise nothing
    time.sleep(20)

Study.run = run
main(["run", "events.csv", "--prices", "snapshot"])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_an_interrupt_is_heard_where_nothing_can_be_raised(events: Path) -> None:
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", DEAF], capture_output=True, text=True, check=False)
    assert time.monotonic() - began < 15
    assert done.returncode == 130
    assert done.stderr.strip() == "Interrupted; nothing was written"
    assert not Path("reports").exists()


def test_an_encoding_without_the_characters_is_no_error(program: Command, events: Path) -> None:
    text = events.read_text(encoding="utf-8").replace("Blacklist weighed", "中芯国际")
    events.write_text(text.replace("SMIC,", "中芯,"), encoding="utf-8")
    done = program("check", "events.csv", PYTHONIOENCODING="ascii")
    assert done.code == 0
    assert r"\u4e2d\u82af" in done.out


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_terminal_gets_a_bar_and_every_column(events: Path) -> None:
    import pty

    leader, terminal = pty.openpty()
    subprocess.run(["stty", "cols", "40"], stdin=terminal, check=True)
    words = "run events.csv --format csv --test bmp --prices snapshot"
    done = subprocess.Popen(
        [sys.executable, "-m", "eventstudy", *words.split()],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=os.environ | {"TERM": "xterm", "NO_COLOR": "1"},
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            part = os.read(leader, 65_536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(leader)
    text = shown.decode()
    assert done.wait() == 0
    assert "abnormal returns" in text or "tests" in text
    assert "\x1b[3" not in text.replace("\x1b[3A", "")  # no colour
    for head in ("CAR %", "95 % interval", "placebo p"):
        assert head in text
    assert "…" not in text


def test_long_tables_are_quick(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [[f"event {number}", "中" * 10, f"{number / 7:.3f}"] for number in range(20_000)]
    began = time.process_time()
    output.table(("event", "title", "value"), rows, right=("value",))
    assert time.process_time() - began < 3
    assert capsys.readouterr().out.count("\n") == 20_000 + 3


_STEPS = """
import sys
from eventstudy.cli.messages import steps
with steps(2) as step:
    for told in ("tests", "tests: 40 %", "tests: 90 %", "tests: 10 %", "tables"):
        step(told)
        if sys.stderr.isatty():
            import time
            time.sleep(0.4)  # the bar is drawn ten times a second
"""


def _steps_on(terminal: int | None, **environment: str) -> bytes:
    pipe = subprocess.PIPE if terminal is None else terminal
    with subprocess.Popen(
        [sys.executable, "-c", _STEPS], stderr=pipe, env=os.environ | environment
    ) as running:
        said = running.stderr.read() if running.stderr else b""
        assert running.wait(timeout=60) == 0
    return said


def test_a_long_step_says_on_a_terminal_how_far_it_has_come() -> None:
    pty = pytest.importorskip("pty")
    upper, lower = pty.openpty()
    _steps_on(lower, NO_COLOR="1", TERM="xterm", COLUMNS="80")
    os.set_blocking(upper, False)
    said = os.read(upper, 1 << 16).decode()
    os.close(upper)
    os.close(lower)
    assert all(told in said for told in ("tests: 40 %", "tests: 90 %", "tables"))
    assert said.count("\n") <= 2  # one line, drawn over
    assert "\x1b[3" not in said  # no colour
    assert _steps_on(None) == b""
