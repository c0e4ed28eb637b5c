"""Runs the example notebook from its first cell to its last, in a folder of its own."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed; pip install 'automl[test]'")

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "docs" / "notebook.ipynb"
PATIENCE = 300
"""Seconds one cell may take."""


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The notebook after all its cells have run."""
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed; pip install 'automl[test]'")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed; pip install 'automl[test]'")
    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = nbclient.NotebookClient(notebook, timeout=PATIENCE, resources={"metadata": {"path": str(folder)}})
    # A folder is the quickest of MLflow's stores to begin with.
    mlflow = {"MLFLOW_TRACKING_URI": (folder / "mlruns").as_uri(), "MLFLOW_ALLOW_FILE_STORE": "true"}
    client.execute(env={**os.environ, **mlflow, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"})
    return notebook


def shown(cell: Any, kind: str) -> str:
    """What the last line of a cell shows in a form, such as `text/html`."""
    return next(str(output.data[kind]) for output in cell.outputs if output.output_type == "execute_result")


def test_the_notebook_is_kept_without_outputs():
    cells = code_cells(nbformat.read(NOTEBOOK, as_version=4))
    assert [cell.outputs for cell in cells] == [[]] * len(cells)
    assert [cell.execution_count for cell in cells] == [None] * len(cells)


def test_the_notebook_is_a_valid_one():
    nbformat.validate(nbformat.read(NOTEBOOK, as_version=4))


@pytest.mark.slow
def test_the_last_words_of_the_notebook_are_what_its_study_shows(executed: Any):
    study = next(cell for cell in code_cells(executed) if "automl.search" in cell.source)
    drawn = shown(study, "text/html")
    assert re.search(r"<b>dataframe-1: test accuracy \d\.\d+ \[", drawn) and drawn.count("<svg") == 2
    assert shown(code_cells(executed)[-1], "text/html") == drawn


@pytest.mark.slow
def test_a_notebook_without_html_gets_one_line(executed: Any):
    assert shown(code_cells(executed)[-1], "text/plain").startswith("<automl.Result dataframe-1: test accuracy")
