"""The words of one event's page: when it was announced, what is seen, what to keep in mind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.report.findings import Findings
from eventstudy.report.formats import (
    counted,
    date,
    is_missing,
    level,
    number,
    percent,
    probability,
    weekday,
)
from eventstudy.report.tables import Row, effects_table, markets_table, minus, records
from eventstudy.report.text import shorten

TITLE = 150
"""Characters of a title that are printed; the CSV files hold it whole."""

NOTE = 600
_TABLED = 400  # rows of one event's table
_SHARES = "Shares tested sessions of the same security with"
_OVERLAPS = {  # kind, and whether this event is the row's own: it owns the estimation window
    ("tested windows share sessions", True): _SHARES,
    ("tested windows share sessions", False): _SHARES,
    ("inside the estimation window", True): "Its estimation window holds tested days of",
    ("inside the estimation window", False): "Its tested days lie in the estimation window of",
}
_NAMED = 6  # securities named in a sentence
_ALIKE = 1.1  # times that a run may be drawn larger or smaller than it was without a word


def event_page(
    findings: Findings, event_id: str, rows: Sequence[Row], drawn: int, *, one_scale: bool
) -> dict[str, Any]:
    """One event's page as plain text, without its drawing.

    Parameters
    ----------
    findings : Findings
    event_id : str
        One of ``findings.event_ids``.
    rows : sequence of dict
        The event's rows of ``findings.events``, at least one.
    drawn : int
        Number of securities in the drawing.
    one_scale : bool
        Whether the paths of the drawing share a scale.

    Returns
    -------
    dict
        ``overline``, ``title``, ``announced`` (sentences), ``effects`` and ``markets`` (tables),
        ``remarks`` (sentences), ``alt`` and ``caption`` of the drawing.
    """
    head = rows[0]
    window = findings.headline
    seen = _seen([row for row in rows if row["window"] == window], window)
    labels = [_cell(head, "kind"), _cell(head, "actor"), event_id]
    remarks = remarks_of(findings, event_id, rows)
    tickers = len({row["ticker"] for row in rows})
    if tickers > drawn:
        many = counted(tickers, "security", "securities")
        remarks.insert(0, f"The first {drawn} of {many} are drawn; the table has the rest.")
    if len(rows) > _TABLED:
        remarks.insert(0, f"The table has the first {_TABLED} rows; the table events holds all.")
    scale = ", on one scale" if one_scale else ", each on its own scale"
    scale = scale if drawn > 1 else ""
    return {
        "id": event_id,
        "overline": "  ·  ".join(shorten(label, 40) for label in labels if label),
        "title": shorten(_cell(head, "title") or event_id, TITLE),
        "announced": announced(head),
        "effects": effects_table(rows[:_TABLED], findings.level).data(),
        "markets": markets_table(rows[:_TABLED]).data(),
        "remarks": remarks,
        "caption": (
            f"{seen} Paths: cumulative abnormal return from the first event day, with its "
            f"{level(findings.level)} interval{scale}; the dotted line is day zero, grey is "
            f"without a price. Distributions: the effect in {minus(window)} of every run of the "
            "estimation window, each on its own scale; the mark is the event's."
            f"{_rescaled(findings, event_id, rows[:_TABLED], drawn)}"
        ),
        "alt": f"Cumulative abnormal returns and placebo distributions of {event_id}. {seen}",
        "source": shorten(_cell(head, "source"), 300),
    }


def announced(row: Row) -> list[str]:
    """When an event was announced, with how well that is known; an assumed hour is never a fact."""
    precision = _cell(row, "precision")
    if is_missing(row["announced_at"]):
        if is_missing(row["date"]):
            return ["When it was announced is not given."]
        return [
            f"Announced on {weekday(row['date'])}, each market's own calendar date; "
            "the time of day is not known."
        ]
    instant = pd.Timestamp(row["announced_at"])
    utc = f"{instant:%Y-%m-%d %H:%M} UTC"
    written = _cell(row, "written")
    if precision == "assumed":
        when = f"on {weekday(written)}" if written else f"about {weekday(f'{instant:%Y-%m-%d}')}"
        return [
            f"Announced {when}; the hour is not known. Day zero rests on an assumed instant, {utc}."
        ]
    there = f" ({weekday(written)} where it was announced)" if written else ""
    known = {
        "minute": "known to the minute",
        "hour": "known to the hour",
    }.get(precision, precision or "precision not given")
    around = "about " if precision == "hour" else ""
    return [f"Announced {around}{utc}{there}; {shorten(known, 60)}."]


def remarks_of(findings: Findings, event_id: str, rows: Sequence[Row]) -> list[str]:
    """Give what to keep in mind about one event, each thing once."""
    said: dict[str, list[str]] = {}
    for row in rows:
        for text in _row_remarks(row):
            said.setdefault(text, []).append(str(row["window"]))
    windows = {row["window"] for row in rows}
    remarks = []
    for text, where in said.items():
        everywhere = set(where) == windows
        here = (
            "" if everywhere else f" (window {', '.join(minus(w) for w in dict.fromkeys(where))})"
        )
        remarks.append(f"{shorten(text, NOTE)}{here}.")
    dropped = records(findings.dropped[findings.dropped["event_id"] == event_id])
    remarks.extend(
        f"{row['ticker']} was dropped: {minus(shorten(str(row['reason']), NOTE))}."
        for row in dropped
    )
    remarks.extend(_overlap_remarks(findings.overlaps, event_id))
    said_already = dict.fromkeys(_cell(row, "notes") for row in rows)
    remarks.extend(shorten(note, NOTE) for note in said_already if note)
    return remarks


def _row_remarks(row: Row) -> list[str]:
    ticker = shorten(str(row["ticker"]), 21)
    flags = "" if is_missing(row["flags"]) else str(row["flags"])
    found = []
    if not is_missing(row["shifted_by"]) and int(row["shifted_by"]) != 0:
        found.append(
            f"{ticker}: day zero moved from {date(row['announced_zero'])} to "
            f"{date(row['day_zero'])}: {row['shift_reason']}"
        )
    if not is_missing(row["spans"]) and int(row["spans"]) > 1 and "span" not in flags:
        found.append(f"{ticker}: its longest return covers {int(row['spans'])} sessions")
    if row["benchmark_closed"] is True and "benchmark" not in flags:
        found.append(
            f"{ticker}: the benchmark {row['benchmark']} had no session in a day of the window; "
            "its return there is 0"
        )
    found.extend(f"{ticker}: {flag}" for flag in _flags(flags))
    if not is_missing(row["reason"]):
        found.append(f"{ticker}: {row['reason']}")
    if not bool(row["in_groups"]) and "group means" not in flags:
        found.append(f"{ticker} stays out of the group means and tests")
    return [text.rstrip(". ") for text in found]


def _flags(flags: str) -> list[str]:
    """Give flags in words, without those that another remark says with more detail."""
    said = ("day zero moved", "shares tested days")
    words = [flag.strip() for flag in flags.split(";") if flag.strip()]
    return [
        flag.removeprefix("spans: ").removeprefix("benchmark_closed: ")
        for flag in words
        if not flag.startswith(said)
    ]


def _overlap_remarks(overlaps: pd.DataFrame, event_id: str) -> list[str]:
    if "n_others" in overlaps:  # the others are too many to be named
        own = overlaps[overlaps["event_id"] == event_id]
        remarks = []
        for row in records(own)[:_NAMED]:
            lead = _OVERLAPS.get((str(row["kind"]), True), f"{str(row['kind']).capitalize()}:")
            others = counted(int(row["n_others"]), "other event")
            remarks.append(f"{lead} {others} ({shorten(str(row['ticker']), 21)}).")
        return remarks
    own = overlaps[(overlaps["event_id"] == event_id) | (overlaps["other_event_id"] == event_id)]
    said: dict[str, dict[str, dict[str, None]]] = {}
    for row in records(own):
        mine = row["event_id"] == event_id
        lead = _OVERLAPS.get((str(row["kind"]), mine), f"{str(row['kind']).capitalize()}:")
        other = row["other_event_id"] if mine else row["event_id"]
        ticker = row["ticker"] if mine else row["other_ticker"]
        others = said.setdefault(lead, {})
        others.setdefault(shorten(str(other), 30), {})[shorten(str(ticker), 21)] = None
    remarks = []
    for lead, others in said.items():
        each = [f"{other} ({', '.join(list(names)[:_NAMED])})" for other, names in others.items()]
        more = f" and {len(each) - _NAMED} more" if len(each) > _NAMED else ""
        remarks.append(f"{lead} {', '.join(each[:_NAMED])}{more}.")
    return remarks


def _seen(rows: Sequence[Row], window: str) -> str:
    """Give what the drawing shows, in figures."""
    parts = []
    for row in rows[:_NAMED]:
        ticker = shorten(str(row["ticker"]), 21)
        if is_missing(row["car"]):
            parts.append(f"{ticker} has no figure")
            continue
        words = f"{ticker} {percent(row['car'])} %"
        if not is_missing(row["placebo_pvalue"]) and not is_missing(row["n_placebo"]):
            runs = int(row["n_placebo"])
            beyond = max(0, round(float(row["placebo_pvalue"]) * (runs + 1)) - 1)
            words += f", at least as large in {beyond:,} of {runs:,} runs"
            words += f" (placebo p {probability(row['placebo_pvalue'])})"
        parts.append(words)
    if not parts:
        return f"There is no effect in {minus(window)}."
    more = f"; {len(rows) - _NAMED} more in the table" if len(rows) > _NAMED else ""
    return "; ".join(parts) + more + "."


def _rescaled(findings: Findings, event_id: str, rows: Sequence[Row], drawn: int) -> str:
    """Say whose runs are drawn larger or smaller than they were, as the event's own error is."""
    window, estimation = findings.headline, findings.estimation
    column = f"placebo {window}"
    if column not in estimation:
        return ""
    days = estimation[estimation["event_id"] == event_id]
    found = []
    for row in [row for row in rows if row["window"] == window][:drawn]:
        own = days[days["ticker"] == row["ticker"]]
        length = int(row["n_days"])
        if not 0 < length <= len(own) or not bool(row["complete"]):
            continue
        sums = np.abs(np.convolve(own["ar"].to_numpy(float), np.ones(length), mode="valid"))
        runs = np.abs(own[column].to_numpy(float)[: sums.size])
        there = np.isfinite(runs) & (sums > 0)
        times = float(np.median(runs[there] / sums[there])) if there.any() else 1.0
        if not 1 / _ALIKE < times < _ALIKE:
            words = f"those of {shorten(str(row['ticker']), 21)} times {number(times, 1)}"
            covers = 0 if is_missing(row["spans"]) else int(row["spans"])
            found.append(words + f" (its return covers {covers} sessions)" * (covers > length))
    if not found:
        return ""
    return f" Runs are drawn on the scale of the event's own forecast error: {', '.join(found)}."


def _cell(row: Row, name: str) -> str:
    value = row.get(name, "")
    return "" if is_missing(value) else str(value)
