"""``power``: a table and sentences, a document, files; usage and exit codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

Command = Callable[..., Any]
QUICK = ("--window", "0:0", "--event", "-1:1", "--replications", "20", "--offline")


def test_it_prints_what_could_have_been_seen(command: Command, events: Path) -> None:
    done = command("power", str(events), *QUICK)
    assert done.code == 0
    assert "Smallest effect detected in 80 % of placebo samples, window (0, 0)" in done.out
    assert "REVIEW MU" in done.out
    assert "With a power of 80 % at the 5 % level" in done.out
    assert "Prices: " in done.err
    assert "SMIC" in done.out.split("Dropped")[1]  # 688981.SS is too young


def test_the_document_has_every_number(command: Command, events: Path) -> None:
    document = command("power", str(events), *QUICK, "--effect", "2", "--json").document
    assert document["schema"] == 1
    assert {row["effect"] for row in document["curves"]} == {-0.02, 0.0, 0.02}
    rows = {(row["who"], row["test"]): row for row in document["detectable"]}
    row = rows["REVIEW MU", "sar_t"]
    assert 0.03 < row["mde"] < 0.07
    assert row["replications"] == 20
    assert row["reading"] == "told from noise"
    assert document["dropped"][0]["ticker"] == "688981.SS"


def test_files_are_written_where_asked(command: Command, events: Path, folder: Path) -> None:
    done = command("power", str(events), *QUICK, "--out", "power")
    assert done.code == 0
    assert "power.html" in done.out
    assert (folder / "power" / "figures" / "01-smallest-effects.svg").is_file()
    table = pd.read_csv(folder / "power" / "detectable.csv")
    assert set(table["window"]) == {"(0, 0)"}
    again = command("power", str(events), *QUICK, "--out", "power", "--json")
    assert again.document["detectable"]
    assert "power.html" in again.err


def test_nothing_is_written_unasked(command: Command, events: Path, folder: Path) -> None:
    before = set(folder.iterdir())
    command("power", str(events), *QUICK)
    assert set(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--target", "1"), "power of 1"),
        (("--replications", "3"), "3 replications"),
        (("--window", "0:20"), "outside the event window"),
        (("--prices", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    command: Command, events: Path, arguments: tuple[str, ...], word: str
) -> None:
    done = command("power", str(events), *arguments)
    assert done.code == 2
    assert word in done.err
    assert done.out == ""


def test_a_folder_with_other_files_is_refused(command: Command, events: Path, folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "note.txt").write_text("mine")
    assert command("power", str(events), *QUICK, "--out", "mine").code == 2
    assert (folder / "mine" / "note.txt").read_text() == "mine"


def test_strict_says_when_something_was_dropped(command: Command, events: Path) -> None:
    assert command("power", str(events), *QUICK, "--strict").code == 1
