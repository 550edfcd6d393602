"""What a group test is, what it reads and what it answers."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.kernels.cumulate import Cumulated
from eventstudy.kernels.dependence import (
    Block,
    Correlation,
    Rhos,
    clusters,
    correlate,
    window_span,
)
from eventstudy.kernels.pvalues import critical, two_sided
from eventstudy.windows import Window

TOO_FEW = "needs at least two events"
OWN_FACTORS = "each event has its own choice of securities to be measured against"
# Below this share of an effect a spread is rounding: the effects are the same.
ROUNDING = 1e-12


@dataclass(frozen=True)
class TestResult:
    """Answer of one test for one group and window.

    Attributes
    ----------
    statistic, pvalue : float
        NaN where the test has no value; ``reason`` then says why.
    pvalue_adjusted : float
        The p-value with regard to a whole family of tests, for tests that are made so.
    dof : float
        Degrees of freedom, infinite for a normal reference, NaN for an exact distribution.
    n : int
        Events that entered.
    estimate, se, low, high : float
        The test's own estimate in return units, its standard error and interval; NaN with a
        reason where there is none.
    r : float
        Correlation between events that the test corrected for, NaN where it does not.
    clusters : int
        Clusters of events that the test used, 0 where it does not.
    reason : str
        Why a number is missing.
    note : str
        What the reader must know of the numbers that are there.
    null : str
        The null hypothesis where it is more than that of the test, as of a family of so many.
    """

    statistic: float = np.nan
    pvalue: float = np.nan
    pvalue_adjusted: float = np.nan
    dof: float = np.nan
    n: int = 0
    estimate: float = np.nan
    se: float = np.nan
    low: float = np.nan
    high: float = np.nan
    r: float = np.nan
    clusters: int = 0
    reason: str = ""
    note: str = ""
    null: str = ""

    @property
    def has_value(self) -> bool:
        """Whether the test could be computed."""
        return bool(np.isfinite(self.pvalue))


@dataclass(frozen=True)
class Test:
    """A group test.

    Attributes
    ----------
    name, title : str
        Short and printed name.
    null, alternative : str
        The hypotheses in words.
    reference : str
        Where it was published.
    assumes : str
        What must hold for its size to hold.
    avoid : str
        When not to use it.
    compute : callable
        From a sample to the result.
    """

    __test__ = False

    name: str
    title: str
    null: str
    alternative: str
    reference: str
    assumes: str
    avoid: str
    compute: Callable[[Sample], TestResult]


@dataclass(frozen=True)
class FamilyTest:
    """A test of all groups and windows of a run together; the words are as in :class:`Test`.

    Attributes
    ----------
    compute : callable
        From the samples by group and window, and a seed, to a result for each.
    """

    name: str
    title: str
    null: str
    alternative: str
    reference: str
    assumes: str
    avoid: str
    compute: Callable[[Mapping[tuple[str, str], Sample], int], dict[tuple[str, str], TestResult]]


@dataclass(frozen=True, eq=False)
class Sample:
    """The events of one group in one tested window: what every group test reads.

    Attributes
    ----------
    abnormal : Abnormal
        The events, each with a cumulative abnormal return in the window.
    window : Window
        The tested window.
    level : float
        Level of the intervals.
    stream : tuple of int
        Entropy of the sample's own random numbers: the study's seed, the group and the window.
    memo : dict
        Correlations of pairs of events, shared by the windows of one group.
    """

    abnormal: Abnormal
    window: Window
    level: float
    stream: tuple[int, ...] = (0,)
    memo: dict[bytes, Rhos] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.abnormal)

    @cached_property
    def effects(self) -> Cumulated:
        """Cumulative abnormal returns of the window."""
        return self.abnormal.cumulate(self.window)

    @property
    def dof(self) -> Floats:
        """Degrees of freedom of each event's sigma, shape (N,)."""
        return self.abnormal.fit.dof

    @cached_property
    def ar(self) -> Floats:
        """Abnormal returns of the window, shape (N, L)."""
        return self.abnormal.ar[:, self.abnormal.days(self.window)]

    @cached_property
    def spans(self) -> Integers:
        """Sessions covered by each return of the window, shape (N, L)."""
        return self.abnormal.spans[:, self.abnormal.days(self.window)]

    @cached_property
    def one_session_ar(self) -> Floats:
        """Abnormal returns over sqrt(k), on the scale of one session, shape (N, L).

        Where the model's variance moves, each session of the k counts with its own.
        """
        days = self.abnormal.days(self.window)
        return self.ar / np.sqrt(self.abnormal.innovations[:, days])

    @cached_property
    def signed(self) -> Floats:
        """Sums of the one-session abnormal returns, shape (N,): what sign tests count."""
        return np.nansum(self.one_session_ar, axis=1)

    @property
    def residuals(self) -> Floats:
        """Abnormal returns of the estimation window, shape (N, E)."""
        return self.abnormal.fit.residuals

    @cached_property
    def standard_residuals(self) -> Floats:
        """The same on the scale of :attr:`one_session_ar`, shape (N, E)."""
        return self.abnormal.standard_residuals

    @cached_property
    def dates(self) -> tuple[Integers, Integers]:
        """Distinct pairs of calendar and day zero, shape (dates, 2), and each event's number."""
        rows = self.abnormal.rows
        keys, number = np.unique(
            np.column_stack([rows.calendar, rows.zero]), axis=0, return_inverse=True
        )
        return keys, number.ravel()

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The events by calendar and day zero."""
        keys, number = self.dates
        estimation = self.abnormal.design.estimation
        lead = int(self._reach.max(initial=0))
        covered = self._covered(lead)
        blocks: list[Block] = []
        for which, (calendar, zero) in enumerate(keys):
            members = np.flatnonzero(number == which)
            blocks.append(
                Block(
                    int(calendar),
                    members,
                    np.arange(zero + estimation.first, zero + estimation.last + 1),
                    np.arange(zero + self.window.first - lead, zero + self.window.last + 1),
                    self.standard_residuals[members],
                    covered[members],
                )
            )
        return tuple(blocks)

    @cached_property
    def _reach(self) -> Integers:
        """Sessions before the window that each event's returns reach back to, shape (N,)."""
        position = np.arange(self.spans.shape[1])
        back = np.where(np.isfinite(self.ar), self.spans - 1 - position, 0)
        return np.maximum(back, 0).max(axis=1, initial=0)

    def _covered(self, lead: int) -> Booleans:
        """Sessions that each event's returns cover, from ``lead`` sessions before the window on.

        A return after a halt is the sum of the sessions that it covers, and it is correlated with
        the returns of all of them: its covariance with another event counts each, as its variance
        does.
        """
        there = np.isfinite(self.ar)
        covered = np.concatenate([np.zeros((len(there), lead), dtype=np.bool_), there], axis=1)
        for row, day in np.argwhere(there & (self.spans > 1)):
            end = day + lead + 1
            covered[row, end - self.spans[row, day] : end] = True
        return covered

    @cached_property
    def correlation(self) -> Correlation:
        """Overlap-weighted correlation of the standardised effects."""
        closes = [c.closes for c in self.abnormal.panel.calendars]
        known = self.memo.setdefault(self.abnormal.rows.pair.tobytes(), {})
        return correlate(self.blocks, closes, self.effects.length, known)

    def _span(self) -> tuple[Integers, Integers]:
        """Close before each event's first tested session, and close of its last, in ns."""
        # Sessions of the window count whether or not a return is available on them; those before
        # it count for the events whose returns reach back to them.
        rows, window = self.abnormal.rows, self.window
        begin = np.empty(len(self), dtype=np.int64)
        end = np.empty(len(self), dtype=np.int64)
        for which in np.unique(rows.calendar):
            here = rows.calendar == which
            first = rows.zero[here] + window.first - self._reach[here]
            closes = self.abnormal.panel.calendars[which].closes
            begin[here], end[here] = window_span(closes, first, rows.zero[here] + window.last)
        return begin, end

    @cached_property
    def cluster(self) -> Integers:
        """Cluster of each event: events that share a tested session or an event_id."""
        begin, end = self._span()
        return clusters(begin, end, self.abnormal.rows.event)

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return int(self.cluster.max(initial=-1)) + 1

    @cached_property
    def dates_overlap(self) -> bool:
        """Whether tested windows of different dates share a session."""
        begin, end = self._span()
        keys, number = self.dates
        earliest = np.full(len(keys), np.iinfo(np.int64).max)
        latest = np.zeros(len(keys), dtype=np.int64)
        np.minimum.at(earliest, number, begin)
        np.maximum.at(latest, number, end)
        return int(clusters(earliest, latest, np.arange(len(keys))).max(initial=-1)) + 1 < len(keys)

    @cached_property
    def common_design(self) -> str:
        """Why the events do not share day zero, sessions and factors; "" where they do."""
        rows = self.abnormal.rows
        if len(self.dates[0]) > 1:
            return "the events do not share one date on one exchange"
        if len(np.unique(rows.benchmark)) > 1:
            return "the events have different benchmarks"
        return OWN_FACTORS if self.abnormal.model.selects else ""

    def take(self, keep: Booleans) -> Sample:
        """Keep some of the events."""
        chosen = self.abnormal.take(np.flatnonzero(keep))
        return Sample(chosen, self.window, self.level, self.stream, self.memo)

    def rng(self, test: str) -> np.random.Generator:
        """Random numbers of one test on this sample: the same however the tests are ordered."""
        return np.random.default_rng([*self.stream, zlib.crc32(test.encode())])

    @cached_property
    def one_session(self) -> Booleans:
        """Events whose returns in the window cover one session each, shape (N,)."""
        return np.where(np.isfinite(self.ar), self.spans, 0).max(axis=1, initial=0) <= 1


def with_se(estimate: float, se: float, dof: float, n: int, level: float) -> TestResult:
    """Make a test's result from its estimate, standard error and degrees of freedom."""
    if not se > ROUNDING * abs(estimate):
        return TestResult(n=n, reason="the effects do not vary: no standard error")
    statistic = estimate / se
    half = float(critical(level, dof)) * se
    return TestResult(
        statistic=statistic,
        pvalue=float(two_sided(statistic, dof)),
        dof=dof,
        n=n,
        estimate=estimate,
        se=se,
        low=estimate - half,
        high=estimate + half,
    )
