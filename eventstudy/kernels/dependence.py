"""Correlation between events through the sessions that their windows share, and their clusters.

Sessions of two exchanges are matched by their closes. They match in class ``same`` when they close
at the same instant; otherwise in class ``first`` when the close of X lies in (previous close of Y,
close of Y], and in class ``second`` when the close of Y lies in (previous close of X, close of X].
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Booleans, Floats, Instants, Integers

MIN_MATCHES = 30

Rhos = dict[tuple[int, int, int], list[tuple[Floats, Floats]]]
"""Correlations and shared days of pairs of blocks, by the blocks' numbers and the class."""


@dataclass(frozen=True, eq=False)
class Block:
    """Events that share calendar and day zero: E estimation days, L sessions of tested returns.

    Attributes
    ----------
    calendar : int
        Calendar of the events.
    members : array of int, shape (n,)
        Positions of the events in the sample.
    estimation : array of int, shape (E,)
        Sessions of the estimation window.
    window : array of int, shape (L,)
        Sessions that the returns of the tested window can cover: the window's own, preceded by
        those that a return after a halt reaches back to.
    residuals : array of float, shape (n, E)
        Abnormal returns of the estimation window, NaN is missing.
    available : array of bool, shape (n, L)
        Sessions that an abnormal return of the window covers.
    """

    calendar: int
    members: Integers
    estimation: Integers
    window: Integers
    residuals: Floats
    available: Booleans


@dataclass(frozen=True, eq=False)
class Correlation:
    """Correlation of the standardised effects of N events.

    Attributes
    ----------
    r : float
        Mean of C_ij over i != j; NaN where it has no value.
    row_sums : array of float, shape (N,)
        Sum over j of C_ij, the diagonal of ones included.
    squares : float
        Sum over all i, j of C_ij^2, the diagonal included.
    problem : str
        Why there is no value, "" where there is.
    """

    r: float
    row_sums: Floats
    squares: float
    problem: str


def match(closes_x: Instants, closes_y: Instants) -> tuple[tuple[Integers, Integers], ...]:
    """Match the sessions of two calendars.

    Parameters
    ----------
    closes_x, closes_y : array of datetime64, shape (sessions,)
        Ascending closes.

    Returns
    -------
    tuple of three pairs of int arrays
        Sessions of x and of y that match in class ``same``, ``first`` (x closes within y's span)
        and ``second`` (y closes within x's span).
    """
    later_y = np.searchsorted(closes_y, closes_x, side="left")
    later_x = np.searchsorted(closes_x, closes_y, side="left")
    inside_x = np.flatnonzero(later_y < len(closes_y))
    inside_y = np.flatnonzero(later_x < len(closes_x))
    equal_x = closes_y[later_y[inside_x]] == closes_x[inside_x]
    equal_y = closes_x[later_x[inside_y]] == closes_y[inside_y]
    same = inside_x[equal_x]
    first = inside_x[~equal_x]
    second = inside_y[~equal_y]
    return (
        (same, later_y[same]),
        (first, later_y[first]),
        (later_x[second], second),
    )


def correlate(
    blocks: Sequence[Block],
    closes: Sequence[Instants],
    length: Integers,
    known: Rhos | None = None,
) -> Correlation:
    """Measure the overlap-weighted correlation of standardised effects.

    C_ij = sum over classes c of rho_ij^c n_ij^c / sqrt(L_i L_j): rho the correlation of the two
    events' estimation-window abnormal returns over the matches of the class in which both are
    available, n the matches of which both sessions are covered by an abnormal return of the tested
    windows.

    Parameters
    ----------
    blocks : sequence of Block
        The events, by calendar and day zero.
    closes : sequence of arrays of datetime64
        Closes of each calendar.
    length : array of int, shape (N,)
        Sessions covered by each event's tested days.
    known : dict, optional
        Keeps the correlations of pairs of blocks, which do not depend on the tested window, from
        one window of the same events to the next.

    Returns
    -------
    Correlation

    Notes
    -----
    For events of one date without missing days C_ij is the plain correlation of Kolari and
    Pynnonen (2010), Review of Financial Studies 23:3996-4025; for disjoint windows it is 0.
    """
    count = len(length)
    row_sums = np.ones(count)
    squares = float(count)
    weight = 1.0 / np.sqrt(length.astype(np.float64))
    known = {} if known is None else known
    matched: dict[tuple[int, int], tuple[tuple[Integers, Integers], ...]] = {}
    for g, h in _overlapping(blocks, closes):
        x, y = blocks[g], blocks[h]
        pair = (x.calendar, y.calendar)
        if pair not in matched:
            matched[pair] = _classes(pair, closes)
        total = np.zeros((len(x.members), len(y.members)))
        for which, sessions in enumerate(matched[pair]):
            rhos = known.setdefault((g, h, which), [])
            part, short = _class_part(x, y, sessions, rhos, same=g == h)
            if short:
                return Correlation(np.nan, row_sums, np.nan, short)
            total += part
        total *= weight[x.members][:, None] * weight[y.members]
        if g == h:
            np.fill_diagonal(total, 0.0)
            row_sums[x.members] += total.sum(axis=1)
            squares += float((total**2).sum())
        else:
            row_sums[x.members] += total.sum(axis=1)
            row_sums[y.members] += total.sum(axis=0)
            squares += 2.0 * float((total**2).sum())
    r = float((row_sums.sum() - count) / (count * (count - 1)))
    return Correlation(r, row_sums, squares, "")


def _overlapping(blocks: Sequence[Block], closes: Sequence[Instants]) -> Iterator[tuple[int, int]]:
    """Pairs of blocks whose tested windows share a session, each with itself too."""
    spans: list[tuple[int, int]] = []
    for block in blocks:
        begin, end = window_span(closes[block.calendar], block.window[:1], block.window[-1:])
        spans.append((int(begin[0]), int(end[0])))
    order = sorted(range(len(blocks)), key=lambda block: spans[block])
    begins = np.array([spans[block][0] for block in order], dtype=np.int64)
    for place, g in enumerate(order):
        upto = int(np.searchsorted(begins, spans[g][1], side="left"))
        for h in order[place:upto]:
            yield min(g, h), max(g, h)


def window_span(closes: Instants, first: Integers, last: Integers) -> tuple[Integers, Integers]:
    """Spans of consecutive sessions: the close before the first, and the close of the last, in ns.

    Two windows have matching sessions exactly when their half-open spans (begin, end] overlap.
    Before the first known session the day before its close stands in, after the last one its close.

    Parameters
    ----------
    closes : array of datetime64, shape (sessions,)
        Ascending closes.
    first, last : array of int, shape (windows,)
        First and last session of each window.

    Returns
    -------
    begin, end : array of int, shape (windows,)
    """
    known = closes.astype(np.int64)
    eve = known[0] - 86_400_000_000_000
    begin = np.where(first > 0, known[np.clip(first - 1, 0, len(known) - 1)], eve)
    return begin, known[np.clip(last, 0, len(known) - 1)]


def _classes(
    pair: tuple[int, int], closes: Sequence[Instants]
) -> tuple[tuple[Integers, Integers], ...]:
    if pair[0] == pair[1]:
        every = np.arange(len(closes[pair[0]]))
        return ((every, every),)
    return match(closes[pair[0]], closes[pair[1]])


def _class_part(
    x: Block,
    y: Block,
    sessions: tuple[Integers, Integers],
    rhos: list[tuple[Floats, Floats]],
    *,
    same: bool,
) -> tuple[Floats, str]:
    """Give rho times n of one class for every pair of two blocks, or why there is no value."""
    in_x, in_y = _both(sessions, x.window, y.window)
    if not len(in_x):
        return np.zeros((len(x.members), len(y.members))), ""
    shared = x.available[:, in_x].astype(np.float64) @ y.available[:, in_y].astype(np.float64).T
    if not rhos:
        in_x, in_y = _both(sessions, x.estimation, y.estimation)
        rhos.append(pairwise_correlation(x.residuals[:, in_x], y.residuals[:, in_y]))
    rho, count = rhos[0]
    wanted = shared > 0
    if same:
        np.fill_diagonal(wanted, val=False)
    if np.any(count[wanted] < MIN_MATCHES):
        return shared, (
            f"two events share tested sessions but only {int(count[wanted].min())} estimation "
            f"days; a correlation needs {MIN_MATCHES}"
        )
    if np.isnan(rho[wanted]).any():
        return shared, "an event's abnormal return does not vary over the shared estimation days"
    return np.where(wanted, rho * shared, 0.0), ""


def _both(
    sessions: tuple[Integers, Integers], of_x: Integers, of_y: Integers
) -> tuple[Integers, Integers]:
    """Positions, within two windows of consecutive sessions, of the matches that lie in both."""
    begin, end = np.searchsorted(sessions[0], [of_x[0], of_x[-1] + 1])
    x, y = sessions[0][begin:end] - of_x[0], sessions[1][begin:end] - of_y[0]
    both = (y >= 0) & (y < len(of_y))
    return x[both], y[both]


def pairwise_correlation(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Pearson correlation of every row of x with every row of y over the days that both have.

    Parameters
    ----------
    x : array of float, shape (n, days)
    y : array of float, shape (k, days)
        NaN is missing.

    Returns
    -------
    rho : array of float, shape (n, k)
        NaN where a row does not vary over the shared days.
    count : array of float, shape (n, k)
        Shared days.
    """
    has_x, has_y = np.isfinite(x), np.isfinite(y)
    if has_x.all() and has_y.all() and x.shape[1]:
        rho = _unit(x) @ _unit(y).T
        return rho, np.full(rho.shape, float(x.shape[1]))
    x, y = np.where(has_x, x, 0.0), np.where(has_y, y, 0.0)
    in_x, in_y = has_x.astype(np.float64), has_y.astype(np.float64)
    count = in_x @ in_y.T
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_x, mean_y = (x @ in_y.T) / count, (in_x @ y.T) / count
        cross = (x @ y.T) / count - mean_x * mean_y
        spread_x = ((x**2) @ in_y.T) / count - mean_x**2
        spread_y = (in_x @ (y**2).T) / count - mean_y**2
        return cross / np.sqrt(spread_x * spread_y), count


def _unit(values: Floats) -> Floats:
    """Centre each row and scale it to length one; NaN where it does not vary."""
    centred = values - values.mean(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return centred / np.sqrt((centred**2).sum(axis=1, keepdims=True))


def clusters(begin: Integers, end: Integers, event: Integers) -> Integers:
    """Assign clusters to events that share a tested session or an event.

    Two windows share a session, by closes, exactly when the half-open spans (previous close of the
    first session, close of the last] overlap. Clusters are the connected components.

    Parameters
    ----------
    begin, end : array of int, shape (N,)
        Close before the first tested session, and close of the last, as `window_span` gives them.
    event : array of int, shape (N,)
        Number of the event; rows of one event belong together whatever their sessions.

    Returns
    -------
    array of int, shape (N,)
        Clusters from 0, in the order of time.

    Examples
    --------
    >>> clusters(np.array([0, 1, 5]), np.array([2, 3, 6]), np.array([0, 1, 2]))
    array([0, 0, 1])
    """
    # Spans that begin together overlap in whatever order they stand, but for those of no length.
    order = np.argsort(begin) if bool((begin < end).all()) else np.lexsort((end, begin))
    reach = np.maximum.accumulate(end[order])
    opens = np.ones(len(begin), dtype=np.bool_)
    opens[1:] = begin[order][1:] >= reach[:-1]
    label = np.empty(len(begin), dtype=np.int64)
    label[order] = np.cumsum(opens) - 1
    if _distinct(event):
        return label
    every = np.arange(len(label))
    return join(len(label), [(every, label), (every, event)])


def join(count: int, links: Sequence[tuple[Integers, Integers]]) -> Integers:
    """Assign the connected components of things that share a label.

    Parameters
    ----------
    count : int
        Number of things.
    links : sequence of (things, labels)
        Things with the same label of one entry belong together.

    Returns
    -------
    array of int, shape (count,)
        Components from 0, numbered by their first thing in the first entry's order of labels.

    Examples
    --------
    >>> join(4, [(np.arange(4), np.array([0, 0, 1, 2])), (np.array([1, 2]), np.array([7, 7]))])
    array([0, 0, 0, 1])
    """
    label = np.arange(count)
    if links and np.array_equal(np.sort(links[0][0]), label):
        label[links[0][0]] = _ranks(links[0][1])
    things, own = _one_link([link for link in links if not _distinct(link[1])])
    while True:
        before = label
        lowest = np.full(own.max(initial=-1) + 1, count, dtype=np.int64)
        np.minimum.at(lowest, own, label[things])
        # Whoever bears one of the labels that meet takes the lowest of them, and what that takes.
        take = np.arange(count)
        np.minimum.at(take, label[things], lowest[own])
        while not np.array_equal(further := take[take], take):
            take = further
        label = take[label]
        if np.array_equal(label, before):
            return _ranks(label)


def _one_link(links: Sequence[tuple[Integers, Integers]]) -> tuple[Integers, Integers]:
    """Lay links end to end, so that labels of different ones do not meet."""
    nothing = np.empty(0, dtype=np.int64)
    things, labels, used = [nothing], [nothing], 0
    for some, label in links:
        own = _ranks(label)
        things.append(some)
        labels.append(own + used)
        used += int(own.max(initial=-1)) + 1
    return np.concatenate(things), np.concatenate(labels)


def _ranks(labels: Integers) -> Integers:
    """Rank of each label among the distinct ones, from 0, shape (labels,)."""
    if not _close(labels):
        return np.unique(labels, return_inverse=True)[1].astype(np.int64)
    place = labels - labels.min()
    return (np.cumsum(np.bincount(place) > 0) - 1)[place]


def _distinct(labels: Integers) -> bool:
    """Whether no label occurs twice."""
    if bool((labels[1:] > labels[:-1]).all()):
        return True
    if not _close(labels):
        return len(np.unique(labels)) == len(labels)
    return bool((np.bincount(labels - labels.min()) < 2).all())


def _close(labels: Integers) -> bool:
    """Whether labels lie close enough together to be counted, at a tenth of the cost of sorting."""
    return len(labels) > 0 and int(labels.max()) - int(labels.min()) <= 4 * len(labels)
