"""Rungs: the worse two thirds leave, whatever the order, and a decision is taken once."""

from __future__ import annotations

import contextlib
import itertools
import math

import pytest

from automl.study.rungs import Halving, NoPruner, first_rung


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


def test_no_pruner_stops_nothing():
    assert NoPruner().report(3, {0: 0.0}) == set()
