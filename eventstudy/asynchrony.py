"""What aligning by closes corrects: slopes on a benchmark of another exchange by date label.

A benchmark that closes hours after a security has not yet seen, on the same date, what the security
has, and its move of the day before is what the security answers to. Paired by the date that both
carry, part of the co-movement falls on the wrong day: the slope is pulled towards zero, and the
abnormal return of an event day keeps the market's move. Aligned by closes, each return of the
security is met by what the benchmark did between the security's last close and this one.
"""

from __future__ import annotations

import numpy as np

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Floats
from eventstudy.kernels.ols import least_squares
from eventstudy.market import Market
from eventstudy.models.base import BENCHMARK
from eventstudy.panel import session_returns


def same_date_betas(abnormal: Abnormal, market: Market) -> Floats:
    """Slopes of a market model with the benchmark paired by date label, without alignment.

    Parameters
    ----------
    abnormal : Abnormal
        The events.
    market : Market
        Where their benchmarks are.

    Returns
    -------
    array of float, shape (N,)
        NaN where the benchmark trades on the security's own exchange, where the model has no
        benchmark, and where the dates in common do not suffice.
    """
    betas = np.full(len(abnormal), np.nan)
    if BENCHMARK not in abnormal.model.factors or not len(abnormal):
        return betas
    rows, calendars = abnormal.rows, abnormal.panel.calendars
    estimation = abnormal.design.estimation
    returns = abnormal.estimation_returns
    for benchmark in np.unique(rows.benchmark):
        ticker = abnormal.market.names[benchmark]
        own = market.sessions[ticker]
        values = session_returns(market.laid[ticker], own)
        for which in np.unique(rows.calendar[rows.benchmark == benchmark]):
            if calendars[which].name == own.name:
                continue
            here = np.flatnonzero((rows.benchmark == benchmark) & (rows.calendar == which))
            sessions = calendars[which].sessions
            place = rows.zero[here, None] + np.arange(estimation.first, estimation.last + 1)
            known = (place >= 0) & (place < len(sessions))
            same = own.index_of(sessions[np.clip(place, 0, len(sessions) - 1)])
            x = np.where(known & (same >= 0), values[same], np.nan)
            one = np.ones(x.shape)
            found = least_squares(returns[here], np.stack([one, x], axis=2))
            enough = found.n_obs >= abnormal.model.parameters + 5
            betas[here] = np.where(enough, found.coefficients[:, 1], np.nan)
    return betas
