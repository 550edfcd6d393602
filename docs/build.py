"""Write docs/tests.md and docs/models.md from the objects themselves: python docs/build.py."""

from __future__ import annotations

import inspect
from pathlib import Path

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


PAGES = {"tests.md": tests_page, "models.md": models_page}

if __name__ == "__main__":
    for page, make in PAGES.items():
        (HERE / page).write_text(make(), encoding="utf-8")
