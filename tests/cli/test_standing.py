"""How a search stands, in words."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from automl.budget import Budget
from automl.cli.standing import best, counts, failure, new_best, running, status, time_used
from automl.experiment.standing import Standing, Start
from automl.trial import Completed, Epoch, Failed, Outcome, Pruned

DONE = Completed(score=0.9, loss=0.1, best_epoch=3, epochs=5, seconds=61.0, parameters=10, stopped_by="patience")
PRUNED = Pruned(score=0.5, loss=0.7, best_epoch=1, epochs=2, seconds=1.5, parameters=10)
FAILED = Failed(kind="out_of_memory", message="the device has no memory left", traceback="", seconds=0.1)
NO_BUDGET = Budget()
EPOCH = Epoch(epoch=4, train_loss=0.3, validation_loss=0.2, validation=0.8765, lr=0.1, seconds=0.5)


def after(*outcomes: Outcome, metric: str = "accuracy", budget: Budget = NO_BUDGET, **constants: float) -> Standing:
    """A search that began at second 100, after these outcomes."""
    standing = Standing(Start(metric, budget, constants=constants), now=100.0)
    for number, outcome in enumerate(outcomes):
        standing.trial_ended(number, outcome)
    return standing


def test_trials_are_counted_towards_the_budget():
    assert counts(after(DONE, PRUNED, budget=Budget(trials=50))) == "2 of 50: 1 completed, 1 pruned, 0 failed"


def test_trials_without_a_budget_of_trials_are_just_counted():
    assert counts(after()) == "0: 0 completed, 0 pruned, 0 failed"


def test_trials_that_run_are_counted_too():
    standing = after(DONE)
    standing.trial_started(1, "mlp")
    assert counts(standing) == "1: 1 completed, 0 pruned, 0 failed, 1 running"


def test_the_best_stands_beside_the_default_and_the_constant():
    standing = after(DONE, replace(DONE, score=0.95), majority=0.6)
    assert best(standing) == "accuracy 0.9500 (trial 1), default 0.9000, majority 0.6000"


def test_before_the_first_trial_the_constant_alone_is_known():
    assert best(after(metric="rmse", mean=45123.4)) == "rmse –, mean 45123"


@pytest.mark.parametrize(("outcome", "said"), [(PRUNED, "default 0.5000 (pruned)"), (FAILED, "default failed")])
def test_a_default_that_was_not_completed_says_so(outcome: Outcome, said: str):
    assert best(after(outcome)) == f"accuracy –, {said}"


def test_time_is_told_in_whole_seconds():
    assert time_used(after(budget=Budget(seconds=100.0)), now=140.4) == "40 s, 1 min 0 s left"


def test_an_estimate_is_called_one():
    assert time_used(after(DONE, budget=Budget(trials=3)), now=110.0) == "10 s, about 20 s left"


def test_time_without_a_budget_is_what_was_used():
    assert time_used(after(), now=110.0) == "10 s"


def test_a_trial_that_runs_says_how_far_it_is():
    standing = after()
    standing.trial_started(7, "resnet")
    assert running(standing) == "trial 7 (resnet)"
    standing.epoch(7, EPOCH)
    assert running(standing) == "trial 7 (resnet), epoch 4: 0.8765"


@pytest.mark.parametrize(("metric", "reached"), [("accuracy", "0.8765"), ("rmse", "0.2000")])
def test_trials_of_a_family_are_told_together_with_the_best_of_them(metric: str, reached: str):
    standing = after(metric=metric)
    for number, score in enumerate((0.8765, 0.2, math.nan)):
        standing.trial_started(number, "mlp")
        standing.epoch(number, replace(EPOCH, epoch=number + 1, validation=score))
    assert running(standing) == f"3 trials (mlp), epoch 3: best {reached}"


def test_an_epoch_without_a_finite_score_is_undefined():
    standing = after()
    standing.trial_started(0, "mlp")
    standing.epoch(0, replace(EPOCH, validation=math.inf))
    assert running(standing) == "trial 0 (mlp), epoch 4: undefined"


def test_trials_of_several_processes_stand_side_by_side():
    standing = after()
    for number, family in enumerate(("mlp", "resnet", "")):
        standing.trial_started(number, family)
    assert running(standing) == "trial 0 (mlp); trial 1 (resnet); trial 2"


def test_a_new_best_says_where_it_was_reached():
    assert new_best(3, DONE, "f1") == "trial 3: f1 0.9000 is the best so far (epoch 3 of 5, 1 min 1 s)"


def test_a_failure_says_its_kind_in_words():
    assert failure(2, FAILED) == "trial 2 failed (out of memory): the device has no memory left"


def test_the_whole_standing_is_one_line():
    assert status(after(DONE, budget=Budget(trials=2)), now=101.0) == (
        "trials 1 of 2: 1 completed, 0 pruned, 0 failed; best accuracy 0.9000 (trial 0), default 0.9000; "
        "1 s, about 1 s left"
    )
