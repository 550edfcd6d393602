"""The line through one variable, one regression an event: the kernel of the market model."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from eventstudy.arrays import Booleans, Floats, Integers

# As in the orthogonal decomposition of several columns: what double precision cannot tell apart.
_DEPENDENT = 1e-12
# Share of a sum of squares below which a difference of such sums has lost four digits, and two: a
# difference of running sums may have lost two before.
_LOST, _LOST_OF_RUNNING = 1e-4, 1e-2


@dataclass(frozen=True, eq=False)
class Line:
    """Least-squares lines y = a + b x, one an event; every array has shape (events,).

    Attributes
    ----------
    intercept, slope : array of float
        NaN where x does not vary, or there are fewer than two days.
    mean : array of float
        Mean of x over the usable days.
    sxx : array of float
        Sum of squares of x about its mean.
    ssr, total : array of float
        Sum of squared residuals, and of squares of y about its mean.
    squares : array of float
        Sum of squares of y about zero.
    n_obs : array of int
        Usable days: those on which y and x are finite.
    singular : array of bool
        Where there is no line.
    """

    intercept: Floats
    slope: Floats
    mean: Floats
    sxx: Floats
    ssr: Floats
    total: Floats
    squares: Floats
    n_obs: Integers
    singular: Booleans

    @property
    def unscaled(self) -> Floats:
        """(X'X)^-1, shape (events, 2, 2)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(self.singular, np.nan, 1.0 / self.sxx)
            corner = 1.0 / self.n_obs + self.mean**2 * slope
        across = -self.mean * slope
        return np.stack([corner, across, across, slope], axis=1).reshape(-1, 2, 2)


def fit_line(y: Floats, x: Floats) -> Line:
    """Fit y on a constant and x, event by event.

    Parameters
    ----------
    y, x : array of float, shape (events, days)
        NaN is missing: a day with either missing is left out.

    Returns
    -------
    Line

    Notes
    -----
    One pass over the days takes the sums that the line is made of. It serves an event whose days
    are complete and whose sums lose no more than four of sixteen digits to subtraction; the others
    are fitted by deviations and residuals. Which way an event goes, and every sum, depends on its
    own days alone: it has the same bits whatever the other events are.
    """
    days = y.shape[1]
    if not days:
        return _careful(y, x)
    with np.errstate(over="ignore", invalid="ignore"):
        sums = (
            np.full(len(y), float(days)),
            np.einsum("nm->n", y),
            np.einsum("nm->n", x),
            np.einsum("nm,nm->n", y, y),
            np.einsum("nm,nm->n", x, y),
            np.einsum("nm,nm->n", x, x),
        )
    # A missing day makes a sum NaN, and no comparison with NaN is true.
    found, easy = _line_of(sums, _LOST)
    if not easy.all():
        hard = np.flatnonzero(~easy)
        other = _careful(y[hard], x[hard])
        for one in fields(Line):
            getattr(found, one.name)[hard] = getattr(other, one.name)
    return found


def line_of_sums(sums: Floats) -> tuple[Line, Booleans]:
    """Make lines of sums that are differences of running sums.

    Parameters
    ----------
    sums : array of float, shape (6, events)
        From :func:`eventstudy.kernels.running.window_sums`.

    Returns
    -------
    line : Line
    clear : array of bool, shape (events,)
        Where its numbers have lost no more than four digits; the others mean nothing.
    """
    return _line_of(tuple(sums), _LOST_OF_RUNNING)


def _line_of(sums: tuple[Floats, ...], lost: float) -> tuple[Line, Booleans]:
    """Make lines of the days' number, y, x, y^2, x y and x^2; say which have lost little."""
    count, y, x, squares, xy, xx = sums
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        mean, middle = x / count, y / count
        sxx, syy = xx - count * mean**2, squares - count * middle**2
        sxy = xy - count * mean * middle
        slope = sxy / sxx
        ssr = syy - slope * sxy
        easy = (sxx > lost * xx) & (ssr > lost * squares)
        n_obs = np.where(count > 0, count, 0.0).astype(np.int64)  # NaN has no integer
    found = Line(
        intercept=middle - slope * mean,
        slope=slope,
        mean=mean,
        sxx=sxx,
        ssr=ssr,
        total=syy,
        squares=squares,
        n_obs=n_obs,
        singular=np.zeros(len(count), dtype=np.bool_),
    )
    return found, easy


def _careful(y: Floats, x: Floats) -> Line:
    """Fit lines by deviations from the mean, and by residuals before they are squared."""
    usable = np.isfinite(y) & np.isfinite(x)
    n_obs = usable.sum(axis=1)
    y, x = np.where(usable, y, 0.0), np.where(usable, x, 0.0)
    count = np.maximum(n_obs, 1)
    mean, middle = x.sum(axis=1) / count, y.sum(axis=1) / count
    deviation = np.where(usable, x - mean[:, None], 0.0)
    sxx = (deviation**2).sum(axis=1)
    singular = np.sqrt(sxx) <= _DEPENDENT * np.sqrt(sxx + count * mean**2)
    singular |= n_obs < 2
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (deviation * y).sum(axis=1) / sxx
    slope[singular] = np.nan
    about = np.where(usable, y - middle[:, None], 0.0)
    ssr = ((about - slope[:, None] * deviation) ** 2).sum(axis=1)
    return Line(
        intercept=middle - slope * mean,
        slope=slope,
        mean=mean,
        sxx=sxx,
        ssr=ssr,
        total=(about**2).sum(axis=1),
        squares=(y**2).sum(axis=1),
        n_obs=n_obs,
        singular=singular,
    )
