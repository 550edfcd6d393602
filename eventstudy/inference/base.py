"""What a group test is, what it reads and what it answers."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.inference.calendar_portfolio import CalendarPortfolio, portfolio_of
from eventstudy.inference.correlations import Correlation
from eventstudy.inference.day_zero import DaysZero, clusters_of, windows_overlap
from eventstudy.inference.history import ROUNDING, History
from eventstudy.inference.pool import Pool
from eventstudy.kernels.cumulate import Cumulated
from eventstudy.kernels.pvalues import critical, two_sided
from eventstudy.windows import Window

if TYPE_CHECKING:
    from eventstudy.inference.romano_wolf import ClusteredEffects

Values = TypeVar("Values", Floats, Integers)

TOO_FEW = "needs at least two pairs"
SEVERAL_DATES = "the events do not share one date on one exchange"
OWN_FACTORS = "each event has its own choice of securities to be measured against"


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
    resamples : bool
        Whether it draws resamples, so that above 10,000 events it runs only where asked by name.
    history : bool
        Whether it reads ranks or signs of the estimation days of all events.
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
    resamples: bool = False
    history: bool = False


@dataclass(frozen=True)
class FamilyTest:
    """A test of all groups and windows of a run together; the words are as in :class:`Test`.

    Attributes
    ----------
    compute : callable
        From what :func:`~eventstudy.inference.romano_wolf.clustered_effects` keeps of the samples,
        by group and window, a seed, and the level of the study, to a result for each.
    resamples : bool
        As in :class:`Test`.
    """

    name: str
    title: str
    null: str
    alternative: str
    reference: str
    assumes: str
    avoid: str
    compute: Callable[
        [Mapping[tuple[str, str], ClusteredEffects | Sample], int, float],
        dict[tuple[str, str], TestResult],
    ]
    resamples: bool = False


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
    pool : Pool, optional
        The events of the group in all of its windows, this one among them; by default those of the
        sample alone.
    """

    abnormal: Abnormal
    window: Window
    level: float
    stream: tuple[int, ...] = (0,)
    pool: Pool | None = field(default=None, repr=False)

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

    @property
    def ar(self) -> Floats:
        """Abnormal returns of the window, shape (N, L)."""
        return self.abnormal.ar[:, self.abnormal.days(self.window)]

    @property
    def spans(self) -> Integers:
        """Sessions covered by each return of the window, shape (N, L)."""
        return self.abnormal.window_spans(self.window)

    @property
    def one_session_ar(self) -> Floats:
        """Abnormal returns over sqrt(k), on the scale of one session, shape (N, L).

        Where the model's variance moves, each session of the k counts with its own.
        """
        return self.ar / np.sqrt(self.abnormal.window_innovations(self.window))

    @cached_property
    def signed(self) -> Floats:
        """Sums of the one-session abnormal returns, shape (N,): what sign tests count."""
        if self.abnormal.fit.innovations is not None:
            return np.nansum(self.one_session_ar, axis=1)
        # Returns of one session each add up to the effect itself.
        long = np.flatnonzero(~self.one_session)
        if not len(long):
            return self.effects.car
        total = self.effects.car.copy()
        total[long] = np.nansum(self.take(~self.one_session).one_session_ar, axis=1)
        return total

    @property
    def residuals(self) -> Floats:
        """Abnormal returns of the estimation window, shape (N, E): for tests of few events."""
        return self.abnormal.residuals

    @cached_property
    def _pool(self) -> Pool:
        """The pool, or one of this window alone."""
        if self.pool is not None:
            return self.pool
        every = np.ones((len(self), 1), dtype=np.bool_)
        return Pool(self.abnormal, (self.window,), every)

    @property
    def _number(self) -> int:
        """Which of the pool's windows is this one."""
        return self._pool.windows.index(self.window)

    @cached_property
    def correlation(self) -> Correlation:
        """Overlap-weighted correlation of the standardised effects."""
        found = self._pool.correlations[self._number]
        return replace(found, row_sums=self._entering(found.row_sums))

    def _entering(self, values: Values) -> Values:
        """Keep what belongs to the sample of one number for each event of the pool."""
        enters = self._pool.enters[:, self._number]
        return values if enters.all() else values[enters]

    @cached_property
    def history(self) -> History:
        """Sums over the estimation days of all events."""
        found = self._pool.histories[self._number]
        enters = self._pool.enters[:, self._number]
        if enters.all():
            return found
        return replace(found, shares=found.shares.take(np.flatnonzero(enters)))

    @cached_property
    def days_zero(self) -> DaysZero:
        """Distinct days zero of the events, by calendar."""
        return DaysZero.of(self.abnormal.rows)

    @cached_property
    def cluster(self) -> Integers:
        """Cluster of each event: events that share a tested session or an event_id."""
        back = self._entering(self._pool.reach[self._number])
        rows, panel = self.abnormal.rows, self.abnormal.panel
        return clusters_of(rows, panel, self.window, self.days_zero, back)

    @cached_property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return int(self.cluster.max(initial=-1)) + 1

    @property
    def one_date(self) -> bool:
        """Whether all events have the same local date as their day zero."""
        calendars = self.abnormal.panel.calendars
        pairs = zip(self.days_zero.calendar, self.days_zero.zero, strict=True)
        return len({calendars[which].sessions[zero] for which, zero in pairs}) == 1

    def overlap_of(self, some: Booleans) -> bool:
        """Whether windows of different dates share a session, of events that reach back to none."""
        return windows_overlap(
            self.abnormal.rows, self.abnormal.panel, self.window, self.days_zero, some
        )

    @cached_property
    def portfolio(self) -> CalendarPortfolio:
        """All securities with an event under way, session by session; for one calendar."""
        return portfolio_of(self.abnormal, self.window)

    @cached_property
    def no_common_design(self) -> str:
        """Why the events do not share day zero, sessions and factors; "" where they do."""
        if len(self.days_zero) > 1:
            return SEVERAL_DATES
        benchmark = self.abnormal.rows.benchmark
        if (benchmark != benchmark[:1]).any():
            return "the events have different benchmarks"
        return OWN_FACTORS if self.abnormal.model.selects else ""

    def take(self, keep: Booleans) -> Sample:
        """Keep some of the events."""
        chosen = self.abnormal.take(np.flatnonzero(keep))
        return Sample(chosen, self.window, self.level, self.stream)

    def rng(self, test: str) -> np.random.Generator:
        """Random numbers of one test on this sample: the same however the tests are ordered."""
        return np.random.default_rng([*self.stream, zlib.crc32(test.encode())])

    @cached_property
    def one_session(self) -> Booleans:
        """Events whose returns in the window cover one session each, shape (N,)."""
        return self.effects.span <= 1


def with_se(estimate: float, se: float, dof: float, n: int, level: float) -> TestResult:
    """Make a test's result from its estimate, standard error and degrees of freedom."""
    if not np.isfinite(se):
        return TestResult(n=n, reason="the effects are too large for a standard error")
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
