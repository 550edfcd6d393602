"""The market model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from eventstudy.arrays import Floats, Integers
from eventstudy.kernels.line import Line, fit_line
from eventstudy.models.base import Fit, Model, flat


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

    def expected(
        self, coefficients: Floats, factors: Floats, spans: Integers | None = None
    ) -> Floats:
        """Give alpha times the sessions covered, plus beta times the benchmark's return."""
        # An inner loop over one event's days each: several times faster than the general product.
        returns = np.einsum("n,nt->nt", coefficients[:, 1], factors[:, :, 0])
        alpha = coefficients[:, :1]
        returns += alpha if spans is None else alpha * spans
        return returns

    def fit(self, returns: Floats, factors: Floats, horizon: int = 0) -> Fit:
        """Regress each estimation window on a constant and the benchmark."""
        del horizon
        line = fit_line(returns, factors[:, :, 0])
        found = self.of_line(line)
        variance = line.ssr / np.where(found.dof > 0, found.dof, 1.0)
        # No return is larger than the root of the sum of squares: only below that bound is it worth
        # looking for the largest.
        near = np.flatnonzero(~(variance > 1e-20 * line.squares))
        found.problem[near] = flat(variance[near], returns[near])
        found.problem[line.singular] = "the benchmark does not vary in the estimation window"
        return found

    def of_line(self, line: Line) -> Fit:
        """Take the coefficients of lines."""
        dof = line.n_obs - 2
        with np.errstate(divide="ignore", invalid="ignore"):
            sigma = np.sqrt(line.ssr / np.where(dof > 0, dof, 1))
            r2 = np.where(line.total > 0, 1.0 - line.ssr / line.total, np.nan)
        return Fit(
            ("alpha", "beta"),
            np.stack([line.intercept, line.slope], axis=1),
            line.unscaled,
            sigma,
            dof.astype(np.float64),
            line.n_obs,
            r2,
            np.full(len(dof), "", dtype=object),
        )
