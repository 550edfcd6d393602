"""Correlations of blocks of events against loops that say what they mean."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.kernels.correlation import Block, Coverage, pair_sums, pairwise_correlation
from eventstudy.kernels.dependence import match

from .test_dependence import matches

DAYS = np.arange(140).astype("datetime64[D]").astype("datetime64[ns]")
EAST = DAYS + np.timedelta64(8, "h")
WEST = np.delete(DAYS + np.timedelta64(20, "h"), [20, 21, 70])


@pytest.mark.parametrize("holes", [0.0, 0.2])
def test_pairwise_correlations_are_numpys_on_the_shared_days(holes):
    rng = np.random.default_rng(1)
    x, y = rng.normal(0.3, 1, (4, 50)), rng.normal(-2, 5, (3, 50))
    y[0] += 4 * x[1]
    for values in (x, y):
        values[rng.random(values.shape) < holes] = np.nan
    rho, count = pairwise_correlation(x, y)
    for i in range(4):
        for j in range(3):
            both = np.isfinite(x[i]) & np.isfinite(y[j])
            assert count[i, j] == both.sum()
            want = np.corrcoef(x[i][both], y[j][both])[0, 1]
            assert rho[i, j] == pytest.approx(want, rel=1e-11)


def block_of(rng, zero, calendar, windows, *, holes, events=2, days=60):
    """Events of one date, with and without missing days; the second window lacks the last one."""
    residuals = rng.normal(0, 1, (events, days))
    residuals[rng.random(residuals.shape) < holes] = np.nan
    tested = []
    for number, (first, last) in enumerate(windows):
        covered = rng.random((events, last - first + 1)) >= holes
        covered[:, 0] = True
        weight = 1.0 / np.sqrt(covered.sum(axis=1))
        if number and holes:
            weight[-1] = 0.0
        tested.append(Coverage(zero + first, covered, weight))
    return Block(calendar, zero - 5 - days, residuals, tuple(tested))


def naive(x, y, number, closes):
    """C_ij of two blocks as it is written: classes, matches, pairwise-complete correlations."""
    a, b = x.calendar, y.calendar
    classes = matches(closes[a].astype(int), closes[b].astype(int))
    c = np.zeros((len(x.residuals), len(y.residuals)))
    own, other = x.tested[number], y.tested[number]
    for i in range(len(c)):
        for j in range(c.shape[1]):
            if not own.weight[i] or not other.weight[j]:
                continue
            for found in classes:
                n = sum(
                    (own.first + s, other.first + t) in found
                    for s in np.flatnonzero(own.covered[i])
                    for t in np.flatnonzero(other.covered[j])
                )
                places = [(s - x.estimation, t - y.estimation) for s, t in sorted(found)]
                pairs = [
                    (x.residuals[i, s], y.residuals[j, t])
                    for s, t in places
                    if 0 <= s < x.residuals.shape[1] and 0 <= t < y.residuals.shape[1]
                ]
                pairs = [pair for pair in pairs if np.isfinite(pair).all()]
                if n:
                    c[i, j] += n * np.corrcoef(np.array(pairs).T)[0, 1]
            c[i, j] *= own.weight[i] * other.weight[j]
    return c


def classes_of(x, y, closes):
    return match(closes[x.calendar], closes[y.calendar])


@pytest.mark.parametrize("holes", [0.0, 0.1])
@pytest.mark.parametrize(("x", "y"), [((70, 0), (71, 0)), ((70, 0), (68, 1)), ((71, 1), (72, 0))])
def test_sums_are_those_of_the_definition(x, y, holes):
    rng, closes = np.random.default_rng(2), [EAST, WEST]
    windows = [(0, 0), (-1, 2)]
    one = block_of(rng, *x, windows, holes=holes)
    two = block_of(rng, *y, windows, holes=holes)
    got = pair_sums(one, two, classes_of(one, two, closes))
    for number in range(len(windows)):
        want = naive(one, two, number, closes)
        assert got.problem[number] == ""
        np.testing.assert_allclose(got.of_x[number], want.sum(axis=1), rtol=1e-11, atol=1e-15)
        np.testing.assert_allclose(got.of_y[number], want.sum(axis=0), rtol=1e-11, atol=1e-15)
        assert got.squares[number] == pytest.approx((want**2).sum(), rel=1e-11, abs=1e-15)


def test_more_events_than_days_have_the_sums_of_the_matrix():
    rng = np.random.default_rng(3)
    one = block_of(rng, 80, 0, [(0, 1)], holes=0.0, events=70, days=60)
    two = block_of(rng, 81, 0, [(0, 1)], holes=0.0, events=71, days=60)
    got = pair_sums(one, two, classes_of(one, two, [DAYS]))
    rho, _ = pairwise_correlation(one.residuals[:, 1:], two.residuals[:, :-1])
    share = 0.5
    np.testing.assert_allclose(got.of_x[0], share * rho.sum(axis=1), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(got.of_y[0], share * rho.sum(axis=0), rtol=1e-10, atol=1e-12)
    assert got.squares[0] == pytest.approx(share**2 * (rho**2).sum(), rel=1e-10)


def test_disjoint_windows_do_not_correlate_whatever_their_residuals():
    rng = np.random.default_rng(4)
    one = block_of(rng, 70, 0, [(0, 2)], holes=0.0)
    two = Block(0, one.estimation, one.residuals, (Coverage(73, *_of(one)),))
    found = pair_sums(one, two, classes_of(one, two, [DAYS]))
    assert found.squares.tolist() == [0.0]
    assert not found.of_x.any()


def _of(block):
    return block.tested[0].covered, block.tested[0].weight


@pytest.mark.parametrize("holes", [False, True])
def test_under_thirty_shared_days_there_is_no_value(holes):
    rng = np.random.default_rng(5)
    residuals = rng.normal(0, 1, (2, 60 if holes else 29))
    if holes:
        residuals[0, :31] = np.nan
    tested = (Coverage(70, np.ones((2, 1), bool), np.ones(2)),)
    one, two = (Block(0, 5, residuals, tested) for _ in range(2))
    found = pair_sums(one, two, classes_of(one, two, [DAYS]))
    assert "only 29 estimation days; a correlation needs 30" in found.problem[0]


def test_an_event_that_does_not_vary_has_no_correlation():
    rng = np.random.default_rng(6)
    residuals = rng.normal(0, 1, (3, 60))
    residuals[1] = 0.001
    tested = (Coverage(70, np.ones((3, 1), bool), np.ones(3)),)
    one, two = (Block(0, 5, residuals, tested) for _ in range(2))
    found = pair_sums(one, two, classes_of(one, two, [DAYS]))
    assert "does not vary" in found.problem[0]
