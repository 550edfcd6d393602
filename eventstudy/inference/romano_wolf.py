"""Step-down p-values over all groups and windows of a run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eventstudy.arrays import Integers
from eventstudy.inference.base import ROUNDING, FamilyTest, Sample, TestResult
from eventstudy.inference.clusters import NO_SPREAD, ONE_CLUSTER
from eventstudy.kernels.dependence import join
from eventstudy.kernels.multiple import step_down
from eventstudy.kernels.signflip import cluster_t, random_signs

Key = tuple[str, str]
NULL = "the mean effect is zero, in every group and window of the run together"


def romano_wolf_test(samples: Mapping[Key, Sample], seed: int) -> dict[Key, TestResult]:
    """Adjust the cluster t of every group and window for all of them together.

    Parameters
    ----------
    samples : mapping of (group, window) to Sample
        The family.
    seed : int
        Seed of the sign vectors.

    Returns
    -------
    dict of (group, window) to TestResult
        ``pvalue`` is each test's own, ``pvalue_adjusted`` the step-down one.
    """
    label = _common_clusters(samples)
    signs = random_signs(int(max(label.values(), default=-1)) + 1, np.random.default_rng(seed))
    results: dict[Key, TestResult] = {}
    statistics: dict[Key, float] = {}
    null: list[np.ndarray] = []
    for key, sample in samples.items():
        n = len(sample)
        own = np.array([label[pair] for pair in sample.abnormal.rows.pair.tolist()], np.int64)
        used, place = np.unique(own, return_inverse=True)
        if len(used) < 2:
            results[key] = TestResult(n=n, clusters=len(used), reason=ONE_CLUSTER)
            continue
        car = sample.effects.car
        sums = np.bincount(place, weights=car).astype(np.float64)
        sizes = np.bincount(place).astype(np.float64)
        statistic = float(cluster_t(sums, sizes))
        if not abs(statistic) * ROUNDING < 1.0:
            results[key] = TestResult(n=n, clusters=len(used), reason=NO_SPREAD)
            continue
        statistics[key] = statistic
        null.append(cluster_t(signs[:, used] * sums, sizes))
        results[key] = TestResult(n=n, clusters=len(used), estimate=float(car.mean()))
    if not statistics:
        return results
    found, drawn = np.array(list(statistics.values())), np.column_stack(null)
    adjusted = step_down(found, drawn)
    own_p = (1 + (np.abs(drawn) >= np.abs(found) * (1 - 1e-12)).sum(axis=0)) / (len(drawn) + 1)
    for place, key in enumerate(statistics):
        one = results[key]
        results[key] = TestResult(
            statistic=float(found[place]),
            pvalue=float(own_p[place]),
            pvalue_adjusted=float(adjusted[place]),
            n=one.n,
            clusters=one.clusters,
            estimate=one.estimate,
            reason="no interval: the p-value speaks of the family",
            note=f"pvalue_adjusted is the step-down p over {len(found)} groups and windows",
            null=f"{NULL}: a family of {len(found)}",
        )
    return results


def _common_clusters(samples: Mapping[Key, Sample]) -> dict[int, int]:
    """Cluster of every pair, by the finest clusters that serve all groups and windows."""
    closed: dict[int, int] = {}
    for sample in samples.values():
        closed |= zip(sample.abnormal.rows.pair.tolist(), _day_zero(sample), strict=True)
    # In the order of time, so that signs fall to the same clusters however the events are listed.
    pairs = sorted(closed, key=lambda pair: (closed[pair], pair))
    place = {pair: number for number, pair in enumerate(pairs)}
    links: list[tuple[Integers, Integers]] = []
    for sample in samples.values():
        own = np.array([place[p] for p in sample.abnormal.rows.pair.tolist()], np.int64)
        links.append((own, sample.cluster))
    label = join(len(pairs), links)
    return {pair: int(label[number]) for pair, number in place.items()}


def _day_zero(sample: Sample) -> list[int]:
    """Close of each event's day zero, in ns."""
    rows, closes = sample.abnormal.rows, np.zeros(len(sample), dtype=np.int64)
    for which, calendar in enumerate(sample.abnormal.panel.calendars):
        here = rows.calendar == which
        closes[here] = calendar.closes[rows.zero[here]].astype(np.int64)
    return closes.tolist()


ROMANO_WOLF = FamilyTest(
    "romano_wolf",
    "Romano-Wolf step-down",
    NULL,
    "it is not zero in this group and window",
    "Romano and Wolf (2005), Econometrica 73:1237-1282, doi:10.1111/j.1468-0262.2005.00615.x",
    "independent clusters with symmetric effects",
    "groups of two or three clusters in the family: their wide null widens everyone's",
    romano_wolf_test,
)
