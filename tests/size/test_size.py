"""Every test holds its size where theory says so, and its known over-rejection where not."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.inference import TESTS
from eventstudy.simulate import LAYOUTS, Layout, Returns, Scenario, rejections
from eventstudy.simulate.size import SINGLE, Rejections, seed_of
from eventstudy.windows import Window

from .expectations import NOMINAL, RESAMPLED, WORLDS, Expected

SAMPLES = 2_000
RESAMPLED_SAMPLES = 600
QUICK_SAMPLES = 200
QUICK = {
    "iid": ("portfolio", "patell", "bmp", "adjusted_bmp", "corrado", "sign", "sur", "sar_t"),
    "rho=.1, var x2": ("bmp", "patell", "adjusted_bmp", "adjusted_patell", "portfolio"),
    "two dates, 1 day apart": ("bmp", "adjusted_bmp"),
    "two markets, one closes later": ("adjusted_bmp",),
    "13 dates x 3, common shock x4": ("ibragimov_mueller",),
    "halt of 3 sessions, rho=.3": ("adjusted_bmp", "sar_t"),
}


def off(measured: Rejections, expected: Expected, errors: float) -> bool:
    """Whether a rate is further from its expectation than so many Monte-Carlo errors."""
    events = measured.tried
    binomial = expected.rate * (1 - expected.rate) / events
    # Events of one sample are correlated: their own error, where it is the larger one.
    error = np.sqrt(max(binomial, measured.se**2) + expected.error**2)
    return not abs(measured.rate - expected.rate) <= errors * error


def faults(name: str, worlds: dict, tests: tuple[str, ...], samples: int, errors: float):
    scenario, sizes = worlds[name]
    found = rejections(scenario, tests=tests, replications=samples, seed=seed_of(0, name))
    return {
        test: f"{found[test].rate:.4f} ({found[test].se:.4f}), {sizes[test]}"
        for test in tests
        if off(found[test], sizes[test], errors)
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", WORLDS)
def test_size_within_three_monte_carlo_errors(name):
    tests = tuple(WORLDS[name][1])
    assert faults(name, WORLDS, tests, SAMPLES, 3.0) == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", RESAMPLED)
def test_size_of_resampled_tests(name):
    tests = tuple(RESAMPLED[name][1])
    assert faults(name, RESAMPLED, tests, RESAMPLED_SAMPLES, 3.0) == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rho", "layout"), [(0.6, Layout.of_firms(3, 10)), (0.3, LAYOUTS["13 dates x 3"])]
)
def test_adjusted_bmp_holds_where_some_of_the_sessions_are_shared(rho, layout):
    """Its degrees of freedom are matched to two moments, and it rejects .03 to .054.

    With N - 1 degrees of freedom three firms on ten daily dates would reject .077.
    """
    scenario = Scenario(returns=Returns(correlation=rho), layout=layout, window=Window(-2, 2))
    found = rejections(scenario, tests=["adjusted_bmp"], replications=SAMPLES)["adjusted_bmp"]
    assert 0.03 - 3 * found.se <= found.rate <= 0.054 + 3 * found.se


@pytest.mark.parametrize("name", QUICK)
def test_size_roughly(name):
    assert faults(name, WORLDS, QUICK[name], QUICK_SAMPLES, 4.5) == {}


def test_expectations_are_of_tests_that_exist():
    for worlds in (WORLDS, RESAMPLED):
        for _, sizes in worlds.values():
            assert set(sizes) <= {*TESTS, *SINGLE}


def test_a_wrong_size_would_be_seen():
    """The bands are narrow enough: a test that rejects 33 % is not taken for one that holds."""
    assert off(Rejections(66, 200, 0, 0.033), NOMINAL, 4.5)
    assert not off(Rejections(14, 200, 0, 0.018), NOMINAL, 4.5)
    assert off(Rejections(140, 2_000, 0, 0.0057), NOMINAL, 3.0)
