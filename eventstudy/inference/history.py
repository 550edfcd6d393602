"""What rank and sign tests read of the estimation days: sums over events, taken block by block.

The sums of one block of events are formed at once and added up in the order of the blocks, so that
they have the same bits however the blocks are shared out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.estimation import BLOCK, Execute
from eventstudy.execution import chunks
from eventstudy.kernels.ranks import Ranked, place, rank
from eventstudy.stack import Stack
from eventstudy.windows import Window

_RANGE = 4 * BLOCK
# Runs of up to so many days are added day by day, as a sum of so few numbers is anyway.
_ADDED = 8
# Below this share of an effect a spread is rounding: the effects are the same.
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Daily:
    """Sums over events by day: E estimation days, then the L tested days.

    Attributes
    ----------
    events : array of int, shape (E + L,)
        Events with an abnormal return.
    residuals : array of float, shape (E,)
        Abnormal returns of the estimation days.
    ranks : array of float, shape (E + L,)
        Ranks less their expectation (M + 1) / 2.
    units : array of float, shape (E + L,)
        Ranks over M + 1, less one half.
    signs : array of float, shape (E + L,)
        Signs about each event's median.
    effect_events : array of int, shape (E + 1,)
        Events with a value, the effect of the window standing for one more day.
    effect_units : array of float, shape (E + 1,)
        Ranks of estimation days and effect over their number + 1, less one half.
    """

    events: Integers
    residuals: Floats
    ranks: Floats
    units: Floats
    signs: Floats
    effect_events: Integers
    effect_units: Floats

    def plus(self, other: Daily) -> Daily:
        """Add up."""
        names = [one.name for one in fields(self)]
        return Daily(*(getattr(self, name) + getattr(other, name) for name in names))


@dataclass(frozen=True, eq=False)
class Shares:
    """Figures of each event; every array has shape (N,).

    Attributes
    ----------
    positive : array of float
        Share of estimation days with a positive abnormal return; NaN without any.
    positive_runs : array of float
        Share of runs of L estimation days with a positive sum; NaN without any.
    effect_unit : array of float
        Rank of the effect among the estimation days over their number + 2, less one half.
    effect_days : array of int
        Values that were ranked: the estimation days and the effect.
    """

    positive: Floats
    positive_runs: Floats
    effect_unit: Floats
    effect_days: Integers

    def take(self, index: Integers) -> Shares:
        """Keep the events at the given positions."""
        return Shares(*(getattr(self, one.name)[index] for one in fields(self)))


@dataclass(frozen=True, eq=False)
class History:
    """Estimation days of the events of one window.

    Attributes
    ----------
    daily : Daily or None
        None where windows of different dates share sessions, so that sums by relative day have no
        use, and for a window that no event enters.
    shares : Shares
        Figures of each event, of those too that do not enter.
    """

    daily: Daily | None
    shares: Shares


@dataclass(frozen=True, eq=False)
class _Task:
    """What the history of some events is taken from; ``spread`` is that of the window's SCARs."""

    abnormal: Abnormal
    windows: tuple[Window, ...]
    enters: Booleans
    spread: tuple[float, ...]
    aligned: tuple[bool, ...]


def histories(
    abnormal: Abnormal,
    windows: tuple[Window, ...],
    enters: Booleans,
    overlap: tuple[bool, ...],
    execute: Execute,
) -> tuple[History, ...]:
    """Sum the estimation days of events for several windows in one pass.

    Parameters
    ----------
    abnormal : Abnormal
        N events.
    windows : tuple of Window
        W windows.
    enters : array of bool, shape (N, W)
        Events that count in a window.
    overlap : tuple of bool
        Whether windows of different dates share a session.
    execute : callable
        Runs a function over ranges of events.
    """
    spread = tuple(
        effect_spread(abnormal.cumulate(window).scar[enters[:, number]])
        for number, window in enumerate(windows)
    )
    aligned = tuple(
        len(window) == 1 or not shared for window, shared in zip(windows, overlap, strict=True)
    )
    task = _Task(abnormal, windows, enters, spread, aligned)
    stacks = [Stack[Shares](len(abnormal)) for _ in windows]
    daily: list[Daily | None] = [None] * len(windows)
    for part in execute(_history_range, task, chunks(len(abnormal), _RANGE, block=BLOCK)):
        for number, (shares, sums) in enumerate(part):
            stacks[number].add(shares)
            for one in sums:
                known = daily[number]
                daily[number] = one if known is None else known.plus(one)
    return tuple(History(sums, stack.whole()) for sums, stack in zip(daily, stacks, strict=True))


def effect_spread(scar: Floats) -> float:
    """Cross-sectional standard deviation of standardised effects, NaN where they do not vary."""
    if len(scar) < 2:
        return np.nan
    spread = float(np.std(scar, ddof=1))
    return spread if spread > ROUNDING * np.abs(scar).max() else np.nan


def parts(abnormal: Abnormal, members: Integers) -> Iterator[tuple[int, Abnormal]]:
    """Take so many events at a time that their estimation days stay in a core's cache."""
    for first in range(0, len(members), BLOCK):
        yield first, abnormal.take(members[first : first + BLOCK])


def _history_range(task: _Task, start: int, stop: int) -> list[tuple[Shares, list[Daily]]]:
    """Take the history of a range of events, window by window, with the sums of each block."""
    found: list[tuple[Stack[Shares], list[Daily]]] = [
        (Stack[Shares](stop - start), []) for _ in task.windows
    ]
    for first, part in parts(task.abnormal, np.arange(start, stop)):
        block = _Estimation.of(part)
        enters = task.enters[start + first : start + first + len(part)]
        history = _block_history(task, block, enters)
        for (stack, sums), (shares, daily) in zip(found, history, strict=True):
            stack.add(shares)
            if daily is not None:
                sums.append(daily)
    return [(stack.whole(), sums) for stack, sums in found]


@dataclass(frozen=True, eq=False)
class _Estimation:
    """Estimation days of a block of events, and their ranks."""

    abnormal: Abnormal
    values: Floats
    raw: Floats
    there: Booleans | None
    ranked: Ranked

    @classmethod
    def of(cls, abnormal: Abnormal) -> _Estimation:
        """Gather and rank."""
        values = abnormal.standard_residuals
        ranked = rank(values)
        whole = bool((ranked.count == values.shape[1]).all())
        there = None if whole else np.isfinite(values)
        return cls(abnormal, values, abnormal.residuals, there, ranked)

    def take(self, index: Integers) -> _Estimation:
        """Keep the events at the given positions."""
        there = None if self.there is None else self.there[index]
        own = self.abnormal.take(index)
        ranked = self.ranked.take(index)
        return _Estimation(own, self.values[index], self.raw[index], there, ranked)


def _block_history(
    task: _Task, block: _Estimation, enters: Booleans
) -> list[tuple[Shares, Daily | None]]:
    """Take the history of a block of events, window by window."""
    abnormal, count = block.abnormal, block.ranked.count
    sigma = abnormal.fit.sigma
    effects = np.column_stack(
        [
            abnormal.cumulate(window).scar / spread * sigma
            for window, spread in zip(task.windows, task.spread, strict=True)
        ]
    )
    # Zero and the effects of all windows are looked for among the estimation days at once.
    zero = np.zeros((len(count), 1))
    below, equal = place(block.ranked, block.values, np.concatenate([zero, effects], axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        rising = (count - below[:, 0] - equal[:, 0]) / count
    below, equal = below[:, 1:], equal[:, 1:]
    units = (1.0 + below + 0.5 * equal) / (count[:, None] + 2.0) - 0.5
    known = np.isfinite(effects)
    units[~known] = np.nan
    results: list[tuple[Shares, Daily | None]] = []
    for number, window in enumerate(task.windows):
        runs = rising if len(window) == 1 else _rising_runs(block, len(window))
        shares = Shares(rising, runs, units[:, number], count + 1)
        index = np.flatnonzero(enters[:, number])
        daily = None
        if task.aligned[number] and len(index):
            ties = (equal[:, number] > 0) & known[:, number]
            own = _Entering(block, shares, effects[:, number], ties)
            daily = _daily(own if len(index) == len(count) else own.take(index), window)
        results.append((shares, daily))
    return results


@dataclass(frozen=True, eq=False)
class _Entering:
    """The events of a block that enter a window; ``ties`` have a day that equals their effect."""

    block: _Estimation
    shares: Shares
    effect: Floats
    ties: Booleans

    def take(self, index: Integers) -> _Entering:
        """Keep the events at the given positions."""
        return _Entering(
            self.block.take(index), self.shares.take(index), self.effect[index], self.ties[index]
        )


def _rising_runs(block: _Estimation, length: int) -> Floats:
    """Share of the runs of days whose sum is positive; NaN without a complete run."""
    values = block.values
    if length > values.shape[1]:
        return np.full(len(values), np.nan)
    if length > _ADDED:
        runs = sliding_window_view(values, length, axis=1).sum(axis=2)
    else:
        runs = values[:, : values.shape[1] - length + 1].copy()
        for day in range(1, length):
            runs += values[:, day : day + runs.shape[1]]
    known = runs.shape[1] if block.there is None else np.count_nonzero(np.isfinite(runs), axis=1)
    with np.errstate(invalid="ignore"):
        return _count_rows(runs > 0) / known


def _count_rows(flags: Booleans) -> Integers:
    """Count what is true in each row: eight flags at a time."""
    return np.bitwise_count(np.packbits(flags, axis=1)).sum(axis=1, dtype=np.int64)


def _count_columns(flags: Booleans | Floats) -> Floats:
    """Count what is true in each column; single precision holds the events of a block exactly."""
    count = np.ones(len(flags), dtype=np.float32) @ flags.astype(np.float32)
    return count.astype(np.float64)


def _sum_columns(above: Booleans | Floats) -> Floats:
    """Add up what :func:`_above` gives, column by column."""
    return _count_columns(above) if above.dtype == np.bool_ else above.sum(axis=0)


def _daily(entering: _Entering, window: Window) -> Daily:
    """Sum a block of events by day."""
    block, shares = entering.block, entering.shares
    abnormal, values, ranked = block.abnormal, block.values, block.ranked
    above = _above(values, entering.effect, entering.ties)
    days = values.shape[1]
    ar = abnormal.ar[:, abnormal.days(window)]
    tested = ar / np.sqrt(abnormal.window_innovations(window))
    ranks, tied = _with_tested(ranked, values, tested)
    there = np.isfinite(tested)
    known = np.concatenate([_count(block), there.sum(axis=0)])
    count = ranked.count + there.sum(axis=1)
    middle = (count + 1.0) / 2.0
    missing = None if block.there is None and there.all() else _missing(block, there)
    effect_ranks = ranked.ranks.sum(axis=0)
    own = 1.0 / (shares.effect_days + 1.0)
    if (count == count[0]).all() and missing is None:
        rank_sums = ranks.sum(axis=0)
        centred, units = rank_sums - len(ar) * middle[0], rank_sums / (count[0] + 1.0)
        signs = _count_columns(ranks > middle[0]) - _count_columns(ranks < middle[0])
        effect_units = own[0] * (effect_ranks + _sum_columns(above))
    else:
        mask = np.zeros(ranks.shape, np.bool_) if missing is None else missing
        centred = np.where(mask, 0.0, ranks - middle[:, None]).sum(axis=0)
        units = np.einsum("n,nt->t", 1.0 / (count + 1.0), ranks)
        signs = np.where(mask, 0.0, np.sign(ranks - middle[:, None])).sum(axis=0)
        effect_units = np.einsum("n,nt->t", own, ranked.ranks + above)
    for row in np.flatnonzero(tied):
        union = np.concatenate([values[row], tested[row]])
        right = np.nan_to_num(np.sign(union - np.nanmedian(union)))
        signs += right - np.where(np.isnan(union), 0.0, np.sign(ranks[row] - middle[row]))
    raw = block.raw if block.there is None else np.where(block.there, block.raw, 0.0)
    return Daily(
        events=known,
        residuals=raw.sum(axis=0),
        ranks=centred,
        units=units - 0.5 * known,
        signs=signs,
        effect_events=np.append(known[:days], np.isfinite(shares.effect_unit).sum()),
        effect_units=np.append(effect_units - 0.5 * known[:days], np.nansum(shares.effect_unit)),
    )


def _with_tested(ranked: Ranked, values: Floats, tested: Floats) -> tuple[Floats, Booleans]:
    """Rank estimation and tested days together, 0 where one is missing; and which rows have ties.

    Returns
    -------
    ranks : array of float, shape (n, E + L)
    tied : array of bool, shape (n,)
    """
    days = values.shape[1]
    among = rank(tested)
    ranks = np.empty((len(values), days + tested.shape[1]))
    ranks[:, :days] = ranked.ranks
    ranks[:, days:] = among.ranks
    tied = ranked.tied | among.tied
    for column in range(tested.shape[1]):
        one = tested[:, column]
        below, equal = (found[:, 0] for found in place(ranked, values, one[:, None]))
        ties = (equal > 0) & np.isfinite(one)
        ranks[:, :days] += _above(values, one, ties)
        ranks[:, days + column] += np.where(np.isfinite(one), below + 0.5 * equal, 0.0)
        tied |= ties
    return ranks, tied


def _above(values: Floats, one: Floats, ties: Booleans) -> Booleans | Floats:
    """1 where a value of a row is above another one, a half where it equals it.

    ``ties`` are the rows in which any does: without them the answer is a flag.
    """
    found = values > one[:, None]
    return found + 0.5 * (values == one[:, None]) if ties.any() else found


def _count(block: _Estimation) -> Integers:
    """Events with each estimation day, shape (E,)."""
    if block.there is None:
        return np.full(block.values.shape[1], len(block.values))
    return block.there.sum(axis=0)


def _missing(block: _Estimation, there: Booleans) -> Booleans:
    """Estimation and tested days without an abnormal return, shape (n, E + L)."""
    own = np.isfinite(block.values) if block.there is None else block.there
    return ~np.concatenate([own, there], axis=1)
