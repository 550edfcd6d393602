"""What every expected-return model gives, and the seam through which the study uses it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from eventstudy.arrays import Booleans, Floats, Integers, Texts
from eventstudy.errors import StudyError
from eventstudy.kernels.gather import rows_at
from eventstudy.kernels.ols import least_squares
from eventstudy.tickers import TICKER

if TYPE_CHECKING:
    from eventstudy.factors import FactorTable

BENCHMARK = "benchmark"
"""The factor that is each row's own benchmark."""

FITS = (
    *("event_id", "ticker", "model", "n_obs", "dof", "sigma", "r2", "alpha", "beta"),
    *("beta_same_date", "note", "prediction_error", "r2_outside"),
    *("estimation_start", "estimation_first", "estimation_last"),
)
"""Columns of the frame of fits, after which no factor can be called."""


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
    residuals : array of float, shape (events, days), optional
        Abnormal returns of the estimation days, NaN where a day was not usable; None where they are
        the returns less the forecast of the same coefficients, to be had from the prices again.
    innovations : array of float, shape (events, days + horizon), optional
        Variance of each day's return about its expectation, over sigma^2, from the first estimation
        day to the last event day; None where it is 1 throughout.
    note : str
        What the reader must know of the errors.
    approximate : bool
        Whether no exact distribution stands behind the errors even for normal returns.
    outside : bool
        Whether the residuals are forecasts of days that were left out of the fit, so that they
        spread like the abnormal returns of event days and not a little less.
    used : array of bool, shape (events, columns), optional
        Columns of the factors that the fit uses, for models that choose; None for all.
    further : mapping of str to array of float, shape (events,)
        Other figures of the fit, by the name that they have in the frame of fits.
    """

    names: tuple[str, ...]
    coefficients: Floats
    unscaled: Floats
    sigma: Floats
    dof: Floats
    n_obs: Integers
    r2: Floats
    problem: Texts
    residuals: Floats | None = None
    innovations: Floats | None = None
    note: str = ""
    approximate: bool = False
    outside: bool = False
    used: Booleans | None = None
    further: Mapping[str, Floats] = field(default_factory=dict)

    def take(self, index: Integers | slice) -> Fit:
        """Keep the events at the given positions."""
        return replace(
            self,
            coefficients=rows_at(self.coefficients, index),
            unscaled=rows_at(self.unscaled, index),
            sigma=rows_at(self.sigma, index),
            dof=rows_at(self.dof, index),
            n_obs=rows_at(self.n_obs, index),
            r2=rows_at(self.r2, index),
            problem=rows_at(self.problem, index),
            residuals=None if self.residuals is None else self.residuals[index],
            innovations=None if self.innovations is None else self.innovations[index],
            used=None if self.used is None else self.used[index],
            further={name: values[index] for name, values in self.further.items()},
        )

    def chosen(self, factors: Floats) -> Floats:
        """Blank the columns that the fit does not use, so that a gap in them costs no day.

        Parameters
        ----------
        factors : array of float, shape (events, days, columns)

        Returns
        -------
        array of float, shape (events, days, columns)
        """
        return factors if self.used is None else np.where(self.used[:, None, :], factors, 0.0)


class Model(ABC):
    """An expected-return model: one frozen options object.

    ``factors`` arguments have shape (events, days, columns), ``spans`` (events, days): sessions
    that a day's return covers, with the factors compounded over them. The columns are the model's
    factors, each at all of its shifts: factor 1 at the first shift, at the second, then factor 2.

    Attributes
    ----------
    name, title, reference : str
        Short and printed name, and where it was published.
    selects : bool
        Whether each event has its own choice among the factors: securities that its event leaves
        alone. Events of one date then share no design.
    exact : bool
        Whether the fit is least squares, so that its t and F are exact for normal returns.
    packages : tuple of str
        Libraries beyond the core that decide its numbers.
    threads : bool
        Whether several threads may fit at once; not where a library's warnings are caught, for
        their filters belong to all threads.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    reference: ClassVar[str]
    selects: ClassVar[bool] = False
    exact: ClassVar[bool] = True
    packages: ClassVar[tuple[str, ...]] = ()
    threads: ClassVar[bool] = True

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors; :data:`BENCHMARK` stands for the row's own benchmark."""
        return (BENCHMARK,)

    @property
    def needs_benchmark(self) -> bool:
        """Whether a row must have a benchmark."""
        return BENCHMARK in self.factors

    @property
    def table(self) -> FactorTable | None:
        """Factor returns that the model brings along; the other factors are tickers."""
        return None

    @property
    def tickers(self) -> tuple[str, ...]:
        """Factors that come from the source of the prices."""
        own = () if self.table is None else self.table.names
        return tuple(name for name in self.factors if name != BENCHMARK and name not in own)

    @property
    def options(self) -> dict[str, Any]:
        """Options that differ from their defaults, as plain values for a specification."""
        if not is_dataclass(self):
            return {}
        found: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if one.default is MISSING or value != one.default:
                found[one.name] = list(value) if isinstance(value, tuple) else value
        return found

    @property
    def shifts(self) -> tuple[int, ...]:
        """Sessions by which the factors are taken later (leads) or earlier (lags, negative)."""
        return (0,)

    @property
    def margins(self) -> tuple[int, int]:
        """Estimation days at the beginning and at the end that the fit leaves out."""
        return (0, 0)

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

    def expected(
        self, coefficients: Floats, factors: Floats, spans: Integers | None = None
    ) -> Floats:
        """Give the expected returns of fitted coefficients, shape (events, days).

        ``spans`` of None are returns over one session each.
        """
        covered = np.ones(factors.shape[:2], dtype=np.int64) if spans is None else spans
        rows = self.design(factors, covered)
        found = self.offset(factors, covered).copy()  # which may be one of the factors
        for column, coefficient in enumerate(coefficients.T):
            found += coefficient[:, None] * rows[:, :, column]
        return found

    @abstractmethod
    def fit(self, returns: Floats, factors: Floats, horizon: int = 0) -> Fit:
        """Fit the estimation windows: returns of shape (events, days), NaN is missing.

        ``horizon`` counts the sessions from the last estimation day to the last event day, for
        models whose variance moves.
        """


def without_margins(returns: Floats, margins: tuple[int, int]) -> Floats:
    """Blank the days at the beginning and the end that a fit leaves out, shape (events, days)."""
    first, last = margins
    if not first and not last:
        return returns
    day = np.arange(returns.shape[1])
    return np.where((day >= first) & (day < returns.shape[1] - last), returns, np.nan)


def forecast(model: Model, fit: Fit, factors: Floats, spans: Integers | None = None) -> Floats:
    """Give the returns that a fitted model expects, shape (events, days).

    NaN where a factor that the fit uses is missing. The factors are compounded over the spans;
    without spans every return is one of a single session.
    """
    return model.expected(fit.coefficients, fit.chosen(factors), spans)


def forecast_runs(model: Model, fit: Fit, factors: Floats, bounds: Sequence[int]) -> Floats:
    """Give the returns expected over one session each of runs of events that share their factors.

    They have the bits of :func:`forecast`.

    Parameters
    ----------
    model, fit : Model, Fit
        A model that uses all of its factors.
    factors : array of float, shape (runs, days, columns)
        Factors of each run.
    bounds : sequence of int, length runs + 1
        Where each run begins.

    Returns
    -------
    array of float, shape (events, days)
    """
    covered = np.ones(factors.shape[:2], dtype=np.int64)
    rows, offset = model.design(factors, covered), model.offset(factors, covered)
    sizes = np.diff(bounds)
    # Column by column, as forecasts of single events: a product of several would round otherwise,
    # and days on which security and factors did the same would no longer tie. A constant, whose
    # product is the coefficient itself, is spread over the days by the sum.
    terms = [own[:, None] for own in fit.coefficients.T]
    constant = len(terms) > 1 and bool((rows[:, :, 0] == 1.0).all())
    for column in range(int(constant), len(terms)):
        spread = np.repeat(rows[:, :, column], sizes, axis=0)
        terms[column] = np.multiply(spread, terms[column], out=spread)
    if offset.any() or not terms:
        terms.insert(0, np.repeat(offset, sizes, axis=0))
    terms[:2] = sorted(terms[:2], key=np.size, reverse=True)  # their sum may begin with either
    found = terms[0]
    for term in terms[1:]:
        found += term
    return found


def fit_least_squares(names: tuple[str, ...], returns: Floats, rows: Floats) -> Fit:
    """Fit by ordinary least squares: sigma^2 = SSR/(M - p), with p counting the constant."""
    solved = least_squares(returns, rows)
    dof = solved.n_obs - rows.shape[2]
    positive = np.where(dof > 0, dof, 1)
    variance = solved.ssr / positive
    problem = np.where(
        solved.close,
        "the factors do not vary, or repeat each other, in the estimation window",
        flat(variance, returns),
    )
    return Fit(
        names,
        solved.coefficients,
        solved.unscaled,
        np.sqrt(variance),
        dof.astype(np.float64),
        solved.n_obs,
        explained(returns, solved.residuals),
        problem,
    )


def explained(returns: Floats, residuals: Floats) -> Floats:
    """Share of the variance of the returns that the residuals leave, taken from 1: R2.

    Parameters
    ----------
    returns, residuals : array of float, shape (events, days)
        Days without a residual do not count.

    Returns
    -------
    array of float, shape (events,)
        NaN where the returns do not vary.
    """
    used = np.isfinite(residuals)
    count = np.maximum(used.sum(axis=1), 1)
    mean = np.where(used, returns, 0.0).sum(axis=1) / count
    total = (np.where(used, returns - mean[:, None], 0.0) ** 2).sum(axis=1)
    left = (np.where(used, residuals, 0.0) ** 2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, 1.0 - left / total, np.nan)


def offered(returns: Floats, factors: Floats, coverage: float) -> tuple[Booleans, Booleans]:
    """Columns of one event that have enough returns to choose from, and the days that all have.

    Parameters
    ----------
    returns : array of float, shape (days,)
        The security's own; NaN is missing.
    factors : array of float, shape (days, columns)
        Other securities; a column that is no candidate is NaN throughout.
    coverage : float
        Share of the security's days on which a candidate must have a return.

    Returns
    -------
    columns : array of bool, shape (columns,)
        Candidates: enough returns, and some variance.
    days : array of bool, shape (days,)
        Days on which the security and every candidate have a return.
    """
    own = np.isfinite(returns)
    there = np.isfinite(factors)
    columns = there[own].sum(axis=0) >= np.maximum(coverage * own.sum(), 1)
    spread = np.where(there, np.abs(factors), 0.0).max(axis=0, initial=0.0)
    columns &= spread > 0
    return columns, own & there[:, columns].all(axis=1)


def name_securities(model: str, factors: str | Sequence[str]) -> tuple[str, ...]:
    """Check the tickers that a model chooses among; one text may hold several, with commas.

    Raises
    ------
    StudyError
        Where there are fewer than two, one twice, or a text is no ticker.
    """
    parts = factors.split(",") if isinstance(factors, str) else factors
    names = tuple(part.strip() if isinstance(part, str) else repr(part) for part in parts)
    bad = next((name for name in names if not TICKER.fullmatch(name)), None)
    if bad is not None:
        raise StudyError(f"{bad!r} is no ticker. The model {model} chooses among tickers")
    if len(names) < 2:
        raise StudyError(
            f"the model {model} needs two securities or more to choose among. Name them in "
            "factors=[...] or --factors"
        )
    if len(set(names)) < len(names):
        raise StudyError(f"the model {model} has a security twice. Name each once")
    return names


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
