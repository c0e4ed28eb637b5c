"""A real MLflow server behind a line that fails: what arrives at last is what would have arrived at once."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from automl.tracking.record import PLAN, TRACKING, Record
from automl.tracking.tracker import start_tracking
from automl.tracking.unsent import is_sent
from tests.tracking.faulty import Fault, Faulty, Handler

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an MLflow server that keeps its runs in a temporary folder."""
    place = tmp_path_factory.mktemp("server")
    with socket.socket() as once:
        once.bind(("127.0.0.1", 0))
        port = once.getsockname()[1]
    words = ["server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    words += [
        "--backend-store-uri",
        f"sqlite:///{place / 'mlflow.db'}",
        "--artifacts-destination",
        str(place / "files"),
    ]
    environ = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    log = (place / "log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "mlflow", *words], stdout=log, stderr=log, env=environ, start_new_session=True
    )
    try:
        wait_until_it_answers(f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        log.close()


def wait_until_it_answers(url: str) -> None:
    deadline = time.monotonic() + 600
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.5)


def shown(record: Record, uri: str) -> Any:
    """All that MLflow shows of a study, but for ids, and for the times of what it wrote itself."""
    client = MlflowClient(uri)
    study_id = record.read_json(PLAN)["study_id"]
    experiment = client.get_experiment_by_name("adult")
    runs = client.search_runs([experiment.experiment_id], f"tags.`automl.study_id` = '{study_id}'")
    told = [_of_run(client, run) for run in runs]
    text = json.dumps(sorted(told, key=lambda run: run["trial"]), sort_keys=True)
    known = {study_id: "STUDY", experiment.experiment_id: "E", **{run.info.run_id: _trial(run) for run in runs}}
    for name, stands_for in sorted(known.items(), key=lambda item: -len(item[0])):
        text = text.replace(name, stands_for) if len(name) > 8 else text
    return json.loads(text)


def _trial(run: Any) -> str:
    return f"RUN {run.data.tags.get('automl.trial', '')}"


def _of_run(client: MlflowClient, run: Any) -> dict[str, Any]:
    tags = dict(run.data.tags)
    parent = run.info.run_id if "automl.trial" not in tags else tags["mlflow.parentRunId"]
    tags.pop("mlflow.note.content", None) if parent != run.info.run_id else None
    return {
        "trial": int(tags.get("automl.trial", -1)),
        "status": run.info.status,
        "name": run.info.run_name,
        "params": dict(run.data.params),
        "tags": tags,
        "points": {
            key: sorted((point.step, point.value) for point in client.get_metric_history(run.info.run_id, key))
            for key in run.data.metrics
        },
        "data": [(each.dataset.name, each.dataset.digest) for each in run.inputs.dataset_inputs],
        "files": sorted(_files(client, run.info.run_id)),
    }


def _files(client: MlflowClient, run_id: str, path: str | None = None) -> Iterator[tuple[str, int]]:
    for each in client.list_artifacts(run_id, path):
        if each.is_dir:
            yield from _files(client, run_id, each.path)
        else:
            yield each.path, each.file_size


@pytest.fixture
def make_finished(make_study, add_trials, outcomes, judge):
    """Make a study that is finished and judged; two of them have the same trials and the same times."""

    def make(name: str) -> Record:
        record: Record = make_study(name)
        grow(record)
        judge(record)
        record.write_json("clock.json", {"seconds": 1.0, "finished": True})
        return record

    def grow(record: Record) -> None:
        add_trials(record, outcomes)

    return make


@pytest.fixture
def live(make_study, add_trials, outcomes, judge, uri) -> Any:
    """What MLflow shows of a study that had the server all the time."""
    record = make_study("adult-1")
    tracker = start_tracking(record, uri)
    for outcome in outcomes:
        add_trials(record, [outcome])
        tracker.nudge()
        time.sleep(0.3)
    judge(record)
    record.write_json("clock.json", {"seconds": 1.0, "finished": True})
    assert tracker.send("FINISHED") is None
    told = shown(record, uri)
    record.delete()
    return told


def test_what_is_sent_later_equals_what_is_sent_at_once(live, make_finished, uri):
    record = make_finished("adult-1")
    (sentence,) = start_tracking(record, "http://127.0.0.1:9").finish("FINISHED", timeout=2)
    assert "automl sync" in sentence
    assert start_tracking(record, uri).send("FINISHED") is None
    assert shown(record, uri) == live
    assert is_sent(record)


def losing(every: int) -> Fault:
    """Let every so manyth request be done, and its answer be lost."""

    def fault(handler: Handler) -> bool:
        if handler.number % every:
            return False
        handler.pass_on(answer=False)
        return True

    return fault


def failing(every: int) -> Fault:
    """Answer every so manyth request with 503, and do nothing of it."""

    def fault(handler: Handler) -> bool:
        if handler.number % every:
            return False
        handler.refuse(503)
        return True

    return fault


@pytest.mark.parametrize("fault", [losing(7), failing(25)], ids=["answers are lost", "503 now and then"])
def test_a_line_that_fails_now_and_then_doubles_nothing(live, make_finished, uri, fault):
    record = make_finished("adult-1")
    with Faulty(fault, uri) as server:
        for _ in range(20):
            if start_tracking(record, server.uri).send("FINISHED") is None:
                break
    assert is_sent(record)
    assert shown(record, uri) == live


def test_a_sync_that_is_killed_again_and_again_sends_everything_once(live, make_finished, uri):
    record = make_finished("adult-1")
    with Faulty(lambda handler: False, uri) as server:
        kills = 0
        for requests in itertools.count(1, 9):
            before = len(server.asked)
            tracker = start_tracking(record, server.uri)
            os.write(tracker.process.stdin.fileno(), b"finish FINISHED\n")
            while tracker.process.poll() is None and len(server.asked) < before + requests:
                time.sleep(0.005)
            if tracker.process.poll() is not None:
                break
            tracker.process.kill()
            tracker.process.wait()
            kills += 1
    assert kills > 3
    assert record.read_json(TRACKING)["state"] == "FINISHED"
    assert shown(record, uri) == live


def test_a_second_run_of_a_study_or_a_trial_that_a_lost_answer_left_is_deleted(make_finished, uri):
    record = make_finished("doubled")
    assert start_tracking(record, uri).send("FINISHED") is None
    before = shown(record, uri)
    client = MlflowClient(uri)
    note = record.read_json(TRACKING)
    for run_id in (note["run_id"], note["trials"]["1"]):
        tags = client.get_run(run_id).data.tags
        client.create_run(note["experiment_id"], tags={**tags, "mlflow.runName": "late"})
    assert len(shown(record, uri)) == len(before) + 2
    assert start_tracking(record, uri).send("FINISHED") is None
    assert shown(record, uri) == before


def test_a_server_that_was_away_and_comes_back_gets_the_rest(live, make_study, add_trials, outcomes, judge, uri):
    record = make_study("adult-1")
    away = [True]

    def fault(handler: Handler) -> bool:
        if away[0]:
            handler.refuse(503)
        return away[0]

    with Faulty(fault, uri) as server:
        tracker = start_tracking(record, server.uri)
        add_trials(record, outcomes[:2])
        tracker.nudge()
        while not server.asked:
            time.sleep(0.05)
        away[0] = False
        add_trials(record, outcomes[2:])
        tracker.nudge()
        judge(record)
        record.write_json("clock.json", {"seconds": 1.0, "finished": True})
        assert tracker.send("FINISHED") is None
    assert shown(record, uri) == live


def test_the_log_of_the_worker_says_what_went_wrong(make_finished):
    record = make_finished("away")
    start_tracking(record, "http://127.0.0.1:9").finish("FINISHED", timeout=2)
    assert "ConnectionError: the server does not answer" in Path(record.run_dir / "tracking.log").read_text()
