"""The baselines of quantiles: of a linear model's residuals, and boosted trees of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.baselines.dummy import empirical
from automl.baselines.estimators import Numbers
from automl.baselines.linear import fit_ridge
from automl.baselines.trees import fit_boosted_quantile
from automl.task import Block, Task


class Shifted:
    """A regression, and how far from it the quantiles lie.

    Args:
        numbers: The regression.
        distances: (Q,) in the target's own units.
    """

    def __init__(self, numbers: Numbers, distances: NDArray[np.float64]) -> None:
        self.numbers = numbers
        self.distances = distances

    def predict(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Give quantiles (N, Q) in the target's own units."""
        return self.numbers.predict(arrays)[:, None] + self.distances


class Several:
    """A regression for each quantile.

    Args:
        each: In the order of the quantiles.
    """

    def __init__(self, each: Sequence[Numbers]) -> None:
        self.each = tuple(each)

    def predict(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Give quantiles (N, Q) in the target's own units, put in order."""
        return np.sort(np.stack([one.predict(arrays) for one in self.each], axis=1), axis=1)


def fit_shifted(
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    blocks: tuple[Block, ...],
    task: Task,
    seed: int,
    weights: NDArray[np.float64] | None = None,
) -> Shifted:
    """Fit a ridge regression, and take the quantiles of its training residuals."""
    numbers = fit_ridge(arrays, target, blocks, task, seed, weights)
    return Shifted(numbers, empirical(target - numbers.predict(arrays), task.quantiles, weights))


def fit_boosted_quantiles(
    arrays: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    blocks: tuple[Block, ...],
    task: Task,
    seed: int,
    weights: NDArray[np.float64] | None = None,
) -> Several | None:
    """Fit boosted trees for each quantile by its pinball loss; the time of all is bounded as that of one regression."""
    fitted = [fit_boosted_quantile(level, arrays, target, blocks, task, weights, seed=seed) for level in task.quantiles]
    whole = [one for one in fitted if one is not None]
    return Several(whole) if len(whole) == len(fitted) else None
