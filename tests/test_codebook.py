"""The codebook has every column of every frame, and none that is not there."""

from __future__ import annotations

import itertools

import pytest
from worlds import one_date, prices, run, world

from eventstudy.codebook import codebook
from eventstudy.report.findings import COLUMNS, SPECIFICATIONS
from eventstudy.simulate.power_result import CURVES

WORDS = {
    frame: [entry.column for entry in entries]
    for frame, entries in itertools.groupby(codebook(), lambda entry: entry.frame)
}
SOMETIMES = {
    "events": {"donor_pvalue", "n_donors"},
    "fits": {
        *("estimation_start", "estimation_first", "estimation_last"),
        *("prediction_error", "r2_outside"),
    },
    "estimation": {"placebo (a, b)"},
    "overlaps": {"n_others"},
}


@pytest.fixture(scope="module")
def result():
    frame = prices(world(4, common=0.004))
    return run(frame, one_date(4), kind="prices", windows=[(0, 0)])


def test_every_entry_is_whole():
    assert all(part for entry in codebook() for part in entry)
    assert len({entry[:2] for entry in codebook()}) == len(codebook())


@pytest.mark.parametrize(
    "name", [name for name in WORDS if name not in ("curves", "specifications")]
)
def test_the_columns_of_a_frame_are_those_of_the_codebook(result, name):
    frame = getattr(result, name)
    sometimes = SOMETIMES.get(name, set())
    there = [column for column in frame.columns if not column.startswith("placebo (")]
    assert there == [column for column in WORDS[name] if column not in sometimes]
    assert set(COLUMNS[name]) <= set(WORDS[name])


def test_columns_that_are_there_at_times():
    frame = world(4, common=0.004)
    found = run(frame, one_date(4), rolling_start=5, diagnostics=True, windows=[(0, 0)])
    assert set(found.fits.columns) <= set(WORDS["fits"])
    assert SOMETIMES["fits"] <= set(found.fits.columns)


def test_frames_of_power_and_robustness():
    assert WORDS["curves"] == list(CURVES)
    assert WORDS["specifications"] == list(SPECIFICATIONS)
