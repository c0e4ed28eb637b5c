"""Metrics of several targets: numbers (N, T) in the targets' own units, each error in deviations of its target.

A unit of the training rows' standard deviation makes errors of targets comparable, so that none rules by its size. The
metric is the mean over the targets.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from automl.evaluation import number_metrics
from automl.evaluation.means import Array, Statistic
from automl.task import Task


def squared_errors(truth: Array, output: Array, task: Task) -> Array:
    """Give each row's squared error (N,) in deviations, the mean over the targets."""
    losses: Array = np.square((truth - output) / np.array(task.deviations)).mean(axis=1)
    return losses


def _mean_of(metric: str) -> Callable[[Array, Array, Task], Statistic]:
    def prepare(truth: Array, output: Array, task: Task) -> Statistic:
        units = np.array(task.deviations)
        pairs = zip((truth / units).T, (output / units).T)
        each = [number_metrics.METRICS[metric](own, said, task) for own, said in pairs]
        return lambda weights: np.mean([statistic(weights) for statistic in each], axis=0)

    return prepare


METRICS: dict[str, Callable[[Array, Array, Task], Statistic]] = {
    "rmse": _mean_of("rmse"),
    "mae": _mean_of("mae"),
    "r2": _mean_of("r2"),
}
