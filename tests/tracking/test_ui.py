"""MLflow's own page, and its end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from automl.errors import StudyError
from automl.tracking.record import Record
from automl.tracking.tracker import start_tracking
from automl.tracking.ui import free_port, launch
from automl.tracking.view import run_place, trials_place

LAUNCH = """
import sys
from pathlib import Path
from automl.tracking.ui import launch
sys.exit(launch(Path(sys.argv[1]), sys.argv[2], say=lambda sentence: print(sentence, flush=True)))
"""


def processes_about(word: str) -> list[str]:
    """Give the other processes whose command or environment says a word."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        with suppress(OSError):
            text = (process / "cmdline").read_bytes() + b"\0" + (process / "environ").read_bytes()
            found += [process.name] if word.encode() in text else []
    return found


def test_without_runs_it_says_how_to_begin(tmp_path: Path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(StudyError, match=r"there are no runs in .*; begin with: automl search digits"):
        launch(tmp_path, None, say=print)


def test_a_server_that_runs_already_is_pointed_to(tmp_path: Path):
    said: list[str] = []
    assert launch(tmp_path, "https://ann:secret@mlflow.example.org", say=said.append) == 0
    assert said == ["MLflow serves these runs itself: https://ann:***@mlflow.example.org"]


def test_a_port_that_is_taken_is_said_so(tmp_path: Path):
    (tmp_path / "mlflow.db").write_text("")
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        with pytest.raises(StudyError, match=f"port {port} cannot be served: Address already in use"):
            launch(tmp_path, f"sqlite:///{tmp_path}/mlflow.db", say=print, port=port)


def test_where_the_usual_port_is_taken_another_is_found():
    with socket.socket() as server:
        with suppress(OSError):  # another program may have it already
            server.bind(("127.0.0.1", 5000))
            server.listen()
        assert free_port(None) != 5000


def start(record: Record, uri: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", LAUNCH, str(record.runs_dir), uri]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_it_shows_the_newest_study_until_ctrl_c_and_leaves_no_process_behind(
    make_study, add_trials, outcomes, mlflow_uri: str
):
    record: Record = make_study()
    add_trials(record, outcomes)
    assert start_tracking(record, mlflow_uri).finish("FINISHED") == []
    ui = start(record, mlflow_uri)
    assert ui.stdout is not None
    trials = next(line for line in ui.stdout if line.startswith("MLflow: ")).removeprefix("MLflow: ").strip()
    study = next(ui.stdout).removeprefix("Study adult-1: ").strip()
    told = record.read_json("tracking.json")
    server = trials.partition("#")[0]
    assert trials == server + trials_place(told["experiment_id"], told["view"])
    assert study == server + run_place(told["experiment_id"], told["run_id"])
    with urllib.request.urlopen(server, timeout=30) as page:
        assert b"<html" in page.read()
    port = server.rstrip("/").rpartition(":")[2]
    assert len(processes_about(f"--port\0{port}")) >= 2
    ui.send_signal(signal.SIGINT)
    assert ui.wait(20) == 0
    ui.stdout.close()
    assert processes_about(f"--port\0{port}") == []


def test_a_stop_while_it_starts_leaves_no_process_behind(make_study, mlflow_uri: str):
    ui = start(make_study(), mlflow_uri)
    assert ui.stdout is not None
    assert ui.stdout.readline().startswith("Starting MLflow")
    ui.send_signal(signal.SIGTERM)
    assert ui.wait(20) == 0
    ui.stdout.close()
    assert processes_about(f"MLFLOW_BACKEND_STORE_URI={mlflow_uri}") == []


def test_a_server_that_cannot_start_is_said_with_its_reason(tmp_path: Path):
    (tmp_path / "mlflow.db").write_text("this is no database, and longer than the header of one would be " * 50)
    with pytest.raises(StudyError, match="MLflow's server did not start: "):
        launch(tmp_path, f"sqlite:///{tmp_path}/mlflow.db", say=print)
