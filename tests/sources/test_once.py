"""A source that is asked once for a series."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd

import eventstudy as es
from eventstudy.sources.once import Once


def test_a_source_is_asked_once_for_a_ticker() -> None:
    frame = pd.DataFrame({"A": [0.1], "B": [0.2]}, index=["2024-01-02"])
    asked: list[list[str]] = []

    class Counting:
        name = "counting"

        def load(self, tickers: Sequence[str], start: date, end: date) -> Any:
            asked.append(list(tickers))
            return es.MemoryPrices.from_returns(frame).load(tickers, start, end)

    once, days = Once(Counting()), (date(2024, 1, 1), date(2024, 1, 31))
    first = once.load(["A", "C"], *days)
    assert (list(first.series), list(first.failures)) == (["A"], ["C"])
    second = once.load(["B", "A", "C"], *days)
    assert (list(second.series), list(second.failures)) == (["B", "A"], ["C"])
    assert second.series["A"] is first.series["A"]
    assert once.load(["A"], date(2023, 1, 1), days[1]).series.keys() == {"A"}
    assert asked == [["A", "C"], ["B"], ["A"]]
    assert once.name == "counting"
