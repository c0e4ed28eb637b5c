"""A trial that is trained once more comes out as it is recorded, and where it does not, that is told."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace as changed

import pytest
from safetensors.torch import load_file, save_file
from sklearn.datasets import load_iris

import automl
from automl.errors import StudyError
from automl.experiment.replay import EpochClock, Recorded, replay
from automl.tracking.record import Record
from automl.trial import Epoch, Failed, Pruned

TRIALS = 9


@pytest.fixture(scope="module")
def study(tmp_path_factory, empty_store):
    runs = tmp_path_factory.mktemp("runs")
    shutil.copy(empty_store, runs / "mlflow.db")
    rows = load_iris(as_frame=True).frame
    options = {"target": "target", "space": "tabular_small", "trials": TRIALS, "cohort": "3", "judge": False}
    return automl.search(rows, runs_dir=runs, study="iris", **options).run_dir


@pytest.fixture
def record(study, tmp_path):
    """A copy, of which a test may change what it likes."""
    return Record(shutil.copytree(study, tmp_path / "iris"))


def _numbers(record, kind):
    return [number for number, outcome in record.outcomes().items() if isinstance(outcome, kind)]


def test_every_trial_is_repeated_bit_for_bit(record):
    told = [replay(record, number) for number in range(TRIALS)]
    assert [each["equal"] for each in told] == [True] * TRIALS
    assert max(len(each["cohort"]) for each in told) > 1
    assert any(each["largest"]["weights"] == 0.0 for each in told)


def test_a_pruned_trial_leaves_where_it_left(record):
    number = _numbers(record, Pruned)[0]
    told = replay(record, number)
    assert told["epochs"]["repeated"] == record.trial(number).read_outcome().epochs == told["epochs"]["recorded"]


def test_a_replay_leaves_the_folder_as_it_is(record):
    def content():
        return {
            path: hashlib.sha256(path.read_bytes()).digest() for path in record.run_dir.rglob("*") if path.is_file()
        }

    before = content()
    replay(record, 0)
    assert content() == before


def test_another_curve_is_told_by_how_much(record):
    trial = record.trial(0)
    first, *others = trial.read_curve()
    trial.write_curve([changed(first, train_loss=first.train_loss + 0.25), *others])
    told = replay(record, 0)
    assert not told["equal"]
    assert told["largest"]["train_loss"] == pytest.approx(0.25)
    assert told["largest"]["validation_loss"] == 0.0
    assert told["sentence"].startswith("not equal: ")


def test_other_weights_are_told_by_how_much(record):
    number = next(each for each in range(TRIALS) if record.trial(each).weights_path.exists())
    path = record.trial(number).weights_path
    weights = load_file(path)
    name = next(each for each, weight in weights.items() if weight.is_floating_point() and weight.numel())
    weights[name].view(-1)[0] += 0.5
    save_file(weights, path)
    told = replay(record, number)
    assert told["largest"]["weights"] == pytest.approx(0.5, abs=1e-6)
    assert not told["equal"]


def test_another_seed_is_not_equal(record):
    plan = record.read_json("plan.json")
    record.write_json("plan.json", {**plan, "seed": 7})
    assert not replay(record, 0)["equal"]


def test_another_outcome_is_not_equal(record):
    record.trial(0).write_outcome(Failed("bug", "KeyError: 'x'", "Traceback", 0.1))
    told = replay(record, 0)
    assert not told["equal"]
    assert told["outcome"]["recorded"]["state"] == "failed"
    assert told["outcome"]["repeated"]["state"] == "completed"


def test_a_trial_that_the_time_ended_is_ended_after_as_many_epochs(record):
    trial = record.trial(0)
    ended = changed(trial.read_outcome(), stopped_by="budget", epochs=2, best_epoch=2)
    trial.write_outcome(ended)
    trial.write_curve(trial.read_curve()[:2])
    told = replay(record, 0)
    assert told["epochs"] == {"recorded": 2, "repeated": 2}
    assert told["largest"]["validation_loss"] == 0.0
    assert told["outcome"]["repeated"]["stopped_by"] == "budget"


def test_the_weights_of_a_trial_that_were_not_kept_are_not_compared(record):
    record.trial(0).weights_path.unlink(missing_ok=True)
    told = replay(record, 0)
    assert told["equal"]
    assert "its weights were not kept" in told["sentence"]


def test_an_unknown_trial_is_refused(record):
    with pytest.raises(StudyError, match="unknown trial '70'"):
        replay(record, 70)


def test_a_trial_that_is_not_over_is_refused(record):
    record.trial(0).outcome_path.unlink()
    with pytest.raises(StudyError, match="trial 0 of study 'iris' is not over; go on with: automl resume iris"):
        replay(record, 0)


def test_a_trial_that_was_never_trained_is_refused(record):
    record.trial(0).write_outcome(Failed("timeout", "the time was up before the first step", "", 0.0))
    with pytest.raises(StudyError, match="trial 0 of study 'iris' was never trained: the time was up"):
        replay(record, 0)


def test_who_was_stopped_is_stopped_again():
    pruner = Recorded([{"epoch": 6, "scores": {"1": 0.5, "2": 0.9}, "pruned": [1]}])
    assert (pruner.report(6, {1: 0.9, 2: 0.1}), pruner.report(7, {1: 0.9})) == ({1}, set())


def test_the_clock_of_epochs_is_up_after_so_many():
    clock = EpochClock(2)
    over = []
    for number in (1, 2):
        over.append(clock.is_over)
        clock.epoch(0, Epoch(number, 0.1, 0.1, 0.9, 0.01, 0.1))
    assert [*over, clock.is_over] == [False, False, True]
