"""How well a model does, and several side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from markets import ZERO, factors, returns, run
from statsmodels.stats.diagnostic import het_arch
from statsmodels.stats.stattools import durbin_watson, jarque_bera

import eventstudy as es
from eventstudy.comparison import USUAL

DAYS = np.arange(ZERO - 130, ZERO - 10)


def test_the_measures_are_statsmodels_own():
    frame = returns()
    frame.iloc[60, 0] = np.nan
    found = run(frame, "market", tickers=("S0", "S1"))
    table = found.models().set_index("ticker")
    part = frame.iloc[DAYS].dropna(subset="S0")
    want = sm.OLS(part["S0"], sm.add_constant(part["MKT"])).fit()
    row = table.loc["S0"]
    assert row["r2"] == pytest.approx(want.rsquared, rel=1e-10)
    assert row["durbin_watson"] == pytest.approx(durbin_watson(want.resid), rel=1e-9)
    assert row["jarque_bera_pvalue"] == pytest.approx(jarque_bera(want.resid)[1], rel=1e-7)
    engle = het_arch(want.resid, nlags=5, result_object=False)
    assert row["arch_lm_pvalue"] == pytest.approx(engle[1], rel=1e-7)
    assert np.isnan(row["prediction_error"])


def test_the_prediction_error_is_that_of_blocks_left_out():
    frame = returns()
    found = run(frame, "market", diagnostics=True)
    errors, naive = [], []
    for block in np.array_split(DAYS, 5):
        rest = np.setdiff1d(DAYS, block)
        fit = sm.OLS(frame["S0"].iloc[rest], sm.add_constant(frame["MKT"].iloc[rest])).fit()
        expected = fit.predict(sm.add_constant(frame["MKT"].iloc[block]))
        errors += (frame["S0"].iloc[block] - expected).tolist()
        naive += (frame["S0"].iloc[block] - frame["S0"].iloc[rest].mean()).tolist()
    row = found.models().iloc[0]
    errors, naive = np.array(errors), np.array(naive)
    assert row["prediction_error"] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-10)
    assert row["r2_outside"] == pytest.approx(1 - (errors**2).sum() / (naive**2).sum(), rel=1e-9)


def test_the_constant_mean_forecasts_as_well_as_itself():
    row = run(returns(), "constant_mean", diagnostics=True).models().iloc[0]
    assert row["r2_outside"] == pytest.approx(0, abs=1e-12)


def test_the_measures_survive_the_disk(tmp_path):
    found = run(returns(), es.FF3(factors()), diagnostics=True)
    again = es.load(found.save(tmp_path / "run"))
    pd.testing.assert_frame_equal(again.models(), found.models(), check_dtype=False, rtol=1e-12)
    assert np.isfinite(again.models().loc[0, "prediction_error"])


def test_models_side_by_side():
    frame = returns()
    table = pd.DataFrame(
        {
            "event_id": ["E", "F"],
            "ticker": ["S0", "S1"],
            "date": frame.index[ZERO].strftime("%Y-%m-%d"),
            "benchmark": "MKT",
        }
    )
    events, prices = es.Events.from_frame(table), es.MemoryPrices.from_returns(frame)
    study = es.Study(estimation=(-130, -11), event=(-5, 5), calendar="data")
    seen = []
    found = es.compare(
        study,
        events,
        prices,
        ["constant_mean", "market", es.FF3(factors()), es.Dimson(leads=0), "scholes_williams"],
        progress=seen.append,
    )
    assert len(seen) == 5
    assert found["event_id"].tolist() == ["E"] * 5 + ["F"] * 5
    assert found["model"].tolist()[:2] == ["constant mean", "market model"]
    best = found.loc[found.groupby("event_id")["r2_outside"].idxmax()]
    assert best["model"].str.startswith("Fama-French").all()  # the world has three factors
    assert (found["reason"] == "").all()
    assert np.isfinite(found["car"]).all()
    whole = run(frame, "market").events.iloc[0]["car"]
    assert found.loc[1, "car"] == pytest.approx(whole, rel=1e-12)


def test_a_model_that_fails_keeps_its_row_and_its_reason():
    frame = returns()
    given = factors().iloc[: ZERO - 60]
    table = pd.DataFrame(
        {"event_id": ["E"], "ticker": ["S0"], "date": [str(frame.index[ZERO].date())]}
    ).assign(benchmark="MKT")
    found = es.compare(
        es.Study(estimation=(-130, -11), event=(-5, 5), calendar="data"),
        es.Events.from_frame(table),
        es.MemoryPrices.from_returns(frame),
        ["market", es.FF3(given)],
    )
    assert found["reason"].tolist()[0] == ""
    assert "usable days" in found["reason"].tolist()[1]
    assert np.isnan(found["sigma"].tolist()[1])


def test_the_usual_models_need_no_extra():
    frame = returns()
    table = pd.DataFrame(
        {"event_id": ["E"], "ticker": ["S0"], "date": [str(frame.index[ZERO].date())]}
    ).assign(benchmark="MKT")
    found = es.compare(
        es.Study(estimation=(-130, -11), event=(-5, 5), calendar="data"),
        es.Events.from_frame(table),
        es.MemoryPrices.from_returns(frame),
    )
    assert len(found) == len(USUAL)
    assert np.isfinite(found["prediction_error"]).all()


@pytest.mark.parametrize(
    "model",
    [
        "constant_mean",
        "market_adjusted",
        "market",
        es.Dimson(),
        "scholes_williams",
        "huber",
        "theil_sen",
        es.FF3(factors()),
        es.SyntheticControl(["S1", "S2", "MKT"]),
        es.Peers(["S1", "S2", "MKT"]),
    ],
)
def test_the_estimation_window_may_follow_the_event(model):
    """For a share too young to have a past: days 10 to 130 after the event."""
    frame = returns()
    frame.iloc[:15, 0] = np.nan
    found = run(frame, model, zero=20, estimation=(10, 130), event=(-2, 5))
    assert found.dropped.empty
    fit = found.fits.iloc[0]
    assert fit["n_obs"] >= 118
    effect = found.events.set_index("window").loc["(0, 0)"]
    assert np.isfinite(effect[["car", "se", "pvalue", "placebo_pvalue"]].astype(float)).all()
    sessions = found.estimation["session"]
    assert sessions.min() == frame.index[30]
    assert sessions.max() == frame.index[150]


def test_the_estimation_window_may_follow_on_real_calendars():
    table = pd.DataFrame({"event_id": ["E"], "ticker": ["MU"], "date": ["2019-05-16"]})
    found = es.Study(estimation=(30, 280)).run(
        es.Events.from_frame(table), prices=es.SnapshotPrices()
    )
    assert found.fits.loc[0, "n_obs"] == 251
