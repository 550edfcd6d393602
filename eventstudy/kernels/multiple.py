"""P-values adjusted for a family of tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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


@dataclass(frozen=True, eq=False)
class StepDown:
    """P-values from a joint null distribution; every array has shape (tests,).

    Attributes
    ----------
    pvalue : array of float
        Each test's own: (1 + draws as extreme) / (draws + 1).
    adjusted : array of float
        The step-down one.
    """

    pvalue: Floats
    adjusted: Floats


def step_down(statistics: Floats, null: Callable[[int], Floats]) -> StepDown:
    """Romano and Wolf's step-down p-values from a joint null distribution.

    Parameters
    ----------
    statistics : array of float, shape (tests,)
    null : callable
        From the number of a test to its statistic in every draw, shape (draws,); a draw is the
        same in every test. It is called once a test, so that no more than one need be kept.

    References
    ----------
    Romano and Wolf (2005), Econometrica 73:1237-1282.
    """
    order = np.argsort(-np.abs(statistics), kind="stable")
    pvalue, adjusted = np.empty(len(statistics)), np.empty(len(statistics))
    # The largest of the hypotheses that are still in at each step, from the last step back.
    top: Floats | float = 0.0
    for test in order[::-1].tolist():
        size, bar = np.abs(null(test)), abs(statistics[test]) * (1 - 1e-12)
        top = np.maximum(top, size)
        pvalue[test] = (1 + (size >= bar).sum()) / (len(size) + 1)
        adjusted[test] = (1 + (top >= bar).sum()) / (len(size) + 1)
    adjusted[order] = np.maximum.accumulate(adjusted[order])
    return StepDown(pvalue, adjusted)
