"""What ``power`` and ``robustness`` have in common: what is written, refused and flagged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
QUICK = {
    "power": ("--window", "0:0", "--event", "-1:1", "--replications", "20", "--offline"),
    "robustness": (
        "--prices",
        "snapshot",
        "--models",
        "constant_mean",
        "--estimations",
        "-130:-11",
    ),
}


@pytest.fixture(params=sorted(QUICK))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_nothing_is_written_unasked(
    name: str, command: Command, events: Path, folder: Path
) -> None:
    before = set(folder.iterdir())
    assert command(name, str(events), *QUICK[name]).code == 0
    assert set(folder.iterdir()) == before


def test_a_folder_with_other_files_is_refused(
    name: str, command: Command, events: Path, folder: Path
) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "note.txt").write_text("mine")
    assert command(name, str(events), *QUICK[name], "--out", "mine").code == 2
    assert (folder / "mine" / "note.txt").read_text() == "mine"


def test_strict_says_when_something_was_dropped(name: str, command: Command, events: Path) -> None:
    assert command(name, str(events), *QUICK[name], "--strict").code == 1


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--format", "html"), "--format is of the report, which needs --out"),
        (("--format", "parquet", "--out", "o"), "the tables of `{}` are CSV"),
        (("--title", "Mine"), "--title is of the report, which needs --out"),
    ],
)
def test_options_of_the_report_need_one(
    name: str, command: Command, events: Path, arguments: tuple[str, ...], word: str
) -> None:
    done = command(name, str(events), *QUICK[name], *arguments)
    assert done.code == 2
    assert word.format(name) in done.err
    assert done.out == ""
