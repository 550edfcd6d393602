"""Result frames that are built when they are asked for, whole or in parts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd

from eventstudy.arrays import Integers

# Events of one part of a frame: some hundred thousand rows of days.
PART = 16_384
# From pandas 3 on a copy shares its cells until one of the two is written to.
_SHARED = int(pd.__version__.partition(".")[0]) >= 3


def own_copy(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a frame that may be written to without changing this one; it costs next to nothing."""
    return frame.copy(deep=not _SHARED)


@runtime_checkable
class InParts(Protocol):
    """A frame whose rows can be had part by part, each of the rows of consecutive events."""

    def __len__(self) -> int:
        """Count the parts; of a frame without rows there is one."""
        ...

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Give one part after the other."""
        ...

    def whole(self) -> pd.DataFrame:
        """Give all rows."""
        ...

    def of(self, event_ids: Collection[str]) -> pd.DataFrame:
        """Give the rows of these events."""
        ...


@dataclass(frozen=True)
class Parts:
    """A frame in parts, each of the rows of a range of events.

    Attributes
    ----------
    build : callable
        From the first event and the one after the last to their rows.
    count : int
        Events.
    find : callable
        From event ids to the places of their events, ascending.
    """

    build: Callable[[int, int], pd.DataFrame]
    count: int
    find: Callable[[Collection[str]], Integers]

    def __len__(self) -> int:
        return max(1, -(-self.count // PART))

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Build one part after the other; of no events there is one part without rows."""
        for first in range(0, max(self.count, 1), PART):
            yield self.build(first, min(first + PART, self.count))

    def whole(self) -> pd.DataFrame:
        """Build all rows."""
        if self.count <= PART:
            return self.build(0, self.count)
        return pd.concat(list(self), ignore_index=True)

    def of(self, event_ids: Collection[str]) -> pd.DataFrame:
        """Build the rows of these events, and of what lies between them in a part."""
        places = self.find(event_ids)
        found = [self.build(0, 0)]
        for part in np.unique(places // PART):
            own = places[places // PART == part]
            frame = self.build(int(own[0]), int(own[-1]) + 1)
            found.append(frame[frame["event_id"].isin(event_ids)])
        return found[0] if len(found) == 1 else pd.concat(found[1:], ignore_index=True)


Finish = Callable[[str, pd.DataFrame], pd.DataFrame]
Table = pd.DataFrame | InParts | Callable[[], pd.DataFrame]


class Tables(Mapping[str, pd.DataFrame]):
    """Frames by name; one that is not there yet is built at its first use and kept.

    What is handed out may be written to and changes nothing here.

    Parameters
    ----------
    tables : mapping of str to DataFrame, InParts or callable
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
        if isinstance(table, pd.DataFrame):
            frame = table
        else:
            frame = table.whole() if isinstance(table, InParts) else table()
        if name not in self._done:
            frame = self._finished(name, frame)
            self._tables[name] = frame
            self._done.add(name)
        return own_copy(frame)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def pieces(self, name: str) -> int:
        """Count the parts of a frame; what is there whole is one."""
        table = self._apart(name)
        return 1 if table is None else len(table)

    def parts(self, name: str) -> Iterator[pd.DataFrame]:
        """Give a frame part by part; one of several parts is not kept, nor ever there whole."""
        table = self._apart(name)
        return iter([self[name]]) if table is None else map(partial(self._finished, name), table)

    def first(self, name: str) -> pd.DataFrame:
        """Give the first part of a frame."""
        return next(self.parts(name))

    def of(self, name: str, event_ids: Collection[str]) -> pd.DataFrame:
        """Give the rows of some events, of a frame that has a column ``event_id``."""
        table = self._apart(name)
        if table is not None:
            return self._finished(name, table.of(event_ids))
        frame = self[name]
        return frame[frame["event_id"].isin(event_ids)].reset_index(drop=True)

    def plus(self, name: str, frame: Table) -> Tables:
        """Add a frame."""
        return Tables({**self._tables, name: frame}, self._finish)

    def _finished(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        return frame if self._finish is None else self._finish(name, frame)

    def _apart(self, name: str) -> InParts | None:
        """Give a table of several parts that is not there whole."""
        table = self._tables[name]
        if isinstance(table, pd.DataFrame) or not isinstance(table, InParts):
            return None
        return table if len(table) > 1 else None
