"""Tables as one Excel workbook, read back by another program (openpyxl)."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from worlds import one_date, run, study, table, world

import eventstudy as es
import eventstudy.workbook as module
from eventstudy.errors import MissingExtraError
from eventstudy.report import Findings
from eventstudy.rundir import TABLES
from eventstudy.workbook import NAME, write_workbook

HOSTILE = ("=1+1", "+1", "-1", "@x", "\t=1", "http://x.org", "<b>&amp;", "\x1b[31m", "x_x0041_")


def sheets(path: Path) -> dict[str, list[list[object]]]:
    book = openpyxl.load_workbook(path)
    return {sheet.title: [[*row] for row in sheet.iter_rows(values_only=True)] for sheet in book}


def written(frame: pd.DataFrame | list[pd.DataFrame], folder: Path) -> list[list[object]]:
    parts = frame if isinstance(frame, list) else [frame]
    write_workbook(Findings(title="T"), {"t": parts}, folder)
    return sheets(folder / NAME)["t"]


def test_a_run_has_all_its_tables_in_one_workbook(tmp_path: Path) -> None:
    frame = world()
    result = run(frame, one_date(), columns={"kind": "sanction"})
    result.write_run(tmp_path / "run", formats=("xlsx",))
    found = sheets(tmp_path / "run" / NAME)
    assert [*found] == ["summary", *(name for name in TABLES if name != "estimation")]
    for name in TABLES:
        if name == "estimation":
            continue
        want = result.frames[name]
        head, *rows = found[name]
        assert head == [*want.columns]
        assert len(rows) == len(want)
    cars = [row[found["events"][0].index("car")] for row in found["events"][1:]]
    np.testing.assert_allclose(cars, result.events["car"], rtol=1e-15)  # it holds 16 digits
    days = [row[found["events"][0].index("day_zero")] for row in found["events"][1:]]
    assert pd.to_datetime(pd.Series(days)).tolist() == result.events["day_zero"].tolist()
    words = [row[1] for row in found["summary"][1:]]
    assert set(result.findings().sentences) <= {*words}
    assert "market model" in words


def test_cells_are_as_they_are(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "number": [0.1, np.nan, np.inf],
            "whole": [1, 2, 3],
            "flag": [True, False, True],
            "date": pd.to_datetime(["2024-01-02", None, "1850-01-01"]).astype("datetime64[s]"),
            "instant": pd.to_datetime(["2024-01-02T05:00Z", None, None], utc=True),
            "text": ["a", "", "12"],
        }
    )
    head, first, second, third = written(frame, tmp_path)
    assert head == [*frame.columns]
    assert first[:3] == [0.1, 1, True]
    assert first[3] == pd.Timestamp("2024-01-02")
    assert first[4:] == ["2024-01-02T05:00:00+00:00", "a"]
    assert second == [None, 2, False, None, None, None]
    assert third == ["inf", 3, True, "1850-01-01", None, "12"]


def test_text_is_data(tmp_path: Path) -> None:
    frame = pd.DataFrame({"=head": HOSTILE})
    (head,), *rows = written(frame, tmp_path)
    assert head == "'=head"
    texts = [row[0] for row in rows]
    assert texts[:5] == ["'=1+1", "'+1", "'-1", "'@x", "' =1"]
    assert texts[5:] == ["http://x.org", "<b>&amp;", "\\x1b[31m", "x_x005F_x0041_"]
    sheet = openpyxl.load_workbook(tmp_path / NAME)["t"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    assert not any(cell.hyperlink for row in sheet.iter_rows() for cell in row)


def test_parts_stand_under_one_head(tmp_path: Path) -> None:
    parts = [pd.DataFrame({"a": [1.0]}), pd.DataFrame({"a": [2.0, 3.0]})]
    assert written(parts, tmp_path) == [["a"], [1], [2], [3]]
    assert written(pd.DataFrame({"a": []}), tmp_path) == [["a"]]


def test_what_excel_cannot_hold_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"a": ["x" * 5_000, "y"]})
    notes = write_workbook(Findings(title="T"), {"t": [frame]}, tmp_path)
    assert notes == ["The sheet t has 1 text cut at 4,000 characters"]
    monkeypatch.setattr(module, "ROWS", 2)
    notes = write_workbook(Findings(title="T"), {"t": [frame.iloc[1:]] * 3}, tmp_path)
    assert notes == ["The sheet t holds the first 2 rows, as many as Excel does"]
    assert sheets(tmp_path / NAME)["t"] == [["a"], ["y"], ["y"]]


def test_the_same_tables_are_the_same_bytes(tmp_path: Path) -> None:
    found = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        written(pd.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"]}), tmp_path / name)
        found.append((tmp_path / name / NAME).read_bytes())
    assert found[0] == found[1]
    with zipfile.ZipFile(tmp_path / "a" / NAME) as book:
        assert {one.date_time[0] for one in book.infolist()} == {1980}


def test_power_and_robustness_have_one_too(tmp_path: Path) -> None:
    frame = world()
    events = es.Events.from_frame(table(frame, one_date(3)))
    prices = es.MemoryPrices.from_returns(frame)
    found = es.robustness(study(windows=["0:0"]), events, prices=prices, models=["constant_mean"])
    found.write_run(tmp_path / "r", formats=("xlsx",))
    rows = sheets(tmp_path / "r" / NAME)
    assert [*rows] == ["summary", "robustness", "specifications", "dropped", "sources"]
    assert len(rows["specifications"]) == len(found.curve) + 1
    power = es.power(study(windows=["0:0"]), events, prices=prices, replications=20)
    power.write_run(tmp_path / "p", formats=("xlsx",))
    rows = sheets(tmp_path / "p" / NAME)
    assert [*rows] == ["summary", "power", "curves", "dropped", "sources"]


def test_without_the_extra_it_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(world(), one_date(3))
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'eventstudy\[xlsx\]'"):
        result.write_run(tmp_path / "run", formats=("xlsx",))
    assert not (tmp_path / "run").exists()
