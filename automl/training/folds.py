"""Folds of the same candidates trained in step, a cohort a fold; all is decided by what they come to on average.

After every epoch of all folds the means of losses and scores stand for the epoch: by them a candidate has its best
epoch, loses its patience, moves its plateau schedule and is pruned, in all folds at once.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING

from automl.training.cohort import Fitted
from automl.training.device import threads_for
from automl.trial import Epoch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from automl.training.cohort import Cohort, Watcher


def train_folds(cohorts: Sequence[Cohort], watcher: Watcher, *, n_operations: int = 0) -> list[Fitted]:
    """Train the candidates in every fold, each until it stops.

    Args:
        cohorts: The same members in every fold, in the same order.
        watcher: Hears the means; its score is not asked for.
        n_operations: As `automl.training.cohort.train` takes it.

    Returns:
        One a candidate: its curve is that of the means, its health that of the first fold; there are no weights.

    Raises:
        OutOfTimeError: The time was up before the first step.
    """
    n_parameters, n_rows = cohorts[0].step_size
    with threads_for(max(n_parameters, n_operations), n_rows):
        while cohorts[0].is_active:
            measured = [cohort.measure() for cohort in cohorts]
            epochs = mean_epochs([each for each, _ in measured])
            for cohort in cohorts:
                cohort.take(epochs)
            pruned = watcher.epoch_ended(epochs)
            is_over = any(was_cut for _, was_cut in measured) or watcher.is_over()
            for cohort in cohorts:
                cohort.dismiss(epochs, pruned, is_over=is_over)
    return [replace(fitted, weights={}) for fitted in cohorts[0].fitted]


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


def train_along(cohort: Cohort, curve: Sequence[Epoch]) -> Fitted:
    """Train a candidate once more where there is nothing to validate on: as many epochs as a curve that is known has.

    Args:
        cohort: A cohort of one; what it validates on is of no account.
        curve: Stands for what its epochs come to, up to the best one: a plateau schedule moves by it.

    Returns:
        The candidate with the weights of the last epoch; `stopped_by` is `diverged` where its loss was not finite.
    """
    n_parameters, n_rows = cohort.step_size
    with threads_for(n_parameters, n_rows):
        for epoch in curve:
            measured, _ = cohort.measure()
            epochs = {0: replace(epoch, train_loss=measured[0].train_loss)}
            cohort.take(epochs)
            cohort.dismiss(epochs, set(), is_over=epoch is curve[-1])
            if not cohort.is_active:
                break
    return cohort.fitted[0]
