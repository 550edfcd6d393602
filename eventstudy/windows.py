"""Windows of relative days and the design that they form.

Days count sessions of the security's own exchange, day 0 is the first session that could react.
Windows are closed: (-1, 1) has three days.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from numbers import Integral

from eventstudy.errors import InputError, StudyError

_FORM = re.compile(r"\(?\s*([+-]?\d{1,9})\s*[:,]\s*([+-]?\d{1,9})\s*\)?")
_LIMIT = 100_000


@dataclass(frozen=True, order=True)
class Window:
    """A closed interval of relative days.

    Attributes
    ----------
    first, last : int
        First and last day, both inside.

    Examples
    --------
    >>> window = Window.of("-1:1")
    >>> str(window), len(window), 0 in window
    ('(-1, 1)', 3, True)
    """

    first: int
    last: int

    def __post_init__(self) -> None:
        for name in ("first", "last"):
            day = getattr(self, name)
            if isinstance(day, bool) or not isinstance(day, Integral):
                raise StudyError(f"{day!r} is no day of a window. Write a whole number, as 0")
            object.__setattr__(self, name, int(day))
        if self.last < self.first:
            raise StudyError(
                f"window {self} ends before it begins. Write the earlier day first, as in -1:1"
            )
        if max(abs(self.first), abs(self.last)) > _LIMIT:
            raise StudyError(f"window {self} is beyond {_LIMIT} sessions. Give a shorter one")

    @classmethod
    def of(cls, value: Window | Sequence[int] | str) -> Window:
        """Make a window of a pair of ints or of text such as ``-1:1`` or ``(-1, 1)``.

        Raises
        ------
        StudyError
            Where the value has another form, or ends before it begins.
        """
        if isinstance(value, Window):
            return value
        if isinstance(value, str):
            match = _FORM.fullmatch(value.strip())
            if match:
                return cls(int(match[1]), int(match[2]))
        else:
            with suppress(TypeError, ValueError, OverflowError):  # no pair, or not of numbers
                first, last = value
                if int(first) == first and int(last) == last:
                    return cls(int(first), int(last))
        raise StudyError(f"{value!r} is not a window. Write first:last, as in -1:1")

    def __str__(self) -> str:
        return f"({self.first}, {self.last})"

    def __len__(self) -> int:
        return self.last - self.first + 1

    def __contains__(self, day: int) -> bool:
        return self.first <= day <= self.last

    def within(self, other: Window) -> bool:
        """Tell whether every day of this window is a day of the other."""
        return other.first <= self.first and self.last <= other.last

    def overlaps(self, other: Window) -> bool:
        """Tell whether the two windows share a day."""
        return self.first <= other.last and other.first <= self.last


WindowLike = Window | Sequence[int] | str


def tested_window(window: WindowLike | None, windows: Sequence[str]) -> str:
    """Find one of the windows of a study, the first for None.

    Raises
    ------
    InputError
        Where the study has no such window.

    Examples
    --------
    >>> tested_window("0:1", ["(0, 0)", "(0, 1)"]), tested_window(None, ["(0, 0)"])
    ('(0, 1)', '(0, 0)')
    """
    if window is None:
        return windows[0]
    chosen = str(Window.of(window))
    if chosen not in windows:
        raise InputError(f"no window {window!r} in the study. It has {', '.join(windows)}")
    return chosen


@dataclass(frozen=True)
class Design:
    """The windows of a study.

    Attributes
    ----------
    estimation : Window
        Days on which the model is estimated; before the event window, or after it.
    event : Window
        Days whose abnormal returns are kept.
    windows : tuple of Window
        Tested windows, each inside the event window, none twice.
    min_estimation : int
        Usable estimation days that an event needs, or it is dropped.
    rolling_start : int
        Sessions by which the start of an event's estimation window may move back for usable days.
    extra : int
        Sessions at the beginning of `estimation` that belong to the windows of some events only:
        those that moved back.

    Raises
    ------
    StudyError
        Where windows overlap that must not, or a tested one lies outside the event window.
    """

    estimation: Window
    event: Window
    windows: tuple[Window, ...]
    min_estimation: int
    rolling_start: int = 0
    extra: int = 0

    def __post_init__(self) -> None:
        if self.rolling_start < 0:
            raise StudyError(
                f"rolling_start {self.rolling_start} is below 0. Write how many sessions earlier "
                "the estimation window may start"
            )
        if self.rolling_start and self.estimation.first > self.event.last:
            raise StudyError(
                f"the estimation window {self.estimation} comes after the event window "
                f"{self.event}, and its start cannot move back. Leave rolling_start out"
            )
        if self.estimation.overlaps(self.event):
            raise StudyError(
                f"estimation window {self.estimation} overlaps the event window {self.event}: the "
                "event would be part of its own yardstick. Move one of them"
            )
        if not self.windows:
            raise StudyError("no tested window. Give at least one, as in --window 0:1")
        for window in self.windows:
            if not window.within(self.event):
                raise StudyError(
                    f"window {window} lies outside the event window {self.event}. "
                    f"Widen the event window, as in --event "
                    f"{min(window.first, self.event.first)}:{max(window.last, self.event.last)}"
                )
        if len(set(self.windows)) < len(self.windows):
            raise StudyError("a tested window is given twice. Name each once")
        if not 1 <= self.min_estimation <= len(self.estimation):
            raise StudyError(
                f"min_estimation {self.min_estimation} is not between 1 and the "
                f"{len(self.estimation)} days of the estimation window {self.estimation}. Give a "
                "number of days between them, or a longer estimation window"
            )

    @property
    def nominal(self) -> Window:
        """The estimation window of an event that lacks no day."""
        return Window(self.estimation.first + self.extra, self.estimation.last)

    @property
    def widest(self) -> Design:
        """The same windows, with all the days that an estimation window may reach."""
        return self.reaching(self.rolling_start)

    def reaching(self, extra: int) -> Design:
        """Give the same windows, the estimation window with so many sessions before it."""
        own = self.nominal
        return replace(self, estimation=Window(own.first - extra, own.last), extra=extra)

    @property
    def horizon(self) -> int:
        """Sessions from the last estimation day to the last event day; 0 where it comes before."""
        return max(self.event.last - self.estimation.last, 0)

    @property
    def hull(self) -> Window:
        """The smallest window that holds every tested window."""
        return Window(min(w.first for w in self.windows), max(w.last for w in self.windows))
