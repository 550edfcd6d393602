"""The independent program against the stored values, and against outside programs."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

import numpy as np
import panels
import pytest
import statsmodels.api as sm
import twin
import twin_groups
import twin_matches
import twin_order
from scipy import stats

HERE = Path(__file__).parent
MODELS = {
    "market_model": "market",
    "constant_mean": "constant_mean",
    "market_adjusted": "market_adjusted",
}
TESTS = {  # name in the file -> (test, key of the value)
    "cross_sectional_t": ("cross_sectional", "statistic"),
    "crude_dependence_t": ("crude_dependence", "statistic"),
    "J1_z": ("j1", "statistic"),
    "J2_z": ("patell", "statistic"),  # the same where all M_i are equal
    "patell_z_scar": ("patell", "statistic"),
    "adj_patell_z": ("adjusted_patell", "statistic"),
    "bmp_t": ("bmp", "statistic"),
    "adj_bmp_t": ("adjusted_bmp", "statistic"),
    "portfolio_t": ("portfolio", "statistic"),
    "corrado_rank_z": ("corrado", "statistic"),
    "corrado_zivney_rank_z": ("corrado_zivney", "statistic"),
    "corrado_zivney_sign_z": ("corrado_zivney_sign", "statistic"),
    "grank_t": ("grank_t", "statistic"),
    "grank_z": ("grank_z", "statistic"),
    "sign_exact_p": ("sign", "statistic"),
    "generalized_sign_z": ("generalized_sign", "statistic"),
    "wilcoxon_exact_p": ("wilcoxon", "statistic"),
    "johnson_lbt_t": ("skewness_adjusted", "statistic"),
    "hall_t_gammaLBT": ("hall", "statistic"),
    "sur_F": ("sur", "statistic"),
}
NUMBERS = {  # values that stand beside a test
    "N_used": ("cross_sectional", "n"),
    "CAAR": ("cross_sectional", "estimate"),
    "rbar": ("adjusted_bmp", "r"),
    "generalized_sign_phat": ("generalized_sign", "phat"),
    "wilcoxon_Wplus": ("wilcoxon", "statistic"),
    "sur_hotelling_T2": ("sur", "t2"),
}
EFFECTS = {"CAR": "car", "car": "car", "SE_CAR": "se", "SCAR": "scar", "BHAR": "bhar"}
OTHER_CONVENTIONS = {
    # other definitions, in the file for orientation
    "patell_z_csar",
    "patell_z_csar_est",
    "bmp_t_csar",
    "rank_z_cowan_eventstudytools",
    "grank_t_leverage",
    "hall_t_gammaU",
    "sign_z",
    "wilcoxon_z_nocc",
    "sur_mean_t",
    # placebo effects without their scale, and another order statistic
    "placebo_p_two_sided",
    "placebo_p_lower",
    "placebo_p_upper",
    "sq_crit_lower_5pct",
    "sq_crit_upper_5pct",
    "sq_crit_lower_10pct",
    "sq_crit_upper_10pct",
}


@lru_cache
def golden_events():
    """Lay the panel's rows on 136 sessions, five of them empty between its two parts."""
    columns = defaultdict(lambda: (np.full(136, np.nan), np.full(136, np.nan)))
    with (HERE / "golden_panel.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            returns, factor = columns[row["event"]]
            returns[int(row["rel_day"]) + 130] = float(row["ret"])
            factor[int(row["rel_day"]) + 130] = float(row["mkt"])
    return [
        {"id": name, "returns": returns, "factor": factor, "zero": 130}
        for name, (returns, factor) in columns.items()
    ]


@lru_cache
def golden_answer(model):
    windows = [(0, 0), (-1, 1), (0, 1), (-5, 5)]
    return twin.study(golden_events(), estimation=(-130, -11), windows=windows, model=model)


def golden_rows(model):
    with (HERE / "golden.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["model"] == model]


def close(got, want):
    return math.isclose(got, want, rel_tol=1e-12, abs_tol=1e-14)


def compare(row, answer):
    """Compare one stored row; tell whether it has a counterpart here."""
    name, want = row["statistic"], float(row["value"])
    p = float(row["p_two_sided"]) if row["p_two_sided"] else None
    if row["level"] == "param":
        fit = answer["fits"][row["unit"]]
        if name.startswith("coef"):
            got = fit["coef"][int(name[4:])]
        else:
            got = fit[{"sigma": "sigma", "M": "n_obs", "df": "dof", "R2": "r2"}[name]]
        assert close(got, want)
        return True
    if name == "AAR":
        got, n = answer["aar"]["all", int(row["window"].removeprefix("day") or row["unit"])]
        assert n == 12
        assert close(got, want)
        return True
    window = tuple(int(day) for day in row["window"].strip("[]").split(","))
    if row["level"] in {"event", "single"}:
        effect = answer["effects"][row["unit"], window]
        if name == "sar_t":
            assert close(effect["t"], want)
            assert close(effect["pvalue"], p)
            return True
        if name == "n_placebo" and window != (-5, 5):
            assert effect["n_placebo"] == want
            return True
        if name in EFFECTS:
            assert close(effect[EFFECTS[name]], want)
            return True
        return False
    tests = answer["tests"]["all", window]
    if name in NUMBERS:
        test, key = NUMBERS[name]
        assert close(tests[test][key], want)
        return True
    if name not in TESTS:
        return False
    test, key = TESTS[name]
    assert close(tests[test][key], want), (name, tests[test][key], want)
    assert close(tests[test]["pvalue"], p), (name, tests[test]["pvalue"], p)
    return True


@pytest.mark.parametrize("model", MODELS)
def test_every_stored_number(model):
    """No row is passed over unless its convention is named above."""
    compared = 0
    for row in golden_rows(model):
        if compare(row, golden_answer(MODELS[model])):
            compared += 1
        elif row["statistic"] == "n_placebo":
            assert row["window"] == "[-5,5]"  # 11 days are more than 120 / 20
        else:
            assert row["statistic"] in OTHER_CONVENTIONS, row
    assert compared > 250


def answer_of(name, **more):
    panel = panels.panel_of(name)
    settings = {
        "estimation": panel.estimation,
        "windows": panel.windows,
        "model": panel.model,
        "min_estimation": panel.min_estimation,
    }
    return panel, twin.study(panel.events, **{**settings, **more})


def members_of(answer, panel, window):
    effects = [answer["effects"].get((event["id"], window)) for event in panel.events]
    return [effect for effect in effects if effect and effect["car"] is not None]


@pytest.mark.parametrize("name", ["missing", "staggered", "shared"])
def test_fits_and_forecasts_are_statsmodels(name):
    panel, answer = answer_of(name)
    for event in panel.events:
        if event["id"] in answer["dropped"]:
            continue
        fit, zero = answer["fits"][event["id"]], event["zero"]
        days = [zero + d for d in range(panel.estimation[0], panel.estimation[1] + 1)]
        y, f = event["returns"][days], event["factor"][days]
        there = ~np.isnan(y) & ~np.isnan(f)
        ols = sm.OLS(y[there], sm.add_constant(f[there])).fit()
        np.testing.assert_allclose(fit["coef"], ols.params, rtol=1e-10)
        assert fit["n_obs"] == ols.nobs
        assert fit["sigma"] == pytest.approx(math.sqrt(ols.scale), rel=1e-12)
        assert fit["r2"] == pytest.approx(ols.rsquared, rel=1e-12)
        for day in range(-1, 5):
            got = answer["days"][event["id"], day]
            if got is None:
                continue
            x = [[1.0, event["factor"][zero + day]]]
            forecast = ols.get_prediction(x).summary_frame(alpha=0.05)
            assert got["expected"] == pytest.approx(forecast["mean"][0], rel=1e-10)
            half = (forecast["obs_ci_upper"][0] - forecast["obs_ci_lower"][0]) / 2
            se = half / stats.t.isf(0.025, ols.df_resid)
            assert got["ar"] / got["sar"] == pytest.approx(se, rel=1e-10)


@pytest.mark.parametrize("name", ["halts", "missing"])
@pytest.mark.parametrize("model", twin.MODELS)
def test_forecast_term_is_the_quadratic_form(name, model):
    """The formulas for two columns against x'(X'X)^-1 x by matrices, k-session rows included."""
    _, answer = answer_of(name, model=model)
    seen = 0
    for (unit, _), effect in answer["effects"].items():
        fit = answer["fits"][unit]
        if effect["car"] is None or model == "market_adjusted":
            assert effect["forecast"] in (0.0, None)
            continue
        columns = slice(0, 2 if model == "market" else 1)
        rows = np.array([(1.0, f) for f in fit["factors"].values()])[:, columns]
        tested = np.array([(d["span"], d["factor"]) for d in effect["days"].values()])[:, columns]
        x = tested.sum(axis=0)
        want = x @ np.linalg.inv(rows.T @ rows) @ x
        assert effect["forecast"] == pytest.approx(want, rel=1e-9)
        seen += effect["length"] > effect["n_days"]
    assert seen > 0 or name == "missing" or model == "market_adjusted"


@pytest.mark.parametrize("name", ["complete", "separate", "few", "many"])
def test_plain_tests_are_scipys(name):
    panel, answer = answer_of(name)
    for window in panel.windows:
        effects = members_of(answer, panel, window)
        tests = answer["tests"]["all", window]
        for test, key in (("cross_sectional", "car"), ("bmp", "scar")):
            outside = stats.ttest_1samp([effect[key] for effect in effects], 0.0)
            assert tests[test]["statistic"] == pytest.approx(outside.statistic, rel=1e-12)
            assert tests[test]["pvalue"] == pytest.approx(outside.pvalue, rel=1e-10)
            if test == "cross_sectional":
                low, high = outside.confidence_interval(0.95)
                assert tests[test]["low"] == pytest.approx(low, rel=1e-10)
                assert tests[test]["high"] == pytest.approx(high, rel=1e-10)
        cars = [effect["car"] for effect in effects]
        method = "exact" if len(cars) <= 25 else "asymptotic"
        outside = stats.wilcoxon(cars, method=method, correction=False)
        assert tests["wilcoxon"]["pvalue"] == pytest.approx(outside.pvalue, rel=1e-10)
        outside = stats.binomtest(sum(car > 0 for car in cars), len(cars))
        assert tests["sign"]["pvalue"] == pytest.approx(outside.pvalue, rel=1e-12)


def test_portfolio_is_a_regression_on_a_dummy():
    """With one more regressor that is 1 on the event day, its t is the portfolio's."""
    panel = panels.panel_of("complete")
    days = [*range(10, 130), 140]
    y = np.mean([event["returns"][days] for event in panel.events], axis=0)
    dummy = np.r_[np.zeros(120), 1.0]
    x = np.column_stack([np.ones(121), panel.events[0]["factor"][days], dummy])
    panel_answer = twin.study(panel.events, estimation=(-130, -11), windows=[(0, 0)])
    ols = sm.OLS(y, x).fit()
    got = panel_answer["tests"]["all", (0, 0)]["portfolio"]
    assert got["statistic"] == pytest.approx(ols.tvalues[2], rel=1e-10)
    assert got["pvalue"] == pytest.approx(ols.pvalues[2], rel=1e-9)


def test_one_date_has_the_plain_mean_correlation():
    panel, answer = answer_of("complete")
    residuals = [list(answer["fits"][event["id"]]["residuals"].values()) for event in panel.events]
    matrix = np.corrcoef(residuals)
    want = (matrix.sum() - 12) / (12 * 11)
    for window in panel.windows:
        row = answer["tests"]["all", window]["adjusted_bmp"]
        assert row["r"] == pytest.approx(want, rel=1e-12)
        assert row["dof"] == 11


def test_one_effect_has_its_correlation_by_hand_on_two_exchanges():
    """New York and Hong Kong on one date: both classes, each with its own correlation."""
    panel, answer = answer_of("two_exchanges")
    window = (0, 1)
    ny, hk = panel.events[0], panel.events[5]
    dates_ny, dates_hk = panels.exchange("XNYS")[0], panels.exchange("XHKG")[0]
    one = dict(
        zip(
            dates_ny[list(answer["fits"][ny["id"]]["residuals"])],
            answer["fits"][ny["id"]]["residuals"].values(),
            strict=True,
        )
    )
    other = dict(
        zip(
            dates_hk[list(answer["fits"][hk["id"]]["residuals"])],
            answer["fits"][hk["id"]]["residuals"].values(),
            strict=True,
        )
    )
    same_date, next_session = [], []
    for day, value in one.items():
        later = [d for d in dates_hk if d > day]
        if day in other:
            same_date.append((value, other[day]))
        if later[0] in other:  # the first close in Hong Kong after New York's
            next_session.append((value, other[later[0]]))
    for day, value in other.items():  # New York closed: its next close is after Hong Kong's
        later = [d for d in dates_ny if d > day]
        if day not in dates_ny and later[0] in one:
            same_date.append((one[later[0]], value))
    rho_first = np.corrcoef(np.array(same_date).T)[0, 1]
    rho_second = np.corrcoef(np.array(next_session).T)[0, 1]
    # (0, 1) in both: two matches on the date, one of New York's day 0 with Hong Kong's day 1
    want = (2 * rho_first + rho_second) / 2
    effects = [answer["effects"][event["id"], window] for event in (ny, hk)]
    pair = [
        {"event": twin.filled(event), "fit": answer["fits"][event["id"]], "effect": effect}
        for event, effect in zip((ny, hk), effects, strict=True)
    ]
    got = twin_matches.pair_correlation(*pair, covered=False)
    assert got == pytest.approx(want, rel=1e-10)


def test_names_of_the_exchanges_do_not_matter():
    panel = panels.panel_of("three_exchanges")
    settings = {"estimation": panel.estimation, "windows": [(0, 1)]}
    forward = twin.study(panel.events, **settings)["tests"]["all", (0, 1)]
    backward = twin.study(panel.events[::-1], **settings)["tests"]["all", (0, 1)]
    for name, row in forward.items():
        for key in ("statistic", "pvalue", "low", "high", "r", "dof"):
            if row.get(key) is not None:
                assert row[key] == pytest.approx(backward[name][key], rel=1e-9), (name, key)


@pytest.mark.parametrize("n", [7, 12, 19])
def test_signed_rank_interval_is_the_order_statistics(n):
    """Without ties the inversion gives the Walsh averages that the exact null names."""
    rng = np.random.default_rng(n)
    x = list(rng.normal(0.01, 0.02, n))
    walsh = sorted((x[i] + x[j]) / 2 for i in range(n) for j in range(i + 1))
    ways = np.zeros(len(walsh) + 1)
    ways[0] = 1
    for rank in range(1, n + 1):
        ways[rank:] = ways[rank:] + ways[:-rank]
    k = np.flatnonzero(2 * np.cumsum(ways) / 2**n <= 0.05)[-1]
    low, high = twin_order.wilcoxon_inversion(x, 0.95)
    assert low == pytest.approx(walsh[k], rel=1e-14)
    assert high == pytest.approx(walsh[-k - 1], rel=1e-14)


@pytest.mark.parametrize("name", panels.PANELS)
def test_intervals_exclude_zero_where_the_test_rejects(name):
    _, answer = answer_of(name, windows=[(0, 0), (-1, 1)])
    for tests in answer["tests"].values():
        for test, row in tests.items():
            if row["low"] is not None:
                assert (row["low"] <= 0 <= row["high"]) == (row["pvalue"] > 0.05), test
    for effect in answer["effects"].values():
        if effect["placebo_low"] is not None:
            inside = effect["placebo_low"] <= 0 <= effect["placebo_high"]
            assert inside == (effect["placebo_pvalue"] > 1 - 0.95 + 1e-12)


def test_signed_ranks_with_ties_by_all_signs():
    """The exact distribution against all 2^n signs of the average ranks."""
    x = [3, -3, 1, 2, 2, 0, -1, 5, 4, 4]
    left = [v for v in x if v]
    rank = stats.rankdata(np.abs(left))
    signs = np.array(np.meshgrid(*[[0, 1]] * len(left))).reshape(len(left), -1)
    totals = rank @ signs
    w = sum(r for r, v in zip(rank, left, strict=True) if v > 0)
    want = min(1, 2 * min(np.mean(totals <= w), np.mean(totals >= w)))
    assert twin_order.wilcoxon_test(x, 0.95)["pvalue"] == pytest.approx(want, rel=1e-14)


def test_equal_clusters_of_one_are_the_plain_t():
    panel, answer = answer_of("separate")
    for window in panel.windows:
        tests = answer["tests"]["all", window]
        assert tests["ibragimov_mueller"]["clusters"] == 12
        for key in ("statistic", "pvalue", "low", "high"):
            want = tests["cross_sectional"][key]
            assert tests["ibragimov_mueller"][key] == pytest.approx(want, rel=1e-12)


def test_jackknife_of_three_has_no_value_and_of_four_is_by_hand():
    _, answer = answer_of("few")
    assert answer["tests"]["all", (0, 0)]["jackknife"]["reason"] == "too_few_events"
    x = np.array([0.4, 1.1, -0.3, 2.0])
    members = [{"effect": {"scar": float(v)}} for v in x]
    theta = x.mean() / x.std(ddof=1)
    rest = [np.delete(x, i) for i in range(4)]
    pseudo = np.array([4 * theta - 3 * r.mean() / r.std(ddof=1) for r in rest])
    want = stats.ttest_1samp(pseudo, 0.0)
    got = twin_groups.jackknife(members)
    assert got["statistic"] == pytest.approx(want.statistic, rel=1e-12)
    assert got["pvalue"] == pytest.approx(want.pvalue, rel=1e-12)


def test_a_halt_covers_its_sessions():
    """Resumption returns: the rows of the design, the length, the rule for long ones."""
    panel, answer = answer_of("halts")
    effect = answer["effects"]["E00 S00", (0, 4)]  # day 1 has no price
    assert (effect["n_days"], effect["length"], effect["longest"]) == (4, 5, 2)
    frame, fit = panel.frame, answer["fits"]["E00 S00"]
    market = frame[panels.MARKET].iloc[142] / frame[panels.MARKET].iloc[140] - 1
    own = frame["S00"].iloc[142] / frame["S00"].iloc[140] - 1
    want = own - (2 * fit["coef"][0] + fit["coef"][1] * market)
    assert effect["days"][2]["ar"] == pytest.approx(want, rel=1e-10)
    moved = panel.events[1]
    assert moved["zero"] == 142
    assert answer["effects"]["E01 S01", (0, 0)]["length"] == 4
    assert answer["effects"]["E08 S08", (0, 0)]["longest"] == 9
    assert answer["tests"]["all", (0, 0)]["cross_sectional"]["n"] == 12
    assert answer["tests"]["all", (0, 0)]["portfolio"]["n"] == 9
    assert answer["fits"]["E04 S04"]["n_obs"] == 118


def test_values_that_do_not_exist_say_why():
    reasons = {
        ("twice", "adjusted_bmp"): "no_spread",
        ("short", "adjusted_bmp"): "too_few_matches",
        ("staggered", "corrado"): "windows_of_dates_match",
        ("staggered", "portfolio"): "not_one_date_and_factor",
        ("complete", "ibragimov_mueller"): "too_few_clusters",
        ("few", "grank_t"): "too_few_events",
    }
    for (name, test), reason in reasons.items():
        _, answer = answer_of(name)
        row = answer["tests"]["all", (-1, 1)][test]
        assert row["statistic"] is None
        assert row["reason"] == reason
    _, answer = answer_of("twice")
    tests = answer["tests"]["all", (-1, 1)]
    assert tests["adjusted_patell"]["statistic"] == pytest.approx(
        tests["patell"]["statistic"] / math.sqrt(2), rel=1e-12
    )
    _, answer = answer_of("missing")
    assert answer["dropped"] == {"E04 S04": "no_days", "E05 S05": "too_few_estimation_days"}
    assert answer["effects"]["E01 S01", (0, 0)]["reason"] == "no_days"
