"""Quoted moves against measured ones: what the press said, and what the prices say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike

import numpy as np
import pandas as pd

from eventstudy.arrays import Booleans, Dates, Floats, Integers
from eventstudy.csvfile import read_table
from eventstudy.errors import ClaimsError
from eventstudy.events import Events
from eventstudy.panel import PriceSeries
from eventstudy.tables import (
    Column,
    Diagnosis,
    Problems,
    Table,
    check_frame,
    frame_table,
    likeness,
    matching,
    shown,
)
from eventstudy.tickers import TICKER, ticker_fault

QUOTED = ("close_return", "overnight_gap")
SINCE = ("largest_fall_since", "lowest_close_since")
MEASURES = (*QUOTED, *SINCE, "not_checkable")
COMPARISONS = ("is", "over", "under")
COLUMNS = (
    "event_id",
    "ticker",
    "measure",
    "quoted",
    "comparison",
    "since",
    "text",
    "source",
)
RESULT = (*COLUMNS[:6], "measured", "tolerance", "verdict", "decided_by", *COLUMNS[6:])

_PERCENT = re.compile(r"([+\-−]?)([0-9]{1,6})(?:\.([0-9]{1,8}))? ?%")
_PERIOD = re.compile(r"(?:19|20|21)[0-9]{2}-(?:0[1-9]|1[0-2])(?:-[0-9]{2})?")
# A dividend takes less of a price than a split does, or ten shares that become eleven.
_SPLIT = np.log(1.08)
_ROUNDING = 1e-12
_HINTED = 20


def read_claims(path: str | PathLike[str], *, events: Events | None = None) -> pd.DataFrame:
    """Read claims.csv.

    Parameters
    ----------
    path : str or path
        A CSV file like events.csv. Columns: ``event_id``, ``ticker`` and ``measure``
        (close_return, overnight_gap, largest_fall_since, lowest_close_since, not_checkable);
        ``quoted``, a percentage as it was printed ("-22.9%"), with ``comparison`` (is, over,
        under), for the first two measures; ``since``, a month or a date, for the next two;
        ``text`` and ``source``. Others are left out.
    events : Events, optional
        Where they are given, a claim about none of them is among the problems.

    Returns
    -------
    DataFrame
        These columns as text, "" where nothing was given, and ``line``: the line of the file.

    Raises
    ------
    ClaimsError
        With every problem at once, each with line, column, value and cure.
    """
    return _claims(read_table(path, ClaimsError, COLUMNS), events)


def _claims(table: Table, events: Events | None) -> pd.DataFrame:
    for name in COLUMNS[:3]:
        table.require(name, COLUMNS)
    for name in ("event_id", "ticker", "measure"):
        if name in table:
            empty = ~table.column(name).filled
            table.flag(empty, name, ("the cell is empty", f"Give the {name} of the claim"))
    ticker, measure = table.column("ticker"), table.column("measure")
    table.flag(~ticker.matches(TICKER) & ticker.filled, "ticker", ticker_fault)
    known = measure.where([text in ("", *MEASURES) for text in measure.values])
    table.flag(~known, "measure", _measure_fault)
    _check_quoted(table, _one_of(measure, QUOTED), _one_of(measure, SINCE))
    _check_since(table, _one_of(measure, QUOTED), _one_of(measure, SINCE))
    rows = np.arange(len(table))
    if events is not None and "event_id" in table:
        ids = table.column("event_id").series(rows)
        _note_unknown(table.problems, table.lines, ids, events)
    table.problems.raise_any(ClaimsError, table.name)
    columns = {name: table.column(name).series(rows) for name in COLUMNS}
    return pd.DataFrame({**columns, "line": table.lines})


def check_claims(claims: pd.DataFrame, events: Events) -> pd.DataFrame:
    """Make sure that claims are sound, and each about one of the events.

    Parameters
    ----------
    claims : DataFrame
        As of :func:`read_claims`, or a frame with columns of a claims.csv; without ``line`` a row's
        line is its position plus 2.
    events : Events
        The events.

    Returns
    -------
    DataFrame
        As of :func:`read_claims`.

    Raises
    ------
    ClaimsError
        With every problem of the claims at once, those that are about none of the events too.
    """
    check_frame(claims, "claims", ClaimsError, "read_claims")
    table = frame_table(claims, "claims")
    if "line" in claims and pd.api.types.is_integer_dtype(claims["line"]):
        table = replace(table, lines=claims["line"].to_numpy(dtype=np.int64))
    return _claims(table, events)


def about_any(path: str | PathLike[str], events: Events) -> bool:
    """Tell whether a file of claims, sound or not, has one about any of the events."""
    column = read_table(path, ClaimsError, COLUMNS).column("event_id")
    return bool(events.frame["event_id"].isin(column.values[column.values != ""]).any())


def _note_unknown(problems: Problems, lines: Integers, ids: pd.Series, events: Events) -> None:
    """Note each claim whose id no event has, but for empty ones."""
    own = events.frame["event_id"]
    # Few claims are looked for among many events, as pandas is slow the other way round.
    unknown = ~ids.isin(own[own.isin(ids)]).to_numpy() & (ids != "").to_numpy()
    if not unknown.any():
        return
    names = events.ids
    for place, (line, event) in enumerate(zip(lines[unknown], ids[unknown], strict=True)):
        # Nearest names of thousands against thousands would take minutes.
        meant = likeness(event, names) if place < _HINTED else ""
        hint = f"Is '{shown(meant)}' meant? " if meant else ""
        cure = f"{hint}Write an event_id of {shown(events.name)}, or take the claim out"
        problems.add(int(line), "event_id", event, "no event has this id", cure)


def judge(
    claims: pd.DataFrame,
    zeros: Mapping[tuple[str, str], np.datetime64],
    series: Mapping[str, PriceSeries],
) -> pd.DataFrame:
    """Compare what was claimed with what prices say.

    Parameters
    ----------
    claims : DataFrame
        As of :func:`read_claims`.
    zeros : mapping from (event_id, ticker) to datetime64
        Day zero of each event and security that the study kept.
    series : mapping from ticker to PriceSeries
        The securities' prices or returns.

    Returns
    -------
    DataFrame
        The claims with ``measured``, the return in question (-.2288 is a fall of 22.88 %; NaN
        where there is none); ``tolerance``, half a unit of the last digit quoted, as a fraction;
        ``verdict`` (confirmed, not_confirmed, not_checkable); and ``decided_by``, the date and the
        figure that decide it, or why none does.

    Notes
    -----
    ``is`` holds where the measured return is within the tolerance, ``over`` where it has the sign
    of the quoted one and is larger in size, ``under`` where it has not the other sign and is
    smaller. "Largest fall since" holds where the last earlier session with a return as low or lower
    lies before the end of the month or day given; "lowest close since" likewise with closes. Where
    no earlier session is as low, both hold if the data begin before that end.

    Closes are not adjusted for dividends where the source has such closes (Yahoo, files with a
    close beside the adjusted one), for so the press quotes them.
    """
    rows = list(claims[list(COLUMNS)].itertuples(index=False, name=None))
    findings = [_finding(dict(zip(COLUMNS, row, strict=True)), zeros, series) for row in rows]
    found = {
        "measured": np.array([finding.measured for finding in findings], dtype=float),
        "tolerance": np.array([_tolerance(quoted) for quoted in claims["quoted"]], dtype=float),
        "verdict": pd.Series([finding.verdict for finding in findings], dtype="str"),
        "decided_by": pd.Series([finding.decided_by for finding in findings], dtype="str"),
    }
    judged = claims[list(COLUMNS)].reset_index(drop=True).assign(**found)
    return judged[list(RESULT)]


@dataclass(frozen=True)
class _Finding:
    verdict: str
    decided_by: str
    measured: float = np.nan


@dataclass(frozen=True, eq=False)
class _History:
    """The sessions of a series that have a figure, each array of shape (n,)."""

    dates: Dates
    closes: Floats  # as they were traded, where that is known; rebuilt from 100 of given returns
    returns: Floats  # since the session before; NaN where there is none
    opens: Floats  # NaN where there is none
    missing: int  # given returns that are missing and count as none

    @classmethod
    def of(cls, series: PriceSeries) -> _History:
        there = np.isfinite(series.values)
        values, none = series.values[there], np.full(int(there.sum()), np.nan)
        if series.kind == "returns":
            missing = int((~there).sum())
            closes = np.asarray(100 * np.cumprod(1 + values), dtype=np.float64)
            return cls(series.dates[there], closes, values, none, missing)
        closes = _traded(values, None if series.closes is None else series.closes[there])
        returns = np.concatenate([none[:1], closes[1:] / closes[:-1] - 1])
        opens = none if series.opens is None else series.opens[there] * (closes / values)
        return cls(series.dates[there], closes, returns, opens, 0)


def _traded(adjusted: Floats, closes: Floats | None) -> Floats:
    """Take closes without the adjustment for dividends, which the press does not make.

    The adjusted ones where they are not known, or not adjusted for a split either.
    """
    if closes is None or not np.isfinite(closes).all():
        return adjusted
    steps = np.abs(np.diff(np.log(adjusted / closes)))
    return adjusted if (steps > _SPLIT).any() else closes


def _one_of(column: Column, measures: tuple[str, ...]) -> Booleans:
    return column.where([text in measures for text in column.values])


def _measure_fault(text: str) -> Diagnosis:
    meant = likeness(text, MEASURES)
    hint = f"Is '{meant}' meant? " if meant else ""
    return "not a measure", f"{hint}Write {', '.join(MEASURES[:-1])} or {MEASURES[-1]}"


def _check_quoted(table: Table, needed: Booleans, refused: Booleans) -> None:
    quoted, comparison = table.column("quoted"), table.column("comparison")
    form = "Write a percentage as it was printed, with its sign: -22.9%"
    table.flag(needed & ~quoted.filled, "quoted", ("the measure needs a quoted number", form))
    bad = ~quoted.matches(_PERCENT) & quoted.filled
    table.flag(bad, "quoted", ("not a percentage", form))
    cure = "Leave it empty, and give the number a row of its own with close_return"
    table.flag(refused & quoted.filled, "quoted", ("the measure takes no quoted number", cure))
    unknown = comparison.where([text not in ("", *COMPARISONS) for text in comparison.values])
    table.flag(unknown, "comparison", ("not a comparison", "Write is, over or under"))
    cure = "Write is, over or under"
    missing = quoted.filled & ~comparison.filled
    table.flag(missing, "comparison", ("a quoted number without its comparison", cure))
    idle = comparison.filled & ~quoted.filled & ~needed
    table.flag(idle, "comparison", ("a comparison without a quoted number", "Leave it empty"))


def _check_since(table: Table, refused: Booleans, needed: Booleans) -> None:
    since = table.column("since")
    form = "Write a month or a date: 2018-10 or 2018-10-31"
    table.flag(needed & ~since.filled, "since", ("the measure needs a month or a date", form))
    shaped = matching(since.values, _PERIOD)
    shaped[shaped] = [_ends(text) is not None for text in since.values[shaped]]
    table.flag(~since.where(shaped) & since.filled, "since", ("no month and no date", form))
    cure = "Leave it empty, or choose a measure that ends in _since"
    table.flag(refused & since.filled, "since", ("the measure takes no date", cure))


def _ends(since: str) -> np.datetime64 | None:
    """First day after a month or a date; None where there is no such day."""
    try:
        day = np.datetime64(since)  # of unit M or D, whichever was written
    except ValueError:
        return None
    return (day + 1).astype("datetime64[D]")


def _tolerance(quoted: str) -> float:
    """Half a unit of the last digit, as a fraction; NaN where nothing is quoted."""
    match = _PERCENT.fullmatch(quoted)
    return 0.5 * 10.0 ** -(2 + len(match[3] or "")) if match else np.nan


def _holds(measured: float, quoted: str, comparison: str) -> bool:
    match = _PERCENT.fullmatch(quoted)
    if match is None:
        return False
    number = float(f"{match[2]}.{match[3] or 0}") / 100
    claimed = -number if match[1] in ("-", "−") else number
    if comparison == "is":
        return abs(measured - claimed) <= _tolerance(quoted) + _ROUNDING
    if comparison == "over":
        return measured * claimed > 0 and abs(measured) > number + _ROUNDING
    return measured * claimed >= 0 and abs(measured) < number - _ROUNDING


def _finding(
    claim: Mapping[str, str],
    zeros: Mapping[tuple[str, str], np.datetime64],
    series: Mapping[str, PriceSeries],
) -> _Finding:
    measure, ticker = claim["measure"], claim["ticker"]
    zero = zeros.get((claim["event_id"], ticker))
    if zero is None or np.isnat(zero):
        return _uncheckable("no day zero: the event was dropped, or does not name this ticker")
    if ticker not in series:
        return _uncheckable(f"no prices of {ticker}")
    history, day = _History.of(series[ticker]), zero.astype("datetime64[D]")
    place = int(np.searchsorted(history.dates, day))
    if place == len(history.dates) or history.dates[place] != day:
        return _uncheckable(f"no price of {ticker} on {day}")
    if measure == "not_checkable":
        return _uncheckable(_daily_figures(history, place))
    if measure in QUOTED:
        return _quoted_finding(claim, history, place)
    return _since_finding(claim, history, place)


def _uncheckable(why: str) -> _Finding:
    return _Finding("not_checkable", why)


def _decided(decided_by: str, measured: float, *, holds: bool) -> _Finding:
    return _Finding("confirmed" if holds else "not_confirmed", decided_by, measured)


def _percent(fraction: float, quoted: str = "") -> str:
    match = _PERCENT.fullmatch(quoted)
    digits = max(2, len(match[3] or "") + 1) if match else 2
    return f"{100 * fraction:.{digits}f} %"


def _daily_figures(history: _History, place: int) -> str:
    figures = {"open": _gap(history, place), "close": float(history.returns[place])}
    known = [f"{name} {_percent(move)}" for name, move in figures.items() if np.isfinite(move)]
    on_day = f"; {history.dates[place]}: {', '.join(known)}" if known else ""
    return f"not to be seen in daily prices{on_day}"


def _gap(history: _History, place: int) -> float:
    return float(history.opens[place] / history.closes[place - 1] - 1) if place else np.nan


def _quoted_finding(claim: Mapping[str, str], history: _History, place: int) -> _Finding:
    day = history.dates[place]
    before = f" against the close of {history.dates[place - 1]}" if place else ""
    if claim["measure"] == "close_return":
        what, measured = "close", float(history.returns[place])
    else:
        what, measured = "open", _gap(history, place)
    if not np.isfinite(measured):
        missing = f"no {what} price of {day}" if before else f"no close before {day}"
        return _uncheckable(missing)
    quoted = claim["quoted"]
    holds = _holds(measured, quoted, claim["comparison"])
    decided_by = f"{what} of {day}{before}: {_percent(measured, quoted)}"
    return _decided(decided_by, measured, holds=holds)


def _since_finding(claim: Mapping[str, str], history: _History, place: int) -> _Finding:
    day, end = history.dates[place], _ends(claim["since"])
    fall = claim["measure"] == "largest_fall_since"
    figures = history.returns if fall else history.closes
    change = float(history.returns[place])
    measured = change if fall else np.nan
    if end is None or end > day:
        return _Finding("not_checkable", f"{claim['since']} does not end before {day}", measured)
    if fall and np.isnan(change):
        return _uncheckable(f"no close before {day}")
    if fall and change >= 0:
        return _decided(f"no fall on {day}: {_percent(change)}", measured, holds=False)
    holes = f" ({history.missing} missing returns count as none)" if history.missing else ""
    earlier = np.flatnonzero(figures[:place] <= figures[place])
    if len(earlier):
        date, figure = history.dates[earlier[-1]], float(figures[earlier[-1]])
        lower = f"{100 * (1 - figure / float(figures[place])):.2f} % lower"
        told = f"fall on {date}, {_percent(figure)}" if fall else f"close on {date}, {lower}"
        decided_by = f"last {'larger' if fall else 'lower'} {told}{holes}"
        return _decided(decided_by, measured, holds=bool(date < end))
    known = history.dates[:place][np.isfinite(figures[:place])]
    if len(known) and known[0] < end:
        decided_by = f"none as low since the data begin on {known[0]}{holes}"
        return _decided(decided_by, measured, holds=True)
    begin = known[0] if len(known) else day
    return _Finding("not_checkable", f"the data begin on {begin}, too late for it", measured)
