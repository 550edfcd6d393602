"""Writes a report: documents and drawings into a folder."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from eventstudy.errors import InputError
from eventstudy.report.document import Document, compose
from eventstudy.report.findings import Findings
from eventstudy.report.fonts import Font, Typeface, typeface
from eventstudy.report.latex import frames_to_latex
from eventstudy.report.limits import limited
from eventstudy.report.style import style
from eventstudy.report.text import shown, texts_of

FORMATS = ("pdf", "html", "png", "latex")
"""What `write_report` can write besides the drawings as SVG."""
TABLES = ("csv", "parquet", "xlsx", "svg")
"""Formats of tables, beside those of a report."""

NAMES = {"study": "report", "power": "power", "robustness": "robustness"}
"""File names of documents, by what they are about."""


def check_formats(formats: Sequence[str], tables: Sequence[str] = TABLES) -> tuple[str, ...]:
    """Refuse names of formats that are none.

    Parameters
    ----------
    formats : sequence of str
        What is to be written.
    tables : sequence of str
        The formats beside those of a report.

    Raises
    ------
    InputError
        Where one is not known.

    Examples
    --------
    >>> check_formats(["pdf", "csv"])
    ('pdf', 'csv')
    """
    known = (*FORMATS, *tables)
    given = (formats,) if isinstance(formats, str) else tuple(formats)
    for name in given:
        if name not in known:
            raise InputError(f"there is no format {name!r}. There are {', '.join(known)}")
    return given


def write_report(
    findings: Findings, folder: str | Path, formats: Collection[str] = ("pdf",)
) -> list[str]:
    """Write a report into a folder: ``report.pdf``, ``report.html``, ``figures/NN-slug.svg``.

    That of what a study can see alone is ``power.pdf``, ``power.html``, that of how far its effects
    hang on its choices ``robustness.pdf``, ``robustness.html``.

    Parameters
    ----------
    findings : Findings
    folder : path
        Made where it is not there; files of the same name are written over.
    formats : collection of str
        Any of ``pdf``, ``html``, ``png`` (each drawing also as PNG), ``latex`` (``tables/*.tex``).
        Drawings are always written as SVG. Other names are left to the caller.

    Returns
    -------
    list of str
        What could not be shown and what was left out, in sentences; the report says it too.
    """
    document, face, notes = composed(findings, formats)
    folder = Path(folder)
    drawings = folder / "figures"
    drawings.mkdir(parents=True, exist_ok=True)
    for picture in document.pictures:
        prologue = '<?xml version="1.0" encoding="utf-8"?>\n'
        (drawings / f"{picture.name}.svg").write_text(
            prologue + picture.svg, encoding="utf-8", newline="\n"
        )
        if picture.png is not None:
            (drawings / f"{picture.name}.png").write_bytes(picture.png)
    for kind in ("pdf", "html"):
        if kind in formats:
            notes += _set(document, face, folder / f"{NAMES[findings.about]}.{kind}")
    if "latex" in formats:
        tables = folder / "tables"
        tables.mkdir(exist_ok=True)
        for name, text in frames_to_latex(findings).items():
            (tables / f"{name}.tex").write_text(text, encoding="utf-8", newline="\n")
    return notes


def write_document(findings: Findings, path: str | Path) -> list[str]:
    """Write only the document, as PDF or as HTML page by the suffix of the path.

    Parameters
    ----------
    findings : Findings
    path : path
        Ends in ``.pdf`` or ``.html``; its folder is made where it is not there.

    Returns
    -------
    list of str
        What could not be shown and what was left out, in sentences.

    Raises
    ------
    eventstudy.errors.InputError
        If the path ends in anything else, or cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (".pdf", ".html"):
        raise InputError(f"{path.name}: a report is .pdf or .html. Name it so")
    document, face, notes = composed(findings, (suffix[1:],))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return notes + _set(document, face, path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error}. Name another") from error


def _set(document: Document, face: Typeface, path: Path) -> list[str]:
    """Set a document into a file by its suffix, and say what it misses."""
    if path.suffix.lower() == ".html":
        from eventstudy.report.html import html

        path.write_text(html(document, face), encoding="utf-8", newline="\n")
        return []
    from eventstudy.report.pdf import pdf

    made, remark = pdf(document, face)
    path.write_bytes(made)
    return [remark] if remark else []


def composed(
    findings: Findings, formats: Collection[str] = ()
) -> tuple[Document, Typeface, list[str]]:
    """Make the document, choose its fonts, and say what could not be shown or was left out."""
    if not isinstance(findings, Findings):
        raise InputError("a report needs Findings. Give it what a study's result makes of itself")
    limit = limited(findings)
    face = typeface(texts_of(limit.findings))
    notes = [note for note in (*limit.remarks, face.note()) if note]
    limit = replace(limit, findings=shown(limit.findings, face.absent))
    if face.cjk is not None:
        _known_to_matplotlib(face.cjk)
    with style(face.families):
        document = compose(limit, remarks=[face.note()] if face.absent else [], formats=formats)
    return document, face, notes


def _known_to_matplotlib(font: Font) -> None:
    """Tell matplotlib of a font that its own list may lack; one file serves bold text too."""
    from matplotlib.font_manager import fontManager

    if all(entry.fname != str(font.path) or entry.weight != 700 for entry in fontManager.ttflist):
        fontManager.addfont(font.path)
        own = [entry for entry in fontManager.ttflist if entry.fname == str(font.path)]
        fontManager.ttflist += [replace(entry, weight=700) for entry in own]
