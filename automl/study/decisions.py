"""Decisions on who goes on, taken once each, kept before they are acted on, and heard by every process of a study."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    Costs = Callable[[int], Sequence[float]]
    Judge = Callable[[Mapping[int, float], Mapping[int, float]], set[int]]


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


class Decisions:
    """What trials reported, and what was decided of them.

    Args:
        log: The decisions so far, to which new ones are added before they are acted on.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._reported: dict[int, dict[int, float]] = {}
        self._decided: dict[tuple[int, int], bool] = {}

    def of(self, epoch: int, scores: Mapping[int, float], judge: Judge) -> set[int]:
        """Name those of the trials that stop at this epoch; all that report together are heard before any is judged.

        A trial that runs again after a kill gets the decision that was recorded the first time.

        Args:
            epoch: How many epochs they have trained.
            scores: Their best scores so far, by number.
            judge: Given what was reported at this epoch before, and what is new, names the new ones that stop.
        """
        with self._log.turn():
            self._hear()
            new = {n: _finite(score) for n, score in scores.items() if (epoch, n) not in self._decided}
            if new:
                self._decide(epoch, new, judge)
        return {number for number in scores if self._decided[epoch, number]}

    def _hear(self) -> None:
        for event in self._log.new():
            scores = {int(number): _finite(score) for number, score in event["scores"].items()}
            self._take(event["epoch"], scores, set(event["pruned"]))

    def _take(self, epoch: int, scores: Mapping[int, float], pruned: set[int]) -> None:
        self._reported.setdefault(epoch, {}).update(scores)
        self._decided.update({(epoch, number): number in pruned for number in scores})

    def _decide(self, epoch: int, new: Mapping[int, float], judge: Judge) -> None:
        pruned = judge(self._reported.get(epoch, {}), new)
        scores = {str(number): new[number] for number in sorted(new)}
        self._log.append({"epoch": epoch, "scores": scores, "pruned": sorted(pruned)})
        self._take(epoch, new, pruned)


def free(number: int) -> Sequence[float]:
    """Let no trial cost anything that counts."""
    return ()


def no_more(costs: Sequence[float], than: Sequence[float]) -> bool:
    """Whether a trial costs no more than another, in nothing."""
    return all(one <= other for one, other in zip(costs, than))


def _finite(score: float | None) -> float:
    return math.nan if score is None else float(score)
