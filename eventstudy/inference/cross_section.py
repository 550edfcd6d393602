"""Tests on the plain average of cumulative abnormal returns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eventstudy.inference.base import TOO_FEW, Sample, Test, TestResult, with_se
from eventstudy.kernels.cumulate import cumulate

ZERO_MEAN = "the mean cumulative abnormal return is zero"
NOT_ZERO = "it is not zero"
ONE_SESSION = "returns over several sessions (after a halt) are left out: {} of {} events"


def cross_sectional_test(sample: Sample) -> TestResult:
    """Compute t = CAAR / (sd(CAR) / sqrt N) with N - 1 degrees of freedom."""
    car = sample.effects.car
    n = len(car)
    if n < 2:
        return TestResult(n=n, reason=TOO_FEW)
    se = float(np.std(car, ddof=1) / np.sqrt(n))
    return with_se(float(np.mean(car)), se, n - 1, n, sample.level)


def portfolio_test(sample: Sample) -> TestResult:
    """Fit the model to the equal-weighted portfolio of the events and test its CAR."""
    single = np.where(np.isfinite(sample.ar), sample.spans, 0).max(axis=1, initial=0) <= 1
    note = "" if single.all() else ONE_SESSION.format(int((~single).sum()), len(sample))
    used = sample if single.all() else sample.take(single)
    n = len(used)
    if n < 2:
        return TestResult(n=n, reason=f"{TOO_FEW}{f'; {note}' if note else ''}")
    if used.common_design:
        return TestResult(n=n, reason=used.common_design)
    abnormal = used.abnormal
    days = abnormal.days(used.window)
    event = abnormal.returns[:, days]
    factors = abnormal.factors[:1, days]
    returns = abnormal.estimation_returns
    if not np.isfinite(returns).all() or not np.isfinite(event).all():
        gaps = "days are missing, so the portfolio changes and its t distribution is approximate"
        note = f"{note}; {gaps}" if note else gaps
    fit = abnormal.model.fit(_mean_of_available(returns), abnormal.estimation_factors[:1])
    if fit.problem[0] or fit.dof[0] < 1:
        return TestResult(n=n, reason=str(fit.problem[0]) or "too few estimation days", note=note)
    spans = np.ones(event[:1].shape, dtype=np.int64)
    rows = abnormal.model.design(factors, spans)
    forecast = abnormal.model.offset(factors, spans) + rows @ fit.coefficients[0]
    effect = cumulate(
        _mean_of_available(np.where(np.isfinite(abnormal.ar[:, days]), event, np.nan)),
        forecast,
        spans,
        rows,
        fit.unscaled,
        fit.sigma,
    )
    found = with_se(float(effect.car[0]), float(effect.se[0]), float(fit.dof[0]), n, used.level)
    return replace(found, note=note)


def _mean_of_available(returns: np.ndarray) -> np.ndarray:
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
    "Brown and Warner (1985), J. Financial Economics 14:3-31",
    "independent events",
    "events that share sessions: at a correlation of .1 and 30 events it rejects a true null in "
    "33 % of samples at the 5 % level",
    cross_sectional_test,
)

PORTFOLIO = Test(
    "portfolio",
    "Portfolio t",
    "the cumulative abnormal return of the equal-weighted portfolio is zero",
    NOT_ZERO,
    "Jaffe (1974), J. Business 47:410-428; Mandelker (1974), J. Financial Economics 1:303-335",
    "events of one date with the same sessions and benchmark, normal returns, a variance that the "
    "event leaves alone",
    "events that raise the variance: at twice the variance it rejects in 16 % at the 5 % level",
    portfolio_test,
)
