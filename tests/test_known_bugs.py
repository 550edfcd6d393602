"""What goes wrong in published event-study code: one test each that fails if we did it too.

Each test works out both the right number and the wrong one, so that it cannot pass by a case in
which they agree.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from worlds import EVERY, MARKET, QUICK, one_date, prices, run, sample, world

import eventstudy as es
from eventstudy.calendars import exchange_calendar
from eventstudy.inference import TESTS, caution
from eventstudy.models import ConstantMean, MarketAdjusted, MarketModel
from eventstudy.windows import Window

NAN = np.nan


@lru_cache
def frame_of(n=12, seed=0):
    return world(n, common=0.006, seed=seed)


def group(window=(0, 0), *, frame=None, n=12, **settings):
    return sample(frame_of(n) if frame is None else frame, one_date(n), window, **settings)


def answer(name, one):
    return TESTS[name].compute(one)


def differs(right, wrong):
    """The case can tell the two apart."""
    assert not math.isclose(right, wrong, rel_tol=1e-4)
    return True


def regression(frame, ticker, zero=140):
    """The estimation regression by numpy: coefficients, SSR, (X'X)^-1, the factor's days."""
    y = frame[ticker].iloc[zero - 130 : zero - 10].to_numpy()
    f = frame[MARKET].iloc[zero - 130 : zero - 10].to_numpy()
    x = np.column_stack([np.ones(120), f])
    b = np.linalg.lstsq(x, y, rcond=None)[0]
    return b, float(((y - x @ b) ** 2).sum()), np.linalg.inv(x.T @ x), f


# ------------------------------------------------------------------ variances


@pytest.mark.parametrize(
    ("model", "lost"), [(MarketModel(), 2), (ConstantMean(), 1), (MarketAdjusted(), 1)]
)
def test_sigma_divides_by_the_observations_less_one_whatever_the_model(model, lost):
    """sd(residuals) counts M - 1: in the market model two coefficients were estimated."""
    one = group(model=model)
    residuals = one.residuals[0]
    centre = residuals.mean() if model.name == "market_adjusted" else 0.0
    right = math.sqrt(((residuals - centre) ** 2).sum() / (120 - lost))
    assert one.abnormal.fit.sigma[0] == pytest.approx(right, rel=1e-12)
    if lost == 2:
        assert differs(right, residuals.std(ddof=1))


def test_the_error_of_a_window_is_s_times_root_l():
    """Without the forecast term: s sqrt(L), too small by the error of alpha and beta."""
    one = group((-1, 1))
    _, ssr, inverse, _ = regression(frame_of(), "S00")
    x = np.array([3.0, frame_of()[MARKET].iloc[139:142].sum()])
    s = math.sqrt(ssr / 118)
    right = s * math.sqrt(3 + x @ inverse @ x)
    assert one.effects.se[0] == pytest.approx(right, rel=1e-10)
    assert differs(right, s * math.sqrt(3))


def test_the_variance_of_a_sum_leaves_out_the_covariances():
    """The days share one alpha and beta: variances of single days do not add up."""
    one = group((-5, 5))
    found = one.abnormal
    daily = (found.ar / found.sar) ** 2
    assert differs(one.effects.se[0], math.sqrt(daily[0].sum()))
    _, ssr, inverse, _ = regression(frame_of(), "S00")
    x = np.column_stack([np.ones(11), frame_of()[MARKET].iloc[135:146]])
    covariance = ssr / 118 * (np.eye(11) + x @ inverse @ x.T)
    assert one.effects.se[0] == pytest.approx(math.sqrt(covariance.sum()), rel=1e-10)


def test_the_forecast_correction_enters_as_a_fourth_root():
    """STDF is already a standard deviation: its root once more gives C^(1/4)."""
    one = group(estimation=(-40, -11))
    _, sigma = one.abnormal.ar[0, 5], one.abnormal.fit.sigma[0]
    x = np.array([1.0, frame_of()[MARKET].iloc[140]])
    c = 1 + x @ one.abnormal.fit.unscaled[0] @ x
    right = one.abnormal.ar[0, 5] / (sigma * math.sqrt(c))
    assert one.abnormal.sar[0, 5] == pytest.approx(right, rel=1e-12)
    assert differs(right, one.abnormal.ar[0, 5] / (sigma * c**0.25))


def test_the_cumulated_forecast_term_counts_firms_where_days_belong():
    """L^2/M, M the estimation days; L/N would not even know how long the window was estimated."""
    one = group((-1, 1), model=ConstantMean())
    right = one.abnormal.fit.sigma[0] * math.sqrt(3 + 9 / 120)
    assert one.effects.se[0] == pytest.approx(right, rel=1e-12)
    assert differs(right, one.abnormal.fit.sigma[0] * math.sqrt(3 + 3 / 12))


def test_the_forecast_correction_is_turned_upside_down():
    """Far from the mean of the market the forecast is worse, never better."""
    frame = frame_of().copy()
    frame.loc[frame.index[140], MARKET] = 0.10
    near, far = group(), group(frame=frame)
    assert (far.effects.se > near.effects.se).all()
    factor = frame[MARKET].iloc[10:130]
    sxx = ((factor - factor.mean()) ** 2).sum()
    c = 1 + 1 / 120 + (0.10 - factor.mean()) ** 2 / sxx
    right = far.abnormal.fit.sigma[0] * math.sqrt(c)
    assert far.effects.se[0] == pytest.approx(right, rel=1e-10)


def test_the_forecast_correction_is_centred_on_the_event_window():
    """The distance of the market is from its estimation mean, over the estimation spread."""
    one = group((-1, 1))
    _, ssr, _, factor = regression(frame_of(), "S00")
    event = frame_of()[MARKET].iloc[139:142].to_numpy()
    s2, sxx = ssr / 118, ((factor - factor.mean()) ** 2).sum()
    right = s2 * (3 + 9 / 120 + (event.sum() - 3 * factor.mean()) ** 2 / sxx)
    assert one.effects.se[0] == pytest.approx(math.sqrt(right), rel=1e-9)
    wrong = s2 * (3 + 9 / 120 + (event.sum() - 3 * event.mean()) ** 2 / sxx)
    assert differs(right, wrong)


def test_the_constant_mean_variance_holds_the_event():
    """An event of any size must not widen its own yardstick."""
    frame = frame_of().copy()
    frame.iloc[140, 0] = -0.5
    quiet, loud = group(model=ConstantMean()), group(frame=frame, model=ConstantMean())
    assert loud.abnormal.fit.sigma[0] == quiet.abnormal.fit.sigma[0]
    assert loud.abnormal.fit.coefficients[0, 0] == quiet.abnormal.fit.coefficients[0, 0]


def test_the_market_adjusted_spread_is_that_of_the_squares():
    """Residuals squared before their standard deviation is taken give another unit."""
    one = group(model=MarketAdjusted())
    gap = (frame_of()["S00"] - frame_of()[MARKET]).iloc[10:130]
    assert one.abnormal.fit.sigma[0] == pytest.approx(gap.std(ddof=1), rel=1e-12)
    assert differs(gap.std(), (gap**2).std())


def test_a_two_sided_interval_has_the_quantile_of_one_side():
    """A 90 % interval needs the 95 % quantile; with the 90 % one it covers 80 %."""
    result = run(frame_of(), one_date(2), level=0.9, windows=[(0, 0)])
    row = result.events.iloc[0]
    half = (row["high"] - row["low"]) / 2
    assert half == pytest.approx(stats.t.ppf(0.95, 118) * row["se"], rel=1e-10)
    mean = result.days[(result.days["ticker"] == "S00") & (result.days["day"] == -5)].iloc[0]
    assert (mean["high"] - mean["low"]) / 2 == pytest.approx(
        stats.t.ppf(0.95, 118) * abs(mean["ar"] / mean["sar"]), rel=1e-9
    )


# ------------------------------------------------------------------ missing days


def holed():
    """Day zero is missing for four of the twelve."""
    frame = frame_of().copy()
    frame.iloc[140, [1, 4, 7, 10]] = NAN
    return frame


@pytest.mark.parametrize(
    "name", ["patell", "bmp", "sign", "generalized_sign", "wilcoxon", "cross_sectional", "j1"]
)
def test_a_missing_firm_is_counted_as_if_it_had_traded(name):
    """Mean times all firms instead of the sum over those that traded: inflated by sqrt(N/N_t)."""
    frame = holed()
    some = [row for k, row in enumerate(one_date(12)) if k not in (1, 4, 7, 10)]
    with_holes = answer(name, sample(frame, one_date(12)))
    without = answer(name, sample(frame, some))
    assert with_holes.n == without.n == 8
    assert with_holes.statistic == pytest.approx(without.statistic, rel=1e-12)
    assert with_holes.pvalue == pytest.approx(without.pvalue, rel=1e-12)


def test_half_of_the_firms_positive_is_no_evidence():
    """With the count of all firms 12 of 24 traded ones gave z = 1.22 for thirty."""
    frame = world(30, seed=3)
    frame.iloc[140, 24:30] = NAN
    frame.iloc[140, :24] = np.where(np.arange(24) % 2 == 0, 0.05, -0.05)
    found = answer("sign", sample(frame, one_date(30), model=MarketAdjusted()))
    assert (found.statistic, found.n) == (12, 24)
    assert found.pvalue == 1.0


def test_a_missing_return_is_a_zero():
    """NaN turned to 0 makes a quiet day of a day without a price."""
    frame = holed()
    result = run(frame, one_date(12), windows=[(0, 0), (-1, 1)])
    row = result.events.set_index(["ticker", "window"])
    days = result.days.set_index(["ticker", "day"])
    assert np.isnan(days.loc[("S01", 0), "ar"])
    assert np.isnan(row.loc[("S01", "(0, 0)"), "car"])
    around = days.loc[("S01", -1), "ar"] + days.loc[("S01", 1), "ar"]
    assert row.loc[("S01", "(-1, 1)"), "car"] == pytest.approx(around, rel=1e-12)
    assert row.loc[("S01", "(-1, 1)"), "n_days"] == 2
    zeros = run(frame.fillna(0.0), one_date(12), windows=[(-1, 1)])
    assert differs(row.loc[("S01", "(-1, 1)"), "car"], zeros.events["car"].iloc[1])


def test_the_error_of_a_window_counts_days_without_a_return():
    one = group((-1, 1), frame=holed(), model=ConstantMean())
    right = one.abnormal.fit.sigma[1] * math.sqrt(2 + 4 / 120)
    assert one.effects.se[1] == pytest.approx(right, rel=1e-12)


def test_a_day_with_few_firms_is_dropped_without_a_word():
    """90 per cent coverage as a silent default would lose this day."""
    means = run(holed(), one_date(12)).means.set_index("day")
    assert means.loc[0, "n"] == 8
    assert np.isfinite(means.loc[0, "aar"])
    found = answer("crude_dependence", sample(holed(), one_date(12), (-1, 1)))
    ar = sample(holed(), one_date(12), (-1, 1)).ar
    assert found.estimate == pytest.approx(np.nanmean(ar, axis=0).sum(), rel=1e-12)


def test_trailing_zero_returns_are_trimmed_away_from_one_side_only():
    """The last three estimation returns are zero: they are returns, and the factor keeps step."""
    frame = frame_of().copy()
    frame.iloc[127:130, 0] = 0.0
    result = run(frame, one_date(1))
    b, *_ = regression(frame, "S00")
    assert result.fits["n_obs"].iloc[0] == 120
    assert result.fits["beta"].iloc[0] == pytest.approx(b[1], rel=1e-9)


def test_ranks_are_scaled_by_days_that_do_not_exist():
    """M_i counts the usable days of estimation and window, not rows that hold NaN."""
    frame = world(6, seed=2)
    frame.iloc[20:60, 0] = NAN
    one = sample(frame, one_date(6))
    unit = np.full((6, 121), NAN)
    for row in range(6):
        values = np.r_[one.residuals[row], one.ar[row]]
        there = np.isfinite(values)
        unit[row, there] = stats.rankdata(values[there]) / (there.sum() + 1) - 0.5
    daily = np.nansum(unit, axis=0) / np.sqrt(np.isfinite(unit).sum(axis=0))
    right = daily[-1] / math.sqrt((daily**2).mean())
    assert answer("corrado_zivney", one).statistic == pytest.approx(right, rel=1e-12)
    wrong = unit.copy()
    wrong[0] = (unit[0] + 0.5) * 82 / 122 - 0.5
    daily = np.nansum(wrong, axis=0) / np.sqrt(np.isfinite(wrong).sum(axis=0))
    assert differs(right, daily[-1] / math.sqrt((daily**2).mean()))


# ------------------------------------------------------------------ windows and sums


def test_the_window_statistic_is_a_sum_of_daily_ones():
    """sum of daily t / sqrt L is neither the CAR's t nor the mean's."""
    one = group((-1, 1))
    days = [group((day, day)) for day in (-1, 0, 1)]
    for name in ("patell", "bmp", "cross_sectional", "crude_dependence"):
        daily = sum(answer(name, day).statistic for day in days) / math.sqrt(3)
        if name == "crude_dependence":  # the same sum here: one spread for all days
            assert answer(name, one).statistic == pytest.approx(daily, rel=1e-10)
            continue
        assert differs(answer(name, one).statistic, daily)
    scar = one.effects.scar
    assert answer("bmp", one).statistic == pytest.approx(
        stats.ttest_1samp(scar, 0).statistic, rel=1e-12
    )


def test_the_mean_car_is_the_mean_daily_return():
    """Named CAAR, but smaller by the number of days."""
    result = run(frame_of(), one_date(12), windows=[(-5, 5)])
    mean = result.events["car"].mean()
    cross = result.tests.set_index("test").loc["cross_sectional"]
    assert cross["estimate"] == pytest.approx(mean, rel=1e-12)
    path = result.means.set_index("day")
    assert path.loc[5, "caar"] == pytest.approx(mean, rel=1e-12)
    assert path["aar"].sum() == pytest.approx(mean, rel=1e-10)
    assert differs(mean, path["aar"].mean())


def test_the_first_day_of_the_path_is_set_to_zero():
    """A cumulated path begins with the first day's abnormal return, not with 0."""
    result = run(frame_of(), one_date(3))
    days = result.days.set_index(["ticker", "day"])
    for ticker in ("S00", "S01", "S02"):
        assert days.loc[(ticker, -5), "car"] == days.loc[(ticker, -5), "ar"] != 0
    assert result.means["caar"].iloc[0] == pytest.approx(result.means["aar"].iloc[0], rel=1e-14)


def test_every_window_has_the_same_effect():
    one = run(frame_of(), one_date(1), windows=[(-5, 5), (-1, 1), (0, 0)]).events
    assert one["car"].nunique() == 3
    days = run(frame_of(), one_date(1)).days.set_index("day")["ar"]
    for row in one.itertuples(index=False):
        first, last = (int(part) for part in row.window.strip("()").split(","))
        assert row.car == pytest.approx(days.loc[first:last].sum(), rel=1e-12)


def test_the_window_is_off_by_one():
    """(-1, 1) has three days and (-130, -11) has 120, both ends inside."""
    one = run(frame_of(), one_date(1), windows=[(-1, 1)])
    assert one.events["n_days"].iloc[0] == 3
    assert one.fits["n_obs"].iloc[0] == 120
    estimation = one.estimation["session"]
    dates = frame_of().index
    assert (estimation.iloc[0], estimation.iloc[-1]) == (dates[10], dates[129])


def test_an_estimation_window_of_250_days_is_cut_to_182_by_calendar_days():
    """250 sessions are 250 sessions, however many weekends lie between them."""
    sessions = exchange_calendar("XNYS", "2018-06-01", "2020-12-31").sessions
    rng = np.random.default_rng(0)
    levels = 100 * np.cumprod(1 + 0.01 * rng.standard_normal((len(sessions), 2)), axis=0)
    frame = pd.DataFrame(levels, index=sessions.astype("datetime64[s]"), columns=["MU", "^GSPC"])
    events = pd.DataFrame({"event_id": ["A"], "ticker": ["MU"], "date": ["2020-06-15"]})
    result = es.Study().run(es.Events.from_frame(events), prices=es.MemoryPrices.from_prices(frame))
    assert len(result.estimation) == 250
    assert result.fits["n_obs"].iloc[0] == 250


def test_the_estimation_window_cannot_be_chosen():
    for estimation, days in (((-130, -11), 120), ((-60, -31), 30), ((11, 40), 30)):
        frame = world(1, 200)
        result = run(frame, [("A", "S00", 140)], estimation=estimation, min_estimation=20)
        assert result.fits["n_obs"].iloc[0] == days


def test_degrees_of_freedom_come_from_the_event_window():
    events = run(frame_of(), one_date(2), windows=[(-5, 5)]).events
    assert events["dof"].tolist() == [118, 118]
    right = 2 * stats.t.sf(abs(events["t"].iloc[0]), 118)
    assert events["pvalue"].iloc[0] == pytest.approx(right, rel=1e-10)


# ------------------------------------------------------------------ returns


def test_a_return_is_divided_by_the_new_price():
    """100, 110, 99: +10 % and -10 %, not +9.1 % and -11.1 %."""
    frame = prices(world(1))
    frame.iloc[139:142, 0] = [100.0, 110.0, 99.0]
    days = run(frame, one_date(1), kind="prices").days.set_index("day")["return"]
    assert days.loc[0:1].tolist() == pytest.approx([0.10, -0.10], rel=1e-12)


def test_returns_are_logarithms_without_being_asked():
    """Simple returns in, simple returns out: ln(1.1) is .0953."""
    frame = prices(world(1))
    frame.iloc[139:141, 0] = [100.0, 110.0]
    day = run(frame, one_date(1), kind="prices").days.set_index("day").loc[0]
    assert day["return"] == pytest.approx(0.10, rel=1e-12)
    assert differs(day["return"], math.log(1.1))


def test_buy_and_hold_compounds_the_index_instead_of_the_forecast():
    one = group((-1, 1))
    found = one.abnormal
    days = found.days(Window(-1, 1))
    held = np.prod(1 + found.returns[0, days])
    right = held - np.prod(1 + found.expected[0, days])
    assert one.effects.bhar[0] == pytest.approx(right, rel=1e-12)
    market = frame_of()[MARKET].iloc[139:142]
    assert differs(right, held - np.prod(1 + market))


def test_returns_in_per_cent_lose_the_correlation():
    """A correlation made of products of returns breaks with their unit."""
    one, hundredfold = group(), group(frame=100 * frame_of())
    assert hundredfold.correlation.r == pytest.approx(one.correlation.r, rel=1e-10)
    for name in ("adjusted_bmp", "adjusted_patell"):
        assert answer(name, hundredfold).statistic == pytest.approx(
            answer(name, one).statistic, rel=1e-9
        )


# ------------------------------------------------------------------ correlation


def test_a_sum_of_products_is_taken_for_a_correlation():
    """np.correlate of residuals is no Pearson correlation: .0167 for .150."""
    one = group()
    matrix = np.corrcoef(one.residuals)
    right = (matrix.sum() - 12) / (12 * 11)
    assert one.correlation.r == pytest.approx(right, rel=1e-12)
    wrong = np.mean(
        [np.correlate(one.residuals[i], one.residuals[j])[0] for i in range(12) for j in range(i)]
    )
    assert differs(right, wrong)


def test_the_mean_correlation_holds_each_event_with_itself():
    one = group()
    matrix = np.corrcoef(one.residuals)
    assert differs(one.correlation.r, matrix.mean())
    assert answer("adjusted_bmp", one).r == pytest.approx((matrix.sum() - 12) / 132, rel=1e-12)


def test_the_correlation_is_that_of_other_days_than_the_estimation_window():
    """A shock of the gap and of the event days must not enter it."""
    frame = frame_of().copy()
    frame.iloc[130:150, :12] += 0.2 * np.random.default_rng(0).standard_normal((20, 1))
    assert group(frame=frame).correlation.r == pytest.approx(group().correlation.r, rel=1e-12)


def staggered(window, *, apart=1, shock=0.03):
    frame = world(8, 260, common=shock, seed=5)
    rows = [(f"E{i:02d}", f"S{i:02d}", 140 + apart * i) for i in range(8)]
    return frame, rows, sample(frame, rows, window)


def test_events_of_different_dates_are_paired_by_relative_day():
    """Residuals belong together by session: by relative day a common shock looks like nothing."""
    _, _, one = staggered((0, 4))
    by_relative_day = np.corrcoef(one.residuals)
    assert abs((by_relative_day.sum() - 8) / 56) < 0.1
    assert one.correlation.r > 0.25
    i, j = 2, 3  # one session apart: four of five days shared, residuals one day against the other
    rho = np.corrcoef(one.residuals[i, 1:], one.residuals[j, :-1])[0, 1]
    pair = one.take(np.arange(8) // 2 == 1).correlation
    assert pair.r == pytest.approx(rho * 4 / 5, rel=1e-10)


def test_the_correlation_of_a_date_is_given_to_dates_that_share_nothing():
    """Months apart the effects are independent, however much the residuals move together."""
    frame = world(8, 260, common=0.03, seed=5)
    rows = [(f"E{i:02d}", f"S{i:02d}", 140 + 14 * i) for i in range(8)]
    one = sample(frame, rows, (0, 4))
    assert one.correlation.r == 0.0
    assert answer("adjusted_bmp", one).statistic == answer("bmp", one).statistic


def test_the_adjusted_patell_has_the_factor_of_the_adjusted_bmp():
    """Z/sqrt(1 + (N - 1) r): nothing in it estimates a cross-sectional spread."""
    one = group()
    r, z = one.correlation.r, answer("patell", one).statistic
    right = z / math.sqrt(1 + 11 * r)
    assert answer("adjusted_patell", one).statistic == pytest.approx(right, rel=1e-12)
    assert differs(right, z * math.sqrt((1 - r) / (1 + 11 * r)))


def test_the_adjusted_bmp_forgets_that_correlation_shrinks_the_spread():
    """E[s^2] = 1 - r: the factor is sqrt((1 - r)/(1 + (N - 1) r))."""
    one = group()
    r, t = one.correlation.r, answer("bmp", one).statistic
    right = t * math.sqrt((1 - r) / (1 + 11 * r))
    assert answer("adjusted_bmp", one).statistic == pytest.approx(right, rel=1e-12)
    assert differs(right, t / math.sqrt(1 + 11 * r))


def test_the_cross_sectional_t_is_called_robust_to_correlation():
    """It rejects a true null in a third of samples at a correlation of .1."""
    assert "33 %" in TESTS["cross_sectional"].avoid
    assert "independent" in TESTS["cross_sectional"].assumes
    text = caution("cross_sectional", group())
    assert "takes events for independent" in text
    note = run(frame_of(), one_date(12), windows=[(0, 0)]).tests.set_index("test")["note"]
    assert "takes events for independent" in note["cross_sectional"]
    assert "takes events for independent" not in note["adjusted_bmp"]


# ------------------------------------------------------------------ reference distributions


def test_cross_sectional_tests_have_the_degrees_of_freedom_of_the_regression():
    """BMP divides by a spread over N events: t(N - 1), not t(118)."""
    one = group(n=6)
    for name in ("bmp", "adjusted_bmp", "cross_sectional"):
        found = answer(name, one)
        assert found.dof == 5
        assert found.pvalue == pytest.approx(2 * stats.t.sf(abs(found.statistic), 5), rel=1e-10)


def test_patells_scale_is_that_of_the_market_model_whatever_the_model():
    """(M - 2)/(M - 4) holds for two coefficients; it is nu/(nu - 2)."""
    for model, nu in ((MarketModel(), 28), (ConstantMean(), 29), (MarketAdjusted(), 29)):
        one = group(model=model, estimation=(-40, -11))
        right = one.effects.scar.sum() / math.sqrt(12 * nu / (nu - 2))
        assert answer("patell", one).statistic == pytest.approx(right, rel=1e-12)
        if nu != 28:
            assert differs(right, one.effects.scar.sum() / math.sqrt(12 * 28 / 26))


def test_standardised_effects_have_a_spread_of_ddof_zero():
    one = group(n=6)
    scar = one.effects.scar
    right = scar.mean() / (scar.std(ddof=1) / math.sqrt(6))
    assert answer("bmp", one).statistic == pytest.approx(right, rel=1e-12)
    assert differs(right, scar.mean() / (scar.std() / math.sqrt(6)))


def test_bmp_standardises_without_the_forecast_error():
    rows = [(f"E{i:02d}", f"S{i:02d}", 60 + 7 * i) for i in range(12)]  # on one date it cancels
    one = sample(frame_of(), rows, (-1, 1), estimation=(-40, -11))
    plain = one.effects.car / one.abnormal.fit.sigma
    wrong = stats.ttest_1samp(plain, 0).statistic
    assert differs(answer("bmp", one).statistic, wrong)
    assert answer("bmp", one).statistic == pytest.approx(
        stats.ttest_1samp(one.effects.scar, 0).statistic, rel=1e-12
    )


@pytest.mark.parametrize("n", [9, 12, 30])
def test_the_signed_rank_test_has_unequal_tails(n):
    """qsignrank(1 - alpha) above and 1 - alpha/2 below: the mirrored sample must tell the same."""
    frame = world(n, seed=8)
    up, down = (
        answer("wilcoxon", sample(sign * frame, one_date(n), model=MarketAdjusted()))
        for sign in (1, -1)
    )
    assert up.pvalue == pytest.approx(down.pvalue, rel=1e-12)
    assert up.statistic + down.statistic == n * (n + 1) / 2


def test_the_expected_share_of_positive_days_is_pooled():
    """The mean of the events' own shares: a long history has no more votes than a short one."""
    frame = world(3, seed=9)
    frame.iloc[10:70, 0] = NAN
    frame.iloc[10:130, 1] = np.abs(frame.iloc[10:130, 1])  # always positive
    one = sample(frame, one_date(3), model=MarketAdjusted())
    shares = [np.nanmean(np.where(np.isfinite(r), r > 0, NAN)) for r in one.residuals]
    expected = np.mean(shares)
    positive = (one.effects.car > 0).sum()
    right = (positive - 3 * expected) / math.sqrt(3 * expected * (1 - expected))
    assert answer("generalized_sign", one).statistic == pytest.approx(right, rel=1e-12)
    pooled = (one.residuals > 0).sum() / np.isfinite(one.residuals).sum()
    assert abs(pooled - expected) > 1e-3


def test_an_effect_of_zero_is_a_positive_sign():
    frame = world(8, seed=1)
    for ticker in ("S00", "S01", "S02"):
        frame.loc[frame.index[140], ticker] = frame[MARKET].iloc[140]
    one = sample(frame, one_date(8), model=MarketAdjusted())
    assert (one.effects.car == 0).sum() == 3
    positive = int((one.effects.car > 0).sum())
    found = answer("sign", one)
    assert (found.statistic, found.n) == (positive, 5)
    share = np.mean([(r > 0).mean() for r in one.residuals])
    right = (positive - 8 * share) / math.sqrt(8 * share * (1 - share))
    assert answer("generalized_sign", one).statistic == pytest.approx(right, rel=1e-12)


def ranked(one):
    return np.array(
        [stats.rankdata(np.r_[r, a]) for r, a in zip(one.residuals, one.ar, strict=True)]
    )


def test_the_rank_test_takes_its_spread_about_the_mean_with_one_day_less():
    """S is the root mean square about (T + 1)/2 over all T days."""
    one = group()
    daily = (ranked(one) - 61).mean(axis=0)
    right = daily[-1] / math.sqrt((daily**2).mean())
    assert answer("corrado", one).statistic == pytest.approx(right, rel=1e-12)
    assert differs(right, daily[-1] / daily.std(ddof=1))


def test_a_firm_of_two_events_has_its_days_ranked_in_one_heap():
    frame = world(3, 330, seed=4)
    rows = [("A", "S00", 140), ("B", "S01", 140), ("C", "S02", 140), ("D", "S00", 300)]
    one = sample(frame, rows)
    unit = (ranked(one) - 61) / 122
    daily = unit.sum(axis=0) / 2  # N_t^(-1/2) of four events
    right = daily[-1] / math.sqrt((daily**2).mean())
    assert answer("corrado_zivney", one).statistic == pytest.approx(right, rel=1e-12)


def test_the_generalised_rank_test_leaves_the_event_out_of_its_spread():
    """sqrt((T - 2)/(T - 1 - Z^2)) needs an S that holds day 0: then Z^2 <= T - 1 always."""
    frame = frame_of(n=20).copy()
    frame.iloc[140, :20] -= 0.2
    one = sample(frame, one_date(20))
    scaled = one.residuals / one.abnormal.fit.sigma[:, None]
    star = one.effects.scar / one.effects.scar.std(ddof=1)
    unit = np.array([stats.rankdata(np.r_[r, s]) for r, s in zip(scaled, star, strict=True)])
    mean = (unit / 122 - 0.5).mean(axis=0)
    z = mean[-1] / math.sqrt((mean**2).mean())
    right = z * math.sqrt(119 / (120 - z**2))
    found = answer("grank_t", one)
    assert found.statistic == pytest.approx(right, rel=1e-10)
    assert found.dof == 119
    outside = mean[-1] / math.sqrt((mean[:-1] ** 2).mean())
    assert differs(right, outside * math.sqrt(118 / (119 - outside**2)))


def test_the_rank_tests_cannot_be_had_with_todays_libraries():
    for name in ("grank_t", "corrado", "corrado_zivney", "sign", "wilcoxon"):
        assert answer(name, group()).has_value


def test_the_calendar_time_portfolio_is_circular():
    """AAR over the spread of AAR on the event days is no portfolio in calendar time."""
    frame = world(8, 300, common=0.005, seed=2)
    rows = [(f"E{i:02d}", f"S{i:02d}", 140 + 9 * i) for i in range(8)]
    one = sample(frame, rows, (0, 9))
    found = answer("calendar_time", one)
    aar = one.ar.mean(axis=0)
    wrong = aar.mean() / (aar.std(ddof=1) / math.sqrt(len(aar)))
    assert differs(found.statistic, wrong)
    assert found.dof == 73 - 2  # sessions with an event under way, less two coefficients


# ------------------------------------------------------------------ events


def test_two_events_of_one_firm_are_pooled_into_one_regression():
    frame = world(1, 400, seed=6)
    both = run(frame, [("A", "S00", 140), ("B", "S00", 350)])
    assert both.fits["n_obs"].tolist() == [120, 120]
    for position, row in enumerate([("A", "S00", 140), ("B", "S00", 350)]):
        alone = run(frame, [row])
        for name in ("events", "fits"):
            mine = getattr(both, name).iloc[[position * (3 if name == "events" else 1)]]
            other = getattr(alone, name).iloc[[0]]
            pd.testing.assert_frame_equal(
                mine.select_dtypes("number").reset_index(drop=True),
                other.select_dtypes("number").reset_index(drop=True),
                rtol=1e-12,
            )


def test_a_firm_in_several_events_multiplies_the_rows():
    """A join on the ticker alone made 61,757 events of 9,255."""
    frame = world(2, 400, seed=6)
    rows = [(f"E{i}", "S00", 140 + 40 * i) for i in range(6)] + [("E0", "S01", 140)]
    result = run(frame, rows, windows=[(0, 0), (-1, 1)], tests=[*QUICK, "patell"])
    assert len(result.events) == 14
    assert len(result.days) == 7 * 11
    tests = result.tests[result.tests["group"] == "all"].set_index(["test", "window"])
    for name in ("bmp", "patell", "adjusted_bmp"):
        assert tests.loc[(name, "(0, 0)"), "n"] == 7
    scar = result.events[result.events["window"] == "(0, 0)"]["scar"]
    assert tests.loc[("bmp", "(0, 0)"), "statistic"] == pytest.approx(
        stats.ttest_1samp(scar, 0).statistic, rel=1e-10
    )


def test_the_constant_mean_model_breaks_with_several_events():
    result = run(frame_of(), one_date(5), model="constant_mean")
    assert result.fits["alpha"].tolist() == pytest.approx(
        [frame_of()[f"S{i:02d}"].iloc[10:130].mean() for i in range(5)], rel=1e-10
    )


def test_an_event_on_a_holiday_vanishes():
    """Christmas: the next session stands for it, and the row says so."""
    sessions = exchange_calendar("XNYS", "2018-06-01", "2020-12-31").sessions
    rng = np.random.default_rng(0)
    levels = 100 * np.cumprod(1 + 0.01 * rng.standard_normal((len(sessions), 2)), axis=0)
    frame = pd.DataFrame(levels, index=sessions.astype("datetime64[s]"), columns=["MU", "^GSPC"])
    events = es.Events.from_frame(
        pd.DataFrame({"event_id": ["A", "B"], "ticker": "MU", "date": ["2019-12-25", "2020-06-15"]})
    )
    source = es.MemoryPrices.from_prices(frame)
    result = es.Study(windows=[(0, 0)]).run(events, prices=source)
    assert result.events["day_zero"].tolist() == [
        pd.Timestamp(d) for d in ("2019-12-26", "2020-06-15")
    ]
    assert "no session and was moved" in result.events["flags"].iloc[0]
    dropped = es.Study(windows=[(0, 0)], closed_day="drop").run(events, prices=source)
    assert dropped.dropped["event_id"].tolist() == ["A"]
    assert "2019-12-25 is no session of XNYS" in dropped.dropped["reason"].iloc[0]


def test_an_event_beyond_the_data_vanishes():
    """Every pair is measured or in ``dropped`` with a reason: none is lost on the way."""
    frame = prices(world(3))
    frame.iloc[100:, 1] = NAN
    frame.iloc[:120, 2] = NAN
    result = run(frame, [*one_date(3), ("Z", "S00", 149)], kind="prices", windows=[(0, 0)])
    assert len(result.events) + len(result.dropped) == 4
    assert result.dropped["ticker"].tolist() == ["S01", "S02"]
    assert (result.dropped["reason"] != "").all()


def test_the_same_run_measures_another_number_of_events():
    one, two = (run(holed(), one_date(12), tests=EVERY) for _ in range(2))
    for name, frame in one.frames.items():
        pd.testing.assert_frame_equal(frame, two.frames[name], check_exact=True)


def test_stars_stand_for_p_values():
    tests = run(frame_of(), one_date(12), windows=[(0, 0)], tests=EVERY).tests
    known = tests[tests["pvalue"].notna()]
    assert len(known) > 25
    assert known["pvalue"].between(0, 1).all()
    texts = tests.select_dtypes(exclude="number")
    assert not any("*" in cell for name in texts for cell in texts[name].map(str))


def test_p_values_of_exactly_zero():
    """1 - cdf of a statistic beyond 8.3 is 0."""
    frame = frame_of().copy()
    frame.iloc[140, :12] -= 0.12
    result = run(frame, one_date(12), windows=[(0, 0)], tests=EVERY)
    assert (result.events["pvalue"] > 0).all()
    known = result.tests[result.tests["pvalue"].notna()]
    within = known[known["statistic"].abs() < 37]  # beyond, a double has no number so small
    assert (within["pvalue"] > 0).all()
    assert within["statistic"].abs().max() > 8.3
    assert within["pvalue"].min() < 1e-20
