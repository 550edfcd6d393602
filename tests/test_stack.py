"""Pieces under each other, or each thing where it belongs."""

from __future__ import annotations

import numpy as np

from eventstudy.stack import Stack


def test_things_go_where_they_belong():
    stack = Stack(5)
    stack.add({"a": np.array([1, 2, 3])}, np.array([4, 0, 2]))
    stack.add({"a": np.array([4, 5])}, np.array([1, 3]))
    assert stack.whole()["a"].tolist() == [2, 4, 3, 5, 1]


def test_pieces_come_under_each_other_in_their_own_type():
    stack = Stack(9)
    for first in (0, 2):
        stack.add({"a": np.arange(first, first + 2, dtype=np.int16), "b": np.eye(2) + first})
    whole = stack.whole()
    assert whole["a"].tolist() == [0, 1, 2, 3]
    assert whole["a"].dtype == np.int16
    assert whole["b"].shape == (4, 2)
