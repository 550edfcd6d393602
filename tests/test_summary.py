"""The sentences of the first page."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from worlds import one_date, panel_of, prices, run, study, world

import eventstudy as es
from eventstudy.overlap import INSIDE, SHARED, overlaps
from eventstudy.report.formats import percent, probability
from eventstudy.rows import locate, settle
from eventstudy.summary import ESTIMATES, NAMED, summary_table


def shifted(size, n=12, **settings):
    frame = world(n, common=0.004)
    frame.iloc[140, :n] += size
    return run(frame, one_date(n), windows=[(0, 0), (-1, 1)], **settings)


@pytest.fixture(scope="module")
def loud():
    return shifted(-0.06)


@pytest.fixture(scope="module")
def quiet():
    return shifted(0.0)


def test_the_table_has_one_row_a_pair_in_per_cent(loud):
    table = loud.summary()
    assert len(table) == 12
    row, whole = table.iloc[0], loud.events.iloc[0]
    assert row["CAR %"] == pytest.approx(100 * whole["car"], abs=0.005)
    assert row["low %"] < row["CAR %"] < row["high %"]
    assert row["day zero"] == "2020-07-20"
    assert row["p"] == probability(whole["pvalue"])
    other = summary_table(loud.events, "(-1, 1)")
    assert (other["CAR %"] != table["CAR %"]).any()


def test_the_first_sentence_gives_the_lead_tests_verdict(loud, quiet):
    for result, verdict in (
        (loud, "differs from zero"),
        (quiet, "cannot be distinguished from zero"),
    ):
        sentence = result.findings().sentences[0]
        lead = result.leads.set_index(["group", "window"]).loc[("all", "(0, 0)")]
        row = result.tests.set_index(["group", "window", "test"]).loc[
            ("all", "(0, 0)", lead["test"])
        ]
        assert sentence.startswith(
            "For all events (12 pairs) the precision-weighted effect on window (0, 0) "
        )
        assert verdict in sentence
        assert (row["pvalue"] <= 0.05) == (verdict == "differs from zero")
        assert f"{percent(row['estimate'])} %" in sentence
        assert f"{percent(row['low'])} to {percent(row['high'])} %" in sentence


def test_the_test_beside_it_agrees_or_disagrees(loud):
    sentence = loud.findings().sentences[0]
    lead = loud.leads.set_index(["group", "window"]).loc[("all", "(0, 0)")]
    tests = loud.tests.set_index(["group", "window", "test"])["pvalue"]
    same = (tests["all", "(0, 0)", lead["test"]] <= 0.05) == (
        tests["all", "(0, 0)", lead["beside"]] <= 0.05
    )
    assert ("disagrees" in sentence) == (not same)


def test_tests_that_disagree_are_both_in_the_summary():
    """Some sample where the lead and the one beside it fall on different sides of 5 %."""
    for size in np.linspace(-0.012, -0.003, 19):
        result = shifted(size, 6)
        lead = result.leads.set_index(["group", "window"]).loc[("all", "(0, 0)")]
        tests = result.tests.set_index(["group", "window", "test"])["pvalue"]
        pair = [tests["all", "(0, 0)", lead[column]] <= 0.05 for column in ("test", "beside")]
        if pair[0] != pair[1]:
            assert re.search(r"disagrees \(.?[0-9.]+ %, p ", result.findings().sentences[0])
            return
    raise AssertionError("no sample disagreed: choose other sizes")


def test_single_effects_are_counted_and_named_against_chance(loud):
    sentence = next(s for s in loud.findings().sentences if s.startswith("Of 12 single effects"))
    own = loud.events[loud.events["window"] == "(0, 0)"]
    clear = own[(own["pvalue"] <= 0.05) & (own["placebo_pvalue"] <= 0.05)]
    assert f"{len(clear)} are distinguishable from noise" in sentence
    largest = clear.loc[clear["car"].abs().idxmax()]
    assert f"{largest['ticker']} on {largest['event_id']} ({percent(largest['car'])} %)" in sentence
    if len(clear) > NAMED:
        assert f"and {len(clear) - NAMED} more" in sentence
    assert "about 0.6 would be expected by chance" in sentence


def test_few_expected_by_chance_are_not_rounded_to_twice_as_many():
    sentence = " ".join(shifted(0.0, 4, level=0.99).findings().sentences)
    assert "Of 4 single effects " in sentence
    assert "about 0.04 would be expected by chance" in sentence


@pytest.mark.parametrize(("size", "words"), [(-0.2, ": distinguishable"), (0.0, ": not disting")])
def test_few_effects_have_a_sentence_each(size, words):
    result = shifted(size, 2)
    said = [s for s in result.findings().sentences if "on E0" in s]
    own = result.events[result.events["window"] == "(0, 0)"]
    assert len(said) == len(own) == 2
    for sentence, row in zip(said, own.to_dict("records"), strict=True):
        assert sentence.startswith(
            f"{row['ticker']} on {row['event_id']}, window (0, 0): {percent(row['car'])} %, 95 % "
        )
        shown = [probability(row[name]) for name in ("pvalue", "placebo_pvalue")]
        p, placebo = (one if one.startswith("<") else f"= {one}" for one in shown)
        assert f"(p {p}, placebo p {placebo}){words}" in sentence
    assert result.findings().subtitle.count("2020-") == 1


def test_groups_are_a_table_of_lead_tests(loud):
    table = loud.groups()
    lead = loud.tests[loud.tests["lead"]].reset_index(drop=True)
    assert table["window"].tolist() == lead["window"].tolist() == ["(0, 0)", "(-1, 1)"]
    np.testing.assert_array_equal(table["effect %"], (100 * lead["estimate"]).round(2))
    assert table["Holm p"].tolist() == lead["pvalue_holm"].map(probability).tolist()
    ranks = shifted(-0.06, tests=["corrado"]).groups()
    assert ranks["effect %"].isna().all()
    assert (ranks["test"] == "Corrado rank z").all()


def test_a_lead_that_was_asked_for_says_what_it_is():
    sentence = shifted(-0.06, tests=["corrado", "bmp"]).findings().sentences[0]
    assert re.fullmatch(
        r"For all events \(12 pairs\) on window \(0, 0\) the Corrado rank z rejects that there is "
        r"no effect \(p .*\)\.",
        sentence,
    )
    with_bmp = shifted(-0.06, tests=["bmp"]).findings().sentences[0]
    assert "(BMP t, p" in with_bmp
    assert "Mind that the test takes events for independent" in with_bmp


def test_every_test_that_may_lead_says_which_mean_its_estimate_is():
    assert set(ESTIMATES) == {"ibragimov_mueller", "adjusted_bmp", "adjusted_patell", "portfolio"}


def test_none_is_said_where_there_is_none():
    result = shifted(0.0, 4)
    own = result.events[result.events["window"] == "(0, 0)"]
    if not ((own["pvalue"] <= 0.05) & (own["placebo_pvalue"] <= 0.05)).any():
        assert any("0 are distinguishable from noise" in s and ": none." in s
                   for s in result.findings().sentences)  # fmt: skip


def test_the_level_of_the_words_is_that_of_the_study():
    sentences = " ".join(shifted(-0.06, level=0.9).findings().sentences)
    assert "90 %" in sentences
    assert "95 %" not in sentences
    assert "about 1.2 would be expected by chance" in sentences


def test_dropped_pairs_are_in_the_summary():
    frame = prices(world(9))
    frame.iloc[100:, :8] = np.nan
    sentences = run(frame, one_date(9), kind="prices").findings().sentences
    last = sentences[-1]
    assert last.startswith("8 pairs of an event and a security could not be measured: S00 on E00")
    assert "and 2 more" in last


def test_groups_by_kind_have_their_sentence_and_single_events_have_none():
    frame = world(4, 200)
    rows = [("A", "S00", 140), ("A", "S01", 140), ("B", "S02", 150), ("C", "S03", 180)]
    result = run(frame, rows, columns={"kind": ["x", "x", "y", "y"]}, windows=[(0, 0)])
    sentences = " ".join(result.findings().sentences)
    assert "For events of kind x (2 pairs)" in sentences
    assert "For events of kind y (2 pairs)" in sentences
    assert "event:A" not in sentences


def test_notes_tell_of_overlaps_and_of_hours_that_were_supposed():
    frame = world(2, 170)
    columns = {"announced_at": ["2020-07-20T10:00Z", "2020-07-21T10:00Z"], "date": "",
               "precision": ["assumed", "minute"]}  # fmt: skip
    result = run(frame, [("A", "S00", 140), ("B", "S00", 141)], columns=columns)
    notes = " ".join(result.findings().notes)
    assert "1 pair of events share" in notes
    assert "1 event have an assumed hour" in notes or "1 event has an assumed hour" in notes


def test_overlaps_that_are_too_many_to_list_are_told_by_their_events(tmp_path):
    frame = world(2, 170)
    result = run(frame, [("A", "S00", 140), ("B", "S00", 141), ("C", "S00", 150)])
    assert "1 pair of events shares" in " ".join(result.findings().notes)
    events = result.input
    panel = panel_of(frame)
    rows, _ = locate(events, np.zeros(3, dtype=np.int64), panel.calendars)
    rows, _ = settle(rows, panel, np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64))
    counted = overlaps(rows, events, panel, study().design, limit=0)
    # A and B share days; the 139th session, tested for A, is the last of C's estimation window
    assert counted["n_others"].tolist() == [1, 1, 1]
    assert counted["kind"].tolist() == [SHARED, SHARED, INSIDE]
    many = replace(result, frames={**result.frames, "overlaps": counted})
    assert "2 events share days of the tested windows with other events" in " ".join(
        many.findings().notes
    )
    loaded = es.load(many.save(tmp_path / "run"))
    pd.testing.assert_frame_equal(loaded.overlaps, counted)


def test_a_lead_test_without_a_value_says_why():
    frame = world(3, 60)
    result = run(frame, one_date(3, 50), estimation=(-35, -11), event=(-1, 1),
                 windows=[(0, 0)], min_estimation=20)  # fmt: skip
    lead = result.leads.iloc[0]
    tests = result.tests[result.tests["group"] == "all"].set_index("test")
    sentence = result.findings().sentences[0]
    if np.isnan(tests.loc[lead["test"], "pvalue"]):
        assert "has no value" in sentence
    else:
        assert re.search(r"p [=<]", sentence)


def test_the_settings_are_told_in_words(loud):
    settings = dict(loud.findings().settings)
    assert settings["Estimation window"] == "(-130, -11)"
    assert settings["Tested windows"] == "(0, 0), (-1, 1)"
    assert settings["Sessions"] == "the rows of the data"
    assert isinstance(loud.events, pd.DataFrame)


def test_the_tests_that_lead_are_one_family(loud):
    """Holm over all leading p-values, groups of the same pairs counted once, by hand."""
    lead = loud.tests[loud.tests["lead"]].set_index(["group", "window"])["pvalue"]
    adjusted = loud.leads.set_index(["group", "window"])["pvalue_holm"]
    rows = loud.events[loud.events["in_groups"]]
    alike = {}
    for group in lead.index.get_level_values("group").unique():
        prefix, _, name = group.partition(":")
        column = {"kind": "kind", "group": "group", "event": "event_id"}.get(prefix)
        own = rows if column is None else rows[rows[column] == name]
        pairs = frozenset(zip(own["event_id"], own["ticker"], strict=True))
        alike.setdefault(pairs, group)
    own = lead[lead.index.get_level_values("group").isin(list(alike.values()))].dropna()
    running = 0.0
    for place, (key, pvalue) in enumerate(own.sort_values(kind="stable").items()):
        running = max(running, min(1.0, pvalue * (len(own) - place)))
        assert adjusted[key] == pytest.approx(running, abs=1e-15)
    assert adjusted.notna().sum() == lead.notna().sum()
    shown = loud.groups().set_index(["group", "window"])["Holm p"]
    assert shown.tolist() == [probability(value) for value in adjusted.reindex(shown.index)]
    said = [one for one in loud.findings().sentences if "counted together (Holm)" in one]
    found = int((adjusted[own.index] <= 0.05).sum())
    assert said[0].startswith(f"Of {len(own)} leading tests")
    assert f"counted together (Holm) {found or 'none'} do" in said[0]


def test_what_a_single_date_cannot_tell_is_said_and_of_several_it_is_not(loud):
    frame = world(2)
    for pairs, words in (
        (one_date(2), "All effects are of one date"),
        (one_date(1), "There is one date"),
    ):
        found = run(frame, pairs).findings()
        assert any(note.startswith(words) for note in found.notes)
    rows = [("A", "S00", 130), ("B", "S01", 140)]
    assert not any("one date" in note for note in run(frame, rows).findings().notes)


def test_methods_are_those_of_tests_that_were_asked():
    """Of a single pair there is no group, and no page on tests of groups."""
    frame = world(2)
    one, two = (run(frame, one_date(count)).findings() for count in (1, 2))
    assert one.methods == ("market", "sar_t", "placebo", "sq")
    assert {"adjusted_bmp", "portfolio"} < set(two.methods)


def test_an_event_on_two_exchanges_is_of_one_date_and_a_closed_benchmark_is_named():
    rows = {"event_id": "H", "date": "2018-11-23"}

    def noted(*tickers):
        listed = pd.DataFrame([rows | {"ticker": ticker} for ticker in tickers])
        events = es.Events.from_frame(listed)
        return es.Study(placebo="never").run(events, prices=es.SnapshotPrices()).findings().notes

    for tickers, closed in ((("000001.SS", "399006.SZ"), True), (("QCOM", "0981.HK"), False)):
        notes = noted(*tickers)
        assert any("All effects are of one date" in note for note in notes)
        said = [note for note in notes if "The benchmark's market did not trade" in note]
        assert bool(said) == closed
        assert not closed or all(f"{ticker} on H" in said[0] for ticker in tickers)
