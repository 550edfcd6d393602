"""Cumulative abnormal returns with the full covariance of the forecast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from eventstudy.arrays import Floats, Integers


@dataclass(frozen=True, eq=False)
class Cumulated:
    """Cumulative abnormal returns over one window; every array has shape (events,).

    Attributes
    ----------
    car : array of float
        Sum of the abnormal returns of the available days; NaN without any.
    se : array of float
        sigma sqrt(L + x_W' (X'X)^-1 x_W), x_W the sum of the window's design rows.
    scar : array of float
        car / se.
    length : array of int32
        L: sessions covered by the available days (a return after a halt covers several).
    n_days : array of int32
        Available days.
    span : array of int32
        Sessions of the longest return among them, 0 without any.
    bhar : array of float
        Buy-and-hold abnormal return: product of 1 + R less product of 1 + E[R].
    """

    car: Floats
    se: Floats
    scar: Floats
    length: Integers
    n_days: Integers
    span: Integers
    bhar: Floats

    def take(self, index: Integers | slice) -> Cumulated:
        """Keep the events at the given positions."""
        return Cumulated(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


def leverage(rows: Floats, unscaled: Floats) -> Floats:
    """Quadratic form x'(X'X)^-1 x of design rows.

    Parameters
    ----------
    rows : array of float, shape (events, ..., p)
        Design rows, or sums of them.
    unscaled : array of float, shape (events, p, p)
        (X'X)^-1 of each event.

    Returns
    -------
    array of float, shape (events, ...)
    """
    found = np.zeros(rows.shape[:-1])
    # Column by column: there are few, and many events.
    inverse = np.expand_dims(unscaled, tuple(range(1, rows.ndim - 1)))
    for one in range(rows.shape[-1]):
        for other in range(rows.shape[-1]):
            found += rows[..., one] * inverse[..., one, other] * rows[..., other]
    return found


def cumulate(
    returns: Floats,
    expected: Floats,
    spans: Integers,
    rows: Floats,
    unscaled: Floats,
    sigma: Floats,
    innovations: Floats | None = None,
) -> Cumulated:
    """Cumulate abnormal returns over the days of one window.

    Parameters
    ----------
    returns, expected : array of float, shape (events, days)
        Return and its forecast; a day with either missing is not available.
    spans : array of int, shape (events, days)
        Sessions that each return covers.
    rows : array of float, shape (events, days, p)
        Design rows of the days; for a return over k sessions the constant is k.
    unscaled : array of float, shape (events, p, p)
        (X'X)^-1 of the estimation window.
    sigma : array of float, shape (events,)
        Residual standard deviation.
    innovations : array of float, shape (events, days), optional
        Variance of each return about its expectation, over sigma^2; the spans by default.

    Returns
    -------
    Cumulated

    References
    ----------
    Patell (1976), Journal of Accounting Research 14:246-276; Mikkelson and Partch (1988), Journal
    of Financial and Quantitative Analysis 23:119-133, for the cumulated form.
    """
    events, days = returns.shape
    # Counts of millions of events and several windows are kept: 32 bits hold them.
    n_days, length, span = (np.zeros(events, dtype=np.int32) for _ in range(3))
    car, size, spent = np.zeros((3, events))
    held, forecast = np.ones(events), np.ones(events)
    total = np.zeros((rows.shape[2], events))
    # Day by day: a window has few days and many events.
    for day in range(days):
        there = np.isfinite(returns[:, day]) & np.isfinite(expected[:, day])
        one, other = (np.where(there, part[:, day], 0.0) for part in (returns, expected))
        covered = np.where(there, spans[:, day], 0).astype(np.int32)
        n_days += there
        length += covered
        np.maximum(span, covered, out=span)
        car += one - other
        size += np.abs(one) + np.abs(other)
        spent += covered if innovations is None else np.where(there, innovations[:, day], 0.0)
        held *= 1.0 + one
        forecast *= 1.0 + other
        for column in range(len(total)):
            total[column] += np.where(there, rows[:, day, column], 0.0)
    some = n_days > 0
    spread = leverage(total.T, unscaled)
    # What is no more than rounding is zero: returns in hundredths may cancel, their doubles do not.
    car[np.abs(car) <= days * np.finfo(np.float64).eps * size] = 0.0
    car = np.where(some, car, np.nan)
    se = np.where(some, sigma * np.sqrt(spent + spread), np.nan)
    return Cumulated(
        car=car,
        se=se,
        scar=car / se,
        length=cast("Integers", length),
        n_days=cast("Integers", n_days),
        span=cast("Integers", span),
        bhar=np.where(some, held - forecast, np.nan),
    )
