"""Events: whatever the bytes are, the answer is events or a list of problems."""

from __future__ import annotations

import csv
import io
import string
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from eventstudy.claims import read_claims
from eventstudy.errors import ClaimsError, EventsError
from eventstudy.events import EXAMPLE, Events, read_events

CLAIMS = b"""event_id,ticker,measure,quoted,comparison,since,text,source
A,MU,close_return,-4.4%,is,,"fell, by 4.4 %",press
A,MU,largest_fall_since,,,2022-12,largest,press
"""
QUICK = settings(max_examples=150, deadline=None)
FEW = settings(max_examples=40, deadline=None)
MARKS = b"\" , \n \r \0 # ; \t \xff \xef\xbb\xbf \xff\xfe ' \xe4\xb8 ..".split(b" ")
WORDS = [b"2020-02-30", b"2020-09-04T17:00", b"x" * 70_000, "中".encode(), b"event_id", b"", b" "]
PIECES = st.sampled_from([*MARKS, *WORDS])


def answer(data: bytes, read, error) -> object:
    """What reading gives: a table, or the error with problems that can be told."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_bytes(data)
        try:
            return read(path)
        except error as caught:
            assert caught.problems
            for problem in caught.problems:
                assert problem.problem
                assert problem.cure
                assert (
                    problem.line is None
                    or 1 <= problem.line <= data.count(b"\n") + data.count(b"\r") + 1
                )
                for shown in (problem.value, problem.column):
                    assert len(shown) <= 600
                    assert not set(shown) & set(map(chr, (*range(32), 127)))
            str(caught).encode("utf-8")
            return caught


@st.composite
def mutated(draw: st.DrawFn, good: bytes) -> bytes:
    data = good
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        upto = min(len(data), at + draw(st.integers(0, 12)))
        data = data[:at] + draw(PIECES) + data[upto:]
    return data


@given(st.binary(max_size=400))
@QUICK
def test_any_bytes(data):
    answer(data, read_events, EventsError)
    answer(data, read_claims, ClaimsError)


@given(mutated(EXAMPLE.encode()))
@QUICK
def test_a_mutated_file_of_events(data):
    answer(data, read_events, EventsError)


@given(mutated(CLAIMS))
@QUICK
def test_a_mutated_file_of_claims(data):
    answer(data, read_claims, ClaimsError)


@given(
    st.text(max_size=300).map(
        lambda text: f"event_id,date,tickers,{text}".encode("utf-8", "replace")
    )
)
@QUICK
def test_any_text_behind_a_good_header(data):
    answer(data, read_events, EventsError)


printable = st.text(string.ascii_letters + string.digits + "-中é'=+/ ", min_size=1, max_size=20)
ids = printable.map(str.strip).filter(lambda text: text and not text.startswith("#"))
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=20)
tickers = st.lists(
    st.from_regex(r"\A\^?[A-Za-z0-9][A-Za-z0-9=-]{0,6}(\.[A-Z]{2})?\Z"),
    min_size=1,
    max_size=3,
    unique=True,
)
offsets = st.integers(-720, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(datetime(1801, 1, 1), datetime(2199, 1, 1), timezones=offsets)  # noqa: DTZ001


@given(
    st.lists(
        st.tuples(ids, instants, tickers, texts),
        min_size=1,
        max_size=5,
        unique_by=lambda row: row[0],
    )
)
@FEW
def test_a_file_and_a_frame_give_the_same_events(rows):
    columns = {
        "event_id": [row[0] for row in rows],
        "announced_at": [row[1].isoformat() for row in rows],
        "precision": ["minute"] * len(rows),
        "tickers": [";".join(row[2]) for row in rows],
        "title": [row[3] for row in rows],
    }
    frame = pd.DataFrame(columns)
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
        [list(columns), *zip(*columns.values(), strict=True)]
    )
    from_file = answer(text.getvalue().encode(), read_events, EventsError)
    assert isinstance(from_file, Events)
    pd.testing.assert_frame_equal(from_file.frame, Events.from_frame(frame).frame)
    objects = frame.assign(announced_at=pd.Series([row[1] for row in rows], dtype=object))
    pd.testing.assert_frame_equal(from_file.frame, Events.from_frame(objects).frame)
    owners = [row for row in rows for _ in row[2]]
    assert list(from_file.frame["ticker"]) == [ticker for row in rows for ticker in row[2]]
    assert list(from_file.frame["written"]) == [f"{row[1]:%Y-%m-%d}" for row in owners]
    for instant, row in zip(from_file.frame["announced_at"], owners, strict=True):
        assert instant == pd.Timestamp(row[1])
    again = Events.from_frame(from_file.frame)
    pd.testing.assert_frame_equal(again.frame, from_file.frame)


@given(st.lists(st.tuples(ids, tickers), min_size=1, max_size=6), st.randoms(use_true_random=False))
@FEW
def test_the_order_of_rows_changes_no_verdict(rows, random):
    def pairs(rows: list) -> set | None:
        columns = {
            "event_id": [row[0] for row in rows],
            "tickers": [" ".join(row[1]) for row in rows],
        }
        try:
            frame = Events.from_frame(pd.DataFrame({**columns, "date": "2020-09-04"})).frame
        except EventsError:
            return None
        return set(zip(frame["event_id"], frame["ticker"], strict=True))

    shuffled = random.sample(rows, len(rows))
    expected = [(event, ticker) for event, several in rows for ticker in several]
    found = pairs(rows)
    assert found == pairs(shuffled)
    assert (found is None) == (len(set(expected)) < len(expected))
    if found is not None:
        assert found == set(expected)
