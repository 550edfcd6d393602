"""Models of several factors: CAPM, Fama-French, Carhart, and any other set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from eventstudy.arrays import Floats, Integers
from eventstudy.errors import StudyError
from eventstudy.factors import NEW_YORK, FactorTable, Source, take_factors
from eventstudy.models.base import BENCHMARK, FITS, Fit, Model, fit_least_squares

RISKFREE = "RF"


@dataclass(frozen=True, init=False)
class FactorModel(Model):
    """Expected return = alpha + a slope for each factor, by ordinary least squares.

    R - RF = a + b_1 f_1 + ... + b_k f_k + e, with RF the riskless return where the factors have
    one (else R itself);  s^2 = SSR/(M - k - 1);  Var(CAR) = s^2 (L + x'(X'X)^-1 x), x the sum of
    the window's rows.  Degrees of freedom M - k - 1. The intercept is part of the expected return.
    For securities whose sector or style moves them beside the market: several factors lower sigma,
    and each costs one degree of freedom.

    A factor not published for a session that took place is missing there, and so is the abnormal
    return. Factors keep their own exchange and are aligned by closes.

    Parameters
    ----------
    factors : DataFrame, path, ticker, FactorTable, or a sequence of these
        Frames and files hold simple returns in decimals (Ken French's files are read as they are
        published); tickers come from the source of the prices.
    columns : sequence of str
        The factors to use, all by default.
    riskfree : str, optional
        Column that holds the riskless return, ``RF`` by default where there is one; "" for none.
    exchange : str
        Calendar whose sessions the dates of frames and files are. A study whose sessions are the
        rows of its data takes them by their dates.

    Raises
    ------
    StudyError
        Where there are no factors, or not those asked for.
    FactorsError
        Where a frame or file cannot be used.

    Examples
    --------
    >>> FactorModel(["^GSPC", "^SOX"]).factors
    ('^GSPC', '^SOX')

    References
    ----------
    MacKinlay (1997), Journal of Economic Literature 35:13-39.
    """

    columns: tuple[str, ...]
    riskfree: str
    exchange: str
    source: FactorTable | None

    name: ClassVar[str] = "factors"
    title: ClassVar[str] = "factor model"
    reference: ClassVar[str] = "MacKinlay (1997), J. Economic Literature 35:13-39"
    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        factors: Source | Sequence[Source] | Mapping[str, Any] = (),
        *,
        columns: Sequence[str] = (),
        riskfree: str | None = None,
        exchange: str = NEW_YORK,
    ) -> None:
        if isinstance(factors, Mapping):
            if "frame" not in factors:
                raise StudyError("a mapping is no factor. Give a frame, a file or tickers")
            raise StudyError(
                f"the factors of this study were a frame in memory ({', '.join(factors['frame'])})"
                f": its settings cannot bring it back. Give it again, as in "
                f"{type(self).__name__}(factors=frame), or save it as CSV and give the file"
            )
        needed = tuple(columns) or self.needs
        what = f" with {', '.join(needed)}" if needed else ""
        if isinstance(factors, list | tuple) and not factors:
            raise StudyError(
                f"the model {self.name} needs factors{what}. Give a frame, a file or tickers, as "
                f"in {type(self).__name__}(factors=...) or --factors"
            )
        table, tickers = take_factors(factors, exchange=exchange)
        offered = (*(table.names if table else ()), *tickers)
        if riskfree is None:
            riskfree = RISKFREE if RISKFREE in offered else ""
        chosen = needed or tuple(name for name in offered if name != riskfree)
        lacking = [name for name in (*chosen, riskfree) if name and name not in offered]
        if lacking:
            raise StudyError(
                f"the model {self.name} needs {', '.join(lacking)}, and the factors are "
                f"{', '.join(offered)}. Name the columns as Ken French's library does"
            )
        # `benchmark` among the factors is each event's own, which a column would be taken for.
        own = table.names if table else ()
        taken = [name for name in chosen if name in FITS or (name == BENCHMARK and name in own)]
        if taken or not chosen:
            raise StudyError(
                f"a factor cannot be called {taken[0]}. Rename the column"
                if taken
                else "there is no factor beside the riskless return. Give one"
            )
        object.__setattr__(self, "columns", chosen)
        object.__setattr__(self, "riskfree", riskfree)
        object.__setattr__(self, "exchange", exchange)
        object.__setattr__(self, "source", table)

    @property
    def table(self) -> FactorTable | None:
        """The factors that were given as frames or files."""
        return self.source

    @property
    def factors(self) -> tuple[str, ...]:
        """The factors, and after them the riskless return where there is one."""
        return (*self.columns, self.riskfree) if self.riskfree else self.columns

    @property
    def parameters(self) -> int:
        """Intercept and slopes."""
        return 1 + len(self.columns)

    @property
    def options(self) -> dict[str, Any]:
        """Where the factors come from, as plain values."""
        sources: list[Any] = []
        if self.source is not None and not self.source.files:
            return {"factors": {"frame": list(self.source.names), "sha256": self.source.sha256}}
        sources += [] if self.source is None else list(self.source.files)
        sources += self.tickers
        found: dict[str, Any] = {"factors": sources}
        offered = (*(self.source.names if self.source else ()), *self.tickers)
        usual = RISKFREE if RISKFREE in offered else ""
        if not self.needs and self.columns != tuple(one for one in offered if one != usual):
            found["columns"] = list(self.columns)
        if not self.needs and self.riskfree != usual:
            found["riskfree"] = self.riskfree
        if self.exchange != NEW_YORK:
            found["exchange"] = self.exchange
        return found

    def design(self, factors: Floats, spans: Integers) -> Floats:
        """Build the design: sessions covered, and the factors' returns over them."""
        used = factors[:, :, : len(self.columns)]
        return np.concatenate([spans[:, :, None].astype(np.float64), used], axis=2)

    def offset(self, factors: Floats, spans: Integers) -> Floats:
        """Give the riskless return, 0 where there is none."""
        return factors[:, :, -1] if self.riskfree else super().offset(factors, spans)

    def fit(self, returns: Floats, factors: Floats, horizon: int = 0) -> Fit:
        """Regress each estimation window, less the riskless return, on a constant and factors."""
        del horizon
        one = np.ones(returns.shape, dtype=np.int64)
        return fit_least_squares(
            ("alpha", *self.columns),
            returns - self.offset(factors, one),
            self.design(factors, one),
        )


class _Named(FactorModel):
    """A model whose factors are those of Ken French's library."""

    def __init__(
        self, factors: Source | Sequence[Source] = (), *, exchange: str = NEW_YORK
    ) -> None:
        super().__init__(factors, riskfree=RISKFREE, exchange=exchange)


class CAPM(_Named):
    """Expected return = RF + alpha + beta (R_m - RF).

    s^2 = SSR/(M - 2).  Degrees of freedom M - 2. The intercept is kept: the abnormal return is
    R - RF - a - b (R_m - RF), not Jensen's R - RF - b (R_m - RF). Over days it hardly differs from
    the market model; use it to compare with studies that took it.

    Parameters
    ----------
    factors : DataFrame, path, or FactorTable
        Daily returns in decimals with Mkt-RF and RF, named as in Ken French's library.
    exchange : str
        Calendar whose sessions its dates are.

    References
    ----------
    Sharpe (1964), Journal of Finance 19:425-442.
    """

    name: ClassVar[str] = "capm"
    title: ClassVar[str] = "CAPM"
    reference: ClassVar[str] = "Sharpe (1964), J. Finance 19:425-442"
    needs: ClassVar[tuple[str, ...]] = ("Mkt-RF",)


class FF3(_Named):
    """Expected return = RF + alpha + slopes on Mkt-RF, SMB and HML.

    s^2 = SSR/(M - 4);  Var(CAR) = s^2 (L + x'(X'X)^-1 x).  Degrees of freedom M - 4. For shares
    whose size or value tilt moves them on the event's days.

    Parameters
    ----------
    factors : DataFrame, path, or FactorTable
        Daily returns in decimals with Mkt-RF, SMB, HML, RF.
    exchange : str
        Calendar whose sessions its dates are.

    References
    ----------
    Fama and French (1993), Journal of Financial Economics 33:3-56.
    """

    name: ClassVar[str] = "ff3"
    title: ClassVar[str] = "Fama-French three factors"
    reference: ClassVar[str] = (
        "Fama and French (1993), J. Financial Economics 33:3-56, doi:10.1016/0304-405X(93)90023-5"
    )
    needs: ClassVar[tuple[str, ...]] = ("Mkt-RF", "SMB", "HML")


class Carhart(_Named):
    """Expected return = RF + alpha + slopes on Mkt-RF, SMB, HML and Mom (momentum).

    s^2 = SSR/(M - 5);  Var(CAR) = s^2 (L + x'(X'X)^-1 x).  Degrees of freedom M - 5. For shares
    that rose or fell much in the year before. Ken French publishes momentum in a file of its own:
    give both.

    Parameters
    ----------
    factors : DataFrame, path, FactorTable, or a sequence of these
        Daily returns in decimals with Mkt-RF, SMB, HML, Mom, RF.
    exchange : str
        Calendar whose sessions its dates are.

    References
    ----------
    Carhart (1997), Journal of Finance 52:57-82.
    """

    name: ClassVar[str] = "carhart"
    title: ClassVar[str] = "Carhart four factors"
    reference: ClassVar[str] = (
        "Carhart (1997), J. Finance 52:57-82, doi:10.1111/j.1540-6261.1997.tb03808.x"
    )
    needs: ClassVar[tuple[str, ...]] = ("Mkt-RF", "SMB", "HML", "Mom")


@dataclass(frozen=True, init=False)
class FF5(_Named):
    """Expected return = RF + alpha + slopes on Mkt-RF, SMB, HML, RMW and CMA.

    s^2 = SSR/(M - 6), or M - 7 with momentum;  Var(CAR) = s^2 (L + x'(X'X)^-1 x).  Degrees of
    freedom M - 6 or M - 7. For shares whose profits or investment set them apart; over a few days
    it rarely beats three factors.

    Parameters
    ----------
    factors : DataFrame, path, FactorTable, or a sequence of these
        Daily returns in decimals with Mkt-RF, SMB, HML, RMW, CMA, RF, and Mom with momentum.
    momentum : bool
        Add the momentum factor.
    exchange : str
        Calendar whose sessions its dates are.

    References
    ----------
    Fama and French (2015), Journal of Financial Economics 116:1-22.
    """

    momentum: bool

    name: ClassVar[str] = "ff5"
    title: ClassVar[str] = "Fama-French five factors"
    reference: ClassVar[str] = (
        "Fama and French (2015), J. Financial Economics 116:1-22, doi:10.1016/j.jfineco.2014.10.010"
    )
    needs: ClassVar[tuple[str, ...]] = ("Mkt-RF", "SMB", "HML", "RMW", "CMA")

    def __init__(
        self,
        factors: Source | Sequence[Source] = (),
        *,
        momentum: bool = False,
        exchange: str = NEW_YORK,
    ) -> None:
        columns = (*self.needs, "Mom") if momentum else self.needs
        FactorModel.__init__(self, factors, columns=columns, riskfree=RISKFREE, exchange=exchange)
        object.__setattr__(self, "momentum", momentum)

    @property
    def options(self) -> dict[str, Any]:
        """Where the factors come from, and whether momentum is among them."""
        return super().options | ({"momentum": True} if self.momentum else {})
