"""The frames that have rows for each event: effects, days, estimation days and fits, in parts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Integers
from eventstudy.asynchrony import same_date_betas
from eventstudy.diagnostics import forecast_errors
from eventstudy.frames import days_frame, estimation_frame, events_frame, fits_frame
from eventstudy.inference import SingleTests, single_tests
from eventstudy.market import Market
from eventstudy.overlap import (
    LISTED,
    SHARED,
    count_overlaps,
    overlap_flags,
    overlaps,
    shares_tested_days,
)
from eventstudy.peers import peer_effects
from eventstudy.report.formats import counted
from eventstudy.rows import Rows
from eventstudy.tableset import Parts, Table
from eventstudy.windows import Design

Made = tuple[Abnormal, dict[str, SingleTests]]


@dataclass(frozen=True, eq=False)
class EventTables:
    """What the frames of a study's events are built from.

    Attributes
    ----------
    abnormal : Abnormal
        N events.
    rows : Rows
        All pairs that have a day zero, estimated or not.
    frame : DataFrame
        The events' frame.
    market : Market
        Prices and benchmarks.
    level : float
        Level of the intervals.
    max_span : int
        Sessions that a return may cover in group means.
    peers : sequence of str
        Other firms, for the placebo over peers.
    placebo : bool
        Whether the placebo in time is asked for.
    diagnostics : bool
        Whether forecast errors of days left out are asked for.
    """

    abnormal: Abnormal
    rows: Rows
    frame: pd.DataFrame
    market: Market
    level: float
    max_span: int
    peers: Sequence[str]
    placebo: bool
    diagnostics: bool

    def tables(self) -> dict[str, Table]:
        """Give the frames, each to be built when it is asked for."""
        count = len(self.abnormal)
        return {
            "events": Parts(self._events, count, self._find),
            "days": Parts(self._days, count, self._find),
            "estimation": Parts(self._estimation, count, self._find),
            "fits": Parts(self._fits, count, self._find),
            "overlaps": self._listed_overlaps,
        }

    def _listed_overlaps(self) -> pd.DataFrame:
        return self._overlaps

    def _find(self, event_ids: Collection[str]) -> Integers:
        own = self.frame["event_id"].iloc[self.abnormal.rows.pair]
        return np.flatnonzero(own.isin(event_ids))

    @cached_property
    def _overlaps(self) -> pd.DataFrame:
        earlier = np.zeros(len(self.rows), dtype=np.int64)
        earlier[np.isin(self.rows.pair, self.abnormal.rows.pair)] = self.abnormal.earlier
        return overlaps(self.rows, self.frame, self.market.panel, self._design, earlier=earlier)

    @property
    def _design(self) -> Design:
        """The windows of an event that lacks no day."""
        return self.abnormal.design.reaching(0)

    @cached_property
    def _shares(self) -> Mapping[int, str]:
        """Flag of each event, by its position, that shares tested days with another."""
        design = self._design
        counts = count_overlaps(self.rows, design)
        if not counts[SHARED]:
            return {}
        if sum(counts.values()) <= LISTED:
            return overlap_flags(self.abnormal, self.frame, self._overlaps)
        own = np.isin(self.rows.pair, self.abnormal.rows.pair)
        others = shares_tested_days(self.rows, design)[own]
        return {
            row: f"shares tested days with {counted(int(others[row]), 'other event')}"
            for row in np.flatnonzero(others).tolist()
        }

    def _taken(self, start: int, stop: int) -> Abnormal:
        return self.abnormal.take(np.arange(start, stop))

    def _single(self, part: Abnormal) -> dict[str, SingleTests]:
        return {
            str(window): single_tests(part, window, self.level, placebo=self.placebo)
            for window in part.design.windows
        }

    def _events(self, start: int, stop: int) -> pd.DataFrame:
        part, single = self._made(start, stop)
        shares = self._shares
        return events_frame(
            part,
            self.frame,
            single,
            max_span=self.max_span,
            overlapping={row - start: shares[row] for row in range(start, stop) if row in shares},
            peers=self._peers(part),
        )

    def _peers(self, part: Abnormal) -> tuple[Abnormal, Integers] | None:
        return peer_effects(part, self.rows, self.frame, self.peers) if self.peers else None

    def _made(self, start: int, stop: int) -> Made:
        """Take a part and its tests; those of the last part are kept for the next frame."""
        last: dict[tuple[int, int], Made] = self.__dict__.setdefault("_last", {})
        if (start, stop) not in last:
            last.clear()
            part = self._taken(start, stop)
            last[start, stop] = (part, self._single(part))
        return last[start, stop]

    def _days(self, start: int, stop: int) -> pd.DataFrame:
        return days_frame(self._taken(start, stop), self.frame, self.level)

    def _estimation(self, start: int, stop: int) -> pd.DataFrame:
        part, single = self._made(start, stop)
        return estimation_frame(part, self.frame, single)

    def _fits(self, start: int, stop: int) -> pd.DataFrame:
        part = self._taken(start, stop)
        return fits_frame(
            part,
            self.frame,
            same_date=same_date_betas(part, self.market),
            errors=forecast_errors(part) if self.diagnostics else None,
        )
