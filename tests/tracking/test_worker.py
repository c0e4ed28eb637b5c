"""The orders that a worker reads, and what it notes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from automl.tracking.record import TRACKING, Record
from automl.tracking.tracker import start_tracking
from automl.tracking.worker import Note, Orders

LISTEN = """
import sys, time
from automl.tracking.worker import Orders
Orders(sys.stdin.fileno()).listen()
time.sleep(30)
"""


def test_many_nudges_are_one_order_and_finish_is_the_last():
    reading, writing = os.pipe()
    orders = Orders(reading)
    orders.listen()
    os.write(writing, b"\n\n\n")
    assert orders.wait() == "RUNNING"
    os.write(writing, b"fini")
    os.write(writing, b"sh KILLED\n")
    while (state := orders.wait()) == "RUNNING":
        pass
    os.close(writing)
    assert state == "KILLED"


def test_a_pause_ends_with_the_order_to_finish():
    reading, writing = os.pipe()
    orders = Orders(reading)
    orders.listen()
    threading.Timer(0.1, os.write, (writing, b"finish FINISHED\n")).start()
    orders.pause(60)
    assert orders.state == "FINISHED"
    os.close(writing)


def test_the_end_of_the_input_ends_the_process_at_once():
    done = subprocess.run([sys.executable, "-c", LISTEN], stdin=subprocess.DEVNULL, timeout=10, check=False)
    assert done.returncode == 0


def test_a_worker_that_was_told_nothing_connects_to_nothing(make_study, tmp_path: Path):
    record: Record = make_study()
    tracker = start_tracking(record, f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert tracker.process.stdin is not None
    tracker.process.stdin.close()
    assert tracker.process.wait(20) == 0
    assert not (tmp_path / "mlflow.db").exists()
    assert record.read_json(TRACKING)["run_id"] is None


@pytest.fixture
def note(make_study) -> tuple[Note, Record]:
    record: Record = make_study()
    record.write_json(TRACKING, {"tracking_uri": "http://there", "run_id": None, "trials": {}, "error": "away"})
    return Note(record), record


def runs(count: int) -> Any:
    trials = {number: f"run {number}" for number in range(count)}
    return SimpleNamespace(experiment_id="1", run_id="parent", view="key", n_trials=count, trials=trials)


def test_a_note_says_where_the_runs_are(note):
    note, record = note
    note.write("RUNNING", None, runs(2))
    told = record.read_json(TRACKING)
    assert (told["tracking_uri"], told["run_id"], told["error"]) == ("http://there", "parent", None)
    assert told["trials"] == {"0": "run 0", "1": "run 1"}


def test_a_note_keeps_the_runs_when_mlflow_is_away(note):
    note, record = note
    note.write("RUNNING", None, runs(2))
    note.write("RUNNING", "no route", None)
    told = record.read_json(TRACKING)
    assert (len(told["trials"]), told["run_id"], told["error"]) == (2, "parent", "no route")


def test_trials_are_noted_when_they_have_grown_and_at_the_end(note):
    note, record = note
    noted = []
    for count in range(100, 112):
        note.write("RUNNING", None, runs(count))
        noted.append(len(record.read_json(TRACKING)["trials"]))
    assert noted == [100] * 11 + [111]
    note.write("FINISHED", None, runs(112))
    assert len(record.read_json(TRACKING)["trials"]) == 112


def test_a_note_that_says_nothing_new_is_not_written(note):
    note, record = note
    note.write("RUNNING", None, runs(2))
    before = (record.run_dir / TRACKING).stat().st_ino
    note.write("RUNNING", None, runs(2))
    assert (record.run_dir / TRACKING).stat().st_ino == before
