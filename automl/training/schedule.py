"""What a schedule makes of a learning rate or a regulariser: a multiplier a step, known before the epoch begins."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from automl.training.arguments import Cosine, CosLog, Course, OneCycle, Plateau, Schedule

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

_ONE_CYCLE_START = 1 / 25
_ONE_CYCLE_END = 1e-4 / 25


def _along_cosine(start: float, end: float, share: Numbers) -> Numbers:
    """Go from start to end along half a cosine, shares from 0 to 1."""
    return end + (start - end) * (1 + np.cos(np.pi * np.clip(share, 0.0, 1.0))) / 2


def _along_cycles(share: Numbers) -> Numbers:
    """Go from 0 to 1 and back four times, each time twice as long, shares from 0 to 1."""
    return (1 - np.cos(2 * np.pi * np.log2(1 + 15 * share))) / 2


_COURSES: dict[Course, Callable[[Numbers], Numbers]] = {
    "constant": np.ones_like,
    "flat_cosine": lambda share: _along_cosine(1.0, 0.0, 2 * share - 1),
    "cosine": lambda share: _along_cosine(1.0, 0.0, share),
    "coslog4": _along_cycles,
}


def strengths(course: Course, steps: range, n_steps: int) -> Numbers:
    """Give what a regulariser's course makes of its strength at some steps, counted from 0, of `n_steps`.

    Examples:
        >>> strengths("flat_cosine", range(8), n_steps=8).round(3).tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0, 0.854, 0.5, 0.146]
    """
    return _COURSES[course](np.asarray(steps, dtype=np.float64) / n_steps)


class Rate:
    """One member's learning rate over its training, as multiples of what its optimizer was given.

    Args:
        schedule: Its schedule.
        n_steps: Steps of the whole training, if it runs to its last epoch.

    Examples:
        >>> Rate(Cosine(), n_steps=4).multipliers(first=0, count=4).round(3).tolist()
        [1.0, 0.854, 0.5, 0.146]
    """

    def __init__(self, schedule: Schedule, n_steps: int) -> None:
        self._schedule = schedule
        self._n_steps = n_steps
        self._reduced = 1.0
        self._best = math.inf
        self._waited = 0

    def multipliers(self, first: int, count: int) -> Numbers:
        """Give the multipliers of `count` steps from step `first` on, counted from 0."""
        schedule, steps = self._schedule, np.arange(first, first + count, dtype=np.float64)
        if isinstance(schedule, Cosine | OneCycle):
            return self._in_cycle(steps, schedule)
        if isinstance(schedule, CosLog):
            return _along_cycles(steps / self._n_steps)
        return np.full(count, self._reduced if isinstance(schedule, Plateau) else 1.0)

    def _in_cycle(self, steps: Numbers, schedule: Cosine | OneCycle) -> Numbers:
        rising = schedule.warmup * self._n_steps
        falling = (steps - rising) / max(self._n_steps - rising, 1)
        if isinstance(schedule, Cosine):
            return np.where(steps < rising, (steps + 1) / (rising + 1), _along_cosine(1.0, 0.0, falling))
        up = _along_cosine(_ONE_CYCLE_START, 1.0, steps / rising)
        return np.where(steps < rising, up, _along_cosine(1.0, _ONE_CYCLE_END, falling))

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
