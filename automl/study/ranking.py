"""The order of the trials that are over, best first: by score, or where several things count by Pareto fronts.

The first front are the trials that none beats in one thing and equals in all others, the second those of the rest, and
so on; within a front those with the most room around them come first (Deb et al., A Fast and Elitist Multiobjective
Genetic Algorithm: NSGA-II, IEEE TEC 2002, section III).
"""

from __future__ import annotations

import bisect
import math
from typing import TYPE_CHECKING

import numpy as np
from optuna.trial import TrialState

from automl.study.scored import is_scored, score_of, signs, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from optuna.study import StudyDirection
    from optuna.trial import FrozenTrial

    Array = NDArray[np.float64]
    Rank = tuple[int, float, float, int]


class Ranking:
    """Ranks trials as they end; a trial that is added costs the same however many there are.

    Args:
        most: Of how many the order is wanted.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._ranked: list[Rank] = []
        self._front: dict[int, Array] = {}

    @property
    def leaders(self) -> list[int]:
        """The best trials, by number, the best first."""
        leaders = [*self._front, *(rank[-1] for rank in self._ranked[: self._most])]
        return leaders[: self._most]

    def add(self, ended: Sequence[FrozenTrial], directions: Sequence[StudyDirection]) -> None:
        """Take in trials that have ended."""
        new = {}
        for trial in ended:
            if len(directions) > 1 and trial.state is TrialState.COMPLETE and is_scored(trial, len(directions)):
                new[trial.number] = np.array(values_of(trial)) * signs(directions)
            else:
                bisect.insort(self._ranked, _rank(trial, signs(directions)[0]))
        if new:
            everyone = dict(sorted({**self._front, **new}.items()))
            self._front = {number: everyone[number] for number in by_fronts(everyone)[: self._most]}


def _rank(trial: FrozenTrial, sign: float) -> Rank:
    """Order trials that are over: first the completed, by score; then the stopped, those that lived longest first.

    Those that failed come last.
    """
    score = score_of(trial)
    if trial.state is TrialState.COMPLETE and trial.values is not None:
        return 0, 0.0, sign * score, trial.number
    if trial.state is TrialState.PRUNED and trial.last_step is not None:
        return 1, -float(trial.last_step), math.inf if math.isnan(score) else sign * score, trial.number
    return 2, 0.0, 0.0, trial.number


def by_fronts(points: Mapping[int, Array]) -> list[int]:
    """Order points of which less is better, front by front, within one those first that stand most alone.

    Args:
        points: (M,) values, by number.

    Examples:
        >>> by_fronts({0: np.array([2.0, 2.0]), 1: np.array([1.0, 3.0]), 2: np.array([3.0, 3.0])})
        [0, 1, 2]
    """
    left, ordered = list(points), []
    while left:
        values = np.stack([points[number] for number in left])
        # [i, j]: whether point j beats point i in something and is worse in nothing
        no_worse = (values[None, :, :] <= values[:, None, :]).all(axis=2)
        better = np.any(values[None, :, :] < values[:, None, :], axis=2)
        is_front = np.logical_not(np.any(no_worse & better, axis=1))
        room = _room(values[is_front])
        front = [number for number, is_first in zip(left, is_front) if is_first]
        ordered += [number for _, number in sorted(zip(-room, front))]
        left = [number for number, is_first in zip(left, is_front) if not is_first]
    return ordered


def _room(values: Array) -> Array:
    """Give the crowding distance of points (N, M): the gaps to both neighbours, summed over the axes; inf at ends."""
    room = np.zeros(len(values))
    for column in values.T:
        order = np.argsort(column, kind="stable")
        width = column[order[-1]] - column[order[0]]
        room[order[[0, -1]]] = math.inf
        if width > 0:
            room[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / width
    return room
