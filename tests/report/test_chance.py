"""The best of so many random trials, held against counting all draws."""

from __future__ import annotations

import itertools
import statistics

import pytest

from automl.report.chance import best_of_random

SCORES = [0.71, 0.64, 0.9, 0.85, 0.6, 0.77, 0.82]


def test_no_random_trial_tells_nothing():
    assert best_of_random([], higher_is_better=True) == []


def test_one_random_trial_is_the_best_of_one():
    (best,) = best_of_random([0.5], higher_is_better=True)
    assert (best.trials, best.low, best.middle, best.high) == (1, 0.5, 0.5, 0.5)


@pytest.mark.parametrize("k", range(1, len(SCORES) + 1))
def test_the_middle_is_the_lower_median_over_all_draws(k):
    best = sorted(max(draw) for draw in itertools.combinations(SCORES, k))
    assert best_of_random(SCORES, higher_is_better=True)[k - 1].middle == statistics.median_low(best)


@pytest.mark.parametrize("k", range(1, len(SCORES) + 1))
def test_the_ends_leave_out_a_tenth_of_all_draws(k):
    best = sorted(max(draw) for draw in itertools.combinations(SCORES, k))
    found = best_of_random(SCORES, higher_is_better=True)[k - 1]
    assert sum(score < found.low for score in best) <= 0.1 * len(best) < sum(score <= found.low for score in best) + 1
    assert sum(score > found.high for score in best) <= 0.1 * len(best) + 1e-9


def test_the_best_of_all_of_them_is_certain():
    last = best_of_random(SCORES, higher_is_better=True)[-1]
    assert (last.trials, last.low, last.middle, last.high) == (7, 0.9, 0.9, 0.9)


def test_more_trials_are_never_worse():
    found = best_of_random(SCORES, higher_is_better=True)
    assert [best.middle for best in found] == sorted(best.middle for best in found)


def test_the_order_of_the_trials_does_not_matter():
    assert best_of_random(SCORES[::-1], higher_is_better=True) == best_of_random(SCORES, higher_is_better=True)


def test_where_lower_is_better_the_least_is_the_best():
    found = best_of_random([-score for score in SCORES], higher_is_better=False)
    assert [-best.middle for best in found] == [best.middle for best in best_of_random(SCORES, higher_is_better=True)]


def test_a_failure_is_worse_than_any_score():
    found = best_of_random([None, None, 0.1], higher_is_better=True)
    assert [best.middle for best in found] == [None, 0.1, 0.1]


def test_where_all_fail_there_is_no_best():
    assert {best.high for best in best_of_random([None, None], higher_is_better=False)} == {None}


def test_of_many_trials_some_numbers_are_told():
    found = best_of_random([score / 5000 for score in range(5000)], higher_is_better=True)
    assert len(found) <= 120 and (found[0].trials, found[-1].trials) == (1, 5000)
