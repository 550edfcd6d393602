"""Market models whose residual variance moves from day to day: GARCH and EGARCH."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np
from scipy import special

from eventstudy.arrays import Floats, Integers
from eventstudy.errors import MissingExtraError, StudyError
from eventstudy.filters import filtered
from eventstudy.kernels.ols import least_squares
from eventstudy.models.base import Fit, Model, explained, flat

# Percent: the optimiser wants variances near 1.
_SCALE = 100.0
# A forecast variance may leave the range of the estimation window's by this factor.
_BEYOND = 4.0
BACKWARDS = (
    "a moving variance cannot be forecast backwards: put the estimation window before the event"
)


class _MovingVariance(Model):
    """Market model by maximum likelihood with a conditional variance."""

    exact: ClassVar[bool] = False
    threads: ClassVar[bool] = False
    packages: ClassVar[tuple[str, ...]] = ("arch",)
    variance: ClassVar[dict[str, Any]]
    terms: ClassVar[dict[str, str]]
    iterations: int

    def __post_init__(self) -> None:
        if find_spec("arch") is None:
            raise MissingExtraError("garch", f"the model {self.name}")
        if self.iterations < 1:
            raise StudyError(f"iterations {self.iterations} is below 1. Write 100")

    @property
    def parameters(self) -> int:
        """Intercept and slope; those of the variance are not counted."""
        return 2

    def design(self, factors: Floats, spans: Integers) -> Floats:
        """Build the design: sessions covered, and the benchmark's return over them."""
        return np.concatenate([spans[:, :, None].astype(np.float64), factors[:, :, :1]], axis=2)

    @abstractmethod
    def step(self, parameters: dict[str, float], shock: float, variance: float) -> float:
        """Give the variance of the day after one with this residual and variance."""

    @abstractmethod
    def forecast(self, parameters: dict[str, float], last: float, horizon: int) -> Floats:
        """Forecast the variances of later days, ``horizon`` of them, given that of the last."""

    @abstractmethod
    def starts(self, constant: float) -> list[list[float]]:
        """Give starting values of the variance's parameters about a constant variance."""

    def fit(self, returns: Floats, factors: Floats, horizon: int = 0) -> Fit:
        """Fit each estimation window by itself, and forecast its variance to the last event day."""
        one = np.ones(returns.shape, dtype=np.int64)
        rows = self.design(factors, one)
        plain = least_squares(returns, rows)
        events, days = returns.shape
        usable = np.isfinite(plain.residuals)
        coefficients = np.full((events, 2), np.nan)
        unscaled = plain.unscaled.copy()
        path = np.ones((events, days + horizon))
        problem = flat(plain.ssr, np.where(usable, returns, np.nan)).astype(object)
        problem[plain.singular] = "the benchmark does not vary in the estimation window"
        further = {name: np.full(events, np.nan) for name in self.terms.values()}
        sigma = np.full(events, np.nan)
        for event in np.flatnonzero(problem == ""):
            there = usable[event]
            if horizon == 0:
                problem[event] = BACKWARDS
                continue
            found = self._fit_one(returns[event, there], factors[event, there, 0], horizon)
            if isinstance(found, str):
                problem[event] = found
                continue
            coefficients[event], covariance, known, ahead, shape = found
            sigma[event] = np.sqrt(known.mean())
            unscaled[event] = covariance / sigma[event] ** 2
            # A day without a return has the variance of the last one before it.
            place = np.maximum(np.cumsum(there) - 1, 0)
            path[event] = np.concatenate([known[place], ahead]) / sigma[event] ** 2
            for name, value in shape.items():
                further[name][event] = value
        fitted = np.einsum("nmp,np->nm", rows, coefficients)
        residuals = np.where(usable, returns - fitted, np.nan)
        return Fit(
            ("alpha", "beta"),
            coefficients,
            unscaled,
            sigma,
            np.full(events, np.inf),
            plain.n_obs,
            explained(returns, residuals),
            problem,
            innovations=path,
            note="the variance of each day is a forecast from the end of the estimation window",
            further=further,
        )

    def _fit_one(
        self, y: Floats, x: Floats, horizon: int
    ) -> str | tuple[Floats, Floats, Floats, Floats, dict[str, float]]:
        """Coefficients, covariance, variances of the days, forecasts and shape; or a reason."""
        first: str = ""
        for found in self._maxima(y * _SCALE, x * _SCALE):
            answer = self._answer(found, horizon)
            if not isinstance(answer, str):
                return answer
            first = first or answer
        return first or f"{self.title} did not converge"

    def _answer(
        self, found: Any, horizon: int
    ) -> str | tuple[Floats, Floats, Floats, Floats, dict[str, float]]:
        """Take from a fit what :meth:`_fit_one` gives; or why it is of no use."""
        parameters = {str(name): float(value) for name, value in found.params.items()}
        known = np.asarray(found.conditional_volatility) ** 2
        # arch 8.0's own forecast of EGARCH fails on some of its fits; one step is a line.
        first = self.step(parameters, float(np.asarray(found.resid)[-1]), float(known[-1]))
        variances = np.concatenate([[first], self.forecast(parameters, first, horizon - 1)])
        with filtered(), np.errstate(all="ignore"):
            covariance = np.asarray(found.param_cov)[:2, :2]
        sizes = [*known, *variances, *np.diag(covariance)]
        if not (np.isfinite(sizes).all() and min(sizes) > 0):
            return f"{self.title} has no finite variance"
        if variances.max() > _BEYOND * known.max() or variances.min() < known.min() / _BEYOND:
            return (
                f"{self.title} forecasts a variance of {variances.max() / known.mean():.3g} times "
                "the mean of the estimation window, beyond all that it has seen"
            )
        unit = np.array([1.0 / _SCALE, 1.0])
        named = {name: parameters[key] for key, name in self.terms.items()}
        mean = np.array([parameters["Const"], parameters["x0"]]) * unit
        scaled = (known / _SCALE**2, variances / _SCALE**2)
        return mean, covariance * np.outer(unit, unit), *scaled, named

    def _maxima(self, y: Floats, x: Floats) -> list[Any]:
        """Maximise the likelihood from arch's own start and from others; the highest end first.

        The likelihood may have several maxima, some of them far below the highest, and the highest
        may be one that no variance can have. An end below the likelihood of a constant variance,
        which the model contains, is no maximum, whatever the optimiser says.
        """
        from arch import arch_model

        exog = np.column_stack([np.ones(len(x)), x])
        line, *_ = np.linalg.lstsq(exog, y, rcond=None)
        constant = float(np.mean((y - exog @ line) ** 2))
        same = 1e-6 * len(y)
        least = -0.5 * len(y) * (np.log(2.0 * np.pi * constant) + 1.0) - same
        model = arch_model(y, x=x[:, None], mean="LS", rescale=False, **self.variance)
        own = [np.array([*line, *start]) for start in self.starts(constant)]
        ends: list[Any] = []
        for start in (None, *own):
            with filtered(), np.errstate(all="ignore"):
                found = model.fit(
                    disp="off",
                    show_warning=False,
                    starting_values=start,
                    options={"maxiter": self.iterations},
                )
            # Ends that differ by rounding are one maximum: the first start that found it stays.
            known = any(abs(found.loglikelihood - one.loglikelihood) < same for one in ends)
            if found.convergence_flag == 0 and found.loglikelihood >= least and not known:
                ends.append(found)
        return sorted(ends, key=lambda one: -one.loglikelihood)


@dataclass(frozen=True)
class Garch(_MovingVariance):
    """Expected return = alpha + beta times the benchmark's return, with GARCH(1,1) errors.

    R_t = a + b R_mt + e_t, e_t of variance h_t = w + c e_t-1^2 + d h_t-1, by maximum likelihood
    (package arch). The day k sessions after the estimation window has
    h_E+k = w + (c + d) h_E+k-1;  Var(CAR) = sum of the h_t of the window + x'V x with V the robust
    covariance of (a, b); a return over k sessions takes the sum of their k variances. Standard
    normal reference, without correction for a small sample. Rank and correlation tests take
    residuals over sqrt(h_t); the placebo compares sums over the root of the sum of their h_t.

    For estimation windows with calm and wild spells: least squares calls a wild day before the
    event as likely as one in the event window. ``sigma`` in the frame of fits is the root of the
    mean h_t of the estimation window. Needs an estimation window before the event and, to tell c
    from d, some 200 days; where the likelihood does not converge the event is dropped.

    Parameters
    ----------
    iterations : int
        Most iterations of the optimiser.

    References
    ----------
    Bollerslev (1986), Journal of Econometrics 31:307-327; for event studies Savickas (2003),
    Journal of Financial Research 26:165-178.
    """

    iterations: int = 100

    name: ClassVar[str] = "garch"
    title: ClassVar[str] = "market model, GARCH(1,1)"
    reference: ClassVar[str] = (
        "Bollerslev (1986), J. Econometrics 31:307-327, doi:10.1016/0304-4076(86)90063-1"
    )
    variance: ClassVar[dict[str, Any]] = {"vol": "GARCH", "p": 1, "q": 1}
    terms: ClassVar[dict[str, str]] = {"alpha[1]": "garch_arch", "beta[1]": "garch_lag"}

    def step(self, parameters: dict[str, float], shock: float, variance: float) -> float:
        """Give w + c e^2 + d h."""
        grown = parameters["alpha[1]"] * shock**2 + parameters["beta[1]"] * variance
        return parameters["omega"] + grown

    def starts(self, constant: float) -> list[list[float]]:
        """Begin with shocks that fade slowly, and fast, small ones and large."""
        shares = ((0.05, 0.9), (0.2, 0.3), (0.9, 0.05), (0.01, 0.97))
        return [[(1.0 - c - d) * constant, c, d] for c, d in shares]

    def forecast(self, parameters: dict[str, float], last: float, horizon: int) -> Floats:
        """Iterate h = w + (c + d) h."""
        persistence = parameters["alpha[1]"] + parameters["beta[1]"]
        ahead: list[float] = []
        for _ in range(horizon):
            last = parameters["omega"] + persistence * last
            ahead.append(last)
        return np.array(ahead)


@dataclass(frozen=True)
class EGarch(_MovingVariance):
    """Expected return = alpha + beta times the benchmark's return, with EGARCH(1,1,1) errors.

    R_t = a + b R_mt + e_t, e_t = sqrt(h_t) z_t with
    log h_t = w + c (|z_t-1| - sqrt(2/pi)) + g z_t-1 + d log h_t-1: falls may raise the variance
    more than rises do (g < 0). The expected h of later days is exact for normal z: with
    m(u) = E exp(u (c (|z| - sqrt(2/pi)) + g z)),
    h_E+k = exp(w (1 - d^(k-1))/(1 - d)) h_E+1^(d^(k-1)) times the product of m(d^j), j = 0..k-2.
    Var(CAR), reference distribution and needs as for :class:`Garch`.

    Parameters
    ----------
    iterations : int
        Most iterations of the optimiser.

    References
    ----------
    Nelson (1991), Econometrica 59:347-370.
    """

    iterations: int = 100

    name: ClassVar[str] = "egarch"
    title: ClassVar[str] = "market model, EGARCH(1,1,1)"
    reference: ClassVar[str] = "Nelson (1991), Econometrica 59:347-370, doi:10.2307/2938260"
    variance: ClassVar[dict[str, Any]] = {"vol": "EGARCH", "p": 1, "o": 1, "q": 1}
    terms: ClassVar[dict[str, str]] = {
        "alpha[1]": "garch_arch",
        "gamma[1]": "garch_sign",
        "beta[1]": "garch_lag",
    }

    def step(self, parameters: dict[str, float], shock: float, variance: float) -> float:
        """Give exp(w + c (|z| - sqrt(2/pi)) + g z + d log h)."""
        z = shock / np.sqrt(variance)
        news = parameters["alpha[1]"] * (abs(z) - np.sqrt(2.0 / np.pi)) + parameters["gamma[1]"] * z
        return float(np.exp(parameters["omega"] + news + parameters["beta[1]"] * np.log(variance)))

    def starts(self, constant: float) -> list[list[float]]:
        """Begin with shocks that fade slowly, and fast, falls and rises alike."""
        level = float(np.log(constant))
        return [[0.1 * level, 0.1, 0.0, 0.9], [0.5 * level, 0.2, 0.0, 0.5]]

    def forecast(self, parameters: dict[str, float], last: float, horizon: int) -> Floats:
        """Take the expectation over all normal shocks in between."""
        c, g, d = (parameters[name] for name in ("alpha[1]", "gamma[1]", "beta[1]"))
        level, grown = np.log(last), 0.0
        ahead: list[float] = []
        for step in range(horizon):
            u = d**step
            up, down = u * (c + g), u * (c - g)
            grown += -u * c * np.sqrt(2.0 / np.pi) + np.logaddexp(
                special.log_ndtr(up) + up**2 / 2.0, special.log_ndtr(down) + down**2 / 2.0
            )
            level = parameters["omega"] + d * level
            ahead.append(float(np.exp(np.minimum(level + grown, 700.0))))
        return np.array(ahead)
