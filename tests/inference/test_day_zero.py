"""Clusters found among distinct days zero, against every pair of events."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.calendars import exchange_calendar
from eventstudy.inference.day_zero import DaysZero, clusters_of
from eventstudy.panel import Panel
from eventstudy.rows import Rows
from eventstudy.windows import Window

CALENDARS = tuple(
    exchange_calendar(name, np.datetime64("2024-01-02"), np.datetime64("2024-12-20"))
    for name in ("XNYS", "XHKG")
)
PANEL = Panel.build([], CALENDARS, [], pad=1)


def rows_of(zero, calendar, event):
    none = np.zeros(len(zero), dtype=np.int32)
    return Rows(
        pair=np.arange(len(zero), dtype=np.int32),
        event=event.astype(np.int32),
        calendar=calendar.astype(np.int32),
        announced=zero,
        zero=zero,
        phase_code=none.astype(np.int8),
        moved=none.astype(np.bool_),
        security=none,
        benchmark=none,
    )


def by_pairs(rows, window, back):
    """Merge any two events that share an event_id or an instant between closes."""
    spans = []
    for which, zero, reach in zip(rows.calendar, rows.zero, back, strict=True):
        closes = CALENDARS[which].closes
        last = closes[min(zero + window.last, len(closes) - 1)]
        spans.append((closes[max(zero + window.first - reach - 1, 0)], last))
    label = list(range(len(spans)))
    for i, (begin, end) in enumerate(spans):
        for j in range(i):
            other = spans[j]
            if (begin < other[1] and other[0] < end) or rows.event[i] == rows.event[j]:
                low, high = sorted((label[i], label[j]))
                label = [low if one == high else one for one in label]
    order = sorted(
        set(label), key=lambda one: min(spans[i] for i, k in enumerate(label) if k == one)
    )
    return [order.index(one) for one in label]


@pytest.mark.parametrize("seed", range(12))
def test_they_are_the_merged_pairs(seed):
    rng = np.random.default_rng(seed)
    n = 14
    zero, calendar = rng.integers(12, 200, n), rng.integers(0, 2, n)
    zero[:4], calendar[:4] = zero[0], calendar[0]
    event = rng.integers(0, 10, n) if seed % 2 else np.arange(n)
    back = np.where(rng.random(n) < 0.2, rng.integers(1, 9, n), 0)
    rows, window = rows_of(zero, calendar, event), Window(-int(rng.integers(0, 3)), 1)
    days = DaysZero.of(rows)
    assert clusters_of(rows, PANEL, window, days, back).tolist() == by_pairs(rows, window, back)
    pairs = sorted(set(zip(calendar.tolist(), zero.tolist(), strict=True)))
    assert list(zip(days.calendar.tolist(), days.zero.tolist(), strict=True)) == pairs
    assert [pairs[one] for one in days.number] == list(
        zip(calendar.tolist(), zero.tolist(), strict=True)
    )


def test_windows_beyond_the_last_session_share_nothing():
    """Each stands alone, as it does where spans of no length are compared."""
    end = len(CALENDARS[0].sessions)
    rows = rows_of(np.array([end + 5, end + 5, 20]), np.zeros(3, int), np.arange(3))
    found = clusters_of(rows, PANEL, Window(0, 0), DaysZero.of(rows), np.zeros(3, int))
    assert found.tolist() == [1, 2, 0]
