"""Tables, drawings and documents of a study's findings; knows no study.

    findings     Findings: the frames and sentences that a report shows
    formats text fonts       numbers, words and the fonts that show them
    tables listings latex    frames as rows of text
    style panels figures forest   drawings
    limits event_page document    what a page says
    pdf html writing              templates filled, files written

Drawing and typesetting are imported when one of their names is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from eventstudy.report.findings import COLUMNS, Findings, empty

if TYPE_CHECKING:
    from eventstudy.report.figures import draw_caar, draw_event
    from eventstudy.report.forest import draw_effects
    from eventstudy.report.latex import frames_to_latex
    from eventstudy.report.writing import check_formats, write_document, write_report

_HOMES = {
    "draw_caar": "figures",
    "draw_event": "figures",
    "draw_effects": "forest",
    "frames_to_latex": "latex",
    "check_formats": "writing",
    "write_document": "writing",
    "write_report": "writing",
}

__all__ = [
    "COLUMNS",
    "Findings",
    "check_formats",
    "draw_caar",
    "draw_effects",
    "draw_event",
    "empty",
    "frames_to_latex",
    "write_document",
    "write_report",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'eventstudy.report' has no attribute '{name}'")
    return getattr(import_module(f"eventstudy.report.{home}"), name)
