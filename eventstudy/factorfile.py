"""Two layouts of factor files: Ken French's daily blocks in per cent, and plain CSV in decimals."""

from __future__ import annotations

import re

import numpy as np

from eventstudy.arrays import Dates, Floats
from eventstudy.errors import FactorsError, Problem

MISSING = ("", "na", "nan", "null", ".")
"""Cells without a figure, in lower case."""

CODES = (-99.99, -999.0)
"""Missing figures of Ken French's files."""

_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"(?:[T ][0-9:.,+-]*Z?)?")
_PERIODS = {4: "annual", 6: "monthly"}
_DAILY = (
    "Give the daily file, whose rows begin with dates as in 20241202: its name in Ken French's "
    "library has [Daily]"
)
_LIMIT = 1_000
_WEEK = np.timedelta64(5, "D")

Parsed = tuple[tuple[str, ...], Dates, Floats, tuple[str, ...]]
Line = tuple[int, list[str]]


def parse(data: bytes, name: str) -> Parsed:
    """Take a file apart.

    Parameters
    ----------
    data : bytes
        The file.
    name : str
        What errors call it.

    Returns
    -------
    names : tuple of str
    dates : array of datetime64[D], shape (n,)
    values : array of float, shape (n, names)
        In decimals, NaN is missing.
    notes : tuple of str
        What was not read.

    Raises
    ------
    FactorsError
        Where it holds no daily factors, or with every bad cell.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    lines = [
        (number, [cell.strip().strip('"').strip() for cell in line.split(",")])
        for number, line in enumerate(text.splitlines(), start=1)
    ]
    head = next((at for at in range(len(lines)) if _is_header(lines, at)), None)
    if head is None:
        raise FactorsError(
            name,
            [
                Problem(
                    None,
                    "",
                    "",
                    "there is no header above rows that begin with dates",
                    "Begin with a line such as date,Mkt-RF,SMB,HML,RF; files of Ken French's "
                    "library are read as they are",
                )
            ],
        )
    french = lines[head][1][0] == "" and bool(_DIGITS.fullmatch(lines[head + 1][1][0]))
    return (_french if french else _plain)(lines, head, name)


def _is_header(lines: list[Line], at: int) -> bool:
    """Whether a line names columns above a row that begins with a date."""
    cells = lines[at][1]
    if len(cells) < 2 or at + 1 == len(lines) or any(map(_NUMBER.fullmatch, cells)):
        return False
    below = lines[at + 1][1][0]
    return bool(_ISO.match(below)) or (len(below) in (4, 6, 8) and bool(_DIGITS.fullmatch(below)))


def _french(lines: list[Line], head: int, name: str) -> Parsed:
    """Read the first block; it ends with the first line that does not begin with a date."""
    width = len(lines[head + 1][1][0])
    if width in _PERIODS:
        raise _not_daily(name, f"this is a file of {_PERIODS[width]} factors", lines[head + 1][0])
    end = head + 1
    while end < len(lines) and re.fullmatch(r"\d{8}", lines[end][1][0]):
        end += 1
    names, dates, values = _figures(lines[head:end], name, CODES)
    if len(dates) > 5 and np.median(np.diff(dates)) >= _WEEK:
        raise _not_daily(name, "this is a file of weekly factors", lines[head + 1][0])
    more = [at for at in range(end, len(lines)) if _is_header(lines, at)]
    notes = tuple(f"the block below line {lines[at][0]} of {name} is not read" for at in more)
    return names, dates, values / 100.0, notes


def _not_daily(name: str, problem: str, line: int) -> FactorsError:
    return FactorsError(name, [Problem(line, "", "", problem, _DAILY)])


def _plain(lines: list[Line], head: int, name: str) -> Parsed:
    """Read all rows; a line without any text is passed over."""
    rows = [line for line in lines[head:] if any(line[1])]
    return *_figures(rows, name, ()), ()


def _figures(
    lines: list[Line], name: str, codes: tuple[float, ...]
) -> tuple[tuple[str, ...], Dates, Floats]:
    """Read dates and figures below a header."""
    header = lines[0][1]
    while len(header) > 2 and not header[-1]:
        header = header[:-1]
    names = tuple(header[1:])
    problems: list[Problem] = []
    days: list[str] = []
    values = np.full((len(lines) - 1, len(names)), np.nan)
    for row, (number, cells) in enumerate(lines[1:]):
        days.append(_day(cells[0], number, problems))
        if any(cells[len(header) :]) or len(cells) < len(header):
            count = f"the row has {len(cells)} cells, the header {len(header)}"
            problems.append(Problem(number, "", "", count, "Give each factor one cell"))
            continue
        for column, cell in enumerate(cells[1 : len(header)]):
            if cell.lower() in MISSING:
                continue
            if not _NUMBER.fullmatch(cell):
                problems.append(
                    Problem(number, names[column], cell[:40], "not a number", "Correct the cell")
                )
                continue
            figure = float(cell)
            values[row, column] = np.nan if figure in codes else figure
    if problems:
        raise FactorsError(name, problems[:_LIMIT])
    return names, np.array(days, dtype="datetime64[D]"), values


def _day(cell: str, line: int, problems: list[Problem]) -> str:
    """Write a date as ISO; a bad one is noted."""
    text = f"{cell[:4]}-{cell[4:6]}-{cell[6:]}" if re.fullmatch(r"\d{8}", cell) else cell[:10]
    try:
        if not _ISO.fullmatch(text) or (text == cell[:10] and not _TIME.fullmatch(cell[10:])):
            raise ValueError
        return str(np.datetime64(text, "D"))
    except ValueError:
        problems.append(Problem(line, "date", cell[:40], "not a date", "Write it as 2024-12-02"))
        return "NaT"
