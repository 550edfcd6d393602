"""Drawings of effects: one event, the mean over a group, and all effects with their intervals.

Each public function draws on the matplotlib axes that it is given, or makes a figure of its own
without pyplot, and returns the axes; in a notebook the returned axes show their figure. Text from
files is never read as mathematics.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eventstudy.arrays import Floats, Integers
from eventstudy.errors import InputError
from eventstudy.report.formats import date, is_missing
from eventstudy.report.panels import heading, limits, path, placebo, write
from eventstudy.report.style import GREY, SERIES, Drawing, panel, style
from eventstudy.report.text import shorten

WIDTH = 6.69
"""Width of a drawing in a report, in inches: the text width of an A4 page with 2 cm margins."""

DRAWN = 6
"""Securities of one event that are drawn; a table holds the rest."""

_ALIKE = 3.0  # times that one range may be another's on one scale
_BAND = 1.5  # times that a band may reach beyond the furthest mean
_NOTEBOOK = 1.25  # a notebook's drawing is larger than a page's, text and all


class EventFrames(Protocol):
    """What an event is drawn from: a `Findings`, or anything with the same frames."""

    @property
    def events(self) -> pd.DataFrame:
        """One row per event, security and window."""
        ...

    @property
    def days(self) -> pd.DataFrame:
        """One row per event, security and relative day."""
        ...

    @property
    def estimation(self) -> pd.DataFrame:
        """One row per event, security and estimation day."""
        ...

    @property
    def windows(self) -> Iterable[object]:
        """Tested windows, the headline window first; read as text."""
        ...


def draw_event(
    frames: EventFrames, event_id: str, ax: Axes | None = None, *, figure: Figure | None = None
) -> Axes:
    """One event: abnormal returns added up for each security, and the placebo distributions.

    Parameters
    ----------
    frames : Findings or an object with the frames events, days, estimation and with windows
    event_id : str
    ax : matplotlib.axes.Axes, optional
        Draw the cumulative paths of all securities here, each labelled at its end, without
        placebo distributions.
    figure : matplotlib.figure.Figure, optional
        Draw small multiples in this empty figure. By default one is made.

    Returns
    -------
    matplotlib.axes.Axes
        `ax`, or the first panel of the small multiples (of at most 6 securities).

    Raises
    ------
    eventstudy.errors.InputError
        If no row has this event.
    """
    days = frames.days[frames.days["event_id"] == event_id]
    if days.empty:
        known = ", ".join(map(str, pd.unique(frames.events["event_id"])[:10]))
        raise InputError(f"no event '{shorten(event_id, 60)}' in the result. It has {known}")
    if ax is not None:
        return _paths_together(ax, days)
    if figure is not None:
        return event_panels(figure, frames, event_id, 1.0)
    with style(size=7.5 * _NOTEBOOK):
        tickers = min(int(days["ticker"].nunique()), DRAWN)
        size = (WIDTH * _NOTEBOOK, event_height(tickers) * _NOTEBOOK)
        return event_panels(Drawing(figsize=size), frames, event_id, _NOTEBOOK)


def draw_caar(means: pd.DataFrame, group: str = "all", ax: Axes | None = None) -> Axes:
    """Draw the mean effect of a group added up over the days, with its band.

    Parameters
    ----------
    means : pandas.DataFrame
        Columns group, day, caar, low, high (decimals; NaN where missing).
    group : str
        As in ``"all"`` or ``"kind:sanction"``.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    eventstudy.errors.InputError
        If no row has this group.
    """
    rows = means[means["group"] == group]
    if rows.empty:
        known = ", ".join(map(str, pd.unique(means["group"])[:10]))
        raise InputError(f"no group '{shorten(group, 60)}' in the result. It has {known}")
    if ax is not None:
        return _mean_path(ax, rows)
    with style(size=7.5 * _NOTEBOOK):
        figure = Drawing(figsize=(5.2, 3.1))
        axes = panel(figure, 0.5, 0.55, 4.2, 2.05)
        _mean_path(axes, rows)
        heading(axes, group_label(group), _counted(rows))
        write(axes, 0, 1.18, "Cumulative average abnormal return (CAAR), %",
              transform=axes.transAxes, color=GREY)  # fmt: skip
        axes.set_xlabel("sessions from day zero")
        return axes


def event_height(securities: int) -> float:
    """Height in inches of an event's small multiples."""
    if securities <= 1:
        return 2.35
    return 3.58 if securities <= 4 else 5.7


def event_panels(figure: Figure, frames: EventFrames, event_id: str, scale: float) -> Axes:
    """Small multiples of one event: a path above, a placebo distribution below, per security.

    One security stands beside its distribution; up to four stand in one row, six in two.
    """
    window = str(next(iter(frames.windows)))
    days = frames.days[frames.days["event_id"] == event_id]
    estimation = frames.estimation[frames.estimation["event_id"] == event_id]
    chosen = (frames.events["event_id"] == event_id) & (frames.events["window"] == window)
    effects = frames.events[chosen].drop_duplicates("ticker").set_index("ticker")
    tickers = list(pd.unique(days["ticker"]))[:DRAWN]
    share = shared_limits(days)
    column = f"placebo {window}"
    first: Axes | None = None
    for position, (upper, lower) in enumerate(_places(len(tickers))):
        ticker = tickers[position]
        rows = days[days["ticker"] == ticker].sort_values("day")
        axes = panel(figure, *(scale * inches for inches in upper))
        path(axes, *_path_of(rows, "car"))
        axes.set_ylim(*(share or _limits_of(rows, "car")))
        effect = effects.loc[ticker] if ticker in effects.index else None
        zero = "" if effect is None else date(effect["day_zero"])
        heading(axes, shorten(ticker, 21), zero)
        if first is None:
            write(axes, 0, 1.0 + 0.3 / upper[3], "Cumulative abnormal return (CAR), %",
                  transform=axes.transAxes, color=GREY)  # fmt: skip
            first = axes
        axes.yaxis.set_visible(share is None or position % _columns(len(tickers)) == 0)
        axes.set_xlabel("sessions from day zero", labelpad=1)
        below = panel(figure, *(scale * inches for inches in lower))
        run = estimation[estimation["ticker"] == ticker]
        drawn = run[column].to_numpy(float) if column in run.columns else np.empty(0)
        reason = "" if effect is None or is_missing(effect["reason"]) else str(effect["reason"])
        car, pvalue = (
            (np.nan, np.nan) if effect is None else (effect["car"], effect["placebo_pvalue"])
        )
        placebo(below, drawn, float(car), float(pvalue), reason)
        below.set_xlabel(f"effect in {window}, %".replace("-", "−"), labelpad=1)
    if first is None:
        raise InputError(f"no event '{shorten(event_id, 60)}' in the result. Name one that it has")
    return first


def shared_limits(days: pd.DataFrame) -> tuple[float, float] | None:
    """Give limits in per cent for all drawn securities of one event.

    Returns
    -------
    tuple of float or None
        None where one security moves more than three times as far as another: on one scale the
        path of the calmer one would be a line.
    """
    tickers = pd.unique(days["ticker"])[:DRAWN]
    each = [_limits_of(days[days["ticker"] == ticker], "car") for ticker in tickers]
    lengths = [high - low for low, high in each]
    if not lengths or max(lengths) > _ALIKE * min(lengths):
        return None
    return min(low for low, _ in each), max(high for _, high in each)


def caar_limits(means: pd.DataFrame) -> tuple[float, float]:
    """Give limits in per cent that hold all mean paths; a band far wider than all is cut."""
    paths = means["caar"].to_numpy(float)
    reach = _BAND * float(np.nanmax(np.abs(paths), initial=0.005))
    bands = [np.clip(means[bound].to_numpy(float), -reach, reach) for bound in ("low", "high")]
    return limits(paths, *bands)


def caar_panels(figure: Figure, means: pd.DataFrame, groups: Sequence[str]) -> None:
    """Small multiples of mean paths, one a group, on one scale, four in a row."""
    chosen = means[means["group"].isin(groups)]
    share = caar_limits(chosen)
    columns = min(4, len(groups))
    each = (WIDTH - 0.3) / columns
    for position, group in enumerate(groups):
        rows = chosen[chosen["group"] == group]
        left = 0.3 + each * (position % columns)
        top = 0.5 + 2.1 * (position // columns)
        axes = panel(figure, left, top, min(each - 0.45, 3.6), 1.3)
        _mean_path(axes, rows)
        axes.set_ylim(*share)
        heading(axes, shorten(group.partition(":")[2] or group_label(group), 18), _counted(rows))
        axes.set_xlabel("sessions from day zero", labelpad=1)
        axes.yaxis.set_visible(position % columns == 0)
        if position == 0:
            write(axes, 0, 1.24, "Cumulative average abnormal return (CAAR), %",
                  transform=axes.transAxes, color=GREY)  # fmt: skip


def caar_height(groups: int) -> float:
    """Height in inches of `caar_panels`."""
    return 0.1 + 2.1 * math.ceil(groups / 4)


def group_label(group: str) -> str:
    """Give a group's name in words.

    Examples
    --------
    >>> group_label("all"), group_label("kind:sanction"), group_label("event:BIS-2024")
    ('All events', 'Kind: sanction', 'Event BIS-2024')
    """
    head, _, rest = group.partition(":")
    known = {"kind": f"Kind: {rest}", "event": f"Event {rest}", "group": f"Group {rest}"}
    return "All events" if group == "all" else known.get(head, group)


def _places(count: int) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """Left, top, width and height in inches of each path and its distribution."""
    if count == 1:
        return [((0.3, 0.5, 3.4, 1.45), (4.35, 0.5, 2.3, 1.45))]
    columns = _columns(count)
    upper, lower = (1.45, 0.78) if count <= 4 else (1.1, 0.55)
    each = (WIDTH - 0.3) / columns
    rows = 0.5 + upper + 0.5 + lower + 0.25
    places = []
    for position in range(count):
        left = 0.3 + each * (position % columns)
        top = 0.5 + rows * (position // columns)
        wide = each - 0.45
        places.append(((left, top, wide, upper), (left, top + upper + 0.5, wide, lower)))
    return places


def _columns(count: int) -> int:
    return count if count <= 4 else 3


def _paths_together(axes: Axes, days: pd.DataFrame) -> Axes:
    for position, ticker in enumerate(pd.unique(days["ticker"])):
        rows = days[days["ticker"] == ticker].sort_values("day")
        colour = SERIES[position % len(SERIES)]
        path(axes, *_path_of(rows, "car"), label=shorten(ticker, 21), colour=colour)
    axes.set_ylim(*_limits_of(days, "car"))
    axes.set_xlabel("sessions from day zero")
    axes.set_ylabel("cumulative abnormal return (CAR), %")
    return axes


def _mean_path(axes: Axes, rows: pd.DataFrame) -> Axes:
    path(axes, *_path_of(rows.sort_values("day"), "caar"))
    if axes.get_xlabel() == "":
        axes.set_xlabel("sessions from day zero")
    return axes


def _path_of(rows: pd.DataFrame, effect: str) -> tuple[Integers, Floats, Floats, Floats]:
    return (
        rows["day"].to_numpy(int),
        rows[effect].to_numpy(float),
        rows["low"].to_numpy(float),
        rows["high"].to_numpy(float),
    )


def _limits_of(rows: pd.DataFrame, effect: str) -> tuple[float, float]:
    return limits(*(rows[bound].to_numpy(float) for bound in (effect, "low", "high")))


def _counted(rows: pd.DataFrame) -> str:
    n = rows["n"].to_numpy(float)
    n = n[np.isfinite(n)]
    if n.size == 0:
        return ""
    few, many = int(n.min()), int(n.max())
    return f"n {many}" if few == many else f"n {few}–{many}"
