"""Tests on the plain average of cumulative abnormal returns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eventstudy.abnormal import event_innovations
from eventstudy.estimation import in_blocks
from eventstudy.inference.base import (
    SEVERAL_DATES,
    TOO_FEW,
    Sample,
    Test,
    TestResult,
    with_se,
)
from eventstudy.kernels.cumulate import cumulate
from eventstudy.models.base import forecast

ZERO_MEAN = "the mean cumulative abnormal return is zero"
NOT_ZERO = "it is not zero"
BY_RELATIVE_DAY = (
    "tested windows of different dates share sessions: a test that averages by relative day "
    "over-rejects there"
)
ONE_SESSION = "returns over several sessions (after a halt) are left out: {} of {} pairs"


def cross_sectional_test(sample: Sample) -> TestResult:
    """Compute t = CAAR / (sd(CAR) / sqrt N) with N - 1 degrees of freedom."""
    car = sample.effects.car
    n = len(car)
    if n < 2:
        return TestResult(n=n, reason=TOO_FEW)
    se = float(np.std(car, ddof=1) / np.sqrt(n))
    return with_se(float(np.mean(car)), se, n - 1, n, sample.level)


def j1_test(sample: Sample) -> TestResult:
    """Compute J1 = CAAR over the root of the mean forecast variance, standard normal."""
    n = len(sample)
    if n < 2:
        return TestResult(n=n, reason=TOO_FEW)
    se = float(np.sqrt((sample.effects.se**2).sum()) / n)
    return with_se(float(np.mean(sample.effects.car)), se, np.inf, n, sample.level)


def left_out(sample: Sample) -> str:
    """Say how many events have a return over several sessions in the window, "" for none."""
    count = int(np.count_nonzero(~sample.one_session))
    return ONE_SESSION.format(count, len(sample)) if count else ""


def of_one_date(sample: Sample) -> tuple[Sample, str] | TestResult:
    """Leave out events whose window holds a return over several sessions, and say so.

    Returns
    -------
    pair of Sample and str, or TestResult
        Two events or more that share one design, and what was left out; or why there are none.
    """
    note, single = left_out(sample), sample.one_session
    n = int(np.count_nonzero(single))
    if n < 2:
        return TestResult(n=n, reason=f"{TOO_FEW}{f'; {note}' if note else ''}")
    date = sample.days_zero.number[single]
    if (date != date[0]).any():  # seen before so many events are copied
        return TestResult(n=n, reason=SEVERAL_DATES)
    used = sample.take(single) if note else sample
    if used.no_common_design:
        return TestResult(n=n, reason=used.no_common_design)
    return used, note


def crude_dependence_test(sample: Sample) -> TestResult:
    """Compute the sum of AAR over the window against the spread of AAR over the estimation days."""
    note, single = left_out(sample), sample.one_session
    n = int(np.count_nonzero(single))
    if n < 2:
        return TestResult(n=n, reason=f"{TOO_FEW}{f'; {note}' if note else ''}")
    daily = sample.history.daily
    if daily is None and note and not sample.overlap_of(single):
        # Only the returns that stay out reach from one date's window into another's.
        return replace(crude_dependence_test(sample.take(single)), note=note)
    if daily is None:
        return TestResult(n=n, reason=BY_RELATIVE_DAY)
    event = mean_of_available(sample.ar[single] if note else sample.ar)[0]
    days = len(daily.residuals)
    events, total = daily.events[:days], daily.residuals
    if note:
        # The few that stay out are taken from the sums of all: no second pass over the others.
        for part in in_blocks(sample.abnormal, np.flatnonzero(~single)):
            there = np.isfinite(part.residuals)
            events = events - there.sum(axis=0)
            total = total - np.where(there, part.residuals, 0.0).sum(axis=0)
    known = total[events > 0] / events[events > 0]
    length = int(np.isfinite(event).sum())
    spread = float(np.std(known, ddof=1)) if len(known) > 1 else np.nan
    found = with_se(
        float(np.nansum(event)), spread * np.sqrt(length), len(known) - 1, n, sample.level
    )
    return replace(found, note=note)


def portfolio_test(sample: Sample) -> TestResult:
    """Fit the model to the equal-weighted portfolio of the events and test its CAR."""
    found = of_one_date(sample)
    if isinstance(found, TestResult):
        return found
    used, note = found
    n, abnormal = len(used), used.abnormal
    days = abnormal.days(used.window)
    event = abnormal.returns[:, days]
    factors = abnormal.factors[:1, days]
    returns = abnormal.estimation_returns
    if not np.isfinite(returns).all() or not np.isfinite(event).all():
        gaps = "days are missing, so the portfolio changes and its t distribution is approximate"
        note = f"{note}; {gaps}" if note else gaps
    design = abnormal.design
    # The events share their factors; one whose window starts earliest sees all of them.
    longest = int(np.argmax(abnormal.earlier))
    fit = abnormal.model.fit(
        mean_of_available(returns), abnormal.estimation_factors[[longest]], design.horizon
    )
    if fit.problem[0] or fit.dof[0] < 1:
        return TestResult(n=n, reason=str(fit.problem[0]) or "too few estimation days", note=note)
    spans = np.ones(event[:1].shape, dtype=np.int64)
    one = np.ones(abnormal.returns[:1].shape, dtype=np.int64)
    if fit.note:
        note = f"{note}; {fit.note}" if note else fit.note
    effect = cumulate(
        mean_of_available(np.where(np.isfinite(abnormal.ar[:, days]), event, np.nan)),
        forecast(abnormal.model, fit, factors, spans),
        spans,
        abnormal.model.design(factors, spans),
        fit.unscaled,
        fit.sigma,
        event_innovations(fit, design, one)[:, days],
    )
    found = with_se(float(effect.car[0]), float(effect.se[0]), float(fit.dof[0]), n, used.level)
    return replace(found, note=note)


def mean_of_available(returns: np.ndarray) -> np.ndarray:
    """Average over the events that have a return, day by day, as one row."""
    there = np.isfinite(returns)
    count = there.sum(axis=0)
    total = np.where(there, returns, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)[None, :]


CROSS_SECTIONAL = Test(
    "cross_sectional",
    "Cross-sectional t",
    ZERO_MEAN,
    NOT_ZERO,
    "Brown and Warner (1985), J. Financial Economics 14:3-31, doi:10.1016/0304-405X(85)90042-X",
    "independent events",
    "events that share sessions: at a correlation of .1 and 30 events it rejects a true null in "
    "33 % of samples at the 5 % level",
    cross_sectional_test,
)

CRUDE_DEPENDENCE = Test(
    "crude_dependence",
    "Crude-dependence t",
    "the average abnormal returns of the window sum to zero",
    "they do not",
    "Brown and Warner (1985), J. Financial Economics 14:3-31, doi:10.1016/0304-405X(85)90042-X",
    "a variance of the daily average that the event leaves alone; one date, or windows that share "
    "no session",
    "events that raise the variance: at twice the variance it rejects in 17 % at the 5 % level; "
    "events that lack estimation days, where it rejects too rarely; days that hang together, as "
    "returns of thinly traded shares do",
    crude_dependence_test,
    history=True,
)

J1 = Test(
    "j1",
    "J1",
    ZERO_MEAN,
    NOT_ZERO,
    "Campbell, Lo and MacKinlay (1997), The Econometrics of Financial Markets, chapter 4; "
    "MacKinlay (1997), J. Economic Literature 35:13-39",
    "independent events, a variance that the event leaves alone",
    "events that share sessions, or that raise the variance",
    j1_test,
)

PORTFOLIO = Test(
    "portfolio",
    "Portfolio t",
    "the cumulative abnormal return of the equal-weighted portfolio is zero",
    NOT_ZERO,
    "Jaffe (1974), J. Business 47:410-428, doi:10.1086/295655; Mandelker (1974), J. Financial "
    "Economics 1:303-335, doi:10.1016/0304-405X(74)90012-9",
    "events of one date with the same sessions and benchmark, normal returns, a variance that the "
    "event leaves alone; over several sessions, abnormal returns without autocorrelation",
    "events that raise the variance: at twice the variance it rejects in 16 % at the 5 % level",
    portfolio_test,
)
