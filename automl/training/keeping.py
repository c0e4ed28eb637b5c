"""Training that somebody keeps safe between two epochs, and that goes on from what was kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from automl.training.device import threads_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from automl.training.health import Health
    from automl.trial import Epoch, StoppedBy


@dataclass
class Fitted:
    """One member after its training.

    Args:
        weights: The state of its best epoch; empty if no epoch had a finite score.
        outputs: What it gave for the validation rows after that epoch (V, K), in half precision; None likewise.
        epochs: What every epoch came to.
        best: The best of them; None if none had a finite loss and score.
        stopped_by: What ended it, `pruned` if the watcher did.
        health: How its layers fared at the end of some epochs, ever fewer (`health.is_due`).
        folds: Where it was trained on folds, what it is in each.
        at_once: As how many validation rows at a time it was evaluated where memory did not hold as many as usual.
    """

    weights: dict[str, Tensor] = field(default_factory=dict)
    outputs: Tensor | None = None
    epochs: list[Epoch] = field(default_factory=list)
    best: Epoch | None = None
    stopped_by: StoppedBy | Literal["pruned"] | None = None
    health: list[Health] = field(default_factory=list)
    folds: tuple[Fitted, ...] = ()
    at_once: int | None = None


class Kept(Protocol):
    """What is in training and can be kept between two epochs: a cohort, or one of every fold."""

    @property
    def fitted(self) -> list[Fitted]:
        """What came of each member so far."""

    @property
    def step_size(self) -> tuple[int, int]:
        """How many numbers a step moves, all members', and the rows of a member's step."""

    @property
    def n_weights(self) -> int:
        """How many numbers are trained in all, and kept."""

    @property
    def is_active(self) -> bool:
        """Whether a member is still in training."""

    def state(self) -> dict[str, Tensor]:
        """Give everything that training needs to go on bit for bit, besides what this was made from."""

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` gave."""

    def run_epoch(self) -> None:
        """Train one epoch, and let those leave that should."""

    def end(self) -> None:
        """Let all leave who are in training, for the time is up."""


class Keeper(Protocol):
    """Who keeps a cohort in training safe."""

    def begin(self, cohort: Kept) -> bool:
        """Let a cohort go on where it was kept; give False where it must be made anew, for it was spoilt by that."""

    def epoch_ended(self, cohort: Kept) -> None:
        """Hear that an epoch is over, and keep the cohort or not."""


def run(make: Callable[[], Kept], *, n_operations: int = 0, keeper: Keeper | None = None) -> list[Fitted]:
    """Train what can be kept until all its members have stopped.

    Args:
        make: Makes it; twice, where it is spoilt by what was kept of it.
        n_operations: As `train` takes it.
        keeper: Likewise.

    Raises:
        OutOfTimeError: The time was up before the first step.
    """
    cohort = make()
    n_parameters, n_rows = cohort.step_size
    with threads_for(max(n_parameters, n_operations), n_rows):
        if keeper is not None and not keeper.begin(cohort):
            cohort = make()
        while cohort.is_active:
            cohort.run_epoch()
            if keeper is not None:
                keeper.epoch_ended(cohort)
    return cohort.fitted
