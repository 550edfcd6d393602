"""Settings of a study: what a user may write of each, and a table of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from numbers import Real
from operator import index
from typing import Any

import numpy as np

from eventstudy.errors import InputError, StudyError
from eventstudy.events import Events
from eventstudy.inference import FAMILY_TESTS, TESTS
from eventstudy.models import describe_model
from eventstudy.tables import in_notebook, shown
from eventstudy.windows import Window

_SHOWN = 200


def windows_of(given: object, name: str = "windows") -> tuple[Window, ...]:
    """Make windows of a list of them; a single pair of days is no list.

    Raises
    ------
    StudyError

    Examples
    --------
    >>> windows_of(["0:0", (-1, 1)])
    (Window(first=0, last=0), Window(first=-1, last=1))
    """
    listed = None if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    if listed is None or any(isinstance(one, Real) for one in listed):
        raise StudyError(
            f"{name} {given!r} is no list of windows. Write one, as in {name}=((0, 1),)"
        )
    return tuple(Window.of(one) for one in listed)


def texts_of(name: str, given: object) -> tuple[str, ...]:
    """Make a tuple of a list of texts; one text is no list.

    Raises
    ------
    StudyError
    """
    listed = None if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    if listed is None or not all(isinstance(one, str) for one in listed):
        raise StudyError(
            f"{name} {given!r} is no list of texts. Write one, as in {name}=['...', '...']"
        )
    return tuple(listed)


def distinct_of(name: str, given: object) -> tuple[str, ...]:
    """Make a tuple of a list of texts, none of them given twice.

    Raises
    ------
    StudyError
    """
    listed = texts_of(name, given)
    twice = [one for place, one in enumerate(listed) if one in listed[:place]]
    if twice:
        raise StudyError(f"{name} has {twice[0]!r} twice. Give it once")
    return listed


def ticker_of(name: str, given: object) -> str | None:
    """Take a ticker, or None or "" for none; of a frame of prices it is any name of a column.

    Raises
    ------
    StudyError
    """
    if given is not None and not isinstance(given, str):
        raise StudyError(f"{name} {given!r} is no text. Write a ticker, as in {name}='^GSPC'")
    return given or None


def flag_of(name: str, given: object) -> bool:
    """Take True or False, of numpy too; a text such as "no" would count as true.

    Raises
    ------
    StudyError
    """
    if not isinstance(given, bool | np.bool_):
        raise StudyError(f"{name} {given!r} is neither true nor false. Write one, without quotes")
    return bool(given)


def whole_of(name: str, given: Any, example: int, *, least: int = 0) -> int:
    """Make an int of a whole number of any library.

    Raises
    ------
    StudyError
    """
    try:
        number = None if isinstance(given, bool) else index(given)
    except TypeError:
        number = None
    if number is None or number < least:
        raise StudyError(
            f"{name} {given!r} is no whole number from {least} up. Write one, as in "
            f"{name}={example}"
        )
    return number


def level_of(given: object) -> float:
    """Make a float of the level of intervals.

    Raises
    ------
    StudyError
    """
    if not isinstance(given, Real):
        raise StudyError(f"level {given!r} is no number. Write .95 for 95 %")
    level = float(given)
    if not 0.0 < level < 1.0:
        raise StudyError(f"level {given} is not between 0 and 1. Write .95 for 95 %")
    return level


def exchanges_of(given: object) -> dict[str, str]:
    """Make a dict of exchanges by ticker.

    Raises
    ------
    StudyError
    """
    if not isinstance(given, Mapping):
        raise StudyError(
            f"exchanges {given!r} is no mapping. Write exchanges by ticker, as in "
            "exchanges={'^AXKO': 'XASX'}"
        )
    found = dict(given)
    for ticker, exchange in found.items():
        if not isinstance(ticker, str) or not isinstance(exchange, str):
            raise StudyError(
                f"exchanges has {ticker!r}: {exchange!r}. Write both as text, as in "
                "exchanges={'^AXKO': 'XASX'}"
            )
    return found


def check_given(events: object, prices: object) -> None:
    """Refuse what a study cannot be run on, before any work.

    Raises
    ------
    InputError
        Where there are no events, or the prices are no price source.
    """
    if not isinstance(events, Events):
        raise InputError(
            f"events is a {type(events).__name__}. Make Events of a frame with "
            "Events.from_frame(frame), or of a file with read_events(path)"
        )
    if isinstance(prices, type) or not callable(getattr(prices, "load", None)):
        raise InputError(
            f"prices is a {type(prices).__name__}, no price source. Make one of a frame with "
            "Panel.from_frame(frame), which takes returns, or with kind='prices' prices; or give "
            "another, as in YahooPrices()"
        )
    if len(events) == 0:
        raise InputError("there are no events. Add a row, or see `check --example`")


def settings_table(spec: Mapping[str, Any]) -> str:
    """Write the settings of a study as an HTML table, for a notebook."""
    words = {name: _worded(value) for name, value in spec.items()}
    words["model"] = describe_model(spec["model"])
    if spec["tests"] == [*TESTS, *FAMILY_TESTS]:
        words["tests"] = "all"
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(shown(text, _SHOWN))}</td></tr>"
        for name, text in words.items()
    )
    return in_notebook(f"<p><b>Study</b></p><table><tbody>{rows}</tbody></table>")


def _worded(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {one}" for name, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
