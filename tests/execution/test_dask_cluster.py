"""Dask: a real scheduler and real workers on loopback, some of which are killed."""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import chunk_work as work
import numpy as np
import psutil
import pytest

import eventstudy
from eventstudy.errors import EngineError, EventsError
from eventstudy.execution import chunks, cluster, map_chunks
from eventstudy.execution.parcels import Parcel

RANGES = chunks(4000, 100, block=100)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


@contextmanager
def program(log: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    paths = [str(Path(eventstudy.__file__).parents[1]), str(Path(work.__file__).parent)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-m", *arguments]
    with (
        log.open("wb") as told,
        subprocess.Popen(
            command, env=environment, cwd=log.parent, stdout=told, stderr=told
        ) as running,
    ):
        try:
            yield running
        finally:
            # Killed with its children: asked to end, a worker may take half a minute. But for
            # Python's resource trackers, which then remove the semaphores of a nanny.
            with suppress(psutil.NoSuchProcess):
                for child in psutil.Process(running.pid).children(recursive=True):
                    if "resource_tracker" not in " ".join(child.cmdline()):
                        child.kill()
            running.kill()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    log = tmp_path_factory.mktemp("dask") / "scheduler.log"
    place = ("--host", "127.0.0.1", "--port", str(port), "--dashboard-address", "127.0.0.1:0")
    with program(log, "distributed.cli.dask_scheduler", *place) as running:
        end = time.monotonic() + 20
        while time.monotonic() < end and running.poll() is None:
            with socket.socket() as asking:
                if asking.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        else:
            pytest.fail(log.read_text())
        yield f"tcp://127.0.0.1:{port}"


@contextmanager
def workers(address: str, folder: Path, nanny: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    place = (address, "--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard", nanny)
    place += ("--local-directory", str(folder / "scratch"))
    from distributed import Client

    with ExitStack() as stack:
        running = [
            stack.enter_context(
                program(folder / f"worker{n}.log", "distributed.cli.dask_worker", *place)
            )
            for n in range(2)
        ]
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=30)
        yield running


@pytest.mark.parametrize("protocol", [4, 5])
@pytest.mark.parametrize("shift", [0, 1, 8, 63])
def test_arrays_arrive_aligned_wherever_the_message_lies(protocol, shift):
    buffers: list[pickle.PickleBuffer] = []
    callback = buffers.append if protocol == 5 else None
    shared = work.columns()
    head = pickle.dumps(Parcel(shared), protocol=protocol, buffer_callback=callback)
    shifted = []
    for buffer in buffers:
        room = np.empty(buffer.raw().nbytes + 64, np.uint8)
        there = room[shift : shift + buffer.raw().nbytes]
        there[:] = buffer.raw()
        shifted.append(there.data)
    arrived = pickle.loads(head, buffers=shifted).content
    assert arrived.values.ctypes.data % 64 == 0
    assert not arrived.values.flags.writeable
    assert arrived.values.tobytes() == shared.values.tobytes()
    assert arrived.days.tobytes() == shared.days.tobytes()


def serial(function, shared):
    return list(map_chunks(function, shared, RANGES))


def test_a_cluster_gives_the_same_bits_and_is_left_running(address, tmp_path):
    shared = work.columns()
    with workers(address, tmp_path, "--no-nanny") as running:
        engine = f"dask:{address}"
        told = []
        results = list(
            map_chunks(
                work.sums, shared, RANGES, engine=engine, progress=lambda *at: told.append(at)
            )
        )
        assert work.same(results, serial(work.sums, shared))
        assert told == [(done, 40) for done in range(1, 41)]
        assert {
            threads
            for each in map_chunks(work.blas_threads, None, RANGES[:4], engine=engine)
            for threads in each
        } == {1}

        for other in ([shared.days], {"a": 1}, (1, 2), None):
            given = list(map_chunks(work.text, other, RANGES[:2], engine=engine))
            assert given == [repr(other)] * 2

        ends = [(start, start + 1) for start in range(8)]
        failing = map_chunks(work.fail, None, ends, engine=engine)
        assert [next(failing), next(failing)] == [0, 1]
        with pytest.raises(EventsError, match="is no date") as caught:
            next(failing)
        assert [problem.line for problem in caught.value.problems] == [2]

        with closing(map_chunks(work.begin, tmp_path, ends * 9, engine=engine)) as early:
            assert next(early) == 0
        with pytest.raises(EngineError, match="StubbornError"):
            list(map_chunks(work.fail_stubbornly, None, ends, engine=engine))
        assert [each.poll() for each in running] == [None, None]


def test_a_worker_that_is_killed_costs_no_result(address, tmp_path, capfd):
    (tmp_path / "die1000").touch()
    shared = work.columns(tmp_path)
    with workers(address, tmp_path, "--no-nanny") as running:
        results = list(map_chunks(work.die_once, shared, RANGES, engine=f"dask:{address}"))
        assert sorted(each.poll() is None for each in running) == [False, True]
    assert work.same(results, serial(work.sums, shared))
    assert capfd.readouterr() == ("", "")


def test_data_lost_with_all_its_workers_is_laid_out_again(address, tmp_path):
    for fatal in (1000, 1100):
        (tmp_path / f"die{fatal}").touch()
    shared = work.columns(tmp_path)
    with workers(address, tmp_path, "--nanny"):
        results = list(map_chunks(work.die_once, shared, RANGES, engine=f"dask:{address}"))
    assert not list(tmp_path.glob("die*"))
    assert work.same(results, serial(work.sums, shared))


def test_a_function_that_always_kills_its_worker_is_given_up(address, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_ARRIVAL", 1.0)
    with (
        workers(address, tmp_path, "--no-nanny"),
        pytest.raises(EngineError, match=r"no worker that takes the data.*dask worker tcp://"),
    ):
        list(map_chunks(work.die, None, RANGES, engine=f"dask:{address}"))


def test_an_address_where_nobody_answers_gives_the_cure(monkeypatch, capfd):
    monkeypatch.setattr(cluster, "_PATIENCE", 1.0)
    nowhere = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(EngineError, match=rf"answers at {nowhere}.*Start one \(dask scheduler\)"):
        list(map_chunks(work.sums, None, RANGES, engine=f"dask:{nowhere}"))
    assert capfd.readouterr() == ("", "")


def test_a_cluster_on_this_machine_is_closed_afterwards(capfd):
    def workers() -> list[str]:
        children = psutil.Process().children(recursive=True)
        return [each.name() for each in children if "resource_tracker" not in str(each.cmdline())]

    shared = work.columns()
    before = workers()
    results = list(map_chunks(work.sums, shared, RANGES, engine="dask"))
    assert work.same(results, serial(work.sums, shared))
    assert workers() == before
    assert capfd.readouterr() == ("", "")
