"""Metrics of classes: codes (N,) against probabilities (N, K)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from automl.evaluation.means import Array, Statistic, mean_of, mean_where, totals
from automl.task import Task

_ROUNDING = 1e-9
"""Squared steps that are fewer are the rounding of means."""


def surprise(truth: Array, output: Array, task: Task) -> Array:
    """Give minus the logarithm of what each row's class was given (N,).

    Probabilities are clipped to [eps, 1 - eps] with the eps of their type, as scikit-learn does.
    """
    eps = np.finfo(output.dtype).eps
    own = np.clip(output[np.arange(len(truth)), truth], eps, 1 - eps)
    losses: Array = -np.log(own.astype(np.float64))
    return losses


def decided(output: Array, task: Task) -> Array:
    """Give the class (N,) that probabilities (N, K) come to: the most probable, or of an order the median one."""
    if not task.traits.is_ordered:
        return np.asarray(output.argmax(axis=1))
    return np.asarray(np.minimum((np.cumsum(output, axis=1) < 0.5).sum(axis=1), output.shape[1] - 1))


def _accuracy(truth: Array, output: Array, task: Task) -> Statistic:
    return mean_of(decided(output, task) == truth)


def _balanced_accuracy(truth: Array, output: Array, task: Task) -> Statistic:
    """Mean recall over the classes that the truth has."""
    n_classes = len(task.classes)
    found = np.where(decided(output, task) == truth, truth, n_classes)

    def evaluate(weights: Array) -> Array:
        actual = totals(weights, truth, n_classes)
        return mean_where(actual > 0, totals(weights, found, n_classes), actual)

    return evaluate


def _f1(truth: Array, output: Array, task: Task) -> Statistic:
    """2 TP / (actual + predicted): of the positive class, or the mean over the classes seen or predicted."""
    n_classes = len(task.classes)
    predicted = output.argmax(axis=1)
    found = np.where(predicted == truth, truth, n_classes)

    def evaluate(weights: Array) -> Array:
        hits = 2 * totals(weights, found, n_classes)
        seen = totals(weights, truth, n_classes) + totals(weights, predicted, n_classes)
        if task.kind == "binary":
            positive = _positive(task)
            seen = seen[:, positive]
            f1: Array = np.divide(hits[:, positive], seen, out=np.zeros(len(weights)), where=seen > 0)
            return f1
        return mean_where(seen > 0, hits, seen)

    return evaluate


def _roc_auc(truth: Array, output: Array, task: Task) -> Statistic:
    """Area under the ROC curve: of the positive class, or the mean of one class against the rest over those present."""
    classes = [_positive(task)] if task.kind == "binary" else np.unique(truth).tolist()
    pairs = [ordered_pairs(truth == code, output[:, code]) for code in classes]

    def evaluate(weights: Array) -> Array:
        ordered, possible = np.stack([count(weights) for count in pairs], axis=-1)
        return mean_where(possible > 0, ordered, possible)

    return evaluate


def ordered_pairs(is_positive: Array, scores: Array) -> Callable[[Array], tuple[Array, Array]]:
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
    return mean_of(surprise(truth, output, task))


def _mean_steps(truth: Array, output: Array, task: Task) -> Statistic:
    """Mean absolute error, counted in steps from one class to the next."""
    return mean_of(np.abs(decided(output, task) - truth))


def _quadratic_kappa(truth: Array, output: Array, task: Task) -> Statistic:
    """1 - squared steps / those that the same labels would be apart by chance (Cohen 1968); nan where all are one."""
    first = decided(output, task)[0]  # counted from a label, so that one that is always given agrees by 0 exactly
    seen, said = truth - first, decided(output, task) - first
    apart, together = mean_of(np.square(said - seen)), mean_of(said * seen)
    of_seen, of_said = mean_of(seen), mean_of(said)

    def evaluate(weights: Array) -> Array:
        shared = 2 * (together(weights) - of_seen(weights) * of_said(weights))
        by_chance = apart(weights) + shared
        defined = by_chance > _ROUNDING
        return np.where(defined, shared / np.where(defined, by_chance, 1.0), np.nan)

    return evaluate


def _positive(task: Task) -> int:
    """Give the code of the positive class; the last one where the task names none."""
    return len(task.classes) - 1 if task.positive is None else task.classes.index(task.positive)


METRICS: dict[str, Callable[[Array, Array, Task], Statistic]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "f1": _f1,
    "roc_auc": _roc_auc,
    "log_loss": _log_loss,
    "quadratic_kappa": _quadratic_kappa,
    "mean_steps": _mean_steps,
}
