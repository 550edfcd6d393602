"""Tables as LaTeX, as the report prints them, every text escaped; they need booktabs, no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from eventstudy.report.findings import Findings
from eventstudy.report.group_page import groups_page
from eventstudy.report.listings import claims_table, dropped_table, fits_table, means_table
from eventstudy.report.power_page import detectable_table
from eventstudy.report.specification_page import readings_table
from eventstudy.report.tables import Column, Table, effects_table, records
from eventstudy.report.text import shorten

PAGE = 45
"""Rows of a tabular; a longer table goes on in another one, with the same head."""

_ID = 26
_LINES = "p{5.5cm}"
_NEXT = r"\\"
_CLOSED = "\\end{tabular}\n"

# What LaTeX would take for a command (a [ or * that follows the end of a row, too), what only some
# of its fonts have, and what its oldest font has in another place.
_ESCAPED = str.maketrans(
    {
        **{sign: f"\\{sign}" for sign in "&%$#_{}"},
        "\\": r"\textbackslash{}",
        "[": "{[}",
        "*": "{*}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "−": "$-$",
        "∞": r"$\infty$",
        "²": "$^2$",
        "α": r"$\alpha$",
        "β": r"$\beta$",
        "σ": r"$\sigma$",
    }
)

TableData = dict[str, Any]
"""A table as `Table.data` gives it."""


def frames_to_latex(findings: Findings) -> dict[str, str]:
    """Write the tables of effects, tests and claims as LaTeX, every text escaped.

    Parameters
    ----------
    findings : Findings

    Returns
    -------
    dict of str
        ``events``, ``means``, ``fits``, ``claims``, ``dropped``, ``power``, ``robustness`` to a
        ``tabular``, several where there are more rows than a page takes; ``tests`` to a ``table``
        for each group and window that the report prints in full, and one of the lead tests of the
        others. A frame without rows is left out.
    """
    tables = {
        "events": _events_table(findings),
        "means": means_table(findings.means, findings.level),
        "fits": fits_table(findings.fits),
        "claims": claims_table(findings.claims),
        "dropped": dropped_table(findings.dropped),
        "power": detectable_table(findings.power[findings.power["window"] == findings.headline]),
        "robustness": readings_table(findings.readings),
    }
    found = {
        name: "\n".join(_tabulars(table.data())) for name, table in tables.items() if table.rows
    }
    tests = "\n".join(_tests(findings))
    return found | ({"tests": tests} if tests else {})


def _events_table(findings: Findings) -> Table:
    """Put the effects of all events into one table, each event named in its first row."""
    heads: tuple[Column, ...] = effects_table([], findings.level).columns
    rows: list[tuple[str, ...]] = []
    kinds: list[str] = []
    for event_id, own in findings.events.groupby("event_id", sort=False):
        table = effects_table(records(own), findings.level)
        names = [shorten(str(event_id), _ID), *[""] * (len(table.rows) - 1)]
        rows += [(name, *cells) for name, cells in zip(names, table.rows, strict=True)]
        kinds += ["first", *table.kinds[1:]]
    return Table((Column("Event"), *heads), tuple(rows), tuple(kinds))


def _tests(findings: Findings) -> Iterator[str]:
    """Set what the report prints of groups: a table each, then the lead tests of the others."""
    page = groups_page(findings)
    for section in page["sections"]:
        for block in section["blocks"]:
            title = f"{section['title']}. {block['title']}"
            caption = f"{title}: {block['size']}" if block["size"] else title
            yield from _floats(block["table"], caption, [block["sentence"]])
    if page["notes"]:
        yield _small(["Of these tests in most groups and windows:", *page["notes"]])
    rest = page["rest"]
    if rest["table"]["rows"]:
        yield from _floats(rest["table"], "Lead tests of the other groups", [])
        yield _small(rest["why"])


def _floats(table: TableData, caption: str, words: Sequence[str]) -> Iterator[str]:
    """Set a table with a caption, its sentences and those of its rows below it."""
    below = [*words, *(row["cells"][0] for row in table["rows"] if row["kind"] == "words")]
    pieces = list(_tabulars(table))
    for place, piece in enumerate(pieces):
        title = f"{caption}, continued" if place else caption
        lines = [r"\begin{table}[htbp]", r"\centering\small\setlength{\tabcolsep}{4pt}"]
        lines += [f"\\caption{{{_escaped(title)}}}", piece.rstrip()]
        if any(below) and place == len(pieces) - 1:
            lines.append(_small(below).rstrip())
        yield "\n".join([*lines, "\\end{table}\n"])


def _small(sentences: Sequence[str]) -> str:
    text = " ".join(_escaped(sentence) for sentence in sentences if sentence)
    return f"{{\\par\\smallskip\\footnotesize\\raggedright\\noindent {text}\\par}}\n"


def _tabulars(table: TableData) -> Iterator[str]:
    """Set the figures of a table, as many rows at a time as a page takes."""
    columns = table["columns"]
    wide = [column for column in columns if column["wide"] and column["align"] == "left"]
    # A single column of words is set in lines; several have no more room than they take.
    alone = wide[0]["label"] if len(wide) == 1 else None
    sides = "".join(
        _LINES if column["label"] == alone else column["align"][0] for column in columns
    )
    rows = [row["cells"] for row in table["rows"] if row["kind"] != "words"]
    begin = 0
    while begin < len(rows):
        end = _end(rows, begin)
        lines = [_head(columns), r"\midrule", *map(_line, rows[begin:end])]
        begin = end
        yield "\n".join(
            [f"\\begin{{tabular}}{{{sides}}}", r"\toprule", *lines, r"\bottomrule", _CLOSED]
        )


def _end(rows: Sequence[Sequence[str]], begin: int) -> int:
    """Give the row at which a page ends: one that is named, so that none stands without a name."""
    end = begin + PAGE
    if end >= len(rows):
        return len(rows)
    return next((place for place in range(end, begin, -1) if rows[place][0]), end)


def _head(columns: Sequence[dict[str, Any]]) -> str:
    """Set the headings, one over two columns where it is that of both."""
    cells: list[str] = []
    covered = 0
    for column in columns:
        if covered:
            covered -= 1
            continue
        text = _escaped(column["label"])
        covered = column["span"] - 1
        cells.append(f"\\multicolumn{{{column['span']}}}{{c}}{{{text}}}" if covered else text)
    return f"{' & '.join(cells)} {_NEXT}"


def _line(cells: Sequence[str]) -> str:
    return f"{' & '.join(map(_escaped, cells))} {_NEXT}"


def _escaped(text: str) -> str:
    return text.translate(_ESCAPED)
