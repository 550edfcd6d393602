"""Larger variance on the event days."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from worlds import MARKET, one_date, sample, world

from eventstudy.inference import TESTS


@pytest.mark.parametrize("window", [(0, 0), (-1, 1)])
def test_u_and_its_z(window):
    one = sample(world(8), one_date(8), window)
    scar, nu = one.effects.scar, one.dof
    u = np.mean(scar**2 * (nu - 2) / nu)
    z = (u - 1) / math.sqrt(sum(2 * (nu - 1) / (nu - 4))) * 8
    found = TESTS["beaver_patell"].compute(one)
    assert found.estimate == pytest.approx(u, rel=1e-12)
    assert found.statistic == pytest.approx(z, rel=1e-12)
    assert found.pvalue == pytest.approx(stats.norm.sf(z), rel=1e-10)


def test_the_placebo_u_is_the_same_on_every_estimation_day():
    frame = world(6)
    frame.iloc[70, 0] = np.nan
    one = sample(frame, one_date(6))
    fit, residuals = one.abnormal.fit, one.abnormal.residuals
    x = np.column_stack([np.ones(120), frame[MARKET].iloc[10:130]])
    placebo = []
    for day in range(120):
        if day == 60:
            continue
        values = []
        for event in range(6):
            h = x[day] @ fit.unscaled[event] @ x[day]
            scaled = residuals[event, day] / (fit.sigma[event] * math.sqrt(1 - h))
            values.append(scaled**2 * (fit.dof[event] - 2) / fit.dof[event])
        placebo.append(np.mean(values))
    u = np.mean(one.effects.scar**2 * (one.dof - 2) / one.dof)
    found = TESTS["beaver_patell_placebo"].compute(one)
    assert found.pvalue == (1 + (np.array(placebo) >= u).sum()) / 120
    assert "119 runs" in found.note


def test_the_placebo_u_is_of_one_date():
    rows = [("A", "S00", 130), ("B", "S01", 140)]
    found = TESTS["beaver_patell_placebo"].compute(sample(world(2), rows, estimation=(-110, -11)))
    assert "one date" in found.reason


def test_a_larger_variance_is_seen_and_a_smaller_one_is_not():
    frame = world(10, seed=2)
    frame.iloc[140, :10] *= 5
    assert TESTS["beaver_patell"].compute(sample(frame, one_date(10))).pvalue < 1e-4
    frame.iloc[140, :10] = frame.iloc[140, 10]
    assert TESTS["beaver_patell"].compute(sample(frame, one_date(10))).pvalue > 0.5
