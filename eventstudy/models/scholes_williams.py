"""Scholes and Williams's market model for nonsynchronous prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.models.base import Fit, Model, explained, flat, without_margins

# Below this share of its sum of squares the benchmark's variance is rounding.
_ROUNDING = 1e-24
LEAST = 0.2
"""Below this |1 + 2 rho| the slope has no meaning."""


@dataclass(frozen=True)
class ScholesWilliams(Model):
    """Expected return = alpha + beta R_m, with a beta that holds where prices are not of one time.

    beta = (b_-1 + b_0 + b_1)/(1 + 2 rho), b_k the slope of R_t on R_m,t+k alone and rho the first
    autocorrelation of R_m;  alpha = mean(R) - beta mean(R_m);  all moments over the M days of the
    estimation window whose neighbours lie in it too.  s^2 = SSR/(M - 2) with the residuals of
    those days;  Var(CAR) = s^2 [L + L^2/M + (sum R_m - L mean R_m)^2 v],
    v = z'z/(z'm)^2 with z = R_m,t-1 + R_m,t + R_m,t+1 and m = R_m,t, both centred: beta is the
    instrumental-variable slope with z.  Degrees of freedom M - 2.

    For shares traded on most days but not at the close. It is noisier than the market model; with
    |1 + 2 rho| below .2 it has no value. For shares that follow the market by whole sessions take
    Dimson's model.

    References
    ----------
    Scholes and Williams (1977), Journal of Financial Economics 5:309-327.
    """

    name: ClassVar[str] = "scholes_williams"
    title: ClassVar[str] = "Scholes-Williams"
    reference: ClassVar[str] = (
        "Scholes and Williams (1977), J. Financial Economics 5:309-327, "
        "doi:10.1016/0304-405X(77)90041-1"
    )
    exact: ClassVar[bool] = False

    @property
    def shifts(self) -> tuple[int, ...]:
        """The session before, the session, the session after."""
        return (-1, 0, 1)

    @property
    def margins(self) -> tuple[int, int]:
        """The first and the last day, which have no neighbour inside the window."""
        return (1, 1)

    @property
    def parameters(self) -> int:
        """Intercept and slope."""
        return 2

    def design(self, factors: Floats, spans: Integers) -> Floats:
        """Build the design: sessions covered, and the benchmark's return over them."""
        return np.concatenate([spans[:, :, None].astype(np.float64), factors[:, :, 1:2]], axis=2)

    def fit(self, returns: Floats, factors: Floats, horizon: int = 0) -> Fit:
        """Estimate each estimation window from its interior days."""
        del horizon
        used = np.isfinite(without_margins(returns, self.margins))
        used &= np.isfinite(factors).all(axis=2)
        n_obs = used.sum(axis=1)
        mean_y, y = _centred(returns, used)
        lag, m, lead = (_centred(factors[:, :, k], used)[1] for k in range(3))
        mean_m = _centred(factors[:, :, 1], used)[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            slopes = [(y * x).sum(axis=1) / (x * x).sum(axis=1) for x in (lag, m, lead)]
            rho = (m * lag).sum(axis=1) / np.sqrt((m * m).sum(axis=1) * (lag * lag).sum(axis=1))
            beta = (slopes[0] + slopes[1] + slopes[2]) / (1.0 + 2.0 * rho)
            z = lag + m + lead
            variance_b = (z * z).sum(axis=1) / (z * m).sum(axis=1) ** 2
        alpha = mean_y - beta * mean_m
        coefficients = np.stack([alpha, beta], axis=1)
        one = np.ones(returns.shape, dtype=np.int64)
        fitted = np.einsum("nmp,np->nm", self.design(factors, one), coefficients)
        residuals = np.where(used, returns - fitted, np.nan)
        dof = (n_obs - 2).astype(np.float64)
        variance = np.nansum(residuals**2, axis=1) / np.maximum(dof, 1)
        size = np.where(used, factors[:, :, 1] ** 2, 0.0).sum(axis=1)
        moves = (m * m).sum(axis=1) > _ROUNDING * size
        problem = np.where(
            np.isfinite(beta) & moves,
            flat(variance, np.where(used, returns, np.nan)),
            "the benchmark does not vary in the estimation window",
        )
        thin = moves & np.isfinite(rho) & (np.abs(1.0 + 2.0 * rho) < LEAST)
        problem = np.where(
            thin, "the benchmark's autocorrelation is near -.5: the slope has no meaning", problem
        )
        corner = 1.0 / np.maximum(n_obs, 1) + mean_m**2 * variance_b
        across = -mean_m * variance_b
        unscaled = np.stack(
            [np.stack([corner, across], axis=1), np.stack([across, variance_b], axis=1)], axis=1
        )
        return Fit(
            ("alpha", "beta"),
            coefficients,
            unscaled,
            np.sqrt(variance),
            dof,
            n_obs,
            explained(returns, residuals),
            problem,
            further={
                "beta_lag1": slopes[0],
                "beta_0": slopes[1],
                "beta_lead1": slopes[2],
                "rho": rho,
            },
        )


def _centred(values: Floats, used: Booleans) -> tuple[Floats, Floats]:
    """Mean over the usable days, and deviations from it, 0 elsewhere."""
    count = np.maximum(used.sum(axis=1), 1)
    mean = np.where(used, values, 0.0).sum(axis=1) / count
    return mean, np.where(used, values - mean[:, None], 0.0)
