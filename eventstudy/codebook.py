"""What each column of the result frames means, and in which unit: data/codebook.csv."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import NamedTuple


class Entry(NamedTuple):
    """One column of a frame.

    Attributes
    ----------
    frame, column : str
        Name of the frame, as in ``result.events``, and of its column.
    unit : str
        A return is a decimal: -.0436 is minus 4.36 %. Of a p, a share, a count, a date nothing is
        scaled. Missing is NaN or NaT, and "" in columns of text.
    meaning : str
        In words.
    """

    frame: str
    column: str
    unit: str
    meaning: str


@cache
def codebook() -> tuple[Entry, ...]:
    """Every column of every frame, in the order in which they are written.

    Examples
    --------
    >>> next(entry.meaning for entry in codebook() if entry.column == "aar")
    'average abnormal return of the pairs that have the day'
    """
    file = resources.files("eventstudy") / "data" / "codebook.csv"
    _, *rows = csv.reader(file.read_text(encoding="utf-8").splitlines())
    return tuple(Entry(*row) for row in rows)
