"""A small market of normal returns with one common shock: four dates, two of them adjacent."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eventstudy.events import Events
from eventstudy.sources import MemoryPrices
from eventstudy.study import Study

TICKERS = [f"S{k}" for k in range(6)]
DATES = ["2021-03-01", "2021-03-02", "2021-05-03", "2021-07-01"]


def market(sigma=0.02, rho=0.3, seed=11, missing=()):
    rng = np.random.default_rng(seed)
    days = pd.bdate_range("2020-01-01", "2021-12-31")
    index = 0.01 * rng.standard_normal(len(days))
    common, own = rng.standard_normal(len(days)), rng.standard_normal((len(days), len(TICKERS)))
    residual = sigma * (np.sqrt(rho) * common[:, None] + np.sqrt(1 - rho) * own)
    frame = pd.DataFrame(residual + index[:, None], index=days, columns=TICKERS)
    frame["INDEX"] = index
    for ticker, day in missing:
        frame.loc[day, ticker] = np.nan
    return MemoryPrices.from_returns(frame)


def events(dates=tuple(DATES), tickers=tuple(TICKERS)):
    return Events.from_frame(
        pd.DataFrame(
            {
                "event_id": [f"E{k}" for k in range(len(dates))],
                "date": list(dates),
                "tickers": " ".join(tickers),
                "kind": ["sanction"] * (len(dates) - 1) + ["report"],
                "benchmark": "INDEX",
            }
        )
    )


def study(**options):
    standard = {
        "calendar": "data",
        "estimation": (-210, -11),
        "event": (-5, 5),
        "windows": [(0, 0), (-1, 1)],
    }
    return Study(**(standard | options))


@pytest.fixture(name="market")
def market_fixture():
    return market()


@pytest.fixture(name="events")
def events_fixture():
    return events()
