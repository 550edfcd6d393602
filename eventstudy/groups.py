"""Groups of events, their tests and their average paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Integers
from eventstudy.frames import in_groups
from eventstudy.inference import TESTS, Lead, Sample, Test, choose_lead, mean_path

NUMBERS = ("statistic", "pvalue", "dof", "n", "estimate", "se", "low", "high", "r", "clusters")
TEST_COLUMNS = (
    *("group", "window", "test", *NUMBERS),
    *("null", "alternative", "reference", "reason", "lead", "note"),
)
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
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run every test on every group and window.

    Returns
    -------
    tests : DataFrame
        One row a group, window and test.
    leads : DataFrame
        One row a group and window: the test that leads, and why.
    """
    rows: list[dict[str, object]] = []
    leads: list[dict[str, object]] = []
    eligible = {w: in_groups(abnormal, w, max_span) for w in abnormal.design.windows}
    for group, positions in groups.items():
        for window in abnormal.design.windows:
            chosen = positions[eligible[window][positions]]
            sample = Sample(abnormal.take(chosen), window, level)
            lead = choose_lead(sample)
            leads.append({"group": group, "window": str(window), **asdict(lead)})
            rows += [_test_row(group, str(window), TESTS[name], sample, lead) for name in tests]
    return pd.DataFrame(rows, columns=list(TEST_COLUMNS)), pd.DataFrame(leads, columns=list(LEADS))


def _test_row(group: str, window: str, test: Test, sample: Sample, lead: Lead) -> dict[str, object]:
    found = test.compute(sample)
    return {
        "group": group,
        "window": window,
        "test": test.name,
        **{column: getattr(found, column) for column in NUMBERS},
        "null": test.null,
        "alternative": test.alternative,
        "reference": test.reference,
        "reason": found.reason,
        "lead": lead.test == test.name,
        "note": found.note,
    }


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
