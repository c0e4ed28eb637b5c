"""The baselines of several targets, and of labels: the one of a number or of two classes, for each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from automl.baselines.dummy import Constant
from automl.baselines.estimators import Classes, Numbers
from automl.baselines.linear import fit_logistic, fit_ridge
from automl.baselines.trees import fit_boosted_classes, fit_boosted_numbers
from automl.task import Block, Task

T = TypeVar("T")


class Several:
    """A regression for each target, or for each quantile.

    Args:
        each: In the order of the targets.
    """

    def __init__(self, each: Sequence[Numbers]) -> None:
        self.each = tuple(each)

    def predict(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Give numbers (N, T), each in its target's own units."""
        return np.stack([one.predict(arrays) for one in self.each], axis=1)


def fit_ridges(
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    blocks: tuple[Block, ...],
    task: Task,
    seed: int,
    weights: NDArray[np.float64] | None = None,
) -> Several:
    """Fit a ridge regression to each target."""
    return Several([fit_ridge(arrays, own, blocks, task, seed, weights) for own in target.T])


def fit_boosted_each(
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    blocks: tuple[Block, ...],
    task: Task,
    seed: int,
    weights: NDArray[np.float64] | None = None,
) -> Several | None:
    """Fit boosted trees to each target; the time of all is bounded as that of one regression."""
    each = all_of(fit_boosted_numbers(arrays, own, blocks, task, seed, weights) for own in target.T)
    return None if each is None else Several(each)


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
    each: list[Classes | Constant] | None = all_of(
        fit_boosted_classes(arrays, own, blocks, task, seed, weights) for own in target.T
    )
    return None if each is None else Labels(each)


def all_of(found: Iterable[T | None]) -> list[T] | None:
    """Give what was fitted to each; None where one of them would have taken too long."""
    each = list(found)
    whole = [one for one in each if one is not None]
    return whole if len(whole) == len(each) else None
