"""Sessions that windows share, by closes, and the clusters of events that share them.

Sessions of two exchanges are matched by their closes. They match in class ``same`` when they close
at the same instant; otherwise in class ``first`` when the close of X lies in (previous close of Y,
close of Y], and in class ``second`` when the close of Y lies in (previous close of X, close of X].
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eventstudy.arrays import Instants, Integers


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
    return join_events(label, event)


def join_events(label: Integers, event: Integers) -> Integers:
    """Join the clusters that share an event.

    Parameters
    ----------
    label : array of int, shape (N,)
        Clusters from 0.
    event : array of int, shape (N,)
        Number of the event.

    Returns
    -------
    array of int, shape (N,)
        Clusters from 0, in the order of the labels.

    Examples
    --------
    >>> join_events(np.array([0, 1, 2, 3]), np.array([0, 1, 0, 2]))
    array([0, 1, 0, 2])
    """
    if _distinct(event):
        return label
    every = np.arange(int(label.max(initial=-1)) + 1)
    return join(len(every), [(every, every), (label, event)])[label]


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
