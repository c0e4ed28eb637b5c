"""Searches on rows that count, belong together, come one after the other, or are folded: what is promised of each."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn import metrics as theirs
from sklearn.datasets import load_diabetes, load_wine

import automl
from automl.budget import Clock
from automl.data.rows import read_rows
from automl.errors import AutoMLError
from automl.experiment.interrupts import Interrupts
from automl.experiment.plan import Plan
from automl.experiment.progress import Silent
from automl.experiment.stage import set_out
from automl.experiment.start import start_of
from automl.experiment.trainer import Candidate, Trainer
from automl.experiment.watch import Watch
from automl.study.rungs import NoPruner
from automl.tracking.record import Record
from automl.training.weights import weights_sha256

CONFIG = {"family": "mlp", "family.mlp.layers": 1, "family.mlp.width": 8, "training.epochs": 4}


def wine() -> pd.DataFrame:
    """A real table with a group, an instant and a weight for every row, which were made up."""
    rng = np.random.default_rng(0)
    rows = load_wine(as_frame=True).frame
    day = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 90, len(rows)), unit="D")
    return rows.assign(barrel=rng.integers(0, 50, len(rows)), day=day, w=rng.uniform(0.1, 3, len(rows)))


def diabetes() -> pd.DataFrame:
    rows = load_diabetes(as_frame=True).frame
    return rows.assign(w=np.random.default_rng(0).uniform(0, 3, len(rows)))


@pytest.fixture
def staged(tmp_path):
    """Divide a table as options say."""

    def stage(table, target="target", **options):
        drop = tuple({"barrel", "day", "w"} & set(table.columns) - set(map(str, options.values())))
        plan = Plan(data="dataframe", study="s", runs_dir=str(tmp_path), target=target, drop=drop, **options)
        record = Record.create(tmp_path, "s", plan.to_json())
        return set_out(record, plan, {"data": table}), record, plan

    return stage


def trained(stage, *configs):
    watch = Watch(range(1, len(configs) + 1), stage, NoPruner(), Clock(None), Silent(), Interrupts())
    candidates = [Candidate(config, (0, number)) for number, config in enumerate(configs)]
    fitted = Trainer(stage, torch.device("cpu")).train(candidates, watch)
    return [(each, replace(outcome, seconds=0.0)) for each, outcome in fitted]


def test_columns_with_a_role_are_no_features(staged):
    stage, _, _ = staged(wine(), group="barrel", weight="w")
    assert not {"barrel", "w", "day"} & {column.name for column in stage.task.columns}
    assert (stage.task.group, stage.task.weight) == ("barrel", "w")


def test_a_time_whose_kind_is_given_is_learned_from(staged):
    stage, _, _ = staged(wine().drop(columns=["barrel", "w"]), time="day", kinds={"day": "datetime"})
    assert "day" in {column.name for column in stage.task.columns}
    assert stage.train["day"].max() < stage.validation["day"].min()


def test_rows_are_scored_by_their_weights(staged):
    stage, _, _ = staged(wine(), weight="w")
    fitted, outcome = trained(stage, CONFIG)[0]
    watch = Watch([1], stage, NoPruner(), Clock(None), Silent(), Interrupts())
    outputs = np.random.default_rng(0).normal(size=(len(stage.validation), 3)).astype(np.float32)
    expected = theirs.accuracy_score(
        stage.truth(stage.validation), outputs.argmax(1), sample_weight=stage.validation["w"]
    )
    assert watch.score(outputs) == pytest.approx(expected)
    assert outcome.score == fitted.best.validation


def test_weights_change_what_is_learned(staged, tmp_path):
    plain = trained(staged(wine())[0], CONFIG)[0][0]
    plan = Plan(
        data="dataframe", study="w", runs_dir=str(tmp_path), target="target", drop=("barrel", "day"), weight="w"
    )
    stage = set_out(Record.create(tmp_path, "w", plan.to_json()), plan, {"data": wine()})
    assert plain.epochs[-1].train_loss != trained(stage, CONFIG)[0][0].epochs[-1].train_loss


def test_class_weights_are_per_trial_and_leave_the_scoring_alone(staged):
    stage, _, _ = staged(wine(), class_weight="0=5,1=1")
    fitted = trained(stage, CONFIG, {**CONFIG, "training.class_weight": "none"})
    assert fitted[0][0].epochs[-1].train_loss != fitted[1][0].epochs[-1].train_loss
    assert stage.class_weights("none") == ()
    first, second, third = stage.class_weights("given")
    assert (first / second, second) == (pytest.approx(5), third)


def test_folds_train_on_preparations_of_their_own(staged):
    stage, _, _ = staged(wine(), folds=3)
    assert len(stage.folds) == 3 and len(stage.train) == 142
    for fold in stage.folds:
        assert len(fold.train) + len(fold.validation) == 142
    means = {fold.preparation(trained_preparing()).to_json()["columns"][0]["scaler"]["mean"] for fold in stage.folds}
    assert len(means) == 3


def trained_preparing():
    from automl.data.preparing import Preparing

    return Preparing(numeric="standard")


def test_a_trials_score_is_the_mean_over_its_folds(staged):
    stage, _, _ = staged(wine(), folds=3)
    (fitted, outcome), again = trained(stage, CONFIG)[0], trained(stage, CONFIG)[0]
    assert outcome == again[1]
    assert outcome.score == max(epoch.validation for epoch in fitted.epochs)


def test_folds_keep_groups_whole(staged):
    stage, _, _ = staged(wine(), folds=3, group="barrel", weight="w")
    for fold in stage.folds:
        assert not set(fold.train["barrel"]) & set(fold.validation["barrel"])


def test_folds_of_time_go_forward(staged):
    stage, _, _ = staged(wine(), folds=3, time="day")
    sizes = [len(fold.train) for fold in stage.folds]
    assert sizes == sorted(sizes) and sizes[0] < sizes[-1]
    for fold in stage.folds:
        assert fold.train["day"].max() < fold.validation["day"].min()


def test_a_constant_answer_is_scored_over_the_folds(staged):
    stage, _, plan = staged(wine(), folds=3)
    assert 0.3 < start_of(plan, stage, {}, 0.0).constants["majority"] < 0.5


def test_a_transform_is_settled_by_the_training_rows_and_told(staged):
    stage, record, _ = staged(diabetes().assign(target=lambda rows: rows["target"] ** 3), target_transform="auto")
    assert stage.task.transform == "log"
    found = [finding["sentence"] for finding in record.read_json("split.json")["findings"]]
    assert any(
        sentence.startswith("log(target) is learned (its skewness over the training rows is") for sentence in found
    )


@pytest.mark.parametrize(
    ("table", "options", "sentence"),
    [
        (wine, {"target_transform": "log"}, "--target-transform is about a number to be predicted"),
        (diabetes, {"class_weight": "balanced"}, "--class-weight weighs classes, and a regression task has none"),
        (wine, {"class_weight": "7=2"}, "unknown class '7'"),
        (wine, {"folds": 40, "time": "day"}, "every fold needs at least 10 training"),
        (wine, {"group": "barrels"}, "unknown group column 'barrels'; did you mean 'barrel'"),
    ],
    ids=["classes transformed", "numbers weighed", "unknown class", "many folds", "unknown column"],
)
def test_what_does_not_fit_the_data_is_refused(staged, table, options, sentence):
    with pytest.raises(AutoMLError, match=sentence):
        staged(table(), **options)


SMALL = {"space": "tabular_small", "trials": 2, "seed": 3, "device": "cpu"}
FOLDED = {**SMALL, "target": "target", "drop": ("day",), "group": "barrel", "weight": "w", "folds": 3}


@pytest.fixture(scope="module")
def folded(tmp_path_factory, empty_store):
    """A search on folds with groups and weights, judged and exported by a command of its own."""
    import shutil

    folder = tmp_path_factory.mktemp("folded") / "runs"
    folder.mkdir()
    shutil.copy(empty_store, folder / "mlflow.db")
    return automl.search(wine(), study="first", runs_dir=folder, judge=False, **FOLDED).judge()


@pytest.mark.slow
def test_a_search_on_folds_that_went_on_is_the_one_that_was_never_ended(folded, runs_dir):
    begun = automl.search(wine(), study="twin", runs_dir=runs_dir, judge=False, **{**FOLDED, "trials": 1})
    gone_on = automl.resume("twin", runs_dir=runs_dir, trials=2).judge()
    assert (begun.summary["trials"]["total"], gone_on.summary["trials"]["total"]) == (1, 2)
    assert (gone_on.best, gone_on.test) == (folded.best, folded.test)


def test_what_is_judged_is_what_is_exported(folded):
    record, trial = Record(folded.run_dir), folded.best["trial"]
    sha256 = weights_sha256(record.trial(trial).weights_path)
    (opening, _) = [json.loads(line) for line in (record.run_dir / "ledger.jsonl").read_text().splitlines()]
    assert opening["weights_sha256"] == sha256
    judged = pd.read_parquet(record.judgement_rows_path)
    rows = read_rows(record.run_dir / "sealed" / "test.parquet")
    assert (folded.predict(rows)["prediction"].to_numpy() == judged["prediction"].to_numpy()).all()


def test_the_judgement_counts_rows_by_their_weights(folded):
    judged = pd.read_parquet(Record(folded.run_dir).judgement_rows_path)
    expected = theirs.accuracy_score(judged["truth"], judged["prediction"], sample_weight=judged["weight"])
    assert folded.test["value"] == pytest.approx(expected)


def test_the_judgement_says_what_its_intervals_draw(folded):
    notes = json.loads((folded.run_dir / "judgement.json").read_text())["notes"]
    n_groups = pd.read_parquet(Record(folded.run_dir).judgement_rows_path)["group"].nunique()
    assert "a test row counts by its 'w', in scores and intervals" in notes
    assert f"the intervals draw whole groups of 'barrel' anew ({n_groups} in the test rows), not single rows" in notes


def test_any_completed_trial_of_folds_can_be_exported(folded, tmp_path):
    folded.export(tmp_path / "model", 1 - folded.best["trial"])
    assert (tmp_path / "model" / "model.onnx").exists()


def test_predictions_of_a_transformed_target_are_in_its_own_units(runs_dir):
    rows = diabetes()
    result = automl.search(rows, target="target", target_transform="log", weight="w", runs_dir=runs_dir, **SMALL)
    judged = pd.read_parquet(Record(result.run_dir).judgement_rows_path)
    expected = theirs.root_mean_squared_error(judged["truth"], judged["prediction"], sample_weight=judged["weight"])
    assert result.test["value"] == pytest.approx(expected)
    predicted = result.predict(rows)["prediction"]
    assert predicted.min() > 25 and predicted.max() < 700
    assert result.test["value"] < result.summary["baselines"]["mean"]["value"]
