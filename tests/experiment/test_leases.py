"""The trials of a process that died are found and taken over, and one that takes its process with it is given up."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from automl import files
from automl.budget import Budget
from automl.errors import StudyError
from automl.experiment.cohorts import COHORTS, Cohorts
from automl.experiment.deaths import Deaths
from automl.experiment.leases import LEASES, Leases, end_leases
from automl.tracking.record import Record


@pytest.fixture
def record(tmp_path):
    return Record.create(tmp_path, "study")


@pytest.fixture
def sleeper():
    """Another process, which lives until the test ends."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.wait()


def _lease_of(record, place, pid, trials):
    """Write a lease as that process would."""
    Leases(record, place).take(trials)
    path = record.run_dir / LEASES / f"{place}.json"
    from automl.experiment.leases import _started

    files.write_json(path, {**files.read_json(path), "pid": pid, "started": _started(pid)})
    return path


def _changed(path, **facts):
    files.write_json(path, {**files.read_json(path), **facts})


def test_what_a_living_process_works_on_is_held(record, sleeper):
    _lease_of(record, 1, sleeper.pid, [3, 4])
    assert Leases(record, 0).held() == {3, 4}


def test_what_a_dead_process_worked_on_is_free(record, sleeper):
    _lease_of(record, 1, sleeper.pid, [3, 4])
    sleeper.kill()
    time.sleep(0.05)  # a zombie is dead too
    assert Leases(record, 0).held() == set()


def test_a_process_that_has_the_number_of_a_dead_one_holds_nothing(record, sleeper):
    path = _lease_of(record, 1, sleeper.pid, [3])
    _changed(path, started=files.read_json(path)["started"] - 1)
    assert Leases(record, 0).held() == set()


def test_a_lease_of_before_the_machine_started_is_dead(record):
    Leases(record, 1).take([3])
    _changed(record.run_dir / LEASES / "1.json", boot_id="another")
    assert Leases(record, 0).held() == set()


@pytest.mark.parametrize(("silence", "held"), [(5.0, {3}), (5000.0, set())])
def test_where_the_system_does_not_tell_the_heartbeat_does(record, sleeper, silence, held):
    path = _lease_of(record, 1, sleeper.pid, [3])
    _changed(path, started=None)
    os.utime(path, (time.time() - silence,) * 2)
    assert Leases(record, 0).held() == held


def test_a_heartbeat_makes_a_lease_young(record):
    leases = Leases(record, 1)
    leases.take([3])
    path = record.run_dir / LEASES / "1.json"
    os.utime(path, (0, 0))
    leases.beat()
    assert time.time() - path.stat().st_mtime < 60


def test_what_is_told_to_its_end_is_released(record):
    leases = Leases(record, 1)
    leases.take([3])
    leases.release()
    assert leases.held() == set()


@pytest.mark.parametrize("text", ["", "{", '{"trials": [3]'])
def test_half_a_lease_is_nobodys(record, text):
    Leases(record, 1).take([3])
    (record.run_dir / LEASES / "1.json").write_text(text)
    assert Leases(record, 0).held() == set()


def test_leases_of_the_dead_are_removed(record):
    Leases(record, 1).take([3])
    _changed(record.run_dir / LEASES / "1.json", boot_id="another")
    end_leases(record)
    assert not (record.run_dir / LEASES).exists()


def test_a_worker_that_does_not_leave_is_named(record, sleeper):
    _lease_of(record, 1, sleeper.pid, [3])
    with pytest.raises(StudyError, match=f"process {sleeper.pid} still works on study 'study'; end it first"):
        end_leases(record, patience=0.0)


class Study:
    """Has trials that were asked for and never told."""

    n_starts = 1

    def __init__(self, *unfinished):
        self.unfinished = list(unfinished)
        self.n_asked = 9
        self.finished = []

    def ask_again(self, number):
        return {"number": number}


class Objective:
    """Is told what others ran."""

    def catch_up(self, ended):
        pass


def _formed(record, place, *groups):
    """What a process is given where these cohorts are not told to their end and the budget is spent."""
    if not record.has(COHORTS):
        for group in groups:
            record.append_jsonl(COHORTS, {"trials": list(group)})
    study = Study(*(number for group in groups for number in group))
    return list(Cohorts(record, 1, Leases(record, place)).form(study, Objective(), Budget(trials=9)))


def _died(record, place, trials):
    Leases(record, place).take(trials)
    return Leases(record, 0).died(place, -9)


def test_an_orphan_is_given_to_one_process_only(record):
    given = [_formed(record, place, [3, 4], [5]) for place in (1, 2, 3)]
    assert given == [[3, 4], [5], []]


def test_what_died_is_told_by_the_lease(record):
    assert _died(record, 1, [3, 4]) == [3, 4]
    assert Leases(record, 0).died(1, -9) == []


def test_what_took_a_worker_with_it_is_left_to_workers(record):
    _died(record, 1, [3, 4])
    assert _formed(record, 0, [3, 4], [5]) == [5]
    assert _formed(record, 1, [3, 4], [5]) == [3, 4]


def test_trials_that_died_together_twice_are_tried_one_by_one(record):
    for _ in range(2):
        _died(record, 1, [3, 4])
    assert _formed(record, 1, [3, 4]) == [3]
    assert not Deaths(record).is_fatal(3)


def test_a_trial_that_died_alone_too_is_given_up_and_its_companion_is_not(record):
    for trials in ([3, 4], [3, 4], [3]):
        _died(record, 1, trials)
    assert [Deaths(record).is_fatal(number) for number in (3, 4)] == [True, False]


def test_a_trial_alone_is_given_up_after_two_deaths(record):
    _died(record, 1, [3])
    assert not Deaths(record).is_fatal(3)
    _died(record, 2, [3])
    assert Deaths(record).is_fatal(3)
