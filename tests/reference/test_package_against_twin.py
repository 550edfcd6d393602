"""The package against the independent program, number by number, on every panel."""

from __future__ import annotations

import math
from functools import lru_cache

import panels
import pytest
import twin

import eventstudy as es

CLASSES = {
    "constant_mean": "ConstantMean",
    "market_adjusted": "MarketAdjusted",
    "market": "MarketModel",
}
CASES = [(name, "market") for name in panels.PANELS if not name.startswith("ties")]
CASES += [("ties", "market_adjusted"), ("ties_many", "market_adjusted")]
CASES += [
    (name, model)
    for name in ("missing", "staggered_missing", "halts", "three_exchanges")
    for model in ("constant_mean", "market_adjusted")
]
SINGLE = {  # column of result.events -> key of the twin's effect
    "car": "car",
    "se": "se",
    "scar": "scar",
    "t": "t",
    "dof": "dof",
    "pvalue": "pvalue",
    "low": "low",
    "high": "high",
    "bhar": "bhar",
    "placebo_pvalue": "placebo_pvalue",
    "placebo_low": "placebo_low",
    "placebo_high": "placebo_high",
    "sq_pvalue": "sq_pvalue",
    "sq_pvalue_upper": "sq_pvalue_upper",
}
WITH_INTERVAL = {
    "cross_sectional",
    "crude_dependence",
    "portfolio",
    "j1",
    "patell",
    "adjusted_patell",
    "bmp",
    "adjusted_bmp",
    "ibragimov_mueller",
    "sign",
    "wilcoxon",
    "cluster",
    "bhar",
}
WITHOUT_DOF = {"sur", "wild_cluster"}


def same(got, want, rel=1e-10):
    """Tell whether two numbers agree.

    There is none where it is None, NaN, or the infinite degrees of freedom of a normal reference.
    """
    there = got is not None and math.isfinite(got)
    if want is None or not there:
        return (want is None or math.isnan(want)) and not there
    return math.isclose(got, want, rel_tol=rel, abs_tol=1e-13)


@lru_cache
def answers(name, model):
    """The panel, the package's result and the twin's answer."""
    panel = panels.panel_of(name)
    days = [day for window in panel.windows for day in window]
    study = es.Study(
        model=getattr(es, CLASSES[model])(),
        estimation=panel.estimation,
        event=(min(days), max(days)),
        windows=panel.windows,
        calendar=panel.calendar,
        min_estimation=panel.min_estimation,
    )
    source = getattr(es.MemoryPrices, f"from_{panel.kind}")
    result = study.run(es.Events.from_frame(panel.table), prices=source(panel.frame))
    groups = {"all": [event["id"] for event in panel.events]}
    for event in panel.events:
        ids = [other["id"] for other in panel.events if other["event_id"] == event["event_id"]]
        if len(ids) >= 2:
            groups[f"event:{event['event_id']}"] = ids
    answer = twin.study(
        panel.events,
        estimation=panel.estimation,
        windows=panel.windows,
        model=model,
        min_estimation=panel.min_estimation,
        groups=groups,
    )
    return panel, result, answer


def drawn(test, want):
    """Tell whether the p-value is a bootstrap's, which this program does not draw."""
    if test.endswith("skewness_adjusted"):
        return want["statistic"] is not None and want["pvalue"] is None
    return test == "wild_cluster" and want.get("clusters", 0) > 12


def keyed(frame, *columns):
    """Rows of a frame by event and security, then by further columns."""
    return {
        (f"{row['event_id']} {row['ticker']}", *(row[column] for column in columns)): row
        for row in frame.to_dict("records")
    }


@pytest.mark.parametrize(("name", "model"), CASES)
def test_fits(name, model):
    _, result, answer = answers(name, model)
    assert set(keyed(result.dropped)) == {(unit,) for unit in answer["dropped"]}
    rows = keyed(result.fits)
    assert set(rows) == {(unit,) for unit in answer["fits"]}
    for (unit,), row in rows.items():
        fit = answer["fits"][unit]
        assert (row["n_obs"], row["dof"]) == (fit["n_obs"], fit["dof"])
        assert same(row["sigma"], fit["sigma"])
        names = ("alpha", "beta")[: len(fit["coef"])]
        for column, value in zip(names, fit["coef"], strict=True):
            assert same(row[column], value, 1e-9), (unit, column)
        if model == "market":
            assert same(row["r2"], fit["r2"])


@pytest.mark.parametrize(("name", "model"), CASES)
def test_days(name, model):
    _, result, answer = answers(name, model)
    rows = keyed(result.days, "day")
    for (unit, day), want in answer["days"].items():
        row = rows.get((unit, day))
        if want is None:
            assert row is None or same(row["ar"], None), (unit, day)
            continue
        assert row is not None, (unit, day)
        for column in ("return", "expected", "ar", "sar"):
            assert same(row[column], want[column]), (unit, day, column)


@pytest.mark.parametrize(("name", "model"), CASES)
def test_means(name, model):
    _, result, answer = answers(name, model)
    seen = set()
    for row in result.means.to_dict("records"):
        aar, n = answer["aar"][row["group"], row["day"]]
        assert row["n"] == n, (row["group"], row["day"])
        assert same(row["aar"], aar), (row["group"], row["day"])
        seen.add((row["group"], row["day"]))
    assert {key for key, (_, n) in answer["aar"].items() if n} <= seen


@pytest.mark.parametrize(("name", "model"), CASES)
def test_single_effects(name, model):
    _, result, answer = answers(name, model)
    rows = keyed(result.events, "window")
    for (unit, window), effect in answer["effects"].items():
        row = rows[unit, str(window)]
        for column, key in SINGLE.items():
            if effect["car"] is None and column == "dof":
                continue
            assert same(row[column], effect[key]), (unit, window, column, row[column], effect[key])
        assert row["n_days"] == effect["n_days"]
        assert bool(row["complete"]) == effect["complete"]
        if effect["n_days"]:
            assert row["spans"] == effect["longest"]
        if effect["placebo_pvalue"] is not None:
            assert row["n_placebo"] == effect["n_placebo"]


@pytest.mark.parametrize(("name", "model"), CASES)
def test_placebo_effects(name, model):
    panel, result, answer = answers(name, model)
    rows = keyed(result.estimation, "day")
    for (unit, window), effect in answer["effects"].items():
        if not effect["placebo"]:
            continue
        zero = next(event["zero"] for event in panel.events if event["id"] == unit)
        column = f"placebo {window}"
        got = {
            day: row[column]
            for (other, day), row in rows.items()
            if other == unit and not math.isnan(row[column])
        }
        assert set(got) == {start - zero for start in effect["placebo"]}
        for start, value in effect["placebo"].items():
            assert same(got[start - zero], value), (unit, window, start)


@pytest.mark.parametrize(("name", "model"), CASES)
def test_group_tests(name, model):
    _, result, answer = answers(name, model)
    seen = set()
    wrong = []
    for row in result.tests.to_dict("records"):
        group, test = row["group"], row["test"]
        window = tuple(int(day) for day in row["window"].strip("()").split(","))
        want = answer["tests"].get((group, window), {}).get(test)
        if want is None:
            continue
        seen.add((group, window, test))
        keys = ["statistic"]
        if not drawn(test, want):
            keys += ["pvalue"]
        if want["statistic"] is not None:
            keys += ["n"] if test in WITHOUT_DOF else ["dof", "n"]
        if test in WITH_INTERVAL:
            keys += ["low", "high"]
            if want["statistic"] is not None:
                keys += ["estimate"] if want["se"] is None else ["estimate", "se"]
        if test in {"adjusted_patell", "adjusted_bmp"}:
            keys += ["r"]
        if "clusters" in want:
            keys += ["clusters"]
        for key in keys:
            rel = 1e-9 if key == "pvalue" else 1e-10
            if not same(row[key], want.get(key), rel):
                wrong.append(f"{group} {window} {test} {key}: {row[key]} for {want.get(key)}")
        if want["statistic"] is None:
            assert row["reason"], (group, window, test)
    assert not wrong, "\n".join(wrong)
    assert {(group, window) for group, window, _ in seen} == set(answer["tests"])
    assert len({test for _, _, test in seen}) >= 11
