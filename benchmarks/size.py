"""Size of every test: how often it rejects a true null, in worlds of many kinds.

    python benchmarks/size.py --replications 10000
    python benchmarks/size.py --replications 2000 --test adjusted_bmp --test bmp
    python benchmarks/size.py --table dates --processes 2

How to read it, and the last figures: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small matrices; two processes, two cores

import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from eventstudy.inference import TESTS
from eventstudy.simulate import (
    LAYOUTS,
    Garch,
    Layout,
    Rejections,
    Returns,
    Scenario,
    Trading,
    draw,
    rejections,
)
from eventstudy.simulate.size import SINGLE, seed_of
from eventstudy.windows import Window

FIVE = Window(-2, 2)

SHAPES = {
    "iid": Scenario(),
    "var x2": Scenario(variance=2.0),
    "rho=.1": Scenario(returns=Returns(correlation=0.1)),
    "rho=.1, var x2": Scenario(returns=Returns(correlation=0.1), variance=2.0),
    "rho=.3": Scenario(returns=Returns(correlation=0.3)),
    "t3": Scenario(returns=Returns(shape="t3")),
    "chi2(2) skew": Scenario(returns=Returns(shape="skew")),
}
"""30 events of one date, window (0, 0), 120 estimation days."""

DATES = {
    name: Scenario(returns=Returns(correlation=0.3), layout=layout, window=FIVE)
    for name, layout in LAYOUTS.items()
    if name != "13 dates x 3"
}
"""30 events with a correlation of .3 where they share sessions, window (-2, 2)."""

OTHERS = {
    "GARCH(1,1)": Scenario(returns=Returns(garch=Garch())),
    "one market closes later": Scenario(
        returns=Returns(correlation=0.3), layout=Layout.of_markets(15, 15), window=FIVE
    ),
    "3 firms x 10 daily dates": Scenario(
        returns=Returns(correlation=0.6), layout=Layout.of_firms(3, 10), window=FIVE
    ),
    "13 dates x 3": Scenario(
        returns=Returns(correlation=0.3), layout=LAYOUTS["13 dates x 3"], window=FIVE
    ),
    "13 dates x 3, 20 sessions apart": Scenario(
        returns=Returns(correlation=0.3), layout=Layout.of_dates((3,) * 13, step=20), window=FIVE
    ),
    "13 dates x 3, common shock x4": Scenario(
        returns=Returns(correlation=0.3), layout=LAYOUTS["13 dates x 3"], common_variance=4.0
    ),
    "one date, common shock x4": Scenario(returns=Returns(correlation=0.6), common_variance=4.0),
    "a tenth of days without trade": Scenario(trading=Trading(idle=0.1), window=FIVE),
    "halt of 3 sessions": Scenario(trading=Trading(halt=3), window=FIVE),
    "halt of 3 sessions, rho=.3": Scenario(
        returns=Returns(correlation=0.3), trading=Trading(halt=3), window=FIVE
    ),
}
"""What the two tables leave out; the window is (-2, 2) but for GARCH and the common shocks."""

TABLES = {"shapes": SHAPES, "dates": DATES, "others": OTHERS}

RESAMPLED = (
    "skewness_adjusted",
    "bhar_skewness_adjusted",
    "permutation",
    "wild_cluster",
    "wild_cluster_webb",
)
"""Tests that draw thousands of resamples a sample: a tenth of the replications is theirs."""

Job = tuple[str, str, tuple[str, ...], int, int]
Found = tuple[dict[str, Rejections], float]


def run(job: Job) -> Found:
    """Measure the tests in one world, and the seconds of processor that it took."""
    table, world, tests, replications, seed = job
    scenario, own = TABLES[table][world], seed_of(seed, world)
    begin = time.process_time()
    quick = [name for name in tests if name not in RESAMPLED]
    slow = [name for name in tests if name in RESAMPLED]
    found = rejections(scenario, tests=quick, replications=replications, seed=own) if quick else {}
    fewer = max(replications // 10, 1)
    found |= rejections(scenario, tests=slow, replications=fewer, seed=own) if slow else {}
    return found, time.process_time() - begin


def baseline(samples: int = 50) -> float:
    """Seconds that plain numpy takes for the 30 regressions of a sample, one call each."""
    batch = draw(Scenario(), np.random.default_rng(0), samples)
    y, x = batch.abnormal.estimation_returns, batch.abnormal.estimation_rows
    begin = time.process_time()
    for row in range(len(y)):
        np.linalg.lstsq(x[row], y[row], rcond=None)
    return (time.process_time() - begin) / samples


def cell(found: Rejections) -> str:
    """A share and its Monte-Carlo error, or a dash where the test has no value."""
    if not found.tried:
        return "-"
    few = "" if found.without_value == 0 else "*"
    return f"{found.rate:.3f} ({found.se:.3f}){few}"


def print_table(tests: Iterable[str], columns: dict[str, Found]) -> None:
    """Print one table in Markdown, a row a test."""
    print(f"| test | {' | '.join(columns)} |")
    print(f"|---|{'---|' * len(columns)}")
    for test in tests:
        cells = [cell(found[test]) for found, _ in columns.values()]
        print(f"| {test} | {' | '.join(cells)} |")


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--replications", type=int, default=1_000, help="samples a cell")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--test", action="append", choices=[*TESTS, *SINGLE], help="again for more; all by default"
    )
    parser.add_argument("--table", action="append", choices=list(TABLES), help="again for more")
    parser.add_argument("--processes", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    asked = arguments()
    tests = tuple(asked.test or (*TESTS, *SINGLE))
    tables = tuple(asked.table or TABLES)
    jobs: list[Job] = [
        (table, world, tests, asked.replications, asked.seed)
        for table in tables
        for world in TABLES[table]
    ]
    one = baseline()
    if asked.processes > 1:
        with ProcessPoolExecutor(asked.processes) as pool:
            found = list(pool.map(run, jobs))
    else:
        found = [run(job) for job in jobs]
    print(f"Shares of samples rejected at 5 % (Monte-Carlo error); {asked.replications:,} samples")
    print("a cell, a tenth of that for the resampled tests; seed", asked.seed)
    print("- : no value, with the reason in the result; * : no value in some of the samples")
    for table in tables:
        print(f"\n## {table}\n")
        own = {job[1]: result for job, result in zip(jobs, found, strict=True) if job[0] == table}
        print_table(tests, own)
    seconds = sum(cost for _, cost in found)
    samples = len(jobs) * asked.replications
    each = seconds / samples
    print(f"\n{seconds:,.0f} s of processor for {samples:,} samples and {len(tests)} tests:")
    print(
        f"{1e3 * each:.2f} ms a sample, {each / one:.1f} times the {1e3 * one:.2f} ms that plain "
        "numpy takes for the 30 regressions of one (np.linalg.lstsq, same run)"
    )


if __name__ == "__main__":
    main()
