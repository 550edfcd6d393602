"""Which fonts a report is set in, and which characters none of them has.

Latin, Greek and Cyrillic come with the packages: Libertinus Serif inside Typst, DejaVu Sans and
STIX beside matplotlib. Chinese, Japanese and Korean need a font of the system or the extra ``cjk``;
it is looked for only where such a character is shown.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from eventstudy.report.text import BOX, code_point

# Families in the order of preference; a file belongs to the first whose stem its name begins with.
_STEMS = (
    "notosanscjk",
    "notosanssc",
    "notosanstc",
    "sourcehansans",
    "notoserifcjk",
    "droidsansfallback",
    "wqy-microhei",
    "wqy-zenhei",
    "pingfang",
    "hiragino sans gb",
    "stheiti",
    "msyh",
    "simhei",
    "simsun",
)
_SUFFIXES = (".ttc", ".otf", ".ttf")
_HEAVY = ("bold", "black", "heavy", "thin", "light", "medium")
_MODULE = "cvttf_NotoSansCJK_Regular"


@dataclass(frozen=True)
class Font:
    """A font file with the characters it has.

    Attributes
    ----------
    path : pathlib.Path
    family : str
        Name by which Typst and matplotlib know it.
    covered : frozenset of int
        Code points of its characters.
    """

    path: Path
    family: str
    covered: frozenset[int]


@dataclass(frozen=True)
class Typeface:
    """The fonts of one report.

    Attributes
    ----------
    fallback : Font
        DejaVu Sans, for what Libertinus Serif lacks.
    bold : pathlib.Path
        Its bold file.
    cjk : Font or None
        A font with the Chinese, Japanese or Korean characters shown; None where none is needed or
        none is at hand.
    absent : frozenset of str
        Characters to show that no font has.
    """

    fallback: Font
    bold: Path
    cjk: Font | None = None
    absent: frozenset[str] = frozenset()

    @property
    def files(self) -> tuple[Path, ...]:
        """Font files that a page needs besides those inside Typst."""
        own = (self.fallback.path, self.bold)
        return own if self.cjk is None else (*own, self.cjk.path)

    @property
    def families(self) -> tuple[str, ...]:
        """Families after Libertinus Serif, in the order in which they are tried."""
        return (
            (self.fallback.family,) if self.cjk is None else (self.fallback.family, self.cjk.family)
        )

    def note(self) -> str:
        """Give what could not be shown, in one sentence; "" where everything could."""
        if not self.absent:
            return ""
        ordered = sorted(self.absent)
        named = ", ".join(code_point(character)[1:-1] for character in ordered[:12])
        more = f" and {len(ordered) - 12} more" if len(ordered) > 12 else ""
        count = "1 character" if len(ordered) == 1 else f"{len(ordered)} characters"
        cure = (
            " A font with Chinese characters shows them: install Noto Sans CJK, or "
            "pip install 'eventstudy[cjk]'."
            if any(_is_cjk(character) for character in ordered)
            else ""
        )
        return (
            f"{count} could not be shown ({BOX}): no font at hand has {named}{more}. "
            f"The CSV files hold the text as given.{cure}"
        )


def typeface(texts: Iterable[str]) -> Typeface:
    """Give the fonts that show these texts.

    Parameters
    ----------
    texts : iterable of str
        What the report shows, already made visible.

    Returns
    -------
    Typeface
        With a CJK font only where a character needs one; `Typeface.absent` names the rest.
    """
    fallback, bold = _packaged()
    wanted = {character for text in texts if not text.isascii() for character in text}
    wanted = {character for character in wanted if ord(character) not in fallback.covered}
    if not wanted:
        return Typeface(fallback, bold)
    best: Font | None = None
    lacking = wanted
    if any(_is_cjk(character) for character in wanted):
        for path in candidates():
            font = _open(path)
            if font is None:
                continue
            left = {character for character in wanted if ord(character) not in font.covered}
            if len(left) < len(lacking):
                best, lacking = font, left
            if not any(_is_cjk(character) for character in lacking):
                break
    return Typeface(fallback, bold, best, frozenset(lacking))


def candidates() -> Iterator[Path]:
    """Files of the system, then of the extra ``cjk``, that hold Chinese, the best family first."""
    found: dict[str, list[Path]] = {stem: [] for stem in _STEMS}
    for folder in folders():
        for path in _fonts_in(folder):
            name = path.name.lower()
            stem = next((stem for stem in _STEMS if name.startswith(stem)), None)
            if stem is not None and not any(weight in name for weight in _HEAVY):
                found[stem].append(path)
    for paths in found.values():
        yield from sorted(paths)
    yield from extra_font()


def folders() -> tuple[Path, ...]:
    """Folders in which systems keep their fonts."""
    home = Path.home()
    if sys.platform == "darwin":
        return (Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts")
    if sys.platform == "win32":
        windows = Path(os.environ.get("WINDIR", r"C:\Windows"))
        local = Path(os.environ.get("LOCALAPPDATA", home / "AppData/Local"))
        return (windows / "Fonts", local / "Microsoft/Windows/Fonts")
    return (
        Path("/usr/share/fonts"),
        Path("/usr/local/share/fonts"),
        home / ".local/share/fonts",
        home / ".fonts",
    )


def extra_font() -> Iterator[Path]:
    """Give the font file of the extra ``cjk``, where it is installed."""
    found = importlib.util.find_spec(_MODULE)
    for folder in (found.submodule_search_locations or []) if found else []:
        yield from sorted(_fonts_in(Path(folder)))


def _fonts_in(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        for name in names:
            if name.lower().endswith(_SUFFIXES):
                yield Path(place) / name


@cache
def _packaged() -> tuple[Font, Path]:
    from matplotlib import get_data_path

    folder = Path(get_data_path()) / "fonts" / "ttf"
    font = _open(folder / "DejaVuSans.ttf")
    if font is None:
        raise FileNotFoundError("matplotlib's DejaVu Sans is missing. Install matplotlib again")
    return font, folder / "DejaVuSans-Bold.ttf"


@cache
def _open(path: Path) -> Font | None:
    from matplotlib.ft2font import FT2Font

    try:
        font = FT2Font(str(path))
        return Font(path, font.family_name, frozenset(font.get_charmap()))
    except (OSError, RuntimeError):  # a broken or unreadable file is no font
        return None


def _is_cjk(character: str) -> bool:
    code = ord(character)
    return (
        0x2E80 <= code <= 0xA4CF
        or 0xAC00 <= code <= 0xD7AF
        or 0xF900 <= code <= 0xFAFF
        or 0xFE30 <= code <= 0xFE4F
        or 0xFF00 <= code <= 0xFFEF
        or 0x20000 <= code <= 0x323AF
    )
