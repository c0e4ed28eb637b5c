"""Forests: many trees, each grown to its end in a way of its own, whose mean answers.

Extra trees (Geurts, Ernst & Wehenkel, Machine Learning 2006) draw where they split; a random forest (Breiman, Machine
Learning 2001) draws the rows of each tree. They err in other places than boosted trees and networks do. Nothing is
tuned, and rows are left out where all would take too long. The larger a problem the larger the leaves, so that what a
forest takes in a file does not grow with it. A code is read as a number: codes are in the order of their frequency.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.pipeline import make_pipeline

from automl.baselines.columns import stack, width
from automl.baselines.estimators import Classes, Numbers, fit_numbers, fit_pipeline
from automl.baselines.rows import Given
from automl.task import Block, Task

N_TREES = 100
_WORK = 3e8
"""Values that all trees together may look at, row by row and node by node: about five seconds of one core."""
_FEWEST_ROWS = 1000
_VALUES_OF_LEAVES = 40_000
"""About as many values as all leaves of a tree may have, beside four numbers each that say where they are."""
_FORESTS = {
    "extra_trees": (ExtraTreesClassifier, ExtraTreesRegressor),
    "random_forest": (RandomForestClassifier, RandomForestRegressor),
}
_COLUMNS_OF_NUMBERS = 0.5
"""The share of the columns of which a split is one, for numbers; for classes it is the root of their number."""


def fit_forest_of_classes(
    kind: str, given: Given, blocks: tuple[Block, ...], task: Task, seed: int, threads: int = 1
) -> Classes | None:
    """Fit a forest; none with one class among the training rows."""
    n_columns = sum(map(width, blocks))
    given = given.at_most(_most_rows(math.sqrt(n_columns)), seed, are_classes=True)
    if len(np.unique(given.target)) < 2:
        return None
    options = _options(len(given.target), task.n_outputs, seed, threads)
    model = make_pipeline(_FORESTS[kind][0](max_features="sqrt", **options))
    fitted = fit_pipeline(model, stack(given.arrays, blocks), given.target, given.weights)
    return Classes(fitted, blocks, len(task.classes))


def fit_forest_of_numbers(
    kind: str, given: Given, blocks: tuple[Block, ...], task: Task, seed: int, threads: int = 1
) -> Numbers:
    """Fit a forest by its squared error."""
    n_columns = sum(map(width, blocks))
    given = given.at_most(_most_rows(_COLUMNS_OF_NUMBERS * n_columns), seed, are_classes=False)
    options = _options(len(given.target), task.n_outputs, seed, threads)
    model = make_pipeline(_FORESTS[kind][1](max_features=_COLUMNS_OF_NUMBERS, **options))
    return fit_numbers(model, given.arrays, given.target, blocks, given.weights)


def _most_rows(n_columns: float) -> int:
    """Bound the rows where a split looks at so many columns: each row is looked at once a level of a tree."""
    values = _WORK / (N_TREES * max(1.0, n_columns))
    return max(_FEWEST_ROWS, int(values / math.log2(max(values, 2.0))))


def _options(n_rows: int, n_outputs: int, seed: int, threads: int) -> dict[str, Any]:
    values = n_rows * (n_outputs + 4)
    return {
        "n_estimators": N_TREES,
        "min_samples_leaf": math.ceil(values / _VALUES_OF_LEAVES),
        "random_state": seed,
        "n_jobs": threads,
    }
