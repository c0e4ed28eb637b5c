"""The baselines, fixed in advance: which there are for each kind of task, and how all of them are fitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from automl.baselines.dummy import DUMMIES
from automl.baselines.linear import fit_logistic, fit_ridge
from automl.baselines.quantiles import fit_boosted_quantiles, fit_shifted
from automl.baselines.several import fit_boosted_each, fit_boosted_labels, fit_logistics, fit_ridges
from automl.baselines.trees import fit_boosted_classes, fit_boosted_numbers
from automl.task import Block, Task, TaskKind


class Baseline(Protocol):
    """Something fitted that is not a network of ours."""

    def predict(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Give (N, K) probabilities or quantiles, or (N,) numbers, in the target's own units."""
        ...


_Fit = Callable[
    [Mapping[str, NDArray[Any]], NDArray[Any], tuple[Block, ...], Task, int, NDArray[np.float64] | None],
    Baseline | None,
]

BOOSTED_TREES = "boosted_trees"
BASELINES: dict[TaskKind, dict[str, _Fit]] = {
    "binary": {**DUMMIES["binary"], "linear": fit_logistic, BOOSTED_TREES: fit_boosted_classes},
    "multiclass": {**DUMMIES["multiclass"], "linear": fit_logistic, BOOSTED_TREES: fit_boosted_classes},
    "ordinal": {**DUMMIES["ordinal"], "linear": fit_logistic, BOOSTED_TREES: fit_boosted_classes},
    "multilabel": {**DUMMIES["multilabel"], "linear": fit_logistics, BOOSTED_TREES: fit_boosted_labels},
    "multitarget": {**DUMMIES["multitarget"], "linear": fit_ridges, BOOSTED_TREES: fit_boosted_each},
    "quantile": {**DUMMIES["quantile"], "linear": fit_shifted, BOOSTED_TREES: fit_boosted_quantiles},
    "regression": {**DUMMIES["regression"], "linear": fit_ridge, BOOSTED_TREES: fit_boosted_numbers},
}


def names_of(task: Task) -> list[str]:
    """Name the baselines of a task: trees make nothing of the pixels of an image."""
    return [name for name in BASELINES[task.kind] if name != BOOSTED_TREES or not task.has_images]


def fit_baseline(
    name: str,
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    blocks: tuple[Block, ...],
    task: Task,
    weights: NDArray[np.float64] | None = None,
    *,
    seed: int,
) -> Baseline | None:
    """Fit a baseline on the prepared training rows.

    Args:
        name: Which of the task's.
        arrays: The blocks of the training rows by name.
        target: Class codes (positions in the task's classes), or numbers in the target's own units.
        blocks: What the arrays are.
        task: Its kind and classes.
        weights: How much each training row counts (N,); None where all count alike.
        seed: For estimators that draw at random.

    Returns:
        What was fitted, or None where it would take too long.

    Raises:
        ValueError: There are no training rows.
    """
    if not len(target):
        raise ValueError("a baseline needs at least one training row")
    return BASELINES[task.kind][name](arrays, target, blocks, task, seed, weights)
