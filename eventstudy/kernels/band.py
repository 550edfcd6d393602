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
        own, left = total - _running(edge.T), squares - _running(edge.T**2)
        count = (days - np.arange(len(own)))[:, None]
        mean = own / count
        about = left - count * mean**2
        with np.errstate(divide="ignore", invalid="ignore"):
            return cls(mean, np.where(about > _DIFFERENT * left, 1.0 / np.sqrt(about), np.nan))


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
    for number, own in enumerate((share > 0)[:, None, :] & pairs):
        furthest = np.where(own, np.arange(own.shape[1]), 0).max(axis=1)
        few = own.any(axis=1) & (days - furthest < MIN_MATCHES)
        wrong = few | (own & ~known).any(axis=1)
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
    sums[most] -= np.repeat(np.diff(bounds)[own] > 1, np.diff(bounds)[own])
    return sums


def _squares(band: Band, own: slice, first: Moments, last: Moments, *, single: bool) -> Floats:
    """Sum squared correlations by date and lag, shape (own dates, D + 1), each pair once.

    (cross - count mean_x mean_y)^2 scale_x^2 scale_y^2 is never formed element by element.
    """
    place, bounds = band.place.tolist(), band.bounds.tolist()
    days, most = band.residuals.shape[1], len(first.mean) - 1
    kind = np.float32 if single else np.float64
    # Rows of length one, so that single precision holds the squares of their products.
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.sqrt(band.squares)
        wide = _wide(band, np.where(size > 0, 1.0 / size, 0.0).astype(kind))
        itself = (days * first.mean[0] ** 2 / size**2).astype(kind)
    x, y = (
        (((one.scale * size) ** 2).astype(kind), (one.scale**2 * one.mean * size).astype(kind))
        for one in (first, last)
    )
    x_level, y_level = (
        np.add.reduceat((one.scale * one.mean) ** 2, band.bounds[:-1], axis=1)
        for one in (first, last)
    )
    latest = np.searchsorted(band.place, band.place + most, side="right").tolist()
    found = np.zeros((own.stop - own.start, most + 1))
    for date in range(own.start, own.stop):
        begin, end, stop = bounds[date], bounds[date + 1], bounds[latest[date]]
        sessions = slice(place[date] - place[0], place[date] - place[0] + days)
        rows = wide[begin:end, sessions]
        cross = np.empty((end - begin, stop - begin), kind)
        np.matmul(rows, rows.T, out=cross[:, : end - begin])
        if stop > end:
            np.matmul(rows, wide[end:stop, sessions].T, out=cross[:, end - begin :])
        # No correlation of an event with itself.
        cross.reshape(-1)[:: stop - begin + 1][: end - begin] = itself[begin:end]
        partners = [
            (place[other] - place[date], slice(bounds[other], bounds[other + 1]))
            for other in range(date + (end - begin == 1), latest[date])
        ]
        inside = [slice(part.start - begin, part.stop - begin) for _, part in partners]
        mixed = [
            x[1][lag, begin:end] @ cross[:, columns] @ y[1][lag, part]
            for (lag, part), columns in zip(partners, inside, strict=True)
        ]
        np.multiply(cross, cross, out=cross)
        squared = [
            x[0][lag, begin:end] @ cross[:, columns] @ y[0][lag, part]
            for (lag, part), columns in zip(partners, inside, strict=True)
        ]
        others = range(latest[date] - len(partners), latest[date])
        for (lag, _), other, one, two in zip(partners, others, squared, mixed, strict=True):
            count, level = days - lag, x_level[lag, date] * y_level[lag, other]
            found[date - own.start, lag] = float(one) - 2.0 * count * float(two) + count**2 * level
    return found


def _wide(band: Band, scale: Floats) -> Floats:
    """Lay scaled residuals on one axis of sessions, in the scale's precision, (N, sessions)."""
    days = band.residuals.shape[1]
    place, bounds = band.place - band.place[0], band.bounds.tolist()
    wide = np.zeros((len(band.residuals), days + int(place[-1])), dtype=scale.dtype)
    for first, begin, end in zip(place.tolist(), bounds[:-1], bounds[1:], strict=True):
        part = wide[begin:end, first : first + days]
        part[:] = band.residuals[begin:end]
        part *= scale[begin:end, None]
    return wide
