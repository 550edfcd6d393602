"""What is said beside the result, on stderr: progress, notes, errors."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

Step = Callable[[str], None]


def visible(text: str) -> str:
    r"""Text as a terminal may have it: control characters as ``\xNN``, line ends kept.

    Examples
    --------
    >>> print(visible("red" + chr(27) + "[31m"))
    red\x1b[31m
    """
    if text.isprintable():
        return text
    from eventstudy.tables import shown

    return "\n".join(shown(line, len(line)) for line in text.split("\n"))


def say(text: str) -> None:
    """Say a line."""
    click.echo(visible(text), err=True)


def note(text: str) -> None:
    """Say what the reader should know."""
    say(f"Note: {text}")


def failure(error: Exception) -> None:
    """Say why there is no result; the problems of a table stand on a line each."""
    say(f"Error: {error}")


def _unheard(step: str) -> None:
    del step


def told_share(step: str) -> tuple[str, float | None]:
    """Take apart a step and how far it has come.

    Examples
    --------
    >>> told_share("tests: 37 %"), told_share("day zero")
    (('tests', 0.37), ('day zero', None))
    """
    name, _, rest = step.rpartition(": ")
    share = rest.removesuffix(" %")
    return (name, int(share) / 100) if name and share.isdecimal() else (step, None)


@contextmanager
def steps(total: int) -> Iterator[Step]:
    """Show a bar that moves on with each step, and within a long one, on a terminal.

    Elsewhere nothing is shown.

    Parameters
    ----------
    total : int
        Steps until the end.

    Yields
    ------
    callable
        To be told of each step as it begins, and of its share that is done, as in ``tests: 37 %``.
    """
    if not sys.stderr.isatty():
        yield _unheard
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    console = Console(stderr=True, markup=False, highlight=False)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn())
    with Progress(
        *columns, console=console, transient=True, disable=console.is_dumb_terminal
    ) as progress:
        bar = progress.add_task("events", total=total)
        begun, reached = 0, 0.0

        def tell(step: str) -> None:
            nonlocal begun, reached
            share = told_share(step)[1]
            begun += share is None
            # A step may go through the events more than once: the bar never moves back.
            reached = max(reached, begun + (share or 0.0))
            progress.update(bar, description=step, completed=reached)

        yield tell
