"""Tests on clusters of dates, by loops."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats
from worlds import sample, world

from eventstudy.inference import TESTS

ZEROS = [140, 140, 140, 142, 170, 170, 200, 230, 230, 231]  # four clusters of (-1, 1)
LABEL = [0, 0, 0, 0, 1, 1, 2, 3, 3, 3]


def case(seed=0, window=(-1, 1), level=0.95):
    frame = world(10, 260, seed=seed, common=0.006)
    rows = [(f"E{i:02d}", f"S{i:02d}", ZEROS[i]) for i in range(10)]
    return sample(frame, rows, window, level=level)


def t_of(values, label=LABEL):
    n, groups = len(values), sorted(set(label))
    mean = sum(values) / n
    deviations = [
        sum(v - mean for v, own in zip(values, label, strict=True) if own == g) for g in groups
    ]
    q = len(groups)
    return mean / np.sqrt(sum(d**2 for d in deviations) / n**2 * q / (q - 1))


def test_the_clusters():
    assert case().cluster.tolist() == LABEL
    assert case(window=(0, 0)).n_clusters == 6


def test_rows_of_one_event_belong_together_whatever_their_days():
    frame = world(3, 260)
    rows = [("A", "S00", 140), ("B", "S01", 200), ("B", "S02", 200)]
    assert sample(frame, rows).cluster.tolist() == [0, 1, 1]


def test_ibragimov_mueller_takes_the_mean_of_cluster_means():
    one = case()
    for name, values in (
        ("ibragimov_mueller", one.effects.car),
        ("ibragimov_mueller_scar", one.effects.scar),
    ):
        means = np.array([values[np.array(LABEL) == g].mean() for g in range(4)])
        found = TESTS[name].compute(one)
        assert found.estimate == pytest.approx(means.mean(), rel=1e-12)
        assert found.statistic == pytest.approx(means.mean() / (means.std(ddof=1) / 2), rel=1e-12)
        assert (found.dof, found.clusters, found.n) == (3, 4, 10)
    # the clusters are unequal: its estimate is not the plain mean
    assert TESTS["ibragimov_mueller"].compute(one).estimate != pytest.approx(
        one.effects.car.mean(), rel=1e-3
    )


def test_the_cluster_t():
    one = case()
    found = TESTS["cluster"].compute(one)
    assert found.statistic == pytest.approx(t_of(one.effects.car), rel=1e-12)
    assert found.estimate == pytest.approx(one.effects.car.mean(), rel=1e-12)
    assert found.dof == 3


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_wild_cluster_bootstrap_counts_all_signs(seed):
    one = case(seed)
    car, label = one.effects.car, np.array(LABEL)
    own = abs(t_of(car))
    star = [abs(t_of(car * np.array(signs)[label])) for signs in product((1, -1), repeat=4)]
    found = TESTS["wild_cluster"].compute(one)
    assert found.pvalue == sum(t >= own * (1 - 1e-12) for t in star) / 16
    points = [s * np.sqrt(w) for w in (0.5, 1.0, 1.5) for s in (1, -1)]
    star = [abs(t_of(car * np.array(w)[label])) for w in product(points, repeat=4)]
    found = TESTS["wild_cluster_webb"].compute(one)
    assert found.pvalue == sum(t >= own * (1 - 1e-12) for t in star) / 6**4


def test_more_than_twelve_clusters_are_drawn_and_the_draws_are_the_samples_own():
    frame = world(13, 480)
    rows = [(f"E{i:02d}", f"S{i:02d}", 140 + 20 * i) for i in range(13)]
    one = sample(frame, rows)
    found = TESTS["wild_cluster"].compute(one)
    assert found.clusters == 13
    assert found.pvalue * 10_000 == pytest.approx(round(found.pvalue * 10_000))
    assert found.pvalue >= 1 / 10_000
    assert found.pvalue == TESTS["wild_cluster"].compute(sample(frame, rows[::-1])).pvalue


@pytest.mark.parametrize("level", [0.5, 0.8])
def test_the_interval_of_the_wild_bootstrap_is_the_inverted_test(level):
    """Inside it the null of that centre is not rejected, just outside it is."""
    one = case(3, level=level)
    found = TESTS["wild_cluster"].compute(one)
    car, label = one.effects.car, np.array(LABEL)

    def pvalue(centre):
        own = abs(t_of(car - centre))
        star = [
            abs(t_of((car - centre) * np.array(signs)[label]))
            for signs in product((1, -1), repeat=4)
        ]
        return sum(t >= own * (1 - 1e-9) for t in star) / 16

    width = found.high - found.low
    assert width > 0
    for centre in (found.low + 1e-6 * width, found.high - 1e-6 * width):
        assert pvalue(centre) > 1 - level
    for centre in (found.low - 1e-3 * width, found.high + 1e-3 * width):
        assert pvalue(centre) <= 1 - level


def test_ibragimov_mueller_says_what_one_cluster_less_does():
    one = case()
    found = TESTS["ibragimov_mueller"].compute(one)
    means = [one.effects.car[one.cluster == g].mean() for g in range(one.n_clusters)]
    rest = [np.delete(means, g) for g in range(len(means))]
    p = max(stats.ttest_1samp(some, 0.0).pvalue for some in rest)
    low, high = (100 * edge([some.mean() for some in rest]) for edge in (min, max))
    assert found.note.endswith(
        f"without any one of the clusters it lies between {low:.2f} and {high:.2f} %, with a p of "
        f"at most {p:.3f}"
    )


def test_effects_closer_together_than_their_errors_allow_are_told():
    """(N - 1) s^2 / (1 - r) beside a chi-square, here without correlation."""
    frame = world(8, 260)
    rows = [(f"E{i}", f"S{i:02d}", 140 + 12 * i) for i in range(8)]
    for alike in (False, True):
        one = sample(frame, rows, (0, 0))
        if alike:  # every event moves by what was expected and half a per cent
            for (_, ticker, zero), car in zip(rows, one.effects.car, strict=True):
                frame.loc[frame.index[zero], ticker] += 0.005 - car
            one = sample(frame, rows, (0, 0))
        found = TESTS["adjusted_bmp"].compute(one)
        ratio = 7 * np.var(one.effects.scar, ddof=1) / (1 - one.correlation.r)
        assert (stats.chi2.cdf(ratio, 7) < 0.05) == alike
        assert found.note.endswith("read the adjusted Patell Z") == alike
