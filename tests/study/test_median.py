"""The median rule: trials are held against the middle of those that are over."""

from __future__ import annotations

import math

import pytest

from automl.study.median import Median
from tests.study.test_rungs import Log

COMPLETED = {number: 0.1 * number for number in range(1, 6)}


@pytest.fixture
def events():
    return Log()


def median(events, completed=COMPLETED, **more):
    options = {"higher_is_better": True, "every": 3} | more
    return Median(events, lambda epoch: completed, **options)


def test_trials_worse_than_the_median_leave(events):
    assert median(events).report(3, {7: 0.29, 8: 0.31, 9: 0.9}) == {7}
    assert events == [{"epoch": 3, "scores": {"7": 0.29, "8": 0.31, "9": 0.9}, "pruned": [7]}]


def test_against_fewer_than_five_none_is_judged(events):
    assert median(events, dict.fromkeys(range(4), 0.9)).report(3, {7: 0.1}) == set()


def test_trials_are_judged_at_every_so_many_epochs(events):
    assert [median(Log()).report(epoch, {7: 0.0}) for epoch in (1, 2, 3, 4, 6)] == [set(), set(), {7}, set(), {7}]


def test_a_loss_is_better_when_lower(events):
    assert median(events, higher_is_better=False).report(3, {7: 0.29, 8: 0.31}) == {8}


def test_a_score_that_is_no_number_is_the_worst(events):
    assert median(events).report(3, {7: math.nan}) == {7}


def test_trials_that_train_together_do_not_judge_one_another(events):
    scores = {number: 0.3 + number / 100 for number in range(10, 30)}
    assert median(events).report(3, scores) == set()


def test_a_decision_is_taken_once_and_survives(events):
    median(events).report(3, {7: 0.1, 8: 0.9})
    again = median(Log(events), dict.fromkeys(range(9), 0.95))
    assert again.report(3, {7: 0.1, 8: 0.9}) == {7}


def test_a_trial_is_held_against_those_that_cost_no_more(events):
    costs = {**dict.fromkeys(COMPLETED, (5.0,)), 7: (4.0,), 8: (6.0,)}
    assert median(events, costs=costs.__getitem__).report(3, {7: 0.0, 8: 0.0}) == {8}
