"""How often each test rejects in a world where the truth is known."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Floats, Integers
from eventstudy.errors import StudyError
from eventstudy.inference import TESTS, single_tests
from eventstudy.kernels.pvalues import rejects
from eventstudy.simulate.panels import Batch, Scenario, draw

SINGLE = ("sar_t", "placebo", "sq")
"""Tests of one event that `rejections` knows besides the group tests; sq is its lower tail."""

_STACKED = 50  # replications that are estimated at once


@dataclass(frozen=True)
class Rejections:
    """How often a test rejected.

    Attributes
    ----------
    rejected, tried : int
        Samples rejected, of those in which the test had a value.
    without_value : int
        Samples in which it had none.
    se : float
        Monte-Carlo standard error of the share rejected. Events of one sample are not counted as
        independent.
    """

    rejected: int
    tried: int
    without_value: int
    se: float

    @property
    def rate(self) -> float:
        """Share rejected, NaN where the test never had a value."""
        return self.rejected / self.tried if self.tried else np.nan


def rejections(
    scenario: Scenario,
    *,
    tests: Sequence[str] = tuple(TESTS),
    replications: int = 1_000,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Rejections]:
    """Count how often tests reject at 1 - level.

    Parameters
    ----------
    scenario : Scenario
        The world. With ``effect=0`` the share is the size of the test, else its power.
    tests : sequence of str
        Names of group tests, and of single-event tests (``sar_t``, ``placebo``, ``sq``), which
        count every event as a sample of its own.
    replications : int
        Samples drawn.
    seed : int
        Seed of all draws; the same seed gives the same counts, whatever tests are asked for.
    level : float
        One minus the nominal size.

    Returns
    -------
    dict of str to Rejections

    Examples
    --------
    >>> found = rejections(Scenario(effect=0.04), tests=["bmp"], replications=20)
    >>> found["bmp"].rate
    1.0
    """
    unknown = [name for name in tests if name not in TESTS and name not in SINGLE]
    if unknown:
        known = ", ".join([*TESTS, *SINGLE])
        raise StudyError(f"no test {unknown[0]!r}. The tests are {known}")
    counts: dict[str, list[np.ndarray]] = {name: [] for name in tests}
    streams = np.random.SeedSequence(seed).spawn(-(-replications // _STACKED))
    for position, stream in enumerate(streams):
        number = min(_STACKED, replications - position * _STACKED)
        batch = draw(scenario, np.random.default_rng(stream), number)
        for name, (pvalue, sample) in _pvalues(batch, tests, level, (seed, position)).items():
            counts[name].append(_counts(pvalue, sample, number, 1.0 - level))
    return {name: _collected(np.concatenate(found)) for name, found in counts.items()}


def seed_of(seed: int, name: str) -> int:
    """Seed of a named part of a run, so that leaving a part out changes no other.

    Examples
    --------
    >>> seed_of(0, "iid") == seed_of(0, "iid"), seed_of(0, "iid") == seed_of(1, "iid")
    (True, False)
    """
    return int(np.random.SeedSequence([seed, zlib.crc32(name.encode())]).generate_state(1)[0])


def _pvalues(
    batch: Batch, tests: Sequence[str], level: float, stream: tuple[int, int]
) -> dict[str, tuple[Floats, Integers]]:
    """Compute p-values, and the sample of each: one a sample for group tests, else one an event."""
    group = [name for name in tests if name in TESTS]
    found: dict[str, tuple[Floats, Integers]] = {}
    if group:
        table = np.array(
            [
                [TESTS[name].compute(sample).pvalue for name in group]
                for sample in batch.samples(level, stream)
            ]
        )
        found |= {name: (table[:, k], np.arange(len(table))) for k, name in enumerate(group)}
    if any(name in SINGLE for name in tests):
        one = single_tests(batch.abnormal, batch.abnormal.design.windows[0], level)
        each = {"sar_t": one.pvalue, "placebo": one.placebo_pvalue, "sq": one.sq_lower}
        found |= {name: (each[name], batch.replication) for name in tests if name in SINGLE}
    return found


def _counts(pvalue: Floats, sample: Integers, samples: int, alpha: float) -> Integers:
    """Count rejections, p-values and missing ones of each sample, shape (samples, 3)."""
    known = np.isfinite(pvalue)
    rejected = rejects(pvalue, alpha)
    return np.column_stack(
        [np.bincount(sample, weights=flag, minlength=samples) for flag in (rejected, known, ~known)]
    ).astype(np.int64)


def _collected(counts: Integers) -> Rejections:
    rejected, tried, missing = counts.sum(axis=0).tolist()
    if not tried:
        return Rejections(0, 0, missing, np.nan)
    spread = counts[:, 0] - rejected / tried * counts[:, 1]
    return Rejections(rejected, tried, missing, float(np.sqrt((spread**2).sum()) / tried))
