"""What a schedule makes of a learning rate or a regulariser: a multiplier a step, known before the epoch begins."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from automl.training.arguments import Cosine, CosLog, Course, OneCycle, Plateau, Schedule

if TYPE_CHECKING:
    from collections.abc import Callable

_ONE_CYCLE_START = 1 / 25
_ONE_CYCLE_END = 1e-4 / 25


def _along_cosine(start: float, end: float, share: float) -> float:
    """Go from start to end along half a cosine, share from 0 to 1."""
    return end + (start - end) * (1 + math.cos(math.pi * min(share, 1.0))) / 2


def _along_cycles(share: float) -> float:
    """Go from 0 to 1 and back four times, each time twice as long, share from 0 to 1."""
    return (1 - math.cos(2 * math.pi * math.log2(1 + 15 * share))) / 2


_COURSES: dict[Course, Callable[[float], float]] = {
    "constant": lambda _share: 1.0,
    "flat_cosine": lambda share: _along_cosine(1.0, 0.0, max(0.0, 2 * share - 1)),
    "cosine": lambda share: _along_cosine(1.0, 0.0, share),
    "coslog4": _along_cycles,
}


def strengths(course: Course, steps: range, n_steps: int) -> list[float]:
    """Give what a regulariser's course makes of its strength at some steps, counted from 0, of `n_steps`.

    Examples:
        >>> [round(multiplier, 3) for multiplier in strengths("flat_cosine", range(8), n_steps=8)]
        [1.0, 1.0, 1.0, 1.0, 1.0, 0.854, 0.5, 0.146]
    """
    return [_COURSES[course](step / n_steps) for step in steps]


class Rate:
    """One member's learning rate over its training, as multiples of what its optimizer was given.

    Args:
        schedule: Its schedule.
        n_steps: Steps of the whole training, if it runs to its last epoch.

    Examples:
        >>> [round(multiplier, 3) for multiplier in Rate(Cosine(), n_steps=4).multipliers(first=0, count=4)]
        [1.0, 0.854, 0.5, 0.146]
    """

    def __init__(self, schedule: Schedule, n_steps: int) -> None:
        self._schedule = schedule
        self._n_steps = n_steps
        self._reduced = 1.0
        self._best = math.inf
        self._waited = 0

    def multipliers(self, first: int, count: int) -> list[float]:
        """Give the multipliers of `count` steps from step `first` on, counted from 0."""
        return [self._at(step) for step in range(first, first + count)]

    def _at(self, step: int) -> float:
        schedule = self._schedule
        if isinstance(schedule, Plateau):
            return self._reduced
        if isinstance(schedule, Cosine | OneCycle):
            return self._in_cycle(step, schedule)
        return _along_cycles(step / self._n_steps) if isinstance(schedule, CosLog) else 1.0

    def _in_cycle(self, step: int, schedule: Cosine | OneCycle) -> float:
        rising = schedule.warmup * self._n_steps
        falling = (step - rising) / max(self._n_steps - rising, 1)
        if isinstance(schedule, Cosine):
            return (step + 1) / (rising + 1) if step < rising else _along_cosine(1.0, 0.0, falling)
        if step < rising:
            return _along_cosine(_ONE_CYCLE_START, 1.0, step / rising)
        return _along_cosine(1.0, _ONE_CYCLE_END, falling)

    def epoch_ended(self, validation_loss: float) -> None:
        """Tell the rate what the epoch came to; only a plateau listens."""
        if not isinstance(self._schedule, Plateau):
            return
        if validation_loss < self._best:
            self._best, self._waited = validation_loss, 0
            return
        self._waited += 1
        if self._waited > self._schedule.patience:
            self._reduced, self._waited = self._reduced * self._schedule.factor, 0
