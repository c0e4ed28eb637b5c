"""Trials that answer together: chosen by validation rows before the seal opens, judged once, exported as one model."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_digits

import automl
from automl.baselines.fit import BOOSTED_TREES, fit_baseline
from automl.cli.summary import result_lines
from automl.data.rows import read_rows
from automl.data.target import fit_coder
from automl.evaluation.blend import blend
from automl.evaluation.metrics import score
from automl.experiment import judge as judging
from automl.experiment.choosing import _Choosing, _goodness, choose
from automl.experiment.ensemble import read_choice
from automl.experiment.model import model_of
from automl.experiment.objective import N_POOLED
from automl.experiment.plan import Plan
from automl.experiment.rebuild import rebuild
from automl.experiment.stage import set_out
from automl.experiment.trees import FOR_TREES, costs_of_trees, grow, rebuild_trees
from automl.export.predictor import Predictor
from automl.report.figures import listed, spoken
from automl.report.summary import judgement_of
from automl.task import Task
from automl.tracking.record import ENSEMBLE, JUDGEMENT, LEDGER, PLAN, TASK, Record
from automl.training.weights import load_outputs, raw_outputs
from automl.trial import TREES
from tests.watching import Heard

SPACE = """
name: several
space:
  preparing:
    numeric: {choice: [standard, quantile], default: standard}
  family:
    choice:
      mlp:
        layers: 1
        width: {int: [8, 32], default: 16}
        dropout: {float: [0.05, 0.4], default: 0.1}
    default: mlp
  optimizer:
    choice:
      adamw:
        lr: {float: [2e-3, 3e-2], log: true, default: 1e-2}
    default: adamw
  training:
    epochs: 12
"""
OPTIONS = {"target": "target", "trials": 8, "pruner": "none", "sampler": "random", "ensemble": 4, "refit": False}


def table(name):
    return {"signs": load_digits, "sugar": load_diabetes}[name](as_frame=True).frame


@pytest.fixture(scope="module", params=["signs", "sugar"])
def study(request, tmp_path_factory, empty_store):
    """A study of classes and one of numbers, whose trials are better together."""
    folder = tmp_path_factory.mktemp(request.param) / "runs"
    folder.mkdir()
    shutil.copy(empty_store, folder / "mlflow.db")
    (folder / "several.yaml").write_text(SPACE)
    metric = {"signs": "log_loss", "sugar": "rmse"}[request.param]
    options = {**OPTIONS, "space": str(folder / "several.yaml"), "metric": metric}
    result = automl.search(table(request.param), **options, runs_dir=folder, study=request.param)
    return Record(result.run_dir)


@pytest.fixture
def space(tmp_path):
    path = tmp_path / "several.yaml"
    path.write_text(SPACE)
    return str(path)


def chosen(record):
    return read_choice(record, len(record.outcomes())).ensemble


def test_every_trial_keeps_what_it_gave_for_the_validation_rows(study):
    rows = read_rows(study.validation_rows_path)
    kept = [trial.outputs_path.exists() for trial in study.trials()]
    assert kept == [True] * 8
    with_weights = [trial.number for trial in study.trials() if trial.weights_path.exists()]
    for number in with_weights:
        network, preparation = rebuild(study, number)
        outputs = raw_outputs(network, preparation.transform(rows))
        assert load_outputs(study.trial(number).outputs_path) == pytest.approx(outputs, rel=2e-3, abs=2e-3)


def test_together_they_are_better_than_the_best_alone(study):
    ensemble, best = chosen(study), model_of(study)
    task = Task.from_json(study.read_json(TASK))
    assert 2 <= len(ensemble.members) <= 4 and len(ensemble.shares) == len(ensemble.members)
    assert sum(ensemble.shares.values()) == pytest.approx(1.0)
    alone = study.trial(best.trial).read_outcome().score
    assert (ensemble.validation > alone) if task.higher_is_better else (ensemble.validation < alone)


def test_their_score_is_that_of_their_mean(study):
    rows, task, ensemble = read_rows(study.validation_rows_path), Task.from_json(study.read_json(TASK)), chosen(study)
    coder = fit_coder(task, read_rows(study.train_rows_path)[task.target])
    truth = coder.encode(rows["target"]) if task.classes else rows["target"].to_numpy(dtype="float64")
    outputs = [load_outputs(study.trial(each.trial).outputs_path) for each in ensemble.members]
    mean = blend(outputs, [each.weight for each in ensemble.members], link=task.traits.link)
    assert ensemble.validation == score(task.metric, truth, coder.predictions(mean), task)


def test_only_the_best_and_the_members_keep_their_weights(study):
    members = {each.trial for each in chosen(study).members}
    kept = {trial.number for trial in study.trials() if trial.weights_path.exists()}
    assert members <= kept and len(kept) <= 3 + len(members)


def test_they_are_judged_in_one_opening_beside_the_best_alone(study):
    judged, ledger = study.read_json(JUDGEMENT), study.read_jsonl(LEDGER)
    assert [event["event"] for event in ledger] == ["opening", "result"]
    assert ledger[0]["weights_sha256"] == model_of(study).weights_sha256
    rows = pd.read_parquet(study.judgement_rows_path)
    assert {"prediction", "prediction_best_trial", "loss_best_trial"} <= set(rows)
    told = judged["ensemble"]
    if judged["metric"] == "log_loss":
        assert judged["test"]["value"] == pytest.approx(rows["loss"].mean())
        assert told["alone"]["value"] == pytest.approx(rows["loss_best_trial"].mean())
    else:
        assert judged["test"]["value"] == pytest.approx(np.sqrt(rows["loss"].mean()))
        assert told["alone"]["value"] == pytest.approx(np.sqrt(rows["loss_best_trial"].mean()))
    assert told["lead"]["value"] == pytest.approx(told["alone"]["value"] - judged["test"]["value"])
    assert "best_trial" not in judged["baselines"] and "best_trial" not in judged["differences"]
    assert f"trial {judged['trial']} alone" in told["verdict"]


def test_the_reports_name_them(study):
    summary = json.loads(study.report_path.read_text())
    judged = judgement_of(study, summary["best"])
    lines, page = "\n".join(result_lines(summary, judged)), study.page_path.read_text()
    named = f"trials {listed([str(each.trial) for each in chosen(study).members])} together"
    assert summary["ensemble"]["members"] == judged["ensemble"]["members"]
    assert "  ensemble " in lines and f"  trial {judged['trial']} alone " in lines and "In the ensemble trial" in lines
    assert f"\nModel: {named}, validation" in lines
    assert named in page.split("## ")[0] and "In the ensemble trial" in page
    assert f"{named}</dd>" in study.webpage_path.read_text()
    assert "The network is" not in lines + page


def test_the_bundle_answers_as_they_were_judged(study):
    rows = read_rows(study.validation_rows_path)
    found = Predictor(study.bundle_dir).predict(rows)
    network, preparation = model_of(study).rebuild()
    outputs = raw_outputs(network, preparation.transform(rows))
    task = Task.from_json(study.read_json(TASK))
    coder = fit_coder(task, read_rows(study.train_rows_path)[task.target])
    if not task.classes:
        assert found["prediction"].to_numpy() == pytest.approx(coder.decode(outputs[:, 0]), rel=1e-4)
        assert (found["lower"] < found["upper"]).all()
        return
    shares = found.filter(like="probability_").to_numpy()
    assert shares == pytest.approx(coder.predictions(chosen(study).calibration.of_logits(outputs)), abs=1e-4)
    card = (study.bundle_dir / "MODEL_CARD.md").read_text()
    assert "| family | `ensemble` |" in card and "x mlp`" in card


def test_the_bundles_program_predicts_without_the_project(study, tmp_path):
    rows = read_rows(study.validation_rows_path)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    command = [sys.executable, "-I", study.bundle_dir / "predict.py", tmp_path / "rows.csv", tmp_path / "found.csv"]
    subprocess.run(command, check=True, capture_output=True)
    found, wanted = pd.read_csv(tmp_path / "found.csv"), Predictor(study.bundle_dir).predict(rows)
    assert found["prediction"].to_numpy() == pytest.approx(wanted["prediction"].to_numpy())


def test_one_onnx_file_holds_them(study, tmp_path):
    told = automl.load(study.study, runs_dir=study.runs_dir).export(tmp_path / "all.onnx", format="onnx")
    assert told["ensemble"] == model_of(study).shares
    facts = onnxruntime.InferenceSession(tmp_path / "all.onnx").get_modelmeta().custom_metadata_map
    assert facts["family"] == "ensemble" and json.loads(facts["config"]) == model_of(study).shares
    found = Predictor(tmp_path / "all.onnx").predict(read_rows(study.validation_rows_path))
    assert found.equals(Predictor(study.bundle_dir).predict(read_rows(study.validation_rows_path)))


def test_torch_alone_rebuilds_them(study, tmp_path):
    automl.load(study.study, runs_dir=study.runs_dir).export(tmp_path / "torch", format="torch")
    rows = read_rows(study.validation_rows_path)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    command = [sys.executable, "load.py", str(tmp_path / "rows.csv")]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path / "torch")
    found = pd.read_csv(io.StringIO(done.stdout))
    wanted = Predictor(study.bundle_dir).predict(rows)
    assert found["prediction"].to_numpy() == pytest.approx(wanted["prediction"].to_numpy(), rel=1e-4)


def test_a_trial_by_itself_can_be_exported_still(study, tmp_path):
    best = model_of(study).trial
    automl.load(study.study, runs_dir=study.runs_dir).export(tmp_path / "one", best)
    said = json.loads((tmp_path / "one" / "architecture.json").read_text())
    assert said["family"] == "mlp" and "members" not in said
    assert "test (sealed)" not in (tmp_path / "one" / "MODEL_CARD.md").read_text()


def test_the_same_study_chooses_the_same(runs_dir, space):
    told, options = [], {**OPTIONS, "space": space, "metric": "log_loss", "runs_dir": runs_dir}
    for name in ("one", "two"):
        record = Record(automl.search(table("signs"), **options, study=name).run_dir)
        told.append(((record.run_dir / ENSEMBLE).read_text(), record.read_json(JUDGEMENT)["test"]))
    assert told[0] == told[1]


def test_it_is_fixed_before_the_test_rows_are_opened(runs_dir, space, monkeypatch):
    options = {**OPTIONS, "space": space, "metric": "log_loss", "judge": False}
    result = automl.search(table("signs"), **options, runs_dir=runs_dir, study="several")
    record = Record(result.run_dir)
    assert not record.has(ENSEMBLE)
    assert sum(trial.weights_path.exists() for trial in record.trials()) == 8 <= N_POOLED
    seen = []

    class Watched(judging.Seal):
        def open(self, trial, *words):
            seen.append((record.run_dir / ENSEMBLE).read_text())
            return super().open(trial, *words)

    monkeypatch.setattr(judging, "Seal", Watched)
    result.judge()
    assert seen == [(record.run_dir / ENSEMBLE).read_text()]


def test_what_was_chosen_stays_until_trials_come_to_it(study):
    plan = Plan.from_json(study.read_json(PLAN))
    heard = Heard()
    before = (study.run_dir / ENSEMBLE).read_text()
    assert choose(study, plan, set_out(study, plan), say=heard.say).ensemble == chosen(study)
    assert heard.sentences == [] and (study.run_dir / ENSEMBLE).read_text() == before
    assert read_choice(study, 9) is None


def test_a_limit_holds_for_all_networks_together(runs_dir, space):
    result = automl.search(
        table("signs"), **OPTIONS, space=space, metric="log_loss", max_parameters=2500, runs_dir=runs_dir, study="small"
    )
    record = Record(result.run_dir)
    choice = read_choice(record, 8)
    numbers = [each.trial for each in choice.ensemble.members] if choice.ensemble else [choice.best]
    assert sum(record.trial(number).read_outcome().parameters for number in numbers) <= 2500


def test_a_limit_holds_for_trees_too(runs_dir, space):
    options = {**OPTIONS, "space": space, "trials": 3, "include_trees": True, "max_parameters": 6000}
    record = Record(automl.search(table("sugar"), **options, runs_dir=runs_dir, study="small").run_dir)
    choice = read_choice(record, 3)
    shares = choice.ensemble.shares if choice.ensemble else {choice.best: 1.0}
    of_networks = sum(record.trial(number).read_outcome().parameters for number in shares if number not in TREES)
    assert of_networks + sum(costs_of_trees(record, number)[0] for number in shares if number in TREES) <= 6000


def test_small_networks_are_judged_alone(runs_dir, space):
    options = {**OPTIONS, "trials": 3, "objective": "parameters", "space": space}
    record = Record(automl.search(table("signs"), **options, runs_dir=runs_dir, study="alone").run_dir)
    assert not record.has(ENSEMBLE) and "ensemble" not in record.read_json(JUDGEMENT)


def test_where_none_is_better_together_the_best_is_judged_alone(runs_dir):
    heard = Heard()
    result = automl.search(
        "iris", space="tabular_small", trials=1, ensemble=5, refit=False, runs_dir=runs_dir, progress=heard
    )
    record = Record(result.run_dir)
    assert read_choice(record, 1).ensemble is None and "ensemble" not in record.read_json(JUDGEMENT)
    assert "trial 0 is as good alone as with others of the best 1 trial" in heard.sentences
    assert "ensemble" not in json.loads(record.report_path.read_text())


@pytest.fixture(scope="module")
def folded(tmp_path_factory, empty_store):
    """A study of folds, which answer together."""
    folder = tmp_path_factory.mktemp("folded") / "runs"
    folder.mkdir()
    shutil.copy(empty_store, folder / "mlflow.db")
    (folder / "several.yaml").write_text(SPACE)
    options = {**OPTIONS, "space": str(folder / "several.yaml"), "folds": 3, "trials": 4}
    return Record(automl.search(table("sugar"), **options, runs_dir=folder, study="folded").run_dir)


def test_every_row_is_predicted_by_the_fold_that_did_not_learn_from_it(folded):
    stage = set_out(folded, Plan.from_json(folded.read_json(PLAN)))
    number = next(iter(chosen(folded).shares))
    kept = load_outputs(folded.trial(number).outputs_path)
    parts = []
    for place, fold in enumerate(stage.folds):
        network, preparation = rebuild(folded, number, place)
        scaled = fold.coder.decode(raw_outputs(network, preparation.transform(fold.validation))[:, 0])
        parts.append(scaled)
    assert len(kept) == len(stage.chosen_by) == len(stage.train)
    assert stage.coder.decode(kept[:, 0]) == pytest.approx(np.concatenate(parts), abs=0.2)


def test_folds_are_one_model_without_another_training(folded):
    ensemble = chosen(folded)
    assert [each.fold for each in ensemble.members] == [0, 1, 2] * len(ensemble.shares)
    assert not any(trial.weights_path.exists() for trial in folded.trials())
    assert sum(trial.has_weights for trial in folded.trials()) >= len(ensemble.shares)
    log = folded.log_path.read_text()
    assert "once more" not in log and "one model" in log


def test_folds_tell_how_sure_they_are_by_rows_they_did_not_learn_from(folded):
    stage = set_out(folded, Plan.from_json(folded.read_json(PLAN)))
    calibration = chosen(folded).calibration
    assert calibration.rows == len(stage.chosen_by) and calibration.radius > 0
    told = folded.read_json(JUDGEMENT)["calibration"]
    assert told["coverage"]["ci_low"] < 0.9 < told["coverage"]["ci_high"]


def test_the_bundle_of_folds_answers_as_their_mean(folded):
    rows = read_rows(folded.train_rows_path)
    task = Task.from_json(folded.read_json(TASK))
    stage = set_out(folded, Plan.from_json(folded.read_json(PLAN)))
    wanted = np.zeros(len(rows))
    for each in chosen(folded).members:
        network, preparation = rebuild(folded, each.trial, each.fold)
        outputs = raw_outputs(network, preparation.transform(rows))[:, 0]
        wanted += each.weight * stage.folds[each.fold].coder.decode(outputs)
    found = Predictor(folded.bundle_dir).predict(rows)
    assert task.kind == "regression"
    assert found["prediction"].to_numpy() == pytest.approx(wanted, rel=1e-4)


def test_folds_that_are_not_asked_to_answer_together_keep_no_weights(runs_dir, space):
    options = {**OPTIONS, "space": space, "folds": 2, "trials": 2, "ensemble": 1, "judge": False}
    record = Record(automl.search(table("sugar"), **options, runs_dir=runs_dir, study="alone").run_dir)
    assert not any(trial.has_weights for trial in record.trials())
    assert all(trial.outputs_path.exists() for trial in record.trials())


@pytest.fixture(scope="module")
def mixed(tmp_path_factory, empty_store, real_data):
    """A study of a real table in which boosted trees may join."""
    folder = tmp_path_factory.mktemp("mixed") / "runs"
    folder.mkdir()
    shutil.copy(empty_store, folder / "mlflow.db")
    (folder / "several.yaml").write_text(SPACE)
    rows = pd.read_parquet(real_data / "diamonds" / "data.parquet").sample(1500, random_state=0)
    options = {**OPTIONS, "space": str(folder / "several.yaml"), "trials": 3, "target": "price"}
    return Record(automl.search(rows, **options, include_trees=True, runs_dir=folder, study="stones").run_dir)


def test_boosted_trees_join_where_they_make_it_better(mixed):
    shares = chosen(mixed).shares
    kinds = [TREES[number] for number in shares if number in TREES]
    assert kinds and 0 < sum(shares[number] for number in shares if number in TREES) <= 1 and len(shares) > 1
    assert {path.name for path in mixed.trees_dir.iterdir()} == set(kinds)
    for kind in kinds:
        files = {path.name for path in (mixed.trees_dir / kind).iterdir()}
        assert files == {f"{name}.json" for name in ("arguments", "preparation", "growth")} | {
            "weights.safetensors",
            "outputs.safetensors",
        }
    log, page = mixed.log_path.read_text(), mixed.page_path.read_text()
    assert all(f"{spoken(kind)}, grown in" in log for kind in TREES.values())
    assert all(f"{spoken(kind)} x" in log and spoken(kind) in page for kind in kinds)


def test_the_trees_of_an_ensemble_answer_as_the_baseline_does(mixed):
    stage = set_out(mixed, Plan.from_json(mixed.read_json(PLAN)))
    grow(mixed, stage, -1)
    trees, preparation = rebuild_trees(mixed, -1)
    found = stage.coder.decode(raw_outputs(trees, preparation.transform(stage.validation))[:, 0])
    prepared = stage.prepare(FOR_TREES)
    blocks = prepared.preparation.blocks
    baseline = fit_baseline(BOOSTED_TREES, prepared.train, stage.truth(stage.train), blocks, stage.task, seed=0)
    assert found == pytest.approx(baseline.predict(prepared.validation), rel=1e-3)


def test_what_trees_learned_is_counted(mixed):
    kind = next(number for number in chosen(mixed).shares if number in TREES)
    trees, _ = rebuild_trees(mixed, kind)
    arrays = dict(trees.named_buffers())
    numbers, milliseconds = costs_of_trees(mixed, kind)
    assert numbers == arrays["threshold"].numel() + arrays["value"].numel() and 0 < milliseconds < 10


@pytest.mark.parametrize("form", ["bundle", "onnx", "torch"])
def test_trees_are_exported_with_the_networks(mixed, tmp_path, form):
    told = automl.load(mixed.study, runs_dir=mixed.runs_dir).export(tmp_path / "model", format=form)
    assert told["parity"]["labels_equal"] == 1.0 and told["parity"]["rows"] == 300
    assert set(told["ensemble"]) & set(TREES.values())


def test_trees_that_do_not_help_are_not_kept(runs_dir, space):
    options = {**OPTIONS, "space": space, "trials": 3, "metric": "log_loss", "include_trees": True}
    record = Record(automl.search(table("signs"), **options, runs_dir=runs_dir, study="signs").run_dir)
    choice = read_choice(record, 3)
    joined = choice.ensemble is not None and bool(choice.ensemble.shares.keys() & TREES.keys())
    assert record.trees_dir.exists() == joined


def test_trees_that_are_best_alone_have_the_one_beside_them_that_harms_least():
    truth = np.arange(6.0)
    choosing = object.__new__(_Choosing)
    choosing._best, choosing._link = 0, "identity"
    choosing._pool = {each: (truth + error)[:, None] for each, error in ((0, 3.0), (1, 5.0), (-2, 0.0), (-3, 0.5))}
    choosing._goodness = lambda outputs: (-float(np.abs(outputs[:, 0] - truth).mean()), 0.0)
    choosing._begun_with, choosing._caps = (lambda first: {first: 1.0}), SimpleNamespace(hold=lambda members: True)
    assert choosing._shares() == {-2: 0.75, -3: 0.25}
    choosing._caps.hold = lambda members: -2 not in members or members == {-2}
    assert choosing._shares() == {0: 1.0}
    choosing._pool = {0: truth[:, None], -3: (truth + 0.5)[:, None]}
    assert choosing._shares() == {0: 1.0}


@pytest.mark.parametrize(("metric", "better"), [("accuracy", "sure"), ("balanced_accuracy", "right")])
def test_of_right_rows_the_loss_tells_more_than_their_number(metric, better):
    task = Task("multiclass", "kind", (), ("a", "b", "c"), metric)
    rows = pd.DataFrame({"kind": ["a", "b", "c", "a"]})
    stage = SimpleNamespace(task=task, coder=fit_coder(task, rows["kind"]), weights=lambda rows: None)
    stage.truth = lambda rows: stage.coder.encode(rows["kind"])
    truth = np.eye(3)[stage.truth(rows)]
    outputs = {"right": 0.1 * truth, "sure": 9 * truth}
    outputs["sure"][3, 1] = 9.1
    goodness = _goodness(stage, rows)
    assert max(outputs, key=lambda each: goodness(outputs[each])) == better
