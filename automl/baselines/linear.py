"""The baseline that is linear in the prepared columns: logistic regression for classes, ridge regression for numbers.

Both keep scikit-learn's default penalty. Nothing is tuned: a baseline is fixed in advance.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from automl.baselines.columns import stack, width
from automl.baselines.dummy import Constant, fit_shares
from automl.baselines.estimators import Classes, Numbers, fit_numbers, fit_pipeline
from automl.task import Block, Task

_WORK = 1e10
"""Multiplications a fit may take: less than ten seconds of two slow cores."""
_CODE_COST = 5
"""A one-hot code costs as much as this many plain numbers: it is found by its index."""
_STEP_COST = 20
"""The vectors as long as the coefficients that one step of the solver goes over."""
_MIN_ITERATIONS, _MAX_ITERATIONS = 20, 1000


def fit_logistic(
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    blocks: tuple[Block, ...],
    task: Task,
    seed: int,
    weights: NDArray[np.float64] | None = None,
) -> Classes | Constant:
    """Fit a logistic regression; with one class among the training rows it is that class's constant."""
    found = len(np.unique(target if weights is None else target[weights > 0]))
    if found < 2:
        return fit_shares(arrays, target, blocks, task, seed, weights)
    n_fits = 1 if task.traits.has_classes else len(task.classes)  # of labels there is one for each
    iterations = _iterations(len(target), blocks, n_fits if found == 2 else found)
    model = make_pipeline(_columns(blocks), LogisticRegression(max_iter=iterations, random_state=seed))
    return Classes(fit_pipeline(model, stack(arrays, blocks), target, weights), blocks, len(task.classes))


def fit_ridge(
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    blocks: tuple[Block, ...],
    task: Task,
    seed: int,
    weights: NDArray[np.float64] | None = None,
) -> Numbers:
    """Fit a ridge regression."""
    ridge = Ridge(max_iter=_iterations(len(target), blocks, 1), random_state=seed)
    return fit_numbers(make_pipeline(_columns(blocks), ridge), arrays, target, blocks, weights)


def _columns(blocks: tuple[Block, ...]) -> ColumnTransformer:
    """Leave numbers as they are and turn each code but 0, which no training row taught, into a column of its own."""
    plain: list[int] = []
    codes: list[int] = []
    categories: list[NDArray[Any]] = []
    start = 0
    for block in blocks:
        positions = range(start, start + width(block))
        (codes if block.cardinalities else plain).extend(positions)
        categories += [np.arange(1, cardinality) for cardinality in block.cardinalities]
        start += width(block)
    encoder = OneHotEncoder(categories=categories, handle_unknown="ignore", dtype=np.float32)
    return ColumnTransformer([("plain", "passthrough", plain), ("codes", encoder, codes)])


def _iterations(n_rows: int, blocks: tuple[Block, ...], n_outputs: int) -> int:
    """Bound the iterations by the size of the problem alone, so that the same rows always give the same model."""
    entries = sum(width(block) * (_CODE_COST if block.cardinalities else 1) for block in blocks)
    n_columns = sum(sum(block.cardinalities) or width(block) for block in blocks)
    each = n_outputs * (n_rows * entries + _STEP_COST * n_columns)
    return int(np.clip(_WORK / max(each, 1), _MIN_ITERATIONS, _MAX_ITERATIONS))
