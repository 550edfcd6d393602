"""The market model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from eventstudy.arrays import Floats, Integers
from eventstudy.models.base import Fit, Model, fit_least_squares


@dataclass(frozen=True)
class MarketModel(Model):
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

    @property
    def parameters(self) -> int:
        """Intercept and slope."""
        return 2

    def design(self, factors: Floats, spans: Integers) -> Floats:
        """Build the design: sessions covered, and the benchmark's return over them."""
        return np.concatenate([spans[:, :, None].astype(np.float64), factors[:, :, :1]], axis=2)

    def fit(self, returns: Floats, factors: Floats, horizon: int = 0) -> Fit:
        """Regress each estimation window on a constant and the benchmark."""
        del horizon
        one = np.ones(returns.shape, dtype=np.int64)
        return fit_least_squares(("alpha", "beta"), returns, self.design(factors, one))
