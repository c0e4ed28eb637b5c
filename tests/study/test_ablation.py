"""Paths between two configs, found on a budget."""

from __future__ import annotations

import itertools
import math
import random
import re
from pathlib import Path

import pytest

from automl.study.ablation import CONFIRMING, FEWEST, REPEATS, find_path, groups, most_groups

HOW_TO = (Path(__file__).parents[2] / "docs" / "explain.md").read_text(encoding="utf-8")
ROWS = [
    tuple(map(int, row)) for row in re.findall(r"^\| *(\d+) \| *(\d+) \| *(\d+) \| *(\d+) \|$", HOW_TO, re.MULTILINE)
]


class Surface:
    """Scores of points: what each edit gains alone, and what pairs of edits gain beside that."""

    def __init__(self, gains, pairs=None, failing=()):
        self.gains, self.pairs, self.failing = gains, pairs or {}, failing
        self.measured = []

    def score(self, point):
        if point in self.failing:
            return math.nan
        joint = sum(gain for pair, gain in self.pairs.items() if pair <= point)
        return sum(self.gains[edit] for edit in point) + joint

    def measure(self, points):
        self.measured += points
        return [self.score(point) for point in points]


def path(surface, budget, *, distances=None, impossible=()):
    distances = distances or [1.0] * len(surface.gains)
    can = lambda point: point not in impossible  # noqa: E731
    return find_path(distances, budget, 0.0, is_possible=can, measure=surface.measure)


def points(steps):
    return [frozenset(itertools.chain(*steps[:made])) for made in range(1, len(steps))]


def greedy(surface):
    """The path as its paper has it, at every point the best of all that is left."""
    here, left, made = frozenset(), list(range(len(surface.gains))), []
    while left:
        best = max(left, key=lambda edit: surface.score(here | {edit}))
        made.append((best,))
        left.remove(best)
        here |= {best}
    return made


def drawn(n_edits, seed):
    draw = random.Random(seed)
    gains = [draw.gauss(0, 1) for _ in range(n_edits)]
    pairs = {frozenset(pair): draw.gauss(0, 1) for pair in itertools.combinations(range(n_edits), 2)}
    return Surface(gains, pairs)


@pytest.mark.parametrize("n_edits", [2, 3, 4, 5, 8])
@pytest.mark.parametrize("seed", range(5))
def test_with_enough_trainings_the_path_is_greedy(n_edits, seed):
    surface = drawn(n_edits, seed)
    assert path(surface, n_edits * (n_edits + 1) // 2 - 1) == greedy(drawn(n_edits, seed))


@pytest.mark.parametrize("n_edits", [2, 3, 5, 8, 16, 40])
@pytest.mark.parametrize("budget", [2, 3, 4, 7, 12, 30])
def test_a_path_makes_every_edit_once(n_edits, budget):
    steps = path(drawn(n_edits, 1), budget)
    assert sorted(itertools.chain(*steps)) == list(range(n_edits))


@pytest.mark.parametrize("n_edits", [2, 3, 5, 8, 16, 40])
@pytest.mark.parametrize("budget", [2, 3, 4, 7, 12, 30])
def test_no_more_is_measured_than_is_allowed(n_edits, budget):
    surface = drawn(n_edits, 2)
    path(surface, budget)
    assert len(surface.measured) <= budget


@pytest.mark.parametrize("n_edits", [2, 3, 5, 8, 16, 40])
@pytest.mark.parametrize("budget", [2, 3, 4, 7, 12, 30])
def test_every_point_between_the_ends_was_measured(n_edits, budget):
    surface = drawn(n_edits, 3)
    assert set(points(path(surface, budget))) <= set(surface.measured)


def test_nothing_is_measured_twice():
    surface = drawn(8, 4)
    path(surface, 35)
    assert len(set(surface.measured)) == len(surface.measured)


def test_every_edit_is_tried_alone_first():
    surface = drawn(7, 0)
    path(surface, 12)
    assert surface.measured[:7] == [frozenset([edit]) for edit in range(7)]


def test_what_is_left_of_few_trainings_walks_the_path_in_the_order_of_the_first_round():
    surface = Surface([0.1, 0.5, 0.2, 0.7, 0.3, 0.4, 0.6])
    assert path(surface, 12) == [(3,), (6,), (1,), (5,), (4,), (2,), (0,)]


def test_too_many_edits_leave_room_for_three_steps_of_their_own():
    gains = [0.0] * 16
    gains[3], gains[7], gains[11] = 0.3, 0.9, 0.6
    distances = [0.1] * 16
    for edit in (3, 7, 11):
        distances[edit] = 1.0
    steps = path(Surface(gains), 12, distances=distances)
    assert steps[:3] == [(7,), (11,), (3,)]
    assert len(steps) == 4


def test_edits_that_go_least_far_are_tried_together():
    surface = Surface([0.0, 0.1, 0.2, 0.3, 0.4])
    path(surface, 4, distances=[0.2, 1.0, 0.1, 0.9, 0.3])
    assert surface.measured[:3] == [frozenset([1]), frozenset([3]), frozenset([0, 2, 4])]


def test_an_edit_that_fails_alone_is_made_later():
    surface = Surface([0.9, 0.1, 0.2], failing=[frozenset([0])])
    assert path(surface, 5) == [(2,), (0,), (1,)]


def test_where_all_fails_the_path_is_one_step():
    surface = Surface([0.1, 0.2, 0.3], failing=[frozenset([edit]) for edit in range(3)])
    assert path(surface, 12) == [(0, 1, 2)]
    assert len(surface.measured) == 3


def test_a_failure_half_way_lets_the_next_edit_have_its_turn():
    surface = Surface([0.5, 0.4, 0.3, 0.2], failing=[frozenset([0, 1])])
    assert path(surface, 6) == [(0,), (2,), (1, 3)]


def test_what_cannot_be_trained_is_never_measured():
    surface = Surface([0.9, 0.1, 0.2])
    assert path(surface, 5, impossible=[frozenset([0])]) == [(2,), (0,), (1,)]
    assert frozenset([0]) not in surface.measured


def test_where_nothing_can_be_trained_the_path_is_one_step():
    surface = Surface([0.9, 0.1])
    assert path(surface, 5, impossible=[frozenset([0]), frozenset([1])]) == [(0, 1)]
    assert surface.measured == []


def test_without_trainings_the_path_is_one_step():
    assert path(Surface([0.1, 0.2]), 0) == [(0, 1)]


def test_of_two_equal_gains_the_first_is_made_first():
    assert path(Surface([0.5, 0.5]), 2) == [(0,), (1,)]


def test_the_fewest_trainings_are_both_ends_and_four_more():
    assert FEWEST == 10


@pytest.mark.parametrize("budget", range(2, 60))
def test_the_groups_of_a_budget_leave_two_points_or_the_whole_path(budget):
    most = most_groups(budget)
    assert most + min(2, most - 2) <= budget


def test_as_many_edits_as_groups_stay_alone():
    assert groups([0.1, 0.2], most=2) == [(1,), (0,)]


@pytest.mark.parametrize("row", ROWS[1:], ids=str)
def test_the_how_to_says_what_twenty_trainings_are_enough_for(row):
    n_choices, alone, later, n_steps = row
    surface = Surface([1.0 - 0.01 * edit for edit in range(n_choices)])
    steps = path(surface, 20 - 2 * REPEATS - CONFIRMING)
    assert (len(surface.measured), len(steps)) == (alone + later, n_steps)


def test_the_how_to_has_its_table():
    assert len(ROWS) == 9
