"""What a study could have seen: the section of a report, with its drawings and its table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from eventstudy.report.figures import group_label
from eventstudy.report.findings import Findings
from eventstudy.report.formats import NONE, counted, integer, level, percent, probability
from eventstudy.report.power import curve_panel, draw_detectable, is_cut, range_panel
from eventstudy.report.tables import Column, Table, grouped, minus, records, right, title_of
from eventstudy.report.text import amid, shorten

WORDS = (
    "An effect that was not found may not be there, or may be too small to be seen. The smallest "
    "effect is the one that the test detects in {target} of placebo samples, at the {alpha} level: "
    "runs of estimation days in the place of the event's days, with the effect added. Size is the "
    "share detected without an effect."
)
REMARKS = (
    "The clusters of dates of a group move to other places of the estimation window as one, across "
    "all of their securities and exchanges, so that the placebo samples have the correlation and "
    "the fat tails of the group's own returns.",
    "How much the event days themselves vary cannot be learned from other days: where they vary "
    "more, less is seen than is said here.",
    "All events of a group get the same effect: where effects differ, a test that measures their "
    "spread (Ibragimov-Mueller, adjusted BMP) sees less.",
    "Real events inside an estimation window stay in it, and make the smallest effect a little "
    "larger.",
)
_ID = 30
_ROWS = 45  # rows of a drawing that has a page
_DRAWINGS = 2  # of the securities, and of the groups; the table holds the rest

Add = Callable[[Any, str, str, str], dict[str, str]]
"""Takes a figure, its title, its text for those who cannot see it, and its caption."""


def power_section(findings: Findings, add: Add) -> dict[str, Any]:
    """Make the section: what it says, its drawings, its table.

    Parameters
    ----------
    findings : Findings
        Its ``power`` has the rows of one window.
    add : callable
        Takes a drawing into the document.

    Returns
    -------
    dict
        ``words``, ``remarks``, ``figures`` and ``table``, whose rows are empty where ``power`` is.
    """
    rows = findings.power
    target = float(rows["target"].iloc[0]) if len(rows) else 0.0
    alpha = 1.0 - findings.level
    figures: list[dict[str, str]] = []
    for part, caption in _parts(rows):
        axes = draw_detectable(part, range_panel(len(part)), level=findings.level, target=target)
        figures.append(add(axes.figure, "smallest-effects", _alt(part), caption))
    for _, curve in findings.curves.groupby("who", sort=False):
        axes = curve_panel(curve, target)
        who = group_label(str(curve["who"].iloc[0]))
        words = (
            f"Power by the size of the effect, {who}, window {minus(curve['window'].iloc[0])}. The "
            f"dotted line across is a power of {level(target)}, the band two standard errors."
        )
        figures.append(add(axes.figure, "power", f"Power by effect: {who}.", words))
    return {
        "words": WORDS.format(target=level(target), alpha=level(alpha)),
        # On the first page of a report of its own they are among the notes.
        "remarks": list(REMARKS) if findings.about == "study" else [],
        "figures": figures,
        "table": detectable_table(rows).data(),
    }


def _parts(rows: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, str]]:
    """Give the rows of each drawing, with its caption: securities first, then groups.

    Groups have drawings of their own: what the average of many events shows is far smaller than
    what one can show, and would be lost on the scale of one.
    """
    lead = rows.drop_duplicates(["who", "group"])
    lead = lead[lead["test"] != ""]
    for own, of, noun in (
        (lead[lead["group"] == ""], "each event and security", "pair"),
        (lead[lead["group"] != ""], "each group, by the test that leads there", "group"),
    ):
        most = _DRAWINGS * _ROWS
        for first in range(0, min(len(own), most), _ROWS):
            caption = "Continued."
            if first == 0:
                target = float(own["target"].iloc[0])
                caption = (
                    f"The measured effect of {of}, before the range (shaded) of effects that are "
                    f"detected in less than {level(target)} of placebo samples."
                )
            if len(own) > most and first == 0:
                caption += f" The first {most} of {counted(len(own), noun)} are drawn."
            part = own.iloc[first : first + _ROWS]
            if is_cut(part):
                caption += (
                    " A triangle at the edge stands for an effect beyond it, a grey one for a "
                    "range that goes on; their figures stand beside."
                )
            yield part, caption


def _alt(rows: pd.DataFrame) -> str:
    seen = int((rows["effect"].abs() > rows["mde"]).sum())
    return (
        f"Measured effects and the smallest ones that would be seen, of {counted(len(rows), 'row')}"
        f": {seen} lie beyond; figures beside each row and in the table."
    )


def detectable_table(detectable: pd.DataFrame) -> Table:
    """Make a row of each event and security, and each group: measured and smallest effect.

    Parameters
    ----------
    detectable : pandas.DataFrame
        Rows of one window, columns as ``power`` of `Findings`.

    Returns
    -------
    Table
    """
    columns = (
        Column("Event, or group"),
        Column("Test"),
        right("n"),
        right("Effect, %"),
        right("p"),
        right("Size, %"),
        right("Smallest, %"),
        right("Placebo, %"),
        Column("Reading", wide=True),
    )
    rows = records(detectable)
    beside = {row["who"]: row["mde"] for row in rows if row["test"] == "placebo"}
    lead = [row for row in rows if row["test"] != "placebo"]
    cells = tuple(
        (
            amid(group_label(str(row["who"])) if row["group"] else str(row["who"]), _ID),
            title_of(str(row["test"])) if row["test"] else NONE,
            integer(row["n"]),
            percent(row["effect"]),
            probability(row["pvalue"]),
            percent(row["size"], 1),
            percent(row["mde"]),
            percent(beside.get(row["who"])),
            minus(shorten(str(row["reading"]), 160)),
        )
        for row in lead
    )
    return Table(columns, cells, grouped([bool(row["group"]) for row in lead]))


__all__ = ["REMARKS", "detectable_table", "power_section"]
