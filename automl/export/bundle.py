"""From a trained network and its preparation to a folder that predicts alone, checked against the network on real rows.

A bundle holds: model.onnx, predict.py (and delimited.py and numerals.py, by which it reads text), weights.safetensors,
architecture.json, preprocessing.json, task.json, example.json, MODEL_CARD.md and manifest.json. It holds no row of the
training data.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import onnx
import pandas as pd

from automl.data import delimited, numerals
from automl.data.encodings import CategoryEncoding, Encoding, NumericEncoding
from automl.data.image_encoding import ImageEncoding
from automl.data.joint import JointPreparation
from automl.data.prepare import Preparation
from automl.errors import BundleError
from automl.export.card import Parity, model_card
from automl.export.folders import beside, replace
from automl.export.manifest import MANIFEST, MISSING_WORDS, read_manifest, versions_of, write_json, write_manifest
from automl.export.onnx_graph import build_model
from automl.export.parity import measure_parity
from automl.export.predictor import Predictor
from automl.export.winner import Winner

PACKAGES = ("automl", "torch", "onnx", "onnxruntime", "numpy", "safetensors")
PROGRAMS = (Path(__file__).with_name("predict.py"), Path(delimited.__file__), Path(numerals.__file__))
"""What predicts in a bundle: the program, and how rows are read, which is the same file here and there."""


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
        parity = measure_parity(Predictor(draft).predict, winner, check_rows)
        image = winner.image
        versions = versions_of((*PACKAGES, "pillow") if image else PACKAGES)
        card = model_card(winner.described, provenance, parity, versions, image.block if image else None)
        (draft / "MODEL_CARD.md").write_text(card, encoding="utf-8")
        write_manifest(draft, {"versions": versions, "parity": asdict(parity), "provenance": provenance})
        replace(target, draft)
    return parity


def example_row(preparation: Preparation | JointPreparation) -> dict[str, Any]:
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
    winner.write_weights(folder / "weights.safetensors")
    onnx.save_model(
        build_model(winner.preparation, winner.coder, winner.module, winner.calibration), folder / "model.onnx"
    )
    write_json(folder / "architecture.json", winner.architecture)
    na = winner.reading.get("na")
    missing = ["", *na] if na else MISSING_WORDS
    said = {"missing": missing, "reading": winner.reading}
    write_json(folder / "preprocessing.json", {**winner.preparation.to_json(), **said})
    behind = {"coder": winner.coder.to_json(), "calibration": winner.calibration.to_json()}
    write_json(folder / "task.json", {**winner.task.to_json(), **behind})
    write_json(folder / "example.json", example_row(winner.preparation))
    for program in PROGRAMS:
        shutil.copyfile(program, folder / program.name)


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
