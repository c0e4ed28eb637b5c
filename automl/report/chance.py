"""What random search would have found: the best of so many random trials, told from a handful of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_MOST_POINTS = 120


@dataclass(frozen=True)
class BestOf:
    """The best of a number of random trials, over all the ways to draw them.

    Args:
        trials: How many are drawn.
        low: Nine draws in ten are at least as good as this; None where that many fail.
        middle: Half of the draws are at least as good.
        high: One draw in ten is at least as good.
    """

    trials: int
    low: float | None
    middle: float | None
    high: float | None


def best_of_random(scores: Sequence[float | None], higher_is_better: bool) -> list[BestOf]:
    """Tell how good the best of 1, 2, ... random trials is, from the scores of all that there are.

    Of n scores in order, the best of k drawn without replacement is at most the i-th with probability
    C(i, k) / C(n, k) (Dodge et al., Show Your Work, EMNLP 2019, with replacement).

    Args:
        scores: Of random trials; None for one that failed, which is worse than any score.
        higher_is_better: The direction of the scores.

    Examples:
        >>> [(best.trials, best.middle) for best in best_of_random([0.7, 0.9, None], higher_is_better=True)]
        [(1, 0.7), (2, 0.9), (3, 0.9)]
    """
    came = sorted((score for score in scores if score is not None), reverse=not higher_is_better)
    ordered = [None] * (len(scores) - len(came)) + came
    n = len(ordered)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    found = []
    for k in sorted({*np.linspace(1, n, min(n, _MOST_POINTS)).round().astype(int).tolist()} - {0}):
        upper = np.arange(k, n + 1)
        log_share = log_factorial[upper] - log_factorial[upper - k] + log_factorial[n - k] - log_factorial[n]
        share = np.exp(log_share)
        low, middle, high = (ordered[k - 1 + int(np.argmax(share >= level - 1e-9))] for level in (0.1, 0.5, 0.9))
        found.append(BestOf(k, low, middle, high))
    return found
