"""The package against the stored values: every row of ``golden.csv`` for the models it has.

Rows of another convention are either converted, or named in ``OTHER_CONVENTIONS``.
"""

from __future__ import annotations

import math
from functools import lru_cache

import golden
import numpy as np
import pytest
from golden import WINDOWS, close, panel, rows

from eventstudy.kernels.multiple import benjamini_hochberg, holm

MODELS = {
    "market_model": "market",
    "constant_mean": "constant_mean",
    "market_adjusted": "market_adjusted",
}
COEFFICIENTS = {"market": ("alpha", "beta"), "constant_mean": ("alpha",), "market_adjusted": ()}
TESTS = {**golden.TESTS, "wilcoxon_Wplus": "wilcoxon"}
PARAMETERS = {"sigma": "sigma", "M": "n_obs", "df": "dof", "R2": "r2"}
EFFECTS = {"CAR": "car", "car": "car", "SE_CAR": "se", "SCAR": "scar", "BHAR": "bhar"}
OTHER_CONVENTIONS = {
    # standardised effects summed day by day, and statistics of other authors
    *("patell_z_csar", "patell_z_csar_est", "bmp_t_csar", "rank_z_cowan_eventstudytools"),
    *("grank_t_leverage", "hall_t_gammaU"),
}


@lru_cache
def indexed(model):
    """The frames by what their rows are about."""
    found = golden.study(model)
    return {
        "fits": found.fits.set_index("event_id"),
        "events": found.events.set_index(["event_id", "window"]),
        "tests": found.tests[found.tests["group"] == "all"].set_index(["test", "window"]),
        "means": found.means[found.means["group"] == "all"].set_index("day"),
        "estimation": {
            event: part["ar"].to_numpy() for event, part in found.estimation.groupby("event_id")
        },
    }


def converted(name, effect, residuals, length):
    """Values of another convention, from what the package gives.

    Placebo effects without their scale, and the order statistic k = ceil(alpha B).
    """
    sums = np.convolve(residuals, np.ones(length), mode="valid")
    car, b = effect["car"], len(sums)
    counts = {
        "placebo_p_two_sided": (np.abs(sums) >= abs(car)).sum(),
        "placebo_p_lower": (sums <= car).sum(),
        "placebo_p_upper": (sums >= car).sum(),
    }
    if name in counts:
        return car, (1 + counts[name]) / (b + 1)
    if name == "n_placebo":
        return b, None
    _, _, side, percent = name.split("_")
    k = math.ceil(float(percent.removesuffix("pct")) / 100 * b)
    return np.sort(sums)[k - 1 if side == "lower" else -k], None


def single_row(row, frames, window):
    name, effect = row["statistic"], frames["events"].loc[row["unit"], str(window)]
    if name in EFFECTS:
        return effect[EFFECTS[name]], None
    if name == "sar_t":
        assert effect["t"] == effect["scar"]
        return effect["t"], effect["pvalue"]
    if name == "n_placebo" and window != (-5, 5):  # 11 days are more than 120/20: no placebo
        assert effect["n_placebo"] == float(row["value"])
    return converted(name, effect, frames["estimation"][row["unit"]], window[1] - window[0] + 1)


def sample_row(row, frames, window):
    name, tests = row["statistic"], frames["tests"]

    def test(name):
        return tests.loc[name, str(window)]

    if name in TESTS:
        found = test(TESTS[name])
        bootstrap = TESTS[name] == "skewness_adjusted"
        assert found["n"] == 12
        # of twelve events there is no bootstrap: its p-value is the t table's
        assert not bootstrap or found["dof"] == 11
        return found["statistic"], found["pvalue"]
    if name == "N_used":
        return test("cross_sectional")["n"], None
    if name == "CAAR":
        return test("cross_sectional")["estimate"], None
    if name == "rbar":
        return test("adjusted_bmp")["r"], None
    if name == "generalized_sign_phat":
        note = test("generalized_sign")["note"]
        assert f"{float(row['value']):.3f} is expected" in note
        return float(row["value"]), None
    if name == "sur_hotelling_T2":
        found = test("sur")
        nu = frames["fits"]["n_obs"].iloc[0] - len(COEFFICIENTS[MODELS[row["model"]]])
        return found["statistic"] * nu * 12 / (nu - 12 + 1), None
    if name == "sign_z":
        z = (test("sign")["statistic"] - 6) / math.sqrt(3)
        return z, math.erfc(abs(z) / math.sqrt(2))
    z = (test("wilcoxon")["statistic"] - 39) / math.sqrt(12 * 13 * 25 / 24)
    assert name == "wilcoxon_z_nocc"
    return z, math.erfc(abs(z) / math.sqrt(2))


def answer(row, frames):
    """The package's value and p-value for a stored row."""
    if row["level"] == "param":
        fit, name = frames["fits"].loc[row["unit"]], row["statistic"]
        if name.startswith("coef"):
            return fit[COEFFICIENTS[MODELS[row["model"]]][int(name[4:])]], None
        return fit[PARAMETERS[name]], None
    if row["statistic"] == "AAR":
        mean = frames["means"].loc[int(row["window"].removeprefix("day"))]
        assert mean["n"] == 12
        return mean["aar"], None
    window = tuple(int(day) for day in row["window"].strip("[]").split(","))
    return (sample_row if row["level"] == "sample" else single_row)(row, frames, window)


@pytest.mark.parametrize("stored", MODELS)
def test_every_stored_number_to_ten_digits(stored):
    frames = indexed(MODELS[stored])
    compared, wrong = 0, []
    for row in rows():
        if row["model"] != stored or row["statistic"] in OTHER_CONVENTIONS:
            continue
        value, pvalue = answer(row, frames)
        compared += 1
        place = f"{row['unit']} {row['window']} {row['statistic']}"
        if not close(value, row["value"]):
            wrong.append(f"{place}: {value} for {row['value']}")
        if row["p_two_sided"] and not (
            pvalue is not None and math.isclose(pvalue, float(row["p_two_sided"]), rel_tol=1e-9)
        ):
            wrong.append(f"{place}: p {pvalue} for {row['p_two_sided']}")
    assert not wrong, "\n".join(wrong)
    assert compared > 300


def test_the_adjusted_p_values_of_the_file():
    for method, adjust in (("holm", holm), ("bh", benjamini_hochberg)):
        stored = [row for row in rows() if row["model"] == "multiple" and row["level"] == method]
        given = np.array([float(row["unit"].removeprefix("p=")) for row in stored])
        want = [float(row["value"]) for row in stored]
        assert len(stored) == 10
        np.testing.assert_allclose(adjust(given), want, rtol=1e-12)


def test_the_placebo_is_the_stored_residuals_on_their_scale():
    """The convention in force: each run over sqrt(L - x'(X'X)^-1 x), the event over sqrt(L + ...).

    Worked out from the regression by numpy, for the market model.
    """
    frames, frame = indexed("market"), panel()
    market = frame["MKT"].to_numpy()[:120]
    x = np.column_stack([np.ones(120), market])
    inverse = np.linalg.inv(x.T @ x)
    for window in WINDOWS[:3]:
        length = window[1] - window[0] + 1
        tested = [130 + day for day in range(window[0], window[1] + 1)]
        total = np.array([length, frame["MKT"].to_numpy()[tested].sum()])
        scale = math.sqrt(length + total @ inverse @ total)
        for event, residuals in frames["estimation"].items():
            row = frames["events"].loc[event, str(window)]
            runs = []
            for start in range(120 - length + 1):
                sums = x[start : start + length].sum(axis=0)
                spread = math.sqrt(length - sums @ inverse @ sums)
                runs.append(residuals[start : start + length].sum() / spread)
            statistic = row["car"] / scale
            runs = np.array(runs)
            b = len(runs)
            assert row["n_placebo"] == b
            assert row["placebo_pvalue"] == (1 + (np.abs(runs) >= abs(statistic)).sum()) / (b + 1)
            assert row["sq_pvalue"] == (1 + (runs <= statistic).sum()) / (b + 1)
            assert row["sq_pvalue_upper"] == (1 + (runs >= statistic).sum()) / (b + 1)
            k = math.floor(0.05 * (b + 1) + 1e-9)
            width = np.sort(np.abs(runs))[-k] * scale
            assert row["placebo_low"] == pytest.approx(row["car"] - width, rel=1e-10)
            assert row["placebo_high"] == pytest.approx(row["car"] + width, rel=1e-10)
