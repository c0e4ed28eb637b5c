"""Metrics of several targets: scikit-learn's of each, in deviations, and their mean."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as theirs

from automl.evaluation.metrics import row_losses, score, statistic
from automl.task import KINDS, Task

UNITS = np.array([10.0, 0.01, 3.0])
TASK = Task("multitarget", "a,b,c", (), (), "rmse", targets=("a", "b", "c"), deviations=tuple(UNITS))
FUNCTIONS = {"rmse": theirs.root_mean_squared_error, "mae": theirs.mean_absolute_error, "r2": theirs.r2_score}


def numbers(seed):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(40, 3)) * UNITS
    return truth, truth + rng.normal(scale=0.4, size=(40, 3)) * UNITS


@pytest.mark.parametrize("metric", KINDS["multitarget"].metrics)
def test_a_metric_of_several_targets_is_the_mean_of_scikit_learns_in_deviations(metric):
    for seed in range(10):
        truth, output = numbers(seed)
        weights = np.random.default_rng(seed).uniform(0, 3, len(truth))
        for counts in (None, weights):
            expected = FUNCTIONS[metric](truth / UNITS, output / UNITS, sample_weight=counts)
            assert score(metric, truth, output, TASK, counts) == pytest.approx(expected, rel=1e-9)


def test_r2_is_the_same_in_any_unit():
    truth, output = numbers(0)
    assert score("r2", truth, output, TASK) == pytest.approx(theirs.r2_score(truth, output))


@pytest.mark.parametrize("metric", KINDS["multitarget"].metrics)
def test_a_row_that_counts_twice_is_two_rows(metric):
    truth, output = numbers(1)
    weights = np.random.default_rng(0).integers(0, 4, (3, len(truth))).astype(np.int32)
    repeated = [score(metric, *(np.repeat(each, row, axis=0) for each in (truth, output)), TASK) for row in weights]
    np.testing.assert_allclose(statistic(metric, truth, output, TASK)(weights), repeated, rtol=1e-9)


def test_a_rows_loss_is_its_squared_error_in_deviations():
    truth, output = numbers(2)
    expected = np.square((truth - output) / UNITS).mean()
    assert row_losses(truth, output, TASK).mean() == pytest.approx(expected)
