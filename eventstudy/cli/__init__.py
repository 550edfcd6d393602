"""The command line: ``eventstudy`` and ``python -m eventstudy``.

Commands are imported when they are named, and what they need when they run, so that help and the
version cost next to nothing. The result goes to stdout, everything else to stderr.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

from eventstudy import __version__
from eventstudy.cli.interrupts import UnwrittenError, heard
from eventstudy.cli.messages import failure, say
from eventstudy.errors import EventStudyError, PricesError

COMMANDS = ("run", "check", "fetch", "report", "power", "robustness", "list")

DONE, FLAGGED, REFUSED, NO_PRICES, FAULT, INTERRUPTED = 0, 1, 2, 3, 70, 130
"""Exit codes; 70 is a fault of the program itself (EX_SOFTWARE), with its traceback."""

_FAULT = "This is a fault of eventstudy. Please report it with the lines above"


class _Text(click.ParamType):
    """A text that is not empty: of an unset variable of the shell nothing is guessed."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not value.strip():
            self.fail("it is empty. Leave the option out, or name something", param, ctx)
        return value


_TEXT = _Text()


class _Commands(click.Group):
    """The commands, each a module of this package, imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return [*COMMANDS]  # once imported, the module `list` hides the builtin here

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"eventstudy.cli.{cmd_name}").command
        for option in command.params:
            # No title and no format are choices.
            named = isinstance(option, click.Option) and option.name not in ("title", "formats")
            if named and option.type is click.STRING:
                option.type = _TEXT
        return command


@click.command(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\
    \b
    Examples:
      eventstudy check --example > events.csv
      eventstudy check events.csv
      eventstudy run events.csv

    \b
    Exit codes:
      0  done
      1  done, but with --strict and something was dropped or flagged
      2  cannot run: usage, or input that cannot be used
      3  no price series could be had
      70  a fault of the program itself, with its traceback
      130  interrupted
    """,
)
@click.version_option(__version__, prog_name="eventstudy")
def commands() -> None:
    """Measure what announcements did to share prices, and whether it is more than noise."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and leave with its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the program's name; by default that of the command line.
    """
    # One thread: the matrices are small, and sums keep their order on every machine.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # A stream that was closed (>&-) is none at all.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        # A terminal or a pipe that cannot show a character gets its code, not a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(_outcome(arguments))


def _outcome(arguments: Sequence[str] | None) -> int:
    """Run a command; its exit code."""
    try:
        with heard():
            for text in sys.argv[1:] if arguments is None else arguments:
                if not text.isascii() and any("\ud800" <= sign <= "\udfff" for sign in text):
                    raise click.UsageError(
                        f"{text.encode('ascii', 'backslashreplace').decode()} is not UTF-8. Rename "
                        "the file, or write the text so"
                    )
            return commands.main(arguments, standalone_mode=False) or DONE
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except PricesError as error:
        failure(error)
        return NO_PRICES
    except EventStudyError as error:
        failure(error)
        return REFUSED
    except (KeyboardInterrupt, click.Abort) as error:
        unwritten = isinstance(error.__cause__, UnwrittenError)
        say("Interrupted; nothing was written" if unwritten else "Interrupted")
        return INTERRUPTED
    except OSError as error:
        if error.errno == errno.EPIPE:
            return DONE
        failure(error)
        return REFUSED
    except Exception:  # noqa: BLE001
        traceback.print_exc()
        click.echo(_FAULT, err=True)
        return FAULT
