"""Order, look-ahead, errors and cost of running a function over ranges."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing

import chunk_work as work
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from eventstudy.errors import EventsError, StudyError
from eventstudy.execution import chunks, map_chunks

ENGINES = ["serial", "serial:1", "serial:3", "processes:2"]


@given(st.integers(0, 3000), st.integers(1, 2000), st.integers(1, 300))
def test_chunks_cover_every_event_once_and_begin_at_blocks(count, size, block):
    ranges = chunks(count, size, block=block)
    assert [event for start, stop in ranges for event in range(start, stop)] == list(range(count))
    assert all(start % block == 0 for start, _ in ranges)
    assert all(stop - start < size + block for start, stop in ranges)
    assert len({stop - start for start, stop in ranges[:-1]}) <= 1


def test_chunks_of_nothing_are_refused():
    for arguments in ((-1, 10), (10, 0)):
        with pytest.raises(ValueError, match="no ranges"):
            chunks(*arguments)


@pytest.mark.parametrize("engine", ENGINES)
def test_results_are_the_same_bits_in_order(engine):
    shared = work.columns()
    ranges = chunks(4000, 250, block=250)
    with threadpool_limits(1, user_api="blas"):
        expected = [work.sums(shared, start, stop) for start, stop in ranges]
    told: list[tuple[int, int]] = []
    results = list(
        map_chunks(work.sums, shared, ranges, engine=engine, progress=lambda *at: told.append(at))
    )
    assert work.same(results, expected)
    assert told == [(done, 16) for done in range(1, 17)]


def test_the_product_in_this_test_has_other_bits_with_two_threads():
    shared = work.columns()
    with threadpool_limits(1, user_api="blas"):
        one = work.sums(shared, 0, 250).product
    with threadpool_limits(2, user_api="blas"):
        if all(each["num_threads"] == 1 for each in threadpool_info()):
            pytest.skip("this machine has one core, or a BLAS without threads")
        two = work.sums(shared, 0, 250).product
    np.testing.assert_allclose(one, two, atol=1e-11)
    alone = next(map_chunks(work.sums, shared, [(0, 250)])).product
    assert alone.tobytes() == one.tobytes()


@pytest.mark.parametrize("engine", ["serial:2", "processes:2"])
def test_no_more_than_four_ranges_are_ahead_of_the_consumer(engine, tmp_path):
    ranges = [(start, start + 1) for start in range(30)]
    with closing(map_chunks(work.begin, tmp_path, ranges, engine=engine)) as results:
        for taken in range(1, 8):
            next(results)
            time.sleep(0.1)
            begun = len(list(tmp_path.iterdir()))
            assert taken < begun <= taken + 4
    assert len(list(tmp_path.iterdir())) < 30


@pytest.mark.parametrize("engine", ENGINES)
def test_the_first_exception_of_the_function_comes_as_itself(engine):
    ranges = [(start, start + 1) for start in range(8)]
    results = map_chunks(work.fail, None, ranges, engine=engine)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(EventsError, match="is no date") as caught:
        next(results)
    assert [problem.line for problem in caught.value.problems] == [2]


def test_no_range_no_result_and_a_bad_engine_is_refused_before_the_first():
    assert list(map_chunks(work.sums, None, [], engine="processes")) == []
    with pytest.raises(StudyError, match="is not known"):
        map_chunks(work.sums, None, [], engine="cloud")


def test_threads_keep_the_callers_floating_point_settings():
    ranges = [(start, start + 1) for start in range(4)]
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        list(map_chunks(lambda *_: np.ones(1) / np.zeros(1), None, ranges, engine="serial:2"))


@pytest.mark.parametrize("engine", ENGINES)
def test_linear_algebra_runs_on_one_thread_and_is_freed_again(engine):
    ranges = [(start, start + 1) for start in range(4)]
    with threadpool_limits(2, user_api="blas"):
        before = work.blas_threads(None, 0, 1)
        first = map_chunks(work.blas_threads, None, ranges, engine=engine)
        second = map_chunks(work.blas_threads, None, ranges, engine=engine)
        # The one that began first ends first.
        assert next(first) == next(second) == {1}
        assert list(first) == [{1}] * 3
        assert work.blas_threads(None, 0, 1) == {1}
        assert list(second) == [{1}] * 3
        assert work.blas_threads(None, 0, 1) == before


LIGHT = """
import sys
from eventstudy.execution import Engine, chunks, map_chunks
heavy = {"concurrent.futures", "multiprocessing", "distributed", "threadpoolctl", "numpy"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
engines = [Engine.of(text) for text in ("serial", "processes:4", "dask")]
for engine in engines:
    assert list(map_chunks(lambda shared, *ends: ends, None, [(0, 13)], engine=engine)) == [(0, 13)]
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""


def test_importing_and_running_one_small_range_load_nothing():
    command = [sys.executable, "-c", LIGHT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_one_small_range_costs_less_than_fifty_microseconds():
    def once() -> float:
        begun = time.perf_counter()
        list(map_chunks(lambda *_: None, None, [(0, 13)]))
        return time.perf_counter() - begun

    assert min(once() for _ in range(300)) < 50e-6
