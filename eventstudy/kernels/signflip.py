"""Sign vectors, and cluster t statistics under them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from eventstudy.arrays import Floats
from eventstudy.kernels.blocks import blocks, size

DRAWS = 9_999
Signs = NDArray[np.int8]
_WEBB = np.sqrt(np.array([0.5, 1.0, 1.5]))


def all_signs(n: int) -> Floats:
    """Every vector of n signs, shape (2^n, n); the first is all plus."""
    vectors = np.arange(2**n, dtype=np.int64)[:, None]
    place = np.arange(n, dtype=np.int64)
    return 1.0 - 2.0 * (np.right_shift(vectors, place) & 1).astype(np.float64)


def random_signs(n: int, rng: np.random.Generator, draws: int = DRAWS) -> Floats:
    """Draw vectors of n signs, shape (draws, n).

    Draws in blocks are those of one call, if the generator is the same.
    """
    return 1.0 - 2.0 * rng.integers(0, 2, (draws, n)).astype(np.float64)


def sign_blocks(n: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Draw 9,999 vectors of n signs, a block of them at a time, shape (rows, n) each."""
    return (random_signs(n, rng, size(part)) for part in blocks(DRAWS, n))


def webb_weights(n: int, rng: np.random.Generator, draws: int = DRAWS) -> Floats:
    """Webb's six-point weights: all 6^n vectors up to five, then draws, shape (vectors, n).

    References
    ----------
    Webb (2023), Canadian Journal of Economics 56:839-858.
    """
    points = np.concatenate([_WEBB, -_WEBB])
    if n <= 5:
        return points[np.arange(6**n)[:, None] // 6 ** np.arange(n) % 6]
    return points[rng.integers(0, 6, (draws, n))]


def webb_blocks(n: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Webb's weights, a block of vectors at a time: all of them up to five, then 9,999 draws."""
    parts = blocks(1 if n <= 5 else DRAWS, n)
    return (webb_weights(n, rng, size(part)) for part in parts)


def cluster_t(sums: Floats, sizes: Floats) -> Floats:
    """Cluster t of a mean about 0, from the sum of each cluster.

    The variance is sum over clusters of (sum of deviations)^2 / N^2 times G/(G - 1).

    Parameters
    ----------
    sums : array of float, shape (..., G)
        Sum of the values of each cluster.
    sizes : array of float, shape (G,)
        Values of each cluster.

    Returns
    -------
    array of float, shape (...)
        Infinite where every deviation is zero and the mean is not.
    """
    n, g = sizes.sum(), len(sizes)
    mean = sums.sum(axis=-1) / n
    deviation = sums - sizes * mean[..., None]
    variance = (deviation**2).sum(axis=-1) / n**2 * g / (g - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return mean / np.sqrt(variance)


class ShiftedClusterT:
    """Cluster t of many weighted samples, as a function of a shift of all values.

    Every sum that the cluster t needs is a polynomial in the shift, whose coefficients are summed
    over the clusters once; each shift then costs a few operations a draw.

    Parameters
    ----------
    sums, sizes : array of float, shape (G,)
        Sum and number of the values of each cluster.
    weights : array of float, shape (draws, G)
        Weight of each cluster in each draw.
    """

    def __init__(self, sums: Floats, sizes: Floats, weights: Floats) -> None:
        squares = weights**2
        self._n, self._g = float(sizes.sum()), len(sizes)
        self._total = (weights @ sums, weights @ sizes)
        self._square = (squares @ sums**2, squares @ (sums * sizes), squares @ sizes**2)
        self._cross = (weights @ (sums * sizes), weights @ sizes**2)
        self._sizes = float((sizes**2).sum())

    def __call__(self, shift: float) -> Floats:
        """Give t of every draw with the shift taken off every value, shape (draws,)."""
        mean = (self._total[0] - shift * self._total[1]) / self._n
        square = self._square[0] - 2 * shift * self._square[1] + shift**2 * self._square[2]
        cross = self._cross[0] - shift * self._cross[1]
        deviation = square - 2.0 * mean * cross + mean**2 * self._sizes
        variance = np.maximum(deviation, 0.0) / self._n**2 * self._g / (self._g - 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return mean / np.sqrt(variance)
