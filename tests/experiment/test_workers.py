"""Several processes on one study: every trial once, whoever ran it and whoever died."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import optuna
import pytest
from sklearn.datasets import load_iris

import automl
from automl.experiment.messages import Sender, deliver
from automl.experiment.progress import Silent
from automl.experiment.standing import Start
from automl.tracking.record import Record
from automl.trial import Completed, Epoch, Failed, Pruned

TRIALS = 10
OPTIONS = {"target": "target", "space": "tabular_small", "trials": TRIALS, "jobs": 2, "study": "together"}


@pytest.fixture
def rows():
    return load_iris(as_frame=True).frame


def _processes(run_dir):
    """The worker processes of a study."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if "automl.experiment.worker" in words and str(run_dir) in words:
            found.append(int(folder.name))
    return found


def _assert_whole(run_dir):
    """Every trial is over, was formed once, and is told."""
    record = Record(run_dir)
    assert sorted(record.outcomes()) == list(range(TRIALS))
    assert sorted(number for line in record.read_jsonl("cohorts.jsonl") for number in line["trials"]) == list(
        range(TRIALS)
    )
    backend = optuna.storages.journal.JournalFileBackend(str(record.journal_path))
    study = optuna.load_study(study_name=record.study, storage=optuna.storages.JournalStorage(backend))
    assert [trial.number for trial in study.trials if trial.state.is_finished()] == list(range(TRIALS))
    with_weights = [trial.number for trial in record.trials() if trial.weights_path.exists()]
    assert len(with_weights) <= 3
    assert json.loads(record.report_path.read_text())["best"]["trial"] in with_weights


class Ended(Silent):
    """Remembers whose end it heard of, and may act on the first."""

    def __init__(self, at_first=lambda: None):
        self.numbers = []
        self.sentences = []
        self._at_first = at_first

    def say(self, sentence):
        self.sentences.append(sentence)

    def trial_ended(self, number, outcome):
        if not self.numbers:
            self._at_first()
        self.numbers.append(number)


def test_two_processes_share_a_study(rows, runs_dir):
    heard = Ended()
    result = automl.search(rows, runs_dir=runs_dir, progress=heard, **OPTIONS)
    _assert_whole(result.run_dir)
    assert sorted(heard.numbers) == list(range(TRIALS))
    assert _processes(result.run_dir) == []


def test_the_trials_of_a_worker_that_dies_are_run_again(rows, runs_dir):
    run_dir = runs_dir / "together"

    def kill():
        deadline = time.monotonic() + 60
        while len(Record(run_dir).read_jsonl("cohorts.jsonl")) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        for process in _processes(run_dir):
            os.kill(process, signal.SIGKILL)

    heard = Ended(kill)
    automl.search(rows, runs_dir=runs_dir, progress=heard, **OPTIONS)
    _assert_whole(run_dir)
    assert any("worker 1 ended early (exit code -9" in sentence for sentence in heard.sentences)


class Deadly(threading.Thread):
    """Kills a worker whenever it works on the trial that it worked on first, by what its lease says."""

    def __init__(self, lease):
        super().__init__(daemon=True)
        self.lease, self.target, self.is_over = lease, None, threading.Event()

    def run(self):
        while not self.is_over.wait(0.002):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                lease = json.loads(self.lease.read_text())
                self.target = self.target or lease["trials"]
                if lease["trials"] == self.target:
                    os.kill(lease["pid"], signal.SIGKILL)


@pytest.mark.slow
def test_a_trial_that_takes_its_worker_with_it_twice_has_failed(rows, runs_dir):
    run_dir = runs_dir / "together"
    deadly = Deadly(run_dir / "leases" / "1.json")
    deadly.start()
    automl.search(rows, runs_dir=runs_dir, cohort="1", **(OPTIONS | {"trials": 60}))
    deadly.is_over.set()
    outcomes = Record(run_dir).outcomes()
    assert sorted(outcomes) == list(range(60))
    assert [number for number, each in outcomes.items() if isinstance(each, Failed)] == deadly.target
    assert outcomes[deadly.target[0]].kind == "killed"
    assert not (run_dir / "leases").exists()


def test_workers_leave_with_the_search_and_resume_goes_on(rows, runs_dir, tmp_path):
    rows.to_csv(tmp_path / "iris.csv", index=False)
    words = ["search", str(tmp_path / "iris.csv"), "--target", "target", "--space", "tabular_small", "--quiet"]
    words += ["--trials", str(TRIALS), "--jobs", "2", "--study", "together", "--runs-dir", str(runs_dir)]
    process = subprocess.Popen([sys.executable, "-m", "automl", *words], stderr=subprocess.DEVNULL)
    run_dir = runs_dir / "together"
    deadline = time.monotonic() + 120
    while len(Record(run_dir).read_jsonl("cohorts.jsonl")) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _processes(run_dir)
    process.kill()
    process.wait()
    while _processes(run_dir) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _processes(run_dir) == []
    automl.resume("together", runs_dir=runs_dir)
    _assert_whole(run_dir)


@pytest.mark.parametrize("jobs", [0, 257])
def test_a_number_of_jobs_that_makes_no_sense_is_refused(rows, runs_dir, jobs):
    with pytest.raises(automl.AutoMLError, match=f"--jobs must be from 1 to 256, got {jobs}"):
        automl.search(rows, runs_dir=runs_dir, **(OPTIONS | {"jobs": jobs}))


class Told(Silent):
    """Keeps everything it hears."""

    def __init__(self):
        self.all = []

    def say(self, sentence):
        self.all.append(sentence)

    def trial_started(self, number, family):
        self.all.append((number, family))

    def epoch(self, number, epoch):
        self.all.append((number, epoch))

    def trial_ended(self, number, outcome):
        self.all.append((number, outcome))


def test_what_a_worker_tells_arrives_as_it_was_told():
    epoch = Epoch(3, 0.1, math.inf, 0.7, 0.01, 0.2)
    outcomes = [
        Completed(0.9, 0.1, 1, 2, 1.0, 10, "patience"),
        Pruned(0.5, 0.5, 1, 6, 1.0, 10),
        Failed("bug", "KeyError: 'x'", "Traceback", 1.0),
    ]
    stream = io.StringIO()
    sender = Sender(stream)
    sender.say("two\nlines")
    sender.search_started(Start("accuracy"))
    sender.trial_started(4, "mlp")
    sender.epoch(4, epoch)
    for outcome in outcomes:
        sender.trial_ended(4, outcome)
    told = Told()
    ended = [deliver(line, told) for line in stream.getvalue().splitlines()]
    assert ended == [False, False, False, True, True, True]
    assert told.all[:2] == ["two\nlines", (4, "mlp")]
    assert math.isnan(told.all[2][1].validation_loss)
    assert told.all[3:] == [(4, outcome) for outcome in outcomes]


def test_half_a_message_says_nothing():
    told = Told()
    assert not deliver('{"say": "tor', told)
    assert told.all == []
