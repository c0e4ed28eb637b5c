"""From a study on the command line to a model that MLflow serves over HTTP, of a table and of images."""

from __future__ import annotations

import base64
import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient, pyfunc
from PIL import Image
from sklearn.datasets import load_iris

import automl
from automl.cli.app import run
from automl.tracking.record import Record

SECONDS_TO_ANSWER = 180.0
HOW_TO = (Path(__file__).parents[2] / "docs" / "serve-a-model.md").read_text(encoding="utf-8")
REQUESTS = re.findall(r"^```json\n(.*?)^```", HOW_TO, flags=re.DOTALL | re.MULTILINE)
"""The requests that the how-to shows: of a table, and of an image."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runs folder with a study of a table and one of images."""
    folder = tmp_path_factory.mktemp("exports")
    common = ["--runs-dir", str(folder / "runs"), "--quiet"]
    assert run(["search", "iris", "--trials", "2", *common]) == 0
    assert run(["search", "digits", "--space", "cnn_small", "--trials", "1", "--timeout", "30s", *common]) == 0
    return folder / "runs"


def export(runs: Path, study: str, capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    """Run the command, and give what it says as JSON."""
    capsys.readouterr()
    assert run(["export", study, "--runs-dir", str(runs), "--json", *map(str, words)]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


@contextmanager
def served(model: Path, scratch: Path) -> Iterator[str]:
    """Serve a model as the command's last line says, where the project cannot be imported; give the address."""
    (scratch / "automl").mkdir()
    (scratch / "automl" / "__init__.py").write_text("raise ImportError('the project is not here')")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local", "--port", port]
    environ = {**os.environ, "PYTHONPATH": str(scratch), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    with (scratch / "log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "-m", str(model)], stdout=log, stderr=log, cwd=scratch, env=environ, start_new_session=True
        )
    try:
        deadline = time.monotonic() + SECONDS_TO_ANSWER
        while not answers(f"http://127.0.0.1:{port}/ping"):
            assert server.poll() is None and time.monotonic() < deadline, (scratch / "log").read_text()
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/invocations"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except OSError:
        return False


def ask(address: str, body: str) -> pd.DataFrame:
    request = urllib.request.Request(address, body.encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return pd.DataFrame(json.load(answer)["predictions"])


def assert_same(found: pd.DataFrame, path: Path) -> None:
    """Hold what a server answered against what `automl predict` wrote, to the last digit of the numbers."""
    with path.open() as file:
        wanted = pd.DataFrame(list(csv.DictReader(file))).drop(columns=["file"], errors="ignore")
    assert list(found) == list(wanted)
    assert found["prediction"].astype(str).tolist() == wanted["prediction"].tolist()
    shares = list(wanted)[1:]
    np.testing.assert_array_equal(found[shares].to_numpy(np.float32), wanted[shares].astype(float).to_numpy(np.float32))


@pytest.mark.slow
def test_a_served_table_answers_with_the_numbers_of_predict(runs: Path, tmp_path: Path, capsys):
    told = export(runs, "iris-1", capsys, "--format", "mlflow", "--output", tmp_path / "model")
    assert (told["format"], told["registered"]) == ("mlflow", None)
    rows = load_iris(as_frame=True).data.iloc[::5]
    rows.iloc[3, 2] = None
    rows.to_csv(tmp_path / "rows.csv", index=False)
    bundle, predictions = runs / "iris-1" / "bundle", tmp_path / "predictions.csv"
    assert run(["predict", str(bundle), str(tmp_path / "rows.csv"), "--output", str(predictions)]) == 0
    (tmp_path / "scratch").mkdir()
    with served(tmp_path / "model", tmp_path / "scratch") as address:
        body = rows.to_json(orient="records", double_precision=15)
        assert_same(ask(address, f'{{"dataframe_records": {body}}}'), predictions)
        assert ask(address, REQUESTS[0])["prediction"].tolist() == ["setosa", "virginica"]


@pytest.mark.slow
def test_served_images_are_files_in_base64_and_answered_as_predict_does(runs: Path, tmp_path: Path, capsys):
    export(runs, "digits-1", capsys, "--format", "mlflow", "--output", tmp_path / "model")
    pixels = np.load(runs / "digits-1" / "rows" / "validation.image.npy")[:20]
    (tmp_path / "photos").mkdir()
    for number, picture in enumerate(pixels):
        Image.fromarray(picture[0]).save(tmp_path / "photos" / f"{number:02d}.png")
    bundle, predictions = runs / "digits-1" / "bundle", tmp_path / "predictions.csv"
    assert run(["predict", str(bundle), str(tmp_path / "photos"), "--output", str(predictions)]) == 0
    files = sorted((tmp_path / "photos").iterdir())
    records = [{"image": base64.b64encode(file.read_bytes()).decode()} for file in files]
    (tmp_path / "scratch").mkdir()
    with served(tmp_path / "model", tmp_path / "scratch") as address:
        assert_same(ask(address, json.dumps({"dataframe_records": records})), predictions)
        assert len(ask(address, REQUESTS[1])) == 1


def test_the_winner_is_registered_and_loads_from_the_registry(runs: Path, capsys):
    told = export(runs, "iris-1", capsys, "--register", "irises")
    uri = f"sqlite:///{runs / 'mlflow.db'}"
    assert told["registered"] == {"name": "irises", "version": "1", "tracking_uri": uri}
    assert (told["output"], told["format"]) == (None, None)
    client, record = MlflowClient(uri), Record(runs / "iris-1")
    version = client.get_model_version("irises", "1")
    best = record.read_json("report.json")["best"]["trial"]
    assert version.run_id == record.read_json("tracking.json")["trials"][str(best)]
    assert version.description.startswith("# target: multiclass model")
    rows = load_iris(as_frame=True).data.head(5)
    assert len(pyfunc.load_model(client.get_model_version_download_uri("irises", "1")).predict(rows)) == 5


def test_a_model_is_written_and_registered_at_once_and_both_are_told(runs: Path, tmp_path: Path, capsys):
    words = ["--register", "both", "--output", str(tmp_path / "bundle"), "--trial", "0"]
    assert run(["export", "iris-1", "--runs-dir", str(runs), *words]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"Trial 0 of iris-1 is exported to {tmp_path / 'bundle'}"
    assert said[1] == f"Trial 0 of iris-1 is version 1 of both in sqlite:///{runs / 'mlflow.db'}"
    assert said[3] == f"Next: automl predict {tmp_path / 'bundle'} ROWS --output predictions.csv"
    assert said[4].endswith("mlflow models serve --env-manager local --port 5001 -m models:/both/1")
    assert (tmp_path / "bundle" / "manifest.json").is_file()


def test_the_folder_that_mlflow_serves_is_told(runs: Path, tmp_path: Path, capsys):
    words = ["--format", "mlflow", "--output", str(tmp_path / "model")]
    assert run(["export", "iris-1", "--runs-dir", str(runs), *words]) == 0
    assert (
        f"Next: mlflow models serve --env-manager local --port 5001 -m {tmp_path / 'model'}" in capsys.readouterr().out
    )


def test_a_name_that_mlflow_refuses_is_said_so(runs: Path, capsys):
    assert run(["export", "iris-1", "--runs-dir", str(runs), "--register", "a:b"]) == 2
    assert "error: MLflow did not register 'a:b': " in capsys.readouterr().err


def test_a_model_must_go_somewhere(runs: Path, capsys):
    assert run(["export", "iris-1", "--runs-dir", str(runs)]) == 2
    wanted = "error: the model must go somewhere: name a folder with --output, a registered model with --register\n"
    assert capsys.readouterr().err == wanted


def predicted(model: Path, rows: Path, output: Path) -> pd.DataFrame:
    """Predict with `automl predict`."""
    assert run(["predict", str(model), str(rows), "--output", str(output)]) == 0
    return pd.read_csv(output)


def test_one_onnx_file_answers_as_predict_does_whatever_the_trial(runs: Path, tmp_path: Path, capsys):
    told = export(runs, "iris-1", capsys, "--format", "onnx", "--output", tmp_path / "m" / "model.onnx", "--trial", 1)
    assert (told["trial"], told["opsets"]) == (1, "ONNX opset 20, ai.onnx.ml 3")
    export(runs, "iris-1", capsys, "--output", tmp_path / "bundle", "--trial", 1)
    load_iris(as_frame=True).data.iloc[::7].to_csv(tmp_path / "rows.csv", index=False)
    found = predicted(tmp_path / "m" / "model.onnx", tmp_path / "rows.csv", tmp_path / "a.csv")
    pd.testing.assert_frame_equal(found, predicted(tmp_path / "bundle", tmp_path / "rows.csv", tmp_path / "b.csv"))


@pytest.mark.parametrize("study", ["iris-1", "digits-1"])
def test_the_network_that_pytorch_rebuilds_answers_as_the_trained_one(runs: Path, tmp_path: Path, capsys, study: str):
    told = export(runs, study, capsys, "--format", "torch", "--output", tmp_path / "model", "--trial", 0)
    assert told["parity"]["labels_equal"] == 1.0 and told["parity"]["largest_difference"] < 1e-6
    assert (tmp_path / "model" / "load.py").is_file()


def test_images_go_into_one_onnx_file(runs: Path, tmp_path: Path, capsys):
    told = export(runs, "digits-1", capsys, "--format", "onnx", "--output", tmp_path / "model.onnx")
    assert told["parity"]["labels_equal"] == 1.0 and told["parity"]["largest_difference"] < 1e-4


def test_python_exports_in_the_form_that_is_asked_for(runs: Path, tmp_path: Path):
    study = automl.load("iris-1", runs_dir=runs)
    assert study.export(tmp_path / "model.onnx", format="onnx")["format"] == "onnx"
    assert study.export(tmp_path / "model", trial=0, format="torch")["trial"] == 0


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--format", "tarch", "--output", "new"], "unknown format 'tarch'; did you mean 'torch'? Known: bundle, onnx"),
        (["--format", "onnx", "--output", "there"], "there is a folder of that name already; name another place"),
        (["--format", "torch", "--output", "there"], "there: the folder must be empty, but it holds notes.txt; name"),
    ],
    ids=["format", "onnx", "torch"],
)
def test_what_cannot_be_written_is_said_in_a_sentence(runs: Path, tmp_path: Path, capsys, monkeypatch, words, wanted):
    monkeypatch.chdir(tmp_path)
    Path("there").mkdir()
    Path("there/notes.txt").write_text("mine")
    assert run(["export", "iris-1", "--runs-dir", str(runs), *words]) == 2
    assert wanted in capsys.readouterr().err
