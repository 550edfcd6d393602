"""Generators give what their options say: moments, correlation, clustered variance."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.errors import StudyError
from eventstudy.simulate import Garch, Returns
from eventstudy.simulate.returns import clustered, correlated, shocks


@pytest.mark.parametrize("shape", ["normal", "t3", "skew"])
def test_shocks_have_mean_zero_and_variance_one(shape):
    draws = shocks(shape, np.random.default_rng(3), (400_000,))
    assert abs(draws.mean()) < 0.01
    # The fourth moment of t3 is infinite: its sample variance converges slowly.
    assert draws.var() == pytest.approx(1.0, abs=0.2 if shape == "t3" else 0.02)


def test_skewed_shocks_have_skewness_two():
    draws = shocks("skew", np.random.default_rng(3), (400_000,))
    assert np.mean(draws**3) == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.8])
def test_correlation_between_securities(rho):
    rng = np.random.default_rng(5)
    common, own = rng.standard_normal((1, 1, 200_000)), rng.standard_normal((1, 3, 200_000))
    residuals = correlated(Returns(correlation=rho), common, own)
    measured = np.corrcoef(residuals[0])[np.triu_indices(3, 1)]
    assert measured == pytest.approx(rho, abs=0.01)
    assert residuals.std() == pytest.approx(0.02, rel=0.01)


def test_garch_clusters_and_keeps_its_variance():
    residuals = clustered(
        Garch(shock=0.1, memory=0.85), 0.02, np.random.default_rng(7).standard_normal((50, 20_000))
    )
    squares = residuals**2
    assert squares.mean() == pytest.approx(0.02**2, rel=0.05)
    lagged = np.corrcoef(squares[:, 1:].ravel(), squares[:, :-1].ravel())[0, 1]
    # First autocorrelation of squares: a(1 - ab - b^2)/(1 - 2ab - b^2).
    assert lagged == pytest.approx(0.1 * (1 - 0.085 - 0.7225) / (1 - 0.17 - 0.7225), abs=0.05)


def test_garch_recursion_by_hand():
    residuals = clustered(Garch(shock=0.5, memory=0.25), 2.0, np.array([1.0, -1.0, 2.0]))
    first = 2.0
    second = np.sqrt(0.25 * 4 + 0.5 * 4 + 0.25 * 4)
    third = np.sqrt(0.25 * 4 + 0.5 * second**2 + 0.25 * second**2)
    assert residuals == pytest.approx([first, -second, 2 * third])


@pytest.mark.parametrize(
    ("options", "word"),
    [({"correlation": 1.0}, "correlation"), ({"shape": "cauchy"}, "cauchy")],
)
def test_impossible_options_are_refused(options, word):
    with pytest.raises(StudyError, match=word):
        Returns(**options)


def test_explosive_garch_is_refused():
    with pytest.raises(StudyError, match="finite variance"):
        Garch(shock=0.3, memory=0.7)
