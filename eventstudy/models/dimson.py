"""Dimson's model with leads and lags of the benchmark."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from eventstudy.arrays import Floats, Integers
from eventstudy.errors import StudyError
from eventstudy.models.base import Fit, Model, fit_least_squares, without_margins

MOST = 20


@dataclass(frozen=True)
class Dimson(Model):
    """Expected return = alpha + slopes on the benchmark's returns of nearby sessions.

    R_t = a + sum over k = -lags..leads of b_k R_m,t+k + e_t, one regression on the days of the
    estimation window whose leads and lags lie in it too;  s^2 = SSR/(M - p), p = 2 + leads + lags;
    Var(CAR) = s^2 (L + x'(X'X)^-1 x).  Degrees of freedom M - p. The abnormal return is that of
    the whole regression, not R - a - beta R_m. An event day whose lead or lag is not in the data
    has no abnormal return.

    For thinly traded shares, whose prices follow the market late, and for a security whose
    benchmark closes after it (``Dimson(leads=0, lags=1)``). Sessions are those of the security,
    the benchmark's returns aligned by closes. A lead takes the benchmark's return after the event
    day: where the event moves the market too, it takes part of the effect away.

    Parameters
    ----------
    leads, lags : int
        Sessions after and before.

    Notes
    -----
    The frame of fits has beta_lag1, beta_0, beta_lead1, ..., their sum ``beta`` and, with as many
    leads as lags, one or two, ``beta_fowler_rorke``: their sum weighted for the autocorrelation of
    the benchmark, for one b_0 + w (b_-1 + b_1) with w = (1 + r1)/(1 + 2 r1), for two with
    w1 = (1 + 2 r1 + r2)/(1 + 2 r1 + 2 r2) and w2 = (1 + r1 + r2)/(1 + 2 r1 + 2 r2). Under thin
    trading it is consistent where the plain sum is not (Fowler and Rorke 1983).

    Examples
    --------
    >>> Dimson(leads=0, lags=1).shifts
    (-1, 0)

    References
    ----------
    Dimson (1979), Journal of Financial Economics 7:197-226; Fowler and Rorke (1983), Journal of
    Financial Economics 12:279-283.
    """

    leads: int = 1
    lags: int = 1

    name: ClassVar[str] = "dimson"
    title: ClassVar[str] = "Dimson"
    reference: ClassVar[str] = (
        "Dimson (1979), J. Financial Economics 7:197-226, doi:10.1016/0304-405X(79)90013-8"
    )

    def __post_init__(self) -> None:
        for name, value in (("leads", self.leads), ("lags", self.lags)):
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
                raise StudyError(f"{name} {value!r} is not a number from 0 to {MOST}. Write one")

    @property
    def shifts(self) -> tuple[int, ...]:
        """From the longest lag to the longest lead."""
        return tuple(range(-self.lags, self.leads + 1))

    @property
    def parameters(self) -> int:
        """Intercept and one slope a session."""
        return 2 + self.leads + self.lags

    @property
    def margins(self) -> tuple[int, int]:
        """Days whose lags or leads lie outside the estimation window."""
        return (self.lags, self.leads)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        slopes = [
            f"beta_lag{-k}" if k < 0 else f"beta_lead{k}" if k else "beta_0" for k in self.shifts
        ]
        return ("alpha", *slopes)

    def design(self, factors: Floats, spans: Integers) -> Floats:
        """Build the design: sessions covered, and the benchmark from longest lag to lead."""
        return np.concatenate([spans[:, :, None].astype(np.float64), factors], axis=2)

    def fit(self, returns: Floats, factors: Floats, horizon: int = 0) -> Fit:
        """Regress each estimation window on a constant and the benchmark's nearby sessions."""
        del horizon
        one = np.ones(returns.shape, dtype=np.int64)
        inner = without_margins(returns, self.margins)
        found = fit_least_squares(self.names, inner, self.design(factors, one))
        slopes = found.coefficients[:, 1:]
        further = {"beta": slopes.sum(axis=1)}
        if self.leads == self.lags and self.leads in (1, 2):
            used = np.isfinite(inner) & np.isfinite(factors).all(axis=2)
            market = np.where(used[:, :, None], factors, np.nan)
            further["beta_fowler_rorke"] = (slopes * _weights(market, self.leads)).sum(axis=1)
        return replace(found, further=further)


def _weights(market: Floats, reach: int) -> Floats:
    """Fowler and Rorke's weights of the slopes, shape (events, 2 reach + 1)."""
    used = np.count_nonzero(np.isfinite(market), axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        centred = market - np.nansum(market, axis=1, keepdims=True) / used
        own = centred[:, :, reach]
        spread = np.nansum(own**2, axis=1)
        r = [
            np.nansum(own * centred[:, :, reach - k], axis=1)
            / np.sqrt(spread * np.nansum(centred[:, :, reach - k] ** 2, axis=1))
            for k in range(1, reach + 1)
        ]
        if reach == 1:
            outer = [(1.0 + r[0]) / (1.0 + 2.0 * r[0])]
        else:
            below = 1.0 + 2.0 * r[0] + 2.0 * r[1]
            outer = [(1.0 + r[0] + r[1]) / below, (1.0 + 2.0 * r[0] + r[1]) / below]
    columns = [*outer, np.ones(len(market)), *outer[::-1]]
    return np.stack(columns, axis=1)
