"""Every kind of task from rows to a bundle: judged by the metric it names, exported in every form, resumed, told."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as theirs
from sklearn.datasets import load_diabetes

import automl
from automl.data.labels import flags
from automl.data.rows import read_rows
from automl.data.several_targets import unfold
from automl.data.target import coder_from_json
from automl.errors import AutoMLError
from automl.experiment import deliver
from automl.export import load
from automl.files import read_json
from automl.task import TASK_KINDS, Task
from automl.tracking.record import TASK, Record

SMALL = {"space": "tabular_small", "trials": 3, "seed": 3, "device": "cpu", "target": "target"}
GRADES = ("mild", "moderate", "severe", "grave")


def progress() -> pd.DataFrame:
    rows = load_diabetes(as_frame=True).frame
    return rows.assign(w=np.random.default_rng(0).uniform(0.1, 3, len(rows)))


def graded() -> pd.DataFrame:
    rows = progress()
    return rows.assign(target=pd.qcut(rows["target"], len(GRADES), labels=list(GRADES)).astype(str))


def bodies() -> pd.DataFrame:
    return progress().rename(columns={"target": "height"})


def signs() -> pd.DataFrame:
    """Which of three measures lie above their median, as a list of labels."""
    rows = progress()
    names = {"bmi": "heavy", "target": "ill", "bp": "tense"}
    are = {label: (rows[name] > rows[name].median()).map({True: label, False: ""}) for name, label in names.items()}
    told = pd.DataFrame(are).agg(lambda row: "; ".join(filter(None, row)), axis=1)
    return rows.drop(columns=["bmi", "bp"]).assign(target=told)


def kappa(judged: pd.DataFrame, task: Task) -> float:
    truth, said = (judged[name].map(task.classes.index) for name in ("truth", "prediction"))
    return theirs.cohen_kappa_score(truth, said, weights="quadratic", sample_weight=judged["weight"])


def pinball(judged: pd.DataFrame, task: Task) -> float:
    said = ((level, judged[f"quantile_{level:g}"]) for level in task.quantiles)
    counts = judged["weight"]
    return np.mean(
        [theirs.mean_pinball_loss(judged["truth"], each, alpha=level, sample_weight=counts) for level, each in said]
    )


def mean_error(judged: pd.DataFrame, task: Task) -> float:
    truth = unfold(judged["truth"], 2) / task.deviations
    said = judged[[f"prediction_{name}" for name in task.targets]].to_numpy() / task.deviations
    return theirs.root_mean_squared_error(truth, said, sample_weight=judged["weight"])


def mean_log_loss(judged: pd.DataFrame, task: Task) -> float:
    truth, counts = flags(judged["truth"], task.classes), judged["weight"]
    pairs = zip(truth.T, (judged[f"probability_{label}"] for label in task.classes))
    return np.mean([theirs.log_loss(own, said, labels=[0, 1], sample_weight=counts) for own, said in pairs])


CASES = {
    "multilabel": (signs, {"task": "multilabel"}, mean_log_loss),
    "multitarget": (bodies, {"target": ["bmi", "height"]}, mean_error),
    "quantile": (progress, {"quantiles": (0.1, 0.5, 0.9), "target_transform": "log"}, pinball),
    "ordinal": (graded, {"order": GRADES, "class_weight": "balanced"}, kappa),
}
"""Of each kind of task that is more than a class or a number: rows, options, and its score from the judged rows."""


@pytest.fixture(scope="module", params=CASES)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def result(kind, tmp_path_factory):
    """A search whose rows count differently, whose trials answer together, and whose winner is trained once more."""
    make, options, _ = CASES[kind]
    folder = tmp_path_factory.mktemp(kind) / "runs"
    told = {**SMALL, **options, "weight": "w", "ensemble": 2, "refit": True, "runs_dir": folder}
    return automl.search(make(), study="first", **told)


@pytest.fixture(scope="module")
def record(result):
    return Record(result.run_dir)


@pytest.fixture(scope="module")
def rows(kind):
    return CASES[kind][0]().head(40)


def test_every_kind_is_searched_here_or_in_the_other_tests():
    assert {*CASES, "binary", "multiclass", "regression"} == set(TASK_KINDS)


def test_the_test_score_is_that_of_the_judged_rows(kind, result, record):
    task, judged = Task.from_json(record.read_json(TASK)), pd.read_parquet(record.judgement_rows_path)
    assert task.kind == kind
    assert result.test["value"] == pytest.approx(CASES[kind][2](judged, task), rel=1e-6)
    assert result.test["ci_low"] <= result.test["value"] <= result.test["ci_high"]


def test_it_is_better_than_the_constant_baseline(result):
    constant, *_ = result.summary["baselines"].values()
    sign = 1 if result.summary["direction"] == "maximize" else -1
    assert sign * result.test["value"] > sign * constant["value"]


def test_every_form_of_export_tells_the_same(result, record, rows, tmp_path):
    expected = result.predict(rows)
    deliver.export(record, tmp_path / "model.onnx", None, form="onnx")
    deliver.export(record, tmp_path / "torch", None, form="torch")
    from automl.export.predictor import Predictor

    for found in (Predictor(tmp_path / "model.onnx").predict(rows), load.predict(rows, tmp_path / "torch")):
        assert list(found) == list(expected)
        for name, column in expected.items():
            if column.dtype.kind == "f":
                np.testing.assert_allclose(found[name], column, rtol=1e-3, atol=1e-4)
            else:
                assert found[name].tolist() == column.tolist()


def test_the_script_of_the_bundle_tells_the_same(result, record, rows, tmp_path):
    rows.to_csv(tmp_path / "rows.csv", index=False)
    script = [sys.executable, str(record.bundle_dir / "predict.py"), str(tmp_path / "rows.csv")]
    said = subprocess.run(script, capture_output=True, text=True, check=True).stdout
    found, expected = pd.read_csv(io.StringIO(said)), result.predict(rows)
    assert list(found) == list(expected)
    for name, column in expected.items():
        if column.dtype.kind == "f":
            np.testing.assert_allclose(found[name], column, rtol=1e-3, atol=1e-4)


def test_mlflows_model_names_and_tells_the_same(result, record, rows, tmp_path):
    from mlflow import pyfunc

    deliver.export(record, tmp_path / "served", None, form="mlflow")
    model = pyfunc.load_model(str(tmp_path / "served"))
    expected = result.predict(rows)
    assert model.metadata.signature.outputs.input_names() == list(expected)
    assert list(model.predict(rows[model.metadata.signature.inputs.input_names()])) == list(expected)


def test_the_judged_rows_are_read_as_they_were_written(record):
    from automl.data.judged import read_judged

    coder = coder_from_json(read_json(record.bundle_dir / "task.json")["coder"])
    judged = read_judged(record.judgement_rows_path, coder)
    test = read_rows(record.run_dir / "sealed" / "test.parquet")
    np.testing.assert_array_equal(judged.truth, coder.truth(test[coder.target]))
    assert len(judged.output) == len(test) and np.isfinite(judged.output).all()


def test_report_and_resume_tell_it_again(result, record):
    again = automl.resume("first", runs_dir=record.runs_dir)
    assert again.test == result.test
    assert result.summary["task"] in (record.run_dir / "report.md").read_text()
    assert (record.run_dir / "report.html").exists()


def test_folds_and_groups_work_for_it(kind, tmp_path):
    make, options, _ = CASES[kind]
    table = make().assign(ward=np.arange(442) % 40)
    told = {**SMALL, **options, "folds": 3, "group": "ward", "trials": 2, "drop": ("w",), "ensemble": 2}
    result = automl.search(table, runs_dir=tmp_path / "runs", **told)
    assert np.isfinite(result.test["value"])


def test_the_same_seed_gives_the_same_winner(kind, result, tmp_path):
    make, options, _ = CASES[kind]
    told = {**SMALL, **options, "weight": "w", "ensemble": 2, "refit": True, "runs_dir": tmp_path / "runs"}
    again = automl.search(make(), study="first", **told)
    assert again.test == result.test


def test_which_share_of_the_test_rows_lies_below_each_quantile_is_told(tmp_path):
    result = automl.search(progress(), runs_dir=tmp_path / "runs", **{**SMALL, "quantiles": [0.9, 0.2], "drop": ("w",)})
    judged = pd.read_parquet(Record(result.run_dir).judgement_rows_path)
    told = Record(result.run_dir).read_json("judgement.json")["calibration"]
    shares = [(judged["truth"] <= judged[name]).mean() for name in ("quantile_0.2", "quantile_0.9")]
    assert [each["value"] for each in told["below"]] == pytest.approx(shares)
    assert f"of the test rows lie {100 * shares[0]:.1f} % [" in told["sentence"]
    assert told["sentence"] in (Record(result.run_dir).run_dir / "report.md").read_text()
    assert (judged["quantile_0.2"] <= judged["quantile_0.9"]).all()
    assert judged["prediction"].equals(judged["quantile_0.2"])


def test_a_column_named_like_a_quantile_is_read_all_the_same(tmp_path):
    rows = progress().rename(columns={"bmi": "quantile_0.5"}).drop(columns="w")
    result = automl.search(rows, runs_dir=tmp_path / "runs", **{**SMALL, "quantiles": [0.5]})
    assert list(result.predict(rows)) == ["prediction", "quantile_0.5"]


def test_a_test_file_without_a_target_is_refused(tmp_path):
    options = {**SMALL, "target": ["bmi", "height"], "drop": ("w",), "test": bodies().drop(columns="bmi")}
    with pytest.raises(AutoMLError, match="the test file must have the table's columns, but lacks bmi,height"):
        automl.search(bodies(), runs_dir=tmp_path / "runs", **options)


def test_targets_may_be_called_as_baselines_are(tmp_path):
    rows = bodies().drop(columns="w").rename(columns={"bmi": "linear", "height": "mean"})
    result = automl.search(rows, runs_dir=tmp_path / "runs", **{**SMALL, "target": ["linear", "mean"]})
    judged = pd.read_parquet(Record(result.run_dir).judgement_rows_path)
    truth, units = unfold(judged["truth"], 2), Record(result.run_dir).read_json(TASK)["deviations"]
    said = judged[["prediction_linear", "prediction_mean"]].to_numpy()
    assert result.test["value"] == pytest.approx(theirs.root_mean_squared_error(truth / units, said / units))


def test_several_targets_are_scored_one_by_one_too(tmp_path):
    options = {**SMALL, "target": "bmi, height", "drop": ("w",), "validation": bodies().tail(80)}
    result = automl.search(bodies(), runs_dir=tmp_path / "runs", **options)
    record = Record(result.run_dir)
    told, judged = record.read_json("judgement.json")["targets"], pd.read_parquet(record.judgement_rows_path)
    for place, name in enumerate(("bmi", "height")):
        truth = unfold(judged["truth"], 2)[:, place]
        expected = theirs.root_mean_squared_error(truth, judged[f"prediction_{name}"])
        assert told[name]["model"]["value"] == pytest.approx(expected)
        assert {"model", "mean", "linear", "boosted_trees"} == set(told[name])
    assert "test rmse of each" in (record.run_dir / "report.md").read_text()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"task": "multitarget", "target": "bmi"},
            "--task multitarget needs several targets, such as --target width,.*",
        ),
        ({"task": "binary"}, "--target names 2 columns, and a binary task has one"),
        ({"metric": "accuracy"}, "the metric 'accuracy' does not score several targets; those that do: rmse, mae, r2"),
        ({"target_transform": "log"}, "--target-transform is about a number to be predicted, and there are several"),
        ({"class_weight": "balanced"}, "--class-weight weighs classes, and a multitarget task has none"),
        ({"ensemble": 2, "include_trees": True}, "--include-trees: trees of several targets cannot answer .*"),
        ({"quantiles": [0.5]}, "--target names 2 columns, and a quantile task has one"),
        ({"weight": "bmi"}, "unknown weight column 'bmi'.*"),
        ({"drop": ("bmi",)}, "unknown column 'bmi'.*"),
    ],
)
def test_what_several_targets_cannot_have_is_said_before_the_search(options, sentence, tmp_path):
    with pytest.raises(AutoMLError, match=f"^{sentence}"):
        automl.search(bodies(), runs_dir=tmp_path / "runs", **{**SMALL, "target": ["bmi", "height"], **options})


def test_labels_may_be_columns_of_0_and_1_and_are_scored_one_by_one_too(tmp_path):
    rows = progress()
    table = rows.drop(columns="w").assign(ill=rows["target"] > 140, heavy=(rows["bmi"] > 0).astype(int))
    options = {**SMALL, "target": ["ill", "heavy"], "drop": ("target", "bmi"), "metric": "subset_accuracy"}
    result = automl.search(table, runs_dir=tmp_path / "runs", **options)
    record = Record(result.run_dir)
    assert record.read_json(TASK)["kind"] == "multilabel" and record.read_json(TASK)["classes"] == ["ill", "heavy"]
    judged, told = pd.read_parquet(record.judgement_rows_path), record.read_json("judgement.json")["targets"]
    truth = flags(judged["truth"], ["ill", "heavy"])
    assert told["ill"]["model"]["value"] == pytest.approx(((judged["probability_ill"] >= 0.5) == truth[:, 0]).mean())
    assert result.test["value"] == pytest.approx((judged["prediction"] == judged["truth"].replace("|", "")).mean())
    assert "test accuracy of each" in (record.run_dir / "report.md").read_text()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"metric": "rmse"}, "the metric 'rmse' does not score a multilabel task; those that do: log_loss, f1, .*"),
        ({"class_weight": "balanced"}, "--class-weight weighs classes, and a multilabel task has none"),
        ({"ensemble": 2, "include_trees": True}, "--include-trees: trees of labels cannot answer together .*"),
        ({"positive": "ill"}, "--positive names one of two classes, and a multilabel task does not have two"),
        ({"target": "age"}, "a multilabel task has from 2 to 200 labels, but 'age' has .*"),
    ],
)
def test_what_labels_cannot_have_is_said_before_the_search(options, sentence, tmp_path):
    told = {**SMALL, "task": "multilabel", "drop": ("w",), **options}
    with pytest.raises(AutoMLError, match=f"^{sentence}"):
        automl.search(signs().assign(age=np.arange(442)), runs_dir=tmp_path / "runs", **told)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"task": "ordinal"}, "the classes of 'target' are texts: say their order with --order, such as grave,mild,.*"),
        ({"order": GRADES[:3]}, "--order must name every class of 'target', .*; it lacks grave"),
    ],
)
def test_what_grades_lack_is_said_before_the_search(options, sentence, tmp_path):
    with pytest.raises(AutoMLError, match=sentence):
        automl.search(graded(), runs_dir=tmp_path / "runs", **{**SMALL, "drop": ("w",), **options})


def test_new_rows_update_it(kind, tmp_path):
    make, options, scored = CASES[kind]
    rows, small = make(), {**SMALL, **options, "trials": 1, "weight": "w", "runs_dir": tmp_path / "runs"}
    result = automl.search(rows.head(300), study="early", **small)
    result, record = result.update(rows.tail(142)), Record(result.run_dir)
    folder = record.run_dir / "updates" / "1"
    told, judged = read_json(folder / "update.json"), pd.read_parquet(folder / "judgement.parquet")
    task = Task.from_json(record.read_json(TASK))
    assert told["test"]["present"]["value"] == pytest.approx(scored(judged, task))
    assert {"continued", "scratch"} <= told["test"].keys()
    assert len(result.predict(rows.tail(142))) == 142
