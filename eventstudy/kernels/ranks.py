"""Ranks within rows."""

from __future__ import annotations

import numpy as np

from eventstudy.arrays import Floats


def average_ranks(values: Floats) -> Floats:
    """Rank each row from 1 up, ties sharing their average rank.

    Parameters
    ----------
    values : array of float, shape (events, days)
        NaN is missing: it gets no rank and takes no place.

    Returns
    -------
    array of float, shape (events, days)
        NaN where the value is missing.

    Examples
    --------
    >>> average_ranks(np.array([[3.0, np.nan, 1.0, 3.0]]))
    array([[2.5, nan, 1. , 2.5]])
    """
    events, days = values.shape
    if days == 0:
        return values.copy()
    order = np.argsort(values, axis=1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=1)
    place = np.empty((events, days), dtype=np.int64)
    place[:] = np.arange(days)
    opens = np.ones((events, days), dtype=np.bool_)
    opens[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    closes = np.ones((events, days), dtype=np.bool_)
    closes[:, :-1] = opens[:, 1:]
    first = np.maximum.accumulate(np.where(opens, place, 0), axis=1)
    last = np.minimum.accumulate(np.where(closes, place, days)[:, ::-1], axis=1)[:, ::-1]
    ranks = np.empty((events, days))
    np.put_along_axis(ranks, order, (first + last) / 2.0 + 1.0, axis=1)
    return np.where(np.isnan(values), np.nan, ranks)
