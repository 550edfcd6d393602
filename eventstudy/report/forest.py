"""All effects of a study in one drawing: a row each, its interval, and the numbers beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator
from matplotlib.transforms import ScaledTranslation, Transform

from eventstudy.errors import InputError
from eventstudy.report.formats import percent
from eventstudy.report.panels import signed, write
from eventstudy.report.style import ACCENT, FAINT, GREY, INK, SILVER, Drawing, panel, style
from eventstudy.report.tables import minus, records, text_of
from eventstudy.report.text import fitted, shorten

MARKERS = {"sanction": ("o", True), "retaliation": ("D", True), "report": ("o", False)}
_SPARE = (("s", True), ("^", True), ("s", False), ("^", False), ("v", True), ("D", False))
PITCH = 0.141  # inches a row
_GAP = 0.45  # rows between two events
HEAD = 0.36
FOOT = 0.42
_LEFT, _RIGHT = 2.36, 1.5  # inches of the text columns


@dataclass(frozen=True)
class Effect:
    """One row of the drawing; decimals, NaN where there is no figure and `reason` says why."""

    event_id: str
    ticker: str
    kind: str
    car: float
    low: float
    high: float
    aside: bool
    reason: str


def draw_effects(
    events: pd.DataFrame,
    window: str,
    ax: Axes | None = None,
    *,
    dropped: pd.DataFrame | None = None,
    level: float = 0.95,
) -> Axes:
    """Every effect of one window with its interval, grouped by event.

    Parameters
    ----------
    events : pandas.DataFrame
        One row per event, security and window (columns of `Findings.events`).
    window : str
        As in ``"(0, 0)"``.
    ax : matplotlib.axes.Axes, optional
    dropped : pandas.DataFrame, optional
        Pairs without an effect (event_id, ticker, reason); drawn as a row with the reason.
    level : float
        Level of the intervals, for the heading.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    eventstudy.errors.InputError
        If there is neither an effect of this window nor a dropped pair.
    """
    effects = effects_of(events, str(window), dropped)
    if not effects:
        raise InputError(f"no effect of the window {window} in the result. Name one that was run")
    if ax is not None:
        return forest(ax, effects, str(window), level)
    with style(size=9):
        return forest_panel(effects, str(window), level, 1.2)


def effects_of(
    events: pd.DataFrame, window: str, dropped: pd.DataFrame | None = None
) -> list[Effect]:
    """Rows of the drawing: events in first-seen order, dropped pairs after those of their event."""
    rows = records(events[events["window"] == window])
    found = [
        Effect(
            str(row["event_id"]),
            str(row["ticker"]),
            text_of(row["kind"]),
            float(row["car"]),
            float(row["low"]),
            float(row["high"]),
            not bool(row["in_groups"]),
            text_of(row["reason"]),
        )
        for row in rows
    ]
    order = {each: place for place, each in enumerate(dict.fromkeys(e.event_id for e in found))}
    for row in [] if dropped is None else records(dropped):
        event_id, nothing = str(row["event_id"]), (np.nan, np.nan, np.nan)
        order.setdefault(event_id, len(order))
        reason = f"dropped: {text_of(row['reason'])}"
        found.append(Effect(event_id, str(row["ticker"]), "", *nothing, False, reason))
    return sorted(found, key=lambda effect: order[effect.event_id])


def forest_height(effects: Sequence[Effect]) -> float:
    """Height in inches of the drawing of these rows."""
    return HEAD + FOOT + PITCH * (positions(effects)[-1] + 1)


def forest_panel(
    effects: Sequence[Effect],
    window: str,
    level: float,
    scale: float = 1.0,
    whole: Sequence[Effect] | None = None,
) -> Axes:
    """Draw these rows in a figure of their own, as wide as a report's text.

    Scale and markers are those of `whole` where these rows are a part of it.
    """
    across, down = 6.69, forest_height(effects)
    figure = Drawing(figsize=(scale * across, scale * down))
    place = (_LEFT, HEAD, across - _LEFT - _RIGHT, down - HEAD - FOOT)
    axes = panel(figure, *(scale * inches for inches in place))
    return forest(axes, effects, window, level, scale=scale, whole=whole)


def forest(
    axes: Axes,
    effects: Sequence[Effect],
    window: str,
    level: float,
    *,
    scale: float = 1.0,
    whole: Sequence[Effect] | None = None,
) -> Axes:
    """Draw these rows on axes; the text columns stand left and right of them."""
    at = positions(effects)
    whole = effects if whole is None else whole
    reach = span(whole)
    axes.set_ylim(at[-1] + 0.75, -0.75)
    axes.set_xlim(*reach)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    some = any(np.isfinite(effect.car) for effect in whole)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]) if some else NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(signed))
    axes.axvline(0, color=GREY, linewidth=0.7, zorder=1)
    axes.set_xlabel(f"cumulative abnormal return in the window {window}, %".replace("-", "−"))
    columns = _Columns(axes, scale)
    marks = kinds_of(whole)
    previous = None
    for effect, y in zip(effects, at, strict=True):
        if effect.event_id != previous:
            if previous is not None:
                columns.rule(y - 0.5 - _GAP / 2)
            columns.event(y, effect.event_id)
            previous = effect.event_id
        columns.numbers(y, effect)
        _interval(axes, effect, y, reach, marks)
    columns.headings(level)
    _key(axes, marks, scale)
    return axes


def kinds_of(effects: Sequence[Effect]) -> dict[str, tuple[str, bool]]:
    """Marker and fill of each kind, in first-seen order."""
    spare = iter(_SPARE * (1 + len(effects)))
    marks: dict[str, tuple[str, bool]] = {}
    for effect in effects:
        if np.isfinite(effect.car) and effect.kind not in marks:
            marks[effect.kind] = MARKERS.get(effect.kind) or next(spare)
    return marks


def span(effects: Sequence[Effect]) -> tuple[float, float]:
    """Give limits in per cent that hold all effects of the group means, and most intervals.

    One halted share would otherwise press all others together. What is left out of the group means
    sets no limit where others are; intervals are cut only where that makes the drawing half as
    long again. What is cut ends in an arrow.
    """
    some = [effect for effect in effects if np.isfinite(effect.car)]
    some = [effect for effect in some if not effect.aside] or some
    ends = np.array([0.0, *(effect.car for effect in some)])
    bounds = np.array([[effect.low, effect.high] for effect in some]).ravel()
    bounds = bounds[np.isfinite(bounds)]
    full = np.r_[ends, bounds]
    low, high = float(full.min()), float(full.max())
    if bounds.size:
        reach = float(np.quantile(np.abs(bounds), 0.9))
        shorter = max(low, min(float(ends.min()), -reach)), min(high, max(float(ends.max()), reach))
        if high - low > 1.5 * (shorter[1] - shorter[0]):
            low, high = shorter
    margin = 0.05 * (high - low) or 0.01
    return 100 * (low - margin), 100 * (high + margin)


def is_cut(effects: Sequence[Effect], whole: Sequence[Effect]) -> bool:
    """Whether an interval of these rows runs past the limits of the whole."""
    low, high = span(whole)
    return any(100 * effect.low < low or 100 * effect.high > high for effect in effects)


def _interval(
    axes: Axes,
    effect: Effect,
    y: float,
    reach: tuple[float, float],
    marks: dict[str, tuple[str, bool]],
) -> None:
    if not np.isfinite(effect.car):
        write(axes, 0, y, minus(shorten(effect.reason or "no figure", 84)),
              transform=axes.get_yaxis_transform(), color=GREY, style="italic", va="center",
              bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})  # fmt: skip
        return
    colour = GREY if effect.aside else ACCENT
    low, high = (min(max(100 * end, reach[0]), reach[1]) for end in (effect.low, effect.high))
    axes.plot(
        [low, high], [y, y], color=SILVER if effect.aside else colour, linewidth=1.0, zorder=2
    )
    for bound, end in ((effect.low, low), (effect.high, high)):
        arrow = "<" if 100 * bound < end else ">"
        if np.isfinite(bound) and 100 * bound != end:
            axes.plot([end], [y], arrow, color=colour, markersize=2.6, clip_on=False, zorder=3)
    if not reach[0] <= 100 * effect.car <= reach[1]:
        return
    marker, filled = marks[effect.kind]
    axes.plot(
        [100 * effect.car], [y], marker, color=colour, markersize=3.9 if marker == "o" else 3.4,
        markerfacecolor=colour if filled and not effect.aside else "white", markeredgewidth=0.9,
        zorder=4,
    )  # fmt: skip


def _key(axes: Axes, marks: dict[str, tuple[str, bool]], scale: float) -> None:
    """Draw what each marker stands for, above the drawing; one kind needs no key."""
    if len(marks) < 2:
        return
    room = axes.get_position().width * _width(axes) - 0.2 * scale
    inches = 0.04 * scale
    for kind, (marker, filled) in marks.items():
        label = fitted(kind or "no kind", 9)
        above = _above(axes, inches)
        following = inches + scale * (0.22 + 0.048 * len(label))
        if following > room:
            write(axes, 0, 1, "…", transform=above, color=GREY, va="center")
            break
        axes.plot(
            [0], [1], marker, transform=above, color=ACCENT, markersize=3.9,
            markerfacecolor=ACCENT if filled else "white", markeredgewidth=0.9, clip_on=False,
        )  # fmt: skip
        beside = _above(axes, inches + 0.07 * scale)
        write(axes, 0, 1, label, transform=beside, color=GREY, va="center")
        inches = following


def _width(axes: Axes) -> float:
    return axes.figure.get_figure(root=True).get_size_inches()[0]


def _above(axes: Axes, inches: float) -> Transform:
    """Places above the axes, this far to the right of their left edge."""
    return axes.transAxes + ScaledTranslation(inches, 0.19, axes.figure.dpi_scale_trans)


class _Columns:
    """Text columns left and right of the axes, at fixed distances in inches."""

    def __init__(self, axes: Axes, scale: float) -> None:
        self.axes = axes
        self.scale = scale

    def _shifted(self, inches: float) -> Transform:
        move = ScaledTranslation(self.scale * inches, 0, self.axes.figure.dpi_scale_trans)
        return self.axes.get_yaxis_transform() + move

    def event(self, y: float, event_id: str) -> None:
        write(self.axes, 0, y, fitted(event_id, 14), transform=self._shifted(-_LEFT + 0.02),
              weight="bold", va="center")  # fmt: skip

    def numbers(self, y: float, effect: Effect) -> None:
        quiet = GREY if effect.aside or not np.isfinite(effect.car) else INK
        ticker = shorten(effect.ticker, 21) + (" †" if effect.aside else "")
        write(self.axes, 0, y, ticker, transform=self._shifted(-0.86), va="center", color=quiet)
        if not np.isfinite(effect.car):
            return
        for inches, value in ((0.5, effect.car), (0.94, effect.low), (_RIGHT - 0.04, effect.high)):
            write(self.axes, 1, y, percent(value), transform=self._shifted(inches), ha="right",
                  va="center", color=quiet)  # fmt: skip
        write(self.axes, 1, y, "to", transform=self._shifted(1.02), va="center", color=GREY)

    def headings(self, level: float) -> None:
        for inches, words, side in (
            (-_LEFT + 0.02, "event", "left"),
            (-0.86, "security", "left"),
            (0.5, "CAR, %", "right"),
            (_RIGHT - 0.04, f"{100 * level:.6g} % interval, %", "right"),
        ):
            x = 0.0 if inches < 0 else 1.0
            above = _above(self.axes, self.scale * inches)
            write(self.axes, x, 1, words, transform=above, color=GREY, ha=side, va="center")

    def rule(self, y: float) -> None:
        """Draw a hair line over the whole width."""
        inches = (
            self.axes.get_position().width
            * self.axes.figure.get_figure(root=True).get_size_inches()[0]
        )
        scale = self.scale
        ends = [-scale * _LEFT / inches, 1 + scale * _RIGHT / inches]
        self.axes.plot(ends, [y, y], color=FAINT, linewidth=0.6, clip_on=False, zorder=0,
                       transform=self.axes.get_yaxis_transform())  # fmt: skip


def positions(effects: Sequence[Effect]) -> list[float]:
    """Height of each row, counted in rows, with a gap between events."""
    at: list[float] = []
    for position, effect in enumerate(effects):
        new = position > 0 and effect.event_id != effects[position - 1].event_id
        at.append(at[-1] + 1 + (_GAP if new else 0) if at else 0.0)
    return at
