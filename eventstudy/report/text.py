"""Text as it is shown: no control character, no endless line, nothing that a font lacks unseen.

The full text stays in the frames and the CSV files; what is changed here is only its picture.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import accumulate
from typing import Any

import pandas as pd

from eventstudy.report.findings import COLUMNS, Findings, fields_of

LONG = 4_000
"""Characters of a text that are looked at; no page shows more of one cell."""

BOX = "▯"
"""What stands for a character that no font at hand has."""

_KEYS = frozenset(
    {"event_id", "other_event_id", "ticker", "other_ticker", "group", "window", "who"}
)
_SOFT = "\u200b"  # zero width space: a line may break here
_BREAK_AFTER = frozenset("/\\-_.,:;?&=#|@)]}")


def visible(text: str) -> str:
    r"""Make every character visible that would act instead of show.

    Line ends and tabs become a space, other control characters ``\xNN``, and characters that turn,
    hide or join others (right-to-left overrides, zero-width marks, private use, lone surrogates)
    their code point in brackets. Runs of more than three combining marks are cut.

    Parameters
    ----------
    text : str
        Any text; only its first 4,000 characters are looked at.

    Returns
    -------
    str

    Examples
    --------
    >>> visible("a\x1b[31mb")
    'a\\x1b[31mb'
    >>> visible("txt\u202egpj")
    'txt[U+202E]gpj'
    """
    if text.isascii() and text.isprintable() and len(text) <= LONG:
        return text
    cut = text[: LONG + 1]
    shown: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", cut):
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if character in "\t\n\r":
            shown.append(" ")
        elif category == "Cc":
            shown.append(f"\\x{ord(character):02x}")
        elif category[0] == "C" or category in ("Zl", "Zp"):
            shown.append(code_point(character))
        elif marks <= 3:
            shown.append(character)
    return "".join(shown)


def code_point(character: str) -> str:
    """Give a character by its number, as in ``[U+4E2D]``."""
    return f"[U+{ord(character):04X}]"


def shorten(text: str, limit: int) -> str:
    """Cut a text to at most `limit` characters, with an ellipsis where it was cut.

    Examples
    --------
    >>> shorten("a rather long title", 10)
    'a rather…'
    """
    if len(text) <= limit:
        return text
    return text[: limit - 1].rstrip() + "…"


def amid(text: str, limit: int) -> str:
    """Cut a text to at most `limit` characters in its midst: names often differ at the end.

    Examples
    --------
    >>> amid("XINJIANG-2019-ENTITY-LIST-US", 16)
    'XINJIANG-2…ST-US'
    """
    if len(text) <= limit:
        return text
    tail = limit // 3
    return text[: limit - 1 - tail].rstrip() + "…" + text[-tail:]


def fitted(text: str, ems: float) -> str:
    """Cut a text in its midst to a width, by the usual widths of letters in a bold serif.

    Examples
    --------
    >>> fitted("SMIC-2020-LISTED", 12), fitted("SMIC-2020-LISTED", 6)
    ('SMIC-2020-LISTED', 'SMIC-…ED')
    """
    reached = list(accumulate(map(_em, text)))
    if not reached or reached[-1] <= ems:
        return text
    back = list(accumulate(map(_em, reversed(text))))
    tail = bisect_right(back, (ems - 1) / 3)
    head = bisect_right(reached, ems - 1 - (back[tail - 1] if tail else 0.0))
    return text[:head].rstrip() + "…" + (text[-tail:] if tail else "")


def _em(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    return 0.74 if character.isupper() or character in "@%&mwMW—" else 0.53


def breakable(text: str, ems: float = 10.0) -> str:
    """Let a word wider than `ems` break: after marks, and wherever it reaches that width.

    A word made to break the page (60,000 letters without a space) would otherwise run over the
    margin. Narrower words stay whole, so that an address or a hash can be copied.
    """
    if len(text) < ems:
        return text
    return " ".join(
        word if len(word) < ems or sum(map(_em, word)) <= ems else _broken(word, ems)
        for word in text.split(" ")
    )


def joined(text: str) -> str:
    """Keep a per cent sign on the line of its number, and a p-value on that of its p.

    Examples
    --------
    >>> joined("95 %, p = 0.022").count(chr(0xA0))
    3
    """
    return text.replace(" %", "\u00a0%").replace("p = ", "p\u00a0=\u00a0")


def _broken(word: str, ems: float) -> str:
    parts: list[str] = []
    since = 0.0
    for character in word:
        parts.append(character)
        since += _em(character)
        if (character in _BREAK_AFTER and since > 1) or since >= ems:
            parts.append(_SOFT)
            since = 0.0
    return "".join(parts)


def texts_of(findings: Findings) -> set[str]:
    """Every different text that the report may show, as `visible` makes it."""
    found = {findings.title, findings.subtitle, *findings.sentences, *findings.notes}
    found.update(findings.windows)
    for pair in findings.settings:
        found.update(pair)
    found.update(_leaves(findings.provenance))
    for frame in (*findings.frames.values(), findings.specifications, findings.readings):
        for name in _text_columns(frame):
            found.update(value for value in pd.unique(frame[name]) if isinstance(value, str))
    return {visible(text) for text in found}


def shown(findings: Findings, absent: frozenset[str]) -> Findings:
    """Give the same findings with every text as it is shown.

    Parameters
    ----------
    findings : Findings
    absent : frozenset of str
        Characters that no font at hand has; each is replaced by a box, and in names that tell
        rows apart (events, tickers, groups) by its code point in brackets.

    Returns
    -------
    Findings
        New frames; numbers and dates are the same objects.
    """
    boxes = {ord(character): BOX for character in absent}
    codes = {ord(character): code_point(character) for character in absent}

    def show(text: str) -> str:
        return visible(text).translate(boxes)

    def name(text: str) -> str:
        return visible(text).translate(codes)

    changed = fields_of(findings)
    for each in (*COLUMNS, "models", "curves", "specifications", "readings"):
        changed[each] = _shown_frame(changed[each], show, name)
    for each in ("title", "subtitle"):
        changed[each] = show(changed[each])
    for each in ("sentences", "notes", "windows", "methods"):
        changed[each] = tuple(show(text) for text in changed[each])
    changed["settings"] = tuple((show(label), show(value)) for label, value in changed["settings"])
    changed["provenance"] = _shown_tree(changed["provenance"], show)
    return replace(findings, **changed)


def _shown_frame(
    frame: pd.DataFrame, show: Callable[[str], str], name: Callable[[str], str]
) -> pd.DataFrame:
    columns = {}
    for column in _text_columns(frame):
        values, change = frame[column], name if column in _KEYS else show
        pairs = {text: change(text) for text in pd.unique(values) if isinstance(text, str)}
        if any(text != picture for text, picture in pairs.items()):
            columns[column] = [pairs.get(value, value) for value in values]
    names = {column: name(str(column)) for column in frame.columns}
    return frame.assign(**columns).rename(columns=names)


def _text_columns(frame: pd.DataFrame) -> Iterable[str]:
    return [
        name
        for name in frame.columns
        if pd.api.types.is_object_dtype(frame[name]) or pd.api.types.is_string_dtype(frame[name])
    ]


def _shown_tree(value: object, show: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {show(str(key)): _shown_tree(inner, show) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown_tree(inner, show) for inner in value]
    return show(value) if isinstance(value, str) else value


def _leaves(value: object) -> list[str]:
    if isinstance(value, Mapping):
        return [text for pair in value.items() for inner in pair for text in _leaves(inner)]
    if isinstance(value, (list, tuple)):
        return [text for inner in value for text in _leaves(inner)]
    return [value] if isinstance(value, str) else []
