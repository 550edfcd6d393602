"""Sizes that theory, a closed form or an independent simulation gives, world by world.

Unless a world says otherwise: 30 events of one date, window (0, 0), 120 estimation days, 5 %.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr, ndtr, ndtri, stdtr, stdtrit

from eventstudy.simulate import LAYOUTS, Garch, Layout, Returns, Scenario, Trading
from eventstudy.windows import Window

EVENTS = 30
NU = 118.0  # degrees of freedom of 120 days and the market model
FIVE = Window(-2, 2)


@dataclass(frozen=True)
class Expected:
    """A size, where it comes from, and its own standard error."""

    rate: float
    source: str
    error: float = 0.0


NOMINAL = Expected(0.05, "nominal")


def closed(rate: float, error: float = 0.002) -> Expected:
    """Size by a closed form, which leaves out that sigma or r is estimated."""
    return Expected(float(rate), "closed form", error)


def known(rate: float, error: float = 0.002) -> Expected:
    """Size by an independent simulation of 10,000 samples, or as many as its error says."""
    return Expected(rate, "independent simulation", error)


def patell(variance: float = 1.0, rho: float = 0.0) -> Expected:
    """Size of Patell's Z where events raise the variance and are correlated."""
    return closed(2 * ndtr(ndtri(0.025) / np.sqrt(variance * (1 + (EVENTS - 1) * rho))))


def cross_section(rho: float) -> Expected:
    """Size of a cross-sectional t, plain or standardised, where events are equally correlated."""
    factor = np.sqrt((1 - rho) / (1 + (EVENTS - 1) * rho))
    return closed(2 * stdtr(EVENTS - 1, stdtrit(EVENTS - 1, 0.025) * factor))


def forecast(variance: float) -> Expected:
    """Size of a t that takes the estimation window's variance, where events raise it."""
    return closed(2 * stdtr(NU, stdtrit(NU, 0.025) / np.sqrt(variance)))


def common_shock(rho: float, growth: float) -> Expected:
    """Size of the adjusted BMP where the common shock's variance grows on the event day."""
    believed = rho + (1 - rho) / EVENTS
    true = growth * rho + (1 - rho) / EVENTS
    edge = stdtrit(EVENTS - 1, 0.025) * np.sqrt(believed / true)
    return closed(2 * stdtr(EVENTS - 1, edge), 0.012)


SIGN = closed(2 * bdtr(9, EVENTS, 0.5), 0.0)

Sizes = dict[str, Expected]

WORLDS: dict[str, tuple[Scenario, Sizes]] = {
    "iid": (
        Scenario(),
        {
            "cross_sectional": NOMINAL,
            "crude_dependence": NOMINAL,
            "portfolio": NOMINAL,
            "j1": NOMINAL,
            "j2": NOMINAL,
            "patell": NOMINAL,
            "adjusted_patell": NOMINAL,
            "bmp": NOMINAL,
            "adjusted_bmp": NOMINAL,
            "jackknife": known(0.034),
            "bhar": NOMINAL,
            "corrado": NOMINAL,
            "corrado_zivney": NOMINAL,
            "grank_t": known(0.053),
            "grank_z": NOMINAL,
            "sign": SIGN,
            "generalized_sign": known(0.040),
            "wilcoxon": NOMINAL,
            "sur": NOMINAL,
            "sur_mean": NOMINAL,
            "beaver_patell": known(0.061),
            "beaver_patell_placebo": NOMINAL,
            "sar_t": NOMINAL,
            "placebo": NOMINAL,
            "sq": NOMINAL,
        },
    ),
    "var x2": (
        Scenario(variance=2.0),
        {
            "cross_sectional": NOMINAL,
            "bmp": NOMINAL,
            "adjusted_bmp": NOMINAL,
            "grank_t": known(0.054),
            "generalized_sign": known(0.044),
            "sign": SIGN,
            "wilcoxon": NOMINAL,
            "crude_dependence": known(0.174),
            "portfolio": forecast(2.0),
            "patell": patell(2.0),
            "adjusted_patell": known(0.172),
            "corrado": known(0.094),
            "sur": known(0.76, 0.01),
            "sar_t": forecast(2.0),
        },
    ),
    "rho=.1": (
        Scenario(returns=Returns(correlation=0.1)),
        {
            "cross_sectional": cross_section(0.1),
            "bmp": cross_section(0.1),
            "patell": patell(rho=0.1),
            "adjusted_patell": NOMINAL,
            "adjusted_bmp": NOMINAL,
            "portfolio": NOMINAL,
            "crude_dependence": NOMINAL,
            "corrado": known(0.049),
            "grank_t": known(0.062),
            "grank_z": closed(cross_section(0.1).rate, 0.01),
            "generalized_sign": known(0.256),
            "sur": NOMINAL,
            "sur_mean": NOMINAL,
        },
    ),
    "rho=.1, var x2": (
        Scenario(returns=Returns(correlation=0.1), variance=2.0),
        {
            "cross_sectional": cross_section(0.1),
            "bmp": cross_section(0.1),
            "patell": patell(2.0, 0.1),
            "adjusted_patell": known(0.166),
            "adjusted_bmp": NOMINAL,
            "portfolio": forecast(2.0),
            "crude_dependence": known(0.168),
            "corrado": known(0.089),
            "grank_t": known(0.059),
            "generalized_sign": known(0.245),
        },
    ),
    "rho=.3": (
        Scenario(returns=Returns(correlation=0.3)),
        {
            "cross_sectional": cross_section(0.3),
            "bmp": cross_section(0.3),
            "patell": patell(rho=0.3),
            "adjusted_patell": NOMINAL,
            "adjusted_bmp": NOMINAL,
            "portfolio": NOMINAL,
            "crude_dependence": NOMINAL,
            "corrado": known(0.040),
            "grank_t": known(0.067),
            "generalized_sign": known(0.485),
        },
    ),
    "t3": (
        Scenario(returns=Returns(shape="t3")),
        {
            "cross_sectional": known(0.047),
            "crude_dependence": known(0.053),
            "patell": known(0.066),
            "adjusted_patell": known(0.070),
            "bmp": known(0.049),
            "adjusted_bmp": known(0.052),
            "corrado": known(0.054),
            "grank_t": known(0.064),
            "generalized_sign": known(0.051),
            "jackknife": known(0.073),
            "sign": SIGN,
            "wilcoxon": NOMINAL,
        },
    ),
    "chi2(2) skew": (
        Scenario(returns=Returns(shape="skew")),
        {
            "cross_sectional": known(0.075),
            "crude_dependence": known(0.055),
            "patell": known(0.059),
            "adjusted_patell": known(0.059),
            "bmp": known(0.074),
            "adjusted_bmp": known(0.074),
            "corrado": known(0.055),
            "grank_t": known(0.191),
            "generalized_sign": known(0.047),
            "jackknife": known(0.038),
            "sign": known(0.30, 0.01),
        },
    ),
    "chi2(2) skew, five days": (
        Scenario(returns=Returns(shape="skew"), window=FIVE),
        {"generalized_sign": known(0.133, 0.004), "generalized_sign_window": known(0.052, 0.003)},
    ),
    "GARCH(1,1)": (
        Scenario(returns=Returns(garch=Garch())),
        {"cross_sectional": NOMINAL, "bmp": NOMINAL, "wilcoxon": NOMINAL, "sign": SIGN},
    ),
    "two markets, one closes later": (
        Scenario(returns=Returns(correlation=0.3), layout=Layout.of_markets(15, 15), window=FIVE),
        {"adjusted_bmp": known(0.056, 0.004)},
    ),
    "13 dates x 3": (
        Scenario(returns=Returns(correlation=0.3), layout=LAYOUTS["13 dates x 3"], window=FIVE),
        {"ibragimov_mueller": NOMINAL, "ibragimov_mueller_scar": NOMINAL, "cluster": NOMINAL},
    ),
    "13 dates x 3, common shock x4": (
        Scenario(
            returns=Returns(correlation=0.3),
            layout=LAYOUTS["13 dates x 3"],
            common_variance=4.0,
        ),
        {"ibragimov_mueller": NOMINAL, "adjusted_bmp": known(0.095)},
    ),
    "one date, common shock x4": (
        Scenario(returns=Returns(correlation=0.6), common_variance=4.0),
        {"adjusted_bmp": common_shock(0.6, 4.0)},
    ),
    "halt of 3 sessions, rho=.3": (
        Scenario(returns=Returns(correlation=0.3), trading=Trading(halt=3), window=FIVE),
        {"adjusted_bmp": NOMINAL, "adjusted_patell": NOMINAL, "sar_t": NOMINAL},
    ),
    "a tenth of days without trade": (
        Scenario(trading=Trading(idle=0.1), window=FIVE),
        {"cross_sectional": NOMINAL, "bmp": NOMINAL, "adjusted_bmp": NOMINAL, "sar_t": NOMINAL},
    ),
}
"""Worlds of 2,000 samples in the slow run."""

# BMP, and the adjusted BMP with degrees of freedom matched to two moments.
_DATES = {
    "one date": (0.578, 0.050),
    "two dates, 1 day apart": (0.571, 0.046),
    "a new date each day": (0.171, 0.045),
    "three clusters, far apart": (0.324, 0.050),
    "five dates, 2 days apart": (0.398, 0.053),
}
WORLDS |= {
    name: (
        Scenario(returns=Returns(correlation=0.3), layout=LAYOUTS[name], window=FIVE),
        {"bmp": known(bmp, 0.008), "adjusted_bmp": known(adjusted, 0.0035)},
    )
    for name, (bmp, adjusted) in _DATES.items()
}

RESAMPLED: dict[str, tuple[Scenario, Sizes]] = {
    "iid": (Scenario(), {"permutation": NOMINAL}),
    "chi2(2) skew": (
        Scenario(returns=Returns(shape="skew")),
        {"skewness_adjusted": known(0.040)},
    ),
    "t3": (Scenario(returns=Returns(shape="t3")), {"skewness_adjusted": known(0.088)}),
    "13 dates x 3, common shock x4": (
        Scenario(
            returns=Returns(correlation=0.3),
            layout=LAYOUTS["13 dates x 3"],
            common_variance=4.0,
        ),
        {"wild_cluster": NOMINAL},
    ),
}
"""Tests that draw thousands of resamples a sample, in worlds of 600 samples."""
