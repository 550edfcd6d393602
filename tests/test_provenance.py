"""Where numbers come from: digests of events that were a frame."""

from __future__ import annotations

import hashlib
import struct

import numpy as np
import pandas as pd
import pytest
from worlds import one_date, run, table, world

import eventstudy as es
from eventstudy import provenance
from eventstudy.provenance import digest_of


def events(**changes):
    frame = table(world(), one_date(), title=[f"No. {i}" for i in range(6)])
    return es.Events.from_frame(frame.assign(**changes)).frame


def test_the_digest_of_a_frame_does_not_depend_on_how_pandas_keeps_it():
    frame = events()
    want = digest_of(frame)
    assert len(want) == 64
    assert digest_of(frame.copy()) == want
    assert digest_of(frame.astype({"title": object, "event_id": object})) == want
    assert digest_of(frame.astype({"date": "datetime64[ns]"})) == want
    assert digest_of(es.Events.from_frame(frame).frame) == want


@pytest.mark.parametrize("storage", ["python", "pyarrow"])
def test_it_does_not_depend_on_the_storage_of_texts_nor_on_pieces(storage):
    texts = ["A", "上海", "", "x" * 70_000, "\x1f", "tab\tand\nline"]
    frame = pd.DataFrame({"event_id": np.array(texts, dtype=object)})
    kept = frame.astype(pd.StringDtype(storage, na_value=np.nan))
    assert digest_of(kept) == digest_of(frame)
    pieces = pd.concat([kept.iloc[:2], kept.iloc[2:]], ignore_index=True)
    assert digest_of(pieces) == digest_of(frame)


@pytest.mark.parametrize(
    "changes",
    [
        {"title": [*(f"No. {i}" for i in range(5)), "No. 6"]},
        {"title": "the same"},
        {"notes": "x"},
        {"date": "2020-07-17"},
        {"own": "a column of the user's"},
    ],
)
def test_the_digest_changes_with_any_cell(changes):
    assert digest_of(events(**changes)) != digest_of(events())
    assert digest_of(events().iloc[:5]) != digest_of(events())


def test_it_is_of_these_very_bytes():
    """The same on every machine and in every version, so that two runs can be compared."""
    frame = pd.DataFrame({"event_id": ["A", "B"], "date": np.array(["2020-01-02", "NaT"], "M8[s]")})
    times = [1_577_923_200_000_000_000, -(2**63)]
    written = b"2 rows\nevent_id\nA\x1fB\ndate\n" + struct.pack("<qq", *times)
    assert digest_of(frame) == hashlib.sha256(written).hexdigest()


@pytest.mark.parametrize("cells", [1, 2, 6, 7])
def test_it_does_not_depend_on_how_many_cells_are_taken_at_once(cells, monkeypatch):
    want = digest_of(events())
    monkeypatch.setattr(provenance, "_TEXTS", cells)
    assert digest_of(events()) == want


def test_a_run_names_the_digest_of_its_events():
    result = run(world(), one_date())
    assert result.provenance["inputs"] == {"frame": digest_of(result.input)}


def test_a_run_names_the_source_of_each_series():
    result = run(world(), one_date())
    tickers = result.sources["ticker"].tolist()
    assert len(tickers) > 2
    assert result.provenance["sources"] == {result.sources["source"].iloc[0]: tickers}
