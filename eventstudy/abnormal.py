"""Abnormal returns of the event window, and the estimation behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.kernels.cumulate import Cumulated, cumulate, leverage
from eventstudy.kernels.gather import gather, gather_counts, gather_flags
from eventstudy.kernels.resample import placebo_statistics
from eventstudy.kernels.window_start import roll_start
from eventstudy.models import Fit, Model
from eventstudy.models.base import BENCHMARK, forecast
from eventstudy.panel import Factors, Panel, compound
from eventstudy.rows import Rows
from eventstudy.windows import Design, Window


@dataclass(frozen=True, eq=False)
class Abnormal:
    """Abnormal returns of many events: N events, T event days, p design columns.

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
    returns, expected : array of float, shape (N, T)
        Return and forecast; NaN is missing.
    factors : array of float, shape (N, T, F)
        The factors, compounded over the span of each return.
    spans : array of int, shape (N, T)
        Sessions covered by each return.
    closed : array of bool, shape (N, T)
        Days on which the benchmark's market did not close, so that its return is exactly 0.
    excluded : array of int, shape (N,)
        Estimation days left out because they belong to another event of the security.
    earlier : array of int, shape (N,)
        Sessions by which each estimation window starts earlier than the study's; its days before
        that are missing in the fit.
    barred : array of bool, shape (N, F), optional
        Columns of the factors that an event may not use: securities that it touches.
    """

    rows: Rows
    panel: Panel
    market: Factors
    design: Design
    model: Model
    fit: Fit
    returns: Floats
    expected: Floats
    factors: Floats
    spans: Integers
    closed: Booleans
    excluded: Integers
    earlier: Integers
    barred: Booleans | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def ar(self) -> Floats:
        """Abnormal returns, shape (N, T)."""
        return self.returns - self.expected

    @property
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

    @property
    def standard_residuals(self) -> Floats:
        """Abnormal returns of the estimation days, shape (N, E), each on the scale of sigma.

        They differ from those of the fit where the model's variance moves.
        """
        fit = self.fit
        if fit.innovations is None:
            return fit.residuals
        return fit.residuals / np.sqrt(fit.innovations[:, : fit.residuals.shape[1]])

    def placebo(self, available: Booleans) -> Floats:
        """Scaled effects of all runs of estimation days, one run a starting day.

        Parameters
        ----------
        available : array of bool, shape (N, L)
            Days of each event's window that have a return; the same days of every run count.

        Returns
        -------
        array of float, shape (N, E - L + 1)
            As :func:`eventstudy.kernels.resample.placebo_statistics`.
        """
        fit = self.fit
        # Residuals of days that were left out spread by the error of the estimation more, not less.
        unscaled = -fit.unscaled if fit.outside else fit.unscaled
        moving = fit.innovations
        innovations = None if moving is None else moving[:, : fit.residuals.shape[1]]
        return placebo_statistics(fit.residuals, fit.rows, unscaled, available, innovations)

    @property
    def estimation_returns(self) -> Floats:
        """Returns of the estimation window, shape (N, E); NaN where a day was not usable."""
        window = self.design.estimation
        first = self.panel.returns.start[self.rows.security] + self.rows.zero + window.first
        returns = gather(self.panel.returns.values, first, len(window))
        return np.where(np.isfinite(self.fit.residuals), returns, np.nan)

    @property
    def estimation_factors(self) -> Floats:
        """Factors of the estimation window, shape (N, E, F)."""
        base = _factor_base(self.rows, self.market, self.model)
        windows = _factor_windows(self.market, base, self.design.estimation)
        return windows if self.barred is None else _without(windows, self.barred)

    def days(self, window: Window) -> slice:
        """Columns of the event window that belong to a window inside it."""
        first = window.first - self.design.event.first
        return slice(first, first + len(window))

    def cumulate(self, window: Window) -> Cumulated:
        """Cumulate over a window inside the event window."""
        days = self.days(window)
        return cumulate(
            self.returns[:, days],
            self.expected[:, days],
            self.spans[:, days],
            self.event_rows[:, days],
            self.fit.unscaled,
            self.fit.sigma,
            self.innovations[:, days],
        )

    def take(self, index: Integers) -> Abnormal:
        """Keep the events at the given positions."""
        return Abnormal(
            self.rows.take(index),
            self.panel,
            self.market,
            self.design,
            self.model,
            self.fit.take(index),
            self.returns[index],
            self.expected[index],
            self.factors[index],
            self.spans[index],
            self.closed[index],
            self.excluded[index],
            self.earlier[index],
            None if self.barred is None else self.barred[index],
        )


def estimate(
    rows: Rows,
    panel: Panel,
    factors: Factors,
    *,
    design: Design,
    model: Model,
    excluded: Booleans | None = None,
    barred: Booleans | None = None,
) -> tuple[Abnormal, dict[int, str]]:
    """Fit the model to every event and forecast its event window.

    Parameters
    ----------
    rows : Rows
        Events with security, benchmark and day zero.
    panel, factors : Panel, Factors
        Returns on sessions, padded by at least the reach of the windows.
    design : Design
        The windows.
    model : Model
        The expected-return model.
    excluded : array of bool, shape (rows, days of the widest estimation window), optional
        Estimation days to leave out.
    barred : array of bool, shape (rows, factors), optional
        Factors of the model that an event may not use. A security is never its own factor.

    Returns
    -------
    abnormal : Abnormal
        The events that could be estimated.
    dropped : dict of int to str
        The others by row of the events frame, with the reason.

    Notes
    -----
    A return that spans several sessions is missing in the estimation window, and so is the
    benchmark of that day; in the event window it keeps its span, and the factors are compounded
    over it. A missing day stays missing: the window is never lengthened or moved to make up for it,
    unless the design's ``rolling_start`` says so. Then the start of an event's window moves back
    until the window holds as many usable days as it is long; the end stays.
    """
    base = panel.returns.start[rows.security] + rows.zero
    factor_base = _factor_base(rows, factors, model)
    barred = _barred(rows, panel, model, barred)
    design = design.widest
    first, span = base + design.estimation.first, len(design.estimation)
    y = gather(panel.returns.values, first, span)
    y[gather_counts(panel.spans, first, span) != 1] = np.nan
    if excluded is not None:
        y[excluded] = np.nan
    x = _without(_factor_windows(factors, factor_base, design.estimation), barred)
    y, x, earlier = roll_start(y, x, len(design.nominal), model.shifts, optional=model.selects)
    design = design.reaching(int(earlier.max(initial=0)))
    fit = model.fit(y, x, design.horizon)

    days = len(design.event)
    first = base + design.event.first
    returns = gather(panel.returns.values, first, days)
    spans = gather_counts(panel.spans, first, days)
    event_factors = _factor_windows(factors, factor_base, design.event)
    _compound_spans(factors, factor_base + design.event.first, spans, event_factors)
    event_factors = _without(event_factors, barred)
    closed = np.zeros(returns.shape, dtype=np.bool_)
    if model.factors:
        closed = gather_flags(factors.closed, factor_base[:, 0] + design.event.first, days)
        closed &= spans == 1
    expected = forecast(model, fit, event_factors, spans)
    missing = ~np.isfinite(returns)
    out = np.zeros(len(rows), dtype=np.int64)
    if excluded is not None:
        within = np.arange(span) >= (span - len(design.nominal) - earlier)[:, None]
        out = (excluded & within).sum(axis=1)
    abnormal = Abnormal(
        rows,
        panel,
        factors,
        design,
        model,
        fit,
        returns,
        np.where(missing, np.nan, expected),
        event_factors,
        spans,
        closed,
        out,
        earlier,
        barred,
    )
    dropped = _unusable(abnormal)
    keep = np.array([int(p) not in dropped for p in rows.pair], dtype=np.bool_)
    return abnormal.take(np.flatnonzero(keep)), dropped


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


def _barred(rows: Rows, panel: Panel, model: Model, barred: Booleans | None) -> Booleans:
    """Columns that each row may not use, its own security among them, shape (rows, F)."""
    tickers = np.array(panel.tickers, dtype=object)[rows.security]
    found = tickers[:, None] == np.array(model.factors, dtype=object)
    if barred is not None:
        found = found | barred
    return np.repeat(found.astype(np.bool_), len(model.shifts), axis=1)


def _without(factors: Floats, barred: Booleans) -> Floats:
    """Blank the columns that a row may not use."""
    return np.where(barred[:, None, :], np.nan, factors) if barred.any() else factors


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
            end = first[row, column] + day + 1
            windows[row, day, column] = compound(
                factors.returns.values[end - spans[row, day] : end]
            )


def _unusable(abnormal: Abnormal) -> dict[int, str]:
    """Say which events cannot be estimated, and why."""
    design, fit = abnormal.design, abnormal.fit
    floor = max(design.min_estimation, abnormal.model.parameters + 5)
    available = np.isfinite(abnormal.ar).sum(axis=1) > 0
    dropped: dict[int, str] = {}
    for row, pair in enumerate(abnormal.rows.pair):
        if fit.n_obs[row] < floor:
            reach = design.rolling_start
            earlier = f", {reach} sessions before it included" if reach else ""
            reason = (
                f"{fit.n_obs[row]} usable days of {len(design.nominal)} in the estimation "
                f"window {design.nominal}{earlier}; {floor} are needed"
            )
            if abnormal.excluded[row]:
                reason += f" ({abnormal.excluded[row]} days of other events are left out)"
            dropped[int(pair)] = reason + _lacking(abnormal, row, estimation=True)
        elif fit.problem[row]:
            dropped[int(pair)] = str(fit.problem[row])
        elif not available[row]:
            reason = f"no abnormal return on any day of the event window {design.event}"
            dropped[int(pair)] = reason + _lacking(abnormal, row, estimation=False)
    return dropped


def _lacking(abnormal: Abnormal, row: int, *, estimation: bool) -> str:
    """Name the factors that are missing on days with a return, where there are any."""
    model = abnormal.model
    if model.selects or not model.factors:
        return ""
    one = abnormal.take(np.array([row]))
    if one.barred is not None and one.barred.any():
        return "; the security is itself a factor of the model"
    returns, factors = one.returns, one.factors
    if estimation:
        window = one.design.estimation
        first = one.panel.returns.start[one.rows.security] + one.rows.zero + window.first
        returns = gather(one.panel.returns.values, first, len(window))
        factors = one.estimation_factors
    gaps = (np.isfinite(returns)[:, :, None] & ~np.isfinite(factors))[0].sum(axis=0)
    names = np.repeat(np.array(model.factors, dtype=object), len(model.shifts))
    named = [
        f"{'the benchmark' if name == BENCHMARK else name} on {count}"
        for name, count in zip(names, gaps, strict=True)
        if count
    ]
    return f"; missing on days with a return: {', '.join(named)}" if named else ""
