"""How much of a large study a document shows; what it leaves out is said, and is in the tables."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from eventstudy.report.findings import Findings
from eventstudy.report.formats import counted

PAGES = 60
"""Events that have a page."""
ROWS = 400
"""Rows of one table."""
GROUPS = 40
"""Groups whose tests are printed."""


@dataclass(frozen=True)
class Limited:
    """Findings cut to what a document shows.

    Attributes
    ----------
    findings : Findings
    events, pairs, groups : int
        How many there are in all.
    remarks : tuple of str
        What is left out, in sentences; empty where nothing is.
    """

    findings: Findings
    events: int
    pairs: int
    groups: int
    remarks: tuple[str, ...]


def limited(findings: Findings) -> Limited:
    """Cut findings to the first 60 events, 400 rows a table and 40 groups.

    Parameters
    ----------
    findings : Findings

    Returns
    -------
    Limited
        The frames of the first events whole; nothing is reordered. Of ``power`` only the headline
        window is shown.
    """
    shown = findings.power["window"] == findings.headline
    findings = replace(findings, power=findings.power[shown])
    remarks: list[str] = []
    ids = findings.event_ids
    groups = list(pd.unique(findings.tests["group"]))
    pairs = len(findings.events.drop_duplicates(["event_id", "ticker"]))
    changed: dict[str, pd.DataFrame] = {}
    if len(ids) > PAGES:
        kept = ids[:PAGES]
        for name in ("events", "days", "estimation", "fits", "models"):
            frame = getattr(findings, name)
            changed[name] = frame[frame["event_id"].isin(kept)]
        remarks.append(
            f"The first {PAGES} of {counted(len(ids), 'event')} have a page and stand in the first "
            "drawing; the tables events and days hold all."
        )
    if len(groups) > GROUPS:
        for name in ("tests", "leads", "means"):
            frame = getattr(findings, name)
            changed[name] = frame[frame["group"].isin(groups[:GROUPS])]
        remarks.append(
            f"The tests of the first {GROUPS} of {counted(len(groups), 'group')} are printed; "
            "the table tests holds all."
        )
    for name in ("fits", "claims", "dropped", "overlaps", "sources", "power", "readings"):
        whole: pd.DataFrame = getattr(findings, name)
        frame = changed.get(name, whole)
        if len(frame) > ROWS:
            changed[name] = frame.head(ROWS)
            remarks.append(
                f"The table of {_TABLES[name]} has the first {ROWS} of "
                f"{counted(len(whole), 'row')}; the table {_FILES.get(name, name)} holds all."
            )
    # One row for each of the fits, whose remark serves for both.
    changed["models"] = changed.get("models", findings.models).head(ROWS)
    small = {name: frame.reset_index(drop=True) for name, frame in changed.items()}
    return Limited(replace(findings, **small), len(ids), pairs, len(groups), tuple(remarks))


_TABLES = {
    "fits": "estimation fits",
    "claims": "claims",
    "dropped": "dropped pairs",
    "overlaps": "overlaps",
    "sources": "data sources",
    "power": "smallest effects",
    "readings": "readings",
}
_FILES = {"readings": "robustness"}
