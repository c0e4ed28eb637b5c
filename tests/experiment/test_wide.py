"""A search over a table with a column too many: it is found, left out where the space says so, and told."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from sklearn.datasets import load_iris

import automl
from automl.cli.app import run
from automl.export.predictor import Predictor

SPACE = """
name: few
description: one small network, without what is redundant and with two components
extends: tabular_small
space:
  preparing:
    redundant: {choice: [drop], default: drop}
    reduction: {choice: [svd], default: svd}
    components: {choice: [2, 3], default: 2}
  training: {epochs: 3}
"""
SAID = "sepal again repeats sepal length (cm): r = 1.000"
LEFT_OUT = f"leaves out {SAID}"
REDUCED = "reduces 4 numeric columns to 2 components with "


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> automl.Result:
    folder = tmp_path_factory.mktemp("wide")
    rows = load_iris(as_frame=True).frame.rename(columns={"target": "kind"})
    rows["sepal again"] = rows["sepal length (cm)"] * 10 + 1
    (folder / "few.yaml").write_text(SPACE)
    return automl.search(
        rows, target="kind", space=str(folder / "few.yaml"), trials=1, runs_dir=folder / "runs", study="few"
    )


def test_what_is_redundant_is_told_with_the_data(study: automl.Result):
    told = [found["sentence"] for found in study.summary["findings"] if found["kind"] == "redundant"]
    assert told == [SAID]


def test_what_the_winner_leaves_out_and_reduces_is_told(study: automl.Result):
    told = [found["sentence"] for found in study.summary["findings"] if found["kind"] == "prepared"]
    assert told[0] == f"trial 0 {LEFT_OUT}" and told[1].startswith(f"trial 0 {REDUCED}")
    assert told[1].endswith("% of their variance")


@pytest.mark.parametrize("name", ["report.json", "report.md", "report.html"])
def test_every_report_names_it(study: automl.Result, name: str):
    text = (study.run_dir / name).read_text()
    assert SAID in text and LEFT_OUT in text and REDUCED in text


def test_show_names_it(study: automl.Result, capsys: pytest.CaptureFixture[str]):
    for words in ([], ["--trial", "0"]):
        assert run(["show", "few", "--runs-dir", str(study.run_dir.parent), *words]) == 0
        shown = capsys.readouterr().out
        assert LEFT_OUT in shown and REDUCED in shown


def test_the_network_has_the_inputs_that_are_left(study: automl.Result):
    assert study.summary["best"]["config"]["preparing.components"] == 2
    assert study.layers()[0]["output"] == [2]


def test_the_model_does_not_ask_for_the_column(study: automl.Result):
    predictor = Predictor(study.run_dir / "bundle")
    assert "sepal again" not in [column.name for column in predictor.columns]
    assert len(study.predict(load_iris(as_frame=True).data)) == 150
    assert json.loads((study.run_dir / "bundle" / "manifest.json").read_text())["parity"]["labels_equal"] == 1.0


def test_the_default_space_keeps_the_column(tmp_path: Path):
    rows = pd.DataFrame({"a": range(60), "b": range(60), "y": ["no", "yes"] * 30}).astype({"a": float, "b": float})
    study = automl.search(rows, target="y", trials=1, runs_dir=tmp_path, judge=False)
    assert [found["sentence"] for found in study.summary["findings"] if found["kind"] == "prepared"] == []
    assert study.layers()[0]["output"] == [2]
