"""Groups of events, their tests and their average paths."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Integers
from eventstudy.frames import in_groups
from eventstudy.inference import (
    FAMILY_TESTS,
    TESTS,
    Sample,
    TestResult,
    caution,
    choose_lead,
    mean_path,
)
from eventstudy.kernels.dependence import Rhos
from eventstudy.kernels.multiple import benjamini_hochberg, holm

NUMBERS = ("statistic", "pvalue", "dof", "n", "estimate", "se", "low", "high", "r", "clusters")
ADJUSTED = ("pvalue_adjusted", "pvalue_holm", "pvalue_bh")
FLOATS = ("statistic", "pvalue", "dof", "estimate", "se", "low", "high", "r", *ADJUSTED)
WORDS = ("null", "alternative", "reference")
TEST_COLUMNS = ("group", "window", "test", *NUMBERS, *ADJUSTED, *WORDS, "reason", "lead", "note")
LEADS = ("group", "window", "n", "clusters", "test", "beside", "sentence")


def members(abnormal: Abnormal, frame: pd.DataFrame) -> dict[str, Integers]:
    """Positions of the events of each group that has two rows or more.

    ``all``; ``kind:K`` for each kind; ``group:G`` for each named group; ``event:ID`` for each event
    with several securities.
    """
    own = frame.iloc[abnormal.rows.pair]
    found: dict[str, Integers] = {"all": np.arange(len(abnormal))}
    for prefix, column in (("kind", "kind"), ("group", "group"), ("event", "event_id")):
        code, names = pd.factorize(own[column].to_numpy())
        if not len(names):
            continue
        order = np.argsort(code, kind="stable")
        parts = np.split(order, np.cumsum(np.bincount(code, minlength=len(names)))[:-1])
        for name, positions in zip(names, parts, strict=True):
            if name:
                found[f"{prefix}:{name}"] = positions
    return {name: positions for name, positions in found.items() if len(positions) > 1}


def group_tests(
    abnormal: Abnormal,
    groups: dict[str, Integers],
    *,
    tests: Sequence[str],
    level: float,
    max_span: int,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run every test on every group and window.

    Returns
    -------
    tests : DataFrame
        One row a group, window and test. ``pvalue_holm`` and ``pvalue_bh`` regard all groups and
        windows of the same test as one family; ``pvalue_adjusted`` is filled by tests that have a
        joint distribution of their own (Romano-Wolf).
    leads : DataFrame
        One row a group and window: the test that leads, and why.
    """
    samples: dict[tuple[str, str], Sample] = {}
    eligible = {w: in_groups(abnormal, w, max_span) for w in abnormal.design.windows}
    for group, positions in groups.items():
        memo: dict[bytes, Rhos] = {}
        for window in abnormal.design.windows:
            chosen = positions[eligible[window][positions]]
            stream = (seed, zlib.crc32(group.encode()), zlib.crc32(str(window).encode()))
            samples[group, str(window)] = Sample(abnormal.take(chosen), window, level, stream, memo)
    families = {
        name: FAMILY_TESTS[name].compute(samples, seed) for name in tests if name in FAMILY_TESTS
    }
    rows: list[dict[str, object]] = []
    leads: list[dict[str, object]] = []
    for key, sample in samples.items():
        lead = choose_lead(sample)
        leads.append({"group": key[0], "window": key[1], **asdict(lead)})
        for name in tests:
            if name in families:
                test, found = FAMILY_TESTS[name], families[name][key]
            else:
                test = TESTS[name]
                found = test.compute(sample)
            note = "; ".join(text for text in (found.note, _caution(found, name, sample)) if text)
            row: dict[str, object] = {"group": key[0], "window": key[1], "test": name}
            row |= {column: getattr(found, column) for column in (*NUMBERS, "pvalue_adjusted")}
            row |= {word: getattr(test, word) for word in WORDS}
            row["null"] = found.null or test.null
            rows.append(row | {"reason": found.reason, "lead": lead.test == name, "note": note})
    frame = pd.DataFrame(rows, columns=list(TEST_COLUMNS))
    frame = frame.astype(dict.fromkeys(FLOATS, np.float64))
    for column, adjust in (("pvalue_holm", holm), ("pvalue_bh", benjamini_hochberg)):
        frame[column] = np.nan
        for _, family in frame.groupby("test", sort=False):
            frame.loc[family.index, column] = adjust(family["pvalue"].to_numpy(dtype=np.float64))
    return frame, pd.DataFrame(leads, columns=list(LEADS))


def _caution(found: TestResult, name: str, sample: Sample) -> str:
    return caution(name, sample) if found.has_value else ""


def group_means(
    abnormal: Abnormal, groups: dict[str, Integers], *, level: float, max_span: int
) -> pd.DataFrame:
    """Average paths: one row a group and event day."""
    short = np.where(np.isfinite(abnormal.ar), abnormal.spans, 0).max(axis=1, initial=0) <= max_span
    days = np.arange(abnormal.design.event.first, abnormal.design.event.last + 1)
    parts: list[pd.DataFrame] = []
    for group, positions in groups.items():
        path = mean_path(abnormal.take(positions[short[positions]]), level)
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
