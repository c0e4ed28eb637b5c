"""A candidate trained once more without validation: for as many epochs as a curve that is known has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from automl.training.cohort import Cohort, Watcher
    from automl.training.keeping import Fitted
    from automl.trial import Epoch


class Along:
    """A cohort of one, in training along a curve: it ends with the weights of the last epoch.

    Args:
        cohort: The cohort; what it validates on is of no account.
        curve: Stands for what its epochs come to, up to the best one: a plateau schedule moves by it.
        watcher: Hears of epochs, and says when the time is up.
    """

    def __init__(self, cohort: Cohort, curve: Sequence[Epoch], watcher: Watcher) -> None:
        self._cohort, self._curve, self._watcher = cohort, curve, watcher

    @property
    def fitted(self) -> list[Fitted]:
        """The candidate; `stopped_by` is `diverged` where its loss was not finite, `budget` where the time was up."""
        return self._cohort.fitted

    @property
    def step_size(self) -> tuple[int, int]:
        """How many numbers a step moves, and its rows."""
        return self._cohort.step_size

    @property
    def n_weights(self) -> int:
        """How many numbers are trained."""
        return self._cohort.n_weights

    @property
    def is_active(self) -> bool:
        """Whether it is still in training."""
        return self._cohort.is_active

    def state(self) -> dict[str, Tensor]:
        """Give everything that training needs to go on."""
        return self._cohort.state()

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` gave."""
        self._cohort.restore(state)

    def run_epoch(self) -> None:
        """Train one epoch, and take for what it comes to what the curve says."""
        known = self._curve[len(self.fitted[0].epochs)]
        measured, was_cut = self._cohort.measure()
        epochs = {0: replace(known, train_loss=measured[0].train_loss)}
        self._cohort.take(epochs)
        self._watcher.epoch_ended(epochs)
        is_last = known is self._curve[-1]
        self._cohort.dismiss(epochs, set(), is_over=is_last or was_cut or self._watcher.is_over())

    def end(self) -> None:
        """Let it leave, for the time is up."""
        self._cohort.end()
