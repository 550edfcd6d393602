"""Days that tie, and sums that are zero but for rounding: tests on rounded returns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata
from worlds import MARKET, dates_of

import eventstudy as es

SESSIONS, ZERO = 300, 280


def study(frame: pd.DataFrame, **settings: object) -> es.StudyResult:
    """One event of every security, all on one date."""
    tickers = [name for name in frame.columns if name != MARKET]
    events = {"event_id": tickers, "ticker": tickers, "date": frame.index[ZERO]}
    events |= {"benchmark": MARKET} if MARKET in frame else {}
    usual = {"estimation": (-260, -11), "event": (-10, 19), "placebo": "never", "calendar": "data"}
    return es.Study(**(usual | settings)).run(
        es.Events.from_frame(pd.DataFrame(events)), prices=es.Panel.from_frame(frame)
    )


def days(result: es.StudyResult, first: int, last: int) -> np.ndarray:
    """Abnormal returns of estimation and tested days, shape (events, days), from the frames."""
    tested = result.days[result.days["day"].between(first, last)]
    parts = [
        frame.pivot_table(index="event_id", columns="day", values="ar")
        for frame in (result.estimation, tested)
    ]
    return np.hstack(parts)


@pytest.mark.parametrize("seed", range(4))
def test_tested_days_that_tie_at_the_median_have_no_sign(seed):
    """A target pinned at its offer price returns nothing day after day."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(0, 0.01, (SESSIONS, 10)), dates_of(SESSIONS)).add_prefix("S")
    frame.iloc[ZERO:, :5] = 0.0
    found = study(
        frame, model="constant_mean", estimation=(-100, -11), windows=[(0, 19)],
        tests=["corrado_zivney_sign", "corrado"],
    )  # fmt: skip
    values = days(found, 0, 19)
    signs = np.sign(values - np.median(values, axis=1, keepdims=True)).sum(axis=0)
    want = signs[-20:].sum() / np.sqrt(20 * (signs**2).mean())
    tests = found.tests.set_index("test")["statistic"]
    assert tests["corrado_zivney_sign"] == pytest.approx(want, abs=1e-12)
    ranks = (rankdata(values, axis=1) - 55.5).mean(axis=0)
    want = ranks[-20:].sum() / np.sqrt(20 * (ranks**2).mean())
    assert tests["corrado"] == pytest.approx(want, rel=1e-10)


@pytest.mark.parametrize("model", ["market", "constant_mean", "market_adjusted", "capm"])
def test_a_tested_day_like_an_estimation_day_ties_with_it(model):
    """Security and benchmark in whole per cents, half of the days without a trade."""
    rng = np.random.default_rng(1)
    market = np.round(rng.normal(0, 0.01, SESSIONS), 2)
    own = np.round(market[:, None] + rng.normal(0, 0.015, (SESSIONS, 15)), 2)
    own[rng.random(own.shape) < 0.5] = 0.0
    frame = pd.DataFrame(own, dates_of(SESSIONS)).add_prefix("S").assign(**{MARKET: market})
    factors = pd.DataFrame({"Mkt-RF": market, "RF": 0.0}, frame.index)
    expected = es.CAPM(factors) if model == "capm" else model
    found = study(frame, model=expected, windows=[(-1, 1)], tests=["corrado"])
    values = days(found, -1, 1)
    assert np.mean([len(np.unique(row)) for row in values]) < 100
    ranks = (rankdata(values, axis=1) - 127).mean(axis=0)
    want = ranks[-3:].sum() / np.sqrt(3 * (ranks**2).mean())
    assert found.tests["statistic"].tolist() == [pytest.approx(want, rel=1e-9)]


@pytest.mark.parametrize("decimals", [2, 3, 4])
def test_effects_that_cancel_in_decimals_are_zero(decimals):
    rng = np.random.default_rng(0)
    market = np.round(rng.normal(0, 0.01, SESSIONS), decimals)
    own = np.round(market[:, None] + rng.normal(0, 0.015, (SESSIONS, 400)), decimals)
    frame = pd.DataFrame(own, dates_of(SESSIONS)).add_prefix("S").assign(**{MARKET: market})
    if decimals == 2:
        frame.iloc[100, 0] = np.nan  # an event that lacks a day goes another way
    found = study(
        frame, model="market_adjusted", windows=[(0, 1)],
        tests=["sign", "wilcoxon", "generalized_sign_window"],
    )  # fmt: skip
    scale = 10**decimals
    whole = (frame.drop(columns=MARKET).mul(scale).round()).sub(np.rint(market * scale), axis=0)
    whole = whole.to_numpy()
    effect = whole[ZERO] + whole[ZERO + 1]
    runs = whole[ZERO - 259 : ZERO - 10] + whole[ZERO - 260 : ZERO - 11]
    share = ((runs > 0).sum(axis=0) / np.isfinite(runs).sum(axis=0)).mean()
    positive = (effect > 0).sum()
    tests = found.tests.set_index("test")
    assert (effect == 0).sum() > 0
    assert tests.loc["sign", "n"] == tests.loc["wilcoxon", "n"] == (effect != 0).sum()
    assert tests.loc["sign", "statistic"] == positive
    want = (positive - 400 * share) / np.sqrt(400 * share * (1 - share))
    assert tests.loc["generalized_sign_window", "statistic"] == pytest.approx(want, rel=1e-9)
