"""Factor models, Scholes-Williams and Dimson against every stored value of ``golden.csv``."""

from __future__ import annotations

from functools import lru_cache

import pytest
from golden import TESTS, close, panel, rows, study

import eventstudy as es

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
def result(name):
    factors = panel()[["Mkt-RF", "SMB", "HML", "RF"]]
    models = {
        "capm": lambda: es.CAPM(factors),
        "ff3": lambda: es.FF3(factors),
        "dimson1": lambda: es.Dimson(leads=1, lags=1),
        "scholes_williams": es.ScholesWilliams,
    }
    return study(models[name]())


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
    stored = [row for row in rows() if row["model"] == name]
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
