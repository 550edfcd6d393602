"""The result on stdout: tables and sentences for a reader, or one JSON document for a program."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

from eventstudy.cli.messages import visible
from eventstudy.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
ROWS = 200
"""Rows of one table that are printed; what is left out is said, and stands in the files."""

_CELL = 1_000
_SENTENCE = 4_000
_LINE = 100
_FOLDED = 8
_GAP = 2
_CHUNK = 5_000
# A rule under the heading, and nothing else: what is copied from a terminal stays text.
_RULED = "    \n    \n -- \n    \n    \n    \n    \n    \n"


def write(text: str) -> None:
    """Write to stdout; once its reader has gone, to nowhere.

    Raises
    ------
    InputError
        Where it cannot be written to, as on a full disk.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _close()
    except OSError as error:
        _close()
        raise InputError(
            f"stdout cannot be written: {error.strerror}. Send it elsewhere"
        ) from error


def _close() -> None:
    """Lead stdout to nowhere, so that Python's own flush at the end finds no fault either."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def paragraph(*lines: str) -> None:
    """Write lines as they are, control characters shown, and an empty line."""
    write("".join(f"{visible(line)}\n" for line in lines) + "\n")


def sentences(found: Iterable[str]) -> None:
    """Write sentences as a list, wrapped on a terminal."""
    points = [["-", _shown(_plain(one), _SENTENCE)] for one in found]
    write(_drawn(points, ("", "")) + "\n")


def definitions(terms: Iterable[tuple[str, Sequence[str]]]) -> None:
    """Write terms with what they mean, one line a meaning, wrapped to a line's length."""
    rows = [[term, "\n".join([*meaning, ""])] for term, meaning in terms]
    write(_drawn(rows, ("", ""), width=_LINE))


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Collection[str] = (),
    title: str = "",
    rest: str | None = None,
    total: int | None = None,
) -> None:
    """Write a table; no column is ever left out, and no cell cut off but where dots say so.

    Parameters
    ----------
    heads : sequence of str
        Headings.
    rows : sequence of sequence of str
        Cells, as texts of any origin.
    right : collection of str
        Headings of the columns that are set flush right.
    title : str
        A line above the table.
    rest : str, optional
        The file that holds every row; a longer table than 200 then ends there. Without it all
        rows are printed.
    total : int, optional
        How many rows there are, where only the first 200 or more are given.
    """
    if title:
        write(f"{visible(title)}\n")
    printed = rows if rest is None else rows[:ROWS]
    numeric = [head in right for head in heads]
    cells = [
        [_plain(c) if number else _shown(c, _CELL) for c, number in zip(row, numeric, strict=True)]
        for row in printed
    ]
    write(_drawn(cells, heads, right=right))
    left = (total or len(rows)) - len(printed)
    if left:
        write(f"... and {left:,} more rows in {visible(rest or '')}\n")
    write("\n")


def _drawn(
    rows: Sequence[Sequence[str]],
    heads: Sequence[str],
    *,
    right: Collection[str] = (),
    width: int | None = None,
) -> str:
    """Draw a table: as wide as the terminal or the width given, else as its cells need.

    Parameters
    ----------
    rows : sequence of sequence of str
        Cells that are safe to print; a line end in one begins a new line of the cell.
    heads : sequence of str
        Headings; where all are empty there is none.
    right : collection of str
        Headings of the columns that are set flush right and never folded.
    width : int, optional
        Width where there is no terminal.
    """
    from rich.cells import cell_len

    natural = [
        max(cell_len(line) for cell in cells for line in cell.split("\n"))
        for cells in zip(heads, *rows, strict=True)
    ]
    if sys.stdout.isatty():
        return _folded(rows, heads, right, natural, get_terminal_size().columns)
    if width is not None:
        return _folded(rows, heads, right, natural, width)
    lines = [heads, ["-" * (sum(natural) + _GAP * (len(heads) - 1))], *rows]
    text = ""
    for cells in lines if any(heads) else rows:
        padded = [
            " " * (size - cell_len(cell)) * (head in right)
            + cell
            + " " * (size - cell_len(cell)) * (head not in right)
            for cell, size, head in zip(cells, natural, heads, strict=False)
        ]
        text += f"{(' ' * _GAP).join(padded).rstrip()}\n"
    return text


def _folded(
    rows: Sequence[Sequence[str]],
    heads: Sequence[str],
    right: Collection[str],
    natural: Sequence[int],
    width: int,
) -> str:
    """Draw a table in a width, folding cells; where even that is too wide, a terminal wraps."""
    from io import StringIO

    from rich.box import Box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    needed = [
        size if head in right else min(size, _FOLDED)
        for head, size in zip(heads, natural, strict=True)
    ]
    drawn = StringIO()
    on_terminal = sys.stdout.isatty()
    console = Console(
        file=drawn,
        width=max(width, sum(needed) + _GAP * (len(heads) - 1)),
        force_terminal=on_terminal,
        color_system="auto" if on_terminal else None,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
    )
    grid = Table(
        box=Box(_RULED, ascii=True),
        show_header=any(heads),
        show_edge=False,
        pad_edge=False,
        padding=(0, _GAP - 1, 0, 0),
    )
    for head, least in zip(heads, needed, strict=True):
        number = head in right
        justify = "right" if number else "left"
        grid.add_column(
            Text(head), justify=justify, min_width=least, no_wrap=number, overflow="fold"
        )
    for row in rows:
        grid.add_row(*map(Text, row))
    console.print(grid)
    return "".join(f"{line.rstrip()}\n" for line in drawn.getvalue().splitlines())


def _plain(text: str) -> str:
    """Figures as programs read them: the report's minus sign and its dash for none are no ASCII."""
    return text.replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-")


def _shown(text: str, limit: int) -> str:
    from eventstudy.tables import shown

    return shown(text, limit)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a frame by the names of its columns."""
    return frame.to_dict("records")  # type: ignore[return-value]


def document(parts: Mapping[str, Any]) -> None:
    """Write one JSON document: ``schema``, then each frame as a list of records, one a line.

    Numbers that are not finite, and missing dates, are null; dates are ISO 8601.

    Parameters
    ----------
    parts : mapping of str to DataFrame, or to what JSON knows
        The document's keys.
    """
    import pandas as pd

    write(f'{{"schema": {SCHEMA}')
    for key, part in parts.items():
        write(f",\n{json.dumps(key)}: ")
        if isinstance(part, pd.DataFrame):
            for piece in _pieces(part):
                write(piece)
        else:
            write(json.dumps(part, allow_nan=False))
    write("\n}\n")


def _pieces(frame: pd.DataFrame) -> Iterator[str]:
    """Pieces of the JSON of a frame, some thousand records each."""
    yield "["
    for begin in range(0, len(frame), _CHUNK):
        part = frame.iloc[begin : begin + _CHUNK]
        names = [str(name) for name in part.columns]
        columns = [_values(part.iloc[:, place]) for place in range(len(names))]
        lines = (
            json.dumps(dict(zip(names, row, strict=True)), allow_nan=False)
            for row in zip(*columns, strict=True)
        )
        yield (",\n  " if begin else "\n  ") + ",\n  ".join(lines)
    yield "\n]"


def _values(column: pd.Series) -> list[Any]:
    """Values of a column as JSON knows them."""
    import numpy as np
    import pandas as pd

    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return [None if pd.isna(one) else one.isoformat() for one in column]
    if pd.api.types.is_datetime64_dtype(column.dtype):
        return [None if pd.isna(one) else one.date().isoformat() for one in column]
    if pd.api.types.is_float_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64)
        finite = np.isfinite(values)
        return [one if known else None for one, known in zip(values.tolist(), finite, strict=True)]
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.tolist()
    return [None if one is None or one is pd.NaT or one != one else one for one in column]  # noqa: PLR0124
