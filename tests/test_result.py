"""What a study found: frames, a run directory and back, words that harm no page."""

from __future__ import annotations

import json
import shutil
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from worlds import EVERY, one_date, prices, run, study, table, world

import eventstudy as es
from eventstudy.columntypes import DATES, FLAGS, INSTANTS, TEXTS, WHOLE
from eventstudy.errors import InputError, RunDirectoryError
from eventstudy.models.base import FITS
from eventstudy.rundir import TABLES, read_table, write_table

HOSTILE = [
    '=HYPERLINK("http://x")',
    '+1 "quoted", and\r\nbroken',
    "<script>alert('x')</script>",
    "'=kept",
    "-5",
    "@SUM(A1)",
    "\tTab",
    '$x^2$ #read("x") [/x] ../../x',
    "\u4e2d\u82af\u56fd\u9645 \u202e \U0001f4c9",
    "NA",
    " ",
    "''=",
]


def case(**settings):
    frame = world(12, 170, common=0.004)
    frame.iloc[139, 3] = np.nan
    rows = [*one_date(11), ("E11", "S00", 142), ("LATE", "S11", 20)]
    texts = [*HOSTILE, "plain"]
    columns = {
        "title": texts,
        "notes": texts[::-1],
        "analyst": texts,
        "kind": ["x", "y"] * 6 + [""],
    }
    settings = {"windows": [(0, 0), (-1, 1), (-5, 5)], "tests": EVERY} | settings
    return run(frame, rows, columns=columns, **settings)


@pytest.fixture(scope="module")
def result():
    return case()


@pytest.fixture(scope="module")
def saved(result, tmp_path_factory):
    return result.save(tmp_path_factory.mktemp("runs") / "one")


# ------------------------------------------------------------------ round trip


@pytest.mark.parametrize("name", TABLES)
def test_every_frame_comes_back_to_the_last_bit(result, saved, name):
    one, two = result.frames[name], es.load(saved).frames[name]
    pd.testing.assert_frame_equal(one, two, check_exact=True)


@pytest.mark.parametrize(
    "rows",
    [
        [("A", "S00", 140)],  # no group, overlap, claim or dropped event
        [("A", "S00", 140), ("B", "S00", 90)],  # one inside the other's estimation window
        [("A", "S00", 140), ("B", "S00", 141)],  # shared days
        [("A", "S00", 3)],  # dropped
    ],
)
def test_a_frame_with_few_rows_or_none_has_the_types_of_one_with_many(result, rows, tmp_path):
    got = run(world(1), rows)
    got.save(tmp_path / "run")
    back = es.load(tmp_path / "run")
    for name in TABLES:
        pd.testing.assert_frame_equal(got.frames[name], back.frames[name], check_exact=True)
        assert not [c for c in got.frames[name] if got.frames[name][c].dtype == object], name
        both = [c for c in result.frames[name] if c in got.frames[name]]
        if len(result.frames[name]):
            assert got.frames[name][both].dtypes.equals(result.frames[name][both].dtypes), name


def test_the_input_the_specification_and_the_provenance_come_back(result, saved):
    back = es.load(saved)
    pd.testing.assert_frame_equal(back.input, result.input, check_exact=True)
    assert back.spec == result.spec
    assert back.provenance == result.provenance
    assert es.Study.read(saved / "study.toml").spec == result.spec


def test_what_is_loaded_speaks_and_draws_like_what_was_found(result, saved):
    back = es.load(saved)
    assert repr(back) == repr(result)
    assert back._repr_html_() == result._repr_html_()
    assert back.findings().sentences == result.findings().sentences
    pd.testing.assert_frame_equal(back.summary(), result.summary())


def test_instants_and_claims_come_back(tmp_path):
    days = pd.bdate_range("2019-06-03", "2020-12-30")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        100 * np.cumprod(1 + 0.01 * rng.standard_normal((len(days), 2)), axis=0),
        index=days,
        columns=["S00", "MKT"],
    )
    events = es.Events.from_frame(
        pd.DataFrame(
            {
                "event_id": ["A", "B"],
                "ticker": "S00",
                "announced_at": ["2020-06-15T21:00:00.123456+08:00", ""],
                "precision": ["minute", ""],
                "date": ["", "2020-07-15"],
                "benchmark": "MKT",
            }
        )
    )
    claims = pd.DataFrame(
        [
            {"event_id": "A", "ticker": "S00", "measure": "close_return", "quoted": "-2.5%",
             "comparison": "is", "since": "", "text": "=fell", "source": "press"},
            {"event_id": "B", "ticker": "S00", "measure": "not_checkable", "quoted": "",
             "comparison": "", "since": "", "text": "", "source": ""},
        ]
    )  # fmt: skip
    study = es.Study(calendar="data", estimation=(-130, -11), windows=[(0, 0)])
    one = study.run(events, prices=es.MemoryPrices.from_prices(frame), claims=claims)
    two = es.load(one.save(tmp_path / "run"))
    assert one.claims["measured"].notna().tolist() == [True, False]
    for name in ("events", "claims"):
        pd.testing.assert_frame_equal(
            one.frames[name], two.frames[name], check_exact=True, check_dtype=name == "events"
        )
    assert str(two.events["announced_at"].dtype) == "datetime64[ns, UTC]"


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("n", ["x", "y"]),
        ("estimate", ["high", "low"]),
        ("first", ["Monday", ""]),
        ("lead", ["yes", "no"]),
        ("sigma", ["", "3"]),
        ("beta_x", ["?", "!"]),
        ("placebo (0, 0)", ["a", "b"]),
    ],
)
def test_a_column_of_the_users_may_have_the_name_of_one_of_ours(tmp_path, name, cells):
    """It is text, it was written as text, and it must come back as text."""
    one = run(world(2), one_date(2), windows=[(0, 0)], tests=["bmp"], columns={name: cells})
    two = es.load(one.save(tmp_path / "run"))
    assert two.input[name].tolist() == cells
    assert two.events[name].tolist() == cells


@pytest.mark.parametrize(
    "names", [["car", "car (given)"], ["car (given)", "car"], ["low", "low (given)", "high"]]
)
def test_columns_of_the_users_keep_apart_whatever_their_names(tmp_path, names):
    columns = {name: [f"{name} {row}" for row in range(2)] for name in names}
    one = run(world(2), one_date(2), windows=[(0, 0)], columns=columns)
    assert one.events.columns.is_unique
    texts = [one.events[column].tolist() for column in one.events]
    assert all(cells in texts for cells in columns.values())
    assert one.events.columns.tolist().count("car (given)") == int("car" in names)
    two = es.load(one.save(tmp_path / "run"))
    pd.testing.assert_frame_equal(one.events, two.events)


def test_nothing_measured_comes_back_too(tmp_path):
    frame = world(2)
    frame.iloc[:130, :2] = np.nan
    one = run(frame, one_date(2))
    two = es.load(one.save(tmp_path / "run"))
    assert len(two.events) == 0
    pd.testing.assert_frame_equal(one.dropped, two.dropped)
    assert repr(one) == repr(two)


# ------------------------------------------------------------------ cells


def test_numbers_are_never_guarded(tmp_path):
    frame = pd.DataFrame({"car": [-0.5, 1e-300, np.nan], "title": ["-0.5", "a", ""]})
    write_table(frame, tmp_path / "t.csv")
    lines = (tmp_path / "t.csv").read_text(encoding="utf-8").splitlines()
    assert lines == ['"car","title"', '-0.5,"\'-0.5"', '1e-300,"a"', '"",""']
    back = read_table(tmp_path / "t.csv")
    assert back["car"].tolist()[:2] == [-0.5, 1e-300]
    assert back["title"].tolist() == ["-0.5", "a", ""]


def test_no_cell_of_a_run_begins_like_a_formula(saved):
    for path in saved.glob("*.csv"):
        raw = pd.read_csv(path, dtype=str, keep_default_na=False)
        for name in raw:
            for cell in raw[name]:
                if cell.startswith(("=", "+", "-", "@", "\t", "\r")):
                    float(cell)  # a number may begin with its sign


# ------------------------------------------------------------------ folders


def test_a_foreign_folder_is_refused_and_left_alone(result, tmp_path):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(RunDirectoryError, match="not empty and holds no earlier run"):
        result.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(RunDirectoryError, match="not a folder"):
        result.save(tmp_path / "notes.txt")
    link = tmp_path / "link"
    link.symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(RunDirectoryError, match=r"is a symbolic link.* Name the folder that it"):
        result.save(link)


@pytest.mark.parametrize(
    "name", ["my_events.csv", "notes/thesis.tex", "figures/mine.svg.txt", "tables/raw/x.tex"]
)
def test_a_run_with_files_of_somebody_is_never_replaced(result, tmp_path, name):
    folder = result.save(tmp_path / "run")
    (folder / "figures").mkdir()
    (folder / "figures" / "01-effects.svg").write_text("<svg/>", encoding="utf-8")
    (folder / ".DS_Store").write_text("", encoding="utf-8")
    result.save(folder)  # what is of a run, or of the desktop, is replaced
    assert not (folder / "figures").exists()
    mine = folder / name
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_text("years of work", encoding="utf-8")
    with pytest.raises(RunDirectoryError, match=r"files that are of no run: .*move them away"):
        result.save(folder)
    assert mine.read_text(encoding="utf-8") == "years of work"


def test_another_programs_provenance_is_no_run(result, tmp_path):
    (tmp_path / "provenance.json").write_text('{"generated_by": "another"}', encoding="utf-8")
    with pytest.raises(RunDirectoryError, match=r"holds no earlier run \(no study.toml\)"):
        result.save(tmp_path)


def test_settings_that_were_changed_are_told(result, tmp_path):
    """They would head the report of numbers that are not theirs."""
    folder = result.save(tmp_path / "run")
    settings = folder / "study.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("level = 0.95", "level = 0.5"), encoding="utf-8")
    with pytest.raises(RunDirectoryError, match=r"study\.toml is not as it was written"):
        es.load(folder)


def test_the_folder_one_is_in_is_refused_in_words(result, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for folder in (".", "..", tmp_path / "here"):
        with pytest.raises(RunDirectoryError, match=r"is the folder you are in, or one above it"):
            result.save(folder)
    assert list(tmp_path.rglob("*")) == [tmp_path / "here"]


def test_an_empty_folder_and_an_earlier_run_are_written_whole(result, tmp_path):
    folder = tmp_path / "deep" / "run"
    folder.mkdir(parents=True)
    result.save(folder)
    (folder / "power.csv").write_text("old", encoding="utf-8")
    result.save(folder)
    assert not (folder / "power.csv").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["run"]  # nothing is left beside it
    assert es.load(folder).spec == result.spec


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_end_between_the_two_renames_leaves_the_earlier_run(
    result, tmp_path, monkeypatch, error
):
    folder = result.save(tmp_path / "run")
    before = sorted(path.name for path in folder.iterdir())
    rename = Path.rename

    def end(self, target):
        if self.name == "new":
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", end)
    with pytest.raises((KeyboardInterrupt, RunDirectoryError)):
        result.save(folder)
    assert sorted(path.name for path in folder.iterdir()) == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_run_that_fails_half_way_leaves_the_earlier_one(result, tmp_path):
    from eventstudy.rundir import write_whole

    folder = result.save(tmp_path / "run")

    def fail(work):
        (work / "events.csv").write_text("half", encoding="utf-8")
        raise OSError("disk full")

    with pytest.raises(RunDirectoryError, match="disk full"):
        write_whole(folder, fail)
    assert len(es.load(folder).events) == len(result.events)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_what_is_no_run_directory(tmp_path):
    with pytest.raises(RunDirectoryError, match=r"is no run directory: it has no provenance\.json"):
        es.load(tmp_path)
    with pytest.raises(RunDirectoryError, match="is no run directory"):
        es.load(tmp_path / "nowhere")


def cut_in_half(path, after=b""):
    """Cut a file in half, or at the last line that ends there."""
    half = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(half[: half.rindex(after) + len(after)])


DAMAGE = {
    "a table is gone": lambda folder: (folder / "days.csv").unlink(),
    "a table is cut": lambda folder: (folder / "events.csv").write_text('"event_id","ti', "utf-8"),
    "a table is empty": lambda folder: (folder / "tests.csv").write_text("", "utf-8"),
    "a number is a word": lambda folder: (folder / "means.csv").write_text(
        '"group","day","aar"\n"all",0,"much"\n', "utf-8"
    ),
    "a table is half of itself": lambda folder: cut_in_half(folder / "days.csv"),
    "a table lacks the rows at its end": lambda folder: cut_in_half(folder / "tests.csv", b"\n"),
    "the events given lack one": lambda folder: cut_in_half(folder / "input.csv", b"\n"),
    "a digit is another": lambda folder: (folder / "fits.csv").write_bytes(
        (folder / "fits.csv").read_bytes().replace(b"1", b"2", 1)
    ),
    "the digests are a list": lambda folder: (folder / "provenance.json").write_text(
        json.dumps(json.loads((folder / "provenance.json").read_text("utf-8")) | {"tables": []}),
        "utf-8",
    ),
    "a table is binary": lambda folder: (folder / "fits.csv").write_bytes(b"\xff\x00\xfe"),
    "a column is gone": lambda folder: (folder / "events.csv").write_text(
        '"event_id"\n"A"\n', "utf-8"
    ),
    "the provenance is no JSON": lambda folder: (folder / "provenance.json").write_text(
        "{", "utf-8"
    ),
    "the provenance is a list": lambda folder: (folder / "provenance.json").write_text(
        "[]", "utf-8"
    ),
    "the study is no TOML": lambda folder: (folder / "study.toml").write_text("= 5", "utf-8"),
    "the study is empty": lambda folder: (folder / "study.toml").write_text("", "utf-8"),
    "the study has another model": lambda folder: (folder / "study.toml").write_text(
        (folder / "study.toml").read_text("utf-8").replace('"market"', '"tarot"'), "utf-8"
    ),
    "the study is gone": lambda folder: (folder / "study.toml").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_run_directory_is_an_error_and_no_traceback(saved, tmp_path, damage):
    folder = tmp_path / "run"
    shutil.copytree(saved, folder)
    DAMAGE[damage](folder)
    with pytest.raises(InputError):
        result = es.load(folder)
        repr(result)
        result.findings()


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("after", [b"", b"\n"])
def test_a_table_that_was_cut_is_told(saved, tmp_path, name, after):
    folder = tmp_path / "run"
    shutil.copytree(saved, folder)
    path = folder / f"{name}.csv"
    if path.read_bytes().count(b"\n") < 3:
        return  # few rows or none
    cut_in_half(path, after)
    with pytest.raises(RunDirectoryError, match=rf"{name}\.csv is no table of a run: "):
        _ = es.load(folder).frames[name]


def test_a_run_without_digests_is_refused(saved, result, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(saved, folder)
    told = json.loads((folder / "provenance.json").read_text("utf-8"))
    files = {f"{name}.csv" for name in ("input", *TABLES)}
    assert set(told.pop("tables")) == {*files, "study.toml"}
    assert es.load(folder).provenance == result.provenance == told
    (folder / "provenance.json").write_text(json.dumps(told), "utf-8")
    with pytest.raises(RunDirectoryError, match="its settings are not those of a run"):
        es.load(folder)


def test_no_clock_and_no_path_is_in_a_run(saved, result, tmp_path):
    other = result.save(tmp_path / "elsewhere")
    for path in sorted(saved.iterdir()):
        assert path.read_bytes() == (other / path.name).read_bytes()
    told = json.loads((saved / "provenance.json").read_text(encoding="utf-8"))
    assert told["settings"] == result.spec
    assert {"eventstudy", "python", "numpy", "pandas", "scipy"} <= set(told["versions"])


# ------------------------------------------------------------------ words


def test_the_result_prints_what_matters(result):
    text = repr(result)
    assert text.startswith(
        "Event study: 12 events, 12 event-security pairs, 1 dropped; market model, window (0, 0)"
    )
    assert "E11" in text


def test_html_is_escaped():
    frame = world(2)
    rows = [("<script>alert(1)</script>", "S00", 140), ("B&C", "S01", 140)]
    html = run(frame, rows)._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "B&amp;C" in html


def test_a_result_is_frozen(result):
    with pytest.raises(FrozenInstanceError):
        result.spec = {}


def test_what_is_written_into_a_frame_changes_no_result(result):
    for name in TABLES:
        kept = result.frames[name].copy()
        for handed in (getattr(result, name), result.frames[name], result.frames.first(name)):
            for column in handed.select_dtypes("number"):
                handed.loc[:, column] = 0
            handed[kept.columns[0]] = "mine"
        pd.testing.assert_frame_equal(getattr(result, name), kept, check_exact=True)


def test_a_frame_that_is_built_later_is_of_the_events_as_they_ran():
    frame = world(2)
    events = es.Events.from_frame(table(frame, one_date(2), title="told"))
    one = study().run(events, prices=es.MemoryPrices.from_returns(frame))
    events.frame.loc[:, "title"] = "other"
    one.input.loc[:, "title"] = "other"
    assert set(one.events["title"]) == {"told"}


def test_the_smallest_effects_that_are_kept_stay_as_they_were_given(result):
    detectable = pd.DataFrame(
        {"who": ["all"], "mde": [0.02], "group": "all", "window": "(0, 0)", "test": "portfolio"}
    ).assign(half_width=0.01)
    kept = result.with_power(detectable)
    detectable.loc[:, "mde"] = 0.0
    assert kept.power["mde"].tolist() == [0.02]


def test_every_frame_is_an_attribute_and_has_a_plain_index(result):
    for name in TABLES:
        frame = getattr(result, name)
        pd.testing.assert_frame_equal(frame, result.frames[name])
        assert isinstance(frame.index, pd.RangeIndex)
        assert all(isinstance(column, str) for column in frame.columns)


def test_a_report_is_a_pdf_or_html(result, tmp_path):
    with pytest.raises(InputError, match=r"study.docx: a report is .pdf or .html"):
        result.report(tmp_path / "study.docx")


def test_plots_of_what_is_not_there(result):
    with pytest.raises(InputError, match=r"no event 'X' in the result\. It has E00"):
        result.plot.event("X")
    with pytest.raises(InputError, match=r"no group 'kind:z' in the result\. It has all"):
        result.plot.caar("kind:z")


def test_sources_say_what_each_series_covers():
    frame = prices(world(2))
    frame.iloc[[50, 51, 90], 0] = np.nan
    sources = run(frame, one_date(2), kind="prices").sources.set_index("ticker")
    assert sources.loc["S00", "missing"] == 3
    assert sources.loc["S00", "sessions"] == 147
    assert sources.loc["MKT", "role"] == "benchmark"
    assert (sources["source"] == "memory").all()
    assert sources.loc["S01", "first"] == frame.index[0]
    assert len(table(frame, one_date(2))) == 2


TYPED = sorted((DATES | FLAGS | INSTANTS | TEXTS | WHOLE) - set(FITS))


FACTORS = [name for name in TYPED if name not in ("date", "benchmark")]


@pytest.mark.parametrize("names", [FACTORS[k::4] for k in range(4)])
def test_a_factor_with_the_name_of_a_column_of_another_table_comes_back_as_a_number(
    names, tmp_path
):
    frame = world(1)
    rng = np.random.default_rng(0)
    factors = pd.DataFrame(
        0.01 * rng.standard_normal((len(frame), len(names))), index=frame.index, columns=names
    )
    got = run(frame, one_date(1), model=es.FactorModel(factors=factors))
    assert set(names) <= set(got.fits)
    got.save(tmp_path / "run")
    back = es.load(tmp_path / "run")
    pd.testing.assert_frame_equal(back.fits, got.fits)
    assert all(back.fits[name].dtype == np.float64 for name in names)


@pytest.mark.parametrize("name", [*FITS, "benchmark"])
def test_a_factor_with_the_name_of_a_column_of_the_fits_is_refused(name):
    frame = pd.DataFrame({name: [0.01, 0.02]}, index=["2024-01-02", "2024-01-03"])
    with pytest.raises(es.EventStudyError, match=f"a factor cannot be called {name}"):
        es.FactorModel(factors=frame)


@pytest.mark.parametrize("name", TYPED)
def test_a_column_of_the_users_events_with_a_name_of_ours_stays_text(name, tmp_path):
    rows, frame = one_date(1), world(1)
    if name in table(frame, rows):
        return
    try:
        got = run(frame, rows, columns={name: ["007"]})
    except InputError:  # a column of the events' own, whose cells mean something
        return
    got.save(tmp_path / "run")
    back = es.load(tmp_path / "run")
    pd.testing.assert_frame_equal(back.events, got.events)
    pd.testing.assert_frame_equal(back.input, got.input)
