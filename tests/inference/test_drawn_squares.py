"""Squares of correlations that are estimated from draws of signs, beside the exact ones."""

from __future__ import annotations

import numpy as np
import pytest
from worlds import abnormal, world

from eventstudy.inference import Pool, Sample, correlations
from eventstudy.inference.standardized import DRAWN, adjusted_bmp_test, adjusted_dof
from eventstudy.windows import Window

EVENTS = 2_500
WINDOWS = (Window(0, 0), Window(-1, 1))


def pool(common: float, dates: int, monkeypatch: pytest.MonkeyPatch, *, drawn: bool) -> Pool:
    """Events of 40 securities on as many dates, in three windows of which two overlap."""
    monkeypatch.setattr(correlations, "MANY", 1_000 if drawn else EVENTS)
    rng = np.random.default_rng(3)
    zero = 140 + rng.integers(0, dates, EVENTS)
    rows = [(f"E{i}", f"S{rng.integers(40):02d}", int(day)) for i, day in enumerate(zero)]
    frame = world(40, 160 + dates, common=common)
    found, dropped = abnormal(frame, rows, windows=[(0, 0), (-1, 1)])
    assert not dropped
    return Pool(found, WINDOWS, np.ones((EVENTS, len(WINDOWS)), dtype=np.bool_))


@pytest.mark.parametrize("common", [0.0, 0.01, 0.1])
def test_they_are_within_their_error(common, monkeypatch):
    exact = pool(common, 400, monkeypatch, drawn=False).correlations
    drawn = pool(common, 400, monkeypatch, drawn=True).correlations
    for one, other in zip(exact, drawn, strict=True):
        assert (one.drawn, other.drawn) == (False, True)
        assert other.r == pytest.approx(one.r, rel=1e-9)
        np.testing.assert_allclose(other.row_sums, one.row_sums, rtol=1e-9)
        # Twenty draws on 400 dates: 1.6 % where the events of a date move as one.
        assert other.squares != one.squares
        assert other.squares == pytest.approx(one.squares, rel=0.05)
        dof = [adjusted_dof(found, EVENTS, 400) for found in (one, other)]
        assert dof[1] == pytest.approx(dof[0], rel=0.05)


def test_the_test_says_so(monkeypatch):
    for drawn in (True, False):
        one = pool(0.01, 400, monkeypatch, drawn=drawn)
        found = adjusted_bmp_test(Sample(one.abnormal, WINDOWS[1], 0.95, pool=one))
        assert (DRAWN in found.note) == drawn
        assert found.dof < EVENTS - 1


def test_they_are_exact_on_few_dates_for_the_longest_window(monkeypatch):
    exact = pool(0.01, 299, monkeypatch, drawn=False).correlations
    few = pool(0.01, 299, monkeypatch, drawn=True).correlations
    assert [one.drawn for one in few] == [False, False]
    assert [one.squares for one in few] == [one.squares for one in exact]
    assert pool(0.01, 301, monkeypatch, drawn=True).correlations[0].drawn
