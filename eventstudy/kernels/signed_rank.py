"""The Wilcoxon signed-rank statistic, its exact distribution with ties, and its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Floats, Integers
from eventstudy.kernels.pvalues import critical, two_sided
from eventstudy.kernels.walsh import WalshAverages

EXACT_UP_TO = 25
INTERVAL_UP_TO = 100_000


@dataclass(frozen=True)
class SignedRank:
    """The signed-rank test of one sample.

    Attributes
    ----------
    statistic : float
        W+, the sum of the ranks of the positive values.
    pvalue : float
        Two-sided.
    n : int
        Values other than zero.
    exact : bool
        Whether the distribution over the 2^n signs was used; else the normal one.
    """

    statistic: float
    pvalue: float
    n: int
    exact: bool


@dataclass(frozen=True)
class WalshInterval:
    """Hodges-Lehmann median and interval; NaN with a reason where there is none."""

    estimate: float
    low: float
    high: float
    reason: str = ""


def exact_counts(doubled: Integers) -> Floats:
    """Count the sign vectors that give each value of 2 W+.

    Parameters
    ----------
    doubled : array of int, shape (n,)
        Twice the average ranks, so that ties give whole numbers.

    Returns
    -------
    array of float, shape (sum + 1,)
        Number of the 2^n sign vectors with 2 W+ equal to the index; exact for n up to 52.
    """
    counts = np.zeros(int(doubled.sum()) + 1)
    counts[0] = 1.0
    for rank in doubled:
        counts[rank:] = counts[rank:] + counts[: len(counts) - rank]
    return counts


def signed_rank(values: Floats) -> SignedRank:
    """Test whether values are symmetric about zero; zeros are left out, ties share ranks.

    Up to 25 values the p-value is exact, also with ties: twice the smaller tail of W+ over all
    sign vectors of the average ranks. Beyond, W+ is normal with variance sum(rank^2)/4.

    Examples
    --------
    >>> signed_rank(np.array([1.0, 2.0, 3.0, 4.0, 5.0])).pvalue
    0.0625
    """
    kept = values[values != 0] if (values == 0).any() else values
    n = len(kept)
    if n == 0:
        return SignedRank(np.nan, np.nan, 0, exact=True)
    ranks, times, positive = _distinct_ranks(kept)
    plus = float((ranks * positive).sum())
    if n > EXACT_UP_TO:
        tied = times[times > 1].astype(np.float64)
        ties = float((tied**3 - tied).sum())
        spread = np.sqrt((n * (n + 1) * (2 * n + 1) - ties / 2.0) / 24.0)
        return SignedRank(
            plus, float(two_sided((plus - n * (n + 1) / 4.0) / spread)), n, exact=False
        )
    counts = exact_counts(np.rint(2 * np.repeat(ranks, times)).astype(np.int64))
    place = round(2 * plus)
    below, above = counts[: place + 1].sum(), counts[place:].sum()
    pvalue = min(1.0, float(2.0 * min(below, above) / counts.sum()))
    return SignedRank(plus, pvalue, n, exact=True)


def _distinct_ranks(values: Floats) -> tuple[Floats, Integers, Integers]:
    """Rank the sizes of values other than zero.

    Returns
    -------
    ranks : array of float, shape (m,)
        Average rank of each distinct size, ascending.
    times, positive : array of int, shape (m,)
        Values of that size, and those of them above zero.
    """
    # One sort of whole numbers: the bits of a size keep its order, and the sign takes the place of
    # the bit that sizes leave free.
    keys = np.abs(values).view(np.uint64)
    keys <<= np.uint64(1)
    keys |= values > 0
    keys.sort()
    above = (keys & np.uint64(1)).astype(np.int8)
    keys >>= np.uint64(1)
    opens = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    del keys
    positive = np.add.reduceat(above, opens, dtype=np.int64)
    times = np.diff(opens, append=len(values))
    return opens + (times + 1) / 2.0, times, positive


def walsh_interval(values: Floats, alpha: float) -> WalshInterval:
    """Interval of the centres that the signed-rank test does not reject at alpha.

    Its ends are order statistics of the Walsh averages (x_i + x_j)/2: between two of them W+ is the
    number of those above the centre, and the ranks tie only where values are equal. Up to 25 values
    with ties or zeros the test is inverted between neighbouring ones, where it is constant. Above
    100,000 values there is none: its search would take longer than all other tests together.
    """
    n = len(values)
    if n > INTERVAL_UP_TO:
        reason = (
            f"no interval above {INTERVAL_UP_TO:,} values: its search takes longer than all other "
            "tests"
        )
        return WalshInterval(float("nan"), float("nan"), float("nan"), reason)
    tied = len(np.unique(np.abs(values))) < n or bool((values == 0).any())
    if tied and n <= EXACT_UP_TO:
        row, column = np.triu_indices(n)
        walsh = np.sort((values[row] + values[column]) / 2.0)
        return _inverted(values, walsh, float(np.median(walsh)), alpha)
    walsh = WalshAverages(values)
    last = len(walsh) - 1
    centre = (walsh[last // 2] + walsh[(last + 1) // 2]) / 2.0
    skip = _order_statistic(walsh.times, alpha)
    if skip < 0:
        return WalshInterval(centre, float("nan"), float("nan"), _unreachable(n, alpha))
    found = WalshInterval(centre, walsh[skip], walsh[last - skip])
    return _consistent(values, found, alpha) if tied else found


def _order_statistic(times: Integers, alpha: float) -> int:
    """Largest k with 2 P(W+ <= k) <= alpha, -1 where there is none; up to 25 without ties."""
    n = int(times.sum())
    if n > EXACT_UP_TO:
        ties = float((times.astype(np.float64) ** 3 - times).sum())
        mean, spread = n * (n + 1) / 4.0, np.sqrt((n * (n + 1) * (2 * n + 1) - ties / 2.0) / 24.0)
        return int(np.floor(mean - float(critical(1.0 - alpha)) * spread))
    counts = exact_counts(np.arange(1, n + 1) * 2)[::2]
    tail = 2.0 * np.cumsum(counts) / counts.sum()
    return int(np.searchsorted(tail, alpha * (1 + 1e-12), side="right")) - 1


def _inverted(values: Floats, walsh: Floats, centre: float, alpha: float) -> WalshInterval:
    """Invert the test: the closure of the centres with a p-value above alpha."""
    points = np.unique(walsh)
    between = (points[1:] + points[:-1]) / 2.0
    low = high = float("nan")
    for left, inside in zip(points[:-1], between, strict=True):
        if signed_rank(values - inside).pvalue > alpha:
            low = float(left)
            break
    for right, inside in zip(points[:0:-1], between[::-1], strict=True):
        if signed_rank(values - inside).pvalue > alpha:
            high = float(right)
            break
    if not (signed_rank(values - (points[0] - 1.0)).pvalue <= alpha):
        return WalshInterval(centre, float("nan"), float("nan"), _unreachable(len(values), alpha))
    if np.isnan(low):
        low = high = centre
    return _consistent(values, WalshInterval(centre, low, high), alpha)


def _consistent(values: Floats, found: WalshInterval, alpha: float) -> WalshInterval:
    """Keep an interval that leaves zero out exactly when the test rejects there; else say why."""
    rejected = signed_rank(values).pvalue <= alpha
    if rejected == (found.low <= 0.0 <= found.high):
        reason = "ties or zeros: the test's own rejection at zero and its interval differ"
        return WalshInterval(found.estimate, float("nan"), float("nan"), reason)
    return found


def _unreachable(n: int, alpha: float) -> str:
    return f"{n} values cannot reach the {alpha:g} level, so the interval is unbounded"
