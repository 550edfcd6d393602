"""The specification curve: effects of all choices in ascending order, and the choices below."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from eventstudy.arrays import Booleans, Floats
from eventstudy.errors import InputError
from eventstudy.report.figures import WIDTH, group_label
from eventstudy.report.formats import counted, percent
from eventstudy.report.panels import heading, signed, write
from eventstudy.report.style import ACCENT, FAINT, GREY, INK, SILVER, Drawing, panel, style
from eventstudy.report.tables import minus
from eventstudy.report.text import shorten

CHOICES = {
    "model": "model",
    "estimation": "estimation",
    "benchmark": "benchmark",
    "window": "tested window",
}
"""What specifications differ in, and how it is called."""

_NOTEBOOK = 1.25
_LEFT, _RIGHT = 1.55, 0.15
_HEAD, _EFFECTS, _GAP, _PITCH, _FOOT = 0.32, 1.55, 0.1, 0.122, 0.06
_BETWEEN = 0.6  # rows between two choices
_REACH = 0.6  # times the range of effects that intervals may reach beyond it


def draw_specifications(rows: pd.DataFrame, ax: Axes | None = None, *, level: float = 0.95) -> Axes:
    """Draw the effects of one group, or event and security, by all choices.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of one ``who``, columns as ``specifications`` of `Findings`.
    ax : matplotlib.axes.Axes, optional
        Takes the effects; the choices are drawn below it.
    level : float
        One minus the p-value up to which an effect counts as found: its dot is filled.

    Returns
    -------
    matplotlib.axes.Axes
        Those of the effects.

    Raises
    ------
    eventstudy.errors.InputError
        If no specification has an effect.
    """
    if not rows["estimate"].notna().any():
        reason = next((text for text in rows["reason"] if text), "there are no rows")
        raise InputError(f"no specification has an effect to draw: {reason}")
    if ax is not None:
        return _drawn(ax, rows, 1.0 - level, ax.bbox.height / ax.figure.dpi, 1.0)
    with style(size=7.5 * _NOTEBOOK):
        return specification_panel(rows, level, _NOTEBOOK)


def specification_panel(rows: pd.DataFrame, level: float, scale: float = 1.0) -> Axes:
    """Draw them as wide as a page.

    Parameters
    ----------
    rows : pandas.DataFrame
        As in `draw_specifications`; some have an effect.
    level : float
        One minus the p-value up to which an effect counts as found.
    scale : float
        Size over that on a page.
    """
    figure = Drawing(figsize=(scale * WIDTH, scale * specification_height(rows)))
    place = (_LEFT, _HEAD, WIDTH - _LEFT - _RIGHT, _EFFECTS)
    axes = panel(figure, *(scale * inches for inches in place))
    first = rows.iloc[0]
    who = group_label(str(first["who"])) if first["group"] else str(first["who"])
    heading(axes, shorten(who, 60), counted(int(rows["estimate"].notna().sum()), "specification"))
    return _drawn(axes, rows, 1.0 - level, scale * _EFFECTS, scale)


def specification_height(rows: pd.DataFrame) -> float:
    """Height of their drawing on a page, in inches."""
    return _HEAD + _EFFECTS + _GAP + _PITCH * _height(_labels(rows)) + _FOOT


def _drawn(axes: Axes, rows: pd.DataFrame, alpha: float, inches: float, scale: float) -> Axes:
    """Draw effects and choices on axes so many inches high."""
    labels = _labels(rows)
    rows = rows[rows["estimate"].notna()].sort_values("estimate", kind="stable")
    found = (rows["pvalue"] <= alpha + 1e-12).to_numpy(np.bool_)
    _effects(axes, rows, found)
    rest = scale * _PITCH * _height(labels) / inches
    below = axes.inset_axes((0, -scale * _GAP / inches - rest, 1, rest))
    _choices(below, rows, labels, found)
    return axes


def _effects(axes: Axes, rows: pd.DataFrame, found: Booleans) -> None:
    """Draw effects in ascending order with their intervals; the study's own has a ring."""
    effect, low, high = (
        100 * rows[name].to_numpy(np.float64) for name in ("estimate", "low", "high")
    )
    place = np.arange(len(rows), dtype=np.float64)
    axes.axhline(0, color=GREY, linewidth=0.7, zorder=1)
    axes.vlines(place, low, high, color=SILVER, linewidth=_size(len(rows), 1.1, 0.35), zorder=2)
    size = _size(len(rows), 3.4, 1.4)
    for which, face in ((found, ACCENT), (~found, "white")):
        axes.plot(place[which], effect[which], "o", color=ACCENT, markerfacecolor=face,
                  markersize=size, markeredgewidth=0.7, zorder=3)  # fmt: skip
    for at in np.flatnonzero(rows["own"].to_numpy(np.bool_)):
        axes.plot([at], [effect[at]], "o", color=INK, markerfacecolor="none", markersize=size + 3.6,
                  markeredgewidth=0.9, zorder=4)  # fmt: skip
        side = "right" if at > len(rows) / 2 else "left"
        axes.annotate(
            f"the study's own, {percent(effect[at] / 100)}", (at, effect[at]),
            xytext=(-9 if side == "right" else 9, 7), textcoords="offset points", ha=side,
            color=INK, parse_math=False,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.85}, zorder=5,
        )  # fmt: skip
    axes.set_xlim(-0.8, len(rows) - 0.2)
    axes.set_ylim(*_limits(effect, low, high))
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(signed))
    axes.set_ylabel("effect, %")


def _choices(axes: Axes, rows: pd.DataFrame, labels: dict[str, list[str]], found: Booleans) -> None:
    """Mark below each effect the choices that it was measured with."""
    axes.set_xlim(-0.8, len(rows) - 0.2)
    axes.set_ylim(_height(labels) - 0.5, -0.5)
    axes.axis("off")
    beside = axes.get_yaxis_transform()
    place, y = np.arange(len(rows), dtype=np.float64), 0.0
    size = _size(len(rows), 2.6, 0.9)
    for choice, values in labels.items():
        write(axes, -_LEFT / (WIDTH - _LEFT - _RIGHT) + 0.01, y, CHOICES[choice], transform=beside,
              color=GREY, va="center", style="italic")  # fmt: skip
        y += 1
        for value in values:
            here = (rows[choice] == value).to_numpy(np.bool_)
            axes.axhline(y, color=FAINT, linewidth=0.6, zorder=0)
            for which, face in ((here & found, ACCENT), (here & ~found, "white")):
                axes.plot(place[which], np.full(int(which.sum()), y), "s", color=ACCENT,
                          markerfacecolor=face, markersize=size, markeredgewidth=0.5)  # fmt: skip
            write(axes, -0.01, y, minus(shorten(value, 30)), transform=beside, ha="right",
                  va="center")  # fmt: skip
            y += 1
        y += _BETWEEN


def _labels(rows: pd.DataFrame) -> dict[str, list[str]]:
    """Values of each choice in which the specifications differ, in their order."""
    ordered = rows.sort_values("specification")
    values = {choice: [str(one) for one in pd.unique(ordered[choice])] for choice in CHOICES}
    # That a model needs no benchmark is no choice of one.
    return {choice: of for choice, of in values.items() if len({*of} - {"none"}) > 1}


def _height(labels: dict[str, list[str]]) -> float:
    """Rows that the choices take, their names and the room between them included."""
    return sum(1 + len(values) + _BETWEEN for values in labels.values()) or 1.0


def _limits(effect: Floats, low: Floats, high: Floats) -> tuple[float, float]:
    """Limits that hold all effects and 0, and intervals but for those that reach far beyond."""
    least, most = min(float(effect.min()), 0.0), max(float(effect.max()), 0.0)
    more = _REACH * (most - least) or 1.0
    bottom = max(float(np.nanmin([*low, least])), least - more)
    top = min(float(np.nanmax([*high, most])), most + more)
    room = 0.04 * (top - bottom)
    return bottom - room, top + room


def is_cut(rows: pd.DataFrame) -> bool:
    """Tell whether an interval goes on beyond the edge of the drawing."""
    rows = rows[rows["estimate"].notna()]
    effect, low, high = (
        100 * rows[name].to_numpy(np.float64) for name in ("estimate", "low", "high")
    )
    bottom, top = _limits(effect, low, high)
    return bool((low < bottom).any() or (high > top).any())


def _size(count: int, most: float, least: float) -> float:
    """Give a size that shrinks as there are more specifications, of some 60 on."""
    return max(least, min(most, most * 60 / max(count, 1)))


__all__ = ["draw_specifications", "is_cut", "specification_height", "specification_panel"]
