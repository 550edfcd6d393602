"""How well a model does: its residuals, and its forecasts of days that it has not seen."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Floats
from eventstudy.filters import filtered
from eventstudy.models.base import forecast

FOLDS = 5
ARCH_LAGS = 5
MEASURES = (
    *("event_id", "ticker", "model", "n_obs", "r2", "sigma", "durbin_watson", "arch_lm_pvalue"),
    *("jarque_bera_pvalue", "prediction_error", "r2_outside"),
)


def forecast_errors(abnormal: Abnormal, folds: int = FOLDS) -> tuple[Floats, Floats]:
    """Forecast each block of estimation days by the model fitted to the others.

    Parameters
    ----------
    abnormal : Abnormal
        N events.
    folds : int
        Blocks of consecutive days into which the estimation window is cut.

    Returns
    -------
    prediction_error : array of float, shape (N,)
        Root mean square of return less forecast over all blocks, in return units; NaN where a block
        could not be fitted.
    r2_outside : array of float, shape (N,)
        1 - the sum of squares of these errors over that of the forecasts by the mean of the same
        other days (Campbell and Thompson 2008, Review of Financial Studies 21:1509-1531). Above 0
        the model forecasts better than a constant mean.

    Notes
    -----
    The days of event and gap are not used. Blocks rather than single days, so that a fit never
    stands on both sides of the day it forecasts.
    """
    returns, factors = abnormal.estimation_returns, abnormal.estimation_factors
    one = np.ones(returns.shape, dtype=np.int64)
    model, days = abnormal.model, returns.shape[1]
    errors, naive = np.full(returns.shape, np.nan), np.full(returns.shape, np.nan)
    whole = np.ones(len(returns), dtype=np.bool_)
    for block in np.array_split(np.arange(days), folds):
        learnt = returns.copy()
        learnt[:, block] = np.nan
        fit = model.fit(learnt, factors, abnormal.design.horizon)
        whole &= fit.problem == ""
        expected = forecast(model, fit, factors, one)
        errors[:, block] = (returns - expected)[:, block]
        seen = np.isfinite(learnt)
        mean = np.where(seen, learnt, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
        naive[:, block] = returns[:, block] - mean[:, None]
    there = np.isfinite(errors) & whole[:, None]
    count = there.sum(axis=1)
    squares = np.where(there, errors**2, 0.0).sum(axis=1)
    against = np.where(there, naive**2, 0.0).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (
            np.where(count > 0, np.sqrt(squares / count), np.nan),
            np.where((count > 0) & (against > 0), 1.0 - squares / against, np.nan),
        )


def residual_measures(fits: pd.DataFrame, estimation: pd.DataFrame) -> pd.DataFrame:
    """Measure the residuals of the estimation windows.

    Parameters
    ----------
    fits, estimation : DataFrame
        Frames of a result.

    Returns
    -------
    DataFrame
        One row an event and security with the columns `MEASURES`: the Durbin-Watson statistic
        (2 without autocorrelation), the p-value of Engle's LM test for autoregressive conditional
        variance (5 lags), the p-value of Jarque and Bera's test for normal residuals; all of them
        statsmodels' own, on the days with a residual in their order. NaN where residuals do not
        suffice; prediction_error and r2_outside NaN unless the study was run with
        ``diagnostics=True``.

    References
    ----------
    Durbin and Watson (1951), Biometrika 38:159-178; Engle (1982), Econometrica 50:987-1007; Jarque
    and Bera (1980), Economics Letters 6:255-259.
    """
    from statsmodels.stats.diagnostic import het_arch
    from statsmodels.stats.stattools import durbin_watson, jarque_bera

    found = fits.reindex(columns=list(MEASURES))
    groups = dict(iter(estimation.groupby(["event_id", "ticker"], sort=False)["ar"]))
    for row, key in zip(
        found.index, zip(fits["event_id"], fits["ticker"], strict=True), strict=True
    ):
        residuals = groups[key].dropna().to_numpy() if key in groups else np.empty(0)
        if len(residuals) < 3 * ARCH_LAGS or not np.ptp(residuals) > 0:
            continue
        found.loc[row, "durbin_watson"] = float(durbin_watson(residuals))
        with filtered(category=FutureWarning):
            # statsmodels 0.15 announces a named tuple, whose second field this will be too.
            engle = het_arch(residuals, nlags=ARCH_LAGS)
        found.loc[row, "arch_lm_pvalue"] = float(engle[1])
        found.loc[row, "jarque_bera_pvalue"] = float(jarque_bera(residuals)[1])
    return found
