"""What a search tells its tracking, and what becomes of it when something dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mlflow import MlflowClient

from automl.tracking.record import TRACKING, Record
from automl.tracking.tracker import SERVER_SECONDS, start_tracking
from automl.tracking.unsent import is_sent
from automl.trial import Outcome
from tests.tracking.faulty import FAULTS, Faulty, refusing, resetting, slow

SEARCH = """
import sys, time
from pathlib import Path
from automl.tracking.record import Record
from automl.tracking.tracker import start_tracking

tracker = start_tracking(Record(Path(sys.argv[1])), sys.argv[2])
tracker.nudge()
print(tracker.process.pid, flush=True)
time.sleep(60)
"""


def states(record: Record, uri: str) -> dict[str, str]:
    client = MlflowClient(uri)
    note = record.read_json(TRACKING)
    runs = {"parent": note["run_id"], **note["trials"]}
    return {name: client.get_run(run_id).info.status for name, run_id in runs.items()}


def wait_for(claim, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_study_is_sent_beside_the_search(make_study, add_trials, mlflow_uri: str, outcomes: list[Outcome]):
    record = make_study()
    tracker = start_tracking(record, mlflow_uri)
    add_trials(record, outcomes)
    tracker.nudge()
    wait_for(lambda: len(record.read_json(TRACKING)["trials"]) == 5)
    assert not is_sent(record)
    assert states(record, mlflow_uri)["parent"] == "RUNNING"
    assert tracker.finish("FINISHED") == []
    assert is_sent(record)
    ends = {"0": "FINISHED", "1": "FINISHED", "2": "KILLED", "3": "FAILED", "4": "FINISHED"}
    assert states(record, mlflow_uri) == {"parent": "FINISHED", **ends}
    note = record.read_json(TRACKING)
    assert (note["tracking_uri"], note["experiment"], note["error"]) == (mlflow_uri, "adult", None)


def test_a_worker_that_dies_is_not_noticed_until_the_end_and_then_made_good(
    make_study, add_trials, mlflow_uri: str, outcomes: list[Outcome]
):
    record = make_study()
    tracker = start_tracking(record, mlflow_uri)
    os.kill(tracker.process.pid, signal.SIGKILL)
    tracker.process.wait()
    add_trials(record, outcomes)
    tracker.nudge()
    assert tracker.finish("KILLED") == []
    assert states(record, mlflow_uri)["parent"] == "KILLED"
    assert len(states(record, mlflow_uri)) == 6


def test_a_worker_leaves_when_the_search_is_killed_and_the_next_one_goes_on(
    make_study, add_trials, mlflow_uri: str, outcomes: list[Outcome]
):
    record = make_study()
    search = subprocess.Popen(
        [sys.executable, "-c", SEARCH, str(record.run_dir), mlflow_uri], stdout=subprocess.PIPE, text=True
    )
    assert search.stdout is not None
    worker = int(search.stdout.readline())
    wait_for(lambda: record.read_json(TRACKING)["run_id"] is not None)
    search.kill()
    search.wait()
    search.stdout.close()
    wait_for(lambda: not is_alive(worker), 5)
    assert states(record, mlflow_uri) == {"parent": "RUNNING"}
    before = record.read_json(TRACKING)["run_id"]
    add_trials(record, outcomes)
    assert start_tracking(record, mlflow_uri).finish("FINISHED") == []
    assert record.read_json(TRACKING)["run_id"] == before
    assert states(record, mlflow_uri)["parent"] == "FINISHED"


def test_a_second_worker_waits_for_the_first(make_study, mlflow_uri: str):
    record = make_study()
    first = start_tracking(record, mlflow_uri)
    first.nudge()
    wait_for(lambda: record.read_json(TRACKING)["run_id"] is not None)
    second = start_tracking(record, mlflow_uri)
    assert second.finish("KILLED", timeout=2) != []
    assert first.finish("FINISHED") == []


def test_a_database_that_cannot_be_opened_is_said_and_stops_nothing(make_study, tmp_path: Path):
    record = make_study()
    (tmp_path / "file").write_text("")
    tracker = start_tracking(record, f"sqlite:///{tmp_path}/file/mlflow.db")
    tracker.nudge()
    wait_for(lambda: record.read_json(TRACKING)["error"] is not None)
    (sentence,) = tracker.finish("FINISHED", timeout=1)
    assert sentence.startswith("MLflow was not told everything: ")
    assert f"; the record is complete, and `automl sync {record.words}` sends what is missing" in sentence
    assert not is_sent(record)
    assert tracker.process.poll() is not None


def test_another_address_forgets_the_runs_of_the_first(make_study):
    record = make_study()
    record.write_json(TRACKING, {"tracking_uri": "http://there", "run_id": "1", "trials": {"0": "2"}})
    tracker = start_tracking(record, "http://ann:secret@127.0.0.1:9")
    note = record.read_json(TRACKING)
    assert (note["tracking_uri"], note["run_id"], note["trials"]) == ("http://ann:***@127.0.0.1:9", None, {})
    assert tracker.finish("KILLED", timeout=0) != []


def test_two_studies_that_begin_at_once_make_one_database(make_study):
    trackers = [start_tracking(make_study(name), None, without_uri()) for name in ("adult-1", "adult-2")]
    assert [tracker.finish("FINISHED") for tracker in trackers] == [[], []]


def without_uri() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_server_that_misbehaves_is_told_of_in_one_sentence_and_left(make_study, add_trials, outcomes, fault):
    record = make_study()
    with Faulty(fault) as server:
        tracker = start_tracking(record, server.uri)
        add_trials(record, outcomes)
        tracker.nudge()
        wait_for(lambda: server.asked)
        (sentence,) = tracker.finish("FINISHED", timeout=1)
    assert sentence.startswith("MLflow was not told everything: ")
    assert sentence.count("automl sync adult-1") == 1
    assert tracker.process.poll() is not None
    assert not is_sent(record)
    assert record.read_json(TRACKING)["end"] == "FINISHED"


@pytest.mark.slow
def test_a_search_waits_for_a_server_no_longer_than_is_said(make_study, add_trials, outcomes):
    record = make_study()
    add_trials(record, outcomes)
    with Faulty(slow) as server:
        (sentence,) = start_tracking(record, server.uri).finish("FINISHED", timeout=60)
    assert f"it was not done within {SERVER_SECONDS:g} seconds" in sentence


def test_a_server_that_never_answers_is_given_up_without_anybody_waiting(make_study, add_trials, outcomes):
    record = make_study()
    add_trials(record, outcomes)
    with Faulty(resetting) as server:
        reason = start_tracking(record, server.uri).send("FINISHED")
        assert len(server.asked) == 4
    assert reason is not None and reason.startswith("the server does not answer: ")


def test_a_password_is_in_no_file_of_the_study(make_study):
    record = make_study()
    with Faulty(refusing) as server:
        uri = server.uri.replace("//", "//ann:secret@")
        (sentence,) = start_tracking(record, uri).finish("KILLED", timeout=2)
    assert "secret" not in sentence
    assert [path for path in record.run_dir.rglob("*") if path.is_file() and "secret" in path.read_text()] == []
