"""The front door: its names are sorted, importable, documented, and cheap to reach."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import automl

HEAVY = ("torch", "optuna", "mlflow", "pandas", "sklearn", "onnx", "onnxruntime", "rich", "yaml")


def test_the_public_names_are_sorted():
    assert list(automl.__all__) == sorted(automl.__all__)


def test_every_public_name_can_be_imported():
    assert [name for name in automl.__all__ if not hasattr(automl, name)] == []


def test_every_public_name_is_listed_for_completion():
    assert set(automl.__all__) <= set(dir(automl))


def test_every_public_name_says_what_it_is():
    assert [name for name in automl.__all__ if not (getattr(automl, name).__doc__ or "").strip()] == []


def test_no_module_hides_a_public_name():
    modules = {path.stem for path in Path(automl.__file__).parent.iterdir()}
    assert modules & set(automl.__all__) == set()  # importing `automl.x` would put the module in the place of `x`


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(automl, "serach")


def test_importing_the_front_door_loads_nothing_heavy():
    code = f"import sys, automl; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
