"""Frames that are built when they are asked for."""

from __future__ import annotations

import pandas as pd

from eventstudy import tableset
from eventstudy.tableset import Parts, Tables


def find(event_ids):
    raise AssertionError(f"{event_ids} were not asked for")


def counted(calls):
    def build(start: int, stop: int) -> pd.DataFrame:
        calls.append((start, stop))
        return pd.DataFrame({"event": range(start, stop)})

    return build


def test_a_frame_is_built_at_its_first_use_and_kept():
    calls: list[tuple[int, int]] = []
    tables = Tables({"events": Parts(counted(calls), 3, find)})
    assert calls == []
    pd.testing.assert_frame_equal(tables["events"], tables["events"])
    assert calls == [(0, 3)]


def test_parts_are_those_of_the_whole(monkeypatch):
    monkeypatch.setattr(tableset, "PART", 4)
    calls: list[tuple[int, int]] = []
    tables = Tables({"events": Parts(counted(calls), 10, find)})
    parts = list(tables.parts("events"))
    assert calls == [(0, 4), (4, 8), (8, 10)]
    whole = pd.concat(parts, ignore_index=True)
    pd.testing.assert_frame_equal(whole, tables["events"])


def test_no_events_have_one_part_without_rows():
    tables = Tables({"events": Parts(counted([]), 0, find)})
    assert [len(part) for part in tables.parts("events")] == [0]
    assert list(tables["events"].columns) == ["event"]


def test_every_frame_is_finished_once():
    finished: list[str] = []

    def finish(name: str, frame: pd.DataFrame) -> pd.DataFrame:
        finished.append(name)
        return frame.assign(name=name)

    tables = Tables({"a": lambda: pd.DataFrame({"x": [1]})}, finish)
    assert tables["a"]["name"].tolist() == ["a"]
    assert tables["a"]["name"].tolist() == ["a"]
    more = tables.plus("b", pd.DataFrame({"x": [2]}))
    assert more["b"]["name"].tolist() == ["b"]
    assert finished == ["a", "b"]
