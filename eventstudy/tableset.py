"""Result frames that are built when they are asked for, whole or in parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import pandas as pd

# Events of one part of a frame: some hundred thousand rows of days.
PART = 16_384


@dataclass(frozen=True)
class Parts:
    """A frame in parts, each of the rows of a range of events.

    Attributes
    ----------
    build : callable
        From the first event and the one after the last to their rows.
    count : int
        Events.
    """

    build: Callable[[int, int], pd.DataFrame]
    count: int

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Build one part after the other; of no events there is one part without rows."""
        for first in range(0, max(self.count, 1), PART):
            yield self.build(first, min(first + PART, self.count))

    def whole(self) -> pd.DataFrame:
        """Build all rows."""
        if self.count <= PART:
            return self.build(0, self.count)
        return pd.concat(list(self), ignore_index=True)


Finish = Callable[[str, pd.DataFrame], pd.DataFrame]
Table = pd.DataFrame | Parts | Callable[[], pd.DataFrame]


class Tables(Mapping[str, pd.DataFrame]):
    """Frames by name; one that is not there yet is built at its first use and kept.

    Parameters
    ----------
    tables : mapping of str to DataFrame, Parts or callable
        The frames, or what builds them.
    finish : callable, optional
        From a frame's name and the frame as it was built to the frame as it is given.

    Examples
    --------
    >>> tables = Tables({"a": lambda: pd.DataFrame({"x": [1]})})
    >>> tables["a"].shape
    (1, 1)
    """

    def __init__(self, tables: Mapping[str, Table], finish: Finish | None = None) -> None:
        self._tables = dict(tables)
        self._finish = finish
        self._done: set[str] = set()

    def __getitem__(self, name: str) -> pd.DataFrame:
        table = self._tables[name]
        if isinstance(table, Parts):
            table = table.whole()
        elif not isinstance(table, pd.DataFrame):
            table = table()
        if name not in self._done:
            self._done.add(name)
            self._tables[name] = table if self._finish is None else self._finish(name, table)
        return cast("pd.DataFrame", self._tables[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def parts(self, name: str) -> Iterator[pd.DataFrame]:
        """Give a frame part by part, without keeping it where it is not there yet."""
        table = self._tables[name]
        return iter(table) if isinstance(table, Parts) else iter([self[name]])

    def first(self, name: str) -> pd.DataFrame:
        """Give the first part of a frame."""
        return next(self.parts(name))

    def plus(self, name: str, frame: Table) -> Tables:
        """Add a frame."""
        return Tables({**self._tables, name: frame}, self._finish)
