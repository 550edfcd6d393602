"""Correlations of many dates of one calendar at once, where no day is missing.

The residuals of a run of dates lie on one axis of sessions, each event at its own place and zeros
elsewhere. A product of matrices over the sessions of one date then holds the cross products of its
events with all later ones over exactly the sessions that they share, date by date.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Floats, Integers
from eventstudy.kernels.correlation import MIN_MATCHES, STILL, short

_DIFFERENT = 1e-14  # below this share of its squares a variance is rounding


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean, and one over the root of the squares about it, without d days at an end: d = 0..D.

    Attributes
    ----------
    mean, scale : array of float, shape (D + 1, events)
        NaN scales are of events that do not vary.
    """

    mean: Floats
    scale: Floats

    @classmethod
    def without(cls, days: int, total: Floats, squares: Floats, edge: Floats) -> Moments:
        """Leave out the columns of ``edge`` one after the other; sums of all days are known."""
        zero = np.zeros((1, len(edge)))
        own = total - np.concatenate([zero, np.cumsum(edge.T, axis=0)])
        left = squares - np.concatenate([zero, np.cumsum(edge.T**2, axis=0)])
        count = (days - np.arange(len(own)))[:, None]
        mean = own / count
        about = left - count * mean**2
        with np.errstate(divide="ignore", invalid="ignore"):
            return cls(mean, np.where(about > _DIFFERENT * left, 1.0 / np.sqrt(about), np.nan))


@dataclass(frozen=True, eq=False)
class BandSums:
    """Sums of C_ij of the events of one date with each other and with later ones.

    Attributes
    ----------
    own : array of float, shape (windows, n)
        Of the date's events, over all of these partners.
    later : list of array of float, shape (windows, k)
        Of the events of each later date, over the date's events.
    squares : array of float, shape (windows,)
        Sum of C_ij^2, pairs of different dates counted twice.
    problem : tuple of str
        Why a window has no value, "" where it has.
    """

    own: Floats
    later: list[Floats]
    squares: Floats
    problem: tuple[str, ...]


class Band:
    """Complete residuals of a run of dates of one calendar.

    Parameters
    ----------
    residuals : array of float, shape (N, E)
        Date by date.
    bounds : array of int, shape (dates + 1,)
        Where each date begins.
    zero : array of int, shape (dates,)
        Session of each date, ascending.
    lengths : sequence of int, length W
        Sessions of each window.
    single : bool
        Whether the products of pairs, of which only the sum of squares is taken, are in single
        precision: half the time, and about six digits of that sum.
    """

    def __init__(
        self,
        residuals: Floats,
        bounds: Integers,
        zero: Integers,
        lengths: Sequence[int],
        *,
        single: bool,
    ) -> None:
        self._bounds, self._place = bounds, zero - zero[0]
        self._lengths = np.array(lengths, dtype=np.int64)
        self._days = days = residuals.shape[1]
        self._most = most = min(max(lengths) - 1, days - 1)
        total, squares = np.einsum("nm->n", residuals), np.einsum("nm,nm->n", residuals, residuals)
        self._first = Moments.without(days, total, squares, residuals[:, :most])
        self._last = Moments.without(days, total, squares, residuals[:, days - most :][:, ::-1])
        self._residuals = residuals
        # Rows of length one, so that single precision holds the squares of their products.
        with np.errstate(divide="ignore", invalid="ignore"):
            self._size = np.where(squares > 0, 1.0 / np.sqrt(squares), 0.0)
        kind = np.float32 if single else np.float64
        self._wide = np.zeros((len(residuals), days + int(self._place[-1])), dtype=kind)
        self._sums: dict[int, tuple[Floats, Floats]] = {}
        for date, place in enumerate(self._place):
            rows = slice(bounds[date], bounds[date + 1])
            part = self._wide[rows, place : place + days]
            np.multiply(residuals[rows], self._size[rows, None], out=part, casting="same_kind")

    def upto(self, date: int) -> int:
        """Give the first later date that is so far off that no window shares a session with it."""
        last = int(self._place[date]) + self._most
        return int(np.searchsorted(self._place, last, side="right"))

    def sums(self, date: int) -> BandSums:
        """Sum C_ij of the events of a date with each other and with those of later dates."""
        upto = self.upto(date)
        lag = self._place[date:upto] - self._place[date]
        count = (self._days - lag).astype(np.float64)
        own = self._rows(date)
        rows = self._residuals[own]
        # Each lag has its own days, and with them every event its own mean and scale.
        scale, mean = self._first.scale[lag, own], self._first.mean[lag, own]
        partners = np.zeros((len(lag), self._days))
        levels = np.empty(len(lag))
        later: list[Floats] = []
        for place, d in enumerate(lag):
            other = self._rows(date + place)
            partners[place, d:] = self._totals(date + place)[1][d, : self._days - d]
            levels[place] = self._last.scale[d, other] @ self._last.mean[d, other]
            if place:
                mine = self._totals(date)[0][d, d:]
                along = self._residuals[other, : self._days - d] @ mine
                along -= (
                    count[place] * float(scale[place] @ mean[place]) * self._last.mean[d, other]
                )
                later.append(self._last.scale[d, other] * along)
        of_x = scale * ((rows @ partners.T).T - (count * levels)[:, None] * mean)
        # An event's correlation with itself does not count.
        of_x[0] = of_x[0] - 1.0 if len(rows) > 1 else 0.0
        squares = self._squares(date, upto, lag, count)
        return self._weighed(of_x, later, squares, lag)

    def _rows(self, date: int) -> slice:
        return slice(int(self._bounds[date]), int(self._bounds[date + 1]))

    def _totals(self, date: int) -> tuple[Floats, Floats]:
        """Sum a date's scaled residuals without first and without last days, (D + 1, E) each."""
        found = self._sums.get(date)
        if found is None:
            own = self._rows(date)
            rows = self._residuals[own]
            found = self._first.scale[:, own] @ rows, self._last.scale[:, own] @ rows
            self._sums[date] = found
        return found

    def _squares(self, date: int, upto: int, lag: Integers, count: Floats) -> Floats:
        """Sum of squared correlations with the events of each date, shape (dates,).

        rho = (cross - count mean_x mean_y) scale_x scale_y is never formed element by element.
        """
        begin, end, last = (int(self._bounds[one]) for one in (date, date + 1, upto))
        sessions = slice(int(self._place[date]), int(self._place[date]) + self._days)
        rows = self._wide[begin:end, sessions]
        cross = np.empty((end - begin, last - begin), rows.dtype)
        np.matmul(rows, rows.T, out=cross[:, : end - begin])
        if last > end:
            np.matmul(rows, self._wide[end:last, sessions].T, out=cross[:, end - begin :])
        part = np.repeat(np.arange(len(lag)), np.diff(self._bounds[date : upto + 1]))
        every, partners = np.arange(len(part)), np.arange(begin, last)
        x = _Side.of(self._first, self._size, lag[:, None], partners[None, : end - begin])
        y = _Side.of(self._last, self._size, lag[part], partners)
        own = every[: end - begin]
        cross[own, own] = count[0] * x.mean[0] * y.mean[own]  # no correlation with itself
        kind, dates = cross.dtype, len(lag)
        mixed = ((x.scale * x.level).astype(kind) @ cross)[part, every]
        np.multiply(cross, cross, out=cross)
        squared = ((x.scale**2).astype(kind) @ cross)[part, every]
        squares = np.bincount(part, weights=squared * y.scale**2, minlength=dates)
        mixed = np.bincount(part, weights=mixed * y.scale * y.level, minlength=dates)
        level = np.bincount(part, weights=y.level**2, minlength=dates)
        return squares - 2.0 * count * mixed + count**2 * (x.level**2).sum(axis=1) * level

    def _weighed(
        self, of_x: Floats, later: list[Floats], squares: Floats, lag: Integers
    ) -> BandSums:
        """Weigh the sums by the sessions that each window shares with itself so much later."""
        lengths = self._lengths[:, None]
        share = np.maximum(lengths - lag, 0) / lengths
        pairs = (share > 0) & ((lag > 0) | (of_x.shape[1] > 1))
        problem = [""] * len(share)
        shortest = self._days - np.where(pairs, lag, 0).max(axis=1)
        known = np.isfinite(squares)
        for number in np.flatnonzero(pairs.any(axis=1) & (shortest < MIN_MATCHES)):
            problem[number] = short(int(shortest[number]))
        if not known.all():
            for number in np.flatnonzero((pairs & ~known).any(axis=1)):
                problem[number] = problem[number] or STILL
            of_x, squares = np.nan_to_num(of_x), np.nan_to_num(squares)
        return BandSums(
            share @ of_x,
            [share[:, place, None] * one for place, one in enumerate(later, start=1)],
            (share**2 * np.where(lag == 0, 1.0, 2.0)) @ squares,
            tuple(problem),
        )


@dataclass(frozen=True, eq=False)
class _Side:
    """Scale and mean of rows of length one on one side of the pairs."""

    scale: Floats
    mean: Floats

    @classmethod
    def of(cls, moments: Moments, size: Floats, lag: Integers, events: Integers) -> _Side:
        """Take the events at their lags, as rows of length one."""
        return cls(
            moments.scale[lag, events] / size[events], moments.mean[lag, events] * size[events]
        )

    @property
    def level(self) -> Floats:
        """Mean times scale."""
        return self.scale * self.mean
