"""Fits from running sums: those of each window's own days, to the last digits but few."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from worlds import MARKET, dates_of

import eventstudy as es
from eventstudy import estimation, windowsums
from eventstudy.models import MarketModel

EVENTS, SECURITIES, SESSIONS = 1200, 7, 900


def world() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Prices of some securities with two benchmarks, and many events of each."""
    rng = np.random.default_rng(3)
    markets = 0.01 * rng.standard_normal((SESSIONS, 2))
    weight = rng.uniform(0.2, 1.2, (2, SECURITIES))
    values = markets @ weight + 0.02 * rng.standard_normal((SESSIONS, SECURITIES))
    frame = pd.DataFrame(values, index=dates_of(SESSIONS), columns=list("ABCDEFG"))
    frame[MARKET], frame["MKT2"] = markets.T
    # F is the benchmark but for a trace, and one day of G is worth more than all others.
    frame["F"] = 0.7 * frame[MARKET] + 1e-6 * rng.standard_normal(SESSIONS)
    frame.iloc[300, 6] = 400.0
    prices = 100.0 * (1.0 + frame).cumprod()
    holes = rng.random(prices.shape) < 0.01
    prices = prices.mask(holes)
    prices.iloc[500:504, 1] = np.nan  # a halt
    prices.iloc[-40:, -1] = np.nan  # no benchmark any more
    security = rng.integers(0, SECURITIES, EVENTS)
    events = {
        "event_id": [f"E{number}" for number in range(EVENTS)],
        "date": dates_of(SESSIONS)[rng.integers(60, SESSIONS - 10, EVENTS)],
        "tickers": np.array(list("ABCDEFG"))[security],
        "benchmark": np.where(rng.random(EVENTS) < 0.5, MARKET, "MKT2"),
    }
    return prices, pd.DataFrame(events)


def run(prices: pd.DataFrame, events: pd.DataFrame) -> es.StudyResult:
    """Run a study without tests."""
    study = es.Study(
        estimation=(-130, -11), event=(-3, 3), min_estimation=60, calendar="data", tests=()
    )
    panel = es.Panel.from_frame(prices, kind="prices")
    return study.run(es.Events.from_frame(events), prices=panel, engine="serial:1")


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Events that are fitted by sums, and by their own days."""
    counts = {"sums": 0, "days": 0}
    of_sums, of_days = estimation.line_of_sums, MarketModel.fit

    def counted(sums: np.ndarray) -> object:
        line, clear = of_sums(sums)
        counts["sums"] += int(clear.sum())
        return line, clear

    def fit(self: MarketModel, returns: np.ndarray, *rest: object) -> object:
        counts["days"] += len(returns)
        return of_days(self, returns, *rest)

    monkeypatch.setattr(estimation, "line_of_sums", counted)
    monkeypatch.setattr(MarketModel, "fit", fit)
    return counts


def test_running_sums_give_what_each_windows_own_days_give(monkeypatch, fitted):
    prices, events = world()
    direct = run(prices, events)
    assert fitted == {"sums": 0, "days": EVENTS}
    monkeypatch.setattr(windowsums, "FEW", 0)
    shared = run(prices, events)
    of_days = fitted["days"] - EVENTS
    assert fitted["sums"] + of_days == EVENTS
    # F against its own benchmark, and G after its one day.
    assert 0.05 * EVENTS < of_days < 0.3 * EVENTS
    assert len(direct.dropped) > 20  # windows that begin before the data
    for name in ("events", "fits", "days"):
        one, other = getattr(direct, name), getattr(shared, name)
        pd.testing.assert_frame_equal(one, other, check_exact=False, rtol=1e-11, atol=1e-15)
    assert direct.fits["n_obs"].nunique() > 3
    pd.testing.assert_frame_equal(direct.dropped, shared.dropped)


def test_events_of_few_windows_keep_their_own_sums(monkeypatch, fitted):
    """45 windows of 120 days are six times 900 sessions, 46 are more."""
    monkeypatch.setattr(windowsums, "FEW", 0)
    prices, events = world()
    own = events[(events["tickers"] == "A") & (events["benchmark"] == MARKET)]
    run(prices, own.head(45))
    assert fitted == {"sums": 0, "days": 45}
    run(prices, own.head(46))
    assert fitted == {"sums": 46, "days": 45}


def test_prices_after_the_window_change_nothing(monkeypatch, fitted):
    monkeypatch.setattr(windowsums, "FEW", 0)
    prices, events = world()
    before = events[events["date"] < dates_of(SESSIONS)[600]]
    one = run(prices, before)
    assert fitted["sums"] > 300
    prices.iloc[610:] *= 1.1
    pd.testing.assert_frame_equal(one.fits, run(prices, before).fits, check_exact=True)


class Clipped(MarketModel):
    """A model made out of the market model, which fits otherwise."""

    def fit(self, returns: np.ndarray, *rest: object) -> object:
        """Fit returns of at most 3 %."""
        return super().fit(np.clip(returns, -0.03, 0.03), *rest)


def test_a_model_made_out_of_the_market_model_has_its_own_fit(monkeypatch, fitted):
    prices, events = world()
    study = es.Study(
        model=Clipped(), estimation=(-130, -11), event=(-3, 3), calendar="data", tests=()
    )
    panel = es.Panel.from_frame(prices, kind="prices")
    one = study.run(es.Events.from_frame(events), prices=panel)
    monkeypatch.setattr(windowsums, "FEW", 0)
    other = study.run(es.Events.from_frame(events), prices=panel)
    pd.testing.assert_frame_equal(one.fits, other.fits, check_exact=True)
    assert fitted["sums"] == 0


@pytest.mark.parametrize("windows", [1, 2, 3])
def test_a_long_history_is_summed_in_stretches(monkeypatch, fitted, windows):
    """900 sessions are up to eight stretches of one window and the days shared with the next."""
    prices, events = world()
    direct = run(prices, events)
    monkeypatch.setattr(windowsums, "FEW", 0)
    monkeypatch.setattr(windowsums, "WORTH", 1)
    monkeypatch.setattr(windowsums, "_STRETCH", windows)
    of_days = fitted["days"]
    shared = run(prices, events)
    assert fitted["days"] - of_days < 0.3 * EVENTS < fitted["sums"]
    for name in ("events", "fits"):
        one, other = getattr(direct, name), getattr(shared, name)
        pd.testing.assert_frame_equal(one, other, check_exact=False, rtol=1e-11, atol=1e-15)
    pd.testing.assert_frame_equal(direct.dropped, shared.dropped)


def test_a_wild_youth_costs_later_stretches_nothing(monkeypatch, fitted):
    """Returns a hundred times as large at first: sums over all would have lost four digits."""
    monkeypatch.setattr(windowsums, "FEW", 0)
    monkeypatch.setattr(windowsums, "WORTH", 1)
    prices, events = world()
    returns = 0.01 * np.random.default_rng(8).standard_normal((SESSIONS, 2))
    returns[:200] *= 40.0
    prices = pd.DataFrame(
        100.0 * np.exp(np.cumsum(returns, axis=0)), index=prices.index, columns=["A", MARKET]
    )
    own = events[events["date"] > prices.index[500]].assign(tickers="A", benchmark=MARKET)
    run(prices, own)
    assert fitted["sums"] == 0
    monkeypatch.setattr(windowsums, "_STRETCH", 2)
    run(prices, own)
    assert fitted["sums"] == len(own)


def test_pairs_of_different_calendars_and_stretches_are_not_taken_together():
    none = np.empty(0, dtype=np.int64)
    calendar, begin = np.repeat([0, 1, 4], [3, 40, 1]), np.repeat([0, 240, 0], [40, 3, 1])
    pairs = windowsums._Pairs(
        None, None, None, calendar, begin, none, none, np.zeros(45, dtype=np.int64), none, none
    )
    assert [(lot.start, lot.stop) for lot in pairs.lots(0, 44)] == [
        (0, 3), (3, 19), (19, 35), (35, 40), (40, 43), (43, 44),
    ]  # fmt: skip
    assert [(lot.start, lot.stop) for lot in pairs.lots(2, 16)] == [(2, 3), (3, 16)]
