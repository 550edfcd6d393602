"""How drawings look and how they are written: one accent, greys, fixed margins, the same bytes.

Colour never carries meaning alone: kinds differ by marker and fill, so a page printed in greys
reads the same. Text in SVG stays text, set in the report's own serif where a reader has it and in
any face of the same widths (Times) elsewhere.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from xml.sax.saxutils import quoteattr

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eventstudy.filters import filtered

INK = "#1c1c1c"
GREY = "#6a6a6a"
SILVER = "#b4b4b4"
FAINT = "#ececec"
ACCENT = "#1d5c8f"
PALE = "#d3e0ec"
SERIES = (ACCENT, "#b3541e", INK, "#4f8f7b", GREY, "#8a6bb0")
"""Lines of one drawing, in this order; each is labelled at its end."""

# STIX (shipped with matplotlib) measures the text; its widths are those of Times, and so nearly of
# Libertinus, in which a PDF shows it.
_SERIF = (
    "Libertinus Serif",
    "Linux Libertine O",
    "STIX Two Text",
    "STIXGeneral",
    "Times New Roman",
    "Liberation Serif",
)
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
_GROUP_NAME = re.compile(r'<g id="[^"]*">')
_PROLOGUE = re.compile(r"\A.*?(?=<svg )", re.DOTALL)


@contextmanager
def style(families: Sequence[str] = (), *, size: float = 7.5) -> Iterator[None]:
    """Matplotlib's settings for a drawing of this package, restored on leaving.

    Parameters
    ----------
    families : sequence of str
        Font families after the serif, as `eventstudy.report.fonts.Typeface.families` names them.
    size : float
        Size of the text, in points.
    """
    settings: Any = {
        "font.family": ["serif", *(families or ("DejaVu Sans",))],
        "font.serif": list(_SERIF),
        "font.size": size,
        "axes.edgecolor": SILVER,
        "axes.facecolor": "none",
        "axes.labelcolor": GREY,
        "axes.linewidth": 0.6,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.unicode_minus": True,
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        "figure.constrained_layout.use": False,
        "figure.autolayout": False,
        "figure.dpi": 72,
        "savefig.bbox": None,
        "svg.fonttype": "none",
        "svg.hashsalt": "eventstudy",
        "svg.image_inline": True,
        "text.color": INK,
        "text.usetex": False,
        "xtick.color": SILVER,
        "ytick.color": SILVER,
        "xtick.labelcolor": GREY,
        "ytick.labelcolor": GREY,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "xtick.major.pad": 2,
        "xtick.major.size": 2.5,
        "ytick.major.pad": 2,
        "ytick.major.size": 0.0,
    }
    with matplotlib.rc_context(settings):
        yield


class Drawing(Figure):
    """A figure without pyplot that shows itself in a notebook.

    Nothing keeps it alive but whoever holds it; there is nothing to close.
    """

    def savefig(self, fname: Any, **options: Any) -> None:
        """Write the figure with the fonts that it was measured with."""
        if matplotlib.rcParams["font.serif"][:1] == list(_SERIF[:1]):
            super().savefig(fname, **options)
            return
        with style():
            super().savefig(fname, **options)

    def _repr_svg_(self) -> str:
        with style():
            return shown_svg(self)


class Panel(Axes):
    """Axes that show their whole figure in a notebook, as the value of a cell."""

    def _repr_svg_(self) -> str | None:
        figure = self.get_figure(root=True)
        if figure is None:
            return None
        with style():
            return shown_svg(figure)


def shown_svg(figure: Figure, alt: str = "") -> str:
    """Draw for a browser, letters as shapes: it may have none of the fonts.

    A text with characters that none of matplotlib's fonts has stays text.
    """
    try:
        with matplotlib.rc_context({"svg.fonttype": "path"}), filtered("error", UserWarning):
            return svg(figure, alt)
    except UserWarning:
        return svg(figure, alt)


def panel(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place of the figure, in inches from its left and upper edge.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    left, top, width, height : float
        Inches.

    Returns
    -------
    matplotlib.axes.Axes
    """
    across, down = figure.get_size_inches()
    place = (left / across, 1 - (top + height) / down, width / across, height / down)
    return figure.add_axes(place, axes_class=Panel)


def svg(figure: Figure, alt: str = "") -> str:
    """Write a figure as one SVG element, the same text for the same figure.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        What the figure shows, for those who cannot see it.

    Returns
    -------
    str
        Begins with ``<svg``; no document type, no date, no name of a program.
    """
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata=_NO_METADATA)
    text = _GROUP_NAME.sub("<g>", _PROLOGUE.sub("", out.getvalue(), count=1))
    role = f'<svg role="img" aria-label={quoteattr(alt)} ' if alt else '<svg role="img" '
    return role + text.removeprefix("<svg ")


def png(figure: Figure, dpi: int = 200) -> bytes:
    """Write a figure as PNG, the same bytes for the same figure."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=dpi, metadata={"Software": None})
    return out.getvalue()
