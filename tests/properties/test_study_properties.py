"""What must not change a number: order, company, scale, other markets' holidays."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import EVERY, MARKET, prices, run, world

import eventstudy as es
from eventstudy.calendars import exchange_calendar

FEW = settings(max_examples=3)
TWO = [(0, 0), (-1, 1)]
KEYS = {
    "events": ["event_id", "ticker", "window"],
    "days": ["event_id", "ticker", "day"],
    "fits": ["event_id", "ticker"],
    "tests": ["group", "window", "test"],
    "means": ["group", "day"],
    "estimation": ["event_id", "ticker", "day"],
}
SINGLE = ("events", "days", "fits", "estimation")


def layout(seed, n=9):
    """Events on shared, overlapping and separate dates; some days and prices are missing."""
    rng = np.random.default_rng(seed)
    frame = world(n, 220, seed=seed, common=0.005)
    zeros = 140 + np.sort(rng.choice([0, 0, 1, 3, 20, 21, 45, 60], n))
    rows = [(f"E{i:02d}", f"S{i:02d}", int(zeros[i])) for i in range(n)]
    rows += [("E00", "S01", int(zeros[0])), ("TWICE", "S02", int(zeros[2]) + 2)]
    frame = frame.mask(rng.random(frame.shape) < 0.01)
    frame[MARKET] = frame[MARKET].fillna(0.001)
    kinds = ["x" if row[0] in ("E00", "E03", "E04") else "y" for row in rows]
    return frame, rows, kinds


def numbers(result, name):
    """The numbers of a frame by what they are about."""
    frame = getattr(result, name).set_index(KEYS[name])
    return frame.select_dtypes(["number", "bool"])


def alike(one, two, names, rtol):
    for name in names:
        mine, theirs = numbers(one, name), numbers(two, name)
        assert set(mine.index) == set(theirs.index)
        pd.testing.assert_frame_equal(
            mine, theirs.loc[mine.index], check_exact=False, rtol=rtol, atol=1e-14
        )


@FEW
@given(
    st.integers(0, 1000), st.randoms(use_true_random=False), st.sampled_from(["returns", "prices"])
)
def test_the_order_of_the_events_changes_no_number(seed, random, kind):
    frame, rows, kinds = layout(seed)
    if kind == "prices":
        frame = prices(frame.fillna(0.0)).where(frame.notna())
        frame[MARKET] = frame[MARKET].ffill()
    order = list(range(len(rows)))
    random.shuffle(order)
    settings = {"kind": kind, "windows": TWO, "tests": EVERY}
    one = run(frame, rows, columns={"kind": kinds}, **settings)
    two = run(
        frame,
        [rows[i] for i in order],
        columns={"kind": [kinds[i] for i in order]},
        **settings,
    )
    alike(one, two, KEYS, rtol=1e-9)
    pairs = ["event_id", "ticker"]
    assert set(map(tuple, one.dropped[pairs].to_numpy())) == set(
        map(tuple, two.dropped[pairs].to_numpy())
    )


@FEW
@given(st.integers(0, 1000), st.sampled_from(["sign", "skewness", "many"]))
def test_not_even_where_numbers_are_drawn(seed, what):
    """Beyond the exact distributions: 18 sign changes, a bootstrap of 22, 14 clusters."""
    n = {"sign": 18, "skewness": 22, "many": 14}[what]
    frame = world(n, 200 + (14 * n if what == "many" else 0), seed=seed)
    zeros = [140 + (12 * i if what == "many" else 0) for i in range(n)]
    rows = [(f"E{i:02d}", f"S{i:02d}", zeros[i]) for i in range(n)]
    tests = ["permutation", "skewness_adjusted", "bhar_skewness_adjusted", "wild_cluster",
             "wild_cluster_webb", "romano_wolf"]  # fmt: skip
    settings = {"tests": tests, "windows": TWO}
    one, two = run(frame, rows, **settings), run(frame, rows[::-1], **settings)
    mine, theirs = (
        numbers(result, "tests")[["pvalue", "pvalue_adjusted"]] for result in (one, two)
    )
    # One draw more or less would be 1e-4; sums in another order are 1e-16.
    pd.testing.assert_frame_equal(mine, theirs.loc[mine.index], rtol=1e-9)


@FEW
@given(st.integers(0, 1000), st.sampled_from(["market", "constant_mean", "market_adjusted"]))
def test_a_batch_is_its_events_one_at_a_time(seed, model):
    frame, rows, kinds = layout(seed)
    settings = {"model": model, "tests": ["bmp"]}
    batch = run(frame, rows, columns={"kind": kinds}, **settings)
    for place in range(0, len(rows), 4):
        alone = run(frame, [rows[place]], columns={"kind": [kinds[place]]}, **settings)
        event_id, ticker, _ = rows[place]
        for name in SINGLE:
            whole = getattr(batch, name)
            mine = whole[(whole["event_id"] == event_id) & (whole["ticker"] == ticker)]
            pd.testing.assert_frame_equal(
                mine.select_dtypes("number").reset_index(drop=True),
                getattr(alone, name).select_dtypes("number"),
                rtol=1e-11,
                atol=1e-15,
            )


@FEW
@given(st.integers(0, 1000), st.integers(20, 200))
def test_an_unrelated_event_changes_no_single_number(seed, zero):
    frame, rows, kinds = layout(seed)
    settings = {"windows": TWO, "tests": ["adjusted_bmp", "corrado", "wilcoxon", "permutation"]}
    one = run(frame, rows, columns={"kind": kinds}, **settings)
    two = run(frame, [*rows, ("OTHER", "S08", zero)], columns={"kind": [*kinds, "z"]}, **settings)
    for name in SINGLE:
        mine = numbers(one, name)
        theirs = numbers(two, name).loc[mine.index]
        pd.testing.assert_frame_equal(mine, theirs, rtol=1e-12, atol=1e-15)
    groups = one.tests[one.tests["group"] != "all"]
    own = ["statistic", "pvalue", "estimate", "low", "high", "r"]
    pd.testing.assert_frame_equal(
        groups.set_index(KEYS["tests"])[own],
        two.tests.set_index(KEYS["tests"]).loc[groups.set_index(KEYS["tests"]).index, own],
        rtol=1e-9,
        atol=1e-14,
    )


@FEW
@given(st.integers(0, 1000), st.floats(1e-3, 2.0))
def test_scaling_returns_scales_effects_and_leaves_statistics(seed, factor):
    """In constant-mean terms, where no product of returns enters but BHAR's."""
    frame, rows, _ = layout(seed)
    one = run(frame, rows, windows=TWO, tests=EVERY)
    two = run(factor * frame, rows, windows=TWO, tests=EVERY)
    events, scaled = numbers(one, "events"), numbers(two, "events")
    for column in ("car", "se", "low", "high", "placebo_low", "placebo_high"):
        np.testing.assert_allclose(scaled[column], factor * events[column], rtol=1e-8)
    for column in ("scar", "t", "pvalue", "dof", "n_days", "placebo_pvalue", "sq_pvalue"):
        np.testing.assert_allclose(scaled[column], events[column], rtol=1e-8)
    tests, other = numbers(one, "tests"), numbers(two, "tests")
    plain = [key for key in tests.index if not key[2].startswith("bhar")]
    tests, other = tests.loc[plain], other.loc[plain]
    for column in ("pvalue", "n", "r", "clusters", "dof"):
        np.testing.assert_allclose(other[column], tests[column], rtol=1e-7, atol=1e-12)


MARKETS = {"XNYS": ["MU", "^GSPC"], "XHKG": ["0981.HK", "^HSI"], "XSHG": ["600000.SS", "000300.SS"]}


@lru_cache
def abroad():
    rng = np.random.default_rng(0)
    columns = {}
    for mic, tickers in MARKETS.items():
        sessions = exchange_calendar(mic, "2018-01-02", "2020-12-30").sessions
        for ticker in tickers:
            level = 100 * np.cumprod(1 + 0.012 * rng.standard_normal(len(sessions)))
            columns[ticker] = pd.Series(level, index=sessions.astype("datetime64[s]"))
    return pd.DataFrame(columns).sort_index()


def measured(tickers, date):
    columns = [ticker for pair in MARKETS.values() if pair[0] in tickers for ticker in pair]
    events = pd.DataFrame({"event_id": "A", "ticker": tickers, "date": date})
    study = es.Study(estimation=(-130, -11), event=(-5, 5), windows=TWO, tests=["bmp"])
    source = es.MemoryPrices.from_prices(abroad()[columns].dropna(how="all"))
    return study.run(es.Events.from_frame(events), prices=source)


@FEW
@given(
    st.sampled_from(["2018-11-23", "2019-02-06", "2019-10-04", "2020-05-25", "2020-09-08"]),
    st.sampled_from(["MU", "0981.HK", "600000.SS"]),
)
def test_a_foreign_holiday_changes_nothing(date, ticker):
    """On and around days that only some of the three exchanges keep."""
    every = measured(["MU", "0981.HK", "600000.SS"], date)
    alone = measured([ticker], date)
    for name in SINGLE:
        mine = numbers(alone, name)
        pd.testing.assert_frame_equal(
            mine, numbers(every, name).loc[mine.index], rtol=1e-12, atol=1e-15
        )
    assert (every.days["spans"] <= 1).all()
    assert (every.events["shifted_by"] == 0).all()
