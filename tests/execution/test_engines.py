"""Descriptions of engines."""

from __future__ import annotations

import sys

import pytest

from eventstudy.errors import MissingExtraError, StudyError
from eventstudy.execution import Engine


@pytest.mark.parametrize(
    ("text", "engine"),
    [
        ("serial", Engine()),
        ("serial:1", Engine("serial", 1)),
        ("processes", Engine("processes")),
        ("processes:4", Engine("processes", 4)),
        ("dask", Engine("dask")),
        ("dask:tcp://10.0.0.1:8786", Engine("dask", None, "tcp://10.0.0.1:8786")),
        ("dask:scheduler:8786", Engine("dask", None, "scheduler:8786")),
        ("dask:tls://[::1]:8786", Engine("dask", None, "tls://[::1]:8786")),
    ],
)
def test_a_description_and_its_engine(text, engine):
    assert Engine.of(text) == engine
    assert str(engine) == text
    assert Engine.of(engine) is engine


@pytest.mark.parametrize(
    "text",
    [
        *("", "threads", "Serial", "serial:", "serial:0", "serial:1 ", "processes:-1"),
        *("processes:two", "processes:²", "processes:4:4"),
        *("dask:", "dask:4", "dask:tcp://host", "dask:a b:1"),
    ],
)
def test_what_is_no_engine_is_told_what_is_possible(text):
    with pytest.raises(StudyError, match=r"is not known\. Write serial, .*processes:4.*dask:tcp"):
        Engine.of(text)


def test_fields_are_checked_however_the_engine_is_made():
    for fields in (("cloud", None, None), ("dask", 2, None), ("serial", None, "host:1")):
        with pytest.raises(StudyError, match="is not known"):
            Engine(*fields)


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'eventstudy\[dask\]'"):
        Engine.of("dask")
