"""Rungs: the worse two thirds leave, whatever the order, and a decision is taken once."""

from __future__ import annotations

import contextlib
import itertools
import math

import pytest

from automl.study.rungs import Brackets, Halving, NoPruner, first_rung, least_epochs


class Log(list):
    """Decisions in memory, which every reader hears once."""

    def __init__(self, events=()):
        super().__init__(events)
        self.heard = 0

    def new(self):
        events, self.heard = self[self.heard :], len(self)
        return events

    def turn(self):
        return contextlib.nullcontext()


@pytest.fixture
def events():
    return Log()


@pytest.fixture
def halving(events):
    return Halving(events, higher_is_better=True)


def test_the_worse_two_thirds_leave(halving, events):
    scores = {number: number / 10 for number in range(6)}
    assert halving.report(3, scores) == {0, 1, 2, 3}
    assert events == [
        {"epoch": 3, "scores": {str(number): score for number, score in scores.items()}, "pruned": [0, 1, 2, 3]}
    ]


def test_where_rows_are_few_trials_are_judged_later(events):
    assert [first_rung(1_999), first_rung(2_000)] == [6, 3]
    halving = Halving(events, higher_is_better=True, first=6)
    scores = {number: number / 10 for number in range(6)}
    assert [halving.report(epoch, scores) for epoch in (3, 6)] == [set(), {0, 1, 2, 3}]


def test_equal_scores_all_go_on(halving):
    assert halving.report(3, dict.fromkeys(range(6), 0.5)) == set()


def test_those_who_report_together_are_judged_the_same_in_any_order(halving):
    scores = {0: 0.4, 1: 0.1, 2: 0.3, 3: 0.2}
    for order in itertools.permutations(scores):
        fresh = Halving(Log(), higher_is_better=True)
        assert fresh.report(3, {number: scores[number] for number in order}) == {1, 3}


def test_later_trials_are_held_against_earlier_ones(halving):
    for number, score in enumerate([0.5, 0.6, 0.7]):
        assert halving.report(3, {number: score}) == set()
    assert halving.report(3, {3: 0.1}) == {3}
    assert halving.report(3, {4: 0.9}) == set()


def test_a_loss_is_better_when_lower(events):
    halving = Halving(events, higher_is_better=False)
    assert halving.report(3, {0: 0.1, 1: 0.2, 2: 0.3, 3: 0.4}) == {2, 3}


def test_fewer_than_four_reports_are_not_judged(halving):
    assert halving.report(3, {0: 0.1, 1: 0.9, 2: 0.8}) == set()


def test_between_rungs_nothing_is_recorded(halving, events):
    assert halving.report(7, {0: 0.1}) == set()
    assert events == []


def test_rungs_are_judged_apart(halving):
    halving.report(3, {number: 0.9 for number in range(4)})
    assert halving.report(9, {7: 0.1}) == set()


def test_a_score_that_is_no_number_is_the_worst(halving):
    assert halving.report(3, {0: math.nan, 1: 0.2, 2: 0.3, 3: 0.4}) == {0, 1}


def test_a_decision_is_taken_once_and_survives(halving, events):
    halving.report(3, {0: 0.1, 1: 0.2, 2: 0.3, 3: 0.4})
    again = Halving(Log(events), higher_is_better=True)
    assert again.report(3, {1: 0.2}) == {1}
    assert again.report(3, {4: 0.15}) == {4}


def test_the_decisions_of_other_processes_count(halving, events):
    events.append({"epoch": 3, "scores": {"7": 0.5, "8": 0.6, "9": 0.7}, "pruned": []})
    assert halving.report(3, {0: 0.1}) == {0}
    events.append({"epoch": 3, "scores": {"10": 0.8, "11": 0.9}, "pruned": []})
    assert halving.report(3, {1: 0.55}) == {1}


def test_under_hyperband_trials_are_held_against_those_of_their_bracket(events):
    brackets = Brackets(3, most_epochs=100)
    late = [number for number in range(40) if brackets(number) == 9]
    early = [number for number in range(40) if brackets(number) == 3]
    halving = Halving(events, higher_is_better=True, first=brackets)
    assert halving.report(3, dict.fromkeys(late[:4], 0.1)) == set() and events == []
    assert halving.report(3, {**dict.fromkeys(early[:4], 0.9), late[0]: 0.1}) == set()
    assert halving.report(9, dict(zip(late[:4], (0.1, 0.2, 0.3, 0.4)))) == set(late[:2])


def test_most_trials_are_in_the_bracket_that_judges_first():
    rungs = [Brackets(3, most_epochs=100)(number) for number in range(110)]
    assert [rungs.count(first) for first in (3, 9, 27)] == [61, 30, 19]


def test_short_trials_have_one_bracket():
    assert Brackets(3, most_epochs=17).first_rungs == [3]
    assert Brackets(3, most_epochs=least_epochs(3)).first_rungs == [3, 9]


def test_a_trial_is_held_against_those_that_cost_no_more(events):
    costs = {0: (1.0,), 1: (9.0,), 2: (9.0,), 3: (9.0,), 4: (9.0,), 5: (2.0,)}
    halving = Halving(events, higher_is_better=True, costs=costs.__getitem__)
    scores = {0: 0.1, 1: 0.6, 2: 0.7, 3: 0.8, 4: 0.9, 5: 0.05}
    assert halving.report(3, scores) == {1, 2}  # 0 is the smallest, and 5 has too few that are as small


def test_no_pruner_stops_nothing():
    assert NoPruner().report(3, {0: 0.0}) == set()
