"""Gains beside the noise of seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from automl.evaluation.gains import Noise, front, rounding, seed_noise

ONE, OTHER = [0.81, 0.84, 0.82], [0.86, 0.90, 0.85]


def test_a_gain_is_beyond_noise_where_the_t_test_says_so():
    noise = seed_noise(ONE, OTHER)
    test = stats.ttest_ind(OTHER, ONE).confidence_interval(0.95)
    gain = np.mean(OTHER) - np.mean(ONE)
    assert noise.margin(3, 3) == pytest.approx(gain - test.low, rel=1e-3)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 15, 16, 40, 200])
def test_the_margin_is_that_of_students_distribution(freedom):
    assert Noise(1.0, freedom).margin(1, 1) == pytest.approx(stats.t.ppf(0.975, freedom) * math.sqrt(2), rel=1e-3)


def test_the_deviation_is_pooled():
    assert seed_noise(ONE, OTHER).deviation == pytest.approx(
        math.sqrt((np.var(ONE, ddof=1) + np.var(OTHER, ddof=1)) / 2)
    )


def test_more_seeds_make_the_margin_smaller():
    noise = Noise(0.01, 4)
    assert noise.margin(3, 3) < noise.margin(3, 1) < noise.margin(1, 1)


def test_one_seed_each_tells_nothing_of_noise():
    assert seed_noise([0.8], [0.9], []) is None


def test_a_failed_repeat_costs_a_degree_of_freedom():
    assert seed_noise([0.8, 0.9], [0.7, 0.8, 0.9]).freedom == 3


def test_equal_scores_have_no_less_noise_than_their_steps():
    assert seed_noise([0.9, 0.9], [0.9, 0.9], least=0.01).deviation == 0.01


def test_one_row_of_one_seed_is_within_the_noise_of_equal_scores():
    noise = seed_noise([0.9] * 3, [0.9] * 3, least=rounding("accuracy", 100))
    assert noise.margin(1, 1) > 0.01


def test_a_score_that_is_no_count_has_no_steps():
    assert rounding("roc_auc", 100) == rounding("rmse", 100) == 0.0


@pytest.mark.parametrize(
    ("gains", "steps"),
    [
        ([1.0], 1),
        ([0.8, 1.0], 1),
        ([0.5, 0.8, 0.9, 1.0], 2),
        ([0.3, 0.5, 0.8, 1.0], 3),
        ([0.1, 0.2, 0.3, 1.0], 3),
        ([0.1, 0.3, 0.2, 0.2, 1.0], 2),
        ([-0.2, -0.1, -0.3, 1.0], 2),
        ([1.5, 1.2, 1.0], 1),
        ([0.1, 1.0], 2),
    ],
    ids=str,
)
def test_as_few_first_steps_as_carry_the_gain_are_its_front(gains, steps):
    assert front(gains) == steps
