"""Squares of correlations that are estimated from draws of signs, beside the exact ones."""

from __future__ import annotations

import numpy as np
import pytest
from worlds import abnormal, world

from eventstudy.inference import Pool, Sample, correlations
from eventstudy.inference.correlations import Correlation
from eventstudy.inference.standardized import DRAWN, adjusted_bmp_test, adjusted_dof
from eventstudy.windows import Window

EVENTS = 2_500
WINDOWS = (Window(0, 0), Window(-1, 1))


def pool(
    common: float,
    dates: int,
    monkeypatch: pytest.MonkeyPatch,
    *,
    drawn: bool,
    crowded: int = 0,
) -> Pool:
    """Events of 40 securities on as many dates, half of them on a few if so; windows overlap."""
    monkeypatch.setattr(correlations, "MANY", 1_000 if drawn else EVENTS)
    rng = np.random.default_rng(3)
    zero = 140 + rng.integers(0, dates, EVENTS)
    if crowded:
        zero[::2] = 140 + rng.integers(0, crowded, len(zero[::2]))
    rows = [(f"E{i}", f"S{rng.integers(40):02d}", int(day)) for i, day in enumerate(zero)]
    frame = world(40, 160 + dates, common=common)
    found, dropped = abnormal(frame, rows, windows=[(0, 0), (-1, 1)])
    assert not dropped
    return Pool(found, WINDOWS, np.ones((EVENTS, len(WINDOWS)), dtype=np.bool_))


@pytest.mark.parametrize("common", [0.0, 0.01, 0.1])
def test_they_are_within_their_error(common, monkeypatch):
    exact = pool(common, 800, monkeypatch, drawn=False).correlations
    drawn = pool(common, 800, monkeypatch, drawn=True).correlations
    for one, other in zip(exact, drawn, strict=True):
        assert (one.drawn, other.drawn) == (False, True)
        assert other.r == pytest.approx(one.r, rel=1e-9)
        np.testing.assert_allclose(other.row_sums, one.row_sums, rtol=1e-9)
        # 1.6 % where the events of a date move as one.
        assert other.squares != one.squares
        assert other.squares == pytest.approx(one.squares, rel=0.05)
        dof = [adjusted_dof(found, EVENTS, 800) for found in (one, other)]
        assert dof[1] == pytest.approx(dof[0], rel=0.05)


def test_the_test_says_so(monkeypatch):
    for drawn in (True, False):
        one = pool(0.01, 800, monkeypatch, drawn=drawn)
        found = adjusted_bmp_test(Sample(one.abnormal, WINDOWS[1], 0.95, pool=one))
        assert (DRAWN in found.note) == drawn
        assert found.dof < EVENTS - 1


@pytest.mark.parametrize(("dates", "crowded"), [(299, 0), (800, 10)])
def test_they_are_exact_on_few_dates_for_the_longest_window(dates, crowded, monkeypatch):
    """So they are where half of the events crowd on ten dates."""
    exact, few = (
        pool(0.01, dates, monkeypatch, drawn=drawn, crowded=crowded).correlations
        for drawn in (False, True)
    )
    assert [one.drawn for one in few] == [False, False]
    assert [one.squares for one in few] == [one.squares for one in exact]


def test_estimated_squares_that_are_too_small_leave_all_degrees_of_freedom():
    """The exact ones cannot be: n - 1 is the most that a matrix of any shape leaves."""
    rows = np.full(4, 1.5)
    for squares, dof in ((0.0, 3.0), (4.25, 3.0), (20.0, 6.25 / 17.75)):
        found = Correlation(1 / 6, rows, squares, "", drawn=True)
        assert adjusted_dof(found, 4, 3) == pytest.approx(dof)
