"""MLflow as a projection of the run folder."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from automl.tracking import facts
from automl.tracking.mlflow import Projection
from automl.tracking.record import Record
from automl.tracking.trial_record import TrialRecord
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

KILLED_AT_THE_TABLES = """
import os, signal, sqlite3, sys, time
from contextlib import closing
from pathlib import Path
from automl.tracking.mlflow import Projection
from automl.tracking.record import Record

run_dir, uri, new = sys.argv[1:]
child = os.fork()
if child == 0:
    Projection(Record(Path(run_dir)), uri)
    os._exit(0)
while os.waitpid(child, os.WNOHANG) == (0, 0):
    try:
        with closing(sqlite3.connect(f"file:{new}?mode=ro", uri=True)) as tables:
            if tables.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] > 10:
                os.kill(child, signal.SIGKILL)
    except sqlite3.OperationalError:
        time.sleep(0.001)
print(os.path.exists(new))
"""


class Shown:
    """What MLflow shows of a study."""

    def __init__(self, record: Record, uri: str) -> None:
        self.client = MlflowClient(uri)
        ids = [experiment.experiment_id for experiment in self.client.search_experiments()]
        wanted = f"tags.`automl.study_id` = '{facts.read_study(record).study_id}'"
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


@pytest.fixture(params=["mlflow_uri", "strange_uri"], ids=["straight", "client"])
def uri(request: pytest.FixtureRequest) -> str:
    """The address of a database that is written straight, and of one that MLflow's client writes."""
    found: str = request.getfixturevalue(request.param)
    return found


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


def test_a_finished_study_is_a_parent_and_a_child_a_trial(finished: Record, uri: str, outcomes: list[Outcome]):
    Projection(finished, uri).sync("FINISHED")
    assert_complete(Shown(finished, uri), outcomes)


def test_end_states_are_those_of_the_trials(finished: Record, uri: str):
    Projection(finished, uri).sync("FINISHED")
    children = Shown(finished, uri).children
    states = [children[number].info.status for number in range(5)]
    assert states == ["FINISHED", "FINISHED", "KILLED", "FAILED", "FINISHED"]


def test_a_child_shows_its_config_and_its_times(finished: Record, uri: str):
    Projection(finished, uri).sync("FINISHED")
    child = Shown(finished, uri).children[1]
    params = {"family": "mlp", "optimizer": "adamw", "optimizer.lr": "0.001", "skip": "true"}
    assert child.data.params == params
    assert child.data.tags["mlflow.runName"] == "trial 1 of adult-1"
    assert child.data.metrics["score"] == 0.9
    assert child.info.end_time - child.info.start_time == 1500


def test_sending_it_all_again_changes_nothing(finished: Record, uri: str):
    Projection(finished, uri).sync("FINISHED")
    before = Shown(finished, uri).everything()
    projection = Projection(finished, uri)
    projection.sync("FINISHED")
    projection.sync("FINISHED")
    assert Shown(finished, uri).everything() == before


def test_what_a_search_sends_bit_by_bit_equals_what_is_sent_at_once(
    make_study, add_trials, uri: str, outcomes: list[Outcome]
):
    record = make_study()
    projection = Projection(record, uri)
    for outcome in outcomes:
        projection.sync("RUNNING")
        assert Shown(record, uri).parent.info.status == "RUNNING"
        add_trials(record, [outcome])
    projection.sync("FINISHED")
    assert_complete(Shown(record, uri), outcomes)


def test_a_trial_that_is_not_over_has_no_child(make_study, add_trials, uri: str, outcomes: list[Outcome]):
    record = make_study()
    add_trials(record, [outcomes[0], None])
    Projection(record, uri).sync("KILLED")
    shown = Shown(record, uri)
    assert sorted(shown.children) == [0]
    assert shown.parent.info.status == "KILLED"


def test_a_resumed_study_runs_again_and_then_is_finished(make_study, add_trials, uri: str, outcomes: list[Outcome]):
    record = make_study()
    add_trials(record, outcomes[:2])
    Projection(record, uri).sync("KILLED")
    projection = Projection(record, uri)
    projection.sync("RUNNING")
    assert Shown(record, uri).parent.info.status == "RUNNING"
    add_trials(record, outcomes[2:])
    projection.sync("FINISHED")
    assert_complete(Shown(record, uri), outcomes)


def test_a_raised_budget_does_not_stop_the_sending(make_study, uri: str):
    record = make_study(trials=5)
    Projection(record, uri).sync("KILLED")
    record.write_json("plan.json", record.read_json("plan.json") | {"trials": 200})
    Projection(record, uri).sync("FINISHED")
    parent = Shown(record, uri).parent
    assert (parent.data.params["trials"], parent.data.tags["budget"]) == ("5", '{"trials": 200}')


def test_the_parent_shows_the_judgement_and_holds_the_bundle(
    make_study, add_trials, judge, uri: str, outcomes: list[Outcome]
):
    record = make_study(data="judged.csv")
    add_trials(record, outcomes)
    judge(record)
    Projection(record, uri).sync("FINISHED")
    shown = Shown(record, uri)
    metrics = shown.parent.data.metrics
    assert [metrics[key] for key in ("test_accuracy", "test_ci_low", "test_ci_high")] == [0.85, 0.8, 0.9]
    assert metrics["best_validation"] == 0.9
    assert shown.parent.data.tags["best_trial"] == "1"
    files = {file.path for file in shown.client.list_artifacts(shown.parent.info.run_id)}
    assert files == {"space.yaml", "report.md", "report.json", "report.html", "curves.csv", "bundle"}
    assert (record.runs_dir / "mlartifacts").is_dir()


def test_a_curve_longer_than_a_batch_arrives_whole(make_study, add_trials, uri: str):
    record = make_study()
    add_trials(record, [Completed(0.9, 0.3, 3, 600, 1.5, 2000, "epochs")])
    trial = record.trial(0)
    curve = trial.read_curve()
    trial.write_curve([type(curve[0])(epoch, 1 / epoch, 0.5, 0.5, 0.1, 0.01) for epoch in range(1, 601)])
    trial.write_config({f"part.{number}": number for number in range(150)})
    Projection(record, uri).sync("FINISHED")
    shown = Shown(record, uri)
    assert len(shown.history(shown.children[0], "train_loss")) == 600
    assert len(shown.children[0].data.params) == 150


def test_a_child_that_was_made_and_not_filled_is_completed(finished: Record, uri: str, outcomes: list[Outcome]):
    projection = Projection(finished, uri)
    client = MlflowClient(uri)
    child = facts.read_child(facts.read_study(finished), finished.trial(1), outcomes[1], 1000)
    tags = {**child.tags, "mlflow.parentRunId": projection.run_id}
    made = client.create_run(projection.experiment_id, start_time=1000, tags=tags)
    for point in child.points[:3]:
        client.log_metric(made.info.run_id, *point)
    Projection(finished, uri).sync("FINISHED")
    shown = Shown(finished, uri)
    assert_complete(shown, outcomes)
    assert shown.children[1].info.run_id == made.info.run_id


def test_of_two_children_of_one_trial_the_finished_one_stays(finished: Record, uri: str, outcomes: list[Outcome]):
    projection = Projection(finished, uri)
    projection.sync("FINISHED")
    child = facts.read_child(facts.read_study(finished), finished.trial(1), outcomes[1])
    MlflowClient(uri).create_run(projection.experiment_id, tags=dict(child.tags))
    Projection(finished, uri).sync("FINISHED")
    shown = Shown(finished, uri)
    assert_complete(shown, outcomes)
    assert shown.children[1].info.run_id == projection.trials[1]


def test_a_deleted_experiment_comes_back(make_study, uri: str):
    record = make_study(data="deleted.csv")
    client = MlflowClient(uri)
    client.delete_experiment(Projection(record, uri).experiment_id)
    Projection(record, uri).sync("FINISHED")
    assert client.get_experiment_by_name("deleted").lifecycle_stage == "active"


def test_two_studies_of_one_data_set_share_an_experiment(make_study, uri: str):
    first, second = (Projection(make_study(name), uri) for name in ("adult-1", "adult-2"))
    assert first.experiment_id == second.experiment_id
    assert first.run_id != second.run_id


def test_kills_at_any_instant_leave_nothing_twice_and_nothing_running(
    make_study, add_trials, judge, uri: str, outcomes: list[Outcome]
):
    record = make_study()
    add_trials(record, outcomes * 4)
    judge(record)
    delays = [f"{0.05 + 0.08 * kill:.2f}" for kill in range(9)]
    command = [sys.executable, "-c", KILLED_OFTEN, str(record.run_dir), uri, *delays]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.count("True") >= 3
    Projection(record, uri).sync("FINISHED")
    assert_complete(Shown(record, uri), outcomes * 4)


def test_a_kill_while_the_tables_are_made_leaves_no_half_of_them(finished: Record, tmp_path: Path):
    path = tmp_path / "new" / "mlflow.db"
    uri, half = f"sqlite:///{path}", path.with_name("mlflow.db.new")
    words = [sys.executable, "-c", KILLED_AT_THE_TABLES, str(finished.run_dir), uri, str(half)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n" and not path.exists()

    Projection(finished, uri).sync("FINISHED")

    assert Shown(finished, uri).parent.info.status == "FINISHED"
    assert [one.name for one in path.parent.iterdir()] == ["mlflow.db"]


def test_a_plain_folder_of_files_works_too(
    tmp_path: Path, monkeypatch, finished: Record, outcomes: list[Outcome], make_study: Callable[..., Record]
):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    uri = (tmp_path / "mlruns").as_uri()
    Projection(finished, uri).sync("FINISHED")
    Projection(finished, uri).sync("FINISHED")
    assert_complete(Shown(finished, uri), outcomes)


def test_trials_that_end_out_of_order_are_sent_when_they_end(make_study, add_trials, uri: str, outcomes: list[Outcome]):
    record = make_study()
    projection = Projection(record, uri)
    add_trials(record, [outcomes[0], None, outcomes[1]])
    projection.sync("RUNNING")
    shown = Shown(record, uri)
    assert sorted(shown.children) == [0, 2]
    assert shown.history(shown.parent, "trials_completed") == [(0, 1)]
    record.trial(1).write_outcome(outcomes[4])
    projection.sync("RUNNING")
    shown = Shown(record, uri)
    assert sorted(shown.children) == [0, 1, 2]
    assert shown.history(shown.parent, "trials_completed") == [(0, 1), (1, 2), (2, 3)]


def test_a_trial_after_a_gap_is_found_at_the_end(make_study, add_trials, uri: str, outcomes: list[Outcome]):
    record = make_study()
    add_trials(record, outcomes[:2])
    shutil.rmtree(record.trial(0).folder)
    Projection(record, uri).sync("FINISHED")
    assert sorted(Shown(record, uri).children) == [1]


def test_a_table_with_a_rule_of_its_own_is_left_to_the_client(
    make_study, add_trials, mlflow_uri: str, tmp_path: Path, outcomes: list[Outcome]
):
    path = tmp_path / "mlflow.db"
    shutil.copy(mlflow_uri.removeprefix("sqlite:///"), path)
    rule = "CREATE TRIGGER rule BEFORE INSERT ON runs WHEN NEW.end_time > 0 BEGIN SELECT RAISE(ABORT, 'no'); END"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(rule)
    record = make_study()
    add_trials(record, outcomes)
    Projection(record, f"sqlite:///{path}").sync("FINISHED")
    assert_complete(Shown(record, f"sqlite:///{path}"), outcomes)


class Counting(Record):
    """A folder that knows which of its trials were asked for."""

    def __init__(self, run_dir: Path) -> None:
        super().__init__(run_dir)
        self.asked: set[int] = set()

    def trial(self, number: int) -> TrialRecord:
        self.asked.add(number)
        return super().trial(number)

    def trials(self) -> list[TrialRecord]:
        self.asked.update(range(1000))
        return super().trials()


def test_while_a_study_runs_only_new_trials_are_looked_at(make_study, add_trials, uri: str, outcomes: list[Outcome]):
    record = Counting(make_study().run_dir)
    projection = Projection(record, uri)
    add_trials(record, outcomes)
    projection.sync("RUNNING")
    add_trials(record, outcomes[:1])
    record.asked.clear()
    projection.sync("RUNNING")
    assert record.asked == {5, 6}


def test_a_trial_costs_a_server_four_requests(make_study, add_trials, server: Any, outcomes: list[Outcome]):
    record = make_study()
    projection = Projection(record, server.uri)
    projection.sync("RUNNING")
    server.asked.clear()
    add_trials(record, outcomes)
    projection.sync("RUNNING")
    of_the_parent = {"runs/log-batch": 1}
    of_trials = {"runs/create": 5, "runs/log-batch": 5, "runs/log-inputs": 5, "runs/update": 5}
    assert Counter(server.asked) == Counter(of_trials) + Counter(of_the_parent)


def test_a_folder_without_news_costs_a_server_nothing(make_study, add_trials, server: Any, outcomes: list[Outcome]):
    record = make_study()
    add_trials(record, outcomes)
    projection = Projection(record, server.uri)
    projection.sync("RUNNING")
    server.asked.clear()
    projection.sync("RUNNING")
    assert server.asked == []


def test_the_study_and_each_trial_name_the_data_they_used(finished: Record, uri: str):
    for _ in range(2):
        Projection(finished, uri).sync("FINISHED")
    for run in Shown(finished, uri).runs:
        (used,) = run.inputs.dataset_inputs
        assert (used.dataset.name, used.dataset.digest) == ("adult", "d" * 8)


def test_the_note_leads_to_the_trials_and_to_the_winner(finished: Record, uri: str):
    projection = Projection(finished, uri)
    projection.sync("FINISHED")
    note = Shown(finished, uri).parent.data.tags["mlflow.note.content"]
    assert f"(#/experiments/{projection.experiment_id}/runs?" in note
    assert f"[Trial 1, the winner](#/experiments/{projection.experiment_id}/runs/{projection.trials[1]}?" in note


def test_while_a_study_runs_its_note_leads_to_the_trials(make_study, uri: str):
    record = make_study()
    projection = Projection(record, uri)
    projection.sync("RUNNING")
    note = Shown(record, uri).parent.data.tags["mlflow.note.content"]
    assert "The study is not finished yet." in note and f"viewStateShareKey={projection.view}" in note


def test_the_experiment_keeps_a_view_of_the_trials(make_study, add_trials, uri: str, outcomes: list[Outcome]):
    record = make_study()
    projection = Projection(record, uri)
    assert projection.view is None
    projection.sync("RUNNING")
    add_trials(record, outcomes)
    config = record.trial(1).read_config()
    record.trial(1).write_config(config | {"optimizer.adamw.lr": 0.5})
    projection.sync("FINISHED")
    tags = MlflowClient(uri).get_experiment(projection.experiment_id).tags
    state = json.loads(json.loads(tags[f"mlflow.sharedViewState.{projection.view}"])["state"])
    assert [chart["selectedParams"] for chart in state["compareRunCharts"] if chart["type"] == "PARALLEL"] == [
        ["optimizer.lr"]
    ]


def test_the_curves_of_the_best_trials_are_an_artifact(finished: Record, uri: str, tmp_path: Path):
    Projection(finished, uri).sync("FINISHED")
    shown = Shown(finished, uri)
    path = shown.client.download_artifacts(shown.parent.info.run_id, "curves.csv", str(tmp_path))
    assert [line.split(",")[0] for line in Path(path).read_text().splitlines()[1::3]] == ["1", "4", "0"]
