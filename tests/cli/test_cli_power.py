"""``power``: a table and sentences, a document, files; usage and exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import eventstudy as es

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
    assert row["reading"] == "found by this test"
    assert document["dropped"][0]["ticker"] == "688981.SS"


def test_files_are_written_where_asked(command: Command, events: Path, folder: Path) -> None:
    done = command("power", str(events), *QUICK, "--out", "power")
    assert done.code == 0
    assert "power.pdf" in done.out
    assert (folder / "power" / "power.pdf").read_bytes().startswith(b"%PDF")
    assert not (folder / "power" / "power.html").exists()
    assert (folder / "power" / "figures" / "01-smallest-effects.svg").is_file()
    table = pd.read_csv(folder / "power" / "power.csv")
    assert set(table["window"]) == {"(0, 0)"}
    also = ("--out", "power", "--format", "html", "--title", "What we can see")
    again = command("power", str(events), *QUICK, *also, "--json")
    assert again.document["detectable"]
    assert "power.html" in again.err
    assert "<h1>What we can see</h1>" in (folder / "power" / "power.html").read_text("utf-8")
    assert not (folder / "power" / "power.pdf").exists()


def test_the_folder_keeps_its_command(command: Command, events: Path, folder: Path) -> None:
    asked = (*QUICK, "--prices", "snapshot", "--effect", "3", "--target", ".9")
    done = command("power", str(events), *asked, "--format", "html,csv", "--out", "power")
    assert done.code == 0
    facts = json.loads((folder / "power" / "provenance.json").read_text(encoding="utf-8"))
    assert facts["command"] == (
        "eventstudy power events.csv --event -1:1 --window 0:0 --offline --prices snapshot "
        "--target 0.9 --effect 3.0 --replications 20 --format html,csv"
    )
    assert facts["power"] == {"effects": [0.03], "target": 0.9, "replications": 20}
    assert "--effect 3" in (folder / "power" / "power.html").read_text(encoding="utf-8")


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


def test_a_run_carries_the_section_where_asked(
    command: Command, events: Path, folder: Path
) -> None:
    options = ("--window", "0:0", "--event", "-1:1", "--test", "bmp", "--format", "html")
    done = command("run", str(events), *options, "--power", "--json", "--out", "run")
    assert done.code == 0
    page = (folder / "run" / "report.html").read_text(encoding="utf-8")
    assert "What could have been seen" in page
    assert "With a power of 80\N{NO-BREAK SPACE}% at the 5\N{NO-BREAK SPACE}% level" in page

    alone = command("power", str(events), *options[:4], "--offline", "--json").document
    assert done.document["power"] == alone["detectable"]
    loaded = es.load(folder / "run").power.iloc[0]
    saved = {name: None if pd.isna(value) else value for name, value in loaded.items()}
    assert saved == alone["detectable"][0]

    table = (folder / "run" / "power.csv").read_bytes()
    again = command("report", "run", "--format", "html")
    assert again.code == 0
    assert (folder / "run" / "power.csv").read_bytes() == table
    drawn = (folder / "run" / "report.html").read_text(encoding="utf-8")
    assert drawn.partition('id="provenance"')[0] == page.partition('id="provenance"')[0]


def test_a_run_has_no_such_section_unasked(command: Command, events: Path, folder: Path) -> None:
    done = command("run", str(events), "--test", "bmp", "--format", "html", "--out", "run")
    assert done.code == 0
    assert not (folder / "run" / "power.csv").exists()
    assert "could have been seen" not in (folder / "run" / "report.html").read_text("utf-8")
    assert es.load(folder / "run").power.empty
