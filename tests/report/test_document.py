"""What a document says, as plain data."""
# ruff: noqa: E501

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import InputError
from eventstudy.report import COLUMNS, Findings, frames_to_latex
from eventstudy.report.document import Document, slug
from eventstudy.report.event_page import announced
from eventstudy.report.formats import date, integer, number, percent, probability, weekday
from eventstudy.report.group_page import FULL, group_table, groups_page
from eventstudy.report.limits import GROUPS, PAGES, ROWS, limited
from eventstudy.report.listings import claims_table, fits_table, overlaps_table
from eventstudy.report.tables import effects_table, markets_table, minus, records
from eventstudy.report.writing import composed

from .conftest import Announcement, build, undrawn


@pytest.fixture(scope="module")
def document(findings: Findings) -> Document:
    return composed(findings)[0]


def test_each_event_has_a_page_and_a_drawing(document: Document, findings: Findings) -> None:
    pages = document.data["events"]
    assert [page["id"] for page in pages] == list(findings.event_ids)
    names = {picture.name for picture in document.pictures}
    assert all(page["figure"]["file"].removesuffix(".svg") in names for page in pages)
    assert all(page["figure"]["alt"] and page["figure"]["caption"] for page in pages)
    assert [picture.name for picture in document.pictures][:2] == ["01-effects", "02-zte-2018"]
    assert len(document.pictures) == len(findings.event_ids) + 2


def test_the_data_is_plain(document: Document) -> None:
    assert json.loads(json.dumps(document.data)) == document.data


def test_no_stars_and_no_number_that_is_not_finite(document: Document) -> None:
    text = json.dumps(document.data, ensure_ascii=False)
    assert "*" not in text
    assert not any(f'"{word}"' in text for word in ("nan", "NaN", "NaT", "inf", "None"))


def test_the_first_drawing_says_what_is_seen(document: Document) -> None:
    (first,) = document.data["first"]
    assert "of 27 lie off zero" in first["caption"]
    assert "†" in first["caption"]
    assert first["height"] > 10


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"precision": "minute"}, "2020-12-18 06:23 UTC (Friday 2020-12-18 where it was announced); known to the minute"),
        ({"precision": "hour"}, "Announced about 2020-12-18 06:23 UTC"),
        ({"precision": "assumed"}, "Announced on Friday 2020-12-18; the hour is not known. Day zero rests on an assumed instant"),
        ({"precision": "assumed", "written": ""}, "the hour is not known"),
        ({"announced_at": pd.NaT, "date": pd.Timestamp("2020-12-18")}, "Announced on Friday 2020-12-18, each market's own calendar date; the time of day is not known"),
        ({"announced_at": pd.NaT}, "not given"),
    ],
)  # fmt: skip
def test_precision_in_words(changes: dict[str, object], words: str) -> None:
    row = {
        "announced_at": pd.Timestamp("2020-12-18T06:23Z"), "date": pd.NaT,
        "precision": "minute", "written": "2020-12-18",
    }  # fmt: skip
    assert words in " ".join(announced({**row, **changes}))


def test_an_assumed_hour_is_never_printed_as_a_fact(document: Document) -> None:
    page = next(page for page in document.data["events"] if page["id"] == "SMIC-2020")
    (sentence,) = page["announced"]
    assert sentence.index("the hour is not known") < sentence.index("21:00 UTC")


def test_remarks_name_shifts_closed_benchmarks_drops_overlaps_and_notes(
    document: Document,
) -> None:
    pages = {page["id"]: " ".join(page["remarks"]) for page in document.data["events"]}
    assert "no price in the source on 2018-04-17..2018-06-12" in pages["ZTE-2018"]
    assert pages["ZTE-2018"].count("return spans 39 sessions") == 1
    assert "stays out of the group means" in pages["ZTE-2018"]
    assert "the benchmark 000300.SS had no session" in pages["HUAWEI-2018"]
    assert "688981.SS was dropped: 26 of 250" in pages["SMIC-2020"]
    assert "Shares tested sessions of the same security with MOFCOM-2024 (MU)" in pages["BIS-2024"]
    assert "Shares tested sessions of the same security with BIS-2024 (MU)" in pages["MOFCOM-2024"]
    assert "estimation window holds tested days of MICRON-2023 (MU)" in pages["MICRON-2023-BAN"]
    assert "lie in the estimation window of MICRON-2023-BAN (MU)" in pages["MICRON-2023"]
    assert "earnings two days before" in pages["MICRON-2023"]


def test_overlaps_that_are_too_many_to_name_are_counted(findings: Findings) -> None:
    kinds = ["tested windows share sessions", "inside the estimation window"]
    counts = {"event_id": "BIS-2024", "ticker": "MU", "kind": kinds, "n_others": [1200, 1]}
    overlaps = pd.DataFrame(counts | {"sessions": [2, 3]})
    assert [row[:3] for row in overlaps_table(overlaps).rows] == [
        ("BIS-2024", "MU", "1,200"),
        ("BIS-2024", "MU", "1"),
    ]
    data = composed(replace(undrawn(findings), overlaps=overlaps))[0].data
    pages = {page["id"]: " ".join(page["remarks"]) for page in data["events"]}
    assert (
        "Shares tested sessions of the same security with 1,200 other events (MU)."
        in pages["BIS-2024"]
    )
    assert "window holds tested days of 1 other event (MU)." in pages["BIS-2024"]
    assert "MU)" not in pages["MOFCOM-2024"]


def test_effects_are_printed_in_per_cent_with_real_minus_signs(findings: Findings) -> None:
    rows = findings.events[findings.events["event_id"] == "SMIC-2020"]
    table = effects_table(records(rows), 0.95)
    first = table.rows[0]
    assert first[0] == "0981.HK"
    assert [row[0] for row in table.rows[1:]] == ["", ""]
    assert first[2] == f"−{abs(100 * rows['car'].iloc[0]):.2f}"
    assert table.rows[2][1] == "(−1, 1)"
    assert len(first) == len(table.columns)


def test_the_lead_test_comes_first_and_tests_without_value_are_gathered_by_reason(
    findings: Findings,
) -> None:
    rows = findings.tests.query("group == 'event:BIS-2024' and window == '(0, 0)'")
    table = group_table(records(rows), 0.95)
    assert table.rows[0][0] == "Adjusted BMP t, leads"
    assert table.kinds[0] == "lead"
    words = [row[0] for row, kind in zip(table.rows, table.kinds, strict=True) if kind == "words"]
    assert words == [
        "No value for Generalised rank t: fewer than 10 events (4): GRANK-T rejects too often.",
        "No value for Ibragimov-Mueller t: one cluster: needs two or more.",
    ]
    corrado = next(row for row in table.rows if row[0] == "Corrado rank z")
    assert corrado[4:7] == ("–", "–", "–")
    assert corrado[-1] == "0.450"


def test_of_a_test_of_all_groups_together_the_adjusted_p_is_printed(findings: Findings) -> None:
    row = records(findings.tests.query("group == 'all' and window == '(0, 0)'"))[0]
    given = [
        row | {"test": test, "lead": False, "pvalue": 0.0017, "pvalue_adjusted": adjusted}
        for test, adjusted in (("romano_wolf", 0.6345), ("bmp", np.nan))
    ]
    first, second = group_table(given, 0.95).rows
    assert (first[0], first[3]) == ("Romano-Wolf step-down, adjusted p", "0.634")
    assert (second[0], second[3]) == ("BMP t", "0.002")


def test_a_statistic_that_is_the_estimate_stands_there_in_per_cent_only(findings: Findings) -> None:
    rows = records(findings.tests.query("group == 'all' and window == '(0, 0)'"))
    own = rows[0] | {"test": "permutation", "statistic": -0.0318, "estimate": -0.0318}
    (printed,) = group_table([own], 0.95).rows
    assert (printed[1], printed[4]) == ("–", "−3.18")


def test_notes_are_said_once_with_the_tests_they_are_true_of(findings: Findings) -> None:
    rows = findings.tests.query("group == 'all' and window == '(0, 0)'")
    noted = rows.assign(
        note=["assumes independence" if test in ("patell", "bmp") else "" for test in rows["test"]],
        dof=np.inf,
    )
    table = group_table(records(noted), 0.95)
    assert ("Patell Z, BMP t: assumes independence.",) in table.rows
    assert table.rows[0][2] == "∞"


def test_events_of_one_date_show_the_lead_test_and_the_one_beside(document: Document) -> None:
    single = document.data["groups"]["rest"]
    first = single["table"]["rows"][0]["cells"]
    assert first[:3] == ["Event ZTE-2018", "(0, 0)", "Adjusted BMP t, leads"]
    assert len(first) == len(single["table"]["columns"])
    assert all(not name.startswith("event") for name in document.data["groups"])
    assert any(text.startswith("Event ZTE-2018, Event HUAWEI-2018") for text in single["why"])
    titles = [section["title"] for section in document.data["groups"]["sections"]]
    assert titles == ["All events", "Kind: sanction", "Kind: report", "Kind: retaliation"]


def test_only_so_many_tables_are_printed_in_full(findings: Findings) -> None:
    one = findings.tests[findings.tests["group"] == "all"]
    many = pd.concat([one.assign(group=f"group:{number}") for number in range(20)])
    page = groups_page(replace(findings, tests=many, leads=findings.leads.head(0)))
    assert sum(len(section["blocks"]) for section in page["sections"]) == FULL


def test_claims_have_their_verdict_in_words(findings: Findings) -> None:
    table = claims_table(findings.claims)
    assert [row[6] for row in table.rows] == [
        "confirmed", "confirmed", "not confirmed", "not checkable",
    ]  # fmt: skip
    assert table.rows[0][3:6] == ("−22.9%", "−22.88 %", "±0.050 %")
    assert table.rows[1][2].endswith("largest fall since 2022-12")


def test_the_caption_says_whose_runs_are_not_drawn_as_they_were(findings: Findings) -> None:
    def captions(frame: pd.DataFrame) -> dict[str, str]:
        data = composed(replace(findings, estimation=frame))[0].data
        return {page["id"]: page["figure"]["caption"] for page in data["events"]}

    assert not any("forecast error" in each for each in captions(findings.estimation).values())
    scaled = findings.estimation.copy()
    scaled.loc[scaled["ticker"] == "0763.HK", "placebo (0, 0)"] *= 6.89
    scaled.loc[scaled["ticker"] == "QCOM", "placebo (0, 0)"] *= 0.95
    found = captions(scaled)
    assert found["ZTE-2018"].endswith(
        "scale of the event's own forecast error: those of 0763.HK times 6.9 (its return covers "
        "39 sessions)."
    )
    assert sum("forecast error" in each for each in found.values()) == 1


def test_the_caption_of_the_means_says_what_a_missing_day_does(findings: Findings) -> None:
    caption = composed(findings)[0].data["groups"]["figure"]["caption"]
    whole = replace(findings, means=findings.means.assign(n=5))
    assert "stays in the mean with what it has added up" in caption
    assert "stays in the mean" not in composed(whole)[0].data["groups"]["figure"]["caption"]


def test_the_words_of_a_verdict_have_real_minus_signs(findings: Findings) -> None:
    words = "close of 2020-09-07 against the close of 2020-09-04: -22.88 %"
    table = claims_table(findings.claims.assign(decided_by=words))
    assert table.rows[0][-1] == words.replace(": -", ": −")


def test_the_reason_of_a_dropped_pair_has_real_minus_signs(findings: Findings) -> None:
    dropped = findings.dropped.assign(reason="26 usable days in (-260, -11)")
    data = composed(replace(undrawn(findings), dropped=dropped))[0].data
    assert data["dropped"]["rows"][0]["cells"][-1] == "26 usable days in (−260, −11)"
    (page,) = [page for page in data["events"] if page["id"] == "SMIC-2020"]
    assert any("(−260, −11)" in remark for remark in page["remarks"])


def test_a_security_without_a_benchmark_has_a_dash_there(findings: Findings) -> None:
    (row, *_) = records(findings.events)
    assert markets_table([row | {"benchmark": ""}]).rows[0][2] == "–"


def test_fits_show_every_factor() -> None:
    fits = pd.DataFrame(
        {
            "event_id": ["A"], "ticker": ["X"], "model": ["ff3"], "n_obs": [250], "dof": [246],
            "sigma": [0.02], "r2": [0.4], "alpha": [0.0001], "Mkt-RF": [1.1], "SMB": [np.nan],
        }
    )  # fmt: skip
    table = fits_table(fits)
    assert [column.label for column in table.columns][6:8] == ["Mkt-RF", "σ, % a day"]
    assert table.rows[0][5:] == ("0.010", "1.100", "2.00", "0.400")


def test_everything_dropped_is_said() -> None:
    gone = Announcement(
        "SMIC-2020", "2020-09-04T21:00Z", "assumed", "report", "US", "x", ("688981.SS",)
    )
    document, _, _ = composed(build([gone]))
    assert document.data["events"] == []
    assert "No effect could be estimated" in document.data["first"][0]["caption"]
    assert document.data["dropped"]["rows"][0]["cells"][:2] == ["SMIC-2020", "688981.SS"]


def test_nothing_at_all_is_a_document() -> None:
    document, _, notes = composed(Findings(title="nothing"))
    assert document.data["sentences"] == ["No effect was estimated."]
    assert document.data["date"] is None
    assert notes == []


def test_a_large_study_is_cut_and_the_cut_is_said() -> None:
    events = pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS["events"]})
    ids = [f"E{number}" for number in range(PAGES + 5)]
    events = pd.concat([events, pd.DataFrame({"event_id": ids, "ticker": "T", "window": "(0, 0)"})])
    groups = pd.DataFrame({name: [""] * (GROUPS + 1) for name in COLUMNS["tests"]})
    groups["group"] = [f"g{number}" for number in range(GROUPS + 1)]
    dropped = pd.DataFrame({"event_id": ["E"] * (ROWS + 1), "ticker": "T", "reason": "r"})
    cut = limited(Findings(title="t", events=events, tests=groups, dropped=dropped))
    assert len(cut.findings.event_ids) == PAGES
    assert len(cut.findings.dropped) == ROWS
    assert cut.findings.tests["group"].nunique() == GROUPS
    assert (cut.events, cut.groups) == (PAGES + 5, GROUPS + 1)
    assert [remark.split(";")[1].strip() for remark in cut.remarks] == [
        "the tables events and days hold all.", "the table tests holds all.",
        "the table dropped holds all.",
    ]  # fmt: skip


def test_a_long_list_of_effects_is_drawn_in_parts_on_one_scale() -> None:
    many = [
        Announcement(f"E{n}", "2021-03-10T13:00Z", "hour", "k", "US", "t", ("A", "B", "C"))
        for n in range(20)
    ]
    document, _, _ = composed(undrawn(build(many)))
    assert len(document.data["first"]) == 2
    assert document.data["first"][1]["caption"].startswith(
        "Effects in the window (0, 0), continued"
    )


def test_findings_without_a_column_or_a_window_are_refused() -> None:
    with pytest.raises(InputError, match=r"'dropped' lacks the columns reason\. Run"):
        Findings(title="t", dropped=pd.DataFrame({"event_id": [], "ticker": []}))
    with pytest.raises(InputError, match="at least one tested window"):
        Findings(title="t", windows=())


def test_latex_is_escaped() -> None:
    hostile = r"\input{x} & $1 % #_{}~^"
    findings = build(
        [Announcement("A_B", "2021-03-10T13:00Z", "hour", "k", "US", "t", (hostile[:20],))]
    )
    dropped = pd.DataFrame({"event_id": ["E"], "ticker": ["T"], "reason": [hostile]})
    tables = frames_to_latex(replace(findings, dropped=dropped))
    assert {"events", "fits", "claims", "dropped"} <= set(tables)
    assert r"\input" not in tables["dropped"]
    assert r"\textbackslash{}input\{x\} \& \$1 \% \#\_\{\}" in tables["dropped"]
    for text in tables.values():
        assert not set(text) & set("−∞²αβσ<>")  # which no plain LaTeX, or not each font, can set


def tabulars(text: str) -> list[tuple[str, list[list[str]]]]:
    """Take the tabulars of a LaTeX text apart: their columns, and the cells of their rows."""
    found = []
    text = re.sub(r"p\{[\d.]+cm\}", "p", text)
    for sides, body in re.findall(r"\\begin\{tabular\}\{(\w+)\}(.*?)\\end\{tabular\}", text, re.S):
        lines = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert all(line in ("", r"\toprule", r"\midrule", r"\bottomrule") or line in lines
                   for line in body.splitlines())  # fmt: skip
        rows = []
        for line in lines:
            cells = re.split(r"(?<!\\)&", line.removesuffix(r"\\"))
            rows.append([cell.strip() for cell in cells])
            over = [int(n) - 1 for n in re.findall(r"\\multicolumn\{(\d)\}", line)]
            assert len(cells) + sum(over) == len(sides)
        found.append((sides, rows))
    return found


def test_latex_has_the_tables_of_the_report_on_pages(findings: Findings) -> None:
    tables = frames_to_latex(findings)
    for text in tables.values():
        pages = tabulars(text)
        assert pages
        assert all(1 < len(rows) <= 46 and rows[1][0] for _, rows in pages)  # the head, and 45
        bare = re.sub(r"\\[a-z]+|\\[&%$#_{}]|\\\\|\$[^$\n]*\$", "", text)
        assert not set(bare) & set("$%#_~^\\")
        assert bare.count("{") == bare.count("}")
    rows = [row for _, page in tabulars(tables["events"]) for row in page[1:]]
    assert [row[0] for row in rows if row[0]] == list(findings.event_ids)


def test_latex_has_the_average_returns_of_each_day(findings: Findings) -> None:
    text = frames_to_latex(findings)["means"]
    rows = findings.means[~findings.means["group"].str.startswith("event:")]
    assert text.count("\n") > len(rows)
    one = rows[rows["day"] == -3].iloc[0]
    line = next(line for line in text.splitlines() if " & $-$3 & " in line)
    cells = [cell.strip() for cell in line.removesuffix(r"\\").split("&")]
    assert cells[2].replace("$-$", "-") == f"{100 * one['aar']:.2f}"
    assert cells[5] == "0.250"
    assert cells[6].replace("$-$", "-") == f"{100 * one['caar']:.2f}"
    assert cells[-1] == f"{one['n']}"


def test_latex_of_group_tests_is_what_the_report_prints(findings: Findings) -> None:
    text = frames_to_latex(findings)["tests"]
    page = groups_page(findings)
    blocks = [block for section in page["sections"] for block in section["blocks"]]
    full = [rows for sides, rows in tabulars(text) if len(sides) == 10 and rows[0][0] == "Test"]
    assert len(full) == len(blocks) == FULL
    for rows, block in zip(full, blocks, strict=True):
        printed = [row["cells"] for row in block["table"]["rows"] if row["kind"] != "words"]
        assert [row[0] for row in rows[1:]] == [cells[0] for cells in printed]
        assert [row[3] for row in rows[1:]] == [
            cells[3].replace("<", r"\textless{}") for cells in printed
        ]
    assert r"\caption{All events. Window (0, 0): 27 effects, clusters: 10}" in text
    assert r"\caption{Lead tests of the other groups, continued}" in text
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == len(tabulars(text))
    for raw in (r"cross\_sectional", "0.000000", " inf "):
        assert raw not in text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("../../x", "x"),
        ("CON", "con"),
        ("中芯", "event"),
        ("a" * 300, "a" * 40),
        ("a/b\\c:d", "a-b-c-d"),
    ],
)
def test_names_of_files_are_no_paths(text: str, name: str) -> None:
    assert slug(text) == name


def test_numbers_as_they_are_printed() -> None:
    assert [number(value, 2) for value in (-0.004, 1234.5, np.inf, None)] == [
        "0.00",
        "1,234.50",
        "∞",
        "–",
    ]
    assert percent(np.float64(-0.2288)) == "−22.88"
    assert integer(11.37) == "11.4"
    assert [probability(p) for p in (0.0, 0.0004, 0.0005, 1.0, np.nan)] == [
        "<0.001", "<0.001", "0.001", "1.000", "–",
    ]  # fmt: skip
    assert date(np.datetime64("2020-09-07")) == "2020-09-07"
    assert weekday("2020-09-07") == "Monday 2020-09-07"
    assert weekday("some day") == "some day"
    assert minus("(-1, 1) SMIC-2020 -2.5") == "(−1, 1) SMIC-2020 −2.5"
