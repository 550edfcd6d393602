"""What must be kept in mind of a study, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.errors import UnknownExchangeError
from eventstudy.exchanges import exchange_of
from eventstudy.report.formats import counted, number
from eventstudy.windows import Window

NAMED = 6
"""Effects and reasons named in a sentence; the rest are counted."""


def caveats(frames: Mapping[str, pd.DataFrame], spec: Mapping[str, Any]) -> Sequence[str]:
    """Say what must be kept in mind of the study as a whole.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        ``events``, ``overlaps`` and ``fits`` of a result.
    spec : mapping
        The study's settings.
    """
    events, overlaps = frames["events"], frames["overlaps"]
    notes: list[str] = [
        *_one_date(events),
        *_closed(events, spec["windows"][0]),
        *_rolled(frames["fits"], spec),
        *_fit_notes(frames["fits"]),
        *_factor_notes(events, spec),
    ]
    shared = overlaps[overlaps["kind"] == "tested windows share sessions"]
    if len(shared) and "n_others" in shared:
        notes.append(
            f"{counted(len(shared), 'event')} {'share' if len(shared) > 1 else 'shares'} days of "
            "the tested windows with other events on the same security: on those days their "
            "effects cannot be told apart."
        )
    elif len(shared):
        notes.append(
            f"{counted(len(shared), 'pair')} of events {'share' if len(shared) > 1 else 'shares'} "
            "days of the tested windows on the same security: on those days their effects cannot "
            "be told apart."
        )
    if len(events) and (events["precision"] == "assumed").any():
        count = events.loc[events["precision"] == "assumed", "event_id"].nunique()
        notes.append(
            f"{counted(count, 'event')} {'have' if count > 1 else 'has'} an assumed hour: the day "
            "is known, the time is not."
        )
    if spec["calendar"] == "data" and len(events) and events["announced_at"].notna().any():
        count = events.loc[events["announced_at"].notna(), "event_id"].nunique()
        notes.append(
            f"{counted(count, 'event')} {'have' if count > 1 else 'has'} a time of day, which was "
            "not used: the rows of the data know no closes, and the date as it was written counts. "
            "Of news after the close day zero is then a day early."
        )
    if len(events) and (events["session_phase"] == "during").any():
        notes.append(
            "Some announcements fell within a session: part of their effect may lie on the next "
            f"day{', which window (0, 1) holds' * ('(0, 1)' in spec['windows'])}."
        )
    return notes


def _one_date(events: pd.DataFrame) -> list[str]:
    """Say what a study of a single date cannot tell apart."""
    # An event has a day zero of its own on each exchange.
    if min(len(events[name].drop_duplicates()) for name in ("day_zero", "event_id")) != 1:
        return []
    if len(events[["event_id", "ticker"]].drop_duplicates()) == 1:
        return [
            "There is one date: what else moved the security then, as news of its sector, cannot "
            "be told from the effect of the event."
        ]
    return [
        "All effects are of one date: what else moved these securities then, as news of their "
        "sector, cannot be told from the effect of the event."
    ]


def _closed(events: pd.DataFrame, window: str) -> list[str]:
    """Say of which pairs the benchmark did not trade in the window that leads."""
    own = events[(events["window"] == window) & events["benchmark_closed"].astype(bool)]
    if own.empty:
        return []
    named = [f"{row.ticker} on {row.event_id}" for row in own.head(NAMED).itertuples(index=False)]
    rest = f" and {len(own) - len(named)} more" if len(own) > len(named) else ""
    return [
        f"The benchmark's market did not trade on days of window {window} of {', '.join(named)}"
        f"{rest}: its return there is 0, and what moved the market as a whole is in the effect."
    ]


def _fit_notes(fits: pd.DataFrame) -> list[str]:
    """Say what the errors of the model are, and what aligning by closes has changed."""
    notes = [
        f"{text[0].upper()}{text[1:]}." for text in dict.fromkeys(fits.get("note", ())) if text
    ]
    if "beta_same_date" not in fits or not {"alpha", "beta"} <= set(fits):
        return notes
    other = fits[np.isfinite(fits["beta_same_date"].astype("float64"))]
    if other.empty:
        return notes
    named = [
        f"{row.ticker} on {row.event_id} {number(row.beta, 2)} instead of "
        f"{number(row.beta_same_date, 2)}"
        for row in other.head(NAMED).itertuples(index=False)
    ]
    rest = len(other) - len(named)
    notes.append(
        f"{counted(len(other), 'pair')} {'is' if len(other) == 1 else 'are'} measured against a "
        "benchmark of another exchange. Its returns are aligned by closes: each return of the "
        "security is met by what the benchmark did between the same two closes. So beta is, "
        "against pairing by date (there by least squares): "
        f"{', '.join(named)}{f' and {rest} more' if rest else ''}."
    )
    return notes


def _factor_notes(events: pd.DataFrame, spec: Mapping[str, Any]) -> list[str]:
    """Say which factors close at other hours than the securities that they are to explain."""
    model = spec["model"]
    factors = model.get("factors", ()) if isinstance(model, Mapping) else ()
    if not isinstance(factors, (list, tuple)) or spec["calendar"] == "data":
        return []
    listed = spec.get("exchanges", {})
    pairs = events.drop_duplicates(["event_id", "ticker"])
    away, named = np.zeros(len(pairs), dtype=bool), []
    for factor in factors:
        try:
            exchange = exchange_of(str(factor), named=listed.get(factor, ""))
        except UnknownExchangeError:  # of a file or a frame, which says no hours
            continue
        elsewhere = (pairs["exchange"] != exchange).to_numpy()
        away |= elsewhere
        named += [str(factor)] * bool(elsewhere.any())
    if not named:
        return []
    count = int(away.sum())
    return [
        f"{counted(count, 'pair')} {'is' if count == 1 else 'are'} measured against factors of "
        f"another exchange ({', '.join(named)}). Their returns are aligned by closes: each return "
        "of the security is met by what the factors did between the same two closes. What moves "
        "the security's own market alone stays in its abnormal return."
    ]


def _rolled(fits: pd.DataFrame, spec: Mapping[str, Any]) -> list[str]:
    """Name the events whose estimation window starts earlier than the study's."""
    if "estimation_start" not in fits or fits.empty:
        return []
    usual = Window.of(spec["estimation"]).first
    moved = fits.assign(earlier=usual - fits["estimation_start"])
    moved = moved[moved["earlier"] > 0]
    if moved.empty:
        return []
    named = [
        f"{row.ticker} on {row.event_id} {row.earlier}"
        for row in moved.head(NAMED).itertuples(index=False)
    ]
    rest = len(moved) - len(named)
    return [
        f"The estimation window of {counted(len(moved), 'pair')} starts earlier than day {usual}, "
        "to make up for days in it that are not usable (no return, a halt, no factor, days of "
        f"other events). By how many sessions: {', '.join(named)}"
        f"{f' and {rest} more' if rest else ''}; the table fits has each start."
    ]
