"""The loop: candidates of equal shape train together, each on its own order of rows, until each has stopped.

Shapes:
    M members, N training rows, B rows a step, K outputs
    inputs {block: (N, ...)}, target (N,): all rows, on the device
    order (M, N): each member's order of rows in an epoch
    outputs (M, B, K), losses (M,)

Nothing inside an epoch waits for the device: losses are added up there and fetched once at its end.
"""

from __future__ import annotations

import contextlib
import math
import time
from dataclasses import astuple, dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import torch

from automl.training.augment import Augmenter
from automl.training.device import mixed_precision, threads_for
from automl.training.failures import OutOfTimeError
from automl.training.feed import Batch, Rows
from automl.training.health import Health, is_due
from automl.training.loss import losses
from automl.training.probe import Probe
from automl.training.seat import Seat
from automl.training.stack import Stack, lr_factors
from automl.training.update import Update, clip, part_of
from automl.trial import Epoch, StoppedBy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from torch import Tensor, nn

    from automl.training.arguments import Course, Member
    from automl.training.noise import Rates

STOPPED_BY: tuple[StoppedBy | Literal["pruned"] | None, ...] = (
    None,
    "epochs",
    "patience",
    "budget",
    "diverged",
    "pruned",
)
"""What can end a member's training, in the order of their codes in a checkpoint; None is in training."""


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
        best: The best of them; None if none had a finite loss and score.
        stopped_by: What ended it, `pruned` if the watcher did.
        health: How its layers fared at the end of some epochs, ever fewer (`health.is_due`).
    """

    weights: dict[str, Tensor] = field(default_factory=dict)
    epochs: list[Epoch] = field(default_factory=list)
    best: Epoch | None = None
    stopped_by: StoppedBy | Literal["pruned"] | None = None
    health: list[Health] = field(default_factory=list)


class _Moves(NamedTuple):
    """What the members' schedules make of what they were given in an epoch of S steps; None where nothing moves.

    lr, decay and smoothing are multiples (S, M, 1) of learning rates, weight decays and label smoothing; rates are the
    thresholds and scales, (S, M) each, of every layer that draws.
    """

    lr: Tensor
    decay: Tensor | None
    smoothing: Tensor | None
    rates: list[Rates]

    def at(self, step: int) -> _Moves:
        """Give what they make of it in one step: the same without S."""
        return _Moves(
            self.lr[step],
            None if self.decay is None else self.decay[step],
            None if self.smoothing is None else self.smoothing[step],
            [(threshold[step], scale[step]) for threshold, scale in self.rates],
        )


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
        self._train, self._validation, self._watcher = train, validation, watcher
        self._device = train.trained_on
        self._edges = batch_edges(len(train), members[0].training.batch_size)
        self.fitted = [Fitted() for _ in members]
        self._epoch = 0
        n_steps, higher = len(self._edges) - 1, watcher.higher_is_better
        seats = [
            Seat(place, member, n_steps=n_steps, device=self._device, higher_is_better=higher)
            for place, member in enumerate(members)
        ]
        order = sorted(range(len(members)), key=lambda place: members[place].optimizer.rule)
        networks = [modules[place] for place in order]
        factors = lr_factors(networks, self._device)
        self._stack = Stack(networks, self._device)
        optimizers = [members[place].optimizer for place in order]
        self._update = Update(optimizers, self._stack.weights, self._stack.decayed, factors)
        self._sit([seats[place] for place in order])

    def _sit(self, seats: list[Seat]) -> None:
        """Take these members, in the order of the stack, as those in training."""
        self._seats = seats
        self._probe = Probe(self._stack)
        training = [seat.member.training for seat in seats]
        self._smoothing = self._column([each.label_smoothing for each in training])
        self._largest = self._column([each.clip_norm or math.inf for each in training])
        augmenting, draws = [seat.member.augmenting for seat in seats], [seat.augment for seat in seats]
        self._augmented = Augmenter(augmenting, draws, self._device)

    def _column(self, values: Sequence[float]) -> Tensor | None:
        """Give a value a member as (M, 1), or None where none of them has any effect."""
        if all(value in (0.0, math.inf) for value in values):
            return None
        return torch.tensor(values, device=self._device).unsqueeze(1)

    @property
    def step_size(self) -> tuple[int, int]:
        """How many numbers are trained, all members', and the rows of a member's step."""
        return self._stack.weights.numel(), self._edges[1]

    @property
    def is_active(self) -> bool:
        """Whether a member is still in training."""
        return bool(self._seats)

    def state(self) -> dict[str, Tensor]:
        """Give everything that training needs to go on bit for bit, besides what the cohort was made from.

        What follows from the epochs so far (best epochs, plateaus) is not stored but followed again.
        """
        tensors = {"weights": self._stack.weights, "epoch": torch.tensor(self._epoch)}
        tensors |= {f"buffers/{name}": buffer for name, buffer in self._stack.buffers.items()}
        tensors |= {f"update/{name}": slot for name, slot in self._update.state().items()}
        for seat in self._seats:
            tensors[f"order/{seat.place}"] = seat.order.get_state()
            tensors[f"noise/{seat.place}"] = seat.noise.get_state()
            tensors[f"augment/{seat.place}"] = seat.augment.get_state()
        for place, fitted in enumerate(self.fitted):
            tensors[f"curve/{place}"] = torch.tensor([astuple(epoch) for epoch in fitted.epochs], dtype=torch.float64)
            read = [[each.epoch, *each.numbers] for each in fitted.health]
            tensors[f"health/{place}"] = torch.tensor(read, dtype=torch.float64)
            tensors[f"stopped/{place}"] = torch.tensor(STOPPED_BY.index(fitted.stopped_by))
            tensors |= {f"best/{place}/{name}": weight for name, weight in fitted.weights.items()}
        return {name: tensor.detach().clone() for name, tensor in tensors.items()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` gave, in a cohort made from the same networks, members and rows."""
        self._epoch = int(state["epoch"])
        for row, seat in enumerate(self._seats):
            fitted = self.fitted[seat.place]
            for epoch, *numbers in state[f"health/{seat.place}"].tolist():
                fitted.health.append(self._probe.health(row, int(epoch), numbers))
            for epoch, *numbers in state[f"curve/{seat.place}"].tolist():
                self._follow(seat, Epoch(int(epoch), *numbers))
            fitted.stopped_by = STOPPED_BY[int(state[f"stopped/{seat.place}"])]
            best = part_of(state, f"best/{seat.place}/")
            fitted.weights = {name: weight.to(self._device) for name, weight in best.items()}
        self._let_leave()
        for seat in self._seats:
            seat.order.set_state(state[f"order/{seat.place}"])
            seat.noise.set_state(state[f"noise/{seat.place}"])
            seat.augment.set_state(state[f"augment/{seat.place}"])
        self._stack.load(state["weights"], part_of(state, "buffers/"))
        self._update.load(part_of(state, "update/"), self._stack.weights)

    def run_epoch(self) -> None:
        """Train one epoch, validate, and let those leave that should."""
        started = time.perf_counter()
        train_losses, was_cut = self._train_epoch()
        self._epoch += 1
        for seat, health in zip(self._seats, self._probe.read(self._epoch)):
            self.fitted[seat.place].health.append(health)
        validation_losses, scores = self._validate()
        epochs = {}
        for seat, train_loss, validation_loss, score in zip(self._seats, train_losses, validation_losses, scores):
            epochs[seat.place] = Epoch(
                epoch=self._epoch,
                train_loss=train_loss,
                validation_loss=validation_loss,
                validation=score,
                lr=seat.last_lr,
                seconds=time.perf_counter() - started,
            )
        for row, seat in enumerate(self._seats):
            self._keep(row, seat, epochs[seat.place])
        pruned = self._watcher.epoch_ended(epochs)
        is_over = was_cut or self._watcher.is_over()
        for seat in self._seats:
            reason = seat.reason_to_stop(epochs[seat.place], is_pruned=seat.place in pruned, is_over=is_over)
            self.fitted[seat.place].stopped_by = reason
        self._let_leave()

    def _train_epoch(self) -> tuple[list[float], bool]:
        """Step through all batches; give mean losses, and whether the clock cut the epoch short."""
        n_steps = len(self._edges) - 1
        steps = range(self._epoch * n_steps, (self._epoch + 1) * n_steps)
        multipliers = [seat.multipliers(steps) for seat in self._seats]
        moves = self._moves(multipliers, steps)
        order = torch.stack(
            [torch.randperm(len(self._train), generator=seat.order, device=self._device) for seat in self._seats]
        )
        noise = [seat.noise for seat in self._seats]
        total = torch.zeros(len(self._seats), device=self._device)
        self._stack.train(True)
        done = 0
        for batch, target in self._train.batches(order, self._edges):
            if self._watcher.is_over():
                break
            probe = self._probe if done == n_steps - 1 and self._is_read_due else None
            total += self._step(batch, target, moves.at(done), noise, probe)
            done += 1
        if done == 0 and self._epoch == 0:
            raise OutOfTimeError("the time was up before the first step")
        for seat, multiplier in zip(self._seats, multipliers):
            seat.last_lr = seat.member.optimizer.lr * multiplier[max(done - 1, 0)]
        return (total / max(done, 1)).tolist(), done < n_steps

    @property
    def _is_read_due(self) -> bool:
        """Whether layers are looked at in the epoch that is on."""
        readings = self.fitted[self._seats[0].place].health
        return is_due(self._epoch + 1, readings[-1].epoch if readings else 0, len(self._edges) - 1)

    def _moves(self, multipliers: list[list[float]], steps: range) -> _Moves:
        """Give what the members' schedules make of these steps, beside the multipliers of their learning rates."""
        training = [seat.member.training for seat in self._seats]
        decay = self._strengths([each.weight_decay_schedule for each in training], steps)
        dropout = self._strengths([each.dropout_schedule for each in training], steps)
        smoothing = self._strengths([each.smoothing_schedule for each in training], steps)
        rates = [] if dropout is None else self._stack.noise.rates_by_step(dropout.squeeze(-1))
        return _Moves(self._by_step(multipliers), decay, smoothing, rates)

    def _strengths(self, courses: list[Course], steps: range) -> Tensor | None:
        """Give what each member's course makes of a regulariser, (S, M, 1); None where all are constant."""
        if set(courses) == {"constant"}:
            return None
        return self._by_step([seat.strengths(course, steps) for seat, course in zip(self._seats, courses)])

    def _by_step(self, values: list[list[float]]) -> Tensor:
        """Give the members' values of every step as (S, M, 1)."""
        return torch.tensor(values, device=self._device).T.unsqueeze(-1)

    def _step(
        self, batch: Batch, target: Tensor, now: _Moves, noise: list[torch.Generator], probe: Probe | None
    ) -> Tensor:
        """Move every member once on its rows {block: (M, B, ...)}, watched or not; give their losses (M,)."""
        batch, partners = self._augmented(batch, target)
        with mixed_precision(self._device), probe.watching() if probe else contextlib.nullcontext():
            outputs = self._stack.forward(batch, noise, now.rates)
        smoothing = self._smoothing
        if smoothing is not None and now.smoothing is not None:
            smoothing = smoothing * now.smoothing
        loss = losses(outputs, target, smoothing, partners)
        gradient = self._stack.gradient(loss.sum())
        if probe is not None:
            probe.take(gradient)
        if self._largest is not None:
            clip(gradient, self._largest)
        self._update.step(gradient, now.lr, now.decay)
        return loss.detach()

    @torch.no_grad()
    def _validate(self) -> tuple[list[float], list[float]]:
        """Give each member's loss and score over the validation rows."""
        self._stack.train(False)
        parts = []
        for rows in self._validation.parts():
            with mixed_precision(self._device):
                parts.append(self._stack.forward_same(rows))
        outputs = torch.cat(parts, dim=1)
        target = self._validation.target.to(self._device).expand(len(self._seats), -1)
        fetched = outputs.cpu().numpy()
        return losses(outputs, target).tolist(), [self._watcher.score(each) for each in fetched]

    def _keep(self, row: int, seat: Seat, epoch: Epoch) -> None:
        """Record a member's epoch, and its weights if it is its best."""
        if self._follow(seat, epoch):
            self.fitted[seat.place].weights = self._stack.snapshot(row)

    def _follow(self, seat: Seat, epoch: Epoch) -> bool:
        """Record a member's epoch; tell whether it is its best so far."""
        fitted = self.fitted[seat.place]
        fitted.epochs.append(epoch)
        if not seat.sees(epoch):
            return False
        fitted.best = epoch
        return True

    def _let_leave(self) -> None:
        """Take the members that have stopped out of the stack."""
        staying = [row for row, seat in enumerate(self._seats) if self.fitted[seat.place].stopped_by is None]
        if len(staying) == len(self._seats):
            return
        if staying:
            self._stack.keep(staying)
            self._update.keep(staying, self._stack.weights)
        self._sit([self._seats[row] for row in staying])


def train(
    modules: Sequence[nn.Module],
    members: Sequence[Member],
    train: Rows,
    validation: Rows,
    watcher: Watcher,
    *,
    n_operations: int | None = None,
) -> list[Fitted]:
    """Train candidates of equal shape together, each until it stops.

    Args:
        modules: As a `Cohort` takes them, and the others too.
        members: Likewise.
        train: Likewise.
        validation: Likewise.
        watcher: Likewise.
        n_operations: Multiplications with an addition each that one row of one candidate takes forward; one a trainable
            number if None. Threads are worth while where these are many: a wide convolution of small ones is no work
            to share (16 of 8 x 8 pixels took half as long again with two threads on a busy machine).

    Returns:
        One fitted member a candidate, in their order, with the weights of its best epoch.

    Raises:
        OutOfTimeError: The time was up before the first step.
        ValueError: The candidates' shapes or batch sizes differ.
    """
    cohort = Cohort(modules, members, train, validation, watcher)
    n_parameters, n_rows = cohort.step_size
    with threads_for(max(n_parameters, n_operations or 0), n_rows):
        while cohort.is_active:
            cohort.run_epoch()
    return cohort.fitted
