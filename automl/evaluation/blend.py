"""Which predictions are best together: their weighted mean, found greedily, by what they gave for the same rows.

Shapes:
    outputs (N, K): logits of K classes, or (N, 1): numbers as they are learned
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from automl.evaluation.calibrate import shares
from automl.evaluation.means import Array
from automl.task import Link

Goodness = tuple[float, ...]
"""How good outputs are, the larger the better; what comes first counts first."""
_ROUNDS_A_MEMBER = 3
"""How often one is added at most, for each that there may be: some count several times."""


def blend(outputs: Sequence[Array], weights: Sequence[float], link: Link) -> Array:
    """Give the mean of several outputs (N, K): of classes that of their probabilities, as logarithms.

    Args:
        outputs: Of each, (N, K).
        weights: How much each counts; they add up to 1.
        link: What makes predictions of them; the mean is taken behind it.

    Examples:
        >>> blend([np.array([[1.0]]), np.array([[3.0]])], [0.75, 0.25], "identity")
        array([[1.5]])
        >>> np.exp(blend([np.log([[0.5, 0.5]]), np.log([[0.9, 0.1]])], [0.5, 0.5], "softmax")).round(3)
        array([[0.7, 0.3]])
    """
    terms = [_terms(each, link) for each in outputs]
    return _outputs(np.tensordot(np.asarray(weights), np.stack(terms), axes=1), link)


def select(
    outputs: Sequence[Array],
    goodness: Callable[[Array], Goodness],
    *,
    link: Link,
    most: int,
    is_allowed: Callable[[frozenset[int]], bool] = lambda places: True,
) -> dict[int, float]:
    """Choose which of several outputs are best together, and how much each counts: greedy ensemble selection.

    Caruana et al., Ensemble Selection from Libraries of Models, ICML 2004: beginning with the first, that one is added,
    again and again and with replacement, with which the mean is best; of the means on the way the best is given.

    Args:
        outputs: Of each that may be chosen, the best one first.
        goodness: Says how good outputs are.
        link: What makes predictions of them; the mean is taken behind it.
        most: How many different ones may be chosen.
        is_allowed: Whether those of some places may be together.

    Returns:
        By place in `outputs`: the share of the mean; the first alone where nothing is better than it.
    """
    terms = [_terms(each, link) for each in outputs]
    chosen, total = [0], terms[0]
    best, best_length = goodness(_outputs(total, link)), 1
    while len(chosen) < _ROUNDS_A_MEMBER * most:
        tried = {}
        for place, term in enumerate(terms):
            together = frozenset({*chosen, place})
            if len(together) <= most and is_allowed(together):
                tried[place] = goodness(_outputs((total + term) / (len(chosen) + 1), link))
        added = max(tried, key=lambda place: tried[place])  # the first of equals: the better one
        chosen.append(added)
        total = total + terms[added]
        if tried[added] > best:
            best, best_length = tried[added], len(chosen)
    counted = chosen[:best_length]
    return {place: counted.count(place) / best_length for place in sorted(set(counted))}


def _terms(outputs: Array, link: Link) -> Array:
    """Give what is averaged: probabilities, or the numbers themselves."""
    return _LINKS[link][0](outputs.astype(np.float64))


def _outputs(mean: Array, link: Link) -> Array:
    return _LINKS[link][1](mean)


def _identity(values: Array) -> Array:
    return values


def _logarithm(probabilities: Array) -> Array:
    logits: Array = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
    return logits


def _sigmoid(logits: Array) -> Array:
    probabilities: Array = np.exp(-np.logaddexp(0.0, -logits))
    return probabilities


def _logit(probabilities: Array) -> Array:
    tiny = np.finfo(np.float32).tiny
    return np.asarray(np.log(np.maximum(probabilities, tiny)) - np.log(np.maximum(1 - probabilities, tiny)))


_LINKS: dict[Link, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "softmax": (shares, _logarithm),
    "sigmoid": (_sigmoid, _logit),
    "identity": (_identity, _identity),
}
"""What makes predictions of outputs, and what makes outputs of predictions."""
