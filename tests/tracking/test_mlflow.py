"""MLflow as a projection of the run folder."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from automl.tracking import facts
from automl.tracking.mlflow import Projection
from automl.tracking.record import Record
from automl.trial import Completed, Outcome

KILLED_OFTEN = """
import os, signal, sys, time
from pathlib import Path
from automl.tracking.mlflow import Projection
from automl.tracking.record import Record

run_dir, uri, *delays = sys.argv[1:]
for delay in delays:
    child = os.fork()
    if child == 0:
        Projection(Record(Path(run_dir)), uri).sync("FINISHED")
        os._exit(0)
    time.sleep(float(delay))
    os.kill(child, signal.SIGKILL)
    print(os.WIFSIGNALED(os.waitpid(child, 0)[1]))
"""


class Shown:
    """What MLflow shows of a study."""

    def __init__(self, record: Record, uri: str) -> None:
        self.client = MlflowClient(uri)
        ids = [experiment.experiment_id for experiment in self.client.search_experiments()]
        wanted = f"tags.`automl.study_id` = '{facts.study_id(record)}'"
        self.runs: list[Run] = list(self.client.search_runs(ids, wanted))
        self.parents = [run for run in self.runs if run.data.tags["automl.role"] == "study"]
        self.children = {
            int(run.data.tags["automl.trial"]): run for run in self.runs if run.data.tags["automl.role"] == "trial"
        }

    @property
    def parent(self) -> Run:
        (parent,) = self.parents
        return parent

    def history(self, run: Run, key: str) -> list[tuple[int, float]]:
        return sorted((point.step, point.value) for point in self.client.get_metric_history(run.info.run_id, key))

    def everything(self) -> str:
        """All of it, as text to compare."""
        told: list[Any] = []
        for run in sorted(self.runs, key=lambda run: run.info.run_id):
            points = {key: self.client.get_metric_history(run.info.run_id, key) for key in run.data.metrics}
            plain = {key: [(p.step, p.value, p.timestamp) for p in points[key]] for key in sorted(points)}
            tags = dict(sorted(run.data.tags.items()))
            told.append([dict(run.info), dict(sorted(run.data.params.items())), tags, plain])
        return json.dumps(told, default=str)


@pytest.fixture
def finished(make_study, add_trials, judge, outcomes: list[Outcome]) -> Record:
    """A study with a trial of each kind, judged."""
    record: Record = make_study()
    add_trials(record, outcomes)
    judge(record)
    return record


def assert_complete(shown: Shown, outcomes: Sequence[Outcome]) -> None:
    """Hold the projection to its promise: a parent, a child a trial, each with its end state and each point once."""
    assert len(shown.runs) == len(outcomes) + 1
    assert shown.parent.info.status == "FINISHED"
    assert sorted(shown.children) == list(range(len(outcomes)))
    for number, outcome in enumerate(outcomes):
        child = shown.children[number]
        assert child.info.status == facts.status_of(outcome)
        assert child.data.tags["mlflow.parentRunId"] == shown.parent.info.run_id
        assert [step for step, _ in shown.history(child, "train_loss")] == [1, 2, 3]
        assert len(shown.history(child, "seconds")) == 1
    assert [step for step, _ in shown.history(shown.parent, "trials_completed")] == list(range(len(outcomes)))


def test_a_finished_study_is_a_parent_and_a_child_a_trial(finished: Record, mlflow_uri: str, outcomes: list[Outcome]):
    Projection(finished, mlflow_uri).sync("FINISHED")
    assert_complete(Shown(finished, mlflow_uri), outcomes)


def test_end_states_are_those_of_the_trials(finished: Record, mlflow_uri: str):
    Projection(finished, mlflow_uri).sync("FINISHED")
    children = Shown(finished, mlflow_uri).children
    states = [children[number].info.status for number in range(5)]
    assert states == ["FINISHED", "FINISHED", "KILLED", "FAILED", "FINISHED"]


def test_a_child_shows_its_config_and_its_times(finished: Record, mlflow_uri: str):
    Projection(finished, mlflow_uri).sync("FINISHED")
    child = Shown(finished, mlflow_uri).children[1]
    params = {"family": "mlp", "optimizer": "adamw", "optimizer.adamw.lr": "0.001", "skip": "true"}
    assert child.data.params == params
    assert child.data.tags["mlflow.runName"] == "trial 1"
    assert child.data.metrics["score"] == 0.9
    assert child.info.end_time - child.info.start_time == 1500


def test_sending_it_all_again_changes_nothing(finished: Record, mlflow_uri: str):
    Projection(finished, mlflow_uri).sync("FINISHED")
    before = Shown(finished, mlflow_uri).everything()
    projection = Projection(finished, mlflow_uri)
    projection.sync("FINISHED")
    projection.sync("FINISHED")
    assert Shown(finished, mlflow_uri).everything() == before


def test_what_a_search_sends_bit_by_bit_equals_what_is_sent_at_once(
    make_study, add_trials, mlflow_uri: str, outcomes: list[Outcome]
):
    record = make_study()
    projection = Projection(record, mlflow_uri)
    for outcome in outcomes:
        projection.sync("RUNNING")
        assert Shown(record, mlflow_uri).parent.info.status == "RUNNING"
        add_trials(record, [outcome])
    projection.sync("FINISHED")
    assert_complete(Shown(record, mlflow_uri), outcomes)


def test_a_trial_that_is_not_over_has_no_child(make_study, add_trials, mlflow_uri: str, outcomes: list[Outcome]):
    record = make_study()
    add_trials(record, [outcomes[0], None])
    Projection(record, mlflow_uri).sync("KILLED")
    shown = Shown(record, mlflow_uri)
    assert sorted(shown.children) == [0]
    assert shown.parent.info.status == "KILLED"


def test_a_resumed_study_runs_again_and_then_is_finished(
    make_study, add_trials, mlflow_uri: str, outcomes: list[Outcome]
):
    record = make_study()
    add_trials(record, outcomes[:2])
    Projection(record, mlflow_uri).sync("KILLED")
    projection = Projection(record, mlflow_uri)
    projection.sync("RUNNING")
    assert Shown(record, mlflow_uri).parent.info.status == "RUNNING"
    add_trials(record, outcomes[2:])
    projection.sync("FINISHED")
    assert_complete(Shown(record, mlflow_uri), outcomes)


def test_a_raised_budget_does_not_stop_the_sending(make_study, mlflow_uri: str):
    record = make_study(trials=5)
    Projection(record, mlflow_uri).sync("KILLED")
    record.write_json("plan.json", record.read_json("plan.json") | {"trials": 200})
    Projection(record, mlflow_uri).sync("FINISHED")
    parent = Shown(record, mlflow_uri).parent
    assert (parent.data.params["trials"], parent.data.tags["budget"]) == ("5", '{"trials": 200}')


def test_the_parent_shows_the_judgement_and_holds_the_bundle(
    make_study, add_trials, judge, mlflow_uri: str, outcomes: list[Outcome]
):
    record = make_study(data="judged.csv")
    add_trials(record, outcomes)
    judge(record)
    Projection(record, mlflow_uri).sync("FINISHED")
    shown = Shown(record, mlflow_uri)
    metrics = shown.parent.data.metrics
    assert [metrics[key] for key in ("test_accuracy", "test_ci_low", "test_ci_high")] == [0.85, 0.8, 0.9]
    assert metrics["best_validation"] == 0.9
    assert shown.parent.data.tags["mlflow.note.content"] == "# adult-1\n"
    assert shown.parent.data.tags["best_trial"] == "1"
    files = {file.path for file in shown.client.list_artifacts(shown.parent.info.run_id)}
    assert files == {"space.yaml", "report.md", "report.json", "bundle"}
    assert (record.runs_dir / "mlartifacts").is_dir()


def test_a_curve_longer_than_a_batch_arrives_whole(make_study, add_trials, mlflow_uri: str):
    record = make_study()
    add_trials(record, [Completed(0.9, 0.3, 3, 600, 1.5, 2000, "epochs")])
    trial = record.trial(0)
    curve = trial.read_curve()
    trial.write_curve([type(curve[0])(epoch, 1 / epoch, 0.5, 0.5, 0.1, 0.01) for epoch in range(1, 601)])
    trial.write_config({f"part.{number}": number for number in range(150)})
    Projection(record, mlflow_uri).sync("FINISHED")
    shown = Shown(record, mlflow_uri)
    assert len(shown.history(shown.children[0], "train_loss")) == 600
    assert len(shown.children[0].data.params) == 150


def test_a_child_that_was_made_and_not_filled_is_completed(finished: Record, mlflow_uri: str, outcomes: list[Outcome]):
    projection = Projection(finished, mlflow_uri)
    client = MlflowClient(mlflow_uri)
    trial = finished.trial(1)
    tags = facts.trial_tags(finished, trial, outcomes[1]) | {"mlflow.parentRunId": projection.run_id}
    made = client.create_run(projection.experiment_id, start_time=1000, tags=tags)
    for point in facts.trial_points(finished, trial, outcomes[1], 1000)[:3]:
        client.log_metric(made.info.run_id, *point)
    Projection(finished, mlflow_uri).sync("FINISHED")
    shown = Shown(finished, mlflow_uri)
    assert_complete(shown, outcomes)
    assert shown.children[1].info.run_id == made.info.run_id


def test_of_two_children_of_one_trial_the_finished_one_stays(
    finished: Record, mlflow_uri: str, outcomes: list[Outcome]
):
    projection = Projection(finished, mlflow_uri)
    projection.sync("FINISHED")
    tags = facts.trial_tags(finished, finished.trial(1), outcomes[1])
    MlflowClient(mlflow_uri).create_run(projection.experiment_id, tags=tags)
    Projection(finished, mlflow_uri).sync("FINISHED")
    shown = Shown(finished, mlflow_uri)
    assert_complete(shown, outcomes)
    assert shown.children[1].info.run_id == projection.trials[1]


def test_a_deleted_experiment_comes_back(make_study, mlflow_uri: str):
    record = make_study(data="deleted.csv")
    client = MlflowClient(mlflow_uri)
    client.delete_experiment(Projection(record, mlflow_uri).experiment_id)
    Projection(record, mlflow_uri).sync("FINISHED")
    assert client.get_experiment_by_name("deleted").lifecycle_stage == "active"


def test_two_studies_of_one_data_set_share_an_experiment(make_study, mlflow_uri: str):
    first, second = (Projection(make_study(name), mlflow_uri) for name in ("adult-1", "adult-2"))
    assert first.experiment_id == second.experiment_id
    assert first.run_id != second.run_id


def test_kills_at_any_instant_leave_nothing_twice_and_nothing_running(
    make_study, add_trials, judge, mlflow_uri: str, outcomes: list[Outcome]
):
    record = make_study()
    add_trials(record, outcomes * 4)
    judge(record)
    delays = [f"{0.05 + 0.08 * kill:.2f}" for kill in range(9)]
    command = [sys.executable, "-c", KILLED_OFTEN, str(record.run_dir), mlflow_uri, *delays]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.count("True") >= 3
    Projection(record, mlflow_uri).sync("FINISHED")
    assert_complete(Shown(record, mlflow_uri), outcomes * 4)


def test_a_plain_folder_of_files_works_too(
    tmp_path: Path, monkeypatch, finished: Record, outcomes: list[Outcome], make_study: Callable[..., Record]
):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    uri = (tmp_path / "mlruns").as_uri()
    Projection(finished, uri).sync("FINISHED")
    Projection(finished, uri).sync("FINISHED")
    assert_complete(Shown(finished, uri), outcomes)
