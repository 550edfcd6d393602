"""Stacked replications: the same as single ones, with the layout, variance and closes asked for."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.errors import StudyError
from eventstudy.inference import TESTS
from eventstudy.simulate import LAYOUTS, Layout, Returns, Scenario, draw, rejections
from eventstudy.simulate.panels import Batch
from eventstudy.windows import Window


def both_tests(batch: Batch) -> list[tuple[float, float]]:
    return [
        (TESTS["adjusted_bmp"].compute(one).pvalue, TESTS["portfolio"].compute(one).pvalue)
        for one in batch.samples(0.95)
    ]


def test_same_seed_same_numbers_other_seed_others():
    found = [both_tests(draw(Scenario(), np.random.default_rng(seed), 3)) for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]


def test_counts_do_not_depend_on_the_tests_asked_for():
    alone = rejections(Scenario(), tests=["bmp"], replications=60, seed=4)
    among = rejections(Scenario(), tests=["patell", "bmp", "sar_t"], replications=60, seed=4)
    assert alone["bmp"] == among["bmp"]
    assert among["sar_t"].tried == 60 * 30


def test_unknown_test_is_refused():
    with pytest.raises(StudyError, match="no test 'nonsense'"):
        rejections(Scenario(), tests=["nonsense"], replications=1)


def test_event_variance_multiplies_the_residuals_of_the_tested_days():
    scenario = Scenario(variance=4.0, window=Window(0, 0))
    abnormal = draw(scenario, np.random.default_rng(0), 100).abnormal
    assert abnormal.sar.std() == pytest.approx(2.0, rel=0.05)


def test_layouts_place_events():
    layout = Layout.of_firms(3, 4, step=2)
    abnormal = draw(Scenario(layout=layout), np.random.default_rng(0), 2).abnormal
    zero = abnormal.rows.zero[:12] - abnormal.rows.zero[0]
    assert zero.tolist() == list(np.repeat([0, 2, 4, 6], 3))
    assert abnormal.rows.security[:12].tolist() == [0, 1, 2] * 4
    assert abnormal.rows.security[12] == 3


def test_named_layouts_hold_thirty_events_or_thirteen_dates_of_three():
    for name, layout in LAYOUTS.items():
        assert len(layout) == (39 if name == "13 dates x 3" else 30)
    assert len(set(LAYOUTS["five dates, 2 days apart"].days)) == 5


def test_impossible_layouts_are_refused():
    with pytest.raises(StudyError, match="one day and one security"):
        Layout((0, 1), (0,), (0,))
    with pytest.raises(StudyError, match="counts from its first day"):
        Layout((1,), (0,), (0,))
    with pytest.raises(StudyError, match="numbered from 0"):
        Layout((0,), (1,), (0,))
    with pytest.raises(StudyError, match="0 or 1"):
        Layout((0,), (0,), (2,))


def test_asynchronous_markets_share_the_hours_that_they_share():
    """Market 1's session overlaps market 0's of the same date and of the next one by half each."""
    scenario = Scenario(
        layout=Layout.of_markets(1, 1), returns=Returns(correlation=0.8), window=Window(0, 0)
    )
    abnormal = draw(scenario, np.random.default_rng(0), 400).abnormal
    residuals = abnormal.residuals.reshape(400, 2, -1)
    first, second = residuals[:, 0], residuals[:, 1]

    def correlation(one, other):
        return np.corrcoef(one.ravel(), other.ravel())[0, 1]

    assert correlation(first, second) == pytest.approx(0.4, abs=0.02)
    assert correlation(first[:, 1:], second[:, :-1]) == pytest.approx(0.4, abs=0.02)
    assert correlation(first[:, :-1], second[:, 1:]) == pytest.approx(0.0, abs=0.02)
    closes = [calendar.closes[0] for calendar in abnormal.panel.calendars]
    assert closes[1] - closes[0] == np.timedelta64(13, "h")


def test_common_variance_raises_the_correlation_of_the_event_day():
    scenario = Scenario(
        layout=Layout.of_dates((2,)), returns=Returns(correlation=0.3), common_variance=4.0
    )
    effects = draw(scenario, np.random.default_rng(0), 4_000).abnormal.ar.reshape(4_000, 2)
    assert np.corrcoef(effects.T)[0, 1] == pytest.approx(1.2 / 1.9, abs=0.03)
