"""Step-down p-values over all groups and windows of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Floats, Integers
from eventstudy.inference.base import ROUNDING, FamilyTest, Sample, TestResult
from eventstudy.inference.clusters import NO_SPREAD, ONE_CLUSTER
from eventstudy.kernels.blocks import blocks
from eventstudy.kernels.dependence import join
from eventstudy.kernels.multiple import step_down
from eventstudy.kernels.pvalues import rejects
from eventstudy.kernels.signflip import DRAWS, Signs, cluster_t, sign_blocks

Key = tuple[str, str]
NULL = "the mean effect is zero, in every group and window of the run together"


@dataclass(frozen=True, eq=False)
class ClusteredEffects:
    """What the family keeps of a sample of N events; every array has shape (N,).

    Attributes
    ----------
    pair : array of int
        Row of the events frame.
    closed : array of int
        Close of day zero, in ns.
    cluster : array of int
        Cluster of the event in this group and window.
    car : array of float
        Cumulative abnormal return.
    """

    pair: Integers
    closed: Integers
    cluster: Integers
    car: Floats


def clustered_effects(sample: Sample) -> ClusteredEffects:
    """Take from a sample what the family needs, so that the sample itself can go."""
    rows, closed = sample.abnormal.rows, np.zeros(len(sample), dtype=np.int64)
    for which, calendar in enumerate(sample.abnormal.panel.calendars):
        here = rows.calendar == which
        closed[here] = calendar.closes[rows.zero[here]].astype(np.int64)
    return ClusteredEffects(rows.pair, closed, sample.cluster, sample.effects.car)


def romano_wolf_test(
    family: Mapping[Key, ClusteredEffects | Sample], seed: int, level: float = 0.95
) -> dict[Key, TestResult]:
    """Adjust the cluster t of every group and window for all of them together.

    The signs of q clusters have 2^(q-1) patterns that differ in size, so that no p is below
    2^(1-q). A hypothesis that could not be rejected at one minus the level whatever its effects
    is left out: that is known before they are seen, it changes no other rejection that is right,
    and the wide null of its t would only hide those of the others.

    Parameters
    ----------
    family : mapping of (group, window) to ClusteredEffects
        The effects of every group and window; a Sample gives its own.
    seed : int
        Seed of the sign vectors.
    level : float
        Level of the study's intervals.

    Returns
    -------
    dict of (group, window) to TestResult
        ``pvalue`` is each test's own, ``pvalue_adjusted`` the step-down one.
    """
    every = {
        key: clustered_effects(one) if isinstance(one, Sample) else one
        for key, one in family.items()
    }
    results: dict[Key, TestResult] = {}
    tested: dict[Key, _ClusterT] = {}
    labels = _common_clusters(list(every.values()))
    for (key, one), label in zip(every.items(), labels, strict=True):
        found = _ClusterT.of(one.car, label)
        problem = found.problem or _out_of_reach(len(found.used), level)
        results[key] = TestResult(n=len(label), clusters=len(found.used), reason=problem)
        if not problem:
            tested[key] = found
    if not tested:
        return results
    signs = _signs(1 + max(int(label.max(initial=-1)) for label in labels), seed)
    hypotheses = list(tested.values())
    statistics = np.array([one.statistic for one in hypotheses])
    steps = step_down(statistics, lambda test: hypotheses[test].drawn(signs))
    for place, (key, one) in enumerate(tested.items()):
        results[key] = TestResult(
            statistic=one.statistic,
            pvalue=float(steps.pvalue[place]),
            pvalue_adjusted=float(steps.adjusted[place]),
            n=results[key].n,
            clusters=len(one.used),
            estimate=one.mean,
            reason="no interval: the p-value speaks of the family",
            note="the adjusted p (pvalue_adjusted) is the step-down one "
            f"over {len(tested)} groups and windows",
            null=f"{NULL}: a family of {len(tested)}",
        )
    return results


def _out_of_reach(clusters: int, level: float) -> str:
    """Say that so few clusters can reject nothing; "" where they can."""
    least = 2.0 ** (1 - clusters)
    if rejects(least, 1.0 - level):
        return ""
    return (
        f"the signs of {clusters} clusters cannot give a p below {least:.3g}: not in the family of "
        "the step-down"
    )


@dataclass(frozen=True, eq=False)
class _ClusterT:
    """One hypothesis: its clusters among those of the family, shape (q,), and its cluster t."""

    used: Integers
    sums: Floats
    sizes: Floats
    mean: float
    statistic: float
    problem: str

    @classmethod
    def of(cls, car: Floats, label: Integers) -> _ClusterT:
        used, place = np.unique(label, return_inverse=True)
        sums = np.bincount(place, weights=car).astype(np.float64)
        sizes = np.bincount(place).astype(np.float64)
        if len(used) < 2:
            return cls(used, sums, sizes, np.nan, np.nan, ONE_CLUSTER)
        statistic = float(cluster_t(sums, sizes))
        problem = "" if abs(statistic) * ROUNDING < 1.0 else NO_SPREAD
        return cls(used, sums, sizes, float(car.mean()), statistic, problem)

    def drawn(self, signs: Signs) -> Floats:
        """Cluster t under every sign vector of the family, shape (draws,)."""
        t = np.empty(len(signs))
        for part in blocks(len(signs), len(self.used)):
            t[part] = cluster_t(signs[part, self.used] * self.sums, self.sizes)
        return t


def _signs(clusters: int, seed: int) -> Signs:
    """Sign of each of the family's clusters in every draw, shape (9999, clusters)."""
    drawn = sign_blocks(clusters, np.random.default_rng(seed))
    signs = np.empty((DRAWS, clusters), dtype=np.int8)  # a byte a sign: the family shares them
    for part, block in zip(blocks(DRAWS, clusters), drawn, strict=True):
        signs[part] = block
    return signs


def _common_clusters(family: Sequence[ClusteredEffects]) -> list[Integers]:
    """Cluster of every event, by the finest clusters that serve all groups and windows."""
    if not family:
        return []
    pair, first = np.unique(np.concatenate([one.pair for one in family]), return_index=True)
    closed = np.concatenate([one.closed for one in family])[first]
    # In the order of time, so that signs fall to the same clusters however the events are listed.
    place = np.empty(len(pair), dtype=np.int64)
    place[np.lexsort((pair, closed))] = np.arange(len(pair))
    links = [(place[np.searchsorted(pair, one.pair)], one.cluster) for one in family]
    label = join(len(pair), links)
    return [label[own] for own, _ in links]


ROMANO_WOLF = FamilyTest(
    "romano_wolf",
    "Romano-Wolf step-down",
    NULL,
    "it is not zero in this group and window",
    "Romano and Wolf (2005), Econometrica 73:1237-1282, doi:10.1111/j.1468-0262.2005.00615.x",
    "independent clusters with symmetric effects",
    "fewer than six clusters (at the 5 % level): the group is left out",
    romano_wolf_test,
    resamples=True,
)
