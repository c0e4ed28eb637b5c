"""Boosted trees that may answer together with trials: grown when a search is over, on the training rows, and kept."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.baselines.estimators import Classes, Numbers
from automl.baselines.fit import TREES, fit_baseline, names_of
from automl.baselines.grown import as_arrays
from automl.data.prepare import Preparation
from automl.data.preparing import Preparing
from automl.files import read_json, write_json
from automl.models.trees import Trees
from automl.training.weights import load_weights, raw_outputs, save_arrays

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from automl.experiment.stage import Stage
    from automl.tracking.record import Record

FOR_TREES = Preparing(numeric="standard", one_hot_max=0)
"""What boosted trees see: they split a category in two by its values, so that every one of them is a code."""


def grow(record: Record, stage: Stage) -> NDArray[np.float32] | None:
    """Grow trees as the baseline's are, and keep them; give what they give for the validation rows (V, K).

    Returns:
        None where there are none: for images, where they would take too long, and for a single class.
    """
    if TREES not in names_of(stage.task):
        return None
    prepared = stage.prepare(FOR_TREES)
    blocks, weights = prepared.preparation.blocks, stage.weights(stage.train)
    fitted = fit_baseline(TREES, prepared.train, stage.targets(stage.train), blocks, stage.task, weights, seed=0)
    if not isinstance(fitted, Classes | Numbers):
        return None
    arrays = as_arrays(fitted)
    shapes = {name: list(array.shape) for name, array in arrays.items()}
    arguments = {"names": [block.name for block in blocks], "shapes": shapes, "depth": int(arrays["depth"][0])}
    record.trees_dir.mkdir(exist_ok=True)
    save_arrays(trees_weights(record), arrays)
    write_json(record.trees_dir / "preparation.json", prepared.preparation.to_json())
    write_json(record.trees_dir / "arguments.json", arguments)
    return raw_outputs(rebuild_trees(record)[0], prepared.validation)


def rebuild_trees(record: Record) -> tuple[Trees, Preparation]:
    """Build the trees that were kept, and give what prepares their rows."""
    trees = Trees(**arguments_of(record))
    load_weights(trees, trees_weights(record))
    return trees, Preparation.from_json(read_json(record.trees_dir / "preparation.json"))


def trees_weights(record: Record) -> Path:
    """Give the file of what the trees are."""
    return record.trees_dir / "weights.safetensors"


def arguments_of(record: Record) -> dict[str, Any]:
    """Say what the trees are made of."""
    arguments: dict[str, Any] = read_json(record.trees_dir / "arguments.json")
    return arguments


def forget_trees(record: Record) -> None:
    """Remove them: they are no member."""
    shutil.rmtree(record.trees_dir, ignore_errors=True)
