"""Result frames: plain columns, one row a thing, built from arrays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import numpy as np
import pandas as pd

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Booleans, Floats, Integers, Texts
from eventstudy.inference import PeerTests, SingleTests, no_peers, peer_tests
from eventstudy.inference.donors import DonorPlacebo, donor_placebo
from eventstudy.kernels.cumulate import cumulate
from eventstudy.kernels.pvalues import critical
from eventstudy.report.formats import counted
from eventstudy.rows import shift_reasons
from eventstudy.windows import Window

GIVEN = {"event_id", "ticker", "announced_at", "written", "date", "precision", "kind", "actor"}
GIVEN |= {"title", "source", "benchmark", "group", "exchange", "notes"}
"""Columns that every event has; the others are the user's own."""
DONORS = ("donor_pvalue", "n_donors")
UNUSED = "the time of day was not used: the rows of the data know no closes"
CARRIED = ("title", "kind", "actor", "group", "announced_at", "written", "date", "precision")


def session_dates(abnormal: Abnormal, window: Window) -> np.ndarray:
    """Dates of the sessions of a window, shape (events, days); NaT beyond the calendar."""
    rows = abnormal.rows
    days = np.arange(window.first, window.last + 1)
    dates = np.full((len(rows), len(days)), np.datetime64("NaT"), dtype="datetime64[s]")
    for which in np.unique(rows.calendar):
        here = np.flatnonzero(rows.calendar == which)
        sessions = abnormal.panel.calendars[which].sessions
        place = rows.zero[here, None] + days
        inside = (place >= 0) & (place < len(sessions))
        known = sessions[np.clip(place, 0, len(sessions) - 1)].astype("datetime64[s]")
        dates[here] = np.where(inside, known, np.datetime64("NaT"))
    return dates


def in_groups(abnormal: Abnormal, window: Window, max_span: int) -> Booleans:
    """Events that enter group means and tests of a window: a CAR, and no overlong span."""
    effects = abnormal.cumulate(window)
    return (effects.n_days > 0) & (effects.span <= max_span)


def events_frame(
    abnormal: Abnormal,
    frame: pd.DataFrame,
    tests: Mapping[str, SingleTests],
    *,
    max_span: int,
    overlapping: Mapping[int, str],
    peers: tuple[Abnormal, Integers] | None = None,
) -> pd.DataFrame:
    """Build one row an event, security and window.

    Parameters
    ----------
    abnormal : Abnormal
        The events.
    frame : DataFrame
        The events' frame.
    tests : mapping of str to SingleTests
        Tests of every event, by window.
    max_span : int
        Sessions that a return may cover in group means.
    overlapping : mapping of int to str
        Flag of an event, by its position, that shares days with another.
    peers : pair of Abnormal and array of int, optional
        The peers' rows, and the event that each belongs to.
    """
    donors = donor_placebo(abnormal)
    parts = [
        _window_frame(
            abnormal,
            frame,
            window,
            tests[str(window)],
            no_peers(len(abnormal)) if peers is None else peer_tests(abnormal, *peers, window),
            in_groups(abnormal, window, max_span),
            overlapping,
        ).assign(**_donor_columns(donors, window))
        for window in abnormal.design.windows
    ]
    stacked = pd.concat(parts, ignore_index=True)
    order = np.lexsort((np.arange(len(stacked)), np.tile(np.arange(len(abnormal)), len(parts))))
    return stacked.iloc[order].reset_index(drop=True)


def _donor_columns(donors: DonorPlacebo | None, window: Window) -> dict[str, np.ndarray]:
    if donors is None:
        return {}
    pvalue, count = donors.pvalue(window)
    return dict(zip(DONORS, (pvalue, count), strict=True))


def _window_frame(
    abnormal: Abnormal,
    frame: pd.DataFrame,
    window: Window,
    tests: SingleTests,
    over_peers: PeerTests,
    grouped: Booleans,
    overlapping: Mapping[int, str],
) -> pd.DataFrame:
    rows, effects = abnormal.rows, tests.effects
    own = frame.iloc[rows.pair].reset_index(drop=True)
    dates = session_dates(abnormal, Window(0, 0))[:, 0]
    closed = abnormal.closed[:, abnormal.days(window)].any(axis=1)
    calendars = np.array([c.name for c in abnormal.panel.calendars], dtype=object)
    names = np.array([*abnormal.market.names, ""], dtype=object)
    elsewhere = abnormal.market.exchanges or ("",) * len(abnormal.market.names)
    elsewhere = np.array([*elsewhere, ""], dtype=object)[rows.benchmark]
    unused = (calendars == "data")[rows.calendar] & own["announced_at"].notna().to_numpy()
    columns: dict[str, object] = {
        "event_id": own["event_id"],
        "ticker": own["ticker"],
        "window": str(window),
        **{name: own[name] for name in CARRIED},
        "exchange": calendars[rows.calendar],
        "benchmark": names[rows.benchmark],
        "benchmark_exchange": elsewhere,
        "session_phase": rows.phase,
        "announced_zero": _at(abnormal, rows.announced),
        "day_zero": dates,
        "shifted_by": rows.zero - rows.announced,
        "shift_reason": shift_reasons(rows, abnormal.panel),
        "spans": effects.span.astype(np.int64),
        "benchmark_closed": closed,
        "n_days": effects.n_days.astype(np.int64),
        "complete": effects.n_days == len(window),
        "car": effects.car,
        "se": effects.se,
        "scar": effects.scar,
        "t": effects.scar,
        "dof": abnormal.fit.dof,
        "pvalue": tests.pvalue,
        "low": tests.low,
        "high": tests.high,
        "placebo_pvalue": tests.placebo_pvalue,
        "placebo_low": tests.placebo_low,
        "placebo_high": tests.placebo_high,
        "n_placebo": tests.n_placebo,
        "sq_pvalue": tests.sq_lower,
        "sq_pvalue_upper": tests.sq_upper,
        "peer_pvalue": over_peers.pvalue,
        "n_peers": over_peers.n_peers,
        "brown_forsythe_pvalue": tests.brown_forsythe,
        "bhar": effects.bhar,
        "in_groups": grouped,
        "flags": _flags(abnormal, window, tests, grouped, overlapping, unused),
        "reason": tests.reason,
        "source": own["source"],
        "notes": own["notes"],
    }
    extra = [name for name in own.columns if name not in GIVEN]
    called = _given_names(extra, (*columns, *DONORS))
    return pd.DataFrame(columns | {called[name]: own[name] for name in extra})


def _given_names(names: Collection[str], ours: Collection[str]) -> dict[str, str]:
    """Name the user's columns: those that have the name of one of ours get a name of their own."""
    called = {name: name for name in names if name not in ours}
    for name in names:
        own = name
        while own in ours or (own != name and own in called.values()):
            own = f"{own} (given)"
        called[name] = own
    return called


def _at(abnormal: Abnormal, session: Integers) -> np.ndarray:
    """Dates of one session an event."""
    dates = np.empty(len(session), dtype="datetime64[s]")
    for which in np.unique(abnormal.rows.calendar):
        here = abnormal.rows.calendar == which
        dates[here] = abnormal.panel.calendars[which].sessions[session[here]]
    return dates


def _flags(
    abnormal: Abnormal,
    window: Window,
    tests: SingleTests,
    grouped: Booleans,
    overlapping: Mapping[int, str],
    unused: Booleans,
) -> Texts:
    """Say in words what a reader must know of each row; of some the time of day was not used."""
    rows, effects = abnormal.rows, tests.effects
    flags = np.full(len(rows), "", dtype=object)

    def flag(those: Booleans, text: Callable[[int], str]) -> None:
        for row in np.flatnonzero(those).tolist():
            flags[row] = f"{flags[row]}; {text(row)}" if flags[row] else text(row)

    left_out = abnormal.excluded
    shared = np.zeros(len(rows), dtype=np.bool_)
    shared[list(overlapping)] = True
    flag(rows.moved, lambda _: "the date was no session and was moved")
    flag(unused, lambda _: UNUSED)
    flag(rows.zero != rows.announced, lambda _: "day zero moved by a halt or gap")
    flag(effects.span > 1, lambda row: f"spans: a return covers {effects.span[row]} sessions")
    flag(
        np.asarray(abnormal.closed[:, abnormal.days(window)].any(axis=1)),
        lambda _: "benchmark_closed: the benchmark's market did not trade, its return is 0",
    )
    flag(
        effects.n_days < len(window),
        lambda row: f"{effects.n_days[row]} of {len(window)} days have a return",
    )
    flag(
        ~grouped & (effects.n_days > 0),
        lambda _: "left out of group means: a return over many sessions",
    )
    flag(shared, lambda row: overlapping[row])
    flag(np.full(len(rows), abnormal.fit.approximate), lambda _: "approximate standard error")
    flag(
        left_out > 0,
        lambda row: f"{counted(int(left_out[row]), 'estimation day')} of other events left out",
    )
    earlier = abnormal.earlier
    flag(
        earlier > 0,
        lambda row: f"estimation window starts {counted(earlier[row], 'session')} earlier",
    )
    return flags


def days_frame(abnormal: Abnormal, frame: pd.DataFrame, level: float) -> pd.DataFrame:
    """Build one row an event, security and day, with the cumulative path and its interval."""
    window = abnormal.design.event
    events, days = len(abnormal), len(window)
    car, low, high = _path(abnormal, level)
    return pd.DataFrame(
        {
            **_keys(abnormal, frame, days),
            "day": np.tile(np.arange(window.first, window.last + 1), events),
            "session": session_dates(abnormal, window).ravel(),
            "return": abnormal.returns.ravel(),
            "expected": abnormal.expected.ravel(),
            "ar": abnormal.ar.ravel(),
            "sar": abnormal.sar.ravel(),
            "spans": np.where(np.isfinite(abnormal.returns), abnormal.spans, 0).ravel(),
            "car": car.ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
        }
    )


def _path(abnormal: Abnormal, level: float) -> tuple[Floats, Floats, Floats]:
    """Effects cumulated from the first event day to each day, with their intervals."""
    shape = abnormal.returns.shape
    car, se = np.full(shape, np.nan), np.full(shape, np.nan)
    rows, innovations = abnormal.event_rows, abnormal.innovations
    for day in range(shape[1]):
        upto = slice(0, day + 1)
        found = cumulate(
            abnormal.returns[:, upto],
            abnormal.expected[:, upto],
            abnormal.spans[:, upto],
            rows[:, upto],
            abnormal.fit.unscaled,
            abnormal.fit.sigma,
            innovations[:, upto],
        )
        there = np.isfinite(abnormal.ar[:, day])
        car[:, day] = np.where(there, found.car, np.nan)
        se[:, day] = np.where(there, found.se, np.nan)
    half = critical(level, abnormal.fit.dof)[:, None] * se
    return car, car - half, car + half


def estimation_frame(
    abnormal: Abnormal, frame: pd.DataFrame, tests: Mapping[str, SingleTests]
) -> pd.DataFrame:
    """Build one row an event, security and estimation day, with the placebo effects from there."""
    window = abnormal.design.estimation
    events, days = len(abnormal), len(window)
    returns, residuals = abnormal.estimation_returns, abnormal.residuals
    columns: dict[str, object] = {
        **_keys(abnormal, frame, days),
        "day": np.tile(np.arange(window.first, window.last + 1), events),
        "session": session_dates(abnormal, window).ravel(),
        "return": returns.ravel(),
        "expected": (returns - residuals).ravel(),
        "ar": residuals.ravel(),
    }
    for name, found in tests.items():
        padded = np.full((events, days), np.nan)
        padded[:, : found.placebo.shape[1]] = found.placebo
        columns[f"placebo {name}"] = padded.ravel()
    return pd.DataFrame(columns)


def fits_frame(
    abnormal: Abnormal,
    frame: pd.DataFrame,
    *,
    same_date: Floats | None = None,
    errors: tuple[Floats, Floats] | None = None,
) -> pd.DataFrame:
    """Build one row an event and security: what was estimated.

    Parameters
    ----------
    abnormal : Abnormal
        The events.
    frame : DataFrame
        The events' frame.
    same_date : array of float, shape (N,), optional
        Slopes on a benchmark of another exchange, paired by date label.
    errors : pair of array of float, shape (N,), optional
        Forecast error on days left out, and the share of variance forecast there.
    """
    fit = abnormal.fit
    columns: dict[str, object] = {
        **_keys(abnormal, frame, 1),
        "model": abnormal.model.name,
        "n_obs": fit.n_obs,
        "dof": fit.dof,
        "sigma": fit.sigma,
        "r2": fit.r2,
        "alpha": np.nan,
        "beta": np.nan,
    }
    for column, name in enumerate(fit.names):
        columns[name] = fit.coefficients[:, column]
    columns |= fit.further
    columns["beta_same_date"] = np.nan if same_date is None else same_date
    if errors is not None:
        columns["prediction_error"], columns["r2_outside"] = errors
    columns |= _estimation_windows(abnormal)
    return pd.DataFrame({**columns, "note": fit.note})


def _estimation_windows(abnormal: Abnormal) -> dict[str, object]:
    """Relative day and dates of each estimation window, where they are not the same for all."""
    design = abnormal.design
    if not design.rolling_start:
        return {}
    dates = session_dates(abnormal, design.estimation)
    rows = np.arange(len(abnormal))
    return {
        "estimation_start": design.nominal.first - abnormal.earlier,
        "estimation_first": dates[rows, design.extra - abnormal.earlier],
        "estimation_last": dates[:, -1],
    }


def _keys(abnormal: Abnormal, frame: pd.DataFrame, times: int) -> dict[str, np.ndarray]:
    own = frame.iloc[abnormal.rows.pair]
    return {
        "event_id": np.repeat(own["event_id"].to_numpy(), times),
        "ticker": np.repeat(own["ticker"].to_numpy(), times),
    }
