"""Returns in one currency."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import exchange_calendar
from eventstudy.currency import CURRENCIES, rate_ticker
from eventstudy.errors import PricesError, StudyError, UnknownExchangeError
from eventstudy.exchanges import EXCHANGES

FIRST, LAST = "2021-01-01", "2021-12-31"
KONG = exchange_calendar("XHKG", FIRST, LAST)
YORK = exchange_calendar("XNYS", FIRST, LAST)
RATES = exchange_calendar("24/5", FIRST, LAST)
DAY = "2021-09-15"


def market(seed=0):
    """Prices of a share and an index in Hong Kong, a share in New York, and Hong Kong's rate."""
    rng = np.random.default_rng(seed)
    days = np.unique(np.concatenate([KONG.sessions, YORK.sessions, RATES.sessions]))
    frame = pd.DataFrame(np.nan, index=pd.DatetimeIndex(days), columns=["1111.HK", "^HSI", "MU"])
    frame["^GSPC"], frame["HKDUSD=X"] = np.nan, np.nan
    for name, calendar, spread in (
        ("1111.HK", KONG, 0.02),
        ("^HSI", KONG, 0.01),
        ("MU", YORK, 0.02),
        ("^GSPC", YORK, 0.01),
        ("HKDUSD=X", RATES, 0.004),
    ):
        steps = rng.normal(0, spread, len(calendar.sessions))
        frame.loc[calendar.sessions, name] = 100 * np.cumprod(1 + steps)
    return frame


def run(frame, tickers=("1111.HK", "MU"), **settings):
    table = pd.DataFrame({"event_id": "E", "ticker": list(tickers), "date": DAY})
    study = es.Study(**({"estimation": (-140, -11), "event": (-5, 5)} | settings))
    return study.run(es.Events.from_frame(table), prices=es.MemoryPrices.from_prices(frame))


def in_dollars(frame, ticker):
    """Price at each Hong Kong close times the rate of the last day that had ended by then."""
    ended = np.searchsorted(RATES.closes, KONG.closes, side="right") - 1
    rate = frame["HKDUSD=X"].loc[RATES.sessions].to_numpy()
    price = frame[ticker].loc[KONG.sessions].to_numpy()
    return np.where(ended >= 0, price * rate[ended], np.nan)


def test_every_exchange_has_a_currency():
    assert {exchange.calendar for exchange in EXCHANGES} <= set(CURRENCIES)


def test_returns_are_those_of_prices_in_dollars():
    frame = market()
    local, dollars = run(frame), run(frame, currency="USD")
    zero = int(KONG.index_of(np.array([DAY], "datetime64[D]"))[0])
    own = in_dollars(frame, "1111.HK")
    days = dollars.days[dollars.days["ticker"] == "1111.HK"].set_index("day")
    for day in range(-5, 6):
        want = own[zero + day] / own[zero + day - 1] - 1
        assert days.loc[day, "return"] == pytest.approx(want, rel=1e-9)
    y = (own[1:] / own[:-1] - 1)[slice(zero - 141, zero - 11)]
    index = in_dollars(frame, "^HSI")
    x = (index[1:] / index[:-1] - 1)[slice(zero - 141, zero - 11)]
    beta = np.polyfit(x, y, 1)[0]
    fits = dollars.fits.set_index("ticker")
    assert fits.loc["1111.HK", "beta"] == pytest.approx(beta, rel=1e-8)
    # A share in dollars is what it was.
    pd.testing.assert_series_equal(
        fits.loc["MU"].drop("note"), local.fits.set_index("ticker").loc["MU"].drop("note")
    )


@pytest.mark.parametrize("currency", ["EUR", "HKD"])
def test_a_close_in_new_york_takes_the_rate_of_the_night_that_follows_it(currency):
    """Three to four hours later, where that of the night before is twenty hours older."""
    frame = market().rename(columns={"HKDUSD=X": f"USD{currency}=X"})
    found = run(frame, ("MU",), currency=currency)
    own = (frame["MU"] * frame[f"USD{currency}=X"]).loc[YORK.sessions].pct_change()
    zero = int(YORK.index_of(np.array([DAY], "datetime64[D]"))[0])
    got = found.days.set_index("day")["return"]
    for day in range(-5, 6):
        assert got[day] == pytest.approx(own.iloc[zero + day], rel=1e-9)


def test_a_return_after_a_halt_takes_the_rates_change_over_all_of_it():
    frame = market()
    zero = int(KONG.index_of(np.array([DAY], "datetime64[D]"))[0])
    frame.loc[KONG.sessions[zero - 2 : zero], "1111.HK"] = np.nan
    found = run(frame, ("1111.HK",), currency="USD")
    day = found.days.set_index("day").loc[0]
    own = in_dollars(market(), "1111.HK")
    assert day["spans"] == 3
    assert day["return"] == pytest.approx(own[zero] / own[zero - 3] - 1, rel=1e-9)


def test_it_is_said_in_settings_sources_and_the_written_study(tmp_path):
    found = run(market(), currency="USD")
    assert found.spec["currency"] == "USD"
    assert es.Study.from_spec(found.spec).currency == "USD"
    assert ("Currency", "USD, returns converted by exchange rates") in found.findings().settings
    sources = found.sources.set_index("ticker")
    assert sources.loc["HKDUSD=X", "role"] == "currency"
    assert "returns converted by HKDUSD=X" in sources.loc["^HSI", "note"]
    assert sources.loc["MU", "note"] == ""
    assert es.load(found.save(tmp_path / "run")).spec["currency"] == "USD"
    assert run(market()).spec["currency"] == ""


def test_claims_are_about_local_prices():
    frame = market()
    claims = pd.DataFrame(
        {
            "event_id": ["E"],
            "ticker": ["1111.HK"],
            "measure": ["close_return"],
            "quoted": ["1 %"],
            "comparison": ["is"],
            "since": [""],
            "text": ["rose"],
            "source": [""],
        }
    )
    table = pd.DataFrame({"event_id": ["E"], "ticker": ["1111.HK"], "date": [DAY]})
    study = es.Study(estimation=(-140, -11), event=(-5, 5), currency="USD")
    found = study.run(
        es.Events.from_frame(table), prices=es.MemoryPrices.from_prices(frame), claims=claims
    )
    zero = int(KONG.index_of(np.array([DAY], "datetime64[D]"))[0])
    price = frame["1111.HK"].loc[KONG.sessions].to_numpy()
    assert found.claims.loc[0, "measured"] == pytest.approx(price[zero] / price[zero - 1] - 1)


def test_without_the_rate_the_pair_is_dropped_with_the_reason():
    found = run(market().drop(columns="HKDUSD=X"), currency="USD")
    assert found.dropped["ticker"].tolist() == ["1111.HK"]
    assert found.dropped.loc[0, "reason"].startswith("currency: ")
    assert "HKDUSD=X" in found.dropped.loc[0, "reason"]
    with pytest.raises(PricesError, match="HKDUSD=X"):
        run(market().drop(columns="HKDUSD=X"), ("1111.HK",), currency="USD")


def test_a_rate_that_is_missing_costs_the_days_that_need_it():
    frame = market()
    zero = int(KONG.index_of(np.array([DAY], "datetime64[D]"))[0])
    frame.loc[KONG.sessions[zero - 1], "HKDUSD=X"] = np.nan  # ends in the night before day zero
    found = run(frame, ("1111.HK",), currency="USD")
    assert np.isnan(found.days.set_index("day").loc[0, "return"])


def test_currencies_that_are_none():
    with pytest.raises(StudyError, match=r"'EURO' is not known\. Choose one of ARS, AUD, "):
        es.Study(currency="EURO")
    with pytest.raises(StudyError, match="tell no currency"):
        es.Study(currency="USD", calendar="data")
    with pytest.raises(UnknownExchangeError, match="24/7"):
        rate_ticker("24/7", "USD")
    assert rate_ticker("XNYS", "EUR") == "USDEUR=X"


@pytest.mark.parametrize(
    ("ticker", "exchange", "own"),
    [
        ("900901.SS", "XSHG", "USD"),
        ("600000.SS", "XSHG", "CNY"),
        ("200002.SZ", "XSHG", "HKD"),
        ("000002.SZ", "XSHG", "CNY"),
        ("80700.HK", "XHKG", "CNY"),
        ("0700.HK", "XHKG", "HKD"),
    ],
)
def test_shares_that_trade_in_another_currency_than_their_exchange(ticker, exchange, own):
    for wanted in ("USD", "HKD", "CNY", "EUR"):
        rate = "" if wanted == own else f"{own}{wanted}=X"
        assert rate_ticker(exchange, wanted, ticker) == rate
