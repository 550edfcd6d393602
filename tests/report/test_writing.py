"""Files: PDF, HTML, drawings; the same bytes, hostile text, formulas."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest

from eventstudy.errors import InputError
from eventstudy.inference import FAMILY_TESTS, TESTS
from eventstudy.models import MODELS
from eventstudy.report import Findings, fonts, write_document, write_report
from eventstudy.report.document import Document
from eventstudy.report.fonts import Typeface
from eventstudy.report.html import html
from eventstudy.report.pdf import pdf
from eventstudy.report.tables import TEST_TITLES
from eventstudy.report.writing import composed

from .conftest import ANNOUNCEMENTS, METHODS, Announcement, build, undrawn

DESCRIBED = ("methods.typ", "further_methods.typ")
HOSTILE = (
    "[/x]",
    '#read("/etc/passwd") #import "y"',
    "<script>alert(1)</script>",
    r"$x^2$ $\frac{1}{2}$",
    '=HYPERLINK("http://x")',
    "../../x",
    "\x1b[31mred\x1b[0m",
    "txt\u202egpj.exe",
    "A" * 60_000,
    "emoji 🚀😀 and 中",
    "a b " * 15_000,
    "]]}} {{ 7*7 }} {% raw %} *b* _a_ @ref `raw` // /*",
    "zalgo" + "\u0301" * 300,
    "שָׁלוֹם مرحبا",
)


@pytest.fixture(scope="module")
def made(findings: Findings) -> tuple[Document, Typeface, list[str]]:
    return composed(findings)


@pytest.fixture(scope="module")
def hostile() -> Findings:
    announcements = [
        Announcement(f"{n} {text[:30]}", "2021-03-10T13:00Z", "hour", text, text, text, ("A",))
        for n, text in enumerate(HOSTILE)
    ]  # fmt: skip
    return replace(
        build(announcements),
        title=" ".join(HOSTILE[:4]),
        subtitle=HOSTILE[8],
        sentences=HOSTILE,
        settings=tuple((text, text) for text in HOSTILE),
        notes=HOSTILE,
        provenance={text: {text: text} for text in HOSTILE},
    )


def text_of(path: Path) -> str:
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("pdftotext reads the PDF back")
    done = subprocess.run([program, "-layout", str(path), "-"], capture_output=True, check=True)
    return done.stdout.decode()


def test_a_report_is_written_whole(tmp_path: Path) -> None:
    findings = build(ANNOUNCEMENTS[4:6])
    notes = write_report(findings, tmp_path / "run", ("pdf", "html", "png", "latex", "csv"))
    names = {path.relative_to(tmp_path / "run").as_posix() for path in tmp_path.rglob("*.*")}
    assert {
        "report.pdf",
        "report.html",
        "figures/01-effects.svg",
        "figures/01-effects.png",
    } <= names
    assert {"figures/02-smic-2020.svg", "tables/events.tex", "tables/tests.tex"} <= names
    assert (tmp_path / "run/report.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "run/figures/01-effects.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "run/figures/01-effects.svg").read_text().startswith("<?xml")
    assert all("could not be shown" in note for note in notes)  # where no font has Chinese


def test_a_document_is_named_by_its_suffix(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"x\.docx: a report is \.pdf or \.html"):
        write_document(Findings(title="t"), tmp_path / "x.docx")


def test_the_folder_of_a_document_is_made(findings: Findings, tmp_path: Path) -> None:
    path = tmp_path / "new" / "reports" / "study.html"
    write_document(undrawn(findings), path)
    assert path.read_text(encoding="utf-8").startswith("<!")
    with pytest.raises(InputError, match=r"below\.html cannot be written: .*\. Name another"):
        write_document(undrawn(findings), path / "below.html")


def test_only_drawings_where_no_document_is_asked_for(findings: Findings, tmp_path: Path) -> None:
    write_report(undrawn(findings), tmp_path, ())
    assert [path.name for path in tmp_path.iterdir()] == ["figures"]


def test_the_pdf_is_tagged_archival_and_the_same_twice(
    made: tuple[Document, Typeface, list[str]], findings: Findings, tmp_path: Path
) -> None:
    document, face, _ = made
    first, remark = pdf(document, face)
    assert remark == ""
    write_document(findings, tmp_path / "second.pdf")
    assert (tmp_path / "second.pdf").read_bytes() == first
    assert b"/StructTreeRoot" in first
    assert b"/tmp/" not in first
    assert str(tmp_path).encode() not in first


def test_the_pdf_says_what_the_findings_say(
    made: tuple[Document, Typeface, list[str]], tmp_path: Path
) -> None:
    (tmp_path / "r.pdf").write_bytes(pdf(*made[:2])[0])
    text = " ".join(text_of(tmp_path / "r.pdf").split())
    for words in (
        "What was found", "The largest single effect is SMIC in Hong Kong",
        "28 entities listed: Hikvision", "Group tests", "Ibragimov and Müller", "not confirmed",
        "26 of 250 estimation days have a return", "sha256", "Kolari and Pynnönen",
        "the hour is not known", "−22.88 %", "placebo p 0.004",
    ):  # fmt: skip
        assert words in text


def test_rows_under_one_name_stay_on_one_page(
    made: tuple[Document, Typeface, list[str]], tmp_path: Path
) -> None:
    document, face, _ = made
    groups = document.data["groups"]
    table = groups["rest"]["table"]
    figures = table["rows"][0]["cells"][1:]
    names = [f"Group {number}" * (place == 0)
             for number, size in enumerate([7] * 20 + [90]) for place in range(size)]  # fmt: skip
    rows = [{"kind": "first" if name else "", "cells": [name, *figures]} for name in names]
    rest = {"table": {**table, "rows": rows}, "why": []}
    data = {**document.data, "groups": {**groups, "rest": rest}}
    (tmp_path / "r.pdf").write_bytes(pdf(replace(document, data=data), face)[0])
    pages = re.split("Group +Window +Test", text_of(tmp_path / "r.pdf"))[1:]
    assert len(pages) == 4
    assert all(page.split("\n", 1)[1].startswith("Group ") for page in pages)
    wide = {column["label"] for column in table["columns"] if column["wide"]}
    assert "Estimate, %" not in wide, "a share of the room left may be less than its heading takes"


def test_remarks_stay_with_the_table_above_them(
    made: tuple[Document, Typeface, list[str]], tmp_path: Path
) -> None:
    document, face, _ = made
    (page,) = [page for page in document.data["events"] if page["id"] == "BIS-2024"]
    rows = page["effects"]["rows"][:1] * 60
    pages = [
        page | {"effects": page["effects"] | {"rows": rows[:count]}, "remarks": ["One.", "Two."]}
        for count in range(18, 34)
    ]
    data = {**document.data, "events": pages}
    (tmp_path / "r.pdf").write_bytes(pdf(replace(document, data=data), face)[0])
    printed = text_of(tmp_path / "r.pdf").split("\f")
    ends = [text for text in printed if "– Two." in text]
    assert len(ends) == len(pages)
    assert all("– One." in text and "In group means" in text for text in ends)
    assert any("Abnormal return added up" not in text for text in ends)


@pytest.mark.parametrize("cjk", ["none", "some"])
def test_chinese_with_and_without_a_font(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, findings: Findings, cjk: str
) -> None:
    from matplotlib import get_data_path

    if cjk == "some":
        source = Path(get_data_path()) / "fonts" / "ttf" / "LastResortHE-Regular.ttf"
        (tmp_path / "NotoSansCJK-Regular.ttf").write_bytes(source.read_bytes())
    monkeypatch.setattr(fonts, "folders", lambda: (tmp_path,))
    monkeypatch.setattr(fonts, "extra_font", lambda: iter(()))
    keep = findings.event_ids[4:5]
    small = replace(
        findings,
        **{
            name: getattr(findings, name)[getattr(findings, name)["event_id"].isin(keep)]
            for name in ("events", "days", "estimation", "fits", "dropped")
        },
    )
    notes = write_report(small, tmp_path / "run")
    text = text_of(tmp_path / "run" / "report.pdf")
    if cjk == "some":
        assert notes == []
        assert "中芯国际" in text
    else:
        assert "U+4E2D" in notes[0]
        assert "SMIC (▯▯▯▯)" in text
        assert "could not be shown" in text


def test_hostile_text_is_shown_and_breaks_nothing(hostile: Findings, tmp_path: Path) -> None:
    notes = write_report(hostile, tmp_path, ("pdf", "html"))
    assert all("could not be shown" in note for note in notes)
    names = [path.name for path in (tmp_path / "figures").iterdir()]
    assert all(re.fullmatch(r"\d\d-[a-z0-9-]{1,40}\.svg", name) for name in names)
    text = text_of(tmp_path / "report.pdf")
    for words in ('#read("/etc/passwd")', "<script>alert(1)</script>", "$x^2$", "\\x1b[31mred"):
        assert words in text.replace("\u200b", "")
    assert "root:" not in text
    assert "\u202e" not in text
    assert max(map(len, text.splitlines())) < 400


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [str(value) for name, value in attrs if name in ("src", "href") and value]
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_page_is_escaped_and_fetches_nothing(hostile: Findings, tmp_path: Path) -> None:
    write_document(hostile, tmp_path / "report.html")
    reader = Reader()
    reader.feed((tmp_path / "report.html").read_text("utf-8"))
    assert "script" not in reader.tags
    assert all(link.startswith("#") for link in reader.links)
    assert "49" not in "".join(reader.text).split("7*7")[1][:10]
    assert "<script>alert(1)</script>" in "".join(reader.text)


def test_the_page_has_drawings_and_formulas_and_is_the_same_twice(
    made: tuple[Document, Typeface, list[str]],
) -> None:
    document, face, _ = made
    page = html(document, face)
    assert page == html(document, face)
    assert page.count("<svg ") == len(document.pictures)
    assert page.count("<math") > 20
    reader = Reader()
    reader.feed(page)
    sections = set(re.findall(r'<section [^>]*id="([^"]+)"', page))
    assert (
        {link.removeprefix("#") for link in reader.links} >= sections > {"found", "notes", "rest"}
    )
    assert "/tmp/" not in page


def test_every_model_and_test_is_described_with_formula_words_and_reference() -> None:
    folder = files("eventstudy.report") / "templates"
    source = "".join((folder / name).read_text("utf-8") for name in DESCRIBED)
    described = set(re.findall(r"^  (\w+): \($", source, re.MULTILINE))
    missing = {*MODELS, *TESTS, *FAMILY_TESTS, *METHODS} - described
    assert not missing, f"describe them in templates/{DESCRIBED[1]}: {sorted(missing)}"
    for name in described:
        part = source.split(f"\n  {name}: (")[1].split("\n  ),")[0]
        assert {"words:", "formula:", "reference:"} <= set(re.findall(r"\w+:", part))


def test_all_methods_set_and_an_unknown_one_says_so(tmp_path: Path) -> None:
    findings = Findings(title="methods", methods=(*TEST_TITLES, "my_own_test"))
    notes = write_document(findings, tmp_path / "m.pdf")
    assert notes == ["The PDF is tagged (PDF/UA-1), not PDF/A: nothing in it has a date."]
    assert "My own test" in text_of(tmp_path / "m.pdf")


def test_no_text_of_a_study_is_a_part_of_a_template() -> None:
    for name in ("report.typ", "methods_page.typ", "notation.typ", *DESCRIBED):
        source = (files("eventstudy.report") / "templates" / name).read_text("utf-8")
        assert "@preview" not in source
        assert "eval(" not in source
        assert "read(" not in source
