"""The baselines of several targets: the one of a number, for each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.baselines.estimators import Numbers
from automl.baselines.linear import fit_ridge
from automl.baselines.trees import fit_boosted_numbers
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


def _each(
    fit: Callable[..., Numbers | None],
    target: NDArray[Any],
    fitted: Callable[[Callable[..., Numbers | None], NDArray[Any]], Numbers | None],
) -> Several | None:
    found = [fitted(fit, own) for own in target.T]
    whole = [one for one in found if one is not None]
    return Several(whole) if len(whole) == len(found) else None
