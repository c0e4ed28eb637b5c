"""What a shell offers when the tab key is pressed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from automl.cli.complete import metrics, spaces
from automl.spaces.shipped import shipped_spaces
from automl.task import HIGHER_IS_BETTER
from automl.tracking.record import Record

WriteStudy = Callable[..., Record]
HEAVY = ("torch", "optuna", "mlflow", "pandas", "numpy", "sklearn", "onnx", "onnxruntime", "pyarrow", "yaml")
COMPLETES = f"""
import atexit, sys
atexit.register(lambda: sys.stderr.write(str([name for name in {HEAVY!r} if name in sys.modules])))
from automl.cli import main
main()
"""


def offered(line: str, folder: Path) -> list[str]:
    """What bash is told when tab is pressed at the end of a line, in a folder; nothing heavy is imported for it."""
    asked = {"_AUTOML_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    done = subprocess.run(
        [sys.executable, "-c", COMPLETES],
        cwd=folder,
        env={**os.environ, **asked, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "[]"
    return done.stdout.split()


@pytest.mark.parametrize("command", ["show", "resume", "export", "compare", "compare hats"])
def test_the_studies_of_the_runs_folder_are_offered(command: str, write_study: WriteStudy, tmp_path: Path):
    for name in ("hats", "houses", "ships"):
        write_study(name)
    assert offered(f"automl {command} ho", tmp_path) == ["houses"]


def test_the_studies_of_another_folder_are_offered_once_it_is_named(write_study: WriteStudy, tmp_path: Path):
    write_study("houses")
    assert offered(f"automl show --runs-dir {tmp_path / 'runs'} ", Path("/")) == ["houses"]


def test_where_there_are_no_studies_none_is_offered(tmp_path: Path):
    assert offered("automl show ", tmp_path) == []


SPACED = ("search digits --space", "spaces", "spaces check", "spaces diff", "spaces diff tabular")


@pytest.mark.parametrize("line", [f"automl {words} cnn_" for words in SPACED])
def test_spaces_are_offered(line: str, tmp_path: Path):
    assert offered(line, tmp_path) == ["cnn_photo", "cnn_small"]


def test_the_commands_of_spaces_are_offered_beside_the_spaces(tmp_path: Path):
    assert offered("automl spaces c", tmp_path) == ["cnn", "cnn_photo", "cnn_small", "check"]


def test_metrics_are_offered(tmp_path: Path):
    assert offered("automl search digits --metric r", tmp_path) == ["roc_auc", "rmse", "r2"]


def test_commands_are_offered(tmp_path: Path):
    assert offered("automl s", tmp_path) == ["search", "show", "sync", "spaces"]


def test_without_a_beginning_all_are_offered():
    assert (metrics(""), spaces("")) == (list(HIGHER_IS_BETTER), [path.stem for path in shipped_spaces()])


def test_a_beginning_that_nothing_has_offers_nothing():
    assert metrics("x") == spaces("x") == []
