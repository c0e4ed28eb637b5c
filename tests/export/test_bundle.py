"""Bundles: what they hold, that they agree with the network, and that nothing is written by halves."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pandas as pd
import pytest
import safetensors.torch
import torch

from automl.data.prepare import fit_preparation
from automl.data.preparing import Preparing
from automl.data.rows import read_rows, write_rows
from automl.errors import BundleError
from automl.export.bundle import example_row, write_bundle
from automl.export.manifest import file_sha256
from automl.export.predictor import Predictor
from automl.export.winner import Winner

FILES = {
    "model.onnx",
    "predict.py",
    "delimited.py",
    "numerals.py",
    "weights.safetensors",
    "architecture.json",
    "preprocessing.json",
    "task.json",
    "example.json",
    "MODEL_CARD.md",
    "manifest.json",
}


def write(folder, winner, rows=None):
    return write_bundle(folder, winner, provenance={}, check_rows=rows)


@pytest.mark.parametrize(
    ("name", "numeric"),
    [("titanic", "standard"), ("adult", "robust"), ("hypothyroid", "quantile"), ("diamonds", "quantile")],
)
def test_a_bundle_agrees_with_its_network_on_real_rows(real_rows, winner_of, tmp_path, name, numeric):
    rows, target = real_rows(name)
    winner = winner_of(rows[:1000], target, Preparing(numeric=numeric))
    parity = write(tmp_path / name, winner, rows)
    assert parity.rows == len(rows) and parity.labels_equal == 1.0 and parity.largest_difference < 1e-5


def test_a_bundle_holds_its_files_and_nothing_else(bundle):
    assert {path.name for path in bundle.iterdir()} == FILES
    assert [path.name for path in bundle.parent.iterdir()] == [bundle.name]


def test_the_manifest_knows_every_file(bundle):
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert manifest["files"] == {name: file_sha256(bundle / name) for name in FILES - {"manifest.json"}}
    assert manifest["format"] == 1 and manifest["provenance"]["study"] == "made-up"
    assert manifest["parity"]["labels_equal"] == 1.0 and "onnxruntime" in manifest["versions"]


def test_weights_are_the_networks(bundle, mixed):
    stored = safetensors.torch.load_file(bundle / "weights.safetensors")
    assert stored.keys() == mixed.module.state_dict().keys()
    assert all(torch.equal(stored[name], tensor) for name, tensor in mixed.module.state_dict().items())


def test_weights_that_share_memory_can_be_stored(tmp_path, mixed):
    shared = torch.nn.Linear(2, 2)
    module = torch.nn.ModuleDict({"network": mixed.module, "first": shared, "second": shared})
    module.forward = mixed.module.forward
    write(tmp_path / "b", Winner(module, {}, mixed.preparation, mixed.coder, mixed.task))
    assert {"first.weight", "second.weight"} <= safetensors.torch.load_file(tmp_path / "b/weights.safetensors").keys()


def test_json_files_are_strict(bundle):
    for path in bundle.glob("*.json"):
        json.loads(path.read_text(), parse_constant=pytest.fail)


def test_the_example_is_made_of_single_columns(mixed, mixed_rows):
    example = example_row(mixed.preparation)
    assert example["age"] == mixed_rows["age"].median() and example["town"] == mixed_rows["town"].mode()[0]
    assert not (mixed_rows[["age", "job", "town"]] == pd.Series(example)[["age", "job", "town"]]).all(axis=1).any()


def test_no_training_row_is_in_any_file(real_rows, winner_of, tmp_path):
    rows, target = real_rows("titanic", 400)
    winner = winner_of(rows, target)
    write(tmp_path / "b", winner, rows)
    texts = [path.read_text(errors="ignore") for path in (tmp_path / "b").iterdir()]
    lines = {line for text in texts for line in text.splitlines() if len(line) > 40}
    features = rows[[column.name for column in winner.task.columns]]
    for values in features.itertuples(index=False):
        words = [str(value) for value in values if not pd.isna(value)]
        assert not any(all(word in line for word in words) for line in lines)


def test_an_earlier_bundle_is_replaced(tmp_path, bundle, mixed):
    shutil.copytree(bundle, tmp_path / "b")
    write(tmp_path / "b", mixed)
    assert [path.name for path in tmp_path.iterdir()] == ["b"] and not Predictor(tmp_path / "b").manifest["provenance"]


def test_an_empty_folder_is_filled(tmp_path, mixed):
    write(tmp_path, mixed)
    assert (tmp_path / "model.onnx").exists()


def test_a_folder_of_other_things_is_refused(tmp_path, mixed):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BundleError, match=r"must be empty or an earlier bundle, but it holds thesis\.txt"):
        write(tmp_path, mixed)


def test_a_bundle_with_someone_elses_file_is_refused(tmp_path, bundle, mixed):
    (tmp_path / "manifest.json").write_text((bundle / "manifest.json").read_text())
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(BundleError, match=r"the bundle there also holds notes\.txt, which replacing it would delete"):
        write(tmp_path, mixed)


def test_a_file_in_the_way_is_refused(tmp_path, mixed):
    (tmp_path / "b").write_text("")
    with pytest.raises(BundleError, match="a bundle is a folder, but there is a file of that name"):
        write(tmp_path / "b", mixed)


def test_a_place_that_cannot_be_written_is_refused(tmp_path, mixed):
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match=r"the bundle cannot be written: (Not a directory|File exists)"):
        write(tmp_path / "file/b", mixed)


def test_a_model_that_disagrees_leaves_nothing_behind(tmp_path, mixed, mixed_rows, unfaithful):
    winner = Winner(unfaithful, {}, mixed.preparation, mixed.coder, mixed.task)
    with pytest.raises(BundleError, match=r"must predict as the network does, but over 120 rows .* of the predictions"):
        write(tmp_path / "b", winner, mixed_rows)
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_gives_no_numbers_is_refused(tmp_path, mixed, mixed_rows):
    winner = Winner(NoNumbers(mixed.module), {}, mixed.preparation, mixed.coder, mixed.task)
    with pytest.raises(BundleError, match="the largest difference is nan"):
        write(tmp_path / "b", winner, mixed_rows)


class NoNumbers(torch.nn.Module):
    """A network that diverged."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, batch):
        return self.module(batch) * float("nan")


def test_without_rows_nothing_is_compared(tmp_path, mixed, mixed_rows):
    assert write(tmp_path / "b", mixed, mixed_rows[:0]).rows == 0


def test_the_network_stays_in_its_mode(tmp_path, mixed, mixed_rows):
    mixed.module.train()
    write(tmp_path / "b", mixed, mixed_rows)
    assert mixed.module.training and Predictor(tmp_path / "b")
    mixed.module.eval()


@pytest.mark.parametrize("name", ["colour_bundle", "grey_bundle"])
def test_a_bundle_of_pictures_agrees_with_its_network(request, name):
    parity = json.loads((request.getfixturevalue(name) / "manifest.json").read_text())["parity"]
    assert parity["rows"] == 40 and parity["labels_equal"] == 1.0 and parity["largest_difference"] < 1e-5


def test_pictures_in_a_file_that_is_only_read_are_compared(tmp_path, colour, colour_rows, recwarn):
    write_rows(tmp_path / "rows.parquet", colour_rows)
    winner = replace(colour, preparation=fit_preparation(colour_rows, colour.task.columns, Preparing()))
    module = torch.nn.Sequential(Flat(), torch.nn.Linear(3 * 14 * 10, 2))
    write(tmp_path / "b", replace(winner, module=module), read_rows(tmp_path / "rows.parquet"))
    assert not [each for each in recwarn if "writable" in str(each.message)]


class Flat(torch.nn.Module):
    """Gives pixels as numbers from 0 to 1."""

    def forward(self, batch):
        return batch["image"].float().flatten(1) / 255.0


def test_the_example_of_a_picture_is_its_mean_colour(colour):
    mean = [round(value) for value in colour.preparation.encodings[0].mean]
    assert example_row(colour.preparation) == {"image": [[mean]]}


def test_no_picture_of_the_training_rows_is_in_any_file(colour_bundle, colour, colour_rows):
    texts = [path.read_bytes() for path in colour_bundle.iterdir()]
    for pixels in (colour.preparation.transform(colour_rows)["image"], colour_rows["image"].array.store.pixels):
        lines = {line.tobytes() for line in pixels.reshape(-1, pixels.shape[3])}
        assert not [line for line in lines for text in texts if line in text]


def test_the_versions_of_a_bundle_of_pictures_name_what_resizes_them(colour_bundle, bundle):
    versions = [json.loads((each / "manifest.json").read_text())["versions"] for each in (colour_bundle, bundle)]
    assert ["pillow" in each for each in versions] == [True, False]


def test_the_card_of_a_bundle_of_pictures_names_their_shape(colour_bundle):
    assert "uint8 of shape (N, 3, 8, 8), from 0 to 255" in (colour_bundle / "MODEL_CARD.md").read_text()
