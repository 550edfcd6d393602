"""The calendar-time portfolio."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.inference.base import OWN_FACTORS, Sample, Test, TestResult, with_se

MIN_SESSIONS = 60
REFERENCE = (
    "Jaffe (1974), J. Business 47:410-428, doi:10.1086/295655; Fama (1998), J. Financial Economics "
    "49:283-306, doi:10.1016/S0304-405X(98)00026-9; Mitchell and Stafford (2000), J. Business "
    "73:287-329, doi:10.1086/209645"
)
PER_SESSION = "the estimate is the abnormal return of one session"


def calendar_time_test(sample: Sample) -> TestResult:
    """Compute the weighted intercept of the portfolio of securities with an event under way."""
    return _intercept(sample, lags=None)


def calendar_time_newey_west_test(sample: Sample) -> TestResult:
    """Compute the same intercept with Newey and West's standard error."""
    return _intercept(sample, lags=-1)


def _intercept(sample: Sample, lags: int | None) -> TestResult:
    n = len(sample)
    problem = _problem(sample)
    if problem:
        return TestResult(n=n, reason=problem)
    portfolio = sample.portfolio
    y, x, sessions = portfolio.returns, portfolio.design, portfolio.sessions
    days, p = x.shape
    if days < MIN_SESSIONS:
        return TestResult(
            n=n,
            reason=f"{days} sessions with an event under way; {MIN_SESSIONS} are needed. For short "
            "windows the adjusted BMP is the test",
        )
    root = np.sqrt(portfolio.held)
    rows, target = x * root[:, None], y * root
    if np.linalg.matrix_rank(rows) < p:
        return TestResult(n=n, reason="the factors do not vary over the portfolio's sessions")
    bread = np.linalg.inv(rows.T @ rows)
    coefficients = bread @ rows.T @ target
    score = rows * (target - rows @ coefficients)[:, None]
    meat = score.T @ score
    if lags is not None:
        lags = int(4 * (days / 100) ** (2 / 9))
        meat = meat + _autocovariances(score, sessions, lags)
    variance = (bread @ meat @ bread)[0, 0] * days / (days - p)
    found = with_se(float(coefficients[0]), float(np.sqrt(variance)), days - p, n, sample.level)
    note = f"{PER_SESSION}; {days} sessions"
    return replace(found, note=note if lags is None else f"{note}, {lags} lags")


def _autocovariances(score: Floats, sessions: np.ndarray, lags: int) -> Floats:
    """Bartlett-weighted autocovariances of the scores over true sessions, gaps kept as gaps."""
    whole = np.zeros((sessions[-1] - sessions[0] + 1, score.shape[1]))
    whole[sessions - sessions[0]] = score
    total = np.zeros((score.shape[1], score.shape[1]))
    for lag in range(1, lags + 1):
        cross = whole[lag:].T @ whole[:-lag]
        total += (1.0 - lag / (lags + 1)) * (cross + cross.T)
    return total


def _problem(sample: Sample) -> str:
    """Say why the events form no portfolio, "" where they do."""
    rows = sample.abnormal.rows
    if len(sample) == 0:
        return "the group has no event"
    if (rows.calendar != rows.calendar[0]).any():
        return "the events are on several exchanges: there is no one calendar"
    if (rows.benchmark != rows.benchmark[0]).any():
        return "the events have different benchmarks"
    return OWN_FACTORS if sample.abnormal.model.selects else ""


CALENDAR_TIME = Test(
    "calendar_time",
    "Calendar-time portfolio t",
    "the abnormal return of a session with an event under way is zero",
    "it is not zero",
    REFERENCE,
    "one exchange and benchmark; 60 sessions or more; no autocorrelation",
    "short windows: few sessions have an event under way",
    calendar_time_test,
)

CALENDAR_TIME_NEWEY_WEST = Test(
    "calendar_time_newey_west",
    "Calendar-time portfolio t, Newey-West",
    CALENDAR_TIME.null,
    CALENDAR_TIME.alternative,
    f"{REFERENCE}; Newey and West (1987), Econometrica 55:703-708, doi:10.2307/1913610",
    "one exchange and benchmark; 60 sessions or more",
    CALENDAR_TIME.avoid,
    calendar_time_newey_west_test,
)
