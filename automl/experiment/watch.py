"""What one training of a cohort tells and is told: scores of epochs, decisions at rungs, the clock."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from automl.evaluation.metrics import score

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from automl.budget import Clock
    from automl.experiment.interrupts import Interrupts
    from automl.experiment.progress import Progress
    from automl.experiment.stage import Stage
    from automl.study.rungs import Pruner
    from automl.trial import Epoch


@dataclass
class Watch:
    """Follows the trials of one training: scores their epochs, reports them at rungs, keeps the clock.

    Args:
        numbers: The trials' numbers, in the cohort's order.
        stage: The rows.
        pruner: Who stops trials early.
        clock: When the time is up.
        progress: Who watches.
        interrupts: Whether somebody asked for the search to end.
    """

    numbers: Sequence[int]
    stage: Stage
    pruner: Pruner
    clock: Clock
    progress: Progress
    interrupts: Interrupts
    higher_is_better: bool = field(init=False)
    _best: dict[int, float] = field(default_factory=dict, init=False)
    _epochs: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Fetch what every epoch is scored against."""
        self.higher_is_better = self.stage.task.higher_is_better
        self._truth = self.stage.truth(self.stage.validation)
        self._weights = self.stage.weights(self.stage.validation)

    def score(self, outputs: NDArray[Any]) -> float:
        """Score raw outputs over the validation rows by the task's metric."""
        task = self.stage.task
        return score(task.metric, self._truth, self.stage.coder.predictions(outputs), task, self._weights)

    def epoch_ended(self, epochs: Mapping[int, Epoch]) -> set[int]:
        """Pass the epochs on, and let the pruner judge those that stand at a rung, all at once."""
        self._epochs += 1
        for place, epoch in epochs.items():
            number = self.numbers[place]
            self.progress.epoch(number, epoch)
            self._best[number] = self._better(self._best.get(number, math.nan), epoch.validation)
        scores = {self.numbers[place]: self._best[self.numbers[place]] for place in epochs}
        leaving = self.pruner.report(self._epochs, scores)
        return {place for place in epochs if self.numbers[place] in leaving}

    def _better(self, best: float, new: float) -> float:
        if not math.isfinite(best) or not math.isfinite(new):
            return new if math.isfinite(new) else best
        return max(best, new) if self.higher_is_better else min(best, new)

    def is_over(self) -> bool:
        """Whether the time is up; the very first trial is given one epoch whatever the clock says."""
        self.interrupts.check()
        if 0 in self.numbers and self._epochs == 0:
            return False
        return self.clock.is_over
