"""Groups of events, the family of their tests, and their average paths."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from worlds import EVERY, abnormal, one_date, prices, run, table, world

import eventstudy as es
from eventstudy.groups import members

KINDS = ["sanction", "sanction", "report", "report", "retaliation", ""]


def case(**settings):
    frame = world(6, 200, common=0.004)
    rows = [("A", "S00", 140), ("A", "S01", 140), ("B", "S02", 150), ("C", "S03", 160),
            ("D", "S04", 170), ("E", "S05", 180)]  # fmt: skip
    columns = {"kind": KINDS, "group": ["x", "x", "", "x", "", ""]}
    return run(frame, rows, columns=columns, **settings)


def test_groups_are_named_after_what_their_events_share():
    result = case()
    assert list(dict.fromkeys(result.tests["group"])) == [
        *("all", "kind:sanction", "kind:report", "group:x", "event:A"),
    ]
    assert set(result.leads["group"]) == set(result.means["group"]) == set(result.tests["group"])


def test_a_group_has_two_rows_or_more():
    frame = world(2)
    result = run(frame, one_date(1))
    assert len(result.tests) == len(result.leads) == len(result.means) == 0
    assert list(result.tests.columns)[:4] == ["group", "window", "test", "statistic"]
    found, _ = abnormal(frame, one_date(2))
    given = es.Events.from_frame(table(frame, one_date(2))).frame  # nothing else in common
    assert {name: list(rows) for name, rows in members(found, given)[0].items()} == {"all": [0, 1]}


def test_groups_come_in_the_order_in_which_their_measured_events_do():
    """The first row has no estimation window; the order of the others stays."""
    frame = world(6, 200)
    rows = [(f"E{i}", f"S{i:02d}", 20 if i == 0 else 150) for i in range(6)]
    result = run(frame, rows, columns={"kind": ["x", "y", "x", "y", "x", "z"]})
    assert list(dict.fromkeys(result.tests["group"])) == ["all", "kind:y", "kind:x"]
    assert result.tests.query("group == 'kind:x'")["n"].max() == 2


def test_groups_of_the_same_events_have_one_answer_and_draws_of_their_own():
    """As where one more event sets all apart from the kind and the named group."""
    frame = world(25, common=0.004)
    names = [name for name in EVERY if name != "romano_wolf"]
    same = {"kind": ["x"] * 24, "group": ["g"] * 24}
    one = run(frame, one_date(24), columns=same, tests=EVERY)
    other = {"kind": ["x"] * 24 + ["y"], "group": ["g"] * 24 + [""]}
    apart = run(frame, one_date(25), columns=other, tests=names)
    groups = ["kind:x", "group:g"]
    keys = ["group", "window", "test"]
    got, want = (
        r.tests[r.tests["group"].isin(groups) & r.tests["test"].isin(names)].set_index(keys)
        for r in (one, apart)
    )
    pd.testing.assert_frame_equal(
        got.drop(columns=["pvalue_holm", "pvalue_bh"]),
        want.drop(columns=["pvalue_holm", "pvalue_bh"]),
        rtol=1e-12,
    )
    drawn = one.tests.set_index(keys)["pvalue"].xs("permutation", level="test")
    assert drawn.groupby("window").nunique().min() > 1
    assert list(dict.fromkeys(one.means["group"])) == ["all", *groups]


def test_every_group_window_and_test_has_one_row():
    result = case(windows=[(0, 0), (-1, 1)], tests=EVERY)
    keys = result.tests[["group", "window", "test"]]
    assert not keys.duplicated().any()
    assert len(keys) == 5 * 2 * len(EVERY)


def test_only_the_named_tests_run():
    result = case(tests=["bmp", "romano_wolf"], windows=[(0, 0)])
    assert list(dict.fromkeys(result.tests["test"])) == ["bmp", "romano_wolf"]
    assert result.tests.loc[result.tests["lead"], "test"].eq("bmp").all()
    assert (result.leads[["test", "beside"]] == ["bmp", ""]).all(axis=None)
    sentences = result.leads["sentence"]
    assert sentences.str.endswith(
        "would lead, but was not asked for: the BMP t stands in its place."
    ).all()
    assert (
        "For all events (6 pairs) the average effect on window (0, 0)"
        in result.findings().sentences[0]
    )


@pytest.mark.parametrize(
    ("tests", "lead", "said"),
    [
        (
            ["cross_sectional", "portfolio"],
            "portfolio",
            "The Portfolio t leads; the Adjusted BMP t,",
        ),
        (["sign", "adjusted_bmp"], "adjusted_bmp", "the Adjusted BMP t stands in its place"),
        (["sign", "bmp"], "sign", "the Sign test, exact stands in its place"),
        (["romano_wolf"], "", "nor was any other test of one group"),
    ],
)
def test_of_the_tests_that_were_asked_for_one_leads(tests, lead, said):
    frame = world(4, common=0.004)
    result = run(frame, one_date(4), tests=tests)
    assert set(result.leads["test"]) == {lead}
    assert set(result.leads["beside"]) == {""}
    assert result.leads["sentence"].str.startswith("4 pairs of an event and a security form").all()
    assert result.leads["sentence"].str.contains(said, regex=False).all()
    assert set(result.tests.loc[result.tests["lead"], "test"]) == {lead} - {""}


def test_groups_of_the_same_events_are_one_hypothesis():
    """Holm and Benjamini-Hochberg count it once, whatever it is called."""
    frame = world(24, common=0.004)
    names = ["bmp", "permutation", "romano_wolf"]
    columns = {"kind": ["x"] * 24, "group": ["g"] * 20 + [""] * 4}
    several = run(frame, one_date(24), columns=columns, tests=names)
    plain = run(frame, one_date(24), columns={"group": columns["group"]}, tests=names)
    key = ["group", "window", "test"]
    got, want = (one.tests.set_index(key) for one in (several, plain))
    for column in ("pvalue_holm", "pvalue_bh", "pvalue_adjusted"):
        np.testing.assert_array_equal(got.loc[want.index, column], want[column])
    alias, own = got.loc["kind:x"], got.loc["all"]
    for column in ("pvalue_holm", "pvalue_bh", "pvalue_adjusted", "note"):
        same = [name for name in names if name != "permutation" or column == "note"]
        rows = alias.index.get_level_values("test").isin(same)
        pd.testing.assert_series_equal(alias.loc[rows, column], own.loc[rows, column])
    drawn = alias.xs("permutation", level="test")
    assert (drawn["pvalue_holm"] >= drawn["pvalue"]).all()


def test_a_group_has_the_numbers_of_its_own_events_alone():
    result = case(windows=[(0, 0)], tests=["bmp", "patell", "corrado", "wilcoxon"])
    frame = world(6, 200, common=0.004)
    alone = run(
        frame,
        [("B", "S02", 150), ("C", "S03", 160)],
        windows=[(0, 0)],
        tests=["bmp", "patell", "corrado", "wilcoxon"],
    )
    mine = result.tests[result.tests["group"] == "kind:report"].reset_index(drop=True)
    for column in ("statistic", "pvalue", "n", "estimate", "low", "high"):
        np.testing.assert_allclose(mine[column], alone.tests[column], rtol=1e-12)


def test_holm_and_benjamini_hochberg_are_over_groups_and_windows_of_one_test():
    names = ["bmp", "sign", "romano_wolf"]
    result = case(windows=[(0, 0), (-1, 1), (0, 1)], tests=names)
    for _, family in result.tests.groupby("test"):
        known = family["pvalue"].notna().to_numpy()
        for column, method in (("pvalue_holm", "holm"), ("pvalue_bh", "fdr_bh")):
            assert family[column].isna().to_numpy()[~known].all()
            if known.any():
                want = multipletests(family["pvalue"][known], method=method)[1]
                np.testing.assert_allclose(family[column][known], want, rtol=1e-12)


def test_a_bootstrap_draws_by_seed_group_and_window_and_by_nothing_else():
    frame = world(24, common=0.004)
    settings = {"windows": [(0, 0), (-1, 1)]}
    names = ["skewness_adjusted", "permutation", "bhar_skewness_adjusted"]
    one = run(frame, one_date(24), tests=names, **settings).tests
    two = run(frame, one_date(24), tests=["sign", *names[::-1]], **settings).tests
    keys = ["group", "window", "test"]
    one, two = (t.set_index(keys)["pvalue"] for t in (one, two))
    for key in one.index:
        assert one[key] == two[key]
    other = run(frame, one_date(24), tests=names, seed=1, **settings).tests.set_index(keys)
    assert (other["pvalue"] != one).any()
    np.testing.assert_allclose(other["pvalue"], one, atol=0.03)


# ------------------------------------------------------------------ halts


def halted(max_span, **settings):
    """One event whose return covers eight sessions, five without a halt."""
    frame = prices(world(6, 160, common=0.004))
    frame.iloc[133:140, 0] = np.nan
    return run(
        frame, one_date(6), kind="prices", windows=[(0, 0), (1, 1)], max_span=max_span, **settings
    )


def test_a_return_over_many_sessions_stays_out_of_groups_unless_asked():
    result = halted(5)
    row = result.events.set_index(["ticker", "window"]).loc[("S00", "(0, 0)")]
    assert row["spans"] == 8
    assert not row["in_groups"]
    assert np.isfinite(row["car"])
    assert "left out of group means: a return over many sessions" in row["flags"]
    n = result.tests.set_index(["test", "window"])["n"]
    assert n["cross_sectional", "(0, 0)"] == 5
    assert n["cross_sectional", "(1, 1)"] == 6  # its other windows are as good as any
    asked = halted(8)
    assert asked.tests.set_index(["test", "window"])["n"]["cross_sectional", "(0, 0)"] == 6


def test_tests_on_the_scale_of_one_session_leave_it_out_and_say_so():
    tests = halted(8, tests=EVERY).tests.set_index(["test", "window"])
    for name in ("crude_dependence", "portfolio", "sur_mean"):
        assert tests.loc[(name, "(0, 0)"), "n"] == 5
    assert "1 of 6 pairs" in tests.loc[("portfolio", "(0, 0)"), "note"]


@pytest.mark.parametrize("window", [(0, 0), (0, 2)])
def test_what_the_scale_of_one_session_leaves_out_leaves_no_trace(window):
    """As a run without those events; beyond one day only their returns reach into another date."""
    frame = prices(world(6, 200, common=0.004))
    frame.iloc[146:151, 0] = np.nan  # its day zero, 151, covers six sessions, back to 146
    rows = [
        ("A", "S00", 151),
        *((f"E{i}", f"S{i:02d}", 144 if i < 4 else 151) for i in range(1, 6)),
    ]
    settings = {"kind": "prices", "windows": [window], "max_span": 9, "min_estimation": 20}
    names = ["crude_dependence", "portfolio", "sur_mean"]
    got, want = (
        run(frame, some, tests=names, **settings).tests.set_index("test")
        for some in (rows, rows[1:])
    )
    columns = ["n", "statistic", "pvalue", "estimate", "se", "dof", "reason"]
    pd.testing.assert_frame_equal(got[columns], want[columns], rtol=1e-10)
    assert np.isfinite(got.loc["crude_dependence", "pvalue"])
    assert got.loc["crude_dependence", "note"].endswith("1 of 6 pairs")


# ------------------------------------------------------------------ paths


def test_the_average_path():
    result = case()
    own = result.days.pivot_table(index="ticker", columns="day", values="ar")
    mean = result.means[result.means["group"] == "all"].set_index("day")
    np.testing.assert_allclose(mean["aar"], own.mean(), rtol=1e-12)
    np.testing.assert_allclose(mean["caar"], own.cumsum(axis=1).mean(), rtol=1e-10)
    assert (mean["n"] == 6).all()


def test_the_interval_of_the_path_ends_at_that_of_the_widened_plain_mean():
    """sd/sqrt N sqrt((1 + (N - 1) r)/(1 - r)) over the whole event window."""
    frame = world(8, common=0.01)
    result = run(frame, one_date(8), windows=[(-5, 5)])
    cars = result.events["car"]
    row = result.tests.set_index("test").loc["adjusted_bmp"]
    r = row["r"]
    se = cars.std(ddof=1) / np.sqrt(8) * np.sqrt((1 + 7 * r) / (1 - r))
    last = result.means[(result.means["group"] == "all") & (result.means["day"] == 5)].iloc[0]
    half = stats.t.ppf(0.975, row["dof"]) * se
    assert last["high"] - last["low"] == pytest.approx(2 * half, rel=1e-9)
    assert (last["high"] + last["low"]) / 2 == pytest.approx(cars.mean(), rel=1e-10)


@pytest.mark.parametrize("day", [-3, 0, 4])
def test_the_interval_of_a_day_is_that_of_its_window_by_itself(day):
    """Each day has its own correlation and its own events; one of eight lacks day 0."""
    frame = world(8, common=0.01)
    frame.iloc[140, 0] = np.nan
    result = run(frame, one_date(8), windows=[(day, day)])
    effects = result.events["car"].dropna()
    row = result.tests.set_index("test").loc["adjusted_bmp"]
    n, r = len(effects), row["r"]
    assert n == (7 if day == 0 else 8)
    se = effects.std(ddof=1) / np.sqrt(n) * np.sqrt((1 + (n - 1) * r) / (1 - r))
    mean = result.means[result.means["group"] == "all"].set_index("day").loc[day]
    half = stats.t.ppf(0.975, row["dof"]) * se
    assert mean["aar"] == pytest.approx(effects.mean(), rel=1e-10)
    assert mean["aar_low"] == pytest.approx(effects.mean() - half, rel=1e-8)
    assert mean["aar_high"] == pytest.approx(effects.mean() + half, rel=1e-8)
    pvalue = 2 * stats.t.sf(abs(effects.mean() / se), row["dof"])
    assert mean["aar_pvalue"] == pytest.approx(pvalue, rel=1e-8)
    first = result.means[result.means["group"] == "all"].iloc[0]
    # p is at most 5 % exactly where the interval leaves out zero, with the same degrees of freedom.
    for low, high, p in (("aar_low", "aar_high", "aar_pvalue"), ("low", "high", "pvalue")):
        known = result.means[result.means[p].notna()]
        outside = (known[low] > 0) | (known[high] < 0)
        assert (outside == (known[p] <= 0.05)).all()
    assert (first["low"], first["high"], first["pvalue"]) == pytest.approx(
        (first["aar_low"], first["aar_high"], first["aar_pvalue"]), rel=1e-12
    )


def test_the_path_over_missing_days():
    frame = world(3)
    frame.iloc[140, 0] = np.nan
    frame.iloc[138, :3] = np.nan
    result = run(frame, one_date(3))
    mean = result.means.set_index("day")
    assert mean["n"].tolist() == [3, 3, 3, 0, 3, 2, 3, 3, 3, 3, 3]
    assert np.isnan(mean.loc[-2, "aar"])
    own = result.days.pivot_table(index="ticker", columns="day", values="ar", dropna=False)
    # A missing day adds nothing to the event's own sum, and the event stays in the mean.
    want = own.fillna(0).cumsum(axis=1).mean()
    np.testing.assert_allclose(mean["caar"], want, rtol=1e-10)
