"""Tests of one event of one security."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from eventstudy.abnormal import Abnormal
from eventstudy.arrays import Floats, Integers, Texts
from eventstudy.kernels.cumulate import Cumulated, leverage
from eventstudy.kernels.pvalues import critical, two_sided
from eventstudy.kernels.resample import placebo_critical, placebo_pvalues
from eventstudy.windows import Window

SHARE_OF_RUNS = 20


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
        Placebo effects in return units, on the event's own scale: to be compared with its CAR.
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


def single_tests(abnormal: Abnormal, window: Window, level: float) -> SingleTests:
    """Test every event by its own estimation window.

    Parameters
    ----------
    abnormal : Abnormal
        The events.
    window : Window
        A window inside the event window.
    level : float
        Level of the intervals.

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
    ar, spans = abnormal.ar[:, days], abnormal.spans[:, days]
    there = np.isfinite(ar)
    long_window = len(window) > abnormal.fit.n_obs / SHARE_OF_RUNS
    usable = there.any(axis=1) & ~long_window
    root = np.where(there, np.sqrt(spans), 1.0)
    rows = np.where(there[:, :, None], abnormal.event_rows[:, days] / root[:, :, None], 0.0)
    innovations = abnormal.innovations[:, days]
    spent = np.where(there, innovations / spans, 0.0).sum(axis=1)
    scale = np.sqrt(spent + leverage(rows.sum(axis=1), abnormal.fit.unscaled))
    scale = np.where(usable, scale, np.nan)
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
    reason[effects.n_days == 0] = "no abnormal return on any day of the window"
    return SingleTests(
        effects=effects,
        pvalue=two_sided(effects.scar, dof),
        low=effects.car - half,
        high=effects.car + half,
        placebo_pvalue=both,
        placebo_low=effects.car - width,
        placebo_high=effects.car + width,
        sq_lower=lower,
        sq_upper=upper,
        n_placebo=count,
        placebo=placebo * unit[:, None],
        brown_forsythe=brown_forsythe(
            abnormal.standard_residuals,
            ar / np.sqrt(innovations),
        ),
        reason=reason,
    )


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
    enough = (np.isfinite(window).sum(axis=1) > 1) & (np.isfinite(estimation).sum(axis=1) > 1)
    for row in np.flatnonzero(enough):
        parts = [values[row][np.isfinite(values[row])] for values in (estimation, window)]
        spread = [np.abs(part - np.median(part)) for part in parts]
        sizes = np.array([len(part) for part in spread])
        means = np.array([part.mean() for part in spread])
        whole = float((sizes * means).sum() / sizes.sum())
        between = float((sizes * (means - whole) ** 2).sum())
        within = sum(float(((part - part.mean()) ** 2).sum()) for part in spread)
        dof = int(sizes.sum()) - 2
        pvalues[row] = special.fdtrc(1, dof, between / (within / dof)) if within > 0 else np.nan
    return pvalues


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
            "normal abnormal returns whose variance the event leaves alone",
            "fat tails: read the placebo beside it",
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
            "where the sign was not given before: the two-sided placebo is the test then",
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
