"""Workers that stay from one piece of work to the next."""

from __future__ import annotations

import sys
from contextlib import closing
from itertools import islice

import chunk_work as work
import psutil
import pytest

from eventstudy.errors import EngineError
from eventstudy.execution import Engine, Workers, chunks, map_chunks

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
        workers.begin()
        workers.begin()
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
        workers.begin()
        assert len(psutil.Process().children()) == len(before) + 2
    assert psutil.Process().children() == before


@pytest.mark.parametrize("engine", [Engine(), Engine("serial", 2)])
def test_threads_need_no_beginning(engine):
    shared = work.columns()
    with Workers(engine) as workers:
        workers.begin()
        found = list(map_chunks(work.sums, shared, RANGES, engine=workers))
    assert work.same(found, list(map_chunks(work.sums, shared, RANGES)))
