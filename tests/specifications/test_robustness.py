"""`robustness`: every specification is a study of its own, and what they agree on."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from worlds import MARKET, one_date, study, table, world

import eventstudy as es
from eventstudy.errors import InputError, PricesError, StudyError
from eventstudy.report.findings import SPECIFICATIONS
from eventstudy.report.writing import composed
from eventstudy.specifications.choices import LEADS
from eventstudy.specifications.curve import FEW, ITSELF

WINDOWS = [(0, 0), (-1, 1)]
ROWS = [*one_date(4), ("LATE", "S04", 133), ("SHORT", "S05", 70)]
SHORT = (-60, -11)
NUMBERS = ["estimate", "se", "low", "high", "pvalue"]


def given(rows=ROWS, **columns):
    frame = world(6, 160, common=0.01)
    frame["ALT"] = frame[MARKET] + 0.003 * np.random.default_rng(5).standard_normal(len(frame))
    for event_id, ticker, zero in rows:
        frame.iloc[zero, frame.columns.get_loc(ticker)] -= 0.06 if event_id != "LATE" else 0.0
    kinds = {"kind": ["sanction" if name != "LATE" else "report" for name, _, _ in rows]}
    events = es.Events.from_frame(table(frame, rows, **(kinds | columns)))
    return events, es.MemoryPrices.from_returns(frame)


def asked(**options):
    events, prices = given()
    standard = {
        "models": ["market", "constant_mean"],
        "estimations": [SHORT],
        "benchmarks": ["own", "ALT"],
    }
    own = study(windows=WINDOWS)
    return es.robustness(own, events, prices=prices, **(standard | options))


@pytest.fixture(name="found", scope="module")
def found_fixture():
    return asked()


def test_every_combination_is_there_once(found):
    assert tuple(found.curve.columns) == SPECIFICATIONS
    choices = ["model", "estimation", "benchmark", "window"]
    combined = found.curve[choices].drop_duplicates()
    # The market model with two benchmarks, the constant mean with none; two estimation windows.
    assert len(combined) == (2 * 2 + 2) * 2
    for _, own in found.curve.groupby(["group", "who"]):
        assert own["specification"].is_monotonic_increasing
        assert own["specification"].is_unique
    everyone = found.curve[found.curve["who"] == "all"]
    assert everyone["specification"].tolist() == list(range(1, 13))
    own = everyone[everyone["own"]]
    assert own["specification"].tolist() == [1, 2]
    assert own[choices].to_numpy().tolist() == [
        ["market model", "(-130, -11)", "own", "(0, 0)"],
        ["market model", "(-130, -11)", "own", "(-1, 1)"],
    ]
    assert set(everyone.loc[everyone["model"] == "constant mean", "benchmark"]) == {"none"}
    assert found.models == ("market", "constant_mean")


@pytest.mark.parametrize("estimation", [(-130, -11), SHORT])
@pytest.mark.parametrize(
    ("model", "benchmark"), [("market", MARKET), ("market", "ALT"), ("constant_mean", MARKET)]
)
def test_a_specification_is_that_study(found, model, estimation, benchmark):
    events, prices = given(benchmark=benchmark)
    one = study(windows=WINDOWS, model=model, estimation=estimation, tests=LEADS, placebo="never")
    result = one.run(events, prices=prices)
    named = "none" if model == "constant_mean" else {MARKET: "own"}.get(benchmark, benchmark)
    title = {"market": "market model", "constant_mean": "constant mean"}[model]
    chosen = found.curve[
        (found.curve["model"] == title)
        & (found.curve["estimation"] == str(es.Window(*estimation)))
        & (found.curve["benchmark"] == named)
    ]
    lead = result.tests[result.tests["lead"]]
    groups = chosen[chosen["group"] != ""].merge(lead, on=["group", "window", "test"])
    assert len(groups) == len(lead) > 0
    for name in NUMBERS:
        np.testing.assert_array_equal(groups[f"{name}_x"], groups[f"{name}_y"])
    np.testing.assert_array_equal(groups["n_x"], groups["n_y"])
    pairs = chosen[chosen["estimate"].notna()].merge(
        result.events, on=["event_id", "ticker", "window"]
    )
    assert len(pairs) == len(result.events)
    np.testing.assert_array_equal(pairs["estimate"], pairs["car"])
    for name in NUMBERS[1:]:
        np.testing.assert_array_equal(pairs[f"{name}_x"], pairs[f"{name}_y"])
    dropped = found.dropped[
        (found.dropped["model"] == title)
        & (found.dropped["estimation"] == str(es.Window(*estimation)))
        & (found.dropped["benchmark"] == named)
    ]
    assert dropped["reason"].tolist() == result.dropped["reason"].tolist()


def test_pairs_have_their_placebo_where_the_t_is_not_exact():
    events, prices = given()
    own = study(windows=["0:0"])
    found = es.robustness(own, events, prices=prices, models=["huber"], estimations=[]).curve
    pairs = found[(found["group"] == "") & found["estimate"].notna()]
    assert list(pairs.groupby("model", sort=False)["test"].unique().map(list)) == [
        ["sar_t"],
        ["placebo"],
    ]
    want = replace(own, model="huber", tests=["bmp"], placebo="always")
    want = want.run(events, prices=prices).events
    got = pairs[pairs["test"] == "placebo"]
    for name in ("pvalue", "low", "high"):
        np.testing.assert_array_equal(got[name], want[f"placebo_{name}"])
    np.testing.assert_array_equal(got["estimate"], want["car"])


def test_what_cannot_be_measured_keeps_its_rows_and_reasons(found):
    rows = found.curve[found.curve["event_id"] == "SHORT"]
    assert len(rows) == 12
    long = rows["estimation"] == "(-130, -11)"
    assert rows.loc[long, NUMBERS].isna().all(axis=None)
    assert (rows.loc[long, "reason"].str.len() > 10).all()
    assert rows.loc[~long, NUMBERS].notna().all(axis=None)
    reading = found.readings().set_index("who").loc["SHORT S05"]
    assert reading["specifications"] == 6
    assert np.isnan(reading["own"])
    assert set(found.dropped["event_id"]) == {"SHORT"}
    (reason,) = found.findings().dropped["reason"]
    assert reason.endswith("(in 3 of 6 combinations)")
    assert reading["reading"].startswith("found in all 6 that could be measured, of 12")
    assert (found.curve.loc[found.curve["estimate"].notna(), "reason"] == "").all()


def test_readings_are_those_of_the_curve(found):
    readings = found.readings().set_index("who")
    for who, rows in found.curve.groupby("who"):
        effects, row = rows["estimate"].dropna(), readings.loc[who]
        assert row["specifications"] == len(effects)
        assert row["median"] == pytest.approx(effects.median(), rel=1e-12)
        assert (row["lowest"], row["highest"]) == (effects.min(), effects.max())
        assert row["negative"] + row["positive"] == len(effects)
        assert row["found"] == (rows["pvalue"] <= 0.05).sum()
    own = found.curve[found.curve["own"] & (found.curve["who"] == "E00 S00")].iloc[0]
    assert readings.loc["E00 S00", "own"] == own["estimate"]
    one = found.readings("(0, 0)").set_index("who")
    assert one.loc["all", "specifications"] == 6
    assert one.loc["E00 S00", "reading"] == "found in every specification"
    assert found.summary("0:0")["found"].tolist() == one["found"].tolist()


def test_a_reading_names_the_choices_that_an_effect_hangs_on():
    from eventstudy.specifications.readings import readings

    base = dict.fromkeys(SPECIFICATIONS, "") | {"group": "all", "who": "all", "own": False}
    rows = [
        base
        | {"model": model, "window": window, "benchmark": "own", "estimation": "(-9, -1)"}
        | {"estimate": effect, "pvalue": pvalue}
        for model, window, effect, pvalue in (
            ("a", "(0, 0)", -0.1, 0.01), ("a", "(0, 1)", -0.1, 0.2), ("b", "(0, 0)", -0.1, 0.05),
            ("b", "(0, 1)", 0.1, 0.3), ("c", "(0, 0)", -0.1, 0.06), ("c", "(0, 1)", -0.1, 0.6),
        )
    ]  # fmt: skip
    (row,) = readings(pd.DataFrame(rows), 1.0 - 0.95).to_dict("records")
    assert row["reading"] == (
        "found in 2 of 6; its sign changes; never with c; only with window (0, 0)"
    )


def test_by_a_choice(found):
    by = found.by("benchmark", "E00 S00").set_index("benchmark")
    assert by["specifications"].to_dict() == {"own": 4, "ALT": 4, "none": 4}
    rows = found.curve[(found.curve["who"] == "E00 S00") & (found.curve["benchmark"] == "ALT")]
    assert by.loc["ALT", "median"] == pytest.approx(rows["estimate"].median(), rel=1e-12)
    assert by.loc["ALT", "found"] == (rows["pvalue"] <= 0.05).sum()
    assert found.by("model", window="0:0")["specifications"].tolist() == [4, 2]


def test_the_own_choice_comes_first_whatever_is_asked():
    found = asked(models=["constant_mean"], estimations=[], benchmarks=["ALT"])
    everyone = found.curve[found.curve["who"] == "all"]
    assert everyone["model"].tolist() == ["market model"] * 4 + ["constant mean"] * 2
    assert everyone["benchmark"].tolist() == ["own", "own", "ALT", "ALT", "none", "none"]


def test_by_default_the_second_half_of_the_estimation_window_is_a_choice():
    events, prices = given([("E", "S00", 140)])
    own = es.Study(calendar="data", estimation=(-135, -11), min_estimation=60, windows=["0:0"])
    found = es.robustness(own, events, prices=prices, models=["market"])
    assert found.curve["estimation"].tolist() == ["(-135, -11)", "(-72, -11)"]
    short = es.Study(calendar="data", estimation=(-135, -11), windows=["0:0"])
    found = es.robustness(short, events, prices=prices, models=["constant_mean"])
    assert found.curve["estimation"].tolist() == ["(-135, -11)"] * 2


def test_a_security_that_is_the_benchmark_is_left_out_with_the_reason():
    found = asked(benchmarks=["S00"], models=[], estimations=[])
    rows = found.curve[(found.curve["ticker"] == "S00") & (found.curve["benchmark"] == "S00")]
    assert set(rows["reason"]) == {ITSELF}
    assert rows["estimate"].isna().all()
    both = found.curve[(found.curve["ticker"] == "S01") & (found.curve["window"] == "(0, 0)")]
    assert both["estimate"].nunique() == 2


def test_each_series_is_asked_for_once():
    events, prices = given()
    asked_for = []

    class Counting:
        name = "counting"

        def load(self, tickers, start, end):
            asked_for.extend(tickers)
            return prices.load(tickers, start, end)

    es.robustness(study(), events, prices=Counting(), models=["dimson"], estimations=["-30:-11"])
    assert len(asked_for) == len(set(asked_for)) == 7


def test_a_benchmark_that_every_pair_has_is_no_choice():
    rows = ROWS[:4]
    events, prices = given(rows)
    own = study(windows=WINDOWS)
    found = es.robustness(own, events, prices=prices, models=[], benchmarks=[MARKET, "ALT"])
    assert found.provenance["robustness"]["benchmark"] == ["own", "ALT"]
    assert set(found.curve["specification"]) == {1, 2, 3, 4}


def test_a_group_that_lacks_pairs_has_rows_with_the_reason():
    events, prices = given([("E00", "S00", 140), ("SHORT", "S05", 70)])
    own = study(windows=["0:0"])
    found = es.robustness(own, events, prices=prices, models=[], estimations=[SHORT])
    rows = found.curve[found.curve["who"] == "all"]
    assert rows["reason"].tolist() == [FEW, ""]
    assert rows["n"].tolist() == [0, 2]
    first, second, *_ = found.sentences()
    assert first.startswith("In 1 of 2 specifications, those that measure two pairs,")
    assert second == "The study's own choice could not be measured."
    (figure,) = composed(found.findings())[0].data["first"]
    assert "The study's own choice could not be measured." in figure["caption"]
    assert "ring" not in figure["caption"]
    ring = [line for line in found.plot().lines if line.get_markerfacecolor() == "none"]
    assert [len(line.get_xdata()) for line in ring] == [0]


def test_a_sample_that_changes_is_said():
    events, prices = given()
    own = study(windows=["0:0"])
    found = es.robustness(own, events, prices=prices, models=[], estimations=[SHORT])
    row = found.readings().set_index("who").loc["all"]
    assert (row["fewest"], row["most"]) == (5, 6)
    assert row["reading"].endswith("5 to 6 pairs")
    assert found.summary().set_index("who").loc["all", "pairs"] == "5–6"


def test_the_own_effect_of_a_window(found):
    one = found.readings("(-1, 1)").set_index("who").loc["E00 S00"]
    rows = found.curve[(found.curve["who"] == "E00 S00") & found.curve["own"]]
    assert one["own"] == rows["estimate"].iloc[1]
    assert found.readings().set_index("who").loc["E00 S00", "own"] == rows["estimate"].iloc[0]


def test_models_called_alike_are_told_apart():
    events, prices = given(ROWS[:4])
    dates = prices.load([MARKET], pd.Timestamp("2019-01-01"), pd.Timestamp("2022-01-01"))
    days = dates.series[MARKET].dates
    rng = np.random.default_rng(1)
    names = ["Mkt-RF", "SMB", "HML", "RF"]
    tables = [
        pd.DataFrame(0.01 * rng.standard_normal((len(days), 4)), index=days, columns=names)
        for _ in range(2)
    ]
    found = es.robustness(
        study(windows=["0:0"]),
        events,
        prices=prices,
        models=[es.FF3(tables[0]), es.FF3(tables[1]), es.FF3(tables[0])],
        estimations=[],
    )
    models = found.provenance["robustness"]["model"]
    assert len(models) == 3
    assert models[2] == f"{models[1]} #2"
    assert found.by("model", "E00 S00")["specifications"].tolist() == [1, 1, 1]
    assert {"factors (frame)", "factors (frame 2)"} <= {*found.provenance["inputs"]}


def test_a_single_specification_is_no_curve():
    events, prices = given()
    with pytest.raises(StudyError, match="only one specification"):
        es.robustness(study(windows=["0:0"]), events, prices=prices, models=[], estimations=[])


def test_a_benchmark_without_prices_or_exchange_is_named():
    events, prices = given()
    with pytest.raises(PricesError, match="with the benchmark NOPE there is no price series"):
        es.robustness(study(), events, prices=prices, models=[], benchmarks=["NOPE"])
    with pytest.raises(StudyError, match=r"exchange of the benchmark \^NOPE is not known"):
        es.robustness(
            es.Study(), events, prices=es.SnapshotPrices(), models=[], benchmarks=["^NOPE"]
        )


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"models": ["mraket"]}, "Did you mean market"),
        ({"estimations": ["-5:-11"]}, "ends before it begins"),
        ({"benchmarks": ["no ticker"]}, "'no ticker' is no benchmark"),
        ({"benchmarks": [None]}, "no list of texts"),
        ({"benchmarks": "ALT"}, "benchmarks 'ALT' is no list of texts"),
        ({"benchmarks": ["none"]}, "'none' is no benchmark"),
        ({"models": "market"}, "models 'market' is no list of models"),
        ({"models": None}, "models None is no list of models"),
        ({"estimations": "-60:-11"}, "estimations '-60:-11' is no list of windows"),
    ],
)
def test_choices_that_cannot_be_run_are_refused(options, word):
    with pytest.raises(StudyError, match=word):
        asked(**options)


def test_words(found):
    first, second, groups, pairs = found.sentences()
    assert first.startswith("In 12 specifications the precision-weighted effect over all events")
    rows = found.curve[found.curve["who"] == "all"]
    low, high = (
        f"{100 * end:.2f}".replace("-", "−") for end in rows["estimate"].agg(["min", "max"])
    )
    assert f"between {low} % and {high} %" in first
    same = rows[rows["window"] == "(0, 0)"]["estimate"].abs()
    larger = int((same.iloc[1:] > same.iloc[0]).sum())
    assert f"larger in size on that window: {larger} of 5 others" in second
    # A single one has its own words.
    (one,) = found.readings().query("who.str.startswith('kind:')").to_dict("records")
    assert groups.startswith(f"{one['who']}: {100 * one['own']:.2f} %".replace("-", "−"))
    assert groups.endswith(f"; {one['reading']}.")
    assert pairs.startswith("6 event-security pairs: p at or below 0.05")
    assert pairs.endswith("Not measured in every specification: 1.")
    assert repr(found).startswith("Robustness of market model, estimation (-130, -11): 12 spec")
    assert "<table" in found._repr_html_()


def test_the_curve_is_drawn_in_ascending_order_with_the_choices_below(found):
    axes = found.plot("E00 S00")
    assert isinstance(axes.figure, Figure)
    rows = found.curve[found.curve["who"] == "E00 S00"]
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    ring = dots[-1].get_ydata()
    drawn = np.concatenate([np.column_stack(line.get_data()) for line in dots[:-1]])
    heights = drawn[np.argsort(drawn[:, 0]), 1]
    np.testing.assert_allclose(heights, 100 * np.sort(rows["estimate"]), rtol=1e-12)
    assert ring == pytest.approx(100 * rows["estimate"].to_numpy()[:1])  # the headline window
    (below,) = axes.child_axes
    squares = sum(len(line.get_xdata()) for line in below.lines if line.get_marker() == "s")
    # Four choices differ; every specification has one value of each.
    assert squares == 4 * len(rows)
    words = {text.get_text() for text in below.texts}
    assert {"market model", "constant mean", "ALT", "(−1, 1)", "tested window"} <= words
    names = [text.get_text() for text in axes.texts]
    own = 100 * rows["estimate"].iloc[0]
    assert f"12 specifications, the study's own {own:.2f}".replace("-", "−") in names
    filled = [line for line in dots if line.get_markerfacecolor() not in ("white", "none")]
    assert sum(len(line.get_xdata()) for line in filled) == (rows["pvalue"] <= 0.05).sum()


def test_a_curve_on_given_axes(found):
    figure = Figure()
    axes = figure.subplots()
    assert found.plot(window="(0, 0)", ax=axes) is axes
    (below,) = axes.child_axes
    assert not any(text.get_text() == "tested window" for text in below.texts)


def test_what_there_is_not_is_refused(found):
    with pytest.raises(InputError, match=r"no specifications of 'nobody'. There are those of all"):
        found.plot("nobody")
    with pytest.raises(InputError, match="no window '0:3'"):
        found.readings("0:3")
    with pytest.raises(InputError, match="no choice 'seed'"):
        found.by("seed")
    nothing = asked(models=[], estimations=[], benchmarks=[])
    with pytest.raises(InputError, match=r"no specification has an effect to draw: .*usable"):
        nothing.plot("SHORT S05")


def test_the_document(found):
    document, _, _ = composed(found.findings())
    data = document.data
    assert data["about"] == "robustness"
    assert data["title"] == "Robustness of frame"
    (first,) = data["first"]
    assert first["caption"].startswith("All events: the effect by each specification")
    assert len(data["robustness"]["figures"]) == 1  # of the sanctions; events have none
    table = data["robustness"]["table"]
    assert [row["cells"][0] for row in table["rows"]] == [
        *("All events", "Kind: sanction"),
        *(f"E0{k} S0{k}" for k in range(4)), "LATE S04", "SHORT S05",
    ]  # fmt: skip
    assert dict(data["settings"])["Benchmarks"] == "own; ALT"


def test_names_are_data_in_the_report(tmp_path):
    rows = [("<b>x</b> #let", "S00", 140), ("E01", "S01", 140)]
    events, prices = given(rows)
    found = es.robustness(study(windows=WINDOWS), events, prices=prices, models=["market"])
    for name in ("r.html", "r.pdf"):
        found.report(tmp_path / name, title="<i>5 % $x$</i>")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;x&lt;/b&gt; #let S00" in page
    assert "<b>x</b>" not in page
    assert "<i>5" not in page
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")


def test_it_is_written_whole(found, tmp_path):
    folder = found.save(tmp_path / "run")
    names = {path.name for path in folder.iterdir()}
    assert names == {
        *("robustness.csv", "specifications.csv", "dropped.csv", "sources.csv"),
        *("study.toml", "provenance.json"),
    }
    again = pd.read_csv(folder / "specifications.csv", keep_default_na=False, na_values=[""])
    np.testing.assert_array_equal(again["estimate"], found.curve["estimate"])
    facts = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    assert facts["robustness"] == {
        "model": ["market model", "constant mean"],
        "estimation": ["(-130, -11)", "(-60, -11)"],
        "benchmark": ["own", "ALT", "none"],
        "models": ["market", "constant_mean"],
        "tests": [*LEADS],
        "min_estimation": "100, or all of a shorter window",
    }


def test_progress_is_told():
    told = []
    asked(models=["constant_mean"], estimations=[], benchmarks=[], progress=told.append)
    assert told == [
        "specifications",
        "1 of 2, market model: 0 %",
        "2 of 2, constant mean: 50 %",
    ]
