"""A search that is killed at any instant goes on as if it had never been."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from mlflow import MlflowClient
from sklearn.datasets import load_iris

TRIALS = 10
COMMAND = [sys.executable, "-m", "automl"]


def _start(folder, *words):
    return subprocess.Popen(
        [*COMMAND, *words, "--runs-dir", str(folder), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def _finish(process):
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return json.loads(out)


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "iris.csv"
    load_iris(as_frame=True).frame.to_csv(path, index=False)
    return str(path)


def _search(table, study):
    space = "tabular_small"
    words = ["search", table, "--target", "target", "--space", space, "--trials", str(TRIALS), "--study", study]
    return [*words, "--cohort", "3"]


def _story(run_dir):
    """What came of a study, without clocks."""
    told = []
    for folder in sorted((run_dir / "trials").iterdir()):
        outcome = json.loads((folder / "outcome.json").read_text())
        outcome.pop("seconds")
        told.append((folder.name, json.loads((folder / "config.json").read_text()), outcome))
    rungs = (run_dir / "rungs.jsonl").read_text() if (run_dir / "rungs.jsonl").exists() else ""
    return told, rungs


def _assert_mlflow_is_whole(result):
    told = result["mlflow"]
    client = MlflowClient(told["tracking_uri"])
    experiment = client.get_experiment_by_name(told["experiment"])
    runs = client.search_runs([experiment.experiment_id], f"tags.`automl.study` = '{result['study']}'") or []
    mine = [
        run
        for run in client.search_runs([experiment.experiment_id])
        if told["run_id"] in (run.info.run_id, run.data.tags.get("mlflow.parentRunId"))
    ]
    assert len(mine) == TRIALS + 1
    assert all(run.info.status != "RUNNING" for run in [*mine, *runs])


@pytest.mark.slow
def test_a_killed_search_ends_as_one_that_never_was(runs_dir, table):
    draw = random.Random(5)
    whole = _finish(_start(runs_dir, *_search(table, "whole")))
    process = _start(runs_dir, *_search(table, "killed"))
    kills = 0
    while kills < 5:
        time.sleep(draw.uniform(0.5, 5.0))
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += 1
        exists = (runs_dir / "killed" / "plan.json").exists()
        process = _start(runs_dir, *(["resume", "killed"] if exists else _search(table, "killed")))
    result = _finish(process)
    assert kills > 0
    assert _story(runs_dir / "killed") == _story(runs_dir / "whole")
    assert result["best"] == whole["best"]
    assert result["test"] == whole["test"]
    ledger = (runs_dir / "killed" / "ledger.jsonl").read_text()
    assert ledger.count('"event": "opening"') == 1
    _assert_mlflow_is_whole(result)


def test_an_interrupted_search_keeps_its_record_and_says_how_to_go_on(runs_dir, table):
    process = _start(runs_dir, *_search(table, "stopped"))
    deadline = time.monotonic() + 60
    while not list(runs_dir.glob("stopped/trials/0001/outcome.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert out == ""
    assert "automl resume stopped" in err
    report = json.loads((runs_dir / "stopped" / "report.json").read_text())
    assert report["test"] is None
    told = report["mlflow"]
    assert MlflowClient(told["tracking_uri"]).get_run(told["run_id"]).info.status == "KILLED"
    result = _finish(_start(runs_dir, "resume", "stopped"))
    assert result["trials"]["total"] == TRIALS
    _assert_mlflow_is_whole(result)


def test_two_commands_on_one_study_do_not_mix(runs_dir, table):
    first = _start(runs_dir, *_search(table, "one"))
    deadline = time.monotonic() + 60
    while not list(runs_dir.glob("one/trials/0000/config.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    second = _start(runs_dir, "resume", "one")
    _, err = second.communicate(timeout=60)
    assert second.returncode == 2
    assert f"study 'one' is being run by process {first.pid}" in err
    assert _finish(first)["trials"]["total"] == TRIALS
