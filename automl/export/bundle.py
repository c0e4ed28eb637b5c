"""From a trained network and its preparation to a folder that predicts alone, checked against the network on real rows.

A bundle holds: model.onnx, predict.py (and delimited.py and numerals.py, by which it reads text), weights.safetensors,
architecture.json, preprocessing.json, task.json, example.json, MODEL_CARD.md and manifest.json. It holds no row of the
training data.
"""

from __future__ import annotations

import math
import platform
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import nn

from automl.data import delimited, numerals
from automl.data.delimited import MARKS, WORDS
from automl.data.encodings import CategoryEncoding, Encoding, NumericEncoding
from automl.data.image_encoding import ImageEncoding
from automl.data.prepare import Preparation
from automl.data.target import TargetCoder
from automl.errors import BundleError
from automl.export.card import Parity, model_card
from automl.export.folders import beside, replace
from automl.export.manifest import MANIFEST, read_manifest, write_json, write_manifest
from automl.export.onnx_graph import build_model
from automl.export.predictor import Predictor, chunks
from automl.task import Task

LABELS_EQUAL = 0.999
LARGEST_DIFFERENCE = 1e-4
MISSING_WORDS = ("", *MARKS, *WORDS)
"""What counts as missing in text files, for `predict.py`, where it is no value of a column of texts."""
PROGRAMS = (Path(__file__).with_name("predict.py"), Path(delimited.__file__), Path(numerals.__file__))
"""What predicts in a bundle: the program, and how rows are read, which is the same file here and there."""
PACKAGES = ("automl", "torch", "onnx", "onnxruntime", "numpy", "safetensors")
COMPARED = 1 << 24
"""Network and bundle are compared on so many pixels at most: 5461 images of 32 x 32 in colour, 111 of 224 x 224."""


@dataclass(frozen=True)
class Winner:
    """What is exported.

    Args:
        module: Takes blocks by name and gives raw outputs: logits (N, K), or standardised numbers (N, 1).
        architecture: What rebuilds the module, as plain JSON values.
        preparation: From raw rows to blocks.
        coder: The labels, or the target's mean and scale.
        task: What is predicted from what.
        reading: How the text file of the training rows was read: `separator`, `decimal`, and `na`, which was asked for.
    """

    module: nn.Module
    architecture: dict[str, Any]
    preparation: Preparation
    coder: TargetCoder
    task: Task
    reading: dict[str, Any] = field(default_factory=dict)


def write_bundle(
    folder: Path | str, winner: Winner, *, provenance: dict[str, Any], check_rows: pd.DataFrame | None
) -> Parity:
    """Write a bundle, or replace one; it appears whole or not at all.

    Args:
        folder: Where to; absent, empty, or an earlier bundle without files of anyone else.
        winner: The network and what belongs to it.
        provenance: Where it came from, see `automl.export.card`; kept in manifest and model card.
        check_rows: Raw rows on which bundle and network must agree; None checks nothing.

    Raises:
        BundleError: The folder holds something else or cannot be written, or bundle and network disagree.
    """
    target = Path(folder).absolute()
    _check_replaceable(target)
    with beside(target) as draft:
        _write_files(draft, winner)
        write_manifest(draft, {})
        parity = _measure_parity(draft, winner, check_rows)
        image = _image_of(winner.preparation)
        versions = _versions((*PACKAGES, "pillow") if image else PACKAGES)
        card = model_card(winner.task, provenance, parity, versions, image.block if image else None)
        (draft / "MODEL_CARD.md").write_text(card, encoding="utf-8")
        write_manifest(draft, {"versions": versions, "parity": asdict(parity), "provenance": provenance})
        replace(target, draft)
    return parity


def example_row(preparation: Preparation) -> dict[str, Any]:
    """Make up a row: each column's median or most frequent value, whatever the others are; one pixel of mean colour."""
    return {encoding.name: _example_value(encoding) for encoding in preparation.encodings}


def _example_value(encoding: Encoding) -> Any:
    if isinstance(encoding, NumericEncoding):
        return encoding.median
    if isinstance(encoding, CategoryEncoding):
        return encoding.values[0] or None
    if isinstance(encoding, ImageEncoding):
        return [[[round(mean) for mean in encoding.mean]]]
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=encoding.median)).isoformat()


def _write_files(folder: Path, winner: Winner) -> None:
    weights = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in winner.module.state_dict().items()}
    safetensors.torch.save_file(weights, folder / "weights.safetensors")
    onnx.save_model(build_model(winner.preparation, winner.coder, winner.module), folder / "model.onnx")
    write_json(folder / "architecture.json", winner.architecture)
    na = winner.reading.get("na")
    missing = ["", *na] if na else MISSING_WORDS
    said = {"missing": missing, "reading": winner.reading}
    write_json(folder / "preprocessing.json", {**winner.preparation.to_json(), **said})
    write_json(folder / "task.json", {**winner.task.to_json(), "coder": winner.coder.to_json()})
    write_json(folder / "example.json", example_row(winner.preparation))
    for program in PROGRAMS:
        shutil.copyfile(program, folder / program.name)


def _measure_parity(folder: Path, winner: Winner, rows: pd.DataFrame | None) -> Parity:
    """Compare the written bundle with the network itself.

    Raises:
        BundleError: They differ by more than rounding explains.
    """
    if rows is None or rows.empty:
        return Parity(0, 1.0, 0.0)
    rows = _comparable(rows, _image_of(winner.preparation))
    found = Predictor(folder).predict(rows)
    raw = _raw_outputs(winner, rows)
    if winner.coder.classes:
        wanted = torch.softmax(torch.from_numpy(raw), dim=1).numpy()
        equal = found["prediction"].to_numpy() == winner.coder.decode(raw.argmax(axis=1))
        difference = np.abs(found.iloc[:, 1:].to_numpy(np.float64) - wanted).max(axis=1)
    else:
        difference = np.abs(found["prediction"].to_numpy() - winner.coder.decode(raw[:, 0])) / winner.coder.scale
        equal = difference <= LARGEST_DIFFERENCE
    parity = Parity(len(rows), float(equal.mean()), float(difference.max()))
    if not (parity.labels_equal >= LABELS_EQUAL and parity.largest_difference <= LARGEST_DIFFERENCE):
        raise BundleError(
            f"the exported model must predict as the network does, but over {parity.rows} rows "
            f"{parity.labels_equal:.2%} of the predictions agree and the largest difference is "
            f"{parity.largest_difference:.2g}"
        )
    return parity


def _raw_outputs(winner: Winner, rows: pd.DataFrame) -> NDArray[np.float32]:
    """Run preparation and network themselves, on the device the network lies on: (N, K)."""
    module = winner.module
    device = next((parameter.device for parameter in module.parameters()), torch.device("cpu"))
    was_training = module.training
    module.eval()
    outputs = []
    with torch.no_grad():
        for chunk in chunks(rows, _image_of(winner.preparation)):
            blocks = winner.preparation.transform(chunk)
            batch = {name: torch.tensor(block, device=device) for name, block in blocks.items()}
            outputs.append(module(batch).float().cpu().numpy())
    module.train(was_training)
    return np.concatenate(outputs)


def _image_of(preparation: Preparation) -> ImageEncoding | None:
    return next((each for each in preparation.encodings if isinstance(each, ImageEncoding)), None)


def _comparable(rows: pd.DataFrame, image: ImageEncoding | None) -> pd.DataFrame:
    """Give as many rows, evenly spread, as can be compared in little time."""
    most = len(rows) if image is None else max(1, COMPARED // math.prod(image.shape))
    return rows if len(rows) <= most else rows.iloc[np.linspace(0, len(rows) - 1, most).astype(np.int64)]


def _versions(packages: Sequence[str]) -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:  # run from a folder that was never installed
            versions[package] = "not installed"
    return versions


def _check_replaceable(folder: Path) -> None:
    """Refuse to write over anything but an empty folder or a bundle.

    Raises:
        BundleError: There is something else.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise BundleError(f"{folder}: a bundle is a folder, but there is a file of that name")
    names = {path.name for path in folder.iterdir()}
    if not names:
        return
    if MANIFEST not in names:
        raise BundleError(f"{folder}: the folder must be empty or an earlier bundle, but it holds {min(names)}")
    strange = names - set(read_manifest(folder)["files"]) - {MANIFEST}
    if strange:
        raise BundleError(f"{folder}: the bundle there also holds {min(strange)}, which replacing it would delete")
