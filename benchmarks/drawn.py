"""Degrees of freedom of the adjusted BMP of many events: exact, and from draws of signs.

python benchmarks/drawn.py                     # 150,000 events, four draws
python benchmarks/drawn.py --events 300000
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from scale import inputs
from world import ESTIMATION, EVENT, World, draw

import eventstudy as es
from eventstudy.inference import correlations

WINDOWS = ((0, 0), (-1, 1), (-5, 5))
SHOCKS = (0.0, 0.01, 0.05)
"""Standard deviation of a daily shock that all securities share beside the market, theirs .02."""


def with_shock(world: World, shock: float) -> World:
    """Add a daily shock that the benchmark does not have to all securities."""
    returns = world.returns.copy()
    returns[:, :-1] += shock * np.random.default_rng(9).standard_normal((len(returns), 1))
    return World(returns, world.security, world.day)


def tests_of(world: World) -> pd.DataFrame:
    """Run the adjusted BMP on the events of a world."""
    events, prices = inputs(world)
    study = es.Study(
        estimation=ESTIMATION,
        event=EVENT,
        windows=WINDOWS,
        calendar="data",
        tests=["adjusted_bmp"],
        placebo="never",
    )
    return study.run(events, prices=prices).tests


def main() -> None:
    """Print what the draws change."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=150_000)
    parser.add_argument("--draws", type=int, default=4)
    asked = parser.parse_args()
    many, seed = correlations.MANY, correlations.SEED
    print("| shared shock | window | r | exact dof | largest error | largest change of p |")
    print("|---|---|---|---|---|---|")
    for shock in SHOCKS:
        world = with_shock(draw(asked.events), shock)
        correlations.MANY = asked.events
        exact = tests_of(world)
        correlations.MANY = many
        found: list[pd.DataFrame] = []
        for draws in range(asked.draws):
            correlations.SEED = seed + draws
            found.append(tests_of(world))
        correlations.SEED = seed
        for row, one in enumerate(exact.itertuples()):
            dof, p = (
                max(abs(drawn[name].iloc[row] / getattr(one, name) - 1.0) for drawn in found)
                for name in ("dof", "pvalue")
            )
            print(
                f"| {shock} | {one.window} | {one.r:.5f} | {one.dof:,.0f} "
                f"| {100 * dof:.2f} % | {p:.0e} |"
            )


if __name__ == "__main__":
    main()
