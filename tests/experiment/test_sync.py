"""A server that is away, slow or out of order changes nothing of a search, and gets everything later."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from mlflow import MlflowClient
from sklearn.datasets import load_iris

import automl
from automl.cli.app import run
from automl.errors import StudyError
from automl.experiment.progress import Silent
from automl.experiment.sync import send_what_is_missing, sync, sync_all
from automl.tracking.record import PLAN, TRACKING, Record
from tests.tracking.faulty import Faulty, refusing, slow

AWAY = "http://127.0.0.1:9"


class Told(Silent):
    """Keeps the sentences."""

    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        self.sentences.append(sentence)


@pytest.fixture
def rows():
    return load_iris(as_frame=True).frame


def searched(rows, runs_dir, study, **options):
    told = Told()
    result = automl.search(
        rows, target="target", space="tabular_small", trials=3, study=study, runs_dir=runs_dir, progress=told, **options
    )
    return result, [sentence for sentence in told.sentences if "automl sync" in sentence]


def runs_of(record, uri):
    client = MlflowClient(uri)
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    return client.search_runs(ids, f"tags.`automl.study_id` = '{record.read_json(PLAN)['study_id']}'")


def content(record, uri):
    """What MLflow shows of a study, but for ids and what clocks said."""
    client, told = MlflowClient(uri), []
    for one in runs_of(record, uri):
        clocked = ("seconds", "epoch_seconds")
        points = {
            key: sorted((p.step, p.value) for p in client.get_metric_history(one.info.run_id, key))
            for key in one.data.metrics
            if key not in clocked
        }
        tags = {
            key: value
            for key, value in one.data.tags.items()
            if key not in ("automl.study_id", "mlflow.parentRunId", "mlflow.note.content")
        }
        files = sorted(each.path for each in client.list_artifacts(one.info.run_id))
        told.append(
            (one.data.tags.get("automl.trial", ""), one.info.status, dict(one.data.params), tags, points, files)
        )
    return sorted(told, key=lambda each: each[0])


def test_a_server_that_is_away_changes_nothing_and_sync_makes_it_good(rows, runs_dir, tmp_path, capsys):
    there, _ = searched(rows, runs_dir, "same")
    away, said = searched(rows, tmp_path / "other", "same", tracking_uri=AWAY)
    assert len(said) == 1 and said[0].startswith("MLflow was not told everything: the server does not answer")
    assert (away.best, away.test) == (there.best, there.test)
    record, uri = Record(away.run_dir), f"sqlite:///{runs_dir / 'mlflow.db'}"
    words = ["sync", "same", "--runs-dir", str(record.runs_dir), "--json"]
    assert run(words) == 2
    captured = capsys.readouterr()
    assert not json.loads(captured.out)["studies"][0]["is_complete"]
    assert "MLflow was not told everything of same: the server does not answer" in captured.err
    assert run([*words, "--tracking-uri", uri]) == 0
    (told,) = json.loads(capsys.readouterr().out)["studies"]
    assert (told["sent"], told["trials"], told["is_complete"], told["reason"]) == (3, 3, True, None)
    assert content(record, uri) == content(Record(there.run_dir), uri)
    assert json.loads(record.report_path.read_text())["mlflow"]["run_id"] == record.read_json(TRACKING)["run_id"]
    assert sync(record)["sent"] == 0
    assert len(runs_of(record, uri)) == 4


@pytest.mark.slow
@pytest.mark.parametrize("fault", [refusing, slow], ids=["answers 500", "is slow"])
def test_a_server_that_is_out_of_order_changes_nothing(rows, runs_dir, tmp_path, fault):
    there, _ = searched(rows, runs_dir, "same")
    with Faulty(fault) as server:
        result, said = searched(rows, tmp_path / "other", "same", tracking_uri=server.uri)
    assert len(said) == 1
    assert (result.best, result.test) == (there.best, there.test)


@pytest.fixture
def unsent(runs_dir):
    """A study that was killed before MLflow heard of it."""
    plan = {"study_id": "a", "data": "adult.csv", "space": "tabular", "seed": 0, "tracking_uri": AWAY}
    return Record.create(runs_dir, "unsent", plan)


def test_a_study_that_is_being_run_is_left_to_its_search(unsent):
    with unsent.lock():
        told = Told()
        send_what_is_missing(unsent, told)
        assert told.sentences == []
        with pytest.raises(StudyError, match="study 'unsent' is being run by process"):
            sync(unsent)
        (line,) = sync_all([unsent])
        assert line["reason"].startswith("study 'unsent' is being run by process")


def test_another_command_says_at_once_that_the_server_is_away(unsent):
    told = Told()
    send_what_is_missing(unsent, told)
    assert len(told.sentences) == 1 and "automl sync unsent" in told.sentences[0]


def test_a_study_of_which_nothing_is_known_is_sent_as_killed(unsent, runs_dir):
    uri = f"sqlite:///{runs_dir / 'mlflow.db'}"
    assert sync(unsent, tracking_uri=uri)["is_complete"]
    (parent,) = runs_of(unsent, uri)
    assert parent.info.status == "KILLED"
    assert unsent.read_json(PLAN)["tracking_uri"] == uri
    assert sync_all([unsent])[0]["sent"] == 0


def test_there_may_be_nothing_to_send(tmp_path):
    command = [sys.executable, "-m", "automl", "sync", "--runs-dir", str(tmp_path / "none")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert (done.returncode, done.stdout) == (0, f"there are no studies in {tmp_path / 'none'}\n")
