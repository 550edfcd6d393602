"""Synthetic control: the security as a weighted average of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from eventstudy.arrays import Floats, Integers
from eventstudy.errors import StudyError
from eventstudy.models.base import Fit, Model, explained, flat, name_securities, offered

_NONE = "fewer than two donors have a return on enough days of the estimation window"


@dataclass(frozen=True, init=False)
class SyntheticControl(Model):
    """Expected return = sum of w_j R_j over the donors, with weights w >= 0 that sum to one.

    The weights minimise the sum of squares of R - sum w_j R_j on the estimation window; there is
    no intercept. Securities that the event touches are never donors: those of the same event, and
    those with an event of their own whose tested days share a session with its.
    s^2 = SSR/(M - q + 1) with q weights above 0;  Var(CAR) = s^2 (L + x'U x), U the covariance of
    least squares on the donors in use with the sum held at one.  Degrees of freedom M - q + 1.
    Approximate: the choice of the donors is taken as given.

    ``donor_pvalue`` in the frame of events is the placebo over donors: every donor is put in the
    place of the security, with the other donors as its own, and the root mean square of the
    abnormal returns of the window over that of the estimation window is compared:
    p = (1 + donors with as large a ratio)/(donors + 1). 19 donors are needed to reach 5 %.

    For a security like others in kind but with no index of its own; unlike a regression it never
    extrapolates beyond its donors.

    Parameters
    ----------
    factors : sequence of str, or one text with commas
        Tickers of the donors, from the source of the prices.
    coverage : float
        Share of the event's estimation days on which a donor must have a return; the days on which
        a donor has none are left out.

    References
    ----------
    Abadie, Diamond and Hainmueller (2010), Journal of the American Statistical Association
    105:493-505; for returns Acemoglu, Johnson, Kermani, Kwak and Mitton (2016), Journal of
    Financial Economics 121:368-391.
    """

    securities: tuple[str, ...]
    coverage: float

    name: ClassVar[str] = "synthetic_control"
    title: ClassVar[str] = "synthetic control"
    reference: ClassVar[str] = (
        "Abadie, Diamond and Hainmueller (2010), J. American Statistical Association 105:493-505, "
        "doi:10.1198/jasa.2009.ap08746"
    )
    selects: ClassVar[bool] = True
    exact: ClassVar[bool] = False

    def __init__(self, factors: str | Sequence[str] = (), *, coverage: float = 0.9) -> None:
        if not 0.0 < coverage <= 1.0:
            raise StudyError(f"coverage {coverage} is not above 0 and up to 1. Write .9")
        object.__setattr__(self, "securities", name_securities(self.name, factors))
        object.__setattr__(self, "coverage", coverage)

    @property
    def factors(self) -> tuple[str, ...]:
        """The donors."""
        return self.securities

    @property
    def parameters(self) -> int:
        """Two donors have one free weight."""
        return 1

    @property
    def options(self) -> dict[str, Any]:
        """The donors, and what differs from the defaults."""
        found: dict[str, Any] = {"factors": list(self.securities)}
        return found | ({} if self.coverage == 0.9 else {"coverage": self.coverage})

    def design(self, factors: Floats, spans: Integers) -> Floats:
        """Build the design: the donors' returns."""
        del spans
        return factors

    def fit(self, returns: Floats, factors: Floats, horizon: int = 0) -> Fit:
        """Find the weights of each estimation window by itself."""
        del horizon
        events, days = returns.shape
        width = factors.shape[2]
        weights = np.zeros((events, width))
        unscaled = np.zeros((events, width, width))
        residuals = np.full((events, days), np.nan)
        problem = np.full(events, "", dtype=object)
        n_obs = np.zeros(events, dtype=np.int64)
        for event in range(events):
            columns, inside = offered(returns[event], factors[event], self.coverage)
            n_obs[event] = inside.sum()
            if columns.sum() < 2 or not inside.any():
                problem[event] = _NONE
                continue
            y, x = returns[event, inside], factors[event][np.ix_(inside, columns)]
            found = simplex_weights(y, x)
            if isinstance(found, str):
                problem[event] = found
                continue
            weights[event, columns] = found
            residuals[event, inside] = y - x @ found
            place = np.flatnonzero(columns)
            unscaled[event][np.ix_(place, place)] = _covariance(x, found > 0)
        used = weights > 0
        free = np.maximum(used.sum(axis=1) - 1, 0)
        dof = np.maximum(n_obs - free, 1).astype(np.float64)
        variance = np.nansum(residuals**2, axis=1) / dof
        still = flat(variance, np.where(np.isfinite(residuals), returns, np.nan))
        return Fit(
            self.securities,
            weights,
            unscaled,
            np.sqrt(variance),
            dof,
            n_obs,
            explained(returns, residuals),
            np.where(problem == "", still, problem),
            residuals=residuals,
            note="approximate standard errors: the choice of the donors is taken as given",
            approximate=True,
            used=used,
            further={"donors_used": used.sum(axis=1).astype(np.float64)},
        )


def simplex_weights(y: Floats, x: Floats) -> Floats | str:
    """Find weights w >= 0 with sum 1 that minimise |y - x w|^2.

    Parameters
    ----------
    y : array of float, shape (days,)
    x : array of float, shape (days, donors)

    Returns
    -------
    array of float, shape (donors,), or str
        Why there are none.

    Notes
    -----
    With the sum at one, y - x w = (y 1' - x) w, so that the least-distance form of Lawson and
    Hanson (1974, Solving Least Squares Problems, chapter 23) applies: non-negative least squares of
    (0, 1) on the rows of y 1' - x and a row of ones, its solution scaled to sum one, is exact.
    """
    from scipy.optimize import nnls

    apart = y[:, None] - x
    size = float(np.sqrt((apart**2).sum(axis=0).min()))
    if size == 0.0:
        return "a donor has the very returns of the security"
    matrix = np.vstack([apart / size, np.ones(x.shape[1])])
    target = np.zeros(len(matrix))
    target[-1] = 1.0
    try:
        found = nnls(matrix, target, maxiter=50 * x.shape[1])[0]
    except RuntimeError:
        return "the synthetic control did not converge"
    total = float(found.sum())
    return found / total if total > 0 else "the synthetic control did not converge"


def _covariance(x: Floats, active: np.ndarray) -> Floats:
    """Covariance of the weights over s^2, shape (donors, donors), with their sum held at one."""
    count = int(active.sum())
    whole = np.zeros((x.shape[1], x.shape[1]))
    if count > 1:
        place = np.flatnonzero(active)
        # Changes of the weights that keep their sum: each against the first.
        move = np.vstack([-np.ones(count - 1), np.eye(count - 1)])
        along = x[:, place] @ move
        whole[np.ix_(place, place)] = move @ np.linalg.pinv(along.T @ along) @ move.T
    return whole


def placebo_ratios(model: SyntheticControl, y: Floats, x: Floats, after: Floats) -> Floats:
    """Put each donor of one event in the place of the security.

    Parameters
    ----------
    model : SyntheticControl
        The model.
    y : array of float, shape (days,)
        Returns of the security in the estimation window; NaN is missing.
    x : array of float, shape (days, donors)
        Returns of the donors there; a security that is no donor is NaN throughout.
    after : array of float, shape (event days, donors)
        Returns of the donors on the event days.

    Returns
    -------
    array of float, shape (donors, event days)
        Abnormal return of each donor over the root mean square of its residuals; NaN for a security
        that is no donor, and where a return is missing.
    """
    columns, inside = offered(y, x, model.coverage)
    ratios = np.full((x.shape[1], len(after)), np.nan)
    donors = np.flatnonzero(columns)
    if len(donors) < 3:
        return ratios
    for donor in donors:
        others = donors[donors != donor]
        own, rest = x[inside, donor], x[np.ix_(inside, others)]
        weights = simplex_weights(own, rest)
        if isinstance(weights, str):
            continue
        usual = float(np.sqrt(np.mean((own - rest @ weights) ** 2)))
        taken = others[weights > 0]
        gap = after[:, donor] - after[:, taken] @ weights[weights > 0]  # NaN where one is missing
        ratios[donor] = gap / usual if usual > 0 else np.nan
    return ratios
