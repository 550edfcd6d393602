"""`list`: every model, test and exchange, with what a reader chooses by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from eventstudy.exchanges import EXCHANGES, INDICES
from eventstudy.inference import FAMILY_TESTS, SINGLE_TESTS, TESTS
from eventstudy.models import MODELS

Command = Callable[..., Any]


def test_models(command: Command) -> None:
    document = command("list", "models", "--json").document
    assert [row["name"] for row in document["models"]] == list(MODELS)
    shown = command("list", "models").out
    for model in MODELS.values():
        assert model.name in shown
        assert model.title in shown


def test_tests(command: Command) -> None:
    document = command("list", "tests", "--json").document
    assert document["schema"] == 1
    assert [row["name"] for row in document["tests"]] == [*TESTS, *FAMILY_TESTS, *SINGLE_TESTS]
    assert {row["name"] for row in document["tests"] if row["of"] == "event"} == set(SINGLE_TESTS)
    assert {"null", "alternative", "assumes", "avoid", "reference"} < set(document["tests"][0])
    shown = " ".join(command("list", "tests").out.split())
    for test in (*TESTS.values(), *FAMILY_TESTS.values(), *SINGLE_TESTS.values()):
        for words in (test.name, test.title, test.null, test.avoid, test.reference):
            assert words in shown


def test_exchanges(command: Command) -> None:
    document = command("list", "exchanges", "--json").document
    assert len(document["exchanges"]) == len(EXCHANGES)
    assert document["indices"] == INDICES
    by_suffix = {row["suffix"]: row for row in document["exchanges"]}
    assert by_suffix[".HK"]["benchmark"] == "^HSI"
    assert by_suffix[".SZ"]["calendar"] == "XSHG"
    assert by_suffix[".T"]["benchmark"] is None
    shown = command("list", "exchanges").out
    assert "what a study calls the exchange is its calendar" in shown
    for exchange in EXCHANGES:
        assert exchange.mic in shown
        assert exchange.timezone in shown
    for index in INDICES:
        assert index in shown


@pytest.mark.parametrize("what", ["models", "tests", "exchanges"])
def test_nothing_is_said_beside(what: str, command: Command) -> None:
    listed = command("list", what)
    assert (listed.code, listed.err) == (0, "")
    assert max(map(len, listed.out.splitlines())) < 400
