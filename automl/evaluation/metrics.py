"""The metrics a task can be scored by, each defined once, for rows that may count several times or in part.

Shapes:
    truth (N,): class codes (positions in the task's classes), or numbers in the target's own units.
    output (N, K) probabilities of the K classes, or (N,) numbers in the target's own units.
    weights (R, N): how much each row counts in each of R resamples, whole numbers or not; a row of ones stands for the
    rows as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.errors import unknown
from automl.task import Task

Array = NDArray[Any]
Statistic = Callable[[Array], Array]
"""Weights (R, N) to one value a resample (R,); nan where the metric is undefined."""


def score(metric: str, truth: Array, output: Array, task: Task, weights: Array | None = None) -> float:
    """Score predictions by a metric.

    Args:
        metric: A key of `automl.task.HIGHER_IS_BETTER`.
        truth: Class codes, or numbers in the target's own units.
        output: Probabilities (N, K), or numbers (N,).
        task: Its classes, and for a binary task the positive one.
        weights: How much each row counts (N,), as scikit-learn's `sample_weight`; None where all count alike.

    Returns:
        The metric, or nan where it is undefined: no rows, a prediction that is not finite, `roc_auc` of one class,
        `r2` of a constant target.

    Raises:
        ValueError: The metric is unknown, or the shapes do not fit one another.

    Examples:
        >>> task = Task("binary", "income", (), ("high", "low"), "accuracy", positive="high")
        >>> score("accuracy", np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]), task)
        0.6666666666666666
        >>> score("acuracy", np.array([0]), np.array([[0.9, 0.1]]), task)
        Traceback (most recent call last):
        ValueError: unknown metric 'acuracy'; did you mean 'accuracy'? Known: accuracy, balanced_accuracy, f1, ...
    """
    return float(statistic(metric, truth, output, task)(as_they_are(len(truth), weights))[0])


def as_they_are(n_rows: int, weights: Array | None = None) -> Array:
    """Give the weights (1, N) of the rows as they are, none of them drawn anew."""
    return np.ones((1, n_rows), dtype=np.int32) if weights is None else np.asarray(weights, dtype=np.float64)[None]


def statistic(metric: str, truth: Array, output: Array, task: Task) -> Statistic:
    """Prepare a metric on fixed predictions, to be evaluated on many resamples of their rows.

    Raises:
        ValueError: The metric is unknown, or the shapes do not fit one another.
    """
    if metric not in _METRICS:
        raise ValueError(unknown("metric", metric, _METRICS))
    expected = (len(truth), len(task.classes)) if task.classes else (len(truth),)
    if output.shape != expected:
        raise ValueError(f"the output of {len(truth)} rows must have the shape {expected}, got {output.shape}")
    if len(truth) == 0 or not np.isfinite(output).all():
        return _undefined
    return _METRICS[metric](truth, output, task)


def row_losses(truth: Array, output: Array, task: Task) -> Array:
    """Give each row's own loss (N,): minus the log of its class's probability, or the squared error.

    Probabilities are clipped to [eps, 1 - eps] with the eps of their type, as scikit-learn does.
    """
    if not task.classes:
        return np.square(truth.astype(np.float64) - output)
    eps = np.finfo(output.dtype).eps
    own = np.clip(output[np.arange(len(truth)), truth], eps, 1 - eps)
    losses: Array = -np.log(own.astype(np.float64))
    return losses


def _undefined(weights: Array) -> Array:
    return np.full(len(weights), np.nan)


def mean_of(values: Array) -> Statistic:
    """Give the weighted mean of one number a row (N,), accuracy for one, as a statistic."""
    rows = values.astype(np.float64)

    def evaluate(weights: Array) -> Array:
        total = weights.sum(axis=1)
        mean: Array = np.divide(weights @ rows, total, out=np.full(len(weights), np.nan), where=total > 0)
        return mean

    return evaluate


def _accuracy(truth: Array, output: Array, task: Task) -> Statistic:
    return mean_of(output.argmax(axis=1) == truth)


def _balanced_accuracy(truth: Array, output: Array, task: Task) -> Statistic:
    """Mean recall over the classes that the truth has."""
    n_classes = len(task.classes)
    found = np.where(output.argmax(axis=1) == truth, truth, n_classes)

    def evaluate(weights: Array) -> Array:
        actual = _totals(weights, truth, n_classes)
        return _mean_where(actual > 0, _totals(weights, found, n_classes), actual)

    return evaluate


def _f1(truth: Array, output: Array, task: Task) -> Statistic:
    """2 TP / (actual + predicted): of the positive class, or the mean over the classes seen or predicted."""
    n_classes = len(task.classes)
    predicted = output.argmax(axis=1)
    found = np.where(predicted == truth, truth, n_classes)

    def evaluate(weights: Array) -> Array:
        hits = 2 * _totals(weights, found, n_classes)
        seen = _totals(weights, truth, n_classes) + _totals(weights, predicted, n_classes)
        if task.kind == "binary":
            positive = _positive(task)
            seen = seen[:, positive]
            f1: Array = np.divide(hits[:, positive], seen, out=np.zeros(len(weights)), where=seen > 0)
            return f1
        return _mean_where(seen > 0, hits, seen)

    return evaluate


def _roc_auc(truth: Array, output: Array, task: Task) -> Statistic:
    """Area under the ROC curve: of the positive class, or the mean of one class against the rest over those present."""
    classes = [_positive(task)] if task.kind == "binary" else np.unique(truth).tolist()
    pairs = [_ordered_pairs(truth == code, output[:, code]) for code in classes]

    def evaluate(weights: Array) -> Array:
        ordered, possible = np.stack([count(weights) for count in pairs], axis=-1)
        return _mean_where(possible > 0, ordered, possible)

    return evaluate


def _ordered_pairs(is_positive: Array, scores: Array) -> Callable[[Array], tuple[Array, Array]]:
    """Count, of all pairs of a positive and a negative row, those with the positive above; a tie counts half.

    The Mann-Whitney form of the area: the negatives are sorted once, and a resample only sums its weights along them.
    """
    positive, negative = np.flatnonzero(is_positive), np.flatnonzero(~is_positive)
    negative = negative[np.argsort(scores[negative], kind="stable")]
    below = np.searchsorted(scores[negative], scores[positive], side="left")
    up_to = np.searchsorted(scores[negative], scores[positive], side="right")

    def count(weights: Array) -> tuple[Array, Array]:
        wide = np.float64 if weights.dtype.kind == "f" else np.int64
        sums = np.zeros((len(weights), len(negative) + 1), dtype=weights.dtype)
        np.cumsum(weights.take(negative, axis=1), axis=1, dtype=sums.dtype, out=sums[:, 1:])
        drawn = weights.take(positive, axis=1)
        under: Array = sums.take(below, axis=1).astype(wide)
        under += under if np.array_equal(below, up_to) else sums.take(up_to, axis=1)
        return np.einsum("rp,rp->r", drawn, under) / 2, drawn.sum(axis=1) * sums[:, -1].astype(wide)

    return count


def _log_loss(truth: Array, output: Array, task: Task) -> Statistic:
    return mean_of(row_losses(truth, output, task))


def _rmse(truth: Array, output: Array, task: Task) -> Statistic:
    squared = mean_of(row_losses(truth, output, task))
    return lambda weights: np.sqrt(squared(weights))


def _mae(truth: Array, output: Array, task: Task) -> Statistic:
    return mean_of(np.abs(truth.astype(np.float64) - output))


def _r2(truth: Array, output: Array, task: Task) -> Statistic:
    """1 - squared error / variance."""
    centred = truth.astype(np.float64) - truth.mean(dtype=np.float64)
    error, mean, square = mean_of(row_losses(truth, output, task)), mean_of(centred), mean_of(np.square(centred))
    # Below this the variance is the rounding of the mean, not a spread of the values.
    rounding = (8 * np.finfo(np.float64).eps * np.abs(truth.astype(np.float64)).max()) ** 2

    def evaluate(weights: Array) -> Array:
        variance = square(weights) - np.square(mean(weights))
        defined = variance > rounding
        return np.where(defined, 1 - error(weights) / np.where(defined, variance, 1.0), np.nan)

    return evaluate


_METRICS: dict[str, Callable[[Array, Array, Task], Statistic]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "f1": _f1,
    "roc_auc": _roc_auc,
    "log_loss": _log_loss,
    "rmse": _rmse,
    "mae": _mae,
    "r2": _r2,
}


def _positive(task: Task) -> int:
    """Give the code of the positive class; the last one where the task names none."""
    return len(task.classes) - 1 if task.positive is None else task.classes.index(task.positive)


def _totals(weights: Array, codes: Array, n_codes: int) -> Array:
    """Sum each resample's weights by code (R, n_codes); a code of `n_codes` counts nowhere."""
    return np.stack([np.bincount(codes, weights=row, minlength=n_codes + 1)[:n_codes] for row in weights])


def _mean_where(defined: Array, part: Array, whole: Array) -> Array:
    """Average part / whole over the defined entries of each row; nan where there is none."""
    ratios = np.divide(part, whole, out=np.zeros(defined.shape), where=defined)
    counts = defined.sum(axis=1)
    return np.where(counts > 0, ratios.sum(axis=1) / np.maximum(counts, 1), np.nan)
