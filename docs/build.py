"""Write tests.md, models.md and columns.md from the package itself: python docs/build.py."""

from __future__ import annotations

import inspect
import itertools
from pathlib import Path

from eventstudy.codebook import Entry, codebook
from eventstudy.inference import FAMILY_TESTS, SINGLE_TESTS, TESTS
from eventstudy.models import MODELS

HERE = Path(__file__).parent
FIELDS = (
    ("null", "Null"),
    ("alternative", "Alternative"),
    ("assumes", "Assumes"),
    ("avoid", "Avoid with"),
    ("reference", "Reference"),
)


def tests_page() -> str:
    """Every test with its hypotheses, assumptions and reference."""
    lines = [
        "# Tests",
        "",
        "Made by `python docs/build.py` from the tests themselves; `eventstudy list tests` prints",
        "the same. Sizes are rejection rates of a true null at the 5 % level.",
    ]
    for heading, tests in (
        ("Of one event (columns of `result.events`)", SINGLE_TESTS),
        ("Of a group (rows of `result.tests`)", TESTS),
        ("Of all groups and windows together (rows of `result.tests`)", FAMILY_TESTS),
    ):
        lines += ["", f"## {heading}"]
        for name, test in tests.items():
            lines += ["", f"### {test.title} (`{name}`)", ""]
            lines += [f"- {label}: {getattr(test, field)}." for field, label in FIELDS]
    return "\n".join(lines) + "\n"


def models_page() -> str:
    """Every expected-return model with its docstring."""
    lines = [
        "# Expected-return models",
        "",
        "Made by `python docs/build.py` from the models' own docstrings.",
    ]
    for name, model in MODELS.items():
        lines += ["", f"## {model.title} (`{name}`)", "", "```text", inspect.getdoc(model) or ""]
        lines += ["```"]
    return "\n".join(lines) + "\n"


def columns_page() -> str:
    """Every column of the result frames."""
    lines = [
        "# Columns",
        "",
        "Made by `python docs/build.py` from `eventstudy/data/codebook.csv`, as is what",
        "`eventstudy list columns` prints. The frames are `result.events`, `result.days` and so",
        "on, and the tables of a run directory. Returns are decimals: -.0436 is minus 4.36 %; per",
        "cent are in `result.summary()`, `result.groups()`, printed tables and reports. Missing is",
        "NaN or NaT, and the empty text in text; in a CSV table an empty cell. Columns of the",
        "events file that the study does not know come last in `events`, as text.",
    ]
    for frame, entries in itertools.groupby(codebook(), lambda entry: entry.frame):
        lines += ["", f"## {frame}", "", "| column | unit | meaning |", "|---|---|---|"]
        lines += [_row(entry) for entry in entries]
    return "\n".join(lines) + "\n"


def _row(entry: Entry) -> str:
    return f"| `{entry.column}` | {entry.unit} | {entry.meaning.replace('|', '/')} |"


PAGES = {"tests.md": tests_page, "models.md": models_page, "columns.md": columns_page}

if __name__ == "__main__":
    for page, make in PAGES.items():
        (HERE / page).write_text(make(), encoding="utf-8")
