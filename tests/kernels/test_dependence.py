"""Matches, correlations and clusters against loops that say what they mean."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.calendars import exchange_calendar
from eventstudy.kernels.dependence import (
    Block,
    clusters,
    correlate,
    join,
    match,
    pairwise_correlation,
    window_span,
)

closes = st.lists(st.integers(0, 40), min_size=1, max_size=12, unique=True).map(
    lambda hours: np.array(sorted(hours), dtype="datetime64[h]").astype("datetime64[ns]")
)


def matches(x, y):
    """Classes by their definition, all sessions of x with all of y."""
    same, first, second = set(), set(), set()
    for i, a in enumerate(x):
        for j, b in enumerate(y):
            before_a = x[i - 1] if i else None
            before_b = y[j - 1] if j else None
            if a == b:
                same.add((i, j))
            elif a < b and (before_b is None or before_b < a):
                first.add((i, j))
            elif b < a and (before_a is None or before_a < b):
                second.add((i, j))
    return same, first, second


def as_sets(found):
    return tuple(set(zip(x.tolist(), y.tolist(), strict=True)) for x, y in found)


@given(closes, closes)
def test_matches_are_the_triple_loop(x, y):
    assert as_sets(match(x, y)) == matches(x, y)


@given(closes, closes)
def test_matches_do_not_care_which_exchange_is_named_first(x, y):
    same, first, second = as_sets(match(x, y))
    turned = tuple({(j, i) for i, j in found} for found in (same, second, first))
    assert as_sets(match(y, x)) == turned


def test_new_york_and_hong_kong_match_on_the_date_and_on_the_next():
    """NY t with HK t, in which HK closes first, and NY t with HK t + 1."""
    ny = exchange_calendar("XNYS", "2022-09-05", "2022-09-16")
    hk = exchange_calendar("XHKG", "2022-09-05", "2022-09-16")
    same, first, second = match(ny.closes, hk.closes)
    assert len(same[0]) == 0
    dates = {(str(ny.sessions[i]), str(hk.sessions[j])) for i, j in zip(*second, strict=True)}
    assert ("2022-09-08", "2022-09-08") in dates
    assert ("2022-09-06", "2022-09-05") in dates  # New York's Labor Day: HK's two days in one
    assert ("2022-09-06", "2022-09-06") in dates
    dates = {(str(ny.sessions[i]), str(hk.sessions[j])) for i, j in zip(*first, strict=True)}
    assert ("2022-09-07", "2022-09-08") in dates
    assert ("2022-09-09", "2022-09-13") in dates  # Mid-autumn on Monday the 12th


# ------------------------------------------------------------------ correlation


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


def blocks_of(rng, zeros, calendars, *, window, holes):
    """Two events of each date, with and without missing days."""
    blocks, members = [], 0
    for zero, calendar in zip(zeros, calendars, strict=True):
        residuals = rng.normal(0, 1, (2, 60))
        residuals[rng.random(residuals.shape) < holes] = np.nan
        available = rng.random((2, window[1] - window[0] + 1)) >= holes
        available[:, 0] = True
        blocks.append(
            Block(
                calendar,
                np.arange(members, members + 2),
                np.arange(zero - 65, zero - 5),
                np.arange(zero + window[0], zero + window[1] + 1),
                residuals,
                available,
            )
        )
        members += 2
    return blocks


def naive(blocks, closes, length):
    """C_ij as it is written: classes, matches, pairwise-complete correlations."""
    events = [
        (block.calendar, block.estimation, block.window, block.residuals[k], block.available[k])
        for block in blocks
        for k in range(len(block.members))
    ]
    c = np.eye(len(events))
    every = {(s, s) for s in range(max(map(len, closes)))}
    classes = {
        (a, b): [every] if a == b else matches(closes[a].astype(int), closes[b].astype(int))
        for a in range(len(closes))
        for b in range(len(closes))
    }
    for i, (cal_i, est_i, win_i, res_i, has_i) in enumerate(events):
        for j, (cal_j, est_j, win_j, res_j, has_j) in enumerate(events):
            if i == j:
                continue
            total = 0.0
            for found in classes[cal_i, cal_j]:
                n = sum(
                    (a, b) in found
                    for a, there in zip(win_i, has_i, strict=True)
                    for b, too in zip(win_j, has_j, strict=True)
                    if there and too
                )
                pairs = [
                    (res_i[a - est_i[0]], res_j[b - est_j[0]])
                    for a, b in sorted(found)
                    if est_i[0] <= a <= est_i[-1] and est_j[0] <= b <= est_j[-1]
                ]
                pairs = [pair for pair in pairs if np.isfinite(pair).all()]
                if n:
                    total += n * np.corrcoef(np.array(pairs).T)[0, 1]
            c[i, j] = total / np.sqrt(length[i] * length[j])
    return c


@pytest.mark.parametrize("holes", [0.0, 0.1])
@pytest.mark.parametrize("window", [(0, 0), (-1, 2)])
def test_the_overlap_weighted_correlation_is_its_definition(holes, window):
    rng = np.random.default_rng(2)
    days = np.arange(140).astype("datetime64[D]").astype("datetime64[ns]")
    east = days + np.timedelta64(8, "h")
    west = np.delete(days + np.timedelta64(20, "h"), [20, 21, 70])
    both = [east, west]
    zeros, calendars = [70, 71, 72, 100, 68, 70], [0, 0, 0, 0, 1, 1]
    blocks = blocks_of(rng, zeros, calendars, window=window, holes=holes)
    length = np.concatenate([block.available.sum(axis=1) for block in blocks])
    want = naive(blocks, both, length)
    got = correlate(blocks, both, length)
    n = len(length)
    assert got.problem == ""
    assert got.r == pytest.approx((want.sum() - n) / (n * (n - 1)), rel=1e-12)
    np.testing.assert_allclose(got.row_sums, want.sum(axis=1), rtol=1e-11)
    assert got.squares == pytest.approx((want**2).sum(), rel=1e-12)
    known = {}
    for _ in range(2):  # what is kept from one window to the next changes nothing
        again = correlate(blocks, both, length, known)
        assert again.r == got.r


def test_one_date_without_holes_is_the_plain_mean_correlation():
    rng = np.random.default_rng(3)
    residuals = rng.normal(0, 1, (6, 80)) + rng.normal(0, 1, 80)
    block = Block(
        0, np.arange(6), np.arange(10, 90), np.arange(99, 102), residuals, np.ones((6, 3), bool)
    )
    days = np.arange(120).astype("datetime64[D]").astype("datetime64[ns]")
    got = correlate([block], [days], np.full(6, 3))
    matrix = np.corrcoef(residuals)
    assert got.r == pytest.approx((matrix.sum() - 6) / 30, rel=1e-13)
    np.testing.assert_allclose(got.row_sums, matrix.sum(axis=1), rtol=1e-12)


def test_disjoint_windows_do_not_correlate_whatever_their_residuals():
    rng = np.random.default_rng(4)
    days = np.arange(140).astype("datetime64[D]").astype("datetime64[ns]")
    shock = rng.normal(0, 1, 140)
    blocks = [
        Block(
            0,
            np.array([k]),
            np.arange(zero - 65, zero - 5),
            np.arange(zero, zero + 3),
            shock[None, zero - 65 : zero - 5],
            np.ones((1, 3), bool),
        )
        for k, zero in enumerate((70, 73, 80))
    ]
    assert correlate(blocks, [days], np.full(3, 3)).r == 0.0


def test_under_thirty_shared_days_there_is_no_correlation():
    rng = np.random.default_rng(5)
    days = np.arange(140).astype("datetime64[D]").astype("datetime64[ns]")
    residuals = rng.normal(0, 1, (2, 60))
    residuals[0, :31] = np.nan
    block = Block(
        0, np.arange(2), np.arange(5, 65), np.arange(70, 71), residuals, np.ones((2, 1), bool)
    )
    got = correlate([block], [days], np.ones(2, dtype=np.int64))
    assert np.isnan(got.r)
    assert "only 29 estimation days; a correlation needs 30" in got.problem


# ------------------------------------------------------------------ clusters


def components(count, links):
    """Union and find, by the book."""
    parent = list(range(count))

    def root(i):
        while parent[i] != i:
            i = parent[i]
        return i

    for i, j in links:
        parent[root(i)] = root(j)
    return [root(i) for i in range(count)]


def same_partition(one, other):
    return len(set(zip(one, other, strict=True))) == len(set(one)) == len(set(other))


spans = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 6), st.integers(0, 5)), min_size=1, max_size=12
)


@given(spans)
def test_clusters_are_the_components_of_shared_sessions_and_events(rows):
    begin = np.array([start for start, _, _ in rows])
    end = begin + np.array([length for _, length, _ in rows])
    event = np.array([number for _, _, number in rows])
    links = [
        (i, j)
        for i in range(len(rows))
        for j in range(i)
        if max(begin[i], begin[j]) < min(end[i], end[j]) or event[i] == event[j]
    ]
    got = clusters(begin, end, event).tolist()
    assert same_partition(got, components(len(rows), links))
    assert set(got) == set(range(max(got) + 1))


@given(spans)
def test_clusters_are_numbered_in_the_order_of_time(rows):
    begin = np.array([start for start, _, _ in rows])
    end = begin + np.array([length for _, length, _ in rows])
    got = clusters(begin, end, np.arange(len(rows)))
    firsts = [begin[got == number].min() for number in range(got.max() + 1)]
    assert firsts == sorted(firsts)


@given(
    st.integers(1, 10).flatmap(
        lambda count: st.tuples(
            st.just(count),
            st.lists(
                st.lists(
                    st.tuples(st.integers(0, count - 1), st.integers(0, 4)),
                    max_size=8,
                    unique_by=lambda pair: pair[0],
                ),
                min_size=1,
                max_size=4,
            ),
        )
    )
)
def test_join_is_union_and_find(case):
    count, entries = case
    arrays = [
        (np.array([t for t, _ in e], dtype=np.int64), np.array([v for _, v in e], dtype=np.int64))
        for e in entries
    ]
    links = [
        (a, b)
        for entry in entries
        for k, (a, label) in enumerate(entry)
        for b, other in entry[:k]
        if label == other
    ]
    assert same_partition(join(count, arrays).tolist(), components(count, links))


def numbered(count, entries):
    """Components by union and find, numbered by the first entry's labels where it has them all."""
    root = list(range(count))

    def find(thing):
        while root[thing] != thing:
            thing = root[thing]
        return thing

    for things, labels in entries:
        bearer = {}
        for thing, label in zip(things.tolist(), labels.tolist(), strict=True):
            root[find(thing)] = find(bearer.setdefault(label, thing))
    order = list(range(count))
    things, labels = entries[0]
    if sorted(things.tolist()) == order:
        ranks = {label: rank for rank, label in enumerate(sorted(set(labels.tolist())))}
        for thing, label in zip(things.tolist(), labels.tolist(), strict=True):
            order[thing] = ranks[label]
    least = {}
    for thing in range(count):
        least[find(thing)] = min(order[thing], least.get(find(thing), count))
    number = {
        component: rank for rank, component in enumerate(sorted(least, key=least.__getitem__))
    }
    return [number[find(thing)] for thing in range(count)]


@pytest.mark.parametrize("seed", range(40))
def test_join_numbers_components_as_it_says_whatever_the_labels(seed):
    """Labels near and far, below zero, all of them different, of some things or of all."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 60))
    entries = []
    for entry in range(int(rng.integers(1, 4))):
        size = count if seed % 2 and entry == 0 else int(rng.integers(0, count + 1))
        things = rng.permutation(count)[:size]
        kinds = (
            rng.integers(0, 9, size) - 5,
            rng.integers(0, 3 * count, size) + 1_000,
            rng.integers(0, 20, size) * 10**15,
            rng.permutation(size),
            np.arange(size) * 10**9,
        )
        entries.append((things, kinds[int(rng.integers(0, len(kinds)))]))
    assert join(count, entries).tolist() == numbered(count, entries)


def test_a_chain_of_pairs_is_one_component():
    """Each thing shares a label with the next: as many rounds as things would take minutes."""
    count = 300_001
    every = np.random.default_rng(0).permutation(count)
    place = np.arange(count)
    assert not join(count, [(every, place // 2), (every, (place + 1) // 2)]).any()


@pytest.mark.parametrize("seed", range(30))
def test_clusters_are_joined_from_spans_sorted_by_both_ends(seed):
    """Spans without length too, which a calendar that ends inside a window gives."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 80))
    begin = rng.integers(0, 3 * count, count)
    end = begin + rng.integers(int(seed % 3 > 0), 4, count)
    event = (np.arange(count), rng.permutation(count), rng.integers(0, count, count))[seed % 3]
    label = np.empty(count, dtype=np.int64)
    reach, number = -1, -1
    for place in sorted(range(count), key=lambda row: (begin[row], end[row])):
        number += int(begin[place] >= reach)
        reach = max(reach, int(end[place]))
        label[place] = number
    every = np.arange(count)
    want = numbered(count, [(every, label), (every, event)])
    assert clusters(begin, end, event).tolist() == want


def test_the_span_of_a_window_begins_at_the_close_before_it():
    days = (np.arange(5).astype("datetime64[D]") + np.timedelta64(16, "h")).astype("datetime64[ns]")
    known = days.astype(np.int64)
    begin, end = window_span(days, np.array([1, 0]), np.array([3, 0]))
    assert begin.tolist() == [known[0], known[0] - 86_400_000_000_000]
    assert end.tolist() == [known[3], known[0]]
