"""The notebooks run from top to bottom, without a network, and their kept outputs are whole."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def words_drawn(cell):
    """Words of a cell's drawings, which are shapes with a comment; coordinates may differ."""
    return [
        re.findall("<!-- (.*?) -->", "".join(output.data["image/svg+xml"]))
        for output in cell.outputs
        if "image/svg+xml" in output.get("data", {})
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore::Warning")  # those of the kernel's own machinery
def test_a_notebook_runs(path):
    notebook = nbformat.read(path, as_version=4)
    kept = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs or cell.source.startswith(("import", "from")) for cell in kept)
    drawn = [words_drawn(cell) for cell in kept]
    assert all(words for cell in drawn for words in cell)
    assert any(drawn)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    ).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert all(output.output_type != "error" for output in cell.outputs)
            assert all(output.get("name") != "stderr" for output in cell.outputs), cell.source
    assert drawn == [words_drawn(cell) for cell in kept], "run the notebook again and keep it"


def test_there_are_notebooks():
    assert {path.stem for path in NOTEBOOKS} == {"us_china_chips", "your_own_events"}
