"""One step of all members: augment, forward, backward, clip, move; everything it changes stays in place.

A batch of a candidate alone may go through in parts, whose gradients add up to that of the batch.

Shapes:
    M members, N training rows, B rows a step
"""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, NamedTuple, Protocol

import torch

from automl.training.augment import Augmenter
from automl.training.device import mixed_precision
from automl.training.feed import WEIGHT
from automl.training.loss import Partners, Weighing, losses
from automl.training.parts import parts_of
from automl.training.update import Update, clip

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from automl.training.arguments import Member
    from automl.training.feed import Batch, Rows
    from automl.training.moves import Moves
    from automl.training.parts import Part
    from automl.training.probe import Probe
    from automl.training.seat import Seat
    from automl.training.stack import Stack


class _Taken(NamedTuple):
    """The rows of a step as they go through: inputs and target, what they were mixed with, how much they count."""

    batch: Batch
    target: Tensor
    partners: Partners | None
    weighing: Weighing

    def of(self, part: Part) -> _Taken:
        """Give some of them."""
        rows = part.rows
        return _Taken(
            {name: block[:, rows] for name, block in self.batch.items()},
            self.target[:, rows],
            None if self.partners is None else self.partners.of_rows(rows),
            self.weighing.of_rows(rows),
        )


class Step:
    """Moves every member once on its rows.

    Args:
        stack: The members' weights.
        update: Moves them.
        seats: The members, in the order of the stack.
        number: How many steps they have made so far.
        is_mixed: Whether they run in bfloat16.

    Raises:
        ValueError: Several members, of which one accumulates.
    """

    def __init__(self, stack: Stack, update: Update, seats: Sequence[Seat], number: int, is_mixed: bool) -> None:
        self._stack, self._update, self._is_mixed = stack, update, is_mixed
        device = self._device = stack.weights.device
        training = [seat.member.training for seat in seats]
        self._smoothing = self._column([each.label_smoothing for each in training])
        self._largest = self._column([each.clip_norm or math.inf for each in training])
        members = [seat.member for seat in seats]
        self._accumulation = max(member.accumulation for member in members)
        if len(members) > 1 < self._accumulation:
            raise ValueError("a member that accumulates trains alone")
        self._augmented = Augmenter([each.augmenting for each in members], [each.seed for each in members], device)
        self._classes = _class_weights(members, device)
        self._loss, self._levels = members[0].loss, levels_of(members[0], device)
        self.number = torch.tensor(number, device=device)
        self.losses = torch.zeros(len(seats), device=device)

    def _column(self, values: Sequence[float]) -> Tensor | None:
        """Give a value a member as (M, 1), or None where none of them has any effect."""
        if all(value in (0.0, math.inf) for value in values):
            return None
        return torch.tensor(values, device=self._device).unsqueeze(1)

    def __call__(self, batch: Batch, target: Tensor, now: Moves, probe: Probe | None = None) -> None:
        """Move every member on its rows {block: (M, B, ...)}, watched or not; add to their `losses` (M,)."""
        weighing = Weighing(batch.get(WEIGHT), self._classes)
        batch = {name: block for name, block in batch.items() if name != WEIGHT}
        batch, partners = self._augmented(batch, target, self.number)
        loss, gradient = self._gradient(_Taken(batch, target, partners, weighing), now, probe)
        if probe is not None:
            probe.take(gradient)
        if self._largest is not None:
            clip(gradient, self._largest)
        self._update.step(gradient, self.number, now.lr, now.decay)
        self.losses += loss
        self.number += 1

    def _gradient(self, taken: _Taken, now: Moves, probe: Probe | None) -> tuple[Tensor, Tensor]:
        """Give the members' losses (M,) and gradients (M, P) over the rows of a step; watched is its last part."""
        if self._accumulation == 1:
            return self._passed(taken, now, probe)
        first, *others = parts_of(taken.target.shape[1], self._accumulation)
        loss, gradient = self._passed(taken.of(first), now, probe, first)
        for part in others:
            own_loss, own_gradient = self._passed(taken.of(part), now, probe, part)
            loss += own_loss
            gradient += own_gradient
        return loss, gradient

    def _passed(
        self, taken: _Taken, now: Moves, probe: Probe | None, part: Part | None = None
    ) -> tuple[Tensor, Tensor]:
        """Pass rows forward and back; what a part of a batch comes to is its share of the batch's."""
        with mixed_precision(self._device, self._is_mixed), probe.watching() if probe else contextlib.nullcontext():
            outputs = self._stack.forward(taken.batch, self.number, now.rates, part)
        smoothing = self._smoothing
        if smoothing is not None and now.smoothing is not None:
            smoothing = smoothing * now.smoothing
        loss = losses(self._loss, outputs, taken.target, smoothing, taken.partners, taken.weighing, self._levels)
        if part is not None:
            loss = loss * part.share
        return loss.detach(), self._stack.gradient(loss.sum())


def _class_weights(members: Sequence[Member], device: torch.device) -> Tensor | None:
    """Give what each member's classes weigh, (M, K); None where no member weighs any."""
    n_classes = max(len(member.class_weights) for member in members)
    if n_classes == 0:
        return None
    return torch.tensor([member.class_weights or (1.0,) * n_classes for member in members], device=device)


def levels_of(member: Member, device: torch.device) -> Tensor | None:
    """Give which quantiles a member's outputs are (K,), where its loss asks for them; None where they are none."""
    return torch.tensor(member.quantiles, device=device) if member.quantiles else None


class Runner(Protocol):
    """Runs the steps of an epoch, one after the other."""

    def begin(self, order: Tensor, moves: Moves) -> None:
        """Begin an epoch.

        Args:
            order: (M, N) each member's order of rows.
            moves: What schedules make of its steps.
        """

    def run(self, place: int, probe: Probe | None = None) -> None:
        """Run the step of that place in the epoch, the next one; watched or not."""


class Eager:
    """Runs each step as it comes.

    Args:
        step: What is run.
        rows: The training rows.
        edges: Where batches begin and end.
    """

    def __init__(self, step: Step, rows: Rows, edges: Sequence[int]) -> None:
        self._step, self._rows, self._edges = step, rows, edges
        self._batches: Iterator[tuple[Batch, Tensor]] = iter(())
        self._moves: Moves | None = None

    def begin(self, order: Tensor, moves: Moves) -> None:
        """Begin an epoch."""
        self._batches, self._moves = self._rows.batches(order, self._edges), moves

    def run(self, place: int, probe: Probe | None = None) -> None:
        """Run the step of that place."""
        assert self._moves is not None
        self._step(*next(self._batches), self._moves.at(place), probe)
