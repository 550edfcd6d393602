"""Matches and clusters against loops that say what they mean."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.calendars import exchange_calendar
from eventstudy.kernels.dependence import (
    clusters,
    join,
    match,
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
