"""Tables as one Excel workbook, a sheet each; XlsxWriter, the extra ``xlsx``.

Text is written as text and never as a formula, a link or a number; besides, what a spreadsheet
would take for a formula gets an apostrophe, as in CSV files, should a sheet be saved as one.
Numbers have 16 digits; CSV and Parquet files have all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from eventstudy.csvfile import guard
from eventstudy.errors import MissingExtraError
from eventstudy.report.findings import Findings
from eventstudy.report.formats import counted
from eventstudy.report.text import LONG, visible

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

NAME = "tables.xlsx"
ROWS = 1_048_575
"""Rows below the head of a sheet: what Excel holds. A cell holds as much as `visible` looks at."""

_MADE = datetime(2000, 1, 1)  # noqa: DTZ001 -- no clock is read: the same tables, the same bytes
_FIRST = date(1900, 3, 1)  # from here on Excel's days are right
_WIDEST = 48
_LOOKED = 200  # rows that the width of a column is taken from

Tables = Mapping[str, Iterable[pd.DataFrame]]


def check_xlsxwriter() -> None:
    """Refuse a workbook where XlsxWriter is not installed.

    Raises
    ------
    MissingExtraError
    """
    if find_spec("xlsxwriter") is None:
        raise MissingExtraError("xlsx", "Writing an Excel workbook")


def write_workbook(findings: Findings, tables: Tables, folder: Path) -> list[str]:
    """Write ``tables.xlsx``: what was found in words, then a sheet for each table.

    Parameters
    ----------
    findings : Findings
        Its sentences, settings and notes are the first sheet.
    tables : mapping of str to iterable of DataFrame
        Tables in parts; no more than a part of each is in memory.
    folder : Path
        An existing folder.

    Returns
    -------
    list of str
        What Excel could not hold, in sentences.

    Raises
    ------
    MissingExtraError
        Where XlsxWriter is not installed.
    """
    check_xlsxwriter()
    import xlsxwriter

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    notes: list[str] = []
    with xlsxwriter.Workbook(folder / NAME, options) as book:
        book.set_properties({"title": findings.title, "created": _MADE})
        styles = {
            "head": book.add_format({"bold": True, "bottom": 1}),
            "number": book.add_format({"num_format": "0.0000"}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        for name, parts in ({"summary": [_summary(findings)]} | dict(tables)).items():
            _sheet(book.add_worksheet(name), name, parts, styles, notes.append)
    return notes


def _summary(findings: Findings) -> pd.DataFrame:
    """Say what was found, how, and what to keep in mind: a column of headings, one of texts."""
    rows = [
        ("title", findings.title),
        ("about", findings.subtitle),
        *(("found", text) for text in findings.sentences),
        *findings.settings,
        *(("note", text) for text in findings.notes),
    ]
    return pd.DataFrame(rows, columns=["what", "words"])


def _sheet(
    sheet: Worksheet,
    name: str,
    parts: Iterable[pd.DataFrame],
    styles: Mapping[str, Format],
    note: Callable[[str], object],
) -> None:
    """Write a table: its head stays in view, and its rows can be filtered."""
    row, cut = 0, 0
    heads: list[str] = []
    for part in parts:
        if not heads:
            heads = [str(head) for head in part.columns]
            _open(sheet, part, heads, styles["head"])
        # One row after the other: those before are out of memory.
        for cells in zip(*(_cells(part.iloc[:, at]) for at in range(len(heads))), strict=True):
            if row == ROWS:
                most = counted(ROWS, "row")
                note(f"The sheet {name} holds the first {most}, as many as Excel does")
                return _close(sheet, row, len(heads))
            row += 1
            for column, value in enumerate(cells):
                cut += _write(sheet, row, column, value, styles)
    if cut:
        note(f"The sheet {name} has {counted(cut, 'text')} cut at {LONG:,} characters")
    return _close(sheet, row, len(heads))


def _open(sheet: Worksheet, part: pd.DataFrame, heads: list[str], style: Format) -> None:
    for column, head in enumerate(heads):
        texts = [head, *(_seen(value) for value in _cells(part.iloc[:_LOOKED, column]))]
        sheet.set_column(column, column, min(_WIDEST, 2 + max(map(len, texts))))
        sheet.write_string(0, column, _text(head), style)
    sheet.freeze_panes(1, 0)


def _close(sheet: Worksheet, rows: int, columns: int) -> None:
    if rows and columns:
        sheet.autofilter(0, 0, rows, columns - 1)


def _seen(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _cells(column: pd.Series) -> Iterator[Any]:
    """Give the cells of a column as plain values; None is missing."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return (None if pd.isna(one) else one.isoformat() for one in column)
    if pd.api.types.is_datetime64_dtype(column.dtype):
        return (None if pd.isna(one) else one.date() for one in column)
    return (None if one is None or one != one else one for one in column.tolist())  # noqa: PLR0124


def _write(
    sheet: Worksheet, row: int, column: int, value: Any, styles: Mapping[str, Format]
) -> bool:
    """Write a cell; whether a text was cut."""
    if value is None or value == "":
        return False
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int):
        sheet.write_number(row, column, value)
    elif isinstance(value, float) and math.isfinite(value):
        sheet.write_number(row, column, value, styles["number"])
    elif isinstance(value, date) and value >= _FIRST:
        midnight = datetime.combine(value, time())
        sheet.write_datetime(row, column, midnight, styles["date"])
    else:
        text = str(value)
        sheet.write_string(row, column, _text(text))
        return len(text) > LONG
    return False


def _text(text: str) -> str:
    return visible(guard(text))
