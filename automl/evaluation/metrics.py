"""The metrics a task can be scored by, each defined once, for rows that may count several times or in part.

Shapes:
    truth (N,): class codes (positions in the task's classes), or numbers in the target's own units.
    output (N, K) probabilities of the K classes, or (N,) numbers in the target's own units.
    weights (R, N): how much each row counts in each of R resamples, whole numbers or not; a row of ones stands for the
    rows as they are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from automl.errors import unknown
from automl.evaluation import class_metrics, label_metrics, number_metrics, quantile_metrics, several_metrics
from automl.evaluation.class_metrics import surprise
from automl.evaluation.label_metrics import binary_surprises
from automl.evaluation.means import Array, Statistic
from automl.evaluation.number_metrics import squared_error
from automl.evaluation.quantile_metrics import pinball
from automl.evaluation.several_metrics import squared_errors
from automl.task import HIGHER_IS_BETTER, CoderName, LossName, Task


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
    if metric not in HIGHER_IS_BETTER:
        raise ValueError(unknown("metric", metric, HIGHER_IS_BETTER))
    expected = (len(truth), task.n_outputs) if task.traits.is_wide else (len(truth),)
    if output.shape != expected:
        raise ValueError(f"the output of {len(truth)} rows must have the shape {expected}, got {output.shape}")
    if len(truth) == 0 or not np.isfinite(output).all():
        return _undefined
    return _METRICS[task.traits.coder][metric](truth, output, task)


def _undefined(weights: Array) -> Array:
    return np.full(len(weights), np.nan)


def row_losses(truth: Array, output: Array, task: Task) -> Array:
    """Give each row's own loss (N,): minus the log of its class's probability, or the squared error."""
    return _ROW_LOSSES[task.traits.loss](truth, output, task)


_METRICS: dict[CoderName, dict[str, Callable[[Array, Array, Task], Statistic]]] = {
    "classes": class_metrics.METRICS,
    "number": number_metrics.METRICS,
    "quantiles": quantile_metrics.METRICS,
    "numbers": several_metrics.METRICS,
    "labels": label_metrics.METRICS,
}
"""Every metric, by how the target that it scores is coded."""
_ROW_LOSSES: dict[LossName, Callable[[Array, Array, Task], Array]] = {
    "cross_entropy": surprise,
    "ranked": surprise,
    "squared_error": squared_error,
    "pinball": pinball,
    "binary_cross_entropies": binary_surprises,
    "squared_errors": squared_errors,
}
"""What each loss comes to on the rows that are scored."""
