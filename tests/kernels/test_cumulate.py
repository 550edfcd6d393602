"""Cumulative abnormal returns by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eventstudy.kernels.cumulate import cumulate

NAN = np.nan


def one(returns, expected, spans=None, *, unscaled=0.01, sigma=0.02):
    """One event of the constant-mean model."""
    returns, expected = np.array([returns]), np.array([expected])
    spans = np.ones(returns.shape, dtype=np.int64) if spans is None else np.array([spans])
    rows = spans[:, :, None].astype(float)
    return cumulate(returns, expected, spans, rows, np.array([[[unscaled]]]), np.array([sigma]))


def test_three_days_by_hand():
    got = one([0.01, -0.02, 0.05], [0.001, 0.001, 0.001])
    assert got.car[0] == pytest.approx(0.037, rel=1e-14)
    # L + x'(X'X)^-1 x with x = 3 and (X'X)^-1 = 1/100: 3 + 9/100
    assert got.se[0] == pytest.approx(0.02 * math.sqrt(3.09), rel=1e-14)
    assert got.scar[0] == pytest.approx(0.037 / (0.02 * math.sqrt(3.09)), rel=1e-14)
    assert (got.length[0], got.n_days[0], got.span[0]) == (3, 3, 1)
    want = 1.01 * 0.98 * 1.05 - 1.001**3
    assert got.bhar[0] == pytest.approx(want, rel=1e-13)


def test_a_missing_day_shortens_the_sum_and_its_error():
    got = one([0.01, NAN, 0.05], [0.001, 0.001, 0.001])
    assert got.car[0] == pytest.approx(0.058, rel=1e-14)
    assert got.se[0] == pytest.approx(0.02 * math.sqrt(2 + 4 / 100), rel=1e-14)
    assert (got.length[0], got.n_days[0]) == (2, 2)
    assert got.bhar[0] == pytest.approx(1.01 * 1.05 - 1.001**2, rel=1e-13)


def test_a_day_without_a_forecast_is_missing_too():
    got = one([0.01, 0.02], [0.0, NAN])
    assert got.car[0] == 0.01
    assert got.n_days[0] == 1


def test_a_return_over_three_sessions_counts_as_three():
    got = one([0.04, 0.01], [0.003, 0.001], [3, 1])
    assert got.se[0] == pytest.approx(0.02 * math.sqrt(4 + 16 / 100), rel=1e-14)
    assert (got.length[0], got.n_days[0], got.span[0]) == (4, 2, 3)
    assert got.bhar[0] == pytest.approx(1.04 * 1.01 - 1.003 * 1.001, rel=1e-13)


def test_no_day_at_all_is_no_effect_of_zero():
    got = one([NAN, NAN], [0.0, 0.0])
    for name in ("car", "se", "scar", "bhar"):
        assert np.isnan(getattr(got, name)[0])
    assert (got.length[0], got.n_days[0], got.span[0]) == (0, 0, 0)
