"""A trial that takes the search's own process with it twice is given up; any other kill costs nothing."""

from __future__ import annotations

import json
import os
import signal

import pytest
from sklearn.datasets import load_iris

import automl
from automl.experiment.deaths import DEATHS, ONSET, Deaths, Onset
from automl.experiment.progress import Silent
from automl.tracking.record import Record
from automl.trial import Completed, Failed


@pytest.fixture
def record(tmp_path):
    return Record.create(tmp_path, "study")


def _killed(record, trials):
    """A session that was killed before these trials had trained an epoch, and the next one that finds it."""
    Onset(record).begin(trials)
    return Onset(record).dead()


def test_what_was_killed_before_an_epoch_is_noted_and_said(record):
    assert _killed(record, [3]) == "the last session was killed before trial 3 had trained an epoch"
    assert record.read_jsonl(DEATHS) == [{"trials": [3], "place": 0, "code": None}]
    assert not record.has(ONSET)


def test_it_is_noted_once(record):
    _killed(record, [3])
    assert Onset(record).dead() is None
    assert not Deaths(record).is_fatal(3)


def test_a_trial_that_died_alone_twice_is_given_up(record):
    for _ in range(2):
        _killed(record, [3])
    assert Deaths(record).is_fatal(3)


def test_what_has_trained_an_epoch_is_not_to_blame(record):
    onset = Onset(record)
    onset.begin([3])
    onset.passed()
    assert Onset(record).dead() is None


def test_a_power_cut_is_no_trials_fault(record):
    Onset(record).begin([3])
    told = record.read_json(ONSET)
    record.write_json(ONSET, told | {"boot_id": "another"})
    assert Onset(record).dead() is None
    assert not record.has(DEATHS)


@pytest.mark.parametrize("text", ["", '{"trials": [3'])
def test_half_a_note_blames_nobody(record, text):
    (record.run_dir / ONSET).write_text(text)
    assert Onset(record).dead() is None


class Deadly(Silent):
    """Kills this process, or asks it to end, whenever a trial begins."""

    def __init__(self, number, with_signal):
        self._number, self._signal = number, with_signal

    def trial_started(self, number, family):
        if number == self._number:
            os.kill(os.getpid(), self._signal)


def _in_a_process(work):
    """Do some work in a process of its own, and give the signal that ended it, or 0."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.WTERMSIG(os.waitpid(pid, 0)[1])


OPTIONS = {"target": "target", "space": "tabular_small", "trials": 5, "cohort": "1", "judge": False, "study": "deadly"}


def _twice(runs_dir, tmp_path, with_signal):
    """Carry out a search whose fourth trial sends a signal to its process, and resume it twice."""
    table = tmp_path / "iris.csv"
    load_iris(as_frame=True).frame.to_csv(table, index=False)
    deadly = Deadly(3, with_signal)
    ended = [_in_a_process(lambda: automl.search(str(table), runs_dir=runs_dir, progress=deadly, **OPTIONS))]
    ended += [_in_a_process(lambda: automl.resume("deadly", runs_dir=runs_dir, progress=deadly)) for _ in range(2)]
    return ended


def test_a_trial_that_kills_the_only_process_twice_has_failed(runs_dir, tmp_path):
    kill = int(signal.SIGKILL)
    deadly = _twice(runs_dir, tmp_path, signal.SIGKILL)
    assert deadly == [kill, kill, kill]
    result = automl.resume("deadly", runs_dir=runs_dir)
    outcomes = Record(result.run_dir).outcomes()
    assert sorted(outcomes) == list(range(5))
    assert isinstance(outcomes[3], Failed) and outcomes[3].kind == "killed"
    assert isinstance(outcomes[4], Completed) or outcomes[4].state == "pruned"


def test_who_is_asked_to_end_again_and_again_has_no_trial_to_blame(runs_dir, tmp_path):
    _twice(runs_dir, tmp_path, signal.SIGINT)
    result = automl.resume("deadly", runs_dir=runs_dir)
    assert not (result.run_dir / DEATHS).exists()
    assert [json.loads(path.read_text())["state"] for path in result.run_dir.glob("trials/0003/outcome.json")] != [
        "failed"
    ]
