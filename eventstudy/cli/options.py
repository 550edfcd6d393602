"""Options that commands share, and the study and inputs that they describe."""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from eventstudy.cli.messages import note
from eventstudy.cli.models import named_model
from eventstudy.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from eventstudy.events import Events
    from eventstudy.study import Study

Command = TypeVar("Command", bound=Callable[..., Any])
Option = Callable[[Any], Any]

FORMATS = ("pdf", "html", "csv", "parquet", "xlsx", "png", "latex")
"""What ``--format`` takes; tables and SVG files are always written."""

CLAIMS = "claims.csv"
RETURNS = "returns:"
"""Stands before the path of prices that are returns."""
NONE = "none"

# Options that are settings of the study, by the name of the setting.
_SETTINGS = {
    "estimation": "estimation",
    "event": "event",
    "window": "windows",
    "benchmark": "benchmark",
    "calendar": "calendar",
    "currency": "currency",
    "diagnostics": "diagnostics",
    "closed_day": "closed_day",
    "min_estimation": "min_estimation",
    "exclude_events_from_estimation": "exclude_events_from_estimation",
    "rolling_start": "rolling_start",
    "test": "tests",
    "placebo": "placebo",
    "level": "level",
    "seed": "seed",
}


def _listings(
    context: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    """Take TICKER=MIC apart; a ticker may itself hold the sign, as in CL=F=CMES."""
    del context, option
    found: dict[str, str] = {}
    for value in values:
        ticker, sign, mic = value.rpartition("=")
        if not (ticker and sign and mic):
            raise click.BadParameter(f"{value!r} is not TICKER=MIC, as in ^AXKO=XASX")
        found[ticker] = mic
    return found


def _formats(context: click.Context, option: click.Parameter, value: str) -> tuple[str, ...]:
    """Take a list of formats apart."""
    del context, option
    names = tuple(dict.fromkeys(name.strip().lower() for name in value.split(",") if name.strip()))
    for name in names:
        if name not in (*FORMATS, "svg"):
            raise click.BadParameter(f"there is no format {name!r}. There are {', '.join(FORMATS)}")
    if {"csv", "parquet"} <= {*names}:
        raise click.BadParameter("tables are csv or parquet, not both. Name one")
    if "xlsx" in names:
        from eventstudy.workbook import check_xlsxwriter

        check_xlsxwriter()
    return names


event_options = (
    click.option(
        "--tickers",
        multiple=True,
        metavar="TICKERS",
        show_default="none",
        help="Fills empty ticker cells: one or more, separated by spaces, or given again.",
    ),
    click.option(
        "--study",
        metavar="FILE",
        show_default="none",
        help="Settings from a TOML file, such as the study.toml of a run; options given besides "
        "win over it.",
    ),
    click.option(
        "--model",
        default="market",
        metavar="NAME",
        show_default=True,
        help="Model of the expected return: see `list models`.",
    ),
    click.option(
        "--factors",
        metavar="FILE|TICKERS",
        show_default="none",
        help="Factors of the models that take them, separated by commas: CSV files (Ken French's "
        "as published, or a date and a column a factor, in decimals), or tickers of the source. "
        "Without --model, the model is `factors`.",
    ),
    click.option(
        "--estimation",
        default="-260:-11",
        metavar="FIRST:LAST",
        show_default=True,
        help="Sessions on which the model is estimated; 0 is the day of the event.",
    ),
    click.option(
        "--event",
        default="-10:10",
        metavar="FIRST:LAST",
        show_default=True,
        help="Sessions whose abnormal returns are kept.",
    ),
    click.option(
        "--window",
        multiple=True,
        default=("0:0", "0:1", "-1:1"),
        metavar="FIRST:LAST",
        show_default=True,
        help="Tested window, inside --event; give it again for more. The first is the headline.",
    ),
    click.option(
        "--benchmark",
        metavar="TICKER",
        show_default="that of the exchange",
        help="Benchmark of every row that names none.",
    ),
    click.option(
        "--exchange",
        multiple=True,
        metavar="TICKER=MIC",
        callback=_listings,
        show_default="by the ticker's suffix",
        help="Exchange of a ticker that does not tell it; give it again for more. See "
        "`list exchanges`; tables name an exchange by its calendar there, Shenzhen as XSHG.",
    ),
    click.option(
        "--calendar",
        type=click.Choice(["exchange", "data"]),
        default="exchange",
        show_default=True,
        help="Sessions: those of each security's exchange, or the rows of your own --prices, which "
        "know no closes, so that a time of day is not used.",
    ),
    click.option(
        "--currency",
        metavar="CODE",
        show_default="local currencies",
        help="Convert all returns, as in USD, by the rates of the same source (HKDUSD=X).",
    ),
    click.option(
        "--closed-day",
        type=click.Choice(["next", "previous", "drop"]),
        default="next",
        show_default=True,
        help="What happens to an event's date that is no session.",
    ),
    click.option(
        "--min-estimation",
        type=int,
        metavar="DAYS",
        show_default="100, or all of a shorter window",
        help="Estimation days with a return that an event needs; with fewer it is dropped.",
    ),
    click.option(
        "--exclude-events-from-estimation",
        is_flag=True,
        show_default="they stay in, and are listed",
        help="Leave the tested days of other events of the same security out of the estimation.",
    ),
    click.option(
        "--rolling-start",
        type=int,
        metavar="SESSIONS",
        show_default="0: a missing day stays missing",
        help="Where days of the estimation window are not usable, start it up to so many sessions "
        "earlier, until it holds as many usable days as it is long.",
    ),
    click.option(
        "--offline",
        is_flag=True,
        show_default="the network is used where the source needs it",
        help="Never touch the network.",
    ),
    click.option(
        "--strict",
        is_flag=True,
        show_default="they are reported, with exit code 0",
        help="Exit with 1 if something was dropped or flagged.",
    ),
)
"""Options of every command that reads events."""

claims_option = click.option(
    "--claims",
    metavar="FILE",
    show_default=f"{CLAIMS} beside EVENTS, where it is",
    help=f"Press claims to check; `{NONE}` for none.",
)


def _report_options(formats: Sequence[str], tables: str, title: str) -> tuple[Option, ...]:
    return (
        click.option(
            "--format",
            "formats",
            default="pdf",
            callback=_formats,
            metavar="LIST",
            show_default=True,
            help=f"Any of {', '.join(formats)}, separated by commas. Tables, as {tables}, and SVG "
            "figures are always written; xlsx is all tables in one workbook besides.",
        ),
        click.option(
            "--title", default="", metavar="TEXT", show_default=title, help="Title of the report."
        ),
    )


report_options = _report_options(FORMATS, "CSV unless it is parquet", "that of the run")
"""Options of the commands that write the report of a run."""

other_report_options = _report_options(
    [name for name in FORMATS if name != "parquet"], "CSV", "the command and EVENTS"
)
"""Options of the other commands that write a report, whose tables are CSV."""

json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    show_default="tables and sentences",
    help="Print one JSON document instead.",
)


def with_options(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Decorate a command with options, which help lists in this order."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def is_given(context: click.Context, name: str) -> bool:
    """Tell whether an option was written on the command line."""
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE


def study_of(context: click.Context) -> Study:
    """Make the study that the options describe; those given win over the file of ``--study``.

    Raises
    ------
    StudyError
        Where the file cannot be read, or a setting cannot be run.
    UnknownExchangeError
        Where ``--exchange`` names one that is not known.
    """
    from eventstudy.exchanges import calendar_code
    from eventstudy.study import Study

    options = context.params
    if options["study"] and not Path(options["study"]).is_file():
        raise InputError(
            f"--study {options['study']}: there is no such file. Name a TOML file, such as the "
            "study.toml of a run"
        )
    study = Study.read(options["study"]) if options["study"] else Study()
    listed: Mapping[str, str] = options["exchange"]
    for mic in listed.values():
        calendar_code(mic)
    changes = {
        setting: options[name]
        for name, setting in _SETTINGS.items()
        if name in options and is_given(context, name)
    }
    named = options["model"] if is_given(context, "model") else None
    if named is not None or options["factors"] is not None:
        changes["model"] = named_model(study, named, options["factors"])
    return replace(study, **changes, exchanges={**study.exchanges, **listed})


def events_of(context: click.Context) -> Events:
    """Read the events, with the tickers of ``--tickers``.

    Raises
    ------
    EventsError
        With every bad row.
    """
    from eventstudy.events import read_events

    return read_events(context.params["events"], tickers=context.params["tickers"])


def claims_path(context: click.Context) -> Path | None:
    """Path of the claims: the one given, else claims.csv beside the events, where it is."""
    given, events = context.params["claims"], Path(context.params["events"])
    if given is not None:
        return None if given == NONE else Path(given)
    beside = events.parent / CLAIMS
    return beside if beside != events and beside.is_file() else None


def claims_of(context: click.Context, events: Events) -> pd.DataFrame | None:
    """Read the claims and check that they are about the events; None where there are none.

    A file that nobody named and that is about none of the events belongs to another study.

    Raises
    ------
    ClaimsError
        With every bad row.
    """
    from eventstudy.claims import about_any, read_claims

    path = claims_path(context)
    if path is None:
        return None
    if not is_given(context, "claims") and not about_any(path, events):
        note(
            f"{path} is about none of these events and is not used. Name it with --claims if it is"
        )
        return None
    return read_claims(path, events=events)


def digests(context: click.Context, claims: pd.DataFrame | None) -> dict[str, str]:
    """Give the sha256 of the claims in use, by file name."""
    path = claims_path(context)
    if claims is None or path is None:
        return {}
    return {Path(path).name: hashlib.sha256(Path(path).read_bytes()).hexdigest()}


def command_line(context: click.Context) -> str:
    """Write the command as it was given, with paths cut to their names.

    A run directory says how it came about, and is the same wherever it stands and whatever did the
    work: --out and --engine are left out.
    """
    words = [f"eventstudy {context.info_name}"]
    for parameter in context.command.params:
        name = parameter.name or ""
        if not is_given(context, name) or name in ("out", "engine"):
            continue
        value = context.params[name]
        if isinstance(value, dict):
            many = [f"{key}={one}" for key, one in value.items()]
        elif isinstance(value, tuple):
            many = value if parameter.multiple else [",".join(value)]
        else:
            many = [value]
        flag = max(parameter.opts, key=len)
        for one in many:
            shown = _without_folder(str(one))
            if isinstance(parameter, click.Argument):
                words.append(shown)
            else:
                words += [flag] if one is True else [flag, shown]
    return " ".join([words[0], *map(shlex.quote, words[1:])])


def _without_folder(text: str) -> str:
    """Cut a path to its name; other texts stay. A text too long for a path is none."""
    path = text.removeprefix(RETURNS)
    start = text[: len(text) - len(path)]
    return start + Path(path).name if os.path.exists(path) else text  # noqa: PTH110


def written(folder: Path, formats: tuple[str, ...], document: str = "report") -> str:
    """Say where the reports and the run directory are."""
    from eventstudy.workbook import NAME

    named = {"pdf": f"{document}.pdf", "html": f"{document}.html", "xlsx": NAME}
    reports = [str(folder / named[name]) for name in formats if name in named]
    return f"Written: {', '.join([*reports, f'{folder}/'])}"
