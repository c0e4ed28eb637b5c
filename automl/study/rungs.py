"""Whether a trial goes on: successive halving over epochs, with decisions that are recorded and never taken twice.

At every rung a trial reports its best score so far and goes on if it is among the better third of all that reported
there (Li et al., A System for Massively Parallel Hyperparameter Tuning, MLSys 2020, without waiting for others to
come). Those that report together are all heard before any is judged, so that their order does not matter.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager

_FIRST_RUNG, _OF_FEW_ROWS = 3, 6
_FEW_ROWS = 2000
"""Below so many training rows an epoch has few steps, and the first rung comes later. Both were chosen by replaying the
curves of trials that were trained out (`benchmarks/halving.py`): the best of them is kept, at the least cost."""
_FACTOR = 3
_LEAST_REPORTS = 4


class Pruner(Protocol):
    """Hears scores epoch by epoch and names the trials that stop."""

    def report(self, epoch: int, scores: Mapping[int, float]) -> set[int]:
        """Take in the best scores so far of the trials at this epoch; give the trials that stop here."""


class Log(Protocol):
    """Where decisions are kept: `{"epoch": 6, "scores": {"7": 0.9}, "pruned": [7]}`."""

    def new(self) -> Iterable[Mapping[str, Any]]:
        """Give the decisions that were added since the last call, by whomever."""

    def append(self, line: dict[str, Any]) -> None:
        """Add a decision."""

    def turn(self) -> AbstractContextManager[None]:
        """Keep others from adding any while the block runs."""


class NoPruner:
    """Lets every trial go on."""

    def report(self, epoch: int, scores: Mapping[int, float]) -> set[int]:
        """Stop none."""
        return set()


class Halving:
    """Stops the worse two thirds of the trials at epochs 3, 9, 27 and 81, or others that are as far apart.

    Args:
        log: The decisions so far, to which new ones are added before they are acted on.
        higher_is_better: The direction of the scores.
        first: The first of these epochs.
    """

    def __init__(self, log: Log, *, higher_is_better: bool, first: int = _FIRST_RUNG) -> None:
        self._log = log
        self._first = first
        self._sign = 1.0 if higher_is_better else -1.0
        self._reported: dict[int, dict[int, float]] = {}
        self._decided: dict[tuple[int, int], bool] = {}

    def _hear(self) -> None:
        for event in self._log.new():
            scores = {int(number): _finite(score) for number, score in event["scores"].items()}
            self._take(event["epoch"], scores, set(event["pruned"]))

    def _take(self, epoch: int, scores: Mapping[int, float], pruned: set[int]) -> None:
        self._reported.setdefault(epoch, {}).update(scores)
        self._decided.update({(epoch, number): number in pruned for number in scores})

    def report(self, epoch: int, scores: Mapping[int, float]) -> set[int]:
        """Take in the best scores so far of the trials at this epoch; give the trials that stop here.

        A trial that runs again after a kill gets the decision that was recorded the first time.
        """
        if not is_rung(epoch, self._first):
            return set()
        with self._log.turn():
            self._hear()
            new = {n: _finite(score) for n, score in scores.items() if (epoch, n) not in self._decided}
            if new:
                self._decide(epoch, new)
        return {number for number in scores if self._decided[epoch, number]}

    def _decide(self, epoch: int, new: Mapping[int, float]) -> None:
        pruned = self._worse(epoch, new)
        scores = {str(number): new[number] for number in sorted(new)}
        self._log.append({"epoch": epoch, "scores": scores, "pruned": sorted(pruned)})
        self._take(epoch, new, pruned)

    def _worse(self, epoch: int, new: Mapping[int, float]) -> set[int]:
        """Name those of the new trials that are not among the better third of all that reported at this rung."""
        everyone = [self._worth(score) for score in {**self._reported.get(epoch, {}), **new}.values()]
        if len(everyone) < _LEAST_REPORTS:
            return set()
        bar = sorted(everyone, reverse=True)[math.ceil(len(everyone) / _FACTOR) - 1]
        return {number for number, score in new.items() if self._worth(score) < bar}

    def _worth(self, score: float) -> float:
        return -math.inf if math.isnan(score) else self._sign * score


def first_rung(n_rows: int) -> int:
    """Say at which epoch trials are first judged, by the number of their training rows."""
    return _OF_FEW_ROWS if n_rows < _FEW_ROWS else _FIRST_RUNG


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


def _finite(score: float | None) -> float:
    return math.nan if score is None else float(score)
