"""The frames of a result by name, and how much was measured, told without building them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from eventstudy.models import name_of
from eventstudy.report.findings import empty
from eventstudy.tableset import Tables


@dataclass(frozen=True, eq=False, repr=False)
class ResultFrames:
    """Frames of a result; see :class:`eventstudy.StudyResult`, which is one.

    Attributes
    ----------
    spec : mapping
        The study's settings.
    input : DataFrame
        The events as they were given, one row an event and security.
    frames : Tables
        The result frames by name; each is an attribute too. Frames with rows for each event or
        day are built when they are asked for.
    provenance : mapping
        Inputs with their digests, versions, settings.
    """

    spec: Mapping[str, Any]
    input: pd.DataFrame
    frames: Tables
    provenance: Mapping[str, Any]

    def __post_init__(self) -> None:
        if not isinstance(self.frames, Tables):  # a plain mapping, as dataclasses.replace may give
            object.__setattr__(self, "frames", Tables(self.frames))

    @property
    def events(self) -> pd.DataFrame:
        """One row an event, security and window: CAR, its error, tests, day zero, flags."""
        return self.frames["events"]

    @property
    def days(self) -> pd.DataFrame:
        """One row an event, security and day of the event window."""
        return self.frames["days"]

    @property
    def estimation(self) -> pd.DataFrame:
        """One row an event, security and estimation day, with the placebo effects."""
        return self.frames["estimation"]

    @property
    def fits(self) -> pd.DataFrame:
        """One row an event and security: coefficients, sigma, degrees of freedom."""
        return self.frames["fits"]

    @property
    def means(self) -> pd.DataFrame:
        """One row a group and day: average abnormal return, cumulated, with its interval.

        ``caar`` is a mean of cumulative returns: the sum of ``aar`` only where no pair lacks a day.
        """
        return self.frames["means"]

    @property
    def tests(self) -> pd.DataFrame:
        """One row a group, window and test."""
        return self.frames["tests"]

    @property
    def leads(self) -> pd.DataFrame:
        """One row a group and window: the test that leads, and why."""
        return self.frames["leads"]

    @property
    def claims(self) -> pd.DataFrame:
        """One row a press claim: quoted, measured, verdict."""
        return self.frames["claims"]

    @property
    def dropped(self) -> pd.DataFrame:
        """One row an event and security that could not be measured, with the reason."""
        return self.frames["dropped"]

    @property
    def overlaps(self) -> pd.DataFrame:
        """One row a pair of events of one security that share days; counted, where too many."""
        return self.frames["overlaps"]

    @property
    def sources(self) -> pd.DataFrame:
        """One row a price series: its source and what it covers."""
        return self.frames["sources"]

    @property
    def power(self) -> pd.DataFrame:
        """One row an event and security, or group, window and test: the smallest effect it detects.

        No rows but where :meth:`with_power` has put them.
        """
        return self.frames["power"] if "power" in self.frames else empty("power")

    @property
    def pairs(self) -> int:
        """Pairs of an event and a security that were measured; no frame is built for it."""
        return len(self.input) - len(self.dropped)

    def event_ids(self) -> pd.Index:
        """Events of which a security was measured, in the order of the input."""
        given = self.input["event_id"].value_counts(sort=False)
        lost = self.dropped["event_id"].value_counts().reindex(given.index, fill_value=0)
        return given.index[given > lost]

    @property
    def headline(self) -> str:
        """What was measured, in one line."""
        return (
            f"Event study: {len(self.event_ids()):,} events, {self.pairs:,} event-security "
            f"pairs, {len(self.dropped):,} dropped; {name_of(self.spec['model'])} model, window "
            f"{self.spec['windows'][0]}"
        )
