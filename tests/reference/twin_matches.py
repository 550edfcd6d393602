"""Which sessions of two calendars match, clusters, and the correlation of two events' effects."""

from __future__ import annotations

import math

from twin_rows import mean

MATCHES_NEEDED = 30


def window_sessions(member, window):
    """Positions of the tested window's sessions, as far as the calendar goes."""
    zero = member["event"]["zero"]
    days = range(zero + window[0], zero + window[1] + 1)
    return [s for s in days if 0 <= s < len(member["event"]["closes"])]


def window_closes(member, window):
    """Their closing instants: what the sessions are, on whichever calendar."""
    return [member["event"]["closes"][s] for s in window_sessions(member, window)]


_MATCHES = {}


def matches(x, y):
    """All pairs of sessions of two calendars that match, with their class.

    (s, t, "same") where both close at the same instant, else "first" where x's close lies in
    (previous close of y, close of y] and "second" where y's lies in (previous close of x, close
    of x]. Which of the two exchanges is called x changes only the names of the classes.
    """
    key = (x.tobytes(), y.tobytes())
    if key not in _MATCHES:
        found = []
        for s in range(len(x)):
            for t in range(len(y)):
                if x[s] == y[t]:
                    found.append((s, t, "same"))
                elif t > 0 and y[t - 1] < x[s] <= y[t]:
                    found.append((s, t, "first"))
                elif s > 0 and x[s - 1] < y[t] <= x[s]:
                    found.append((s, t, "second"))
        _MATCHES[key] = found
    return _MATCHES[key]


def windows_match(a, b, window):
    """Tell whether any session of the one tested window matches one of the other."""
    sa = set(window_sessions(a, window)) | tested_sessions(a, covered=True)
    sb = set(window_sessions(b, window)) | tested_sessions(b, covered=True)
    pairs = matches(a["event"]["closes"], b["event"]["closes"])
    return any(s in sa and t in sb for s, t, _ in pairs)


def same_windows(members, window):
    """Tell whether the tested windows of all events are the same sessions."""
    first = window_closes(members[0], window)
    return all(window_closes(m, window) == first for m in members)


def staggered(members, window):
    """Tell whether windows of different dates match, where averages by relative day break down."""
    if window[0] == window[1]:
        return False
    for i, a in enumerate(members):
        for b in members[:i]:
            differ = window_closes(a, window) != window_closes(b, window)
            if differ and windows_match(a, b, window):
                return True
    return False


def clusters(members, window):
    """Connected components of events whose windows match or that share an event_id."""
    label = list(range(len(members)))
    for i, a in enumerate(members):
        for j in range(i):
            b = members[j]
            same = a["event"]["event_id"] == b["event"]["event_id"]
            if same or windows_match(a, b, window):
                old, new = label[i], label[j]
                label = [new if one == old else one for one in label]
    return label


def adjusted_dof(c, r, one_window):
    """Degrees of freedom of adjusted BMP: N - 1 on one set of sessions, else by two moments."""
    n = len(c)
    if one_window:
        return n - 1
    squares = math.fsum(c[i][j] ** 2 for i in range(n) for j in range(n))
    rows = math.fsum(math.fsum(c[i]) ** 2 for i in range(n))
    spread = squares - 2 / n * rows + (1 + (n - 1) * r) ** 2
    return min(n - 1, ((n - 1) * (1 - r)) ** 2 / spread)


def correlations(members, covered):
    """C_ij by loops over pairs of events and matching sessions; (None, reason) where it fails."""
    n = len(members)
    if n < 2:
        return None, "too_few_events"
    c = [[1.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(i):
            one = pair_correlation(members[i], members[j], covered)
            if isinstance(one, str):
                return None, one
            c[i][j] = c[j][i] = one
    return c, ""


def tested_sessions(member, covered):
    """Sessions on which the tested returns end, or all that they cover."""
    sessions = set()
    for there in member["effect"]["days"].values():
        sessions.add(there["session"])
        if covered:
            sessions.update(there["session"] - back for back in range(there["span"]))
    return sessions


def pair_correlation(a, b, covered):
    """Sum over the classes of rho times the number of matches, over sqrt(L_a L_b)."""
    tested_a, tested_b = tested_sessions(a, covered), tested_sessions(b, covered)
    counts = {"same": 0, "first": 0, "second": 0}
    history = {"same": [], "first": [], "second": []}
    for s, t, kind in matches(a["event"]["closes"], b["event"]["closes"]):
        if s in tested_a and t in tested_b:
            counts[kind] += 1
        if s in a["fit"]["residuals"] and t in b["fit"]["residuals"]:
            history[kind].append((a["fit"]["residuals"][s], b["fit"]["residuals"][t]))
    total = 0.0
    for kind, count in counts.items():
        if count == 0:
            continue
        if len(history[kind]) < MATCHES_NEEDED:
            return "too_few_matches"
        rho = pearson([u for u, _ in history[kind]], [v for _, v in history[kind]])
        if rho is None:
            return "no_spread"
        total += rho * count
    return total / math.sqrt(a["effect"]["length"] * b["effect"]["length"])


def pearson(u, v):
    """Sample correlation."""
    mu, mv = mean(u), mean(v)
    suu = math.fsum((x - mu) ** 2 for x in u)
    svv = math.fsum((y - mv) ** 2 for y in v)
    suv = math.fsum((x - mu) * (y - mv) for x, y in zip(u, v, strict=True))
    return None if suu == 0.0 or svv == 0.0 else suv / math.sqrt(suu * svv)


def one_session_members(members):
    """Leave out events with a resumption return in the window."""
    return [m for m in members if m["effect"]["longest"] == 1]


def days_used(design):
    """Relative days of the estimation window and of the tested one."""
    first, last = design["estimation"]
    window = design["window"]
    return [*range(first, last + 1), *range(window[0], window[1] + 1)]


def one_date_and_factor(members, design):
    """Tell whether all events have the same sessions and factor on the days in use."""

    def columns(m):
        out = []
        for day in days_used(design):
            s = m["event"]["zero"] + day
            if not 0 <= s < len(m["event"]["closes"]):
                out.append(None)
                continue
            f = None if design["model"] == "constant_mean" else float(m["event"]["factor"][s])
            out.append((int(m["event"]["closes"][s]), "nan" if f is None or math.isnan(f) else f))
        return out

    first = columns(members[0])
    return all(columns(m) == first for m in members)
