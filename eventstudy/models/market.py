"""The market model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from eventstudy.arrays import Floats, Integers
from eventstudy.models.base import Fit, fit_least_squares


@dataclass(frozen=True)
class MarketModel:
    """Expected return = alpha + beta times the benchmark's return, by ordinary least squares.

    s^2 = SSR/(M - 2);  Var(CAR) = s^2 [L + L^2/M + (sum R_m - L mean R_m)^2 / S_xx].  Degrees of
    freedom M - 2.  The usual choice for shares with a benchmark that the event leaves alone.

    References
    ----------
    Fama, Fisher, Jensen and Roll (1969), International Economic Review 10:1-21; Patell (1976),
    Journal of Accounting Research 14:246-276, for the forecast term.
    """

    name: ClassVar[str] = "market"
    title: ClassVar[str] = "market model"
    reference: ClassVar[str] = (
        "Fama, Fisher, Jensen and Roll (1969), International Economic Review 10:1-21"
    )
    parameters: ClassVar[int] = 2
    needs_benchmark: ClassVar[bool] = True

    def design(self, factors: Floats, spans: Integers) -> Floats:
        """Build the design: sessions covered, and the benchmark's return over them."""
        return np.concatenate([spans[:, :, None].astype(np.float64), factors[:, :, :1]], axis=2)

    def offset(self, factors: Floats, spans: Integers) -> Floats:
        """Nothing is given: zeros."""
        del factors
        return np.zeros(spans.shape)

    def fit(self, returns: Floats, factors: Floats) -> Fit:
        """Regress each estimation window on a constant and the benchmark."""
        one = np.ones(returns.shape, dtype=np.int64)
        return fit_least_squares(("alpha", "beta"), returns, self.design(factors, one))
