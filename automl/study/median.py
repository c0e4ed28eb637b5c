"""The median rule: a trial stops where its best score so far is worse than the middle of completed trials' was.

Golovin et al., Google Vizier (KDD 2017, section 3.2.1), with best scores so far in place of running means, as in
Optuna's `MedianPruner`. Trials are held against those that are over and not against one another, so that the order in
which they report does not matter.
"""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

from automl.study.decisions import Decisions, free, no_more

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from automl.study.decisions import Costs, Log

    Completed = Callable[[int], Mapping[int, float]]

LEAST_COMPLETED = 5
"""Against fewer completed trials none is judged."""


class Median:
    """Stops trials that are worse than the median at every so many epochs.

    Args:
        log: The decisions so far, to which new ones are added before they are acted on.
        completed: Gives the best scores that completed trials had at an epoch, by number; one that ended before has
            its last.
        higher_is_better: The direction of the scores.
        every: The first epoch at which trials are judged, and how many lie between two.
        costs: What a trial costs, by its number; it is held against those that cost no more.
    """

    def __init__(
        self, log: Log, completed: Completed, *, higher_is_better: bool, every: int, costs: Costs = free
    ) -> None:
        self._decisions = Decisions(log)
        self._completed = completed
        self._every = every
        self._costs = costs
        self._sign = 1.0 if higher_is_better else -1.0

    def report(self, epoch: int, scores: Mapping[int, float]) -> set[int]:
        """Take in the best scores so far of the trials at this epoch; give the trials that stop here."""
        if epoch % self._every:
            return set()
        return self._decisions.of(epoch, scores, lambda _, new: self._worse(epoch, new))

    def _worse(self, epoch: int, new: Mapping[int, float]) -> set[int]:
        completed = self._completed(epoch)
        return {number for number, score in new.items() if self._worth(score) < self._bar(number, completed)}

    def _bar(self, number: int, completed: Mapping[int, float]) -> float:
        costs = self._costs(number)
        rivals = [
            self._worth(score)
            for other, score in completed.items()
            if other != number and no_more(self._costs(other), costs)
        ]
        return statistics.median(rivals) if len(rivals) >= LEAST_COMPLETED else -math.inf

    def _worth(self, score: float) -> float:
        return -math.inf if math.isnan(score) else self._sign * score
