"""Order statistics of the Walsh averages against all of them, formed and sorted."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.kernels import walsh
from eventstudy.kernels.walsh import WalshAverages


def formed(values):
    row, column = np.triu_indices(len(values))
    return np.sort((values[row] + values[column]) / 2)


def drawn(kind, n, rng):
    plain = rng.normal(0, 0.02, n)
    return {
        "plain": plain,
        "tied": rng.integers(-3, 4, n).astype(float),
        "tenths": rng.integers(-30, 40, n) / 10,  # sums that differ by rounding alone
        "zeros": np.where(rng.random(n) < 0.3, 0.0, plain),
        "scales": plain * 10.0 ** rng.integers(-20, 3, n),
        "least": rng.integers(-3, 4, n) * 5e-324,
    }[kind]


KINDS = ["plain", "tied", "tenths", "zeros", "scales", "least"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("most", "sample"), [(1, 50), (40, 400)])
def test_every_rank_of_few_values_by_cuts(kind, most, sample, monkeypatch):
    """With cuts drawn together until one pair, or forty, are left between them."""
    monkeypatch.setattr(walsh, "FORMED", most)
    monkeypatch.setattr(walsh, "SAMPLE", sample)
    rng = np.random.default_rng(most)
    for n in (1, 2, 3, 8, 21, 40):
        values = drawn(kind, n, rng)
        want, got = formed(values), WalshAverages(values)
        assert len(got) == len(want)
        for rank in rng.permutation(len(want))[:250].tolist():
            assert got[rank] == want[rank]


@pytest.mark.parametrize("kind", KINDS)
def test_ranks_of_more_pairs_than_are_formed_at_once(kind):
    rng = np.random.default_rng(1)
    values = drawn(kind, 2_000, rng)
    want, got = formed(values), WalshAverages(values)
    last = len(want) - 1
    assert last > walsh.FORMED
    for rank in (last // 2, (last + 1) // 2, 950_000, last - 950_000, 0, last):
        assert got[rank] == want[rank]


@pytest.mark.parametrize("kind", ["plain", "zeros"])
def test_the_ranks_of_many_values_are_counted(kind):
    """200,000 values have 20,000,100,000 averages: too many to form, but not to count."""
    values = np.sort(drawn(kind, 200_000, np.random.default_rng(2)))
    got = WalshAverages(values)
    for rank in (len(got) // 2, len(got) // 3):
        found = got[rank]
        for side, bound in (("left", rank), ("right", rank + 1)):
            # Every average below it, or not above it; a pair counts from both ends.
            pairs = np.searchsorted(values, 2 * found - values, side=side).sum()
            own = np.searchsorted(values, found, side=side)
            count = (pairs + own) // 2
            assert count <= bound + 2 if side == "left" else count >= bound - 2  # but for rounding
