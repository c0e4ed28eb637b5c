"""Metrics of rows with any number of labels: truths (N, K) of 0 and 1 against a probability for each label (N, K).

Each is that of two classes, the mean over the labels, as scikit-learn's macro average; `subset_accuracy` asks for all.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from automl.evaluation.class_metrics import ordered_pairs
from automl.evaluation.means import Array, Statistic, mean_of, mean_where
from automl.task import Task

_LEAST = 0.5
"""A row is given the labels whose probability is at least this."""


def binary_surprises(truth: Array, output: Array, task: Task) -> Array:
    """Give minus the logarithm of what each row's truths were given (N,), the mean over the labels.

    Probabilities are clipped to [eps, 1 - eps] with the eps of their type, as scikit-learn does.
    """
    eps = np.finfo(output.dtype).eps
    own = np.clip(np.where(truth == 1, output, 1 - output), eps, 1 - eps)
    losses: Array = -np.log(own.astype(np.float64)).mean(axis=1)
    return losses


def _log_loss(truth: Array, output: Array, task: Task) -> Statistic:
    return mean_of(binary_surprises(truth, output, task))


def _subset_accuracy(truth: Array, output: Array, task: Task) -> Statistic:
    return mean_of(((output >= _LEAST) == (truth == 1)).all(axis=1))


def _f1(truth: Array, output: Array, task: Task) -> Statistic:
    """2 TP / (actual + predicted) of each label, 0 of one that neither has."""
    actual, predicted = (truth == 1).astype(np.float64), (output >= _LEAST).astype(np.float64)
    found = actual * predicted

    def evaluate(weights: Array) -> Array:
        seen = weights @ actual + weights @ predicted
        each: Array = np.divide(2 * (weights @ found), seen, out=np.zeros(seen.shape), where=seen > 0)
        return np.where(weights.sum(axis=1) > 0, each.mean(axis=1), np.nan)

    return evaluate


def _roc_auc(truth: Array, output: Array, task: Task) -> Statistic:
    """Area under the ROC curve of each label that some rows have and some have not."""
    pairs = [ordered_pairs(own == 1, scores) for own, scores in zip(truth.T, output.T)]

    def evaluate(weights: Array) -> Array:
        ordered, possible = np.stack([count(weights) for count in pairs], axis=-1)
        return mean_where(possible > 0, ordered, possible)

    return evaluate


METRICS: dict[str, Callable[[Array, Array, Task], Statistic]] = {
    "log_loss": _log_loss,
    "f1": _f1,
    "roc_auc": _roc_auc,
    "subset_accuracy": _subset_accuracy,
}
