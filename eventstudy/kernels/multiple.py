"""P-values adjusted for a family of tests."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import Floats


def holm(pvalues: Floats) -> Floats:
    """Holm's step-down p-values, which control the chance of any false rejection.

    Parameters
    ----------
    pvalues : array of float, shape (tests,)
        NaN stays out of the family and stays NaN.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6:65-70.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, np.nan, 0.03]))
    array([0.03, 0.06,  nan, 0.06])
    """
    known = np.flatnonzero(np.isfinite(pvalues))
    order = known[np.argsort(pvalues[known], kind="stable")]
    left = len(order) - np.arange(len(order))
    adjusted = np.full(len(pvalues), np.nan)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(left * pvalues[order]))
    return adjusted


def benjamini_hochberg(pvalues: Floats) -> Floats:
    """Benjamini and Hochberg's step-up p-values, which control the share of false rejections.

    Parameters
    ----------
    pvalues : array of float, shape (tests,)
        NaN stays out of the family and stays NaN.

    References
    ----------
    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57:289-300.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, np.nan, 0.03]))
    array([0.03, 0.04,  nan, 0.04])
    """
    known = np.flatnonzero(np.isfinite(pvalues))
    order = known[np.argsort(pvalues[known], kind="stable")]
    share = len(order) / np.arange(1, len(order) + 1)
    adjusted = np.full(len(pvalues), np.nan)
    stepped = np.minimum.accumulate((share * pvalues[order])[::-1])[::-1]
    adjusted[order] = np.minimum(1.0, stepped)
    return adjusted


def step_down(statistics: Floats, null: Floats) -> Floats:
    """Romano and Wolf's step-down p-values from a joint null distribution.

    Parameters
    ----------
    statistics : array of float, shape (tests,)
    null : array of float, shape (draws, tests)
        The statistics under the null, all tests of a draw together.

    Returns
    -------
    array of float, shape (tests,)

    References
    ----------
    Romano and Wolf (2005), Econometrica 73:1237-1282.
    """
    order = np.argsort(-np.abs(statistics), kind="stable")
    size = np.abs(null[:, order])
    # The largest of the hypotheses that are still in at each step.
    top = np.maximum.accumulate(size[:, ::-1], axis=1)[:, ::-1]
    extreme = (top >= np.abs(statistics[order]) * (1 - 1e-12)).sum(axis=0)
    adjusted = np.empty(len(statistics))
    adjusted[order] = np.maximum.accumulate((1 + extreme) / (len(null) + 1))
    return adjusted
