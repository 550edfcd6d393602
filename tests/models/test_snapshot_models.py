"""The bundled figures: SMIC, Shanghai and Ambarella, by this package and by statsmodels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import eventstudy as es
from eventstudy.calendars import exchange_calendar

FOLDER = Path(es.__file__).parent / "data" / "snapshot"


def series(ticker):
    frame = pd.read_csv(FOLDER / f"{ticker}.csv", parse_dates=["date"], index_col="date")
    return frame["return"]


def study(model, ticker, instant, benchmark="", **settings):
    table = pd.DataFrame(
        {
            "event_id": ["E"],
            "ticker": [ticker],
            "announced_at": [instant],
            "precision": ["assumed"],
            "benchmark": [benchmark],
        }
    )
    return es.Study(model=model, **settings).run(
        es.Events.from_frame(table), prices=es.SnapshotPrices()
    )


def test_smic_2020_against_the_hang_seng():
    found = study("market", "0981.HK", "2020-09-04T17:00-04:00", "^HSI")
    calendar = exchange_calendar("XHKG", "2019-01-01", "2020-12-31")
    share, index = (series(t).reindex(calendar.sessions) for t in ("0981.HK", "^HSI"))
    zero = int(calendar.index_of(np.array(["2020-09-07"], "datetime64[D]"))[0])
    part = slice(zero - 260, zero - 10)
    want = sm.OLS(share.iloc[part], sm.add_constant(index.iloc[part]), missing="drop").fit()
    fit, effect = found.fits.iloc[0], found.events.iloc[0]
    assert str(effect["day_zero"])[:10] == "2020-09-07"
    assert fit["beta"] == pytest.approx(want.params.iloc[1], rel=1e-9)
    assert fit["sigma"] == pytest.approx(np.sqrt(want.scale), rel=1e-9)
    ar = share.iloc[zero] - want.params.iloc[0] - want.params.iloc[1] * index.iloc[zero]
    assert effect["car"] == pytest.approx(ar, rel=1e-9)
    assert effect["car"] == pytest.approx(-0.228, abs=0.001)
    assert np.isnan(fit["beta_same_date"])


def test_shanghai_2018_against_new_york_of_the_session_before():
    found = study("market", "000001.SS", "2018-11-22T19:00-05:00")
    effect, fit = found.events.iloc[0], found.fits.iloc[0]
    assert (effect["benchmark"], effect["benchmark_exchange"]) == ("ACWI", "XNYS")
    assert bool(effect["benchmark_closed"])  # Thanksgiving lies between the two closes
    york = exchange_calendar("XNYS", "2017-01-01", "2018-12-31")
    home = exchange_calendar("XSHG", "2017-01-01", "2018-12-31")
    world, index = series("ACWI").reindex(york.sessions), series("000001.SS").reindex(home.sessions)
    zero = int(home.index_of(np.array(["2018-11-23"], "datetime64[D]"))[0])
    upto = np.searchsorted(york.closes, home.closes, side="right")
    met = [np.prod(1 + world.iloc[upto[s - 1] : upto[s]]) - 1 for s in range(zero - 260, zero - 10)]
    y = index.iloc[zero - 260 : zero - 10].to_numpy()
    want = sm.OLS(y, sm.add_constant(np.array(met))).fit()
    assert fit["beta"] == pytest.approx(want.params[1], rel=1e-9)
    assert effect["car"] == pytest.approx(index.iloc[zero] - want.params[0], rel=1e-9)
    # On most days that is the session of the date before: beta doubles against pairing by date.
    assert fit["beta"] > 1.5 * fit["beta_same_date"] > 0


def test_ambarella_2019_on_the_market_and_its_sector():
    model = es.FactorModel(["^GSPC", "^SOX"])
    found = study(model, "AMBA", "2019-10-07T17:00-04:00")
    york = exchange_calendar("XNYS", "2018-01-01", "2019-12-31")
    frame = pd.DataFrame({t: series(t).reindex(york.sessions) for t in ("AMBA", "^GSPC", "^SOX")})
    zero = int(york.index_of(np.array(["2019-10-08"], "datetime64[D]"))[0])
    part = frame.iloc[zero - 260 : zero - 10]
    want = sm.OLS(part["AMBA"], sm.add_constant(part[["^GSPC", "^SOX"]]), missing="drop").fit()
    fit, effect = found.fits.iloc[0], found.events.iloc[0]
    assert fit["^SOX"] == pytest.approx(want.params["^SOX"], rel=1e-9)
    assert fit["dof"] == want.df_resid
    ahead = sm.add_constant(frame[["^GSPC", "^SOX"]]).iloc[zero]
    assert effect["car"] == pytest.approx(frame["AMBA"].iloc[zero] - ahead @ want.params, rel=1e-9)
    plain = study("market", "AMBA", "2019-10-07T17:00-04:00")
    assert effect["se"] < plain.events.loc[0, "se"]  # the sector earns its degree of freedom


@pytest.mark.parametrize("model", ["market", es.Dimson(leads=0, lags=1), "theil_sen", "garch"])
def test_smic_falls_by_every_model(model):
    effect = study(model, "0981.HK", "2020-09-04T17:00-04:00").events.iloc[0]
    assert -0.25 < effect["car"] < -0.2
    assert effect["pvalue"] < 0.001
    assert effect["placebo_pvalue"] < 0.01
