"""Metrics of classes that have an order, against scikit-learn; the label is the median."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as theirs

from automl.evaluation.metrics import score, statistic
from automl.task import KINDS, Task

N_CLASSES = 5
TASK = Task("ordinal", "grade", (), tuple(range(N_CLASSES)), "quadratic_kappa")
FUNCTIONS = {
    "accuracy": theirs.accuracy_score,
    "balanced_accuracy": theirs.balanced_accuracy_score,
    "mean_steps": theirs.mean_absolute_error,
    "quadratic_kappa": lambda truth, predicted, sample_weight=None: theirs.cohen_kappa_score(
        truth, predicted, labels=range(N_CLASSES), weights="quadratic", sample_weight=sample_weight
    ),
}


def grades(seed):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, N_CLASSES, 40)
    near = np.exp(-np.abs(np.arange(N_CLASSES) - truth[:, None] - rng.integers(-1, 2, (40, 1))) * rng.uniform(0.3, 2))
    return truth, near / near.sum(axis=1, keepdims=True)


def medians(output):
    return np.array([next(code for code in range(N_CLASSES) if row[: code + 1].sum() >= 0.5) for row in output])


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.parametrize("metric", FUNCTIONS)
def test_a_metric_of_grades_is_scikit_learns_of_the_median(metric):
    for seed in range(30):
        truth, output = grades(seed)
        weights = np.random.default_rng(seed).uniform(0.01, 3, len(truth))
        predicted = medians(output)
        assert score(metric, truth, output, TASK) == pytest.approx(FUNCTIONS[metric](truth, predicted), rel=1e-9)
        expected = FUNCTIONS[metric](truth, predicted, sample_weight=weights)
        assert score(metric, truth, output, TASK, weights) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("metric", FUNCTIONS)
def test_a_row_that_counts_twice_is_two_rows(metric):
    truth, output = grades(0)
    weights = np.random.default_rng(0).integers(0, 4, (3, len(truth))).astype(np.int32)
    repeated = [score(metric, np.repeat(truth, row), np.repeat(output, row, axis=0), TASK) for row in weights]
    np.testing.assert_allclose(statistic(metric, truth, output, TASK)(weights), repeated, rtol=1e-9)


def test_all_of_its_metrics_are_compared_here_or_with_those_of_classes():
    assert set(KINDS["ordinal"].metrics) == {*FUNCTIONS, "log_loss"}


def test_kappa_of_one_answer_is_0_and_undefined_where_it_is_the_only_truth_too():
    always = np.tile(np.eye(N_CLASSES)[2], (4, 1))
    assert score("quadratic_kappa", np.array([0, 2, 3, 1]), always, TASK) == 0
    assert np.isnan(score("quadratic_kappa", np.array([2, 2, 2, 2]), always, TASK))


def test_the_median_is_no_more_steps_off_than_the_most_probable_class():
    truth, output = np.array([0, 4, 4, 4]), np.tile([0.4, 0.05, 0.1, 0.15, 0.3], (4, 1))
    as_classes = Task("multiclass", "grade", (), TASK.classes, "accuracy")
    assert score("mean_steps", truth, output, TASK) == 2.0
    assert score("accuracy", truth, output, as_classes) == 0.25
