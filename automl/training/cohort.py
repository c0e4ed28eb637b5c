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
from dataclasses import astuple, replace
from typing import TYPE_CHECKING, Literal, Protocol

import torch

from automl.training.augment import IMAGE
from automl.training.device import is_worth_bfloat16
from automl.training.evaluate import evaluate
from automl.training.failures import OutOfTimeError
from automl.training.feed import WEIGHT
from automl.training.graphs import Graphs, Recorder, pays
from automl.training.health import is_due
from automl.training.keeping import Fitted, run
from automl.training.loss import Weighing, losses
from automl.training.moves import moves
from automl.training.probe import Probe
from automl.training.seat import Seat
from automl.training.stack import Stack, lr_factors
from automl.training.step import Eager, Runner, Step, levels_of
from automl.training.update import Update, part_of
from automl.trial import Epoch, StoppedBy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from torch import Tensor, nn

    from automl.training.arguments import Member
    from automl.training.feed import Rows
    from automl.training.keeping import Keeper

STOPPED_BY: tuple[StoppedBy | Literal["pruned"] | None, ...] = (
    None,
    "epochs",
    "patience",
    "budget",
    "diverged",
    "pruned",
)
"""What can end a member's training, in the order of their codes in a checkpoint; None is in training."""
_LARGEST = torch.finfo(torch.float16).max


class Watcher(Protocol):
    """What the loop asks of whoever runs it."""

    higher_is_better: bool

    def score(self, outputs: np.ndarray) -> float:
        """Score raw outputs (N, K) over the validation rows."""

    def epoch_ended(self, epochs: Mapping[int, Epoch]) -> set[int]:
        """Hear what every training member's epoch came to; name those that must stop here."""

    def is_over(self) -> bool:
        """Whether the time is up: the epoch then ends at the next step."""


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
        n_operations: Multiplications with an addition each that one row of one candidate takes forward; one a trainable
            number if None.

    Raises:
        ValueError: The members' batch sizes differ, or one of several accumulates.
    """

    def __init__(
        self,
        modules: Sequence[nn.Module],
        members: Sequence[Member],
        train: Rows,
        validation: Rows,
        watcher: Watcher,
        *,
        n_operations: int | None = None,
    ) -> None:
        if len({member.training.batch_size for member in members}) != 1:
            raise ValueError("the members of a cohort need the same batch size")
        self._train, self._watcher = train, watcher
        self._validation = replace(validation, largest=getattr(modules[0], "largest", 1))
        self._device = train.trained_on
        self._edges = batch_edges(len(train), members[0].training.batch_size)
        self.fitted = [Fitted() for _ in members]
        self._outputs = torch.empty(0)
        self._epoch = 0
        seats = [
            Seat(place, member, n_steps=self._n_steps, higher_is_better=watcher.higher_is_better)
            for place, member in enumerate(members)
        ]
        order = sorted(range(len(members)), key=lambda place: members[place].optimizer.rule)
        networks = [modules[place] for place in order]
        factors = lr_factors(networks, self._device)
        self._stack = Stack(networks, [members[place].seed for place in order], self._device)
        self._n_operations = n_operations or self._stack.weights.shape[1]
        optimizers = [members[place].optimizer for place in order]
        self._update = Update(optimizers, self._stack.weights, self._stack.decayed, factors)
        self._sit([seats[place] for place in order])

    def _sit(self, seats: list[Seat]) -> None:
        """Take these members, in the order of the stack, as those in training."""
        self._seats = seats
        self._probe = Probe(self._stack)
        work, has_images = 6.0 * self._n_operations * self._edges[1], IMAGE in self._train.inputs
        self._is_mixed = is_worth_bfloat16(self._device, work, has_images=has_images)
        number = self._epoch * self._n_steps
        self._step = Step(self._stack, self._update, seats, number=number, is_mixed=self._is_mixed)
        given = (self._step, self._train, self._edges)
        recorded = pays(self._train, self._edges, max(seat.member.accumulation for seat in seats))
        self._runner: Runner = Graphs(*given, Recorder(self._device)) if recorded else Eager(*given)

    @property
    def _n_steps(self) -> int:
        """Steps an epoch."""
        return len(self._edges) - 1

    @property
    def step_size(self) -> tuple[int, int]:
        """How many numbers are trained, all members', and the rows of a member's step."""
        return self._stack.weights.numel(), self._edges[1]

    @property
    def n_weights(self) -> int:
        """How many numbers are trained, all members'."""
        return self._stack.weights.numel()

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
        for place, fitted in enumerate(self.fitted):
            tensors[f"curve/{place}"] = torch.tensor([astuple(epoch) for epoch in fitted.epochs], dtype=torch.float64)
            read = [[each.epoch, *each.numbers] for each in fitted.health]
            tensors[f"health/{place}"] = torch.tensor(read, dtype=torch.float64)
            tensors[f"stopped/{place}"] = torch.tensor(STOPPED_BY.index(fitted.stopped_by))
            tensors |= {f"best/{place}/{name}": weight for name, weight in fitted.weights.items()}
            tensors |= {} if fitted.outputs is None else {f"outputs/{place}": fitted.outputs}
        for row, seat in enumerate(self._seats):
            if self.fitted[seat.place].best is not None:
                best = self._stack.best(row)
                tensors |= {f"best/{seat.place}/{name}": weight for name, weight in best.items()}
        return {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}

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
            if fitted.best is not None:
                self._stack.load_best(row, part_of(state, f"best/{seat.place}/"))
                fitted.outputs = state[f"outputs/{seat.place}"]
        self._let_leave()
        for seat in self._seats:
            seat.order.set_state(state[f"order/{seat.place}"])
        self._stack.load(state["weights"], part_of(state, "buffers/"))
        self._update.load(part_of(state, "update/"), self._stack.weights)
        self._sit(self._seats)

    def end(self) -> None:
        """Let all leave who are in training, for the time is up."""
        for seat in self._seats:
            self.fitted[seat.place].stopped_by = "budget"
        self._let_leave()

    def run_epoch(self) -> None:
        """Train one epoch, validate, and let those leave that should."""
        epochs, was_cut = self.measure()
        self.take(epochs)
        pruned = self._watcher.epoch_ended(epochs)
        self.dismiss(epochs, pruned, is_over=was_cut or self._watcher.is_over())

    def measure(self) -> tuple[dict[int, Epoch], bool]:
        """Train one epoch and validate; give what it came to, by member, and whether the clock cut it short."""
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
        return epochs, was_cut

    def take(self, epochs: Mapping[int, Epoch]) -> None:
        """Take in what an epoch came to, by member, and keep what those gave for which it is the best so far."""
        best = [row for row, seat in enumerate(self._seats) if self._follow(seat, epochs[seat.place])]
        if best:
            self._stack.mark(best)
        for row in best:
            self.fitted[self._seats[row].place].outputs = self._outputs[row].clamp(-_LARGEST, _LARGEST).half()

    def dismiss(self, epochs: Mapping[int, Epoch], pruned: set[int], *, is_over: bool) -> None:
        """Let those leave that should after an epoch.

        Args:
            epochs: What it came to, by member.
            pruned: The members that the watcher stops.
            is_over: Whether the time is up.
        """
        for seat in self._seats:
            reason = seat.reason_to_stop(epochs[seat.place], is_pruned=seat.place in pruned, is_over=is_over)
            self.fitted[seat.place].stopped_by = reason
        self._let_leave()

    def _train_epoch(self) -> tuple[list[float], bool]:
        """Step through all batches; give mean losses, and whether the clock cut the epoch short."""
        first, n_steps = self._epoch * self._n_steps, self._n_steps
        now = moves(self._seats, range(first, first + n_steps), self._stack.noise, self._device)
        order = torch.stack([torch.randperm(len(self._train), generator=seat.order) for seat in self._seats])
        self._stack.train(True)
        self._step.losses.zero_()
        self._runner.begin(order.to(self._device), now)
        done = 0
        while done < n_steps and not self._watcher.is_over():
            self._runner.run(done, self._probe if done == n_steps - 1 and self._is_read_due else None)
            done += 1
        if done == 0 and self._epoch == 0:
            raise OutOfTimeError("the time was up before the first step")
        for seat in self._seats:
            seat.made_step(first + max(done - 1, 0))
        return (self._step.losses / max(done, 1)).tolist(), done < n_steps

    @property
    def _is_read_due(self) -> bool:
        """Whether layers are looked at in the epoch that is on."""
        readings = self.fitted[self._seats[0].place].health
        return is_due(self._epoch + 1, readings[-1].epoch if readings else 0, self._n_steps)

    @torch.no_grad()
    def _validate(self) -> tuple[list[float], list[float]]:
        """Give each member's loss and score over the validation rows."""
        least = self._edges[1] // self._seats[0].member.accumulation
        outputs, self._validation = evaluate(self._stack, self._validation, is_mixed=self._is_mixed, least=least)
        for seat in self._seats:
            self.fitted[seat.place].at_once = self._validation.at_once
        target = self._validation.target.to(self._device)
        target = target.expand(len(self._seats), *target.shape)
        self._outputs = outputs.cpu()
        weight = self._validation.inputs.get(WEIGHT)
        weighing = Weighing(None if weight is None else weight.to(self._device))
        scores = [self._watcher.score(each.numpy()) for each in self._outputs]
        member = self._seats[0].member
        levels = levels_of(member, self._device)
        return losses(member.loss, outputs, target, weighing=weighing, levels=levels).tolist(), scores

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
        staying = []
        for row, seat in enumerate(self._seats):
            fitted = self.fitted[seat.place]
            if fitted.stopped_by is None:
                staying.append(row)
            elif fitted.best is not None:
                fitted.weights = self._stack.best(row)
        if len(staying) == len(self._seats):
            return
        if not staying:
            self._seats = []
            return
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
    keeper: Keeper | None = None,
) -> list[Fitted]:
    """Train candidates of equal shape together, each until it stops.

    Args:
        modules: As a `Cohort` takes them, and the others too.
        members: Likewise.
        train: Likewise.
        validation: Likewise.
        watcher: Likewise.
        n_operations: Likewise. Threads are worth while where these are many: a wide convolution of small ones is no
            work to share (16 of 8 x 8 pixels took half as long again with two threads on a busy machine).
        keeper: Who keeps the cohort between epochs, and may have kept it before; nobody if None.

    Returns:
        One fitted member a candidate, in their order, with the weights of its best epoch.

    Raises:
        OutOfTimeError: The time was up before the first step.
        ValueError: The candidates' shapes or batch sizes differ.
    """
    given = (modules, members, train, validation, watcher)
    return run(lambda: Cohort(*given, n_operations=n_operations), n_operations=n_operations or 0, keeper=keeper)
