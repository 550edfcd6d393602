"""P-values from survival functions, and quantiles; never one minus a distribution function."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from eventstudy.arrays import Floats


def two_sided(statistic: Floats | float, dof: Floats | float = np.inf) -> Floats:
    """Two-sided p-value of a t statistic; the normal one where the degrees of freedom are infinite.

    Parameters
    ----------
    statistic : float or array
        NaN gives NaN.
    dof : float or array
        Degrees of freedom.

    Examples
    --------
    >>> round(float(two_sided(1.959963984540054)), 12)
    0.05
    >>> float(two_sided(37.0)) > 0.0
    True
    """
    tail = -np.abs(np.asarray(statistic, dtype=np.float64))
    degrees = np.asarray(dof, dtype=np.float64)
    finite = np.where(np.isinf(degrees), 1.0, degrees)
    return np.where(np.isinf(degrees), 2 * special.ndtr(tail), 2 * special.stdtr(finite, tail))


def critical(level: float, dof: Floats | float = np.inf) -> Floats:
    """Two-sided critical value: the statistic whose two-sided p-value is 1 - level."""
    tail = (1.0 - level) / 2.0
    degrees = np.asarray(dof, dtype=np.float64)
    finite = np.where(np.isinf(degrees), 1.0, degrees)
    return -np.where(np.isinf(degrees), special.ndtri(tail), special.stdtrit(finite, tail))


def rejects(pvalue: Any, alpha: float) -> Any:
    """Tell whether a p-value, or each of a column, is at or below alpha; NaN never is.

    Permutation p-values are fractions, and one minus a level is not exact: both carry rounding.

    Examples
    --------
    >>> rejects(0.05, 1 - 0.95)
    True
    """
    return pvalue <= alpha * (1 + 1e-12)
