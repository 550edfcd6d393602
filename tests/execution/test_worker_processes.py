"""Worker processes: memory that is shared, workers that die, programs that are stopped."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import chunk_work as work
import psutil
import pytest

from eventstudy.errors import EngineError
from eventstudy.execution import chunks, map_chunks
from eventstudy.execution.memory import Block, content

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="refused on Windows")

RANGES = chunks(4000, 100, block=100)
LINUX = sys.platform == "linux"


def kept() -> Counter[str]:
    """What this process has open that an engine uses."""
    kinds: Counter[str] = Counter()
    for entry in Path("/proc/self/fd").iterdir() if LINUX else ():
        with suppress(OSError):
            target = str(entry.readlink())
            kinds["block"] += "eventstudy" in target
            kinds["socket"] += target.startswith("socket:")
    kinds["child"] = len(psutil.Process().children(recursive=True))
    return kinds


@pytest.fixture(autouse=True)
def _nothing_left():
    before = kept()
    yield
    assert kept() == before


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def gone(pids: set[int], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while any(map(alive, pids)):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_a_block_gives_back_what_was_put_in():
    shared = work.columns()
    with Block(shared) as block:
        again = content(block.descriptor, block.layout)
    assert again.values.tobytes() == shared.values.tobytes()
    assert again.days.tobytes() == shared.days.tobytes()
    assert not again.values.flags.owndata
    assert again.values.ctypes.data % 64 == 0
    with pytest.raises(ValueError, match="read-only"):
        again.values[0, 0] = 1.0


def test_arrays_in_workers_are_read_only_views():
    found = list(map_chunks(work.place, work.columns(), RANGES[:10], engine="processes:2"))
    assert all((owns, writeable) == (False, False) for _, owns, writeable in found)
    pids = {pid for pid, _, _ in found}
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_a_worker_that_is_killed_costs_no_result(tmp_path):
    for fatal in (1000, 1100):
        (tmp_path / f"die{fatal}").touch()
    shared = work.columns(tmp_path)
    results = list(map_chunks(work.die_once, shared, RANGES, engine="processes:2"))
    assert list(tmp_path.iterdir()) == []
    assert work.same(results, list(map_chunks(work.sums, shared, RANGES)))


@pytest.mark.parametrize(
    ("function", "how"), [(work.die, "SIGKILL, SIGKILL, SIGKILL"), (work.leave, "exit code 3")]
)
def test_a_function_that_always_kills_its_worker_is_given_up(function, how):
    with pytest.raises(EngineError, match=rf"events 0 to 99 without a result \({how}.*processes:2"):
        list(map_chunks(function, None, RANGES, engine="processes:2"))


@pytest.mark.parametrize(
    ("function", "shared"), [(lambda *_: None, None), (work.place, lambda: None)]
)
def test_what_does_not_pickle_gives_the_cure(function, shared):
    with pytest.raises(EngineError, match=r"lambda.*must move to a module"):
        list(map_chunks(function, shared, RANGES, engine="processes:2"))


def test_an_error_that_does_not_travel_comes_as_text():
    with pytest.raises(EngineError, match="StubbornError") as caught:
        list(map_chunks(work.fail_stubbornly, None, RANGES, engine="processes:2"))
    assert "in fail_stubbornly" in caught.value.__notes__[0]


def test_a_result_that_does_not_pickle_is_an_error_like_others():
    with pytest.raises((AttributeError, pickle.PicklingError), match=r"pickle.*lambda") as caught:
        list(map_chunks(work.unpicklable, None, RANGES[:2], engine="processes:2"))
    assert caught.value.__notes__


def test_an_iterator_that_is_closed_early_ends_its_workers():
    ranges = [(start, start + 1) for start in range(8)]
    begun = time.monotonic()
    with closing(map_chunks(work.linger, None, ranges, engine="processes:2")) as results:
        pid = next(results)
    assert time.monotonic() - begun < 20
    assert gone({pid})


def program(tmp_path: Path, text: str) -> list[str]:
    script = tmp_path / "script.py"
    paths = [str(Path(work.__file__).parent)]
    script.write_text(f"import sys; sys.path += {paths!r}\n{text}")
    return [sys.executable, "-W", "error", str(script)]


def test_a_script_needs_no_guard_and_what_workers_print_goes_to_stderr(tmp_path):
    text = (
        "import chunk_work\nfrom eventstudy.execution import map_chunks\n"
        "ranges = [(0, 1), (1, 2), (2, 3)]\n"
        "print(list(map_chunks(chunk_work.chatter, None, ranges, engine='processes:2')))\n"
    )
    done = subprocess.run(program(tmp_path, text), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[0, 1, 2]\n")
    assert done.stderr == "a line on standard output\n" * 3


def test_a_function_of_the_script_itself_gives_the_cure(tmp_path):
    text = (
        "from eventstudy.execution import map_chunks\n"
        "def function(shared, start, stop): return start\n"
        "list(map_chunks(function, None, [(0, 1), (1, 2)], engine='processes:2'))\n"
    )
    done = subprocess.run(program(tmp_path, text), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "EngineError: a worker process cannot load the function" in done.stderr
    assert "must move to a module" in done.stderr


@pytest.mark.skipif(not LINUX, reason="memory has a name for a moment elsewhere")
def test_a_block_has_no_name_that_could_be_left():
    with Block(work.columns()) as block:
        name = Path(f"/proc/self/fd/{block.descriptor}").readlink()
        assert str(name) == "/memfd:eventstudy (deleted)"


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_a_program_that_is_stopped_leaves_no_worker(tmp_path, end):
    text = (
        "import chunk_work\nfrom eventstudy.execution import map_chunks\n"
        "ranges = [(start, start + 1) for start in range(8)]\n"
        "for pid in map_chunks(chunk_work.linger, None, ranges, engine='processes:2'):\n"
        "    print(pid, flush=True)\n"
    )
    with subprocess.Popen(
        program(tmp_path, text.replace("linger", "place_slowly")),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        pids = {int(running.stdout.readline()) for _ in range(2)}
        running.send_signal(end)
        _, told = running.communicate(timeout=30)
    assert running.returncode == -end
    assert gone(pids)
    assert told.count("Traceback") == (1 if end is signal.SIGINT else 0)
