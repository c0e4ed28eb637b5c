"""Learning on validation rows how sure a network may be: one number that its logits are divided by, or a distance.

Shapes:
    logits (N, K), truth (N,) class codes, residuals (N,), weights (N,) or None where all rows count alike
"""

from __future__ import annotations

import math

import numpy as np

from automl.evaluation.means import Array

_LARGEST = 32.0
"""Temperatures lie between this and its inverse."""
_HALVINGS = 50


def temperature(logits: Array, truth: Array, weights: Array | None = None) -> float:
    """Find what logits are divided by so that the log loss is least; 1 where that gains no more than chance.

    Guo et al., On Calibration of Modern Neural Networks, ICML 2017, section 4.2. The loss is convex in the inverse of
    the temperature, so that halving an interval of it finds the least. It has to gain more than a standard error of the
    gain over the rows. Where every row is predicted right nothing is learned: there the surest would be the best.

    Examples:
        >>> sure = np.array([[4.0, 0.0], [4.0, 0.0], [4.0, 0.0], [4.0, 0.0]] * 25)
        >>> round(temperature(sure, np.array([0, 0, 0, 1] * 25)), 2)
        3.64
    """
    logits = logits.astype(np.float64)
    counts = np.ones(len(truth)) if weights is None else np.asarray(weights, dtype=np.float64)
    if len(truth) == 0 or not np.isfinite(logits).all():
        return 1.0
    own = logits[np.arange(len(truth)), truth]
    if (own >= logits.max(axis=1)).all():
        return 1.0
    low, high = 1 / _LARGEST, _LARGEST
    for _ in range(_HALVINGS):
        middle = math.sqrt(low * high)
        slope = counts @ ((shares(middle * logits) * logits).sum(axis=1) - own)
        low, high = (middle, high) if slope < 0 else (low, middle)
    inverse = math.sqrt(low * high)
    gain = _losses(logits, truth) - _losses(inverse * logits, truth)
    mean = float(np.average(gain, weights=counts))
    error = math.sqrt(float(np.average(np.square(gain - mean), weights=counts)) / len(gain))
    return 1 / inverse if mean > error else 1.0


def radius(residuals: Array, level: float) -> float | None:
    """Find how far from a number the truth of so large a share of rows lies at most: split conformal prediction.

    Lei et al., Distribution-Free Predictive Inference for Regression, JASA 2018, section 2.2: of N residuals the
    ceil((N + 1) level)-th least. Where rows to come are drawn as these were, an interval of this radius holds the truth
    of at least that share of them on average.

    Returns:
        The radius; None where there are too few rows for that share, or one is not finite.

    Examples:
        >>> radius(np.arange(-9.0, 10.0), 0.9), radius(np.array([1.0, 2.0]), 0.9)
        (9.0, None)
    """
    place = math.ceil((len(residuals) + 1) * level - 1e-9)
    if place > len(residuals) or not np.isfinite(residuals).all():
        return None
    return float(np.sort(np.abs(residuals))[place - 1])


def shares(logits: Array) -> Array:
    """Give the probabilities (N, K) that logits mean."""
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Array = exponents / exponents.sum(axis=1, keepdims=True)
    return probabilities


def _losses(logits: Array, truth: Array) -> Array:
    """Give each row's log loss (N,)."""
    top = logits.max(axis=1)
    losses: Array = top + np.log(np.exp(logits - top[:, None]).sum(axis=1)) - logits[np.arange(len(truth)), truth]
    return losses
