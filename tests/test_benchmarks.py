"""The benchmark of many events measures what it says, on few."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import eventstudy.steps
from eventstudy.execution import map_chunks

FOLDER = Path(__file__).parents[1] / "benchmarks"
EVENTS, SECURITIES, DAYS = 2_000, 50, 600


@pytest.fixture
def scale(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("scale")


def test_the_bare_pass_is_a_loop_over_the_events(scale, monkeypatch):
    module = importlib.import_module("world")
    monkeypatch.setattr(module, "CHUNK", 7)
    world = scale.draw(20, SECURITIES, DAYS)
    out, sums = np.empty((20, 21)), np.empty((2, 20))
    flat = np.ascontiguousarray(world.returns[:, :-1].T).ravel()
    module.bare_pass(flat, world.security * DAYS + world.day, sums, out)
    for event, (security, day) in enumerate(zip(world.security, world.day, strict=True)):
        own = world.returns[:, security]
        want = own[day - 10 : day + 11] - own[day - 260 : day - 10].sum()
        np.testing.assert_allclose(out[event], want, rtol=1e-12, atol=1e-15)
        of_both = own[day - 260 : day - 10].sum(), own[day - 10 : day + 11].sum()
        np.testing.assert_allclose(sums[:, event], of_both, rtol=1e-12, atol=1e-15)
    assert scale.bare_seconds(world) > 0


@pytest.mark.parametrize("part", ["estimation", "study", "means"])
def test_a_line_has_seconds_memory_and_steps(scale, part):
    line = scale.measure(scale.Line(EVENTS, part, "serial:1"), SECURITIES, DAYS, tries=2)
    assert 0 < line.bare < line.seconds <= line.first
    assert 10 < line.megabytes < 10_000
    assert np.isnan(line.worker)
    steps = {"estimation": scale.STEPS[:3], "study": scale.STEPS, "means": (*scale.STEPS, "means")}
    assert tuple(line.steps) == steps[part]
    assert line.processor > 0
    assert scale.row(line).count("|") == 11


def test_every_event_of_the_benchmark_is_measured_by_every_test(scale):
    events, prices = scale.inputs(scale.draw(EVENTS, SECURITIES, DAYS))
    result = scale.study_of_many().run(events, prices=prices)
    assert len(result.fits) == EVENTS
    assert set(result.tests["test"]) == set(scale.study_of_many().tests)


def test_work_is_counted_by_function_and_the_engine_put_back(scale):
    found = scale.measure_work(EVENTS, SECURITIES, DAYS)
    assert eventstudy.steps.map_chunks is map_chunks
    assert {"estimate_range", "range_sums"} <= set(found)
    assert found.pop("all else").seconds > 0
    for work in found.values():
        assert work.ranges >= 1
        assert work.seconds > 0
        # What is sent holds the returns; what comes back is much smaller.
        assert work.shared > 8 * SECURITIES * DAYS > 0
        assert work.results > 0
    # 21 abnormal returns of each event come back, and more.
    assert found["estimate_range"].results > EVENTS * 21 * 8


def test_moving_has_a_rate(scale):
    assert all(0.01 < rate < 1000 for rate in scale.rates(20))


@pytest.mark.skipif(sys.platform != "linux", reason="memory of workers is read from /proc")
def test_the_command_prints_a_table_and_sees_the_workers():
    size = ("--securities", str(SECURITIES), "--days", str(DAYS), "--events", str(EVENTS))
    command = [sys.executable, str(FOLDER / "scale.py"), *size]
    command += ["--part", "study", "--engine", "serial:1"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert f"| {EVENTS:,} | study | serial:1 |" in done.stdout
    code = (
        "import json, subprocess, sys\n"
        f"sys.path.insert(0, {str(FOLDER)!r})\n"
        "from memory import Workers\n"
        "with Workers() as workers:\n"
        "    subprocess.run([sys.executable, '-c', 'import time; x = bytearray(80_000_000); "
        "time.sleep(0.5)'], check=True)\n"
        "print(json.dumps(workers.largest))\n"
    )
    seen = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert 80 < json.loads(seen.stdout) < 200
