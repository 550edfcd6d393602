"""Which test leads: a table of N and q, fixed before any p-value."""

from __future__ import annotations

import numpy as np
import pytest
from worlds import run, sample, world

from eventstudy.inference import TESTS, choose_lead

ESTIMATION = (-80, -11)


def layout(n, zeros):
    """N events in turn on the given positions."""
    return [(f"E{i:02d}", f"S{i:02d}", zeros[i % len(zeros)]) for i in range(n)]


def chosen(n, zeros, *, window=(0, 0), seed=0):
    frame = world(n, 300, seed=seed, common=0.004)
    return choose_lead(sample(frame, layout(n, zeros), window, estimation=ESTIMATION))


APART = [100 + 20 * i for i in range(10)]
TABLE = [
    # N, positions, lead, beside, clusters
    (12, APART[:6], "ibragimov_mueller", "adjusted_bmp", 6),
    (6, APART[:6], "ibragimov_mueller", "adjusted_bmp", 6),
    (30, APART, "ibragimov_mueller", "adjusted_bmp", 10),
    (12, APART[:5], "adjusted_bmp", "ibragimov_mueller", 5),
    (3, APART[:2], "adjusted_bmp", "ibragimov_mueller", 2),
    (10, [100], "adjusted_bmp", "portfolio", 1),
    (30, [100], "adjusted_bmp", "portfolio", 1),
    (9, [100], "portfolio", "adjusted_bmp", 1),
    (2, [100], "portfolio", "adjusted_bmp", 1),
]


@pytest.mark.parametrize(("n", "zeros", "test", "beside", "clusters"), TABLE)
def test_the_table(n, zeros, test, beside, clusters):
    lead = chosen(n, zeros)
    assert (lead.test, lead.beside) == (test, beside)
    assert (lead.n, lead.clusters) == (n, clusters)
    assert {lead.test, lead.beside} <= set(TESTS)


@pytest.mark.parametrize(("n", "test", "beside"), [
    (12, "adjusted_bmp", "adjusted_patell"),
    (4, "adjusted_patell", "adjusted_bmp"),
])  # fmt: skip
def test_one_cluster_of_several_dates_has_no_portfolio(n, test, beside):
    """Dates one session apart share the days of (-1, 1), and single linkage joins them."""
    lead = chosen(n, [100, 101, 102], window=(-1, 1))
    assert (lead.test, lead.beside, lead.clusters) == (test, beside, 1)
    assert "one date" not in lead.sentence
    assert "several days zero" in lead.sentence


def test_the_clusters_change_with_the_window():
    zeros = [100, 102, 104, 106, 108, 110]
    assert chosen(6, zeros, window=(0, 0)).clusters == 6
    assert chosen(6, zeros, window=(-1, 1)).clusters == 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_p_value_is_seen_before(seed):
    assert chosen(12, APART[:5], seed=seed) == chosen(12, APART[:5], seed=0)


def test_the_sentence_says_why_and_what_one_date_cannot_tell():
    for n, zeros, test, _, clusters in TABLE:
        sentence = chosen(n, zeros).sentence
        assert f"{n} pairs of an event and a security " in sentence
        assert "events" not in sentence
        if clusters > 1:
            assert f"{clusters} clusters" in sentence
        else:
            assert "one date can never tell an effect of the event from a shock" in sentence
        if clusters == 2:
            assert "almost no power" in sentence
        if test == "portfolio":
            assert "an effect, or a more volatile day" in sentence


def test_the_group_has_one_event_left():
    frame = world(2, 150)
    frame.iloc[135:146, 0] = np.nan
    lead = choose_lead(sample(frame, layout(2, [140])))
    assert lead.n == 1
    assert "one pair" in lead.sentence


def test_the_study_marks_the_lead_and_says_so():
    frame = world(12, 300, common=0.004)
    rows = [(f"E{i % 6}", f"S{i:02d}", APART[i % 6]) for i in range(12)]
    result = run(frame, rows, estimation=ESTIMATION, min_estimation=60, windows=[(0, 0), (-1, 1)])
    tests, leads = result.tests, result.leads
    assert set(leads["group"]) == {"all", *(f"event:E{i}" for i in range(6))}
    for lead in leads.itertuples(index=False):
        own = tests[(tests["group"] == lead.group) & (tests["window"] == lead.window)]
        assert own.loc[own["lead"], "test"].tolist() == [lead.test]
        assert (own["test"] == lead.beside).any()
    whole = leads[leads["group"] == "all"]
    assert whole["test"].tolist() == ["ibragimov_mueller"] * 2
    assert leads[leads["group"] == "event:E3"]["test"].tolist() == ["portfolio"] * 2


def test_a_group_of_one_event_is_led_by_that_events_own_test():
    """Of two events of a group one has no return on day zero: one is left there."""
    frame = world(2, 200)
    frame.iloc[100, 1] = np.nan
    result = run(frame, layout(2, [100]), estimation=ESTIMATION, windows=["0:0", "-1:1"])
    lead = result.leads.set_index(["group", "window"]).loc[("all", "(0, 0)")]
    assert (lead["test"], lead["beside"], lead["n"]) == ("sar_t", "placebo", 1)
    assert lead["sentence"].endswith("leads, the placebo test stands beside it.")
    assert not result.tests.query("window == '(0, 0)'")["lead"].any()
    assert result.leads.query("window == '(-1, 1)'")["test"].tolist() == ["portfolio"]
    assert "For all events" not in " ".join(result.findings().sentences)
    frame.iloc[100, 0] = np.nan
    nothing = run(frame, layout(2, [100]), estimation=ESTIMATION, windows=["0:0", "-1:1"])
    assert nothing.leads["test"].tolist() == ["", "portfolio"]
