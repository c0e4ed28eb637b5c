"""The baseline of boosted trees: scikit-learn's histogram gradient boosting, which is hard to beat on tables.

Its trees are grown leaf by leaf on binned columns (Ke et al., LightGBM, NeurIPS 2017). Nothing is tuned; all is fixed
in advance: trees of 31 leaves with at least 20 rows each, as in scikit-learn, and small steps, as many as the loss on a
tenth of the training rows asks for; validation rows have no part in it. Codes are read as the categories that they are.

The time it may take is bounded by the size of the problem alone, so that the same rows always give the same model: a
large problem gets fewer and larger steps, a larger one fewer rows, and one of very many classes and columns no trees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from automl.baselines.columns import stack, width
from automl.baselines.dummy import Constant, fit_shares
from automl.baselines.estimators import Classes, Numbers, fit_numbers, fit_pipeline
from automl.task import Block, Task

_WORK = 1.5e9
"""Values of rows that all trees together may go over: ten to fifteen seconds of one slow core."""
_MOST_WORK = 4.5e9
"""What the fewest iterations on the fewest rows may come to; beyond it there are no trees."""
_ROWS_OF_A_TREE = 22_000
"""A tree's histograms cost, in each column, as much as so many rows."""
_VALUES_OF_A_TREE = 330_000
"""What a tree costs beside its columns, in values."""
_FEWEST_ITERATIONS, _MOST_ITERATIONS = 20, 1000
_FEWEST_ROWS = 2000
_SMALLEST_STEP, _LARGEST_STEP, _WAY = 0.05, 0.3, 15.0
"""The learning rate, and what it comes to times the iterations: fewer steps are larger, so that they get as far."""
_ASIDE, _PATIENCE = 0.1, 20
"""The share of the training rows that says when to stop: after so many iterations without a gain."""
_FEWEST_TO_STOP_BY, _ITERATIONS_OF_FEW = 200, 100
"""Of fewer rows none is set aside, and the iterations are fixed: a tenth of them would say little."""
MOST_CATEGORIES = 254
"""scikit-learn has 255 bins a column; codes are in the order of their frequency, and the rare ones share the last."""


@dataclass(frozen=True)
class Effort:
    """How much a fit may do.

    Args:
        rows: How many training rows it learns from.
        iterations: How many steps it takes at most, each a tree for every output.
        step: The learning rate.
    """

    rows: int
    iterations: int
    step: float


def effort(n_rows: int, blocks: tuple[Block, ...], task: Task) -> Effort | None:
    """Bound the work by the size of the problem; None where even the least would take too long.

    Examples:
        >>> numbers = (Block("numeric", (10,), "float32"),)
        >>> effort(20_000, numbers, Task("regression", "t", (), (), "rmse"))
        Effort(rows=20000, iterations=1000, step=0.05)
        >>> effort(50_000, numbers, Task("multiclass", "t", (), tuple(range(20)), "accuracy"))
        Effort(rows=50000, iterations=71, step=0.2112676056338028)
    """
    n_columns = max(1, sum(map(width, blocks)))
    n_outputs = 1 if task.kind == "binary" else task.n_outputs
    a_tree, a_row = n_outputs * (n_columns * _ROWS_OF_A_TREE + _VALUES_OF_A_TREE), n_outputs * n_columns
    fitting = int((_WORK / _FEWEST_ITERATIONS - a_tree) / a_row)
    rows = min(n_rows, max(fitting, _FEWEST_ROWS))
    step_cost = a_tree + rows * a_row
    if _FEWEST_ITERATIONS * step_cost > _MOST_WORK:
        return None
    iterations = int(np.clip(_WORK / step_cost, _FEWEST_ITERATIONS, _MOST_ITERATIONS))
    return Effort(rows, iterations, float(np.clip(_WAY / iterations, _SMALLEST_STEP, _LARGEST_STEP)))


def remark(n_rows: int, blocks: tuple[Block, ...], task: Task) -> str | None:
    """Say where the trees did not learn from all training rows; None where they did."""
    allowed = effort(n_rows, blocks, task)
    if allowed is None:
        n_columns = sum(map(width, blocks))
        what = f"{len(task.classes)} classes" if task.classes else f"{task.n_outputs} outputs"
        return f"boosted trees were left out: {what} and {n_columns:,} columns would take too long"
    if allowed.rows < n_rows:
        return f"boosted trees learned from {allowed.rows:,} of {n_rows:,} training rows: all would take too long"
    return None


def fit_boosted_classes(
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    blocks: tuple[Block, ...],
    task: Task,
    seed: int,
    weights: NDArray[np.float64] | None = None,
) -> Classes | Constant | None:
    """Fit a classifier; with one class among the training rows it is that class's constant."""
    allowed = effort(len(target), blocks, task)
    if allowed is None:
        return None
    chosen = _chosen(target, weights, allowed.rows, seed, are_classes=True)
    arrays, target, weights = _of(chosen, arrays, target, weights)
    counts = np.unique(target, return_counts=True)[1]
    if len(counts) < 2:
        return fit_shares(arrays, target, blocks, task, seed, weights)
    can_stop = counts.min() > 1 and len(counts) <= _ASIDE * len(target)  # of every class some rows are set aside
    options = _options(allowed, blocks, len(target), seed, can_stop=bool(can_stop))
    model = _pipeline(blocks, HistGradientBoostingClassifier(**options))
    return Classes(fit_pipeline(model, stack(arrays, blocks), target, weights), blocks, len(task.classes))


def fit_boosted_numbers(
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    blocks: tuple[Block, ...],
    task: Task,
    seed: int,
    weights: NDArray[np.float64] | None = None,
) -> Numbers | None:
    """Fit a regression by its squared error."""
    return _fit_regressor({}, arrays, target, blocks, task, seed, weights)


def fit_boosted_quantile(
    level: float,
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    blocks: tuple[Block, ...],
    task: Task,
    weights: NDArray[np.float64] | None = None,
    *,
    seed: int,
) -> Numbers | None:
    """Fit a regression by the pinball loss of a quantile."""
    return _fit_regressor({"loss": "quantile", "quantile": level}, arrays, target, blocks, task, seed, weights)


def _fit_regressor(
    loss: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    blocks: tuple[Block, ...],
    task: Task,
    seed: int,
    weights: NDArray[np.float64] | None,
) -> Numbers | None:
    allowed = effort(len(target), blocks, task)
    if allowed is None:
        return None
    chosen = _chosen(target, weights, allowed.rows, seed, are_classes=False)
    arrays, target, weights = _of(chosen, arrays, target, weights)
    options = _options(allowed, blocks, len(target), seed, can_stop=True)
    model = _pipeline(blocks, HistGradientBoostingRegressor(**loss, **options))
    return fit_numbers(model, arrays, target, blocks, weights)


def _chosen(
    target: NDArray[Any], weights: NDArray[np.float64] | None, n_rows: int, seed: int, *, are_classes: bool
) -> NDArray[np.intp]:
    """Choose the rows that are learned from: all that count, or so many of them at random and one of each class."""
    counting = np.arange(len(target)) if weights is None else np.flatnonzero(weights > 0)
    if len(counting) <= n_rows:
        return counting
    drawn = np.random.default_rng(seed).choice(counting, n_rows, replace=False)
    first = counting[np.unique(target[counting], return_index=True)[1]] if are_classes else drawn[:0]
    return np.union1d(drawn, first)


def _of(
    chosen: NDArray[np.intp],
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    weights: NDArray[np.float64] | None,
) -> tuple[Mapping[str, NDArray[Any]], NDArray[Any], NDArray[np.float64] | None]:
    if len(chosen) == len(target):
        return arrays, target, weights
    some = {name: array[chosen] for name, array in arrays.items()}
    return some, target[chosen], None if weights is None else weights[chosen]


def _options(allowed: Effort, blocks: tuple[Block, ...], n_rows: int, seed: int, *, can_stop: bool) -> dict[str, Any]:
    stops = can_stop and n_rows >= _FEWEST_TO_STOP_BY
    return {
        "learning_rate": allowed.step,
        "max_iter": allowed.iterations if stops else min(allowed.iterations, _ITERATIONS_OF_FEW),
        "early_stopping": stops,
        "validation_fraction": _ASIDE,
        "n_iter_no_change": _PATIENCE,
        "categorical_features": _are_codes(blocks),
        "random_state": seed,
    }


def _are_codes(blocks: tuple[Block, ...]) -> NDArray[np.bool_]:
    """Say of each column whether it holds codes."""
    return np.repeat([bool(block.cardinalities) for block in blocks], [width(block) for block in blocks])


def _pipeline(blocks: tuple[Block, ...], model: Any) -> Pipeline:
    """Put rare codes together before the trees; code 0, which no training row has, goes where most rows go."""
    limits = np.where(_are_codes(blocks), MOST_CATEGORIES, np.inf).astype(np.float32)
    return make_pipeline(FunctionTransformer(partial(np.minimum, limits)), model)
