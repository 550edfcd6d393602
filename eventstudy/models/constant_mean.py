"""The constant-mean model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from eventstudy.arrays import Floats, Integers
from eventstudy.models.base import Fit, Model, fit_least_squares


@dataclass(frozen=True)
class ConstantMean(Model):
    """Expected return = mean return of the estimation window.

    AR = R - mean(R);  s^2 = SSR/(M - 1);  Var(CAR) = s^2 (L + L^2/M).  Degrees of freedom M - 1.
    Use it where no benchmark is meaningful: an index, or a market that the event itself moves.

    References
    ----------
    Brown and Warner (1980), Journal of Financial Economics 8:205-258.
    """

    name: ClassVar[str] = "constant_mean"
    title: ClassVar[str] = "constant mean"
    reference: ClassVar[str] = "Brown and Warner (1980), J. Financial Economics 8:205-258"

    @property
    def factors(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def parameters(self) -> int:
        """The mean."""
        return 1

    def design(self, factors: Floats, spans: Integers) -> Floats:
        """Build the design: a column that counts sessions."""
        del factors
        return spans[:, :, None].astype(np.float64)

    def fit(self, returns: Floats, factors: Floats, horizon: int = 0) -> Fit:
        """Take the mean of each estimation window."""
        del horizon
        one = np.ones(returns.shape, dtype=np.int64)
        return fit_least_squares(("alpha",), returns, self.design(factors, one))
