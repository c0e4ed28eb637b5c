"""The order of trials where several things count: by fronts, and the same however they come."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from optuna.study import StudyDirection
from optuna.trial import TrialState, create_trial

from automl.study.ranking import Ranking, by_fronts
from automl.study.scored import COSTS

DIRECTIONS = (StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE)


def trial(number, score, cost, state=TrialState.COMPLETE):
    is_complete = state is TrialState.COMPLETE
    made = create_trial(
        state=state,
        values=[score, cost] if is_complete else None,
        user_attrs={COSTS: [cost]},
        intermediate_values={} if is_complete else {6: score},
    )
    made.number = number
    return made


def test_no_point_is_beaten_by_one_of_a_later_front():
    points = {number: point for number, point in enumerate(np.random.default_rng(0).random((40, 3)))}
    order = by_fronts(points)
    assert sorted(order) == sorted(points)
    for place, number in enumerate(order):
        later = [points[other] for other in order[place + 1 :]]
        assert not any((other <= points[number]).all() and (other < points[number]).any() for other in later)


def test_within_a_front_the_ends_come_first_and_then_those_with_most_room():
    points = {0: (0.0, 4.0), 1: (1.0, 1.2), 2: (1.1, 1.1), 3: (2.5, 0.5), 4: (4.0, 0.0)}
    assert by_fronts({number: np.array(point) for number, point in points.items()}) == [0, 4, 1, 3, 2]


def test_equal_points_are_on_one_front_by_number():
    assert by_fronts({3: np.zeros(2), 1: np.zeros(2), 2: np.ones(2)}) == [1, 3, 2]


def test_trials_that_come_one_by_one_are_ranked_as_if_at_once():
    rng = np.random.default_rng(1)
    trials = [trial(number, *(1 + rng.random(2))) for number in range(12)]
    at_once, one_by_one = Ranking(50), Ranking(50)
    at_once.add(trials, DIRECTIONS)
    for each in trials:
        one_by_one.add([each], DIRECTIONS)
    assert at_once.leaders == one_by_one.leaders


def test_completed_trials_come_before_pruned_and_failed_ones():
    ranking = Ranking(10)
    failed = trial(2, 0.9, 5, TrialState.FAIL)
    ranking.add([failed, trial(1, 0.9, 5, TrialState.PRUNED), trial(0, 0.1, 50)], DIRECTIONS)
    assert ranking.leaders == [0, 1, 2]


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
def test_one_score_alone_decides_where_nothing_else_counts(order):
    ranking = Ranking(10)
    trials = [create_trial(value=score) for score in (0.2, 0.9, 0.5)]
    for number, each in enumerate(trials):
        each.number = number
    ranking.add([trials[number] for number in order], DIRECTIONS[:1])
    assert ranking.leaders == [1, 2, 0]
