"""The baselines of quantiles: of a linear model's residuals, and boosted trees of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.baselines.dummy import empirical
from automl.baselines.estimators import Numbers
from automl.baselines.linear import fit_ridge
from automl.baselines.several import Several, all_of
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


class InOrder:
    """A regression for each quantile, whose answers are put in order.

    Args:
        several: In the order of the quantiles.
    """

    def __init__(self, several: Several) -> None:
        self.several = several

    def predict(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Give quantiles (N, Q) in the target's own units."""
        return np.sort(self.several.predict(arrays), axis=1)


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
) -> InOrder | None:
    """Fit boosted trees for each quantile by its pinball loss; the time of all is bounded as that of one regression."""
    each = all_of(
        fit_boosted_quantile(level, arrays, target, blocks, task, weights, seed=seed) for level in task.quantiles
    )
    return None if each is None else InOrder(Several(each))
