"""Images, end to end: folders and archives in; a searched, judged and exported convolutional network out."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

import automl
from automl.data.read import read_table
from automl.tracking.record import PLAN, SPLIT, Record
from automl.trial import Failed

SPACE = """
name: tiny
space:
  family:
    choice:
      cnn:
        stages: {int: [1, 2], default: 2}
        layers: 1
        width: 4
        growth: 2.0
    default: cnn
  training:
    batch_size: 32
    epochs: 2
  augment:
    shift: {float: [0.05, 0.2], default: 0.1}
"""


@pytest.fixture
def space(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(SPACE)
    return path


@pytest.fixture(scope="module")
def pixels():
    """Two hundred digits of three classes, bytes of 8 x 8."""
    digits = load_digits()
    few = np.flatnonzero(digits.target < 3)[:200]
    return np.rint(digits.images[few] * 15.9).astype(np.uint8), digits.target[few]


def _write_folder(folder, pixels, labels):
    for number, (image, label) in enumerate(zip(pixels, labels)):
        (folder / f"digit {label}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"digit {label}" / f"{number}.png")


def test_a_folder_of_classes_is_searched_judged_and_exported(tmp_path, runs_dir, space, pixels):
    _write_folder(tmp_path / "photos", *pixels)
    result = automl.search(str(tmp_path / "photos"), space=str(space), trials=3, runs_dir=runs_dir)
    assert (result.study, result.summary["task"], result.test["rows"]) == ("photos-1", "multiclass", 40)
    assert next(row["output"] for row in result.layers() if "Conv2d" in row["name"]) == [4, 8, 8]
    told = result.predict(read_table(tmp_path / "photos"))
    assert result.predict(tmp_path / "photos").reset_index(drop=True).equals(told)
    assert len(told) == 200 and set(told["prediction"]) <= {"digit 0", "digit 1", "digit 2"}


def test_an_archives_own_test_rows_are_sealed(tmp_path, runs_dir, space, pixels):
    images, labels = pixels
    np.savez(tmp_path / "a.npz", X_train=images[:150], Y_train=labels[:150], x_test=images[150:], y_test=labels[150:])
    result = automl.search(str(tmp_path / "a.npz"), space=str(space), trials=1, runs_dir=runs_dir)
    split = Record(result.run_dir).read_json(SPLIT)
    assert (split["sizes"]["test"], split["how"]["test"]) == (50, "column")
    assert {path.name for path in result.run_dir.glob("*/*.npy")} == {
        "train.image.npy",
        "validation.image.npy",
        "test.image.npy",
    }
    assert [path.parent.name for path in result.run_dir.glob("*/test.image.npy")] == ["sealed"]


def test_the_same_seed_gives_the_same_weights(tmp_path, runs_dir, space, pixels):
    images, labels = pixels
    np.savez(tmp_path / "a.npz", x=images, y=labels)
    first, again = (
        automl.search(str(tmp_path / "a.npz"), space=str(space), trials=4, study=name, runs_dir=runs_dir, cohort="2")
        for name in ("first", "again")
    )
    weights = [sorted(result.run_dir.glob("trials/*/weights.safetensors")) for result in (first, again)]
    assert [path.read_bytes() for path in weights[0]] == [path.read_bytes() for path in weights[1]] != []


def test_a_table_may_have_images_beside_other_columns(tmp_path, runs_dir, space, pixels):
    images, labels = pixels
    _write_folder(tmp_path / "files", images, labels)
    rows = [f"files/digit {label}/{number}.png,{number % 7},{label}" for number, label in enumerate(labels)]
    (tmp_path / "listing.csv").write_text("\n".join(["file,shade,label", *rows]))
    result = automl.search(str(tmp_path / "listing.csv"), target="label", space=str(space), trials=1, runs_dir=runs_dir)
    names = [row["name"] for row in result.layers()]
    assert any("encoders.image" in name for name in names) and any("encoders.numeric" in name for name in names)


def test_a_network_past_a_limit_is_never_trained(tmp_path, runs_dir, space, pixels):
    images, labels = pixels
    np.savez(tmp_path / "a.npz", x=images, y=labels)
    result = automl.search(str(tmp_path / "a.npz"), space=str(space), trials=3, runs_dir=runs_dir, max_parameters=100)
    outcomes = Record(result.run_dir).outcomes()
    default = outcomes[0]
    assert isinstance(default, Failed) and default.kind == "infeasible"
    assert default.message.startswith("its parameters would be ") and default.message.endswith("the limit is 100")
    assert all(outcome.parameters <= 100 for outcome in outcomes.values() if not isinstance(outcome, Failed))


def test_the_space_for_images_is_chosen_and_written_down(tmp_path, runs_dir, pixels):
    images, labels = pixels
    np.savez(tmp_path / "a.npz", x=images[:60], y=labels[:60])
    result = automl.search(str(tmp_path / "a.npz"), trials=1, runs_dir=runs_dir)
    assert Record(result.run_dir).read_json(PLAN)["space"] == "cnn"
    assert json.loads((result.run_dir / "report.json").read_text())["best"]["config"]["family"] == "cnn"
