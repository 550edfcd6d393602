"""Tests on the means of clusters of events: few dates, any correlation within a date."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eventstudy.inference.base import Sample, Test, TestResult, with_se


def ibragimov_mueller_test(sample: Sample) -> TestResult:
    """Compute the t of the cluster means, q - 1 degrees of freedom."""
    n, q = len(sample), sample.n_clusters
    if q < 2:
        return TestResult(n=n, clusters=q, reason="all events are in one cluster of shared days")
    car = sample.effects.car
    sums = np.bincount(sample.cluster, weights=car, minlength=q)
    means = sums / np.bincount(sample.cluster, minlength=q)
    se = float(np.std(means, ddof=1) / np.sqrt(q))
    note = "the estimate is the mean of the cluster means"
    if q == 2:
        note += "; with two clusters it has almost no power"
    found = with_se(float(np.mean(means)), se, q - 1, n, sample.level)
    return replace(found, clusters=q, note=note)


IBRAGIMOV_MUELLER = Test(
    "ibragimov_mueller",
    "Ibragimov-Mueller t",
    "the mean effect of the clusters is zero",
    "it is not zero",
    "Ibragimov and Mueller (2010), J. Business and Economic Statistics 28:453-468",
    "independent clusters, normal cluster means; any correlation and variance within a cluster",
    "fewer than six clusters, where it has little power",
    ibragimov_mueller_test,
)
