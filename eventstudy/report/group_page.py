"""The tests of groups: full tables for the first groups, the lead tests of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from eventstudy.report.figures import group_label
from eventstudy.report.findings import OWN_SCALE, Findings
from eventstudy.report.formats import NONE, integer, is_missing, level, number, percent, probability
from eventstudy.report.tables import (
    Column,
    Row,
    Table,
    minus,
    records,
    right,
    text_of,
    title_of,
)
from eventstudy.report.text import amid, shorten

FULL = 12
"""Tables of a group and window that are printed in full: what a reader reads, and what typesetting
holds in memory. Groups of one event's securities are never among them."""

SENTENCE = 700
_NAME = 26


def groups_page(findings: Findings) -> dict[str, Any]:
    """Say all that is said of groups, as plain data.

    Parameters
    ----------
    findings : Findings

    Returns
    -------
    dict
        ``sections`` (title and a block with sentence and table per window), ``notes`` (what is true
        of a test in most of them), ``rest`` (the lead tests of all other groups: a table, and why
        those tests lead).
    """
    sizes = findings.tests.groupby("group", sort=False)["window"].nunique()
    full: list[str] = []
    printed = 0
    for name, windows in sizes.items():
        if not str(name).startswith("event:") and printed + windows <= FULL:
            full.append(str(name))
            printed += int(windows)
    common = common_notes(records(findings.tests[findings.tests["group"].isin(full)]))
    sections = [
        {"title": shorten(group_label(name), 60), "blocks": _blocks(findings, name, common)}
        for name in full
    ]
    others = [str(name) for name in sizes.index if name not in full]
    return {"sections": sections, "notes": said(common), "rest": _rest(findings, others)}


def _blocks(
    findings: Findings, group: str, common: Sequence[tuple[str, str]]
) -> list[dict[str, Any]]:
    by_window: dict[str, list[Row]] = {}
    for row in records(findings.tests[findings.tests["group"] == group]):
        by_window.setdefault(row["window"], []).append(row)
    leads = {
        row["window"]: row for row in records(findings.leads[findings.leads["group"] == group])
    }
    blocks = []
    before = ""
    for window, rows in by_window.items():
        lead = leads.get(window)
        words = "" if lead is None else str(lead["sentence"])
        words, before = ("" if words == before else words), words
        size = ""
        if lead is not None:
            size = f"{integer(lead['n'])} effects, clusters: {integer(lead['clusters'])}"
        blocks.append(
            {
                "title": f"Window {minus(window)}",
                "size": size,
                "sentence": shorten(words, SENTENCE),
                "table": group_table(rows, findings.level, common).data(),
            }
        )
    return blocks


def _rest(findings: Findings, groups: Sequence[str]) -> dict[str, Any]:
    """Give the lead test and the one beside it of each of these groups, and why they lead."""
    tests = records(findings.tests[findings.tests["group"].isin(groups)])
    leads = [row for row in records(findings.leads) if row["group"] in set(groups)]
    why: dict[str, dict[str, None]] = {}
    for lead in leads:
        label = amid(group_label(str(lead["group"])), _NAME)
        why.setdefault(str(lead["sentence"]), {})[label] = None
    return {
        "table": leads_table(tests, leads, findings.level).data(),
        "why": [f"{', '.join(names)}: {shorten(text, SENTENCE)}" for text, names in why.items()],
    }


def group_table(
    rows: Sequence[Row], confidence: float, common: Collection[tuple[str, str]] = ()
) -> Table:
    """All tests of one group and window: the lead test first, then notes and tests without value.

    Parameters
    ----------
    rows : sequence of dict
        Rows of ``Findings.tests`` of one group and window.
    confidence : float
        Level of the intervals.
    common : collection of (str, str)
        Test and note of what is said once for all groups, see `common_notes`.
    """
    columns = (Column("Test"), *_figures(confidence), right("Own scale", wide=True))
    valued = [row for row in rows if not is_missing(row["pvalue"])]
    valued.sort(key=lambda row: not row["lead"])
    cells: list[tuple[str, ...]] = []
    kinds: list[str] = []
    for row in valued:
        title = _title(row) + (", leads" if row["lead"] else "")
        own = number(row["estimate"], 3) if row["test"] in OWN_SCALE else ""
        cells.append((title, *_printed(row), own))
        kinds.append("lead" if row["lead"] else "")
    for text in (*said(notes_of(valued, common)), *_without(rows)):
        cells.append((text,))
        kinds.append("words")
    return Table(columns, tuple(cells), tuple(kinds))


def leads_table(rows: Sequence[Row], leads: Sequence[Row], confidence: float) -> Table:
    """Give the lead test of each group and window, and the one that stands beside it.

    Parameters
    ----------
    rows, leads : sequence of dict
        Rows of ``Findings.tests`` and of ``Findings.leads``.
    confidence : float
        Level of the intervals.
    """
    columns = (Column("Group"), Column("Window"), Column("Test"), *_figures(confidence))
    found = {(row["group"], row["window"], row["test"]): row for row in rows}
    cells: list[tuple[str, ...]] = []
    kinds: list[str] = []
    previous = None
    for lead in leads:
        group, window = lead["group"], lead["window"]
        label = "" if group == previous else amid(group_label(str(group)), _NAME)
        for role in ("test", "beside"):
            row = found.get((group, window, lead[role]))
            if row is None:
                continue
            title = title_of(str(row["test"])) + (", leads" if role == "test" else "")
            span = minus(window) if role == "test" else ""
            cells.append((label, span, title, *_printed(row)))
            kinds.append("first" if label and cells[1:] else "")
            label, previous = "", group
    return Table(columns, tuple(cells), tuple(kinds))


def _figures(confidence: float) -> tuple[Column, ...]:
    return (
        right("Statistic", wide=True),
        right("dof", wide=True),
        right("p", wide=True),
        right("Estimate, %"),
        right(f"{level(confidence)} interval, %", span=2, wide=True),
        right("", wide=True),
        right("n", wide=True),
        right("r", wide=True),
    )


def _title(row: Row) -> str:
    adjusted = not is_missing(row.get("pvalue_adjusted"))
    return title_of(str(row["test"])) + (", adjusted p" if adjusted else "")


def _printed(row: Row) -> tuple[str, ...]:
    own = row["test"] in OWN_SCALE
    # A test of all groups together is asked for its adjusted p: its own is that of one test alone.
    adjusted = row.get("pvalue_adjusted")
    return (
        # The sign-flip statistic is the estimate, a return: it stands in per cent beside.
        NONE if row["test"] == "permutation" else number(row["statistic"]),
        integer(row["dof"]),
        probability(row["pvalue"] if is_missing(adjusted) else adjusted),
        NONE if own else percent(row["estimate"]),
        NONE if own else percent(row["low"]),
        NONE if own else percent(row["high"]),
        integer(row["n"]),
        "" if is_missing(row["r"]) else number(row["r"], 3),
    )


def notes_of(
    rows: Sequence[Row], common: Collection[tuple[str, str]] = ()
) -> list[tuple[str, str]]:
    """Give test and note of what must be known of the numbers, but for what is common."""
    found: dict[tuple[str, str], None] = {}
    for row in rows:
        parts = f"{text_of(row['note'])}; {text_of(row['reason'])}".split("; ")
        for part in (part.strip() for part in parts):
            if part and part != "no interval in return units":
                found[str(row["test"]), part] = None
    return [pair for pair in found if pair not in common]


def common_notes(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Give test and note of what is true of a test in most groups and windows in which it stands.

    Parameters
    ----------
    rows : sequence of dict
        Rows of ``Findings.tests`` of all groups and windows.
    """
    valued = [row for row in rows if not is_missing(row["pvalue"])]
    places = Counter(str(row["test"]) for row in valued)
    times = Counter(pair for row in valued for pair in notes_of([row]))
    return [
        (test, part)
        for (test, part), count in times.items()
        if count >= 3 and count > places[test] / 2
    ]


def said(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Gather tests and notes into sentences, each note once with the tests it is true of."""
    of: dict[str, list[str]] = {}
    for test, part in pairs:
        of.setdefault(part, []).append(title_of(test))
    return [f"{', '.join(names)}: {shorten(part, 240)}." for part, names in of.items()]


def _without(rows: Sequence[Row]) -> list[str]:
    """Gather the tests without a value by their reason."""
    said: dict[str, list[str]] = {}
    for row in rows:
        if is_missing(row["pvalue"]):
            reason = text_of(row["reason"]) or "no reason is given"
            said.setdefault(reason, []).append(title_of(str(row["test"])))
    return [
        f"No value for {', '.join(names)}: {shorten(reason, 240)}."
        for reason, names in said.items()
    ]
