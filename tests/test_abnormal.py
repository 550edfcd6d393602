"""Abnormal returns: what is estimated, what is missing, what a halt costs."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import worlds
from worlds import MARKET, abnormal, one_date, prices, world

import eventstudy as es
from eventstudy.calendars import exchange_calendar
from eventstudy.models import ConstantMean, MarketAdjusted, MarketModel
from eventstudy.panel import Factors
from eventstudy.windows import Window

MODELS = (ConstantMean(), MarketAdjusted(), MarketModel())
DAY = 5  # column of day zero in an event window of (-5, 5)


def regression(frame, ticker, zero, *, estimation=(-130, -11)):
    """Market model of one event, by numpy."""
    days = range(zero + estimation[0], zero + estimation[1] + 1)
    y = frame[ticker].iloc[list(days)].to_numpy()
    f = frame[MARKET].iloc[list(days)].to_numpy()
    there = np.isfinite(y) & np.isfinite(f)
    x = np.column_stack([np.ones(there.sum()), f[there]])
    b, ssr, *_ = np.linalg.lstsq(x, y[there], rcond=None)
    return b, math.sqrt(ssr[0] / (there.sum() - 2)), np.linalg.inv(x.T @ x), there.sum()


def test_the_market_model_of_each_event():
    frame = world(4)
    got, dropped = abnormal(frame, one_date(4))
    assert dropped == {}
    for row in range(4):
        b, sigma, inverse, m = regression(frame, f"S{row:02d}", 140)
        np.testing.assert_allclose(got.fit.coefficients[row], b, rtol=1e-9)
        assert got.fit.sigma[row] == pytest.approx(sigma, rel=1e-12)
        assert (got.fit.n_obs[row], got.fit.dof[row]) == (m, m - 2) == (120, 118)
        for day in range(11):
            x = np.array([1.0, frame[MARKET].iloc[135 + day]])
            ar = frame[f"S{row:02d}"].iloc[135 + day] - b @ x
            assert got.ar[row, day] == pytest.approx(ar, rel=1e-9)
            se = sigma * math.sqrt(1 + x @ inverse @ x)
            assert got.sar[row, day] == pytest.approx(ar / se, rel=1e-9)


def test_missing_days_stay_missing_and_are_never_filled():
    frame = world(3)
    frame.iloc[140, 0] = np.nan
    frame.iloc[139:142, 1] = np.nan
    frame.iloc[100:110, 2] = np.nan
    got, dropped = abnormal(frame, one_date(3))
    assert dropped == {}
    assert np.isnan(got.ar[0, DAY])
    assert np.isnan(got.expected[0, DAY])
    assert np.isfinite(got.ar[0, DAY - 1])
    whole = got.cumulate(Window(-1, 1))
    assert whole.n_days.tolist() == [2, 0, 3]
    assert whole.car[0] == pytest.approx(got.ar[0, DAY - 1] + got.ar[0, DAY + 1], rel=1e-14)
    assert np.isnan(whole.car[1])
    assert got.fit.n_obs.tolist() == [120, 120, 110]  # nothing is fetched to make up for it
    assert np.isnan(got.estimation_returns[2]).sum() == 10


def test_a_factor_that_was_not_published_takes_the_day_with_it():
    frame = world(2)
    frame.iloc[[50, 140], 2] = np.nan
    got, _ = abnormal(frame, one_date(2))
    assert got.fit.n_obs.tolist() == [119, 119]
    assert np.isnan(got.ar[:, DAY]).all()
    mean, _ = abnormal(frame, one_date(2), model=ConstantMean())
    assert np.isfinite(mean.ar[:, DAY]).all()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_halt_over_day_zero(model):
    """The resumption return covers k sessions: constant k, factor compounded, variance sum k."""
    returns = world(1, seed=3)
    frame = prices(returns)
    frame.iloc[140:143, 0] = np.nan  # halted on 140, 141, 142; day zero moves to 143
    got, _ = abnormal(frame, [("A", "S00", 140)], kind="prices", model=model)
    assert (got.rows.announced[0], got.rows.zero[0]) == (140, 143)
    assert got.spans[0, DAY] == 4
    market = frame[MARKET].iloc[143] / frame[MARKET].iloc[139] - 1
    own = frame["S00"].iloc[143] / frame["S00"].iloc[139] - 1
    assert got.returns[0, DAY] == pytest.approx(own, rel=1e-12)
    clean = prices(returns).pct_change()
    b, sigma, inverse, _ = regression(clean, "S00", 143)
    x = np.array([4.0, market])
    if model.name == "market":
        expected, term = b @ x, x @ inverse @ x
    elif model.name == "constant_mean":
        window = clean["S00"].iloc[13:133]
        expected, sigma, term = 4 * window.mean(), window.std(), 16 / 120
    else:
        gap = (clean["S00"] - clean[MARKET]).iloc[13:133]
        expected, sigma, term = market, gap.std(), 0.0
    assert got.expected[0, DAY] == pytest.approx(expected, rel=1e-9)
    effect = got.cumulate(Window(0, 0))
    assert effect.car[0] == pytest.approx(own - expected, rel=1e-9)
    assert effect.se[0] == pytest.approx(sigma * math.sqrt(4 + term), rel=1e-9)
    assert (effect.length[0], effect.n_days[0], effect.span[0]) == (4, 1, 4)
    wider = got.cumulate(Window(-1, 1))  # day -1 is a halted session
    assert (wider.length[0], wider.n_days[0]) == (5, 2)


def test_a_single_lost_price_costs_two_estimation_days():
    frame = prices(world(2))
    frame.iloc[60, 0] = np.nan
    got, _ = abnormal(frame, one_date(2), kind="prices")
    assert got.fit.n_obs.tolist() == [118, 120]
    assert np.isnan(got.residuals[0, 60 - 10 : 62 - 10]).all()


def test_a_hole_in_given_returns_costs_one():
    frame = world(2)
    frame.iloc[60, 0] = np.nan
    got, _ = abnormal(frame, one_date(2))
    assert got.fit.n_obs.tolist() == [119, 120]
    assert (got.spans == 1).all()


def test_excluded_days_are_out_of_the_estimation_and_nothing_else_is():
    frame = world(1, 170)
    rows = [("A", "S00", 120), ("B", "S00", 160)]
    settings = {"estimation": (-100, -11), "windows": [(-1, 1)], "min_estimation": 80}
    plain = worlds.run(frame, rows, **settings)
    without = worlds.run(frame, rows, **settings, exclude_events_from_estimation=True)
    assert plain.fits["n_obs"].tolist() == [90, 90]
    assert without.fits["n_obs"].tolist() == [90, 87]
    clean = frame.copy()
    clean.iloc[119:122, 0] = np.nan
    b, sigma, _, m = regression(clean, "S00", 160, estimation=(-100, -11))
    assert m == 87
    row = without.fits.iloc[1]
    assert row["alpha"] == pytest.approx(b[0], rel=1e-9)
    assert row["beta"] == pytest.approx(b[1], rel=1e-9)
    assert row["sigma"] == pytest.approx(sigma, rel=1e-12)
    assert "3 estimation days of other events left out" in without.events["flags"].iloc[1]
    for name, keys in (("events", ["car", "se"]), ("fits", ["alpha", "beta"])):
        one, other = (getattr(result, name).iloc[0][keys] for result in (plain, without))
        assert one.tolist() == other.tolist()


def test_too_few_days_are_a_reason_with_both_numbers():
    frame = world(2)
    frame.iloc[10:60, 0] = np.nan
    got, dropped = abnormal(frame, one_date(2), min_estimation=100)
    assert len(got) == 1
    assert dropped == {
        0: "70 usable days of 120 in the estimation window (-130, -11); 100 are needed"
    }


def test_the_reason_says_which_days_were_left_out_on_purpose():
    frame = world(1, 170)
    rows = [("A", "S00", 120), ("B", "S00", 160)]
    got = worlds.run(
        frame,
        rows,
        estimation=(-100, -11),
        windows=[(-5, 5)],
        min_estimation=85,
        exclude_events_from_estimation=True,
    )
    assert got.dropped["event_id"].tolist() == ["B"]
    assert "79 usable days of 90" in got.dropped["reason"].iloc[0]
    assert "(11 days of other events are left out)" in got.dropped["reason"].iloc[0]


def test_a_model_needs_five_days_more_than_it_has_coefficients():
    frame = world(1)
    frame.iloc[:124, 0] = np.nan
    _, dropped = abnormal(frame, one_date(1), min_estimation=1)
    assert "6 usable days of 120" in dropped[0]
    assert "7 are needed" in dropped[0]


def test_a_price_that_never_moves_has_a_reason():
    frame = world(2)
    frame["S00"] = 0.0
    frame["S01"] = frame[MARKET]
    for model in (MarketModel(), ConstantMean(), MarketAdjusted()):
        _, dropped = abnormal(frame, one_date(2), model=model)
        if model.name != "market_adjusted":
            assert "does not vary" in dropped[0]
        if model.name != "constant_mean":
            assert "does not vary" in dropped[1]


def test_a_benchmark_that_never_moves_has_a_reason():
    frame = world(1)
    frame[MARKET] = 0.001
    _, dropped = abnormal(frame, one_date(1))
    assert "the benchmark does not vary" in dropped[0]


def test_no_day_at_all_in_the_event_window():
    frame = world(2)
    frame.iloc[135:146, 0] = np.nan
    got, dropped = abnormal(frame, one_date(2))
    assert len(got) == 1
    assert dropped == {0: "no abnormal return on any day of the event window (-5, 5)"}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@pytest.mark.parametrize("factor", [100.0, 1e-3, -1.0])
def test_scaling_returns_scales_effects_and_leaves_their_t(model, factor):
    frame = world(3, seed=5)
    frame.iloc[[50, 141], 1] = np.nan
    one, _ = abnormal(frame, one_date(3), model=model)
    two, _ = abnormal(frame * factor, one_date(3), model=model)
    np.testing.assert_allclose(two.ar, factor * one.ar, rtol=1e-9, atol=1e-15 * abs(factor))
    for window in (Window(0, 0), Window(-1, 1)):
        a, b = one.cumulate(window), two.cumulate(window)
        np.testing.assert_allclose(b.car, factor * a.car, rtol=1e-9)
        np.testing.assert_allclose(b.se, abs(factor) * a.se, rtol=1e-9)
        np.testing.assert_allclose(b.scar, np.sign(factor) * a.scar, rtol=1e-9)


def test_the_estimation_window_may_follow_the_event():
    frame = world(2, 200)
    got, dropped = abnormal(frame, [("A", "S00", 20), ("B", "S01", 30)], estimation=(11, 130))
    assert dropped == {}
    assert got.fit.n_obs.tolist() == [120, 120]
    b, *_ = regression(frame, "S00", 20, estimation=(11, 130))
    np.testing.assert_allclose(got.fit.coefficients[0], b, rtol=1e-9)


def test_windows_that_run_over_the_ends_of_the_data_lose_those_days():
    frame = world(2)
    got, dropped = abnormal(
        frame, [("A", "S00", 148), ("B", "S01", 105)], windows=[(0, 3)], min_estimation=90
    )
    assert dropped == {}
    assert got.fit.n_obs.tolist() == [120, 95]
    assert got.cumulate(Window(0, 3)).n_days.tolist() == [2, 4]


def test_take_keeps_what_belongs_together():
    frame = world(4)
    whole, _ = abnormal(frame, one_date(4))
    some = whole.take(np.array([2, 0]))
    for name in ("returns", "expected", "spans", "closed", "excluded", "factors"):
        np.testing.assert_array_equal(getattr(some, name), getattr(whole, name)[[2, 0]])
    np.testing.assert_array_equal(some.fit.sigma, whole.fit.sigma[[2, 0]])
    assert some.rows.pair.tolist() == [2, 0]


# ------------------------------------------------------------------ several exchanges


def markets(seed=1, years=("2019-06-01", "2020-12-30")):
    """Prices of New York, Hong Kong and Shanghai on their own sessions, in one frame."""
    rng = np.random.default_rng(seed)
    columns = {}
    for mic, tickers in {
        "XNYS": ["MU", "NVDA", "^GSPC"],
        "XHKG": ["0981.HK", "^HSI"],
        "XSHG": ["600000.SS", "000300.SS"],
    }.items():
        sessions = exchange_calendar(mic, *years).sessions
        for ticker in tickers:
            level = 100 * np.cumprod(1 + 0.015 * rng.standard_normal(len(sessions)))
            columns[ticker] = pd.Series(level, index=sessions.astype("datetime64[s]"))
    return pd.DataFrame(columns).sort_index()


def study(**settings):
    usual = {"estimation": (-130, -11), "event": (-5, 5), "windows": [(0, 0), (-1, 1)]}
    return es.Study(**(usual | settings))


def outcome(frame, *tickers, date="2020-10-12", **columns):
    table = {"event_id": "A", "ticker": list(tickers), "date": date} | columns
    events = es.Events.from_frame(pd.DataFrame(table))
    return study().run(events, prices=es.MemoryPrices.from_prices(frame))


def test_a_foreign_holiday_changes_nothing():
    """The same numbers, to the last bit, with and without markets that keep other holidays."""
    frame = markets()
    whole = outcome(frame, "0981.HK", "MU", "600000.SS")
    for ticker, benchmark in (("0981.HK", "^HSI"), ("MU", "^GSPC"), ("600000.SS", "000300.SS")):
        alone = outcome(frame[[ticker, benchmark]].dropna(how="all"), ticker)
        for name in ("events", "days", "fits", "estimation"):
            mine = getattr(whole, name)
            mine = mine[mine["ticker"] == ticker].reset_index(drop=True)
            pd.testing.assert_frame_equal(
                mine.select_dtypes("number"),
                getattr(alone, name).select_dtypes("number"),
                rtol=1e-12,
                atol=0,
                check_exact=False,
            )
    assert (whole.days["spans"] <= 1).all()  # no holiday is a halt
    assert (whole.fits["n_obs"] == 120).all()


def test_a_day_without_a_session_of_the_benchmark_is_zero_and_flagged():
    """Hong Kong on 2020-09-08 against New York, closed on Labor Day the 7th."""
    frame = markets()
    result = outcome(frame, "0981.HK", date="2020-09-08", benchmark="^GSPC")
    row = result.events.set_index("window").loc["(0, 0)"]
    assert row["benchmark_closed"]
    assert "its return is 0" in row["flags"]
    fit = result.fits.iloc[0]
    day = result.days.set_index("day").loc[0]
    assert day["expected"] == pytest.approx(fit["alpha"], rel=1e-12)
    assert np.isfinite(day["ar"])


def test_a_lost_price_of_the_benchmark_is_missing_and_not_zero():
    frame = markets()
    frame.loc[pd.Timestamp("2020-10-09"), "^GSPC"] = np.nan
    result = outcome(frame, "0981.HK", "MU", benchmark="^GSPC")
    days = result.days.set_index(["ticker", "day"])
    # Two returns of the index are lost: of the 9th, and of the 12th, which would span it.
    assert np.isnan(days.loc[("MU", -1), "ar"])
    assert np.isnan(days.loc[("MU", 0), "ar"])
    assert np.isnan(days.loc[("0981.HK", 0), "ar"])  # its Monday holds New York's Friday
    assert np.isfinite(days.loc[("MU", 0), "return"])
    assert not result.events["benchmark_closed"].any()


def test_a_halt_abroad_compounds_the_foreign_benchmark_over_its_span():
    frame = markets()
    halted = pd.date_range("2020-10-12", "2020-10-14")
    frame.loc[frame.index.isin(halted), "0981.HK"] = np.nan
    result = outcome(frame, "0981.HK", benchmark="^GSPC")
    row = result.events.set_index("window").loc["(0, 0)"]
    # A typhoon closed Hong Kong on the 13th: two sessions were halted, the return covers three.
    assert row["day_zero"] == pd.Timestamp("2020-10-15")
    assert (row["shifted_by"], row["spans"]) == (2, 3)
    fit, day = result.fits.iloc[0], result.days.set_index("day").loc[0]
    index = frame["^GSPC"].dropna()
    # New York's sessions that close after Hong Kong's close of the 9th, to that of the 15th.
    market = index[pd.Timestamp("2020-10-14")] / index[pd.Timestamp("2020-10-08")] - 1
    assert day["expected"] == pytest.approx(3 * fit["alpha"] + fit["beta"] * market, rel=1e-9)


def test_factors_of_a_model_without_a_benchmark_are_none():
    frame = world(2)
    got, _ = abnormal(frame, one_date(2), model=ConstantMean())
    assert got.factors.shape == (2, 11, 0)
    assert not got.closed.any()
    assert isinstance(got.market, Factors)
