"""The line of the market model: in one pass where that loses nothing, with care elsewhere.

Certified values: NIST's set Norris (see ``test_ols.py``). All else is held to statsmodels, and to
exact rationals where its own digits do not reach far enough.
"""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm

from eventstudy.kernels import line
from eventstudy.kernels.line import fit_line

FILE = Path(__file__).parent.parent / "reference" / "nist_strd_linear.json"
EVENTS, DAYS = 40, 250


def draw(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Daily returns of events and of their benchmark."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0.0004, 0.01, (EVENTS, DAYS))
    y = rng.uniform(0.3, 1.8, (EVENTS, 1)) * x + rng.normal(0.0002, 0.02, (EVENTS, DAYS))
    return y, x


def careful(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Events that take the careful way, call by call."""
    counts: list[int] = []
    own = line._careful

    def counted(y: np.ndarray, x: np.ndarray) -> line.Line:
        counts.append(len(y))
        return own(y, x)

    monkeypatch.setattr(line, "_careful", counted)
    return counts


def exact(y: np.ndarray, x: np.ndarray) -> dict[str, float]:
    """One event's line in rationals, from the very numbers that are given."""
    days = [
        (Fraction(float(one)), Fraction(float(other)))
        for one, other in zip(y, x, strict=True)
        if math.isfinite(one) and math.isfinite(other)
    ]
    n = len(days)
    mean, middle = sum(b for _, b in days) / n, sum(a for a, _ in days) / n
    sxx = sum((b - mean) ** 2 for _, b in days)
    sxy = sum((b - mean) * (a - middle) for a, b in days)
    slope = sxy / sxx
    total = sum((a - middle) ** 2 for a, _ in days)
    return {
        "intercept": float(middle - slope * mean),
        "slope": float(slope),
        "mean": float(mean),
        "sxx": float(sxx),
        "ssr": float(total - slope * sxy),
        "total": float(total),
        "squares": float(sum(a * a for a, _ in days)),
    }


def assert_statsmodels(y: np.ndarray, x: np.ndarray, rtol: float) -> None:
    """Hold every event to statsmodels' OLS; the intercept on the scale of what it is made of."""
    found = fit_line(y, x)
    for event in range(len(y)):
        there = np.isfinite(y[event]) & np.isfinite(x[event])
        want = sm.OLS(y[event][there], sm.add_constant(x[event][there])).fit()
        assert found.n_obs[event] == want.nobs
        scale = (
            np.abs(y[event][there]).mean() + abs(want.params[1]) * np.abs(x[event][there]).mean()
        )
        assert abs(found.intercept[event] - want.params[0]) <= rtol * scale
        assert found.slope[event] == pytest.approx(want.params[1], rel=rtol)
        assert found.ssr[event] == pytest.approx(want.ssr, rel=rtol)
        assert found.total[event] == pytest.approx(want.centered_tss, rel=rtol)
        assert found.squares[event] == pytest.approx(want.uncentered_tss, rel=rtol)
        corner = want.normalized_cov_params
        np.testing.assert_allclose(np.diag(found.unscaled[event]), np.diag(corner), rtol=rtol)
        np.testing.assert_allclose(
            found.unscaled[event][0, 1], corner[0, 1], atol=rtol * np.abs(corner).max()
        )


def test_ordinary_days_take_one_pass_and_are_statsmodels(monkeypatch):
    counts = careful(monkeypatch)
    for seed in range(3):
        assert_statsmodels(*draw(seed), rtol=1e-12)
    assert counts == []


def test_norris_to_nine_digits():
    one = json.loads(FILE.read_text(encoding="utf-8"))["norris"]
    y = np.array([[float(value) for value in one["y"]]])
    x = np.array([[float(value) for value in one["x"]]])
    found = fit_line(y, x)
    sigma = math.sqrt(found.ssr[0] / (one["n"] - 2))
    errors = sigma * np.sqrt(np.diag(found.unscaled[0]))
    got = (found.intercept[0], found.slope[0], *errors, sigma)
    want = (*map(float, one["coef"]), *map(float, one["se"]), float(one["resid_sd"]))
    np.testing.assert_allclose(got, want, rtol=1e-9)


def follow(y: np.ndarray, x: np.ndarray) -> None:
    """Residuals of a hundred-thousandth of the returns."""
    rng = np.random.default_rng(1)
    y[:] = 0.0002 + 0.9 * x + 1e-7 * rng.standard_normal(y.shape)


def lift_benchmark(y: np.ndarray, x: np.ndarray) -> None:
    """A benchmark whose mean is a thousand times what it varies."""
    x += 10.0


def lift_returns(y: np.ndarray, x: np.ndarray) -> None:
    """Returns whose mean is five hundred times what they vary."""
    y += 10.0


def lose_days(y: np.ndarray, x: np.ndarray) -> None:
    """A day in ten without a return, one in twenty without a benchmark."""
    rng = np.random.default_rng(2)
    y[rng.random(y.shape) < 0.1] = np.nan
    x[rng.random(x.shape) < 0.05] = np.nan


@pytest.mark.parametrize("harden", [follow, lift_benchmark, lift_returns, lose_days])
def test_hard_days_take_the_careful_way_to_nine_digits(monkeypatch, harden):
    counts = careful(monkeypatch)
    y, x = draw(5)
    harden(y, x)
    found = fit_line(y, x)
    assert counts == [EVENTS]
    for event in range(0, EVENTS, 8):
        for name, want in exact(y[event], x[event]).items():
            assert getattr(found, name)[event] == pytest.approx(want, rel=1e-9), name
    assert_statsmodels(y, x, rtol=1e-9)


def test_each_event_goes_its_own_way_with_its_own_bits(monkeypatch):
    """Hard events among ordinary ones: as alone, whatever their company."""
    counts = careful(monkeypatch)
    y, x = draw(6)
    x[3] += 10.0
    y[7, 20] = np.nan
    y[11] = 0.5 * x[11]
    together = fit_line(y, x)
    assert counts == [3]
    for event in range(EVENTS):
        alone = fit_line(y[event : event + 1], x[event : event + 1])
        for name in ("intercept", "slope", "sxx", "ssr", "total", "squares", "n_obs"):
            assert getattr(together, name)[event] == getattr(alone, name)[0], (event, name)
    assert together.ssr[11] < 1e-30


def test_a_benchmark_that_stands_still_gives_no_line():
    y, x = draw(7)
    x[0], x[1], x[2, 1:] = 0.0, 0.01, np.nan
    found = fit_line(y, x)
    assert found.singular[:4].tolist() == [True, True, True, False]
    assert np.isnan(found.slope[:3]).all()
    assert np.isnan(found.intercept[:3]).all()
    assert fit_line(y[:, :0], x[:, :0]).singular.all()
