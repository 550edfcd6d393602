"""The documents say what the code does."""

import importlib.util
import inspect
import re
from pathlib import Path

import pytest

import eventstudy as es
from eventstudy.cli import COMMANDS

ROOT = Path(__file__).parents[1]


def pages():
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.PAGES


@pytest.mark.parametrize("page", ["tests.md", "models.md", "columns.md"])
def test_a_page_is_made_from_the_code_as_it_is(page):
    assert (ROOT / "docs" / page).read_text(encoding="utf-8") == pages()[page]()


@pytest.mark.parametrize("name", [name for name in es.__all__ if name != "__version__"])
def test_every_public_name_has_a_docstring(name):
    assert inspect.getdoc(getattr(es, name))


def test_the_readme_names_no_command_that_is_not_there():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"python -m eventstudy (\w+)", text))
    assert named
    assert named <= set(COMMANDS)


def test_the_first_command_of_the_readme_runs_on_the_bundled_figures():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = text.partition("<!-- run -->")[2].partition("```\n")[0]
    assert "on the bundled figures" in text.partition("<!-- run -->")[0]
    assert block.endswith("-m eventstudy run events.csv --prices snapshot\n")


def test_every_module_has_its_layer():
    table = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").partition("## Layers")[2]
    named = set(re.findall(r"`(\w+)`", table.partition("\n## ")[0]))
    folder = ROOT / "eventstudy"
    modules = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("__")}
    assert modules | {path.parent.name for path in folder.glob("*/__init__.py")} <= named


def test_every_link_of_the_readme_leads_somewhere():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert (ROOT / target).exists(), target
