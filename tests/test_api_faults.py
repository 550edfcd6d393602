"""Likely mistakes from Python have a cure in words, and what is handed out can be moved about."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace

import pandas as pd
import pytest
from worlds import MARKET, one_date, study, table, world

import eventstudy as es
from eventstudy import errors
from eventstudy.errors import InputError, MissingExtraError, Problem, StudyError, TableError


@pytest.fixture(scope="module")
def given():
    frame = world(3)
    events = es.Events.from_frame(table(frame, one_date(3), benchmark=MARKET))
    return frame, events


@pytest.fixture(scope="module")
def result(given):
    frame, events = given
    return study(windows=[(0, 0), (0, 1)]).run(events, prices=es.Panel.from_frame(frame))


def every_error(kind=errors.EventStudyError):
    yield kind
    for one in kind.__subclasses__():
        yield from every_error(one)


@pytest.mark.parametrize("kind", sorted(set(every_error()), key=lambda one: one.__name__))
def test_errors_can_be_copied_and_sent_between_processes(kind):
    problem = Problem(3, "date", "x", "not a date", "Write one")
    if issubclass(kind, TableError):
        error = kind("events.csv", [problem])
    elif issubclass(kind, MissingExtraError):
        error = kind("parquet", "Reading")
    else:
        error = kind("what went wrong. How to mend it")
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(other) is kind
        assert str(other) == str(error)
        assert getattr(other, "problems", ()) == getattr(error, "problems", ())


def test_a_result_can_be_sent_between_processes(result):
    other = pickle.loads(pickle.dumps(result))
    for name in ("events", "tests", "leads", "overlaps", "fits"):
        pd.testing.assert_frame_equal(getattr(other, name), getattr(result, name))


def test_equal_studies_have_one_hash():
    listed = {"A": "XNYS", "B": "XHKG"}, {"B": "XHKG", "A": "XNYS"}
    one, other = (es.Study(windows=["0:1"], exchanges=exchanges) for exchanges in listed)
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other, es.Study(windows=["0:2"])}) == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda frame: es.FilePrices("x", kind="return"), "kind 'return' is none of"),
        (lambda frame: es.Panel(*_parts(frame), "bogus"), "kind 'bogus' is none of"),
        (lambda frame: es.Window(0.0, 1), "0.0 is no day of a window"),
        (lambda frame: es.Window("0", 1), "'0' is no day of a window"),
        (lambda frame: es.Window(False, 1), "False is no day of a window"),
        (lambda frame: es.CachedPrices(es.Panel.from_frame(frame)), "without CachedPrices"),
        (lambda frame: es.CachedPrices(es.FilePrices("x")), "without CachedPrices"),
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_is_made(given, make, message):
    with pytest.raises((InputError, StudyError), match=message):
        make(given[0])


def _parts(frame):
    prices = es.Panel.from_frame(frame)
    return prices.dates, prices.tickers, prices.values


def test_stamps_in_utc_that_are_no_midnight_are_days_of_another_zone(given):
    frame, _ = given
    local = frame.tz_localize("Asia/Shanghai")
    assert (es.Panel.from_frame(local).dates == frame.index.to_numpy()).all()
    assert (es.Panel.from_frame(frame.tz_localize("UTC")).dates == frame.index.to_numpy()).all()
    moved = local.tz_convert("UTC")
    with pytest.raises(InputError, match="times of day in UTC"):
        es.Panel.from_frame(moved)
    long = moved.rename_axis("date").reset_index().melt("date", var_name="ticker")
    with pytest.raises(InputError, match="times of day in UTC"):
        es.Panel.from_long(long, value="value")


def test_a_format_that_is_none_is_refused_before_anything_is_written(result, tmp_path):
    for formats in (["docx"], ["PDF"], "docx"):
        with pytest.raises(InputError, match="there is no format"):
            result.write_run(tmp_path / "run", formats=formats)
    assert not (tmp_path / "run").exists()
    assert result.write_run(tmp_path / "run", formats="csv") == []


def test_power_of_another_kind_is_refused(result):
    for other in (result.tests, "power", None):
        with pytest.raises(InputError, match="no frame of power"):
            result.with_power(other)


def test_a_picture_of_a_window_takes_every_form_of_it(result):
    texts = [result.plot.events(window=one).get_title() for one in ("0:1", (0, 1), es.Window(0, 1))]
    assert len(set(texts)) == 1
    first = result.plot.events()
    assert [text.get_text() for text in first.texts] != [
        text.get_text() for text in result.plot.events(window="0:1").texts
    ]
    with pytest.raises(InputError, match="no window"):
        result.plot.events(window="0:5")


def test_models_to_compare_may_be_one_and_may_not_be_none(given):
    frame, events = given
    prices = es.Panel.from_frame(frame)
    one = es.compare(study(), events, prices, "market")
    pd.testing.assert_frame_equal(one, es.compare(study(), events, prices, ["market"]))
    with pytest.raises(StudyError, match="no model to compare"):
        es.compare(study(), events, prices, [])
    with pytest.raises(InputError, match=r"Panel\.from_frame"):
        es.compare(study(), events, frame, ["market"])


def test_what_a_notebook_completes_is_public():
    assert dir(es) == sorted(es.__all__)
    for name in es.__all__:
        assert getattr(es, name) is not None


def test_a_picture_is_of_the_group_that_is_asked_for(given):
    frame, _ = given
    listed = table(frame, one_date(3), benchmark=MARKET).assign(kind=["a", "a", "b"])
    result = study(windows=[(0, 0)]).run(
        es.Events.from_frame(listed), prices=es.Panel.from_frame(frame)
    )
    for group in ("all", "kind:a"):
        drawn = [100 * value for value in result.means.query("group == @group")["caar"]]
        lines = [list(line.get_ydata()) for line in result.plot.caar(group).lines]
        assert any(line == pytest.approx(drawn) for line in lines if len(line) == len(drawn))


def test_the_title_that_is_asked_for_is_that_of_the_report(result, tmp_path):
    page = result.report(tmp_path / "one.html", title="A title of one's own").read_text()
    assert "<title>A title of one's own</title>" in page.replace("&#39;", "'")
    result.write_run(tmp_path / "run", formats=["html"], title="Another one")
    assert "<title>Another one</title>" in (tmp_path / "run" / "report.html").read_text()


def test_what_is_noted_of_inputs_stays_with_the_result(result):
    noted = result.noted(inputs={"claims.csv": "abc"}, command="run")
    assert noted.provenance["inputs"]["claims.csv"] == "abc"
    assert noted.provenance["inputs"].keys() > result.provenance["inputs"].keys() - {"claims.csv"}
    assert noted.provenance["command"] == "run"


def test_power_and_robustness_have_the_title_that_is_asked_for(given, tmp_path):
    frame, events = given
    prices = es.Panel.from_frame(frame)
    steps: list[str] = []
    found = es.power(study(), events, prices=prices, replications=20, progress=steps.append)
    assert any(step.startswith("groups") for step in steps)
    curve = es.robustness(study(), events, prices=prices, models=["market"])
    for number, one in enumerate((found, curve)):
        page = one.report(tmp_path / f"{number}.html", title="A title").read_text()
        assert "<title>A title</title>" in page


def test_what_a_notebook_shows_of_power_is_its_first_rows_and_no_formula(given):
    frame, events = given
    found = es.power(study(), events, prices=es.Panel.from_frame(frame), replications=20)
    rows = len(found.summary())
    assert found._repr_html_().count("<tr") == rows + 1
    assert "more, see summary()" not in repr(found)
    parts = [found.detectable.assign(who=found.detectable["who"] + str(k)) for k in range(40)]
    many = replace(found, detectable=pd.concat(parts, ignore_index=True))
    assert f"... and {40 * rows - 60:,} more, see summary()" in repr(many)
    for one in (found, many):
        assert one._repr_html_().startswith('<div class="tex2jax_ignore mathjax_ignore">')


def test_an_id_with_dollars_is_no_formula(result):
    assert result._repr_html_().startswith('<div class="tex2jax_ignore mathjax_ignore">')
