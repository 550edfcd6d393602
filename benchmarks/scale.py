"""Time and memory of studies of many events, beside a bare pass over the same numbers.

    python benchmarks/scale.py                                    # 10,000 and 100,000 events
    python benchmarks/scale.py --events 1000000 --engine serial --engine processes:2
    python benchmarks/scale.py --events 100000 --work             # what ranges cost and move
    python benchmarks/scale.py --small                            # the 13 bundled events

How to read it, and the last figures: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import gc
import json
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from memory import Workers, forget_peak, own_peak
from numpy.lib.stride_tricks import sliding_window_view

ROOT = Path(__file__).parents[1]
ENGINES = ("serial:1", "serial", "processes:2", "dask")
SECURITIES, DAYS = 2_000, 5_000
ESTIMATION, EVENT = (-260, -11), (-10, 10)
WINDOWS = ((0, 0), (0, 1), (-1, 1))
CHUNK = 4_000
"""Events of one step of the bare pass."""
PARTS = ("estimation", "study", "means")
STEPS = ("prices", "day zero", "abnormal returns", "tests")


@dataclass(frozen=True, eq=False)
class World:
    """Returns of S securities and their market on D days, and N events in random order.

    Attributes
    ----------
    returns : array of float, shape (D, S + 1)
        The market last.
    security, day : array of int, shape (N,)
        Where each event is.
    """

    returns: np.ndarray
    security: np.ndarray
    day: np.ndarray

    @property
    def dates(self) -> np.ndarray:
        """Weekdays from 2000-01-03 on."""
        return np.busday_offset("2000-01-03", np.arange(len(self.returns)))


@dataclass
class Line:
    """One measurement.

    Attributes
    ----------
    seconds, bare : float
        What was measured, and the bare pass in the same process.
    megabytes, worker : float
        Peak memory of the process, and of its largest worker; NaN where there was none.
    steps : dict of str to float
        Seconds, step by step.
    """

    events: int
    part: str
    engine: str
    seconds: float = np.nan
    bare: float = np.nan
    megabytes: float = np.nan
    worker: float = np.nan
    steps: dict[str, float] = field(default_factory=dict)


@dataclass
class Work:
    """What the ranges of one function cost, and what crosses to workers and back."""

    ranges: int = 0
    seconds: float = 0.0
    shared: int = 0
    results: int = 0


def draw(events: int, securities: int = SECURITIES, days: int = DAYS, seed: int = 0) -> World:
    """Draw returns and events; every event has all its days."""
    rng = np.random.default_rng(seed)
    market = 0.01 * rng.standard_normal(days)
    returns = np.empty((days, securities + 1))
    returns[:, :securities] = 0.02 * rng.standard_normal((days, securities))
    returns[:, :securities] += market[:, None] * rng.uniform(0.5, 1.5, securities)
    returns[:, securities] = market
    security = rng.integers(0, securities, events)
    return World(returns, security, rng.integers(1 - ESTIMATION[0], days - EVENT[1], events))


def bare_pass(flat: np.ndarray, base: np.ndarray, out: np.ndarray) -> None:
    """Gather the windows of all events, sum each, write the event days once.

    Parameters
    ----------
    flat : array of float
        Returns of one security after the other.
    base : array of int, shape (N,)
        Place of each event's day zero.
    out : array of float, shape (N, T)
        Filled with the event days less the sum of the estimation days.
    """
    estimation = sliding_window_view(flat, ESTIMATION[1] - ESTIMATION[0] + 1)
    event = sliding_window_view(flat, out.shape[1])
    for first in range(0, len(base), CHUNK):
        some = slice(first, first + CHUNK)
        before = estimation[base[some] + ESTIMATION[0]]
        days = event[base[some] + EVENT[0]]
        np.subtract(days, before.sum(axis=1)[:, None], out=out[some])


def bare_seconds(world: World, tries: int = 3) -> float:
    """Time the bare pass: the best of some tries, into memory that is there already."""
    days = len(world.returns)
    flat = np.ascontiguousarray(world.returns[:, :-1].T).ravel()
    base = world.security * days + world.day
    out = np.empty((len(base), EVENT[1] - EVENT[0] + 1))
    out.fill(0.0)
    found: list[float] = []
    for _ in range(tries):
        begin = time.perf_counter()
        bare_pass(flat, base, out)
        found.append(time.perf_counter() - begin)
    return min(found)


class Clock:
    """Seconds of each step of a study, from what it tells of itself."""

    def __init__(self, last: str = "") -> None:
        self.steps: dict[str, float] = {}
        self._last = last
        self._now, self._begin = "", time.perf_counter()

    def __call__(self, step: str) -> None:
        """Take the time; end the run where the last step is done."""
        name = step.partition(":")[0]
        if name == self._now:
            return
        done = bool(self._last) and self._now == self._last
        self.mark("" if done else name)
        if done:
            raise _EnoughError

    def mark(self, name: str = "") -> None:
        """End the step that is under way and begin another."""
        now = time.perf_counter()
        if self._now:
            self.steps[self._now] = now - self._begin
        self._now, self._begin = name, now


class _EnoughError(Exception):
    """The part of the study that is measured is done."""


def inputs(world: World) -> tuple[Any, Any]:
    """Events and prices of a world, by the bulk way in."""
    import pandas as pd

    import eventstudy as es

    names = [f"S{number}" for number in range(world.returns.shape[1] - 1)]
    frame = pd.DataFrame(
        world.returns, index=pd.DatetimeIndex(world.dates), columns=[*names, "MKT"]
    )
    columns = {
        "event_id": [f"E{number}" for number in range(len(world.day))],
        "date": world.dates[world.day],
        "ticker": np.array(names)[world.security],
        "benchmark": "MKT",
    }
    return es.Events.from_frame(pd.DataFrame(columns)), es.Panel.from_frame(frame)


def study() -> Any:
    """The study that is measured: the market model, and every test with a closed form."""
    import eventstudy as es
    from eventstudy.inference import TESTS

    closed = [name for name, test in TESTS.items() if not test.resamples]
    return es.Study(
        estimation=ESTIMATION,
        event=EVENT,
        windows=WINDOWS,
        calendar="data",
        tests=closed,
        placebo="never",
    )


def measure(line: Line, securities: int = SECURITIES, days: int = DAYS) -> Line:
    """Run one part of the study with one engine, then the bare pass, all in this process."""
    events, prices = inputs(draw(line.events, securities, days))
    gc.collect()
    forget_peak()
    clock = Clock("abnormal returns" if line.part == "estimation" else "")
    with Workers() as workers:
        begin = time.perf_counter()
        try:
            result = study().run(events, prices=prices, progress=clock, engine=line.engine)
        except _EnoughError:
            result = None
        clock.mark()
        if line.part == "means" and result is not None:
            begin = time.perf_counter()
            _ = result.means
        line.seconds = time.perf_counter() - begin
    line.megabytes, line.worker = own_peak(), workers.largest
    line.steps = clock.steps
    if line.part == "estimation":
        line.seconds = clock.steps["abnormal returns"]
    del result, events, prices
    gc.collect()
    line.bare = bare_seconds(draw(line.events, securities, days))
    return line


def measure_work(events: int, securities: int = SECURITIES, days: int = DAYS) -> dict[str, Work]:
    """Count what the ranges of a study cost on one thread, and their bytes, by function."""
    import eventstudy.study as module

    found: dict[str, Work] = {}
    run = module.map_chunks

    def counting(
        function: Callable[..., Any], shared: Any, ranges: Sequence[Any], **how: Any
    ) -> Any:
        work = found.setdefault(function.__name__.strip("_"), Work())
        work.shared = len(pickle.dumps(shared, protocol=5))

        def counted(shared: Any, start: int, stop: int) -> Any:
            begin = time.perf_counter()
            result = function(shared, start, stop)
            work.seconds += time.perf_counter() - begin
            work.ranges += 1
            work.results += len(pickle.dumps(result, protocol=5))
            return result

        return run(counted, shared, ranges, **how)

    module.map_chunks = counting
    try:
        given, prices = inputs(draw(events, securities, days))
        study().run(given, prices=prices, engine="serial:1")
    finally:
        module.map_chunks = run
    return found


def measure_small() -> dict[str, float]:
    """Time the bundled study of 13 events, step by step, in a process that has loaded nothing."""
    found: dict[str, float] = {}
    begin = time.perf_counter()
    import eventstudy as es

    study, prices = es.Study(), es.SnapshotPrices()
    found["import"] = time.perf_counter() - begin
    begin = time.perf_counter()
    events = es.read_events(ROOT / "events.csv")
    found["read the events"] = time.perf_counter() - begin
    for time_of in ("first", "second"):
        begin, clock = time.perf_counter(), Clock()
        result = study.run(events, prices=prices, progress=clock)
        clock.mark()
        found[f"{time_of} run"] = time.perf_counter() - begin
        found |= {f"{time_of} run: {step}": seconds for step, seconds in clock.steps.items()}
        begin = time.perf_counter()
        _ = [frame for name, frame in result.frames.items() if name != "tests"]
        found[f"{time_of} frames"] = time.perf_counter() - begin
    return found


def alone(*words: str) -> Any:
    """Run one measurement in a fresh process, and take what it prints."""
    command = [sys.executable, str(Path(__file__).resolve()), "--only", *words]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def only(words: Sequence[str]) -> Any:
    """Measure what one line of words asks for, as plain values."""
    match words:
        case ["line", events, part, engine, securities, days]:
            return asdict(measure(Line(int(events), part, engine), int(securities), int(days)))
        case ["work", events, securities, days]:
            found = measure_work(int(events), int(securities), int(days))
            return {name: asdict(work) for name, work in found.items()}
        case ["small"]:
            return measure_small()
        case _:
            raise SystemExit(f"no measurement {words}")


def row(line: Line) -> str:
    """One row of the table, in Markdown."""
    worker = "-" if np.isnan(line.worker) else f"{line.worker:,.0f}"
    return (
        f"| {line.events:,} | {line.part} | {line.engine} | {line.seconds:.2f} "
        f"| {line.bare:.3f} | {line.seconds / line.bare:.1f} | {line.megabytes:,.0f} | {worker} |"
    )


def print_lines(asked: argparse.Namespace) -> None:
    """Measure and print the table, and the steps of each study."""
    print("| events | part | engine | s | bare pass, s | ratio | MB | MB, largest worker |")
    print("|---|---|---|---|---|---|---|---|")
    lines: list[Line] = []
    size = (str(asked.securities), str(asked.days))
    for events in asked.events:
        for part in asked.part:
            for engine in asked.engine:
                lines.append(Line(**alone("line", str(events), part, engine, *size)))
                print(row(lines[-1]), flush=True)
    print("\n| events | engine |", " | ".join(STEPS), "|")
    print(f"|---|---|{'---|' * len(STEPS)}")
    for line in lines:
        if line.part == "study":
            cells = " | ".join(f"{line.steps[step]:.2f}" for step in STEPS)
            print(f"| {line.events:,} | {line.engine} | {cells} |")


def print_work(asked: argparse.Namespace) -> None:
    """Print what ranges cost and move."""
    print("| events | function | ranges | ms a range | MB sent, once | MB back, a range |")
    print("|---|---|---|---|---|---|")
    for events in asked.events:
        found = alone("work", str(events), str(asked.securities), str(asked.days))
        for name, one in found.items():
            work = Work(**one)
            print(
                f"| {events:,} | {name} | {work.ranges} | {1e3 * work.seconds / work.ranges:.0f} "
                f"| {work.shared / 1e6:.1f} | {work.results / work.ranges / 1e6:.2f} |"
            )


def print_small() -> None:
    """Print where the time of 13 events goes."""
    print("| 13 bundled events | ms |")
    print("|---|---|")
    for name, seconds in alone("small").items():
        print(f"| {name} | {1e3 * seconds:.1f} |")


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--events", action="append", type=int, help="again for more")
    parser.add_argument("--engine", action="append", help=f"again for more; {', '.join(ENGINES)}")
    parser.add_argument(
        "--part",
        action="append",
        choices=PARTS,
        help="again for more; estimation and study by default",
    )
    parser.add_argument("--securities", type=int, default=SECURITIES)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--work", action="store_true", help="what ranges cost and move")
    parser.add_argument("--small", action="store_true", help="the 13 bundled events")
    parser.add_argument("--only", nargs="+", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    asked.events = asked.events or [10_000, 100_000]
    asked.engine = asked.engine or list(ENGINES)
    asked.part = asked.part or ["estimation", "study"]
    return asked


def main() -> None:
    """Measure and print."""
    asked = arguments()
    if asked.only:
        print(json.dumps(only(asked.only)))
    elif asked.work:
        print_work(asked)
    elif asked.small:
        print_small()
    else:
        print_lines(asked)


if __name__ == "__main__":
    main()
