"""Cells of price tables: what is a date, what is a price, and every bad one at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from eventstudy.arrays import Booleans, Dates, Floats, Integers
from eventstudy.errors import Problem
from eventstudy.tables import shown

SMALLEST_PRICE, LARGEST_PRICE = 1e-12, 1e15
FIRST_YEAR, LAST_YEAR = 1800, 2199
_FIRST, _LAST = np.datetime64(f"{FIRST_YEAR}-01-01"), np.datetime64(f"{LAST_YEAR}-12-31")

_STAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ]((?:[01][0-9]|2[0-3]):?[0-5][0-9](?::?[0-5][0-9](?:[.,][0-9]+)?)?)"
    r"\s?(Z|[+-][0-9]{2}(?::?[0-9]{2}){0,2})?)?"
)
_DAYS = re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2},)*")
_DATE_CURE = "Write the date as 2024-12-02"
_LISTED = 10
# No security moves so much on a usual day: such figures are prices, or returns in per cent.
_USUAL_RETURN = 0.2
_LEAST_RETURNS = 20


def nearest(name: str, names: Iterable[str], count: int = 3) -> list[str]:
    """Names that look like this one, the nearest first; letter case does not count.

    Of more than 2,000 names only those with the same first letter are compared.
    """
    known = {other.casefold(): other for other in names}
    wanted = name.casefold()[:80]
    pool = list(known)
    if len(pool) > 2000:
        pool = [other for other in pool if other[:1] == wanted[:1]][:2000]
    return [known[other] for other in difflib.get_close_matches(wanted, pool, count)]


@dataclass(frozen=True)
class FileProblem(Problem):
    """One bad cell, and the file in which it stands.

    Attributes
    ----------
    file : str
        Name of the file without its folder, "" for a frame.
    """

    file: str = ""

    def __str__(self) -> str:
        place = super().__str__()
        if not self.file:
            return place
        return f"{self.file}{', ' if self.line is not None or self.column else ': '}{place}"


class Faults:
    """The bad cells of one table: all are counted, the first ten of each kind are listed.

    Parameters
    ----------
    file : str
        Name that stands before each problem, "" for a frame.
    """

    def __init__(self, file: str = "") -> None:
        self.file = shown(file)
        self._listed: dict[str, list[FileProblem]] = {}
        self._counts: dict[str, int] = {}

    def __len__(self) -> int:
        return sum(self._counts.values())

    def add(self, line: int | None, column: str, value: str, problem: str, cure: str) -> None:
        """Count a bad cell; `problem` says what kind it is, and texts may be anyone's."""
        problem, cure = shown(problem, 500), shown(cure, 500)
        self._counts[problem] = self._counts.get(problem, 0) + 1
        listed = self._listed.setdefault(problem, [])
        if len(listed) < _LISTED:
            listed.append(FileProblem(line, shown(column), shown(value), problem, cure, self.file))

    def add_where(
        self,
        bad: Booleans,
        lines: Integers,
        column: str,
        values: Sequence[float] | Sequence[str] | Floats,
        problem: str,
        cure: str,
    ) -> None:
        """Count every cell of a column where `bad`, shape (n,), holds."""
        places = np.flatnonzero(bad)
        for place in places[:_LISTED]:
            value = values[place]
            text = value if isinstance(value, str) else f"{value:.12g}"
            self.add(int(lines[place]), column, text, problem, cure)
        if len(places) > _LISTED:
            self._counts[shown(problem, 500)] += len(places) - _LISTED

    @property
    def problems(self) -> list[FileProblem]:
        """The listed problems by line, then one line for each kind of which more were counted."""
        listed = [problem for kind in self._listed.values() for problem in kind]
        listed.sort(key=lambda problem: problem.line or 0)
        for kind, count in self._counts.items():
            if more := count - len(self._listed[kind]):
                cure = self._listed[kind][0].cure
                text = f"{more:,} more like these ({count:,} in all): {kind}"
                listed.append(FileProblem(None, "", "", text, cure, self.file))
        return listed


def read_dates(
    texts: Sequence[str], lines: Integers, column: str, faults: Faults
) -> tuple[Dates, bool]:
    """Calendar dates of a column of text.

    A date is ``2024-12-02``, or an ISO timestamp that begins with one: its calendar date is taken
    as written, in whatever zone it was written. A column in which some cells name a zone and
    others do not is refused, for their dates need not belong together.

    Parameters
    ----------
    texts : sequence of str, length n
    lines : array of int, shape (n,)
        Where each stands.
    column : str
        Name for the messages.
    faults : Faults
        Takes the cells that cannot be read.

    Returns
    -------
    dates : array of datetime64[D], shape (n,)
        NaT where the cell is bad.
    timed : bool
        Whether a time of day other than midnight was left out.
    """
    plain = _plain_dates(texts)
    if plain is not None:
        return plain, False
    read: list[str] = []
    timed = False
    zoned: bool | None = None
    mixed = False
    for place, text in enumerate(texts):
        match = _STAMP.fullmatch(text.strip())
        problem = _date_problem(match)
        if match is None or problem:
            faults.add(int(lines[place]), column, text, problem, _DATE_CURE)
            read.append("NaT")
            continue
        read.append(match[1])
        timed = timed or (match[2] is not None and match[2].strip("0:.,") != "")
        here = match[3] is not None
        if zoned is None:
            zoned = here
        elif here != zoned and not mixed:
            mixed = True
            cure = "Write every date alike, best as a plain date: 2024-12-02"
            faults.add(
                int(lines[place]), column, text, "some dates name a time zone, others none", cure
            )
    return np.array(read, dtype="datetime64[D]"), timed


def _plain_dates(texts: Sequence[str]) -> Dates | None:
    """All the dates at once, where each is a plain date and good."""
    if not _DAYS.fullmatch(",".join([*texts, ""])):
        return None
    try:
        days = np.array(texts, dtype="datetime64[D]")
    except ValueError:
        return None
    inside = (days >= _FIRST) & (days <= _LAST)
    return days if inside.all() else None


def _date_problem(match: re.Match[str] | None) -> str:
    if match is None:
        return "not a date"
    try:
        day = date.fromisoformat(match[1])
    except ValueError:
        return "no such day in the calendar"
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        return f"a date outside the years {FIRST_YEAR} to {LAST_YEAR}"
    return ""


def check_range(dates: Dates, lines: Integers, column: str, faults: Faults) -> None:
    """Count the dates that are missing or in no year of stock prices."""
    years = dates.astype("datetime64[Y]").astype(np.int64) + 1970
    empty = np.isnat(dates)
    texts = [""] * len(dates)
    faults.add_where(empty, lines, column, texts, "no date", _DATE_CURE)
    outside = ~empty & ((years < FIRST_YEAR) | (years > LAST_YEAR))
    if outside.any():
        problem = f"a date outside the years {FIRST_YEAR} to {LAST_YEAR}"
        faults.add_where(outside, lines, column, _written(dates), problem, _DATE_CURE)


def check_twice(dates: Dates, lines: Integers, column: str, faults: Faults, cure: str) -> Booleans:
    """Count every date that stood on an earlier row too; tell which rows, shape (n,), those are."""
    order = np.argsort(dates, kind="stable")
    again = np.zeros(len(dates), dtype=bool)
    again[order[1:]] = dates[order[1:]] == dates[order[:-1]]
    faults.add_where(again, lines, column, _written(dates), "date twice", cure)
    return again


def check_order(dates: Dates, lines: Integers, column: str, faults: Faults, cure: str) -> bool:
    """Count the rows against the order of the rest; tell whether the rest runs newest first."""
    steps = np.diff(dates).astype(np.int64)
    if not len(steps):
        return False
    descending = bool((steps < 0).sum() > (steps > 0).sum())
    against = np.concatenate([[False], steps > 0 if descending else steps < 0])
    faults.add_where(against, lines, column, _written(dates), "date out of order", cure)
    return descending


def _written(dates: Dates) -> list[str]:
    return np.datetime_as_string(dates).tolist()


def check_prices(
    values: Floats, lines: Integers, column: str, faults: Faults, hint: str = ""
) -> None:
    """Count prices that are infinite, not positive, or of no size that a price can have."""
    infinite = np.isinf(values)
    none = "Leave the cell empty where there is no price"
    faults.add_where(infinite, lines, column, values, "an infinite price", none)
    low = values <= 0
    cure = f"{none}; a minus that marks a mean of bid and ask (CRSP) is to be taken off{hint}"
    faults.add_where(low & ~infinite, lines, column, values, "a price that is not positive", cure)
    odd = (values > LARGEST_PRICE) | ((values < SMALLEST_PRICE) & ~low)
    problem = f"a price outside {SMALLEST_PRICE:g} to {LARGEST_PRICE:g}"
    faults.add_where(odd & ~infinite, lines, column, values, problem, "Write the price of one unit")


def check_returns(
    values: Floats, lines: Integers, column: str, faults: Faults, cure: str, infinite: str
) -> None:
    """Count returns that are infinite or below -100 %, and a column that holds something else.

    Parameters
    ----------
    cure : str
        For figures that are no returns in decimals.
    infinite : str
        The cure for infinite ones.
    """
    endless = np.isinf(values)
    faults.add_where(endless, lines, column, values, "an infinite return", infinite)
    known = np.abs(values[np.isfinite(values)])
    if len(known) >= _LEAST_RETURNS and (usual := float(np.median(known))) > _USUAL_RETURN:
        problem = "these are no returns in decimals"
        faults.add(None, column, f"{usual:.3g} on a usual day", problem, cure)
        return
    low = (values < -1) & ~endless
    codes = f"{cure}; leave the cell empty where a code such as -99 stands for a missing return"
    faults.add_where(low, lines, column, values, "a return below -100 %", codes)


def may_be_no_returns(values: Floats) -> Booleans:
    """Tell of each row, shape (k, n), whether :func:`check_returns` may find something, quickly."""
    large = values > _USUAL_RETURN
    large |= values < -_USUAL_RETURN
    odd = np.asarray(large.any(axis=1))
    rows = np.flatnonzero(odd)
    known = np.count_nonzero(~np.isnan(values[rows]), axis=1)
    many = 2 * np.count_nonzero(large[rows], axis=1) >= known
    odd[rows] = many | (values[rows] < -1).any(axis=1) | np.isinf(values[rows]).any(axis=1)
    return odd
