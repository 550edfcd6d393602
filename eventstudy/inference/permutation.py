"""The sign-flip permutation test."""

from __future__ import annotations

import numpy as np

from eventstudy.inference.base import TOO_FEW, Sample, Test, TestResult
from eventstudy.kernels.signflip import all_signs, sign_blocks

EXACT_UP_TO = 16


def permutation_test(sample: Sample) -> TestResult:
    """Compare the mean CAR with its means under all changes of sign, or 9,999 drawn ones."""
    car = np.sort(sample.effects.car)  # signs are drawn by place: the order must not matter
    n = len(car)
    if n < 2:
        return TestResult(n=n, reason=TOO_FEW)
    exact = n <= EXACT_UP_TO
    mean = float(np.mean(car))
    vectors = extreme = 0
    for signs in [all_signs(n)] if exact else sign_blocks(n, sample.rng("permutation")):
        vectors += len(signs)
        extreme += int((np.abs(signs @ car) / n >= abs(mean) * (1.0 - 1e-12)).sum())
    pvalue = extreme / vectors if exact else (1 + extreme) / (vectors + 1)
    return TestResult(
        statistic=mean,
        pvalue=pvalue,
        n=n,
        estimate=mean,
        reason="no interval: the test speaks of signs, not of a shift",
        note=f"all {vectors:,} changes of sign" if exact else f"{vectors:,} drawn changes of sign",
    )


PERMUTATION = Test(
    "permutation",
    "Sign-flip permutation",
    "each effect is as likely with the other sign",
    "their mean is not zero",
    "Fisher (1935), The Design of Experiments, section 21",
    "independent events with symmetric effects",
    "events that share sessions: the wild cluster bootstrap flips whole clusters",
    permutation_test,
    resamples=True,
)
