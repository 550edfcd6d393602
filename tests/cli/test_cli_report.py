"""`report`: a run drawn again from its tables, and from nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]


@pytest.fixture
def finished(command: Command, events: Path) -> Path:
    """A run directory."""
    assert (
        command("run", "events.csv", "--format", "csv", "--test", "bmp", "--out", "finished").code
        == 0
    )
    return Path("finished")


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_report_is_drawn_again_from_the_tables(command: Command, finished: Path) -> None:
    before = _files(finished)
    drawing = next(path for path in finished.rglob("*.svg"))
    drawing.write_text("<svg><script>alert(1)</script></svg>", encoding="utf-8")
    (finished / "report.pdf").write_bytes(b"not a report")
    done = command("report", "finished", "--format", "csv")
    assert (done.code, done.out) == (0, "Written: finished/\n\n")
    assert _files(finished) == before


def test_the_report_of_the_tables_is_that_of_the_run(command: Command, events: Path) -> None:
    formats = ("--format", "html,csv")
    assert command("run", "events.csv", "--test", "bmp", "--out", "run", *formats).code == 0
    before = _files(Path("run"))
    assert command("report", "run", *formats).code == 0
    assert _files(Path("run")) == before


def test_formats_and_title(command: Command, finished: Path) -> None:
    done = command("report", "finished", "--format", "html,pdf", "--title", "Chips & <b>bans</b>")
    assert done.code == 0
    assert done.out.startswith("Written: finished/report.html, finished/report.pdf, finished/")
    page = (finished / "report.html").read_text(encoding="utf-8")
    assert "Chips &amp; &lt;b&gt;bans&lt;/b&gt;" in page
    assert (finished / "report.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("damage", ["provenance.json", "study.toml", "events.csv", "tests.csv"])
@pytest.mark.parametrize("content", [None, "", "\x00\xff", "a,b\n1\n", "[1]\n", "model = 1\n"])
def test_a_damaged_run_is_an_error(
    damage: str, content: str | None, command: Command, finished: Path
) -> None:
    before = _files(finished)
    (finished / damage).unlink()
    if content is not None:
        (finished / damage).write_text(content, encoding="latin-1")
    refused = command("report", "finished", "--format", "csv")
    assert refused.code == 2, refused.err
    assert refused.err.startswith("Error: ")
    assert set(_files(finished)) >= set(before) - {damage}


@pytest.mark.parametrize("name", ["missing", "events.csv", "empty"])
def test_what_is_no_run(name: str, command: Command, events: Path) -> None:
    Path("empty").mkdir()
    refused = command("report", name)
    assert refused.code == 2
    assert "run" in refused.err


def test_a_power_run_is_told_apart(command: Command, events: Path, folder: Path) -> None:
    options = ("--window", "0:0", "--replications", "20", "--prices", "snapshot")
    assert command("power", str(events), *options, "--format", "csv", "--out", "power").code == 0
    before = _files(folder / "power")
    done = command("report", "power")
    assert done.code == 2
    assert "power is a run of `power`, and only those of `run` are drawn again" in done.err
    assert _files(folder / "power") == before


def test_a_robustness_run_is_told_apart(command: Command, events: Path, folder: Path) -> None:
    options = ("--models", "constant_mean", "--prices", "snapshot", "--format", "csv")
    assert command("robustness", str(events), *options, "--out", "robust").code == 0
    done = command("report", "robust")
    assert done.code == 2
    assert "robust is a run of `robustness`, and only those of `run`" in done.err


def test_the_folder_one_is_in_stays(
    command: Command, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(finished)
    for name in (".", "..", "../finished"):
        refused = command("report", name)
        assert refused.code == 2
        assert "the folder you are in" in refused.err
    assert Path.cwd().is_dir()
    shutil.copytree(".", "../copy")
    assert command("report", "../copy", "--format", "csv").code == 0


def test_a_run_of_parquet_files_is_drawn_again(command: Command, events: Path) -> None:
    options = ("run", "events.csv", "--test", "bmp", "--out", "finished", "--format")
    assert command(*options, "parquet").code == 0
    before = _files(Path("finished"))
    for drawing in Path("finished").rglob("*.svg"):
        drawing.write_text("<svg/>", encoding="utf-8")
    assert command("report", "finished", "--format", "").code == 0
    assert _files(Path("finished")) == before
    assert command("report", "finished", "--format", "csv").code == 0
    other = _files(Path("finished"))
    assert {Path(name).suffix for name in other} == {".csv", ".json", ".svg", ".toml"}
    assert command("report", "finished", "--format", "parquet").code == 0
    assert _files(Path("finished")) == before
    assert other.keys() & before.keys() == {n for n in before if not n.endswith(".parquet")}
    (Path("finished") / "means.parquet").write_bytes(b"PAR1")
    refused = command("report", "finished")
    assert refused.code == 2
    assert "means.parquet is no table of a run" in refused.err
