"""Tables of text with true line numbers, and all that is wrong in them.

A file (``eventstudy.csvfile``) and a frame become the same :class:`Table`, so that one set of
checks serves both. Each distinct text of a column is kept once: checks of form cost what the
distinct texts cost, and a million rows are cheap.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from eventstudy.arrays import Booleans, Integers, Texts
from eventstudy.errors import Problem, TableError

CELL_LIMIT = 65_536
NAME_LIMIT = 80
PROBLEM_LIMIT = 10_000
BLANKS = " \u00a0"
# Kinds of cells that are written alike where they are equal, as 1, 1.0 and True are not.
_ALIKE = ("string", "empty", "date", "integer")
_BLOCK = 65_536
_COMPARED = 2_000

_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
_REFUSED = re.compile("[\x00\ud800-\udfff]")

Diagnosis = tuple[str, str]
Finding = tuple[int | None, str, str, str, str]


def shown(text: str, limit: int = 60) -> str:
    r"""Shorten a text and show its control characters as ``\xNN``.

    Parameters
    ----------
    text : str
        Any text.
    limit : int
        Characters of the text that are kept; where some are cut off, "..." ends the answer.

    Returns
    -------
    str
        One line without control characters, marks that turn the writing direction, or surrogates.

    Examples
    --------
    >>> print(shown("red" + chr(27) + "[31m"))
    red\x1b[31m
    """
    kept = text if len(text) <= limit else text[: limit - 3] + "..."
    return _HIDDEN.sub(_escape, kept)


def _escape(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def in_notebook(*parts: str) -> str:
    """Put pieces of a page into one that a notebook shows; $..$ in a text is no formula there."""
    return f'<div class="tex2jax_ignore mathjax_ignore">{"".join(parts)}</div>'


def likeness(word: str, words: Iterable[str]) -> str:
    """Find the one of ``words`` that ``word`` may have been meant to be; "" where none is close.

    Of more than 2,000 only the first 2,000 with the same first letter are compared.
    """
    close = {candidate.casefold(): candidate for candidate in words}
    wanted = word.casefold()[:NAME_LIMIT]
    pool = list(close)
    if len(pool) > _COMPARED:
        pool = [other for other in pool if other[:1] == wanted[:1]][:_COMPARED]
    found = difflib.get_close_matches(wanted, pool, n=1, cutoff=0.7)
    return close[found[0]] if found else ""


@dataclass(frozen=True, eq=False)
class Column:
    """Cells of text, each distinct one kept once.

    Attributes
    ----------
    codes : array of int, shape (rows,)
        Index of each cell in ``values``; equal codes are equal texts.
    values : array of str, shape (distinct,)
        The texts, without blanks at their ends; "" is an empty cell.
    """

    codes: Integers
    values: Texts

    @classmethod
    def of(cls, cells: pd.Series) -> Column:
        """Take the texts of any cells; what is missing becomes "", what is no text is written out.

        Parameters
        ----------
        cells : Series
            Texts, numbers, instants, dates, anything. Figures that are all whole are written
            without a point: identifiers such as 10001.0, which one missing cell makes of them.
        """
        if cells.dtype.kind == "f" and _whole(cells):
            cells = cells.astype("Int64").astype("string")
        if cells.dtype.kind in "biuf" or isinstance(cells.dtype, pd.StringDtype):
            codes, distinct = pd.factorize(cells)
        else:
            cells = cells.astype(object)
            if pd.api.types.infer_dtype(cells, skipna=True) not in _ALIKE:
                cells = cells.map(_written_out)
            codes, distinct = pd.factorize(cells.to_numpy(dtype=object))
        given = distinct.tolist()
        differ = cells.dtype.kind in "iu" or set(map(type, given)) <= {str}
        texts = list(map(str if differ else _written_out, given))
        if _blank("".join(texts)):
            texts, differ = [text.strip(BLANKS) for text in texts], False
        if differ:
            # "" stands for the code -1 of a missing cell
            empty = texts.index("") if "" in texts else len(texts)
            values = np.array(texts if empty < len(texts) else [*texts, ""], dtype=object)
            missing = codes < 0
            return cls(np.where(missing, empty, codes) if missing.any() else codes, values)
        again, values = pd.factorize(np.array([*texts, ""], dtype=object))
        # a missing cell has the code -1, which is the last text, ""
        return cls(again.astype(np.int64)[codes], values)

    @classmethod
    def empty(cls, rows: int) -> Column:
        """Make a column of empty cells, which takes no memory a row."""
        return cls(np.broadcast_to(np.int64(0), rows), np.array([""], dtype=object))

    @property
    def texts(self) -> Texts:
        """The text of every cell, shape (rows,)."""
        return self.values[self.codes]

    @property
    def filled(self) -> Booleans:
        """Whether a cell holds anything, shape (rows,)."""
        return self.where(self.values != "")

    def where(self, flags: Sequence[bool] | Booleans) -> Booleans:
        """Spread flags of the distinct values, shape (distinct,), over the rows."""
        return np.asarray(flags, dtype=bool)[self.codes]

    def matches(self, form: re.Pattern[str]) -> Booleans:
        """Tell of every row whether the whole of its text has a form."""
        return self.where(matching(self.values, form))

    def series(self, rows: Integers) -> pd.Series:
        """Give the texts of some rows as a series of pandas' own text type."""
        codes = self.codes[rows]
        if len(codes) and (codes == codes[0]).all():
            return _repeated(str(self.values[codes[0]]), len(codes))
        own = pd.Series(self.values, dtype=object).astype("str")
        if len(codes) <= len(own) and (codes == np.arange(len(codes))).all():
            return own.iloc[: len(codes)]
        return own.take(codes).reset_index(drop=True)


def _whole(cells: pd.Series) -> bool:
    """Whether all figures that are there are whole, and exact."""
    known = cells.dropna()
    return bool((known % 1 == 0).all() and (known.abs() < 2.0**53).all())


def _repeated(text: str, rows: int) -> pd.Series:
    """Make a series of one text; where pandas keeps texts in pyarrow its blocks share memory."""
    block = pd.Series([text] * min(rows, _BLOCK), dtype="str")
    if rows <= _BLOCK:
        return block
    return pd.concat([block] * -(-rows // _BLOCK), ignore_index=True).iloc[:rows]


def matching(texts: Texts, form: re.Pattern[str]) -> Booleans:
    """Tell of each text, shape (n,), whether the whole of it has a form.

    Lines that are all empty or of the form are seen in one match, a million in a fifth of a second;
    only where there is another text, or a text of several lines, is each looked at by itself.
    """
    lines = "\n".join([*texts, ""])
    together = re.compile(f"(?:(?:{form.pattern})?\n)*+", form.flags)
    alone = form.fullmatch("") is None and lines.count("\n") == len(texts)
    if alone and together.fullmatch(lines) is not None:
        return np.asarray(texts != "", dtype=bool)
    return np.array([form.fullmatch(text) is not None for text in texts], dtype=bool)


def longest(texts: Texts) -> int:
    """Characters of the longest text, 0 for none."""
    return max(map(len, texts), default=0)


def _blank(text: str) -> bool:
    return any(blank in text for blank in BLANKS)


def _written_out(value: object) -> str:
    if type(value) is str:
        return value
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, float | np.floating) and np.isnan(value):
        return ""
    if isinstance(value, date):  # a datetime and a Timestamp are dates, too
        return value.isoformat()
    text = str(value)
    return "" if isinstance(value, np.datetime64) and text == "NaT" else text


@dataclass
class Problems:
    """What is wrong in a table; ``count`` goes on counting where the list is full."""

    found: list[Problem] = field(default_factory=list)
    count: int = 0

    def add(self, line: int | None, column: str, value: str, problem: str, cure: str) -> None:
        """Note one problem; names and values are shortened, their control characters shown."""
        self.count += 1
        if len(self.found) < PROBLEM_LIMIT:
            self.found.append(Problem(line, shown(column), shown(value), problem, cure))

    def add_each(self, places: Integers, find: Callable[[int], Finding]) -> None:
        """Note a problem for each place; ``find`` gives what :meth:`add` takes."""
        listed = places[: max(PROBLEM_LIMIT - len(self.found), 0)]
        for place in listed:
            self.add(*find(place))
        self.count += len(places) - len(listed)

    def raise_any(self, error: type[TableError], name: str) -> None:
        """Raise ``error`` with all problems in the order of their lines, if there are any."""
        if not self.count:
            return
        ordered = sorted(self.found, key=lambda problem: problem.line or 0)
        rest = self.count - len(ordered)
        if rest:
            ordered.append(
                Problem(None, "", "", f"{rest:,} more problems are not listed", "Mend these first")
            )
        raise error(shown(name, 200), ordered)


@dataclass(frozen=True, eq=False)
class Table:
    """A table of text.

    Attributes
    ----------
    name : str
        Name of the file as it was given, or what the frame is called.
    sha256 : str
        Digest of the file's bytes, "" for a frame.
    columns : dict of Column
        The columns of text by name, in the order of the table.
    moments : dict of Series
        Columns of a frame that already hold instants or dates and are not written out.
    lines : array of int, shape (rows,)
        Line of the file on which each row begins, the header on line 1; position plus 2 in a frame.
    problems : Problems
        What was wrong in reading, and where checks note what they find.
    """

    name: str
    sha256: str
    columns: dict[str, Column]
    moments: dict[str, pd.Series]
    lines: Integers
    problems: Problems

    def __len__(self) -> int:
        return len(self.lines)

    def __contains__(self, name: str) -> bool:
        return name in self.columns or name in self.moments

    def column(self, name: str) -> Column:
        """Give a column of text, one of empty cells where the table has none of that name."""
        return self.columns.get(name) or Column.empty(len(self))

    def text(self, name: str, row: int) -> str:
        """Give the text of one cell, "" where the table has no such column."""
        if name in self.moments:
            cell = self.moments[name].iloc[row]
            return "" if pd.isna(cell) else str(cell)
        column = self.columns.get(name)
        return str(column.values[column.codes[row]]) if column else ""

    def flag(
        self, rows: Booleans, name: str, diagnose: Diagnosis | Callable[[str], Diagnosis]
    ) -> None:
        """Note a problem for each flagged row.

        Parameters
        ----------
        rows : array of bool, shape (rows,)
            The bad rows.
        name : str
            Column whose cells are bad.
        diagnose : pair of str, or a function from the cell's text to one
            The problem and its cure.
        """

        def diagnosed(row: int) -> Finding:
            text = self.text(name, row)
            problem, cure = diagnose if isinstance(diagnose, tuple) else diagnose(text)
            return int(self.lines[row]), name, text, problem, cure

        self.problems.add_each(np.flatnonzero(rows), diagnosed)

    def require(self, name: str, known: Sequence[str]) -> None:
        """Note a missing column, and the one that may have been meant."""
        if name not in self:
            names = (*self.columns, *self.moments)
            meant = likeness(name, [other for other in names if other not in known])
            cure = f"Is '{shown(meant)}' meant? Rename it" if meant else f"Add the column {name}"
            self.problems.add(None, name, "", "the column is missing", cure)

    def check_cells(self) -> None:
        """Note bad names of columns, cells over the limit, and what no text may hold."""
        for name, column in self.columns.items():
            if _HIDDEN.search(name) or len(name) > NAME_LIMIT:
                problem = f"a name with control characters or more than {NAME_LIMIT} characters"
                cure = "Name the column in a few printable characters"
                self.problems.add(None, name, "", problem, cure)
            if longest(column.values) > CELL_LIMIT:
                long = [len(text) > CELL_LIMIT for text in column.values]
                cure = f"Shorten it to {CELL_LIMIT:,} characters, the limit"
                self.flag(column.where(long), name, ("the cell is larger than 64 kB", cure))
            joined = "".join(column.values)
            plain = joined.isascii() and "\x00" not in joined
            if not plain and _REFUSED.search(joined):
                refused = [_REFUSED.search(text) is not None for text in column.values]
                problem = "the cell holds a NUL or half of a character"
                self.flag(column.where(refused), name, (problem, "Remove it"))


def note_double(problems: Problems, line: int | None, name: str) -> None:
    """Note a column that is named twice."""
    cure = "Rename one of the two, or remove it"
    problems.add(line, name, "", "the column is named twice", cure)


def note_nameless(problems: Problems, line: int | None) -> None:
    """Note a column with cells and no name."""
    cure = "Name it in the header, or remove its cells"
    problems.add(line, "", "", "a column has cells but no name", cure)


def _as_times(cells: pd.Series) -> pd.Series:
    if cells.dtype == object and pd.api.types.infer_dtype(cells, skipna=True) == "datetime":
        try:
            return pd.Series(pd.to_datetime(cells))
        except (ValueError, TypeError, OverflowError):  # several time zones: read as texts
            return cells
    return cells


def _holds_times(cells: pd.Series) -> bool:
    own = isinstance(cells.dtype, np.dtype | pd.DatetimeTZDtype)  # not those of pyarrow
    return own and cells.dtype.kind == "M"


def check_frame(given: object, name: str, error: type[TableError], reader: str) -> None:
    """Refuse what is no frame, and name the function that reads a file instead."""
    if not isinstance(given, pd.DataFrame):
        problem = f"a {type(given).__name__} is no frame"
        cure = f"Make a pandas DataFrame of it, or read a file with {reader}(path)"
        raise error(name, [Problem(None, "", "", problem, cure)])


def frame_table(frame: pd.DataFrame, name: str, moments: Sequence[str] = ()) -> Table:
    """Make a table of a frame.

    Parameters
    ----------
    frame : DataFrame
        Any columns; the index is left aside.
    name : str
        What the frame is called in messages.
    moments : sequence of str
        Columns that stay as they are where pandas holds them as times.

    Returns
    -------
    Table
        With what is wrong in names and cells among its problems.
    """
    problems = Problems()
    columns: dict[str, Column] = {}
    kept: dict[str, pd.Series] = {}
    labels = [_written_out(label).strip(BLANKS) for label in frame.columns]
    for place, label in enumerate(labels):
        cells = frame.iloc[:, place].reset_index(drop=True)
        if not label:
            note_nameless(problems, None)
        elif label in columns or label in kept:
            note_double(problems, None, label)
        elif label in moments and _holds_times(cells := _as_times(cells)):
            kept[label] = cells
        else:
            columns[label] = Column.of(cells)
    lines = np.arange(2, len(frame) + 2, dtype=np.int64)
    table = Table(name, "", columns, kept, lines, problems)
    table.check_cells()
    return table
