"""The report as PDF, by Typst: tagged, archival, the same bytes on the same input."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from eventstudy.report.document import Document, Picture
from eventstudy.report.fonts import Typeface
from eventstudy.report.text import breakable, joined, shorten

# Typst asks for an instant where a document reads the clock; this one reads none.
_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)
_STANDARDS: tuple[tuple[Literal["a-2a", "ua-1"], ...], ...] = (("a-2a", "ua-1"), ("ua-1",), ())
_FILES = frozenset({"file"})
_CELL, _HEADING, _LINE = 10.0, 20.0, 34.5  # widths in em that surely fit; a sha256 is a line


def pdf(document: Document, typeface: Typeface) -> tuple[bytes, str]:
    """Make a PDF of a document.

    Parameters
    ----------
    document : Document
    typeface : Typeface
        Fonts for what Libertinus Serif lacks; no other font of the system is used.

    Returns
    -------
    tuple of bytes and str
        The file, and "" or a sentence on the standard that it misses (PDF/A-2a and PDF/UA-1).

    Notes
    -----
    The text of the findings reaches Typst as a JSON file in a private folder beyond which it can
    read nothing; no text becomes a part of the program.
    """
    import typst

    with TemporaryDirectory(prefix="eventstudy-") as place:
        root = Path(place)
        lay_out(root, document.data, document.pictures, typeface)
        standards = _STANDARDS if document.data["date"] is not None else _STANDARDS[1:]
        refused = ""
        for standard in standards:
            try:
                made, _ = typst.compile_with_warnings(
                    str(root / "report.typ"),
                    root=str(root),
                    font_paths=[str(root / "fonts")],
                    ignore_system_fonts=True,
                    pdf_standards=list(standard),
                    timestamp=_EPOCH,
                )
            except typst.TypstError as error:
                refused = refused or shorten(str(error).replace(str(root), ""), 200)
                if standard:
                    continue
                raise
            return _bytes(made), _remark(standard, refused)
    raise AssertionError("the last standard either compiles or raises")


def lay_out(
    root: Path, data: Mapping[str, Any], pictures: Sequence[Picture], typeface: Typeface
) -> None:
    """Write templates, data, drawings and fonts of one document into a folder of its own."""
    folder = files("eventstudy.report") / "templates"
    for template in folder.iterdir():
        if template.name.endswith(".typ"):
            (root / template.name).write_bytes(template.read_bytes())
    for picture in pictures:
        (root / f"{picture.name}.svg").write_text(picture.svg, encoding="utf-8")
    fonts = root / "fonts"
    fonts.mkdir()
    for number, path in enumerate(typeface.files):
        _lay(path, fonts / f"{number}{path.suffix.lower()}")
    added = {"fonts": list(typeface.families), "short": shorten(data["title"], 90)}
    whole = {**_softened(dict(data)), **added}
    (root / "data.json").write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")


def _lay(source: Path, target: Path) -> None:
    try:
        target.symlink_to(source)
    except OSError:  # Windows asks for a privilege
        shutil.copyfile(source, target)


def _softened(value: Any, key: str = "") -> Any:
    """Give the data with places to break in long words, and none beside the sign of a number."""
    if isinstance(value, dict):
        return {name: _softened(inner, name) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_softened(inner, key) for inner in value]
    if not isinstance(value, str) or key in _FILES:
        return value
    return breakable(joined(value), {"cells": _CELL, "title": _HEADING}.get(key, _LINE))


def _bytes(made: Any) -> bytes:
    return made if isinstance(made, bytes) else bytes(made)


def _remark(standard: tuple[str, ...], refused: str) -> str:
    if standard == _STANDARDS[0]:
        return ""
    if not refused:
        return "The PDF is tagged (PDF/UA-1), not PDF/A: nothing in it has a date."
    return f"The PDF misses PDF/A-2a and PDF/UA-1: {refused}"
