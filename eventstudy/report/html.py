"""The report as one HTML page that needs nothing else: drawings, formulas and style inside."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from eventstudy.report.document import Document
from eventstudy.report.fonts import Typeface
from eventstudy.report.pdf import lay_out
from eventstudy.report.text import joined

_BODY = re.compile(r"<body[^>]*>(.*)</body>", re.DOTALL)
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def html(document: Document, typeface: Typeface) -> str:
    """Make one HTML page of a document.

    Parameters
    ----------
    document : Document
    typeface : Typeface

    Returns
    -------
    str
        HTML 5 without scripts and without anything fetched; every text is escaped.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, finalize=_joined
    )
    source = (files("eventstudy.report") / "templates" / "report.html").read_text("utf-8")
    # Drawings come from matplotlib, which escapes text; formulas from our own template.
    drawings = {f"{each.name}.svg": Markup(each.shapes or each.svg) for each in document.pictures}  # noqa: S704
    rules, methods = _methods(document, typeface)
    return environment.from_string(source).render(
        d=document.data,
        drawings=drawings,
        methods=Markup(methods),  # noqa: S704
        rules=Markup(rules),  # noqa: S704
    )


def _joined(value: Any) -> Any:
    """Keep numbers and their signs on one line; what is markup already stays as it is."""
    return joined(value) if type(value) is str else value


def _methods(document: Document, typeface: Typeface) -> tuple[str, str]:
    """Style rules and body of the methods, formulas as MathML."""
    import typst

    with TemporaryDirectory(prefix="eventstudy-") as place:
        root = Path(place)
        data: dict[str, Any] = {"title": "", "methods": document.data["methods"]}
        lay_out(root, data, (), typeface)
        made, _ = typst.compile_with_warnings(
            str(root / "methods_page.typ"),
            root=str(root),
            font_paths=[str(root / "fonts")],
            ignore_system_fonts=True,
            format="html",
        )
    page = made.decode("utf-8") if isinstance(made, bytes) else str(made)
    body = _BODY.search(page)
    return "\n".join(_STYLE.findall(page)), body.group(1) if body else ""
