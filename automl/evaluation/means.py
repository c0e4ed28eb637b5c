"""What metrics are made of: weighted means and totals over rows, of many resamples at once.

Shapes:
    weights (R, N): how much each of N rows counts in each of R resamples, whole numbers or not
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Statistic = Callable[[Array], Array]
"""Weights (R, N) to one value a resample (R,); nan where the metric is undefined."""


def mean_of(values: Array) -> Statistic:
    """Give the weighted mean of one number a row (N,), accuracy for one, as a statistic."""
    rows = values.astype(np.float64)

    def evaluate(weights: Array) -> Array:
        total = weights.sum(axis=1)
        mean: Array = np.divide(weights @ rows, total, out=np.full(len(weights), np.nan), where=total > 0)
        return mean

    return evaluate


def totals(weights: Array, codes: Array, n_codes: int) -> Array:
    """Sum each resample's weights by code (R, n_codes); a code of `n_codes` counts nowhere."""
    return np.stack([np.bincount(codes, weights=row, minlength=n_codes + 1)[:n_codes] for row in weights])


def mean_where(defined: Array, part: Array, whole: Array) -> Array:
    """Average part / whole over the defined entries of each row; nan where there is none."""
    ratios = np.divide(part, whole, out=np.zeros(defined.shape), where=defined)
    counts = defined.sum(axis=1)
    return np.where(counts > 0, ratios.sum(axis=1) / np.maximum(counts, 1), np.nan)
