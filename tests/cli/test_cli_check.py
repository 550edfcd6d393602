"""`check`: every bad row at once, or where each event falls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
HEADER = "event_id,announced_at,date,precision,tickers,kind,title,benchmark,group\n"
PAIR = {
    "event_id": "SMIC",
    "ticker": "0981.HK",
    "exchange": "XHKG",
    "timezone": "Asia/Hong_Kong",
    "announced_at": "2020-09-04T21:00:00+00:00",
    "date": None,
    "precision": "assumed",
    "local": "2020-09-05T05:00:00+08:00",
    "phase": "closed day",
    "day_zero": "2020-09-07",
    "moved": False,
    "same_from": "2020-09-04T16:00:00+08:00",
    "same_to": "2020-09-07T16:00:00+08:00",
    "benchmark": "^HSI",
    "benchmark_exchange": "XHKG",
    "aligned": False,
}


def _write(*rows: str, header: str = HEADER) -> None:
    Path("events.csv").write_text(header + "".join(f"{row}\n" for row in rows), encoding="utf-8")


def test_good_events_are_placed(command: Command, events: Path) -> None:
    shown = command("check", "events.csv")
    assert (shown.code, shown.err) == (0, "")
    assert "events.csv: 4 events, 5 pairs, every cell is valid" in shown.out
    lines = [line.split("  ") for line in shown.out.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert [
        "LISTED",
        "0981.HK",
        "XHKG Fri 2020-12-18 14:23",
        "during",
        "Fri 2020-12-18",
        "2020-12-17 16:00 .. 2020-12-18 16:00",
        "^HSI",
    ] in cells
    assert "hour assumed" in shown.out
    assert "halts, holes and short series are seen with prices" in shown.out


def test_json_of_good_events(command: Command, events: Path, claims: Path) -> None:
    document = command("check", "events.csv", "--json").document
    assert list(document) == ["schema", "problems", "pairs", "dropped", "overlaps", "claims"]
    assert document["pairs"][0] == PAIR
    assert (document["problems"], document["dropped"], document["claims"]) == ([], [], 2)
    kinds = {(row["event_id"], row["other_event_id"]) for row in document["overlaps"]}
    assert kinds == {("LISTED", "SMIC"), ("BAN", "REVIEW")}


def test_prices_show_shifts_and_short_series(command: Command) -> None:
    _write(
        "X,2019-10-07T17:00-04:00,,assumed,AMBA 002415.SZ,sanction,,,",
        "S,2020-09-04T17:00-04:00,,assumed,688981.SS,report,,,",
    )
    alone = command("check", "events.csv", "--json").document
    assert alone["dropped"] == []
    document = command("check", "events.csv", "--prices", "snapshot", "--json").document
    by_ticker = {row["ticker"]: row for row in document["pairs"]}
    halted = by_ticker["002415.SZ"]
    assert (halted["day_zero"], halted["shifted_to"]) == ("2019-10-08", "2019-10-10")
    assert halted["shifted_by"] == 2
    assert "2019-10-08..2019-10-09" in halted["shift_reason"]
    assert (by_ticker["AMBA"]["shifted_by"], by_ticker["AMBA"]["shift_reason"]) == (0, "")
    assert document["dropped"][0]["ticker"] == "688981.SS"
    assert "26 usable days" in document["dropped"][0]["reason"]
    shown = command("check", "events.csv", "--prices", "snapshot", "--strict")
    assert shown.code == 1
    assert "Thu 2019-10-10" in shown.out
    assert shown.err == "--strict: 1 pair dropped, 1 day moved\n"


def test_what_check_foretells_is_what_run_does(command: Command, events: Path) -> None:
    checked = command("check", "events.csv", "--prices", "auto", "--json").document
    ran = command("run", "events.csv", "--format", "csv", "--test", "bmp", "--json").document
    assert checked["dropped"] == ran["dropped"]
    assert checked["overlaps"] == ran["overlaps"]
    placed = {(r["event_id"], r["ticker"]): (r["day_zero"], r["phase"]) for r in checked["pairs"]}
    for row in ran["events"]:
        key = (row["event_id"], row["ticker"])
        assert placed[key] == (row["announced_zero"], row["session_phase"])


def test_a_benchmark_of_another_market_is_said_to_be_aligned(command: Command) -> None:
    _write("H,2018-11-22T19:00-05:00,,assumed,000001.SS,report,,,")
    pair = command("check", "events.csv", "--json").document["pairs"][0]
    assert (pair["benchmark"], pair["benchmark_exchange"], pair["aligned"]) == (
        "ACWI",
        "XNYS",
        True,
    )
    assert "ACWI (XNYS, aligned by closes)" in command("check", "events.csv").out


def test_dates_that_are_no_session_are_moved_in_the_open(command: Command) -> None:
    _write("B,,2023-05-21,,MU,retaliation,,,", "C,,2023-05-22,,AMAT,retaliation,,,")
    shown = command("check", "events.csv")
    assert "XNYS Sun 2023-05-21, time unknown" in shown.out
    assert "Mon 2023-05-22 (moved: no session)" in shown.out
    pairs = command("check", "events.csv", "--closed-day", "previous", "--json").document["pairs"]
    assert [(p["day_zero"], p["moved"], p["local"]) for p in pairs] == [
        ("2023-05-19", True, None),
        ("2023-05-22", False, None),
    ]
    dropped = command("check", "events.csv", "--closed-day", "drop", "--json").document["dropped"]
    assert [row["event_id"] for row in dropped] == ["B"]
    assert command("check", "events.csv", "--strict").code == 1


def test_pairs_that_cannot_be_studied_are_shown(command: Command) -> None:
    _write("J,2023-05-22T09:00Z,,minute,7203.T EURUSD=X,x,,,", "K,,2023-05-22,,,x,,,")
    document = command("check", "events.csv", "--json").document
    assert document["pairs"] == []
    assert document["overlaps"] == []
    reasons = {row["ticker"]: row["reason"] for row in document["dropped"]}
    assert "no default benchmark" in reasons["7203.T"]
    assert "exchange" in reasons["EURUSD=X"]
    assert "no ticker" in reasons[""]
    options = (
        "--benchmark",
        "^N225",
        "--exchange",
        "EURUSD=X=24/5",
        "--tickers",
        "6758.T",
        "--json",
    )
    cured = command("check", "events.csv", *options).document
    assert cured["dropped"] == []
    assert [row["exchange"] for row in cured["pairs"]] == ["XTKS", "24/5", "XTKS"]


@pytest.mark.parametrize(
    ("content", "column", "line"),
    [
        (HEADER + "A,2020-09-04T17:00,,minute,MU,x,,,\n", "announced_at", 2),
        (HEADER + "A,2020-13-04T17:00Z,,minute,MU,x,,,\n", "announced_at", 2),
        (HEADER + "A,,2020-02-30,,MU,x,,,\n", "date", 2),
        (HEADER + "A,,,,MU,x,,,\n", "announced_at", 2),
        (HEADER + "A,,2020-09-04,,MU/..,x,,,\n", "tickers", 2),
        (HEADER + "A,,2020-09-04,,MU,x,,,\nA,,2020-09-05,,AMAT,x,,,\n", "date", 3),
        (HEADER + "A,,2020-09-04,,MU MU,x,,,\n", "tickers", 2),
        (HEADER + "A,,2020-09-04,,MU,x,,,,,\n", "", 2),
        (HEADER + "A,,2020-09-04,,MU,x,a\0b,,\n", "title", 2),
        (HEADER + f"A,,2020-09-04,,MU,x,{'y' * 70_000},,\n", "title", 2),
        ("event_id,date,date,tickers\nA,2020-09-04,,MU\n", "date", 1),
        ("", "", None),
        (HEADER, "", None),
    ],
)
def test_bad_rows(
    content: str, column: str, line: int | None, command: Command, folder: Path
) -> None:
    Path("events.csv").write_text(content, encoding="utf-8")
    refused = command("check", "events.csv", "--json")
    assert refused.code == 2
    problem = refused.document["problems"][0]
    assert (problem["column"], problem["line"]) == (column, line)
    assert problem["cure"]
    assert len(refused.out) < 3_000
    shown = command("check", "events.csv")
    assert shown.code == 2
    assert problem["problem"] in " ".join(shown.out.split())
    assert problem["cure"] in " ".join(shown.out.split())
    ran = command("run", "events.csv")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Error: events.csv: 1 problem\n  ")
    assert problem["problem"] in ran.err
    assert not Path("reports").exists()


def test_bad_rows_of_events_and_claims_are_shown_together(command: Command, claims: Path) -> None:
    _write(
        "A,2020-09-04T17:00,,minute,MU,x,,,", "B,,2020-09-04,,M U/,x,,,", ",,2020-09-04,,MU,x,,,"
    )
    claims.write_text("event_id,ticker,measure\nA,MU,clsoe_return\n", encoding="utf-8")
    refused = command("check", "events.csv", "--json")
    problems = refused.document["problems"]
    assert [(one["file"], one["line"]) for one in problems] == [
        ("events.csv", 2),
        ("events.csv", 3),
        ("events.csv", 4),
        ("claims.csv", 2),
    ]
    assert refused.err == "Error: events.csv: 3 problems\nError: claims.csv: 1 problem\n"


@pytest.mark.parametrize(
    ("encoding", "said"), [("utf-16", "UTF-16"), ("gbk", "not UTF-8"), ("utf-8-sig", "")]
)
def test_encodings(encoding: str, said: str, command: Command, folder: Path) -> None:
    text = HEADER + "A,,2020-09-04,,MU,x,中芯国际,,\n"
    Path("events.csv").write_text(text, encoding=encoding)
    shown = command("check", "events.csv")
    assert shown.code == (2 if said else 0)
    assert said in shown.out


@pytest.mark.parametrize("name", [".", "..", "missing.csv", "folder", "/", "folder/"])
def test_what_is_no_file(name: str, command: Command, folder: Path) -> None:
    (folder / "folder").mkdir()
    for verb in ("check", "run"):
        refused = command(verb, name)
        assert refused.code == 2
        assert refused.err.startswith("Error: ")
        assert "Traceback" not in refused.err


def test_beyond_a_calendar_is_a_reason_to_drop(command: Command) -> None:
    _write("A,,2150-09-04,,MU,x,,,")
    told = command("check", "events.csv")
    assert told.code == 0
    assert "1 pair cannot be studied" in told.out
    assert "2150-09-04 is beyond the calendar of New York (XNYS)" in told.out
    refused = command("run", "events.csv", "--prices", "snapshot", "--format", "csv")
    assert refused.code == 3
    assert "no price series for any event" in refused.err


def test_hostile_texts_reach_no_terminal(command: Command) -> None:
    titles = ["[/x]", '#read(""x"")', "<script>", "$x^2$", "=HYPERLINK(1)", "../../x", "\x1b[31m"]
    _write(*(f'E{n},,2020-09-04,,MU,x,"{title}",,' for n, title in enumerate(titles)))
    assert command("check", "events.csv").code == 0
    refused = command("check", "\x1b[31m.csv")
    assert refused.code == 2
    assert "\x1b" not in refused.out + refused.err
    for option in ("--study", "--prices", "--model", "--benchmark", "--exchange", "--claims"):
        refused = command("check", "events.csv", option, "\x1b[31m")
        assert "\x1b" not in refused.out + refused.err, option
        assert refused.code in (0, 2), option


def test_the_template_is_one(command: Command, folder: Path) -> None:
    template = command("check", "--example")
    assert template.code == 0
    Path("events.csv").write_text(template.out, encoding="utf-8")
    assert command("check", "events.csv").code == 0
