"""The baseline that reads no column: how often each class came up in the training rows, or their mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.task import Block, Task, TaskKind


class Constant:
    """The same answer for every row.

    Args:
        answer: Probabilities (K,), or one number in the target's own units.
    """

    def __init__(self, answer: NDArray[np.float64] | float) -> None:
        self.answer = answer

    def predict(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Repeat the answer: (N, K) probabilities, or (N,) numbers."""
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
    """Take the mean of the training target."""
    if weights is None:
        return Constant(float(target.mean(dtype=np.float64)))
    return Constant(float(np.average(target.astype(np.float64), weights=weights)))


DUMMIES: dict[TaskKind, dict[str, Callable[..., Constant]]] = {
    "binary": {"majority": fit_shares},
    "multiclass": {"majority": fit_shares},
    "ordinal": {"median": fit_shares},
    "regression": {"mean": fit_mean},
}
"""What each kind of task is answered with when nothing is looked at, by name."""
