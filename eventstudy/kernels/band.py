"""Correlations of many dates of one calendar at once, where no day is missing.

The residuals of a run of dates lie on one axis of sessions, each event at its own place and zeros
elsewhere. A product of matrices over the sessions of one date then holds the cross products of its
events with all later ones over exactly the sessions that they share, date by date.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eventstudy.arrays import Booleans, Floats, Integers
from eventstudy.kernels.correlation import DIFFERENT, MIN_MATCHES, STILL, short, squares_of_many
from eventstudy.kernels.gaps import close_up, wide

# Share of an event's squares that must be left for what was taken off to have cost four digits.
_LOST = 1e-4


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
    def without(cls, values: Floats, most: int, total: Floats, squares: Floats) -> Moments:
        """Leave out the first columns one after the other, up to so many; all sums are known."""
        edge = values[:, :most]
        own, left = total - _running(edge.T), squares - _running(edge.T**2)
        # A day that holds nearly all of the squares leaves its rounding when it is taken off.
        for event in np.flatnonzero(~(left[-1] > _LOST * squares)):
            rest = [values[event, first:] for first in range(most + 1)]
            own[:, event] = [one.sum() for one in rest]
            left[:, event] = [(one**2).sum() for one in rest]
        count = (values.shape[1] - np.arange(len(own)))[:, None]
        mean = own / count
        about = left - count * mean**2
        with np.errstate(divide="ignore", invalid="ignore"):
            return cls(mean, np.where(about > DIFFERENT * left, 1.0 / np.sqrt(about), np.nan))


def _running(values: Floats) -> Floats:
    """Sum the first 0, 1, .. rows."""
    sums = np.zeros((len(values) + 1, values.shape[1]))
    np.cumsum(values, axis=0, out=sums[1:])
    return sums


@dataclass(frozen=True, eq=False)
class BandSums:
    """Sums of C_ij of the events of some dates.

    Attributes
    ----------
    rows : array of float, shape (windows, n)
        Of each event over all of its partners, itself left out.
    squares : array of float, shape (dates, windows)
        Sum of C_ij^2 over the pairs of a date with itself and with later ones, pairs of different
        dates counted twice.
    problem : tuple of str
        Why a window has no value, "" where it has.
    """

    rows: Floats
    squares: Floats
    problem: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Band:
    """Complete residuals of a run of dates of one calendar.

    Every sum depends on the dates near its own alone: it has the same bits in whatever band.

    Attributes
    ----------
    residuals : array of float, shape (N, E)
        Date by date.
    total, squares : array of float, shape (N,)
        Sum of each row, and of its squares.
    bounds : array of int, shape (dates + 1,)
        Where each date begins.
    place : array of int, shape (dates,)
        Session of each date, ascending.
    """

    residuals: Floats
    total: Floats
    squares: Floats
    bounds: Integers
    place: Integers

    def sums(self, own: slice, lengths: Sequence[int], *, single: bool) -> BandSums:
        """Sum C_ij of the events of some dates; the others are their partners alone.

        Parameters
        ----------
        own : slice
            The dates.
        lengths : sequence of int, length W
            Sessions of each window.
        single : bool
            Whether the products of pairs, of which only the sum of squares is taken, are in single
            precision: half the time, and about six digits of that sum.
        """
        days = self.residuals.shape[1]
        most = min(max(lengths) - 1, days - 1)
        ways = self.residuals, self.residuals[:, ::-1]
        first, last = (Moments.without(one, most, self.total, self.squares) for one in ways)
        length = np.array(lengths)[:, None]
        # What each window has in common with itself so many sessions later.
        share = np.maximum(length - np.arange(most + 1), 0) / length
        with np.errstate(invalid="ignore"):
            totals = _Totals.of(self, own, first, last)
            by_lag = _row_sums(self, own, first, last, totals)
            squares = _squares(self, own, first, last, totals, single=single)
        problem = _problems(share, self._pairs(own, most), np.isfinite(squares), days)
        if not (np.isfinite(squares).all() and np.isfinite(by_lag).all()):
            by_lag, squares = np.nan_to_num(by_lag), np.nan_to_num(squares)
        rows = np.zeros((len(share), by_lag.shape[1]))
        for one, lag in zip(by_lag, np.abs(np.arange(-most, most + 1)), strict=True):
            rows += share[:, lag, None] * one
        twice = share**2 * np.where(np.arange(most + 1) > 0, 2.0, 1.0)
        return BandSums(rows, (squares[:, None, :] * twice).sum(axis=2), problem)

    def _pairs(self, own: slice, most: int) -> Booleans:
        """Whether a date has pairs with one so many sessions later, shape (own dates, D + 1)."""
        place, size = self.place[own], np.diff(self.bounds)[own]
        found = np.isin(place[:, None] + np.arange(most + 1), self.place)
        found[:, 0] = size > 1
        return found

    def after(self, own: slice, lag: int) -> tuple[Integers, Integers]:
        """Find the dates of which another one is so many sessions later, and that other one."""
        wanted = self.place[own] + lag
        other = np.minimum(np.searchsorted(self.place, wanted), len(self.place) - 1)
        found = np.flatnonzero(self.place[other] == wanted)
        return own.start + found, other[found]


def _problems(share: Floats, pairs: Booleans, known: Booleans, days: int) -> tuple[str, ...]:
    """Say of each window why it has no value: too few days, or an event that does not vary."""
    problem = [""] * len(share)
    lags: Integers = np.arange(share.shape[1], dtype=np.int64)
    for number, shared in enumerate(share > 0):
        furthest = np.where(pairs & shared, lags, 0).max(axis=1)
        few = (pairs & shared).any(axis=1) & (days - furthest < MIN_MATCHES)
        wrong = few | (pairs & shared & ~known).any(axis=1)
        if wrong.any():
            date = int(np.argmax(wrong))
            problem[number] = short(days - int(furthest[date])) if few[date] else STILL
    return tuple(problem)


@dataclass(frozen=True, eq=False)
class _Totals:
    """Sums over the events of each date; lags from -D (earlier) to D (later), or from 0 to D.

    Attributes
    ----------
    days : array of float, shape (dates, 2 D + 1, E)
        Residuals by day, weighted by their scale at each lag.
    level : array of float, shape (2 D + 1, dates)
        Means weighted by it.
    earlier, later : array of float, shape (own dates, D + 1, E), (dates from them on, D + 1, E)
        Residuals weighted by mean and squared scale, of the earlier and the later one of two dates.
    earlier_level, later_level : array of float, shape (D + 1, dates)
        Squared means weighted by squared scale.
    """

    days: Floats
    level: Floats
    earlier: Floats
    later: Floats
    earlier_level: Floats
    later_level: Floats

    @classmethod
    def of(cls, band: Band, own: slice, first: Moments, last: Moments) -> _Totals:
        """Sum them: as own dates are the earlier ones of two, and later dates the later ones."""
        begin = band.bounds[:-1]
        scale = np.concatenate([last.scale[:0:-1], first.scale])
        mean = np.concatenate([last.mean[:0:-1], first.mean])
        levels = [one.scale * one.mean for one in (first, last)]
        of_first, of_last = (
            one.scale * level for one, level in zip((first, last), levels, strict=True)
        )
        squared = [np.add.reduceat(level**2, begin, axis=1) for level in levels]
        sums = _by_date(band, np.concatenate([scale, of_first, of_last]))
        by_lag, lags = len(scale), len(of_first)
        return cls(
            sums[:, :by_lag],
            np.add.reduceat(scale * mean, begin, axis=1),
            sums[own, by_lag : by_lag + lags],
            sums[own.start :, by_lag + lags :],
            *squared,
        )


def _by_date(band: Band, weights: Floats) -> Floats:
    """Sum residuals over the events of each date, shape (dates, weights, E)."""
    edges = band.bounds.tolist()
    found = np.empty((len(edges) - 1, len(weights), band.residuals.shape[1]))
    for sums, (start, stop) in zip(found, itertools.pairwise(edges), strict=True):
        np.matmul(weights[:, start:stop], band.residuals[start:stop], out=sums)
    return found


def _row_sums(band: Band, own: slice, first: Moments, last: Moments, totals: _Totals) -> Floats:
    """Sum correlations by lag and event, shape (2 D + 1, n): from lag -D (earlier) to D (later).

    rho = (cross - count mean_x mean_y) scale_x scale_y: the partners are summed before they are
    multiplied by an event's own days. An event's correlation with itself is left out.
    """
    days, most = band.residuals.shape[1], len(first.mean) - 1
    sizes = np.diff(band.bounds)
    partners = np.zeros((own.stop - own.start, 2 * most + 1, days))
    level = np.zeros((2 * most + 1, own.stop - own.start))
    for lag in range(-most, most + 1):
        date, other = band.after(own, lag)
        if not lag:
            date = other = date[sizes[date] > 1]
        # The later one of two dates lacks its last days in what they share.
        mine, its = slice(max(lag, 0), days + min(lag, 0)), slice(max(-lag, 0), days - max(lag, 0))
        partners[date - own.start, most + lag, mine] = totals.days[other, most - lag, its]
        level[most + lag, date - own.start] = (days - abs(lag)) * totals.level[most - lag, other]
    begin, stop = band.bounds[own.start], band.bounds[own.stop]
    products = np.empty((stop - begin, 2 * most + 1))
    edges = itertools.pairwise(band.bounds[own.start : own.stop + 1].tolist())
    for (start, end), those in zip(edges, partners, strict=True):
        np.matmul(band.residuals[start:end], those.T, out=products[start - begin : end - begin])
    scale = np.concatenate([last.scale[:0:-1], first.scale])[:, begin:stop]
    mean = np.concatenate([last.mean[:0:-1], first.mean])[:, begin:stop]
    sums = scale * (products.T - np.repeat(level, sizes[own], axis=1) * mean)
    sums[most] -= np.repeat(sizes[own] > 1, sizes[own])
    return sums


def _squares(
    band: Band, own: slice, first: Moments, last: Moments, totals: _Totals, *, single: bool
) -> Floats:
    """Sum squared correlations by date and lag, shape (own dates, D + 1), each pair once.

    (cross - count mean_x mean_y)^2 scale_x^2 scale_y^2 is never formed pair by pair: of its three
    terms only the first needs the pairs, the others are products of sums over dates.
    """
    days, most = band.residuals.shape[1], len(first.mean) - 1
    products = _Products.of(band, first, last, np.float32 if single else np.float64)
    place, sizes = band.place.tolist(), np.diff(band.bounds).tolist()
    latest = np.searchsorted(band.place, band.place + most, side="right").tolist()
    found = np.zeros((own.stop - own.start, most + 1))
    few = np.zeros(found.shape, dtype=np.bool_)
    for date in range(own.start, own.stop):
        n, row = sizes[date], date - own.start
        others, begin = range(date, latest[date]), date + (n == 1)
        # From so many events on, products of days by days are fewer than of events by events.
        many = [one for one in others if n * sizes[one] > days * (n + sizes[one])]
        for end in [*many, others.stop]:
            if begin < end:
                lags = band.place[begin:end] - place[date]
                found[row, lags] = products.of_few(date, slice(begin, end))
                few[row, lags] = True
            begin = end + 1
        for other in many:
            found[row, place[other] - place[date]] = products.of_many(date, other)
    for lag in range(most + 1):
        date, other = band.after(own, lag)
        mixed = np.einsum(
            "dt,dt->d",
            totals.earlier[date - own.start, lag, lag:],
            totals.later[other - own.start, lag, : days - lag],
        )
        x, y = totals.earlier_level[lag, date], totals.later_level[lag, other]
        if not lag:
            mixed -= x  # an event with itself
        rest = (days - lag) * ((days - lag) * x * y - 2.0 * mixed)
        found[date - own.start, lag] += np.where(few[date - own.start, lag], rest, 0.0)
    return found


@dataclass(frozen=True, eq=False)
class _Products:
    """Products of the residuals of pairs.

    Attributes
    ----------
    band : Band
        The band.
    laid : array, shape (N, sessions)
        Its rows on one axis of sessions, of length one, so that single precision holds the squares
        of their products.
    place : array of int, shape (dates,)
        Where each date begins on it.
    itself : array, shape (N,)
        What an event's product with itself is put to, so that it has no correlation.
    earlier, later : array, shape (D + 1, N)
        Squared scales of the events as the earlier and as the later ones of pairs.
    """

    band: Band
    laid: np.ndarray
    place: Integers
    itself: np.ndarray
    earlier: np.ndarray
    later: np.ndarray

    @classmethod
    def of(cls, band: Band, first: Moments, last: Moments, kind: type[np.floating]) -> _Products:
        """Scale the rows to length one."""
        size, days = np.sqrt(band.squares), band.residuals.shape[1]
        with np.errstate(divide="ignore", invalid="ignore"):
            itself = (days * first.mean[0] ** 2 / size**2).astype(kind)
            unit = np.where(size > 0, 1.0 / size, 0.0)
        earlier, later = (((one.scale * size) ** 2).astype(kind) for one in (first, last))
        place = close_up(band.place, len(first.mean) - 1)
        laid = wide(band.residuals, band.bounds, place, unit, kind)
        return cls(band, laid, place, itself, earlier, later)

    def of_few(self, date: int, others: slice) -> Floats:
        """Sum (cross scale_x scale_y)^2 over a date and each of some consecutive ones from it on.

        Returns
        -------
        array of float, shape (others,)
        """
        edges = self.band.bounds[others.start : others.stop + 1]
        own = slice(*self.band.bounds[date : date + 2].tolist())
        start, stop = int(edges[0]), int(edges[-1])
        sessions = slice(self.place[date], self.place[date] + self.band.residuals.shape[1])
        rows = self.laid[own, sessions]
        cross = np.empty((len(rows), stop - start), rows.dtype)
        if others.start == date:
            np.matmul(rows, rows.T, out=cross[:, : len(rows)])
            cross.reshape(-1)[:: stop - start + 1][: len(rows)] = self.itself[own]
        rest = max(start, own.stop)
        if stop > rest:
            np.matmul(rows, self.laid[rest:stop, sessions].T, out=cross[:, rest - start :])
        cross *= cross
        lags = self.place[others] - self.place[date]
        sums = self.earlier[:, own] @ cross
        sums *= self.later[:, start:stop]
        by_date = np.add.reduceat(sums, edges[:-1] - start, axis=1, dtype=np.float64)
        return by_date[lags, np.arange(len(lags))]

    def of_many(self, date: int, other: int) -> float:
        """Sum squared correlations over the pairs of a date with a later one, or itself."""
        bounds, residuals = self.band.bounds, self.band.residuals
        lag = int(self.band.place[other] - self.band.place[date])
        x = residuals[bounds[date] : bounds[date + 1], lag:]
        y = residuals[bounds[other] : bounds[other + 1], : residuals.shape[1] - lag]
        return squares_of_many(x, y, same=date == other)
