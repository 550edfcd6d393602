"""`power`: sizes, curves and smallest effects of the user's own events."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy.special import nctdtr, stdtrit

from eventstudy.errors import InputError, StudyError
from eventstudy.report.power import is_cut
from eventstudy.report.writing import composed
from eventstudy.simulate.power import power
from eventstudy.simulate.power_result import CURVES, DETECTABLE
from eventstudy.simulate.question import _reading
from eventstudy.summary import power_sentences

from .conftest import DATES, TICKERS, events, market, study


@pytest.fixture(name="found", scope="module")
def found_fixture():
    return power(study(), events(), prices=market(), replications=60)


def test_frames(found):
    assert tuple(found.curves.columns) == CURVES
    assert tuple(found.detectable.columns) == DETECTABLE
    single = found.detectable[found.detectable["group"] == ""]
    assert len(single) == 24 * 2 * 2  # pairs, windows, tests
    groups = found.detectable[found.detectable["group"] != ""]
    assert set(groups["group"]) == {
        *("all", "kind:sanction", "kind:report"),
        *(f"event:E{k}" for k in range(4)),
    }
    assert (groups["test"] != "").all()
    assert found.dropped.empty
    known = found.detectable[found.detectable["mde"].notna()]
    assert (known["reason"] == "").all()
    assert ((known["size"] >= 0) & (known["size"] < 0.3)).all()


def test_power_is_the_size_at_zero_and_rises_to_one(found):
    rows = found.detectable.set_index(["who", "window", "test"])
    for key, curve in found.curves.groupby(["who", "window", "test"]):
        row = rows.loc[key]
        at = curve.set_index("effect")["power"]
        assert at[0.0] == row["size"]
        assert at.index.is_monotonic_increasing
        if np.isfinite(row["mde"]):
            assert min(at[0.5], at[-0.5]) == 1.0
            beyond = at[at.index.to_series().abs() >= row["mde"]]
            assert (beyond >= 0.8 - 1e-12).all()


def test_sar_t_agrees_with_the_noncentral_t():
    """Normal returns: power is that of a t with the effect over its standard error beside."""
    given = events(DATES[2:], TICKERS)
    one = study(windows=[(0, 0)])
    found = power(one, given, prices=market(rho=0.0), replications=200, effects=[0.02, 0.04, 0.06])
    scale = 0.02 * np.sqrt(1 + 1 / 200)
    limit = stdtrit(198, 0.975)
    sar = found.curves.query("test == 'sar_t' and group == ''")
    for effect, curve in sar.groupby("effect"):
        distance = abs(effect) / scale
        expected = 1 - nctdtr(198, distance, limit) + nctdtr(198, distance, -limit)
        # 12 events, some of whose estimation windows overlap: some 1,500 separate days.
        error = np.sqrt(expected * (1 - expected) / 1_500)
        assert curve["power"].mean() == pytest.approx(expected, abs=3 * error + 0.015)
    smallest = found.detectable.query("test == 'sar_t' and group == ''")["mde"].mean()
    assert smallest == pytest.approx((limit + 0.8416) * scale, rel=0.08)


def test_same_seed_same_frames_and_replications_are_a_choice():
    given, one = events(DATES, TICKERS[:2]), {"windows": [(0, 0)]}
    found, again, other = (
        power(study(seed=seed, **one), given, prices=market(), replications=20)
        for seed in (0, 0, 5)
    )
    pd.testing.assert_frame_equal(found.detectable, again.detectable)
    pd.testing.assert_frame_equal(found.curves, again.curves)
    assert found.detectable["replications"].max() == 20
    # Runs of one event, or of one cluster, are all taken in turn; draws are of several clusters.
    mine, theirs = (one.detectable.set_index(["who", "test"])["mde"] for one in (found, other))
    assert mine["E0 S0"].equals(theirs["E0 S0"])
    assert not mine["all"].equals(theirs["all"])


def test_group_average_is_seen_before_single_effects(found):
    own = found.detectable[found.detectable["window"] == "(0, 0)"]
    assert own.loc[own["group"] == "all", "mde"].iloc[0] < own.loc[own["group"] == "", "mde"].min()


def test_effect_and_pvalue_are_those_of_the_study(found):
    result = study().run(events(), prices=market())
    merged = found.detectable.query("test == 'placebo'").merge(
        result.events, on=["event_id", "ticker", "window"]
    )
    assert len(merged) == 48
    assert merged["effect"].to_numpy() == pytest.approx(merged["car"].to_numpy())
    assert merged["pvalue_x"].to_numpy() == pytest.approx(merged["placebo_pvalue"].to_numpy())
    groups = found.detectable.merge(result.tests, on=["group", "window", "test"])
    assert len(groups) == 14
    assert groups["lead"].all()
    assert groups["pvalue_x"].to_numpy() == pytest.approx(groups["pvalue_y"].to_numpy())


def test_window_too_long_for_a_placebo_says_so():
    found = power(
        study(windows=[(-5, 5)]), events(DATES[:1], TICKERS[:1]), prices=market(), replications=40
    )
    rows = found.detectable.set_index("test")
    assert np.isnan(rows.loc["placebo", "mde"])
    assert "no placebo" in rows.loc["placebo", "reason"]
    assert np.isfinite(rows.loc["sar_t", "mde"])


def test_dropped_events_are_listed():
    given = events(("2020-03-02", *DATES[2:]), TICKERS[:2])
    found = power(study(), given, prices=market(), replications=20)
    assert found.dropped["event_id"].unique().tolist() == ["E0"]
    assert "usable days" in found.dropped["reason"].iloc[0]


def test_what_cannot_be_asked_is_refused():
    for options, word in [
        ({"effects": []}, "needs effects"),
        ({"effects": [np.nan]}, "needs effects"),
        ({"target": 0.04}, "power of 0.04"),
        ({"target": 1.0}, "power of 1"),
        ({"replications": 5}, "5 replications"),
    ]:
        with pytest.raises(StudyError, match=word):
            power(study(), events(), prices=market(), **options)
    with pytest.raises(InputError, match="no events"):
        power(study(), replace(events(), frame=events().frame.head(0)), prices=market())


def test_summary_tells_unseen_from_not_there(found):
    table = found.summary()
    assert len(table) == 24 + 7
    assert table.loc[table["who"] == "E0 S0", "by placebo %"].notna().all()
    assert {text.split(";")[0].split(":")[0] for text in table["reading"]} <= {
        "found by this test",
        "not found by this test",
    }
    own = found.detectable
    wide = own["half_width"] > own["mde"]
    unseen = own["pvalue"] > 0.05
    narrow = ~wide & unseen & (own["effect"].abs() <= own["mde"])
    assert narrow.any()
    assert own.loc[narrow, "reading"].str.endswith(" % would have been").all()
    assert found.summary("(-1, 1)")["smallest %"].mean() > table["smallest %"].mean()
    with pytest.raises(InputError, match="no window"):
        found.summary("(0, 9)")
    first, second = found.sentences()
    assert first.startswith("With a power of 80 % at the 5 % level")
    assert second.startswith("If event days vary as estimation days do, the ")


def test_shows_itself_escaped(found):
    assert "<b>" not in found._repr_html_()
    assert "smallest effect detected in 80 %" in repr(found)


def test_files(found, tmp_path):
    folder = tmp_path / "power"
    assert found.write_run(folder, formats=["pdf", "html"]) == []
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    data = {
        *("power.csv", "curves.csv", "dropped.csv", "sources.csv"),
        *("study.toml", "provenance.json"),
    }
    assert names - data == {
        *("figures/01-smallest-effects.svg", "figures/02-smallest-effects.svg"),
        *("figures/03-power.svg", "power.html", "power.pdf"),
    }
    assert (folder / "power.pdf").read_bytes().startswith(b"%PDF")
    assert len(pd.read_csv(folder / "curves.csv")) == len(found.curves)
    table = pd.read_csv(folder / "power.csv")
    assert table["mde"].to_numpy() == pytest.approx(found.detectable["mde"].to_numpy(), nan_ok=True)
    assert (table["reading"] == found.detectable["reading"]).all()
    page = (folder / "power.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 3
    assert "EVENT STUDY" not in page
    assert "Overlaps" not in page
    assert "E3 S5" in page
    first = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    found.write_run(folder, formats=["pdf", "html"])  # replaces an earlier run, by the same bytes
    assert first == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    found.save(folder)
    assert {path.name for path in folder.iterdir()} == data


def test_the_folder_says_how_it_came_about(tmp_path):
    found = power(
        study(windows=[(0, 0)], seed=3), events(DATES[2:], TICKERS[:2]), prices=market(),
        effects=[0.03], target=0.9, replications=25,
    )  # fmt: skip
    found.noted(command="eventstudy power events.csv").save(tmp_path / "power")
    text = (tmp_path / "power" / "provenance.json").read_text(encoding="utf-8")
    facts = json.loads(text)
    assert facts["command"] == "eventstudy power events.csv"
    assert facts["power"] == {"effects": [0.03], "target": 0.9, "replications": 25}
    assert facts["settings"]["seed"] == 3
    assert list(facts) == [*found.provenance, "command"]  # in the order in which the report has it
    printed = dict(composed(found.findings())[0].data["provenance"])
    assert printed["power · effects"] == "0.03"
    assert printed["power · replications"] == "25"


def test_names_from_files_are_escaped_everywhere(tmp_path):
    given = events(DATES[2:], TICKERS[:2])
    frame = given.frame.assign(event_id=given.frame["event_id"] + "<i>$x$")
    found = power(
        study(windows=[(0, 0)]), replace(given, frame=frame), prices=market(), replications=20
    )
    assert "<i>" not in found._repr_html_()
    page = found.report(tmp_path / "power.html").read_text(encoding="utf-8")
    assert "<i>" not in page
    assert "E0&lt;i&gt;$x$ S0" in page


def test_drawings(found):
    curves = found.plot("E0 S0")
    assert curves.get_xlabel() == "effect in the window, %"
    drawn = [line for line in curves.lines if len(line.get_xdata()) > 10]
    expected = found.curves.query("who == 'E0 S0' and window == '(0, 0)'")
    assert len(drawn) == 2
    assert drawn[0].get_ydata() == pytest.approx(
        100 * expected.query("test == 'sar_t'")["power"].to_numpy()
    )
    ranges = found.plot_detectable(window="(-1, 1)")
    own = found.detectable.query("window == '(-1, 1)' and test != 'placebo'")
    bars = [patch.get_width() / 200 for patch in ranges.patches]
    assert len(bars) == own["mde"].notna().sum()
    limit = ranges.get_xlim()[1] / 100
    assert bars == pytest.approx(own["mde"].dropna().clip(upper=limit).tolist())
    with pytest.raises(InputError, match="no power curve"):
        found.plot("nobody")


def test_what_is_cut_at_the_edge_is_marked_and_said(found):
    assert is_cut(found.detectable.query("window == '(0, 0)'")) is False
    detectable = found.detectable.copy()
    far = detectable["who"] == "E0 S0"
    detectable.loc[far, ["effect", "mde"]] = [-0.5, 0.6]
    axes = replace(found, detectable=detectable).plot_detectable()
    marks = [line.get_marker() for line in axes.lines if line.get_marker() in "<>"]
    assert sorted(marks) == ["<", "<", ">"]  # the effect, and both ends of the range
    for one, said in ((found, 0), (replace(found, detectable=detectable), 1)):
        figures = composed(one.findings())[0].data["power"]["figures"]
        captions = [figure["caption"] for figure in figures]
        assert sum("A triangle at the edge" in caption for caption in captions) == said
        assert "dotted line across is a power" in captions[-1]


def test_drawings_on_given_axes(found):
    figure = Figure()
    axes = figure.add_subplot()
    assert found.plot("all", axes) is axes
    assert found.plot_detectable(figure.add_subplot()).lines


@pytest.mark.parametrize(
    ("effect", "half_width", "reading"),
    [
        (0.01, 0.02, "not found by this test; 3.0 % would have been"),
        (0.01, 0.04, "not found by this test: the event days vary more than the others"),
        (0.035, 0.04, "not found by this test: the event days vary more than the others"),
    ],
)
def test_a_reading_does_not_promise_more_than_the_interval_allows(effect, half_width, reading):
    row = {"pvalue": 0.3, "effect": effect, "half_width": half_width, "mde": 0.03}
    assert _reading(row, 0.05) == reading
    everyone = {"group": "all", "test": "ibragimov_mueller", "window": "(0, 0)", "target": 0.8}
    (said,) = power_sentences(pd.DataFrame([row | everyone]), 0.95)
    assert ("they vary more" in said) == (half_width > 0.03)
