"""A study for each combination of reasonable choices, and its effects side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventstudy.comparison import USUAL
from eventstudy.errors import PricesError, StudyError
from eventstudy.execution import Engine
from eventstudy.market import price_range
from eventstudy.provenance import describe_run, named_settings
from eventstudy.report.findings import NO_BENCHMARK
from eventstudy.settings import check_given
from eventstudy.sources.once import Once
from eventstudy.specifications.choices import (
    LEADS,
    OWN,
    Choice,
    ModelLike,
    choices_of,
)
from eventstudy.specifications.result import CURVE, DROPPED, Robustness
from eventstudy.windows import WindowLike

if TYPE_CHECKING:
    from eventstudy.events import Events
    from eventstudy.result import StudyResult
    from eventstudy.sources import PriceSource
    from eventstudy.study import Study

ITSELF = "it is the benchmark of this specification"
FEW = "fewer than two of its pairs could be measured"

_BLANK: dict[str, Any] = {
    **dict.fromkeys(("estimate", "se", "low", "high", "pvalue"), np.nan),
    "n": 0,
    "test": "",
}


def robustness(
    study: Study,
    events: Events,
    *,
    prices: PriceSource,
    models: Sequence[ModelLike] = USUAL,
    estimations: Sequence[WindowLike] | None = None,
    benchmarks: Sequence[str] = (OWN,),
    engine: Engine | str = "serial",
    progress: Callable[[str], object] = str,
) -> Robustness:
    """Run a study with every combination of reasonable choices.

    Parameters
    ----------
    study : Study
        The study whose answer is in question. Its own model, estimation window and benchmarks are
        always among the choices, and its tested windows are one choice more.
    events : Events
        The events.
    prices : PriceSource
        Where prices come from; each series is asked for once.
    models : sequence of Model, str or mapping
        Models, names, or tables of ``name`` and options.
    estimations : sequence of windows, optional
        Estimation windows; by default the second half of the study's own, where that has 100
        sessions (or as many as ``min_estimation`` says).
    benchmarks : sequence of str
        Tickers that take the place of all benchmarks, those that rows name included; ``"own"``
        stands for the benchmarks of the study itself. One that every pair has anyway is no choice.
    engine : Engine or str
        As in :meth:`eventstudy.Study.run`.
    progress : callable, optional
        Told of each combination as it begins.

    Returns
    -------
    Robustness
        Effects of each event and security, and of each group by the test that leads there.

    Raises
    ------
    InputError, PricesError, CalendarError
        As :meth:`eventstudy.Study.run` does, and where a choice cannot be run, no pair has prices
        with it, or there is only one specification.

    Notes
    -----
    All combinations have the same events and much the same prices, so that their answers are far
    from independent: how many of them are significant is a description, and no test. What it shows
    is whether a finding needs one certain choice. A choice may also change which pairs can be
    measured, and so the sample: ``n`` says it.

    Groups are tested by the test that leads, by the rule of the study whatever ``tests`` it names;
    its ``placebo`` and ``diagnostics`` are left out. A pair is tested by its SAR t; under a model
    behind whose errors no exact distribution stands (robust lines, moving variances, peers) by its
    placebo test, for there the t rejects too often.

    References
    ----------
    Simonsohn, Simmons and Nelson (2020), Nature Human Behaviour 4:1208-1214, for the specification
    curve; Steegen, Tuerlinckx, Gelman and Vanpaemel (2016), Perspectives on Psychological Science
    11:702-712.

    Examples
    --------
    >>> import eventstudy as es
    >>> frame = pd.DataFrame({"event_id": ["E"], "date": ["2019-05-16"], "tickers": ["QCOM"]})
    >>> events, study = es.Events.from_frame(frame), es.Study(windows=["0:0"])
    >>> found = es.robustness(study, events, prices=es.SnapshotPrices(), models=["constant_mean"])
    >>> found.curve[["model", "estimation"]].to_numpy().tolist()[:2]
    [['market model', '(-260, -11)'], ['market model', '(-135, -11)']]
    """
    check_given(events, prices)
    combined = choices_of(study, models, estimations, benchmarks)
    windows: list[str] = list(study.spec["windows"])
    if len(combined) * len(windows) == 1:
        raise StudyError(
            "there is only one specification. Name models, estimation windows, benchmarks or "
            "tested windows to hold it against"
        )
    once = Once(prices, covering=_reach(events, combined))
    measured: list[_Measured] = []
    progress("specifications")
    for number, choice in enumerate(combined):
        share = 100 * number // len(combined)
        progress(f"{number + 1} of {len(combined)}, {choice.model}: {share} %")
        # Where every pair has a benchmark anyway, the choice of it would count twice.
        if not any(one.repeated_by(choice) for one in measured):
            measured.append(_measure(choice, events, once, engine))
    kept = [one.choice for one in measured]
    listed = pd.concat([one.sources for one in measured], ignore_index=True)
    listed = listed.drop_duplicates(["ticker", "role"], ignore_index=True)
    used = {repr(one.study.spec["model"]): one.study.expected_return for one in kept}
    facts = describe_run(events, study.spec, listed, [*used.values()])
    asked = {name: list(dict.fromkeys(one.words[name] for one in kept)) for name in DROPPED[:3]}
    settings = {
        "models": [named_settings(model) for model in used.values()],
        "tests": list(LEADS),
        "min_estimation": study.min_estimation or "100, or all of a shorter window",
    }
    return Robustness(
        spec=study.spec,
        curve=_in_order(measured, events, windows),
        dropped=pd.concat(
            [one.dropped.assign(**one.choice.words) for one in measured], ignore_index=True
        )[list(DROPPED)],
        sources=listed,
        provenance={**facts, "robustness": {**asked, **settings}},
        models=tuple(dict.fromkeys(model.name for model in used.values())),
    )


def _reach(events: Events, choices: Sequence[Choice]) -> tuple[date, date]:
    """Dates that the windows of all choices need: each series is asked for once, with all."""
    ranges = [price_range(events.frame, choice.study.design.widest) for choice in choices]
    return min(start for start, _ in ranges), max(end for _, end in ranges)


@dataclass(frozen=True, eq=False)
class _Measured:
    """What a choice gave: rows of effects, pairs without one, series, and the benchmarks in use."""

    choice: Choice
    effects: pd.DataFrame
    dropped: pd.DataFrame
    sources: pd.DataFrame
    benchmarks: frozenset[str]

    def repeated_by(self, choice: Choice) -> bool:
        """Whether another choice is this one, with the benchmark that all of its pairs have."""
        same = {**choice.words, "benchmark": OWN} == self.choice.words
        return same and self.dropped.empty and self.benchmarks == {choice.benchmark}


def _measure(
    choice: Choice, events: Events, prices: PriceSource, engine: Engine | str
) -> _Measured:
    """Run the study of a choice.

    Raises
    ------
    PricesError
        Where no pair has prices: it says whether for want of this benchmark.
    """
    given, dropped = _given(events, choice)
    windows: list[str] = list(choice.study.spec["windows"])
    if given.frame.empty:
        return _Measured(choice, _missing(dropped, windows), dropped, pd.DataFrame(), frozenset())
    try:
        result = choice.study.run(given, prices=prices, engine=engine)
    except PricesError as error:
        if choice.benchmark in (OWN, NO_BENCHMARK):
            raise
        raise PricesError(f"with the benchmark {choice.benchmark} there is {error}") from error
    dropped = pd.concat([result.dropped, dropped], ignore_index=True)
    own = _effects(result, exact=choice.study.expected_return.exact)
    effects = pd.concat([*own, _missing(dropped, windows)], ignore_index=True)
    benchmarks = frozenset(result.events["benchmark"])
    return _Measured(choice, effects, dropped, result.sources, benchmarks)


def _given(events: Events, choice: Choice) -> tuple[Events, pd.DataFrame]:
    """Events with the benchmark of a choice, and the pairs that it leaves without one."""
    frame = events.frame
    none = pd.DataFrame({"event_id": [], "ticker": [], "reason": []}, dtype=object)
    if choice.benchmark in (OWN, NO_BENCHMARK):
        return events, none
    itself = (frame["ticker"] == choice.benchmark).to_numpy()
    own = frame.loc[itself, ["event_id", "ticker"]].assign(reason=ITSELF)
    rest = frame[~itself].assign(benchmark=choice.benchmark).reset_index(drop=True)
    return replace(events, frame=rest), pd.concat([none, own], ignore_index=True)


def _effects(result: StudyResult, *, exact: bool) -> Iterator[pd.DataFrame]:
    """Effects of groups by the test that leads, then those of each event and security.

    A pair has its SAR t; where no exact distribution stands behind the model's errors its placebo.
    """
    tests = result.tests
    lead = tests[tests["lead"].astype(bool) & (tests["group"] != "")]
    names = ["window", "group", "n", "test", "estimate", "se", "low", "high", "pvalue", "reason"]
    own = result.events
    yield lead[names].assign(event_id="", ticker="", who=lead["group"])
    if not exact:
        placebo = {name: own[f"placebo_{name}"] for name in ("low", "high", "pvalue")}
        own = own.assign(**placebo)
    names = ["window", "event_id", "ticker", "se", "low", "high", "pvalue"]
    yield own[names].assign(
        group="",
        n=own["car"].notna().astype(int),
        test="sar_t" if exact else "placebo",
        estimate=own["car"],
        # Of a pair that is measured it may speak of other tests, which were not asked for.
        reason=own["reason"].where(own["car"].isna() | own["pvalue"].isna(), ""),
        who=_pairs(own),
    )


def _missing(dropped: pd.DataFrame, windows: Sequence[str]) -> pd.DataFrame:
    """Rows without numbers, one a window, of the pairs that could not be measured."""
    rows = dropped.loc[dropped.index.repeat(len(windows))].reset_index(drop=True)
    return rows.assign(
        window=np.tile(np.array(windows, dtype=object), len(dropped)),
        group="",
        who=_pairs(rows),
        **_BLANK,
    )


def _pairs(frame: pd.DataFrame) -> pd.Series:
    return frame["event_id"] + " " + frame["ticker"]


def _in_order(
    measured: Sequence[_Measured], events: Events, windows: Sequence[str]
) -> pd.DataFrame:
    """Sort by group or pair, then by specification; number those, and mark the study's own."""
    choices = [one.choice for one in measured]
    curve = pd.concat(
        [one.effects.assign(**one.choice.words, _place=at) for at, one in enumerate(measured)],
        ignore_index=True,
    )
    pairs = pd.unique(_pairs(events.frame))
    groups: list[str] = list(dict.fromkeys(curve.loc[curve["group"] != "", "who"]))
    curve = pd.concat([curve, _lacking(curve, groups, choices, windows)], ignore_index=True)
    # A group may be spelled as a pair is.
    who = np.where(
        curve["group"] == "",
        len(groups) + pd.Index(pairs).get_indexer(pd.Index(curve["who"])),
        pd.Index(groups).get_indexer(pd.Index(curve["who"])),
    )
    window = pd.Index(windows).get_indexer(pd.Index(curve["window"]))
    place = curve["_place"].to_numpy(np.int64)
    number = place * len(windows) + window
    curve = curve.assign(specification=number + 1, own=place == 0)
    order = np.lexsort((number, who))
    return curve.iloc[order].reset_index(drop=True)[list(CURVE)]


def _lacking(
    curve: pd.DataFrame, groups: Sequence[str], choices: Sequence[Choice], windows: Sequence[str]
) -> pd.DataFrame:
    """Rows without numbers of groups that a specification leaves fewer than two pairs."""
    there = curve[curve["group"] != ""]
    every = pd.MultiIndex.from_product([groups, range(len(choices)), windows])
    known = pd.MultiIndex.from_frame(there[["who", "_place", "window"]])
    rows = every.difference(known, sort=False).to_frame(
        index=False, name=["who", "_place", "window"]
    )
    words = pd.DataFrame([choice.words for choice in choices])
    own = words.iloc[rows["_place"].to_numpy(np.int64)].reset_index(drop=True)
    return rows.assign(
        **own, group=rows["who"], event_id="", ticker="", **{**_BLANK, "reason": FEW}
    )
