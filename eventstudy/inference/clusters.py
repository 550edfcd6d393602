"""Tests on clusters of events: few dates, any correlation within a date."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.inference.base import ROUNDING, Sample, Test, TestResult, with_se
from eventstudy.kernels.pvalues import two_sided
from eventstudy.kernels.signflip import (
    ShiftedClusterT,
    all_signs,
    cluster_t,
    sign_blocks,
    webb_blocks,
)

WITHOUT_ONE = "without any one of the clusters"
ONE_CLUSTER = "all pairs are in one cluster of shared days"
NO_SPREAD = "the clusters do not differ: no standard error"
ENUMERATE_UP_TO = 12
BISECTIONS = 50
NULL = "the mean effect is zero"
NOT_ZERO = "it is not zero"


def cluster_sums(sample: Sample, values: Floats) -> tuple[Floats, Floats]:
    """Sum and number of the values of each cluster, shape (q,) both."""
    q = sample.n_clusters
    sizes = np.bincount(sample.cluster, minlength=q).astype(np.float64)
    sums = np.bincount(sample.cluster, weights=values, minlength=q)
    return sums.astype(np.float64), sizes


def ibragimov_mueller_test(sample: Sample) -> TestResult:
    """Compute the t of the cluster means of CAR, q - 1 degrees of freedom."""
    found = _cluster_means(sample, sample.effects.car)
    note = _mean_note(found, "the estimate is the mean of the cluster means")
    if found.has_value and found.clusters > 2:
        sums, sizes = cluster_sums(sample, sample.effects.car)
        note += f"; {_without_one(sums / sizes)}"
    return replace(found, note=note)


def ibragimov_mueller_scar_test(sample: Sample) -> TestResult:
    """Compute the t of the cluster means of SCAR, q - 1 degrees of freedom."""
    found = _cluster_means(sample, sample.effects.scar)
    note = "the estimate is the mean of the clusters' mean standardised effects, in standard errors"
    return replace(found, note=_mean_note(found, note))


def _without_one(means: Floats) -> str:
    """Say how far the mean of q cluster means goes, and how large p, where any one is left out."""
    q = len(means)
    mean = (means.sum() - means) / (q - 1)
    deviation = means - means.mean()
    squares = (deviation**2).sum() - deviation**2 * q / (q - 1)
    se = np.sqrt(np.maximum(squares, 0.0) / ((q - 1) * (q - 2)))
    with np.errstate(divide="ignore", invalid="ignore"):
        pvalue = two_sided(mean / se, q - 2)
    low, high, most = 100 * mean.min(), 100 * mean.max(), np.nanmax(pvalue)
    least = "a p below 0.001" if most < 0.0005 else f"a p of at most {most:.3f}"
    # Adding zero takes the minus off a zero that was rounded from below.
    low, high = (round(end, 2) + 0.0 for end in (low, high))
    return f"{WITHOUT_ONE} it lies between {low:.2f} and {high:.2f} %, with {least}"


def _mean_note(found: TestResult, note: str) -> str:
    if not found.has_value:
        return ""
    few = "; with two clusters it has almost no power"
    return note + (few if found.clusters == 2 else "")


def _cluster_means(sample: Sample, values: Floats) -> TestResult:
    n, q = len(sample), sample.n_clusters
    if q < 2:
        return TestResult(n=n, clusters=q, reason=ONE_CLUSTER)
    sums, sizes = cluster_sums(sample, values)
    means = sums / sizes
    se = float(np.std(means, ddof=1) / np.sqrt(q))
    return replace(with_se(float(np.mean(means)), se, q - 1, n, sample.level), clusters=q)


def cluster_test(sample: Sample) -> TestResult:
    """Compute the mean CAR over its cluster-robust standard error, t with G - 1."""
    n, q = len(sample), sample.n_clusters
    if q < 2:
        return TestResult(n=n, clusters=q, reason=ONE_CLUSTER)
    sums, sizes = cluster_sums(sample, sample.effects.car)
    estimate = float(sums.sum()) / n
    found = with_se(estimate, _standard_error(sums, sizes), q - 1, n, sample.level)
    return replace(found, clusters=q)


def _standard_error(sums: Floats, sizes: Floats) -> float:
    """Cluster-robust standard error of the mean: G/(G - 1), no further factor."""
    n, q = float(sizes.sum()), len(sums)
    deviation = sums - sizes * (float(sums.sum()) / n)
    return float(np.sqrt((deviation**2).sum() / n**2 * q / (q - 1)))


def wild_cluster_test(sample: Sample) -> TestResult:
    """Compare the cluster t with those of all sign vectors of the clusters, null imposed."""
    q = sample.n_clusters
    exact = q <= ENUMERATE_UP_TO
    weights = [all_signs(q)] if exact else sign_blocks(q, sample.rng("wild_cluster"))
    return _wild(sample, weights, exact=exact)


def wild_cluster_webb_test(sample: Sample) -> TestResult:
    """Compare the cluster t with those of Webb's six-point weights, null imposed."""
    q = sample.n_clusters
    return _wild(sample, webb_blocks(q, sample.rng("wild_cluster_webb")), exact=q <= 5)


def _wild(sample: Sample, weights: Iterable[Floats], *, exact: bool) -> TestResult:
    """Compare the cluster t with those of weight vectors, which come in blocks."""
    n, q = len(sample), sample.n_clusters
    if q < 2:
        return TestResult(n=n, clusters=q, reason=ONE_CLUSTER)
    sums, sizes = cluster_sums(sample, sample.effects.car)
    estimate, se = float(sums.sum()) / n, _standard_error(sums, sizes)
    if not se > ROUNDING * abs(estimate):
        return TestResult(n=n, clusters=q, reason=NO_SPREAD)
    own = ShiftedClusterT(sums, sizes, np.ones((1, q)))
    drawn: list[ShiftedClusterT] = []
    stars: list[Floats] = []
    alike = 0
    for block in weights:
        stars.append(np.abs(cluster_t(block * sums, sizes)))
        drawn.append(ShiftedClusterT(sums, sizes, block))
        # However far the centre, vectors that weigh all clusters alike leave |t| as it is.
        alike += int((block == block[:, :1]).all(axis=1).sum())
    star = np.concatenate(stars)
    pvalue = _share(star, abs(float(cluster_t(sums, sizes))), exact=exact)
    alpha = 1.0 - sample.level + ROUNDING  # 1 - .9 is a little less than .1
    found = TestResult(
        statistic=estimate / se, pvalue=pvalue, n=n, estimate=estimate, se=se, clusters=q
    )
    least = alike / len(star) if exact else (1 + alike) / (len(star) + 1)
    if least > alpha:
        reason = f"with {q} clusters no p-value below {least:.3g} can be reached: no interval"
        return replace(found, reason=reason)

    def accepted(centre: float) -> bool:
        shifted = np.abs(np.concatenate([part(centre) for part in drawn]))
        return _share(shifted, abs(own(centre)[0]), exact=exact) > alpha

    low, high = _edge(accepted, estimate, -se), _edge(accepted, estimate, se)
    if (low <= 0.0 <= high) != (pvalue > alpha):
        return replace(found, reason="the accepted centres are no interval")
    return replace(found, low=low, high=high)


def _share(star: Floats, statistic: float, *, exact: bool) -> float:
    """Share of the draws as large as the statistic, itself counted once."""
    extreme = int((star >= statistic * (1.0 - 1e-12)).sum())
    return extreme / len(star) if exact else (1 + extreme) / (len(star) + 1)


def _edge(accepted: Callable[[float], bool], centre: float, step: float) -> float:
    """Last accepted centre in one direction, by doubling the step and bisecting."""
    inside, outside = centre, centre + step
    for _ in range(BISECTIONS):
        if not accepted(outside):
            break
        inside, step = outside, 2.0 * step
        outside = inside + step
    else:
        return float(np.copysign(np.inf, step))
    for _ in range(BISECTIONS):
        middle = (inside + outside) / 2.0
        if accepted(middle):
            inside = middle
        else:
            outside = middle
    return inside


IBRAGIMOV_MUELLER = Test(
    "ibragimov_mueller",
    "Ibragimov-Mueller t",
    "the mean effect of the clusters is zero",
    NOT_ZERO,
    "Ibragimov and Mueller (2010), J. Business and Economic Statistics 28:453-468, "
    "doi:10.1198/jbes.2009.08046",
    "independent clusters, normal cluster means; any correlation and variance within a cluster",
    "fewer than six clusters, where it has little power",
    ibragimov_mueller_test,
)

IBRAGIMOV_MUELLER_SCAR = Test(
    "ibragimov_mueller_scar",
    "Ibragimov-Mueller t on SCAR",
    "the mean standardised effect of the clusters is zero",
    NOT_ZERO,
    IBRAGIMOV_MUELLER.reference,
    IBRAGIMOV_MUELLER.assumes,
    IBRAGIMOV_MUELLER.avoid,
    ibragimov_mueller_scar_test,
)

CLUSTER = Test(
    "cluster",
    "Cluster t",
    NULL,
    NOT_ZERO,
    "Cameron, Gelbach and Miller (2008), Review of Economics and Statistics 90:414-427, "
    "doi:10.1162/rest.90.3.414",
    "many independent clusters",
    "few or very unequal clusters, where it over-rejects",
    cluster_test,
)

WILD_CLUSTER = Test(
    "wild_cluster",
    "Wild cluster bootstrap t",
    NULL,
    NOT_ZERO,
    CLUSTER.reference,
    "independent clusters with symmetric effects",
    "five clusters or fewer, where no p-value below 5 % can be reached",
    wild_cluster_test,
    resamples=True,
)

WILD_CLUSTER_WEBB = Test(
    "wild_cluster_webb",
    "Wild cluster bootstrap t, Webb weights",
    NULL,
    NOT_ZERO,
    "Webb (2023), Canadian J. Economics 56:839-858, doi:10.1111/caje.12661",
    "independent clusters with symmetric effects",
    "two or three clusters",
    wild_cluster_webb_test,
    resamples=True,
)
