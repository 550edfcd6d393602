"""What every expected-return model gives, and the seam through which the study uses it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from eventstudy.arrays import Floats, Integers, Texts
from eventstudy.kernels.ols import least_squares

BENCHMARK = "benchmark"
"""The factor that is each row's own benchmark."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A model fitted to the estimation windows of many events.

    Attributes
    ----------
    names : tuple of str, length p
        The coefficients; () for a model that estimates none.
    coefficients : array of float, shape (events, p)
        Their values.
    unscaled : array of float, shape (events, p, p)
        sigma^2 times it is the covariance of the coefficients.
    rows : array of float, shape (events, days, p)
        Design rows of the estimation days.
    residuals : array of float, shape (events, days)
        Abnormal returns of the estimation days, NaN where a day was not usable.
    sigma : array of float, shape (events,)
        Residual standard deviation.
    dof : array of float, shape (events,)
        Degrees of freedom of sigma.
    n_obs : array of int, shape (events,)
        Usable estimation days.
    r2 : array of float, shape (events,)
        Share of the variance explained; NaN where the model has none.
    problem : array of str, shape (events,)
        Why an event could not be fitted, "" where it was.
    innovations : array of float, shape (events, days + horizon), optional
        Variance of each day's return about its expectation, over sigma^2, from the first estimation
        day to the last event day; None where it is 1 throughout.
    note : str
        What the reader must know of the errors, such as that they are approximate.
    """

    names: tuple[str, ...]
    coefficients: Floats
    unscaled: Floats
    rows: Floats
    residuals: Floats
    sigma: Floats
    dof: Floats
    n_obs: Integers
    r2: Floats
    problem: Texts
    innovations: Floats | None = None
    note: str = ""

    def take(self, index: Integers) -> Fit:
        """Keep the events at the given positions."""
        return Fit(
            self.names,
            self.coefficients[index],
            self.unscaled[index],
            self.rows[index],
            self.residuals[index],
            self.sigma[index],
            self.dof[index],
            self.n_obs[index],
            self.r2[index],
            self.problem[index],
            None if self.innovations is None else self.innovations[index],
            self.note,
        )


class Model(ABC):
    """An expected-return model: one frozen options object.

    ``factors`` arguments have shape (events, days, columns), ``spans`` (events, days): sessions
    that a day's return covers, with the factors compounded over them. The columns are the model's
    factors, each at all of its shifts: factor 1 at the first shift, at the second, then factor 2.

    Attributes
    ----------
    name, title, reference : str
        Short and printed name, and where it was published.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    reference: ClassVar[str]

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors; :data:`BENCHMARK` stands for the row's own benchmark."""
        return (BENCHMARK,)

    @property
    def needs_benchmark(self) -> bool:
        """Whether a row must have a benchmark."""
        return BENCHMARK in self.factors

    @property
    def shifts(self) -> tuple[int, ...]:
        """Sessions by which the factors are taken later (leads) or earlier (lags, negative)."""
        return (0,)

    @property
    @abstractmethod
    def parameters(self) -> int:
        """Coefficients that the model estimates, the constant included."""

    @abstractmethod
    def design(self, factors: Floats, spans: Integers) -> Floats:
        """Build the design rows, shape (events, days, p)."""

    def offset(self, factors: Floats, spans: Integers) -> Floats:
        """Give the part of the expected return that is not estimated, shape (events, days)."""
        del factors
        return np.zeros(spans.shape)

    @abstractmethod
    def fit(self, returns: Floats, factors: Floats, horizon: int = 0) -> Fit:
        """Fit the estimation windows: returns of shape (events, days), NaN is missing.

        ``horizon`` counts the sessions from the last estimation day to the last event day, for
        models whose variance moves.
        """


def fit_least_squares(names: tuple[str, ...], returns: Floats, rows: Floats) -> Fit:
    """Fit by ordinary least squares: sigma^2 = SSR/(M - p), with p counting the constant."""
    solved = least_squares(returns, rows)
    dof = solved.n_obs - rows.shape[2]
    positive = np.where(dof > 0, dof, 1)
    variance = solved.ssr / positive
    used = np.isfinite(solved.residuals)
    count = np.maximum(used.sum(axis=1), 1)
    mean = np.where(used, returns, 0.0).sum(axis=1) / count
    total = (np.where(used, returns - mean[:, None], 0.0) ** 2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = np.where(total > 0, 1.0 - solved.ssr / total, np.nan)
    problem = np.where(
        solved.singular,
        "the factors do not vary, or repeat each other, in the estimation window",
        flat(variance, returns),
    )
    return Fit(
        names,
        solved.coefficients,
        solved.unscaled,
        rows,
        solved.residuals,
        np.sqrt(variance),
        dof.astype(np.float64),
        solved.n_obs,
        r2,
        problem,
    )


def flat(variance: Floats, returns: Floats) -> Texts:
    """Say which events have no residual variance to measure anything against."""
    size = np.nanmax(np.abs(returns), axis=1, initial=0.0, where=np.isfinite(returns))
    none = ~(variance > (1e-10 * size) ** 2)
    return np.where(
        none,
        "the abnormal return does not vary in the estimation window (a constant price, or the "
        "benchmark itself)",
        "",
    )
