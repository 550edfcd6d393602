"""The plain lists of a report: claims, dropped pairs, overlaps, sources, fits, mean paths."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from eventstudy.report.figures import group_label
from eventstudy.report.formats import (
    NONE,
    date,
    integer,
    is_missing,
    level,
    number,
    percent,
    probability,
)
from eventstudy.report.tables import (
    TICKER,
    Column,
    Table,
    grouped,
    minus,
    once,
    records,
    right,
    text_of,
)
from eventstudy.report.text import amid, shorten

_MEASURES = {
    "close_return": "return at the close",
    "overnight_gap": "gap from close to open",
    "largest_fall_since": "largest fall since",
    "lowest_close_since": "lowest close since",
    "not_checkable": "not to be checked with daily prices",
}
_VERDICTS = {
    "confirmed": "confirmed",
    "not_confirmed": "not confirmed",
    "not_checkable": "not checkable",
}
_ID = 26


def claims_table(claims: pd.DataFrame) -> Table:
    """Press claims against measured moves, with the verdict in words."""
    columns = (
        Column("Event"),
        Column("Security"),
        Column("Claim", wide=True),
        right("Quoted"),
        right("Measured"),
        right("Tolerance"),
        Column("Verdict"),
        Column("Decided by", wide=True),
    )
    cells = []
    for row in records(claims):
        measure = _MEASURES.get(str(row["measure"]), str(row["measure"]))
        since = "" if is_missing(row["since"]) else f" {date(row['since'])}"
        words = f"{measure}{since}"
        said = "" if is_missing(row["text"]) else f"“{shorten(str(row['text']), 160)}”: "
        compared = "" if row["comparison"] in ("is", "") else f"{row['comparison']} "
        cells.append(
            (
                shorten(str(row["event_id"]), _ID),
                shorten(str(row["ticker"]), TICKER),
                said + words,
                NONE if is_missing(row["quoted"]) else compared + minus(str(row["quoted"])),
                _measured(row["measured"], str(row["measure"])),
                NONE
                if is_missing(row["tolerance"])
                else f"±{number(100 * float(row['tolerance']), 3)} %",
                _VERDICTS.get(str(row["verdict"]), str(row["verdict"])),
                minus(shorten(date(row["decided_by"]), 160)),
            )
        )
    return Table(columns, tuple(cells), grouped(list(claims["event_id"])))


def _measured(value: Any, measure: str) -> str:
    if is_missing(value) or isinstance(value, str):
        return NONE if is_missing(value) else minus(value)
    return number(value) if measure == "lowest_close_since" else f"{percent(value)} %"


def dropped_table(dropped: pd.DataFrame) -> Table:
    """Pairs of event and security that have no effect, each with its reason."""
    columns = (Column("Event"), Column("Security"), Column("Reason", wide=True))
    rows = _rows(dropped, ("event_id", "ticker", "reason"))
    return Table(columns, tuple((*names, minus(reason)) for *names, reason in rows))


def overlaps_table(overlaps: pd.DataFrame) -> Table:
    """Events that share days of the same security, by name, or counted where they are too many."""
    if "n_others" in overlaps:
        return _counted_overlaps(overlaps)
    columns = (
        Column("Event"),
        Column("Security"),
        Column("Other event"),
        Column("Security"),
        Column("What they share", wide=True),
        right("Sessions"),
        Column("First"),
        Column("Last"),
    )
    cells = tuple(
        (
            shorten(str(row["event_id"]), _ID),
            shorten(str(row["ticker"]), TICKER),
            shorten(str(row["other_event_id"]), _ID),
            shorten(str(row["other_ticker"]), TICKER),
            str(row["kind"]),
            integer(row["sessions"]),
            date(row["first"]),
            date(row["last"]),
        )
        for row in records(overlaps)
    )
    return Table(columns, cells)


def _counted_overlaps(overlaps: pd.DataFrame) -> Table:
    columns = (
        Column("Event"),
        Column("Security"),
        right("Other events"),
        Column("What they share", wide=True),
        right("Sessions"),
    )
    cells = tuple(
        (
            shorten(str(row["event_id"]), _ID),
            shorten(str(row["ticker"]), TICKER),
            integer(row["n_others"]),
            str(row["kind"]),
            integer(row["sessions"]),
        )
        for row in records(overlaps)
    )
    return Table(columns, cells)


def sources_table(sources: pd.DataFrame) -> Table:
    """Which source each price series came from, and when, where that was noted."""
    rows = records(sources)
    fetched = any(not is_missing(row["retrieved"]) for row in rows)
    columns = [
        Column("Series"),
        Column("Role"),
        Column("Source"),
        Column("First"),
        Column("Last"),
        right("Sessions"),
        right("Missing"),
        Column("Retrieved"),
        Column("sha256"),
        Column("Note", wide=True),
    ]
    cells = [
        [
            shorten(str(row["ticker"]), TICKER),
            text_of(row["role"]),
            shorten(text_of(row["source"]), 40),
            date(row["first"]),
            date(row["last"]),
            integer(row["sessions"]),
            integer(row["missing"]),
            text_of(row["retrieved"]) or NONE,
            text_of(row["sha256"])[:10] or NONE,
            shorten(text_of(row["note"]), 160),
        ]
        for row in rows
    ]
    if not fetched:
        for line in (columns, *cells):
            del line[7]
    return Table(tuple(columns), tuple(map(tuple, cells)))


def means_table(means: pd.DataFrame, confidence: float) -> Table:
    """Average abnormal returns by day and added up, of all groups but those of one event."""
    own = means[~means["group"].str.startswith("event:")]
    interval = f"{level(confidence)} interval, %"
    columns = (
        Column("Group"),
        right("Day"),
        *(right("AAR, %"), right(interval, span=2), right(""), right("p")),
        *(right("CAAR, %"), right(interval, span=2), right(""), right("p")),
        right("n"),
    )
    keys = list(own["group"])
    names = once(keys, [amid(group_label(str(key)), _ID) for key in keys])
    cells = tuple(
        (
            name,
            number(row["day"], 0),
            *(percent(row[column]) for column in ("aar", "aar_low", "aar_high")),
            probability(row["aar_pvalue"]),
            *(percent(row[column]) for column in ("caar", "low", "high")),
            probability(row["pvalue"]),
            integer(row["n"]),
        )
        for name, row in zip(names, records(own), strict=True)
    )
    return Table(columns, cells, tuple("first" if name else "" for name in names))


def fits_table(fits: pd.DataFrame) -> Table:
    """Estimation fits: coefficients, fit and residual standard deviation."""
    known = ("event_id", "ticker", "model", "n_obs", "dof", "sigma", "r2", "alpha")
    known += ("prediction_error", "r2_outside", "estimation_start")
    factors = [name for name in fits.columns if name not in known and _is_number(fits[name])][:6]
    columns = (
        Column("Event"),
        Column("Security"),
        Column("Model"),
        right("Days", wide=True),
        right("dof", wide=True),
        right("α, % a day", wide=True),
        *(right(_coefficient(str(name)), wide=True) for name in factors),
        right("σ, % a day", wide=True),
        right("R²", wide=True),
    )
    keys = list(fits["event_id"])
    names = once(keys, [shorten(str(key), _ID) for key in keys])
    cells = tuple(
        (
            name,
            shorten(str(row["ticker"]), TICKER),
            text_of(row["model"]).replace("_", " "),
            integer(row["n_obs"]),
            integer(row["dof"]),
            percent(row["alpha"], 3),
            *(number(row[factor], 3) for factor in factors),
            percent(row["sigma"]),
            number(row["r2"], 3),
        )
        for name, row in zip(names, records(fits), strict=True)
    )
    return Table(columns, cells, grouped(keys))


def _coefficient(name: str) -> str:
    """Print the name of a coefficient so that a narrow column can break it."""
    return name.replace("_", " ").replace("beta", "β")


def models_table(models: pd.DataFrame) -> Table:
    """How well the model did, event by event."""
    columns = (
        Column("Event"),
        Column("Security"),
        right("R²", wide=True),
        right("σ, % a day", wide=True),
        right("Durbin-Watson", wide=True),
        right("ARCH-LM p", wide=True),
        right("Jarque-Bera p", wide=True),
        right("Forecast error, %", wide=True),
        right("R² outside", wide=True),
    )
    keys = list(models["event_id"])
    names = once(keys, [shorten(str(key), _ID) for key in keys])
    cells = tuple(
        (
            name,
            shorten(str(row["ticker"]), TICKER),
            number(row["r2"], 3),
            percent(row["sigma"]),
            number(row["durbin_watson"]),
            probability(row["arch_lm_pvalue"]),
            probability(row["jarque_bera_pvalue"]),
            percent(row["prediction_error"]),
            number(row["r2_outside"], 3),
        )
        for name, row in zip(names, records(models), strict=True)
    )
    return Table(columns, cells, grouped(keys))


def _rows(frame: pd.DataFrame, columns: Iterable[str]) -> Iterable[tuple[str, ...]]:
    widths = {"event_id": _ID, "ticker": TICKER}
    for row in records(frame):
        yield tuple(shorten(text_of(row[name]), widths.get(name, 300)) for name in columns)


def _is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and bool(values.notna().any())
