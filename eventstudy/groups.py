"""Groups of events, their tests and their average paths."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import cast

import numpy as np
import pandas as pd

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Integers
from eventstudy.execution import Execute, map_chunks
from eventstudy.frames import in_groups
from eventstudy.inference import (
    FAMILY_TESTS,
    TESTS,
    ClusteredEffects,
    Lead,
    MeanPath,
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
from eventstudy.windows import Window

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
    rows, note = abnormal.rows, ""
    found: dict[str, Integers] = {}
    if len(rows) > 1:
        found["all"] = _small(np.arange(len(rows)))
    for prefix, column in (("kind", "kind"), ("group", "group"), ("event", "event_id")):
        # Events are numbered already, and factorising a column makes no text of each cell.
        code = rows.event if column == "event_id" else pd.factorize(frame[column])[0][rows.pair]
        large = np.flatnonzero(np.bincount(code) > 1)
        if len(large) > MOST_EVENTS and column == "event_id":
            note = (
                f"{len(large):,} events with several securities are more than "
                f"{MOST_EVENTS:,}: they have no group tests of their own"
            )
            continue
        for positions in _split(code, large):
            name = str(frame[column].iloc[int(rows.pair[positions[0]])])
            if name:
                found[f"{prefix}:{name}"] = positions
    return found, note


def _split(code: Integers, chosen: Integers) -> list[Integers]:
    """Positions of each chosen code, in the order in which the codes first occur."""
    if not len(chosen):
        return []
    number = np.full(int(code.max()) + 1, len(chosen), dtype=np.int32)
    number[chosen] = np.arange(len(chosen))
    own = number[code]
    if len(chosen) < 2**16:
        own = own.astype(np.uint16)  # sorted digit by digit: several times as fast
    order = _small(np.argsort(own, kind="stable"))
    bounds = [0, *np.cumsum(np.bincount(own)[: len(chosen)]).tolist()]
    parts = [order[first:last] for first, last in itertools.pairwise(bounds)]
    return sorted(parts, key=lambda part: int(part[0]))


def _small(positions: Integers) -> Integers:
    """Take positions in 32 bits; the alias names the 64 bits of everywhere else."""
    return cast("Integers", positions.astype(np.int32))


def _alike(groups: dict[str, Integers]) -> list[tuple[list[str], Integers]]:
    """Names of the groups of the same events, and their positions."""
    found: list[tuple[list[str], Integers]] = []
    by_size: dict[int, list[tuple[list[str], Integers]]] = {}
    for group, positions in groups.items():
        known = by_size.setdefault(len(positions), [])
        for names, own in known:
            if np.array_equal(own, positions):
                names.append(group)
                break
        else:
            found.append(([group], positions))
            known.append(found[-1])
    return found


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
    family = [name for name in tests if name in FAMILY_TESTS]
    single = tuple(name for name in tests if name in TESTS)
    resample = len(abnormal) <= ON_REQUEST or tuple(tests) != (*TESTS, *FAMILY_TESTS)
    wanted = _Wanted(single, bool(family), resample, level, seed)
    # Every test is warned of by the events' correlation: only histories may not be asked for.
    history = any(TESTS[name].history for name in single)
    tested, asked = _narrowed(abnormal, windows), dict[Key, _Asked]()
    for names, positions in _alike(groups):
        own = tested.take(positions)
        pool = Pool(own, windows, eligible[positions], execute, together=history)
        for number in range(len(windows)):
            asked |= _ask(pool, number, names, wanted)
        del pool  # before the next one takes its events
    keys = [(group, str(window)) for group in groups for window in windows]
    results = {key: dict(asked[key].answers) for key in keys}
    leads = {key: asked[key].lead for key in keys}
    for name in family:
        kept = {key: one for key in keys if (one := asked[key].effects) is not None}
        answers = FAMILY_TESTS[name].compute(kept, seed) if resample else {}
        for key, found in results.items():
            found[name] = (answers.get(key) or TestResult(n=leads[key].n, reason=RESAMPLES), "")
    rows = [_row(key, name, *results[key][name], leads[key]) for key in keys for name in tests]
    frame = pd.DataFrame(rows, columns=list(TEST_COLUMNS))
    frame = frame.astype(dict.fromkeys(FLOATS, np.float64))
    for column, adjust in (("pvalue_holm", holm), ("pvalue_bh", benjamini_hochberg)):
        frame[column] = np.nan
        for _, one in frame.groupby("test", sort=False):
            frame.loc[one.index, column] = adjust(one["pvalue"].to_numpy(dtype=np.float64))
    lines = [{"group": key[0], "window": key[1], **asdict(leads[key])} for key in keys]
    return frame, pd.DataFrame(lines, columns=list(LEADS))


@dataclass(frozen=True)
class _Wanted:
    """Which tests, whether those of all groups together and those that draw resamples too, how."""

    tests: tuple[str, ...]
    family: bool
    resample: bool
    level: float
    seed: int


@dataclass(frozen=True)
class _Asked:
    """What a group says in a window; ``effects`` are for the tests of all groups together."""

    lead: Lead
    answers: dict[str, tuple[TestResult, str]]
    effects: ClusteredEffects | None


def _narrowed(abnormal: Abnormal, windows: tuple[Window, ...]) -> Abnormal:
    """Leave out what the tests of some windows do not read, so that a part of it copies less."""
    hull = replace(abnormal.design, windows=windows).hull
    return replace(
        abnormal,
        design=replace(abnormal.design, event=hull, windows=windows),
        ar=abnormal.ar[:, abnormal.days(hull)],
        effects={window: abnormal.cumulate(window) for window in windows},
    )


def _ask(pool: Pool, number: int, groups: list[str], wanted: _Wanted) -> dict[Key, _Asked]:
    """Ask the tests of a window for groups of the same events.

    They are asked once, but for those that draw by the group's own random numbers.
    """
    window, tests = pool.windows[number], wanted.tests
    chosen = np.flatnonzero(pool.enters[:, number])
    own = _narrowed(pool.abnormal, (window,)).take(chosen)
    sample = Sample(own, window, wanted.level, pool=pool)
    lead = choose_lead(sample)
    shared = {name: _answer(TESTS[name], sample) for name in tests if not TESTS[name].resamples}
    effects = clustered_effects(sample) if wanted.family and wanted.resample else None
    unasked = TestResult(n=len(sample), reason=RESAMPLES), ""
    found: dict[Key, _Asked] = {}
    for group in groups:
        key = (group, str(window))
        stream = (wanted.seed, *(zlib.crc32(part.encode()) for part in key))
        drawing = replace(sample, stream=stream)
        drawn = {
            name: _answer(TESTS[name], drawing) if wanted.resample else unasked
            for name in tests
            if name not in shared
        }
        found[key] = _Asked(lead, shared | drawn, effects)
    return found


def _answer(test: Test, sample: Sample) -> tuple[TestResult, str]:
    """Ask one test, and warn of it where it ignores the events' correlation."""
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
    """Average paths: one row a group and event day.

    An event that lacks a day is not in that day's ``aar`` and ``n``, and stays in ``caar`` with
    what it has added up, so that ``caar`` is the sum of ``aar`` only where none lacks a day.
    """
    there = np.isfinite(abnormal.ar)
    spans = abnormal.window_spans(abnormal.design.event) if abnormal.panel.any_span else there
    short = np.where(there, spans, 0).max(axis=1, initial=0) <= max_span
    days = np.arange(abnormal.design.event.first, abnormal.design.event.last + 1)
    parts: list[pd.DataFrame] = []
    paths: dict[str, MeanPath] = {}
    for names, positions in _alike(groups):
        path = mean_path(abnormal.take(positions[short[positions]]), level, execute)
        paths |= dict.fromkeys(names, path)
    for group in groups:
        path = paths[group]
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
