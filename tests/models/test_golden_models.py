"""Factor models, Scholes-Williams and Dimson against every stored value of ``golden.csv``."""

from __future__ import annotations

import csv
import math
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import eventstudy as es

REFERENCE = Path(__file__).parents[1] / "reference"
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
BESIDE = {"N_used": "n", "CAAR": "estimate"}
PARAMETERS = {"sigma": "sigma", "M": "n_obs", "df": "dof", "R2": "r2", "beta": "beta"}
PARAMETERS |= {"alpha": "alpha", "beta_lag": "beta_lag1", "beta0": "beta_0"}
PARAMETERS |= {"beta_lead": "beta_lead1", "rho_m": "rho"}
COEFFICIENTS = {
    "capm": ("alpha", "Mkt-RF"),
    "ff3": ("alpha", "Mkt-RF", "SMB", "HML"),
    "dimson1": ("alpha", "beta_lag1", "beta_0", "beta_lead1"),
    "scholes_williams": ("alpha", "beta"),
}
EFFECTS = {"CAR": "car", "SE_CAR": "se", "SCAR": "scar"}
# Standardised effects summed by day, and statistics that the other tests already hold.
OTHERS = {
    *("patell_z_csar", "patell_z_csar_est", "bmp_t_csar", "rank_z_cowan_eventstudytools"),
    *("grank_t_leverage", "hall_t_gammaU", "sign_z", "wilcoxon_z_nocc"),
}


@lru_cache
def panel():
    """Returns and factors on 136 sessions; days -10 to -6 are not in the file and stay empty."""
    given = pd.read_csv(REFERENCE / "golden_panel.csv")
    dates = pd.bdate_range("2020-01-06", periods=SESSIONS)
    columns: dict[str, np.ndarray] = {}
    for event, part in given.groupby("event"):
        place = part["rel_day"].to_numpy() + 130
        named = {event: "ret", "MKT": "mkt", "RF": "rf", "SMB": "smb", "HML": "hml"}
        for ticker, name in named.items():
            columns.setdefault(ticker, np.full(SESSIONS, np.nan))[place] = part[name]
    frame = pd.DataFrame(columns, index=dates)
    frame["Mkt-RF"] = frame["MKT"] - frame["RF"]
    return frame


@lru_cache
def result(name):
    frame = panel()
    factors = frame[["Mkt-RF", "SMB", "HML", "RF"]]
    model = {
        "capm": lambda: es.CAPM(factors),
        "ff3": lambda: es.FF3(factors),
        "dimson1": lambda: es.Dimson(leads=1, lags=1),
        "scholes_williams": es.ScholesWilliams,
    }[name]()
    tickers = [column for column in frame.columns if column.startswith("E")]
    events = pd.DataFrame(
        {
            "event_id": tickers,
            "ticker": tickers,
            "date": frame.index[130].strftime("%Y-%m-%d"),
            "benchmark": "MKT",
        }
    )
    study = es.Study(
        model=model, estimation=(-130, -11), event=(-5, 5), windows=WINDOWS, calendar="data"
    )
    prices = es.MemoryPrices.from_returns(frame[[*tickers, "MKT"]])
    return study.run(es.Events.from_frame(events), prices=prices)


def close(got, want):
    return math.isclose(float(got), float(want), rel_tol=1e-10, abs_tol=1e-14)


def compare(row, found, name):
    """Compare one stored row; tell whether it has a counterpart."""
    statistic, want = row["statistic"], float(row["value"])
    p = float(row["p_two_sided"]) if row["p_two_sided"] else None
    if row["level"] == "param":
        fit = found.fits.set_index("event_id").loc[row["unit"]]
        if statistic.startswith("coef"):
            column = COEFFICIENTS[name][int(statistic.removeprefix("coef"))]
        else:
            column = PARAMETERS[statistic]
        assert close(fit[column], want), (row, fit[column])
        return True
    if statistic == "AAR":
        day = int(row["window"].removeprefix("day") or row["unit"])
        means = found.means[found.means["group"] == "all"].set_index("day")
        assert close(means.loc[day, "aar"], want)
        return True
    window = str(tuple(int(day) for day in row["window"].strip("[]").split(",")))
    if statistic in EFFECTS:
        own = found.events.set_index(["event_id", "window"]).loc[(row["unit"], window)]
        assert close(own[EFFECTS[statistic]], want), row
        return True
    tests = found.tests[found.tests["group"] == "all"].set_index(["test", "window"])
    if statistic in BESIDE:
        assert close(tests.loc[("cross_sectional", window), BESIDE[statistic]], want)
    elif statistic == "rbar":
        assert close(tests.loc[("adjusted_bmp", window), "r"], want)
    elif statistic in TESTS:
        test = tests.loc[(TESTS[statistic], window)]
        assert close(test["statistic"], want), (row, test["statistic"])
        if p is not None and TESTS[statistic] != "skewness_adjusted":  # its p is of a bootstrap
            assert close(test["pvalue"], p), (row, test["pvalue"])
    else:
        return False
    return True


@pytest.mark.parametrize(
    ("name", "least"), [("capm", 300), ("ff3", 320), ("dimson1", 84), ("scholes_williams", 72)]
)
def test_every_stored_number(name, least):
    with (REFERENCE / "golden.csv").open(newline="", encoding="utf-8") as file:
        stored = [row for row in csv.DictReader(file) if row["model"] == name]
    found = result(name)
    assert len(found.dropped) == 0
    passed = [row for row in stored if not compare(row, found, name)]
    assert len(stored) - len(passed) >= least
    noted = {"generalized_sign_phat", "wilcoxon_Wplus", "sur_hotelling_T2"}  # words of a note
    assert {row["statistic"] for row in passed} <= OTHERS | noted


def test_the_degrees_of_freedom():
    for name, days, dof in (
        ("capm", 120, 118),
        ("ff3", 120, 116),
        ("dimson1", 118, 114),
        ("scholes_williams", 118, 116),
    ):
        fits = result(name).fits
        assert (fits["n_obs"] == days).all()
        assert (fits["dof"] == dof).all()
