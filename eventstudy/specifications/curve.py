"""A study for each combination of reasonable choices, and its effects side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventstudy.comparison import USUAL
from eventstudy.execution import Engine
from eventstudy.provenance import describe_run
from eventstudy.settings import check_given
from eventstudy.sources.once import Once
from eventstudy.specifications.choices import OWN, Choice, ModelLike, WindowLike, choices_of
from eventstudy.specifications.result import CHOICES, CURVE, DROPPED, Robustness

if TYPE_CHECKING:
    from eventstudy.events import Events
    from eventstudy.result import StudyResult
    from eventstudy.sources import PriceSource
    from eventstudy.study import Study

ITSELF = "it is the benchmark of this specification"


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
        stands for the benchmarks of the study itself.
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
        As :meth:`eventstudy.Study.run` does, and where a choice cannot be run.

    Notes
    -----
    All combinations have the same events and much the same prices, so that their answers are far
    from independent: how many of them are significant is a description, and no test. What it shows
    is whether a finding needs one certain choice.

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
    once = Once(prices)
    parts: list[pd.DataFrame] = []
    gone: list[pd.DataFrame] = []
    sources: list[pd.DataFrame] = []
    progress("specifications")
    for number, choice in enumerate(combined):
        share = 100 * number // len(combined)
        progress(f"{number + 1} of {len(combined)}, {choice.words['model']}: {share} %")
        given, own = _given(events, choice)
        if len(given.frame):
            result = choice.study.run(given, prices=once, engine=engine)
            parts += [one.assign(**choice.words, _place=number) for one in _effects(result)]
            own = pd.concat([result.dropped, own], ignore_index=True)
            sources.append(result.sources)
        parts.append(_missing(own, study.spec["windows"]).assign(**choice.words, _place=number))
        gone.append(own.assign(**choice.words))
    listed = pd.concat(sources, ignore_index=True)
    listed = listed.drop_duplicates(["ticker", "role"], ignore_index=True)
    asked = {
        name: list(dict.fromkeys(choice.words[name] for choice in combined))
        for name in CHOICES[:-1]
    }
    facts = describe_run(events, study.spec, listed, study.expected_return.table)
    return Robustness(
        spec=study.spec,
        curve=_in_order(pd.concat(parts, ignore_index=True), events, study.spec),
        dropped=pd.concat(gone, ignore_index=True)[list(DROPPED)],
        sources=listed,
        provenance={**facts, "robustness": asked},
        models=tuple(dict.fromkeys(choice.study.expected_return.name for choice in combined)),
    )


def _given(events: Events, choice: Choice) -> tuple[Events, pd.DataFrame]:
    """Events with the benchmark of a choice, and the pairs that it leaves without one."""
    frame = events.frame
    none = pd.DataFrame({"event_id": [], "ticker": [], "reason": []}, dtype=object)
    if choice.benchmark == OWN:
        return events, none
    itself = (frame["ticker"] == choice.benchmark).to_numpy()
    own = frame.loc[itself, ["event_id", "ticker"]].assign(reason=ITSELF)
    rest = frame[~itself].assign(benchmark=choice.benchmark).reset_index(drop=True)
    return replace(events, frame=rest), pd.concat([none, own], ignore_index=True)


def _effects(result: StudyResult) -> Iterator[pd.DataFrame]:
    """Effects of groups by the test that leads, then those of each event and security."""
    tests = result.tests
    lead = tests[tests["lead"].astype(bool) & (tests["group"] != "")]
    names = ["window", "group", "n", "test", "estimate", "se", "low", "high", "pvalue", "reason"]
    yield lead[names].assign(event_id="", ticker="", who=lead["group"])
    own = result.events
    names = ["window", "event_id", "ticker", "se", "low", "high", "pvalue", "reason"]
    yield own[names].assign(group="", n=1, test="sar_t", estimate=own["car"], who=_pairs(own))


def _missing(dropped: pd.DataFrame, windows: Sequence[str]) -> pd.DataFrame:
    """Rows without numbers, one a window, of the pairs that could not be measured."""
    rows = dropped.loc[dropped.index.repeat(len(windows))].reset_index(drop=True)
    blank: dict[str, Any] = dict.fromkeys(("estimate", "se", "low", "high", "pvalue"), np.nan)
    return rows.assign(
        window=np.tile(np.array(windows, dtype=object), len(dropped)),
        group="",
        n=0,
        test="",
        who=_pairs(rows),
        **blank,
    )


def _pairs(frame: pd.DataFrame) -> pd.Series:
    return frame["event_id"] + " " + frame["ticker"]


def _in_order(curve: pd.DataFrame, events: Events, spec: dict[str, Any]) -> pd.DataFrame:
    """Sort by group or pair, then by specification; number those, and mark the study's own."""
    pairs = pd.unique(_pairs(events.frame))
    groups = pd.unique(curve.loc[curve["group"] != "", "who"])
    single = curve["group"] == ""
    # A group may be spelled as a pair is.
    who = np.where(
        single,
        len(groups) + pd.Index(pairs).get_indexer(pd.Index(curve["who"])),
        pd.Index(groups).get_indexer(pd.Index(curve["who"])),
    )
    windows: list[str] = list(spec["windows"])
    window = pd.Index(windows).get_indexer(pd.Index(curve["window"]))
    place = curve["_place"].to_numpy()
    number = place * len(windows) + window
    curve = curve.assign(specification=number + 1, own=number == 0)
    order = np.lexsort((number, who))
    return curve.iloc[order].reset_index(drop=True)[list(CURVE)]
