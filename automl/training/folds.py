"""Folds of the same candidates trained in step, a cohort a fold; all is decided by what they come to on average.

After every epoch of all folds the means of losses and scores stand for the epoch: by them a candidate has its best
epoch, loses its patience, moves its plateau schedule and is pruned, in all folds at once.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING

import torch

from automl.training.update import part_of
from automl.trial import Epoch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from automl.task import Scale
    from automl.training.cohort import Cohort, Watcher
    from automl.training.keeping import Fitted


class Folds:
    """A cohort of every fold, in training.

    Args:
        cohorts: The same members in every fold, in the same order.
        watcher: Hears the means; its score is not asked for.
    """

    def __init__(self, cohorts: Sequence[Cohort], watcher: Watcher) -> None:
        self._cohorts, self._watcher = cohorts, watcher

    @property
    def fitted(self) -> list[Fitted]:
        """One a candidate: its curve is that of the means, its health the first fold's; the folds have the weights."""
        members = zip(*(cohort.fitted for cohort in self._cohorts))
        return [replace(folds[0], weights={}, outputs=None, folds=folds) for folds in members]

    @property
    def step_size(self) -> tuple[int, int]:
        """As of a fold: they step one after the other."""
        return self._cohorts[0].step_size

    @property
    def n_weights(self) -> int:
        """How many numbers are trained, of all members and folds."""
        return sum(cohort.n_weights for cohort in self._cohorts)

    @property
    def is_active(self) -> bool:
        """Whether a candidate is still in training, in all folds then."""
        return self._cohorts[0].is_active

    def state(self) -> dict[str, Tensor]:
        """Give everything that training needs to go on, the tensors of each fold as `fold/PLACE/NAME`."""
        states = [cohort.state() for cohort in self._cohorts]
        return {f"fold/{place}/{name}": tensor for place, own in enumerate(states) for name, tensor in own.items()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` gave."""
        for place, cohort in enumerate(self._cohorts):
            cohort.restore(part_of(state, f"fold/{place}/"))

    def run_epoch(self) -> None:
        """Train one epoch of every fold, and let those leave that should by the means."""
        measured = [cohort.measure() for cohort in self._cohorts]
        epochs = mean_epochs([each for each, _ in measured])
        for cohort in self._cohorts:
            cohort.take(epochs)
        pruned = self._watcher.epoch_ended(epochs)
        is_over = any(was_cut for _, was_cut in measured) or self._watcher.is_over()
        for cohort in self._cohorts:
            cohort.dismiss(epochs, pruned, is_over=is_over)

    def end(self) -> None:
        """Let all leave who are in training, for the time is up."""
        for cohort in self._cohorts:
            cohort.end()


def mean_epochs(folds: Sequence[Mapping[int, Epoch]]) -> dict[int, Epoch]:
    """Give each member's epoch as the mean over the folds, its seconds as their sum; what is nan in one fold is nan."""
    return {place: _mean([fold[place] for fold in folds]) for place in folds[0]}


def _mean(epochs: Sequence[Epoch]) -> Epoch:
    return Epoch(
        epoch=epochs[0].epoch,
        train_loss=fmean(each.train_loss for each in epochs),
        validation_loss=fmean(each.validation_loss for each in epochs),
        validation=fmean(each.validation for each in epochs),
        lr=fmean(each.lr for each in epochs),
        seconds=sum(each.seconds for each in epochs),
    )


def outputs_of(fitted: Fitted, scales: Sequence[tuple[Scale, Scale]]) -> Tensor | None:
    """Give what a candidate's best epoch gave for the rows of each fold, one fold after the other (N, K).

    Args:
        fitted: The candidate.
        scales: Of each fold, by what its outputs are multiplied, and what is added, so that all are on one scale.
    """
    if not fitted.folds:
        return fitted.outputs
    parts = [
        None if fold.outputs is None else fold.outputs.float() * _of_all(scale) + _of_all(shift)
        for fold, (scale, shift) in zip(fitted.folds, scales)
    ]
    known = [part for part in parts if part is not None]
    return torch.cat(known).half() if len(known) == len(parts) else None


def _of_all(scale: Scale) -> float | Tensor:
    return torch.tensor(scale) if isinstance(scale, tuple) else scale
