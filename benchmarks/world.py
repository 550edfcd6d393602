"""Returns and events that are drawn, and a bare pass over them; for benchmarks/scale.py."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

SECURITIES, DAYS = 2_000, 5_000
ESTIMATION, EVENT = (-260, -11), (-10, 10)
CHUNK = 4_000
"""Events of one step of the bare pass."""


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


def draw(
    events: int,
    securities: int = SECURITIES,
    days: int = DAYS,
    seed: int = 0,
    missing: float = 0.0,
) -> World:
    """Draw returns and events; every event has all its days but for a share of missing returns."""
    rng = np.random.default_rng(seed)
    market = 0.01 * rng.standard_normal(days)
    returns = np.empty((days, securities + 1))
    returns[:, :securities] = 0.02 * rng.standard_normal((days, securities))
    returns[:, :securities] += market[:, None] * rng.uniform(0.5, 1.5, securities)
    returns[:, securities] = market
    security = rng.integers(0, securities, events)
    day = rng.integers(1 - ESTIMATION[0], days - EVENT[1], events)
    if missing:
        returns[:, :securities][rng.random((days, securities)) < missing] = np.nan
    return World(returns, security, day)


def bare_pass(flat: np.ndarray, base: np.ndarray, sums: np.ndarray, out: np.ndarray) -> None:
    """Gather the windows of all events, sum each, write the event days once.

    Parameters
    ----------
    flat : array of float
        Returns of one security after the other.
    base : array of int, shape (N,)
        Place of each event's day zero.
    sums : array of float, shape (2, N)
        Filled with the sums of the estimation days and of the event days.
    out : array of float, shape (N, T)
        Filled with the event days less the sum of the estimation days.
    """
    estimation = sliding_window_view(flat, ESTIMATION[1] - ESTIMATION[0] + 1)
    event = sliding_window_view(flat, out.shape[1])
    for first in range(0, len(base), CHUNK):
        some = slice(first, first + CHUNK)
        before = estimation[base[some] + ESTIMATION[0]]
        days = event[base[some] + EVENT[0]]
        before.sum(axis=1, out=sums[0, some])
        days.sum(axis=1, out=sums[1, some])
        np.subtract(days, sums[0, some, None], out=out[some])


def bare_seconds(world: World, tries: int = 3) -> float:
    """Time the bare pass: the best of some tries, into memory that is there already."""
    days = len(world.returns)
    flat = np.ascontiguousarray(world.returns[:, :-1].T).ravel()
    base = world.security * days + world.day
    out = np.empty((len(base), EVENT[1] - EVENT[0] + 1))
    sums = np.empty((2, len(base)))
    for one in (out, sums):
        one.fill(0.0)
    found: list[float] = []
    for _ in range(tries):
        begin = time.process_time()
        bare_pass(flat, base, sums, out)
        found.append(time.process_time() - begin)
    return min(found)
