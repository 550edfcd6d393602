"""An independent program for the numbers of an event study, written from the formulas.

It shares no line and no idea of layout with the package: plain loops over events, sessions and
pairs, sums by ``math.fsum``, one dictionary for each answer. It is slow on purpose and is there to
be read against the formulas, and to judge the package: two programs that were written apart and
agree to the last digits are both right, or both wrong in the same reading of a formula.

``study`` takes a list of events. An event is a dictionary with

    id           what the answers are filed under, unique
    event_id     several securities may share one (the same as ``id`` where it is left out)
    returns      simple returns on the sessions of the event's own calendar, NaN missing
    span         sessions that each return covers: 1, or k >= 2 for a resumption return, which
                 stands on the session on which it ends (all 1 where it is left out)
    factor       the benchmark on the same sessions, one session each, NaN missing; returns of
                 k >= 2 sessions are met by the factor compounded here (None without a factor)
    closes       the instants at which the sessions close: any increasing numbers that mean the
                 same clock in all events (0, 1, 2, ... where it is left out)
    zero         position of day zero

A value that does not exist is None, and ``reason`` then holds one word for why.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import stats
from twin_groups import group_tests

MODELS = ("constant_mean", "market_adjusted", "market")


def study(
    events,
    *,
    estimation,
    windows,
    model="market",
    level=0.95,
    min_estimation=None,
    longest_span=5,
    groups=None,
    scaled_signs=True,
    covered=True,
):
    """Do the whole study: each event by itself, then each group in each window.

    Parameters
    ----------
    events : list of dict
        As in the module's docstring.
    estimation, windows : (first, last), list of (first, last)
        Closed intervals of sessions relative to day zero.
    model : {"constant_mean", "market_adjusted", "market"}
    level : float
        Of every interval.
    min_estimation : int, optional
        Usable estimation days that an event needs; min(100, length of the window) by default.
    longest_span : int or None
        An event with a return over more sessions than this in the tested window is in no group.
    groups : dict of list of id, optional
        One group "all" by default.
    scaled_signs : bool
        Whether sign, generalized_sign and wilcoxon take sum of AR/sqrt(k) (True) or CAR (False).
        They differ only where a resumption return lies in the tested window.
    covered : bool
        Whether sessions match that the tested returns cover (True), or only those on which they
        end (False), when two events' correlation is put together. They differ as above.

    Returns
    -------
    dict
        fits {id: dict}, dropped {id: reason}, days {(id, day): dict}, effects {(id, window): dict},
        aar {(group, day): (aar, n)}, tests {(group, window): {test: dict}}.
    """
    events = [filled(event) for event in events]
    windows = [tuple(window) for window in windows]
    first, last = estimation
    needed = min(100, last - first + 1) if min_estimation is None else min_estimation
    answer = {"fits": {}, "dropped": {}, "days": {}, "effects": {}, "aar": {}, "tests": {}}
    for event in events:
        fit = fitted(event, estimation, model, needed)
        if isinstance(fit, str):
            answer["dropped"][event["id"]] = fit
            continue
        answer["fits"][event["id"]] = fit
        for day in range(min(w[0] for w in windows), max(w[1] for w in windows) + 1):
            answer["days"][event["id"], day] = abnormal(event, fit, event["zero"] + day)
        for window in windows:
            effect = effect_in(event, fit, window, level)
            effect.update(placebo_in(event, fit, window, effect, level))
            answer["effects"][event["id"], window] = effect
        if all(answer["effects"][event["id"], window]["car"] is None for window in windows):
            answer["dropped"][event["id"]] = "no_days"
            forget(answer, event["id"])
    if groups is None:
        groups = {"all": [event["id"] for event in events]}
    for group, ids in groups.items():
        there = [event for event in events if event["id"] in ids and event["id"] in answer["fits"]]
        for window in windows:
            members = []
            for event in there:
                fit = answer["fits"][event["id"]]
                effect = answer["effects"][event["id"], window]
                if effect["car"] is None:
                    continue
                if longest_span is not None and effect["longest"] > longest_span:
                    continue
                x = effect["scaled"] if scaled_signs else effect["car"]
                members.append({"event": event, "fit": fit, "effect": effect, "x": x})
            design = {"estimation": estimation, "window": window, "model": model}
            design.update(level=level, covered=covered)
            answer["tests"][group, window] = group_tests(members, design)
        for day in range(min(w[0] for w in windows), max(w[1] for w in windows) + 1):
            short = [e for e in there if longest_span is None or not long(answer, e, longest_span)]
            answer["aar"][group, day] = average(answer["days"], short, day)
    return answer


def long(answer, event, limit):
    """Tell whether any return of the event's days covers more sessions than the limit."""
    days = [there for (unit, _), there in answer["days"].items() if unit == event["id"] and there]
    return any(there["span"] > limit for there in days)


def forget(answer, unit):
    """Take an event out that has no abnormal return in any tested window."""
    del answer["fits"][unit]
    for table in (answer["days"], answer["effects"]):
        for key in [key for key in table if key[0] == unit]:
            del table[key]


def filled(event):
    """Fill what an event may leave out, and check the rest."""
    event = dict(event)
    n = len(event["returns"])
    event["returns"] = np.asarray(event["returns"], dtype=float)
    if event.get("factor") is not None:
        event["factor"] = np.asarray(event["factor"], dtype=float)
        assert len(event["factor"]) == n
    else:
        event["factor"] = None
    event["span"] = np.asarray(event.get("span", np.ones(n)), dtype=int)
    event["closes"] = np.asarray(event.get("closes", np.arange(n)))
    event.setdefault("event_id", event["id"])
    assert len(event["span"]) == len(event["closes"]) == n
    for before, after in zip(event["closes"][:-1], event["closes"][1:], strict=True):
        assert before < after
    return event


def return_on(event, session):
    """Return and span of one session, or None where there is none."""
    if not 0 <= session < len(event["returns"]):
        return None
    value = float(event["returns"][session])
    if math.isnan(value):
        return None
    return value, int(event["span"][session])


def factor_over(event, session, span):
    """Compound the factor over the ``span`` sessions that end with ``session``; None if one lacks.

    One session is taken as it is: 1 + f - 1 is not f in the last digits.
    """
    if span == 1:
        value = float(event["factor"][session])
        return None if math.isnan(value) else value
    product = 1.0
    for s in range(session - span + 1, session + 1):
        value = float(event["factor"][s])
        if math.isnan(value):
            return None
        product *= 1.0 + value
    return product - 1.0


def cell(event, session, model):
    """Return, span and factor of a session on which an abnormal return can be had, or None."""
    there = return_on(event, session)
    if there is None:
        return None
    value, span = there
    if model == "constant_mean":
        return value, span, 0.0
    factor = factor_over(event, session, span)
    if factor is None:
        return None
    return value, span, factor


def fitted(event, estimation, model, needed):
    """Estimate the model by hand-written formulas; a word where it cannot be done."""
    sessions, y, f = [], [], []
    for day in range(estimation[0], estimation[1] + 1):
        session = event["zero"] + day
        there = cell(event, session, model)
        if there is None or there[1] != 1:
            continue
        sessions.append(session)
        y.append(there[0])
        f.append(there[2])
    m = len(sessions)
    parameters = {"constant_mean": 1, "market_adjusted": 0, "market": 2}[model]
    if m < needed or m < parameters + 5:
        return "too_few_estimation_days"
    mean_y = math.fsum(y) / m
    mean_f = math.fsum(f) / m
    fit = {"model": model, "n_obs": m, "mean_factor": mean_f, "sxx": None, "r2": None}
    if model == "constant_mean":
        fit["coef"] = (mean_y,)
        residuals = [yt - mean_y for yt in y]
        fit["dof"] = m - 1
        squares = math.fsum(e * e for e in residuals)
    elif model == "market_adjusted":
        fit["coef"] = ()
        residuals = [yt - ft for yt, ft in zip(y, f, strict=True)]
        mean = math.fsum(residuals) / m
        fit["dof"] = m - 1
        squares = math.fsum((e - mean) ** 2 for e in residuals)
    else:
        sxx = math.fsum((ft - mean_f) ** 2 for ft in f)
        if sxx == 0.0:
            return "factor_does_not_move"
        sxy = math.fsum((ft - mean_f) * (yt - mean_y) for yt, ft in zip(y, f, strict=True))
        b = sxy / sxx
        a = mean_y - b * mean_f
        fit["coef"] = (a, b)
        fit["sxx"] = sxx
        residuals = [yt - a - b * ft for yt, ft in zip(y, f, strict=True)]
        fit["dof"] = m - 2
        squares = math.fsum(e * e for e in residuals)
        total = math.fsum((yt - mean_y) ** 2 for yt in y)
        fit["r2"] = 1.0 - squares / total if total > 0 else None
    fit["sigma"] = math.sqrt(squares / fit["dof"])
    if squares == 0.0:
        return "no_spread"
    fit["first"] = event["zero"] + estimation[0]
    fit["last"] = event["zero"] + estimation[1]
    fit["residuals"] = dict(zip(sessions, residuals, strict=True))
    fit["factors"] = dict(zip(sessions, f, strict=True))
    return fit


def expected(fit, span, factor):
    """x*'b with x* = (k, factor)."""
    if fit["model"] == "constant_mean":
        return span * fit["coef"][0]
    if fit["model"] == "market_adjusted":
        return factor
    return span * fit["coef"][0] + fit["coef"][1] * factor


def forecast_term(fit, spans, factors):
    """x'(X'X)^-1 x for x = (sum of spans, sum of factors), written out for two columns."""
    if fit["model"] == "market_adjusted":
        return 0.0
    term = spans * spans / fit["n_obs"]
    if fit["model"] == "market":
        term += (factors - spans * fit["mean_factor"]) ** 2 / fit["sxx"]
    return term


def abnormal(event, fit, session):
    """Return, expectation, AR and SAR of one session, or None."""
    there = cell(event, session, fit["model"])
    if there is None:
        return None
    value, span, factor = there
    forecast = expected(fit, span, factor)
    ar = value - forecast
    scale = fit["sigma"] * math.sqrt(span + forecast_term(fit, span, factor))
    sar = ar / scale if scale > 0 else None
    return {
        "return": value,
        "expected": forecast,
        "ar": ar,
        "sar": sar,
        "span": span,
        "factor": factor,
        "session": session,
    }


def effect_in(event, fit, window, level):
    """CAR of one event in one window, with its exact t test."""
    days = {}
    for day in range(window[0], window[1] + 1):
        there = abnormal(event, fit, event["zero"] + day)
        if there is not None:
            days[day] = there
    effect = {
        "days": days,
        "n_days": len(days),
        "complete": len(days) == window[1] - window[0] + 1,
        "length": sum(there["span"] for there in days.values()),
        "longest": max((there["span"] for there in days.values()), default=0),
        "dof": fit["dof"],
        "reason": "",
    }
    for name in ("car", "se", "scar", "t", "pvalue", "low", "high", "bhar", "scaled", "forecast"):
        effect[name] = None
    if not days:
        effect["reason"] = "no_days"
        return effect
    effect["car"] = math.fsum(there["ar"] for there in days.values())
    effect["scaled"] = math.fsum(there["ar"] / math.sqrt(there["span"]) for there in days.values())
    held = hoped = 1.0
    for there in days.values():
        held *= 1.0 + there["return"]
        hoped *= 1.0 + there["expected"]
    effect["bhar"] = held - hoped
    factors = math.fsum(there["factor"] for there in days.values())
    effect["forecast"] = forecast_term(fit, effect["length"], factors)
    effect["se"] = fit["sigma"] * math.sqrt(effect["length"] + effect["forecast"])
    if effect["se"] == 0.0:
        effect["reason"] = "no_spread"
        return effect
    effect["scar"] = effect["car"] / effect["se"]
    effect["t"] = effect["scar"]
    effect["pvalue"] = float(2 * stats.t.sf(abs(effect["t"]), fit["dof"]))
    reach = float(stats.t.isf((1 - level) / 2, fit["dof"])) * effect["se"]
    effect["low"] = effect["car"] - reach
    effect["high"] = effect["car"] + reach
    return effect


def placebo_in(event, fit, window, effect, level):
    """Set the event against every run of the same shape in its estimation window."""
    answer = {
        "placebo_pvalue": None,
        "sq_pvalue": None,
        "sq_pvalue_upper": None,
        "placebo_low": None,
        "placebo_high": None,
        "placebo_c": None,
        "n_placebo": None,
        "placebo": {},
        "placebo_reason": "",
    }
    if effect["car"] is None:
        answer["placebo_reason"] = "no_days"
        return answer
    length = window[1] - window[0] + 1
    if length > fit["n_obs"] / 20:
        answer["placebo_reason"] = "window_too_long"
        return answer
    positions = [day - window[0] for day in effect["days"]]
    runs = {}
    for start in range(fit["first"], fit["last"] - length + 2):
        sessions = [start + position for position in positions]
        if any(session not in fit["residuals"] for session in sessions):
            continue
        total = math.fsum(fit["residuals"][session] for session in sessions)
        factors = math.fsum(fit["factors"][session] for session in sessions)
        h = forecast_term(fit, len(sessions), factors)
        runs[start] = total / math.sqrt(len(sessions) - h)
    answer["n_placebo"] = b = len(runs)
    if b == 0:
        answer["placebo_reason"] = "no_runs"
        return answer
    own, unit = own_placebo_statistic(fit, effect)
    if unit is not None:
        answer["placebo"] = {start: value * unit for start, value in runs.items()}
    answer["placebo_pvalue"] = (1 + sum(abs(v) >= abs(own) for v in runs.values())) / (b + 1)
    answer["sq_pvalue"] = (1 + sum(v <= own for v in runs.values())) / (b + 1)
    answer["sq_pvalue_upper"] = (1 + sum(v >= own for v in runs.values())) / (b + 1)
    k = math.floor((1 - level) * (b + 1) + 1e-9)
    if unit is None:
        answer["placebo_reason"] = "spans_differ"
        return answer
    if k == 0:
        answer["placebo_reason"] = "too_few_runs_for_the_level"
        return answer
    answer["placebo_c"] = c = sorted((abs(v) for v in runs.values()), reverse=True)[k - 1]
    answer["placebo_low"] = effect["car"] - c * unit
    answer["placebo_high"] = effect["car"] + c * unit
    return answer


def own_placebo_statistic(fit, effect):
    """The event's own statistic, of AR/sqrt(k), and what one unit of it is in return units.

    Each row of the design is divided by sqrt(k) too, so its error has the variance of one session.
    Where all returns of the window cover the same number of sessions this is CAR over
    sqrt(L + 1'H1); where they do not, it is no multiple of CAR and there is no unit.
    """
    rows = list(effect["days"].values())
    w_span = math.fsum(there["span"] / math.sqrt(there["span"]) for there in rows)
    w_factor = math.fsum(there["factor"] / math.sqrt(there["span"]) for there in rows)
    own = effect["scaled"] / math.sqrt(len(rows) + forecast_term(fit, w_span, w_factor))
    if len({there["span"] for there in rows}) > 1:
        return own, None
    unit = math.sqrt(effect["length"] + effect["forecast"])
    return effect["car"] / unit, unit


def average(days, events, day):
    """AAR of a relative day over the events that have an AR on it, and their number."""
    values = [days[event["id"], day]["ar"] for event in events if days[event["id"], day]]
    return (math.fsum(values) / len(values) if values else None), len(values)
