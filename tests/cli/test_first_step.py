"""What a search has loaded when its first training step begins: what only the end needs would keep it waiting."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from packaging.version import Version
from sklearn.datasets import load_wine

LATER = (
    "alembic",
    "matplotlib",
    "mlflow",
    "onnx",
    "onnxruntime",
    "onnxscript",
    "plotly",
    "rich",
    "scipy",
    "sklearn",
    "sqlalchemy",
    "sympy",
    "torch._dynamo",
    "torch._inductor",
    "torch.fx.experimental.symbolic_shapes",
)
"""What the judgement, the export or MLflow needs, or nothing at all: rich draws on terminals, sympy is torch's own."""

TORCHS_OWN = {"sympy", "torch.fx.experimental.symbolic_shapes"}
"""What earlier versions of torch load themselves where something is drawn on no device."""

STOPS_AT_THE_FIRST_STEP = """
import gc, json, os, sys
import torch
def first(*positional, **named):
    os.write(1, json.dumps({"loaded": list(sys.modules), "collects": gc.isenabled()}).encode())
    os._exit(0)
torch.autograd.backward = torch.autograd.grad = first
from automl.cli import main
main()
"""


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The process of a search at its first step: the modules it has loaded, and whether it collects garbage."""
    folder: Path = tmp_path_factory.mktemp("begun")
    load_wine(as_frame=True).frame.to_parquet(folder / "wine.parquet")
    words = ["search", str(folder / "wine.parquet"), "--target", "target", "--trials", "1"]
    done = subprocess.run(
        [sys.executable, "-c", STOPS_AT_THE_FIRST_STEP, *words, "--runs-dir", str(folder / "runs")],
        capture_output=True,
        text=True,
        check=True,
        env={name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"},
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_nothing_is_loaded_that_the_first_step_can_do_without(begun: dict[str, Any]):
    spared = set() if Version(torch.__version__) >= Version("2.13") else TORCHS_OWN
    assert sorted(set(LATER) & set(begun["loaded"]) - spared) == []


def test_the_collector_is_at_work_again(begun: dict[str, Any]):
    assert begun["collects"]
