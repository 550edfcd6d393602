"""Least squares, one regression an event, by orthogonal decomposition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Booleans, Floats, Integers

# A column whose part orthogonal to the others is below this share of its length adds nothing that
# double precision could tell from rounding.
_DEPENDENT = 1e-12
# Part of a unit column that is none of the others': half of the digits of a double.
_CLOSE = 1e-7


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """Least-squares fits, one an event.

    Attributes
    ----------
    coefficients : array of float, shape (events, p)
        NaN where the design is singular.
    unscaled : array of float, shape (events, p, p)
        (X'X)^-1: the covariance of the coefficients is sigma^2 times it.
    residuals : array of float, shape (events, days)
        NaN on days that were not usable.
    ssr : array of float, shape (events,)
        Sum of squared residuals.
    n_obs : array of int, shape (events,)
        Usable days.
    singular : array of bool, shape (events,)
        Where the columns are linearly dependent on the usable days, or there are fewer days than
        columns.
    close : array of bool, shape (events,)
        Where they are singular, or so near it that (X'X)^-1, whose digits go with the square of the
        condition, tells no forecast's variance any more.
    """

    coefficients: Floats
    unscaled: Floats
    residuals: Floats
    ssr: Floats
    n_obs: Integers
    singular: Booleans
    close: Booleans


def least_squares(y: Floats, x: Floats) -> LeastSquares:
    """Fit y on the columns of x, event by event.

    A day is usable where y and every column of x are finite; other days are left out.

    Parameters
    ----------
    y : array of float, shape (events, days)
        NaN is missing.
    x : array of float, shape (events, days, p)
        The columns, the constant included; NaN is missing.

    Returns
    -------
    LeastSquares

    Notes
    -----
    Q and R of X rather than the normal equations: these square the condition number, which costs
    half of the digits. Columns are scaled to unit length first.
    """
    usable = np.isfinite(y) & np.isfinite(x).all(axis=2)
    n_obs = usable.sum(axis=1)
    p = x.shape[2]
    rows = np.where(usable[:, :, None], x, 0.0)
    target = np.where(usable, y, 0.0)
    length = np.sqrt(np.einsum("nmp,nmp->np", rows, rows))
    scale = np.where(length > 0, length, 1.0)
    q, r = np.linalg.qr(rows / scale[:, None, :])
    diagonal = np.abs(np.diagonal(r, axis1=1, axis2=2))
    singular = (diagonal < _DEPENDENT).any(axis=1) | (n_obs < p)
    close = (diagonal < _CLOSE).any(axis=1) | singular
    r = np.where(singular[:, None, None], np.eye(p), r)
    inverse = np.linalg.inv(r) if p else r
    coefficients = np.einsum("npk,nmk,nm->np", inverse, q, target, optimize=True) / scale
    half = inverse / scale[:, :, None]
    unscaled = half @ half.transpose(0, 2, 1)
    fitted = np.einsum("nmp,np->nm", rows, coefficients)
    residuals = np.where(usable, y - fitted, np.nan)
    ssr = np.nansum(residuals**2, axis=1)
    coefficients = np.where(singular[:, None], np.nan, coefficients)
    return LeastSquares(coefficients, unscaled, residuals, ssr, n_obs, singular, close)
