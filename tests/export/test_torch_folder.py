"""A folder that PyTorch loads: what it holds, that it works alone, and that it answers as the network itself does."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import safetensors.torch
import torch
from PIL import Image

from automl.errors import BundleError
from automl.export import load
from automl.export.bundle import write_bundle
from automl.export.predictor import Predictor
from automl.export.torch_folder import write_torch
from automl.models.build import build
from automl.models.families.registry import FAMILIES

ALONE = """
import importlib.abc, sys
class Barred(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {barred!r}:
            raise ImportError(f"{{name}} is not here")
sys.meta_path.insert(0, Barred())
sys.path.insert(0, sys.argv[1])
"""
FOR_ROWS = ("automl", "onnx", "onnxruntime", "sklearn", "optuna", "mlflow", "pyarrow", "PIL")
FOR_THE_NETWORK = (*FOR_ROWS, "pandas")


def of_family(winner, family):
    """The winner's task and preparation, with a network of a family of this project."""
    network = build(family, winner.preparation.blocks, winner.task.n_outputs, seed=3).eval()
    name = next(name for name, kind in FAMILIES.items() if isinstance(family, kind))
    return replace(winner, module=network, architecture={"family": name, "arguments": asdict(family)})


def alone(folder: Path, code: str, *words: object, barred=FOR_ROWS) -> str:
    """Run a program where the project and other libraries cannot be imported; give what it prints."""
    command = [sys.executable, "-c", ALONE.format(barred=barred) + code, str(folder), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder.parent, env={})
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def small(mixed):
    """A multilayer perceptron over every kind of column but images."""
    return of_family(mixed, FAMILIES["mlp"](layers=2, width=16, norm="batch"))


@pytest.fixture(scope="module")
def folder(small, mixed_rows, tmp_path_factory):
    """Its folder, that nobody may change."""
    path = tmp_path_factory.mktemp("folders") / "mixed"
    write_torch(path, small, provenance={"study": "made-up", "trial": 3}, check_rows=mixed_rows)
    return path


def test_it_holds_what_it_says(folder):
    names = {path.name for path in folder.iterdir()}
    assert names == {"load.py", "network", "architecture.json", "weights.safetensors", "README.md"}


def test_nothing_in_it_is_pickle(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".py", ".json", ".safetensors", ".md"}
    assert not [path for path in files if path.read_bytes()[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")]


def test_its_architecture_names_family_arguments_blocks_and_preparation(folder, small):
    said = json.loads((folder / "architecture.json").read_text(), parse_constant=pytest.fail)
    assert said["family"] == "mlp" and said["arguments"]["width"] == 16 and said["n_outputs"] == 2
    assert [block["name"] for block in said["blocks"]] == ["numeric", "one_hot", "category"]
    assert said["preprocessing"] == json.loads(json.dumps(small.preparation.to_json()))


def test_the_network_is_rebuilt_by_torch_and_safetensors_alone(folder, small, mixed_rows, tmp_path):
    batch = {name: torch.tensor(block) for name, block in small.preparation.transform(mixed_rows).items()}
    safetensors.torch.save_file(batch, tmp_path / "batch")
    code = """
from load import load
from safetensors.torch import load_file, save_file
network = load()
assert type(network).__mro__[1].__name__ == "Module" and not network.training
save_file({"raw": network(load_file(sys.argv[2])).detach()}, sys.argv[3])
"""
    alone(folder, code, tmp_path / "batch", tmp_path / "raw", barred=FOR_THE_NETWORK)
    with torch.no_grad():
        assert torch.equal(safetensors.torch.load_file(tmp_path / "raw")["raw"], small.module(batch))


def test_rows_of_a_file_are_predicted_with_the_numbers_of_the_bundle(folder, small, mixed_rows, tmp_path):
    mixed_rows.drop(columns="won").to_csv(tmp_path / "rows.csv", index=False)
    code = "import load\nload.predict(load.read(sys.argv[2])).to_json(sys.argv[3], double_precision=15)"
    alone(folder, code, tmp_path / "rows.csv", tmp_path / "out.json")
    found = pd.read_json(tmp_path / "out.json")
    write_bundle(tmp_path / "bundle", small, provenance={}, check_rows=None)
    pd.testing.assert_frame_equal(
        found, Predictor(tmp_path / "bundle").predict(mixed_rows), check_dtype=False, atol=1e-6, rtol=0
    )


def test_the_program_prints_predictions_as_csv(folder, mixed_rows, tmp_path):
    mixed_rows[:3].to_csv(tmp_path / "rows.csv", index=False)
    done = subprocess.run([sys.executable, folder / "load.py", tmp_path / "rows.csv"], capture_output=True, text=True)
    assert done.stdout.splitlines()[0] == "prediction,probability_no,probability_yes", done.stderr
    assert len(done.stdout.splitlines()) == 4


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_is_rebuilt_to_the_last_bit(request, tmp_path, name):
    kind = "grey" if getattr(FAMILIES[name], "reads", None) == "image" else "mixed"
    winner, rows = of_family(request.getfixturevalue(kind), FAMILIES[name]()), request.getfixturevalue(f"{kind}_rows")
    parity = write_torch(tmp_path / name, winner, provenance={}, check_rows=rows)
    rebuilt = load.load(tmp_path / name).state_dict()
    assert parity.largest_difference == 0.0 and parity.labels_equal == 1.0
    assert all(torch.equal(rebuilt[place], weight) for place, weight in winner.module.state_dict().items())


@pytest.mark.parametrize("name", ["titanic", "hypothyroid", "diamonds"])
def test_real_rows_are_answered_as_the_network_does(real_rows, winner_of, tmp_path, name):
    rows, target = real_rows(name, 300)
    winner = of_family(winner_of(rows, target), FAMILIES["resnet"](blocks=1, width=8))
    assert write_torch(tmp_path / name, winner, provenance={}, check_rows=rows).largest_difference < 1e-6


def test_images_are_names_of_their_files(colour, photos, tmp_path, monkeypatch):
    winner = of_family(colour, FAMILIES["cnn"](stages=1, width=4))
    write_torch(tmp_path / "model", winner, provenance={}, check_rows=None)
    write_bundle(tmp_path / "bundle", winner, provenance={}, check_rows=None)
    predictor = Predictor(tmp_path / "bundle")
    wanted = predictor.predict(predictor.read(photos))
    monkeypatch.chdir(photos)
    found = load.predict(pd.DataFrame({"image": wanted.index}), tmp_path / "model")
    np.testing.assert_allclose(found.iloc[:, 1:].to_numpy(), wanted.iloc[:, 1:].to_numpy(), atol=1e-6)


def test_one_image_alone_without_the_project(colour, tmp_path):
    write_torch(
        tmp_path / "model", of_family(colour, FAMILIES["cnn"](stages=1, width=4)), provenance={}, check_rows=None
    )
    Image.new("RGB", (5, 4), "red").save(tmp_path / "red.png")
    code = "import load, pandas\nprint(load.predict(pandas.DataFrame({'image': ['red.png', None]})).shape)"
    assert alone(tmp_path / "model", code, barred=[name for name in FOR_ROWS if name != "PIL"]) == "(2, 3)\n"


def test_no_rows_give_no_predictions(folder, mixed_rows):
    assert load.predict(mixed_rows[:0], folder).shape == (0, 3)


def test_a_row_without_values_is_predicted(folder, mixed_rows):
    nothing = pd.DataFrame({name: [None] for name in mixed_rows}, dtype=object)
    assert load.predict(nothing, folder).notna().all(axis=None)


def test_a_weight_too_many_is_refused_when_it_is_loaded(small, tmp_path):
    write_torch(tmp_path / "m", small, provenance={}, check_rows=None)
    weights = safetensors.torch.load_file(tmp_path / "m/weights.safetensors")
    safetensors.torch.save_file({**weights, "more": torch.ones(1)}, tmp_path / "m/weights.safetensors")
    with pytest.raises(RuntimeError, match=r"Unexpected key\(s\) in state_dict: \"more\""):
        load.load(tmp_path / "m")


def test_the_card_says_how_to_run_it(folder):
    text = (folder / "README.md").read_text()
    assert "pip install torch safetensors numpy pandas\npython load.py rows.csv" in text
    assert "- `numeric`: float32, (N, " in text and "study `made-up`" in text and "ONNX" not in text


def test_its_python_blocks_are_sound(folder):
    block = (folder / "README.md").read_text().split("```python\n")[1].split("```")[0]
    assert [node.module for node in ast.walk(ast.parse(block)) if isinstance(node, ast.ImportFrom)] == ["load"]


def test_a_folder_that_holds_something_is_left_alone(small, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BundleError, match=r"the folder must be empty, but it holds thesis\.txt; name another place"):
        write_torch(tmp_path, small, provenance={}, check_rows=None)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_in_its_place_is_left_alone(small, tmp_path):
    (tmp_path / "m").write_text("mine")
    with pytest.raises(BundleError, match="there is a file of that name already"):
        write_torch(tmp_path / "m", small, provenance={}, check_rows=None)


def test_an_empty_folder_is_filled(small, tmp_path):
    write_torch(tmp_path, small, provenance={}, check_rows=None)
    assert (tmp_path / "load.py").is_file()


def test_weights_of_another_network_are_not_written(small, mixed_rows, tmp_path):
    wrong = replace(small, architecture={"family": "mlp", "arguments": {"layers": 2, "width": 8, "norm": "batch"}})
    with pytest.raises(RuntimeError, match="size mismatch"):
        write_torch(tmp_path / "m", wrong, provenance={}, check_rows=mixed_rows)
    assert list(tmp_path.iterdir()) == []
