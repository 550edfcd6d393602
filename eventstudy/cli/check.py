"""``check``: what is wrong with events and claims, or where the events fall."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from eventstudy.cli import messages, output
from eventstudy.cli.options import (
    claims_of,
    claims_option,
    claims_path,
    event_options,
    events_of,
    json_option,
    study_of,
    with_options,
)
from eventstudy.cli.prices import cache_option, source_named
from eventstudy.errors import ClaimsError, EventsError, Problem, TableError

if TYPE_CHECKING:
    import pandas as pd

    from eventstudy.cli.placement import Placement
    from eventstudy.events import Events

_HEADS = (
    *("event", "ticker", "announced, on its exchange's clock", "phase", "day zero"),
    *("same day if announced from .. to before", "benchmark"),
)
_PRECISE = {"assumed": ", hour assumed", "hour": ", to the hour"}
_PROBLEM = ("line", "column", "value", "problem", "cure")


@click.command(
    epilog="""\
    \b
    Examples:
      eventstudy check --example > events.csv
      eventstudy check events.csv
    """,
)
@click.argument("events", metavar="EVENTS", required=False)
@with_options(
    click.option(
        "--example",
        is_flag=True,
        show_default="EVENTS are checked",
        help="Print a template of EVENTS, with comments, and nothing else.",
    ),
    *event_options,
    claims_option,
    click.option(
        "--prices",
        metavar="SOURCE",
        show_default="none: calendars alone",
        help="Look also for halts, holes and short series in auto, yahoo, snapshot, or a folder or "
        "file.",
    ),
    cache_option,
    json_option,
)
@click.pass_context
def command(context: click.Context, events: str | None, **options: Any) -> int:
    """Check the EVENTS of a CSV file, and show the day on which each security could react.

    Bad rows of EVENTS and of the claims are shown all at once, each with its line and its cure.
    Of good ones: the local time of the announcement, the first session that could react, between
    which announcements that session would be the same, the benchmark, and events that overlap.
    """
    if options["example"]:
        from eventstudy.events import EXAMPLE

        output.write(EXAMPLE)
        return 0
    if events is None:
        raise click.UsageError("Missing argument 'EVENTS'.", context)
    study = study_of(context)
    given, claims, faults = _read(context)
    if given is None or faults:
        return _refuse(faults, as_json=options["as_json"])
    from eventstudy.cli.placement import place

    source, keep = options["prices"], options["cache"]
    prices = source_named(source, offline=options["offline"], cache=keep) if source else None
    placement = place(given, study, prices)
    if options["as_json"]:
        output.document(
            {
                "problems": [],
                "pairs": placement.pairs,
                "dropped": placement.dropped,
                "overlaps": placement.overlaps,
                "claims": 0 if claims is None else len(claims),
            }
        )
    else:
        _show(given, claims, placement, priced=prices is not None)
    return _strictly(placement) if options["strict"] else 0


def _read(context: click.Context) -> tuple[Events | None, pd.DataFrame | None, list[TableError]]:
    """Read events and claims, and keep what is wrong with either."""
    events, claims = None, None
    faults: list[TableError] = []
    try:
        events = events_of(context)
    except EventsError as error:
        faults.append(error)
    try:
        if events is not None:
            claims = claims_of(context, events)
        elif (path := claims_path(context)) is not None:
            from eventstudy.claims import read_claims

            claims = read_claims(path)
    except ClaimsError as error:
        faults.append(error)
    return events, claims, faults


def _refuse(faults: list[TableError], *, as_json: bool) -> int:
    """Show the bad rows; the exit code."""
    if as_json:
        problems = [
            {"file": fault.name} | {key: getattr(problem, key) for key in _PROBLEM}
            for fault in faults
            for problem in fault.problems
        ]
        output.document({"problems": problems})
    for fault in faults:
        count = len(fault.problems)
        what = f"{fault.name}: {count} problem{'s' if count != 1 else ''}"
        if not as_json:
            output.table(_PROBLEM, [_row(one) for one in fault.problems], title=what)
        messages.say(f"Error: {what}")
    return 2


def _row(problem: Problem) -> list[str]:
    line = "-" if problem.line is None else str(problem.line)
    return [line, problem.column or "-", problem.value, problem.problem, problem.cure]


_VALID = "every cell is valid"


def _show(
    events: Events, claims: pd.DataFrame | None, placement: Placement, *, priced: bool
) -> None:
    from eventstudy.report.formats import counted

    said = f"{counted(len(events.ids), 'event')}, {counted(len(events), 'pair')}, {_VALID}"
    if lost := len(placement.dropped):
        said += f"; {counted(lost, 'pair')} cannot be studied, see below"
    claimed = [] if claims is None else [f"claims: {counted(len(claims), 'claim')}, {_VALID}"]
    output.paragraph(f"{events.name}: {said}", *claimed)
    rows = output.records(placement.pairs)
    output.table(
        _HEADS,
        [_pair(row) for row in rows],
        title="Day zero: the first session whose close is after the announcement",
    )
    shifted = [_shift(row) for row in rows if row.get("shifted_by")]
    if shifted:
        output.table(
            ("event", "ticker", "day zero", "shifted to", "reason"),
            shifted,
            title="Shifted by a halt or a hole in the prices",
        )
    if len(placement.dropped):
        output.table(
            ("event", "ticker", "reason"),
            placement.dropped.to_numpy().tolist(),
            title="Dropped",
        )
    if "n_others" in placement.overlaps:
        output.table(
            ("event", "ticker", "what", "other events", "sessions"),
            [_counts(row) for row in output.records(placement.overlaps)],
            right=("other events", "sessions"),
            title="Overlaps",
        )
    elif len(placement.overlaps):
        output.table(
            ("event", "other event", "ticker", "what", "sessions", "first", "last"),
            [_overlap(row) for row in output.records(placement.overlaps)],
            right=("sessions",),
            title="Overlaps",
        )
    if not priced:
        output.paragraph(
            "By the calendars alone: halts, holes and short series are seen with prices "
            "(--prices auto)."
        )


def _shift(row: dict[str, Any]) -> list[str]:
    days = (f"{row[column]:%a %Y-%m-%d}" for column in ("day_zero", "shifted_to"))
    return [row["event_id"], row["ticker"], *days, row["shift_reason"]]


def _pair(row: dict[str, Any]) -> list[str]:
    zero = f"{row['day_zero']:%a %Y-%m-%d}{' (moved: no session)' if row['moved'] else ''}"
    other = f" ({row['benchmark_exchange']}, aligned by closes)" if row["aligned"] else ""
    if row["local"] is None:
        when, span = f"{row['date']:%a %Y-%m-%d}, time unknown", "-"
    else:
        clocks = (row["local"], row["same_from"], row["same_to"])
        local, begin, end = map(datetime.fromisoformat, clocks)
        when = f"{local:%a %Y-%m-%d %H:%M}{_PRECISE.get(row['precision'], '')}"
        span = f"{begin:%Y-%m-%d %H:%M} .. {end:%Y-%m-%d %H:%M}"
    return [
        row["event_id"],
        row["ticker"],
        f"{row['exchange']} {when}",
        row["phase"],
        zero,
        span,
        f"{row['benchmark'] or '-'}{other}",
    ]


def _overlap(row: dict[str, Any]) -> list[str]:
    dates = (f"{row[column]:%Y-%m-%d}" for column in ("first", "last"))
    event, other, kind = row["event_id"], row["other_event_id"], row["kind"]
    return [event, other, row["ticker"], kind, str(row["sessions"]), *dates]


def _counts(row: dict[str, Any]) -> list[str]:
    counts = (str(row[column]) for column in ("n_others", "sessions"))
    return [row["event_id"], row["ticker"], row["kind"], *counts]


def _strictly(placement: Placement) -> int:
    from eventstudy.report.formats import counted

    pairs, dropped = placement.pairs, len(placement.dropped)
    moved = int(pairs["moved"].sum())
    if "shifted_by" in pairs:
        moved += int((pairs["shifted_by"] > 0).sum())
    if not moved and not dropped:
        return 0
    messages.say(f"--strict: {counted(dropped, 'pair')} dropped, {counted(moved, 'day')} moved")
    return 1
