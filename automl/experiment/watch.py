"""What one training of a cohort tells and is told: scores of epochs, decisions at rungs, the clock."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from automl.evaluation.metrics import score

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from automl.budget import Clock
    from automl.experiment.interrupts import Interrupts
    from automl.experiment.progress import Progress
    from automl.experiment.stage import Stage
    from automl.study.decisions import Pruner
    from automl.trial import Epoch

_SHORT_EPOCH = 5.0
"""Seconds an epoch may take that is brought to its end, and kept, when somebody asks for the search to end."""


class Scorer:
    """Scores raw outputs over a stage's validation rows by the task's metric, rows counting as they count.

    Args:
        stage: The rows.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._truth = stage.truth(stage.validation)
        self._weights = stage.weights(stage.validation)

    def score(self, outputs: NDArray[Any]) -> float:
        """Score raw outputs (N, K)."""
        task = self._stage.task
        return score(task.metric, self._truth, self._stage.coder.predictions(outputs), task, self._weights)


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
        beat: Called at every epoch's end.
    """

    numbers: Sequence[int]
    stage: Stage
    pruner: Pruner
    clock: Clock
    progress: Progress
    interrupts: Interrupts
    beat: Callable[[], None] = lambda: None
    higher_is_better: bool = field(init=False)
    is_kept: bool = field(default=False, init=False)
    """Whether an epoch's end is kept, so that who asks for the search to end is let wait for it."""
    _best: dict[int, float] = field(default_factory=dict, init=False)
    _epochs: int = field(default=0, init=False)
    _seconds: float = field(default=math.inf, init=False)

    def __post_init__(self) -> None:
        """Fetch what every epoch is scored against."""
        self.higher_is_better = self.stage.task.higher_is_better
        self._scorer = Scorer(self.stage)

    def score(self, outputs: NDArray[Any]) -> float:
        """Score raw outputs over the validation rows by the task's metric."""
        return self._scorer.score(outputs)

    def of_fold(self, fold: Stage) -> FoldWatch:
        """Give who watches one fold for this watch."""
        return FoldWatch(self, Scorer(fold))

    def go_on(self, curves: Mapping[int, Sequence[Epoch]]) -> None:
        """Take in the epochs of an earlier session, by place: nobody is told of them again, and no rung is judged."""
        self._epochs = max(len(curve) for curve in curves.values())
        for place, curve in curves.items():
            for epoch in curve:
                self._take(place, epoch)

    def epoch_ended(self, epochs: Mapping[int, Epoch]) -> set[int]:
        """Pass the epochs on, and let the pruner judge those that stand at a rung, all at once."""
        self._epochs += 1
        for place, epoch in epochs.items():
            self.progress.epoch(self.numbers[place], epoch)
            self._take(place, epoch)
        scores = {self.numbers[place]: self._best[self.numbers[place]] for place in epochs}
        leaving = self.pruner.report(self._epochs, scores)
        self.beat()
        return {place for place in epochs if self.numbers[place] in leaving}

    def _take(self, place: int, epoch: Epoch) -> None:
        number = self.numbers[place]
        self._best[number] = self._better(self._best.get(number, math.nan), epoch.validation)
        self._seconds = epoch.seconds

    def _better(self, best: float, new: float) -> float:
        if not math.isfinite(best) or not math.isfinite(new):
            return new if math.isfinite(new) else best
        return max(best, new) if self.higher_is_better else min(best, new)

    def is_over(self) -> bool:
        """Whether the time is up; the very first trial is given one epoch whatever the clock says."""
        if not (self.is_kept and self._seconds <= _SHORT_EPOCH):
            self.interrupts.check()
        if 0 in self.numbers and self._epochs == 0:
            return False
        return self.clock.is_over


@dataclass
class FoldWatch:
    """Scores one fold of a training; who stops is told by the means over all folds.

    Args:
        watch: Watches the whole training.
        scorer: Scores the fold's validation rows.
    """

    watch: Watch
    scorer: Scorer
    higher_is_better: bool = field(init=False)

    def __post_init__(self) -> None:
        """Take over the score's direction."""
        self.higher_is_better = self.watch.higher_is_better

    def score(self, outputs: NDArray[Any]) -> float:
        """Score raw outputs over the fold's validation rows."""
        return self.scorer.score(outputs)

    def epoch_ended(self, epochs: Mapping[int, Epoch]) -> set[int]:
        """Stop nobody."""
        return set()

    def is_over(self) -> bool:
        """Whether the time is up."""
        return self.watch.is_over()


@dataclass
class Unwatched:
    """Watches a training that is not scored: only the time and the person can end it.

    Args:
        higher_is_better: The score's direction.
        clock: When the time is up.
        interrupts: Whether somebody asked for the work to end.
    """

    higher_is_better: bool
    clock: Clock
    interrupts: Interrupts
    is_kept: bool = field(default=False, init=False)
    """Whether an epoch's end is kept."""

    def go_on(self, curves: Mapping[int, Sequence[Epoch]]) -> None:
        """Take in the epochs of an earlier session."""

    def score(self, outputs: NDArray[Any]) -> float:
        """Give no score."""
        return math.nan

    def epoch_ended(self, epochs: Mapping[int, Epoch]) -> set[int]:
        """Stop nobody."""
        return set()

    def is_over(self) -> bool:
        """Whether the time is up."""
        self.interrupts.check()
        return self.clock.is_over
