"""The best trials trained again: the best on average is the winner, everywhere, and the seed's noise is told."""

from __future__ import annotations

import json
import shutil
from statistics import fmean

import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes

import automl
from automl.budget import Clock
from automl.experiment.finals import hold_finals
from automl.experiment.interrupts import Interrupts
from automl.experiment.plan import Plan
from automl.experiment.retrain import RETRAININGS
from automl.experiment.stage import set_out
from automl.experiment.winner import winner
from automl.report.finals import sentence
from automl.report.summary import finals_of
from automl.tracking.record import FINALS, JUDGEMENT, LEDGER, PLAN, Record
from automl.trial import ranked
from tests.watching import Heard

OPTIONS = {"space": "tabular_small", "target": "target", "trials": 6, "pruner": "none", "repeats": 2}


@pytest.fixture(scope="module")
def study(tmp_path_factory, empty_store):
    """A study whose best trials were trained again."""
    folder = tmp_path_factory.mktemp("finals") / "runs"
    folder.mkdir()
    shutil.copy(empty_store, folder / "mlflow.db")
    table = load_diabetes(as_frame=True).frame
    return Record(automl.search(table, **OPTIONS, runs_dir=folder, study="sugar").run_dir)


def hold(record, clock=None, **changes):
    plan = Plan.from_json({**record.read_json(PLAN), **changes})
    heard = Heard()
    given = {"clock": clock or Clock(None), "interrupts": Interrupts(), "say": heard.say}
    hold_finals(record, plan, set_out(record, plan), **given)
    return heard.sentences


def test_the_best_four_are_trained_again_with_the_same_seeds(study):
    told = study.read_json(FINALS)
    best = ranked(study.outcomes().items(), higher_is_better=False)[:4]
    assert [each["trial"] for each in told["finalists"]] == best
    assert [len(each["scores"]) for each in told["finalists"]] == [2] * 4
    members = [member for line in study.read_jsonl(RETRAININGS) for member in line["members"]]
    assert sorted(member["repeat"] for member in members) == [0] * 4 + [1] * 4
    assert len(study.outcomes()) == 6


def test_the_best_on_average_is_the_winner_everywhere(study):
    told = study.read_json(FINALS)
    means = {each["trial"]: fmean(each["scores"]) for each in told["finalists"]}
    best = min(means, key=means.get)
    assert told["winner"] == winner(study) == study.read_json(JUDGEMENT)["trial"] == best
    assert study.read_jsonl(LEDGER)[0]["trial"] == best
    report = json.loads(study.report_path.read_text())
    assert report["best"]["trial"] == best and fmean(report["best"]["repeats"]) == means[best]
    assert json.loads((study.bundle_dir / "manifest.json").read_text())["provenance"]["trial"] == best


def test_a_repeat_is_another_training_of_the_same_config(study):
    for each in study.read_json(FINALS)["finalists"]:
        assert len({study.trial(each["trial"]).read_outcome().score, *each["scores"]}) == 3


def test_the_report_shows_every_repeat_and_the_noise(study):
    told, page = study.read_json(FINALS), study.page_path.read_text()
    section = page.partition("The best trained again")[2].partition("\n## ")[0]
    assert all(f"trial {each['trial']}" in section for each in told["finalists"])
    assert sentence(told, "rmse") in section and "on average over 2 repeats" in section
    assert told["deviation"] > 0 and told["margin"] > told["deviation"]


def test_the_weights_of_the_winner_and_of_the_best_are_kept(study):
    kept = {trial.number for trial in study.trials() if trial.weights_path.exists()}
    assert kept == {winner(study), *ranked(study.outcomes().items(), higher_is_better=False)[:3]}


def test_what_was_trained_is_not_trained_again(study):
    before = (study.run_dir / FINALS).read_text()
    assert hold(study) == []
    (study.run_dir / FINALS).unlink()
    n_lines = len(study.read_jsonl(RETRAININGS))
    assert len(hold(study)) == 2
    assert (study.run_dir / FINALS).read_text() == before and len(study.read_jsonl(RETRAININGS)) == n_lines


def test_more_trials_make_it_out_of_date(study):
    assert finals_of(study) is not None and finals_of(study, 7) is None


def test_where_the_time_is_up_the_best_stays(runs_dir):
    table = load_breast_cancer(as_frame=True).frame
    options = {**OPTIONS, "trials": 2, "repeats": 0}
    record = Record(automl.search(table, **options, runs_dir=runs_dir, study="cells").run_dir)
    said = hold(record, Clock(0.0), repeats=2)
    told = record.read_json(FINALS)
    assert told["winner"] == ranked(record.outcomes().items(), higher_is_better=True)[0]
    assert [each["scores"] for each in told["finalists"]] == [[], []] and told["margin"] is None
    assert said[-1] == f"the time was up before a repeat was over, so that trial {told['winner']} stays the best"
    assert record.read_jsonl(RETRAININGS) == []


def test_a_single_trial_needs_no_finals(runs_dir):
    result = automl.search("iris", space="tabular_small", trials=1, repeats=2, runs_dir=runs_dir, study="irises")
    assert not Record(result.run_dir).has(FINALS)


def test_an_ensemble_begins_with_the_winner_on_average(runs_dir):
    table = load_diabetes(as_frame=True).frame
    result = automl.search(table, **OPTIONS, ensemble=3, runs_dir=runs_dir, study="together")
    record = Record(result.run_dir)
    assert record.read_json("ensemble.json")["best"] == record.read_json(FINALS)["winner"] == result.best["trial"]


def test_folds_are_trained_again_too(runs_dir):
    table = load_diabetes(as_frame=True).frame
    options = {**OPTIONS, "trials": 2, "folds": 2}
    record = Record(automl.search(table, **options, runs_dir=runs_dir, study="folded").run_dir)
    assert [len(each["scores"]) for each in record.read_json(FINALS)["finalists"]] == [2, 2]
    assert winner(record) == record.read_json(JUDGEMENT)["trial"]
