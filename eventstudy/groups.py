"""Groups of events, their tests and their average paths."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import cast

import numpy as np
import pandas as pd

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Floats, Integers
from eventstudy.execution import Execute, chunks, map_chunks
from eventstudy.frames import in_groups
from eventstudy.inference import (
    FAMILY_TESTS,
    PAIRS,
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
from eventstudy.kernels.order import order_of
from eventstudy.windows import Window

NUMBERS = ("statistic", "pvalue", "dof", "n", "estimate", "se", "low", "high", "r", "clusters")
ADJUSTED = ("pvalue_adjusted", "pvalue_holm", "pvalue_bh")
FLOATS = ("statistic", "pvalue", "dof", "estimate", "se", "low", "high", "r", *ADJUSTED)
WORDS = ("null", "alternative", "reference")
TEST_COLUMNS = ("group", "window", "test", *NUMBERS, *ADJUSTED, *WORDS, "reason", "lead", "note")
ON_REQUEST = 10_000
"""Events above which placebo and resampling are done only where they are asked for."""
MOST_EVENTS = 1_000
# Pieces in which windows of many events are tested: each holds numbers of all of its events.
_PIECES = 2
RESAMPLES = (
    f"it draws resamples: of more than {ON_REQUEST:,} events only where it is asked for, as in "
    "tests=[...]"
)
Key = tuple[str, str]
MEANS = ("group", "day", "aar", "aar_low", "aar_high", "aar_pvalue")
MEANS += ("caar", "low", "high", "pvalue", "n")
LEADS = ("group", "window", "n", "clusters", "test", "beside", "pvalue_holm", "sentence")


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
    order = _small(order_of(own))
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
        windows of the same test as one family, groups of the same events as one hypothesis;
        ``pvalue_adjusted`` is filled by tests that have a joint distribution of their own
        (Romano-Wolf).
    leads : DataFrame
        One row a group and window: the test that leads, and why. ``pvalue_holm`` regards the tests
        that lead as one family, groups of the same events as one hypothesis.
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
    alike = _alike(groups)
    for names, positions in alike:
        own = tested.take(positions)
        pool = Pool(own, windows, eligible[positions], execute, together=history)
        asked |= _ask_all(pool, names, wanted)
        del pool  # before the next one takes its events
    keys = [(group, str(window)) for group in groups for window in windows]
    results = {key: dict(asked[key].answers) for key in keys}
    leads = {key: asked[key].lead for key in keys}
    first = {name: names[0] for names, _ in alike for name in names}
    for name in family:
        own = [key for key in keys if first[key[0]] == key[0]]  # the same events are tested once
        kept = {key: one for key in own if (one := asked[key].effects) is not None}
        answers = FAMILY_TESTS[name].compute(kept, seed, level) if resample else {}
        for key, found in results.items():
            answer = answers.get((first[key[0]], key[1]))
            found[name] = (answer or TestResult(n=leads[key].n, reason=RESAMPLES), "")
    rows = [_row(key, name, *results[key][name], leads[key]) for key in keys for name in tests]
    frame = pd.DataFrame(rows, columns=list(TEST_COLUMNS))
    frame = frame.astype(dict.fromkeys(FLOATS, np.float64))
    for column, adjust in (("pvalue_holm", holm), ("pvalue_bh", benjamini_hochberg)):
        frame[column] = _adjusted(frame, alike, adjust)
    own = {key: results[key][one.test][0] for key, one in leads.items() if one.test in results[key]}
    pvalue = {key: one.pvalue for key, one in own.items() if first[key[0]] == key[0]}
    adjusted = dict(zip(pvalue, holm(np.array([*pvalue.values()])).tolist(), strict=True))
    lines = [
        {
            "group": group,
            "window": window,
            **asdict(leads[group, window]),
            "pvalue_holm": adjusted.get((first[group], window), np.nan),
        }
        for group, window in keys
    ]
    return frame, pd.DataFrame(lines, columns=list(LEADS)).astype({"pvalue_holm": np.float64})


def _adjusted(
    frame: pd.DataFrame,
    alike: Sequence[tuple[list[str], Integers]],
    adjust: Callable[[Floats], Floats],
) -> Floats:
    """Adjust the p-values of each test for all groups and windows, shape (rows,).

    Groups of the same events are one hypothesis: the first name of each stands for it, and further
    names, whose resamples may differ, take its place in turn.
    """
    pvalue = frame["pvalue"].to_numpy(dtype=np.float64)
    found = np.full(len(frame), np.nan)
    for turn in range(max((len(names) for names, _ in alike), default=0)):
        there = frame["group"].isin([names[min(turn, len(names) - 1)] for names, _ in alike])
        mine = {names[turn] for names, _ in alike if len(names) > turn}
        for rows in frame[there].groupby("test", sort=False).indices.values():
            places = np.flatnonzero(there)[rows]
            own = frame["group"].iloc[places].isin(mine).to_numpy()
            found[places[own]] = adjust(pvalue[places])[own]
    return found


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


def _ask_all(pool: Pool, groups: list[str], wanted: _Wanted) -> dict[Key, _Asked]:
    """Ask the tests of all windows for groups of the same events, of many side by side.

    What windows share comes with the first one; where its tests did not ask for all of it, the
    others follow one by one.
    """
    found = _ask(pool, 0, groups, wanted)
    shared, others = (pool, groups, wanted), len(pool.windows) - 1
    size = -(-others // _PIECES) if pool.passed and len(pool) > ON_REQUEST else others
    for part in pool.execute(_ask_others, shared, chunks(others, max(size, 1), block=1)):
        found |= part
    return found


def _ask_others(
    shared: tuple[Pool, list[str], _Wanted], start: int, stop: int
) -> dict[Key, _Asked]:
    """Ask the tests of some windows behind the first one."""
    pool, groups, wanted = shared
    found: dict[Key, _Asked] = {}
    for number in range(start, stop):
        found |= _ask(pool, 1 + number, groups, wanted)
    return found


def _ask(pool: Pool, number: int, groups: list[str], wanted: _Wanted) -> dict[Key, _Asked]:
    """Ask the tests of a window for groups of the same events.

    They are asked once, but for those that draw by the group's own random numbers.
    """
    window, tests = pool.windows[number], wanted.tests
    chosen = np.flatnonzero(pool.enters[:, number])
    own = _narrowed(pool.abnormal, (window,)).take(chosen)
    sample = Sample(own, window, wanted.level, pool=pool)
    lead = _lead_among(choose_lead(sample), tests)
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


def _lead_among(lead: Lead, tests: Sequence[str]) -> Lead:
    """Let a test lead that was asked for: the first of them, where none of the two that may is."""
    if lead.n < 2 or {lead.test, lead.beside} <= set(tests):
        return lead
    form = "one cluster" if lead.clusters == 1 else f"{lead.clusters} clusters of shared days"
    head = f"{lead.n} {PAIRS} form {form}."
    title = TESTS[lead.test].title
    if lead.test in tests:
        beside = TESTS[lead.beside].title
        words = f"The {title} leads; the {beside}, which would stand beside it, was not asked for."
        return replace(lead, beside="", sentence=f"{head} {words}")
    would = f"The {title} would lead, but was not asked for"
    if not tests:
        words = f"{would}, nor was any other test of one group."
        return replace(lead, test="", beside="", sentence=f"{head} {words}")
    chosen = lead.beside if lead.beside in tests else tests[0]
    words = f"{would}: the {TESTS[chosen].title} stands in its place."
    return replace(lead, test=chosen, beside="", sentence=f"{head} {words}")


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
                    **{name: getattr(path, name) for name in MEANS[2:]},
                }
            )
        )
    if not parts:
        return pd.DataFrame(columns=list(MEANS))
    return pd.concat(parts, ignore_index=True)
