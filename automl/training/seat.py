"""One member of a cohort in training: its order of rows, how what it was given moves, when it stops."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import torch

from automl.training.schedule import Rate, strengths
from automl.training.stop import BestEpoch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from automl.training.arguments import Course, Member
    from automl.trial import Epoch, StoppedBy


class Seat:
    """A member's place in its cohort.

    Args:
        place: Its number among the cohort's members.
        member: What it was given.
        n_steps: Steps an epoch.
        higher_is_better: The score's direction.
    """

    def __init__(self, place: int, member: Member, *, n_steps: int, higher_is_better: bool) -> None:
        self.place = place
        self.member = member
        self.order = torch.Generator().manual_seed(member.seed)
        self._n_steps = n_steps * member.training.epochs
        self._rate = Rate(member.schedule, self._n_steps)
        self._best = BestEpoch(higher_is_better, member.training.patience)
        self.last_lr = member.optimizer.lr

    def multipliers(self, steps: range) -> NDArray[np.float64]:
        """Give what its schedule makes of its learning rate at these steps of the training."""
        return self._rate.multipliers(steps.start, len(steps))

    def made_step(self, step: int) -> None:
        """Note that the step of that number is behind it."""
        self.last_lr = self.member.optimizer.lr * float(self._rate.multipliers(step, 1)[0])

    def strengths(self, course: Course, steps: range) -> NDArray[np.float64]:
        """Give what a course of its own makes of a regulariser at these steps of the training."""
        return strengths(course, steps, self._n_steps)

    def sees(self, epoch: Epoch) -> bool:
        """Take an epoch in; tell whether it is the best so far."""
        self._rate.epoch_ended(epoch.validation_loss)
        return self._best.sees(epoch)

    def reason_to_stop(self, epoch: Epoch, *, is_pruned: bool, is_over: bool) -> StoppedBy | Literal["pruned"] | None:
        """Say why the member stops after this epoch, or None."""
        reasons: list[tuple[bool, StoppedBy | Literal["pruned"]]] = [
            (not math.isfinite(epoch.train_loss + epoch.validation_loss), "diverged"),
            (is_pruned, "pruned"),
            (is_over, "budget"),
            (epoch.epoch >= self.member.training.epochs, "epochs"),
            (self._best.is_out_of_patience, "patience"),
        ]
        return next((reason for holds, reason in reasons if holds), None)
