"""How far effects hang on the choices of a study: the section of a report."""

from __future__ import annotations

from typing import Any

import pandas as pd

from eventstudy.report.figures import group_label
from eventstudy.report.findings import Findings
from eventstudy.report.formats import count_range, counted, integer, percent, probability
from eventstudy.report.power_page import Add
from eventstudy.report.specification_curve import (
    is_cut,
    own_of,
    specification_height,
    specification_panel,
)
from eventstudy.report.tables import Column, Table, grouped, minus, records, right
from eventstudy.report.text import shorten

WORDS = (
    "The same events, measured with every combination of the choices. An effect that is "
    "found in every specification does not hang on one choice; one that is found in some only "
    "needs that choice to be defended. Found is p at or below {alpha:.3g}, by the test that leads "
    "in a group, and of a pair by its SAR t, or by its placebo test under models behind whose "
    "errors no exact distribution stands (Huber, Theil-Sen, GARCH, peers)."
)
REMARKS = (
    "All specifications have the same events and much the same prices: how many of them are "
    "significant is a description, and no test.",
    "A choice may change which pairs can be measured, and with the sample the effect: the readings "
    "say where the number of pairs differs.",
    "Longer tested windows hold longer effects, and all of them are in one curve; the table "
    "specifications has each by itself.",
    "The test of a group is chosen anew in each specification, from the pairs that could be "
    "measured in it, whatever tests the study names. Its effect is the one which that test "
    "estimates: the mean of cluster means (Ibragimov-Mueller), the precision-weighted effect "
    "(adjusted BMP, adjusted Patell) or the average (portfolio).",
)
SAME = (
    "The market-adjusted effect does not depend on the estimation window, only its error does: its "
    "specifications repeat each other in that."
)
_DRAWN = 5
_ID = 32


def specification_section(findings: Findings, add: Add) -> dict[str, Any]:
    """Make the section: what it says, its drawings, its table.

    Parameters
    ----------
    findings : Findings
        Its ``specifications`` are drawn for the first groups, or pairs where there is no group.
    add : callable
        Takes a drawing into the document.

    Returns
    -------
    dict
        ``words``, ``figures`` (with their ``height`` in centimetres; the first is for the first
        page) and ``table``, whose rows are empty where ``readings`` is.
    """
    rows = findings.readings
    return {
        "words": WORDS.format(alpha=1.0 - findings.level),
        "figures": [
            _figure(own, findings.level, add, first=place == 0)
            for place, own in enumerate(_drawn(findings))
        ],
        "table": readings_table(rows).data(),
    }


def _drawn(findings: Findings) -> list[pd.DataFrame]:
    """Give the specifications of the first groups with an effect, else of the first pairs."""
    every = findings.specifications
    measured = every["estimate"].notna().groupby([every["group"], every["who"]]).transform("any")
    every = every[measured.astype(bool)]
    groups = every[every["group"] != ""]
    found = [own for _, own in (groups if len(groups) else every).groupby("who", sort=False)]
    # Groups of one event are many, and each says little more than its pairs.
    several = [own for own in found if not str(own["group"].iloc[0]).startswith("event:")]
    return (several or found)[:_DRAWN]


def _figure(rows: pd.DataFrame, level: float, add: Add, *, first: bool) -> dict[str, Any]:
    axes = specification_panel(rows, level)
    who = str(rows["who"].iloc[0])
    who = group_label(who) if rows["group"].iloc[0] else who
    caption = f"{shorten(who, 60)}."
    if first:
        caption = (
            f"{shorten(who, 60)}: the effect by each specification, in ascending order, with its "
            f"{100 * level:.3g} % interval, and below it the choices. Filled: p ≤ "
            f"{1.0 - level:.3g}."
        )
    if own_of(rows).empty:
        caption += " The study's own choice could not be measured."
    elif first:
        caption += " The ring is the study's own choice, in its headline window."
    if is_cut(rows):
        caption += " Intervals far longer than most are cut at the edge."
    low, high = percent(rows["estimate"].min()), percent(rows["estimate"].max())
    count = counted(int(rows["estimate"].notna().sum()), "specification")
    alt = f"Effects of {who} in {count}, from {low} to {high} per cent; figures in the table."
    drawing = add(axes.figure, f"specifications-{who}", alt, caption)
    return {**drawing, "height": round(2.54 * specification_height(rows), 3)}


def readings_table(readings: pd.DataFrame) -> Table:
    """Make a row of each group, and each event and security: its own effect, and all others.

    Parameters
    ----------
    readings : pandas.DataFrame
        As in `Findings`.

    Returns
    -------
    Table
    """
    columns = (
        Column("Group, or event"),
        right("Pairs"),
        right("Own, %"),
        right("p"),
        right("Median, %"),
        right("Lowest, %"),
        right("Highest, %"),
        right("Found"),
        right("Of"),
        Column("Reading", wide=True),
    )
    rows = records(readings)
    cells = tuple(
        (
            shorten(group_label(str(row["who"])) if row["group"] else str(row["who"]), _ID),
            count_range(row["fewest"], row["most"]),
            percent(row["own"]),
            probability(row["own_pvalue"]),
            percent(row["median"]),
            percent(row["lowest"]),
            percent(row["highest"]),
            integer(row["found"]),
            integer(row["specifications"]),
            minus(shorten(str(row["reading"]), 200)),
        )
        for row in rows
    )
    return Table(columns, cells, grouped([bool(row["group"]) for row in rows]))


__all__ = ["REMARKS", "SAME", "readings_table", "specification_section"]
