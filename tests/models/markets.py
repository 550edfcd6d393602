"""Seeded markets for the tests of the models, and a study's shortest form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

import eventstudy as es

SESSIONS = 160
ZERO = 140


def days(count: int = SESSIONS) -> pd.DatetimeIndex:
    return pd.bdate_range("2020-01-06", periods=count)


def shifted(values: np.ndarray, by: int) -> np.ndarray:
    """The value of ``by`` sessions later, NaN beyond the end."""
    out = np.full(len(values), np.nan)
    if by >= 0:
        out[: len(values) - by] = values[by:]
    else:
        out[-by:] = values[:by]
    return out


def factors(seed: int = 0, sessions: int = SESSIONS) -> pd.DataFrame:
    """Six factors and a riskless return, named as in Ken French's library."""
    rng = np.random.default_rng(seed)
    names = ["Mkt-RF", "SMB", "HML", "RMW", "CMA", "Mom"]
    spread = [0.01, 0.005, 0.005, 0.004, 0.004, 0.006]
    frame = pd.DataFrame(
        rng.standard_normal((sessions, 6)) * spread, columns=names, index=days(sessions)
    )
    return frame.assign(RF=0.00005 + 0.00004 * np.sin(np.arange(sessions) / 9))


def returns(seed: int = 1, securities: int = 3, sessions: int = SESSIONS) -> pd.DataFrame:
    """Returns of securities that load on the first three factors, and of the market MKT."""
    rng = np.random.default_rng(seed)
    given = factors(0, sessions)
    columns: dict[str, Any] = {}
    for which in range(securities):
        loads = rng.uniform(0.3, 1.4, 3)
        own = 0.012 * rng.standard_normal(sessions)
        columns[f"S{which}"] = 0.0003 + given.iloc[:, :3].to_numpy() @ loads + own + given["RF"]
    columns["MKT"] = given["Mkt-RF"] + given["RF"]
    return pd.DataFrame(columns, index=days(sessions))


def run(
    frame: pd.DataFrame,
    model: Any,
    *,
    tickers: tuple[str, ...] = ("S0",),
    zero: int = ZERO,
    kind: str = "returns",
    event_ids: tuple[str, ...] | None = None,
    **settings: Any,
) -> es.StudyResult:
    """One event a ticker, all on one date."""
    table = pd.DataFrame(
        {
            "event_id": event_ids or [f"E-{ticker}" for ticker in tickers],
            "ticker": tickers,
            "date": frame.index[zero].strftime("%Y-%m-%d"),
            "benchmark": "MKT",
        }
    )
    usual = {"estimation": (-130, -11), "event": (-5, 5), "calendar": "data"}
    usual |= {"windows": ((0, 0), (-1, 1))}
    source = getattr(es.MemoryPrices, f"from_{kind}")(frame)
    return es.Study(model=model, **(usual | settings)).run(
        es.Events.from_frame(table), prices=source
    )
