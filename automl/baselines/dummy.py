"""The baseline that reads no column: how often each class came up in the training rows, or their mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.task import Block, Task, TaskKind


class Constant:
    """The same answer for every row.

    Args:
        answer: Probabilities (K,), quantiles (Q,) or one number in the target's own units.
    """

    def __init__(self, answer: NDArray[np.float64] | float) -> None:
        self.answer = answer

    def predict(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Repeat the answer: (N, K) probabilities, (N, Q) quantiles, or (N,) numbers."""
        return self.repeated(len(next(iter(arrays.values()))))

    def repeated(self, n_rows: int) -> NDArray[np.float64]:
        """Repeat the answer for a number of rows."""
        return np.repeat(np.asarray(self.answer, dtype=np.float64)[None], n_rows, axis=0)


def fit_shares(
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    blocks: tuple[Block, ...],
    task: Task,
    seed: int,
    weights: NDArray[np.float64] | None = None,
) -> Constant:
    """Take the classes' shares of the training rows for probabilities.

    What is predicted is the most frequent class, or of an order the median one.
    """
    if weights is None:
        return Constant(np.bincount(target, minlength=len(task.classes)) / len(target))
    return Constant(np.bincount(target, weights=weights, minlength=len(task.classes)) / weights.sum())


def fit_mean(
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    blocks: tuple[Block, ...],
    task: Task,
    seed: int,
    weights: NDArray[np.float64] | None = None,
) -> Constant:
    """Take the mean of the training target, or of each of several; of labels their shares."""
    if weights is None:
        return Constant(target.mean(axis=0, dtype=np.float64))
    return Constant(np.average(target.astype(np.float64), axis=0, weights=weights))


def empirical(
    numbers: NDArray[Any], quantiles: Sequence[float], weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Give the least numbers up to which so large shares of them lie (Q,), each counted by its weight.

    Examples:
        >>> empirical(np.array([3.0, 1.0, 2.0, 4.0]), (0.25, 0.5, 0.9))
        array([1., 2., 4.])
    """
    order = np.argsort(numbers, kind="stable")
    counts = np.ones(len(numbers)) if weights is None else np.asarray(weights, dtype=np.float64)[order]
    up_to = np.cumsum(counts) / counts.sum()
    places = np.searchsorted(up_to, np.asarray(quantiles) - 1e-12)
    return np.asarray(numbers, dtype=np.float64)[order][np.minimum(places, len(numbers) - 1)]


def fit_empirical(
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    blocks: tuple[Block, ...],
    task: Task,
    seed: int,
    weights: NDArray[np.float64] | None = None,
) -> Constant:
    """Take the quantiles of the training target."""
    return Constant(empirical(target, task.quantiles, weights))


DUMMIES: dict[TaskKind, dict[str, Callable[..., Constant]]] = {
    "binary": {"majority": fit_shares},
    "multiclass": {"majority": fit_shares},
    "ordinal": {"median": fit_shares},
    "regression": {"mean": fit_mean},
    "multilabel": {"shares": fit_mean},
    "multitarget": {"mean": fit_mean},
    "quantile": {"empirical": fit_empirical},
}
"""What each kind of task is answered with when nothing is looked at, by name."""
