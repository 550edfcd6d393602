"""Workers that stay from one piece of work to the next."""

from __future__ import annotations

import socket
import sys
import time
from contextlib import closing
from itertools import islice
from pathlib import Path

import chunk_work as work
import psutil
import pytest

from eventstudy.errors import EngineError
from eventstudy.execution import Engine, Workers, chunks, map_chunks, messages

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="refused on Windows")

RANGES = chunks(4000, 100, block=100)
TWO = Engine("processes", 2)


def pids(workers):
    return {pid for pid, *_ in map_chunks(work.place, work.columns(), RANGES, engine=workers)}


def test_the_same_processes_answer_one_call_after_the_other():
    right = list(map_chunks(work.sums, work.columns(), RANGES))
    with Workers(TWO) as workers:
        first = pids(workers)
        assert work.same(list(map_chunks(work.sums, work.columns(), RANGES, engine=workers)), right)
        assert pids(workers) == first
    assert len(first) == 2
    with Workers(TWO) as workers:
        assert not pids(workers) & first


def test_they_import_a_module_as_they_begin(tmp_path, monkeypatch):
    (tmp_path / "told.py").write_text("open(__file__ + '.read', 'a').write('.')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with Workers(TWO, module="told") as workers:
        workers.begin(9)
        workers.begin(9)
        pids(workers)
    assert (tmp_path / "told.py.read").read_text() == ".."
    # What cannot be imported is told where a function needs it.
    with Workers(TWO, module="no_such_module") as workers:
        assert len(pids(workers)) == 2


def test_no_more_processes_begin_than_there_are_ranges():
    before = psutil.Process().children()
    with Workers(Engine("processes", 4)) as workers:
        list(map_chunks(work.place, work.columns(), RANGES[:2], engine=workers))
        assert 1 <= len(psutil.Process().children()) - len(before) <= 2


def test_a_call_that_is_closed_early_leaves_workers_for_the_next():
    shared = work.columns()
    with Workers(TWO) as workers:
        with closing(map_chunks(work.linger, None, RANGES, engine=workers)) as results:
            next(results)
        found = list(map_chunks(work.sums, shared, RANGES, engine=workers))
    assert work.same(found, list(map_chunks(work.sums, shared, RANGES)))


def test_a_failure_leaves_workers_for_the_next():
    shared = work.columns()
    with Workers(TWO) as workers:
        with pytest.raises(EngineError, match="without a result"):
            list(map_chunks(work.die, None, RANGES, engine=workers))
        with pytest.raises(EngineError, match="must move to a module"):
            list(map_chunks(work.place, lambda: None, RANGES, engine=workers))
        found = list(map_chunks(work.sums, shared, RANGES, engine=workers))
    assert work.same(found, list(map_chunks(work.sums, shared, RANGES)))


def test_work_inside_other_work_has_workers_of_its_own():
    shared = work.columns()
    right = list(map_chunks(work.sums, shared, RANGES))
    with Workers(TWO) as workers:
        outer = map_chunks(work.sums, shared, RANGES, engine=workers)
        begun = list(islice(outer, 3))
        assert work.same(list(map_chunks(work.sums, shared, RANGES, engine=workers)), right)
        assert work.same([*begun, *outer], right)


def test_processes_that_never_worked_end_too():
    before = psutil.Process().children()
    with Workers(TWO) as workers:
        workers.begin(9)
        assert len(psutil.Process().children()) == len(before) + 2
    assert psutil.Process().children() == before


def test_a_generator_that_outlives_its_workers_starts_none():
    before = psutil.Process().children()
    with Workers(TWO) as workers:
        results = map_chunks(work.place_slowly, None, RANGES, engine=workers)
        next(results)
    with pytest.raises(EngineError, match="given up"):
        list(results)
    assert psutil.Process().children() == before
    with pytest.raises(ValueError, match="have ended"):
        list(map_chunks(work.place_slowly, None, RANGES, engine=workers))


def test_a_timeout_for_new_sockets_is_none_for_workers():
    socket.setdefaulttimeout(0.001)
    try:
        with Workers(TWO) as workers:
            assert len(pids(workers)) == 2
    finally:
        socket.setdefaulttimeout(None)


def test_an_answer_that_cannot_be_taken_ends_its_worker(monkeypatch):
    right = list(map_chunks(work.sums, work.columns(), RANGES))
    exactly, left = messages._exactly, [5]

    def fail(channel, length):
        left[0] -= 1
        if not left[0]:
            raise MemoryError
        return exactly(channel, length)

    with Workers(TWO) as workers:
        with monkeypatch.context() as patch:
            patch.setattr(messages, "_exactly", fail)
            with pytest.raises(MemoryError):
                list(map_chunks(work.sums, work.columns(), RANGES, engine=workers))
        found = list(map_chunks(work.sums, work.columns(), RANGES, engine=workers))
    assert work.same(found, right)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_a_call_shared_is_let_go_after_it():
    def mapped():
        children = psutil.Process().children()
        maps = [Path(f"/proc/{child.pid}/maps").read_text() for child in children]
        return sum("memfd:eventstudy" in text for text in maps)

    with Workers(TWO) as workers:
        for _ in range(2):
            results = map_chunks(work.place, work.columns(), RANGES, engine=workers)
            next(results)
            assert mapped() > 0
            assert len(list(results)) == len(RANGES) - 1
            end = time.monotonic() + 5
            while mapped() and time.monotonic() < end:
                time.sleep(0.01)
            assert mapped() == 0


@pytest.mark.parametrize("engine", [Engine(), Engine("serial", 2)])
def test_threads_need_no_beginning(engine):
    shared = work.columns()
    with Workers(engine) as workers:
        workers.begin(9)
        found = list(map_chunks(work.sums, shared, RANGES, engine=workers))
    assert work.same(found, list(map_chunks(work.sums, shared, RANGES)))
