"""The calendar-time portfolio against statsmodels."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from worlds import MARKET, prices, sample, world

from eventstudy.inference import TESTS, calendar_portfolio
from eventstudy.inference.calendar_portfolio import _first_of_each, portfolio_of
from eventstudy.models import ConstantMean, MarketAdjusted, MarketModel

WINDOW = (0, 6)


def case(seed=0, *, model=None, gaps=False):
    """Sixteen dates five sessions apart, windows of seven: 80 sessions in a row or more."""
    frame = world(5, 330, seed=seed, common=0.006)
    step = 9 if gaps else 5
    rows = [(f"E{i:02d}", f"S{i % 5:02d}", 140 + step * i) for i in range(16)]
    rows += [("F", "S00", 141), ("G", "S01", 150)]  # the same security twice on some sessions
    frame.iloc[[147, 160], 1] = np.nan
    frame.iloc[190, 5] = np.nan  # the benchmark was not published
    return frame, rows, sample(frame, rows, WINDOW, model=model or MarketModel())


def portfolio(frame, rows, model):
    """Session by session: who has an event under way, what they returned on average."""
    y, x, weight, sessions = [], [], [], []
    for session in range(len(frame)):
        held = {ticker for _, ticker, zero in rows if zero <= session <= zero + WINDOW[1]}
        market = frame[MARKET].iloc[session]
        returns = [r for r in (frame[t].iloc[session] for t in sorted(held)) if math.isfinite(r)]
        if not returns or (not math.isfinite(market) and model.name != "constant_mean"):
            continue
        mean = np.mean(returns)
        y.append(mean - market if model.name == "market_adjusted" else mean)
        x.append([1.0, market] if model.name == "market" else [1.0])
        weight.append(len(returns))
        sessions.append(session)
    return np.array(y), np.array(x), np.array(weight, float), np.array(sessions)


@pytest.mark.parametrize(
    "model", [MarketModel(), ConstantMean(), MarketAdjusted()], ids=lambda m: m.name
)
@pytest.mark.parametrize("gaps", [False, True])
def test_it_is_statsmodels_wls_with_hc1(model, gaps):
    frame, rows, one = case(model=model, gaps=gaps)
    y, x, weight, _ = portfolio(frame, rows, model)
    assert len(y) >= 60
    want = sm.WLS(y, x, weights=weight).fit(cov_type="HC1", use_t=True)
    got = TESTS["calendar_time"].compute(one)
    assert got.estimate == pytest.approx(want.params[0], rel=1e-10)
    assert got.se == pytest.approx(want.bse[0], rel=1e-10)
    assert got.statistic == pytest.approx(want.tvalues[0], rel=1e-10)
    assert got.pvalue == pytest.approx(want.pvalues[0], rel=1e-9)
    assert got.dof == len(y) - x.shape[1] == want.df_resid
    assert (got.low, got.high) == pytest.approx(tuple(want.conf_int()[0]), rel=1e-9)
    assert f"{len(y)} sessions" in got.note


def test_without_gaps_newey_west_is_statsmodels_hac():
    frame, rows, _ = case()
    frame.iloc[190, 5] = 0.001
    one = sample(frame, rows, WINDOW)
    y, x, weight, sessions = portfolio(frame, rows, MarketModel())
    assert (np.diff(sessions) == 1).all()
    lags = int(4 * (len(y) / 100) ** (2 / 9))
    want = sm.WLS(y, x, weights=weight).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True
    )
    got = TESTS["calendar_time_newey_west"].compute(one)
    assert got.estimate == pytest.approx(want.params[0], rel=1e-10)
    assert got.se == pytest.approx(want.bse[0], rel=1e-10)
    assert got.pvalue == pytest.approx(want.pvalues[0], rel=1e-9)
    assert f"{lags} lags" in got.note


def test_sessions_that_are_not_neighbours_are_no_lags_of_each_other():
    """With gaps the autocovariances are those of true sessions, not of the rows that are left."""
    frame, rows, one = case(gaps=True)
    y, x, weight, sessions = portfolio(frame, rows, MarketModel())
    assert (np.diff(sessions) > 1).any()
    fit = sm.WLS(y, x, weights=weight).fit()
    root = np.sqrt(weight)
    score = {s: x[k] * root[k] * root[k] * fit.resid[k] for k, s in enumerate(sessions)}
    lags = int(4 * (len(y) / 100) ** (2 / 9))
    meat = sum(np.outer(u, u) for u in score.values())
    for lag in range(1, lags + 1):
        for session, u in score.items():
            if session + lag in score:
                cross = np.outer(score[session + lag], u)
                meat = meat + (1 - lag / (lags + 1)) * (cross + cross.T)
    bread = np.linalg.inv((x * weight[:, None]).T @ x)
    n = len(y)
    want = math.sqrt((bread @ meat @ bread)[0, 0] * n / (n - 2))
    assert TESTS["calendar_time_newey_west"].compute(one).se == pytest.approx(want, rel=1e-9)


def test_few_sessions_have_no_value_and_a_reason():
    frame = world(3, 200)
    one = sample(frame, [("A", "S00", 140), ("B", "S01", 150)], WINDOW)
    got = TESTS["calendar_time"].compute(one)
    assert not got.has_value
    assert got.reason.startswith("14 sessions with an event under way; 60 are needed")


@pytest.mark.parametrize("seed", range(5))
def test_a_security_counts_once_a_session_by_its_first_row(seed):
    rng = np.random.default_rng(seed)
    session, security = rng.integers(100, 130, 400), rng.integers(0, 9, 400)
    first = {}
    for row, pair in enumerate(zip(session.tolist(), security.tolist(), strict=True)):
        first.setdefault(pair, row)
    assert _first_of_each(session, security).tolist() == [first[pair] for pair in sorted(first)]
    assert not len(_first_of_each(session[:0], security[:0]))


# ------------------------------------------------------------------ read from the panel


def crowd(*, n=40, kind="prices"):
    """Events of five securities that overlap, with halts and missing days."""
    rng = np.random.default_rng(n)
    frame = world(5, 330, common=0.006)
    rows = [(f"E{i:02d}", f"S{i % 5:02d}", int(z)) for i, z in enumerate(rng.integers(140, 320, n))]
    if kind == "prices":
        frame = prices(frame)
    for security, session in zip(rng.integers(0, 5, 30), rng.integers(135, 320, 30), strict=True):
        frame.iloc[session, security] = np.nan
    return sample(frame, rows, WINDOW, kind=kind)


@pytest.mark.parametrize("kind", ["prices", "returns"])
@pytest.mark.parametrize("sparse", [0, 32])
def test_the_panel_gives_the_portfolio_of_the_event_windows(kind, sparse, monkeypatch):
    """By flags and by sorting, some events at a time; the windows themselves are the reference."""
    monkeypatch.setattr(calendar_portfolio, "_SPARSE", sparse)
    monkeypatch.setattr(calendar_portfolio, "_EVENTS", 7)
    one = crowd(kind=kind)
    got, want = one.portfolio, calendar_portfolio._of_given(one.abnormal, one.window)
    assert one.abnormal.panel.any_span == (kind == "prices")
    np.testing.assert_array_equal(got.sessions, want.sessions)
    np.testing.assert_array_equal(got.held, want.held)
    np.testing.assert_array_equal(got.design, want.design)
    np.testing.assert_allclose(got.returns, want.returns, rtol=1e-12, atol=1e-17)


def test_events_with_returns_of_their_own_keep_them():
    """Of two events of a security under way the first counts: their returns are not the panel's."""
    one = crowd()
    seen = one.abnormal.observed
    own = np.arange(len(one))[:, None] / 10.0
    moved = replace(
        one.abnormal,
        given=replace(seen, returns=seen.returns + own),
        ar=one.abnormal.ar + own,
        effects={},
    )
    got, rows = portfolio_of(moved, one.window), moved.rows
    days = moved.days(one.window)
    for place, session in enumerate(got.sessions):
        held = {}
        for row in range(len(one)):
            day = session - rows.zero[row] - WINDOW[0]
            if 0 <= day < 7 and seen.spans[row, days][day] == 1:
                value = moved.returns[row, days][day]
                if np.isfinite(value):
                    held.setdefault(int(rows.security[row]), value)
        assert got.held[place] == len(held)
        assert got.returns[place] == pytest.approx(np.mean(list(held.values())), rel=1e-12)
