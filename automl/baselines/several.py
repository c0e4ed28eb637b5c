"""The baselines of several targets, and of labels: the one of a number or of two classes, for each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.baselines.dummy import Constant
from automl.baselines.estimators import Classes, Numbers
from automl.baselines.linear import fit_logistic, fit_ridge
from automl.baselines.trees import fit_boosted_classes, fit_boosted_numbers
from automl.task import Block, Task


class Several:
    """A regression for each target.

    Args:
        each: In the order of the targets.
    """

    def __init__(self, each: Sequence[Numbers]) -> None:
        self.each = tuple(each)

    def predict(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Give numbers (N, T) in the targets' own units."""
        return np.stack([one.predict(arrays) for one in self.each], axis=1)


def fit_ridges(
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    blocks: tuple[Block, ...],
    task: Task,
    seed: int,
    weights: NDArray[np.float64] | None = None,
) -> Several | None:
    """Fit a ridge regression to each target."""
    return _each(fit_ridge, target, lambda fit, own: fit(arrays, own, blocks, task, seed, weights))


def fit_boosted_each(
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    blocks: tuple[Block, ...],
    task: Task,
    seed: int,
    weights: NDArray[np.float64] | None = None,
) -> Several | None:
    """Fit boosted trees to each target; the time of all is bounded as that of one regression."""
    return _each(fit_boosted_numbers, target, lambda fit, own: fit(arrays, own, blocks, task, seed, weights))


class Labels:
    """A classifier of two classes for each label.

    Args:
        each: In the order of the labels.
    """

    def __init__(self, each: Sequence[Classes | Constant]) -> None:
        self.each = tuple(each)

    def predict(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Give a probability for each label (N, K)."""
        return np.stack([one.predict(arrays)[:, 1] for one in self.each], axis=1)


def fit_logistics(
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    blocks: tuple[Block, ...],
    task: Task,
    seed: int,
    weights: NDArray[np.float64] | None = None,
) -> Labels:
    """Fit a logistic regression to each label."""
    return Labels([fit_logistic(arrays, own, blocks, task, seed, weights) for own in target.T])


def fit_boosted_labels(
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    blocks: tuple[Block, ...],
    task: Task,
    seed: int,
    weights: NDArray[np.float64] | None = None,
) -> Labels | None:
    """Fit boosted trees to each label; the time of all is bounded as that of one classification."""
    found = [fit_boosted_classes(arrays, own, blocks, task, seed, weights) for own in target.T]
    whole = [one for one in found if one is not None]
    return Labels(whole) if len(whole) == len(found) else None


def _each(
    fit: Callable[..., Numbers | None],
    target: NDArray[Any],
    fitted: Callable[[Callable[..., Numbers | None], NDArray[Any]], Numbers | None],
) -> Several | None:
    found = [fitted(fit, own) for own in target.T]
    whole = [one for one in found if one is not None]
    return Several(whole) if len(whole) == len(found) else None
