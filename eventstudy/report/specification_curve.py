"""The specification curve: effects of all choices in ascending order, and the choices below."""

from __future__ import annotations

from collections.abc import Mapping, Sized

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.errors import InputError
from eventstudy.kernels.pvalues import rejects
from eventstudy.report.figures import WIDTH, group_label
from eventstudy.report.findings import CHOICES, NO_BENCHMARK
from eventstudy.report.formats import counted, percent
from eventstudy.report.panels import heading, signed, write
from eventstudy.report.style import ACCENT, FAINT, GREY, INK, SILVER, Drawing, panel, style
from eventstudy.report.tables import minus
from eventstudy.report.text import shorten

_NOTEBOOK = 1.25
_LEFT, _RIGHT = 1.55, 0.15
_HEAD, _EFFECTS, _GAP, _PITCH, _FOOT = 0.32, 1.55, 0.1, 0.122, 0.06
_BETWEEN = 0.6  # rows between two choices
_LABEL = 30
_LONG = 3.0  # times half of the usual interval that one may reach beyond all effects
_MANY = 150  # specifications from which on intervals are paler


def draw_specifications(rows: pd.DataFrame, ax: Axes | None = None, *, level: float = 0.95) -> Axes:
    """Draw the effects of one group, or event and security, by all choices.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of one ``who``, columns as ``specifications`` of `Findings`.
    ax : matplotlib.axes.Axes, optional
        Takes the effects. The choices are drawn below it and named to its left, where a figure of
        one's own must leave room, as in ``figure.subplots_adjust(left=.3, bottom=.6)``.
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
    first, count = rows.iloc[0], int(rows["estimate"].notna().sum())
    who = group_label(str(first["who"])) if first["group"] else str(first["who"])
    words = counted(len(rows), "specification")
    words = words if count == len(rows) else f"{count:,} of {words}"
    own = own_of(rows)
    if len(own):
        words += f", the study's own {percent(own['estimate'].iloc[0])}"
    heading(axes, shorten(who, 50), words)
    return _drawn(axes, rows, 1.0 - level, scale * _EFFECTS, scale)


def own_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Give the row of the study's own choice in the first window; none where it has no effect."""
    first = rows[rows["own"].astype(bool)].sort_values("specification").head(1)
    return first[first["estimate"].notna()]


def specification_height(rows: pd.DataFrame) -> float:
    """Height of their drawing on a page, in inches."""
    return _HEAD + _EFFECTS + _GAP + _PITCH * _height(_labels(rows)) + _FOOT


def _drawn(axes: Axes, rows: pd.DataFrame, alpha: float, inches: float, scale: float) -> Axes:
    """Draw effects and choices on axes so many inches high."""
    labels, own = _labels(rows), own_of(rows)
    rows = rows[rows["estimate"].notna()].sort_values("estimate", kind="stable")
    found = rejects(rows["pvalue"], alpha).to_numpy(np.bool_)
    _effects(axes, rows, found, np.flatnonzero(rows.index.isin(own.index)))
    rest = scale * _PITCH * _height(labels) / inches
    below = axes.inset_axes((0, -scale * _GAP / inches - rest, 1, rest))
    _choices(below, rows, labels, found)
    return axes


def _effects(axes: Axes, rows: pd.DataFrame, found: Booleans, own: Integers) -> None:
    """Draw effects in ascending order with their intervals; the study's own has a ring."""
    effect, low, high = _percents(rows)
    place = np.arange(len(rows), dtype=np.float64)
    line = SILVER if len(rows) <= _MANY else FAINT
    axes.vlines(place, low, high, color=line, linewidth=_size(len(rows), 1.1, 0.35), zorder=1)
    axes.axhline(0, color=GREY, linewidth=0.7, zorder=2)
    size = _size(len(rows), 3.4, 1.4)
    _marks(axes, "o", place, effect, found, size)
    axes.plot(own, effect[own], "o", color=INK, markerfacecolor="none", markersize=size + 3.6,
              markeredgewidth=0.9, zorder=5)  # fmt: skip
    axes.set_xlim(-0.8, len(rows) - 0.2)
    axes.set_ylim(*_limits(effect, low, high))
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(signed))
    axes.set_ylabel("effect, %")


def _marks(axes: Axes, kind: str, x: Floats, y: Floats, found: Booleans, size: float) -> None:
    """Mark what was found filled and dark, what was not hollow and light."""
    light = GREY if size > 2 else SILVER
    for which, face, edge in ((~found, "white", light), (found, ACCENT, ACCENT)):
        axes.plot(x[which], y[which], kind, color=edge, markerfacecolor=face, markersize=size,
                  markeredgewidth=min(0.7, 0.25 * size), zorder=4)  # fmt: skip


def _percents(rows: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Effects with the ends of their intervals, in per cent."""
    names = ("estimate", "low", "high")
    effect, low, high = (100 * rows[name].to_numpy(np.float64) for name in names)
    return effect, low, high


def _choices(
    axes: Axes, rows: pd.DataFrame, labels: dict[str, dict[str, str]], found: Booleans
) -> None:
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
        for value, label in values.items():
            here = (rows[choice] == value).to_numpy(np.bool_)
            axes.axhline(y, color=FAINT, linewidth=0.6, zorder=0)
            _marks(axes, "s", place[here], np.full(int(here.sum()), y), found[here], size)
            write(axes, -0.01, y, minus(label), transform=beside, ha="right",
                  va="center")  # fmt: skip
            y += 1
        y += _BETWEEN


def _labels(rows: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Values of each choice in which the specifications differ, in their order, as they are named.

    Long names that begin alike are told apart by a number.
    """
    ordered = rows.sort_values("specification")
    found: dict[str, dict[str, str]] = {}
    for choice in CHOICES:
        values = [str(one) for one in pd.unique(ordered[choice])]
        # That a model needs no benchmark is no choice of one.
        if len({*values} - {NO_BENCHMARK}) < 2:
            continue
        short = [shorten(value, _LABEL) for value in values]
        again = {one for one in short if short.count(one) > 1}
        found[choice] = {
            value: f"{one} {place + 1}" if one in again else one
            for place, (value, one) in enumerate(zip(values, short, strict=True))
        }
    return found


def _height(labels: Mapping[str, Sized]) -> float:
    """Rows that the choices take, their names and the room between them included."""
    return sum(1 + len(values) + _BETWEEN for values in labels.values()) or 1.0


def _limits(effect: Floats, low: Floats, high: Floats) -> tuple[float, float]:
    """Limits that hold all effects and 0, and all intervals but those far longer than most."""
    half = np.nanmedian(np.concatenate([effect - low, high - effect, [0.0]]))
    least, most = min(float(effect.min()), 0.0), max(float(effect.max()), 0.0)
    bottom = max(float(np.nanmin([*low, least])), least - _LONG * half)
    top = min(float(np.nanmax([*high, most])), most + _LONG * half)
    room = 0.04 * (top - bottom) or 1.0
    return bottom - room, top + room


def is_cut(rows: pd.DataFrame) -> bool:
    """Tell whether an interval goes on beyond the edge of the drawing."""
    effect, low, high = _percents(rows[rows["estimate"].notna()])
    bottom, top = _limits(effect, low, high)
    return bool((low < bottom).any() or (high > top).any())


def _size(count: int, most: float, least: float) -> float:
    """Give a size that shrinks as there are more specifications, of some 60 on."""
    return max(least, min(most, most * 60 / max(count, 1)))


__all__ = ["draw_specifications", "is_cut", "own_of", "specification_height", "specification_panel"]
