"""Estimation windows whose start moves back for the days that they lack."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from worlds import EVERY, MARKET, one_date, prices, run, study, table, world

import eventstudy as es
from eventstudy.errors import StudyError

FIRST, LAST, ZERO = -60, -11, 120  # an estimation window of 50 days, and 60 rows before it
SETTINGS = {"estimation": (FIRST, LAST), "min_estimation": 20}


def usable_rows(frame: pd.DataFrame, ticker: str, out: set[int], reach: int) -> list[int]:
    """Rows of the newest 50 usable days up to day -11, none older than the reach, by a loop."""
    rows: list[int] = []
    for row in range(ZERO + LAST, ZERO + FIRST - reach - 1, -1):
        known = np.isfinite(frame[ticker].iloc[row]) and np.isfinite(frame[MARKET].iloc[row])
        if known and row not in out and len(rows) < 50:
            rows.append(row)
    return sorted(rows)


def holes() -> pd.DataFrame:
    """Four securities: whole, with eleven scattered holes, with a long one, with a young series."""
    frame = world(4)
    rng = np.random.default_rng(1)
    frame.iloc[rng.choice(np.arange(60, 110), 11, replace=False), 1] = np.nan
    frame.iloc[70:95, 2] = np.nan
    frame.iloc[:85, 3] = np.nan
    return frame


@pytest.mark.parametrize("reach", [5, 20, 40])
def test_the_fit_is_least_squares_on_the_newest_usable_days(reach):
    frame = holes()
    got = run(frame, one_date(4, ZERO), rolling_start=reach, **SETTINGS)
    assert got.dropped.empty
    for row in got.fits.itertuples(index=False):
        chosen = usable_rows(frame, row.ticker, set(), reach)
        x = sm.add_constant(frame[MARKET].iloc[chosen].to_numpy())
        y = frame[row.ticker].iloc[chosen].to_numpy()
        fit = sm.OLS(y, x).fit()
        assert (row.n_obs, row.dof) == (len(chosen), len(chosen) - 2)
        np.testing.assert_allclose([row.alpha, row.beta], fit.params, rtol=1e-9)
        assert row.sigma == pytest.approx(np.sqrt(fit.mse_resid), rel=1e-12)
        assert row.estimation_start == min(chosen[0] - ZERO, FIRST)
        assert row.estimation_first == frame.index[ZERO + row.estimation_start]
        assert row.estimation_last == frame.index[ZERO + LAST]
        ahead = fit.get_prediction([[1.0, frame[MARKET].iloc[ZERO]]])
        effects = got.events.query("ticker == @row.ticker and window == '(0, 0)'").iloc[0]
        ar = frame[row.ticker].iloc[ZERO] - ahead.predicted_mean[0]
        assert effects["car"] == pytest.approx(ar, rel=1e-9)
        assert effects["se"] == pytest.approx(ahead.se_obs[0], rel=1e-9)


def test_what_was_moved_is_said():
    got = run(holes(), one_date(4, ZERO), rolling_start=40, **SETTINGS)
    starts = dict(zip(got.fits["ticker"], FIRST - got.fits["estimation_start"], strict=True))
    assert starts == {"S00": 0, "S01": 11, "S02": 25, "S03": 0}
    flags = got.events.query("window == '(0, 0)'").set_index("ticker")["flags"]
    assert "estimation window starts 11 sessions earlier" in flags["S01"]
    assert "estimation window" not in flags["S00"]
    findings = got.findings()
    assert dict(findings.settings)["Estimation window"] == (
        "(-60, -11), its start up to 40 sessions earlier where days are not usable"
    )
    said = next(note for note in findings.notes if note.startswith("The estimation window of"))
    assert "2 pairs starts earlier than day -60" in said
    assert "S01 on E01 11, S02 on E02 25;" in said
    assert got.provenance["settings"]["rolling_start"] == 40
    estimation = got.estimation.query("ticker == 'S00'")
    assert estimation["day"].iloc[0] == FIRST - 25
    assert estimation["ar"].isna().sum() == 25


@pytest.mark.parametrize("model", ["market", "dimson", "scholes_williams", "constant_mean"])
def test_nothing_missing_is_the_same_to_the_last_bit(model):
    frame = world(3, common=0.01)
    off, on = (
        run(frame, one_date(3, ZERO), rolling_start=reach, model=model, tests=EVERY, **SETTINGS)
        for reach in (0, 50)
    )
    for name in ("events", "days", "estimation", "means", "tests", "leads", "dropped", "overlaps"):
        pd.testing.assert_frame_equal(off.frames[name], on.frames[name], check_exact=True)
    own = off.fits.columns
    pd.testing.assert_frame_equal(off.fits, on.fits[own], check_exact=True)
    assert set(on.fits) - set(own) == {"estimation_start", "estimation_first", "estimation_last"}


@pytest.mark.parametrize("model", [es.Dimson(leads=1, lags=2), es.ScholesWilliams()])
def test_an_event_that_lacks_nothing_does_not_see_further_back_for_the_others(model):
    """Models with lags leave out the first days of each window, wherever it starts."""
    frame = world(2)
    frame.iloc[70:80, 1] = np.nan
    alone = run(frame, one_date(1, ZERO), model=model, **SETTINGS)
    both = run(frame, one_date(2, ZERO), model=model, rolling_start=30, **SETTINGS)
    first, moved = both.fits.iloc[0], both.fits.iloc[1]
    assert first["n_obs"] == alone.fits["n_obs"].iloc[0] < 50
    assert first["beta"] == pytest.approx(alone.fits["beta"].iloc[0], rel=1e-9)
    assert moved["n_obs"] > run(frame, one_date(2, ZERO), model=model, **SETTINGS).fits["n_obs"][1]


def test_days_of_other_events_are_made_up_for():
    frame = world(1)
    rows = [("E", "S00", ZERO), ("OTHER", "S00", 90), ("EARLY", "S00", 58)]
    settings = {**SETTINGS, "exclude_events_from_estimation": True, "windows": ["0:0", "-1:1"]}
    got = run(frame, rows, rolling_start=30, **settings)
    fit = got.fits.set_index("event_id").loc["E"]
    chosen = usable_rows(frame, "S00", {89, 90, 91, 57, 58, 59}, 30)
    x = sm.add_constant(frame[MARKET].iloc[chosen].to_numpy())
    beta = sm.OLS(frame["S00"].iloc[chosen].to_numpy(), x).fit().params[1]
    assert (fit["n_obs"], fit["beta"]) == (50, pytest.approx(beta, rel=1e-9))
    # Three days are lost within the window; the three before it are lost to EARLY.
    assert fit["estimation_start"] == FIRST - 6
    flags = got.events.query("event_id == 'E'")["flags"].iloc[0]
    assert "6 estimation days of other events left out" in flags
    assert "estimation window starts 6 sessions earlier" in flags
    inside = got.overlaps.query("event_id == 'E' and kind == 'inside the estimation window'")
    assert set(inside["other_event_id"]) == {"OTHER", "EARLY"}
    off = run(frame, rows, **settings)
    assert set(off.overlaps.query("event_id == 'E'")["other_event_id"]) == {"OTHER"}


def test_a_halt_before_the_window_is_made_up_for_by_prices():
    frame = prices(world(1))
    frame.iloc[80:84, 0] = np.nan  # four prices lost: five returns, one of which covers five
    got = run(frame, one_date(1, ZERO), kind="prices", rolling_start=10, **SETTINGS)
    assert got.fits["n_obs"].tolist() == [50]
    assert got.fits["estimation_start"].tolist() == [FIRST - 5]


def test_too_few_days_even_so_are_dropped_with_both_numbers():
    frame = world(2)
    frame.iloc[:100, 0] = np.nan
    got = run(frame, one_date(2, ZERO), rolling_start=30, **SETTINGS)
    assert got.dropped["reason"].tolist() == [
        "10 usable days of 50 in the estimation window (-60, -11), 30 sessions before it included; "
        "20 are needed"
    ]
    assert got.fits["n_obs"].tolist() == [50]


def test_every_test_sees_the_days_before_a_start_as_missing():
    """The same study on data that end where each window starts gives the same answers."""
    frame = holes()
    cut = frame.copy()
    on = run(frame, one_date(4, ZERO), rolling_start=25, tests=EVERY, **SETTINGS)
    for place, ticker in enumerate(on.fits["ticker"]):
        start = ZERO + on.fits["estimation_start"].iloc[place]
        cut.iloc[:start, cut.columns.get_loc(ticker)] = np.nan
    wide = {"estimation": (FIRST - 25, LAST), "min_estimation": 20}
    other = run(cut, one_date(4, ZERO), tests=EVERY, **wide)
    same = ["group", "window", "test", "statistic", "pvalue", "low", "high", "reason"]
    pd.testing.assert_frame_equal(on.tests[same], other.tests[same], rtol=1e-9)
    columns = ["car", "se", "pvalue", "placebo_pvalue", "n_placebo", "sq_pvalue"]
    pd.testing.assert_frame_equal(on.events[columns], other.events[columns], rtol=1e-9)


def test_a_run_directory_keeps_it(tmp_path):
    got = run(holes(), one_date(4, ZERO), rolling_start=40, **SETTINGS)
    got.save(tmp_path / "run")
    back = es.load(tmp_path / "run")
    pd.testing.assert_frame_equal(back.fits, got.fits)
    assert back.findings().notes == got.findings().notes
    again = es.Study.read(tmp_path / "run" / "study.toml")
    assert again.rolling_start == 40
    assert again == study(rolling_start=40, **SETTINGS)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"rolling_start": -1}, "rolling_start -1 is no whole number"),
        ({"rolling_start": 1.5}, "rolling_start 1.5 is no whole number"),
        ({"rolling_start": 5, "estimation": (20, 90)}, "its start cannot move back"),
    ],
)
def test_what_cannot_move_is_refused(settings, words):
    with pytest.raises(StudyError, match=words):
        es.Study(**settings)


def test_power_sees_the_same_windows():
    frame = holes()
    result = run(frame, one_date(4, ZERO), rolling_start=40, **SETTINGS)
    events = es.Events.from_frame(table(frame, one_date(4, ZERO)))
    found = es.power(
        study(rolling_start=40, **SETTINGS),
        events,
        prices=es.MemoryPrices.from_returns(frame),
        replications=75,
    )
    single = found.detectable.query("test == 'sar_t' and window == '(0, 0)'")
    effects = result.events.query("window == '(0, 0)'")["car"]
    np.testing.assert_allclose(single["effect"], effects, rtol=1e-12)
    # Every day of its own window can be the day zero of a run of (-1, 1) but the last.
    assert single["replications"].iloc[0] == 50 - 1


def test_the_power_of_a_group_is_not_less_for_the_missing_days_of_another():
    """Placebo samples hold all events of a group: no run lies before an event's own window."""
    frame = world(4)
    frame.iloc[70:95, 3] = np.nan
    rows = [*one_date(3, ZERO), ("E03", "S03", ZERO + 10)]
    events = es.Events.from_frame(table(frame, rows, kind=["whole", "whole", "whole", "holes"]))
    source = es.MemoryPrices.from_returns(frame)
    off, on = (
        es.power(study(rolling_start=reach, **SETTINGS), events, prices=source, replications=75)
        for reach in (0, 40)
    )
    columns = ["window", "test", "n", "size", "mde", "replications"]
    own = [found.detectable.query("group == 'kind:whole'")[columns] for found in (off, on)]
    assert (own[0]["replications"] == 50 - 2).all()
    pd.testing.assert_frame_equal(own[1], own[0], rtol=1e-6, check_exact=False)


def test_the_placebo_of_an_event_that_lacks_a_day_is_its_own_whatever_the_others_need():
    """Runs whose first day stands for the missing one must not begin before its own window."""
    frame = world(2, sessions=200)
    frame.iloc[ZERO - 1, 0] = np.nan
    frame.iloc[70:95, 1] = np.nan  # S01 starts 25 sessions earlier
    columns = ["n_placebo", "placebo_pvalue"]
    found = []
    for pairs in (one_date(1, ZERO), one_date(2, ZERO)):
        got = run(frame, pairs, rolling_start=40, windows=[(-1, 0)], **SETTINGS)
        found.append(got.events.set_index("ticker").loc["S00", columns])
    assert found[0].to_dict() == found[1].to_dict()
    assert found[0]["n_placebo"] == 49
