"""Sessions without a trade: returns are compounded over them, and day zero moves."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.errors import StudyError
from eventstudy.simulate import Layout, Returns, Scenario, Trading, draw
from eventstudy.simulate.trading import next_price, observe
from eventstudy.windows import Window


def test_observed_returns_compound_to_the_same_price():
    rng = np.random.default_rng(1)
    returns = 0.02 * rng.standard_normal((4, 60))
    priced = rng.random((4, 60)) < 0.7
    seen = observe(returns, priced)
    for row in range(4):
        last = np.flatnonzero(priced[row])[-1]
        wealth = np.prod(1 + seen.returns[row][priced[row]])
        assert wealth == pytest.approx(np.prod(1 + returns[row, : last + 1]))
        assert seen.spans[row][priced[row]].sum() == last + 1
    assert np.isnan(seen.returns[~priced]).all()


def test_next_price():
    priced = np.array([[True, False, True], [False, False, False]])
    assert next_price(priced).tolist() == [[0, 2, 2], [3, 3, 3]]


def test_a_halt_moves_day_zero_to_a_return_over_all_of_it():
    scenario = Scenario(layout=Layout.of_dates((4,)), trading=Trading(halt=3), window=Window(-2, 2))
    abnormal = draw(scenario, np.random.default_rng(0), 2).abnormal
    assert (abnormal.rows.zero - abnormal.rows.announced == 3).all()
    assert (abnormal.spans[:, 2] == 4).all()
    assert np.isnan(abnormal.ar[:, :2]).all()
    assert np.isfinite(abnormal.ar[:, 2:]).all()


def test_idle_days_are_missing_and_estimated_around():
    scenario = Scenario(trading=Trading(idle=0.2), window=Window(-2, 2))
    abnormal = draw(scenario, np.random.default_rng(0), 3).abnormal
    # A day is usable where it and the day before it have a price: a share of .64.
    assert abnormal.fit.n_obs.mean() == pytest.approx(0.64 * 120, rel=0.05)
    assert np.isfinite(abnormal.ar[:, 2]).all()


def test_no_trade_at_all_is_refused():
    with pytest.raises(StudyError, match="share of days"):
        Trading(idle=0.9)
    with pytest.raises(StudyError, match="halt"):
        Trading(halt=-1)


def test_effect_is_added_on_day_zero_only():
    null = Scenario(returns=Returns(sigma=1e-6), window=Window(-1, 1))
    with_effect = Scenario(returns=Returns(sigma=1e-6), window=Window(-1, 1), effect=0.05)
    base = draw(null, np.random.default_rng(2), 2).abnormal.ar
    moved = draw(with_effect, np.random.default_rng(2), 2).abnormal.ar
    assert moved - base == pytest.approx(np.tile([0.0, 0.05, 0.0], (60, 1)), abs=1e-12)
