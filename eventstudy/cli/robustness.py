"""``robustness``: how far the effects hang on the choices of a study."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from eventstudy.cli import messages, output
from eventstudy.cli.interrupts import unwritten
from eventstudy.cli.models import models_of
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
    from eventstudy.specifications import Robustness

_STEPS = 2
_HEADS = ("group, or event and security",)
_RIGHT = ("own %", "p", "median %", "lowest %", "highest %", "found", "of")


def _listed(
    context: click.Context, option: click.Parameter, value: str | None
) -> tuple[str, ...] | None:
    """Take a list apart at its commas, but for those of a window, as in (-130, -11)."""
    del context, option
    if value is None:
        return None
    parts = (part.strip() for part in re.findall(r"(?:\([^)]*\)|[^,])+", value))
    return tuple(dict.fromkeys(part for part in parts if part))


@click.command(
    epilog="""\
    \b
    Example:
      eventstudy robustness events.csv --benchmarks own,ACWI --out reports/robustness
      eventstudy robustness events.csv --models constant_mean,dimson --estimations -130:-11
    """,
)
@click.argument("events", metavar="EVENTS")
@with_options(
    *event_options,
    prices_option,
    cache_option,
    click.option(
        "--models",
        metavar="LIST",
        callback=_listed,
        show_default="the usual ones, which need a benchmark at most",
        help="Models beside that of --model, separated by commas: see `list models`. Those that "
        "take factors have those of --factors.",
    ),
    click.option(
        "--estimations",
        metavar="LIST",
        callback=_listed,
        show_default="its second half",
        help="Estimation windows beside that of --estimation, separated by commas.",
    ),
    click.option(
        "--benchmarks",
        metavar="LIST",
        callback=_listed,
        show_default="own",
        help="Benchmarks that take the place of all others, separated by commas; `own` stands for "
        "those of the study.",
    ),
    click.option(
        "--level",
        type=float,
        default=0.95,
        show_default=True,
        help="Level of the intervals; an effect is found where p is at or below one minus it.",
    ),
    click.option(
        "--engine",
        default="serial",
        metavar="ENGINE",
        show_default=True,
        help="Where many events are worked on, as in `run`.",
    ),
    out_option,
    *other_report_options,
    json_option,
)
@click.pass_context
def command(context: click.Context, events: str, **options: Any) -> int:
    """Measure the EVENTS of a CSV file with every reasonable choice.

    Runs the study with every combination of models, estimation windows and benchmarks, for each of
    the tested windows, and lays the effects side by side: the specification curve. An effect that
    is found whatever was chosen does not hang on a choice; another one needs its choice defended.
    """
    from eventstudy.comparison import USUAL
    from eventstudy.execution import Engine
    from eventstudy.specifications import robustness

    del events
    folder = folder_of(context)
    engine = Engine.of(options["engine"])
    study = study_of(context)
    source = source_named(options["prices"], offline=options["offline"], cache=options["cache"])
    given = events_of(context)
    notes: list[str] = []
    with unwritten(), messages.steps(_STEPS) as step:
        result = robustness(
            study,
            given,
            prices=source,
            models=USUAL
            if options["models"] is None
            else models_of(options["models"], options["factors"]),
            estimations=options["estimations"],
            benchmarks=options["benchmarks"] or (),
            engine=engine,
            progress=step,
        )
        refuse_unpriced(result.sources, result.dropped)
        result = result.noted(command=command_line(context))
        if folder:
            notes = result.write_run(
                folder, formats=options["formats"], title=options["title"], progress=step
            )
    document = {
        "robustness": result.readings(),
        "specifications": result.curve,
        "dropped": result.dropped,
    }
    return tell(context, result, notes, document, lambda: _show(result))


def _show(result: Robustness) -> None:
    """Print what the specifications agree on, and what was dropped."""
    summary = output.records(result.summary())
    if summary:
        heads = ("pairs", *_RIGHT)
        output.table(
            (*_HEADS, *heads, "reading"),
            [_row(row) for row in summary],
            right=heads,
            title=f"Effects of {result.curve['specification'].nunique()} specifications; found: p "
            f"at or below {1.0 - result.spec['level']:.3g}",
        )
    output.sentences(result.sentences())
    dropped = result.dropped_pairs()
    if len(dropped):
        output.table(
            ("event", "ticker", "reason"),
            dropped[["event_id", "ticker", "reason"]].to_numpy().tolist(),
            title="Dropped",
        )


def _row(row: dict[str, Any]) -> list[str]:
    from eventstudy.report.formats import integer, number

    effects = [number(row[name]) for name in ("median %", "lowest %", "highest %")]
    counts = [integer(row["found"]), integer(row["of"])]
    return [
        row["who"], row["pairs"], number(row["own %"]), row["p"], *effects, *counts, row["reading"],
    ]  # fmt: skip
