"""Regression on the returns of peers, by the elastic net."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np

from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.errors import MissingExtraError, StudyError
from eventstudy.filters import filtered
from eventstudy.models.base import Fit, Model, explained, flat, name_securities, offered

MIXES = (0.1, 0.5, 0.9, 1.0)
PENALTIES = 60
_NONE = "no peer has a return on enough days of the estimation window"


@dataclass(frozen=True, init=False)
class Peers(Model):
    """Expected return = alpha + slopes on the returns of other firms, chosen by the elastic net.

    The slopes minimise SSR/(2 M) + penalty (mix |b|_1 + (1 - mix)/2 |b|_2^2) on standardised
    returns; penalty and mix are those with the least forecast error in a cross-validation over
    ``folds`` blocks of consecutive days of the estimation window. Firms that the event touches are
    never candidates: those of the same event, and those with an event of their own whose tested
    days share a session with its.

    Residuals, s and R2 are those of days left out: each block forecast by slopes (of the chosen
    penalty) from the other blocks, s^2 (1 + 1/M) their mean square. So the error of estimation is
    in s, and Var(CAR) = s^2 (L + L^2/M). Degrees of freedom M - 1 - (slopes that are not 0), after
    Zou, Hastie and Tibshirani (2007). Approximate: the choice of the penalty sees all blocks, and
    the errors that the slopes share across the window's days are left out but for the mean's.

    For a firm with close competitors: they absorb what moves the sector on the event day, which no
    market index does. Not where the event moves the competitors too.

    Parameters
    ----------
    factors : sequence of str, or one text with commas
        Tickers of the peers, from the source of the prices; they may trade on other exchanges and
        are aligned by closes.
    folds : int
        Blocks of the cross-validation.
    coverage : float
        Share of the event's estimation days on which a peer must have a return to be a candidate;
        the days on which a candidate has none are left out.

    References
    ----------
    Zou and Hastie (2005), Journal of the Royal Statistical Society B 67:301-320; Baker and Gelbach
    (2020), Journal of Law, Finance, and Accounting 5:231-272.
    """

    securities: tuple[str, ...]
    folds: int
    coverage: float

    threads: ClassVar[bool] = False
    name: ClassVar[str] = "peers"
    title: ClassVar[str] = "peer regression"
    reference: ClassVar[str] = (
        "Baker and Gelbach (2020), J. Law, Finance, and Accounting 5:231-272, "
        "doi:10.1561/108.00000048"
    )
    selects: ClassVar[bool] = True
    exact: ClassVar[bool] = False
    packages: ClassVar[tuple[str, ...]] = ("scikit-learn",)

    def __init__(
        self, factors: str | Sequence[str] = (), *, folds: int = 5, coverage: float = 0.9
    ) -> None:
        if find_spec("sklearn") is None:
            raise MissingExtraError("peers", f"the model {self.name}")
        if folds < 2:
            raise StudyError(f"folds {folds} is below 2. Write 5")
        if not 0.0 < coverage <= 1.0:
            raise StudyError(f"coverage {coverage} is not above 0 and up to 1. Write .9")
        object.__setattr__(self, "securities", name_securities(self.name, factors))
        object.__setattr__(self, "folds", folds)
        object.__setattr__(self, "coverage", coverage)

    @property
    def factors(self) -> tuple[str, ...]:
        """The peers."""
        return self.securities

    @property
    def parameters(self) -> int:
        """The intercept; how many slopes there are is found out."""
        return 1

    @property
    def options(self) -> dict[str, Any]:
        """The peers, and what differs from the defaults."""
        found: dict[str, Any] = {"factors": list(self.securities)}
        found |= {} if self.folds == 5 else {"folds": self.folds}
        return found | ({} if self.coverage == 0.9 else {"coverage": self.coverage})

    def design(self, factors: Floats, spans: Integers) -> Floats:
        """Build the design: sessions covered, and the peers' returns over them."""
        return np.concatenate([spans[:, :, None].astype(np.float64), factors], axis=2)

    def fit(self, returns: Floats, factors: Floats, horizon: int = 0) -> Fit:
        """Choose and fit for each estimation window by itself."""
        del horizon
        events, days = returns.shape
        width = factors.shape[2]
        coefficients = np.zeros((events, width + 1))
        residuals = np.full((events, days), np.nan)
        used = np.zeros((events, width), dtype=np.bool_)
        problem = np.full(events, "", dtype=object)
        n_obs = np.zeros(events, dtype=np.int64)
        chosen = {name: np.full(events, np.nan) for name in ("peers_used", "penalty", "mix")}
        for event in range(events):
            columns, inside = offered(returns[event], factors[event], self.coverage)
            n_obs[event] = inside.sum()
            if not columns.any():
                problem[event] = _NONE
            elif n_obs[event] < 2 * self.folds:
                problem[event] = f"{n_obs[event]} estimation days that all peers share"
            else:
                x = factors[event][np.ix_(inside, columns)]
                found = self._choose(returns[event, inside], x)
                if isinstance(found, str):
                    problem[event] = found
                    continue
                slopes, residuals[event, inside], chosen["penalty"][event], mix = found
                chosen["mix"][event] = mix
                coefficients[event, 0] = slopes[0]
                coefficients[event, 1:][columns] = slopes[1:]
                used[event] = coefficients[event, 1:] != 0
                chosen["peers_used"][event] = used[event].sum()
        count = np.maximum(n_obs, 1)
        outside = np.nansum(residuals**2, axis=1) / count
        variance = outside * count / (count + 1)
        unscaled = np.zeros((events, width + 1, width + 1))
        unscaled[:, 0, 0] = 1.0 / count
        still = flat(variance, np.where(np.isfinite(residuals), returns, np.nan))
        return Fit(
            ("alpha", *self.securities),
            coefficients,
            unscaled,
            np.sqrt(variance),
            np.maximum(n_obs - 1.0 - used.sum(axis=1), 1.0),
            n_obs,
            explained(returns, residuals),
            np.where(problem == "", still, problem),
            residuals=residuals,
            note="approximate standard errors, from forecasts of estimation days left out",
            approximate=True,
            outside=True,
            used=used,
            further=chosen,
        )

    def _choose(self, y: Floats, x: Floats) -> str | tuple[Floats, Floats, float, float]:
        """Coefficients, residuals of days left out, penalty and mix; or why there are none."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import ElasticNet, ElasticNetCV
        from sklearn.model_selection import KFold
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        blocks = KFold(self.folds)
        scaled = StandardScaler().fit_transform(x)
        unit = float(np.std(y)) or 1.0
        with filtered("error", ConvergenceWarning):
            try:
                mixes: Any = list(MIXES)
                search = ElasticNetCV(
                    l1_ratio=mixes, alphas=PENALTIES, cv=blocks, max_iter=20_000
                ).fit(scaled, y / unit)
                penalty, mix = float(search.alpha_), float(search.l1_ratio_)
                net = ElasticNet(alpha=penalty, l1_ratio=mix, max_iter=20_000)
                net.fit(scaled, y / unit)
                forecast = np.empty(len(y))
                for learnt, left_out in _splits(blocks, len(y)):
                    part = make_pipeline(
                        StandardScaler(), ElasticNet(alpha=penalty, l1_ratio=mix, max_iter=20_000)
                    ).fit(x[learnt], y[learnt] / unit)
                    forecast[left_out] = part.predict(x[left_out]) * unit
            except ConvergenceWarning:
                return "the elastic net did not converge"
        slopes = np.asarray(net.coef_) * unit / x.std(axis=0)
        intercept = float(net.intercept_) * unit - float(slopes @ x.mean(axis=0))
        return np.concatenate([[intercept], slopes]), y - forecast, penalty, mix


def _splits(blocks: Any, count: int) -> Iterator[tuple[Booleans, Booleans]]:
    """Days learnt from and days left out, block by block."""
    for _, left in blocks.split(np.zeros((count, 1))):
        left_out = np.zeros(count, dtype=np.bool_)
        left_out[left] = True
        yield ~left_out, left_out
