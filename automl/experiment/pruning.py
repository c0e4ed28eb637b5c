"""Who stops a study's trials early, and what that needs to know of them from the record."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING

from automl.experiment.space import most_epochs
from automl.study.median import Median
from automl.study.rungs import Brackets, Halving, NoPruner, first_rung
from automl.tracking.record import RUNGS
from automl.trial import Completed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from automl.experiment.plan import Plan
    from automl.experiment.trainer import Trainer
    from automl.spaces.space import Space
    from automl.study.decisions import Pruner
    from automl.tracking.record import Record
    from automl.trial import Outcome


def pruner_of(plan: Plan, record: Record, trainer: Trainer, outcomes: Mapping[int, Outcome], *, space: Space) -> Pruner:
    """Make the plan's pruner.

    Args:
        plan: What was asked for.
        record: The run folder.
        trainer: Predicts what a config costs, where that counts.
        outcomes: What came of the trials, which grows while the search runs.
        space: What may vary.
    """
    if plan.pruner == "none":
        return NoPruner()
    log, higher = record.lines(RUNGS), trainer.stage.task.higher_is_better
    first, costs = first_rung(len(trainer.stage.train)), Costs(record, trainer, plan.objective)
    if plan.pruner == "median":
        curves = Curves(record, outcomes, higher_is_better=higher)
        return Median(log, curves, higher_is_better=higher, every=first, costs=costs)
    begins = Brackets(first, most_epochs(space)) if plan.pruner == "hyperband" else first
    return Halving(log, higher_is_better=higher, first=begins, costs=costs)


class Costs:
    """What a trial is expected to cost, by its number: a function of its config, known before it is trained.

    Args:
        record: The run folder, with the configs.
        trainer: Predicts.
        names: Which costs count.
    """

    def __init__(self, record: Record, trainer: Trainer, names: Sequence[str]) -> None:
        self._record, self._trainer, self._names = record, trainer, names
        self._known: dict[int, tuple[float, ...]] = {}

    def __call__(self, number: int) -> tuple[float, ...]:
        """Give a trial's costs, in the order of their names."""
        if self._names and number not in self._known:
            self._known[number] = self._trainer.expected(self._record.trial(number).read_config(), self._names)
        return self._known.get(number, ())


class Curves:
    """How the completed trials stood at an epoch.

    Args:
        record: The run folder, with the curves.
        outcomes: What came of the trials, which grows while the search runs.
        higher_is_better: The direction of the scores.
    """

    def __init__(self, record: Record, outcomes: Mapping[int, Outcome], *, higher_is_better: bool) -> None:
        self._record, self._outcomes = record, outcomes
        self._better = max if higher_is_better else min
        self._read: dict[int, list[float]] = {}

    def __call__(self, epoch: int) -> dict[int, float]:
        """Give the best score until an epoch of each; one that ended before has its last."""
        curves = {n: self._curve(n) for n, each in self._outcomes.items() if isinstance(each, Completed)}
        return {number: curve[min(epoch, len(curve)) - 1] for number, curve in curves.items() if curve}

    def _curve(self, number: int) -> list[float]:
        if number not in self._read:
            scores = (epoch.validation for epoch in self._record.trial(number).read_curve())
            self._read[number] = list(accumulate(scores, self._best))
        return self._read[number]

    def _best(self, so_far: float, new: float) -> float:
        if math.isfinite(so_far) and math.isfinite(new):
            return self._better(so_far, new)
        return new if math.isfinite(new) else so_far
