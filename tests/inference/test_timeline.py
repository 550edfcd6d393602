"""Dates in ranges, lots and blocks."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.estimation import BLOCK
from eventstudy.inference.timeline import _whole_dates

LARGE = 3 * BLOCK + 5


@pytest.mark.parametrize("sizes", [[1], [BLOCK] * 3, [7] * 500, [3, LARGE, 4], [LARGE, BLOCK, 1]])
def test_blocks_are_small_and_cover_every_event_once(sizes):
    parts = list(_whole_dates(np.array(sizes)))
    assert [event for part in parts for event in range(sum(sizes))[part]] == [*range(sum(sizes))]
    assert max(part.stop - part.start for part in parts) <= 2 * BLOCK


@pytest.mark.parametrize("before", [1, BLOCK - 1, BLOCK, BLOCK + 3])
def test_a_large_date_is_cut_the_same_whatever_comes_before_it(before):
    def cuts(sizes, start):
        inside = [part.start - start for part in _whole_dates(np.array(sizes))]
        return [cut for cut in inside if cut >= 0]

    assert cuts([before, LARGE, 2], before) == cuts([LARGE, 2], 0)
