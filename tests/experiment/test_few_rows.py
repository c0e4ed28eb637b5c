"""What becomes of few rows where nobody says it: folds choose an ensemble, and answer; of folds a refit may come."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes

import automl
from automl.budget import Clock
from automl.data.rows import read_rows
from automl.experiment.dry_run import dry_run
from automl.experiment.few_rows import settle_by_rows
from automl.experiment.model import model_of, searched_model
from automl.experiment.plan import Plan
from automl.experiment.stage import set_out
from automl.experiment.trees import arguments_of, outputs_of_trees, rebuild_trees
from automl.experiment.update import update_study
from automl.export.predictor import Predictor
from automl.report.replay import command
from automl.report.summary import summarise
from automl.tracking.record import JUDGEMENT, PLAN, SPLIT, Record
from automl.training.weights import raw_outputs
from automl.trial import TREES
from tests.refits import BRIEF, refit, without_refit

OPTIONS = {"target": "target", "trials": 3, "sampler": "random", "pruner": "none", "ensemble": 4, "include_trees": True}


def sugar():
    return load_diabetes(as_frame=True).frame


def cells():
    return load_breast_cancer(as_frame=True).frame


def searched(folder, store, rows, **options):
    runs_dir = folder / "runs"
    runs_dir.mkdir(exist_ok=True)
    shutil.copy(store, runs_dir / "mlflow.db")
    (folder / "brief.yaml").write_text(BRIEF)
    given = {**OPTIONS, "space": str(folder / "brief.yaml"), **options}
    return Record(automl.search(rows, **given, runs_dir=runs_dir, study="few").run_dir)


@pytest.fixture(scope="module")
def few(tmp_path_factory, empty_store):
    """A study of few rows, of whose folds what is chosen is trained once more."""
    return searched(tmp_path_factory.mktemp("few"), empty_store, sugar(), folds=5, refit=True)


@pytest.fixture(scope="module")
def bagged(tmp_path_factory, empty_store):
    """One of folds that answer together, trees among them."""
    return searched(tmp_path_factory.mktemp("bagged"), empty_store, sugar(), folds=3)


@pytest.fixture
def copy(few, tmp_path):
    """A copy of the first, of which nothing was trained once more."""
    return without_refit(few, tmp_path)


def test_an_ensemble_is_chosen_over_folds_and_trained_once_more(few):
    assert few.read_json(PLAN)["folds"] == few.read_json(SPLIT)["folds"] == 5 and few.read_json(PLAN)["refit"] is True
    assert "few_rows" not in {each["kind"] for each in few.read_json(SPLIT)["findings"]}
    model, before = model_of(few), searched_model(few)
    assert {each.fold for each in before.ensemble.members} == {0, 1, 2, 3, 4}
    assert {each.fold for each in model.ensemble.members} == {None}
    assert model.ensemble.shares == pytest.approx(before.ensemble.shares)
    assert model.ensemble.calibration == before.ensemble.calibration and model.calibration().rows == 354
    assert len(model.ensemble.members) == len(before.ensemble.shares)


def test_both_are_judged_in_the_one_opening(few):
    judged = few.read_json(JUDGEMENT)
    assert judged["refit"]["rows"] == 354 and judged["ensemble"]["folds"] == 0
    page = few.page_path.read_text()
    assert "before the refit" in page and "mean over 5 folds of 354 rows" in page


def test_what_is_exported_knows_all_rows(few):
    rows = read_rows(few.validation_rows_path)
    network, preparation = model_of(few).rebuild()
    stage = set_out(few, Plan.from_json(few.read_json(PLAN)))
    wanted = stage.coder.decode(raw_outputs(network, preparation.transform(rows))[:, 0])
    assert Predictor(few.bundle_dir).predict(rows)["prediction"].to_numpy() == pytest.approx(wanted, rel=1e-4)


def test_new_rows_can_come_to_it(few, tmp_path):
    shutil.copytree(few.runs_dir, tmp_path / "runs")
    record = Record(tmp_path / "runs" / few.study)
    new = sugar().assign(age=lambda rows: rows["age"] + 0.001).iloc[:150]
    told = update_study(record, new)
    shares = model_of(few).ensemble.shares
    assert {each["trial"] for each in told["continued"]["members"]} == shares.keys() - TREES.keys()


@pytest.mark.parametrize(
    ("more", "folds"),
    [
        ({"refit": False}, None),
        ({"refit": True}, None),
        ({"folds": 2, "refit": None}, 2),
        ({"ensemble": 1, "include_trees": False}, None),
        ({"validation": "0.3"}, None),
        ({"max_parameters": 10_000}, None),
        ({"time": "row"}, None),
    ],
)
def test_who_says_anything_of_it_is_obeyed(more, folds, tmp_path, empty_store):
    rows = sugar().assign(row=np.arange(442)) if "time" in more else sugar()
    record = searched(tmp_path, empty_store, rows, **{"judge": False, "include_trees": False, "trials": 1, **more})
    assert record.read_json(PLAN)["folds"] == folds and record.read_json(PLAN)["refit"] is more.get("refit")
    assert ("folds" in record.read_json(SPLIT)) == (folds is not None)


@pytest.mark.parametrize(
    ("asked", "n_rows", "settled"),
    [
        ({}, 999, None),
        ({}, 1000, True),
        ({"refit": False}, 1000, False),
        ({"refit": True}, 10, True),
        ({"folds": 3}, 1000, None),
    ],
)
def test_rows_decide_on_a_refit_where_nobody_does(asked, n_rows, settled, tmp_path):
    plan = Plan(data="iris", study="iris", runs_dir=str(tmp_path), **asked)
    record, stage = Record.create(tmp_path, "iris", plan.to_json()), SimpleNamespace(train=range(n_rows))
    found, same = settle_by_rows(record, plan, stage)
    assert found.refit is settled and same is stage
    assert Plan.from_json(record.read_json(PLAN)).refit is settled


def test_a_class_that_folds_would_lack_leaves_the_rows_as_they_are(tmp_path, empty_store):
    rows = pd.DataFrame({"x": np.arange(60.0), "target": ["rare"] * 4 + ["common"] * 56})
    record = searched(tmp_path, empty_store, rows, judge=False, include_trees=False, trials=1, metric="roc_auc")
    assert record.read_json(PLAN)["folds"] is None and record.read_json(PLAN)["refit"] is None


def test_a_dry_run_tells_of_the_folds(tmp_path):
    (tmp_path / "sugar.csv").write_text(sugar().to_csv(index=False))
    given = {"data": str(tmp_path / "sugar.csv"), "target": "target", "runs_dir": str(tmp_path / "runs")}
    one, several = (dry_run(Plan(study="dry", trials=1, ensemble=each, **given)) for each in (1, 4))
    assert several["trial"]["bytes"] > one["trial"]["bytes"]
    assert [each["kind"] for each in several["findings"]] == [*(each["kind"] for each in one["findings"]), "few_rows"]


def test_trees_of_folds_answer_the_rows_they_did_not_learn_from(bagged):
    stage = set_out(bagged, Plan.from_json(bagged.read_json(PLAN)))
    kinds = searched_model(bagged).ensemble.shares.keys() & TREES.keys()
    assert kinds and outputs_of_trees(bagged).keys() == kinds
    for kind in kinds:
        kept = stage.coder.decode(outputs_of_trees(bagged)[kind][:, 0])
        for place, fold in enumerate(stage.folds):
            trees, preparation = rebuild_trees(bagged, kind, place)
            told = fold.coder.decode(raw_outputs(trees, preparation.transform(fold.validation))[:, 0])
            own, kept = kept[: len(told)], kept[len(told) :]
            assert own == pytest.approx(told, rel=1e-4)
        assert len(kept) == 0 and arguments_of(bagged, kind, 0) != arguments_of(bagged, kind, 1)


@pytest.mark.parametrize("form", ["bundle", "onnx", "torch"])
def test_trees_of_folds_are_exported_with_the_networks(bagged, tmp_path, form):
    assert model_of(bagged).before is None and bagged.read_json(JUDGEMENT)["ensemble"]["folds"] == 3
    told = automl.load(bagged.study, runs_dir=bagged.runs_dir).export(tmp_path / "model", format=form)
    assert told["parity"]["largest_difference"] < 1e-3 and set(told["ensemble"]) & set(TREES.values())


def test_what_could_not_be_trained_once_more_answers_by_its_folds(few, copy, monkeypatch):
    left = searched_model(copy).trial

    def fail(self, candidate, *given, **more):
        raise ValueError("no")

    monkeypatch.setattr("automl.experiment.trainer.Trainer.refit", fail)
    refit(copy, Clock(None))
    model, before = model_of(copy), searched_model(copy)
    assert model.ensemble.shares == pytest.approx(before.ensemble.shares)
    folds = {number: {each.fold for each in model.ensemble.members if each.trial == number} for number in TREES}
    assert all(own in ({None}, set()) for own in folds.values())
    assert {each.fold for each in model.ensemble.members if each.trial not in TREES} == {0, 1, 2, 3, 4}
    assert model.alone.ensemble is not None and model.alone.trial == left
    network, preparation = model.rebuild()
    rows = read_rows(copy.validation_rows_path)
    assert np.isfinite(raw_outputs(network, preparation.transform(rows))).all()


def test_where_no_time_is_left_the_folds_are_the_model(copy):
    refit(copy, Clock(0.0))
    assert model_of(copy) == searched_model(copy)


@pytest.mark.parametrize("include_trees", [False, True])
def test_few_rows_have_folds_that_answer_together_as_if_asked_for(include_trees, tmp_path, empty_store):
    own, other = (tmp_path / each for each in ("own", "other"))
    own.mkdir()
    other.mkdir()
    record = searched(own, empty_store, sugar(), include_trees=include_trees)
    assert record.read_json(PLAN)["folds"] == 5 and record.read_json(PLAN)["refit"] is None
    assert {each.fold for each in model_of(record).ensemble.members} == {0, 1, 2, 3, 4}
    said = "354 rows are few to choose an ensemble by: 5 folds of them choose, and their models answer together"
    assert said in record.page_path.read_text()
    words = command(record.read_json(PLAN) | {"data": "sugar.csv"}, "space.yaml")
    assert "--folds 5" in words and "refit" not in words
    again = searched(other, empty_store, sugar(), include_trees=include_trees, folds=5)
    assert model_of(again).weights_sha256 == model_of(record).weights_sha256
    assert summarise(again)["test"] == summarise(record)["test"]


def test_one_trial_of_folds_alone_is_one_network_after_its_refit(tmp_path, empty_store):
    record = searched(tmp_path, empty_store, cells(), trials=1, include_trees=False, folds=5, refit=True)
    before, model = searched_model(record), model_of(record)
    assert len(before.ensemble.members) == 5 and model.ensemble is None and model.before == before
    assert model.calibration() == before.ensemble.calibration
    told = json.loads(record.report_path.read_text())
    assert told["refit"]["members"] == [{"trial": 0, "epochs": 3}] and "ensemble" not in told


def test_trees_alone_are_grown_as_long_as_over_folds(few):
    grown = Record(few.refit_dir).trees_dir
    for path in grown.glob("*/growth.json"):
        own = json.loads((few.trees_dir / path.parent.name / "growth.json").read_text())
        assert json.loads(path.read_text())["repeat"] == own["repeat"]
