"""What is asked of every test, and the form of its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.arrays import Integers
from eventstudy.errors import StudyError
from eventstudy.kernels.pvalues import rejects
from eventstudy.report.formats import level, percent
from eventstudy.report.power import OUT_OF_REACH
from eventstudy.simulate.detection import Detection, share_error, sizes_tried, smallest_effect
from eventstudy.simulate.power_result import CURVES

LEAST = 20
"""Placebo samples below which a share says nothing."""

_MOST = 1_000_000  # replications

CELLS = 1_000_000
"""Estimation days that are fitted at once."""

_SAMPLES = 30_000  # placebo events of all single events together, or samples of all event groups


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of every test.

    Attributes
    ----------
    effects : tuple of float
        Effects of the power curve in return units: of both signs, ascending, 0 among them.
    target : float
        Power that counts as detected.
    replications : int
        Placebo events an event, and draws a group.
    level : float
        One minus the nominal size.
    seed : int
        Seed of the draws.

    Raises
    ------
    StudyError
        Where one of them makes no sense.
    """

    effects: tuple[float, ...]
    target: float
    replications: int
    level: float
    seed: int

    def __post_init__(self) -> None:
        sizes = {abs(float(effect)) for effect in self.effects}
        if not sizes or not all(np.isfinite(size) for size in sizes):
            raise StudyError("the power curve needs effects. Give returns, as in .01 for 1 %")
        if not 1.0 - self.level < self.target < 1.0:
            raise StudyError(
                f"a power of {self.target:g} cannot be asked for. Give a number between the size, "
                f"{1.0 - self.level:g}, and 1, as in .8"
            )
        if self.replications < LEAST:
            raise StudyError(f"{self.replications} replications say nothing. Give {LEAST} or more")
        if self.replications > _MOST:
            raise StudyError(f"{self.replications:,} replications. Give {_MOST:,} at most")
        grid = sorted({sign * size for size in sizes | {0.0} for sign in (-1.0, 1.0)})
        object.__setattr__(self, "effects", tuple(grid))

    def shared(self, askers: int) -> Question:
        """Ask for fewer replications where many events, or groups, share the time."""
        fewer = max(LEAST, min(self.replications, _SAMPLES // max(askers, 1)))
        return replace(self, replications=fewer)

    def spread(self, count: int) -> Integers:
        """Take as many of so many places as there are replications, evenly."""
        most = min(count, self.replications)
        return np.unique(np.linspace(0, count - 1, most).round().astype(np.int64))


@dataclass(frozen=True, eq=False)
class Answer:
    """What one test says of one event or group in one window.

    Attributes
    ----------
    row : mapping of str to value
        A row of `PowerResult.detectable`.
    curve : DataFrame
        Rows of `PowerResult.curves`; empty where the test has no value.
    """

    row: Mapping[str, object]
    curve: pd.DataFrame


def answer(
    detection: Detection, facts: Mapping[str, object], question: Question, days: int
) -> Answer:
    """Turn the decisions of one test into its row and its curve.

    Parameters
    ----------
    detection : Detection
        The decisions.
    facts : mapping
        The row without the numbers that come from the decisions; ``reason`` says why the test has
        no value, "" where it has one.
    question : Question
        What is asked.
    days : int
        Neighbouring runs of so many days share days: that many count as one in the errors.
    """
    count = len(detection)
    row = {"event_id": "", "ticker": "", "group": "", "note": ""} | dict(facts)
    row["who"] = row["group"] or f"{row['event_id']} {row['ticker']}"
    row |= {
        "target": question.target,
        "replications": count,
        "size": np.nan,
        "size_se": np.nan,
        "mde": np.nan,
    }
    if count < LEAST:
        row["reason"] = row["reason"] or f"{count} placebo samples, fewer than {LEAST}"
        row["reading"] = row["reason"]
        return Answer(row, pd.DataFrame(columns=list(CURVES)))
    shares = [detection.power(effect) for effect in question.effects]
    errors = [share_error(share, count / days) for share in shares]
    zero = question.effects.index(0.0)
    mde = smallest_effect(detection, question.target)
    row |= {"size": shares[zero], "size_se": errors[zero], "mde": mde}
    row["reason"] = _out_of_reach(detection, question) if np.isnan(mde) else ""
    row["reading"] = row["reason"] or _reading(row, 1.0 - question.level)
    named = {key: row[key] for key in ("who", "event_id", "ticker", "group", "window", "test")}
    curve = pd.DataFrame(named | {"effect": question.effects, "power": shares, "se": errors})
    return Answer(row, curve[list(CURVES)])


def _reading(row: Mapping[str, Any], alpha: float) -> str:
    """Tell 'not significant' from 'could not have been seen'."""
    if np.isnan(row["pvalue"]):
        return "nothing measured"
    if rejects(row["pvalue"], alpha):
        return "found by this test"
    if max(abs(row["effect"]), row["half_width"]) > row["mde"]:
        return "not found by this test: the event days vary more than the others"
    return f"not found by this test; {percent(row['mde'], 1)} % would have been"


def _out_of_reach(detection: Detection, question: Question) -> str:
    """Say that no effect is found often enough, and how often at most; power may fall again."""
    sizes = sizes_tried(detection)
    reached = max(map(detection.power, (*question.effects, *sizes, *-sizes)))
    words = f"{OUT_OF_REACH}, reaches a power of {level(question.target)}"
    most = f"the most is {level(round(reached, 3))}"
    if reached >= question.target:  # with effects of one sign alone
        most = "of both signs"
    return f"{words} ({most}): too few events, of too unequal precision"


def joined(answers: Sequence[Answer]) -> pd.DataFrame:
    """Put the curves of all answers into one frame."""
    curves = [one.curve for one in answers if len(one.curve)]
    if not curves:
        return pd.DataFrame(columns=list(CURVES))
    return pd.concat(curves, ignore_index=True)
