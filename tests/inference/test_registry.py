"""Every test is there, in words, and answers with a number or with a reason."""

from __future__ import annotations

import re

import numpy as np
import pytest
from worlds import EVERY, abnormal, effects, one_date, prices, run, sample, world

from eventstudy.inference import FAMILY_TESTS, SINGLE_TESTS, TESTS, Pool, Sample
from eventstudy.models import MarketAdjusted
from eventstudy.windows import Window

WHOLE_FAMILY = {
    *("cross_sectional", "crude_dependence", "portfolio", "j1", "j2", "patell"),
    *("adjusted_patell", "bmp", "adjusted_bmp", "skewness_adjusted", "hall", "jackknife", "bhar"),
    *("bhar_skewness_adjusted", "corrado", "corrado_zivney", "corrado_zivney_sign", "grank_t"),
    *("grank_z", "sign", "generalized_sign", "generalized_sign_window", "wilcoxon"),
    *("permutation", "sur", "sur_mean", "calendar_time", "calendar_time_newey_west"),
    *("ibragimov_mueller", "ibragimov_mueller_scar", "cluster", "wild_cluster"),
    *("wild_cluster_webb", "beaver_patell", "beaver_patell_placebo"),
}
WORDS = ("title", "null", "alternative", "reference", "assumes", "avoid")


def test_the_whole_family_is_there():
    assert set(TESTS) >= WHOLE_FAMILY
    assert set(FAMILY_TESTS) == {"romano_wolf"}
    assert set(SINGLE_TESTS) >= {"sar_t", "placebo", "sq", "peers", "brown_forsythe"}


@pytest.mark.parametrize("registry", [TESTS, FAMILY_TESTS, SINGLE_TESTS])
def test_each_speaks_for_itself(registry):
    for name, test in registry.items():
        assert test.name == name
        for word in WORDS:
            assert getattr(test, word).strip(), (name, word)
        assert re.search(r"\b(1[89]|20)\d\d\b", test.reference), name
    titles = [test.title for test in registry.values()]
    assert len(set(titles)) == len(titles)


def test_those_that_draw_resamples_say_so():
    every = {**TESTS, **FAMILY_TESTS}
    assert {name for name, test in every.items() if test.resamples} == {
        *("skewness_adjusted", "bhar_skewness_adjusted", "permutation"),
        *("wild_cluster", "wild_cluster_webb", "romano_wolf"),
    }


def test_the_single_tests_are_columns_of_the_events():
    events = run(world(3), one_date(3)).events
    for test in SINGLE_TESTS.values():
        assert test.column in events.columns, test.name
    assert "sq_pvalue_upper" in events.columns


def answered(one):
    """Every test has a p-value between 0 and 1, or a reason; never a warning."""
    for name, test in TESTS.items():
        found = test.compute(one)
        if found.has_value:
            assert 0 <= found.pvalue <= 1, name
            assert np.isfinite(found.statistic), name
        else:
            assert found.reason, name
        assert found.reason or np.isfinite(found.low), name


@pytest.mark.parametrize("n", [1, 2, 3, 5, 21])
@pytest.mark.parametrize("window", [(0, 0), (-1, 1)])
def test_groups_of_any_size(n, window):
    answered(sample(world(n, common=0.004), one_date(n), window))


def test_a_group_that_lost_all_its_events():
    frame = world(2)
    frame.iloc[139:142] = np.nan
    result = run(frame, one_date(2), windows=[(0, 0), (-5, 5)], tests=EVERY)
    nothing = result.tests[result.tests["window"] == "(0, 0)"]
    assert nothing["pvalue"].isna().all()
    assert (nothing["reason"] != "").all()
    assert (nothing["n"] == 0).all()
    lead = result.leads[result.leads["window"] == "(0, 0)"].iloc[0]
    assert (lead["test"], lead["n"]) == ("", 0)
    assert "no pair" in lead["sentence"]


@pytest.mark.parametrize("copies", [2, 3, 5, 7, 21])
def test_one_security_under_many_names_differs_by_nothing_but_rounding(copies):
    """Its effects are equal, so whatever divides by their spread has no value."""
    frame = world(1)
    one = sample(frame, [(f"E{i:02d}", "S00", 140) for i in range(copies)], (-1, 1))
    answered(one)
    for name in ("cross_sectional", "bmp", "adjusted_bmp", "grank_t", "grank_z", "jackknife",
                 "skewness_adjusted", "hall", "bhar", "bhar_skewness_adjusted"):  # fmt: skip
        found = TESTS[name].compute(one)
        assert not found.has_value, (name, found)


@pytest.mark.parametrize("copies", [3, 6])
def test_one_security_on_dates_with_one_effect(copies):
    """Clusters that do not differ have no standard error."""
    frame = world(1, 400)
    zeros = [140 + 30 * i for i in range(copies)]
    frame.iloc[zeros, 0] = frame.iloc[zeros, 1] + 0.031
    rows = [(f"E{i}", "S00", zero) for i, zero in enumerate(zeros)]
    one = sample(frame, rows, (0, 0), model=MarketAdjusted())
    answered(one)
    for name in ("cross_sectional", "ibragimov_mueller", "cluster", "wild_cluster",
                 "wild_cluster_webb"):  # fmt: skip
        assert not TESTS[name].compute(one).has_value, name


def test_effects_that_cancel_exactly():
    """A mean of exactly zero has p = 1, its own standard error, and an interval about zero."""
    frame, rows = effects((0.0625, -0.0625, 0.03125, -0.03125, 0.25, -0.25, 0.125, -0.125))
    one = sample(frame, rows, estimation=(-50, -11), model=MarketAdjusted())
    assert one.effects.car.sum() == 0.0
    answered(one)
    for name in ("cross_sectional", "cluster", "wild_cluster", "wild_cluster_webb", "bmp"):
        found = TESTS[name].compute(one)
        assert (found.statistic, found.pvalue) == (0.0, 1.0), name
        assert found.low < -0.05 < 0.05 < found.high, name
        assert found.se == pytest.approx(one.effects.car.std(ddof=1) / np.sqrt(8), rel=1e-9)


def test_a_window_longer_than_the_estimation_window():
    one = sample(world(3), one_date(3), (-9, 9), estimation=(-26, -11))
    answered(one)
    assert (
        "longer than the estimation window" in TESTS["generalized_sign_window"].compute(one).reason
    )


def test_halts_and_holes():
    frame = prices(world(12, common=0.004))
    frame.iloc[140:142, 0] = np.nan
    frame.iloc[60, 1] = np.nan
    frame.iloc[139, 2] = np.nan
    for window in ((0, 0), (-1, 1)):
        answered(sample(frame, one_date(12), window, kind="prices"))


def test_staggered_dates():
    rows = [(f"E{i:02d}", f"S{i:02d}", 140 + i) for i in range(12)]
    frame = world(12, 200, common=0.004)
    one = sample(frame, rows, (-1, 1))
    answered(one)
    for name in ("corrado", "corrado_zivney", "corrado_zivney_sign", "grank_t", "crude_dependence"):
        found = TESTS[name].compute(one)
        assert not found.has_value
        assert "share sessions" in found.reason
        assert TESTS[name].compute(sample(frame, rows, (0, 0))).has_value  # one day: no mixing


def test_the_words_stand_in_the_result():
    tests = run(world(3), one_date(3), windows=[(0, 0)], tests=EVERY).tests
    for row in tests.itertuples(index=False):
        test = TESTS.get(row.test) or FAMILY_TESTS[row.test]
        assert (row.null, row.alternative, row.reference) == (
            test.null, test.alternative, test.reference
        )  # fmt: skip
    assert set(tests["test"]) == {*TESTS, *FAMILY_TESTS}


@pytest.mark.parametrize("name", [name for name, test in TESTS.items() if not test.resamples])
def test_history_says_what_a_test_reads(name):
    found, _ = abnormal(world(12), one_date(12))
    window = Window(0, 0)
    pool = Pool(found, (window,), np.ones((len(found), 1), dtype=np.bool_))
    TESTS[name].compute(Sample(found, window, 0.95, pool=pool))
    assert ("histories" in vars(pool)) == TESTS[name].history
