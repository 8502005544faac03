"""The notebook of the documentation, run from its first cell to its last."""

from pathlib import Path

import nbclient
import nbformat
import pytest

FILE = Path(__file__).parents[2] / "docs" / "examples" / "notebook.ipynb"


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(FILE, as_version=4)


def test_it_is_stored_without_outputs(notebook):
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in cells)


# zmq's sockets of a kernel that has ended are collected later
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning")
@pytest.mark.timeout(300)  # a kernel that imports torch, on busy cores
def test_every_cell_runs_and_shows_something(notebook, tmp_path):
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    shown_by_cell = [[output.data for output in cell.outputs if "data" in output] for cell in cells]
    assert all(shown_by_cell)
    shown = [data for of_cell in shown_by_cell for data in of_cell]
    assert sum("application/vnd.plotly.v1+json" in data for data in shown) == 2
    assert sum("<svg" in data.get("text/html", "") for data in shown) >= 5
    assert (tmp_path / "digits.onnx").is_file()
