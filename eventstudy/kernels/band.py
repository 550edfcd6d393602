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

    def sums(self, own: slice, lengths: Sequence[int], signs: np.ndarray | None = None) -> BandSums:
        """Sum C_ij of the events of some dates; the others are their partners alone.

        Parameters
        ----------
        own : slice
            The dates.
        lengths : sequence of int, length W
            Sessions of each window.
        signs : array of 1 and -1, shape (k, N), optional
            Estimate the squares from so many draws of signs: the square of a sum that has random
            signs is, on average, the sum of squares. Without, they are exact.
        """
        days = self.residuals.shape[1]
        most = min(max(lengths) - 1, days - 1)
        ways = self.residuals, self.residuals[:, ::-1]
        first, last = (Moments.without(one, most, self.total, self.squares) for one in ways)
        length = np.array(lengths)[:, None]
        # What each window has in common with itself so many sessions later.
        share = np.maximum(length - np.arange(most + 1), 0) / length
        with np.errstate(invalid="ignore"):
            by_lag, signed = _sums_by_lag(self, own, first, last, signs)
            squares = (
                _squares(self, own, first, last)
                if signed is None
                else _estimated_squares(self, own, signed)
            )
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


def _by_date(band: Band, weights: Floats) -> Floats:
    """Sum residuals over the events of each date, shape (dates, weights, E)."""
    edges = band.bounds.tolist()
    found = np.empty((len(edges) - 1, len(weights), band.residuals.shape[1]))
    for sums, (start, stop) in zip(found, itertools.pairwise(edges), strict=True):
        np.matmul(weights[:, start:stop], band.residuals[start:stop], out=sums)
    return found


def _sums_by_lag(
    band: Band, own: slice, first: Moments, last: Moments, signs: np.ndarray | None
) -> tuple[Floats, Floats | None]:
    """Sum correlations by lag and event, and with signs on the partners.

    rho = (cross - count mean_x mean_y) scale_x scale_y: the partners are summed before they are
    multiplied by an event's own days. An event's correlation with itself is left out.

    Returns
    -------
    by_lag : array of float, shape (2 D + 1, n)
        From lag -D (earlier) to D (later).
    signed : array of float, shape (D + 1, k, n), or None
        From lag 0 on.
    """
    days, most = band.residuals.shape[1], len(first.mean) - 1
    scale = np.concatenate([last.scale[:0:-1], first.scale])
    mean = np.concatenate([last.mean[:0:-1], first.mean])
    draws = 0 if signs is None else len(signs)
    # Lag by lag: a row of all partners, and from lag 0 on one of each draw.
    lags = np.repeat(np.arange(-most, most + 1), [1] * most + [1 + draws] * (most + 1))
    weights = scale[most - lags]
    if signs is not None:
        weights[most:].reshape(most + 1, 1 + draws, -1)[:, 1:] *= signs
    begin, stop = band.bounds[own.start], band.bounds[own.stop]
    sizes = np.diff(band.bounds)
    of_date = _by_date(band, weights)
    of_level = np.add.reduceat(weights * mean[most - lags], band.bounds[:-1], axis=1)
    # Days by lags: a product of many rows and few columns is fastest with its columns side by side.
    partners = np.zeros((own.stop - own.start, days, len(lags)))
    level = np.zeros((len(lags), own.stop - own.start))
    for lag in range(-most, most + 1):
        date, other = band.after(own, lag)
        if not lag:
            date = other = date[sizes[date] > 1]
        row, which = date - own.start, slice(*np.searchsorted(lags, [lag, lag + 1]).tolist())
        # The later one of two dates lacks its last days in what they share.
        mine, its = slice(max(lag, 0), days + min(lag, 0)), slice(max(-lag, 0), days - max(lag, 0))
        partners[row, mine, which] = of_date[other, which, its].transpose(0, 2, 1)
        level[which, row] = (days - abs(lag)) * of_level[which, other]
    products = np.empty((stop - begin, len(lags)))
    edges = itertools.pairwise(band.bounds[own.start : own.stop + 1].tolist())
    for (start, end), those in zip(edges, partners, strict=True):
        np.matmul(band.residuals[start:end], those, out=products[start - begin : end - begin])
    sums = products.T - np.repeat(level, sizes[own], axis=1) * mean[most + lags, begin:stop]
    sums *= scale[most + lags, begin:stop]
    itself = np.repeat(sizes[own] > 1, sizes[own])
    from_zero = sums[most:].reshape(most + 1, 1 + draws, -1)
    from_zero[0, 0] -= itself
    if signs is None:
        return sums, None
    from_zero[0, 1:] -= itself * signs[:, begin:stop]
    return np.concatenate([sums[:most], from_zero[:, 0]]), from_zero[:, 1:]


def _estimated_squares(band: Band, own: slice, signed: Floats) -> Floats:
    """Estimate the sums of squared correlations by date and lag, shape (own dates, D + 1)."""
    by_event = np.einsum("lkn,lkn->ln", signed, signed) / signed.shape[1]
    edges = band.bounds[own.start : own.stop] - band.bounds[own.start]
    return np.ascontiguousarray(np.add.reduceat(by_event, edges, axis=1).T)


def _squares(band: Band, own: slice, first: Moments, last: Moments) -> Floats:
    """Sum squared correlations by date and lag, shape (own dates, D + 1), each pair once."""
    days, most = band.residuals.shape[1], len(first.mean) - 1
    place, sizes = band.place.tolist(), np.diff(band.bounds).tolist()
    latest = np.searchsorted(band.place, band.place + most, side="right").tolist()
    found = _squares_of_few(band, own, first, last, latest)
    for date in range(own.start, own.stop):
        for other in _many(sizes, days, date, latest[date]):
            found[date - own.start, place[other] - place[date]] = _of_many(band, date, other)
    return found


def _many(sizes: list[int], days: int, date: int, stop: int) -> list[int]:
    """Find the dates with so many events that products of days by days are the fewer ones."""
    n = sizes[date]
    return [one for one in range(date, stop) if n * sizes[one] > days * (n + sizes[one])]


def _of_many(band: Band, date: int, other: int) -> float:
    """Sum squared correlations over the pairs of a date with a later one, or itself."""
    bounds, residuals = band.bounds, band.residuals
    lag = int(band.place[other] - band.place[date])
    x = residuals[bounds[date] : bounds[date + 1], lag:]
    y = residuals[bounds[other] : bounds[other + 1], : residuals.shape[1] - lag]
    return squares_of_many(x, y, same=date == other)


def _squares_of_few(
    band: Band, own: slice, first: Moments, last: Moments, latest: list[int]
) -> Floats:
    """Sum the squares of dates with few events, shape (own dates, D + 1), from each pair.

    (cross - count mean_x mean_y)^2 scale_x^2 scale_y^2 is never formed pair by pair: of its three
    terms only the first needs the pairs, the others are products of sums over dates.
    """
    days, most = band.residuals.shape[1], len(first.mean) - 1
    products, totals = _Products.of(band, first, last), _Totals.of(band, own, first, last)
    place, sizes = band.place.tolist(), np.diff(band.bounds).tolist()
    found = np.zeros((own.stop - own.start, most + 1))
    few = np.zeros(found.shape, dtype=np.bool_)
    for date in range(own.start, own.stop):
        row, begin = date - own.start, date + (sizes[date] == 1)
        for end in [*_many(sizes, days, date, latest[date]), latest[date]]:
            if begin < end:
                lags = band.place[begin:end] - place[date]
                found[row, lags] = products.squares(date, slice(begin, end))
                few[row, lags] = True
            begin = end + 1
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
class _Totals:
    """Sums over the events of each date; lags from 0 to D.

    Attributes
    ----------
    earlier, later : array of float, shape (own dates, D + 1, E), (dates from them on, D + 1, E)
        Residuals weighted by mean and squared scale, of the earlier and the later one of two dates.
    earlier_level, later_level : array of float, shape (D + 1, dates)
        Squared means weighted by squared scale.
    """

    earlier: Floats
    later: Floats
    earlier_level: Floats
    later_level: Floats

    @classmethod
    def of(cls, band: Band, own: slice, first: Moments, last: Moments) -> _Totals:
        """Sum them: as own dates are the earlier ones of two, and later dates the later ones."""
        levels = [one.scale * one.mean for one in (first, last)]
        weights = [one.scale * level for one, level in zip((first, last), levels, strict=True)]
        squared = [np.add.reduceat(level**2, band.bounds[:-1], axis=1) for level in levels]
        sums, lags = _by_date(band, np.concatenate(weights)), len(levels[0])
        return cls(sums[own, :lags], sums[own.start :, lags:], *squared)


@dataclass(frozen=True, eq=False)
class _Products:
    """Products of the residuals of pairs.

    Attributes
    ----------
    band : Band
        The band.
    laid : array of float, shape (N, sessions)
        Its rows on one axis of sessions.
    place : array of int, shape (dates,)
        Where each date begins on it.
    itself : array of float, shape (N,)
        What an event's product with itself is put to, so that it has no correlation.
    earlier, later : array of float, shape (D + 1, N)
        Squared scales of the events as the earlier and as the later ones of pairs.
    """

    band: Band
    laid: Floats
    place: Integers
    itself: Floats
    earlier: Floats
    later: Floats

    @classmethod
    def of(cls, band: Band, first: Moments, last: Moments) -> _Products:
        """Lay the rows on one axis."""
        place = close_up(band.place, len(first.mean) - 1)
        laid = wide(band.residuals, band.bounds, place)
        itself = band.residuals.shape[1] * first.mean[0] ** 2
        return cls(band, laid, place, itself, first.scale**2, last.scale**2)

    def squares(self, date: int, others: slice) -> Floats:
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
        cross = np.empty((len(rows), stop - start))
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
        return np.add.reduceat(sums, edges[:-1] - start, axis=1)[lags, np.arange(len(lags))]
