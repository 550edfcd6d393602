"""Blocks cover every row once."""

from __future__ import annotations

import pytest

from eventstudy.kernels.blocks import CELLS, blocks, size


@pytest.mark.parametrize("rows", [0, 1, 7, 9_999])
@pytest.mark.parametrize("width", [0, 1, 250, 3 * CELLS])
def test_they_cover_every_row_once_and_stay_small(rows, width):
    parts = list(blocks(rows, width))
    assert [row for part in parts for row in range(rows)[part]] == list(range(rows))
    assert sum(map(size, parts)) == rows
    assert all(size(part) == 1 or size(part) * width <= CELLS for part in parts)
