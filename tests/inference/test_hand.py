"""Known answers, worked out by hand.

Four events on dates far apart have the effects 1, 2, 3 and 6 per cent. Every estimation window
alternates between plus and minus 1 per cent over 40 days, the benchmark stands still, so sigma is
.01 sqrt(40/39) with 39 degrees of freedom, and the standardised effects are the effects over it.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from worlds import MARKET, dates_of, effects, sample

from eventstudy.inference import TESTS
from eventstudy.models import ConstantMean, MarketAdjusted

VALUES = (0.01, 0.02, 0.03, 0.06)
SIGMA = 0.01 * math.sqrt(40 / 39)
# mean .03, squared deviations .0004 + .0001 + 0 + .0009
T = 0.03 / (math.sqrt(0.0014 / 3) / 2)
P_T3 = 2 * stats.t.sf(T, 3)


def four(values=VALUES, **settings):
    frame, rows = effects(values)
    return sample(frame, rows, estimation=(-50, -11), **({"model": MarketAdjusted()} | settings))


def answers(name, values=VALUES, **settings):
    return TESTS[name].compute(four(values, **settings))


def test_the_effects_are_what_they_were_made():
    found = four().effects
    np.testing.assert_allclose(found.car, VALUES, rtol=1e-12)
    np.testing.assert_allclose(found.se, SIGMA, rtol=1e-12)
    np.testing.assert_allclose(found.bhar, VALUES, rtol=1e-12)


@pytest.mark.parametrize(
    "name", ["cross_sectional", "bmp", "adjusted_bmp", "ibragimov_mueller", "cluster", "bhar"]
)
def test_with_one_spread_and_separate_dates_these_are_the_plain_t(name):
    """BMP, since sigma is common; the adjusted one, since r is 0; clusters of one event each."""
    found = answers(name)
    assert found.statistic == pytest.approx(T, rel=1e-12)
    assert found.dof == pytest.approx(3, rel=1e-12)
    assert found.pvalue == pytest.approx(P_T3, rel=1e-10)
    assert found.estimate == pytest.approx(0.03, rel=1e-12)
    half = stats.t.ppf(0.975, 3) * 0.03 / T
    assert (found.low, found.high) == pytest.approx((0.03 - half, 0.03 + half), rel=1e-10)
    assert found.n == 4


@pytest.mark.parametrize("name", ["patell", "j2", "adjusted_patell"])
def test_patell(name):
    """Z = sum SCAR / sqrt(4 * 39/37)."""
    z = 0.12 / SIGMA / math.sqrt(4 * 39 / 37)
    found = answers(name)
    assert found.statistic == pytest.approx(z, rel=1e-12)
    assert found.pvalue == pytest.approx(2 * stats.norm.sf(z), rel=1e-10)
    assert math.isinf(found.dof)
    assert found.estimate == pytest.approx(0.03, rel=1e-12)
    assert found.se == pytest.approx(0.03 / z, rel=1e-12)


def test_j1():
    z = 0.03 / (SIGMA / 2)
    assert answers("j1").statistic == pytest.approx(z, rel=1e-12)
    mean = answers("j1", model=ConstantMean())  # the forecast costs 1 + 1/40
    assert mean.statistic == pytest.approx(z / math.sqrt(1 + 1 / 40), rel=1e-12)


def test_crude_dependence():
    """All windows swing together: the mean of the estimation days has the spread of each."""
    found = answers("crude_dependence")
    assert found.statistic == pytest.approx(0.03 / SIGMA, rel=1e-12)
    assert found.dof == 39


def test_signs():
    """Four of four positive: 2/16. Half of the estimation days are: (4 - 2)/sqrt(4/4) = 2."""
    found = answers("sign")
    assert (found.statistic, found.pvalue) == (4.0, 0.125)
    assert np.isnan(found.low)
    assert "4 pairs cannot reach the 0.05 level" in found.reason
    assert found.estimate == 0.025
    assert answers("wilcoxon").statistic == 10
    assert answers("wilcoxon").pvalue == 0.125
    assert answers("permutation").pvalue == 0.125
    found = answers("generalized_sign")
    assert found.statistic == pytest.approx(2, rel=1e-12)
    assert found.pvalue == pytest.approx(2 * stats.norm.sf(2), rel=1e-12)
    assert found.estimate == 1.0


def test_the_exact_sign_test_drops_zeros_and_the_generalised_one_keeps_them():
    values = (0.01, 0.02, -0.03, 0.0, 0.04)
    found = answers("sign", values)
    assert (found.statistic, found.n) == (3.0, 4)
    assert found.pvalue == pytest.approx(2 * (4 + 1) / 16, rel=1e-12)
    found = answers("generalized_sign", values)
    assert found.n == 5
    assert found.statistic == pytest.approx((3 - 2.5) / math.sqrt(5 / 4), rel=1e-12)


def test_the_median_has_its_order_statistics():
    """N = 8: 2 P(Bin(8, .5) <= 0) = .0078 and <= 1: .0703, so k = 0 at 5 %, 1 at 10 %."""
    values = (0.05, -0.01, 0.02, 0.03, 0.07, 0.04, 0.09, 0.11)
    found = answers("sign", values)
    assert (found.low, found.high) == pytest.approx((-0.01, 0.11), rel=1e-12)
    found = answers("sign", values, level=0.9)
    assert (found.low, found.high) == pytest.approx((0.02, 0.09), rel=1e-12)


def test_walsh_averages_by_hand():
    """Six values: only W+ = 0 has 2 P <= .05 (.03125), so the ends are the extreme averages."""
    values = (0.01, 0.02, 0.035, 0.06, 0.09, 0.14)
    found = answers("wilcoxon", values)
    assert found.pvalue == 0.03125
    assert (found.low, found.high) == pytest.approx((0.01, 0.14), rel=1e-12)
    walsh = [(a + b) / 2 for i, a in enumerate(values) for b in values[i:]]
    assert found.estimate == pytest.approx(np.median(walsh), rel=1e-12)


def test_four_clusters_and_all_their_signs():
    found = answers("wild_cluster")
    assert found.statistic == pytest.approx(T, rel=1e-12)
    assert found.pvalue == 2 / 16
    assert found.reason == "with 4 clusters no p-value below 0.125 can be reached: no interval"
    assert (found.clusters, found.n) == (4, 4)


def test_two_clusters_and_all_of_webbs_weights():
    """Of 36 vectors six weigh both clusters alike and leave t as it is: p is 1/6 or more."""
    points = [sign * math.sqrt(half / 2) for half in (1, 2, 3) for sign in (1, -1)]
    drawn = [(0.02 * a, 0.05 * b) for a in points for b in points]
    extreme = sum(abs(a + b) * 0.03 >= 0.07 * abs(a - b) * (1 - 1e-9) for a, b in drawn)
    found = answers("wild_cluster_webb", (0.02, 0.05))
    assert found.pvalue == pytest.approx(extreme / 36, rel=1e-12)
    assert "with 2 clusters no p-value below 0.167 can be reached" in found.reason
    for level in (0.95, 0.85):
        assert np.isnan(answers("wild_cluster_webb", (0.02, 0.05), level=level).low)


def test_beaver_and_patells_u():
    """U = mean SCAR^2 37/39; SCAR^2 = x^2 39/(40 * .0001), so U = .0050 * 37/(4 * .0040)."""
    u = (0.0001 + 0.0004 + 0.0009 + 0.0036) / 4 * 37 / 0.004
    found = answers("beaver_patell")
    assert found.estimate == pytest.approx(u, rel=1e-12)
    z = (u - 1) * 4 / math.sqrt(4 * 2 * 38 / 35)
    assert found.statistic == pytest.approx(z, rel=1e-12)
    assert found.pvalue == pytest.approx(stats.norm.sf(z), rel=1e-10)


def test_the_jackknife_of_four():
    scar = np.array(VALUES) / SIGMA
    theta = scar.mean() / scar.std(ddof=1)
    rest = [np.delete(scar, i) for i in range(4)]
    pseudo = np.array([4 * theta - 3 * r.mean() / r.std(ddof=1) for r in rest])
    want = stats.ttest_1samp(pseudo, 0)
    found = answers("jackknife")
    assert found.statistic == pytest.approx(want.statistic, rel=1e-10)
    assert found.pvalue == pytest.approx(want.pvalue, rel=1e-9)
    assert answers("jackknife", VALUES[:3]).reason == "needs four pairs"


def test_a_jackknife_of_many_is_the_loop():
    values = tuple(np.random.default_rng(1).normal(0.01, 0.02, 15))
    scar = np.array(values) / SIGMA
    rest = [np.delete(scar, i) for i in range(15)]
    theta = scar.mean() / scar.std(ddof=1)
    pseudo = np.array([15 * theta - 14 * r.mean() / r.std(ddof=1) for r in rest])
    want = stats.ttest_1samp(pseudo, 0)
    assert answers("jackknife", values).statistic == pytest.approx(want.statistic, rel=1e-9)


@pytest.mark.parametrize("outlier", [100.0, 1e4, 1e6, 1e9])
def test_one_enormous_effect_costs_the_jackknife_no_digits(outlier):
    values = (*np.random.default_rng(1).normal(0.01, 0.02, 9), outlier)
    scar = four(values).effects.scar
    rest = [np.delete(scar, i) for i in range(10)]
    theta = scar.mean() / scar.std(ddof=1)
    pseudo = np.array([10 * theta - 9 * r.mean() / r.std(ddof=1) for r in rest])
    want = stats.ttest_1samp(pseudo, 0)
    assert answers("jackknife", values).statistic == pytest.approx(want.statistic, rel=1e-10)


def test_a_jackknife_without_variance_but_for_one_event():
    assert "do not vary" in answers("jackknife", (0.01, 0.01, 0.01, 0.06)).reason
    assert "do not vary" in answers("jackknife", (0.01,) * 6).reason


@pytest.mark.parametrize("power", [3, 20, 60])
def test_buy_and_hold_returns_too_large_to_be_squared(power):
    """One effect is all of the mean and of its error, so t is one."""
    frame, rows = effects(VALUES, apart=80)
    frame.iloc[-1, 0] = np.nan
    zero = rows[0][2]
    frame.loc[frame.index[zero : zero + power], rows[0][1]] = 1e5
    found = sample(frame, rows, (0, 60), estimation=(-50, -11), model=MarketAdjusted())
    assert found.effects.bhar.max() > 10.0 ** (5 * power - 1)
    result = TESTS["bhar"].compute(found)
    assert result.statistic == pytest.approx(1.0, rel=1e-6)
    assert TESTS["bhar_skewness_adjusted"].compute(found).estimate == pytest.approx(result.estimate)


# ------------------------------------------------------------------ one date


def two_on_one_date():
    """Two securities that swing against each other in a beat of four, 40 estimation days."""
    beat = np.array([1.0, 1.0, -1.0, -1.0])
    frame = np.zeros((60, 3))
    frame[:, 0] = 0.01 * np.tile(np.array([1.0, -1.0, 1.0, -1.0]), 15)
    frame[:, 1] = 0.01 * np.tile(beat, 15)
    frame[51, :2] = 0.03, 0.05
    frame = pd.DataFrame(frame, index=dates_of(60), columns=["S00", "S01", MARKET])
    rows = [("A", "S00", 51), ("A", "S01", 51)]
    return sample(frame, rows, estimation=(-50, -11), model=ConstantMean())


def test_uncorrelated_securities_on_one_date():
    """Orthogonal swings: r = 0, and the portfolio has half of the variance of each."""
    found = two_on_one_date()
    assert found.correlation.r == pytest.approx(0, abs=1e-15)
    assert found.n_clusters == 1
    portfolio = TESTS["portfolio"].compute(found)
    sigma = math.sqrt(40 * 0.00005 / 39)  # (1 + 1)/2 and (1 - 1)/2 per cent, half of the days each
    z = 0.04 / (sigma * math.sqrt(1 + 1 / 40))
    assert portfolio.statistic == pytest.approx(z, rel=1e-12)
    assert portfolio.dof == 39
    mean = TESTS["sur_mean"].compute(found)
    assert mean.statistic == pytest.approx(z, rel=1e-12)
    joint = TESTS["sur"].compute(found)
    t2 = (0.03**2 + 0.05**2) / (SIGMA**2 * (1 + 1 / 40))
    assert joint.statistic == pytest.approx(t2 * 38 / (39 * 2), rel=1e-10)
    assert joint.pvalue == pytest.approx(stats.f.sf(t2 * 38 / 78, 2, 38), rel=1e-9)
    patell, adjusted = (TESTS[n].compute(found) for n in ("patell", "adjusted_patell"))
    assert adjusted.statistic == pytest.approx(patell.statistic, rel=1e-12)


def test_one_date_is_one_cluster_and_has_no_cluster_test():
    found = two_on_one_date()
    for name in ("ibragimov_mueller", "ibragimov_mueller_scar", "cluster", "wild_cluster"):
        result = TESTS[name].compute(found)
        assert not result.has_value
        assert "one cluster" in result.reason
        assert result.clusters == 1


def test_the_rank_of_one_event_among_its_days():
    """The largest of 41 values: (41 - 21) over the spread of the ranks 1..41 about 21."""
    frame, rows = effects((0.06, 0.08))
    frame += np.random.default_rng(0).normal(0, 1e-6, frame.shape)  # no ties
    frame[MARKET] = 0.0
    one = sample(frame, rows, estimation=(-50, -11), model=MarketAdjusted())
    unit = []
    for row in range(2):
        values = np.r_[one.residuals[row], one.ar[row]]
        unit.append(stats.rankdata(values) - 21)
        assert unit[-1][-1] == 20
    mean = np.mean(unit, axis=0)
    want = 20 / math.sqrt((mean**2).mean())  # the divisor is T, and day zero is among the T days
    assert TESTS["corrado"].compute(one).statistic == pytest.approx(want, rel=1e-12)
