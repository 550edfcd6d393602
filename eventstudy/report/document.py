"""Findings as a document: text and tables as plain data, drawings as SVG.

The same data fills the PDF and the HTML page; neither template computes anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from eventstudy.report import figures, forest
from eventstudy.report.event_page import TITLE, event_page
from eventstudy.report.figures import DRAWN, WIDTH, group_label
from eventstudy.report.findings import Findings
from eventstudy.report.formats import counted, level
from eventstudy.report.group_page import groups_page
from eventstudy.report.limits import Limited
from eventstudy.report.listings import (
    claims_table,
    dropped_table,
    fits_table,
    models_table,
    overlaps_table,
    sources_table,
)
from eventstudy.report.power_page import power_section
from eventstudy.report.specification_page import specification_section
from eventstudy.report.style import Drawing, png, shown_svg, svg
from eventstudy.report.tables import Row, minus, records, text_of, title_of
from eventstudy.report.text import shorten

_FOREST_PAGE = 50.0  # rows of a drawing that has a page
_FOREST_LEAST = 8.0  # fewer rows do not begin on the first page
_SHRINK = 0.76  # how much smaller the first drawing may become to stay on its page
_FOREST_ALL = 180
_PANELS = 8
_NOTHING = "No effect was estimated."
_SENTENCE = 700


@dataclass(frozen=True)
class Picture:
    """A drawing of the document.

    Attributes
    ----------
    name : str
        File name without suffix: a number and an ASCII slug.
    svg : str
        Its text is text, in fonts that the PDF brings.
    shapes : str
        The same with letters as shapes, for a browser; "" where no page was asked for.
    png : bytes or None
        Only where PNG was asked for.
    """

    name: str
    svg: str
    shapes: str
    png: bytes | None


@dataclass(frozen=True)
class Document:
    """A document ready for a template.

    Attributes
    ----------
    data : dict
        Strings, lists and dictionaries only; a drawing is ``{"file", "alt", "caption"}``.
    pictures : tuple of Picture
        The drawings that `data` names.
    """

    data: dict[str, Any]
    pictures: tuple[Picture, ...]


def compose(
    limit: Limited, *, remarks: Sequence[str] = (), formats: Collection[str] = ()
) -> Document:
    """Make the document of these findings.

    Parameters
    ----------
    limit : Limited
        Findings as they are shown, cut to what a document holds.
    remarks : sequence of str
        Further caveats, as of characters that no font has.
    formats : collection of str
        What the document is for: html wants drawings with letters as shapes, png drawings as PNG.

    Returns
    -------
    Document
    """
    findings = limit.findings
    album = _Album(formats)
    forest = _forest(limit, album) if findings.about == "study" else []
    robustness = specification_section(findings, album.add)
    notes = [*findings.notes, *limit.remarks, *remarks]
    data: dict[str, Any] = {
        "about": findings.about,
        "title": shorten(findings.title, TITLE),
        "subtitle": shorten(findings.subtitle, 300),
        "sentences": [shorten(text, _SENTENCE) for text in findings.sentences or (_NOTHING,)],
        "settings": [[shorten(k, 60), minus(shorten(v, 200))] for k, v in findings.settings],
        "notes": [shorten(text, _SENTENCE) for text in notes],
        "version": str(_version(findings)),
        "date": _date(findings),
        "first": forest or robustness["figures"][:1],
        "events": _events(findings, album),
        "groups": _groups(findings, album),
        "power": power_section(findings, album.add),
        "robustness": {**robustness, "figures": robustness["figures"][1:]},
        "claims": claims_table(findings.claims).data(),
        "dropped": dropped_table(findings.dropped).data(),
        "overlaps": overlaps_table(findings.overlaps).data(),
        "sources": sources_table(findings.sources).data(),
        "fits": fits_table(findings.fits).data(),
        "models": models_table(findings.models).data(),
        "methods": _methods(findings),
        "level": level(findings.level),
        "provenance": [[shorten(k, 60), v] for k, v in _flat(_unsaid(findings.provenance))],
    }
    return Document(data, tuple(album.pictures))


def slug(text: str) -> str:
    """Letters and digits of a text for a file name; never empty, never a path.

    Examples
    --------
    >>> slug("SMIC-2020"), slug("../../x"), slug("中")
    ('smic-2020', 'x', 'event')
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:40].strip("-") or "event"


class _Album:
    """Numbers the drawings and writes each once."""

    def __init__(self, formats: Collection[str]) -> None:
        self.formats = formats
        self.pictures: list[Picture] = []

    def add(self, drawing: Any, title: str, alt: str, caption: str) -> dict[str, str]:
        name = f"{len(self.pictures) + 1:02d}-{slug(title)}"
        shapes = shown_svg(drawing, alt) if "html" in self.formats else ""
        bitmap = png(drawing) if "png" in self.formats else None
        self.pictures.append(Picture(name, svg(drawing, alt), shapes, bitmap))
        return {"file": f"{name}.svg", "alt": alt, "caption": caption}


def _forest(limit: Limited, album: _Album) -> list[dict[str, Any]]:
    findings = limit.findings
    effects = forest.effects_of(findings.events, findings.headline, findings.dropped)
    window = minus(findings.headline)
    shown = effects[:_FOREST_ALL]
    with_figure = sum(effect.car == effect.car for effect in shown)
    away = sum(effect.low > 0 or effect.high < 0 for effect in shown)
    verb = "lies" if away == 1 else "lie"
    drawings: list[dict[str, Any]] = []
    for number, part in enumerate(_parts(shown, _room(findings))):
        counts = f"{counted(away, 'interval')} of {with_figure} {verb} off zero."
        caption = [
            f"Cumulative abnormal return (CAR) of each security in the window {window}, sessions "
            f"from day zero, with its {level(findings.level)} interval. "
            + (counts if with_figure else "No effect could be estimated.")
        ]
        if number:
            caption = [f"Effects in the window {window}, continued."]
        if any(effect.aside for effect in part):
            caption.append("† not in the group means and tests; the page of the event says why.")
        if forest.is_cut(part, shown):
            caption.append(
                "An arrow marks what lies beyond the drawing; its numbers stand beside it."
            )
        if number == 0 and len(shown) < len(effects):
            caption.append(f"The first {len(shown)} of {counted(len(effects), 'row')} are drawn.")
        alt = (
            f"Effects in the window {window} with their intervals: {with_figure} effects, "
            f"{away} of whose intervals lie off zero; figures beside each row."
        )
        axes = forest.forest_panel(part, findings.headline, findings.level, whole=shown)
        title = "effects" if number == 0 else f"effects-{number + 1}"
        drawing = album.add(axes.figure, title, alt, " ".join(caption))
        drawings.append({**drawing, "height": round(2.54 * forest.forest_height(part), 3)})
    return drawings


def _parts(effects: list[forest.Effect], room: float) -> Iterator[list[forest.Effect]]:
    """Rows of each drawing: all on the first page where they fit there, else a page each."""
    if (
        effects and forest.positions(effects)[-1] < min(room / _SHRINK, _FOREST_PAGE)
    ) or room < _FOREST_LEAST:
        room = _FOREST_PAGE
    while effects:
        fitting = max(1, sum(at < room for at in forest.positions(effects)))
        yield effects[:fitting]
        effects, room = effects[fitting:], _FOREST_PAGE


def _room(findings: Findings) -> float:
    """Rows that a drawing may have below the sentences of the first page, estimated."""
    lines = -(-len(findings.title) // 50) * 0.95 + -(-len(findings.subtitle) // 115) * 0.5
    for place, text in enumerate(findings.sentences):
        lines += -(-len(shorten(text, _SENTENCE)) // (104 if place == 0 else 116)) * 0.43 + 0.08
    left = 25.2 - 5.0 - lines  # centimetres; title, heading, caption and settings stand around
    return (left / 2.54 - forest.HEAD - forest.FOOT) / forest.PITCH - 1


def _events(findings: Findings, album: _Album) -> list[dict[str, Any]]:
    pages = []
    by_event: dict[str, list[Row]] = {}
    for row in records(findings.events):
        by_event.setdefault(row["event_id"], []).append(row)
    for event_id, rows in by_event.items():
        days = findings.days[findings.days["event_id"] == event_id]
        drawn = min(int(days["ticker"].nunique()), DRAWN)
        one_scale = figures.shared_limits(days) is not None
        page = event_page(findings, event_id, rows, drawn, one_scale=one_scale)
        alt, caption = page.pop("alt"), page.pop("caption")
        page["figure"] = None
        if drawn:
            figure = Drawing(figsize=(WIDTH, figures.event_height(drawn)))
            figures.event_panels(figure, findings, event_id, 1.0)
            page["figure"] = album.add(figure, event_id, alt, caption)
        pages.append(page)
    return pages


def _groups(findings: Findings, album: _Album) -> dict[str, Any]:
    lines = [name for name in pd.unique(findings.means["group"]) if not name.startswith("event:")]
    figure = None
    if lines:
        lines = lines[:_PANELS]
        drawing = Drawing(figsize=(WIDTH, figures.caar_height(len(lines))))
        figures.caar_panels(drawing, findings.means, lines)
        shown = findings.means[findings.means["group"].isin(lines)]
        ragged = any(each.min() < each.max() for _, each in shown.groupby("group")["n"])
        caption = (
            "Cumulative average abnormal return (CAAR) of each group over the event window, with "
            f"a {level(findings.level)} interval: that of the mean, widened for the correlation "
            "between pairs as in the adjusted BMP test. n is the number of pairs with a figure on "
            "a day. "
            "All on one scale; a band that is far wider is cut at the edge."
            + " A pair that lacks a day (a halt) stays in the mean with what it has added up: the "
            "path then differs from the sum of the daily means." * ragged
        )
        alt = "Mean cumulative abnormal returns of " + ", ".join(map(group_label, lines)) + "."
        figure = album.add(drawing, "mean-effects", alt, caption)
    return {"figure": figure, **groups_page(findings)}


def _methods(findings: Findings) -> list[dict[str, str]]:
    """Name the methods used; hypothesis and reference serve where a template knows no more."""
    first: dict[str, Row] = {}
    for row in records(findings.tests.drop_duplicates("test")):
        first.setdefault(str(row["test"]), row)
    return [
        {
            "name": name,
            "title": title_of(name),
            "null": text_of(first.get(name, {}).get("null")),
            "reference": text_of(first.get(name, {}).get("reference")),
        }
        for name in findings.methods
    ]


def _unsaid(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the sources, which have a table of their own."""
    return {name: value for name, value in provenance.items() if name != "sources"}


def _flat(value: Any, label: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        plain = all(not isinstance(inner, (dict, list)) for inner in value.values())
        if label and plain and sum(len(str(inner)) for inner in value.values()) < 160:
            yield label, ", ".join(f"{key} {inner}" for key, inner in value.items())
            return
        for key, inner in value.items():
            yield from _flat(inner, f"{label} · {key}" if label else str(key))
    elif isinstance(value, (list, tuple)):
        yield label, shorten(", ".join(map(str, value)), _SENTENCE)
    else:
        yield label, shorten(str(value), _SENTENCE)


def _version(findings: Findings) -> str:
    versions = findings.provenance.get("versions", {})
    return versions.get("eventstudy", "") if isinstance(versions, dict) else ""


def _date(findings: Findings) -> list[int] | None:
    """Give the last session that the study rests on: the document's date; no clock is read."""
    stamps = [
        pd.to_datetime(pd.Series(column), errors="coerce").max()
        for column in (findings.sources["last"], findings.days["session"])
        if len(column)
    ]
    stamps = [stamp for stamp in stamps if not pd.isna(stamp)]
    if not stamps:
        return None
    last = max(stamps)
    return [last.year, last.month, last.day]
