"""Pieces of a whole, put together without a second copy of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np

from eventstudy.arrays import Integers

Piece = TypeVar("Piece")
Path = tuple[Any, ...]


class Stack(Generic[Piece]):
    """Arrays of pieces under each other, in memory that is taken once.

    A piece is a frozen dataclass of arrays whose first axis counts the same things, of such
    dataclasses, of mappings of them, and of anything else, which is taken from the first piece.

    Parameters
    ----------
    most : int
        Things of all pieces together, at most.

    Examples
    --------
    >>> from eventstudy.windows import Window
    >>> stack = Stack(3)
    >>> stack.add({"a": np.array([1, 2]), "b": Window(0, 0)})
    >>> stack.add({"a": np.array([3])})
    >>> stack.whole()
    {'a': array([1, 2, 3]), 'b': Window(first=0, last=0)}
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._first: Any = None
        self._paths: list[Path] = []
        self._arrays: list[np.ndarray] = []

    def add(self, piece: Piece, where: Integers | None = None) -> None:
        """Put a piece under those that are there, or each of its things where it belongs."""
        if self._first is None:
            self._first = piece
            self._paths = list(_paths(piece))
            for path in self._paths:
                one = _at(piece, path)
                self._arrays.append(np.empty((self._most, *one.shape[1:]), one.dtype))
        count = 0
        for target, path in zip(self._arrays, self._paths, strict=True):
            part = _at(piece, path)
            count = len(part)
            target[slice(self._size, self._size + count) if where is None else where] = part
        self._size += count

    def whole(self) -> Piece:
        """Give all pieces as one."""
        return _rebuild(self._first, iter([one[: self._size] for one in self._arrays]))


def _paths(piece: Any) -> Iterator[Path]:
    """Where the arrays of a piece are: names of fields, and keys of mappings."""
    if isinstance(piece, np.ndarray):
        yield ()
    elif isinstance(piece, Mapping):
        for key, one in piece.items():
            yield from ((key, *rest) for rest in _paths(one))
    elif is_dataclass(piece):
        for own in fields(piece):
            yield from ((own.name, *rest) for rest in _paths(getattr(piece, own.name)))


def _at(piece: Any, path: Path) -> np.ndarray:
    for step in path:
        piece = piece[step] if isinstance(piece, Mapping) else getattr(piece, step)
    return piece


def _rebuild(piece: Any, arrays: Iterator[np.ndarray]) -> Any:
    if isinstance(piece, np.ndarray):
        return next(arrays)
    if isinstance(piece, Mapping):
        return {name: _rebuild(one, arrays) for name, one in piece.items()}
    if is_dataclass(piece) and not isinstance(piece, type) and any(True for _ in _paths(piece)):
        names = [one.name for one in fields(piece)]
        return replace(piece, **{name: _rebuild(getattr(piece, name), arrays) for name in names})
    return piece
