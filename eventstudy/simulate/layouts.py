"""Layouts of event dates: which security has an event on which day, on which market."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.errors import StudyError


@dataclass(frozen=True)
class Layout:
    """Days and securities of N events.

    Attributes
    ----------
    days : tuple of int, length N
        Day zero of each event in sessions after that of the first one.
    securities : tuple of int, length N
        Security of each event, from 0; one security may have several.
    markets : tuple of int, length S
        Market of each security, 0 or 1. Market 0 closes at 08:00 UTC, market 1 at 21:00.
    """

    days: tuple[int, ...]
    securities: tuple[int, ...]
    markets: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.days or len(self.days) != len(self.securities):
            raise StudyError("a layout has one day and one security for each event. Give both")
        if min(self.days) != 0:
            raise StudyError(
                f"a layout counts from its first day, not from {min(self.days)}. Take it off"
            )
        if set(self.securities) != set(range(len(self.markets))):
            raise StudyError("securities are numbered from 0, each with a market. Number them so")
        if not set(self.markets) <= {0, 1}:
            raise StudyError(f"markets are 0 or 1, not {sorted(set(self.markets))}. Name them so")

    def __len__(self) -> int:
        return len(self.days)

    @property
    def asynchronous(self) -> bool:
        """Whether two markets with different closes are in it."""
        return len(set(self.markets)) > 1

    @classmethod
    def of_dates(cls, counts: tuple[int, ...], *, step: int = 1) -> Layout:
        """Lay events of distinct securities on dates that lie some sessions apart.

        Parameters
        ----------
        counts : tuple of int
            Events of each date.
        step : int
            Sessions from one date to the next.

        Examples
        --------
        >>> Layout.of_dates((2, 1), step=5).days
        (0, 0, 5)
        """
        days = np.repeat(step * np.arange(len(counts)), counts)
        return cls(tuple(days.tolist()), tuple(range(len(days))), (0,) * len(days))

    @classmethod
    def of_firms(cls, firms: int, dates: int, *, step: int = 1) -> Layout:
        """Lay events of the same securities on several dates.

        Examples
        --------
        >>> Layout.of_firms(2, 2).securities
        (0, 1, 0, 1)
        """
        days = np.repeat(step * np.arange(dates), firms)
        return cls(tuple(days.tolist()), tuple(range(firms)) * dates, (0,) * firms)

    @classmethod
    def of_markets(cls, first: int, second: int) -> Layout:
        """Lay events of one instant on two markets: so many on the first, so many on the second."""
        count = first + second
        return cls((0,) * count, tuple(range(count)), (0,) * first + (1,) * second)


# Far enough that no estimation window of 120 days holds the event days of another date: what it
# holds is taken off with the mean, and the effects of the two dates are correlated below zero.
_APART = 150

LAYOUTS: dict[str, Layout] = {
    "one date": Layout.of_dates((30,)),
    "two dates, 1 day apart": Layout.of_dates((15, 15), step=1),
    "a new date each day": Layout.of_dates((1,) * 30, step=1),
    "three clusters, far apart": Layout.of_dates((10, 10, 10), step=_APART),
    "five dates, 2 days apart": Layout.of_dates((6,) * 5, step=2),
    "13 dates x 3": Layout.of_dates((3,) * 13, step=_APART),
}
"""Layouts of event dates by name."""
