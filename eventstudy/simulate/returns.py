"""Return processes: how residuals are distributed, how they move together, how they cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from eventstudy.arrays import Floats
from eventstudy.errors import StudyError

Shape = Literal["normal", "t3", "skew"]
SHAPES = ("normal", "t3", "skew")


@dataclass(frozen=True, kw_only=True)
class Garch:
    """Variance that clusters: h_t = (1 - a - b) sigma^2 + a e_{t-1}^2 + b h_{t-1}.

    Attributes
    ----------
    shock : float
        a, what yesterday's squared residual adds.
    memory : float
        b, what yesterday's variance adds; a + b below 1.

    References
    ----------
    Bollerslev (1986), Journal of Econometrics 31:307-327.
    """

    shock: float = 0.1
    memory: float = 0.85

    def __post_init__(self) -> None:
        if not (self.shock >= 0 and self.memory >= 0 and self.shock + self.memory < 1):
            raise StudyError(
                f"GARCH with shock {self.shock} and memory {self.memory} has no finite variance. "
                "Give two numbers from 0 on whose sum is below 1"
            )


@dataclass(frozen=True, kw_only=True)
class Returns:
    """A process of returns: alpha 0, a beta for each security, residuals of one standard deviation.

    Attributes
    ----------
    shape : {"normal", "t3", "skew"}
        Distribution of the shocks, scaled to variance 1: normal, Student's t with 3 degrees of
        freedom, or chi-squared with 2 (skewness 2).
    correlation : float
        Correlation of any two securities' residuals: e = sqrt(rho) f + sqrt(1 - rho) u.
    sigma, market_sigma : float
        Standard deviations of the residual and of the market's return, a day.
    betas : pair of float
        Betas are uniform between the two.
    garch : Garch, optional
        Variance of each security's residual; constant by default.
    """

    shape: Shape = "normal"
    correlation: float = 0.0
    sigma: float = 0.02
    market_sigma: float = 0.01
    betas: tuple[float, float] = (0.5, 1.5)
    garch: Garch | None = None

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise StudyError(f"no shape {self.shape!r}. The shapes are {', '.join(SHAPES)}")
        if not 0.0 <= self.correlation < 1.0:
            raise StudyError(
                f"a correlation of {self.correlation} cannot come from one common shock. Give a "
                "number from 0 to below 1"
            )


def shocks(shape: Shape, rng: np.random.Generator, size: tuple[int, ...]) -> Floats:
    """Independent shocks of mean 0 and variance 1.

    Parameters
    ----------
    shape : {"normal", "t3", "skew"}
        Their distribution.
    rng : Generator
        Where they come from.
    size : tuple of int
        Shape of the array.

    Examples
    --------
    >>> draws = shocks("skew", np.random.default_rng(0), (100_000,))
    >>> round(float(draws.mean()), 1), round(float(draws.var()), 1), float(draws.min()) > -1
    (-0.0, 1.0, True)
    """
    if shape == "t3":
        return rng.standard_t(3, size) / np.sqrt(3.0)
    if shape == "skew":
        return rng.standard_exponential(size) - 1.0
    return rng.standard_normal(size)


def correlated(returns: Returns, common: Floats, own: Floats, garch_burn: int = 0) -> Floats:
    """Residuals of securities from common and own shocks.

    Parameters
    ----------
    returns : Returns
        The process.
    common, own : array of float, shape (replications, securities, days)
        Shocks; ``common`` is one series a replication, or one a market of it.
    garch_burn : int
        First days that only warm the variance up, and are cut off.

    Returns
    -------
    array of float, shape (replications, securities, days - garch_burn)
    """
    rho = returns.correlation
    mixed = np.sqrt(rho) * common + np.sqrt(1.0 - rho) * own
    if returns.garch is None:
        return returns.sigma * mixed[..., garch_burn:]
    return clustered(returns.garch, returns.sigma, mixed)[..., garch_burn:]


def clustered(garch: Garch, sigma: float, shock: Floats) -> Floats:
    """Turn independent shocks into residuals whose variance clusters.

    Parameters
    ----------
    garch : Garch
        The recursion.
    sigma : float
        Standard deviation in the long run, where the recursion begins.
    shock : array of float, shape (..., days)
        Shocks of variance 1.

    Returns
    -------
    array of float, same shape
    """
    residual = np.empty_like(shock)
    floor = (1.0 - garch.shock - garch.memory) * sigma**2
    variance = np.full(shock.shape[:-1], sigma**2)
    for day in range(shock.shape[-1]):
        residual[..., day] = np.sqrt(variance) * shock[..., day]
        variance = floor + garch.shock * residual[..., day] ** 2 + garch.memory * variance
    return residual
