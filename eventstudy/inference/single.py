"""Tests of one event of one security."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Booleans, Floats, Integers, Texts
from eventstudy.kernels.blocks import blocks
from eventstudy.kernels.cumulate import Cumulated, leverage
from eventstudy.kernels.pvalues import critical, two_sided
from eventstudy.kernels.resample import placebo_critical, placebo_pvalues
from eventstudy.windows import Window

SHARE_OF_RUNS = 20
UNASKED = "placebo only where asked above 10,000 events"


@dataclass(frozen=True, eq=False)
class SingleTests:
    """Tests of every event in one window; every array has shape (N,) but where said.

    Attributes
    ----------
    effects : Cumulated
        The effects.
    pvalue, low, high : array of float
        SAR-t: CAR over the standard error of its forecast, t with the dof of the fit.
    placebo_pvalue, placebo_low, placebo_high : array of float
        Placebo in time, two-sided.
    sq_lower, sq_upper : array of float
        Sample-quantile test, lower and upper tail.
    n_placebo : array of int
        Placebo runs.
    placebo : array of float, shape (N, runs)
        Placebo effects in return units, on the event's own scale: to be compared with its CAR. No
        runs where the placebo was not asked for.
    brown_forsythe : array of float
        Brown-Forsythe test of the spread of the window's abnormal returns against that of the
        estimation window; NaN below two days.
    reason : array of str
        Why a number is missing.
    """

    effects: Cumulated
    pvalue: Floats
    low: Floats
    high: Floats
    placebo_pvalue: Floats
    placebo_low: Floats
    placebo_high: Floats
    sq_lower: Floats
    sq_upper: Floats
    n_placebo: Integers
    placebo: Floats
    brown_forsythe: Floats
    reason: Texts


def single_tests(
    abnormal: Abnormal, window: Window, level: float, *, placebo: bool = True
) -> SingleTests:
    """Test every event by its own estimation window.

    Parameters
    ----------
    abnormal : Abnormal
        The events.
    window : Window
        A window inside the event window.
    level : float
        Level of the intervals.
    placebo : bool
        Whether to ask the placebo and SQ tests, which take a number for each event and run of
        estimation days; without them their fields are NaN, with a reason.

    Notes
    -----
    SAR-t is exact for normal returns whose variance the event leaves alone (Patell 1976). The
    placebo test compares the effect with the same statistic on every run of days of the estimation
    window; the sample-quantile (SQ) test of Gelbach, Helland and Klick (2013), American Law and
    Economics Review 15:495-541, is its one-sided form. Where the window is longer than a twentieth
    of the usable days there are too few independent runs, and no value.
    """
    effects = abnormal.cumulate(window)
    dof = abnormal.fit.dof
    half = critical(level, dof) * effects.se
    days = abnormal.days(window)
    ar = abnormal.ar[:, days]
    found = _placebo(abnormal, window, level, effects) if placebo else _unasked(len(abnormal))
    found.reason[effects.n_days == 0] = "no abnormal return on any day of the window"
    return SingleTests(
        effects=effects,
        pvalue=two_sided(effects.scar, dof),
        low=effects.car - half,
        high=effects.car + half,
        placebo_pvalue=found.pvalue,
        placebo_low=effects.car - found.width,
        placebo_high=effects.car + found.width,
        sq_lower=found.lower,
        sq_upper=found.upper,
        n_placebo=found.count,
        placebo=found.runs,
        brown_forsythe=brown_forsythe(
            abnormal.standard_residuals,
            ar / np.sqrt(abnormal.innovations[:, days]),
        ),
        reason=found.reason,
    )


@dataclass(frozen=True, eq=False)
class _Placebo:
    """Placebo in time: the columns of SingleTests, and half the width of the interval."""

    pvalue: Floats
    lower: Floats
    upper: Floats
    count: Integers
    runs: Floats
    width: Floats
    reason: Texts


def _unasked(events: int) -> _Placebo:
    nothing = np.full(events, np.nan)
    count, runs = np.zeros(events, dtype=np.int64), np.empty((events, 0))
    reason = np.full(events, UNASKED, dtype=object)
    return _Placebo(nothing, nothing, nothing, count, runs, nothing, reason)


def _placebo(abnormal: Abnormal, window: Window, level: float, effects: Cumulated) -> _Placebo:
    days = abnormal.days(window)
    ar, spans = abnormal.ar[:, days], abnormal.spans[:, days]
    there = np.isfinite(ar)
    long_window = len(window) > abnormal.fit.n_obs / SHARE_OF_RUNS
    usable = there.any(axis=1) & ~long_window
    root = np.where(there, np.sqrt(spans, dtype=np.float64), 1.0)
    scale = np.where(usable, _scale(abnormal, days, there, root), np.nan)
    statistic = np.where(there, ar / root, 0.0).sum(axis=1) / scale
    placebo = abnormal.placebo(there)
    placebo[~usable] = np.nan
    both, lower, upper, count = placebo_pvalues(statistic, placebo)
    # With one return over k sessions the statistic is the CAR over sqrt(k); with several returns of
    # different spans it is no multiple of the CAR, and there is no interval for it.
    widest = np.where(there, spans, 1).max(axis=1, initial=1)
    mixed = (widest > 1) & (effects.n_days > 1)
    unit = np.where(mixed, np.nan, scale * np.sqrt(widest))
    width = placebo_critical(placebo, 1.0 - level) * unit
    reason = np.full(len(abnormal), "", dtype=object)
    reason[long_window] = (
        f"no placebo: {len(window)} days are more than a twentieth of the usable estimation days"
    )
    reason[mixed & usable] = "no placebo interval: the window mixes returns of different spans"
    return _Placebo(both, lower, upper, count, placebo * unit[:, None], width, reason)


def _scale(abnormal: Abnormal, days: slice, there: Booleans, root: Floats) -> Floats:
    """Give the spread of each effect on the scale of one session, in units of sigma."""
    innovations = abnormal.innovations[:, days] / abnormal.spans[:, days]
    rows = np.where(there[:, :, None], abnormal.event_rows[:, days] / root[:, :, None], 0.0)
    spent = np.where(there, innovations, 0.0).sum(axis=1)
    return np.sqrt(spent + leverage(rows.sum(axis=1), abnormal.fit.unscaled))


def brown_forsythe(estimation: Floats, window: Floats) -> Floats:
    """Test whether two sets of abnormal returns have the same spread about their medians.

    Parameters
    ----------
    estimation, window : array of float, shape (N, days)
        NaN is missing.

    Returns
    -------
    array of float, shape (N,)
        Upper tail of F(1, n - 2); NaN where the window has fewer than two days.

    References
    ----------
    Brown and Forsythe (1974), Journal of the American Statistical Association 69:364-367.
    """
    pvalues = np.full(len(estimation), np.nan)
    if min(estimation.shape[1], window.shape[1]) < 2:
        return pvalues
    for part in blocks(len(estimation), estimation.shape[1] + window.shape[1]):
        (n, mean, squares), (k, other, more) = map(_about_median, (estimation[part], window[part]))
        with np.errstate(divide="ignore", invalid="ignore"):
            whole = (n * mean + k * other) / (n + k)
            between = n * (mean - whole) ** 2 + k * (other - whole) ** 2
            within, dof = squares + more, n + k - 2
            tail = special.fdtrc(1, dof, between / (within / dof))
        pvalues[part] = np.where((n > 1) & (k > 1) & (within > 0), tail, np.nan)
    return pvalues


def _about_median(values: Floats) -> tuple[Integers, Floats, Floats]:
    """Days, mean distance from the median and its sum of squares about that mean, by row."""
    there = np.isfinite(values)
    n = there.sum(axis=1)
    ordered = np.sort(np.where(there, values, np.inf), axis=1)
    middle = np.column_stack([np.maximum(n - 1, 0) // 2, np.minimum(n // 2, values.shape[1] - 1)])
    median = np.take_along_axis(ordered, middle, axis=1).sum(axis=1, keepdims=True) / 2.0
    distance = np.where(there, np.abs(np.where(there, values, 0.0) - median), 0.0)
    mean = distance.sum(axis=1) / np.maximum(n, 1)
    squares = np.where(there, distance - mean[:, None], 0.0) ** 2
    return n, mean, squares.sum(axis=1)


@dataclass(frozen=True, eq=False)
class PeerTests:
    """Placebo over peer firms; every array has shape (N,).

    Attributes
    ----------
    pvalue : array of float
        (1 + peers with as large a standardised effect) / (peers + 1); NaN without peers.
    n_peers : array of int
        Peers with an effect on the same day and window.
    """

    pvalue: Floats
    n_peers: Integers


def no_peers(events: int) -> PeerTests:
    """Give the tests of events that are compared with no peers."""
    return PeerTests(np.full(events, np.nan), np.zeros(events, dtype=np.int64))


def peer_tests(abnormal: Abnormal, peers: Abnormal, owner: Integers, window: Window) -> PeerTests:
    """Compare each event's standardised effect with those of other firms on the same days.

    Parameters
    ----------
    abnormal : Abnormal
        The events.
    peers : Abnormal
        The same days of other securities, one row an event and peer.
    owner : array of int, shape (peer rows,)
        The event that each peer row belongs to, by its position.
    window : Window
        The window.

    Notes
    -----
    In the manner of Conley and Taber (2011), Review of Economics and Statistics 93:113-125: it
    absorbs what moved all firms that day, and needs the peers' standardised effects to be like the
    event's without the event. 19 peers are needed to reach 5 %.
    """
    own, others = abnormal.cumulate(window).scar, peers.cumulate(window).scar
    known = np.isfinite(others)
    extreme = known & (np.abs(np.where(known, others, 0.0)) >= np.abs(own[owner]))
    count = np.bincount(owner[known], minlength=len(own))
    larger = np.bincount(owner[extreme], minlength=len(own))
    with np.errstate(invalid="ignore"):
        pvalue = np.where((count > 0) & np.isfinite(own), (1 + larger) / (count + 1), np.nan)
    return PeerTests(pvalue, count)


@dataclass(frozen=True)
class SingleTest:
    """A test of one event, in words; its numbers are columns of the events frame."""

    name: str
    column: str
    title: str
    null: str
    alternative: str
    reference: str
    assumes: str
    avoid: str


SINGLE_TESTS: dict[str, SingleTest] = {
    test.name: test
    for test in (
        SingleTest(
            "sar_t",
            "pvalue",
            "SAR t",
            "the cumulative abnormal return of the event is zero",
            "it is not zero",
            "Patell (1976), J. Accounting Research 14:246-276, doi:10.2307/2490543; Mikkelson and "
            "Partch (1988), J. Financial and Quantitative Analysis 23:119-133",
            "normal abnormal returns whose variance the event leaves alone; over several sessions, "
            "none of them autocorrelated",
            "fat tails, and over several sessions autocorrelation (at .2 it rejects in 9 % at the "
            "5 % level): read the placebo beside it",
        ),
        SingleTest(
            "placebo",
            "placebo_pvalue",
            "Placebo in time",
            "the effect is one of those of the estimation window's runs of days",
            "it is larger in absolute value",
            "Gelbach, Helland and Klick (2013), American Law and Economics Review 15:495-541, "
            "doi:10.1093/aler/aht006",
            "estimation days that are like the event days without the event",
            "windows longer than a twentieth of the estimation window, where it has no value",
        ),
        SingleTest(
            "sq",
            "sq_pvalue",
            "Sample-quantile (SQ)",
            "the effect is one of those of the estimation window's runs of days",
            "it is smaller (sq_pvalue) or larger (sq_pvalue_upper)",
            "Gelbach, Helland and Klick (2013), American Law and Economics Review 15:495-541, "
            "doi:10.1093/aler/aht006",
            "estimation days that are like the event days without the event",
            "a sign that was not fixed in advance: the two-sided placebo is the test then",
        ),
        SingleTest(
            "peers",
            "peer_pvalue",
            "Placebo over peer firms",
            "the standardised effect is one of those of other firms on the same days",
            "it is larger in absolute value",
            "Conley and Taber (2011), Review of Economics and Statistics 93:113-125, "
            "doi:10.1162/REST_a_00049",
            "peers that the event leaves alone and that are like the firm otherwise",
            "fewer than 19 peers, where 5 % cannot be reached",
        ),
        SingleTest(
            "brown_forsythe",
            "brown_forsythe_pvalue",
            "Brown-Forsythe",
            "the abnormal returns of the window spread like those of the estimation window",
            "they spread more or less",
            "Brown and Forsythe (1974), J. American Statistical Association 69:364-367, "
            "doi:10.1080/01621459.1974.10482955",
            "independent days",
            "windows of few days, where it has little power; of one day, where it has no value",
        ),
    )
}
