"""Metrics of numbers (N,) in the target's own units."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from automl.evaluation.means import Array, Statistic, mean_of
from automl.task import Task


def squared_error(truth: Array, output: Array, task: Task) -> Array:
    """Give each row's squared error (N,)."""
    return np.square(truth.astype(np.float64) - output)


def _rmse(truth: Array, output: Array, task: Task) -> Statistic:
    squared = mean_of(squared_error(truth, output, task))
    return lambda weights: np.sqrt(squared(weights))


def _mae(truth: Array, output: Array, task: Task) -> Statistic:
    return mean_of(np.abs(truth.astype(np.float64) - output))


def _r2(truth: Array, output: Array, task: Task) -> Statistic:
    """1 - squared error / variance."""
    centred = truth.astype(np.float64) - truth.mean(dtype=np.float64)
    error, mean, square = mean_of(squared_error(truth, output, task)), mean_of(centred), mean_of(np.square(centred))
    # Below this the variance is the rounding of the mean, not a spread of the values.
    rounding = (8 * np.finfo(np.float64).eps * np.abs(truth.astype(np.float64)).max()) ** 2

    def evaluate(weights: Array) -> Array:
        variance = square(weights) - np.square(mean(weights))
        defined = variance > rounding
        return np.where(defined, 1 - error(weights) / np.where(defined, variance, 1.0), np.nan)

    return evaluate


METRICS: dict[str, Callable[[Array, Array, Task], Statistic]] = {
    "rmse": _rmse,
    "mae": _mae,
    "r2": _r2,
}
