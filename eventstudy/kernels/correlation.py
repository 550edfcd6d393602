"""Correlation of the standardised effects of events of two calendars, in several windows at once.

C_ij = sum over classes c of rho_ij^c n_ij^c / sqrt(L_i L_j): rho the correlation of the two events'
estimation-window abnormal returns over the matching sessions in which both are available, n the
matching sessions that are both covered by an abnormal return of the tested windows. The classes are
those of :func:`eventstudy.kernels.dependence.match`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from eventstudy.arrays import Booleans, Floats, Integers

MIN_MATCHES = 30
DIFFERENT = 1e-14  # below this share of its squares a variance is rounding

Matches = tuple[Integers, Integers]
"""Sessions of x and of y that match."""


@dataclass(frozen=True, eq=False)
class Coverage:
    """One window of a block of n events.

    Attributes
    ----------
    first : int
        First session that its returns can cover: that of the window, or an earlier one that a
        return after a halt reaches back to.
    covered : array of bool, shape (n, sessions)
        Sessions from ``first`` on that an abnormal return of the event covers.
    weight : array of float, shape (n,)
        1 / sqrt(L_i), 0 for an event that does not enter.
    """

    first: int
    covered: Booleans
    weight: Floats

    @cached_property
    def even(self) -> float:
        """The common weight where every event enters and covers every session, else NaN."""
        same = bool(self.covered.all()) and bool((self.weight == self.weight[0]).all())
        return float(self.weight[0]) if same and self.weight[0] > 0 else np.nan


@dataclass(frozen=True, eq=False)
class Block:
    """Events that share calendar and day zero: n events, E estimation days.

    Attributes
    ----------
    calendar : int
        Calendar of the events.
    estimation : int
        First session of the estimation window.
    residuals : array of float, shape (n, E)
        Abnormal returns of the estimation window, NaN is missing.
    tested : tuple of Coverage
        The windows.
    """

    calendar: int
    estimation: int
    residuals: Floats
    tested: tuple[Coverage, ...]

    @cached_property
    def complete(self) -> bool:
        """Whether no event lacks an estimation day."""
        return bool(np.isfinite(self.residuals.sum()))


@dataclass(frozen=True, eq=False)
class PairSums:
    """Sums of C_ij over two sets of events x and y, one row a window; no event meets itself.

    Attributes
    ----------
    of_x : array of float, shape (windows, n)
        Sums over the events of y.
    of_y : array of float, shape (windows, k)
        Sums over the events of x.
    squares : array of float, shape (windows,)
        Sum of C_ij^2.
    problem : tuple of str
        Why a window has no value, "" where it has.
    """

    of_x: Floats
    of_y: Floats
    squares: Floats
    problem: tuple[str, ...]


def pair_sums(x: Block, y: Block, classes: Sequence[Matches]) -> PairSums:
    """Sum C_ij over the events of two blocks of different calendars.

    Parameters
    ----------
    x, y : Block
        The two blocks.
    classes : sequence of pairs of int arrays
        Sessions of x's calendar and of y's that match, class by class.

    Returns
    -------
    PairSums

    Notes
    -----
    For disjoint windows C_ij is 0.
    """
    windows = len(x.tested)
    of_x, of_y = np.zeros((windows, len(x.residuals))), np.zeros((windows, len(y.residuals)))
    squares, problem = np.zeros(windows), [""] * windows
    known: dict[int, _Rho] = {}
    for number, (own, other) in enumerate(zip(x.tested, y.tested, strict=True)):
        shared = _shared(own, other, classes)
        if not shared:
            continue
        rhos: list[_Rho] = []
        for one in shared:
            if one.which not in known:
                known[one.which] = _Rho(x, y, classes[one.which])
            rhos.append(known[one.which])
        even = own.even * other.even * shared[0].count
        if len(rhos) == 1 and rhos[0].sums is not None and np.isfinite(even):
            sums = rhos[0].sums
            of_x[number], of_y[number] = even * sums.of_x[0], even * sums.of_y[0]
            squares[number], problem[number] = even**2 * sums.squares[0], sums.problem[0]
            continue
        total = np.zeros((len(x.residuals), len(y.residuals)))
        for rho, one in zip(rhos, shared, strict=True):
            part, why = rho.times(own.covered[:, one.x], other.covered[:, one.y], own, other)
            total += part
            problem[number] = problem[number] or why
        total *= own.weight[:, None] * other.weight
        of_x[number], of_y[number] = total.sum(axis=1), total.sum(axis=0)
        squares[number] = float(np.vdot(total, total))
    return PairSums(of_x, of_y, squares, tuple(problem))


@dataclass(frozen=True)
class _Shared:
    """Matches of one class that lie in two windows: places in both, and their number."""

    which: int
    x: Integers
    y: Integers
    count: int


def _shared(own: Coverage, other: Coverage, classes: Sequence[Matches]) -> list[_Shared]:
    """Classes in which two windows share sessions."""
    days_x, days_y = own.covered.shape[1], other.covered.shape[1]
    found = [
        _both(which, matches, own.first, days_x, other.first, days_y)
        for which, matches in enumerate(classes)
    ]
    return [one for one in found if one.count]


def _both(
    which: int, matches: Matches, first_x: int, days_x: int, first_y: int, days_y: int
) -> _Shared:
    """Positions, within two windows of consecutive sessions, of the matches that lie in both."""
    begin, end = np.searchsorted(matches[0], [first_x, first_x + days_x])
    x, y = matches[0][begin:end] - first_x, matches[1][begin:end] - first_y
    both = (y >= 0) & (y < days_y)
    return _Shared(which, x[both], y[both], int(both.sum()))


class _Rho:
    """Correlations of the events of two blocks over the matches of one class."""

    def __init__(self, x: Block, y: Block, matches: Matches) -> None:
        shared = _both(
            0, matches, x.estimation, x.residuals.shape[1], y.estimation, y.residuals.shape[1]
        )
        self._count = shared.count
        self._complete = x.complete and y.complete
        self._x, self._y = x.residuals[:, shared.x], y.residuals[:, shared.y]

    @cached_property
    def sums(self) -> PairSums | None:
        """Sums over all pairs, where every day is there; None where some are missing."""
        if not self._complete:
            return None
        n, k = len(self._x), len(self._y)
        if self._count < MIN_MATCHES:
            empty = np.zeros((1, n)), np.zeros((1, k))
            return PairSums(*empty, np.zeros(1), (short(self._count),))
        if n + k > 2 * self._count:
            of_x, of_y, squares = _many(self._x, self._y)
        else:
            of_x, of_y, squares = _few(self._x, self._y)
        still = "" if np.isfinite(squares) else STILL
        return PairSums(of_x[None, :], of_y[None, :], np.array([squares]), (still,))

    @cached_property
    def matrix(self) -> tuple[Floats, Floats]:
        """Correlation and shared days of every pair."""
        return pairwise_correlation(self._x, self._y)

    def times(
        self, covered_x: Booleans, covered_y: Booleans, own: Coverage, other: Coverage
    ) -> tuple[Floats, str]:
        """Give rho times the sessions that both cover, and why there is no value."""
        shared = covered_x.astype(np.float64) @ covered_y.astype(np.float64).T
        shared *= (own.weight > 0)[:, None] & (other.weight > 0)
        wanted = shared > 0
        if not wanted.any():
            return np.zeros(shared.shape), ""
        rho, count = self.matrix
        if np.any(count[wanted] < MIN_MATCHES):
            return np.zeros(shared.shape), short(int(count[wanted].min()))
        if np.isnan(rho[wanted]).any():
            return np.zeros(shared.shape), STILL
        return np.where(wanted, rho * shared, 0.0), ""


STILL = "an event's abnormal return does not vary over the shared estimation days"


def short(count: int) -> str:
    """Say that two events share too few days."""
    return (
        f"two events share tested sessions but only {count} estimation days; a correlation needs "
        f"{MIN_MATCHES}"
    )


def _few(x: Floats, y: Floats) -> tuple[Floats, Floats, float]:
    """Sum rho by the events of x and of y, and its squares, from the matrix of products."""
    days = x.shape[1]
    (mean_x, scale_x), (mean_y, scale_y) = _moments(x), _moments(y)
    cross = x @ y.T
    cross -= (days * mean_x)[:, None] * mean_y
    of_x, of_y = scale_x * (cross @ scale_y), scale_y * (scale_x @ cross)
    np.multiply(cross, cross, out=cross)
    return of_x, of_y, float(scale_x**2 @ cross @ scale_y**2)


def _moments(x: Floats) -> tuple[Floats, Floats]:
    """Mean of each row, and 1 over the root of its squares about it; NaN where it is constant."""
    days = x.shape[1]
    mean, squares = np.einsum("nm->n", x) / days, np.einsum("nm,nm->n", x, x)
    about = squares - days * mean**2
    with np.errstate(divide="ignore", invalid="ignore"):
        return mean, np.where(about > DIFFERENT * squares, 1.0 / np.sqrt(about), np.nan)


def _many(x: Floats, y: Floats) -> tuple[Floats, Floats, float]:
    """Give the same from matrices of days by days: for more events than days."""
    own, other = _unit(x), _unit(y)
    return own @ other.sum(axis=0), other @ own.sum(axis=0), _squares(own, other)


def squares_of_many(x: Floats, y: Floats, *, same: bool) -> float:
    """Sum the squared correlations of every row of x with every row of y.

    Parameters
    ----------
    x, y : array of float, shape (n, days) and (k, days)
        Complete rows, more of them than days.
    same : bool
        Whether y is x: a row's correlation with itself then does not count.
    """
    own = _unit(x)
    return _squares(own, own) - len(x) if same else _squares(own, _unit(y))


def _squares(x: Floats, y: Floats) -> float:
    """Sum the squared products of rows of length one, from matrices of days by days."""
    return float(np.vdot(x.T @ x, y.T @ y))


def _unit(values: Floats) -> Floats:
    """Centre each row and scale it to length one; NaN where it does not vary but by rounding."""
    centred = values - values.mean(axis=1, keepdims=True)
    squares = (centred**2).sum(axis=1, keepdims=True)
    varies = squares > DIFFERENT * (values**2).sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(varies, centred / np.sqrt(squares), np.nan)


def _spread(squares: Floats, mean: Floats) -> Floats:
    """Variance from the mean square and the mean; NaN where it is rounding."""
    found = squares - mean**2
    return np.where(found > DIFFERENT * squares, found, np.nan)


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
    return masked_correlation(
        (x, has_x.astype(np.float64), x**2), (y, has_y.astype(np.float64), y**2)
    )


def masked_correlation(
    one: tuple[Floats, Floats, Floats], other: tuple[Floats, Floats, Floats]
) -> tuple[Floats, Floats]:
    """Correlate as :func:`pairwise_correlation` does, from what products are taken of.

    Parameters
    ----------
    one, other : tuple of three arrays of float, shape (n, days) and (k, days)
        Values, 0 where one is missing; 1 where it is there; their squares.
    """
    (x, in_x, square_x), (y, in_y, square_y) = one, other
    count = in_x @ in_y.T
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_x, mean_y = (x @ in_y.T) / count, (in_x @ y.T) / count
        cross = (x @ y.T) / count - mean_x * mean_y
        spread_x = _spread((square_x @ in_y.T) / count, mean_x)
        spread_y = _spread((in_x @ square_y.T) / count, mean_y)
        return cross / np.sqrt(spread_x * spread_y), count
