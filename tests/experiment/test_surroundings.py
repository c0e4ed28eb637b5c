"""What happens around a search costs nothing that it has found; in long form: `python benchmarks/surroundings.py`."""

from __future__ import annotations

import json
import os
import pty
import resource
import signal
import sys
import time
from contextlib import suppress

import pytest
from sklearn.datasets import load_iris

import automl
from automl.errors import DiskError, StudyError
from automl.experiment.progress import Silent
from automl.tracking.record import Record

TRIALS = 8
NO_MLFLOW = """#!/bin/sh
while read -r order; do case "$order" in finish*) exit 0 ;; esac; done
"""
"""Stands for the process that tells MLflow, which would take most of the time."""
PYTHON = sys.executable
SEARCH = """
import sys
from automl import cli
sys.executable, sys.argv = sys.argv[1], sys.argv[2:]
cli.main()
"""
"""The command, with something else in the place of the interpreter that it starts."""
OPTIONS = {"target": "target", "space": "tabular_small", "study": "around"}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="tries terminals and limits as Linux has them")


@pytest.fixture
def runs_dir(tmp_path, monkeypatch):
    """An empty runs folder; MLflow is told nothing."""
    quick = tmp_path / "python"
    quick.write_text(NO_MLFLOW)
    quick.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(quick))
    return tmp_path / "runs"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "iris.csv"
    load_iris(as_frame=True).frame.to_csv(path, index=False)
    return str(path)


@pytest.fixture
def begin(runs_dir, table):
    """Begin a search as a process of its own at a new terminal; give its number and the terminal.

    It is not forked from this process, in which other tests may have trained: the threads that do are not forked along.
    """
    words = ["automl", "search", table, "--target", "target", "--space", "tabular_small", "--study", "around"]
    words += ["--trials", str(TRIALS), "--no-judge", "--runs-dir", str(runs_dir)]
    begun = []

    def begin(*, hears_hangups=True):
        pid, terminal = pty.fork()
        if pid == 0:
            if not hears_hangups:
                signal.signal(signal.SIGHUP, signal.SIG_IGN)
            os.execv(PYTHON, [PYTHON, "-c", SEARCH, sys.executable, *words])
        begun.append(pid)
        return pid, terminal

    yield begin
    for pid in begun:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _trains(run_dir, terminal):
    """Read what the terminal shows until some trials are over."""
    os.set_blocking(terminal, False)
    deadline = time.monotonic() + 60
    while not (run_dir / "trials" / "0000" / "outcome.json").exists() and time.monotonic() < deadline:
        with suppress(BlockingIOError):
            os.read(terminal, 65536)
        time.sleep(0.005)


def _ended(pid, terminal=None):
    """Wait for a process's end, reading what its terminal shows; give its exit code."""
    while True:
        with suppress(OSError):
            if terminal is not None:
                os.read(terminal, 65536)
        number, status = os.waitpid(pid, os.WNOHANG)
        if number:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)


def _goes_on(runs_dir):
    return automl.resume("around", runs_dir=runs_dir).summary["trials"]


def test_a_terminal_that_is_closed_ends_a_search_with_its_record(runs_dir, begin):
    pid, terminal = begin()
    _trains(runs_dir / "around", terminal)
    os.close(terminal)
    assert _ended(pid) == 128 + signal.SIGHUP
    assert "go on with: automl resume around" in (runs_dir / "around" / "log.txt").read_text()
    assert json.loads((runs_dir / "around" / "report.json").read_text())["trials"]["total"] < TRIALS
    assert _goes_on(runs_dir)["total"] == TRIALS


def test_a_search_under_nohup_outlives_its_terminal(runs_dir, begin):
    pid, terminal = begin(hears_hangups=False)
    _trains(runs_dir / "around", terminal)
    os.close(terminal)
    assert _ended(pid) == 1  # its result went nowhere
    assert json.loads((runs_dir / "around" / "report.json").read_text())["trials"]["total"] == TRIALS


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_exit_code_of_a_search_says_which_signal_ended_it(runs_dir, begin, number):
    pid, terminal = begin()
    _trains(runs_dir / "around", terminal)
    os.kill(pid, number)
    assert _ended(pid, terminal) == 128 + number
    assert _goes_on(runs_dir)["total"] == TRIALS


def test_a_second_ctrl_c_at_the_terminal_is_obeyed_at_once(runs_dir, begin):
    pid, terminal = begin()
    _trains(runs_dir / "around", terminal)
    os.write(terminal, b"\x03")
    time.sleep(0.02)
    os.write(terminal, b"\x03")
    assert _ended(pid, terminal) == 130
    assert _goes_on(runs_dir)["total"] == TRIALS


class Acts(Silent):
    """Does something when it hears certain words, or that a trial begins."""

    def __init__(self, words, act):
        self._words, self._act = words, act

    def say(self, sentence):
        if isinstance(self._words, str) and self._words in sentence:
            self._act()

    def trial_started(self, number, family):
        if number == self._words:
            self._act()


def test_a_folder_that_is_moved_while_it_is_searched_in_goes_on_where_it_is(runs_dir, table, tmp_path):
    there = tmp_path / "there"
    there.mkdir()
    progress = Acts(3, lambda: (runs_dir / "around").rename(there / "around"))
    with pytest.raises(StudyError, match=r"was moved or removed .* automl resume around --runs-dir DIR"):
        automl.search(table, runs_dir=runs_dir, trials=6, judge=False, progress=progress, **OPTIONS)
    assert not (runs_dir / "around").exists()
    assert _goes_on(there)["total"] == 6


def test_a_study_that_is_renamed_goes_on_with_its_trials(runs_dir, table):
    first = automl.search(table, runs_dir=runs_dir, trials=3, judge=False, **OPTIONS)
    first.run_dir.rename(runs_dir / "renamed")
    result = automl.resume("renamed", runs_dir=runs_dir, trials=5)
    assert (result.summary["study"], result.summary["trials"]["total"]) == ("renamed", 5)
    assert sorted(Record(result.run_dir).outcomes()) == list(range(5))


def test_what_is_told_of_a_finished_study_names_the_place_where_it_is(runs_dir, table, tmp_path):
    automl.search(table, runs_dir=runs_dir, trials=2, judge=False, **OPTIONS)
    (runs_dir / "mlflow.db").touch()
    runs_dir.rename(tmp_path / "there")
    told = automl.resume("around", runs_dir=tmp_path / "there").summary
    assert told["run_dir"] == str(tmp_path / "there" / "around")
    assert told["mlflow"]["tracking_uri"] == f"sqlite:///{tmp_path}/there/mlflow.db"


@pytest.mark.slow
def test_an_export_that_the_disk_does_not_take_is_made_good_by_resume(runs_dir, table):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    progress = Acts("exporting", lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1])))
    try:
        with pytest.raises(DiskError, match=r"the disk did not take .* automl resume around"):
            automl.search(table, runs_dir=runs_dir, trials=2, progress=progress, **OPTIONS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    result = automl.resume("around", runs_dir=runs_dir)
    assert (result.run_dir / "bundle" / "model.onnx").exists()
    assert len([line for line in (result.run_dir / "ledger.jsonl").open() if '"opening"' in line]) == 1
