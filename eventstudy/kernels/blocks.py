"""Rows taken a block at a time, so that what is made of them on the way stays small."""

from __future__ import annotations

from collections.abc import Iterator

CELLS = 1_000_000  # 8 MB of doubles: within a processor's cache, and enough to outweigh the loop


def blocks(rows: int, width: int) -> Iterator[slice]:
    """Split rows of ``width`` numbers into blocks of a million numbers, or of one row.

    Examples
    --------
    >>> list(blocks(5, 400_000))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    step = max(1, CELLS // max(width, 1))
    for first in range(0, rows, step):
        yield slice(first, min(first + step, rows))


def size(block: slice) -> int:
    """Rows of a block."""
    return block.stop - block.start
