"""The loop: candidates of equal shape train together, each on its own order of rows, until each has stopped.

Shapes:
    M members, N training rows, B rows a step, K outputs
    inputs {block: (N, ...)}, target (N,): all rows, on the device
    order (M, N): each member's order of rows in an epoch
    outputs (M, B, K), losses (M,)

Nothing inside an epoch waits for the device: losses are added up there and fetched once at its end.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

import torch

from automl.training.device import mixed_precision, threads_for
from automl.training.failures import DivergedError, OutOfTimeError
from automl.training.loss import losses
from automl.training.schedule import Rate
from automl.training.stack import Batch, Stack
from automl.training.stop import BestEpoch
from automl.training.update import Update, clip
from automl.trial import Epoch, StoppedBy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from torch import Tensor, nn

    from automl.training.arguments import Member

_ROWS_AT_ONCE = 8192
_NOISE = 0x5EED


@dataclass(frozen=True)
class Rows:
    """Prepared rows on the device.

    Args:
        inputs: {block: (N, ...)}
        target: (N,) int64 class codes, or float32 standardised numbers.
    """

    inputs: Batch
    target: Tensor

    def __len__(self) -> int:
        return len(self.target)


class Watcher(Protocol):
    """What the loop asks of whoever runs it."""

    higher_is_better: bool

    def score(self, outputs: np.ndarray) -> float:
        """Score raw outputs (N, K) over the validation rows."""

    def epoch_ended(self, epochs: Mapping[int, Epoch]) -> set[int]:
        """Hear what every training member's epoch came to; name those that must stop here."""

    def is_over(self) -> bool:
        """Whether the time is up: the epoch then ends at the next step."""


@dataclass
class Fitted:
    """One member after its training.

    Args:
        weights: The state of its best epoch; empty if no epoch had a finite score.
        epochs: What every epoch came to.
        best: The best of them.
        stopped_by: What ended it, `pruned` if the watcher did.
    """

    weights: dict[str, Tensor] = field(default_factory=dict)
    epochs: list[Epoch] = field(default_factory=list)
    best: Epoch | None = None
    stopped_by: StoppedBy | Literal["pruned"] | None = None


def batch_edges(n_rows: int, batch_size: int) -> list[int]:
    """Cut an epoch into batches that differ by one row at most and have at least two rows wherever there are two.

    Examples:
        >>> batch_edges(n_rows=257, batch_size=256)
        [0, 128, 257]
        >>> batch_edges(n_rows=5, batch_size=2)
        [0, 2, 5]
    """
    count = max(1, min(math.ceil(n_rows / batch_size), n_rows // 2))
    return [n_rows * index // count for index in range(count + 1)]


class Cohort:
    """Candidates of equal shape in training.

    Args:
        modules: Their networks, freshly initialised.
        members: What else each of them is; they share the batch size.
        train: The training rows.
        validation: The validation rows.
        watcher: Scores epochs, prunes, and keeps the clock.

    Raises:
        ValueError: The members' batch sizes differ.
    """

    def __init__(
        self, modules: Sequence[nn.Module], members: Sequence[Member], train: Rows, validation: Rows, watcher: Watcher
    ) -> None:
        if len({member.training.batch_size for member in members}) != 1:
            raise ValueError("the members of a cohort need the same batch size")
        self._members = members
        self._train, self._validation, self._watcher = train, validation, watcher
        self._device = train.target.device
        self._stack = Stack(modules, self._device)
        self._update = Update([member.optimizer for member in members], self._stack.weights, self._stack.decayed)
        self._edges = batch_edges(len(train), members[0].training.batch_size)
        n_steps = len(self._edges) - 1
        self._rates = [Rate(member.schedule, n_steps * member.training.epochs) for member in members]
        self._orders = [torch.Generator(self._device).manual_seed(member.seed) for member in members]
        noise = sum((place + 1) * member.seed for place, member in enumerate(members)) ^ _NOISE
        self._stack.draw_from(torch.Generator(self._device).manual_seed(noise & (2**63 - 1)))
        self._smoothing = self._column([member.training.label_smoothing for member in members])
        self._largest = self._column([member.training.clip_norm or math.inf for member in members])
        self._bests = [BestEpoch(watcher.higher_is_better, member.training.patience) for member in members]
        self.fitted = [Fitted() for _ in members]
        self._epoch = 0

    def _column(self, values: Sequence[float]) -> Tensor:
        return torch.tensor(values, device=self._device).unsqueeze(1)

    @property
    def step_size(self) -> tuple[int, int]:
        """How many numbers are trained, all members', and the rows of a member's step."""
        return self._stack.weights.numel(), self._edges[1]

    @property
    def active(self) -> list[int]:
        """The members still in training."""
        return [place for place, fitted in enumerate(self.fitted) if fitted.stopped_by is None]

    def run_epoch(self) -> None:
        """Train one epoch, validate, and let those stop that should."""
        started = time.perf_counter()
        train_losses, was_cut, last_lrs = self._train_epoch()
        self._epoch += 1
        validation_losses, scores = self._validate()
        epochs = {}
        for place in self.active:
            epochs[place] = Epoch(
                epoch=self._epoch,
                train_loss=train_losses[place],
                validation_loss=validation_losses[place],
                validation=scores[place],
                lr=last_lrs[place],
                seconds=time.perf_counter() - started,
            )
            self._keep(place, epochs[place])
        pruned = self._watcher.epoch_ended(epochs)
        for place, epoch in epochs.items():
            self.fitted[place].stopped_by = self._reason_to_stop(place, epoch, was_cut, place in pruned)

    def _train_epoch(self) -> tuple[list[float], bool, list[float]]:
        """Step through all batches; give mean losses, whether the clock cut the epoch short, and the last rates."""
        n_steps = len(self._edges) - 1
        first = self._epoch * n_steps
        multipliers = [rate.multipliers(first, n_steps) for rate in self._rates]
        rates = torch.tensor(multipliers, device=self._device).T.unsqueeze(-1)
        order = torch.stack(
            [torch.randperm(len(self._train), generator=draw, device=self._device) for draw in self._orders]
        )
        total = torch.zeros(len(self._members), device=self._device)
        self._stack.module.train()
        done = 0
        while done < n_steps and not self._watcher.is_over():
            total += self._step(order[:, self._edges[done] : self._edges[done + 1]], rates[done])
            done += 1
        if done == 0 and self._epoch == 0:
            raise OutOfTimeError("the time was up before the first step")
        lrs = [
            member.optimizer.lr * multiplier[max(done - 1, 0)] for member, multiplier in zip(self._members, multipliers)
        ]
        return (total / max(done, 1)).tolist(), done < n_steps, lrs

    def _step(self, rows: Tensor, rate: Tensor) -> Tensor:
        """Move every member once on its rows (M, B); give their losses (M,)."""
        self._stack.gradient.zero_()
        batch = {name: block[rows] for name, block in self._train.inputs.items()}
        smoothing = self._smoothing if any(m.training.label_smoothing for m in self._members) else None
        with mixed_precision(self._device):
            outputs = self._stack.forward(batch)
        loss = losses(outputs, self._train.target[rows], smoothing)
        loss.sum().backward()  # type: ignore[no-untyped-call]
        if any(member.training.clip_norm for member in self._members):
            clip(self._stack.gradient, self._largest)
        self._update.step(self._stack.gradient, rate)
        return loss.detach()

    @torch.no_grad()
    def _validate(self) -> tuple[list[float], list[float]]:
        """Give each member's loss and score over the validation rows."""
        self._stack.module.eval()
        parts = []
        for start in range(0, len(self._validation), _ROWS_AT_ONCE):
            rows = {name: block[start : start + _ROWS_AT_ONCE] for name, block in self._validation.inputs.items()}
            with mixed_precision(self._device):
                parts.append(self._stack.forward_same(rows))
        outputs = torch.cat(parts, dim=1)
        target = self._validation.target.expand(len(self._members), -1)
        fetched = outputs.cpu().numpy()
        scores = [
            self._watcher.score(fetched[place]) if place in self.active else math.nan
            for place in range(len(self._members))
        ]
        return losses(outputs, target).tolist(), scores

    def _keep(self, place: int, epoch: Epoch) -> None:
        """Record a member's epoch, and its weights if it is its best."""
        fitted = self.fitted[place]
        fitted.epochs.append(epoch)
        self._rates[place].epoch_ended(epoch.validation_loss)
        if self._bests[place].sees(epoch):
            fitted.best = epoch
            fitted.weights = self._stack.snapshot(place)

    def _reason_to_stop(
        self, place: int, epoch: Epoch, was_cut: bool, is_pruned: bool
    ) -> StoppedBy | Literal["pruned"] | None:
        training = self._members[place].training
        reasons: list[tuple[bool, StoppedBy | Literal["pruned"]]] = [
            (not math.isfinite(epoch.train_loss + epoch.validation_loss), "diverged"),
            (is_pruned, "pruned"),
            (was_cut or self._watcher.is_over(), "budget"),
            (epoch.epoch >= training.epochs, "epochs"),
            (self._bests[place].is_out_of_patience, "patience"),
        ]
        return next((reason for holds, reason in reasons if holds), None)


def train(
    modules: Sequence[nn.Module], members: Sequence[Member], train: Rows, validation: Rows, watcher: Watcher
) -> list[Fitted]:
    """Train candidates of equal shape together, each until it stops.

    Returns:
        One fitted member a candidate, in their order, with the weights of its best epoch.

    Raises:
        DivergedError: A cohort of one had no epoch with a finite loss and score.
        OutOfTimeError: The time was up before the first step.
        ValueError: The candidates' shapes or batch sizes differ.
    """
    cohort = Cohort(modules, members, train, validation, watcher)
    with threads_for(*cohort.step_size):
        while cohort.active:
            cohort.run_epoch()
    if len(members) == 1 and cohort.fitted[0].best is None:
        raise DivergedError("no epoch had a finite loss and score")
    return cohort.fitted
