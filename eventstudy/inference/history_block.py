"""What rank and sign tests read of the estimation days of a block of events."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, fields

import numpy as np

from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.kernels.ranks import Sorted, rank
from eventstudy.windows import Window

# Of the root of the sum of all squares, what rounding may leave of a day, its return and forecast.
_NOISE = 4.0 * np.finfo(np.float64).eps

Figures = dict[tuple[str, int], np.ndarray]
"""Figures of each of n events: the share of ``("rising", L)`` runs of L days whose sum is positive,
the rank of the ``("effect", w)`` in window w over the days and two, less one half, and their days
and one, ``("days", 1)``."""


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
class Block:
    """Some events and their days: n events, E estimation days, H days of all windows.

    Attributes
    ----------
    windows : tuple of Window
        W windows.
    aligned : tuple of bool, length W
        Whether sums by relative day have a use.
    raw, values : array of float, shape (n, E)
        Abnormal returns of the estimation days, and the same on the scale of sigma.
    total, squares : array of float, shape (n,)
        Sums of the values, and of their squares: NaN where one is missing.
    tested : array of float, shape (n, H)
        Abnormal returns of the days of all windows, on the scale of one session.
    effects : array of float, shape (n, W)
        Effects over their spread, on the scale of sigma; NaN where there is none.
    enters : array of bool, shape (n, W)
        Events that count in a window.
    """

    windows: tuple[Window, ...]
    aligned: tuple[bool, ...]
    raw: Floats
    values: Floats
    total: Floats
    squares: Floats
    tested: Floats
    effects: Floats
    enters: Booleans

    def __len__(self) -> int:
        return len(self.values)

    def take(self, index: Integers | slice) -> Block:
        """Keep the events at the given positions."""
        names = ("raw", "values", "total", "squares", "tested", "effects", "enters")
        return Block(self.windows, self.aligned, *(getattr(self, name)[index] for name in names))

    def days(self, number: int) -> slice:
        """Columns of the tested days that belong to a window."""
        window = self.windows[number]
        first = window.first - min(one.first for one in self.windows)
        return slice(first, first + len(window))

    @property
    def ranked(self) -> slice:
        """Columns of the tested days, from the first to the last one that sums by day rank."""
        days = [self.days(number) for number, aligned in enumerate(self.aligned) if aligned]
        return slice(
            min((one.start for one in days), default=0), max((one.stop for one in days), default=0)
        )


def added(daily: Sequence[Daily | None], more: Sequence[Daily | None]) -> list[Daily | None]:
    """Add up the sums of some events and of others, window by window."""
    return [
        (own or other) if own is None or other is None else own.plus(other)
        for own, other in zip(daily, more, strict=True)
    ]


def block_history(block: Block) -> tuple[Figures, list[Daily | None]]:
    """Take the history of a block of events, window by window.

    Most events have all their days, and no two values that may be equal: their sums are taken
    from the order of their days, those of the others from their ranks.
    """
    there = np.isfinite(block.total)
    there &= np.isfinite(np.einsum("nt->n", block.tested))
    there &= np.isfinite(np.einsum("nw->n", block.effects))
    whole = block if there.all() else block.take(np.flatnonzero(there))
    order = Sorted.of(whole.values)
    zero = np.zeros((len(whole), 1))
    tested = whole.tested[:, whole.ranked]
    below, meets = order.below(np.concatenate([zero, whole.effects, tested], axis=1))
    clear = ~(order.near | meets.any(axis=1) | _repeats(whole))
    if there.all() and clear.all():
        return _clear_history(block, order, below)
    chosen = np.flatnonzero(clear)
    other = np.setdiff1d(np.arange(len(block)), np.flatnonzero(there)[chosen])
    of_clear, daily = _clear_history(whole.take(chosen), order.take(chosen), below[chosen])
    of_others, further = _any_history(block.take(other))
    place = np.argsort(np.concatenate([np.flatnonzero(there)[chosen], other]))
    both = {name: np.append(one, of_others[name])[place] for name, one in of_clear.items()}
    return both, added(daily, further)


def _repeats(block: Block) -> Booleans | np.bool_:
    """Whether an event has the same value on two tested days that are ranked together."""
    if not any(one and len(of) > 1 for one, of in zip(block.aligned, block.windows, strict=True)):
        return np.False_
    ordered = np.sort(block.tested, axis=1)
    return (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)


def _clear_history(
    block: Block, order: Sorted, below: Integers
) -> tuple[Figures, list[Daily | None]]:
    """Take the history of events that have all their days, all values of an event distinct.

    ``below`` counts the estimation days below zero, below the effects and below the ranked days.
    """
    count = block.values.shape[1]
    windows = block.windows
    below_effects, below_ranked = below[:, 1 : 1 + len(windows)], below[:, 1 + len(windows) :]
    noise = _NOISE * np.sqrt(block.squares)
    runs = _rising_runs(block.values, {len(window) for window in windows} - {1}, noise, whole=True)
    units = (1.0 + below_effects) / (count + 2.0) - 0.5
    figures: Figures = {("rising", length): share for length, share in runs.items()}
    figures |= {("effect", number): units[:, number] for number in range(len(windows))}
    figures["rising", 1] = (count - below[:, 0]) / count
    figures["days", 1] = np.full(len(block), count + 1, dtype=np.int32)
    daily: list[Daily | None] = [None] * len(windows)
    for number, aligned in enumerate(block.aligned):
        index = np.flatnonzero(block.enters[:, number])
        if not aligned or not len(index):
            continue
        first = block.days(number).start - block.ranked.start
        below_days = below_ranked[:, first : first + len(windows[number])]
        own = np.concatenate([below_days, below_effects[:, number, None]], axis=1)
        if len(index) == len(block):
            daily[number] = _clear_daily(block, order, number, own, units[:, number])
        else:
            some, mine = block.take(index), order.take(index)
            daily[number] = _clear_daily(some, mine, number, own[index], units[index, number])
    return figures, daily


def _clear_daily(block: Block, order: Sorted, number: int, below: Integers, units: Floats) -> Daily:
    """Sum by day the events of :func:`_clear_history` that enter a window.

    Ranks of estimation days come from their order, and each tested day lifts those above it by one;
    ``below`` counts the estimation days below each tested day and below the effect.
    """
    tested = block.tested[:, block.days(number)]
    events, days = block.values.shape
    count = days + tested.shape[1]
    middle = (count + 1.0) / 2.0
    places = order.places
    # Places are below 2^16, and a block has fewer events than that.
    own = np.add.reduce(places, axis=0, dtype=np.uint32) + float(events)
    lifted = own.copy()
    for one in below[:, :-1].T:
        lifted += _count_from(places, one)
    of_tested = below[:, :-1] + (rank(tested) if tested.shape[1] > 1 else 1.0)
    ranks = np.append(lifted, of_tested.sum(axis=0))
    signs = _signs(order, below[:, :-1], middle)
    effect_sums = own + _count_from(places, below[:, -1])
    return Daily(
        events=np.full(count, events),
        residuals=block.raw.sum(axis=0),
        ranks=ranks - events * middle,
        units=ranks / (count + 1.0) - 0.5 * events,
        signs=np.append(signs, np.sign(of_tested - middle).sum(axis=0)),
        effect_events=np.full(days + 1, events),
        effect_units=np.append(effect_sums / (days + 2.0) - 0.5 * events, units.sum()),
    )


def _count_from(places: Integers, first: Integers) -> Floats:
    """Count by column the places from a first one of each row on; up to 65,535 rows."""
    above = places >= first.astype(places.dtype)[:, None]
    return np.add.reduce(above.view(np.uint8), axis=0, dtype=np.uint16).astype(np.float64)


def _signs(order: Sorted, below: Integers, middle: float) -> Floats:
    """Sum by estimation day the signs about the median of estimation and tested days.

    A rank among all is that among the estimation days, and the tested days below: where it first
    exceeds the middle one, no place is further from the middle than there are tested days.
    """
    events, days = order.keys.shape
    least = max(int(middle) - below.shape[1] - 1, 0)
    place = np.arange(least, min(int(middle), days))
    ranks = place + 1 + (below[:, :, None] <= place).sum(axis=1)
    first = least + np.count_nonzero(ranks <= middle, axis=1)
    at_middle = order.column(np.maximum(first, 1) - 1)[(ranks == middle).any(axis=1)]
    return 2.0 * _count_from(order.places, first) + np.bincount(at_middle, minlength=days) - events


def _rising_runs(
    values: Floats, lengths: Set[int], noise: Floats, *, whole: bool
) -> dict[int, Floats]:
    """Share of the runs of so many days whose sum is positive; NaN without any complete run.

    Parameters
    ----------
    values : array of float, shape (n, E)
    lengths : set of int
        Days of the runs.
    noise : array of float, shape (n,)
        What rounding may leave of a day: a sum of no more than that a day is zero.
    whole : bool
        Whether no day is missing.
    """
    days = values.shape[1]
    found = {length: np.full(len(values), np.nan) for length in lengths}
    # Less its noise a day: a sum beyond that of so many days is then one above zero.
    flat = (values - noise[:, None]).reshape(-1)
    runs: Floats = np.empty(values.shape)
    sums = runs.reshape(-1)
    for day in range(1, min(max(lengths, default=1), days)):
        # Along the whole block: the last sums of a row run into the next, and are not counted.
        np.add(flat[:-1] if day == 1 else sums[:-day], flat[day:], out=sums[:-day])
        if day + 1 not in lengths:
            continue
        ends = days - day
        known = ends if whole else np.count_nonzero(np.isfinite(runs[:, :ends]), axis=1)
        with np.errstate(invalid="ignore"):
            found[day + 1] = _count_rows((runs > 0.0)[:, :ends]) / known
    return found


def _count_rows(flags: Booleans) -> Integers:
    """Count what is true in each row: in eight bits, as many columns at a time as those hold."""
    count = np.zeros(len(flags), dtype=np.int64)
    for first in range(0, flags.shape[1], 255):
        part = flags[:, first : first + 255].view(np.uint8)
        count += np.add.reduce(part, axis=1, dtype=np.uint8)
    return count


def _any_history(block: Block) -> tuple[Figures, list[Daily | None]]:
    """Take the history of events that may lack days, or have equal values."""
    values, windows = block.values, block.windows
    lengths = {len(window) for window in windows} - {1}
    count = np.count_nonzero(np.isfinite(values), axis=1)
    noise = _NOISE * np.sqrt(np.nansum(values**2, axis=1))
    runs = _rising_runs(values, lengths, noise, whole=False)
    figures: Figures = {("rising", length): share for length, share in runs.items()}
    with np.errstate(invalid="ignore"):
        figures["rising", 1] = np.count_nonzero(values > 0, axis=1) / count
    figures["days", 1] = (count + 1).astype(np.int32)
    daily: list[Daily | None] = []
    for number in range(len(windows)):
        effect = block.effects[:, number, None]
        below = np.count_nonzero(values < effect, axis=1)
        equal = np.count_nonzero(values == effect, axis=1)
        units = (1.0 + below + 0.5 * equal) / (count + 2.0) - 0.5
        units[np.isnan(effect[:, 0])] = np.nan
        figures["effect", number] = units
        index = np.flatnonzero(block.enters[:, number])
        some = block.take(index) if block.aligned[number] and len(index) else None
        daily.append(None if some is None else _any_daily(some, number, units[index]))
    return figures, daily


def _any_daily(block: Block, number: int, units: Floats) -> Daily:
    """Sum by day the events of :func:`_any_history` that enter a window."""
    values, tested = block.values, block.tested[:, block.days(number)]
    effect = block.effects[:, number, None]
    union = np.concatenate([values, tested], axis=1)
    there = np.isfinite(union)
    count = np.count_nonzero(there, axis=1)[:, None]
    ranks = rank(union)
    ordered = np.sort(union, axis=1)
    halves = np.concatenate([(count - 1) // 2, count // 2], axis=1)
    median = np.take_along_axis(ordered, halves, axis=1).mean(axis=1, keepdims=True)
    known = there[:, : values.shape[1]]
    # The effect stands in for the tested days.
    among = ranks[:, : values.shape[1]] + _half_below(values, effect)
    for day in range(tested.shape[1]):
        among -= _half_below(values, tested[:, day, None])
    scale = 1.0 / (np.count_nonzero(known, axis=1)[:, None] + 2.0)
    return Daily(
        events=np.count_nonzero(there, axis=0),
        residuals=np.where(known, block.raw, 0.0).sum(axis=0),
        ranks=np.where(there, ranks - (count + 1.0) / 2.0, 0.0).sum(axis=0),
        units=np.where(there, ranks / (count + 1.0) - 0.5, 0.0).sum(axis=0),
        signs=np.where(there, np.sign(union - median), 0.0).sum(axis=0),
        effect_events=np.append(np.count_nonzero(known, axis=0), np.isfinite(units).sum()),
        effect_units=np.append(
            np.where(known, among * scale - 0.5, 0.0).sum(axis=0), np.nansum(units)
        ),
    )


def _half_below(values: Floats, other: Floats) -> Floats:
    """By how much another value lifts the rank of each: 1 if it is below, one half if equal."""
    return (values > other) + 0.5 * (values == other)
