"""How a search stands, from what it tells."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from automl.budget import Budget
from automl.experiment.standing import Running, Standing, Start
from automl.trial import Completed, Epoch, Failed, Pruned

DONE = Completed(score=0.8, loss=0.4, best_epoch=3, epochs=5, seconds=1.0, parameters=10, stopped_by="patience")
PRUNED = Pruned(score=0.9, loss=0.1, best_epoch=1, epochs=2, seconds=1.0, parameters=10)
FAILED = Failed(kind="bug", message="it broke", traceback="", seconds=0.1)
EPOCH = Epoch(epoch=4, train_loss=0.3, validation_loss=0.2, validation=0.7, lr=0.1, seconds=0.5)


def standing(metric: str = "accuracy", *, trials: int | None = None, seconds: float | None = None, **more) -> Standing:
    """A search that begins at second 100."""
    return Standing(Start(metric, Budget(trials, seconds), **more), now=100.0)


def test_nothing_is_known_before_the_first_trial():
    begun = standing()
    assert (begun.over, begun.best, begun.best_score, begun.default, begun.bests) == (0, None, None, None, [])


def test_trials_that_are_over_are_counted_by_state():
    begun = standing()
    for number, outcome in enumerate([DONE, PRUNED, FAILED, PRUNED]):
        begun.trial_ended(number, outcome)
    assert begun.counts == {"completed": 1, "pruned": 2, "failed": 1} and begun.over == 4


def test_a_trial_that_is_run_again_counts_once():
    begun = standing(outcomes={0: DONE, 1: PRUNED})
    begun.trial_ended(1, FAILED)
    assert begun.counts == {"completed": 1, "pruned": 0, "failed": 1} and begun.over == 2


def test_a_trial_runs_from_its_start_to_its_end():
    begun = standing()
    begun.trial_started(7, "mlp")
    begun.epoch(7, EPOCH)
    assert begun.running == {7: Running("mlp", EPOCH)}
    begun.trial_ended(7, DONE)
    assert begun.running == {}


def test_an_epoch_of_a_trial_that_was_not_announced_is_passed_over():
    begun = standing()
    begun.epoch(7, EPOCH)
    assert begun.running == {}


@pytest.mark.parametrize(("metric", "best"), [("accuracy", 0.9), ("rmse", 0.7)])
def test_the_best_score_has_the_metrics_direction(metric: str, best: float):
    begun = standing(metric)
    for number, score in enumerate([0.8, 0.7, 0.9]):
        begun.trial_ended(number, replace(DONE, score=score))
    assert begun.best_score == best


def test_of_equal_scores_the_lower_loss_leads_as_it_wins():
    begun = standing()
    begun.trial_ended(0, DONE)
    begun.trial_ended(1, replace(DONE, loss=0.3))
    assert begun.best == 1


def test_only_a_better_score_is_news():
    begun = standing()
    scores = [0.8, 0.7, 0.8, 0.9]
    news = [begun.trial_ended(number, replace(DONE, score=s, loss=-number)) for number, s in enumerate(scores)]
    assert news == [True, False, False, True]


@pytest.mark.parametrize("outcome", [PRUNED, FAILED, replace(DONE, score=math.nan)])
def test_what_cannot_win_does_not_lead(outcome):
    begun = standing()
    assert not begun.trial_ended(0, outcome)
    assert begun.best is None and begun.bests == []


def test_the_best_so_far_is_kept_trial_by_trial():
    begun = standing()
    for number, outcome in enumerate([FAILED, DONE, PRUNED, replace(DONE, score=0.85)]):
        begun.trial_ended(number, outcome)
    assert begun.bests == [0.8, 0.8, 0.85]


def test_trial_0_is_the_default():
    begun = standing()
    begun.trial_ended(1, DONE)
    assert begun.default is None
    begun.trial_ended(0, PRUNED)
    assert begun.default is PRUNED


def test_trials_of_earlier_sessions_count_as_if_they_were_heard():
    begun = standing(outcomes={2: PRUNED, 0: DONE, 1: replace(DONE, score=0.9)})
    assert (begun.over, begun.best, begun.bests) == (3, 1, [0.8, 0.9, 0.9])


def test_the_time_of_earlier_sessions_counts():
    assert standing(elapsed=30.0).elapsed(now=110.0) == 40.0


def test_without_a_budget_nothing_is_said_of_what_is_left():
    begun = standing()
    begun.trial_ended(0, DONE)
    assert begun.seconds_left(now=110.0) == (None, False)


def test_seconds_are_counted_down_to_none():
    begun = standing(seconds=60.0, elapsed=5.0)
    assert begun.seconds_left(now=110.0) == (45.0, False)
    assert begun.seconds_left(now=1000.0) == (0.0, False)


def test_trials_are_estimated_at_the_pace_of_this_session():
    begun = standing(trials=10, outcomes={0: DONE, 1: DONE}, elapsed=500.0)
    assert begun.seconds_left(now=110.0) == (None, False)
    begun.trial_ended(2, DONE)
    begun.trial_ended(3, DONE)
    assert begun.seconds_left(now=110.0) == (30.0, True)  # two in ten seconds, six to go


def test_the_limit_that_comes_first_is_told():
    begun = standing(trials=100, seconds=60.0)
    begun.trial_ended(0, DONE)
    assert begun.seconds_left(now=110.0) == (50.0, False)
    begun = standing(trials=2, seconds=60.0)
    begun.trial_ended(0, DONE)
    assert begun.seconds_left(now=110.0) == (10.0, True)


def test_nothing_is_left_to_tell_once_the_last_trial_is_over():
    begun = standing(trials=1, seconds=60.0)
    begun.trial_ended(0, DONE)
    assert begun.seconds_left(now=110.0) == (None, False)
