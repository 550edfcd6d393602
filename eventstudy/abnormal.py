"""Abnormal returns of the event window, and the estimation behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.kernels.cumulate import Cumulated, cumulate, leverage
from eventstudy.kernels.gather import gather, gather_counts, gather_flags, rows_at
from eventstudy.kernels.resample import placebo_statistics
from eventstudy.kernels.window_start import blank_before
from eventstudy.models import Fit, Model
from eventstudy.models.base import BENCHMARK, forecast, without_margins
from eventstudy.panel import Factors, Panel
from eventstudy.rows import Rows
from eventstudy.windows import Design, Window


@dataclass(frozen=True, eq=False)
class Observed:
    """Event windows of N events as the prices have them: T event days, F columns of factors.

    Attributes
    ----------
    returns, expected : array of float, shape (N, T)
        Return and forecast; NaN is missing.
    factors : array of float, shape (N, T, F)
        The factors, compounded over the span of each return.
    spans : array of int, shape (N, T)
        Sessions covered by each return.
    closed : array of bool, shape (N, T)
        Days on which the benchmark's market did not close, so that its return is exactly 0.
    """

    returns: Floats
    expected: Floats
    factors: Floats
    spans: Integers
    closed: Booleans

    def take(self, index: Integers | slice) -> Observed:
        """Keep the events at the given positions."""
        return Observed(
            self.returns[index],
            self.expected[index],
            self.factors[index],
            self.spans[index],
            self.closed[index],
        )


@dataclass(frozen=True, eq=False)
class Abnormal:
    """Abnormal returns of many events: N events, T event days, E estimation days, p coefficients.

    What is kept of an event is what cannot be had from the prices again: its rows, its fit, its
    abnormal returns and effects. Everything else is gathered when it is asked for; of very many
    events ask for a part at a time, with :meth:`take`.

    Attributes
    ----------
    rows : Rows
        The events, with their day zero.
    panel, market : Panel, Factors
        The returns and factors they were taken from.
    design : Design
        The windows.
    model : Model
        The expected-return model.
    fit : Fit
        The model on the N estimation windows.
    ar : array of float, shape (N, T)
        Abnormal returns; NaN is missing.
    effects : mapping of Window to Cumulated
        Cumulative abnormal returns of the tested windows.
    left_out : array of uint8, shape (N, ceil(E / 8)), optional
        Estimation days left out, as packed bits: those that belong to another event.
    back : array of int, shape (N,), optional
        Sessions by which each estimation window starts earlier than the study's; its days before
        that are missing in the fit.
    barred : array of bool, shape (N, F), optional
        Columns of the factors that an event may not use: securities that it touches.
    given : Observed, optional
        Event windows that are not those of the prices: of placebo events.
    """

    rows: Rows
    panel: Panel
    market: Factors
    design: Design
    model: Model
    fit: Fit
    ar: Floats
    effects: Mapping[Window, Cumulated] = field(default_factory=dict)
    left_out: np.ndarray | None = None
    back: Integers | None = None
    barred: Booleans | None = None
    given: Observed | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def observed(self) -> Observed:
        """The event windows."""
        return self.given or observe(
            self.rows, self.panel, self.market, self.design, self.model, self.fit, self.barred
        )

    @property
    def returns(self) -> Floats:
        """Returns of the event days, shape (N, T)."""
        return self.observed.returns

    @property
    def expected(self) -> Floats:
        """Their forecasts, shape (N, T)."""
        return self.observed.expected

    @property
    def factors(self) -> Floats:
        """Factors of the event days, compounded over the spans, shape (N, T, F)."""
        return self.observed.factors

    @property
    def spans(self) -> Integers:
        """Sessions covered by each return, shape (N, T)."""
        return self.observed.spans

    @property
    def closed(self) -> Booleans:
        """Event days on which the benchmark's market did not close, shape (N, T)."""
        return self.observed.closed

    @property
    def earlier(self) -> Integers:
        """Sessions by which each estimation window starts earlier than the study's, shape (N,)."""
        return np.zeros(len(self), dtype=np.int64) if self.back is None else self.back

    @property
    def excluded(self) -> Integers:
        """Estimation days left out because they belong to another event, shape (N,)."""
        days = self.left_out_days
        if days is None:
            return np.zeros(len(self), dtype=np.int64)
        own = np.arange(days.shape[1]) >= (self.design.extra - self.earlier)[:, None]
        return np.count_nonzero(days & own, axis=1)

    @cached_property
    def event_rows(self) -> Floats:
        """Design rows of the event days, shape (N, T, p)."""
        return self.model.design(self.fit.chosen(self.factors), self.spans)

    @property
    def sar(self) -> Floats:
        """Abnormal returns over the standard error of their forecast, shape (N, T)."""
        spread = self.innovations + leverage(self.event_rows, self.fit.unscaled)
        return self.ar / (self.fit.sigma[:, None] * np.sqrt(spread))

    @property
    def innovations(self) -> Floats:
        """Variance of each event day's return about its expectation, over sigma^2, shape (N, T).

        The sessions that the return covers, each weighed by the model's variance of that day.
        """
        return event_innovations(self.fit, self.design, self.spans)

    @cached_property
    def residuals(self) -> Floats:
        """Abnormal returns of the estimation days, shape (N, E); NaN where a day was not usable."""
        if self.fit.residuals is not None:
            return self.fit.residuals
        factors = self.estimation_factors
        own = estimation_returns(self.rows, self.panel, self.design, self.left_out_days, self.back)
        inner = without_margins(own, self.model.margins)
        return np.subtract(inner, forecast(self.model, self.fit, factors), out=inner)

    @property
    def standard_residuals(self) -> Floats:
        """Abnormal returns of the estimation days, shape (N, E), each on the scale of sigma.

        They differ from the residuals where the model's variance moves.
        """
        return self.on_scale(self.residuals)

    def on_scale(self, residuals: Floats) -> Floats:
        """Divide residuals by what the model's variance of each day is over sigma^2."""
        moving = self.fit.innovations
        return residuals if moving is None else residuals / np.sqrt(moving[:, : residuals.shape[1]])

    def placebo(self, available: Booleans) -> Floats:
        """Scaled effects of all runs of estimation days, one run a starting day.

        Parameters
        ----------
        available : array of bool, shape (N, L)
            Days of each event's window that have a return; the same days of every run count.

        Returns
        -------
        array of float, shape (N, E - L + 1)
            As :func:`eventstudy.kernels.resample.placebo_statistics`; NaN for runs that begin
            before the event's own estimation window, which may be shorter than another event's.
        """
        fit = self.fit
        # Residuals of days that were left out spread by the error of the estimation more, not less.
        unscaled = -fit.unscaled if fit.outside else fit.unscaled
        moving = fit.innovations
        innovations = None if moving is None else moving[:, : self.residuals.shape[1]]
        found = placebo_statistics(
            self.residuals, self.estimation_rows, unscaled, available, innovations
        )
        if self.design.extra:
            found[np.arange(found.shape[1]) < (self.design.extra - self.earlier)[:, None]] = np.nan
        return found

    @property
    def left_out_days(self) -> Booleans | None:
        """Estimation days that belong to another event, shape (N, E); None for none."""
        if self.left_out is None:
            return None
        days = len(self.design.estimation)
        return np.unpackbits(self.left_out, axis=1, count=days).astype(np.bool_)

    @property
    def estimation_returns(self) -> Floats:
        """Returns of the estimation window, shape (N, E); NaN where a day was not usable."""
        returns = estimation_returns(
            self.rows, self.panel, self.design, self.left_out_days, self.back
        )
        return np.where(np.isfinite(self.residuals), returns, np.nan)

    @cached_property
    def estimation_factors(self) -> Floats:
        """Factors of the estimation window, shape (N, E, F)."""
        return estimation_factors(
            self.rows, self.panel, self.market, self.design, self.model, self.barred, self.back
        )

    @property
    def estimation_rows(self) -> Floats:
        """Design rows of the estimation days, shape (N, E, p)."""
        factors = self.fit.chosen(self.estimation_factors)
        return self.model.design(factors, np.ones(factors.shape[:2], dtype=np.int64))

    def window_spans(self, window: Window) -> Integers:
        """Sessions covered by each return of a window inside the event window, shape (N, L)."""
        if self.given is not None or "observed" in self.__dict__:
            return self.spans[:, self.days(window)]
        if not self.panel.any_span:
            return np.ones((len(self), len(window)), dtype=np.int64)
        first = self.panel.returns.start[self.rows.security] + self.rows.zero + window.first
        return gather_counts(self.panel.spans, first, len(window))

    def window_innovations(self, window: Window) -> Floats:
        """Variance of each return of a window about its expectation, over sigma^2, shape (N, L)."""
        if self.fit.innovations is None:
            return self.window_spans(window).astype(np.float64)
        return self.innovations[:, self.days(window)]

    def days(self, window: Window) -> slice:
        """Columns of the event window that belong to a window inside it."""
        first = window.first - self.design.event.first
        return slice(first, first + len(window))

    def cumulate(self, window: Window) -> Cumulated:
        """Cumulate over a window inside the event window."""
        known = self.effects.get(window)
        if known is not None:
            return known
        days = self.days(window)
        return cumulate(
            self.returns[:, days],
            self.expected[:, days],
            self.spans[:, days],
            self.event_rows[:, days],
            self.fit.unscaled,
            self.fit.sigma,
            None if self.fit.innovations is None else self.innovations[:, days],
        )

    def take(self, index: Integers | slice) -> Abnormal:
        """Keep the events at the given positions; a slice copies nothing.

        All in their order are the same object.
        """
        if (
            not isinstance(index, slice)
            and len(index) == len(self)
            and np.array_equal(index, np.arange(len(self)))
        ):
            return self
        return Abnormal(
            self.rows.take(index),
            self.panel,
            self.market,
            self.design,
            self.model,
            self.fit.take(index),
            rows_at(self.ar, index),
            {window: found.take(index) for window, found in self.effects.items()},
            None if self.left_out is None else self.left_out[index],
            None if self.back is None else self.back[index],
            None if self.barred is None else self.barred[index],
            None if self.given is None else self.given.take(index),
        )


def observe(
    rows: Rows,
    panel: Panel,
    factors: Factors,
    design: Design,
    model: Model,
    fit: Fit,
    barred: Booleans | None,
) -> Observed:
    """Gather event windows, and forecast them.

    A return that spans several sessions keeps its span, and the factors are compounded over it. A
    missing day stays missing.
    """
    days = len(design.event)
    first = panel.returns.start[rows.security] + rows.zero + design.event.first
    returns = gather(panel.returns.values, first, days)
    base = _factor_base(rows, factors, model)
    windows = _factor_windows(factors, base, design.event)
    if panel.any_span:
        spans = gather_counts(panel.spans, first, days)
        _compound_spans(factors, base + design.event.first, spans, windows)
    else:
        spans = np.ones(returns.shape, dtype=np.int64)
    windows = _without(windows, bar(rows, panel, model, barred))
    closed = np.zeros(returns.shape, dtype=np.bool_)
    if model.factors and factors.closed.any():
        closed = gather_flags(factors.closed, base[:, 0] + design.event.first, days)
        closed &= spans == 1
    expected = forecast(model, fit, windows, spans if panel.any_span else None)
    expected[~np.isfinite(returns)] = np.nan
    return Observed(returns, expected, windows, spans, closed)


def estimation_returns(
    rows: Rows,
    panel: Panel,
    design: Design,
    left_out: Booleans | None,
    back: Integers | None = None,
) -> Floats:
    """Gather the returns of estimation windows, shape (rows, E).

    A return that spans several sessions is missing here; the window is never lengthened or moved to
    make up for a missing day, unless the design's ``rolling_start`` says so.
    """
    span = len(design.estimation)
    first = panel.returns.start[rows.security] + rows.zero + design.estimation.first
    returns = gather(panel.returns.values, first, span)
    if panel.any_span:
        returns[gather_counts(panel.spans, first, span) != 1] = np.nan
    if left_out is not None:
        returns[left_out] = np.nan
    if back is not None:
        blank_before(returns[:, :, None], design.extra - back, (0,))
    return returns


def estimation_factors(
    rows: Rows,
    panel: Panel,
    factors: Factors,
    design: Design,
    model: Model,
    barred: Booleans | None,
    back: Integers | None = None,
) -> Floats:
    """Gather the factors of estimation windows, shape (rows, E, F)."""
    windows = _factor_windows(factors, _factor_base(rows, factors, model), design.estimation)
    windows = _without(windows, bar(rows, panel, model, barred))
    if back is not None:
        blank_before(windows, design.extra - back, model.shifts)
    return windows


def event_innovations(fit: Fit, design: Design, spans: Integers) -> Floats:
    """Variance of returns of event days about their expectation, over sigma^2.

    Parameters
    ----------
    fit : Fit
        A model on N events.
    design : Design
        The windows.
    spans : array of int, shape (N, event days)
        Sessions that each return covers.

    Returns
    -------
    array of float, shape (N, event days)
        The sessions that a return covers, each with the model's variance of that day.
    """
    moving = fit.innovations
    if moving is None or not design.horizon:
        return spans.astype(np.float64)
    first = design.event.first - design.estimation.first
    own = moving[:, first : first + spans.shape[1]].copy()
    for row, day in np.argwhere(spans > 1):
        end = first + day + 1
        own[row, day] = moving[row, max(end - spans[row, day], 0) : end].sum()
    return own


def bar(rows: Rows, panel: Panel, model: Model, barred: Booleans | None) -> Booleans | None:
    """Columns that each row may not use, its own security among them, shape (rows, F)."""
    if panel.ticker_set.isdisjoint(model.tickers):
        return barred
    tickers = np.array(panel.tickers, dtype=object)[rows.security]
    # A column of a table, and each event's own benchmark, may have the name of a ticker.
    columns = [name if name in model.tickers else None for name in model.factors]
    found = tickers[:, None] == np.array(columns, dtype=object)
    found = np.repeat(found.astype(np.bool_), len(model.shifts), axis=1)
    if barred is None:
        return found if found.any() else None
    return found | np.repeat(barred, len(model.shifts), axis=1)


def _without(factors: Floats, barred: Booleans | None) -> Floats:
    """Blank the columns that a row may not use."""
    return factors if barred is None else np.where(barred[:, None, :], np.nan, factors)


def _factor_base(rows: Rows, factors: Factors, model: Model) -> Integers:
    """Flat position of day zero in each of the model's columns, shape (rows, columns)."""
    if not model.factors:
        return np.empty((len(rows), 0), dtype=np.int64)
    names = {name: place for place, name in enumerate(factors.names)}
    which = np.column_stack(
        [
            rows.benchmark if name == BENCHMARK else np.full(len(rows), names[name])
            for name in model.factors
        ]
    )
    start = factors.returns.start[factors.where[rows.calendar[:, None], which]]
    shifts = np.array(model.shifts, dtype=np.int64)
    day = (start + rows.zero[:, None])[:, :, None] + shifts
    return day.reshape(len(rows), len(model.factors) * len(model.shifts))


def _factor_windows(factors: Factors, base: Integers, window: Window) -> Floats:
    """Gather factor windows, shape (rows, days, F)."""
    if base.shape[1] == 0:
        return np.empty((len(base), len(window), 0))
    taken = gather(factors.returns.values, base + window.first, len(window))
    return np.ascontiguousarray(taken.transpose(0, 2, 1))


def _compound_spans(factors: Factors, first: Integers, spans: Integers, windows: Floats) -> None:
    """Put factors compounded over the span where a return covers several sessions, in place."""
    for row, day in np.argwhere(spans > 1):
        for column in range(windows.shape[2]):
            end = int(first[row, column]) + int(day)
            windows[row, day, column] = factors.over(end, int(spans[row, day]))
