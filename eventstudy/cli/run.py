"""``run``: from events to effects, tests, verdicts and a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eventstudy.cli import messages, output
from eventstudy.cli.interrupts import unwritten
from eventstudy.cli.options import (
    claims_of,
    claims_option,
    command_line,
    digests,
    event_options,
    events_of,
    json_option,
    report_options,
    study_of,
    with_options,
    written,
)
from eventstudy.cli.prices import (
    cache_option,
    detours,
    prices_option,
    refuse_unpriced,
    source_named,
)
from eventstudy.cli.summary import show

if TYPE_CHECKING:
    import pandas as pd

    from eventstudy.result import StudyResult

FRAMES = ("events", "days", "fits", "means", "tests", "claims", "dropped", "overlaps")
"""Frames of the JSON document, which ends with ``provenance``; ``--power`` adds ``power``."""

_STEPS = 6
_POWER_STEPS = 3
_NAMED = 8


@click.command(
    epilog="""\
    \b
    Example:
      eventstudy run events.csv --window 0:1 --out reports/chips
      eventstudy run events.csv --engine processes --placebo never
    """,
)
@click.argument("events", metavar="EVENTS")
@with_options(
    *event_options,
    claims_option,
    prices_option,
    cache_option,
    click.option(
        "--test",
        multiple=True,
        metavar="NAME",
        show_default="all",
        help="Group test; give it again for more. See `list tests`.",
    ),
    click.option(
        "--placebo",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="When to compare each event with its own estimation days (placebo and sample-quantile "
        "tests); auto is up to 10,000 events.",
    ),
    click.option(
        "--level", type=float, default=0.95, show_default=True, help="Level of the intervals."
    ),
    click.option(
        "--seed", type=int, default=0, show_default=True, help="Seed of every resampling."
    ),
    click.option(
        "--diagnostics",
        is_flag=True,
        show_default="left out",
        help="Add to the report how well the model does: its residuals, and its forecasts of days "
        "left out. The tables do not hold it; from Python it is `result.models()`.",
    ),
    click.option(
        "--power",
        is_flag=True,
        show_default="left out",
        help="Add the smallest effects that would have been seen (see `power`): several times the "
        "work.",
    ),
    click.option(
        "--engine",
        default="serial",
        metavar="ENGINE",
        show_default=True,
        help="Where many events are worked on: serial (threads of this process), processes, or "
        "dask (a cluster on this machine; dask:tcp://host:port is one that is running). serial:4 "
        "and processes:4 are at most four. The numbers are the same.",
    ),
    click.option(
        "--out",
        metavar="FOLDER",
        show_default="reports/<name of EVENTS>",
        help="Run directory: new, empty, or an earlier run, which is replaced whole.",
    ),
    *report_options,
    json_option,
)
@click.pass_context
def command(context: click.Context, events: str, **options: Any) -> int:
    """Measure the EVENTS of a CSV file, test them, and write a report.

    Reads EVENTS (see `check --example`), finds the first session of each security that could
    react, estimates its abnormal return against a benchmark, tests single events and groups, and
    checks the claims of the press. Writes tables, figures and a report into a run directory.
    """
    from eventstudy.execution import Engine
    from eventstudy.rundir import check_format, check_target, form_of
    from eventstudy.sources.once import Once

    engine = Engine.of(options["engine"])
    check_format("parquet" if "parquet" in options["formats"] else "csv")
    folder = Path(options["out"] or f"reports/{Path(events).stem.strip('.') or 'events'}")
    check_target(folder)
    study = study_of(context)
    source = source_named(options["prices"], offline=options["offline"], cache=options["cache"])
    source = Once(source) if options["power"] else source
    given = events_of(context)
    claims = claims_of(context, given)
    with unwritten(), messages.steps(_STEPS + _POWER_STEPS * options["power"]) as step:
        result = study.run(given, prices=source, claims=claims, progress=step, engine=engine)
        refuse_unpriced(result.sources, result.dropped)
        if options["power"]:
            from eventstudy.simulate.power import power

            found = power(study, given, prices=source, progress=step)
            result = result.with_power(found.detectable)
        result = result.noted(command=command_line(context), inputs=digests(context, claims))
        notes = result.write_run(
            folder, formats=options["formats"], title=options["title"], progress=step
        )
    documents = options["formats"] if result.reportable else ()
    messages.say(_sources(result.sources))
    idle = _idle_exchanges(options["exchange"], result)
    for text in (*detours(result.sources), *idle, *notes):
        messages.note(text)
    if options["as_json"]:
        frames = {name: result.frames[name] for name in FRAMES}
        frames |= {"power": result.power} if options["power"] else {}
        output.document({**frames, "provenance": dict(result.provenance)})
        messages.say(written(folder, documents))
    else:
        show(result, folder, form_of(folder))
        output.paragraph(written(folder, documents))
    return _strictly(result) if options["strict"] else 0


def _sources(sources: pd.DataFrame) -> str:
    """Say in one line which source each series came from."""
    by_source = {
        source: list(dict.fromkeys(rows["ticker"]))
        for source, rows in sources.groupby("source", sort=False)
    }
    if len(by_source) == 1:
        source, tickers = next(iter(by_source.items()))
        return f"Prices: {source} for all {len(tickers)} series"
    most = max(by_source, key=lambda source: len(by_source[source]))
    parts = []
    for source, tickers in by_source.items():
        named = ", ".join(tickers[:_NAMED])
        rest = f" and {len(tickers) - _NAMED} more" if len(tickers) > _NAMED else ""
        parts.append(f"{source} for {named}{rest}")
    parts.sort(key=lambda part: part.startswith(f"{most} "))
    return f"Prices: {'; '.join(parts)}"


def _idle_exchanges(listed: dict[str, str], result: StudyResult) -> list[str]:
    """Say which tickers of --exchange the study has nowhere."""
    given, sources = result.input, result.sources
    known = {*given["ticker"], *given["benchmark"], *sources["ticker"]}
    return [
        f"--exchange {ticker}={mic}: no event has this ticker"
        for ticker, mic in listed.items()
        if ticker not in known
    ]


def _strictly(result: StudyResult) -> int:
    from eventstudy.report.formats import counted

    parts = result.frames.parts("events")
    flagged = len(
        {event_id for part in parts for event_id in part["event_id"][part["flags"] != ""]}
    )
    dropped = len(result.dropped)
    if not flagged and not dropped:
        return 0
    messages.say(
        f"--strict: {counted(dropped, 'pair')} dropped, {counted(flagged, 'event')} flagged"
    )
    return 1
