"""Trading that stops: sessions without a trade, halts after the announcement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.errors import StudyError


@dataclass(frozen=True, kw_only=True)
class Trading:
    """When a security does not trade. Prices are observed, so the next return covers the gap.

    Attributes
    ----------
    idle : float
        Chance that a security has no price on a session.
    halt : int
        Sessions, from the announcement's day on, for which trading in the security stops.
    """

    idle: float = 0.0
    halt: int = 0

    def __post_init__(self) -> None:
        if not 0.0 <= self.idle < 0.5:
            raise StudyError(f"idle {self.idle} is not between 0 and .5. Give the share of days")
        if self.halt < 0:
            raise StudyError(f"a halt of {self.halt} sessions cannot be. Give 0 or more")

    @property
    def always(self) -> bool:
        """Whether every security trades on every session."""
        return self.idle == 0.0 and self.halt == 0


@dataclass(frozen=True, eq=False)
class Observed:
    """Returns between observed prices; every array has shape (..., days).

    Attributes
    ----------
    returns : array of float
        Simple returns on sessions with a price; NaN elsewhere, and before the first price.
    spans : array of int
        Sessions that each return covers.
    priced : array of bool
        Sessions with a price.
    """

    returns: Floats
    spans: Integers
    priced: Booleans


def observe(returns: Floats, priced: Booleans) -> Observed:
    """Compound returns over sessions without a price.

    Parameters
    ----------
    returns : array of float, shape (..., days)
        Returns of every session.
    priced : array of bool, shape (..., days)
        Sessions with a price. The price before the first session is known.

    Examples
    --------
    >>> seen = observe(np.array([0.1, 0.1, 0.1]), np.array([True, False, True]))
    >>> seen.returns.round(2).tolist(), seen.spans.tolist()
    ([0.1, nan, 0.21], [1, 1, 2])
    """
    days = returns.shape[-1]
    wealth = np.cumprod(1.0 + returns, axis=-1)
    wealth = np.concatenate([np.ones((*wealth.shape[:-1], 1)), wealth], axis=-1)
    place = np.broadcast_to(np.arange(1, days + 1), priced.shape)
    last = np.maximum.accumulate(np.where(priced, place, 0), axis=-1)
    before = np.concatenate([np.zeros((*last.shape[:-1], 1), np.int64), last[..., :-1]], axis=-1)
    earlier = np.take_along_axis(wealth, before, axis=-1)
    return Observed(
        np.where(priced, wealth[..., 1:] / earlier - 1.0, np.nan),
        np.where(priced, place - before, 1),
        priced,
    )


def next_price(priced: Booleans) -> Integers:
    """First session with a price from each session on, the number of sessions where none follows.

    Examples
    --------
    >>> next_price(np.array([False, True, False])).tolist()
    [1, 1, 3]
    """
    days = priced.shape[-1]
    place = np.where(priced, np.arange(days), days)
    return np.minimum.accumulate(place[..., ::-1], axis=-1)[..., ::-1]
