"""What a study could have seen, as a table and drawings: a section of a report, or a page alone."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes

from eventstudy.report.figures import group_label
from eventstudy.report.formats import NONE, integer, level, percent, probability
from eventstudy.report.power import draw_detectable, draw_power
from eventstudy.report.style import style, svg
from eventstudy.report.tables import Column, Table, minus, records, right, title_of
from eventstudy.report.text import shorten

SENTENCE = (
    "An effect that was not found may not be there, or may be too small to be seen. The smallest "
    "effect is the one that the test detects in {} of placebo samples, at the {} level: runs of "
    "estimation days in the place of the event's days, with the effect added. Size is the share "
    "detected without an effect. On event days that vary more than others less is seen."
)
_ID = 44


def detectable_table(detectable: pd.DataFrame) -> Table:
    """Make a row of each event and security, and each group: measured and smallest effect.

    Parameters
    ----------
    detectable : pandas.DataFrame
        Rows of one window, columns as in `eventstudy.simulate.PowerResult.detectable`.

    Returns
    -------
    Table
    """
    columns = (
        Column("Event and security, or group"),
        Column("Test"),
        right("n"),
        right("Effect %"),
        right("p"),
        right("Size %"),
        right("Smallest %"),
        right("by placebo %"),
        Column("Reading", wide=True),
    )
    rows = records(detectable)
    beside = {row["who"]: row["mde"] for row in rows if row["test"] == "placebo"}
    lead = [row for row in rows if row["test"] != "placebo"]
    cells = tuple(
        (
            shorten(group_label(str(row["who"])) if row["group"] else str(row["who"]), _ID),
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
    kinds = tuple(
        "first" if place and bool(row["group"]) != bool(lead[place - 1]["group"]) else ""
        for place, row in enumerate(lead)
    )
    return Table(columns, cells, kinds)


def write_power(
    folder: Path,
    detectable: pd.DataFrame,
    curves: pd.DataFrame,
    sentences: Sequence[str],
    *,
    title: str,
    confidence: float,
    target: float,
) -> list[Path]:
    """Write drawings as SVG into ``figures``, and ``power.html`` with them and the table.

    Parameters
    ----------
    folder : path
        An existing folder.
    detectable, curves : pandas.DataFrame
        Rows of one window.
    sentences : sequence of str
        What was found, the most important first.
    title : str
        Heading of the page.
    confidence : float
        Level of the intervals, one minus the nominal size.
    target : float
        Power that counts as detected.

    Returns
    -------
    list of Path
        The files.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    drawings: list[tuple[str, str, str]] = []
    if len(detectable):
        axes = draw_detectable(detectable, level=confidence, target=target)
        words = "Measured effects before the range in which they would mostly go unseen."
        drawings.append(("01-smallest-effects", words, _drawn(axes, words)))
    for group in pd.unique(curves.loc[curves["group"] != "", "group"])[:1]:
        axes = draw_power(curves, str(group), target=target)
        words = f"Power by effect: {group_label(str(group))}. The band is two standard errors."
        drawings.append(("02-power", words, _drawn(axes, words)))
    written: list[Path] = []
    (folder / "figures").mkdir(exist_ok=True)
    for name, _, drawn in drawings:
        path = folder / "figures" / f"{name}.svg"
        path.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n{drawn}', encoding="utf-8")
        written.append(path)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    source = (files("eventstudy.report") / "templates" / "power.html").read_text("utf-8")
    page = environment.from_string(source).render(
        title=shorten(title, 200),
        sentences=[minus(shorten(text, 700)) for text in sentences],
        explained=SENTENCE.format(level(target), level(1.0 - confidence)),
        table=detectable_table(detectable).data(),
        # Drawings come from matplotlib, which escapes text.
        drawings=[(words, Markup(drawn)) for _, words, drawn in drawings],  # noqa: S704
    )
    path = folder / "power.html"
    path.write_text(page, encoding="utf-8", newline="\n")
    return [*written, path]


def _drawn(axes: Axes, alt: str) -> str:
    figure = axes.get_figure(root=True)
    if figure is None:
        return ""
    with style():
        return svg(figure, alt)


__all__ = ["SENTENCE", "detectable_table", "write_power"]
