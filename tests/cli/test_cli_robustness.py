"""``robustness``: a table and sentences, a document, files; usage and exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import eventstudy as es

Command = Callable[..., Any]
QUICK = ("--prices", "snapshot", "--models", "constant_mean", "--estimations", "-130:-11")


def test_it_prints_what_the_specifications_agree_on(command: Command, events: Path) -> None:
    done = command("robustness", str(events), *QUICK)
    assert done.code == 0
    assert "Effects of 12 specifications; found: p at or below 0.05" in done.out
    assert "REVIEW MU" in done.out
    assert "In 12 specifications the " in done.out
    assert "effect over all events lies between" in done.out
    assert "SMIC" in done.out.split("Dropped")[1]  # 688981.SS is too young
    assert "Prices: snapshot" in done.err


def test_the_document_has_every_number(command: Command, events: Path) -> None:
    more = ("--window", "0:1", "--benchmarks", "own,ACWI", "--json")
    document = command("robustness", str(events), *QUICK, *more).document
    assert document["schema"] == 1
    rows = [row for row in document["specifications"] if row["who"] == "REVIEW MU"]
    assert {row["benchmark"] for row in rows} == {"own", "ACWI", "none"}
    assert {row["window"] for row in rows} == {"(0, 1)"}
    study = es.Study(windows=["0:1"], tests=())
    own = study.run(es.read_events(events), prices=es.SnapshotPrices()).events
    (row,) = [row for row in rows if row["own"]]
    (effect,) = own.loc[own["event_id"] == "REVIEW", "car"]
    assert row["estimate"] == effect
    (reading,) = [row for row in document["robustness"] if row["who"] == "REVIEW MU"]
    assert reading["own"] == effect
    assert {row["ticker"] for row in document["dropped"]} == {"688981.SS"}


def test_models_that_take_factors_have_them(command: Command, events: Path, folder: Path) -> None:
    more = ("--factors", "^GSPC,^SOX", "--models", "factors,market", "--window", "0:0", "--json")
    document = command("robustness", str(events), *QUICK[:2], *more).document
    models = document["provenance"]["robustness"]["models"]
    assert models == [{"name": "factors", "factors": ["^GSPC", "^SOX"]}, "market"]
    windows = ("--estimations", "(-130, -11),-100:-11", "--models", "market", "--json")
    document = command("robustness", str(events), *QUICK[:2], *windows).document
    assert document["provenance"]["robustness"]["estimation"] == [
        "(-260, -11)", "(-130, -11)", "(-100, -11)",
    ]  # fmt: skip


def test_a_benchmark_that_cannot_be_had_is_an_error(command: Command, events: Path) -> None:
    done = command("robustness", str(events), *QUICK, "--benchmarks", "^IXIC")
    assert done.code == 3
    assert "with the benchmark ^IXIC there is no price series" in done.err
    assert "the bundled snapshot has no ^IXIC" in done.err
    done = command("robustness", str(events), *QUICK, "--benchmarks", "^NOPE")
    assert done.code == 2
    assert "--exchange" in done.err


def test_files_are_written_where_asked(command: Command, events: Path, folder: Path) -> None:
    also = ("--out", "robust", "--format", "html,latex", "--title", "What holds")
    done = command("robustness", str(events), *QUICK, *also)
    assert done.code == 0
    assert "robustness.html" in done.out
    page = (folder / "robust" / "robustness.html").read_text(encoding="utf-8")
    assert "<h1>What holds</h1>" in page
    assert "What other choices give" in page
    assert (folder / "robust" / "figures" / "01-specifications-all-events.svg").is_file()
    assert "All events" in (folder / "robust" / "tables" / "robustness.tex").read_text("utf-8")
    facts = json.loads((folder / "robust" / "provenance.json").read_text(encoding="utf-8"))
    assert facts["command"] == (
        "eventstudy robustness events.csv --prices snapshot --models constant_mean "
        "--estimations -130:-11 --format html,latex --title 'What holds'"
    )
    again = command("robustness", str(events), *QUICK, "--out", "robust", "--json")
    assert again.code == 0
    assert "robustness.pdf" in again.err
    assert (folder / "robust" / "robustness.pdf").read_bytes().startswith(b"%PDF")
    assert not (folder / "robust" / "robustness.html").exists()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--models", "mraket"), "Did you mean market"),
        (("--estimations", "-11:-130"), "ends before it begins"),
        (("--benchmarks", "own,a b"), "'a b' is no benchmark"),
        (("--window", "0:20"), "outside the event window"),
        (("--prices", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    command: Command, events: Path, arguments: tuple[str, ...], word: str
) -> None:
    done = command("robustness", str(events), *QUICK, *arguments)
    assert done.code == 2
    assert word in done.err
    assert done.out == ""
