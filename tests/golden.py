"""The stored values of ``reference/golden.csv``: its panel, its rows, and the study they are of."""

from __future__ import annotations

import csv
import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import eventstudy as es

REFERENCE = Path(__file__).parent / "reference"
WINDOWS = ((0, 0), (-1, 1), (0, 1), (-5, 5))
SESSIONS = 136
TESTS = {
    "cross_sectional_t": "cross_sectional",
    "crude_dependence_t": "crude_dependence",
    "J1_z": "j1",
    "J2_z": "j2",
    "patell_z_scar": "patell",
    "adj_patell_z": "adjusted_patell",
    "bmp_t": "bmp",
    "adj_bmp_t": "adjusted_bmp",
    "portfolio_t": "portfolio",
    "corrado_rank_z": "corrado",
    "corrado_zivney_rank_z": "corrado_zivney",
    "corrado_zivney_sign_z": "corrado_zivney_sign",
    "grank_t": "grank_t",
    "grank_z": "grank_z",
    "sign_exact_p": "sign",
    "generalized_sign_z": "generalized_sign",
    "wilcoxon_exact_p": "wilcoxon",
    "johnson_lbt_t": "skewness_adjusted",
    "hall_t_gammaLBT": "hall",
    "sur_F": "sur",
    "sur_mean_t": "sur_mean",
}
"""Tests of the package by the names of the stored statistics."""


@lru_cache
def rows() -> list[dict[str, str]]:
    """Every stored value."""
    with (REFERENCE / "golden.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@lru_cache
def panel() -> pd.DataFrame:
    """Returns and factors on 136 sessions; days -10 to -6 are not in the file and stay empty."""
    given = pd.read_csv(REFERENCE / "golden_panel.csv")
    columns: dict[str, np.ndarray] = {}
    for event, part in given.groupby("event"):
        place = part["rel_day"].to_numpy() + 130
        named = {event: "ret", "MKT": "mkt", "RF": "rf", "SMB": "smb", "HML": "hml"}
        for ticker, name in named.items():
            columns.setdefault(ticker, np.full(SESSIONS, np.nan))[place] = part[name]
    frame = pd.DataFrame(columns, index=pd.bdate_range("2020-01-06", periods=SESSIONS))
    frame["Mkt-RF"] = frame["MKT"] - frame["RF"]
    return frame


def study(model: Any) -> es.StudyResult:
    """Run the study that the stored values are of."""
    frame = panel()
    tickers = [name for name in frame.columns if name.startswith("E")]
    events = pd.DataFrame(
        {
            "event_id": tickers,
            "ticker": tickers,
            "date": frame.index[130].strftime("%Y-%m-%d"),
            "benchmark": "MKT",
        }
    )
    settings = es.Study(
        model=model, estimation=(-130, -11), event=(-5, 5), windows=WINDOWS, calendar="data"
    )
    prices = es.MemoryPrices.from_returns(frame[[*tickers, "MKT"]])
    return settings.run(es.Events.from_frame(events), prices=prices)


def close(got: float, want: float) -> bool:
    """Tell whether a value is the stored one, but for the last digits."""
    return math.isclose(float(got), float(want), rel_tol=1e-10, abs_tol=1e-14)
