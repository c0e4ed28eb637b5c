"""Metrics of quantiles: numbers (N,) against quantiles (N, Q), both in the target's own units."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from automl.evaluation.means import Array, Statistic, mean_of
from automl.task import Task


def pinball(truth: Array, output: Array, task: Task) -> Array:
    """Give each row's pinball loss (N,), the mean over the quantiles (Koenker & Bassett 1978)."""
    levels, over = np.array(task.quantiles), truth.astype(np.float64)[:, None] - output
    losses: Array = np.maximum(levels * over, (levels - 1) * over).mean(axis=1)
    return losses


def _pinball(truth: Array, output: Array, task: Task) -> Statistic:
    return mean_of(pinball(truth, output, task))


def _mae(truth: Array, output: Array, task: Task) -> Statistic:
    """Mean absolute error of the median, which must be among the quantiles."""
    return mean_of(np.abs(truth.astype(np.float64) - output[:, task.quantiles.index(0.5)]))


METRICS: dict[str, Callable[[Array, Array, Task], Statistic]] = {"pinball": _pinball, "mae": _mae}
