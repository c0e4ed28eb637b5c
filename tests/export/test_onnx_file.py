"""One ONNX file that stands alone: what it takes, what it says of itself, and that it answers as the network does."""

from __future__ import annotations

import json
from dataclasses import replace

import onnx
import onnxruntime
import pandas as pd
import pytest

from automl.errors import BundleError
from automl.export.onnx_file import write_onnx
from automl.export.onnx_nodes import ML_DOMAIN, ML_OPSET, OPSET
from automl.export.predictor import Predictor

PROVENANCE = {
    "study": "made-up",
    "trial": 3,
    "validation": 0.9,
    "test": {"value": 0.8, "ci_low": 0.7, "ci_high": 0.9, "rows": 40},
    "data": {"name": "rows.csv", "sha256": "00", "rows": {"train": 100}},
}


@pytest.fixture(scope="module")
def file(mixed, mixed_rows, tmp_path_factory):
    """A file over every kind of column but images, that nobody may change."""
    path = tmp_path_factory.mktemp("files") / "mixed.onnx"
    write_onnx(path, mixed, provenance=PROVENANCE, check_rows=mixed_rows)
    return path


@pytest.fixture(scope="module")
def said(file):
    return {entry.key: entry.value for entry in onnx.load(file).metadata_props}


def test_it_passes_the_checker(file):
    onnx.checker.check_model(str(file), full_check=True)


def test_it_takes_the_raw_columns_by_name(file, mixed):
    inputs = [each.name for each in onnxruntime.InferenceSession(str(file)).get_inputs()]
    assert inputs == [column.name for column in mixed.preparation.columns]


def test_its_operations_are_those_that_are_stated(file):
    assert {each.domain: each.version for each in onnx.load(file).opset_import} == {"": OPSET, ML_DOMAIN: ML_OPSET}
    assert f"ONNX opset {OPSET}, {ML_DOMAIN} {ML_OPSET}" in onnx.load(file).doc_string


def test_it_answers_with_the_numbers_of_the_bundle(file, bundle, mixed_rows):
    pd.testing.assert_frame_equal(Predictor(file).predict(mixed_rows), Predictor(bundle).predict(mixed_rows))


@pytest.mark.parametrize("name", ["titanic", "hypothyroid", "diamonds"])
def test_it_answers_real_rows_as_the_network_does(real_rows, winner_of, tmp_path, name):
    rows, target = real_rows(name, 400)
    parity = write_onnx(tmp_path / "m.onnx", winner_of(rows, target), provenance={}, check_rows=rows)
    assert (parity.rows, parity.labels_equal) == (len(rows), 1.0) and parity.largest_difference < 1e-5


@pytest.mark.parametrize("name", ["colour", "grey"])
def test_it_answers_pictures_as_the_network_does(request, tmp_path, name):
    winner, rows = request.getfixturevalue(name), request.getfixturevalue(f"{name}_rows")
    parity = write_onnx(tmp_path / "m.onnx", winner, provenance={}, check_rows=rows)
    assert (parity.rows, parity.labels_equal) == (40, 1.0) and parity.largest_difference < 1e-5


def test_files_of_pictures_are_read_as_a_bundle_reads_them(colour, colour_bundle, photos, tmp_path):
    write_onnx(tmp_path / "m.onnx", colour, provenance={}, check_rows=None)
    file, folder = Predictor(tmp_path / "m.onnx"), Predictor(colour_bundle)
    pd.testing.assert_frame_equal(file.predict(file.read(photos)), folder.predict(folder.read(photos)))


def test_it_says_what_kind_each_input_is_and_what_stands_for_a_missing_value(said):
    columns = json.loads(said["columns"])
    assert [(each["input"], each["kind"], each["missing"]) for each in columns] == [
        ("age", "numeric", "NaN"),
        ("job", "category", ""),
        ("town", "category", ""),
        ("floor", "category", ""),
        ("member", "boolean", ""),
        ("since", "datetime", "the smallest int64"),
    ]


def test_it_says_its_classes_and_its_score_with_its_interval(said):
    assert json.loads(said["classes"]) == ["no", "yes"] and said["target"] == "won" and said["metric"] == "accuracy"
    assert json.loads(said["test"]) == PROVENANCE["test"] and json.loads(said["validation"]) == 0.9


def test_a_model_that_was_not_judged_says_so(mixed, tmp_path):
    write_onnx(tmp_path / "m.onnx", mixed, provenance={}, check_rows=None)
    assert Predictor(tmp_path / "m.onnx").manifest["test"] == "null"


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_is_there_is_left_alone(mixed, tmp_path, kind):
    path = tmp_path / "m.onnx"
    path.write_text("mine") if kind == "file" else path.mkdir()
    with pytest.raises(BundleError, match=rf"there is a {kind} of that name already; name another place, or remove it"):
        write_onnx(path, mixed, provenance={}, check_rows=None)


def test_a_place_that_cannot_be_written_is_refused(mixed, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match=r"the file cannot be written: (Not a directory|File exists)"):
        write_onnx(tmp_path / "file" / "m.onnx", mixed, provenance={}, check_rows=None)


def test_a_file_that_disagrees_is_not_left_behind(mixed, mixed_rows, tmp_path, unfaithful):
    wrong = replace(mixed, module=unfaithful)
    with pytest.raises(BundleError, match="must predict as the network does"):
        write_onnx(tmp_path / "m.onnx", wrong, provenance={}, check_rows=mixed_rows)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_someone_else_is_refused(tmp_path, file):
    model = onnx.load(file)
    del model.metadata_props[:]
    onnx.save_model(model, tmp_path / "m.onnx")
    with pytest.raises(BundleError, match="is no exported model: its metadata does not name columns and classes"):
        Predictor(tmp_path / "m.onnx")


def test_a_file_that_is_no_model_is_refused(tmp_path):
    (tmp_path / "m.onnx").write_text("not a model")
    with pytest.raises(BundleError, match=r"m\.onnx is no model that can be loaded: "):
        Predictor(tmp_path / "m.onnx")


def test_a_file_of_a_newer_version_is_refused(tmp_path, file):
    model = onnx.load(file)
    next(entry for entry in model.metadata_props if entry.key == "format").value = "9"
    onnx.save_model(model, tmp_path / "m.onnx")
    with pytest.raises(BundleError, match="the format of its metadata must be at most 1 here, got 9"):
        Predictor(tmp_path / "m.onnx")
