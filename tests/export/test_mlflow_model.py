"""An exported model in MLflow's own form: from code, with a signature, and alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow import pyfunc
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.pyfunc.scoring_server import infer_and_parse_data
from PIL import Image

from automl.errors import BundleError
from automl.export.bundle import write_bundle
from automl.export.mlflow_model import write_mlflow_model
from automl.export.predictor import Predictor

ALONE = """
import json, sys
import mlflow.pyfunc
import pandas as pd
rows = pd.read_json(sys.argv[2], orient="records", dtype=False, convert_dates=False)
print(mlflow.pyfunc.load_model(sys.argv[1]).predict(rows).to_json(orient="records", double_precision=15))
assert not {"automl", "torch", "sklearn"} & set(sys.modules) and "onnxruntime" in sys.modules
"""


def types_of(schema: Any) -> dict[str, str]:
    return {name: getattr(kind, "name", repr(kind)) for name, kind in zip(schema.input_names(), schema.input_types())}


def assert_same(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    """Hold answers to be the same to the last digit."""
    assert list(found) == list(wanted)
    assert found["prediction"].tolist() == wanted["prediction"].tolist()
    for name in list(wanted)[1:]:
        np.testing.assert_array_equal(found[name].to_numpy(np.float32), wanted[name].to_numpy(np.float32))


@pytest.fixture(scope="module")
def model(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of every kind of column, that nobody may change."""
    folder = tmp_path_factory.mktemp("models") / "mixed"
    write_mlflow_model(folder, bundle)
    return folder


@pytest.fixture(scope="module")
def colour_model(colour_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of pictures in colour, that nobody may change."""
    folder = tmp_path_factory.mktemp("models") / "colour"
    write_mlflow_model(folder, colour_bundle)
    return folder


def test_it_answers_with_the_numbers_of_the_bundle(model: Path, bundle: Path, mixed_rows: pd.DataFrame):
    assert_same(pyfunc.load_model(str(model)).predict(mixed_rows), Predictor(bundle).predict(mixed_rows))


@pytest.mark.parametrize("name", ["titanic", "hypothyroid", "diamonds"])
def test_it_answers_real_rows_with_the_numbers_of_the_bundle(real_rows, winner_of, tmp_path: Path, name: str):
    rows, target = real_rows(name, 300)
    write_bundle(tmp_path / "bundle", winner_of(rows, target), provenance={}, check_rows=None)
    write_mlflow_model(tmp_path / "model", tmp_path / "bundle")
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    doubles = {
        column: np.float64 for column, kind in types_of(loaded.metadata.signature.inputs).items() if kind == "double"
    }
    assert_same(loaded.predict(rows.astype(doubles)), Predictor(tmp_path / "bundle").predict(rows))


def test_nothing_in_it_is_pickle(model: Path):
    assert Model.load(str(model)).flavors["python_function"]["loader_module"] == "mlflow.pyfunc.loaders.code_model"
    files = [path for path in model.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {"", ".txt", ".yaml", ".json", ".py", ".md", ".onnx", ".safetensors"}
    assert not [path for path in files if path.read_bytes()[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")]


def test_the_signature_names_every_column_and_answer(model: Path):
    signature = Model.load(str(model)).signature
    assert types_of(signature.inputs) == {
        "age": "double",
        "job": "string",
        "town": "string",
        "floor": "Any",
        "member": "Any",
        "since": "Any",
    }
    assert types_of(signature.outputs) == {
        "prediction": "string",
        "probability_no": "float",
        "probability_yes": "float",
    }


def test_the_example_is_made_up_and_is_answered(model: Path, mixed_rows: pd.DataFrame):
    example = Model.load(str(model)).load_input_example(str(model))
    assert len(example) == 1
    texts = mixed_rows[list(example)].astype(str)
    assert not (texts == example.astype(str).iloc[0]).all(axis=1).any()
    assert len(pyfunc.load_model(str(model)).predict(example)) == 1


def test_it_names_what_it_needs_and_not_the_project(model: Path):
    needed = [line.partition("==")[0] for line in (model / "requirements.txt").read_text().split()]
    assert needed == ["mlflow", "onnxruntime", "numpy", "pandas"]


def test_a_model_of_images_needs_pillow_too(colour_model: Path):
    assert "pillow==" in (colour_model / "requirements.txt").read_text()


def test_it_works_where_the_project_is_not(model: Path, bundle: Path, mixed_rows: pd.DataFrame, tmp_path: Path):
    moved = shutil.copytree(model, tmp_path / "moved")
    (tmp_path / "automl").mkdir()
    (tmp_path / "automl" / "__init__.py").write_text("raise ImportError('the project is not here')")
    mixed_rows.to_json(tmp_path / "rows.json", orient="records", date_format="iso", double_precision=15)
    command = [sys.executable, "-c", ALONE, str(moved), str(tmp_path / "rows.json")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    assert_same(pd.DataFrame(json.loads(done.stdout)), Predictor(bundle).predict(mixed_rows))


def test_a_request_may_leave_values_of_every_kind_out(model: Path, bundle: Path, mixed_rows: pd.DataFrame):
    rows = mixed_rows.drop(columns="won").astype(object)
    for place, name in enumerate(rows):
        rows.iloc[place::7, rows.columns.get_loc(name)] = None
    body = {"dataframe_records": json.loads(rows.to_json(orient="records", date_format="iso", double_precision=15))}
    loaded = pyfunc.load_model(str(model))
    asked = infer_and_parse_data(body, loaded.metadata.get_input_schema())
    assert_same(loaded.predict(asked), Predictor(bundle).predict(rows))


def test_no_rows_have_no_answers(model: Path, mixed_rows: pd.DataFrame):
    found = pyfunc.load_model(str(model)).predict(mixed_rows.head(0))
    assert found.empty and list(found) == ["prediction", "probability_no", "probability_yes"]


def test_a_column_that_is_missing_is_named(model: Path, mixed_rows: pd.DataFrame):
    with pytest.raises(MlflowException, match=r"Model is missing inputs \['since'\]"):
        pyfunc.load_model(str(model)).predict(mixed_rows.drop(columns="since"))


def test_images_are_the_bytes_of_their_files(colour_model: Path, colour_bundle: Path, photos: Path):
    predictor = Predictor(colour_bundle)
    rows = predictor.read(photos)
    files = pd.DataFrame({"image": [(photos / name).read_bytes() for name in rows.index]}, index=rows.index)
    assert_same(pyfunc.load_model(str(colour_model)).predict(files), predictor.predict(rows))


def test_images_beside_other_columns_may_be_missing(grey_bundle: Path, grey_rows: pd.DataFrame, tmp_path: Path):
    write_mlflow_model(tmp_path / "model", grey_bundle)
    rows = grey_rows.drop(columns="won").assign(photo=b"")
    wanted = Predictor(grey_bundle).predict(rows.assign(photo=None))
    assert_same(pyfunc.load_model(str(tmp_path / "model")).predict(rows), wanted)


def test_the_example_of_images_is_one_pixel(colour_model: Path, colour_rows: pd.DataFrame):
    example = Model.load(str(colour_model)).load_input_example(str(colour_model))
    assert len(example) == 1 and list(example) == ["image"]
    assert len(pyfunc.load_model(str(colour_model)).predict(example)) == 1


def test_bytes_that_are_no_image_are_refused(colour_model: Path):
    with pytest.raises(MlflowException, match="column 'image' must hold the bytes of image files, in JSON as base64"):
        pyfunc.load_model(str(colour_model)).predict(pd.DataFrame({"image": [b"not a picture"]}))


def test_a_mistake_in_the_rows_does_not_end_the_server(colour_model: Path):
    with pytest.raises(MlflowException, match="column 'image': a list of pixels must hold lines of whole numbers"):
        pyfunc.load_model(str(colour_model)).predict(pd.DataFrame({"image": ["[[1, 2], [3]]"]}))


def test_an_earlier_model_is_replaced(model: Path, bundle: Path, tmp_path: Path):
    folder = shutil.copytree(model, tmp_path / "model")
    (folder / "MLmodel").write_text("stale")
    write_mlflow_model(folder, bundle)
    assert Model.load(str(folder)).metadata["study"] == "made-up"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_an_empty_folder_is_filled(bundle: Path, tmp_path: Path):
    (tmp_path / "model").mkdir()
    write_mlflow_model(tmp_path / "model", bundle)
    assert (tmp_path / "model" / "MLmodel").is_file()


def test_a_folder_of_something_else_is_left_alone(bundle: Path, tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BundleError, match=r"must be empty or an earlier model of MLflow's, but it holds thesis\.txt"):
        write_mlflow_model(tmp_path, bundle)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_bundle_is_not_taken_for_a_model(bundle: Path, tmp_path: Path):
    folder = shutil.copytree(bundle, tmp_path / "bundle")
    with pytest.raises(BundleError, match=r"an earlier model of MLflow's, but it holds MODEL_CARD\.md"):
        write_mlflow_model(folder, bundle)


def test_a_file_in_its_place_is_left_alone(bundle: Path, tmp_path: Path):
    Image.new("L", (2, 2)).save(tmp_path / "model.png")
    with pytest.raises(BundleError, match="a model is a folder, but there is a file of that name"):
        write_mlflow_model(tmp_path / "model.png", bundle)


def test_a_damaged_bundle_is_refused(bundle: Path, tmp_path: Path):
    damaged = shutil.copytree(bundle, tmp_path / "damaged")
    (damaged / "model.onnx").write_bytes(b"")
    with pytest.raises(BundleError, match=r"the bundle is damaged: model\.onnx is not the file that was exported"):
        write_mlflow_model(tmp_path / "model", damaged)
