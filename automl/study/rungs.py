"""Whether a trial goes on: successive halving over epochs, with decisions that are recorded and never taken twice.

At every rung a trial reports its best score so far and goes on if it is among the better third of all that reported
there (Li et al., A System for Massively Parallel Hyperparameter Tuning, MLSys 2020, without waiting for others to
come). Those that report together are all heard before any is judged, so that their order does not matter. Hyperband
(Li et al., JMLR 2018) hedges what halving bets on: some trials have their first rung three, nine, ... times as late.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from automl.study.decisions import Decisions, free, no_more

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from automl.study.decisions import Costs, Log

_FIRST_RUNG, _OF_FEW_ROWS = 3, 6
_FEW_ROWS = 2000
"""Below so many training rows an epoch has few steps, and the first rung comes later. Both were chosen by replaying the
curves of trials that were trained out (`benchmarks/halving.py`): the best of them is kept, at the least cost."""
_FACTOR = 3
_LEAST_REPORTS = 4
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


class NoPruner:
    """Lets every trial go on."""

    def report(self, epoch: int, scores: Mapping[int, float]) -> set[int]:
        """Stop none."""
        return set()


class Halving:
    """Stops the worse two thirds of the trials at epochs 3, 9, 27 and 81, or others that are as far apart.

    Trials are held against those whose first rung is the same and, where costs count, that cost no more.

    Args:
        log: The decisions so far, to which new ones are added before they are acted on.
        higher_is_better: The direction of the scores.
        first: The first of these epochs, or what gives it by a trial's number.
        costs: What a trial costs, by its number; the same figures in the same order for all.
    """

    def __init__(
        self,
        log: Log,
        *,
        higher_is_better: bool,
        first: int | Callable[[int], int] = _FIRST_RUNG,
        costs: Costs = free,
    ) -> None:
        self._decisions = Decisions(log)
        self._first = (lambda number: first) if isinstance(first, int) else first
        self._costs = costs
        self._sign = 1.0 if higher_is_better else -1.0

    def report(self, epoch: int, scores: Mapping[int, float]) -> set[int]:
        """Take in the best scores so far of the trials at this epoch; give the trials that stop here.

        A trial that runs again after a kill gets the decision that was recorded the first time.
        """
        due = {number: score for number, score in scores.items() if is_rung(epoch, self._first(number))}
        return self._decisions.of(epoch, due, self._worse) if due else set()

    def _worse(self, reported: Mapping[int, float], new: Mapping[int, float]) -> set[int]:
        """Name those of the new trials that are not among the better third of all that reported at this rung."""
        everyone = {**reported, **new}
        return {number for number, score in new.items() if self._worth(score) < self._bar(number, everyone)}

    def _bar(self, number: int, everyone: Mapping[int, float]) -> float:
        """Give what a trial must be worth to go on."""
        first, costs = self._first(number), self._costs(number)
        rivals = [
            self._worth(score)
            for other, score in everyone.items()
            if self._first(other) == first and no_more(self._costs(other), costs)
        ]
        if len(rivals) < _LEAST_REPORTS:
            return -math.inf
        return sorted(rivals, reverse=True)[math.ceil(len(rivals) / _FACTOR) - 1]

    def _worth(self, score: float) -> float:
        return -math.inf if math.isnan(score) else self._sign * score


class Brackets:
    """The first rung of every trial under Hyperband: which bracket one is in follows from its number alone.

    A bracket whose trials are judged later holds fewer of them, so that about as many epochs go to each.

    Args:
        first: The first rung of the bracket that judges earliest.
        most_epochs: How many epochs a trial of the space trains at most.

    Examples:
        >>> brackets = Brackets(3, most_epochs=100)
        >>> brackets.first_rungs
        [3, 9, 27]
        >>> [brackets(number) for number in range(10)]
        [3, 9, 3, 27, 3, 3, 9, 3, 27, 9]
    """

    def __init__(self, first: int, most_epochs: int) -> None:
        self.first_rungs = [first]
        while 2 * _FACTOR * self.first_rungs[-1] <= most_epochs:  # what is judged later than halfway saves little
            self.first_rungs.append(_FACTOR * self.first_rungs[-1])
        n_brackets = len(self.first_rungs)
        # Section 3 of the paper: bracket s of s_max begins with (s_max + 1) / (s + 1) * factor^s trials.
        sizes = [n_brackets / (later + 1) * _FACTOR**later for later in reversed(range(n_brackets))]
        self._shares = [size / sum(sizes) for size in sizes]

    def __call__(self, number: int) -> int:
        """Give a trial's first rung; the brackets are spread evenly over the numbers."""
        place = number * _GOLDEN % 1.0
        for first, share in zip(self.first_rungs, self._shares):
            place -= share
            if place < 0:
                return first
        return self.first_rungs[-1]


def first_rung(n_rows: int) -> int:
    """Say at which epoch trials are first judged, by the number of their training rows."""
    return _OF_FEW_ROWS if n_rows < _FEW_ROWS else _FIRST_RUNG


def least_epochs(first: int) -> int:
    """Say how long trials must be trained at most for Hyperband to have two brackets."""
    return 2 * _FACTOR * first


def is_rung(epoch: int, first: int) -> bool:
    """Tell whether trials report at this epoch.

    Examples:
        >>> [epoch for epoch in range(100) if is_rung(epoch, first=3)]
        [3, 9, 27, 81]
    """
    rung = first
    while rung < epoch:
        rung *= _FACTOR
    return rung == epoch
