"""Further group tests of the independent program: Hall, clusters, BHAR, volatility, SUR."""

from __future__ import annotations

import itertools
import math

import numpy as np
from scipy import stats
from twin_matches import clusters, one_date_and_factor, one_session_members
from twin_rows import deviation, mean, mean_test, nothing, skewness_adjusted, t_row, value


def more_tests(members, design):
    """The tests of this module by name."""
    tests = {
        "hall": hall(members),
        "cluster": cluster(members, design),
        "wild_cluster": wild_cluster(members, design),
        "ibragimov_mueller_scar": on_scar(members, design),
        "bhar": bhar(members, design),
        "generalized_sign_window": generalized_sign_window(members, design),
        "beaver_patell": beaver_patell(members),
        "sur": sur(members, design),
    }
    tests["bhar_skewness_adjusted"] = bhar_skewness(members)
    return tests


def hall(members):
    """T9: Hall's transformation of the t statistic of the CARs."""
    x = [m["effect"]["car"] for m in members]
    n = len(x)
    if n < 3:
        return nothing(n, "too_few_events")
    sd = deviation(x)
    if sd == 0.0:
        return nothing(n, "no_spread")
    s = mean(x) / sd
    g = math.fsum((v - mean(x)) ** 3 for v in x) / (n * sd**3)
    z = math.sqrt(n) * (s + g * s**2 / 3 + g**2 * s**3 / 27 + g / (6 * n))
    return value(z, 2 * stats.norm.sf(abs(z)), None, n)


def bhar(members, design):
    """The t test of buy-and-hold effects."""
    return mean_test([m["effect"]["bhar"] for m in members], design["level"])


def bhar_skewness(members):
    """Johnson's statistic of buy-and-hold effects."""
    return skewness_adjusted([m["effect"]["bhar"] for m in members])


def on_scar(members, design):
    """The t test of the clusters' mean SCARs; its mean is no return."""
    if any(m["effect"]["scar"] is None for m in members):
        return nothing(len(members), "no_spread")
    swapped = [{**m, "effect": {**m["effect"], "car": m["effect"]["scar"]}} for m in members]
    row = ibragimov_mueller(swapped, design)
    row.update(estimate=None, se=None, low=None, high=None)
    return row


def cluster_se(x, label):
    """Standard error of the mean of x with sums within clusters; G/(G - 1), no further factor."""
    n, groups = len(x), sorted(set(label))
    m = math.fsum(x) / n
    total = 0.0
    for group in groups:
        inside = math.fsum(v - m for v, k in zip(x, label, strict=True) if k == group)
        total += inside**2
    return math.sqrt(total / n**2 * len(groups) / (len(groups) - 1))


def cluster(members, design):
    """The t test of the mean CAR with clustered standard error, t(G - 1)."""
    x = [m["effect"]["car"] for m in members]
    label = clusters(members, design["window"])
    g = len(set(label))
    if g < 2:
        return nothing(len(x), "too_few_clusters", clusters=g)
    se = cluster_se(x, label)
    if se == 0.0:
        return nothing(len(x), "no_spread", clusters=g)
    return t_row(mean(x), se, g - 1, len(x), design["level"], clusters=g)


def wild_cluster(members, design):
    """All sign vectors for up to twelve clusters; above that the package draws at random."""
    x = [m["effect"]["car"] for m in members]
    label = clusters(members, design["window"])
    groups = sorted(set(label))
    if len(groups) < 2:
        return nothing(len(x), "too_few_clusters", clusters=len(groups))
    own = mean(x) / cluster_se(x, label)
    if len(groups) > 12:
        return value(own, math.nan, None, len(x), clusters=len(groups))
    reached = 0
    for signs in itertools.product((1.0, -1.0), repeat=len(groups)):
        weight = dict(zip(groups, signs, strict=True))
        y = [weight[k] * v for v, k in zip(x, label, strict=True)]
        reached += abs(mean(y) / cluster_se(y, label)) >= abs(own) * (1 - 1e-12)
    return value(own, reached / 2 ** len(groups), None, len(x), clusters=len(groups))


def generalized_sign_window(members, design):
    """R6 with the share of positive overlapping sums of as many days as the window has."""
    n, length = len(members), design["window"][1] - design["window"][0] + 1
    shares = []
    for m in members:
        fit, positive, runs = m["fit"], 0, 0
        for start in range(fit["first"], fit["last"] - length + 2):
            sessions = range(start, start + length)
            if all(s in fit["residuals"] for s in sessions):
                runs += 1
                positive += math.fsum(fit["residuals"][s] for s in sessions) > 0
        if runs == 0:
            return nothing(n, "no_runs")
        shares.append(positive / runs)
    phat = mean(shares)
    if phat in (0.0, 1.0):
        return nothing(n, "no_spread")
    z = (sum(m["x"] > 0 for m in members) - n * phat) / math.sqrt(n * phat * (1 - phat))
    return value(z, 2 * stats.norm.sf(abs(z)), None, n, phat=phat)


def beaver_patell(members):
    """Mean squared SCAR against its expectation, upper tail."""
    n = len(members)
    if any(m["effect"]["scar"] is None or m["fit"]["dof"] <= 4 for m in members):
        return nothing(n, "too_few_dof")
    u = math.fsum(
        m["effect"]["scar"] ** 2 * (m["fit"]["dof"] - 2) / m["fit"]["dof"] for m in members
    )
    spread = math.fsum(2 * (m["fit"]["dof"] - 1) / (m["fit"]["dof"] - 4) for m in members)
    z = (u / n - 1) / math.sqrt(spread) * n
    return value(z, stats.norm.sf(z), None, n)


def sur(members, design):
    """T11: all CARs zero at once, one date, one design, nothing missing."""
    members = one_session_members(members)
    n = len(members)
    if n < 2:
        return nothing(n, "too_few_events")
    if not one_date_and_factor(members, design):
        return nothing(n, "not_one_date_and_factor")
    first, last = design["estimation"]
    full = all(m["fit"]["n_obs"] == last - first + 1 and m["effect"]["complete"] for m in members)
    if not full:
        return nothing(n, "missing_days")
    # Without a coefficient the multivariate form takes E'E / M, not the spread about the mean.
    nu = last - first + 1 if design["model"] == "market_adjusted" else members[0]["fit"]["dof"]
    if n > nu:
        return nothing(n, "too_many_events")
    residuals = np.array([list(m["fit"]["residuals"].values()) for m in members])
    sigma = residuals @ residuals.T / nu
    if np.linalg.matrix_rank(sigma) < n:
        return nothing(n, "no_spread")
    effects = np.array([m["effect"]["car"] for m in members])
    c = members[0]["effect"]["length"] + members[0]["effect"]["forecast"]
    t2 = effects @ np.linalg.solve(sigma, effects) / c
    f = float(t2 * (nu - n + 1) / (nu * n))
    return value(f, stats.f.sf(f, n, nu - n + 1), None, n, t2=float(t2))


def ibragimov_mueller(members, design):
    """The t test of the clusters' mean CARs."""
    label = clusters(members, design["window"])
    q = len(set(label))
    if q < 2:
        return nothing(len(members), "too_few_clusters", clusters=q)
    means = [
        mean([m["effect"]["car"] for m, k in zip(members, label, strict=True) if k == one])
        for one in set(label)
    ]
    row = mean_test(means, design["level"])
    row.update(n=len(members), clusters=q)
    return row
