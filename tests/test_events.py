"""Events: what is read, and what is said of each kind of bad input."""

from __future__ import annotations

import codecs
import csv
import hashlib
import os
import time
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import EventsError, Problem
from eventstudy.events import EXAMPLE, Events, read_events

HEADER = "event_id,announced_at,date,precision,tickers,kind,title,benchmark"
GOOD = "A,2020-09-04T17:00-04:00,,hour,MU,report,Something,"
ROOT = Path(__file__).parents[1]


@pytest.fixture
def file(tmp_path):
    def write(*rows: str, header: str = HEADER) -> Path:
        path = tmp_path / "events.csv"
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    return write


def problems_of(path: Path | str, **options) -> tuple[Problem, ...]:
    with pytest.raises(EventsError) as caught:
        read_events(path, **options)
    for problem in caught.value.problems:
        assert problem.problem
        assert problem.cure
        assert problem.cure in str(caught.value)
    return caught.value.problems


def only_problem(path: Path | str, **options) -> Problem:
    (problem,) = problems_of(path, **options)
    return problem


def frame_problems(**columns) -> tuple[Problem, ...]:
    with pytest.raises(EventsError) as caught:
        Events.from_frame(pd.DataFrame(columns))
    return caught.value.problems


class TestGoodFile:
    def test_columns_and_their_types(self, file):
        row = 'A,2020-09-04T23:30-04:00,,hour,MU; 0981.HK,report,"a, ""b""\nc",^SOX,x'
        path = file(row, "B,,2020-09-05,,MU,,,,", header=HEADER + ",desk")
        events = read_events(path)
        frame = events.frame
        assert list(frame) == [
            *("event_id", "ticker", "announced_at", "written", "date", "precision", "kind"),
            *("actor", "title", "source", "benchmark", "group", "exchange", "notes", "desk"),
        ]
        assert str(frame["announced_at"].dtype) == "datetime64[ns, UTC]"
        assert frame["date"].dtype == "datetime64[s]"
        assert frame.index.equals(pd.RangeIndex(3))
        assert list(frame["ticker"]) == ["MU", "0981.HK", "MU"]
        assert frame["announced_at"][0] == pd.Timestamp("2020-09-05T03:30Z")
        assert list(frame["written"]) == ["2020-09-04", "2020-09-04", ""]
        assert list(frame["date"].isna()) == [True, True, False]
        assert frame["date"][2] == pd.Timestamp("2020-09-05")
        assert frame["announced_at"].isna()[2]
        assert frame["title"][0] == 'a, "b"\nc'
        assert list(frame["desk"]) == ["x", "x", ""]
        assert events.ids == ("A", "B")
        assert len(events) == 3
        assert events.name == "events.csv"
        assert events.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()

    def test_no_text_is_guessed_to_be_a_number_or_missing(self, file):
        path = file("007,,2020-09-05,,NA,,NaN,", "1e3,,2020-09-05,,000001,,null,")
        frame = read_events(path).frame
        assert list(frame["event_id"]) == ["007", "1e3"]
        assert list(frame["ticker"]) == ["NA", "000001"]
        assert list(frame["title"]) == ["NaN", "null"]

    @pytest.mark.parametrize(
        ("text", "instant", "written"),
        [
            ("2020-09-04T21:00Z", "2020-09-04T21:00", "2020-09-04"),
            ("2020-09-04 17:00-04:00", "2020-09-04T21:00", "2020-09-04"),
            ("2020-09-05T05:00:00+0800", "2020-09-04T21:00", "2020-09-05"),
            ("2020-09-04T17:00:00.5-04", "2020-09-04T21:00:00.5", "2020-09-04"),
            ("2021-01-01T13:59:59+14:00", "2020-12-31T23:59:59", "2021-01-01"),
            ("2020-02-29T00:00+05:30", "2020-02-28T18:30", "2020-02-29"),
            ("1800-01-01T00:00Z", "1800-01-01", "1800-01-01"),
            ("2199-12-31T23:59-12:00", "2200-01-01T11:59", "2199-12-31"),
        ],
    )
    def test_forms_of_an_instant(self, file, text, instant, written):
        frame = read_events(file(f"A,{text},,hour,MU,,,")).frame
        assert frame["announced_at"][0] == pd.Timestamp(instant, tz="UTC")
        assert frame["written"][0] == written

    @pytest.mark.parametrize("text", ["2020-09-04", "2020-09-04T00:00:00", "2020-09-04 00:00"])
    def test_forms_of_a_date(self, file, text):
        frame = read_events(file(f"A,,{text},,MU,,,")).frame
        assert frame["date"][0] == pd.Timestamp("2020-09-04")

    @pytest.mark.parametrize(
        "ticker",
        ["MU", "^GSPC", "0981.HK", "BRK-B", "CNY=X", "000001.SS", "a", "A" * 20, "^" + "9" * 20],
    )
    def test_forms_of_a_ticker(self, file, ticker):
        assert read_events(file(f"A,,2020-09-05,,{ticker},,,")).frame["ticker"][0] == ticker

    @pytest.mark.parametrize("cell", ["MU AMD", "MU;AMD", " MU ; AMD; ", "MU;;AMD", "MU\u00a0AMD"])
    def test_several_tickers(self, file, cell):
        assert list(read_events(file(f"A,,2020-09-05,,{cell},,,")).frame["ticker"]) == ["MU", "AMD"]

    def test_a_byte_order_mark_of_utf8_is_no_matter(self, tmp_path):
        path = tmp_path / "e.csv"
        path.write_bytes(codecs.BOM_UTF8 + f"{HEADER}\n{GOOD}\n".encode())
        assert read_events(path).ids == ("A",)

    @pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
    def test_line_endings(self, tmp_path, ending):
        path = tmp_path / "e.csv"
        text = ending.join([HEADER, "# no row", GOOD, "", ",,,,,,,", GOOD.replace("A,", "B,")])
        path.write_bytes(text.encode())
        assert read_events(path).ids == ("A", "B")

    def test_rows_of_one_event_may_have_their_own_ticker_benchmark_exchange(self, file):
        start = "A,2020-09-04T17:00-04:00,,hour"
        header = HEADER + ",exchange"
        path = file(f"{start},MU,,,^SOX,XNYS", f"{start},0981.HK,,,^HSI,XHKG", header=header)
        assert list(read_events(path).frame["benchmark"]) == ["^SOX", "^HSI"]

    def test_one_instant_written_twice_in_other_words_agrees(self, file):
        path = file(
            "A,2020-09-04T17:00-04:00,,hour,MU,,,", "A,2020-09-04T17:00:00-0400,,hour,AMD,,,"
        )
        assert len(read_events(path)) == 2

    def test_empty_tickers_are_filled(self, file):
        path = file("A,,2020-09-04,,,,,", "B,,2020-09-04,,MU,,,")
        assert list(read_events(path).frame["ticker"]) == ["", "MU"]
        assert list(read_events(path, tickers=["X", "Y;Z"]).frame["ticker"]) == [
            "X",
            "Y",
            "Z",
            "MU",
        ]
        events = read_events(path)
        filled = events.with_tickers("X Y")
        assert list(filled.frame["ticker"]) == ["X", "Y", "MU"]
        assert (filled.name, filled.sha256) == (events.name, events.sha256)

    def test_a_file_without_the_column_tickers_takes_those_given(self, file):
        path = file("A,2020-09-04", header="event_id,date")
        assert list(read_events(path, tickers=("MU",)).frame["ticker"]) == ["MU"]

    def test_a_title_may_be_long_and_hostile(self, file):
        titles = [
            "x" * 60_000,
            "[/x] #read(1) $x^2$ ../../x",
            "<script>alert(1)</script>",
            "\x1b[31m",
        ]
        rows = [f"E{place},,2020-09-04,,MU,,{title}," for place, title in enumerate(titles)]
        rows = [f"{row},1" for row in rows]
        events = read_events(file(*rows, header=f"{HEADER},self"))
        assert list(events.frame["title"]) == titles
        html = events._repr_html_()
        assert "<script>" not in html
        assert "\x1b" not in html
        assert len(html) < 10_000

    def test_the_example_is_read(self, tmp_path):
        path = tmp_path / "example.csv"
        path.write_text(EXAMPLE, encoding="utf-8")
        frame = read_events(path).frame
        assert EXAMPLE.startswith("#")
        assert frame["event_id"].duplicated().any()
        assert frame["date"].notna().any()
        assert frame["announced_at"].notna().any()
        assert (frame["benchmark"] != "").any()
        columns = {line.split(",")[0] for line in EXAMPLE.splitlines() if "," in line}
        assert "event_id" in columns

    def test_print(self, file):
        events = read_events(file(GOOD))
        assert repr(events) == "<Events events.csv: 1 event, 1 row, 2020-09-04 to 2020-09-04>"
        assert len(repr(events)) < 100


class TestShippedEvents:
    def test_thirteen_events_and_twenty_nine_pairs(self):
        events = read_events(ROOT / "events.csv")
        assert len(events.ids) == 13
        assert len(events) == 29
        assert set(events.frame["kind"]) == {"sanction", "retaliation", "report"}
        assert (events.frame[["actor", "title", "source", "notes", "group"]] != "").all(axis=None)

    @pytest.mark.parametrize(
        ("event", "instant", "precision"),
        [
            ("ZTE-2018", "2018-04-16T13:00", "assumed"),
            ("HUAWEI-2018", "2018-11-23T00:00", "assumed"),
            ("HUAWEI-2019", "2019-05-15T21:00", "hour"),
            ("XINJIANG-2019", "2019-10-07T21:00", "assumed"),
            ("SMIC-2020", "2020-09-04T21:00", "assumed"),
            ("SMIC-2020-LISTED", "2020-12-18T06:23", "minute"),
            ("CHIPS-2022", "2022-10-07T15:19", "minute"),
            ("MICRON-2023", "2023-03-31T12:56", "minute"),
            ("MICRON-2023-BAN", "2023-05-21T12:00", "assumed"),
            ("GALLIUM-2023", "2023-07-03T11:00", "assumed"),
            ("CHIPS-2023", "2023-10-17T12:00", "assumed"),
            ("BIS-2024", "2024-12-02T05:02", "minute"),
            ("MOFCOM-2024", "2024-12-03T08:52", "minute"),
        ],
    )
    def test_instants(self, event, instant, precision):
        frame = read_events(ROOT / "events.csv").frame
        rows = frame[frame["event_id"] == event]
        assert set(rows["announced_at"]) == {pd.Timestamp(instant, tz="UTC")}
        assert set(rows["precision"]) == {precision}


class TestBadCells:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("2020-02-30T10:00Z", "no such date or time"),
            ("2020-09-04T25:00Z", "no such date or time"),
            ("2020-09-04T24:00Z", "no such date or time"),
            ("2020-13-04T10:00Z", "no such date or time"),
            ("2020-09-04T10:60Z", "no such date or time"),
            ("2020-09-04T17:00", "without its offset"),
            ("2020-09-04 17:00:30", "without its offset"),
            ("2020-09-04", "without a time of day"),
            ("2020-09-04T17:00+15:00", "not an instant"),
            ("2020-09-04T17:00 EDT", "not an instant"),
            ("4 Sep 2020", "not an instant"),
            ("1599253200", "not an instant"),
            ("1020-09-04T17:00Z", "a year outside"),
            ("2020-09-04T17:00Z and so on", "not an instant"),
            ("２０２０-09-04T17:00Z", "not an instant"),
        ],
    )
    def test_instants(self, file, text, said):
        problem = only_problem(file(f"A,{text},,hour,MU,,,"))
        assert said in problem.problem
        assert (problem.line, problem.column, problem.value) == (2, "announced_at", text)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("2020-02-30", "no such date"),
            ("2020-09-04T17:00Z", "time of day"),
            ("04/09/2020", "not a date"),
            ("2020", "not a date"),
            ("0020-09-04", "a year outside"),
        ],
    )
    def test_dates(self, file, text, said):
        problem = only_problem(file(f"A,,{text},,MU,,,"))
        assert said in problem.problem
        assert (problem.line, problem.column, problem.value) == (2, "date", text)

    def test_both_and_neither(self, file):
        path = file("A,2020-09-04T17:00Z,2020-09-04,hour,MU,,,", "B,,,,MU,,,")
        both, neither = problems_of(path)
        assert "both" in both.problem
        assert (both.line, both.column, both.value) == (2, "date", "2020-09-04")
        assert "neither" in neither.problem
        assert (neither.line, neither.column) == (3, "announced_at")

    @pytest.mark.parametrize(
        ("ticker", "said"),
        [
            ("MU..N", "two points"),
            ("../../x", "two points"),
            ("A" * 21, "21 characters"),
            ("$MU", "not a ticker"),
            (".HK", "not a ticker"),
            ("^^GSPC", "not a ticker"),
            ("=HYPERLINK", "not a ticker"),
            ("MÜ", "not a ticker"),
            ("MU\x07", "control characters"),
            ("MU\x1b[31m", "control characters"),
        ],
    )
    def test_tickers(self, file, ticker, said):
        problem = only_problem(file(f"A,,2020-09-04,,AMD {ticker},,,"))
        assert said in problem.problem
        assert (problem.line, problem.column) == (2, "tickers")
        assert problem.value.isprintable()

    def test_tickers_with_commas(self, file):
        problem = only_problem(file('A,,2020-09-04,,"MU,AMD",,,'))
        assert "spaces or semicolons" in problem.cure

    @pytest.mark.parametrize(
        ("event", "said"),
        [
            ("", "no id"),
            ("A\x1b[31m", "control"),
            ("x" * 81, "81 characters"),
            ("A\u202eB", "control"),
        ],
    )
    def test_ids(self, file, event, said):
        problem = only_problem(file(f"{event},,2020-09-04,,MU,,,"))
        assert said in problem.problem
        assert (problem.line, problem.column) == (2, "event_id")
        assert problem.value.isprintable()

    def test_values_are_shortened_and_control_characters_shown(self, file):
        large, long = problems_of(file("A\x1b[31m" + "x" * 90_000 + ",,2020-09-04,,MU,,,"))
        assert large.value == long.value == "A\\x1b[31m" + "x" * 51 + "..."

    @pytest.mark.parametrize(
        ("precision", "cure"),
        [("Minute", "'minute'"), ("assume", "'assumed'"), ("second", "minute, hour or assumed")],
    )
    def test_precision(self, file, precision, cure):
        problem = only_problem(file(f"A,2020-09-04T17:00Z,,{precision},MU,,,"))
        assert (problem.column, problem.value) == ("precision", precision)
        assert cure in problem.cure

    def test_an_instant_needs_its_precision_and_a_date_does_not(self, file):
        problem = only_problem(file("A,2020-09-04T17:00Z,,,MU,,,", "B,,2020-09-04,,MU,,,"))
        assert (problem.line, problem.column) == (2, "precision")

    @pytest.mark.parametrize("benchmark", ["S&P 500", "^GSPC ^SOX", "x..y"])
    def test_benchmark(self, file, benchmark):
        problem = only_problem(file(f"A,,2020-09-04,,MU,,,{benchmark}"))
        assert (problem.line, problem.column, problem.value) == (2, "benchmark", benchmark)

    def test_a_ticker_that_is_its_own_benchmark(self, file):
        problem = only_problem(file("A,,2020-09-04,,MU ^SOX,,,^SOX"))
        assert "own benchmark" in problem.problem

    def test_nul_and_large_cells(self, file):
        path = file(
            "A,,2020-09-04,,MU,,a\0b,",
            f"B,,2020-09-04,,MU,,{'x' * 65_536},",
            f"C,,2020-09-04,,MU,,{'x' * 65_537},",
            f"D,,2020-09-04,,MU,,{'x' * 200_000},",
            "E,,2020-09-04,,MU..,,,",
        )
        limit = csv.field_size_limit()
        found = [(p.line, p.column, p.problem[:20]) for p in problems_of(path)]
        assert found == [
            (2, "title", "the cell holds a NUL"),
            (4, "title", "the cell is larger t"),
            (5, "title", "the cell is larger t"),
            (6, "tickers", "a ticker with two po"),
        ]
        assert csv.field_size_limit() == limit

    def test_all_at_once_in_the_order_of_the_lines(self, file):
        rows = [
            "A,2020-02-30T10:00Z,,hour,MU,,,",
            "# a comment",
            ",,2020-09-04,,MU,,,",
            'C,,2020-09-04,,MU,,"two\nlines, and a third:\n#not a comment",',
            "",
            "D,2020-09-04T17:00,,never,M!U,,,B!",
            "E,,2020-09-04,,MU,,",
        ]
        found = [(p.line, p.column) for p in problems_of(file(*rows))]
        assert found == [
            (2, "announced_at"),
            (4, "event_id"),
            *((9, name) for name in ("announced_at", "precision", "tickers", "benchmark")),
            (10, ""),
        ]

    def test_ten_thousand_problems_are_listed_and_the_others_counted(self, file):
        path = file(*(f"E{place},,2020-09-04,,M!U,,," for place in range(10_500)))
        listed = problems_of(path)
        assert len(listed) == 10_001
        assert "500 more problems" in listed[-1].problem


class TestDisagreement:
    @pytest.mark.parametrize(
        ("first", "second", "column", "values"),
        [
            ("2020-09-04T17:00Z,,hour,MU,report,x,", "2020-09-04T17:00Z,,hour,AMD,ban,x,", "kind",
             ("ban", "report")),
            ("2020-09-04T17:00Z,,hour,MU,,x,", "2020-09-04T17:00Z,,hour,AMD,,,", "title",
             ("nothing", "x")),
            ("2020-09-04T17:00Z,,hour,MU,,,", "2020-09-04T18:00Z,,hour,AMD,,,", "announced_at",
             ("2020-09-04T18:00Z", "2020-09-04T17:00Z")),
            ("2020-09-04T17:00Z,,hour,MU,,,", "2020-09-05T01:00+08:00,,hour,AMD,,,", "announced_at",
             ("2020-09-05T01:00+08:00", "2020-09-04T17:00Z")),
            (",2020-09-04,,MU,,,", ",2020-09-05,,AMD,,,", "date", ("2020-09-05", "2020-09-04")),
            (",2020-09-04,hour,MU,,,", "2020-09-05T01:00+08:00,,hour,AMD,,,", "announced_at",
             ("2020-09-05T01:00+08:00", "nothing")),
        ],
    )  # fmt: skip
    def test_rows_of_one_event(self, file, first, second, column, values):
        path = file("B,,2020-09-04,,MU,,,", f"A,{first}", "C,,2020-09-04,,MU,,,", f"A,{second}")
        problem = only_problem(path)
        assert (problem.line, problem.column, problem.value) == (5, column, values[0])
        assert "event A" in problem.problem
        assert f"line 3 has {values[1]}" in problem.problem

    def test_unknown_columns_too(self, file):
        rows = "A,,2020-09-04,,MU,,,,x", "A,,2020-09-04,,AMD,,,,y"
        assert only_problem(file(*rows, header=HEADER + ",desk")).column == "desk"

    @pytest.mark.parametrize(
        ("rows", "line"),
        [
            (("MU MU",), 2),
            (("MU; AMD", "X MU"), 3),
            (("MU", "AMD", "MU"), 4),
            (("", ""), 3),
        ],
    )
    def test_a_pair_twice(self, file, rows, line):
        problem = only_problem(file(*(f"A,,2020-09-04,,{cell},,," for cell in rows)))
        assert (problem.line, problem.column) == (line, "tickers")
        assert "twice" in problem.problem
        assert "on line 2 before" in problem.problem

    def test_a_pair_twice_after_filling(self, file):
        path = file("A,,2020-09-04,,MU,,,", "A,,2020-09-04,,,,,")
        assert "twice" in only_problem(path, tickers=["MU"]).problem
        with pytest.raises(EventsError, match="twice"):
            read_events(path).with_tickers(["MU"])

    @pytest.mark.parametrize(("tickers", "said"), [(["M!"], "not a ticker"), ("MU MU", "twice")])
    def test_bad_tickers_given(self, file, tickers, said):
        problem = only_problem(file("A,,2020-09-04,,,,,"), tickers=tickers)
        assert said in problem.problem
        assert (problem.line, problem.column) == (None, "--tickers")


class TestAlike:
    def test_tickers_that_differ_by_case_are_one_security(self, file):
        problem = only_problem(file(GOOD, "B,2020-09-04T17:00-04:00,,hour,mu AMD,report,Other,"))
        assert problem.value == "'MU'"
        assert "looks like 'mu'" in problem.problem

    @pytest.mark.parametrize(("one", "other"), [("Caf\u00e9", "Cafe\u0301"), ("a  b", "a b")])
    def test_ids_that_look_the_same(self, one, other):
        columns = {"date": "2020-09-04", "ticker": ["MU", "AMD"]}
        for name in ("event_id", "kind", "group"):
            names = {"event_id": ["A", "B"]} | {name: [one, other]}
            (problem,) = frame_problems(**(columns | names))
            assert problem.column == name
            assert "looks like" in problem.problem
        assert Events.from_frame(pd.DataFrame(columns | {"event_id": [one, "C"]})).ids == (one, "C")


class TestBadFiles:
    def write(self, tmp_path: Path, data: bytes) -> Path:
        path = tmp_path / "events.csv"
        path.write_bytes(data)
        return path

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"", "empty"),
            (b"\xef\xbb\xbf", "empty"),
            (b"\n\n  \n", "empty"),
            (b"# only a comment\n", "empty"),
            (HEADER.encode(), "no row"),
            (f"{HEADER}\n\n,,,,,,,\n".encode(), "no row"),
            ("\ufeff".encode("utf-16-le") + f"{HEADER}\n".encode("utf-16-le"), "UTF-16"),
            ("\ufeff".encode("utf-16-be") + f"{HEADER}\n".encode("utf-16-be"), "UTF-16"),
            (f"{HEADER}\n".encode("utf-32"), "UTF-32"),
            (f"{HEADER}\n{GOOD}".encode("utf-16-le"), "UTF-16"),
            (f"{HEADER}\n{GOOD}".replace(",", ";").encode(), "semicolons"),
            (f"{HEADER}\n{GOOD}".replace(",", "\t").encode(), "tabs"),
            (b'"event_id";"date"\n"A, B";"2020-09-04"\n', "semicolons"),
            (b'event_id,"date\nA,2020-09-04\n', "never closed"),
            (b",".join(b"c%d" % place for place in range(1001)) + b"\n1\n", "1,001 columns"),
        ],
    )
    def test_the_file_as_a_whole(self, tmp_path, data, said):
        assert said in only_problem(self.write(tmp_path, data)).problem

    @pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
    def test_encoding_names_the_byte(self, tmp_path, mark):
        data = mark + f"{HEADER}\nMül".encode("cp1252")
        problem = only_problem(self.write(tmp_path, data))
        assert f"\\xfc at byte offset {len(data) - 2}" in problem.problem
        assert problem.line == 2

    def test_ten_megabytes(self, tmp_path):
        row = GOOD + "x" * 60_000 + "\n"
        data = f"{HEADER}\n".encode() + row.encode() * 170
        problem = only_problem(self.write(tmp_path, data))
        assert "10 MB" in problem.problem
        assert "from_frame" in problem.cure

    def test_folder_missing_and_unreadable(self, tmp_path):
        assert "folder" in only_problem(tmp_path).problem
        assert "no such file" in only_problem(tmp_path / "none.csv").problem
        assert "cannot be read" in only_problem(tmp_path / ("x" * 5_000)).problem
        assert "cannot be read" in only_problem("a\0b").problem
        assert "cannot be read" in only_problem(self.write(tmp_path, b"x") / "y").problem

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_no_permission(self, tmp_path):
        path = self.write(tmp_path, HEADER.encode())
        path.chmod(0)
        assert "Permission denied" in only_problem(path).problem

    def test_columns_named_twice_and_not_at_all(self, file):
        path = file("A,2020-09-04,MU,x,y", header="event_id,date,tickers,date,")
        twice, nameless = problems_of(path)
        assert (twice.line, twice.column) == (1, "date")
        assert "named twice" in twice.problem
        assert "no name" in nameless.problem

    def test_a_nameless_column_without_cells_is_no_matter(self, file):
        path = file("A,2020-09-04,MU,,", header="event_id,date,tickers,,")
        assert "" not in read_events(path).frame

    def test_a_name_with_control_characters(self, file):
        path = file("A,2020-09-04,MU,x", header="event_id,date,tickers,\x1b[31m")
        assert only_problem(path).column == "\\x1b[31m"

    @pytest.mark.parametrize(
        ("header", "column", "cure"),
        [
            ("Event_ID,date,tickers", "event_id", "'Event_ID'"),
            ("event,date,tickers", "event_id", "'event'"),
            ("what,date,tickers", "event_id", "Add the column event_id"),
            ("event_id,date,tikers", "tickers", "'tikers'"),
            ("event_id,date,stocks", "tickers", "Add the column tickers"),
            ("event_id,anounced_at,tickers", "", "'anounced_at'"),
            ("event_id,when,tickers", "", "Add one of the two"),
        ],
    )
    def test_a_missing_column(self, file, header, column, cure):
        (problem, *_) = problems_of(file("A,2020-09-04,MU", header=header))
        assert problem.column == column
        assert problem.line is None
        assert cure in problem.cure

    def test_an_instant_needs_the_column_precision(self, file):
        path = file("A,2020-09-04T17:00Z,MU", header="event_id,announced_at,tickers")
        assert only_problem(path).column == "precision"

    def test_both_ticker_and_tickers(self, file):
        path = file("A,2020-09-04,MU,AMD", header="event_id,date,ticker,tickers")
        assert "both" in only_problem(path).problem

    def test_rows_of_another_length(self, file):
        few, many = problems_of(file("A,,2020-09-04,,MU,,", GOOD, "B,,2020-09-04,,MU,,a, b,"))
        assert (few.line, many.line) == (2, 4)
        assert "too few cells: the row has 7, the header 8" in few.problem
        assert "too many cells: the row has 9, the header 8" in many.problem
        assert many.value == ""

    def test_quotes(self, file):
        rows = [
            'A,,2020-09-04,,MU,,"never closed,',
            'B,,2020-09-04,,MU,,"closed" and text,',
            'C,,2020-09-04,,MU,,"fine" ,',
            'D,,2020-09-04,,MU,,in " the middle,',
            "E,,2020-09-04,,M!,,,",
            'F,,2020-09-04,,MU,,"open at the end',
        ]
        found = [(p.line, p.problem) for p in problems_of(file(*rows))]
        assert [line for line, _ in found] == [2, 3, 6, 7]
        assert "never closed" in found[0][1]
        assert "follows the closing quote" in found[1][1]
        assert "never closed" in found[3][1]

    def test_many_quotes_cost_what_they_weigh(self, tmp_path):
        for body in (b'"' * 400_001, b'"a\n' * 150_000, b'""' * 200_000, b"\n" * 900_000):
            started = time.process_time()
            with pytest.raises(EventsError):
                read_events(self.write(tmp_path, f"{HEADER}\n".encode() + body))
            assert time.process_time() - started < 3


class TestFrames:
    def test_kinds_of_instants_give_the_same_events(self):
        new_york = timezone(timedelta(hours=-4))
        instant = datetime(2020, 9, 4, 23, 30, tzinfo=new_york)
        given = [
            "2020-09-04T23:30-04:00",
            instant,
            pd.Timestamp(instant),
            pd.Timestamp(instant).tz_convert("America/New_York"),
        ]
        series = [pd.Series([value]) for value in given]
        series += [pd.Series([value], dtype=object) for value in given]
        series.append(pd.Series(pd.to_datetime([instant])))
        series.append(pd.Series([given[3]]).dt.as_unit("s"))
        for values in series:
            frame = pd.DataFrame({"event_id": "A", "tickers": "MU", "precision": "hour"}, index=[0])
            events = Events.from_frame(frame.assign(announced_at=values))
            assert events.frame["announced_at"][0] == pd.Timestamp("2020-09-05T03:30Z")
            assert events.frame["written"][0] == "2020-09-04"
            assert str(events.frame["announced_at"].dtype) == "datetime64[ns, UTC]"
            assert (events.name, events.sha256) == ("frame", "")

    def test_instants_of_several_zones_in_one_column(self):
        zones = [UTC, timezone(timedelta(hours=8))]
        instants = [datetime(2020, 9, 4, 23, 30, tzinfo=zone) for zone in zones]
        columns = {"event_id": ["A", "B"], "precision": "hour", "ticker": "MU"}
        frame = Events.from_frame(pd.DataFrame({**columns, "announced_at": instants})).frame
        assert list(frame["announced_at"].dt.hour) == [23, 15]
        assert list(frame["written"]) == ["2020-09-04"] * 2

    @pytest.mark.parametrize(
        "value",
        ["2020-09-04", date(2020, 9, 4), datetime(2020, 9, 4), np.datetime64("2020-09-04")],  # noqa: DTZ001
    )
    def test_kinds_of_dates(self, value):
        for values in (pd.Series([value]), pd.Series([value], dtype=object)):
            columns = {"event_id": ["A"], "ticker": ["MU"], "date": values}
            events = Events.from_frame(pd.DataFrame(columns))
            assert events.frame["date"][0] == pd.Timestamp("2020-09-04")

    def test_missing_cells_of_every_kind(self):
        instants = pd.Series(pd.to_datetime([None, "2020-09-04T17:00Z"], utc=True))
        columns = {
            "event_id": [1, 2],
            "announced_at": instants,
            "date": [pd.Timestamp("2020-09-04"), pd.NaT],
            "precision": [None, "hour"],
            "tickers": ["MU", np.nan],
            "title": [pd.NA, None],
            "weight": [1.5, np.nan],
        }
        frame = Events.from_frame(pd.DataFrame(columns), tickers=["AMD"]).frame
        assert list(frame["event_id"]) == ["1", "2"]
        assert list(frame["ticker"]) == ["MU", "AMD"]
        assert list(frame["title"]) == ["", ""]
        assert list(frame["weight"]) == ["1.5", ""]
        assert list(frame["precision"]) == ["", "hour"]

    def test_text_types_give_the_same(self):
        columns = {"event_id": ["A", "B"], "date": ["2020-09-04"] * 2, "tickers": ["MU", None]}
        frame = pd.DataFrame(columns)
        expected = Events.from_frame(frame).frame
        for dtype in (object, "string", "category"):
            pd.testing.assert_frame_equal(Events.from_frame(frame.astype(dtype)).frame, expected)

    def test_an_instant_without_a_zone(self):
        instants = pd.to_datetime(["2020-09-04T17:00"])
        for values in (instants, list(instants), ["2020-09-04T17:00"]):
            columns = {"event_id": ["A"], "ticker": "MU", "precision": "hour"}
            (problem,) = frame_problems(**columns, announced_at=values)
            assert "without its offset" in problem.problem
            assert (problem.line, problem.column) == (2, "announced_at")
            assert "17:00" in problem.value

    @pytest.mark.parametrize(
        "values",
        [
            pd.to_datetime(["2020-09-04T17:00"]),
            pd.to_datetime(["2020-09-04"]).tz_localize("UTC"),
            np.array(["1500-09-04"], dtype="datetime64[s]"),
        ],
    )
    def test_datetimes_that_are_no_dates(self, values):
        (problem,) = frame_problems(event_id=["A"], ticker=["MU"], date=values)
        assert problem.column == "date"

    def test_a_year_that_no_instant_reaches(self):
        values = pd.Series(np.array(["1500-09-04T17:00"], dtype="datetime64[s]")).dt.tz_localize(
            "UTC"
        )
        columns = {"event_id": ["A"], "ticker": ["MU"], "precision": ["hour"]}
        (problem,) = frame_problems(**columns, announced_at=values)
        assert "a year outside" in problem.problem

    def test_the_same_problems_as_a_file(self, file):
        rows = [
            "A,2020-02-30T10:00Z,,hour,MU MU,,,",
            ",,2020-09-04,,MU,,,",
            "C,2020-09-04T17:00,,never,M!U,,,B!",
            "C,2020-09-04T17:00,,never,AMD,x,a\0b,B!",
        ]
        path = file(*rows)
        cells = pd.DataFrame([row.split(",") for row in rows], columns=HEADER.split(","))
        with pytest.raises(EventsError) as caught:
            Events.from_frame(cells)
        assert caught.value.problems == problems_of(path)

    def test_columns_named_twice_and_no_rows(self):
        frame = pd.DataFrame([["A", "2020-09-04", "MU", "x"]])
        frame.columns = ["event_id", "date", "tickers", "date"]
        with pytest.raises(EventsError, match="named twice"):
            Events.from_frame(frame)
        with pytest.raises(EventsError, match="no rows"):
            Events.from_frame(frame.iloc[:0])
        with pytest.raises(EventsError, match="no rows"):
            Events.from_frame(pd.DataFrame())

    @pytest.mark.parametrize("given", [[1], "events.csv", None, {"event_id": ["A"]}])
    def test_what_is_no_frame(self, given):
        message = r"a \w+ is no frame\. Make a pandas DataFrame.* with read_events\(path\)"
        with pytest.raises(EventsError, match=message):
            Events.from_frame(given)

    def test_half_a_character(self):
        (problem,) = frame_problems(
            event_id=["A"],
            date=["2020-09-04"],
            tickers=["MU"],
            title=pd.Series(["a\ud800"], dtype=object),
        )
        assert problem.value == "a\\ud800"

    def test_the_frame_of_events_gives_the_same_events(self):
        events = read_events(ROOT / "events.csv")
        again = Events.from_frame(events.frame)
        pd.testing.assert_frame_equal(again.frame, events.frame)
        some = Events.from_frame(events.frame[events.frame["ticker"] == "MU"])
        assert set(some.frame["ticker"]) == {"MU"}
        pd.testing.assert_frame_equal(events.with_tickers(["X"]).frame, events.frame)

    def test_written_far_from_the_instant(self):
        frame = read_events(ROOT / "events.csv").frame
        with pytest.raises(EventsError, match="more than a day"):
            Events.from_frame(frame.assign(written="2001-01-01"))

    def test_the_given_frame_is_left_alone(self):
        frame = pd.DataFrame({"event_id": ["A"], "date": ["2020-09-04"], "tickers": [" MU "]})
        before = frame.copy()
        Events.from_frame(frame, tickers=["X"])
        pd.testing.assert_frame_equal(frame, before)

    def test_a_hundred_thousand_rows(self):
        count = 100_000
        instants = pd.Timestamp("2000-01-01", tz="UTC") + pd.to_timedelta(np.arange(count), "h")
        columns = {
            "event_id": [f"E{place}" for place in range(count)],
            "announced_at": instants.tz_convert("America/New_York"),
            "precision": "hour",
            "ticker": "MU",
        }
        frame = pd.DataFrame(columns)
        started = time.process_time()
        events = Events.from_frame(frame)
        assert time.process_time() - started < 3
        assert len(events) == count
        expected = frame["announced_at"].dt.strftime("%Y-%m-%d")
        assert (events.frame["written"].astype(object) == expected.astype(object)).all()
