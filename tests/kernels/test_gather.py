"""Windows of a vector against slices of it."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.kernels.gather import gather, gather_counts, gather_flags


@pytest.mark.parametrize(
    ("copy", "kept", "kind"),
    [
        (gather, np.float64, np.float64),
        (gather_flags, np.bool_, np.bool_),
        (gather_counts, np.int64, np.int64),
        (gather_counts, np.int16, np.int64),
    ],
)
def test_a_window_is_a_slice(copy, kept, kind):
    values = np.random.default_rng(0).integers(0, 2, 30).astype(kept)
    first = np.array([[0, 3], [25, 11]])
    got = copy(values, first, 5)
    assert got.dtype == copy(values, first[:0], 5).dtype == kind
    assert copy(values, first[:0], 5).shape == (0, 2, 5)
    for place in np.ndindex(first.shape):
        start = first[place]
        np.testing.assert_array_equal(got[place], values[start : start + 5])


def test_counts_of_sixteen_bits_are_summed_and_rooted_in_sixty_four():
    counts = np.full(10, 30_000, dtype=np.int16)
    got = gather_counts(counts, np.array([0, 2]), 8)
    assert got.sum(axis=1).tolist() == [240_000, 240_000]
    assert np.sqrt(got).dtype == np.float64
