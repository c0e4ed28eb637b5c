"""The winner trained once more on training and validation rows: which network it is, and that nothing else changes."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

import automl
from automl.budget import Clock
from automl.data.prepare import fit_preparation
from automl.data.rows import joined, read_rows
from automl.data.seal import Seal
from automl.errors import Interrupted
from automl.evaluation.metrics import score
from automl.experiment import deliver
from automl.experiment.arriving import study_rows
from automl.experiment.checkpoints import CHECKPOINTS
from automl.experiment.interrupts import Interrupts
from automl.experiment.model import Model, model_of, searched_model
from automl.experiment.plan import Plan
from automl.experiment.recipe import read_recipe
from automl.experiment.resume import resume
from automl.experiment.stage import Stage, set_out
from automl.experiment.trainer import Candidate, Trainer
from automl.experiment.update import update_study
from automl.experiment.verdict import judge_study
from automl.experiment.watch import Unwatched
from automl.export.predictor import Predictor
from automl.report.figures import spoken
from automl.report.replay import command
from automl.tracking.facts import read_study
from automl.tracking.record import JUDGEMENT, LEDGER, PLAN, REFIT, Record
from automl.training.checkpoint import Pace
from automl.training.weights import raw_outputs
from automl.trial import TREES
from tests.killing import Killed
from tests.refits import BRIEF, refit, without_refit

OPTIONS = {"space": "tabular_small", "target": "target", "trials": 5, "sampler": "random", "refit": True}


def sugar():
    return load_diabetes(as_frame=True).frame


def searched(runs_dir, store, rows, **options):
    runs_dir.mkdir(exist_ok=True)
    shutil.copy(store, runs_dir / "mlflow.db")
    return Record(automl.search(rows, **{**OPTIONS, **options}, runs_dir=runs_dir, study="sugar").run_dir)


@pytest.fixture(scope="module")
def study(tmp_path_factory, empty_store):
    """A study whose winner was trained once more."""
    return searched(tmp_path_factory.mktemp("refit") / "runs", empty_store, sugar())


@pytest.fixture(scope="module")
def together(tmp_path_factory, empty_store):
    """One whose trials and trees answer together."""
    folder = tmp_path_factory.mktemp("together")
    (folder / "brief.yaml").write_text(BRIEF)
    options = {"space": str(folder / "brief.yaml"), "ensemble": 3, "include_trees": True, "metric": "log_loss"}
    return searched(folder / "runs", empty_store, load_breast_cancer(as_frame=True).frame, trials=3, **options)


@pytest.fixture
def copy(study, tmp_path):
    """A copy of the first, of which nothing was trained once more."""
    return without_refit(study, tmp_path)


def whole_of(record):
    """All rows that are not sealed, as the refit sees them."""
    stage = set_out(record, Plan.from_json(record.read_json(PLAN)))
    return Stage(stage.task, stage.coder, joined(stage.train, stage.validation), stage.validation)


def _refit_of(record):
    return Record(record.refit_dir)


def weights_of(record, trial):
    from safetensors.torch import load_file

    return load_file(record.trial(trial).weights_path)


def equal(one, other):
    return all(torch.equal(weight, other[name]) for name, weight in one.items())


def test_it_is_the_winners_training_on_all_rows_for_as_many_epochs_as_were_best(study):
    model, before = model_of(study), searched_model(study)
    kept, outcome = study.trial(model.trial), study.trial(model.trial).read_outcome()
    stage = whole_of(study)
    watch = Unwatched(False, Clock(None), Interrupts())
    candidate = Candidate(kept.read_config(), (0, model.trial))
    fitted = Trainer(stage, torch.device("cpu")).refit(candidate, kept.read_curve()[: outcome.best_epoch], watch)
    assert len(fitted.epochs) == outcome.best_epoch
    assert equal(fitted.weights, weights_of(Record(study.refit_dir), model.trial))
    assert not equal(fitted.weights, weights_of(study, model.trial))
    assert model.before == before and before.before is None
    told = Record(study.refit_dir).read_json(REFIT)
    assert told["of"] == before.weights_sha256 and told["rows"] == len(stage.train) == 354
    assert [(each["trial"], each["epochs"]) for each in told["members"]] == [(model.trial, outcome.best_epoch)]


def test_its_columns_are_prepared_by_all_rows_too(study):
    _, preparation = model_of(study).rebuild()
    recipe = read_recipe(study.trial(model_of(study).trial).read_config())
    assert preparation == fit_preparation(whole_of(study).train, whole_of(study).task.columns, recipe.preparing)
    assert preparation != model_of(study).before.rebuild()[1]


def test_it_is_judged_in_the_one_opening_beside_itself_before(study):
    judged, ledger = study.read_json(JUDGEMENT), study.read_jsonl(LEDGER)
    rows = pd.read_parquet(study.judgement_rows_path)
    assert [event["event"] for event in ledger].count("opening") == 1
    assert ledger[0]["weights_sha256"] == model_of(study).weights_sha256
    for column, value in (("prediction", judged["test"]), ("prediction_before_refit", judged["refit"]["before"])):
        error = np.sqrt(((rows[column] - rows["truth"]) ** 2).mean())
        assert value["value"] == pytest.approx(error, rel=1e-6)
    lead = judged["refit"]["before"]["value"] - judged["test"]["value"]
    assert judged["refit"]["lead"]["value"] == pytest.approx(lead)
    assert "before_refit" not in judged["baselines"] and "before_refit" not in judged["differences"]


def test_the_gap_is_of_the_network_that_was_validated(study):
    judged, outcome = study.read_json(JUDGEMENT), study.trial(model_of(study).trial).read_outcome()
    assert judged["gap"]["value"] == pytest.approx(judged["refit"]["before"]["value"] - outcome.score)


def test_every_report_says_so(study):
    page, report = study.page_path.read_text(), json.loads(study.report_path.read_text())
    told = study.read_json(JUDGEMENT)["refit"]
    epochs = told["members"][0]["epochs"]
    trial = f"trial {report['best']['trial']} for {epochs} epoch"
    assert f"The refit: trained once more on training and validation rows together, 354 rows: {trial}" in page
    assert "before the refit" in page
    assert f"The network is {told['verdict']}." in page
    assert report["refit"] == told and "before the refit" in study.webpage_path.read_text()
    assert "on training and validation rows together" in page.partition("## Search")[2]
    plan = study.read_json(PLAN) | {"data": "sugar.csv"}
    said = [command(plan | {"refit": refit}, "space.yaml") for refit in (True, False, None)]
    assert ["--refit" in each for each in said] == [True, False, False]
    assert ["--no-refit" in each for each in said] == [False, True, False]
    assert read_study(study).params["refit"] == "true"


def test_it_is_what_is_exported_and_a_trial_by_its_number_is_as_it_was(study, tmp_path):
    rows = sugar().head(20)
    for trial, model in ((None, model_of(study)), (model_of(study).trial, searched_model(study))):
        deliver.export(study, tmp_path / "one", trial=trial)
        network, preparation = model.rebuild()
        outputs = whole_of(study).coder.predictions(raw_outputs(network, preparation.transform(rows)))
        assert Predictor(tmp_path / "one").predict(rows)["prediction"].to_numpy() == pytest.approx(outputs, rel=1e-4)
        card = (tmp_path / "one" / "MODEL_CARD.md").read_text()
        assert ("The refit: trained once more" in card) == ("this model before the refit" in card) == (trial is None)
        assert ("test (sealed)" in card) == (trial is None)
        shutil.rmtree(tmp_path / "one")


def test_networks_and_trees_that_answer_together_are_all_trained_once_more(together):
    model, before = model_of(together), searched_model(together)
    assert model.ensemble.shares == before.ensemble.shares and set(model.ensemble.shares) & set(TREES)
    pairs = zip(model.ensemble.members, before.ensemble.members)
    assert all(one.weights_sha256 != other.weights_sha256 for one, other in pairs)
    assert model.ensemble.calibration == before.ensemble.calibration
    judged, task = together.read_json(JUDGEMENT), whole_of(together).task
    rows = read_rows(together.sealed_dir / "test.parquet")
    for each, told in ((model, judged["test"]), (before, judged["refit"]["before"])):
        network, preparation = each.rebuild()
        logits = each.calibration().of_logits(raw_outputs(network, preparation.transform(rows)))
        outputs = whole_of(together).coder.predictions(logits)
        assert told["value"] == pytest.approx(
            score("log_loss", whole_of(together).truth(rows), outputs, task), rel=1e-6
        )


def test_the_best_trial_beside_them_was_trained_once_more_too(together):
    model = model_of(together)
    assert model.alone.record.run_dir == together.refit_dir
    assert set(model.ensemble.shares) | {model.trial} == {
        each["trial"] for each in Record(together.refit_dir).read_json(REFIT)["members"]
    }
    assert f"trial {model.trial} alone" in together.page_path.read_text()


def test_where_no_time_is_left_trees_stay_as_they_are_too(together, tmp_path):
    shutil.copytree(together.run_dir, tmp_path / together.study)
    record = Record(tmp_path / together.study)
    shutil.rmtree(record.refit_dir)
    said = refit(record, Clock(0.0))
    kinds = [TREES[number] for number in searched_model(record).ensemble.shares if number in TREES]
    assert kinds and {f"{spoken(kind)}, as they are: there was no time left" for kind in kinds} <= {*said}
    for kind in kinds:
        places = [folder / kind / "weights.safetensors" for folder in (record.trees_dir, _refit_of(record).trees_dir)]
        assert places[0].read_bytes() == places[1].read_bytes()
    assert model_of(record) == searched_model(record)


def test_a_training_that_was_cut_off_goes_on_and_ends_as_one_that_never_was(study, copy, monkeypatch):
    heard = []

    def stop(self, epochs):
        heard.append(epochs[0].epoch)
        if len(heard) == 4:
            raise Killed
        return set()

    monkeypatch.setattr(Pace, "is_due", lambda self, n_weights: True)
    monkeypatch.setattr(Unwatched, "epoch_ended", stop)
    with pytest.raises(Killed):
        refit(copy)
    assert model_of(copy) == searched_model(copy)
    said = refit(copy)
    assert any("goes on after epoch 3" in each for each in said) and heard[3:5] == [4, 4]
    assert model_of(copy).weights_sha256 == model_of(study).weights_sha256
    assert not [*(copy.run_dir / CHECKPOINTS).rglob("*.safetensors")]
    assert refit(copy) == []


def test_who_asks_for_the_end_is_obeyed(copy):
    interrupts = Interrupts()
    interrupts.ask()
    with pytest.raises(Interrupted):
        refit(copy, interrupts=interrupts)


def test_where_no_time_is_left_the_model_is_as_the_search_left_it(copy):
    trial = searched_model(copy).trial
    assert refit(copy, Clock(0.0)) == [f"trial {trial} stays as it is: there was no time left"]
    assert model_of(copy) == searched_model(copy)


def test_what_comes_to_no_finite_loss_stays_as_it_is(copy, monkeypatch):
    true = Trainer.refit

    def wild(self, candidate, *given):
        config = candidate.config | {"optimizer": "sgd", "optimizer.sgd.lr": 1e30}
        return true(self, Candidate(config, candidate.seed), *given)

    monkeypatch.setattr(Trainer, "refit", wild)
    assert refit(copy)[-1].endswith("stays as it is: trained once more, it came to no finite loss")
    assert model_of(copy) == searched_model(copy)


def test_what_raises_stays_as_it_is(copy, monkeypatch):
    monkeypatch.setattr(Trainer, "refit", lambda *given: 1 / 0)
    assert refit(copy)[-1].endswith("stays as it is: ZeroDivisionError: division by zero")


def test_a_refit_of_another_model_does_not_count(copy):
    refit(copy)
    other = next(number for number in (0, 1, 2, 3, 4) if number != searched_model(copy).trial)
    folder = Record(copy.refit_dir)
    folder.write_json(REFIT, folder.read_json(REFIT) | {"of": "0" * 64})
    assert model_of(copy) == searched_model(copy)
    assert refit(copy)[0].startswith("training trial") and model_of(copy).before is not None
    assert model_of(copy, other) == Model(copy, other)


def test_new_rows_are_validated_by_new_rows_alone(study, tmp_path, empty_store):
    plan = Plan.from_json(study.read_json(PLAN))
    frames = study_rows(study, plan)
    assert frames["validation"] == [] and sum(map(len, frames["train"])) == 354
    rows = sugar()
    record = searched(tmp_path / "runs", empty_store, rows.head(300), trials=2)
    told = update_study(record, rows.tail(142))
    assert told["learned"]["validation"] == told["rows"]["validation"]
    assert told["present"]["weights_sha256"] == model_of(record).weights_sha256


def test_a_search_that_goes_on_trains_its_winner_anew(tmp_path, empty_store):
    record = searched(tmp_path / "runs", empty_store, sugar(), trials=2, judge=False)
    assert not record.refit_dir.exists()
    judge_study(record)
    first = Record(record.refit_dir).read_json(REFIT)
    resume(record, trials=6, break_seal="more trials")
    again = Record(record.refit_dir).read_json(REFIT)
    assert again["of"] == searched_model(record).weights_sha256
    assert (again == first) == (searched_model(record).weights_sha256 == first["of"])
    assert len(Seal(record.run_dir).openings()) == 2


def test_the_same_seed_gives_the_same_model(study, tmp_path, empty_store):
    again = searched(tmp_path / "runs", empty_store, sugar())
    assert model_of(again).weights_sha256 == model_of(study).weights_sha256
    assert again.read_json(JUDGEMENT)["test"] == study.read_json(JUDGEMENT)["test"]


def some_digits(folder):
    """Images in a file, and a space of one small network."""
    numbers = load_digits()
    np.savez(folder / "some.npz", x=numbers.images[:400].astype("uint8"), y=numbers.target[:400])
    (folder / "one.yaml").write_text(
        "name: one\nspace:\n  family: {choice: {cnn: {stages: 1, width: 8}}, default: cnn}\n"
        "  augment: {shift: 0.1}\n  training: {epochs: 3, batch_size: 64}\n"
    )
    return str(folder / "some.npz"), {"space": str(folder / "one.yaml"), "trials": 1, "target": None}


def test_images_are_learned_from_once_more_as_rows_are(tmp_path, empty_store):
    rows, options = some_digits(tmp_path)
    record = searched(tmp_path / "runs", empty_store, rows, **options)
    assert model_of(record).before is not None and record.read_json(JUDGEMENT)["refit"]["rows"] == 320


@pytest.mark.parametrize(("more", "is_refit"), [({}, True), ({"refit": False}, False), ({"folds": 2}, None)])
def test_where_there_are_rows_enough_the_winner_is_trained_once_more_unless_nobody_wants_that(
    more, is_refit, tmp_path, empty_store
):
    rows = pd.concat([sugar()] * 4, ignore_index=True).assign(row=np.arange(1768))
    options = {"space": str(tmp_path / "brief.yaml"), "trials": 1, "refit": None, **more}
    (tmp_path / "brief.yaml").write_text(BRIEF)
    record = searched(tmp_path / "runs", empty_store, rows, **options)
    assert record.read_json(PLAN)["refit"] is is_refit
    assert (model_of(record).before is not None) == ("refit" in record.read_json(JUDGEMENT)) == bool(is_refit)


def test_where_there_are_few_rows_it_is_not(tmp_path, empty_store):
    record = searched(tmp_path / "runs", empty_store, sugar(), trials=1, refit=None)
    assert record.read_json(PLAN)["refit"] is None and not record.refit_dir.exists()
