"""What scikit-learn fitted, as a baseline: it reads blocks, and answers with probabilities or numbers."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from automl.baselines.columns import stack
from automl.task import Block

_VALUES_WORTH_THREADS = 5_000_000
"""Of fewer values boosted trees wait for their threads for longer than these save: two took up to ten times as long."""


class Classes:
    """A fitted classifier.

    Args:
        model: scikit-learn's pipeline; its classes are codes.
        blocks: What it reads, in its order of columns.
        n_classes: How many classes the task has, those without a training row included.
    """

    def __init__(self, model: Pipeline, blocks: tuple[Block, ...], n_classes: int) -> None:
        self.model = model
        self.blocks = blocks
        self.n_classes = n_classes

    def predict(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Give the probabilities (N, K), 0 for a class without a training row."""
        X = stack(arrays, self.blocks)
        probabilities = np.zeros((len(X), self.n_classes))
        if len(X):
            probabilities[:, self.model.classes_] = self.model.predict_proba(X)
        return probabilities


class Numbers:
    """A fitted regression.

    Args:
        model: scikit-learn's pipeline, fitted to the standardised target.
        blocks: What it reads, in its order of columns.
        mean: The training target's mean.
        scale: Its standard deviation, or 1 where that is 0.
    """

    def __init__(self, model: Pipeline, blocks: tuple[Block, ...], mean: float, scale: float) -> None:
        self.model = model
        self.blocks = blocks
        self.mean = mean
        self.scale = scale

    def predict(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Give numbers (N,) in the target's own units."""
        X = stack(arrays, self.blocks)
        standardised = self.model.predict(X) if len(X) else np.zeros(0)
        return np.asarray(standardised, dtype=np.float64) * self.scale + self.mean


def fit_numbers(
    model: Pipeline,
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    blocks: tuple[Block, ...],
    weights: NDArray[np.float64] | None,
    **further: Any,
) -> Numbers:
    """Fit a regression to the standardised target; `further` is for the fit, as `fit_pipeline` takes it."""
    mean, scale = moments(target)
    standardised = (target.astype(np.float64) - mean) / scale
    fitted = fit_pipeline(model, stack(arrays, blocks), standardised, weights, **further)
    return Numbers(fitted, blocks, mean, scale)


def moments(target: NDArray[Any]) -> tuple[float, float]:
    """Give the mean and the deviation of numbers (N,), 1 where that is 0."""
    numbers = target.astype(np.float64)
    return float(numbers.mean()), float(numbers.std()) or 1.0


def fit_pipeline(
    model: Pipeline, X: NDArray[np.float32], target: NDArray[Any], weights: NDArray[np.float64] | None, **further: Any
) -> Pipeline:
    """Fit silently: iterations are bounded on purpose, and a fit that stops unconverged is still the baseline.

    Weights are brought to 1 on average, for penalties are measured against them. What a step's fit is told further has
    the step's name before its own.
    """
    few = X.size < _VALUES_WORTH_THREADS
    given = {} if weights is None else {f"{model.steps[-1][0]}__sample_weight": weights / weights.mean()}
    with warnings.catch_warnings(), threadpool_limits(1, "openmp") if few else nullcontext():
        warnings.simplefilter("ignore")
        model.fit(X, target, **given, **further)
    return model
