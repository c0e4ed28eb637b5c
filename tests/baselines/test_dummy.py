"""The constant answers."""

import numpy as np

from automl.baselines.dummy import fit_mean, fit_shares
from automl.task import Task

ROWS = {"numeric": np.zeros((3, 2), dtype=np.float32)}


def test_majority_answers_with_the_shares_of_the_classes():
    task = Task("multiclass", "t", (), ("a", "b", "c"), "accuracy")
    answer = fit_shares(ROWS, np.array([1, 1, 0]), (), task, 0).predict(ROWS)
    np.testing.assert_array_equal(answer, [[1 / 3, 2 / 3, 0.0]] * 3)


def test_mean_answers_with_the_mean_of_the_target():
    task = Task("regression", "t", (), (), "rmse")
    answer = fit_mean(ROWS, np.array([1.0, 2.0, 6.0], dtype=np.float32), (), task, 0).predict(ROWS)
    np.testing.assert_array_equal(answer, [3.0, 3.0, 3.0])
