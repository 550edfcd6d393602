"""Help: light, complete, and true."""

from __future__ import annotations

import inspect
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest

from eventstudy import Study, Window, __version__
from eventstudy.cli import COMMANDS
from eventstudy.cli.options import FORMATS

Command = Callable[..., Any]
HEAVY = ("numpy", "pandas", "scipy", "matplotlib", "exchange_calendars", "typst", "rich")
PROBE = """
import sys
from eventstudy.cli import main
try:
    main(sys.argv[1:])
finally:
    print(*[name for name in {heavy} if name in sys.modules], file=sys.stderr)
"""


def _of(name: str) -> click.Command:
    return import_module(f"eventstudy.cli.{name}").command


def _options(name: str) -> list[click.Option]:
    return [one for one in _of(name).params if isinstance(one, click.Option)]


def _examples(name: str) -> list[str]:
    """Lines of a command's help that show it at work."""
    shown = _of(name).get_help(click.Context(_of(name), info_name=name))
    return re.findall(r"^ +eventstudy (.+)$", shown, flags=re.MULTILINE)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["run", "--help"], ["check", "-h"], ["list", "-h"]]
)
def test_help_and_version_import_nothing_heavy(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(heavy=HEAVY), *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout
    assert done.stderr.strip() == ""


def test_help_costs_less_than_a_fifth_of_a_second() -> None:
    resource = pytest.importorskip("resource")

    def spent() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    costs = []
    for _ in range(3):
        before = spent()
        subprocess.run([sys.executable, "-m", "eventstudy", "--help"], check=True, stdout=-3)
        costs.append(spent() - before)
    assert min(costs) < 0.2


def test_the_version_is_that_of_the_package(command: Command) -> None:
    assert command("--version").out == f"eventstudy, version {__version__}\n"


def test_help_names_every_command_and_exit_code(command: Command) -> None:
    shown = command("--help")
    assert shown.code == 0
    for name in COMMANDS:
        assert re.search(rf"^  {name} +\w", shown.out, flags=re.MULTILINE)
    for code in range(4):
        assert f"  {code}  " in shown.out


def test_no_command_shows_help_and_is_a_usage_error(command: Command) -> None:
    shown = command()
    assert shown.code == 2
    assert "Usage:" in shown.err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_help_and_says_its_default(name: str) -> None:
    for option in _options(name):
        assert option.help, option.opts
        extra = option.get_help_extra(click.Context(_of(name)))
        assert "default" in extra, option.opts


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example(name: str) -> None:
    assert any(example.startswith(name) for example in _examples(name))


def test_the_defaults_in_help_are_those_of_the_study() -> None:
    defaults = {option.name: option.default for option in _options("run")}
    study = Study()
    assert Window.of(defaults["estimation"]) == study.estimation
    assert Window.of(defaults["event"]) == study.event
    assert tuple(map(Window.of, defaults["window"])) == study.windows
    assert defaults["model"] == study.spec["model"]
    assert defaults["closed_day"] == study.closed_day
    assert (defaults["level"], defaults["seed"]) == (study.level, study.seed)
    assert defaults["placebo"] == study.placebo
    engine = inspect.signature(Study.run).parameters["engine"]
    assert defaults["engine"] == engine.default
    assert study.min_estimation is None
    assert study.design.min_estimation == 100
    assert study.exclude_events_from_estimation is False


def test_the_formats_are_those_of_the_report() -> None:
    writing = import_module("eventstudy.report.writing")
    rundir = import_module("eventstudy.rundir")
    assert {*writing.FORMATS, *rundir.FORMATS, "xlsx"} == set(FORMATS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_run(name: str, command: Command, events: Path) -> None:
    if name == "report":
        assert command("run", "events.csv", "--format", "csv", "--test", "bmp").code == 0
    for example in _examples(name):
        words = shlex.split(example)
        redirected = words.index(">") if ">" in words else len(words)
        done = command(*words[:redirected])
        assert (done.code, done.err.count("Error")) == (0, 0), example
        if redirected < len(words):
            Path(words[-1]).write_text(done.out, encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "events.csv", "--windwo", "0:1"], "--window"),
        (["runn"], "runn"),
        (["run"], "EVENTS"),
        (["check"], "EVENTS"),
        (["list", "colours"], "models"),
        (["run", "events.csv", "--closed-day", "never"], "previous"),
        (["run", "events.csv", "--seed", "x"], "--seed"),
        (["run", "events.csv", "--estimation"], "--estimation"),
        (["run", "events.csv", "--format", "docx"], "pdf, html, csv, parquet, xlsx, png, latex"),
        (["run", "events.csv", "--exchange", "MU"], "TICKER=MIC"),
    ],
)
def test_usage_errors_are_exit_2_with_the_cure(
    arguments: list[str], said: str, command: Command, events: Path
) -> None:
    refused = command(*arguments)
    assert refused.code == 2
    assert said in refused.err
    assert "Traceback" not in refused.err
    assert refused.out == ""


def test_completion_is_offered() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from eventstudy.cli import commands; commands(prog_name='eventstudy')",
        ],
        env=os.environ
        | {
            "_EVENTSTUDY_COMPLETE": "bash_complete",
            "COMP_WORDS": "eventstudy run --wind",
            "COMP_CWORD": "2",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert "--window" in done.stdout
