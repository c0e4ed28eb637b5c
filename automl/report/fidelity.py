"""Whether stopping trials at a rung was safe: how well the scores there told the scores at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from automl.trial import Completed

if TYPE_CHECKING:
    from automl.tracking.record import Record

LEAST_TRIALS = 5
"""Of fewer trials no correlation is told."""
UNSAFE = 0.5
"""Below this rank correlation, halving is called unsafe."""


def rung_correlations(record: Record, rungs: Sequence[int], higher_is_better: bool) -> dict[int, tuple[float, int]]:
    """Correlate the best score until each rung with the final score, over the completed trials that passed it.

    Those that were stopped have no final score; among those that passed, the correlation tends to be lower than it is
    among all.

    Args:
        record: The run folder.
        rungs: Epochs at which trials were judged.
        higher_is_better: The direction of the scores.

    Returns:
        By rung, Spearman's rank correlation and the number of trials; rungs with too few trials are left out.
    """
    pick = max if higher_is_better else min
    curves = {
        number: [epoch.validation for epoch in record.trial(number).read_curve()]
        for number, outcome in record.outcomes().items()
        if isinstance(outcome, Completed)
    }
    found = {}
    for rung in rungs:
        passed = [curve for curve in curves.values() if len(curve) > rung]
        correlation = spearman([pick(curve[:rung]) for curve in passed], [pick(curve) for curve in passed])
        if len(passed) >= LEAST_TRIALS and correlation is not None:
            found[rung] = (correlation, len(passed))
    return found


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Give the rank correlation of two lists, ties by their average rank; None where either does not vary.

    Examples:
        >>> spearman([1, 2, 3, 4], [10, 20, 30, 25])
        0.8
        >>> spearman([1, 1, 1], [1, 2, 3]) is None
        True
    """
    ranks = [_ranks(first), _ranks(second)]
    middle = (len(first) + 1) / 2
    one, other = ([rank - middle for rank in each] for each in ranks)
    spread = (sum(x * x for x in one) * sum(y * y for y in other)) ** 0.5
    return sum(x * y for x, y in zip(one, other)) / spread if spread else None


def _ranks(values: Sequence[float]) -> list[float]:
    return [
        sum(other < value for other in values) + (sum(other == value for other in values) + 1) / 2 for value in values
    ]
