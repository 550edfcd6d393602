"""What a study can see: its own size, its power curve, the smallest effect that it detects."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from eventstudy.abnormal import Abnormal
from eventstudy.estimation import estimate
from eventstudy.events import Events
from eventstudy.market import Market, list_pairs, open_market, supply_of
from eventstudy.overlap import OtherEvents
from eventstudy.peers import touched
from eventstudy.provenance import describe_run, sources_frame
from eventstudy.result import dropped_frame
from eventstudy.rows import locate, settle
from eventstudy.settings import check_given
from eventstudy.simulate.group_samples import group_answers
from eventstudy.simulate.power_result import DETECTABLE, PowerResult
from eventstudy.simulate.question import Question, joined
from eventstudy.simulate.single_events import single_answers
from eventstudy.sources import PriceSource
from eventstudy.study import Study

EFFECTS = (
    *(0.0025, 0.005, 0.0075, 0.01, 0.0125, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.08),
    *(0.1, 0.125, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5),
)
"""Sizes of the power curve, of either sign, in return units."""


def power(
    study: Study,
    events: Events,
    *,
    prices: PriceSource,
    effects: Sequence[float] = EFFECTS,
    target: float = 0.8,
    replications: int = 250,
    progress: Callable[[str], object] = str,
) -> PowerResult:
    """Measure what a study of these events can see.

    Every event gets placebo events: runs of its own estimation days in the place of its tested
    days, left out of the estimation. How often a test rejects them is its size; how often it
    rejects them with an effect added is its power.

    Parameters
    ----------
    study : Study
        Windows, model, level and seed.
    events : Events
        The events. What happened on their days is used only for the measured effect that stands
        beside the smallest detectable one.
    prices : PriceSource
        Where prices come from.
    effects : sequence of float
        Sizes of the power curve in return units, cumulated over the window; each is tried with
        both signs, and so is 0.
    target : float
        Power that counts as detected.
    replications : int
        Placebo events an event, and draws a group. Fewer are used where there are not so many
        runs, and for studies of several hundred events.
    progress : callable, optional
        Told of each step as it begins.

    Returns
    -------
    PowerResult
        Rows for each event, security, window and test of one event (``sar_t``, ``placebo``), and
        for each group and window by the test that leads there.

    Raises
    ------
    InputError, PricesError, CalendarError
        As :meth:`eventstudy.Study.run` does, and where ``effects``, ``target`` or ``replications``
        make no sense.

    Notes
    -----
    A cluster of dates moves to another place of the estimation window as one, across all of its
    securities and exchanges, so that a group's placebo samples have the correlation and the fat
    tails of the group's own returns. Two things they cannot have. The event's own variance: a test
    that takes the event days to be usual ones (SAR-t, portfolio t, adjusted Patell Z) is as good
    as here only if they are. And effects that differ: all events of a group get the same one, and
    a test that measures their spread (Ibragimov-Mueller, adjusted BMP) sees less where they do not.
    Real events inside an estimation window stay in it, and make the smallest detectable effect a
    little larger.

    References
    ----------
    Brown and Warner (1985), Journal of Financial Economics 14:3-31, for size and power from real
    returns with effects added.

    Examples
    --------
    >>> import eventstudy as es
    >>> frame = pd.DataFrame({"event_id": ["E"], "date": ["2019-05-16"], "tickers": ["QCOM"]})
    >>> events = es.Events.from_frame(frame)
    >>> found = power(es.Study(windows=["0:0"]), events, prices=es.SnapshotPrices())
    >>> found.detectable[["test", "replications"]].to_numpy().tolist()
    [['sar_t', 250], ['placebo', 250]]
    """
    question = Question(
        effects=tuple(effects),
        target=target,
        replications=replications,
        level=study.level,
        seed=study.seed,
    )
    progress("prices")
    market, abnormal, dropped = _measured(study, events, prices)
    progress("placebo events")
    answers = list(single_answers(abnormal, events.frame, question))
    progress("groups")
    answers += group_answers(abnormal, events.frame, question, study.max_span)
    sources = sources_frame(market)
    asked = {
        "effects": sorted({abs(float(effect)) for effect in effects}),
        "target": target,
        "replications": replications,
    }
    facts = describe_run(events, study.spec, sources, [study.expected_return])
    return PowerResult(
        spec=study.spec,
        target=target,
        curves=joined(answers),
        detectable=pd.DataFrame([one.row for one in answers], columns=list(DETECTABLE)),
        dropped=dropped_frame(events.frame, dropped),
        sources=sources,
        provenance={**facts, "power": asked},
    )


def _measured(
    study: Study, events: Events, prices: PriceSource
) -> tuple[Market, Abnormal, dict[int, str]]:
    """Estimate the events as the study does."""
    check_given(events, prices)
    frame, design, model = events.frame, study.design, study.expected_return
    listing = list_pairs(
        frame,
        calendar=study.calendar,
        benchmark=study.benchmark,
        exchanges=study.exchanges,
        needs_benchmark=model.needs_benchmark,
    )
    market = open_market(
        frame,
        listing,
        prices,
        design.widest,
        supply=supply_of(model, calendar=study.calendar, exchanges=study.exchanges),
        currency=study.currency or "",
    )
    located, unplaced = locate(
        frame, market.calendar, market.panel.calendars, closed_day=study.closed_day
    )
    rows, unpriced = settle(
        located, market.panel, market.security[located.pair], market.benchmark[located.pair]
    )
    apart = study.exclude_events_from_estimation
    left_out = OtherEvents(rows, design.widest) if apart else None
    abnormal, unusable = estimate(
        rows,
        market.panel,
        market.factors,
        design=design,
        model=model,
        left_out=left_out,
        barred=touched(rows, frame, market.panel, design, model),
    )
    return market, abnormal, market.dropped | unplaced | unpriced | unusable
