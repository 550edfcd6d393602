"""What the specifications of each group, and of each event and security, agree on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.kernels.pvalues import rejects
from eventstudy.report.findings import CHOICES, NO_BENCHMARK
from eventstudy.report.formats import counted, percent, probability
from eventstudy.summary import ESTIMATES

READINGS = (
    *("who", "event_id", "ticker", "group", "own", "own_pvalue", "asked", "specifications"),
    *("fewest", "most", "median", "lowest", "highest", "negative", "positive", "found", "reading"),
)
_KEY = ["group", "who"]
_NAMED = 3
_WORDED = {"estimation": "estimation ", "benchmark": "benchmark ", "window": "window "}

Where = dict[tuple[str, str], list[str]]
"""Clauses of each group, or event and security."""


def readings(curve: pd.DataFrame, alpha: float) -> pd.DataFrame:
    """Make one row of each group, or event and security, in the order of the curve.

    Parameters
    ----------
    curve : DataFrame
        Rows as in ``Robustness.curve``.
    alpha : float
        p-values up to it count as found.

    Returns
    -------
    DataFrame
        As :meth:`eventstudy.specifications.Robustness.readings` says.
    """
    measured = curve["estimate"].notna()
    marked = curve.assign(
        _found=measured & rejects(curve["pvalue"], alpha),
        _n=curve["n"].where(measured),
        _below=curve["estimate"] < 0,
        _above=curve["estimate"] > 0,
    )
    table = marked.groupby(_KEY, sort=False).agg(
        event_id=("event_id", "first"),
        ticker=("ticker", "first"),
        asked=("estimate", "size"),
        specifications=("estimate", "count"),
        fewest=("_n", "min"),
        most=("_n", "max"),
        median=("estimate", "median"),
        lowest=("estimate", "min"),
        highest=("estimate", "max"),
        negative=("_below", "sum"),
        positive=("_above", "sum"),
        found=("_found", "sum"),
        _reason=("reason", "first"),
    )
    own = curve[curve["own"].astype(bool)].drop_duplicates(_KEY).set_index(_KEY)
    table["own"] = own["estimate"].reindex(table.index)
    table["own_pvalue"] = own["pvalue"].reindex(table.index)
    where = _where(marked[measured])
    table = table.reset_index()
    table["reading"] = [
        _reading(row, where.get((row["group"], row["who"]), [])) for row in table.to_dict("records")
    ]
    return table[list(READINGS)]


def _reading(row: Mapping[Any, Any], where: list[str]) -> str:
    """Say whether an effect is found in all specifications, in none, or with some choices only."""
    count, asked, found = row["specifications"], row["asked"], row["found"]
    if not count:
        return f"not measured: {row['_reason']}"
    of = f"{count:,}" if count == asked else f"{count:,} that could be measured, of {asked:,}"
    if found == count:
        text = "found in every specification" if count == asked else f"found in all {of}"
    elif not found:
        text = "found in none" if count == asked else f"found in none of {of}"
    else:
        text = f"found in {found:,} of {of}"
    clauses = [
        *(["its sign changes"] if max(row["negative"], row["positive"]) < count else []),
        *(where if 0 < found < count else []),
        *([f"{row['fewest']:,.0f} to {row['most']:,.0f} pairs"] if _varies(row) else []),
    ]
    return "; ".join([text, *clauses])


def _varies(row: Mapping[Any, Any]) -> bool:
    return row["fewest"] < row["most"]


def _where(measured: pd.DataFrame) -> Where:
    """Say which values of a choice an effect is found with, or never found with."""
    clauses: Where = {}
    for choice in CHOICES:
        # The model says already that it needs no benchmark.
        rows = (
            measured[measured["benchmark"] != NO_BENCHMARK] if choice == "benchmark" else measured
        )
        found = rows.groupby([*_KEY, choice], sort=False)["_found"].any()
        values: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
        for (group, who, value), any_found in found.items():  # pyright: ignore
            values.setdefault((group, who), ([], []))[not any_found].append(_bracketed(str(value)))
        for key, (some, never) in values.items():
            if some and never:
                often, named = ("only", some) if len(some) <= len(never) else ("never", never)
                more = f" or {len(named) - _NAMED} more" if len(named) > _NAMED else ""
                text = f"{often} with {_WORDED.get(choice, '')}{' or '.join(named[:_NAMED])}{more}"
                clauses.setdefault(key, []).append(text)
    return clauses


def _bracketed(model: str) -> str:
    """Put what follows a comma in brackets, so that a list of models can be read."""
    name, comma, kind = model.partition(", ")
    return f"{name} ({kind})" if comma and not model.startswith("(") else model


_EACH = 3
"""Groups, or pairs, up to which each has a sentence of its own."""


def curve_sentences(rows: pd.DataFrame, curve: pd.DataFrame, alpha: float) -> list[str]:
    """Say in words what the specifications agree on.

    Parameters
    ----------
    rows : DataFrame
        From :func:`readings`.
    curve : DataFrame
        Rows as in ``Robustness.curve``.
    alpha : float
        p-values up to it count as found.
    """
    said: list[str] = []
    for row in rows[rows["group"] == "all"].to_dict("records"):
        own = curve[(curve["group"] == "all") & curve["estimate"].notna()]
        said += _of_everyone(row, own, alpha)
    for noun, part in (
        ("further group", rows[~rows["group"].isin(["", "all"]) & ~_of_one_event(rows)]),
        ("event-security pair", rows[rows["group"] == ""]),
    ):
        known = part[part["specifications"] > 0]
        if known.empty:
            continue
        if len(known) <= _EACH:
            said += [
                f"{one['who']}: {percent(one['own'])} % in the study's own specification; "
                f"{one['reading']}."
                for one in known.to_dict("records")
            ]
            continue
        always = int((known["found"] == known["specifications"]).sum())
        never = int((known["found"] == 0).sum())
        turning = int((known[["negative", "positive"]].max(axis=1) < known["specifications"]).sum())
        partly = int((known["specifications"] < known["asked"]).sum())
        said.append(
            f"{counted(len(known), noun)}: p at or below {alpha:.3g} in every specification that "
            f"measures it for {always:,}, in none for {never:,}, in some for "
            f"{len(known) - always - never:,}; the sign of the effect changes for {turning:,}."
            + f" Not measured in every specification: {partly:,}."
            * (partly > 0)
        )
    return said


def _of_one_event(rows: pd.DataFrame) -> pd.Series:
    """Tell the groups of the securities of one event, which repeat their pairs."""
    return rows["group"].str.startswith("event:")


def _of_everyone(row: Mapping[Any, Any], own: pd.DataFrame, alpha: float) -> Iterator[str]:
    """Say of all events how far the effects lie apart, and where the study's own lies."""
    count, asked = row["specifications"], row["asked"]
    if not count:
        return
    which = counted(count, "specification")
    if count < asked:
        which = f"{count:,} of {counted(asked, 'specification')}, those that measure two pairs,"
    effects = pd.unique(own["test"].map(ESTIMATES).fillna("average effect"))
    words = " or ".join(map(str, effects))
    found = {0: "none", count: "all"}.get(row["found"], f"{row['found']:,}")
    yield (
        f"In {which} the {words} over all events lies between {percent(row['lowest'])} % and "
        f"{percent(row['highest'])} %, median {percent(row['median'])} %; {_signs(row)}; p at or "
        f"below {alpha:.3g} in {found}."
    )
    first = own[own["own"].astype(bool)]
    if first.empty or not np.isfinite(row["own"]):
        yield "The study's own choice could not be measured."
        return
    window = str(first["window"].iloc[0])
    others = own[(own["window"] == window) & ~own["own"].astype(bool)]["estimate"].abs()
    yield (
        f"The study's own choice gives {percent(row['own'])} % on window {window} (p "
        f"{probability(row['own_pvalue'])}); larger in size on that window: "
        f"{int((others > abs(row['own'])).sum()):,} of {len(others):,} others."
    )


def _signs(row: Mapping[Any, Any]) -> str:
    total, below, above = row["specifications"], row["negative"], row["positive"]
    if total == below:
        return "all are negative"
    if total == above:
        return "all are positive"
    return f"negative in {below:,} of {total:,}"
