"""CSV files as tables of text: what a file holds, and every fault on its true line.

UTF-8, commas, a quote inside quotes written twice, lines that begin with ``#`` skipped. The
standard library's reader is not used: its limit of 131,072 characters a cell belongs to the whole
process, it passes over quotes that are never closed, and it cannot go on behind a fault.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator, Sequence
from os import PathLike, fspath
from pathlib import Path

import numpy as np
import pandas as pd

from eventstudy.errors import Problem, TableError
from eventstudy.tables import BLANKS, Column, Problems, Table, note_double, note_nameless, shown

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
FILE_LIMIT = 10_000_000
COLUMN_LIMIT = 1_000

# Possessive: a cell of a million quotes needs no memory for ways back.
_QUOTED = re.compile(r'"([^"]*+(?:""[^"]*+)*+)" *+')
_PLAIN = re.compile(r"[^,\n]*+")
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_AS_UTF8 = 'Save it as UTF-8 (in a spreadsheet "CSV UTF-8, comma delimited")'
_UNCLOSED = "a quoted cell that begins on this line is never closed"
_TRAILING = "text follows the closing quote of a cell"
_CURES = {
    _UNCLOSED: 'Close it; write a quote inside quotes twice ("")',
    _TRAILING: 'Write a quote inside quotes twice ("")',
}


class _RefusalError(Exception):
    """The file as a whole cannot be read."""

    def __init__(self, problem: str, cure: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.problem = Problem(line, "", "", problem, cure)


def guard(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would take for a formula.

    Examples
    --------
    >>> guard("=HYPERLINK(1)"), guard("plain"), unguard(guard("'=x"))
    ("'=HYPERLINK(1)", 'plain', "'=x")
    """
    return f"'{text}" if text.lstrip("'").startswith(FORMULA) else text


def unguard(text: str) -> str:
    """Take the apostrophe of :func:`guard` off again."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULA) else text


def read_table(path: str | PathLike[str], error: type[TableError], known: Sequence[str]) -> Table:
    """Read a CSV file as text.

    Parameters
    ----------
    path : str or path
        The file.
    error : type of TableError
        Raised where the file as a whole cannot be read.
    known : sequence of str
        Names of columns that the caller knows; they give a wrong delimiter away.

    Returns
    -------
    Table
        The rows with the right number of cells; the others are among its problems. Rows without
        any text are left out.

    Raises
    ------
    TableError
        Of the type ``error``: no file, a folder, over 10 MB, not UTF-8, empty, only a header,
        other delimiters than commas.
    """
    name = fspath(path)
    try:
        return _table(name, known)
    except _RefusalError as refusal:
        raise error(shown(name, 200), [refusal.problem]) from None


def _table(name: str, known: Sequence[str]) -> Table:
    data = _bytes(name)
    text = _decoded(data).replace("\r\n", "\n").replace("\r", "\n")
    records = _records(text)
    header, head_line = _header(records, text, known)
    problems = Problems()
    rows: list[list[str]] = []
    lines: list[int] = []
    for line, cells, fault in records:
        if fault:
            problems.add(line, "", "", fault, _CURES[fault])
        elif len(cells) != len(header):
            _note_length(problems, line, cells, len(header))
        elif any(cell.strip(BLANKS) for cell in cells):
            rows.append(cells)
            lines.append(line)
    if not rows and not problems.count:
        raise _RefusalError("there is a header and no row below it", "Add a row")
    columns: dict[str, Column] = {}
    for place, label in enumerate(header):
        column = Column.of(pd.Series([row[place] for row in rows], dtype=object))
        if not label:
            if column.filled.any():
                note_nameless(problems, head_line)
        elif label in columns:
            note_double(problems, head_line, label)
        else:
            columns[label] = column
    digest = hashlib.sha256(data).hexdigest()
    table = Table(name, digest, columns, {}, np.array(lines, dtype=np.int64), problems)
    table.check_cells()
    return table


def _bytes(name: str) -> bytes:
    path = Path(name)
    try:
        if path.is_dir():
            raise _RefusalError("this is a folder", "Give the CSV file inside it")
        with path.open("rb") as file:
            data = file.read(FILE_LIMIT + 1)
    except FileNotFoundError:
        raise _RefusalError(
            "there is no such file", "Check the path and the folder you are in"
        ) from None
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or str(fault)
        cure = "Check its path and permissions"
        raise _RefusalError(f"the file cannot be read: {reason}", cure) from None
    if len(data) > FILE_LIMIT:
        cure = "Split it, or build a frame of it and use Events.from_frame"
        raise _RefusalError("the file is larger than 10 MB, the limit", cure)
    return data


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            raise _RefusalError(f"the file is encoded in {encoding}", _AS_UTF8)
    if data and data.count(0) * 4 > len(data):
        raise _RefusalError("NUL bytes all over: UTF-16, or no text at all", _AS_UTF8)
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as fault:
        byte, line = data[fault.start], 1 + data.count(b"\n", 0, fault.start)
        problem = f"the file is not UTF-8: byte \\x{byte:02x} at byte offset {fault.start}"
        raise _RefusalError(problem, _AS_UTF8, line) from None


def _header(
    records: Iterator[tuple[int, list[str], str]], text: str, known: Sequence[str]
) -> tuple[list[str], int]:
    line, cells, fault = next(records, (0, [], ""))
    if not line:
        raise _RefusalError("the file is empty", "Write a header and, below it, rows")
    names = [cell.strip(BLANKS) for cell in cells]
    first = text.split("\n", line)[line - 1]
    for mark, marks in _DELIMITERS.items():
        others = [cell.strip(BLANKS + '"') for cell in first.split(mark)]
        if sum(other in known for other in others) > sum(name in known for name in names):
            cure = "Separate them by commas (a spreadsheet asks for it on export)"
            raise _RefusalError(f"the cells are separated by {marks}", cure, line)
    if fault:
        raise _RefusalError(fault, _CURES[fault], line)
    if len(names) > COLUMN_LIMIT:
        problem = f"the header has {len(names):,} columns"
        raise _RefusalError(problem, f"Keep to {COLUMN_LIMIT:,}, the limit", line)
    return names, line


def _records(text: str) -> Iterator[tuple[int, list[str], str]]:
    """Yield line, cells and fault of each record; after a fault go on with the next line."""
    at, line = 0, 1
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        row = text[at:end]
        if not row.startswith("#") and row.strip():
            if '"' in row:
                cells, stop, fault = _quoted_record(text, at)
                yield line, cells, fault
                if not fault:
                    line += text.count("\n", at, stop)
                    end = stop
            else:
                yield line, row.split(","), ""
        at, line = end + 1, line + 1


def _quoted_record(text: str, at: int) -> tuple[list[str], int, str]:
    """Cells of the record that begins at a place, where it ends, and what is wrong with it."""
    cells: list[str] = []
    while True:
        if text.startswith('"', at):
            match = _QUOTED.match(text, at)
            if match is None:
                return cells, at, _UNCLOSED
            if match.end() < len(text) and text[match.end()] not in ",\n":
                return cells, at, _UNCLOSED if "\n" in match[1] else _TRAILING
            cells.append(match[1].replace('""', '"'))
            at = match.end()
        else:
            start, match = at, _PLAIN.match(text, at)
            at = match.end() if match else at
            cells.append(text[start:at])
        if at >= len(text) or text[at] == "\n":
            return cells, at, ""
        at += 1


def _note_length(problems: Problems, line: int, cells: list[str], width: int) -> None:
    count = f"the row has {len(cells)}, the header {width}"
    if len(cells) > width:
        extra = ",".join(cells[width:])
        cure = "Put a cell that holds a comma in quotes, or take away what is too many"
        problems.add(line, "", extra, f"too many cells: {count}", cure)
    else:
        cure = "Add the missing cells: an empty one still needs its comma"
        problems.add(line, "", ",".join(cells), f"too few cells: {count}", cure)
