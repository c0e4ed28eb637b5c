"""How sure a winner is: learned on validation rows, before its test rows are opened, and told with what came of it."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes

import automl
from automl.data.calibration import UNCALIBRATED, Calibration
from automl.experiment import judge as judging
from automl.experiment.calibration import calibration
from automl.experiment.deliver import export
from automl.export.predictor import Predictor
from automl.tracking.record import JUDGEMENT, Record

OPTIONS = {"space": "tabular_small", "trials": 2, "target": "target", "seed": 1}


@pytest.fixture(scope="module")
def study(tmp_path_factory, empty_store):
    """A study of numbers, judged."""
    folder = tmp_path_factory.mktemp("calibrated") / "runs"
    folder.mkdir()
    shutil.copy(empty_store, folder / "mlflow.db")
    return Record(automl.search(load_diabetes(as_frame=True).frame, **OPTIONS, runs_dir=folder, study="sugar").run_dir)


def test_the_judgement_says_how_often_its_intervals_hold_the_truth(study):
    told = study.read_json(JUDGEMENT)["calibration"]
    rows = pd.read_parquet(study.judgement_rows_path)
    held = ((rows["lower"] <= rows["truth"]) & (rows["truth"] <= rows["upper"])).mean()
    assert told["coverage"]["value"] == pytest.approx(held)
    assert told["coverage"]["ci_low"] < held < told["coverage"]["ci_high"]
    assert told["width"] == pytest.approx(np.median(rows["upper"] - rows["lower"]))
    assert (rows["lower"] < rows["prediction"]).all() and (rows["prediction"] < rows["upper"]).all()
    assert f"How sure: {told['sentence']}." in study.page_path.read_text()


def test_it_was_learned_on_the_validation_rows(study):
    trial = study.read_json(JUDGEMENT)["trial"]
    learned = calibration(study, trial)
    found = Predictor(study.bundle_dir).predict(rows := pd.read_parquet(study.validation_rows_path))
    held = (found["lower"] <= rows["target"] + 1e-3) & (rows["target"] - 1e-3 <= found["upper"])
    assert learned.rows == len(rows)
    assert held.sum() == np.ceil((len(rows) + 1) * 0.9)


def test_another_trial_gets_its_own(study, tmp_path):
    (other,) = {0, 1} - {study.read_json(JUDGEMENT)["trial"]}
    export(study, tmp_path / "other", other)
    card = (tmp_path / "other" / "MODEL_CARD.md").read_text()
    assert "its 90 % intervals were learned on" in card and "of the test rows" not in card
    assert calibration(study, other) != calibration(study, study.read_json(JUDGEMENT)["trial"])


def test_it_is_fixed_before_the_test_rows_are_opened(runs_dir, monkeypatch):
    result = automl.search("iris", space="tabular_small", trials=2, judge=False, runs_dir=runs_dir, study="irises")
    record = Record(result.run_dir)
    seen = []

    class Watched(judging.Seal):
        def open(self, trial, *words):
            seen.append(record.trial(trial).calibration_path.read_text())
            return super().open(trial, *words)

    monkeypatch.setattr(judging, "Seal", Watched)
    trial = result.judge().best["trial"]
    assert seen == [record.trial(trial).calibration_path.read_text()]


def test_what_was_learned_is_what_is_judged_and_exported(runs_dir):
    result = automl.search("iris", space="tabular_small", trials=2, judge=False, runs_dir=runs_dir, study="irises")
    record = Record(result.run_dir)
    trial = result.best["trial"]
    fixed = Calibration(temperature=4.0, rows=30)
    record.trial(trial).calibration_path.write_text(json.dumps(fixed.to_json()))
    result.judge()
    told, rows = record.read_json(JUDGEMENT)["calibration"], pd.read_parquet(record.judgement_rows_path)
    assert told["temperature"] == 4.0 and told["log_loss"] == pytest.approx(rows["loss"].mean())
    assert told["log_loss_without"] < told["log_loss"]
    asked = pd.DataFrame({"sepal length (cm)": [5.0], "sepal width (cm)": [3.0]})
    asked = asked.assign(**{"petal length (cm)": 1.5, "petal width (cm)": 0.2})
    shares = Predictor(record.bundle_dir).predict(asked).filter(like="probability_").to_numpy()
    assert shares.max() < 0.98


def test_nothing_is_learned_of_folds(runs_dir):
    table = load_diabetes(as_frame=True).frame
    result = automl.search(table, **OPTIONS, folds=2, runs_dir=runs_dir, study="folded")
    record = Record(result.run_dir)
    told = record.read_json(JUDGEMENT)["calibration"]
    assert calibration(record, result.best["trial"]) == UNCALIBRATED
    assert told["sentence"].startswith("there are no intervals, for no validation row is left")
    assert "lower" not in pd.read_parquet(record.judgement_rows_path)
