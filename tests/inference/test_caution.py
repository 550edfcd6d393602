"""The warning of a test that takes correlated events for independent."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from scipy import stats
from worlds import one_date, sample, world

from eventstudy.inference import TESTS, caution
from eventstudy.inference.caution import NORMAL, OTHER, STUDENT, size_at

# Of a t of N - 1 at equicorrelation rho: 2 T(-t_crit sqrt((1 - rho)/(1 + (N - 1) rho))).
T_TABLE = {
    10: {0.02: 0.069, 0.05: 0.100, 0.1: 0.154, 0.3: 0.351},
    30: {0.02: 0.118, 0.05: 0.213, 0.1: 0.334, 0.3: 0.587},
    50: {0.02: 0.164, 0.05: 0.297, 0.1: 0.436, 0.3: 0.673},
    100: {0.02: 0.258, 0.05: 0.430, 0.1: 0.570, 0.3: 0.765},
}


@pytest.mark.parametrize("n", T_TABLE)
@pytest.mark.parametrize("rho", [0.02, 0.05, 0.1, 0.3])
def test_the_closed_form_of_a_t(n, rho):
    want = 2 * stats.t.cdf(
        -stats.t.ppf(0.975, n - 1) * math.sqrt((1 - rho) / (1 + (n - 1) * rho)), n - 1
    )
    assert size_at(rho, n, n - 1) == pytest.approx(want, rel=1e-9)
    assert round(size_at(rho, n, n - 1), 3) == T_TABLE[n][rho]


@pytest.mark.parametrize(("n", "rho"), [(30, 0.1), (10, 0.3), (100, 0.02)])
def test_the_closed_form_of_a_normal_test(n, rho):
    want = 2 * stats.norm.cdf(-1.959963984540054 / math.sqrt(1 + (n - 1) * rho))
    assert size_at(rho, n, np.inf) == pytest.approx(want, rel=1e-9)


def test_without_correlation_a_test_has_its_size():
    for alpha in (0.01, 0.05, 0.1):
        assert size_at(0.0, 30, 29, alpha) == pytest.approx(alpha, rel=1e-9)
        assert size_at(0.0, 30, np.inf, alpha) == pytest.approx(alpha, rel=1e-9)


def test_impossible_correlations_have_no_rate():
    assert math.isnan(size_at(1.0, 5, 4))
    assert math.isnan(size_at(-0.3, 5, 4))


def test_the_closed_form_is_what_a_simulation_gives():
    """BMP of 30 effects at correlation .1: .334 (within three Monte-Carlo errors)."""
    rng = np.random.default_rng(1)
    draws = math.sqrt(0.1) * rng.standard_normal((20_000, 1)) + math.sqrt(
        0.9
    ) * rng.standard_normal((20_000, 30))
    t = draws.mean(axis=1) / (draws.std(axis=1, ddof=1) / math.sqrt(30))
    rate = (np.abs(t) > stats.t.ppf(0.975, 29)).mean()
    assert abs(rate - size_at(0.1, 30, 29)) < 3 * math.sqrt(0.334 * 0.666 / 20_000)


def test_every_name_is_a_test_and_no_corrected_test_is_warned_of():
    assert set(TESTS) >= NORMAL | STUDENT | OTHER
    for corrected in ("adjusted_bmp", "adjusted_patell", "ibragimov_mueller", "portfolio", "sur",
                      "wild_cluster", "crude_dependence", "corrado"):  # fmt: skip
        assert corrected not in NORMAL | STUDENT | OTHER


def test_the_warning_names_the_rate_at_the_samples_own_correlation():
    one = sample(world(12, common=0.02), one_date(12))
    r = one.correlation.r
    assert r > 0.3
    for name, dof in (("bmp", 11), ("cross_sectional", 11), ("patell", np.inf), ("wilcoxon", 11)):
        text = caution(name, one)
        assert f"correlation of {r:.2f}" in text
        rate = int(re.search(r"in (\d+) %", text)[1])
        assert rate == round(100 * size_at(r, 12, dof))
    assert caution("adjusted_bmp", one) == ""


def test_there_is_no_warning_where_there_is_no_need():
    apart = [(f"E{i}", f"S{i:02d}", 130 + 3 * i) for i in range(6)]
    one = sample(world(6, common=0.02), apart, estimation=(-110, -11))
    assert one.correlation.r == 0
    assert caution("bmp", one) == ""
