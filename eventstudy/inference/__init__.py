"""Tests of abnormal returns: each one a small object, found by name."""

from __future__ import annotations

from eventstudy.inference.base import Sample, Test, TestResult
from eventstudy.inference.clusters import IBRAGIMOV_MUELLER
from eventstudy.inference.cross_section import CROSS_SECTIONAL, PORTFOLIO
from eventstudy.inference.lead import Lead, choose_lead
from eventstudy.inference.path import mean_path
from eventstudy.inference.rank import CORRADO, GRANK_T
from eventstudy.inference.sign import GENERALIZED_SIGN, WILCOXON
from eventstudy.inference.single import SingleTests, single_tests
from eventstudy.inference.standardized import ADJUSTED_BMP, ADJUSTED_PATELL, BMP, PATELL

__all__ = [
    "TESTS",
    "Lead",
    "Sample",
    "SingleTests",
    "Test",
    "TestResult",
    "choose_lead",
    "mean_path",
    "single_tests",
]

TESTS: dict[str, Test] = {
    test.name: test
    for test in (
        CROSS_SECTIONAL,
        PORTFOLIO,
        PATELL,
        ADJUSTED_PATELL,
        BMP,
        ADJUSTED_BMP,
        CORRADO,
        GRANK_T,
        GENERALIZED_SIGN,
        WILCOXON,
        IBRAGIMOV_MUELLER,
    )
}
