"""Which training rows a fit learns from, where all would take too long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Given:
    """Prepared rows with their target.

    Args:
        arrays: The blocks by name, {block: (N, ...)}.
        target: Class codes, or numbers (N,).
        weights: How much each row counts (N,); None where all count alike.
    """

    arrays: Mapping[str, NDArray[Any]]
    target: NDArray[Any]
    weights: NDArray[np.float64] | None = None

    def of(self, rows: NDArray[Any]) -> Given:
        """Give some of them, by their places or by whether they are among them."""
        some = {name: array[rows] for name, array in self.arrays.items()}
        return Given(some, self.target[rows], None if self.weights is None else self.weights[rows])

    def at_most(self, n_rows: int, seed: int, *, are_classes: bool) -> Given:
        """Give all that count, or so many of them at random and one of each class."""
        counting = np.arange(len(self.target)) if self.weights is None else np.flatnonzero(self.weights > 0)
        if len(counting) > n_rows:
            drawn = np.random.default_rng(seed).choice(counting, n_rows, replace=False)
            first = counting[np.unique(self.target[counting], return_index=True)[1]] if are_classes else drawn[:0]
            counting = np.union1d(drawn, first)
        return self if len(counting) == len(self.target) else self.of(counting)
