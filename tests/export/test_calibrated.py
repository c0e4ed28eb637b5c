"""How sure a network is goes along into every form of export: the same numbers everywhere."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from mlflow import pyfunc

from automl.data.calibration import Calibration
from automl.errors import BundleError
from automl.export import load
from automl.export.bundle import write_bundle
from automl.export.mlflow_model import write_mlflow_model
from automl.export.onnx_file import write_onnx
from automl.export.predictor import Predictor
from automl.export.torch_folder import write_torch
from automl.models.build import build
from automl.models.families.mlp import MLP

ANSWERS = ["prediction", "lower", "upper"]
PROVENANCE = {"calibration": {"sentence": "its 90 % intervals were learned on 20 validation rows"}}


@pytest.fixture(scope="module")
def numbers(mixed_rows, winner_of):
    """A winner that predicts ages, with intervals."""
    rows = mixed_rows[mixed_rows["age"].notna()]
    return replace(winner_of(rows, "age"), calibration=Calibration(radius=0.75, rows=20)), rows


@pytest.fixture(scope="module")
def folder(numbers, tmp_path_factory):
    winner, rows = numbers
    folder = tmp_path_factory.mktemp("calibrated") / "bundle"
    write_bundle(folder, winner, provenance=PROVENANCE, check_rows=rows)
    return folder


def _wanted(winner, rows):
    batch = {name: torch.from_numpy(block) for name, block in winner.preparation.transform(rows).items()}
    with torch.no_grad():
        raw = winner.module(batch).numpy()
    return pd.DataFrame(
        {"prediction": winner.coder.decode(raw[:, 0]), **winner.calibration.interval(winner.coder, raw)}
    )


def test_a_bundle_gives_a_number_and_the_ends_of_its_interval(numbers, folder):
    winner, rows = numbers
    found, wanted = Predictor(folder).predict(rows), _wanted(winner, rows)
    assert list(found) == ANSWERS
    np.testing.assert_allclose(found.to_numpy(), wanted.to_numpy(), rtol=1e-5)


def test_the_script_of_a_bundle_gives_them_too(numbers, folder, tmp_path):
    _, rows = numbers
    rows.to_csv(tmp_path / "rows.csv", index=False)
    subprocess.run([sys.executable, folder / "predict.py", tmp_path / "rows.csv", tmp_path / "out.csv"], check=True)
    found = pd.read_csv(tmp_path / "out.csv")
    assert list(found) == ANSWERS
    np.testing.assert_allclose(found.to_numpy(), Predictor(folder).predict(rows).to_numpy(), rtol=1e-6)


def test_one_onnx_file_gives_them_too(numbers, folder, tmp_path):
    winner, rows = numbers
    write_onnx(tmp_path / "model.onnx", winner, provenance=PROVENANCE, check_rows=rows)
    pd.testing.assert_frame_equal(Predictor(tmp_path / "model.onnx").predict(rows), Predictor(folder).predict(rows))


def test_mlflows_model_gives_them_too_and_names_them(numbers, folder, tmp_path):
    _, rows = numbers
    write_mlflow_model(tmp_path / "model", folder)
    model = pyfunc.load_model(str(tmp_path / "model"))
    assert model.metadata.signature.outputs.input_names() == ANSWERS
    asked = rows[[column.name for column in Predictor(folder).columns]].reset_index(drop=True)
    asked["floor"] = asked["floor"].astype(float)
    np.testing.assert_allclose(model.predict(asked).to_numpy(), Predictor(folder).predict(rows).to_numpy(), rtol=1e-6)


def test_torch_gives_them_too(numbers, tmp_path):
    winner, rows = numbers
    network = build(MLP(layers=1, width=8), winner.preparation.blocks, 1, seed=0).eval()
    own = replace(winner, module=network, architecture={"family": "mlp", "arguments": {"layers": 1, "width": 8}})
    write_torch(tmp_path / "torch", own, provenance=PROVENANCE, check_rows=rows)
    found = load.predict(rows, tmp_path / "torch")
    assert list(found) == ANSWERS
    np.testing.assert_allclose(found.to_numpy(), _wanted(own, rows).to_numpy(), rtol=1e-5)


def test_probabilities_are_those_of_the_divided_logits_everywhere(mixed, mixed_rows, tmp_path):
    winner = replace(mixed, calibration=Calibration(temperature=2.5, rows=20))
    write_bundle(tmp_path / "bundle", winner, provenance={}, check_rows=mixed_rows)
    write_bundle(tmp_path / "plain", mixed, provenance={}, check_rows=mixed_rows)
    found, plain = (Predictor(tmp_path / name).predict(mixed_rows) for name in ("bundle", "plain"))
    assert (found["prediction"] == plain["prediction"]).all()
    odds = [np.log(each["probability_yes"] / each["probability_no"]) for each in (found, plain)]
    np.testing.assert_allclose(2.5 * odds[0], odds[1], rtol=1e-3, atol=1e-5)


def test_a_column_named_like_an_end_is_read_all_the_same(numbers, winner_of, tmp_path):
    _, rows = numbers
    renamed = rows.rename(columns={"floor": "lower"})
    winner = replace(winner_of(renamed, "age"), calibration=Calibration(radius=0.75, rows=20))
    write_bundle(tmp_path / "b", winner, provenance={}, check_rows=renamed)
    assert list(Predictor(tmp_path / "b").predict(renamed)) == ANSWERS
    with pytest.raises(BundleError, match="must not be named like a prediction"):
        Predictor(tmp_path / "b").predict(renamed, keep=["lower"])


def test_rows_without_any_give_the_header(numbers, folder):
    _, rows = numbers
    assert list(Predictor(folder).predict(rows.iloc[:0])) == ANSWERS


def test_the_card_says_how_sure_it_is(folder):
    assert f"- How sure it is: {PROVENANCE['calibration']['sentence']}." in (folder / "MODEL_CARD.md").read_text()
