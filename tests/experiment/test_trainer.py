"""Configs with seeds go in and outcomes come out, and a fault in a cohort stays with one of it."""

from __future__ import annotations

import errno
from dataclasses import replace

import pytest
import torch

from automl.budget import Clock
from automl.errors import DiskError
from automl.experiment.interrupts import Interrupts
from automl.experiment.limits import Limits
from automl.experiment.plan import Plan
from automl.experiment.progress import Silent
from automl.experiment.stage import set_out
from automl.experiment.trainer import Candidate, Trainer, contained
from automl.experiment.watch import Watch
from automl.study.rungs import NoPruner
from automl.tracking.record import Record
from automl.training.failures import OutOfTimeError
from automl.trial import Completed, Failed

CONFIG = {"family": "mlp", "family.mlp.layers": 1, "family.mlp.width": 8, "training.epochs": 3}
DONE = Completed(0.9, 0.1, 1, 2, 1.0, 10, "patience")


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    plan = Plan(data="iris", study="iris", runs_dir=str(tmp_path_factory.mktemp("runs")))
    return set_out(Record.create(tmp_path_factory.mktemp("runs"), "iris"), plan)


def _trained(stage, *candidates, seconds=None):
    watch = Watch(range(1, len(candidates) + 1), stage, NoPruner(), Clock(seconds), Silent(), Interrupts())
    outcomes = [outcome for _, outcome in Trainer(stage, torch.device("cpu")).train(candidates, watch)]
    return [replace(outcome, seconds=0.0) for outcome in outcomes]


def test_the_same_seed_trains_alike(stage):
    assert _trained(stage, Candidate(CONFIG, (1, 2))) == _trained(stage, Candidate(CONFIG, (1, 2)))


def test_another_seed_trains_otherwise(stage):
    assert _trained(stage, Candidate(CONFIG, (1, 2))) != _trained(stage, Candidate(CONFIG, (1, 3)))


def test_members_of_a_cohort_with_one_seed_train_alike(stage):
    one, other = _trained(stage, *2 * [Candidate(CONFIG, (1, 2))])
    assert one == other


def test_nothing_is_trained_when_the_time_is_up(stage):
    with pytest.raises(OutOfTimeError, match="the time was up before the first step"):
        _trained(stage, Candidate(CONFIG, (1, 2)), seconds=0.0)


def test_a_network_past_a_limit_is_infeasible(stage):
    trainer = Trainer(stage, torch.device("cpu"), Limits(parameters=5))
    assert "its parameters would be" in trainer.infeasible(CONFIG)


def test_a_network_past_a_limit_costs_infinitely_much(stage):
    assert Trainer(stage, torch.device("cpu"), Limits(parameters=5)).cost(CONFIG) == float("inf")


def test_a_network_within_the_limits_is_feasible(stage):
    assert Trainer(stage, torch.device("cpu")).infeasible(CONFIG) == ""


def _work(cohort):
    """Fail wherever trial 2 takes part."""
    if 2 in cohort:
        raise KeyError("width")
    return dict.fromkeys(cohort, DONE)


def test_a_fault_stays_with_the_member_that_has_it():
    ended = contained(_work, dict.fromkeys((1, 2, 3), CONFIG))
    assert (ended[1], ended[3]) == (DONE, DONE)


def test_a_fault_is_told_with_its_kind_and_place():
    failed = contained(_work, {2: CONFIG})[2]
    assert isinstance(failed, Failed)
    assert (failed.kind, failed.message) == ("bug", "KeyError: 'width'")
    assert 'raise KeyError("width")' in failed.traceback


def test_a_fault_that_only_the_whole_cohort_has_is_no_members():
    def crowded(cohort):
        if len(cohort) > 1:
            raise MemoryError
        return dict.fromkeys(cohort, DONE)

    assert contained(crowded, dict.fromkeys((1, 2), CONFIG)) == {1: DONE, 2: DONE}


def test_a_fault_without_words_is_told_by_its_kind():
    def hungry(cohort):
        raise MemoryError

    failed = contained(hungry, {1: CONFIG})[1]
    assert isinstance(failed, Failed)
    assert (failed.kind, failed.message) == ("out_of_memory", "MemoryError")


def test_an_interruption_is_no_fault():
    def interrupted(cohort):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        contained(interrupted, dict.fromkeys((1, 2), CONFIG))


def test_a_full_disk_is_no_trials_fault():
    def work(cohort):
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError:
            raise RuntimeError("did not possess lock")  # noqa: B904

    with pytest.raises(DiskError, match="the disk did not take what is to be kept: No space left on device"):
        contained(work, dict.fromkeys((1, 2), CONFIG))
