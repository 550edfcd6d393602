"""What the specifications of each group, and of each event and security, agree on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.report.formats import counted, percent, probability
from eventstudy.specifications.choices import NONE

_NAMED = 3
_SLACK = 1e-12  # one minus the level, in binary


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
    rows: list[dict[str, object]] = []
    for _, one in curve.groupby(["group", "who"], sort=False):
        first = one.iloc[0]
        own = one[one["own"]]
        measured = one[one["estimate"].notna()]
        effects = measured["estimate"].to_numpy(np.float64)
        found = (measured["pvalue"] <= alpha + _SLACK).to_numpy(np.bool_)
        known = len(effects) > 0
        rows.append(
            {
                "who": first["who"],
                "event_id": first["event_id"],
                "ticker": first["ticker"],
                "group": first["group"],
                "own": own["estimate"].iloc[0] if len(own) else np.nan,
                "own_pvalue": own["pvalue"].iloc[0] if len(own) else np.nan,
                "specifications": len(effects),
                "median": float(np.median(effects)) if known else np.nan,
                "lowest": float(effects.min()) if known else np.nan,
                "highest": float(effects.max()) if known else np.nan,
                "negative": int((effects < 0).sum()),
                "positive": int((effects > 0).sum()),
                "found": int(found.sum()),
                "reading": _reading(one, measured, found),
            }
        )
    return pd.DataFrame(rows, columns=list(READINGS))


READINGS = (
    *("who", "event_id", "ticker", "group", "own", "own_pvalue", "specifications", "median"),
    *("lowest", "highest", "negative", "positive", "found", "reading"),
)


def _reading(one: pd.DataFrame, measured: pd.DataFrame, found: np.ndarray) -> str:
    """Say whether an effect is found in all specifications, in none, or with some choices only."""
    if measured.empty:
        return "not measured: " + str(one["reason"].iloc[0])
    sign = np.sign(measured["estimate"].to_numpy(np.float64))
    turns = "" if (sign > 0).all() or (sign < 0).all() else "; its sign changes"
    if found.all():
        return "found in every specification" + turns
    if not found.any():
        return "found in none" + turns
    text = f"found in {int(found.sum())} of {len(found)}{turns}"
    return "; ".join([text, *_where(measured.assign(found=found))])


_WORDED = {
    "model": "{}",
    "estimation": "estimation {}",
    "benchmark": "benchmark {}",
    "window": "window {}",
}


def _where(measured: pd.DataFrame) -> Iterator[str]:
    """Say which values of a choice an effect is found with, or never found with."""
    for choice, word in _WORDED.items():
        # The model says already that it needs no benchmark.
        rows = measured[measured["benchmark"] != NONE] if choice == "benchmark" else measured
        any_found = rows.groupby(choice, sort=False)["found"].any()
        some, never = ([*any_found.index[which]] for which in (any_found, ~any_found))
        if not never or not some:
            continue
        often, named = ("only", some) if len(some) <= len(never) else ("never", never)
        more = f" or {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        yield f"{often} with {word.format(' or '.join(named[:_NAMED]))}{more}"


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
    everyone = rows[(rows["group"] == "all") & (rows["specifications"] > 0)]
    for row in everyone.to_dict("records"):
        said.append(
            f"In {counted(row['specifications'], 'specification')} the average over all events "
            f"lies between {percent(row['lowest'])} % and {percent(row['highest'])} %, median "
            f"{percent(row['median'])} %; {_signs(row)}, and {_share(row)} p at or below "
            f"{alpha:.3g}."
        )
        if np.isfinite(row["own"]):
            effects = curve.loc[curve["who"].eq("all") & curve["group"].eq("all"), "estimate"]
            larger = int((effects.abs() > abs(row["own"])).sum())
            said.append(
                f"The study's own choice, in its headline window, gives {percent(row['own'])} % (p "
                f"{probability(row['own_pvalue'])}); {larger} of the others give a larger effect."
            )
    for noun, part in (
        ("further group", rows[(rows["group"] != "") & (rows["group"] != "all")]),
        ("event-security pair", rows[rows["group"] == ""]),
    ):
        known = part[part["specifications"] > 0]
        if known.empty:
            continue
        always = int((known["found"] == known["specifications"]).sum())
        never = int((known["found"] == 0).sum())
        turning = int(((known["negative"] > 0) & (known["positive"] > 0)).sum())
        said.append(
            f"{counted(len(known), noun)}: p at or below {alpha:.3g} in every specification for "
            f"{always}, in none for {never}, in some only for {len(known) - always - never}; the "
            f"sign of the effect changes for {turning}."
        )
    return said


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def _share(row: Mapping[Any, Any]) -> str:
    found, total = row["found"], row["specifications"]
    if found in (0, total):
        return "all have" if found else "none has"
    return f"{found} {_have(found)}"


def _signs(row: Mapping[Any, Any]) -> str:
    total, below, above = row["specifications"], row["negative"], row["positive"]
    if total == below:
        return "all are negative"
    if total == above:
        return "all are positive"
    return f"{below} are negative"
