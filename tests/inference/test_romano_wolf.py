"""Step-down p-values over the groups and windows of a run."""

from __future__ import annotations

import numpy as np
import pytest
from worlds import run, sample, world

from eventstudy.inference import FAMILY_TESTS, TESTS, ClusteredEffects, clustered_effects
from eventstudy.inference.romano_wolf import romano_wolf_test
from eventstudy.kernels.dependence import join
from eventstudy.kernels.multiple import step_down
from eventstudy.kernels.signflip import cluster_t, random_signs

WINDOWS = [(0, 0), (-1, 1), (0, 4)]
KINDS = ["x", "y", "x", "x"]
ALL_IN = 0.4
"""A level at which two clusters can reject, so that no group is left out of the family."""


def case(
    *, seed=0, order=None, tests=("romano_wolf", "cluster"), shift=0.02, study_seed=0, level=ALL_IN
):
    """Twelve events on nine dates, of two kinds; some windows of different dates overlap."""
    frame = world(12, 320, seed=seed, common=0.004)
    zeros = [140, 140, 143, 160, 160, 180, 200, 203, 230, 250, 251, 280]
    rows = [(f"E{i:02d}", f"S{i:02d}", zeros[i]) for i in range(12)]
    for _, ticker, zero in rows[:8]:
        frame.iloc[zero, frame.columns.get_loc(ticker)] += shift
    kinds = [KINDS[i % 4] for i in range(12)]
    order = range(12) if order is None else order
    return run(
        frame,
        [rows[i] for i in order],
        windows=WINDOWS,
        tests=tests,
        seed=study_seed,
        level=level,
        columns={"kind": [kinds[i] for i in order]},
    )


def family(result):
    rows = result.tests[result.tests["test"] == "romano_wolf"]
    return rows.set_index(["group", "window"])


def test_the_family_is_every_group_and_window():
    rows = family(case())
    assert len(rows) == 9
    assert set(rows.index.get_level_values(0)) == {"all", "kind:x", "kind:y"}
    assert rows["note"].str.contains("over 9 groups and windows").all()
    assert (
        rows["null"]
        .str.endswith("in every group and window of the run together: a family of 9")
        .all()
    )


def test_an_adjusted_p_is_never_below_its_own_and_keeps_the_order():
    for shift in (0.0, 0.02):
        rows = family(case(shift=shift))
        assert (rows["pvalue_adjusted"] >= rows["pvalue"]).all()
        assert rows["pvalue"].between(1e-4, 1).all()
        order = rows["statistic"].abs().sort_values(ascending=False).index
        assert (np.diff(rows.loc[order, "pvalue_adjusted"]) >= 0).all()


def test_it_is_the_step_down_of_the_cluster_t_with_one_sign_a_cluster():
    """By hand: the clusters of the widest window, one sign each, common to all hypotheses."""
    result = case()
    label = [0, 0, 0, 1, 1, 2, 3, 3, 4, 5, 5, 6]  # of (0, 4) and (-1, 1) together
    cars = result.events.pivot_table(index="event_id", columns="window", values="car")
    members = {
        "all": list(range(12)),
        "kind:x": [i for i in range(12) if KINDS[i % 4] == "x"],
        "kind:y": [i for i in range(12) if KINDS[i % 4] == "y"],
    }
    signs = random_signs(7, np.random.default_rng(0))

    def t(values, own):
        groups = sorted(set(own))
        sums = np.array([[v * (o == g) for v, o in zip(values, own, strict=True)] for g in groups])
        mean = values.mean()
        size = np.array([own.count(g) for g in groups])
        variance = ((sums.sum(axis=1) - size * mean) ** 2).sum() / len(values) ** 2
        return mean / np.sqrt(variance * len(groups) / (len(groups) - 1))

    keys, found, drawn = [], [], []
    for group, rows in members.items():
        own = [label[i] for i in rows]
        for window in map(str, WINDOWS):
            values = cars[window].to_numpy()[rows]
            keys.append((group, window))
            found.append(t(values, own))
            drawn.append([t(values * sign[own], own) for sign in signs[:400]])
    got = family(result).loc[keys]
    np.testing.assert_allclose(got["statistic"], found, rtol=1e-9)
    want = step_down(np.array(found), lambda test: np.array(drawn[test]))  # 400 of the 9,999 draws
    np.testing.assert_allclose(got["pvalue_adjusted"], want.adjusted, atol=0.08)


def test_the_same_seed_gives_the_same_numbers_and_another_nearly_so():
    one, two, other = family(case()), family(case()), family(case(study_seed=5))
    np.testing.assert_array_equal(one["pvalue_adjusted"], two["pvalue_adjusted"])
    np.testing.assert_allclose(one["pvalue_adjusted"], other["pvalue_adjusted"], atol=0.03)
    assert (one["pvalue_adjusted"] != other["pvalue_adjusted"]).any()


def test_the_order_of_the_events_and_of_the_tests_changes_nothing():
    one = family(case())
    turned = family(case(order=list(range(12))[::-1]))
    mixed = family(
        case(order=[5, 0, 11, 3, 8, 1, 10, 2, 9, 4, 7, 6], tests=("sign", "romano_wolf"))
    )
    for other in (turned, mixed):
        for column in ("pvalue", "pvalue_adjusted"):
            np.testing.assert_array_equal(one[column], other.loc[one.index, column])


def test_its_statistic_is_the_cluster_t_where_the_clusters_are_the_same():
    result = case()
    rows = result.tests.set_index(["test", "group", "window"])["statistic"]
    assert rows["romano_wolf", "all", "(0, 4)"] == pytest.approx(
        rows["cluster", "all", "(0, 4)"], rel=1e-12
    )


def test_one_cluster_has_no_value_and_a_reason():
    frame = world(4, 160)
    result = run(frame, [(f"E{i}", f"S{i:02d}", 140) for i in range(4)], tests=["romano_wolf"])
    assert result.tests["pvalue"].isna().all()
    assert result.tests["pvalue_adjusted"].isna().all()
    assert result.tests["reason"].str.contains("one cluster").all()


def test_effects_of_exactly_zero_have_no_value():
    """0/0 must not count as the most extreme of all: p would be 1/10,000."""
    frame = world(4, 320)
    rows = [(f"E{i}", f"S{i:02d}", 140 + 40 * i) for i in range(4)]
    for _, ticker, zero in rows:
        frame.loc[frame.index[zero], ticker] = frame["MKT"].iloc[zero]
    settings = {"windows": [(0, 0), (0, 1)], "tests": ["romano_wolf"], "level": ALL_IN}
    result = run(frame, rows, model="market_adjusted", **settings)
    found = result.tests[result.tests["window"] == "(0, 0)"].set_index("test")
    assert np.isnan(found.loc["romano_wolf", "pvalue"])
    assert np.isnan(found.loc["romano_wolf", "pvalue_adjusted"])
    assert "do not differ" in found.loc["romano_wolf", "reason"]
    other = result.tests[result.tests["window"] == "(0, 1)"].set_index("test")
    assert np.isfinite(other.loc["romano_wolf", "pvalue_adjusted"])
    assert "over 1 groups" in other.loc["romano_wolf", "note"]


@pytest.mark.parametrize(("level", "least"), [(0.95, 6), (0.9, 5), (0.99, 8), (0.5, 2)])
def test_a_group_of_so_few_clusters_that_nothing_could_reject_is_left_out(level, least):
    """2^(1-q) is the least p of q clusters, reached where all of their effects have one sign."""
    rng = np.random.default_rng(0)
    family = {}
    for q in range(2, 10):
        pairs = np.arange(q) + 10 * q
        car = rng.normal(0.05, 0.001, q)
        family["all", str(q)] = ClusteredEffects(pairs, pairs, np.arange(q), car)
    got = {int(key[1]): one for key, one in romano_wolf_test(family, 1, level).items()}
    for q, one in got.items():
        assert (one.n, one.clusters) == (q, q)
        if q < least:
            assert np.isnan([one.statistic, one.pvalue, one.pvalue_adjusted]).all()
            assert f"the signs of {q} clusters cannot give a p below" in one.reason
        else:
            assert one.pvalue == pytest.approx(2.0 ** (1 - q), rel=0.2, abs=2e-3)
            assert f"over {10 - least} groups" in one.note
    alone = {key: one for key, one in family.items() if int(key[1]) >= least}
    for key, one in romano_wolf_test(alone, 1, level).items():
        assert one.pvalue_adjusted == pytest.approx(got[int(key[1])].pvalue_adjusted, abs=0.02)


def by_loops(family, seed):
    """Every pair in dictionaries, every statistic under every sign vector at once."""
    closed = {}
    for one in family.values():
        closed |= dict(zip(one.pair.tolist(), one.closed.tolist(), strict=True))
    pairs = sorted(closed, key=lambda pair: (closed[pair], pair))
    place = {pair: number for number, pair in enumerate(pairs)}
    links = [
        (np.array([place[p] for p in one.pair.tolist()]), one.cluster) for one in family.values()
    ]
    label = join(len(pairs), links)
    signs = random_signs(int(label.max()) + 1, np.random.default_rng(seed))
    statistics, null, keys = [], [], []
    for key, one in family.items():
        used, own = np.unique([label[place[p]] for p in one.pair.tolist()], return_inverse=True)
        if len(used) < 2:
            continue
        sums, sizes = np.bincount(own, weights=one.car), np.bincount(own).astype(float)
        keys.append(key)
        statistics.append(float(cluster_t(sums, sizes)))
        null.append(np.abs(cluster_t(signs[:, used] * sums, sizes)))
    order = np.argsort(-np.abs(statistics), kind="stable")
    adjusted, floor = {}, 0.0
    for step, test in enumerate(order):
        top = np.max([null[other] for other in order[step:]], axis=0)
        extreme = (top >= abs(statistics[test]) * (1 - 1e-12)).sum()
        floor = max(floor, (1 + extreme) / 10_000)
        own_extreme = (null[test] >= abs(statistics[test]) * (1 - 1e-12)).sum()
        adjusted[keys[test]] = (statistics[test], (1 + own_extreme) / 10_000, floor)
    return adjusted


@pytest.mark.parametrize("seed", range(4))
def test_the_arrays_are_the_loops(seed):
    """Groups that share events, that do not, of one cluster, in an order that is not of time."""
    rng = np.random.default_rng(seed)
    close = rng.integers(0, 40, 300) * 10**9
    family = {}
    for group, size in (("all", 300), ("kind:x", 120), ("kind:y", 17), ("event:E", 2)):
        pairs = rng.permutation(300)[:size]
        for window, days in (("(0, 0)", 1), ("(0, 2)", 2)):
            cluster = np.unique(close[pairs] // (days * 10**9), return_inverse=True)[1]
            car = rng.normal(0.003, 0.02, size)
            family[group, window] = ClusteredEffects(pairs, close[pairs], cluster, car)
    one = np.array([3, 9])
    family["event:F", "(0, 0)"] = ClusteredEffects(one, close[one], np.zeros(2, int), np.ones(2))
    got, want = romano_wolf_test(family, seed, ALL_IN), by_loops(family, seed)
    assert list(got) == list(family)
    assert len(want) >= 7
    for key, found in got.items():
        if key in want:
            assert (found.statistic, found.pvalue, found.pvalue_adjusted) == want[key]
            assert (found.n, found.estimate) == (len(family[key].car), family[key].car.mean())
        else:
            assert "one cluster" in found.reason


def test_a_sample_and_what_is_kept_of_it_answer_alike():
    frame = world(6, 320, common=0.004)
    samples = {}
    for window in WINDOWS:
        rows = [(f"E{i}", f"S{i:02d}", 140 + 25 * i) for i in range(6)]
        samples["all", str(window)] = sample(frame, rows, window)
    kept = {key: clustered_effects(one) for key, one in samples.items()}
    assert romano_wolf_test(kept, 3) == romano_wolf_test(samples, 3)
    assert not romano_wolf_test({}, 3)


def test_it_stands_apart_from_the_other_tests():
    assert list(FAMILY_TESTS) == ["romano_wolf"]
    assert not set(FAMILY_TESTS) & set(TESTS)
