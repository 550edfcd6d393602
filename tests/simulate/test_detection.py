"""Power by effect without drawing it: the same decisions as when the effect is really added."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eventstudy.inference import TESTS, Sample
from eventstudy.simulate import Layout, Returns, Scenario, draw
from eventstudy.simulate.detection import (
    Shift,
    Studentised,
    detection_of,
    share_error,
    smallest_effect,
)
from eventstudy.simulate.question import Question, answer
from eventstudy.windows import Window


@pytest.mark.parametrize(
    ("test", "layout"),
    [
        ("portfolio", Layout.of_dates((4,))),
        ("adjusted_patell", Layout.of_dates((4,))),
        ("adjusted_bmp", Layout.of_dates((6, 6), step=1)),
        ("ibragimov_mueller", Layout.of_dates((2,) * 7, step=5)),
        ("cross_sectional", Layout.of_dates((5,))),
        ("bmp", Layout.of_dates((5,))),
    ],
)
def test_decisions_are_those_of_the_test_with_the_effect_added(test, layout):
    scenario = Scenario(layout=layout, returns=Returns(correlation=0.2), window=Window(-1, 1))
    samples = list(draw(scenario, np.random.default_rng(9), 40).samples(0.95))
    results = [TESTS[test].compute(sample) for sample in samples]
    detection = detection_of(test, results, [sample.effects for sample in samples], 0.95)
    kind = Studentised if test in ("bmp", "adjusted_bmp") else Shift
    assert isinstance(detection, kind)
    for effect in (-0.04, 0.0, 0.01, 0.03):
        rejected = [
            TESTS[test].compute(with_effect(sample, effect)).pvalue <= 0.05 for sample in samples
        ]
        assert detection.power(effect) == pytest.approx(np.mean(rejected))


def with_effect(sample: Sample, effect: float) -> Sample:
    abnormal = sample.abnormal
    returns, ar = abnormal.returns.copy(), abnormal.ar.copy()
    returns[:, 1] += effect
    ar[:, 1] += effect
    given = replace(abnormal.observed, returns=returns)
    moved = replace(abnormal, ar=ar, effects={}, given=given)
    return Sample(moved, sample.window, sample.level)


def test_smallest_effect_of_a_shift_is_a_quantile():
    rng = np.random.default_rng(0)
    detection = Shift(0.01 * rng.standard_normal(2_000), np.full(2_000, 0.02))
    found = smallest_effect(detection, 0.8)
    assert detection.power(found) >= 0.8
    assert detection.power(-found) >= 0.8
    assert min(detection.power(0.999 * found), detection.power(-0.999 * found)) < 0.8
    assert found == pytest.approx(0.02 + 0.8416 * 0.01, rel=0.05)


def test_an_effect_may_be_out_of_reach():
    """Two events of unequal precision: the effect's own spread keeps the statistic bounded."""
    detection = Studentised(
        np.tile([[0.1, -0.1]], (50, 1)),
        np.tile([[1.0, 60.0]], (50, 1)),
        np.full(50, np.sqrt(2.0)),
        np.full(50, 12.7),
    )
    assert np.isnan(smallest_effect(detection, 0.8))
    assert said_of(detection) == (
        "no effect, however large, reaches a power of 80 % (the most is 0 %): too few events, of "
        "too unequal precision"
    )


def said_of(detection):
    question = Question(effects=(0.5,), target=0.8, replications=50, level=0.95, seed=0)
    facts = {"effect": np.nan, "pvalue": np.nan, "reason": "", "window": "(0, 0)", "test": "bmp"}
    return answer(detection, facts, question, 1).row["reason"]


def test_power_may_fall_again_and_the_most_is_said():
    """An effect of one sign brings two events together, a larger one sets them apart again."""
    most = Studentised(
        np.tile([[2.0, -3.1]], (50, 1)),
        np.tile([[1.0, 60.0]], (50, 1)),
        np.full(50, np.sqrt(2.0)),
        np.r_[np.full(30, 3.0), np.full(20, 1e6)],
    )
    assert most.power(0.09) == 0.6
    assert max(most.power(sign * 200 * most.scale) for sign in (-1, 1)) == 0.0
    assert "reaches a power of 80 % (the most is 60 %): too few" in said_of(most)
    always = replace(most, critical=np.full(50, 3.0))
    assert always.power(0.09) == 1.0
    assert np.isnan(smallest_effect(always, 0.8))
    assert "reaches a power of 80 % (of both signs): too few" in said_of(always)


def test_no_samples_no_answer():
    assert np.isnan(smallest_effect(Shift(np.empty(0), np.empty(0)), 0.8))
    assert len(detection_of("bmp", [], [], 0.95)) == 0
    assert np.isnan(share_error(0.5, 0))


def test_share_error_is_near_the_binomial_one():
    assert share_error(0.3, 10_000) == pytest.approx(np.sqrt(0.21 / 10_000), rel=0.01)
    assert share_error(1.0, 100) > 0
