"""``list``: models, tests, exchanges, and the columns of the tables."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING

import click

from eventstudy.cli import output
from eventstudy.cli.options import json_option

if TYPE_CHECKING:
    from eventstudy.models import Model


@click.command(
    epilog="""\
    \b
    Example:
      eventstudy list tests
    """,
)
@click.argument(
    "what", metavar="WHAT", type=click.Choice(["models", "tests", "exchanges", "columns"])
)
@json_option
def command(what: str, *, as_json: bool) -> int:
    """List what there is: WHAT is models, tests, exchanges, or columns of the tables."""
    lists = {"models": _models, "tests": _tests, "exchanges": _exchanges, "columns": _columns}
    lists[what](as_json=as_json)
    return 0


def _models(*, as_json: bool) -> None:
    from eventstudy.models import MODELS

    rows = [
        {"name": name, "title": model.title, "expects": _first_line(model)}
        | {"options": list(signature(model).parameters), "reference": model.reference}
        for name, model in MODELS.items()
    ]
    if as_json:
        output.document({"models": rows})
        return
    output.definitions(
        (
            str(row["name"]),
            [
                f"{row['title']}: {row['expects']}",
                *([f"options: {', '.join(row['options'])}"] if row["options"] else []),
                f"reference: {row['reference']}",
            ],
        )
        for row in rows
    )


def _first_line(model: type[Model]) -> str:
    """Give the formula in words that a model's description begins with."""
    return (model.__doc__ or "").split("\n", 1)[0].strip().rstrip(".")


def _tests(*, as_json: bool) -> None:
    from eventstudy.inference import FAMILY_TESTS, SINGLE_TESTS, TESTS

    keys = ("title", "null", "alternative", "assumes", "avoid", "reference")
    rows = [
        {"name": name, "of": of, **{key: getattr(test, key) for key in keys}}
        for of, tests in (("group", {**TESTS, **FAMILY_TESTS}), ("event", SINGLE_TESTS))
        for name, test in tests.items()
    ]
    if as_json:
        output.document({"tests": rows})
        return
    output.definitions(
        (
            row["name"],
            [
                f"{row['title']}, of {'a group' if row['of'] == 'group' else 'each event'}",
                *(f"{key}: {row[key]}" for key in keys[1:]),
            ],
        )
        for row in rows
    )


def _columns(*, as_json: bool) -> None:
    from eventstudy.codebook import codebook

    if as_json:
        output.document({"columns": [entry._asdict() for entry in codebook()]})
        return
    output.definitions(
        (f"{entry.frame}.{entry.column}", [f"{entry.meaning} [{entry.unit}]"])
        for entry in codebook()
    )


def _exchanges(*, as_json: bool) -> None:
    from eventstudy.exchanges import EXCHANGES, INDICES, default_benchmark

    keys = ("suffix", "mic", "calendar", "name", "timezone")
    rows = [
        {key: getattr(exchange, key) for key in keys}
        | {"benchmark": default_benchmark(f"X{exchange.suffix}")}
        for exchange in EXCHANGES
    ]
    if as_json:
        output.document({"exchanges": rows, "indices": INDICES})
        return
    output.table(
        (*keys, "default benchmark"),
        [[value or "-" for value in row.values()] for row in rows],
        title="Exchanges by the suffix of a ticker (- for none); what a study calls the exchange "
        "is its calendar",
    )
    output.table(
        ("calendar", "indices"),
        [
            [calendar, " ".join(index for index, own in INDICES.items() if own == calendar)]
            for calendar in dict.fromkeys(INDICES.values())
        ],
        title="Indices; their default benchmark is ACWI",
    )
