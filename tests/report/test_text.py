"""Text as it is shown, and the fonts that show it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import matplotlib
import pandas as pd
import pytest

from eventstudy.report import Findings, fonts
from eventstudy.report.text import breakable, shorten, shown, texts_of, visible


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("plain", "plain"),
        ("a\tb\r\nc", "a b  c"),
        ("\x1b[31mred\x00", "\\x1b[31mred\\x00"),
        ("\x85", "\\x85"),
        ("exe\u202egpj", "exe[U+202E]gpj"),
        ("a\u200bb", "a[U+200B]b"),
        ("\ue000", "[U+E000]"),
        ("\ud800", "[U+D800]"),
        ("e\u0301", "é"),
        ("x" + "\u0316" * 40, "x" + "\u0316" * 3),
        ("中文 ≥ é", "中文 ≥ é"),
    ],
)
def test_what_would_act_is_made_visible(given: str, expected: str) -> None:
    assert visible(given) == expected


def test_long_texts_are_cut_for_show() -> None:
    assert len(visible("x" * 60_000)) < 5_000
    assert len(shorten("x" * 60_000, 150)) == 150
    assert shorten("x" * 60_000, 150).endswith("…")


def test_a_word_without_spaces_may_break_and_a_hash_stays_whole() -> None:
    broken = breakable("A" * 500)
    assert broken.replace("\u200b", "") == "A" * 500
    assert max(map(len, broken.split("\u200b"))) < 18
    digest = "3b1f" * 16
    assert breakable(digest, 34.5) == digest


def test_shown_changes_text_and_no_number(findings: Findings) -> None:
    title = "SMIC 中\x07"
    given = replace(findings, title=title, provenance={"a\x07": ["b\x07", 3]})
    result = shown(given, frozenset("中"))
    assert result.title == "SMIC ▯\\x07"
    assert result.provenance == {"a\\x07": ["b\\x07", 3]}
    pd.testing.assert_series_equal(result.events["car"], findings.events["car"])
    assert given.title == title
    ids = replace(given, dropped=given.dropped.assign(event_id="中", reason="中"))
    row = shown(ids, frozenset("中")).dropped.iloc[0]
    assert (row["event_id"], row["reason"]) == ("[U+4E2D]", "▯")  # names must stay different
    assert "SMIC (" in "".join(result.events["title"])


def test_every_text_of_the_frames_is_asked_for(findings: Findings) -> None:
    assert {"US denial order against ZTE", "tumbled 2.7 %", "(0, 0)"} <= texts_of(findings)


@pytest.fixture
def no_cjk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "folders", lambda: ())
    monkeypatch.setattr(fonts, "extra_font", lambda: iter(()))


@pytest.fixture
def one_cjk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with one font that has every character: matplotlib's font of last resort."""
    source = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "LastResortHE-Regular.ttf"
    place = tmp_path / "noto" / "NotoSansCJK-Regular.ttf"
    place.parent.mkdir()
    place.write_bytes(source.read_bytes())
    (tmp_path / "noto" / "NotoSansCJK-Bold.ttf").write_bytes(b"no font")
    (tmp_path / "NotoSansCJKsc-Broken.otf").write_bytes(b"no font")
    monkeypatch.setattr(fonts, "folders", lambda: (tmp_path,))
    monkeypatch.setattr(fonts, "extra_font", lambda: iter(()))
    return place


def test_no_font_is_looked_for_without_need(monkeypatch: pytest.MonkeyPatch) -> None:
    def never() -> tuple[Path, ...]:
        raise AssertionError("fonts of the system were looked for")

    monkeypatch.setattr(fonts, "folders", never)
    face = fonts.typeface(["plain", "é ≥ − Ж ☺"])
    assert face.cjk is None
    assert not face.absent
    assert face.note() == ""


@pytest.mark.usefixtures("no_cjk")
def test_what_no_font_has_is_named_with_its_cure() -> None:
    face = fonts.typeface(["中芯国际"])
    assert face.absent == frozenset("中芯国际")
    assert "4 characters could not be shown" in face.note()
    assert "U+4E2D" in face.note()
    assert "eventstudy[cjk]" in face.note()
    rocket = fonts.typeface(["🚀"]).note()
    assert "U+1F680" in rocket
    assert "cjk" not in rocket


def test_a_font_of_the_system_is_found_and_broken_ones_are_passed(one_cjk: Path) -> None:
    face = fonts.typeface(["中芯国际"])
    assert face.cjk is not None
    assert face.cjk.path == one_cjk
    assert not face.absent
    assert face.files[-1] == one_cjk


def test_the_extra_is_the_last_resort(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, one_cjk: Path
) -> None:
    module = tmp_path / "site" / "cvttf_NotoSansCJK_Regular"
    module.mkdir(parents=True)
    (module / "__init__.py").write_text("")
    (module / "NotoSansCJKtc-Regular.otf").write_bytes(one_cjk.read_bytes())
    monkeypatch.undo()
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert [path.name for path in fonts.extra_font()] == ["NotoSansCJKtc-Regular.otf"]


def test_folders_of_each_system(monkeypatch: pytest.MonkeyPatch) -> None:
    for platform, part in (
        ("linux", "share/fonts"),
        ("darwin", "Library/Fonts"),
        ("win32", "Fonts"),
    ):
        monkeypatch.setattr(fonts.sys, "platform", platform)
        assert any(part in folder.as_posix() for folder in fonts.folders())
