"""Sign test and signed-rank test of the independent program, and their intervals.

Effects are floats, so each is an exact fraction with a power of two below: all comparisons of
x - c with c a Walsh average are done in whole numbers, and no tie is made or lost by rounding.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

from scipy import stats
from twin_rows import KEYS


def average_ranks(values):
    """Ranks from 1; equal values share the average of theirs."""
    out = []
    for x in values:
        less = sum(y < x for y in values)
        equal = sum(y == x for y in values)
        out.append(less + (equal + 1) / 2)
    return out


def sign_pvalue(positive, n):
    """Two-sided exact p of ``positive`` of ``n`` signs."""
    ways = [math.comb(n, k) for k in range(n + 1)]
    lower = Fraction(sum(ways[: positive + 1]), 2**n)
    upper = Fraction(sum(ways[positive:]), 2**n)
    return float(min(Fraction(1), 2 * min(lower, upper)))


def sign_test(x, level):
    """R5: exact, zeros dropped; the interval by order statistics of all values.

    With zeros the interval may not exclude zero where the test rejects; then there is none.
    """
    left = [v for v in x if v != 0]
    n = len(left)
    row = {**dict.fromkeys(KEYS), "n": n, "reason": ""}
    if n == 0:
        return {**row, "reason": "too_few_events"}
    positive = sum(v > 0 for v in left)
    row.update(statistic=positive, pvalue=sign_pvalue(positive, n))
    x, n = sorted(x), len(x)
    half = n // 2
    row["estimate"] = x[half] if n % 2 else (x[half - 1] + x[half]) / 2
    k = -1
    while 2 * stats.binom.cdf(k + 1, n, 0.5) <= 1 - level:
        k += 1
    if k < 0:
        return {**row, "reason": "too_few_events_for_an_interval"}
    if (x[k] <= 0 <= x[n - 1 - k]) != (row["pvalue"] > 1 - level):
        return {**row, "reason": "interval_and_test_differ"}
    row.update(low=x[k], high=x[n - 1 - k])
    return row


def whole(x):
    """The values as whole numbers on one scale, divisible by 4, and the scale."""
    parts = [Fraction(v) for v in x]
    scale = 4 * max(p.denominator for p in parts)
    return [int(p * scale) for p in parts], scale


def signed_ranks(x):
    """W+ and the average ranks of the values that are not zero; both doubled, whole numbers."""
    left = [v for v in x if v != 0]
    size = [abs(v) for v in left]
    doubled = [round(2 * rank) for rank in average_ranks(size)]
    return sum(r for r, v in zip(doubled, left, strict=True) if v > 0), doubled


def wilcoxon_pvalue(x):
    """Two-sided p: exact on the average ranks for up to 25 values, else normal."""
    w, doubled = signed_ranks(x)
    n = len(doubled)
    if n == 0:
        return None
    if n > 25:
        spread = math.sqrt(sum((r / 2) ** 2 for r in doubled) / 4)
        z = (w / 2 - sum(doubled) / 4) / spread
        return float(2 * stats.norm.sf(abs(z)))
    ways = {0: 1}
    for r in doubled:
        more = dict(ways)
        for total, count in ways.items():
            more[total + r] = more.get(total + r, 0) + count
        ways = more
    lower = Fraction(sum(count for total, count in ways.items() if total <= w), 2**n)
    upper = Fraction(sum(count for total, count in ways.items() if total >= w), 2**n)
    return float(min(Fraction(1), 2 * min(lower, upper)))


def wilcoxon_test(x, level):
    """R8, with the interval that its own inversion gives."""
    row = {**dict.fromkeys(KEYS), "n": sum(v != 0 for v in x), "reason": ""}
    if not any(x):
        return {**row, "reason": "too_few_events"}
    w, _ = signed_ranks(x)
    row.update(statistic=w / 2, pvalue=wilcoxon_pvalue(x))
    n = len(x)
    walsh = sorted((x[i] + x[j]) / 2 for i in range(n) for j in range(i + 1))
    half = len(walsh) // 2
    row["estimate"] = walsh[half] if len(walsh) % 2 else (walsh[half - 1] + walsh[half]) / 2
    bounds = wilcoxon_inversion(x, level)
    if bounds is None:
        return {**row, "reason": "too_few_events_for_an_interval"}
    low, high = bounds
    if (low <= 0 <= high) != (row["pvalue"] > 1 - level):
        return {**row, "reason": "inversion_is_not_an_interval"}
    row.update(low=low, high=high)
    return row


def wilcoxon_inversion(x, level):
    """Ends of the closed hull of {c: p(x - c) > 1 - level}; None where it has no end.

    p(x - c) is constant between neighbouring Walsh averages, so it is tried once in each gap;
    the gap's ends are the candidates for the interval's.
    """
    xs, scale = whole(x)
    walsh = sorted({(a + b) // 2 for i, a in enumerate(xs) for b in xs[: i + 1]})
    gaps = [(None, walsh[0]), *pairwise(walsh), (walsh[-1], None)]

    def held(gap):
        low, high = gap
        if low is None:
            c = high - 1
        elif high is None:
            c = low + 1
        else:
            c = (low + high) // 2
        return wilcoxon_pvalue([v - c for v in xs]) > 1 - level

    bottom = next((gap for gap in gaps if held(gap)), None)
    if bottom is None or bottom[0] is None:
        return None
    top = next(gap for gap in reversed(gaps) if held(gap))
    return float(Fraction(bottom[0], scale)), float(Fraction(top[1], scale))
