"""The two pictures that every drawing is made of: a cumulative path and a placebo distribution."""

from __future__ import annotations

import textwrap
import unicodedata
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.report.formats import percent, probability
from eventstudy.report.style import ACCENT, FAINT, GREY, PALE, SILVER
from eventstudy.report.text import shorten

_MARKED = 60
"""Days up to which each is marked; more of them make a rope."""
_GAP = 0.042
"""Of the width of the days, what lies between a path's last day and the words at its end."""


def signed(value: float, _: object = None) -> str:
    """Give a tick's number with a real minus sign and as few decimals as it needs."""
    return f"{value:g}".replace("-", "−")


def write(axes: Axes, x: float, y: float, text: str, **properties: Any) -> None:
    """Write text from a file on axes: never read as mathematics, never cut by the frame.

    Marks that combine with the letter before them are left out: a PDF that must give every glyph
    back as text cannot hold them inside a drawing. The text beside the drawing has them.
    """
    if not text.isascii():
        text = "".join(each for each in text if unicodedata.category(each) not in ("Mn", "Me"))
    axes.text(x, y, text, **{"parse_math": False, "clip_on": False, **properties})


def heading(axes: Axes, left: str, right: str = "") -> None:
    """Write a panel's name above it, with a quieter word flush right."""
    write(axes, 0, 1.04, left, transform=axes.transAxes, weight="bold", va="bottom")
    if right:
        write(axes, 1, 1.04, right, transform=axes.transAxes, color=GREY, ha="right", va="bottom")


def path(
    axes: Axes, days: Integers, effect: Floats, low: Floats, high: Floats, *, label: str = "",
    colour: str = ACCENT,
) -> None:  # fmt: skip
    """Draw an abnormal return added up over the days, with its band; missing days stay empty.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    days : (D,) int
        Relative days, ascending.
    effect, low, high : (D,) float
        Decimals; NaN on a missing day. Drawn in per cent.
    label : str
        Written at the path's end. A path without a label is alone: its missing days are greyed.
    colour : str
        Of the line; the band is drawn only for a path that is alone.
    """
    axes.axvline(0, color=SILVER, linewidth=0.6, linestyle=(0, (2, 2)), zorder=1)
    reach = float(days[-1] - days[0]) + 1.6 if days.size else 1.6
    # It ends with the days: into the label at the path's end it would run like a minus sign.
    ends = (days[0] - 0.8, days[-1] + 0.3) if days.size else (0.0, 1.0)
    axes.plot(ends, (0.0, 0.0), color=SILVER, linewidth=0.6, zorder=1)
    there = np.isfinite(effect)
    alone = not label
    if alone:
        for first, last in runs(~there):
            axes.axvspan(days[first] - 0.5, days[last] + 0.5, color=FAINT, linewidth=0, zorder=0)
            if 5 <= last - first + 1 < days.size:
                middle = (days[first] + days[last]) / 2
                write(axes, middle, 0.06, "no price", transform=axes.get_xaxis_transform(),
                      color=GREY, ha="center", style="italic")  # fmt: skip
    if there.any():
        band = PALE if alone else colour
        axes.fill_between(
            days, 100 * low, 100 * high, where=there, color=band, alpha=1 if alone else 0.08,
            linewidth=0, zorder=2,
        )  # fmt: skip
        for first, last in runs(there):
            if alone and first == last:  # a day between holes has no area
                bar = 100 * np.array([low[first], high[first]])
                axes.plot(days[[first, first]], bar, color=PALE, linewidth=5.0, zorder=2,
                          solid_capstyle="butt")  # fmt: skip
        marker = "o" if days.size <= _MARKED else ""
        axes.plot(
            days, 100 * effect, color=colour, linewidth=1.1, marker=marker, markersize=1.9, zorder=3
        )
        zero = np.flatnonzero((days == 0) & there)
        axes.plot(days[zero], 100 * effect[zero], "o", color=colour, markersize=4.2, zorder=4)
        last = int(np.flatnonzero(there)[-1])
        words = f"{label} {percent(effect[last], 1)}".strip()
        end = days[last] + _GAP * reach
        write(axes, end, 100 * effect[last], words, color=colour, va="center")
    elif alone:
        write(axes, 0.5, 0.5, "no price in the event window", transform=axes.transAxes,
              color=GREY, ha="center", va="center", style="italic")  # fmt: skip
    if days.size:
        axes.set_xlim(days[0] - 0.8, days[-1] + 0.8)
        ticks = sorted({int(days[0]), 0, int(days[-1])} & set(days.tolist()))
        axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FuncFormatter(signed))
    axes.yaxis.set_major_formatter(FuncFormatter(signed))
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10], min_n_ticks=3))


def placebo(axes: Axes, effects: Floats, car: float, pvalue: float, reason: str = "") -> None:
    """Where an event's effect lies among those of the runs of its estimation window.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    effects : (B,) float
        Placebo effects on the event's scale, decimals; NaN where there is none.
    car, pvalue : float
        The event's effect and its placebo p-value; NaN where missing.
    reason : str
        Why there is no distribution, where there is none.
    """
    axes.spines["left"].set_visible(False)
    axes.yaxis.set_visible(False)
    axes.xaxis.set_major_formatter(FuncFormatter(signed))
    effects = 100 * effects[np.isfinite(effects)]
    if effects.size == 0:
        axes.set_xticks([])
        words = textwrap.fill(shorten(reason or "no placebo distribution", 120), 34)
        write(axes, 0.5, 0.45, words, transform=axes.transAxes,
              color=GREY, ha="center", va="center", style="italic")  # fmt: skip
        return
    counts, edges = np.histogram(effects, bins=min(36, max(8, effects.size // 8)))
    top = float(counts.max())
    axes.stairs(counts, edges, fill=True, color=SILVER, linewidth=0)
    ends = [edges[0], edges[-1]]
    if np.isfinite(car):
        mark = 100 * float(car)
        ends = [min(ends[0], mark), max(ends[1], mark)]
        axes.plot([mark, mark], [0, 1.2 * top], color=ACCENT, linewidth=1.2)
        axes.plot([mark], [1.2 * top], "v", color=ACCENT, markersize=4, clip_on=False)
        words = f"{percent(car)} %, placebo p {probability(pvalue)}"
        _above_mark(axes, (mark - ends[0]) / ((ends[1] - ends[0]) or 1.0), words)
    room = 0.04 * (ends[1] - ends[0]) or 1.0
    axes.set_xlim(ends[0] - room, ends[1] + room)
    axes.set_ylim(0, 1.6 * top)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))


def _above_mark(axes: Axes, place: float, words: str) -> None:
    """Write words above a mark, moved so far that they stay within the panel."""
    figure = axes.figure.get_figure(root=True)
    inches = axes.get_position().width * figure.get_size_inches()[0]
    half = 0.5 * len(words) * 0.45 * matplotlib.rcParams["font.size"] / 72 / inches
    centre = min(max(place, half), 1 - half) if half < 0.5 else 0.5
    write(axes, centre, 0.93, words, transform=axes.transAxes, color=ACCENT, ha="center",
          va="center")  # fmt: skip


def runs(flags: Booleans) -> list[tuple[int, int]]:
    """First and last position of each run of True.

    Examples
    --------
    >>> runs(np.array([True, True, False, True]))
    [(0, 1), (3, 3)]
    """
    edges = np.flatnonzero(np.diff(np.r_[False, flags, False].astype(np.int8)))
    return [(int(first), int(last) - 1) for first, last in edges.reshape(-1, 2)]


def limits(*bounds: Floats) -> tuple[float, float]:
    """Limits in per cent that hold every finite bound and 0, with a margin."""
    values = np.concatenate([100 * np.asarray(bound, dtype=float) for bound in bounds])
    values = values[np.isfinite(values)]
    low, high = (min(values.min(), 0.0), max(values.max(), 0.0)) if values.size else (-1.0, 1.0)
    margin = 0.06 * (high - low) or 1.0
    return low - margin, high + margin
