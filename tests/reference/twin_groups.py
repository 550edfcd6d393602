"""The group tests of the independent program: loops over events, pairs and sessions.

See ``twin`` for what it is. ``group_tests`` gives a dictionary for each test with statistic,
pvalue, dof, n, estimate, se, low, high, reason; what does not exist is None, and reason a word.
"""

from __future__ import annotations

import math

from scipy import stats
from twin_matches import (
    adjusted_dof,
    correlations,
    days_used,
    one_date_and_factor,
    one_session_members,
    same_windows,
    staggered,
)
from twin_more import ibragimov_mueller, more_tests
from twin_order import average_ranks, sign_test, wilcoxon_test
from twin_rows import deviation, mean, mean_test, nothing, skewness_adjusted, t_row, value


def group_tests(members, design):
    """Every test of one group in one window; members have a CAR in it.

    A group of one is that event by itself, and no test of a group.
    """
    level = design["level"]
    tests = {}
    tests["cross_sectional"] = mean_test([m["effect"]["car"] for m in members], level)
    tests["crude_dependence"] = crude_dependence(members, design)
    tests["portfolio"] = portfolio(members, design)
    tests["j1"] = j1(members, level)
    tests.update(standardized(members, design))
    tests.update(ranks(members, design))
    tests.update(grank(members, design))
    tests["sign"] = sign_test([m["x"] for m in members], level)
    tests["generalized_sign"] = generalized_sign(members)
    tests["wilcoxon"] = wilcoxon_test([m["x"] for m in members], level)
    tests["skewness_adjusted"] = skewness_adjusted([m["effect"]["car"] for m in members])
    tests["jackknife"] = jackknife(members)
    tests["ibragimov_mueller"] = ibragimov_mueller(members, design)
    tests.update(more_tests(members, design))
    if len(members) < 2:
        return {test: nothing(len(members), "too_few_events") for test in tests}
    return tests


def j1(members, level):
    """T4: CAAR over the root of the mean forecast variance over N."""
    n = len(members)
    if n == 0:
        return nothing(n, "too_few_events")
    se = math.sqrt(math.fsum(m["effect"]["se"] ** 2 for m in members)) / n
    if se == 0.0:
        return nothing(n, "no_spread")
    return t_row(mean([m["effect"]["car"] for m in members]), se, None, n, level)


# ---------------------------------------------------------------- one-session scales


def crude_dependence(members, design):
    """T2: summed AAR over the spread of AAR in the estimation window."""
    members = one_session_members(members)
    n, window = len(members), design["window"]
    if n < 2:
        return nothing(n, "too_few_events")
    if staggered(members, window):
        return nothing(n, "windows_of_dates_match")
    first, last = design["estimation"]
    history = []
    for day in range(first, last + 1):
        values = [
            m["fit"]["residuals"][m["event"]["zero"] + day]
            for m in members
            if m["event"]["zero"] + day in m["fit"]["residuals"]
        ]
        if values:
            history.append(mean(values))
    tested = []
    for day in range(window[0], window[1] + 1):
        values = [m["effect"]["days"][day]["ar"] for m in members if day in m["effect"]["days"]]
        if values:
            tested.append(mean(values))
    s = deviation(history)
    if s == 0.0:
        return nothing(n, "no_spread")
    se = s * math.sqrt(len(tested))
    return t_row(math.fsum(tested), se, len(history) - 1, n, design["level"])


def portfolio(members, design):
    """T3: the model on the equal-weighted return of the events, one date and one factor."""
    from twin import effect_in, fitted, return_on

    members = one_session_members(members)
    n, window = len(members), design["window"]
    if n < 2:
        return nothing(n, "too_few_events")
    if not one_date_and_factor(members, design):
        return nothing(n, "not_one_date_and_factor")
    days = days_used(design)
    event = dict(members[0]["event"])
    zero = event["zero"]
    returns = [math.nan] * len(event["closes"])
    composition = set()
    for day in days:
        s = zero + day
        if not 0 <= s < len(returns):
            continue
        values = []
        for m in members:
            there = return_on(m["event"], m["event"]["zero"] + day)
            if there is not None and there[1] == 1:
                values.append(there[0])
        composition.add(len(values))
        if values:
            returns[s] = mean(values)
    event["returns"], event["span"] = returns, [1] * len(returns)
    fit = fitted(event, design["estimation"], design["model"], 1)
    if isinstance(fit, str):
        return nothing(n, fit)
    effect = effect_in(event, fit, window, design["level"])
    if effect["t"] is None:
        return nothing(n, effect["reason"])
    exact = composition == {n}
    return t_row(effect["car"], effect["se"], fit["dof"], n, design["level"], exact=exact)


# ---------------------------------------------------------------- standardised tests


def standardized(members, design):
    """T5-T8: Patell, BMP and their adjusted forms."""
    names = ("patell", "adjusted_patell", "bmp", "adjusted_bmp")
    n, level = len(members), design["level"]
    if n == 0 or any(m["effect"]["scar"] is None for m in members):
        reason = "too_few_events" if n == 0 else "no_spread"
        return {name: nothing(n, reason) for name in names}
    scar = [m["effect"]["scar"] for m in members]
    w = mean([1.0 / m["effect"]["se"] for m in members])
    c, why = correlations(members, design["covered"])
    r = None
    if c is not None:
        r = math.fsum(c[i][j] for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
        if 1 + (n - 1) * r <= 0:
            why = "correlation_out_of_range"
    rows = {}
    if any(m["fit"]["dof"] <= 4 for m in members):
        rows["patell"] = rows["adjusted_patell"] = nothing(n, "too_few_dof", r=r)
    else:
        q = math.fsum(m["fit"]["dof"] / (m["fit"]["dof"] - 2) for m in members)
        se = math.sqrt(q) / n
        rows["patell"] = t_row(mean(scar) / w, se / w, None, n, level)
        if why:
            rows["adjusted_patell"] = nothing(n, why, r=r)
        else:
            se *= math.sqrt(1 + (n - 1) * r)
            rows["adjusted_patell"] = t_row(mean(scar) / w, se / w, None, n, level, r=r)
    if n < 2 or deviation(scar) == 0.0:
        reason = "too_few_events" if n < 2 else "no_spread"
        rows["bmp"] = rows["adjusted_bmp"] = nothing(n, reason, r=r)
        return rows
    se = deviation(scar) / math.sqrt(n)
    rows["bmp"] = t_row(mean(scar) / w, se / w, n - 1, n, level)
    if not why and r >= 1:  # the factor of adjusted Patell is defined there, this one's is not
        why = "correlation_out_of_range"
    if why:
        rows["adjusted_bmp"] = nothing(n, why, r=r)
    else:
        se *= math.sqrt((1 + (n - 1) * r) / (1 - r))
        dof = adjusted_dof(c, r, same_windows(members, design["window"]))
        rows["adjusted_bmp"] = t_row(mean(scar) / w, se / w, dof, n, level, r=r)
    return rows


# ---------------------------------------------------------------- ranks


def one_session_series(m, design):
    """AR / sqrt(k) of the estimation days and this window's days, by relative day."""
    first, last = design["estimation"]
    zero = m["event"]["zero"]
    series = {}
    for day in range(first, last + 1):
        if zero + day in m["fit"]["residuals"]:
            series[day] = m["fit"]["residuals"][zero + day]
    for day, there in m["effect"]["days"].items():
        series[day] = there["ar"] / math.sqrt(there["span"])
    return series


def ranks(members, design):
    """R1 with R3, R2 and R7: by relative day, over the estimation days and this window's."""
    names = ("corrado", "corrado_zivney", "corrado_zivney_sign")
    n, window = len(members), design["window"]
    if n == 0:
        return {name: nothing(n, "too_few_events") for name in names}
    if staggered(members, window):
        return {name: nothing(n, "windows_of_dates_match") for name in names}
    centred, scaled, signs = [], [], []
    for m in members:
        series = one_session_series(m, design)
        values = list(series.values())
        ranked = dict(zip(series, average_ranks(values), strict=True))
        m_i = len(values)
        centred.append({day: k - (m_i + 1) / 2 for day, k in ranked.items()})
        scaled.append({day: k / (m_i + 1) - 0.5 for day, k in ranked.items()})
        middle = median(values)
        signs.append({day: sign(v - middle) for day, v in series.items()})
    return {
        "corrado": daily_z(centred, design, lambda column: math.fsum(column) / len(column)),
        "corrado_zivney": daily_z(scaled, design, root_mean),
        "corrado_zivney_sign": daily_z(signs, design, root_mean),
    }


def root_mean(column):
    """N_t^(-1/2) times the sum."""
    return math.fsum(column) / math.sqrt(len(column))


def daily_z(tables, design, average):
    """Sum of the window's daily averages over sqrt(L) times their spread on all T days."""
    n, window = len(tables), design["window"]
    first, last = design["estimation"]
    everything, tested = [], []
    for day in [*range(first, last + 1), *range(window[0], window[1] + 1)]:
        column = [table[day] for table in tables if day in table]
        if not column:
            continue
        everything.append(average(column))
        if window[0] <= day <= window[1]:
            tested.append(average(column))
    s = math.sqrt(math.fsum(u * u for u in everything) / len(everything))
    if s == 0.0:
        return nothing(n, "no_spread")
    z = math.fsum(tested) / (math.sqrt(len(tested)) * s)
    return value(z, 2 * stats.norm.sf(abs(z)), None, n)


def grank(members, design):
    """R4: ranks of SAR in the estimation window and of the window's SCAR* as one extra day."""
    n, window = len(members), design["window"]
    if n < 2 or any(m["effect"]["scar"] is None for m in members):
        reason = "too_few_events" if n < 2 else "no_spread"
        return {name: nothing(n, reason) for name in ("grank_t", "grank_z")}
    sd = deviation([m["effect"]["scar"] for m in members])
    if sd == 0.0:
        return {name: nothing(n, "no_spread") for name in ("grank_t", "grank_z")}
    first, last = design["estimation"]
    tables, variance = [], []
    for m in members:
        zero = m["event"]["zero"]
        series = {"extra": m["effect"]["scar"] / sd}
        for day in range(first, last + 1):
            if zero + day in m["fit"]["residuals"]:
                series[day] = m["fit"]["residuals"][zero + day] / m["fit"]["sigma"]
        t_i = len(series)
        ranked = average_ranks(list(series.values()))
        tables.append({day: k / (t_i + 1) - 0.5 for day, k in zip(series, ranked, strict=True)})
        variance.append((t_i - 1) / (12 * (t_i + 1)))
    zero_mean = mean([table["extra"] for table in tables])
    total, t_days = 0.0, 0
    for day in ["extra", *range(first, last + 1)]:
        column = [table[day] for table in tables if day in table]
        if column:
            t_days += 1
            total += len(column) / n * mean(column) ** 2
    if n < 3:
        return {name: nothing(n, "too_few_events") for name in ("grank_t", "grank_z")}
    z_independent = zero_mean * n / math.sqrt(math.fsum(variance))
    rows = {"grank_z": value(z_independent, 2 * stats.norm.sf(abs(z_independent)), None, n)}
    if n < 10:
        rows["grank_t"] = nothing(n, "too_few_events")
    elif staggered(members, window):
        rows["grank_t"] = nothing(n, "windows_of_dates_match")
    else:
        z = zero_mean / math.sqrt(total / t_days)
        t = z * math.sqrt((t_days - 2) / (t_days - 1 - z * z))
        rows["grank_t"] = value(t, 2 * stats.t.sf(abs(t), t_days - 2), t_days - 2, n)
    return rows


def sign(x):
    """-1, 0 or 1."""
    return (x > 0) - (x < 0)


def median(x):
    """Middle value, or the mean of the two."""
    x = sorted(x)
    half = len(x) // 2
    return x[half] if len(x) % 2 else (x[half - 1] + x[half]) / 2


def generalized_sign(members):
    """R6: positive effects against the share of positive AR in the estimation windows."""
    n = len(members)
    if n == 0:
        return nothing(n, "too_few_events")
    shares = []
    for m in members:
        residuals = list(m["fit"]["residuals"].values())
        shares.append(sum(e > 0 for e in residuals) / len(residuals))
    phat = mean(shares)
    if phat in (0.0, 1.0):
        return nothing(n, "no_spread")
    positive = sum(m["x"] > 0 for m in members)
    z = (positive - n * phat) / math.sqrt(n * phat * (1 - phat))
    return value(z, 2 * stats.norm.sf(abs(z)), None, n, phat=phat, positive=positive)


# ---------------------------------------------------------------- skewness, jackknife, clusters


def jackknife(members):
    """T10: pseudo-values of mean(SCAR) / sd(SCAR)."""
    x = [m["effect"]["scar"] for m in members]
    n = len(x)
    if n < 4:
        return nothing(n, "too_few_events")
    if any(v is None for v in x) or deviation(x) == 0.0:
        return nothing(n, "no_spread")
    theta = mean(x) / deviation(x)
    pseudo = []
    for i in range(n):
        rest = x[:i] + x[i + 1 :]
        if deviation(rest) == 0.0:
            return nothing(n, "no_spread")
        pseudo.append(n * theta - (n - 1) * mean(rest) / deviation(rest))
    if deviation(pseudo) == 0.0:
        return nothing(n, "no_spread")
    t = mean(pseudo) / (deviation(pseudo) / math.sqrt(n))
    return value(t, 2 * stats.t.sf(abs(t), n - 1), n - 1, n)
