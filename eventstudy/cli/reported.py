"""What commands share that answer a question beside the study: ``power`` and ``robustness``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eventstudy.cli import messages, output
from eventstudy.cli.options import is_given, written
from eventstudy.cli.prices import detours

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from eventstudy.reported import Reported

out_option = click.option(
    "--out",
    metavar="FOLDER",
    show_default="nothing is written",
    help="Writes tables, figures and a report there: new, empty, or an earlier run, which is "
    "replaced whole.",
)


def folder_of(context: click.Context) -> Path | None:
    """Give the folder of ``--out``, None where nothing is to be written.

    Raises
    ------
    UsageError
        Where options of the report are given without it, or a format that is not of the command.
    RunDirectoryError
        Where the folder holds anything else.
    """
    from eventstudy.rundir import check_target

    options, command = context.params, context.info_name
    for name in ("formats", "title"):
        if is_given(context, name) and not options["out"]:
            flag = name.removesuffix("s")
            raise click.UsageError(f"--{flag} is of the report, which needs --out FOLDER")
    if "parquet" in options["formats"]:
        raise click.UsageError(f"--format parquet is of `run`; the tables of `{command}` are CSV")
    if not options["out"]:
        return None
    folder = Path(options["out"])
    check_target(folder)
    return folder


def tell(
    context: click.Context,
    result: Reported,
    notes: Sequence[str],
    document: Mapping[str, Any],
    show: Callable[[], object],
) -> int:
    """Say what was found and where it was written; the exit code.

    Parameters
    ----------
    context : Context
        The command's.
    result : Reported
        What was found.
    notes : sequence of str
        What the reader of the report should know.
    document : mapping
        What ``--json`` prints, besides the provenance.
    show : callable
        Prints tables and sentences.
    """
    options = context.params
    series = result.sources.groupby("source", sort=False)["ticker"].nunique()
    messages.say(f"Prices: {', '.join(f'{name} ({n} series)' for name, n in series.items())}")
    for text in (*detours(result.sources), *notes):
        messages.note(text)
    if options["as_json"]:
        output.document({**document, "provenance": dict(result.provenance)})
    else:
        show()
    if options["out"]:
        say = messages.say if options["as_json"] else output.paragraph
        say(written(Path(options["out"]), options["formats"], context.info_name or ""))
    return 1 if options["strict"] and len(result.dropped) else 0
