"""Benchmarks of other exchanges: aligned by closes, and what pairing by date would have given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import eventstudy as es
from eventstudy.calendars import exchange_calendar
from eventstudy.models import model_named

YORK = exchange_calendar("XNYS", "2021-01-01", "2021-12-31")
KONG = exchange_calendar("XHKG", "2021-01-01", "2021-12-31")
DAY = "2021-09-15"


def follower(seed=0):
    """A Hong Kong share that follows New York's day before, and New York's index."""
    rng = np.random.default_rng(seed)
    index = rng.normal(0, 0.01, len(YORK.sessions))
    upto = np.searchsorted(YORK.closes, KONG.closes, side="right")
    met = np.zeros(len(KONG.sessions))
    for session in range(1, len(met)):
        met[session] = np.prod(1 + index[upto[session - 1] : upto[session]]) - 1
    share = 1.3 * met + rng.normal(0, 0.004, len(met))
    dates = pd.DatetimeIndex(np.union1d(YORK.sessions, KONG.sessions))
    frame = pd.DataFrame(np.nan, index=dates, columns=["1111.HK", "^GSPC", "MU"])
    frame.loc[KONG.sessions, "1111.HK"] = share
    frame.loc[YORK.sessions, "^GSPC"] = index
    frame.loc[YORK.sessions, "MU"] = index + rng.normal(0, 0.01, len(index))
    return frame


def run(frame, **settings):
    table = pd.DataFrame(
        {
            "event_id": ["E", "E"],
            "ticker": ["1111.HK", "MU"],
            "date": [DAY, DAY],
            "benchmark": ["^GSPC", "^GSPC"],
        }
    )
    study = es.Study(**({"estimation": (-140, -11), "event": (-5, 5)} | settings))
    return study.run(es.Events.from_frame(table), prices=es.MemoryPrices.from_returns(frame))


def test_beta_with_and_without_the_alignment():
    frame = follower()
    fits = run(frame).fits.set_index("ticker")
    assert fits.loc["1111.HK", "beta"] == pytest.approx(1.3, abs=0.1)
    both = frame[["1111.HK", "^GSPC"]].loc[KONG.sessions]
    zero = int(KONG.index_of(np.array([DAY], "datetime64[D]"))[0])
    part = both.iloc[zero - 140 : zero - 10].dropna()
    want = sm.OLS(part["1111.HK"], sm.add_constant(part["^GSPC"])).fit()
    assert fits.loc["1111.HK", "beta_same_date"] == pytest.approx(want.params.iloc[1], rel=1e-9)
    assert abs(fits.loc["1111.HK", "beta_same_date"]) < 0.3
    assert np.isnan(fits.loc["MU", "beta_same_date"])


def test_the_exchange_of_the_benchmark_stands_beside_the_securitys():
    events = run(follower()).events.drop_duplicates("ticker").set_index("ticker")
    assert events.loc["1111.HK", ["exchange", "benchmark_exchange"]].tolist() == ["XHKG", "XNYS"]
    assert events.loc["MU", ["exchange", "benchmark_exchange"]].tolist() == ["XNYS", "XNYS"]


def test_the_report_says_what_the_alignment_changes():
    notes = " ".join(run(follower()).findings().notes)
    assert "1 pair is measured against a benchmark of another exchange" in notes
    assert "1111.HK on E 1.2" in notes
    assert "instead of" in notes


def test_the_report_says_it_of_factors_too():
    found = run(follower(), model=model_named("factors", factors=["^GSPC"]))
    notes = " ".join(found.findings().notes)
    assert "1 pair is measured against factors of another exchange (^GSPC). Their" in notes
    assert "measured against" not in " ".join(
        run(follower(), model="constant_mean").findings().notes
    )


@pytest.mark.parametrize("model", ["constant_mean", "market_adjusted", "huber"])
def test_other_models_and_the_slope_by_date(model):
    fits = run(follower(), model=model).fits.set_index("ticker")
    assert np.isnan(fits.loc["1111.HK", "beta_same_date"]) == (model == "constant_mean")


def test_a_run_directory_keeps_both(tmp_path):
    found = run(follower())
    again = es.load(found.save(tmp_path / "run"))
    np.testing.assert_array_equal(again.fits["beta_same_date"], found.fits["beta_same_date"])
    assert (
        again.events["benchmark_exchange"].tolist() == found.events["benchmark_exchange"].tolist()
    )
