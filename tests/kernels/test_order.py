"""Orders of whole numbers, by each of the three ways."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.kernels.order import order_of


@pytest.mark.parametrize("most", [0, 5, 2**16 - 1, 2**16, 2**40, 2**62])
@pytest.mark.parametrize("count", [0, 1, 2, 1_000])
def test_it_is_the_stable_order(most, count):
    numbers = np.random.default_rng(1).integers(0, most, count, endpoint=True) // 3 * 3
    np.testing.assert_array_equal(order_of(numbers), np.argsort(numbers, kind="stable"))


def test_it_is_of_numbers_of_32_bits_too():
    numbers = np.random.default_rng(1).integers(0, 2**31 - 1, 100_000, dtype=np.int32)
    np.testing.assert_array_equal(order_of(numbers), np.argsort(numbers, kind="stable"))
