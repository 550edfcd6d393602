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
        own, left = total - _running(edge.T), squares - _running(edge.T**2)
        count = (days - np.arange(len(own)))[:, None]
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
        edge = self.residuals[:, :most], self.residuals[:, days - most :][:, ::-1]
        first, last = (Moments.without(days, self.total, self.squares, one) for one in edge)
        length = np.array(lengths)[:, None]
        # What each window has in common with itself so many sessions later.
        share = np.maximum(length - np.arange(most + 1), 0) / length
        with np.errstate(invalid="ignore"):
            by_lag = _row_sums(self, own, first, last)
            squares = _squares(self, own, first, last, single=single)
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


def _row_sums(band: Band, own: slice, first: Moments, last: Moments) -> Floats:
    """Sum correlations by lag and event, shape (2 D + 1, n): from lag -D (earlier) to D (later).

    rho = (cross - count mean_x mean_y) scale_x scale_y: the partners are summed before they are
    multiplied by an event's own days. An event's correlation with itself is left out.
    """
    residuals, place, bounds = band.residuals, band.place.tolist(), band.bounds.tolist()
    days, most = residuals.shape[1], len(first.mean) - 1
    scale = np.concatenate([last.scale[:0:-1], first.scale])
    mean = np.concatenate([last.mean[:0:-1], first.mean])
    # Residuals of each date weighted by their scale at each lag, and its weighted means.
    levels = np.add.reduceat(scale * mean, band.bounds[:-1], axis=1)
    dates = list(itertools.pairwise(bounds))
    totals = [scale[:, begin:end] @ residuals[begin:end] for begin, end in dates]
    begin, stop = bounds[own.start], bounds[own.stop]
    products, level = np.zeros((2, len(scale), stop - begin))
    earliest = np.searchsorted(band.place, band.place - most).tolist()
    latest = np.searchsorted(band.place, band.place + most, side="right").tolist()
    for date in range(own.start, own.stop):
        mine, rows = slice(dates[date][0] - begin, dates[date][1] - begin), slice(*dates[date])
        partners = np.zeros((2 * most + 1, days))
        for other in range(earliest[date], latest[date]):
            lag = place[other] - place[date]
            if not lag and rows.stop - rows.start == 1:
                continue
            # The later one of two dates lacks its last days in what they share.
            if lag >= 0:
                partners[most + lag, lag:] = totals[other][most - lag, : days - lag]
            else:
                partners[most + lag, : days + lag] = totals[other][most - lag, -lag:]
            level[most + lag, mine] = (days - abs(lag)) * levels[most - lag, other]
        products[:, mine] = (residuals[rows] @ partners.T).T
    sums = scale[:, begin:stop] * (products - level * mean[:, begin:stop])
    sizes = np.diff(band.bounds)[own]
    sums[most] -= np.repeat(sizes > 1, sizes)
    return sums


def _squares(band: Band, own: slice, first: Moments, last: Moments, *, single: bool) -> Floats:
    """Sum squared correlations by date and lag, shape (own dates, D + 1), each pair once."""
    days, most = band.residuals.shape[1], len(first.mean) - 1
    products = _Products.of(band, first, last, np.float32 if single else np.float64)
    place, sizes = band.place.tolist(), np.diff(band.bounds).tolist()
    latest = np.searchsorted(band.place, band.place + most, side="right").tolist()
    found = np.zeros((own.stop - own.start, most + 1))
    for date in range(own.start, own.stop):
        n, row = sizes[date], found[date - own.start]
        begin = date + (n == 1)
        for other in range(date, latest[date]):
            # From so many events on, products of days by days are fewer than of events by events.
            if n * sizes[other] > days * (n + sizes[other]):
                row[place[other] - place[date]] = products.of_many(date, other)
                products.of_few(date, range(begin, other), row)
                begin = other + 1
        products.of_few(date, range(begin, latest[date]), row)
    return found


@dataclass(frozen=True, eq=False)
class _Products:
    """What sums of squared correlations of a band are taken from.

    (cross - count mean_x mean_y)^2 scale_x^2 scale_y^2 is never formed element by element. Rows
    have length one, so that single precision holds the squares of their products.

    Attributes
    ----------
    band : Band
        The band.
    laid : array, shape (N, sessions)
        Its rows on one axis of sessions.
    place : array of int, shape (dates,)
        Where each date begins on it.
    itself : array, shape (N,)
        What an event's product with itself is put to, so that it has no correlation.
    scale : tuple of two arrays, shape (D + 1, N)
        Squared scales of the events as the earlier and as the later ones of pairs.
    mixed : tuple of two arrays, shape (D + 1, N)
        The same times their means.
    level : tuple of two arrays, shape (D + 1, dates)
        Sums of (scale mean)^2 over the events of each date.
    """

    band: Band
    laid: np.ndarray
    place: Integers
    itself: np.ndarray
    scale: tuple[np.ndarray, np.ndarray]
    mixed: tuple[np.ndarray, np.ndarray]
    level: tuple[Floats, Floats]

    @classmethod
    def of(cls, band: Band, first: Moments, last: Moments, kind: type[np.floating]) -> _Products:
        """Scale the rows to length one."""
        with np.errstate(divide="ignore", invalid="ignore"):
            size = np.sqrt(band.squares)
            rows = band.residuals.astype(kind)
            rows *= np.where(size > 0, 1.0 / size, 0.0).astype(kind)[:, None]
            itself = (band.residuals.shape[1] * first.mean[0] ** 2 / size**2).astype(kind)
        x, y = (((one.scale * size) ** 2).astype(kind) for one in (first, last))
        of_x, of_y = ((one.scale**2 * one.mean * size).astype(kind) for one in (first, last))
        begin = band.bounds[:-1]
        x_level, y_level = (
            np.add.reduceat((one.scale * one.mean) ** 2, begin, axis=1) for one in (first, last)
        )
        place = close_up(band.place, len(first.mean) - 1)
        laid = wide(rows, band.bounds, place)
        return cls(band, laid, place, itself, (x, y), (of_x, of_y), (x_level, y_level))

    def of_few(self, date: int, others: range, row: Floats) -> None:
        """Fill in the sums over a date and each of some consecutive later ones, or itself."""
        if not others:
            return
        bounds, place = self.band.bounds, self.band.place
        days = self.band.residuals.shape[1]
        own = slice(int(bounds[date]), int(bounds[date + 1]))
        start, stop = int(bounds[others.start]), int(bounds[others.stop])
        sessions = slice(int(self.place[date]), int(self.place[date]) + days)
        rows = self.laid[own, sessions]
        cross = np.empty((len(rows), stop - start), rows.dtype)
        same = others.start == date
        if same:
            np.matmul(rows, rows.T, out=cross[:, : len(rows)])
        rest = own.stop if same else start
        if stop > rest:
            np.matmul(rows, self.laid[rest:stop, sessions].T, out=cross[:, rest - start :])
        if same:
            cross.reshape(-1)[:: stop - start + 1][: len(rows)] = self.itself[own]
        lags = (place[others.start : others.stop] - place[date]).tolist()
        edges = bounds[others.start : others.stop + 1].tolist()
        (x, y), (of_x, of_y) = self.scale, self.mixed
        partners = [
            (lag, slice(begin, end), slice(begin - start, end - start))
            for lag, begin, end in zip(lags, edges[:-1], edges[1:], strict=True)
        ]
        mixed = [of_x[lag, own] @ cross[:, mine] @ of_y[lag, it] for lag, it, mine in partners]
        np.multiply(cross, cross, out=cross)
        squared = [x[lag, own] @ cross[:, mine] @ y[lag, it] for lag, it, mine in partners]
        for lag, other, one, two in zip(lags, others, squared, mixed, strict=True):
            level = float(self.level[0][lag, date] * self.level[1][lag, other])
            row[lag] = float(one) - 2.0 * (days - lag) * float(two) + (days - lag) ** 2 * level

    def of_many(self, date: int, other: int) -> float:
        """Sum over the pairs of a date with a later one, or itself."""
        bounds, residuals = self.band.bounds, self.band.residuals
        lag = int(self.band.place[other] - self.band.place[date])
        x = residuals[bounds[date] : bounds[date + 1], lag:]
        y = residuals[bounds[other] : bounds[other + 1], : residuals.shape[1] - lag]
        return squares_of_many(x, y, same=date == other)
