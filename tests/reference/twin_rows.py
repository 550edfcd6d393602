"""Rows of answers of the independent program, and the two moments that all of it uses."""

from __future__ import annotations

import math

from scipy import stats

KEYS = ("statistic", "pvalue", "dof", "n", "estimate", "se", "low", "high")


def nothing(n, reason, **more):
    """The row of a test that has no value."""
    return {**dict.fromkeys(KEYS), "n": n, "reason": reason, **more}


def value(statistic, pvalue, dof, n, **more):
    """The row of a test that has one; without an interval in return units unless given."""
    row = {**dict.fromkeys(KEYS), "reason": ""}
    row.update(statistic=statistic, pvalue=float(pvalue), dof=dof, n=n, **more)
    return row


def t_row(estimate, se, dof, n, level, **more):
    """The row of estimate / se against t(dof), or the normal where dof is None."""
    statistic = estimate / se
    if dof is None:
        pvalue = 2 * stats.norm.sf(abs(statistic))
        reach = float(stats.norm.isf((1 - level) / 2)) * se
    else:
        pvalue = 2 * stats.t.sf(abs(statistic), dof)
        reach = float(stats.t.isf((1 - level) / 2, dof)) * se
    interval = {"estimate": estimate, "se": se, "low": estimate - reach, "high": estimate + reach}
    return value(statistic, pvalue, dof, n, **interval, **more)


def mean(x):
    """Arithmetic mean."""
    return math.fsum(x) / len(x)


def deviation(x):
    """Standard deviation, divisor n - 1."""
    m = mean(x)
    return math.sqrt(math.fsum((v - m) ** 2 for v in x) / (len(x) - 1))


def mean_test(x, level):
    """T1: the t test of a mean."""
    n = len(x)
    if n < 2:
        return nothing(n, "too_few_events")
    sd = deviation(x)
    if sd == 0.0:
        return nothing(n, "no_spread")
    return t_row(mean(x), sd / math.sqrt(n), n - 1, n, level)


def skewness_adjusted(x):
    """T9: Johnson's statistic; its p is a bootstrap's where N >= 20, t(N - 1) below."""
    n = len(x)
    if n < 3:  # two values have no skewness
        return nothing(n, "too_few_events")
    m, sd = mean(x), deviation(x)
    if sd == 0.0:
        return nothing(n, "no_spread")
    s = m / sd
    g = math.fsum((v - m) ** 3 for v in x) / (n * sd**3)
    t = math.sqrt(n) * (s + g * s * s / 3 + g / (6 * n))
    row = value(t, 2 * stats.t.sf(abs(t), n - 1), n - 1, n)
    if n >= 20:
        row.update(pvalue=None, dof=None)
    return row
