"""Panels of simulated returns with a known effect, ready for the tests.

Replications are stacked: the securities of all replications stand in one panel and are estimated at
once, without a frame or a price source in between; each replication is then a sample of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.calendars import Calendar, data_calendar
from eventstudy.estimation import estimate
from eventstudy.inference import Sample
from eventstudy.models import MarketModel, Model
from eventstudy.panel import Factors, Panel, Ragged
from eventstudy.rows import Rows
from eventstudy.simulate.layouts import Layout
from eventstudy.simulate.returns import Returns, correlated, shocks
from eventstudy.simulate.trading import Trading, next_price, observe
from eventstudy.windows import Design, Window

_CLOSES = (8, 21)  # hours UTC at which market 0 and market 1 close
_BURN = 250  # days after which a clustered variance has forgotten where it began
_SLACK = 10  # sessions left for a day zero that idle days move


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A world in which the truth is known.

    Attributes
    ----------
    layout : Layout
        Days and securities of the events: 30 of one date by default.
    returns : Returns
        The process of returns.
    trading : Trading
        Sessions without a trade; every session has one by default.
    effect : float
        Abnormal return of every event on its day zero; 0 is the null.
    variance : float
        What the event multiplies the residual variance by, on the tested days.
    common_variance : float
        What it multiplies the variance of the common shock alone by.
    window, estimation : Window
        Tested and estimation window; 120 estimation days by default.
    model : Model
        Expected-return model of the study.
    """

    layout: Layout = field(default_factory=lambda: Layout.of_dates((30,)))
    returns: Returns = field(default_factory=Returns)
    trading: Trading = field(default_factory=Trading)
    effect: float = 0.0
    variance: float = 1.0
    common_variance: float = 1.0
    window: Window = field(default_factory=lambda: Window(0, 0))
    estimation: Window = field(default_factory=lambda: Window(-130, -11))
    model: Model = field(default_factory=MarketModel)

    @property
    def design(self) -> Design:
        """The windows, as a study has them."""
        return Design(self.estimation, self.window, (self.window,), len(self.estimation) // 2)

    @property
    def zeros(self) -> Integers:
        """Session of each event's announcement, shape (events,)."""
        return np.array(self.layout.days, dtype=np.int64) + self._before

    @property
    def sessions(self) -> int:
        """Sessions that the panel needs."""
        after = max(self.window.last, 0) + self.trading.halt
        slack = 0 if self.trading.always else _SLACK
        return self._before + max(self.layout.days) + after + slack + 1

    @property
    def _before(self) -> int:
        # The first session of each market has no return in the window of any event.
        return 1 - min(self.estimation.first, self.window.first, 0)


@dataclass(frozen=True, eq=False)
class Batch:
    """Abnormal returns of stacked replications.

    Attributes
    ----------
    abnormal : Abnormal
        All events of all replications.
    replication : array of int, shape (events,)
        Replication of each.
    count : int
        Replications.
    """

    abnormal: Abnormal
    replication: Integers
    count: int

    def samples(self, level: float, stream: tuple[int, ...] = (0,)) -> Iterator[Sample]:
        """Give the sample of each replication: its events that have an effect in the window.

        Parameters
        ----------
        level : float
            Level of the tests.
        stream : tuple of int
            Seeds of the tests' own random numbers; the replication's number is added to it.
        """
        window = self.abnormal.design.windows[0]
        there = np.isfinite(self.abnormal.ar[:, self.abnormal.days(window)]).any(axis=1)
        kept = np.flatnonzero(there)
        ends = np.searchsorted(self.replication[kept], np.arange(self.count + 1))
        for number, (first, last) in enumerate(pairwise(ends)):
            yield Sample(self.abnormal.take(kept[first:last]), window, level, (*stream, number))


def draw(scenario: Scenario, rng: np.random.Generator, replications: int) -> Batch:
    """Draw replications of a scenario and estimate all of their events.

    Parameters
    ----------
    scenario : Scenario
        The world.
    rng : Generator
        Where all chance comes from.
    replications : int
        How many.

    Examples
    --------
    >>> batch = draw(Scenario(), np.random.default_rng(1), 2)
    >>> [len(sample) for sample in batch.samples(0.95)]
    [30, 30]
    """
    layout, sessions = scenario.layout, scenario.sessions
    market = scenario.returns.market_sigma * rng.standard_normal(
        (replications, max(layout.markets) + 1, sessions)
    )
    count = len(layout.markets)
    beta = rng.uniform(*scenario.returns.betas, (replications, count, 1))
    returns = beta * market[:, list(layout.markets)] + _residuals(scenario, rng, replications)
    panel, zero = _panel(scenario, rng, returns)
    rows = _rows(layout, scenario.zeros, zero, replications, sessions)
    first = panel.returns.start[rows.security] + rows.zero
    if scenario.effect:
        panel.returns.values[first] += scenario.effect
    abnormal, _ = estimate(
        rows,
        panel,
        _factors(market, panel),
        design=scenario.design,
        model=scenario.model,
    )
    return Batch(abnormal, abnormal.rows.pair // len(layout), replications)


def _residuals(scenario: Scenario, rng: np.random.Generator, replications: int) -> Floats:
    """Draw residuals, shape (replications, securities, sessions)."""
    layout, returns = scenario.layout, scenario.returns
    burn = _BURN if returns.garch else 0
    days = burn + scenario.sessions
    own = shocks(returns.shape, rng, (replications, len(layout.markets), days))
    if layout.asynchronous:
        # The common shock flows in two spans a day, one after each market's close: market 0 sees
        # the night before and this morning, market 1 this morning and this afternoon.
        spans = shocks(returns.shape, rng, (replications, 2, days + 1)) / np.sqrt(2.0)
        night = spans[:, 1, :-1] + spans[:, 0, :-1]
        day = spans[:, 0, :-1] + spans[:, 1, 1:]
        common = np.stack([night, day], axis=1)[:, list(layout.markets)]
    else:
        common = shocks(returns.shape, rng, (replications, 1, days))
    tested = np.zeros((len(layout.markets), days), dtype=np.bool_)
    for security, zero in zip(layout.securities, scenario.zeros, strict=True):
        first = burn + zero + scenario.window.first
        tested[security, first : first + len(scenario.window)] = True
    both = np.where(tested, np.sqrt(scenario.variance), 1.0)
    if scenario.common_variance != 1.0:
        wild = tested if layout.asynchronous else tested.any(axis=0)
        common = common * np.where(wild, np.sqrt(scenario.common_variance), 1.0)
    return correlated(returns, common * both, own * both, burn)


def _panel(scenario: Scenario, rng: np.random.Generator, returns: Floats) -> tuple[Panel, Integers]:
    """Lay returns in a panel, and find day zero of each event, shape (replications, events)."""
    layout, trading = scenario.layout, scenario.trading
    replications, count, sessions = returns.shape
    zero = np.broadcast_to(scenario.zeros, (replications, len(layout)))
    spans = np.ones(returns.shape, dtype=np.int64)
    priced = np.ones(returns.shape, dtype=np.bool_)
    if not trading.always:
        priced = _priced(scenario, rng, returns.shape)
        seen = observe(returns, priced)
        returns, spans = seen.returns, seen.spans
        following = next_price(priced)
        zero = following[:, list(layout.securities), scenario.zeros]
    pad = max(abs(scenario.estimation.first), abs(scenario.window.last)) + 2
    margin = ((0, 0), (0, 0), (pad, pad))
    width = sessions + 2 * pad
    panel = Panel(
        tickers=tuple(f"S{security}" for security in range(replications * count)),
        calendars=_calendars(layout, sessions),
        calendar=np.tile(np.array(layout.markets, dtype=np.int64), replications),
        returns=Ragged(
            np.pad(returns, margin, constant_values=np.nan).ravel(),
            np.arange(replications * count, dtype=np.int64) * width + pad,
        ),
        spans=np.pad(spans, margin, constant_values=1).ravel(),
        priced=np.pad(priced, margin, constant_values=False).ravel(),
        moves=np.full(replications * count, not trading.always),
        pad=pad,
    )
    return panel, zero


def _priced(scenario: Scenario, rng: np.random.Generator, shape: tuple[int, ...]) -> Booleans:
    """Draw the sessions with a price."""
    priced = rng.random(shape) >= scenario.trading.idle
    for security, zero in zip(scenario.layout.securities, scenario.zeros, strict=True):
        priced[:, security, zero : zero + scenario.trading.halt] = False
    return priced


def _calendars(layout: Layout, sessions: int) -> tuple[Calendar, ...]:
    """Make a calendar for each market: the same dates, other closes."""
    days = np.datetime64("2000-01-01", "D") + np.arange(sessions)
    plain = data_calendar(days)
    midnight = days.astype("datetime64[ns]")
    return tuple(
        replace(plain, name=f"market {market}", closes=midnight + np.timedelta64(hour, "h"))
        for market, hour in enumerate(_CLOSES[: max(layout.markets) + 1])
    )


def _factors(market: Floats, panel: Panel) -> Factors:
    """Make the market of each replication a factor, on each calendar that market's own index."""
    replications, calendars, sessions = market.shape
    margin = ((0, 0), (0, 0), (panel.pad, panel.pad))
    values = np.pad(market, margin, constant_values=np.nan).ravel()
    row = np.arange(replications * calendars, dtype=np.int64)
    return Factors(
        names=tuple(f"index {replication}" for replication in range(replications)),
        returns=Ragged(values, row * (sessions + 2 * panel.pad) + panel.pad),
        levels=np.full(values.shape, np.nan),
        closed=np.zeros(values.shape, dtype=np.bool_),
        where=row.reshape(replications, calendars).T.copy(),
    )


def _rows(
    layout: Layout, announced: Integers, zero: Integers, replications: int, sessions: int
) -> Rows:
    """Lay the events of all replications, those that never trade again left out."""
    events = len(layout)
    pair = np.arange(replications * events, dtype=np.int64)
    replication = pair // events
    security = np.tile(np.array(layout.securities, dtype=np.int64), replications)
    count = len(layout.markets)
    rows = Rows(
        pair=pair,
        event=pair,
        calendar=np.array(layout.markets, dtype=np.int64)[security],
        announced=np.tile(announced, replications),
        zero=zero.ravel().astype(np.int64),
        phase_code=np.zeros(len(pair), dtype=np.int8),
        moved=np.zeros(len(pair), dtype=np.bool_),
        security=replication * count + security,
        benchmark=replication,
    )
    return rows.take(rows.zero < sessions)
