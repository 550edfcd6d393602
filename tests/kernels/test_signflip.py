"""Sign vectors, and the cluster t under them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.kernels.blocks import CELLS
from eventstudy.kernels.signflip import (
    DRAWS,
    ShiftedClusterT,
    all_signs,
    cluster_t,
    random_signs,
    sign_blocks,
    webb_blocks,
    webb_weights,
)

sizes = st.lists(st.integers(1, 5), min_size=2, max_size=7)


@pytest.mark.parametrize("n", [1, 2, 5, 12])
def test_every_sign_vector_once_and_the_identity_first(n):
    signs = all_signs(n)
    assert signs.shape == (2**n, n)
    assert set(signs.ravel()) == {-1.0, 1.0}
    assert len({tuple(row) for row in signs}) == 2**n
    assert (signs[0] == 1).all()


def test_drawn_signs_are_fair_and_repeatable():
    one, two = (random_signs(20, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert one.shape == (DRAWS, 20)
    assert abs(one.mean()) < 5 / math.sqrt(one.size)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_webb_weights_are_all_of_them_for_few_clusters(n):
    weights = webb_weights(n, np.random.default_rng(0))
    assert len({tuple(row) for row in np.round(weights, 9)}) == len(weights) == 6**n
    points = sorted(set(np.round(weights.ravel(), 12)))
    np.testing.assert_allclose(
        points, [-math.sqrt(1.5), -1, -math.sqrt(0.5), math.sqrt(0.5), 1, math.sqrt(1.5)]
    )
    assert weights.mean() == pytest.approx(0, abs=1e-12)
    assert (weights**2).mean() == pytest.approx(1, rel=1e-12)


def test_webb_weights_are_drawn_for_more():
    weights = webb_weights(6, np.random.default_rng(0))
    assert weights.shape == (DRAWS, 6)


@pytest.mark.parametrize(
    ("whole", "in_blocks"), [(random_signs, sign_blocks), (webb_weights, webb_blocks)]
)
@pytest.mark.parametrize("n", [2, 5, 6, 13, 200, 701])
def test_blocks_of_draws_are_the_draws_of_one_call(whole, in_blocks, n):
    want = whole(n, np.random.default_rng(7))
    parts = list(in_blocks(n, np.random.default_rng(7)))
    np.testing.assert_array_equal(np.concatenate(parts), want)
    assert max(part.size for part in parts) <= max(CELLS, n)
    assert len(parts) > 1 or want.size <= CELLS


@pytest.mark.parametrize("q", [13, 60])
def test_the_cluster_t_of_a_block_is_that_of_its_rows(q):
    """To the last bit: a draw may tie with the statistic, whatever block it falls in."""
    rng = np.random.default_rng(q)
    sums, counts = rng.normal(0, 1, q), rng.integers(1, 5, q).astype(float)
    signs = random_signs(q, rng)
    whole = cluster_t(signs * sums, counts)
    for part in (slice(0, 1), slice(3, 40), slice(40, DRAWS)):
        np.testing.assert_array_equal(cluster_t(signs[part] * sums, counts), whole[part])
        np.testing.assert_array_equal(
            cluster_t(signs[part].astype(np.int8) * sums, counts), whole[part]
        )


def by_definition(values, label):
    """The cluster t of a mean, event by event."""
    n, groups = len(values), sorted(set(label))
    mean = sum(values) / n
    square = sum(
        sum(v - mean for v, own in zip(values, label, strict=True) if own == g) ** 2 for g in groups
    )
    q = len(groups)
    return mean / math.sqrt(square / n**2 * q / (q - 1))


@given(sizes, st.integers(0, 2**32 - 1))
def test_the_cluster_t_is_its_definition(counts, seed):
    label = np.repeat(np.arange(len(counts)), counts)
    values = np.random.default_rng(seed).normal(0.3, 1, len(label))
    sums = np.bincount(label, weights=values)
    want = by_definition(values.tolist(), label.tolist())
    assert float(cluster_t(sums, np.array(counts, float))) == pytest.approx(want, rel=1e-10)


@given(st.integers(2, 8), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_equal_clusters_give_exactly_the_t_of_their_means(q, size, seed):
    """The Ibragimov-Mueller t: mean of the cluster means over sd / sqrt q."""
    sums = np.random.default_rng(seed).normal(0.2, 1, q) * size
    means = sums / size
    want = means.mean() / (means.std(ddof=1) / math.sqrt(q))
    assert float(cluster_t(sums, np.full(q, float(size)))) == pytest.approx(want, rel=1e-12)


@given(sizes, st.floats(-3, 3), st.integers(0, 2**32 - 1))
def test_the_shifted_t_is_the_t_of_shifted_values(counts, shift, seed):
    rng = np.random.default_rng(seed)
    counts = np.array(counts, float)
    sums = rng.normal(0.2, 1, len(counts)) * counts
    weights = rng.choice([-1.0, 1.0, math.sqrt(0.5)], (20, len(counts)))
    got = ShiftedClusterT(sums, counts, weights)(shift)
    want = cluster_t(weights * (sums - shift * counts), counts)
    steady = np.abs(want) < 1e4  # beyond, the spread is rounding in both
    np.testing.assert_allclose(got[steady], want[steady], rtol=1e-6, atol=1e-9)


def test_clusters_that_do_not_differ_have_no_finite_t():
    assert np.isinf(cluster_t(np.array([1.0, 1.0]), np.array([1.0, 1.0])))
    assert np.isnan(cluster_t(np.array([0.0, 0.0]), np.array([1.0, 1.0])))
