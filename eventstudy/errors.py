"""Errors of the package: one tree, each class a kind of cure.

::

    EventStudyError
    +-- InputError                 what was given cannot be read or used (exit code 2)
    |   +-- TableError             a table with bad cells; every bad cell at once, in ``.problems``
    |   |   +-- EventsError        the events
    |   |   +-- ClaimsError        the claims
    |   |   +-- PriceFileError     a price file or frame
    |   |   +-- FactorsError       a factor file or frame
    |   +-- StudyError             the specification of the study
    |   +-- RunDirectoryError      a run directory that cannot be written or read back
    |   +-- CacheError             a price cache that cannot be read or written
    +-- CalendarError              an exchange, or a date, that no calendar covers (exit code 2)
    |   +-- UnknownExchangeError   a ticker whose exchange is not known
    +-- PricesError                a price series that cannot be had (exit code 3 where none can)
    |   +-- UnknownTickerError     the source does not know the ticker
    |   +-- NoDataError            the source has nothing in the range asked for
    |   +-- RateLimitError         the source refuses more requests for now
    |   +-- NetworkError           the source cannot be reached, or does not answer in time
    |   +-- SourceError            the source answers with something that is no price series
    +-- EngineError                workers were lost, or nobody answers (exit code 2)
    +-- MissingExtraError          an optional dependency is not installed (exit code 2)

Every message says what is wrong and, after it, the cure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class EventStudyError(Exception):
    """Base of every error that the package raises on purpose."""


class InputError(EventStudyError):
    """What was given cannot be read or used."""


@dataclass(frozen=True)
class Problem:
    r"""One bad cell (or row, or file) of a table.

    Attributes
    ----------
    line : int or None
        Line in the file, counted from 1 with the header as line 1; None for the whole file.
        For a frame it is the row's position plus 2, as if it had been written to a file.
    column : str
        Name of the column, "" where the whole row or file is meant.
    value : str
        What stands there, shortened and with control characters shown as ``\xNN``.
    problem : str
        What is wrong with it.
    cure : str
        What to write instead.
    """

    line: int | None
    column: str
    value: str
    problem: str
    cure: str

    def __str__(self) -> str:
        place = [f"line {self.line}"] if self.line is not None else []
        place += [f"column {self.column}"] if self.column else []
        shown = f" ({self.value})" if self.value else ""
        where = ", ".join(place)
        return f"{where + ': ' if where else ''}{self.problem}{shown}. {self.cure}"


class TableError(InputError):
    """A table with bad cells; all of them at once."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        self.name = name
        self.problems = tuple(problems)
        count = len(self.problems)
        head = f"{name}: {count} problem{'s' if count != 1 else ''}"
        super().__init__("\n  ".join([head, *map(str, self.problems)]))

    def __reduce__(self) -> tuple[type[TableError], tuple[str, tuple[Problem, ...]]]:
        # Exceptions are copied, and sent between processes, by their arguments.
        return type(self), (self.name, self.problems)


class EventsError(TableError):
    """Events that cannot be used."""


class ClaimsError(TableError):
    """Claims that cannot be used."""


class PriceFileError(TableError):
    """A price file or frame that cannot be used."""


class FactorsError(TableError):
    """A factor file or frame that cannot be used."""


class StudyError(InputError):
    """A specification that cannot be run."""


class RunDirectoryError(InputError):
    """A run directory that cannot be written or read back."""


class CacheError(InputError):
    """A price cache that cannot be read or written."""


class CalendarError(EventStudyError):
    """An exchange, or a date, that no calendar covers."""


class UnknownExchangeError(CalendarError):
    """A ticker whose exchange is not known."""


class PricesError(EventStudyError):
    """A price series that cannot be had."""


class UnknownTickerError(PricesError):
    """The source does not know the ticker."""


class NoDataError(PricesError):
    """The source has nothing in the range asked for."""


class RateLimitError(PricesError):
    """The source refuses more requests for now."""


class NetworkError(PricesError):
    """The source cannot be reached, or does not answer in time."""


class SourceError(PricesError):
    """The source answers with something that is no price series."""


class EngineError(EventStudyError):
    """Work that could not be done where the engine says."""


class MissingExtraError(EventStudyError):
    """An optional dependency is not installed."""

    def __init__(self, extra: str, purpose: str) -> None:
        self.extra, self.purpose = extra, purpose
        super().__init__(
            f"{purpose} needs the extra '{extra}'. Install it: pip install 'eventstudy[{extra}]'"
        )

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:
        return type(self), (self.extra, self.purpose)
