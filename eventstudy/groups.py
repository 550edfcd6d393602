"""Groups of events, their tests and their average paths."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Integers
from eventstudy.estimation import Execute
from eventstudy.execution import map_chunks
from eventstudy.frames import in_groups
from eventstudy.inference import (
    FAMILY_TESTS,
    TESTS,
    ClusteredEffects,
    Lead,
    Pool,
    Sample,
    Test,
    TestResult,
    caution,
    choose_lead,
    clustered_effects,
    mean_path,
)
from eventstudy.kernels.multiple import benjamini_hochberg, holm

NUMBERS = ("statistic", "pvalue", "dof", "n", "estimate", "se", "low", "high", "r", "clusters")
ADJUSTED = ("pvalue_adjusted", "pvalue_holm", "pvalue_bh")
FLOATS = ("statistic", "pvalue", "dof", "estimate", "se", "low", "high", "r", *ADJUSTED)
WORDS = ("null", "alternative", "reference")
TEST_COLUMNS = ("group", "window", "test", *NUMBERS, *ADJUSTED, *WORDS, "reason", "lead", "note")
ON_REQUEST = 10_000
"""Events above which placebo and resampling are done only where they are asked for."""
MOST_EVENTS = 1_000
RESAMPLES = (
    f"it draws resamples: of more than {ON_REQUEST:,} events only where it is asked for, as in "
    "tests=[...]"
)
Key = tuple[str, str]
LEADS = ("group", "window", "n", "clusters", "test", "beside", "sentence")


def members(abnormal: Abnormal, frame: pd.DataFrame) -> tuple[dict[str, Integers], str]:
    """Positions of the events of each group that has two rows or more.

    ``all``; ``kind:K`` for each kind; ``group:G`` for each named group; ``event:ID`` for each event
    with several securities, where there are no more than 1,000 of them.

    Returns
    -------
    groups : dict of str to array of int
    note : str
        Which groups were left out, "" for none.
    """
    pair, note = abnormal.rows.pair, ""
    found: dict[str, Integers] = {"all": np.arange(len(abnormal))} if len(abnormal) > 1 else {}
    for prefix, column in (("kind", "kind"), ("group", "group"), ("event", "event_id")):
        code, names = pd.factorize(frame[column].to_numpy()[pair])
        sizes = np.bincount(code, minlength=len(names))
        large = np.flatnonzero((sizes > 1) & (names != ""))
        if len(large) > MOST_EVENTS and column == "event_id":
            note = (
                f"{len(large):,} events with several securities are more than "
                f"{MOST_EVENTS:,}: they have no group tests of their own"
            )
            continue
        if len(large) == 0:
            continue
        order = np.argsort(code, kind="stable")
        begin = np.cumsum(sizes) - sizes
        for one in large:
            found[f"{prefix}:{names[one]}"] = order[begin[one] : begin[one] + sizes[one]]
    return found, note


def group_tests(
    abnormal: Abnormal,
    groups: dict[str, Integers],
    *,
    tests: Sequence[str],
    level: float,
    max_span: int,
    seed: int,
    execute: Execute = map_chunks,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run every test on every group and window.

    Tests that draw resamples run on more than 10,000 events only where ``tests`` is a choice.

    Returns
    -------
    tests : DataFrame
        One row a group, window and test. ``pvalue_holm`` and ``pvalue_bh`` regard all groups and
        windows of the same test as one family; ``pvalue_adjusted`` is filled by tests that have a
        joint distribution of their own (Romano-Wolf).
    leads : DataFrame
        One row a group and window: the test that leads, and why.
    """
    windows = abnormal.design.windows
    eligible = np.column_stack([in_groups(abnormal, window, max_span) for window in windows])
    resample = len(abnormal) <= ON_REQUEST or tuple(tests) != (*TESTS, *FAMILY_TESTS)
    single = [name for name in tests if name in TESTS]
    family = [name for name in tests if name in FAMILY_TESTS]
    kept: dict[Key, ClusteredEffects] = {}
    results: dict[Key, dict[str, tuple[TestResult, str]]] = {}
    leads: dict[Key, Lead] = {}
    for group, positions in groups.items():
        pool = Pool(abnormal.take(positions), windows, eligible[positions], execute)
        for sample in _samples(pool, group, level, seed):
            key = (group, str(sample.window))
            leads[key] = choose_lead(sample)
            results[key] = {
                name: _answer(TESTS[name], sample, resample=resample) for name in single
            }
            if family and resample:
                kept[key] = clustered_effects(sample)
    for name in family:
        answers = FAMILY_TESTS[name].compute(kept, seed) if resample else {}
        for key, found in results.items():
            found[name] = (answers.get(key) or TestResult(n=leads[key].n, reason=RESAMPLES), "")
    rows = [_row(key, name, *results[key][name], leads[key]) for key in results for name in tests]
    frame = pd.DataFrame(rows, columns=list(TEST_COLUMNS))
    frame = frame.astype(dict.fromkeys(FLOATS, np.float64))
    for column, adjust in (("pvalue_holm", holm), ("pvalue_bh", benjamini_hochberg)):
        frame[column] = np.nan
        for _, one in frame.groupby("test", sort=False):
            frame.loc[one.index, column] = adjust(one["pvalue"].to_numpy(dtype=np.float64))
    lines = [{"group": key[0], "window": key[1], **asdict(lead)} for key, lead in leads.items()]
    return frame, pd.DataFrame(lines, columns=list(LEADS))


def _samples(pool: Pool, group: str, level: float, seed: int) -> Iterator[Sample]:
    """Give the samples of a group, window by window."""
    for number, window in enumerate(pool.windows):
        stream = (seed, zlib.crc32(group.encode()), zlib.crc32(str(window).encode()))
        chosen = pool.abnormal.take(np.flatnonzero(pool.enters[:, number]))
        yield Sample(chosen, window, level, stream, pool)


def _answer(test: Test, sample: Sample, *, resample: bool) -> tuple[TestResult, str]:
    """Ask one test, and warn of it where it ignores the events' correlation."""
    if test.resamples and not resample:
        return TestResult(n=len(sample), reason=RESAMPLES), ""
    found = test.compute(sample)
    return found, caution(test.name, sample) if found.has_value else ""


def _row(key: Key, name: str, found: TestResult, warning: str, lead: Lead) -> dict[str, object]:
    test = TESTS.get(name) or FAMILY_TESTS[name]
    row: dict[str, object] = {"group": key[0], "window": key[1], "test": name}
    row |= {column: getattr(found, column) for column in (*NUMBERS, "pvalue_adjusted")}
    row |= {word: getattr(test, word) for word in WORDS}
    row["null"] = found.null or test.null
    note = "; ".join(text for text in (found.note, warning) if text)
    return row | {"reason": found.reason, "lead": lead.test == name, "note": note}


def group_means(
    abnormal: Abnormal,
    groups: dict[str, Integers],
    *,
    level: float,
    max_span: int,
    execute: Execute = map_chunks,
) -> pd.DataFrame:
    """Average paths: one row a group and event day."""
    there = np.isfinite(abnormal.ar)
    spans = abnormal.window_spans(abnormal.design.event) if abnormal.panel.any_span else there
    short = np.where(there, spans, 0).max(axis=1, initial=0) <= max_span
    days = np.arange(abnormal.design.event.first, abnormal.design.event.last + 1)
    parts: list[pd.DataFrame] = []
    for group, positions in groups.items():
        path = mean_path(abnormal.take(positions[short[positions]]), level, execute)
        parts.append(
            pd.DataFrame(
                {
                    "group": group,
                    "day": days,
                    "aar": path.aar,
                    "caar": path.caar,
                    "low": path.low,
                    "high": path.high,
                    "n": path.n,
                }
            )
        )
    if not parts:
        return pd.DataFrame(columns=["group", "day", "aar", "caar", "low", "high", "n"])
    return pd.concat(parts, ignore_index=True)
