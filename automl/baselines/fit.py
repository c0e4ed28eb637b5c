"""The baselines, fixed in advance: which there are for each kind of task, and how all of them are fitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from automl.baselines.dummy import DUMMIES
from automl.baselines.linear import fit_logistic, fit_ridge
from automl.task import Block, Task, TaskKind


class Baseline(Protocol):
    """Something fitted that is not a network of ours."""

    def predict(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Give (N, K) probabilities, or (N,) numbers in the target's own units."""
        ...


_Fit = Callable[
    [Mapping[str, NDArray[Any]], NDArray[Any], tuple[Block, ...], Task, int, NDArray[np.float64] | None], Baseline
]

BASELINES: dict[TaskKind, dict[str, _Fit]] = {
    "binary": {**DUMMIES["binary"], "linear": fit_logistic},
    "multiclass": {**DUMMIES["multiclass"], "linear": fit_logistic},
    "regression": {**DUMMIES["regression"], "linear": fit_ridge},
}


def fit_baselines(
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    blocks: tuple[Block, ...],
    task: Task,
    seed: int,
    weights: NDArray[np.float64] | None = None,
) -> dict[str, Baseline]:
    """Fit every baseline of the task on the prepared training rows.

    Args:
        arrays: The blocks of the training rows by name.
        target: Class codes (positions in the task's classes), or numbers in the target's own units.
        blocks: What the arrays are.
        task: Its kind and classes.
        seed: For estimators that draw at random.
        weights: How much each training row counts (N,); None where all count alike.

    Raises:
        ValueError: There are no training rows.
    """
    if not len(target):
        raise ValueError("a baseline needs at least one training row")
    return {name: fit(arrays, target, blocks, task, seed, weights) for name, fit in BASELINES[task.kind].items()}
