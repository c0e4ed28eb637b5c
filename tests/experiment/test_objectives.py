"""Several objectives, end to end: a front beside the winner, in the record, the reports, MLflow and as weights."""

from __future__ import annotations

import json
import shutil

import pytest
from mlflow import MlflowClient

import automl
from automl.errors import PlanError
from automl.tracking.record import Record
from automl.trial import Aim

COSTS = ("parameters", "latency")


@pytest.fixture(scope="module")
def searched(tmp_path_factory, empty_store):
    """One search over iris with two costs beside the score."""
    folder = tmp_path_factory.mktemp("objectives") / "runs"
    folder.mkdir()
    shutil.copy(empty_store, folder / "mlflow.db")
    return automl.search("iris", space="tabular_small", trials=12, seed=2, objective=COSTS, runs_dir=folder)


def _front(result):
    return Aim(True, COSTS).front(Record(result.run_dir).outcomes().items())


def test_the_summary_lists_the_front_best_score_first(searched):
    front = searched.summary["pareto"]
    assert [each["trial"] for each in front] == _front(searched)
    assert list(front[0]) == ["trial", "validation", *COSTS]
    assert [each["validation"] for each in front] == sorted((each["validation"] for each in front), reverse=True)


def test_the_winner_is_the_best_score_of_the_front(searched):
    assert searched.best["trial"] == searched.summary["pareto"][0]["trial"]
    assert json.loads((searched.run_dir / "judgement.json").read_text())["trial"] == searched.best["trial"]


def test_costs_are_what_is_known_before_the_training(searched):
    outcomes = Record(searched.run_dir).outcomes()
    for trial, outcome in outcomes.items():
        assert outcome.parameters == sum(layer["parameters"] for layer in searched.layers(trial))
        assert 0.01 < outcome.latency < 1.0


def test_the_weights_of_the_front_are_kept_and_each_can_be_exported(searched, tmp_path):
    kept = {trial.number for trial in Record(searched.run_dir).trials() if trial.weights_path.exists()}
    assert set(_front(searched)) <= kept
    last = _front(searched)[-1]
    assert searched.export(tmp_path / "bundle", trial=last)["trial"] == last


def test_the_front_is_tagged_in_mlflow(searched):
    client = MlflowClient(f"sqlite:///{searched.run_dir.parent / 'mlflow.db'}")
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    tagged = client.search_runs(ids, "tags.pareto = 'true'")
    assert {int(run.data.tags["automl.trial"]) for run in tagged} == set(_front(searched))
    assert all(run.data.metrics["latency"] > 0 for run in tagged)


def test_the_plan_says_what_was_made_of_it(searched):
    plan = json.loads((searched.run_dir / "plan.json").read_text())
    assert plan["objective"] == list(COSTS)
    assert plan["remarks"][0].startswith("tpe seeks a good accuracy with few parameters and a low latency")


def test_the_same_command_gives_the_same_front(searched, runs_dir):
    again = automl.search("iris", space="tabular_small", trials=12, seed=2, objective=COSTS, runs_dir=runs_dir)
    assert again.summary["pareto"] == searched.summary["pareto"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"pruner": "median", "sampler": "qmc"},
        {"pruner": "hyperband", "sampler": "nsga2", "objective": "seconds"},
        {"pruner": "none", "sampler": "gp", "objective": "parameters"},
    ],
    ids=lambda options: options["sampler"],
)
def test_a_search_that_goes_on_equals_one_that_was_not_stopped(runs_dir, options):
    shared = {"space": "tabular_small", "seed": 4, "judge": False, "runs_dir": runs_dir}
    whole = automl.search("iris", trials=14, study="whole", **shared | options)
    automl.search("iris", trials=6, study="parts", **shared | options)
    parts = automl.resume("parts", trials=14, runs_dir=runs_dir)
    told = [Record(each.run_dir) for each in (whole, parts)]
    if options.get("objective") == "seconds":  # measured, so that only what does not depend on it is the same
        assert [len(record.trials()) for record in told] == [14, 14]
        return
    configs = [[trial.read_config() for trial in record.trials()] for record in told]
    assert configs[0] == configs[1]
    assert told[0].read_jsonl("rungs.jsonl") == told[1].read_jsonl("rungs.jsonl")


@pytest.mark.slow
def test_median_and_hyperband_stop_trials(runs_dir):
    shared = {"space": "tabular_small", "seed": 0, "judge": False, "trials": 24, "runs_dir": runs_dir, "cohort": "6"}
    for pruner in ("median", "hyperband"):
        result = automl.search("wine", study=pruner, pruner=pruner, **shared)
        assert 2 <= result.summary["trials"]["pruned"] < 22


def test_a_grid_is_searched_to_its_end_by_several_processes(runs_dir, tmp_path):
    batches, epochs = "{choice: [32, 64, 128], default: 32}", "{choice: [1, 2], default: 1}"
    text = f"{{name: g, space: {{training: {{batch_size: {batches}, epochs: {epochs}}}}}}}"
    (tmp_path / "grid.yaml").write_text(text)
    space = str(tmp_path / "grid.yaml")
    result = automl.search("iris", space=space, sampler="grid", trials=50, jobs=2, judge=False, runs_dir=runs_dir)
    record = Record(result.run_dir)
    configs = {json.dumps(trial.read_config()) for trial in record.trials()}
    assert len(configs) == len(record.trials()) == 6
    assert "every config of the grid is tried" in record.log_path.read_text()


def test_a_grid_without_end_is_refused_and_leaves_no_study(runs_dir):
    with pytest.raises(PlanError, match=r"^grid tries every config, and there is no end of them in "):
        automl.search("iris", space="tabular_small", sampler="grid", study="endless", runs_dir=runs_dir)
    assert not (runs_dir / "endless").exists()
