"""Tests of abnormal returns: each one a small object, found by name."""

from __future__ import annotations

from eventstudy.inference.base import FamilyTest, Sample, Test, TestResult
from eventstudy.inference.buy_and_hold import BHAR, BHAR_SKEWNESS_ADJUSTED
from eventstudy.inference.calendar_time import CALENDAR_TIME, CALENDAR_TIME_NEWEY_WEST
from eventstudy.inference.caution import INDEPENDENT, caution
from eventstudy.inference.clusters import (
    CLUSTER,
    IBRAGIMOV_MUELLER,
    IBRAGIMOV_MUELLER_SCAR,
    WILD_CLUSTER,
    WILD_CLUSTER_WEBB,
    WITHOUT_ONE,
)
from eventstudy.inference.cross_section import CROSS_SECTIONAL, CRUDE_DEPENDENCE, J1, PORTFOLIO
from eventstudy.inference.lead import PAIRS, Lead, choose_lead
from eventstudy.inference.multivariate import SUR, SUR_MEAN
from eventstudy.inference.path import MeanPath, mean_path
from eventstudy.inference.permutation import PERMUTATION
from eventstudy.inference.pool import Pool
from eventstudy.inference.rank import (
    CORRADO,
    CORRADO_ZIVNEY,
    CORRADO_ZIVNEY_SIGN,
    GRANK_T,
    GRANK_Z,
)
from eventstudy.inference.romano_wolf import ROMANO_WOLF, ClusteredEffects, clustered_effects
from eventstudy.inference.sign import GENERALIZED_SIGN, GENERALIZED_SIGN_WINDOW, SIGN, WILCOXON
from eventstudy.inference.single import (
    SINGLE_TESTS,
    PeerTests,
    SingleTests,
    no_peers,
    peer_tests,
    single_tests,
)
from eventstudy.inference.skewness import HALL, JACKKNIFE, SKEWNESS_ADJUSTED
from eventstudy.inference.standardized import (
    ADJUSTED_BMP,
    ADJUSTED_PATELL,
    ALIKE,
    BMP,
    J2,
    PATELL,
)
from eventstudy.inference.volatility import BEAVER_PATELL, BEAVER_PATELL_PLACEBO

__all__ = [
    "ALIKE",
    "FAMILY_TESTS",
    "INDEPENDENT",
    "PAIRS",
    "SINGLE_TESTS",
    "TESTS",
    "WITHOUT_ONE",
    "ClusteredEffects",
    "FamilyTest",
    "Lead",
    "MeanPath",
    "PeerTests",
    "Pool",
    "Sample",
    "SingleTests",
    "Test",
    "TestResult",
    "caution",
    "choose_lead",
    "clustered_effects",
    "mean_path",
    "no_peers",
    "peer_tests",
    "single_tests",
]

TESTS: dict[str, Test] = {
    test.name: test
    for test in (
        CROSS_SECTIONAL,
        CRUDE_DEPENDENCE,
        PORTFOLIO,
        J1,
        J2,
        PATELL,
        ADJUSTED_PATELL,
        BMP,
        ADJUSTED_BMP,
        SKEWNESS_ADJUSTED,
        HALL,
        JACKKNIFE,
        BHAR,
        BHAR_SKEWNESS_ADJUSTED,
        CORRADO,
        CORRADO_ZIVNEY,
        GRANK_T,
        GRANK_Z,
        SIGN,
        GENERALIZED_SIGN,
        GENERALIZED_SIGN_WINDOW,
        CORRADO_ZIVNEY_SIGN,
        WILCOXON,
        PERMUTATION,
        SUR,
        SUR_MEAN,
        CALENDAR_TIME,
        CALENDAR_TIME_NEWEY_WEST,
        IBRAGIMOV_MUELLER,
        IBRAGIMOV_MUELLER_SCAR,
        CLUSTER,
        WILD_CLUSTER,
        WILD_CLUSTER_WEBB,
        BEAVER_PATELL,
        BEAVER_PATELL_PLACEBO,
    )
}

FAMILY_TESTS: dict[str, FamilyTest] = {ROMANO_WOLF.name: ROMANO_WOLF}
