"""An interval belongs to its test: it leaves zero out exactly when the test rejects."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from worlds import sample, world

from eventstudy.inference import TESTS, single_tests
from eventstudy.models import ConstantMean, MarketAdjusted, MarketModel
from eventstudy.windows import Window

WITH_INTERVAL = {
    *("cross_sectional", "crude_dependence", "portfolio", "j1", "j2", "patell", "adjusted_patell"),
    *("bmp", "adjusted_bmp", "bhar", "sign", "wilcoxon", "sur_mean", "calendar_time"),
    *("calendar_time_newey_west", "ibragimov_mueller", "ibragimov_mueller_scar", "cluster"),
    *("wild_cluster", "wild_cluster_webb"),
}
LAYOUTS = {
    "one date": lambda i: 140,
    "pairs": lambda i: 140 + 9 * (i // 2),
    "apart": lambda i: 140 + 7 * i,
    "staggered": lambda i: 140 + i,
}


def drawn(seed, n, layout, shift, window, *, level=0.95, model=None):
    """A sample of n events with a common effect of shift standard deviations."""
    rng = np.random.default_rng(seed)
    sessions = 170 + 9 * n
    frame = world(n, sessions, seed=int(rng.integers(2**31)), common=0.005)
    rows = [(f"E{i:02d}", f"S{i:02d}", LAYOUTS[layout](i)) for i in range(n)]
    for _, ticker, zero in rows:
        frame.iloc[zero, frame.columns.get_loc(ticker)] += 0.015 * shift
    return sample(
        frame, rows, window, estimation=(-100, -11), model=model or MarketModel(), level=level
    )


levels = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99])


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 14),
    layout=st.sampled_from(list(LAYOUTS)),
    shift=st.sampled_from([0.0, 0.3, -0.5, 1.0, 2.0]),
    window=st.sampled_from([(0, 0), (-1, 1)]),
    level=levels,
    model=st.sampled_from([MarketModel(), ConstantMean(), MarketAdjusted()]),
)
def test_every_test_that_has_an_interval(seed, n, layout, shift, window, level, model):
    one = drawn(seed, n, layout, shift, window, level=level, model=model)
    for name, test in TESTS.items():
        if name in {"skewness_adjusted", "bhar_skewness_adjusted"}:
            continue  # a bootstrap, without an interval
        found = test.compute(one)
        if not found.has_value:
            assert found.reason, name
            assert math.isnan(found.low) and math.isnan(found.high), name
            continue
        assert 0 <= found.pvalue <= 1
        if name not in WITH_INTERVAL:
            assert math.isnan(found.low) and math.isnan(found.high), name
            assert "no interval" in found.reason, name
            continue
        if math.isnan(found.low):
            assert math.isnan(found.high), name
            assert found.reason, name
            continue
        assume(abs(found.pvalue - (1 - level)) > 1e-9)
        outside = not found.low <= 0 <= found.high
        assert outside == (found.pvalue <= 1 - level), (name, found)
        assert found.low <= found.estimate <= found.high, (name, found)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    shift=st.sampled_from([0.0, 0.5, 1.5, -2.0]),
    window=st.sampled_from([(0, 0), (0, 1), (-1, 1)]),
    level=levels,
)
def test_the_single_events_have_theirs(seed, shift, window, level):
    one = drawn(seed, 5, "one date", shift, window)
    found = single_tests(one.abnormal, Window(*window), level)
    alpha = 1 - level
    car = found.effects.car
    outside = ~((found.low <= 0) & (found.high >= 0))
    np.testing.assert_array_equal(outside, found.pvalue <= alpha)
    there = np.isfinite(found.placebo_low)
    placebo_outside = ~((found.placebo_low <= 0) & (found.placebo_high >= 0))
    rejected = found.placebo_pvalue <= alpha + 1e-9
    np.testing.assert_array_equal(placebo_outside[there], rejected[there])
    assert not rejected[~there].any()  # 1/(B + 1) is above the level: it cannot reject
    np.testing.assert_allclose(found.low + found.high, 2 * car, rtol=1e-9)
    sums = found.placebo_low + found.placebo_high
    np.testing.assert_allclose(sums[there], 2 * car[there], rtol=1e-9)


def test_every_interval_was_seen():
    """So that the list above cannot go stale without a word."""
    seen = set()
    for layout, n in (("one date", 8), ("apart", 8), ("apart", 14)):
        one = drawn(7, n, layout, 1.0, (-1, 1))
        for name, test in TESTS.items():
            if math.isfinite(test.compute(one).low):
                seen.add(name)
    # 60 sessions with an event under way take a window of more days
    one = drawn(7, 10, "apart", 0.5, (0, 6))
    for name in ("calendar_time", "calendar_time_newey_west"):
        if math.isfinite(TESTS[name].compute(one).low):
            seen.add(name)
    assert seen == WITH_INTERVAL


def test_a_placebo_p_value_of_exactly_the_level_rejects():
    """99 runs: nine larger ones give p = 10/100, and 1 - .9 is .09999999999999998 in doubles."""
    frame = world(1, 160)
    settings = {"estimation": (-109, -11), "model": MarketAdjusted()}
    runs = np.sort(np.abs(sample(frame, [("E", "S00", 130)], **settings).residuals[0]))[::-1]
    frame.loc[frame.index[130], "S00"] = frame["MKT"].iloc[130] + (runs[8] + runs[9]) / 2
    one = sample(frame, [("E", "S00", 130)], **settings)
    found = single_tests(one.abnormal, Window(0, 0), 0.9)
    assert found.placebo_pvalue[0] == 0.1
    assert found.placebo_low[0] > 0
    assert single_tests(one.abnormal, Window(0, 0), 0.91).placebo_low[0] < 0
