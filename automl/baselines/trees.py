"""Boosted trees, which are hard to beat on tables: scikit-learn's histogram gradient boosting.

Its trees are grown leaf by leaf on binned columns (Ke et al., LightGBM, NeurIPS 2017). Nothing is tuned; all is fixed
in advance. Those of the baseline have 31 leaves with at least 20 rows each, as in scikit-learn, and small steps, as
many as the loss on a tenth of the training rows asks for; validation rows have no part in it. Others are members of
ensembles, and stop by the validation rows, as networks do. Codes are read as the categories that they are.

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
from automl.baselines.estimators import Classes, Numbers, fit_numbers, fit_pipeline, moments
from automl.baselines.rows import Given
from automl.task import Block, Task

_WORK = 1.5e9
"""Values of rows that all trees together may go over: ten to fifteen seconds of one slow core."""
_MOST_WORK = 4.5e9
"""What the fewest iterations on the fewest rows may come to; beyond it there are no trees."""
_ROWS_OF_A_TREE = 22_000
"""A tree's histograms cost, in each column, as much as so many rows."""
_VALUES_OF_A_TREE = 330_000
"""What a tree costs beside its columns, in values."""
_FEWEST_ITERATIONS = 20
_FEWEST_ROWS = 2000
_LARGEST_STEP, _WAY = 0.3, 15.0
"""The learning rate, and what it comes to times the iterations: fewer steps are larger, so that they get as far."""
_ASIDE = 0.1
"""The share of the training rows that says when to stop, where no other rows do."""
_FEWEST_TO_STOP_BY, _ITERATIONS_OF_FEW = 200, 100
"""Of fewer rows none is set aside, and the iterations are fixed: a tenth of them would say little."""
MOST_CATEGORIES = 254
"""scikit-learn has 255 bins a column; codes are in the order of their frequency, and the rare ones share the last."""


@dataclass(frozen=True)
class Growth:
    """What boosted trees are like.

    Args:
        leaves: The most that a tree has.
        leaf_rows: The fewest rows of a leaf.
        columns: The share of the columns, drawn for every node, of which its split is one.
        penalty: On the squares of what leaves say.
        step: The learning rate where it can be small.
        iterations: The most.
        patience: After so many iterations without a gain they stop.
    """

    leaves: int = 31
    leaf_rows: int = 20
    columns: float = 1.0
    penalty: float = 0.0
    step: float = 0.05
    iterations: int = 1000
    patience: int = 20


STANDARD = Growth()
"""Those of the baseline."""
SLOW = Growth(leaves=48, leaf_rows=5, columns=0.3, penalty=0.5, step=0.02, iterations=2500, patience=40)
"""The best alone, of those that were tried on thirteen tables; they take three times as long."""
QUICK = Growth(step=0.1, iterations=100)
"""They tell which columns matter."""
SHALLOW = Growth(leaves=8, leaf_rows=10, columns=0.7, step=0.08, iterations=1500)
"""Few leaves, so that few columns act together: other errors than those of deep trees."""


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


@dataclass(frozen=True)
class How:
    """How boosted trees are grown.

    Args:
        growth: What they are like.
        held: The rows by whose loss they stop; a tenth of their own if None.
        iterations: How many there are, without stopping; None where they stop.
        step: Their learning rate then; by the size of the problem if None.
        work: How many times as long it may take as the baseline.
    """

    growth: Growth = STANDARD
    held: Given | None = None
    iterations: int | None = None
    step: float | None = None
    work: float = 1.0


BASELINE = How()


def effort(n_rows: int, blocks: tuple[Block, ...], task: Task, how: How = BASELINE) -> Effort | None:
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
    most = how.work * _WORK
    fitting = int((most / _FEWEST_ITERATIONS - a_tree) / a_row)
    rows = min(n_rows, max(fitting, _FEWEST_ROWS))
    step_cost = a_tree + rows * a_row
    if _FEWEST_ITERATIONS * step_cost > how.work * _MOST_WORK:
        return None
    iterations = int(np.clip(most / step_cost, _FEWEST_ITERATIONS, how.growth.iterations))
    return Effort(rows, iterations, float(np.clip(_WAY / iterations, how.growth.step, _LARGEST_STEP)))


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
    how: How = BASELINE,
) -> Classes | Constant | None:
    """Fit a classifier; with one class among the training rows it is that class's constant."""
    allowed = effort(len(target), blocks, task, how)
    if allowed is None:
        return None
    given = Given(arrays, target, weights).at_most(allowed.rows, seed, are_classes=True)
    counts = np.unique(given.target, return_counts=True)[1]
    if len(counts) < 2:
        return fit_shares(given.arrays, given.target, blocks, task, seed, given.weights)
    can_stop = counts.min() > 1 and len(counts) <= _ASIDE * len(given.target)  # of every class some rows are set aside
    options = _options(allowed, blocks, len(given.target), seed, how, can_stop=bool(can_stop))
    model = _pipeline(blocks, HistGradientBoostingClassifier(**options))
    held = how.held and how.held.of(np.isin(how.held.target, given.target))
    fitted = fit_pipeline(
        model, stack(given.arrays, blocks), given.target, given.weights, **_stopping(model, blocks, held)
    )
    return Classes(fitted, blocks, len(task.classes))


def fit_boosted_numbers(
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    blocks: tuple[Block, ...],
    task: Task,
    seed: int,
    weights: NDArray[np.float64] | None = None,
    how: How = BASELINE,
) -> Numbers | None:
    """Fit a regression by its squared error."""
    return _fit_regressor({}, Given(arrays, target, weights), blocks, task, seed, how)


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
    loss = {"loss": "quantile", "quantile": level}
    return _fit_regressor(loss, Given(arrays, target, weights), blocks, task, seed, BASELINE)


def _fit_regressor(
    loss: Mapping[str, Any], given: Given, blocks: tuple[Block, ...], task: Task, seed: int, how: How
) -> Numbers | None:
    allowed = effort(len(given.target), blocks, task, how)
    if allowed is None:
        return None
    given = given.at_most(allowed.rows, seed, are_classes=False)
    options = _options(allowed, blocks, len(given.target), seed, how, can_stop=True)
    model = _pipeline(blocks, HistGradientBoostingRegressor(**loss, **options))
    mean, scale = moments(given.target)
    held = how.held and Given(how.held.arrays, (how.held.target - mean) / scale, how.held.weights)
    return fit_numbers(model, given.arrays, given.target, blocks, given.weights, **_stopping(model, blocks, held))


def _stopping(model: Pipeline, blocks: tuple[Block, ...], held: Given | None) -> dict[str, Any]:
    """Give the arguments of a fit that say by which rows it stops, prepared as the pipeline prepares its own."""
    if held is None or not len(held.target):
        return {}
    (_, prepare), (name, _) = model.steps
    told = {"X_val": prepare.fit_transform(stack(held.arrays, blocks)), "y_val": held.target}
    if held.weights is not None:
        told["sample_weight_val"] = held.weights
    return {f"{name}__{key}": value for key, value in told.items()}


def _options(
    allowed: Effort, blocks: tuple[Block, ...], n_rows: int, seed: int, how: How, *, can_stop: bool
) -> dict[str, Any]:
    growth, held = how.growth, how.held is not None and len(how.held.target) > 0
    stops = how.iterations is None and (held or (can_stop and n_rows >= _FEWEST_TO_STOP_BY))
    fixed = how.iterations or min(allowed.iterations, _ITERATIONS_OF_FEW)
    return {
        "learning_rate": how.step or allowed.step,
        "max_iter": allowed.iterations if stops else fixed,
        "max_leaf_nodes": growth.leaves,
        "min_samples_leaf": growth.leaf_rows,
        "max_features": growth.columns,
        "l2_regularization": growth.penalty,
        "early_stopping": stops,
        "validation_fraction": _ASIDE,
        "n_iter_no_change": growth.patience,
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
