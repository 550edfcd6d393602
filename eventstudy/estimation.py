"""The model fitted to every event, a range of events at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from eventstudy.abnormal import (
    Abnormal,
    bar,
    estimation_factors,
    estimation_returns,
    observe,
)
from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.execution import Execute, chunks, map_chunks
from eventstudy.kernels.cumulate import Cumulated
from eventstudy.kernels.gather import gather
from eventstudy.kernels.line import line_of_sums
from eventstudy.kernels.window_start import window_starts
from eventstudy.models import Fit, MarketModel, Model
from eventstudy.panel import Factors, Panel
from eventstudy.rows import Rows
from eventstudy.stack import Stack
from eventstudy.windows import Design, Window
from eventstudy.windowsums import shared_window_sums

# Estimation windows of so many events stay near a core from the gather to the last sum; of fewer,
# threads would wait for each other between calls.
BLOCK = 1024
RANGE = 8 * BLOCK
# A fit reads its windows a few times only: more events at once cost less than they save.
_FITTED = 2 * BLOCK

LeftOut = Callable[[Rows, Design], Booleans]
"""From some rows and the windows to the estimation days to leave out."""


@dataclass(frozen=True, eq=False)
class _Task:
    """What every range of events is estimated from."""

    rows: Rows
    panel: Panel
    factors: Factors
    design: Design
    model: Model
    left_out: LeftOut | None
    barred: Booleans | None
    back: Integers | None = None
    sums: Floats | None = None


@dataclass(frozen=True, eq=False)
class _Estimates:
    """Events that could be estimated, by their place among the rows."""

    place: Integers
    fit: Fit
    ar: Floats
    effects: Mapping[Window, Cumulated]
    left_out: np.ndarray | None


def estimate(
    rows: Rows,
    panel: Panel,
    factors: Factors,
    *,
    design: Design,
    model: Model,
    left_out: LeftOut | None = None,
    barred: Booleans | None = None,
    execute: Execute = map_chunks,
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
    left_out : callable, optional
        From some of the rows and a design to the estimation days to leave out, shape (rows, E).
    barred : array of bool, shape (rows, factors), optional
        Factors of the model that an event may not use. A security is never its own factor.
    execute : callable
        Runs a function over ranges of events, as :func:`eventstudy.execution.map_chunks` does.

    Returns
    -------
    abnormal : Abnormal
        The events that could be estimated.
    dropped : dict of int to str
        The others by row of the events frame, with the reason.

    Notes
    -----
    An event's numbers come from its own days alone: they have the same bits in whatever range, and
    wherever, it is estimated. Where the design's ``rolling_start`` lets an estimation window start
    earlier, the starts are found first, and all windows are as long as the longest.
    """
    return _estimate(_Task(rows, panel, factors, design, model, left_out, barred), execute)


def estimate_study(
    rows: Rows,
    panel: Panel,
    factors: Factors,
    *,
    design: Design,
    model: Model,
    left_out: LeftOut | None = None,
    barred: Booleans | None = None,
    execute: Execute = map_chunks,
) -> tuple[Abnormal, dict[int, str]]:
    """Do as :func:`estimate` for a whole study, which may have very many events of a security.

    Where there are thousands of events, and so many of a security that their estimation windows are
    together six times as long as its history, the market model takes its sums from running sums of
    that history, or of stretches of a long one. They agree with those of each window's own days to
    eleven digits and more, and have the same bits in whatever range, and wherever, they are taken.
    """
    task = _Task(rows, panel, factors, design, model, left_out, barred)
    plain = left_out is None and barred is None and not design.rolling_start
    # A model made out of the market model may fit otherwise.
    if plain and type(model) is MarketModel:
        sums = shared_window_sums(rows, panel, factors, design.estimation, execute)
        task = replace(task, sums=sums)
    return _estimate(task, execute)


def _estimate(task: _Task, execute: Execute) -> tuple[Abnormal, dict[int, str]]:
    """Estimate the events of a task, range by range."""
    if task.design.rolling_start:
        task = _with_starts(task, execute)
    rows, barred = task.rows, task.barred
    dropped: dict[int, str] = {}
    stack = Stack[_Estimates](len(rows))
    # Without any event there is one empty range, so that the result has its arrays.
    parts = chunks(len(rows), RANGE, block=BLOCK) or ((0, 0),)
    for part, reasons in execute(_estimate_range, task, parts):
        dropped |= reasons
        stack.add(part)
    found = stack.whole()
    kept = rows if len(found.place) == len(rows) else rows.take(found.place)
    return (
        Abnormal(
            kept,
            task.panel,
            task.factors,
            task.design,
            task.model,
            found.fit,
            found.ar,
            found.effects,
            found.left_out,
            task.back if task.back is None else task.back[found.place],
            barred if barred is None else barred[found.place],
        ),
        dropped,
    )


def in_blocks(abnormal: Abnormal, members: Integers) -> Iterator[Abnormal]:
    """Take so many events at a time that their estimation days stay in a core's cache."""
    for first in range(0, len(members), BLOCK):
        yield abnormal.take(members[first : first + BLOCK])


def _estimate_range(task: _Task, start: int, stop: int) -> tuple[_Estimates, dict[int, str]]:
    """Estimate the events of a range."""
    design, model = task.design, task.model
    place = np.arange(start, stop)
    rows = task.rows.take(slice(start, stop))
    barred = None if task.barred is None else task.barred[start:stop]
    left_out = None if task.left_out is None else task.left_out(rows, design)
    back = None if task.back is None else task.back[start:stop]
    if task.sums is None:
        fit = _fit_days(task, rows, left_out, barred, back)
    else:
        fit = _fit_sums(task, rows, task.sums[start:stop])
    observed = observe(rows, task.panel, task.factors, design, model, fit, barred)
    abnormal = Abnormal(
        rows,
        task.panel,
        task.factors,
        design,
        model,
        replace(fit, problem=np.zeros(len(rows), dtype="U1")),
        observed.returns - observed.expected,
        left_out=None if left_out is None else np.packbits(left_out, axis=1),
        back=back,
        barred=barred,
        given=observed,
    )
    dropped = _unusable(abnormal, fit)
    if dropped:
        keep = np.array([int(pair) not in dropped for pair in rows.pair], dtype=np.bool_)
        place, abnormal = place[keep], abnormal.take(np.flatnonzero(keep))
    effects = {window: abnormal.cumulate(window) for window in design.windows}
    return _Estimates(place, abnormal.fit, abnormal.ar, effects, abnormal.left_out), dropped


def _fit_days(
    task: _Task,
    rows: Rows,
    left_out: Booleans | None,
    barred: Booleans | None,
    back: Integers | None,
) -> Fit:
    """Fit the model to the estimation windows of a range, some at a time."""
    stack = Stack[Fit](len(rows))
    for first in range(0, max(len(rows), 1), _FITTED):
        some = slice(first, first + _FITTED)
        stack.add(
            _fit(
                task,
                rows.take(some),
                None if left_out is None else left_out[some],
                None if barred is None else barred[some],
                None if back is None else back[some],
            )
        )
    return stack.whole()


def _fit_sums(task: _Task, rows: Rows, sums: Floats) -> Fit:
    """Fit the market model from the sums of estimation windows, to their days where those fail."""
    line, clear = line_of_sums(sums.T)
    fit = MarketModel().of_line(line)
    if clear.all():
        return fit
    stack, others = Stack[Fit](len(rows)), np.flatnonzero(~clear)
    stack.add(fit.take(np.flatnonzero(clear)), np.flatnonzero(clear))
    stack.add(_fit_days(task, rows.take(others), None, None, None), others)
    return stack.whole()


def _fit(
    task: _Task,
    rows: Rows,
    left_out: Booleans | None,
    barred: Booleans | None,
    back: Integers | None,
) -> Fit:
    """Fit the model to some estimation windows."""
    y = estimation_returns(rows, task.panel, task.design, left_out, back)
    x = estimation_factors(rows, task.panel, task.factors, task.design, task.model, barred, back)
    return task.model.fit(y, x, task.design.horizon)


def _with_starts(task: _Task, execute: Execute) -> _Task:
    """Find where each estimation window starts, and widen the design to the earliest start."""
    widest = replace(task, design=task.design.widest)
    count = len(task.rows)
    parts = list(execute(_starts_of_range, widest, chunks(count, RANGE, block=BLOCK)))
    back = np.concatenate([*parts, np.empty(0, dtype=np.int64)])
    return replace(task, design=task.design.reaching(int(back.max(initial=0))), back=back)


def _starts_of_range(task: _Task, start: int, stop: int) -> Integers:
    """Sessions by which the estimation windows of a range start earlier, shape (rows,)."""
    rows, design, model = task.rows.take(slice(start, stop)), task.design, task.model
    left_out = None if task.left_out is None else task.left_out(rows, design)
    usable = np.isfinite(estimation_returns(rows, task.panel, design, left_out))
    if not model.selects:
        barred = None if task.barred is None else task.barred[start:stop]
        factors = estimation_factors(rows, task.panel, task.factors, design, model, barred)
        usable &= np.isfinite(factors).all(axis=2)
    return window_starts(usable, len(design.nominal))


def _unusable(abnormal: Abnormal, fit: Fit) -> dict[int, str]:
    """Say which events cannot be estimated, and why."""
    design, rows = abnormal.design, abnormal.rows
    floor = max(design.min_estimation, abnormal.model.parameters + 5)
    available = np.isfinite(abnormal.ar).any(axis=1)
    dropped: dict[int, str] = {}
    for row in np.flatnonzero((fit.n_obs < floor) | (fit.problem != "") | ~available).tolist():
        if fit.n_obs[row] < floor:
            reach = design.rolling_start
            earlier = f", {reach} sessions before it included" if reach else ""
            reason = (
                f"{fit.n_obs[row]} usable days of {len(design.nominal)} in the estimation "
                f"window {design.nominal}{earlier}; {floor} are needed"
            )
            if abnormal.excluded[row]:
                reason += f" ({abnormal.excluded[row]} days of other events are left out)"
            reason += _lacking(abnormal, row, estimation=True)
        elif fit.problem[row]:
            reason = str(fit.problem[row])
        else:
            reason = f"no abnormal return on any day of the event window {design.event}"
            reason += _lacking(abnormal, row, estimation=False)
        dropped[int(rows.pair[row])] = reason
    return dropped


def _lacking(abnormal: Abnormal, row: int, *, estimation: bool) -> str:
    """Name the factors that are missing on days with a return, where there are any."""
    model = abnormal.model
    if model.selects or not model.factors:
        return ""
    one = abnormal.take(np.array([row]))
    barred = bar(one.rows, one.panel, model, one.barred)
    if barred is not None and barred.any():
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
        f"{'the benchmark' if name == 'benchmark' else name} on {count}"
        for name, count in zip(names, gaps, strict=True)
        if count
    ]
    return f"; missing on days with a return: {', '.join(named)}" if named else ""
