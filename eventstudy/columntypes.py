"""Which type a column of a result's table has, by its name: the same in every file and every part.

The type of a column is that of its name in its own table. A column of the user is text, whatever
its name, for as text it was written; in the fits it is a factor's slope, and so a number.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from eventstudy.models.base import FITS
from eventstudy.report.findings import COLUMNS

Kind = Literal["text", "date", "instant", "flag", "whole", "number"]

INPUT = "input"
DATES = {"date", "day_zero", "announced_zero", "session", "first", "last"}
DATES |= {"estimation_first", "estimation_last"}
INSTANTS = {"announced_at"}
FLAGS = {"benchmark_closed", "complete", "in_groups", "lead"}
WHOLE = {"day", "shifted_by", "spans", "n_days", "n_placebo", "n", "n_obs", "clusters", "sessions"}
WHOLE |= {"missing", "n_peers", "n_donors", "n_others", "replications", "estimation_start"}
TEXTS = {"event_id", "ticker", "window", "title", "kind", "actor", "group", "written", "precision"}
TEXTS |= {"exchange", "benchmark", "session_phase", "shift_reason", "flags", "reason", "source"}
TEXTS |= {"notes", "note", "model", "test", "null", "alternative", "reference", "beside"}
TEXTS |= {"sentence", "measure", "quoted", "comparison", "since", "verdict", "decided_by", "text"}
TEXTS |= {"role", "other_event_id", "other_ticker", "retrieved", "sha256", "who", "reading"}
EFFECTS = (*COLUMNS["events"], "written", "source", "notes", "peer_pvalue", "n_peers")
EFFECTS += ("brown_forsythe_pvalue", "donor_pvalue", "n_donors")
OURS = {INPUT: ("announced_at", "date"), "events": EFFECTS, "fits": FITS}
"""Columns typed by their names in tables that carry columns of the user's; in the others all."""

_NAMES: tuple[tuple[Collection[str], Kind], ...] = (
    (TEXTS, "text"),
    (DATES, "date"),
    (INSTANTS, "instant"),
    (FLAGS, "flag"),
    (WHOLE, "whole"),
)


def kind_of(table: str, column: str) -> Kind:
    """Tell the type of a column of a table.

    Parameters
    ----------
    table : str
        As in ``"events"``; ``"input"`` is the events as they were given.
    column : str
        Name of the column, ours or the user's.

    Examples
    --------
    >>> kind_of("events", "day_zero"), kind_of("input", "day_zero"), kind_of("tests", "pvalue")
    ('date', 'text', 'number')
    """
    if table in OURS and column not in OURS[table]:
        return "number" if table == "fits" else "text"
    for names, kind in _NAMES:
        if column in names:
            return kind
    return "number"
