"""``report``: the figures and documents of a run, drawn again from its tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from eventstudy.cli import messages, output
from eventstudy.cli.interrupts import unwritten
from eventstudy.cli.options import report_options, with_options, written


@click.command(
    epilog="""\
    \b
    Example:
      eventstudy report reports/events --format pdf,html
    """,
)
@click.argument("run_dir", metavar="RUN_DIR")
@with_options(*report_options)
def command(run_dir: str, **options: Any) -> int:
    """Write the report of RUN_DIR again, from its tables and settings.

    RUN_DIR is the folder that `run` has written. It is replaced whole: drawings and documents that
    lie in it are not trusted, and files of your own in it do not stay. Its tables keep their form
    unless --format names another.
    """
    from eventstudy.errors import RunDirectoryError
    from eventstudy.result import load
    from eventstudy.rundir import check_place, form_of

    folder = Path(run_dir)
    check_place(folder)
    formats: tuple[str, ...] = options["formats"]
    if not {"csv", "parquet"} & {*formats}:
        formats += (form_of(folder),)
    result = load(folder)
    try:
        result.findings(options["title"])
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise RunDirectoryError(
            f"{folder} cannot be read back: a table or a setting is damaged ({error}). Run the "
            "study again"
        ) from error
    with unwritten(), messages.steps(2) as step:
        notes = result.write_run(folder, formats=formats, title=options["title"], progress=step)
    for text in notes:
        messages.note(text)
    output.paragraph(written(folder, options["formats"]))
    return 0
