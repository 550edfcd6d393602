"""``power``: what a study of these events can see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from eventstudy.cli import messages, output
from eventstudy.cli.interrupts import unwritten
from eventstudy.cli.options import (
    command_line,
    event_options,
    events_of,
    json_option,
    other_report_options,
    study_of,
    with_options,
)
from eventstudy.cli.prices import (
    cache_option,
    prices_option,
    refuse_unpriced,
    source_named,
)
from eventstudy.cli.reported import folder_of, out_option, tell

if TYPE_CHECKING:
    from eventstudy.simulate import PowerResult

_STEPS = 4
_HEADS = ("event and security, or group", "test", "n")
_RIGHT = ("effect %", "p", "size %", "smallest %", "by placebo %")


@click.command(
    epilog="""\
    \b
    Example:
      eventstudy power events.csv --window 0:1 --out reports/power
    """,
)
@click.argument("events", metavar="EVENTS")
@with_options(
    *event_options,
    prices_option,
    cache_option,
    click.option(
        "--level", type=float, default=0.95, show_default=True, help="One minus the nominal size."
    ),
    click.option(
        "--target",
        type=float,
        default=0.8,
        show_default=True,
        help="Power that counts as detected.",
    ),
    click.option(
        "--effect",
        "effects",
        type=float,
        multiple=True,
        metavar="PERCENT",
        show_default=".25 to 50",
        help="Effect of the power curve, in per cent, tried with both signs; again for more.",
    ),
    click.option(
        "--replications",
        type=int,
        default=250,
        show_default=True,
        help="Placebo events an event, and draws a group.",
    ),
    click.option("--seed", type=int, default=0, show_default=True, help="Seed of the draws."),
    out_option,
    *other_report_options,
    json_option,
)
@click.pass_context
def command(context: click.Context, events: str, **options: Any) -> int:
    """Say how small an effect a study of the EVENTS of a CSV file can see.

    Puts runs of each event's own estimation days in the place of its days, adds effects, and counts
    how often the tests find them: for every event and security, and for groups of events, whose
    dates move as one so that what is correlated stays so. An effect that was not found and that is
    smaller than the smallest one detected may well be there.
    """
    from eventstudy.simulate.power import EFFECTS, power

    del events
    folder = folder_of(context)
    study = study_of(context)
    source = source_named(options["prices"], offline=options["offline"], cache=options["cache"])
    given = events_of(context)
    notes: list[str] = []
    with unwritten(), messages.steps(_STEPS) as step:
        result = power(
            study,
            given,
            prices=source,
            effects=[percent / 100.0 for percent in options["effects"]] or EFFECTS,
            target=options["target"],
            replications=options["replications"],
            progress=step,
        )
        refuse_unpriced(result.sources, result.dropped)
        result = result.noted(command=command_line(context))
        if folder:
            notes = result.write_run(
                folder, formats=options["formats"], title=options["title"], progress=step
            )
    document = {
        "detectable": result.detectable,
        "curves": result.curves,
        "dropped": result.dropped,
    }
    return tell(context, result, notes, document, lambda: _show(result))


def _show(result: PowerResult) -> None:
    """Print what could have been seen, and what was dropped."""
    from eventstudy.report.formats import level

    summary = output.records(result.summary())
    if summary:
        output.table(
            (*_HEADS, *_RIGHT, "reading"),
            [_row(row) for row in summary],
            right=("n", *_RIGHT),
            title=f"Smallest effect detected in {level(result.target)} of placebo samples, window "
            f"{result.windows[0]}",
        )
    output.sentences(result.sentences())
    if len(result.dropped):
        output.table(
            ("event", "ticker", "reason"),
            result.dropped[["event_id", "ticker", "reason"]].to_numpy().tolist(),
            title="Dropped",
        )


def _row(row: dict[str, Any]) -> list[str]:
    from eventstudy.report.formats import integer, number

    return [
        row["who"],
        row["test"] or "-",
        integer(row["n"]),
        number(row["effect %"]),
        row["p"],
        number(row["size %"], 1),
        number(row["smallest %"]),
        number(row["by placebo %"]),
        row["reading"],
    ]
