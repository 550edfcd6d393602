"""What ``run`` prints for a reader: effects, sentences, flags, verdicts, what was dropped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventstudy.cli import output

if TYPE_CHECKING:
    import pandas as pd

    from eventstudy.result import StudyResult


def show(result: StudyResult, folder: Path, form: str) -> None:
    """Print what was found.

    Parameters
    ----------
    result : StudyResult
        The result.
    folder : Path
        Run directory, where rows can be read that a long table leaves out.
    form : str
        Suffix of its tables.
    """
    if result.reportable:
        _show_effects(result, folder / f"events.{form}")
    else:
        from eventstudy.summary import brief

        output.paragraph(result.headline)
        output.sentences(brief(result.frames, result.spec))
    _show_claims(result.claims, folder / f"claims.{form}")
    if len(result.dropped):
        output.table(
            ("event", "ticker", "reason"),
            result.dropped[["event_id", "ticker", "reason"]].to_numpy().tolist(),
            title="Dropped",
            rest=str(folder / f"dropped.{form}"),
        )


def _show_effects(result: StudyResult, rest: Path) -> None:
    from eventstudy.report.formats import level

    findings = result.findings()
    own = result.events[result.events["window"] == findings.headline]
    output.paragraph(findings.subtitle)
    if len(own):
        interval = f"{level(findings.level)} interval"
        right = ("CAR %", interval, "t", "p", "placebo p")
        output.table(
            ("event", "ticker", "day zero", "phase", *right),
            [_effect(row) for row in output.records(own.head(output.ROWS))],
            right=right,
            title=f"Cumulative abnormal returns on window {findings.headline}",
            rest=str(rest),
            total=len(own),
        )
    _show_groups(result, rest.with_stem("tests"))
    output.sentences(findings.sentences)
    _show_flags(own, rest)


def _show_groups(result: StudyResult, rest: Path) -> None:
    """Print the lead test of every group in every window, but those of one event's securities."""
    from eventstudy.report.formats import NONE, is_missing, number

    table = result.groups()
    shown = table[~table["group"].str.startswith("event:")]
    if shown.empty:
        return
    right = ("pairs", "effect %", "interval", "p", "Holm p")
    output.table(
        ("group", "window", "pairs", "effect %", "interval", "test", "p", "Holm p"),
        [
            [
                row["group"],
                row["window"],
                f"{row['pairs']:,}",
                number(row["effect %"], 2),
                NONE if is_missing(row["low %"]) else _low_high(row),
                row["test"],
                row["p"],
                row["Holm p"],
            ]
            for row in output.records(shown.head(output.ROWS))
        ],
        right=right,
        title="Groups, by the test that leads",
        rest=str(rest),
        total=len(shown),
    )


def _low_high(row: dict[str, Any]) -> str:
    from eventstudy.report.formats import number

    return f"{number(row['low %'], 2)} to {number(row['high %'], 2)}"


def _effect(row: dict[str, Any]) -> list[str]:
    from eventstudy.report.formats import NONE, date, is_missing, number, percent, probability

    known = not is_missing(row["low"])
    return [
        row["event_id"],
        row["ticker"],
        date(row["day_zero"]),
        row["session_phase"],
        percent(row["car"]),
        f"{percent(row['low'])} to {percent(row['high'])}" if known else NONE,
        number(row["t"]),
        probability(row["pvalue"]),
        probability(row["placebo_pvalue"]),
    ]


def _show_flags(own: pd.DataFrame, rest: Path) -> None:
    marked = own[(own["flags"] != "") | (own["reason"] != "")]
    if marked.empty:
        return
    output.table(
        ("event", "ticker", "flag"),
        [
            [row["event_id"], row["ticker"], "; ".join(filter(None, (row["flags"], row["reason"])))]
            for row in output.records(marked.head(output.ROWS))
        ],
        title="Flagged",
        rest=str(rest),
        total=len(marked),
    )


def _show_claims(claims: pd.DataFrame, rest: Path) -> None:
    if claims.empty:
        return
    output.table(
        ("event", "ticker", "claim", "measured %", "verdict", "decided by"),
        [_claim(row) for row in output.records(claims)],
        right=("measured %",),
        title="Press claims",
        rest=str(rest),
    )


def _claim(row: dict[str, Any]) -> list[str]:
    from eventstudy.report.formats import percent

    what = (row["measure"], row["comparison"], row["quoted"], row["since"])
    return [
        row["event_id"],
        row["ticker"],
        " ".join(filter(None, what)),
        percent(row["measured"]),
        row["verdict"],
        row["decided_by"],
    ]
