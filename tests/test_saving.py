"""Results in parts: saved as CSV or Parquet, read when asked for, printed and drawn in short."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from test_result import HOSTILE, case
from worlds import one_date, run, world

import eventstudy as es
from eventstudy.errors import InputError, MissingExtraError, RunDirectoryError
from eventstudy.parquetfile import ParquetTable, write_parquet
from eventstudy.report.limits import PAGES, limited
from eventstudy.reported import SHOWN
from eventstudy.rundir import TABLES, read_table, typed, write_table
from eventstudy.summary import find
from eventstudy.tableset import Parts

PART = 4
MANY = 72  # more events than a report has pages, and than a result prints


@pytest.fixture
def few_events_a_part(monkeypatch):
    """Parts of four events, so that a small result is in many of them."""
    monkeypatch.setattr("eventstudy.tableset.PART", PART)
    monkeypatch.setattr("eventstudy.result.PART", PART)


def many(**settings):
    rows = [(f"E{k:02d}", f"S{k % 6:02d}", 132 + 2 * (k // 6)) for k in range(MANY)]
    columns = {"title": ["", *["late"] * (MANY - 1)], "kind": ["x", "y"] * (MANY // 2)}
    settings = {"windows": [(0, 0), (-1, 1)], "tests": ["bmp"]} | settings
    return run(world(6, 170), rows, columns=columns, **settings)


@pytest.fixture(scope="module")
def whole():
    """The same result as :func:`many` builds in parts, each frame in one."""
    result = many()
    assert all(result.frames.pieces(name) == 1 for name in result.frames)
    for name in result.frames:
        _ = result.frames[name]
    return result


def same(one, two):
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def in_parts(result, name):
    return isinstance(result.frames._tables[name], Parts)


# ------------------------------------------------------------------ parts


def test_parts_are_the_rows_of_consecutive_events(whole, few_events_a_part):
    result = many()
    for name in ("events", "days", "estimation", "fits"):
        parts = list(result.frames.parts(name))
        assert len(parts) == result.frames.pieces(name) == MANY // PART
        assert all(part["event_id"].nunique() == PART for part in parts)
        same(pd.concat(parts, ignore_index=True), whole.frames[name])
        same(result.frames.first(name), parts[0])
        assert in_parts(result, name)
        same(result.frames[name], whole.frames[name])
        assert result.frames.pieces(name) == 1


@pytest.mark.parametrize("ids", [["E00"], ["E71", "E03", "E04", "E11"], []])
def test_the_rows_of_some_events(whole, few_events_a_part, ids, tmp_path):
    result = many()
    back = es.load(result.save(tmp_path / "run", format="parquet"))
    for name in ("events", "days", "estimation", "fits"):
        frame = whole.frames[name]
        want = frame[frame["event_id"].isin(ids)].reset_index(drop=True)
        for one in (whole, result, back):
            same(one.frames.of(name, ids), want)
        assert in_parts(result, name)


# ------------------------------------------------------------------ saving


def test_tables_in_parts_are_the_same_files_as_whole_ones(whole, few_events_a_part, tmp_path):
    result = many()
    one, two = whole.save(tmp_path / "whole"), result.save(tmp_path / "parts")
    assert all(in_parts(result, name) for name in ("events", "days", "estimation", "fits"))
    assert sorted(path.name for path in one.iterdir()) == sorted(p.name for p in two.iterdir())
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes(), path.name


@pytest.mark.parametrize("settings", [{}, {"rolling_start": 3, "diagnostics": True}])
def test_parquet_comes_back_as_it_was_and_as_csv_does(tmp_path, settings):
    result = case(**settings)
    one = es.load(result.save(tmp_path / "csv"))
    two = es.load(result.save(tmp_path / "parquet", format="parquet"))
    for name in TABLES:
        same(two.frames[name], result.frames[name])
        same(two.frames[name], one.frames[name])
        assert isinstance(two.frames[name].index, pd.RangeIndex)
    same(two.input, result.input)
    assert (two.spec, two.provenance) == (result.spec, result.provenance)
    assert repr(two) == repr(result)
    assert two.findings().sentences == result.findings().sentences


def test_a_row_group_is_a_part(few_events_a_part, tmp_path):
    result = many()
    folder = result.save(tmp_path / "run", format="parquet")
    with pq.ParquetFile(folder / "days.parquet") as file:
        assert file.num_row_groups == MANY // PART
        assert file.metadata.num_rows == MANY * 11
    back = es.load(folder)
    assert back.frames.pieces("days") == MANY // PART
    for one, two in zip(back.frames.parts("days"), result.frames.parts("days"), strict=True):
        same(one, two)
    same(back.days, result.days)


def test_what_was_loaded_in_parts_is_saved_in_the_other_form(few_events_a_part, tmp_path):
    result = many()
    back = es.load(result.save(tmp_path / "parquet", format="parquet"))
    one, two = result.save(tmp_path / "one"), back.save(tmp_path / "two")
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes(), path.name
    back.save(tmp_path / "parquet")  # in place of what it was read from
    same(es.load(tmp_path / "parquet").days, result.days)


EMPTY = {"event_id": "A", "ticker": "T", "title": "", "announced_at": pd.NaT, "day_zero": pd.NaT}
EMPTY |= {"window": "(0, 0)", "car": np.nan, "n_days": 0, "complete": False, "analyst": ""}
FULL = EMPTY | {
    "event_id": "B",
    "title": "=1",
    "announced_at": pd.Timestamp("2020-06-15T13:00:00.123456789Z"),
    "day_zero": pd.Timestamp("2020-06-15"),
    "car": 0.1,
    "complete": True,
    "analyst": "5",
}


def frame_of(row):
    """One row of the events' frame, each column of the type of its name."""
    types = typed("events", pd.DataFrame(columns=list(EMPTY), dtype=object)).dtypes
    return pd.DataFrame({name: pd.Series([row[name]], dtype=types[name]) for name in EMPTY})


@pytest.mark.parametrize("order", [[EMPTY, FULL], [FULL, EMPTY], [EMPTY, EMPTY]])
def test_a_column_empty_in_one_part_has_the_type_of_its_name(tmp_path, order):
    parts = [frame_of(row) for row in order]
    whole = pd.concat(parts, ignore_index=True)
    write_parquet(iter(parts), tmp_path / "events.parquet")
    types = {f.name: str(f.type) for f in pq.read_schema(tmp_path / "events.parquet")}
    assert types["announced_at"] == "timestamp[ns, tz=UTC]"
    assert (types["title"], types["analyst"], types["car"]) == ("string", "string", "double")
    assert (types["day_zero"], types["n_days"], types["complete"]) == (
        *("timestamp[ms]", "int64", "bool"),
    )
    read = pd.read_parquet(tmp_path / "events.parquet")
    assert read["title"].tolist() == whole["title"].tolist()  # no apostrophe before the formula
    same(read.astype(whole.dtypes.to_dict()), whole)
    write_table(iter(parts), tmp_path / "events.csv")
    assert (tmp_path / "events.csv").read_text("utf-8").count('"event_id"') == 1


def test_text_is_guarded_in_csv_alone(tmp_path):
    result = case()
    folder = result.save(tmp_path / "run", format="parquet")
    raw = pd.read_parquet(folder / "input.parquet")
    assert raw["analyst"].tolist()[: len(HOSTILE)] == result.input["analyst"].tolist()[:12]
    assert raw["analyst"][0] == '=HYPERLINK("http://x")'
    assert (
        read_table(result.save(tmp_path / "csv") / "input.csv")["analyst"][0] == raw["analyst"][0]
    )


def test_nothing_measured_is_saved_and_read_too(tmp_path):
    frame = world(2)
    frame.iloc[:130, :2] = np.nan
    one = run(frame, [("A", "S00", 140)])
    two = es.load(one.save(tmp_path / "run", format="parquet"))
    for name in TABLES:
        same(two.frames[name], one.frames[name])
    assert repr(one) == repr(two)


# ------------------------------------------------------------------ refusals


def test_a_run_that_cannot_take_its_place_is_kept(tmp_path, monkeypatch):
    """As on Windows, where a report that is open in another program holds its folder."""
    result = run(world(2), one_date(2))
    folder = result.save(tmp_path / "run")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    rename = Path.rename

    def held(self, target):
        if self == folder:
            raise PermissionError(13, "is in use")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", held)
    for kept in ("run-new", "run-new1"):
        with pytest.raises(RunDirectoryError, match=rf"in use.*the new run is in .*{kept}$"):
            result.save(folder)
        assert {path.name: path.read_bytes() for path in (tmp_path / kept).iterdir()} == before
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "run-new", "run-new1"]


def test_a_format_that_is_none(tmp_path):
    with pytest.raises(InputError, match="format 'xlsx' is none of csv, parquet"):
        case().save(tmp_path / "run", format="xlsx")
    assert list(tmp_path.iterdir()) == []


def test_without_pyarrow(tmp_path, monkeypatch):
    result = case()
    folder = result.save(tmp_path / "run", format="parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"Writing Parquet.*eventstudy\[parquet\]"):
        result.save(tmp_path / "other", format="parquet")
    with pytest.raises(MissingExtraError, match=r"Reading a run.*eventstudy\[parquet\]"):
        es.load(folder)


def cut(path):
    path.write_bytes(path.read_bytes()[:-20])


DAMAGE = {
    "a table is gone": lambda folder: (folder / "days.parquet").unlink(),
    "a table is cut": lambda folder: cut(folder / "events.parquet"),
    "a table is empty": lambda folder: (folder / "tests.parquet").write_bytes(b""),
    "the input is no Parquet": lambda folder: (folder / "input.parquet").write_text("a,b", "utf-8"),
    "a column is gone": lambda folder: pd.DataFrame({"event_id": ["A"]}).to_parquet(
        folder / "events.parquet"
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_table_is_an_error_at_once(tmp_path, damage):
    folder = case().save(tmp_path / "run", format="parquet")
    DAMAGE[damage](folder)
    with pytest.raises(RunDirectoryError, match="is no table of a run"):
        es.load(folder)


def test_a_cell_of_another_type_is_an_error(tmp_path):
    folder = case().save(tmp_path / "run", format="parquet")
    frame = pd.read_parquet(folder / "means.parquet")
    frame.assign(day="much").to_parquet(folder / "means.parquet")
    with pytest.raises(RunDirectoryError, match=r"means.parquet is no table of a run"):
        _ = es.load(folder).means


def test_a_byte_that_is_another_in_a_parquet_file_is_told(tmp_path):
    folder = case().save(tmp_path / "run", format="parquet")
    with pq.ParquetFile(folder / "days.parquet") as file:
        column = file.metadata.row_group(0).column(5)
    data = bytearray((folder / "days.parquet").read_bytes())
    data[column.data_page_offset + column.total_compressed_size // 2] ^= 1
    (folder / "days.parquet").write_bytes(data)
    with pytest.raises(
        RunDirectoryError, match=r"days.parquet is no table of a run: it is not as it was"
    ):
        _ = es.load(folder).days


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_table_is_read_when_it_is_asked_for(tmp_path, form):
    result = case()
    back = es.load(result.save(tmp_path / "run", format=form))
    same(back.days, result.days)
    shutil.rmtree(tmp_path / "run")
    same(back.days, result.days)
    with pytest.raises(RunDirectoryError, match=rf"estimation.{form} is no table of a run"):
        _ = back.estimation


def test_a_table_that_is_no_parquet_of_ours(tmp_path):
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "days.parquet")
    with pytest.raises(RunDirectoryError, match="it has no column event_id"):
        ParquetTable(tmp_path / "days.parquet")


# ------------------------------------------------------------------ words and drawings


def test_a_long_result_prints_its_first_rows_and_how_many_more(whole):
    text = repr(whole)
    assert text.startswith(f"Event study: {MANY} events, {MANY} event-security pairs, 0 dropped")
    assert text.endswith(f"... and {MANY - SHOWN} more, see summary()")
    assert text.splitlines()[-2].startswith("  E59 ")
    assert f"<p>... and {MANY - SHOWN} more, see summary()</p>" in whole._repr_html_()
    assert "more" not in repr(run(world(1), [("A", "S00", 140)]))


def test_counts_and_summary_build_no_frame_whole(whole, few_events_a_part):
    result = many()
    assert repr(result).endswith(f"... and {MANY - PART} more, see summary()")
    same(result.summary(), whole.summary())
    assert all(in_parts(result, name) for name in ("events", "days", "estimation"))


def test_events_of_which_nothing_was_measured_are_not_counted():
    frame = world(2)
    frame.iloc[:130, 1] = np.nan
    rows = [("A", "S00", 140), ("A", "S01", 140), ("B", "S01", 141), ("C", "S00", 142)]
    result = run(frame, rows)
    assert result.pairs == 2
    assert result.event_ids().tolist() == ["A", "C"]
    assert set(result.events["event_id"]) == {"A", "C"}
    assert result.headline.startswith("Event study: 2 events, 2 event-security pairs, 2 dropped")


@pytest.mark.parametrize("diagnostics", [False, True])
def test_models_are_measured_part_by_part(whole, few_events_a_part, tmp_path, diagnostics):
    result = many(diagnostics=diagnostics)
    found = result.models()
    assert in_parts(result, "estimation")
    same(found[list(whole.models())].iloc[:, :9], whole.models().iloc[:, :9])
    assert found["prediction_error"].notna().all() == diagnostics
    same(es.load(result.save(tmp_path / "run", format="parquet")).models(), found)


def test_a_report_reads_the_days_of_the_events_that_it_shows(whole, few_events_a_part):
    result = many()
    found, want = result.findings(), find(whole.frames, whole.spec, whole.provenance)
    assert found.sentences == want.sentences
    assert found.notes == want.notes
    assert found.days["event_id"].nunique() == PAGES < want.days["event_id"].nunique()
    assert in_parts(result, "days")
    assert in_parts(result, "estimation")
    one, two = limited(found), limited(want)
    assert one.remarks == two.remarks
    for name, frame in one.findings.frames.items():
        same(frame, two.findings.frames[name])


def test_one_event_is_drawn_without_the_others(few_events_a_part):
    result = many()
    axes = result.plot.event("E70")
    assert axes.figure is not None
    assert all(in_parts(result, name) for name in ("events", "days", "estimation"))
    with pytest.raises(InputError, match=r"no event 'X' in the result\. It has E00.* and 12 more"):
        result.plot.event("X")


def test_too_many_events_for_a_report_are_told_with_the_cure(tmp_path, monkeypatch):
    monkeypatch.setattr("eventstudy.result.REPORTABLE", 50)
    result = many()
    for ask in (result.findings, lambda: result.report(tmp_path / "r.pdf")):
        with pytest.raises(InputError, match=r'72 pairs .* up to 50\. .*format="parquet"'):
            ask()
    notes = result.write_run(tmp_path / "run", formats=("pdf", "parquet"))
    assert len(notes) == 1
    assert "no report and no figures are drawn of 72 pairs" in notes[0]
    assert not (tmp_path / "run" / "figures").exists()
    same(es.load(tmp_path / "run").days, result.days)
    assert result.plot.caar() is not None
    assert result.plot.event("E01") is not None


def test_steps_of_many_tables_are_told_in_per_cent(few_events_a_part, tmp_path, monkeypatch):
    monkeypatch.setattr("eventstudy.result.REPORTABLE", 0)
    told: list[str] = []
    many().write_run(tmp_path / "run", formats=(), progress=told.append)
    assert (told[0], told[-1]) == ("tables", "report")
    shares = [int(step.removeprefix("tables: ").removesuffix(" %")) for step in told[1:-1]]
    assert shares == sorted(shares)
    assert shares[-1] == 100


def test_without_placebo_the_t_test_alone_tells_effects_from_noise():
    sentence = next(text for text in many(placebo="never").findings().sentences if "Of 72" in text)
    assert "by the t test (no placebo test has a value)" in sentence
    assert "for each test" not in sentence
    other = next(text for text in many(placebo="always").findings().sentences if "Of 72" in text)
    assert "by both the t and the placebo test" in other


def test_many_overlaps_are_counted_in_the_flags(monkeypatch):
    monkeypatch.setattr("eventstudy.eventtables.LISTED", 0)
    rows = [("A", "S00", 140), ("B", "S00", 141), ("C", "S00", 142), ("D", "S01", 140)]
    result = run(world(2, 170), rows, windows=[(-1, 1)])
    flags = result.events.set_index("event_id")["flags"]
    assert flags["B"] == "shares tested days with 2 other events"
    assert flags["D"] == ""
