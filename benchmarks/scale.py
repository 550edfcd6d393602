"""Time and memory of studies of many events, beside a bare pass over the same numbers.

    python benchmarks/scale.py                                    # 10,000 and 100,000 events
    python benchmarks/scale.py --events 1000000 --engine serial --engine processes:2
    python benchmarks/scale.py --events 100000 --work             # what ranges cost and move
    python benchmarks/scale.py --missing .001                     # one return in a thousand missing
    python benchmarks/scale.py --small                            # the 13 bundled events

How to read it, and the last figures: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from memory import Workers, forget_peak, living_seconds, own_peak
from world import DAYS, ESTIMATION, EVENT, SECURITIES, World, bare_seconds, draw

ROOT = Path(__file__).parents[1]
ENGINES = ("serial:1", "serial", "processes:2", "dask")
WINDOWS = ((0, 0), (0, 1), (-1, 1))
PARTS = ("estimation", "study", "means")
STEPS = ("prices", "day zero", "abnormal returns", "tests")
OF_PART = {"estimation": ("abnormal returns",), "study": STEPS, "means": ("means",)}


@dataclass
class Line:
    """One measurement.

    Attributes
    ----------
    first : float
        Seconds of the first run, by the clock.
    seconds, processor : float
        Those of the fastest run, by the clock and of processor, that of workers included.
    bare : float
        Seconds of processor of the bare pass on one thread of the same process: those of the clock,
        too, where nothing else runs.
    megabytes, worker : float
        Peak memory of the process, and of its largest worker; NaN where there was none.
    steps : dict of str to float
        Seconds of the fastest run, step by step.
    """

    events: int
    part: str
    engine: str
    first: float = np.nan
    seconds: float = np.nan
    processor: float = np.nan
    bare: float = np.nan
    megabytes: float = np.nan
    worker: float = np.nan
    steps: dict[str, float] = field(default_factory=dict)


@dataclass
class Work:
    """Ranges of one function: seconds of processor, and bytes that cross to workers and back."""

    ranges: int = 0
    seconds: float = 0.0
    shared: int = 0
    results: int = 0


def processor() -> float:
    """Seconds of processor of this process and of its workers."""
    times = os.times()
    ended = times.children_user + times.children_system
    return time.process_time() + ended + living_seconds()


class Clock:
    """Seconds of each step of a study, from what it tells of itself."""

    def __init__(self, last: str = "") -> None:
        self.steps: dict[str, float] = {}
        self.processor: dict[str, float] = {}
        self._last = last
        self._now, self._begin, self._used = "", time.perf_counter(), processor()

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
        now, used = time.perf_counter(), processor()
        if self._now:
            self.steps[self._now] = now - self._begin
            self.processor[self._now] = used - self._used
        self._now, self._begin, self._used = name, now, used


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


def study_of_many() -> Any:
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


def run_once(part: str, engine: str, events: Any, prices: Any) -> tuple[Clock, float]:
    """Run one part of the study; the times of its steps, and MB of its largest worker."""
    clock = Clock("abnormal returns" if part == "estimation" else "")
    with Workers() as workers:
        try:
            result = study_of_many().run(events, prices=prices, progress=clock, engine=engine)
        except _EnoughError:
            result = None
        if part == "means" and result is not None:
            clock.mark("means")
            _ = result.means
        clock.mark()
    return clock, workers.largest


def measure(
    line: Line, securities: int = SECURITIES, days: int = DAYS, missing: float = 0.0, tries: int = 3
) -> Line:
    """Run one part of the study some times, then the bare pass as often, all in this process."""
    events, prices = inputs(draw(line.events, securities, days, missing=missing))
    gc.collect()
    forget_peak()
    counted = OF_PART[line.part]
    for attempt in range(tries):
        clock, worker = run_once(line.part, line.engine, events, prices)
        gc.collect()
        seconds = sum(clock.steps[step] for step in counted)
        if not attempt:
            line.first = seconds
        line.worker = float(np.fmax(line.worker, worker))
        if not seconds >= line.seconds:  # the first is less than NaN
            line.seconds, line.steps = seconds, clock.steps
            line.processor = sum(clock.processor[step] for step in counted)
    line.megabytes = own_peak()
    del events, prices
    gc.collect()
    line.bare = bare_seconds(draw(line.events, securities, days))
    return line


def measure_work(events: int, securities: int = SECURITIES, days: int = DAYS) -> dict[str, Work]:
    """Count what the ranges of a study cost on one thread, and their bytes, by function."""
    import eventstudy.steps as module

    found: dict[str, Work] = {}
    packing = [0.0]
    run = module.map_chunks

    def packed(content: object) -> int:
        begin = time.thread_time()
        size = len(pickle.dumps(content, protocol=5))
        packing[0] += time.thread_time() - begin
        return size

    def counting(
        function: Callable[..., Any], shared: Any, ranges: Sequence[Any], **how: Any
    ) -> Any:
        work = found.setdefault(function.__name__.strip("_"), Work())
        work.shared = packed(shared)

        def counted(shared: Any, start: int, stop: int) -> Any:
            begin = time.thread_time()
            result = function(shared, start, stop)
            work.seconds += time.thread_time() - begin
            work.ranges += 1
            work.results += packed(result)
            return result

        return run(counted, shared, ranges, **how)

    module.map_chunks = counting
    try:
        given, prices = inputs(draw(events, securities, days))
        begin = time.thread_time()
        study_of_many().run(given, prices=prices, engine="serial:1")
        total = time.thread_time() - begin - packing[0]
    finally:
        module.map_chunks = run
    rest = total - sum(work.seconds for work in found.values())
    return found | {"all else": Work(1, rest)}


def measure_small() -> dict[str, float]:
    """Seconds of processor of the 13 bundled events, step by step, in a new process."""
    found: dict[str, float] = {}
    begin = processor()
    import eventstudy as es

    study, prices = es.Study(), es.SnapshotPrices()
    found["import"] = processor() - begin
    begin = processor()
    events = es.read_events(ROOT / "events.csv")
    found["read the events"] = processor() - begin
    for time_of in ("first", "second"):
        begin, clock = processor(), Clock()
        result = study.run(events, prices=prices, progress=clock)
        clock.mark()
        found[f"{time_of} run"] = processor() - begin
        found |= {f"{time_of} run: {step}": seconds for step, seconds in clock.processor.items()}
        begin = processor()
        _ = [frame for name, frame in result.frames.items() if name != "tests"]
        found[f"{time_of} frames"] = processor() - begin
    for name, tests in (("closed-form tests", study_of_many().tests), ("no test", ())):
        begin = processor()
        es.Study(tests=tests).run(events, prices=prices)
        found[f"a run with {name}"] = processor() - begin
    return found


def rates(megabytes: int = 400) -> tuple[float, float]:
    """GB a second at which arrays go into a shared block, and results are unpickled."""
    from eventstudy.execution.memory import Block

    whole = np.ones(megabytes * 125_000)
    begin = time.process_time()
    with Block(whole):
        written = time.process_time() - begin
    packed = pickle.dumps(whole[: 57 * 4_096], protocol=5)
    begin = time.process_time()
    times = whole.nbytes // len(packed)
    for _ in range(times):
        pickle.loads(packed)
    return whole.nbytes / 1e9 / written, times * len(packed) / 1e9 / (time.process_time() - begin)


def alone(*words: str) -> Any:
    """Run one measurement in a fresh process, and take what it prints."""
    command = [sys.executable, str(Path(__file__).resolve()), "--only", *words]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def only(words: Sequence[str]) -> Any:
    """Measure what one line of words asks for, as plain values."""
    match words:
        case ["line", events, part, engine, securities, days, missing, tries]:
            line = Line(int(events), part, engine)
            return asdict(measure(line, int(securities), int(days), float(missing), int(tries)))
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
        f"| {line.events:,} | {line.part} | {line.engine} | {line.first:.2f} "
        f"| {line.seconds:.2f} | {line.processor:.2f} | {line.bare:.3f} "
        f"| {line.seconds / line.bare:.1f} | {line.megabytes:,.0f} | {worker} |"
    )


def print_lines(asked: argparse.Namespace) -> None:
    """Measure and print the table, and the steps of each study."""
    print(
        "| events | part | engine | first s | s | processor s | bare pass s | ratio | MB "
        "| MB a worker |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    lines: list[Line] = []
    size = (str(asked.securities), str(asked.days), str(asked.missing), str(asked.tries))
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


def print_rates() -> None:
    """Print what moving costs."""
    written, read = rates()
    print(f"\nInto a shared block {written:.1f} GB/s, unpickled {read:.1f} GB/s")


def print_small() -> None:
    """Print where the time of 13 events goes."""
    print("| 13 bundled events | ms of processor |")
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
    parser.add_argument("--missing", type=float, default=0.0, help="share of missing returns")
    parser.add_argument("--tries", type=int, default=3, help="runs, of which the fastest counts")
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
        print_rates()
    elif asked.small:
        print_small()
    else:
        print_lines(asked)


if __name__ == "__main__":
    main()
