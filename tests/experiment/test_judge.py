"""The judgement with its baselines: who is judged beside the winner, and that a loss is said before anything else."""

from __future__ import annotations

import json
import shutil
from html import unescape
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

import automl
from automl.cli.summary import result_lines
from automl.experiment.progress import Silent
from automl.report.leaderboard import studies
from automl.report.markdown import page
from automl.report.summary import judgement_of
from automl.report.webpage import webpage
from automl.tracking.record import JUDGEMENT, Record

UNTRAINED = """
name: untrained
space:
  family:
    choice:
      mlp:
        layers: 1
        width: 8
    default: mlp
  optimizer:
    choice:
      sgd:
        lr: 0.000001
    default: sgd
  training:
    epochs: 1
"""
"""One network that learns next to nothing."""
LOSS = "The network loses to the linear model and boosted trees beyond chance"


class Said(Silent):
    """Keeps what is said."""

    sentences: ClassVar[list[str]] = []

    def say(self, sentence):
        self.sentences.append(sentence)


def cells():
    """A real table with a category of many values made of a column, and a number that is missing now and then."""
    rows = load_breast_cancer(as_frame=True).frame
    rows["size"] = (rows.pop("mean radius").round().astype(int)).map("about {}".format)
    rows.loc[::7, "mean texture"] = np.nan
    return rows


@pytest.fixture(scope="module")
def judged(tmp_path_factory, empty_store):
    """A study whose network had one small step."""
    folder = tmp_path_factory.mktemp("judged")
    (folder / "runs").mkdir()
    shutil.copy(empty_store, folder / "runs" / "mlflow.db")
    (folder / "untrained.yaml").write_text(UNTRAINED)
    options = {"space": str(folder / "untrained.yaml"), "trials": 1, "study": "cells", "runs_dir": folder / "runs"}
    return automl.search(cells(), target="target", progress=Said(), **options)


def test_boosted_trees_are_judged_on_the_same_rows_as_the_others(judged):
    assert list(judged.summary["baselines"]) == ["majority", "linear", "boosted_trees"]
    record = Record(judged.run_dir)
    assert list(record.read_json(JUDGEMENT)["differences"]) == ["majority", "linear", "boosted_trees"]
    rows = pd.read_parquet(record.judgement_rows_path)
    right = (rows["prediction_boosted_trees"] == rows["truth"]).mean()
    assert judged.summary["baselines"]["boosted_trees"]["value"] == pytest.approx(right) and right > 0.9
    assert "loss_boosted_trees" in rows


def test_a_loss_is_what_every_report_says_first(judged):
    record = Record(judged.run_dir)
    assert page(record).splitlines()[2].startswith(f"**{LOSS}")
    assert (record.run_dir / "report.md").read_text().splitlines()[2].startswith(f"**{LOSS}")
    shown = unescape(webpage(record))
    assert 0 < shown.index(LOSS) < shown.index('class="score"')
    lines = list(result_lines(judged.summary, judgement_of(record, judged.summary["best"])))
    assert lines[0].startswith(LOSS) and lines[2].startswith("cells: 1 trial")
    assert f"**{LOSS}" in (record.bundle_dir / "MODEL_CARD.md").read_text()


def test_how_long_the_baselines_took_is_said_and_logged(judged):
    (said,) = [sentence for sentence in Said.sentences if sentence.startswith("fitted the baselines")]
    told = r"fitted the baselines: linear in \d+\.\d s, boosted trees in \d+\.\d s"
    assert pd.Series([said]).str.fullmatch(told).all()
    assert said in (Record(judged.run_dir).log_path).read_text()


def test_a_study_that_was_judged_without_trees_opens_reports_and_compares(judged, tmp_path):
    record = Record(shutil.copytree(judged.run_dir, tmp_path / "runs" / "older"))
    old = json.loads(json.dumps(record.read_json(JUDGEMENT)))
    for part in ("baselines", "differences"):
        del old[part]["boosted_trees"]
    old["verdicts"] = old["verdicts"][:2]
    record.write_json(JUDGEMENT, old)
    assert list(automl.load("older", runs_dir=record.runs_dir).summary["baselines"]) == ["majority", "linear"]
    assert page(record).splitlines()[2].startswith("**The network loses to the linear model beyond chance")
    assert "boosted" not in webpage(record)
    (row,) = studies(record.runs_dir)
    assert row["boosted_trees"] is None and row["linear"] > 0.9


def test_trees_learn_what_the_network_learns_and_answer_in_the_targets_own_units(tmp_path, runs_dir):
    (tmp_path / "untrained.yaml").write_text(UNTRAINED)
    rows = load_diabetes(as_frame=True).frame
    rows["weight"] = np.arange(len(rows)) % 3
    options = {"space": str(tmp_path / "untrained.yaml"), "trials": 1, "runs_dir": runs_dir, "metric": "mae"}
    result = automl.search(rows, target="target", weight="weight", target_transform="log", **options)
    baselines = result.summary["baselines"]
    assert baselines["boosted_trees"]["value"] < 0.9 * baselines["mean"]["value"]


def test_images_are_judged_beside_two_baselines(tmp_path, runs_dir):
    digits = load_digits()
    np.savez(tmp_path / "few.npz", x=np.rint(digits.images[:200] * 15.9).astype(np.uint8), y=digits.target[:200] % 2)
    result = automl.search(str(tmp_path / "few.npz"), space="cnn_small", trials=1, runs_dir=runs_dir)
    assert list(result.summary["baselines"]) == ["majority", "linear"]
