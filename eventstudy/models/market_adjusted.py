"""The market-adjusted model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from eventstudy.arrays import Floats, Integers
from eventstudy.models.base import Fit, Model, flat


@dataclass(frozen=True)
class MarketAdjusted(Model):
    """Expected return = the benchmark's return; nothing is estimated but the spread.

    AR = R - R_m;  s^2 = variance of AR in the estimation window about its own mean, M - 1 degrees
    of freedom;  Var(CAR) = s^2 L.  For shares too young for a beta, with a short estimation window.

    References
    ----------
    Brown and Warner (1980), Journal of Financial Economics 8:205-258; (1985) 14:3-31.
    """

    name: ClassVar[str] = "market_adjusted"
    title: ClassVar[str] = "market-adjusted"
    reference: ClassVar[str] = "Brown and Warner (1985), J. Financial Economics 14:3-31"

    @property
    def parameters(self) -> int:
        """Nothing is estimated but the spread."""
        return 0

    def design(self, factors: Floats, spans: Integers) -> Floats:
        """Nothing is estimated: no columns."""
        del factors
        return np.empty((*spans.shape, 0))

    def offset(self, factors: Floats, spans: Integers) -> Floats:
        """Give the benchmark's return."""
        del spans
        return factors[:, :, 0]

    def fit(self, returns: Floats, factors: Floats, horizon: int = 0) -> Fit:
        """Measure the spread of R - R_m."""
        del horizon
        residuals = returns - factors[:, :, 0]
        used = np.isfinite(residuals)
        n_obs = used.sum(axis=1)
        count = np.maximum(n_obs, 1)
        mean = np.where(used, residuals, 0.0).sum(axis=1) / count
        squares = (np.where(used, residuals - mean[:, None], 0.0) ** 2).sum(axis=1)
        variance = squares / np.maximum(n_obs - 1, 1)
        events = len(returns)
        return Fit(
            (),
            np.empty((events, 0)),
            np.empty((events, 0, 0)),
            np.sqrt(variance),
            (n_obs - 1).astype(np.float64),
            n_obs,
            np.full(events, np.nan),
            flat(variance, returns),
        )
