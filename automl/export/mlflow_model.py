"""An exported model in MLflow's own form: a folder that `mlflow models serve` serves, from code and without pickle."""

from __future__ import annotations

import io
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from automl.errors import BundleError
from automl.export.folders import beside, replace
from automl.export.manifest import check_manifest
from automl.export.predictor import names_of, session_of

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

MODEL = "MLmodel"
SERVED = ("mlflow", "onnxruntime", "numpy", "pandas")
"""What the served model needs, beside Pillow for images."""
_ANSWER_TYPES = {
    "tensor(bool)": "boolean",
    "tensor(int64)": "long",
    "tensor(float)": "float",
    "tensor(double)": "double",
    "tensor(string)": "string",
}
"""MLflow's words for the types of what ONNX gives."""


def write_mlflow_model(folder: Path | str, bundle: Path) -> None:
    """Write a bundle in MLflow's form, or replace one; it appears whole or not at all.

    Args:
        folder: Where to; absent, empty, or an earlier model without files of anyone else.
        bundle: The bundle, which is copied.

    Raises:
        BundleError: The folder holds something else or cannot be written, or the bundle is damaged.
    """
    manifest = check_manifest(bundle)
    target = Path(folder).absolute()
    with beside(target) as draft:
        _save(draft, bundle, manifest["provenance"])
        _check_replaceable(target, draft)
        replace(target, draft)


def _save(folder: Path, bundle: Path, provenance: dict[str, Any]) -> None:
    from mlflow import pyfunc  # takes seconds

    has_images = any(column["kind"] == "image" for column in _columns(bundle))
    with _quiet(), tempfile.TemporaryDirectory() as place:  # where things came from is written down, so from nowhere
        copy = Path(place)
        pyfunc.save_model(
            folder,
            python_model=str(shutil.copy(Path(__file__).with_name("served.py"), copy)),
            artifacts={"bundle": str(shutil.copytree(bundle, copy / "bundle"))},
            signature=_signature(bundle),
            input_example=_example(bundle),
            pip_requirements=[f"{name}=={version(name)}" for name in (*SERVED, *(["pillow"] if has_images else []))],
            metadata={key: provenance[key] for key in ("study", "trial", "data") if key in provenance},
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep MLflow from saying what is of no use to anyone."""
    logger, bars = logging.getLogger("mlflow"), "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"
    level, shown = logger.level, os.environ.get(bars)
    logger.setLevel(logging.ERROR)
    os.environ[bars] = "false"
    try:
        yield
    finally:
        logger.setLevel(level)
        os.environ.pop(bars)
        if shown is not None:
            os.environ[bars] = shown


def _columns(bundle: Path) -> list[dict[str, Any]]:
    columns: list[dict[str, Any]] = json.loads((bundle / "preprocessing.json").read_text(encoding="utf-8"))["columns"]
    return columns


def _signature(bundle: Path) -> ModelSignature:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema, TensorSpec

    classes = json.loads((bundle / "task.json").read_text(encoding="utf-8"))["classes"]
    outputs: list[ColSpec | TensorSpec] = [
        ColSpec(_ANSWER_TYPES[each.type], name)
        for each in session_of(bundle / "model.onnx").get_outputs()
        for name in names_of(each.name, classes)
    ]
    return ModelSignature(
        Schema([ColSpec(_input_type(column), column["name"]) for column in _columns(bundle)]), Schema(outputs)
    )


def _input_type(column: dict[str, Any]) -> Any:
    """Give MLflow's type for a column's values; it lets no truth and no instant be missing, and these may be."""
    from mlflow.types.schema import AnyType

    if column["kind"] == "category" and not column["numbers"]:
        return "string"
    return {"numeric": "double", "image": "binary"}.get(column["kind"], AnyType())  # type: ignore[no-untyped-call]


def _example(bundle: Path) -> pd.DataFrame:
    """Give the bundle's made-up row, its images as files of one pixel."""
    row = json.loads((bundle / "example.json").read_text(encoding="utf-8"))
    for column in _columns(bundle):
        if column["kind"] == "image":
            row[column["name"]] = _as_file(row[column["name"]])
    return pd.DataFrame([row])


def _as_file(lines: list[Any]) -> bytes:
    from PIL import Image

    pixels = np.array(lines, dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(file, "PNG")
    return file.getvalue()


def _check_replaceable(folder: Path, draft: Path) -> None:
    """Refuse to write over anything but an empty folder or a model of the same make.

    Raises:
        BundleError: There is something else.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise BundleError(f"{folder}: a model is a folder, but there is a file of that name")
    names = {path.name for path in folder.iterdir()}
    strange = names - {path.name for path in draft.iterdir()}
    if strange or (names and MODEL not in names):
        raise BundleError(
            f"{folder}: the folder must be empty or an earlier model of MLflow's, but it holds {min(strange or names)}"
        )
