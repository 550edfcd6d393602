"""Size and power of the tests of one event, from runs of its own estimation days."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Integers
from eventstudy.inference import SingleTests, single_tests
from eventstudy.simulate.detection import Shift
from eventstudy.simulate.placebo import placebo_events, placements
from eventstudy.simulate.question import CELLS, Answer, Question, answer
from eventstudy.windows import Window

SINGLE = ("sar_t", "placebo")
"""Tests of one event whose power is measured."""

_SPANS = "a return over {} sessions: its spread is known, its shape is that of single sessions"


def single_answers(abnormal: Abnormal, frame: pd.DataFrame, question: Question) -> Iterator[Answer]:
    """Answer for every event, window and single-event test.

    Parameters
    ----------
    abnormal : Abnormal
        The events.
    frame : DataFrame
        The events' frame.
    question : Question
        What is asked.
    """
    runs = placements(abnormal)
    if not runs:
        return
    places = question.shared(len(abnormal)).spread(runs)
    step = max(1, CELLS // (len(places) * len(abnormal.design.estimation)))
    for first in range(0, len(abnormal), step):
        some = np.arange(first, min(first + step, len(abnormal)))
        yield from _chunk(abnormal.take(some), frame, places, question)


def _chunk(
    real: Abnormal, frame: pd.DataFrame, places: Integers, question: Question
) -> Iterator[Answer]:
    """Answer for some events, all of whose placebo events are estimated at once."""
    count = len(places)
    event = np.repeat(np.arange(len(real)), count)
    placebo = placebo_events(real, event, np.tile(places, len(real)))
    found: dict[Window, tuple[SingleTests, SingleTests]] = {}
    # A run without a single return has no statistic, which is no fault here.
    with np.errstate(divide="ignore", invalid="ignore"):
        for window in real.design.windows:
            found[window] = (
                single_tests(real, window, question.level),
                single_tests(placebo, window, question.level),
            )
    own = frame.iloc[real.rows.pair]
    for row, (event_id, ticker) in enumerate(zip(own["event_id"], own["ticker"], strict=True)):
        mine = slice(row * count, (row + 1) * count)
        for window, (measured, runs) in found.items():
            for test in SINGLE:
                facts = {"event_id": event_id, "ticker": ticker, "window": str(window)}
                facts |= _facts(measured, row, test)
                yield answer(_detection(measured, runs, row, mine, test), facts, question,
                             len(window))  # fmt: skip


def _facts(measured: SingleTests, row: int, test: str) -> dict[str, object]:
    """Collect what was measured on the real event."""
    span = int(measured.effects.span[row])
    pvalue, low, high = measured.pvalue, measured.low, measured.high
    if test == "placebo":
        pvalue = measured.placebo_pvalue
        low, high = measured.placebo_low, measured.placebo_high
    missing = test == "placebo" or measured.effects.n_days[row] == 0
    return {
        "test": test,
        "n": 1,
        "effect": measured.effects.car[row],
        "pvalue": pvalue[row],
        "half_width": (high[row] - low[row]) / 2.0,
        "reason": str(measured.reason[row]) if missing else "",
        "note": _SPANS.format(span) if span > 1 else "",
    }


def _detection(measured: SingleTests, runs: SingleTests, row: int, mine: slice, test: str) -> Shift:
    """Decisions on the placebo events of one event, on the scale of its own standard error."""
    low, high = (runs.low, runs.high)
    if test == "placebo":
        low, high = (runs.placebo_low, runs.placebo_high)
    car, se = runs.effects.car[mine], runs.effects.se[mine]
    width = (high[mine] - low[mine]) / 2.0
    complete = runs.effects.n_days[mine] == measured.effects.n_days[row]
    known = complete & np.isfinite(car) & np.isfinite(width)
    scale = measured.effects.se[row] / se[known]
    return Shift(car[known] * scale, width[known] * scale)
