"""How often a test that takes events for independent rejects where they are not."""

from __future__ import annotations

import numpy as np

from eventstudy.inference.base import Sample
from eventstudy.kernels.pvalues import critical, two_sided

NORMAL = frozenset({"patell", "j1", "j2"})
STUDENT = frozenset({"cross_sectional", "bmp", "bhar"})
OTHER = frozenset(
    {
        *("skewness_adjusted", "hall", "jackknife", "bhar_skewness_adjusted", "grank_z", "sign"),
        *("generalized_sign", "generalized_sign_window", "wilcoxon", "permutation"),
    }
)
WORTH_SAYING = 0.06
INDEPENDENT = "takes events for independent"


def size_at(r: float, n: int, dof: float, alpha: float = 0.05) -> float:
    """Rejection rate of a true null when n effects are correlated by r and the test ignores it.

    Parameters
    ----------
    r : float
        Mean correlation between effects.
    n : int
        Effects.
    dof : float
        Degrees of freedom of the test; infinite for one whose variance is not estimated from the
        cross-section.
    alpha : float
        Nominal size.

    Examples
    --------
    >>> round(size_at(0.1, 30, 29), 3), round(size_at(0.1, 30, np.inf), 3)
    (0.334, 0.321)
    """
    spread = 1.0 + (n - 1) * r
    share = 1.0 if np.isinf(dof) else 1.0 - r
    if not spread > 0 or not share > 0:
        return np.nan
    return float(two_sided(critical(1.0 - alpha, dof) * np.sqrt(share / spread), dof))


def caution(name: str, sample: Sample) -> str:
    """Warn of a test that ignores the correlation of these events; "" where there is no need.

    The rate is the closed form at the sample's own overlap-weighted correlation.
    """
    n = len(sample)
    if n < 2 or name not in NORMAL | STUDENT | OTHER or sample.correlation.problem:
        return ""
    r = sample.correlation.r
    rate = size_at(r, n, np.inf if name in NORMAL else n - 1)
    if not rate > WORTH_SAYING:
        return ""
    about = "a t test of its kind" if name in OTHER else "it"
    return (
        f"{INDEPENDENT}: at their correlation of {r:.2f}, {about} rejects a true "
        f"null in {100 * rate:.0f} % at the 5 % level"
    )
