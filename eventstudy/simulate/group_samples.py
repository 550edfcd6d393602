"""Size and power of the test that leads for a group, from moves of its clusters of dates."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Booleans, Integers
from eventstudy.frames import in_groups
from eventstudy.groups import members
from eventstudy.inference import TESTS, Sample, TestResult, choose_lead
from eventstudy.kernels.cumulate import Cumulated
from eventstudy.simulate.detection import Detection, detection_of
from eventstudy.simulate.placebo import (
    cluster_places,
    draw_places,
    hull_clusters,
    placebo_events,
    placements,
)
from eventstudy.simulate.question import CELLS, Answer, Question, answer
from eventstudy.windows import Window

_WORK = 3e9  # multiplications that the correlations of one group may cost


@dataclass(frozen=True, eq=False)
class _Asked:
    """A group in one window: its test, what that says of the real events, and who enters."""

    window: Window
    test: str
    found: TestResult
    reason: str
    enters: Booleans


def group_answers(
    abnormal: Abnormal, frame: pd.DataFrame, question: Question, max_span: int
) -> Iterator[Answer]:
    """Answer for every group and window, by the test that leads there.

    Parameters
    ----------
    abnormal : Abnormal
        The events.
    frame : DataFrame
        The events' frame.
    question : Question
        What is asked.
    max_span : int
        Sessions that a return may cover in groups.
    """
    if not len(abnormal) or not placements(abnormal):
        return
    cluster = hull_clusters(abnormal)
    rng = np.random.default_rng([question.seed, zlib.crc32(b"places of clusters")])
    drawn = draw_places(abnormal, cluster, question.replications, rng)
    groups, _ = members(abnormal, frame)
    single = {name for name in groups if name.startswith("event:")}
    fewer = question.shared(len(single) * len(abnormal.design.windows))
    for group, positions in groups.items():
        several = len(np.unique(cluster[positions])) > 1
        draws = fewer if group in single else question
        moves = (
            drawn[: draws.replications, positions]
            if several
            else _all_moves(abnormal, positions, draws)
        )
        movable = np.asarray((moves >= 0).all(axis=0))
        asked = [
            _ask(abnormal, positions, window, group, question, max_span)
            for window in abnormal.design.windows
        ]
        detections = _detections(abnormal, positions, moves, movable, asked, question)
        for one, detection in zip(asked, detections, strict=True):
            facts: dict[str, object] = {
                "group": group,
                "window": str(one.window),
                "test": one.test,
                "n": one.found.n,
                "effect": one.found.estimate,
                "pvalue": one.found.pvalue,
                "half_width": (one.found.high - one.found.low) / 2.0,
                "reason": one.reason,
            }
            yield answer(detection, facts, question, 1 if several else len(one.window))


def _all_moves(abnormal: Abnormal, positions: Integers, question: Question) -> Integers:
    """Every place to which one cluster can move, thinned evenly, shape (moves, n)."""
    moves = cluster_places(abnormal, positions).T
    if not len(moves):
        return np.full((1, len(positions)), -1, dtype=np.int64)
    return moves[question.spread(len(moves))]


def _ask(
    abnormal: Abnormal,
    positions: Integers,
    window: Window,
    group: str,
    question: Question,
    max_span: int,
) -> _Asked:
    """Choose the lead test by the real events, and ask it about them."""
    enters = in_groups(abnormal, window, max_span)[positions]
    stream = (question.seed, zlib.crc32(group.encode()), zlib.crc32(str(window).encode()))
    sample = Sample(abnormal.take(positions[enters]), window, question.level, stream)
    lead = choose_lead(sample)
    if lead.test not in TESTS:
        return _Asked(window, "", TestResult(n=lead.n), "no group test of a single event", enters)
    found = TESTS[lead.test].compute(sample)
    reason = "" if np.isfinite(found.pvalue) else found.reason
    return _Asked(window, lead.test, found, reason, enters)


def _detections(
    abnormal: Abnormal,
    positions: Integers,
    moves: Integers,
    movable: Booleans,
    asked: list[_Asked],
    question: Question,
) -> list[Detection]:
    """Ask the lead test of each window about every placebo sample of a group."""
    n, days = len(positions), len(abnormal.design.estimation)
    results: list[list[TestResult]] = [[] for _ in asked]
    effects: list[list[Cumulated]] = [[] for _ in asked]
    step = max(1, CELLS // (n * days))
    for first in range(0, len(moves), step):
        some = moves[first : first + step]
        placebo = placebo_events(abnormal, np.tile(positions, len(some)), some.clip(0).ravel())
        for place, one in enumerate(asked):
            if not one.test:
                continue
            there = np.isfinite(placebo.ar[:, placebo.days(one.window)]).any(axis=1)
            there = there.reshape(len(some), n) & one.enters & movable
            last = min(len(some), _affordable(abnormal, one.test, n) - first)
            for draw in range(last):
                chosen = draw * n + np.flatnonzero(there[draw])
                stream = (question.seed, first + draw)
                sample = Sample(placebo.take(chosen), one.window, question.level, stream)
                found = TESTS[one.test].compute(sample)
                if np.isfinite(found.low) and np.isfinite(found.high):
                    results[place].append(found)
                    effects[place].append(sample.effects)
    return [
        detection_of(one.test, results[place], effects[place], question.level)
        for place, one in enumerate(asked)
    ]


def _affordable(abnormal: Abnormal, test: str, n: int) -> int:
    """Count the placebo samples of a group that do not take minutes."""
    if test == "portfolio" and not abnormal.model.exact:
        return 50  # each is a fit of its own
    if test.startswith("adjusted"):
        return max(50, int(_WORK / (n * n * len(abnormal.design.estimation))))
    return 10**9
