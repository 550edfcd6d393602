"""Frames as tables to be read: rows of text with aligned figures, and units in the headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from eventstudy.inference import FAMILY_TESTS, TESTS
from eventstudy.models import MODELS
from eventstudy.report.formats import (
    NONE,
    date,
    integer,
    is_missing,
    level,
    number,
    percent,
    probability,
)
from eventstudy.report.text import shorten

Align = Literal["left", "right"]
Row = dict[Any, Any]

TEST_TITLES = {
    "sar_t": "SAR t",
    "placebo": "Placebo",
    "sq": "SQ",
    **{name: test.title for name, test in {**TESTS, **FAMILY_TESTS}.items()},
    **{name: model.title[:1].upper() + model.title[1:] for name, model in MODELS.items()},
}
"""Names of models and tests as they are printed; another name is printed with spaces."""

TICKER = 21
"""Characters of a ticker that are printed: all of any ticker that is valid."""


@dataclass(frozen=True)
class Column:
    """One column: heading, side of its figures, and whether it takes a share of the room left.

    A heading of `span` 2 stands over this column and the next, whose own heading is "".
    """

    label: str
    align: Align = "left"
    wide: bool = False
    span: int = 1


@dataclass(frozen=True)
class Table:
    """A table to be read.

    Attributes
    ----------
    columns : tuple of Column
    rows : tuple of tuple of str
        As many cells as columns; one, over the whole width, in a row of kind ``"words"``.
    kinds : tuple of str
        One a row: "" plain, "first" with a hair line above, "lead" strong, "words" a sentence.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    kinds: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        """Give the table as plain lists and dictionaries, for a template."""
        return {
            "columns": [
                {"label": c.label, "align": c.align, "wide": c.wide, "span": c.span}
                for c in self.columns
            ],
            "rows": [
                {"kind": kind, "cells": list(cells)}
                for kind, cells in zip(self.kinds or [""] * len(self.rows), self.rows, strict=True)
            ],
        }


def right(label: str, span: int = 1, *, wide: bool = False) -> Column:
    """Give a column of figures."""
    return Column(label, "right", wide, span)


def title_of(name: str) -> str:
    """Give the printed name of a model or test.

    Examples
    --------
    >>> title_of("adjusted_bmp"), title_of("my_own_test")
    ('Adjusted BMP t', 'My own test')
    """
    return TEST_TITLES.get(name) or name.replace("_", " ").capitalize()


def grouped(keys: Sequence[object]) -> tuple[str, ...]:
    """Row kinds that draw a hair line where a key changes."""
    return tuple(
        "first" if place and key != keys[place - 1] else "" for place, key in enumerate(keys)
    )


def once(keys: Sequence[object], texts: Sequence[str]) -> list[str]:
    """Texts with those left out whose key stands in the row above."""
    return [
        "" if place and key == keys[place - 1] else text
        for place, (key, text) in enumerate(zip(keys, texts, strict=True))
    ]


def records(frame: pd.DataFrame) -> list[Row]:
    """Give the rows of a frame as dictionaries: far quicker to read cell by cell."""
    return frame.to_dict("records")


def effects_table(rows: Sequence[Row], confidence: float) -> Table:
    """Effects of one event: a row per security and window.

    Parameters
    ----------
    rows : sequence of dict
        Rows of ``Findings.events`` of one event, as `records` gives them.
    confidence : float
        Level of the intervals.
    """
    keys = [row["ticker"] for row in rows]
    names = once(keys, [shorten(ticker, TICKER) for ticker in keys])
    columns = (
        Column("Security"),
        Column("Window"),
        right("CAR, %", wide=True),
        right(f"{level(confidence)} interval, %", span=2, wide=True),
        right("", wide=True),
        right("t", wide=True),
        right("dof", wide=True),
        right("p", wide=True),
        right("Placebo p", wide=True),
        right("Runs", wide=True),
        right("BHAR, %", wide=True),
        right("Days", wide=True),
    )
    cells = tuple(
        (
            name,
            minus(row["window"]),
            percent(row["car"]),
            percent(row["low"]),
            percent(row["high"]),
            number(row["t"]),
            integer(row["dof"]),
            probability(row["pvalue"]),
            probability(row["placebo_pvalue"]),
            integer(row["n_placebo"]),
            percent(row["bhar"]),
            integer(row["n_days"]),
        )
        for name, row in zip(names, rows, strict=True)
    )
    return Table(columns, cells, grouped(keys))


def markets_table(rows: Sequence[Row]) -> Table:
    """When the news met each security's market: a row per security of one event."""
    columns = (
        Column("Security"),
        Column("Exchange", wide=True),
        Column("Benchmark", wide=True),
        Column("Announced", wide=True),
        Column("Day zero", wide=True),
        Column("Day zero moved", wide=True),
        Column("In group means", wide=True),
    )
    cells = []
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row["ticker"], row)
    for row in first.values():
        moved = 0 if is_missing(row["shifted_by"]) else int(row["shifted_by"])
        cells.append(
            (
                shorten(row["ticker"], TICKER),
                text_of(row["exchange"]),
                text_of(row["benchmark"]) or NONE,
                text_of(row["session_phase"]),
                date(row["day_zero"]),
                "no" if moved == 0 else f"by {moved} session{'s' if abs(moved) > 1 else ''}",
                "yes" if bool(row["in_groups"]) else "no",
            )
        )
    return Table(columns, tuple(cells))


def minus(text: str) -> str:
    """Give a text with real minus signs before digits, as in windows and quoted moves."""
    return "".join(
        "−" if c == "-" and text[place + 1 : place + 2].isdigit() and not _after(text, place) else c
        for place, c in enumerate(text)
    )


def _after(text: str, place: int) -> bool:
    return place > 0 and text[place - 1].isalnum()


def text_of(value: object) -> str:
    """Give a cell as text, "" where it is missing."""
    return "" if is_missing(value) else str(value)
