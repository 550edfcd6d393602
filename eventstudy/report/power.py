"""Drawings of what a study can see: power by effect, and effects before what would be unseen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from eventstudy.arrays import Floats
from eventstudy.errors import InputError
from eventstudy.kernels.pvalues import rejects
from eventstudy.report.figures import WIDTH, group_label
from eventstudy.report.formats import NONE, is_missing, level, percent, probability
from eventstudy.report.panels import heading, signed, write
from eventstudy.report.style import ACCENT, FAINT, GREY, INK, PALE, SILVER, Drawing, panel, style
from eventstudy.report.tables import TEST_TITLES
from eventstudy.report.text import shorten

_NOTEBOOK = 1.25
_LINES = ((ACCENT, "-"), ("#b3541e", (0, (4, 1.5))), (INK, (0, (1.2, 1.2))))
_DRAWN = 80  # rows of a drawing; the table holds the rest
_PITCH = 0.17  # inches a row
_LEFT, _RIGHT = 2.2, 1.95
_WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 0.4}
_HEAD, _FOOT = 0.25, 0.55


def draw_power(
    curves: pd.DataFrame, who: str = "all", ax: Axes | None = None, *, target: float = 0.8
) -> Axes:
    """Draw how often the tests of one event or group detect an effect, by its size.

    Parameters
    ----------
    curves : pandas.DataFrame
        Columns who, window, test, effect (decimals), power, se; of several windows the first is
        drawn.
    who : str
        A group, or an event and its security, as in ``"MICRON-2023 MU"``.
    ax : matplotlib.axes.Axes, optional
    target : float
        Power that counts as detected, drawn as a line across.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    eventstudy.errors.InputError
        If no curve is of this event or group.
    """
    rows = curves[curves["who"] == who]
    if rows.empty:
        known = ", ".join(map(str, pd.unique(curves["who"])[:10])) or "none at all"
        raise InputError(f"no power curve of '{shorten(who, 60)}'. There are curves of {known}")
    rows = rows[rows["window"] == rows["window"].iloc[0]]
    if ax is not None:
        return _curves(ax, rows, target)
    with style(size=7.5 * _NOTEBOOK):
        return curve_panel(rows, target, _NOTEBOOK)


def curve_panel(rows: pd.DataFrame, target: float, scale: float = 1.0) -> Axes:
    """Draw the power curves of one event or group in one window, as wide as a page.

    Parameters
    ----------
    rows : pandas.DataFrame
        As in `draw_power`, of one event or group and one window; not empty.
    target : float
        Power that counts as detected.
    scale : float
        Size over that on a page.
    """
    first = rows.iloc[0]
    figure = Drawing(figsize=(scale * WIDTH, scale * 2.75))
    axes = panel(figure, *(scale * inches for inches in (0.5, 0.3, WIDTH - 0.7, 2.0)))
    who = group_label(str(first["who"])) if first["group"] else str(first["who"])
    heading(axes, shorten(who, 60), f"window {first['window']}".replace("-", "−"))
    return _curves(axes, rows, target)


def _curves(axes: Axes, rows: pd.DataFrame, target: float) -> Axes:
    axes.axvline(0, color=SILVER, linewidth=0.6, zorder=1)
    axes.axhline(100 * target, color=SILVER, linewidth=0.6, linestyle=(0, (2, 2)), zorder=1)
    reach = 0.0
    tests = pd.unique(rows["test"])
    for place, test in enumerate(tests):
        one = rows[rows["test"] == test].sort_values("effect")
        effect, power = 100 * one["effect"].to_numpy(float), 100 * one["power"].to_numpy(float)
        error = 100 * one["se"].to_numpy(float)
        colour, dashes = _LINES[place % len(_LINES)]
        axes.plot(effect, power, color=colour, linestyle=dashes, linewidth=1.2, zorder=3)
        if place == 0:
            axes.fill_between(
                effect, np.maximum(power - 1.96 * error, 0), np.minimum(power + 1.96 * error, 100),
                color=PALE, linewidth=0, zorder=2,
            )  # fmt: skip
        # Between the arms of the curves there is room for what they are.
        height = 0.92 - 0.11 * place
        title = TEST_TITLES.get(str(test), str(test).replace("_", " "))
        if len(tests) > 1:
            axes.plot([0.43, 0.48], [height, height], color=colour, linestyle=dashes,
                      linewidth=1.2, transform=axes.transAxes, zorder=5)  # fmt: skip
        write(axes, 0.5, height, title, transform=axes.transAxes, color=colour, va="center",
              ha="left" if len(tests) > 1 else "center", zorder=5, bbox=_WHITE)  # fmt: skip
        reach = max(reach, _reach(effect, power))
    axes.set_xlim(-1.08 * reach, 1.08 * reach)
    axes.set_ylim(0, 103)
    axes.xaxis.set_major_formatter(FuncFormatter(signed))
    axes.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(FixedLocator([5, 50, round(100 * target, 3), 100]))
    axes.yaxis.set_major_formatter(FuncFormatter(signed))
    axes.set_xlabel("effect in the window, %")
    axes.set_ylabel("samples in which it is detected, %")
    return axes


def _reach(effect: Floats, power: Floats) -> float:
    """Give the size of effect from which the curve says nothing more."""
    low = np.minimum(power[effect >= 0], power[effect <= 0][::-1])
    full = np.flatnonzero(low >= 99.0)
    sizes = effect[effect >= 0]
    return float(sizes[full[0]] if len(full) else sizes[-1])


def draw_detectable(
    detectable: pd.DataFrame,
    ax: Axes | None = None,
    *,
    level: float = 0.95,
    target: float = 0.8,
) -> Axes:
    """Draw every measured effect before the range in which it would mostly go unseen.

    Parameters
    ----------
    detectable : pandas.DataFrame
        Columns who, group, window, test, effect, pvalue, mde (decimals, NaN where missing), reason;
        of several windows the first is drawn, of a single event's tests the first.
    ax : matplotlib.axes.Axes, optional
    level : float
        One minus the size at which an effect counts as told from noise: its dot is filled.
    target : float
        Power at which an effect counts as detected.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    eventstudy.errors.InputError
        If there is no row.
    """
    if detectable.empty:
        raise InputError("there is no effect to draw. Name a window that was tested")
    rows = detectable[detectable["window"] == detectable["window"].iloc[0]]
    rows = rows.drop_duplicates(["who", "group"])
    every: list[dict[Any, Any]] = rows.to_dict("records")
    drawn = every[:_DRAWN]
    if ax is not None:
        return _ranges(ax, drawn, len(every), 1.0 - level, target)
    with style(size=7.5 * _NOTEBOOK):
        axes = range_panel(len(drawn), _NOTEBOOK)
        return _ranges(axes, drawn, len(every), 1.0 - level, target)


def range_panel(rows: int, scale: float = 1.0) -> Axes:
    """Axes of a drawing as wide as a page for so many rows of `draw_detectable`."""
    down = _HEAD + _FOOT + _PITCH * rows
    figure = Drawing(figsize=(scale * WIDTH, scale * down))
    place = (_LEFT, _HEAD, WIDTH - _LEFT - _RIGHT, _PITCH * rows)
    return panel(figure, *(scale * inches for inches in place))


def _ranges(
    axes: Axes, rows: Sequence[dict[Any, Any]], count: int, alpha: float, target: float
) -> Axes:
    reach = _limit(rows)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(-reach, reach)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.axvline(0, color=GREY, linewidth=0.7, zorder=1)
    beside = axes.get_yaxis_transform()
    for y, row in enumerate(rows):
        if row["group"] and y and not rows[y - 1]["group"]:
            axes.axhline(y - 0.5, color=SILVER, linewidth=0.6, xmin=-0.85, clip_on=False)
        _range(axes, y, row, reach, alpha)
        who = group_label(str(row["who"])) if row["group"] else str(row["who"])
        write(axes, -0.02, y, shorten(who, 34), transform=beside, ha="right",
              va="center")  # fmt: skip
        numbers = (percent(row["effect"]), probability(row["pvalue"]), percent(row["mde"]))
        for place, text in zip((1.19, 1.4, 1.68), numbers, strict=True):
            write(axes, place, y, text, transform=beside, ha="right", va="center",
                  color=GREY if text == NONE else INK)  # fmt: skip
    top = axes.transAxes
    above = 1.0 + 0.04 / max(_PITCH * len(rows), 0.1)
    for place, text in zip((1.19, 1.4, 1.68), ("effect %", "p", "smallest %"), strict=True):
        write(axes, place, above, text, transform=top, ha="right", va="bottom", color=GREY)
    if count > len(rows):
        write(axes, 0.5, len(rows) - 0.1, f"and {count - len(rows):,} more in the table",
              transform=beside, ha="center", color=GREY, style="italic")  # fmt: skip
    axes.xaxis.set_major_formatter(FuncFormatter(signed))
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.set_xlabel(
        f"effect in the window {rows[0]['window']}, %\n".replace("-", "−")
        + f"shaded: detected in less than {_level(target)} of samples; filled: p ≤ {alpha:.3g}"
    )
    return axes


OUT_OF_REACH = "no effect, however large"
"""How the reason begins where no effect is detected often enough."""

_level = level  # the parameter of a public function has the same name


def _range(axes: Axes, y: int, row: dict[Any, Any], reach: float, alpha: float) -> None:
    mde, effect = 100 * float(row["mde"]), 100 * float(row["effect"])
    if np.isnan(mde) and str(row["reason"]).startswith(OUT_OF_REACH):
        mde = np.inf  # all that there is goes unseen, beyond both edges
    if not np.isnan(mde):
        axes.barh(y, 2 * min(mde, reach), left=-min(mde, reach), height=0.62, color=FAINT,
                  edgecolor=SILVER, linewidth=0.4, zorder=0)  # fmt: skip
        if mde > reach:
            for end, marker in ((-0.94 * reach, "<"), (0.94 * reach, ">")):
                axes.plot([end], [y], marker, color=GREY, markersize=3.2, markerfacecolor="none",
                          markeredgewidth=0.6, zorder=3)  # fmt: skip
    elif not is_missing(row["reason"]) and not np.isfinite(effect):
        write(axes, 0, y, shorten(str(row["reason"]), 42), color=GREY, style="italic",
              ha="center", va="center", bbox=_WHITE)  # fmt: skip
    if np.isfinite(effect):
        end = min(max(effect, -reach), reach)
        marker = "o" if end == effect else ("<" if effect < 0 else ">")
        found = rejects(float(row["pvalue"]), alpha)
        axes.plot([end], [y], marker, color=ACCENT, markersize=3.9, clip_on=False, zorder=4,
                  markerfacecolor=ACCENT if found else "white", markeredgewidth=0.9)  # fmt: skip


def is_cut(detectable: pd.DataFrame) -> bool:
    """Tell whether a drawing of these rows has effects or ranges that go on beyond its edge."""
    sizes = 100 * detectable[["effect", "mde"]].abs().to_numpy(np.float64)
    return bool((sizes > _limit(detectable.to_dict("records"))).any())


def _limit(rows: Sequence[dict[Any, Any]]) -> float:
    """Give a limit in per cent that holds all but far larger figures, which end in an arrow."""
    sizes = np.array([[abs(row["effect"]), row["mde"]] for row in rows], dtype=np.float64)
    known = 100 * sizes[np.isfinite(sizes)]
    if not known.size:
        return 1.0
    usual = 1.6 * float(np.quantile(known, 0.9))
    return 1.06 * min(float(known.max()), usual) or 1.0


__all__ = ["curve_panel", "draw_detectable", "draw_power", "is_cut", "range_panel"]
