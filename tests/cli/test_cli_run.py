"""`run`: what it prints, what it leaves, and its exit codes."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from eventstudy.cli.prices import source_named
from eventstudy.cli.run import FRAMES, _sources
from eventstudy.report import COLUMNS
from eventstudy.result import load
from eventstudy.rundir import TABLES
from eventstudy.sources import AutoPrices, CachedPrices, FilePrices, SnapshotPrices, YahooPrices

Command = Callable[..., Any]
QUICK = ("--format", "csv", "--test", "bmp")
ROWS = "event_id,announced_at,precision,tickers,kind,title\n"


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _spec(folder: str) -> dict[str, Any]:
    return tomllib.loads(Path(folder, "study.toml").read_text(encoding="utf-8"))


def test_a_run_prints_what_it_found_and_leaves_a_report(
    command: Command, events: Path, claims: Path
) -> None:
    done = command("run", "events.csv")
    assert done.code == 0
    effects = done.out.split("\n\n")[1].splitlines()
    assert effects[0] == "Cumulative abnormal returns on window (0, 0)"
    assert effects[1].split("  ")[:3] == ["event ", "ticker", " day zero"] or "event" in effects[1]
    smic = next(line.split() for line in effects if line.startswith("SMIC"))
    assert smic[:3] == ["SMIC", "0981.HK", "2020-09-07"]
    assert smic[5].startswith("-22.")
    assert "-  Of 2 press claims" in done.out
    assert "close_return is -22.9%" in done.out
    assert "26 usable days of 250" in done.out
    assert done.out.endswith("Written: reports/events/report.pdf, reports/events/\n\n")
    assert done.err.startswith("Prices: snapshot for all ")
    left = set(_files(Path("reports/events")))
    assert {f"{name}.csv" for name in TABLES} < left
    assert {"provenance.json", "study.toml", "report.pdf"} < left
    assert any(name.startswith("figures/") and name.endswith(".svg") for name in left)
    assert Path("reports/events/report.pdf").read_bytes().startswith(b"%PDF")
    assert [path.name for path in Path("reports").iterdir()] == ["events"]


def test_the_json_document(command: Command, events: Path, claims: Path) -> None:
    done = command("run", "events.csv", *QUICK, "--test", "grank_t", "--json")
    document = done.document
    assert list(document) == ["schema", *FRAMES, "provenance"]
    assert document["schema"] == 1
    for name in FRAMES:
        assert document[name], name
        assert set(COLUMNS[name]) <= set(document[name][0]), name
    smic = document["events"][0]
    assert (smic["day_zero"], smic["announced_at"]) == ("2020-09-07", "2020-09-04T21:00:00+00:00")
    assert (smic["complete"], smic["n_days"], smic["date"]) == (True, 1, None)
    assert -0.24 < smic["car"] < -0.22
    tests = {(t["group"], t["window"], t["test"]): t for t in document["tests"]}
    missing = tests["all", "(0, 0)", "grank_t"]
    assert missing["pvalue"] is None
    assert missing["reason"]
    assert [claim["verdict"] for claim in document["claims"]] == ["confirmed", "not_confirmed"]
    saved = json.loads(Path("reports/events/provenance.json").read_text(encoding="utf-8"))
    assert saved.pop("tables")  # digests of the files, which a document has not
    assert document["provenance"] == saved
    written = pd.read_csv("reports/events/events.csv")
    assert len(written) == len(document["events"])
    assert "Written: reports/events/\n" in done.err


def test_the_same_input_gives_the_same_bytes(program: Command, events: Path, claims: Path) -> None:
    formats = ("--format", "pdf,html,png,latex")
    first = program("run", "events.csv", *formats, PYTHONHASHSEED="1")
    before = _files(Path("reports/events"))
    Path("reports").rename("earlier")
    second = program("run", "events.csv", *formats, PYTHONHASHSEED="2")
    assert (first.code, second.code) == (0, 0)
    assert first.out == second.out
    after = _files(Path("reports/events"))
    assert after.keys() == before.keys()
    assert [name for name in after if after[name] != before[name]] == []


def test_strict(command: Command, events: Path) -> None:
    assert command("run", "events.csv", *QUICK, "--strict").code == 1
    said = command("run", "events.csv", *QUICK, "--strict").err
    assert "--strict: 1 pair dropped" in said
    events.write_text(ROWS + "A,2023-03-31T20:56+08:00,minute,MU,x,\n", encoding="utf-8")
    assert command("run", "events.csv", *QUICK, "--strict").code == 0


def test_options_reach_the_study(command: Command, events: Path) -> None:
    options = (
        *("--estimation", "-200:-21", "--event", "-5:5", "--window", "-1:1", "--window", "-5:-1"),
        *("--model", "market_adjusted", "--benchmark", "^GSPC", "--closed-day", "drop"),
        *("--min-estimation", "50", "--exclude-events-from-estimation", "--level", ".9"),
        *(
            "--seed",
            "7",
            "--placebo",
            "never",
            "--test",
            "bmp",
            "--test",
            "patell",
            "--exchange",
            "MU=XNAS",
        ),
    )
    done = command("run", "events.csv", "--format", "csv", "--out", "o", *options)
    assert done.code == 0, done.err
    assert (
        _spec("o").items()
        >= {
            "model": "market_adjusted",
            "estimation": "(-200, -21)",
            "event": "(-5, 5)",
            "windows": ["(-1, 1)", "(-5, -1)"],
            "calendar": "exchange",
            "benchmark": "^GSPC",
            "exchanges": {"MU": "XNAS"},
            "closed_day": "drop",
            "min_estimation": 50,
            "exclude_events_from_estimation": True,
            "max_span": 5,
            "tests": ["bmp", "patell"],
            "level": 0.9,
            "seed": 7,
            "placebo": "never",
        }.items()
    )
    assert "90 % interval" in done.out
    assert "window (-1, 1)" in done.out


def test_options_win_over_the_file(command: Command, events: Path) -> None:
    Path("study.toml").write_text(
        'estimation = "-150:-11"\nseed = 3\nwindows = ["0:2"]\ntests = ["bmp"]\n'
        'exchanges = {MU = "XNAS"}\n',
        encoding="utf-8",
    )
    fixed = ("run", "events.csv", "--format", "csv", "--study", "study.toml", "--out", "o")
    assert command(*fixed).code == 0
    spec = _spec("o")
    assert (spec["estimation"], spec["seed"], spec["windows"]) == ("(-150, -11)", 3, ["(0, 2)"])
    # An option that repeats the default of the command line is given all the same.
    options = ("--window", "0:0", "--seed", "0", "--exchange", "0981.HK=XHKG")
    assert command(*fixed, *options).code == 0
    spec = _spec("o")
    assert (spec["estimation"], spec["seed"], spec["windows"]) == ("(-150, -11)", 0, ["(0, 0)"])
    assert spec["exchanges"] == {"MU": "XNAS", "0981.HK": "XHKG"}
    assert spec["tests"] == ["bmp"]


def test_a_run_can_be_repeated_from_its_own_files(command: Command, events: Path) -> None:
    options = ("--window", "0:1", *QUICK)
    assert command("run", "events.csv", *options, "--out", "first").code == 0
    again = ("--study", "first/study.toml", "--format", "csv", "--out", "second")
    assert command("run", "events.csv", *again).code == 0
    first, second = (_files(Path(name)) for name in ("first", "second"))
    told = [json.loads(files.pop("provenance.json")) for files in (first, second)]
    assert [one.pop("command").split()[1] for one in told] == ["run", "run"]
    assert told[0] == told[1]
    assert first == second


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--window", "0:20"], "--event"),
        (["--window", "1:0"], "ends before"),
        (["--window", "0"], "first:last"),
        (["--estimation", "-20:-5"], "overlaps"),
        (["--estimation", "-16:-11"], "days"),
        (["--model", "markte"], "Did you mean market"),
        (["--test", "t"], "bmp"),
        (["--level", "95"], "between 0 and 1"),
        (["--level", "nan"], "between 0 and 1"),
        (["--min-estimation", "0"], "min_estimation"),
        (["--study", "missing.toml"], "missing.toml: there is no such file. Name a TOML file"),
        (["--currency", "ZZZ"], "'ZZZ' is not known. Choose one of ARS, AUD, "),
        (["--min-estimation", "500"], "(-260, -11). Give a number of days between them"),
        (["--study", "."], "TOML"),
        (["--exchange", "MU=XXXX"], "XXXX"),
        (["--prices", "yaho"], "snapshot"),
        (["--engine", "fast"], "Write serial"),
        (["--engine", "processes:0"], "Write serial"),
        (["--engine", "dask:"], "Write serial"),
        (["--prices", "empty"], "empty"),
        (["--claims", "missing.csv"], "missing.csv"),
        (["--benchmark", "MU"], "its own benchmark"),
        (["--tickers", "a/b"], "a/b"),
        (["--out", "."], "the folder you are in"),
        (["--out", "full"], "not empty"),
        (["--out", "events.csv"], "not a folder"),
        (["--out", "events.csv/below"], "events.csv"),
    ],
)
def test_what_cannot_run_is_exit_2(
    options: list[str], said: str, command: Command, events: Path
) -> None:
    Path("empty").mkdir()
    Path("full").mkdir()
    kept = Path("full/thesis.doc")
    kept.write_text("years of work", encoding="utf-8")
    refused = command("run", "events.csv", "--format", "csv", *options)
    assert refused.code == 2, refused.err
    assert said in refused.err
    assert refused.err.startswith("Error: ")
    assert refused.out == ""
    assert not Path("reports").exists()
    assert kept.read_text(encoding="utf-8") == "years of work"


def test_no_price_series_is_exit_3(command: Command, events: Path) -> None:
    events.write_text(ROWS + "A,2023-03-31T20:56+08:00,minute,ZZZZ,x,\n", encoding="utf-8")
    refused = command("run", "events.csv")
    assert refused.code == 3
    assert "ZZZZ" in refused.err
    assert refused.err.startswith("Error: no price series")
    assert not Path("reports").exists()


@pytest.mark.parametrize("day", ["2012-03-30", "2026-11-30"])
def test_events_beyond_the_prices_are_exit_3(day: str, command: Command, events: Path) -> None:
    events.write_text(f"event_id,date,tickers\nA,{day},MU\n", encoding="utf-8")
    refused = command("run", "events.csv")
    assert refused.code == 3
    assert "2025-03-31" in refused.err


@pytest.mark.parametrize("command_name", ["run", "power", "fetch"])
@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("A,2020-12-01,SAP.DE", "A SAP.DE: no default benchmark for SAP.DE: name one"),
        ("A,2020-12-01,FOO.QQ", "A FOO.QQ: the suffix '.QQ' of ticker 'FOO.QQ' belongs to no"),
        ("A,2020-12-01,\nB,2020-12-01,", "A, B: no ticker: fill the cell"),
        ("\n".join(f"E{n},2020-12-01,T{n}.DE" for n in range(25)), "\n  and 5 more reasons\n"),
    ],
)
def test_events_of_which_none_can_be_studied_are_refused(
    command: Command, folder: Path, command_name: str, rows: str, reason: str
) -> None:
    (folder / "e.csv").write_text(f"event_id,date,tickers\n{rows}\n", encoding="utf-8")
    for more in ((), ("--json",)):
        where = () if command_name == "fetch" else ("--prices", "snapshot", "--out", "r")
        done = command(command_name, "e.csv", *where, *more)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("Error: no event can be studied:\n  ")
        assert reason in done.err
        assert not (folder / "r").exists()


def test_a_pair_without_prices_is_dropped_not_lost(command: Command, events: Path) -> None:
    rows = ROWS + "A,2023-03-31T20:56+08:00,minute,MU ZZZZ 7203.T,x,\n"
    events.write_text(rows, encoding="utf-8")
    done = command("run", "events.csv", *QUICK, "--json")
    assert done.code == 0
    assert [row["ticker"] for row in done.document["dropped"]] == ["ZZZZ", "7203.T"]
    assert {row["ticker"] for row in done.document["events"]} == {"MU"}


def test_nothing_to_measure_is_told_in_full(command: Command, events: Path) -> None:
    events.write_text(ROWS + "A,2020-09-04T17:00-04:00,assumed,688981.SS,x,\n", encoding="utf-8")
    done = command("run", "events.csv")
    assert done.code == 0
    assert "No event could be measured" in done.out
    assert "26 usable days" in done.out
    document = command("run", "events.csv", "--json").document
    assert (document["events"], len(document["dropped"])) == ([], 1)


def test_an_earlier_run_is_replaced_whole(command: Command, events: Path) -> None:
    options = ("run", "events.csv", "--out", "o", "--test", "bmp", "--format")
    Path("o").mkdir()
    assert command(*options, "html").code == 0
    assert Path("o/report.html").exists()
    assert command(*options, "csv").code == 0
    assert not Path("o/report.html").exists()
    assert Path("o/provenance.json").exists()
    assert [path.name for path in Path().iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("formats", ["", "csv", "svg", "CSV, PDF", "html,html"])
def test_tables_and_drawings_are_always_written(
    formats: str, command: Command, events: Path
) -> None:
    assert (
        command("run", "events.csv", "--format", formats, "--test", "bmp", "--out", "o").code == 0
    )
    left = set(_files(Path("o")))
    assert "events.csv" in left
    assert any(name.endswith(".svg") for name in left)
    assert ("report.pdf" in left) is ("PDF" in formats)
    assert ("report.html" in left) is ("html" in formats)


def test_claims_beside_the_events_are_used_unless_told_otherwise(
    command: Command, events: Path, claims: Path
) -> None:
    options = ("run", "events.csv", *QUICK, "--json")
    assert len(command(*options).document["claims"]) == 2
    assert command(*options, "--claims", "none").document["claims"] == []
    claims.rename("other.csv")
    assert command(*options).document["claims"] == []
    assert len(command(*options, "--claims", "other.csv").document["claims"]) == 2


def test_claims_of_another_study_are_left_aside_in_the_open(
    command: Command, events: Path, claims: Path
) -> None:
    events.write_text(ROWS + "A,2023-03-31T20:56+08:00,minute,MU,x,\n", encoding="utf-8")
    done = command("run", "events.csv", *QUICK)
    assert done.code == 0
    assert "Note: claims.csv is about none of these events" in done.err
    assert command("run", "events.csv", "--claims", "claims.csv").code == 2
    rows = claims.read_text(encoding="utf-8") + "A,MU,not_checkable,,,,,\n"
    claims.write_text(rows, encoding="utf-8")
    refused = command("run", "events.csv")
    assert refused.code == 2
    assert "SMIC" in refused.err
    claims.write_text(rows.replace("close_return", "closing"), encoding="utf-8")
    for named in ((), ("--claims", "claims.csv")):
        refused = command("run", "events.csv", *named)
        assert refused.code == 2
        assert "Error: claims.csv: 4 problems" in refused.err
        assert refused.err.count("no event has this id") == 2


def test_tickers_fill_empty_cells(command: Command, events: Path) -> None:
    events.write_text("event_id,date,tickers\nA,2023-03-31,\nB,2022-10-07,NVDA\n", encoding="utf-8")
    options = ("run", "events.csv", *QUICK, "--json", "--tickers", "MU; AMAT")
    rows = command(*options, "--tickers", "AXTI").document["fits"]
    assert [(row["event_id"], row["ticker"]) for row in rows] == [
        ("A", "MU"),
        ("A", "AMAT"),
        ("A", "AXTI"),
        ("B", "NVDA"),
    ]
    dropped = command("run", "events.csv", *QUICK, "--json").document["dropped"]
    assert [row["event_id"] for row in dropped] == ["A"]


def test_own_prices(command: Command, events: Path) -> None:
    given = SnapshotPrices().load(
        ["MU", "^GSPC"], *(pd.Timestamp(day).date() for day in ("2020-01-01", "2024-01-01"))
    )
    Path("prices").mkdir()
    for ticker, one in given.series.items():
        frame = pd.DataFrame({"date": one.dates.astype(str), "adj_close": one.values})
        frame.to_csv(f"prices/{ticker}.csv", index=False)
    events.write_text(ROWS + "A,2023-03-31T20:56+08:00,minute,MU,x,\n", encoding="utf-8")
    options = ("run", "events.csv", *QUICK, "--json")
    own = command(*options, "--prices", "prices")
    assert own.err.startswith("Prices: files for all 2 series\n")
    bundled = command(*options).document["events"][0]
    assert own.document["events"][0]["car"] == pytest.approx(bundled["car"], rel=1e-9)
    Path("prices/MU.csv").write_text("date,close\n2023-03-30,n/a\n", encoding="utf-8")
    refused = command(*options, "--prices", "prices")
    assert refused.code == 2
    assert "n/a" in refused.err


def test_an_idle_exchange_is_noted(command: Command, events: Path) -> None:
    done = command("run", "events.csv", *QUICK, "--exchange", "QQQQ=XNYS")
    assert "Note: --exchange QQQQ=XNYS: no event has this ticker" in done.err
    quiet = command("run", "events.csv", *QUICK, "--exchange", "^GSPC=XNYS")
    assert "Note" not in quiet.err


def test_hostile_titles(command: Command, events: Path) -> None:
    titles = [
        *("[/x]", '#read(""x"")', "<script>alert(1)</script>", "$x^2$", "=HYPERLINK(1)"),
        *("../../x", "\x1b[31mred", "长" * 60_000, "\u202egpj"),
    ]
    names = [title[:20] if title.isprintable() else "plain" for title in titles]
    rows = [
        f'"{name} {n}",2023-03-{10 + n}T20:56+08:00,minute,MU,"{title}","{title}"\n'
        for n, (name, title) in enumerate(zip(names, titles, strict=True))
    ]
    events.write_text(ROWS + "".join(rows), encoding="utf-8")
    name = "\x1b[31m <b>$x$ [/x]"
    done = command(
        "run", "events.csv", "--title", name, *QUICK, "--format", "pdf,html,latex", "--out", "o"
    )
    assert done.code == 0, done.err
    assert "\x1b" not in done.out + done.err
    assert len(done.out) < 100_000
    assert "<script>alert" not in Path("o/report.html").read_text(encoding="utf-8")
    document = command("run", "events.csv", *QUICK, "--json", "--out", "o").document
    assert "\x1b[31mred" in {row["title"] for row in document["events"]}
    assert command("report", "o", "--format", "csv").code == 0


def test_the_sources_of_the_series_are_one_line() -> None:
    def line(**sources: list[str]) -> str:
        rows = [(ticker, source) for source, tickers in sources.items() for ticker in tickers]
        return _sources(pd.DataFrame(rows, columns=["ticker", "source"]))

    many = [f"T{number}" for number in range(12)]
    assert line(yahoo=[*many, "T1"]) == "Prices: yahoo for all 12 series"
    assert line(yahoo=many, snapshot=["^HSI", "MU"]) == (
        "Prices: snapshot for ^HSI, MU; yahoo for T0, T1, T2, T3, T4, T5, T6, T7 and 4 more"
    )


def test_sources_by_name(folder: Path) -> None:
    auto = source_named("auto", offline=True, cache="x.db")
    assert repr(auto) == repr(AutoPrices("x.db", offline=True))
    yahoo = source_named("yahoo", offline=True, cache="x.db")
    assert yahoo == CachedPrices(YahooPrices(), "x.db", offline=True)
    assert isinstance(source_named("snapshot", offline=True), SnapshotPrices)
    Path("snapshot").mkdir()
    assert isinstance(source_named("./snapshot", offline=True), FilePrices)


def test_an_estimation_window_may_start_earlier(command: Command, events: Path) -> None:
    young = ("--estimation", "-160:-11", "--min-estimation", "100", "--tickers", "MU")
    done = command("run", "events.csv", *QUICK, *young, "--rolling-start", "60", "--out", "o")
    assert done.code == 0
    assert tomllib.loads(Path("o/study.toml").read_text("utf-8"))["rolling_start"] == 60
    assert "estimation_start" in Path("o/fits.csv").read_text("utf-8").splitlines()[0]
    assert "60 sessions before it included; 100 are needed" in done.out
    refused = command("run", "events.csv", *QUICK, "--rolling-start", "-1")
    assert (refused.code, refused.out) == (2, "")
    assert "rolling_start -1 is no whole number from 0 up" in refused.err


@pytest.mark.parametrize("engine", ["serial:1", "processes:2"])
def test_the_engine_changes_no_byte(engine: str, command: Command, events: Path) -> None:
    assert command("run", "events.csv", *QUICK, "--out", "one").code == 0
    assert command("run", "events.csv", *QUICK, "--out", "two", "--engine", engine).code == 0
    assert _files(Path("one")) == _files(Path("two"))


def test_parquet_in_place_of_csv(command: Command, events: Path, claims: Path) -> None:
    options = ("run", "events.csv", "--test", "bmp")
    assert command(*options, "--format", "csv", "--out", "csv").code == 0
    done = command(*options, "--format", "html,parquet", "--out", "parquet")
    assert done.code == 0
    assert done.out.endswith("Written: parquet/report.html, parquet/\n\n")
    left = set(_files(Path("parquet")))
    assert {f"{name}.parquet" for name in (*TABLES, "input")} < left
    assert not [name for name in left if name.endswith(".csv")]
    assert any(name.endswith(".svg") for name in left)
    one, two = load("csv"), load("parquet")
    for name in TABLES:
        pd.testing.assert_frame_equal(one.frames[name], two.frames[name], check_exact=True)


def test_parquet_of_what_could_have_been_seen(command: Command, events: Path) -> None:
    options = ("run", "events.csv", "--test", "bmp", "--power", "--format")
    assert command(*options, "csv", "--out", "csv").code == 0
    assert command(*options, "parquet", "--out", "parquet").code == 0
    one, two = load("csv").power, load("parquet").power
    assert len(one)
    pd.testing.assert_frame_equal(one, two, check_exact=True)


@pytest.mark.parametrize("formats", ["csv,parquet", "PARQUET, html, csv"])
def test_tables_are_of_one_form(formats: str, command: Command, events: Path) -> None:
    refused = command("run", "events.csv", "--format", formats)
    assert refused.code == 2
    assert "tables are csv or parquet, not both" in refused.err


def test_parquet_without_pyarrow_is_told_before_the_work(
    command: Command, events: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    refused = command("run", "events.csv", "--format", "parquet")
    assert refused.code == 2
    assert "pip install 'eventstudy[parquet]'" in refused.err
    assert not Path("reports").exists()


def test_of_too_many_events_there_are_tables_and_no_report(
    command: Command, events: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventstudy.result.REPORTABLE", 2)
    done = command("run", "events.csv", "--out", "o", "--strict")
    assert done.code == 1
    assert done.out.startswith("Event study: 4 events, 4 event-security pairs, 1 dropped")
    assert "For all events (4 pairs) the precision-weighted effect on window" in done.out
    assert "\nDropped\n" in done.out
    assert done.out.endswith("Written: o/\n\n")
    assert "Note: no report and no figures are drawn of 4 pairs" in done.err
    assert "--strict: 1 pair dropped, " in done.err
    assert {f"{name}.csv" for name in TABLES} < set(_files(Path("o")))
    assert not Path("o/report.pdf").exists()
    refused = command("report", "o")
    assert refused.code == 2
    assert "a report takes up to 2" in refused.err
