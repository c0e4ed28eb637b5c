"""What the members' schedules make, in every step of an epoch, of their learning rates and regularisers.

Shapes:
    S steps of an epoch, M members
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from automl.training.arguments import Course
    from automl.training.noise import Noise, Rates
    from automl.training.seat import Seat


class Moves(NamedTuple):
    """Multiples (S, M, 1) of what members were given; None where nothing moves.

    Args:
        lr: Of learning rates.
        decay: Of weight decays.
        smoothing: Of label smoothings.
        rates: The thresholds and scales, (S, M) each, of every layer that draws.
    """

    lr: Tensor
    decay: Tensor | None
    smoothing: Tensor | None
    rates: list[Rates]

    def at(self, step: int | Tensor) -> Moves:
        """Give what they are in one step: the same without S.

        Args:
            step: Counted from 0; or int64 (1,) on the device, which is then not waited for.
        """

        def pick(values: Tensor) -> Tensor:
            return values[step] if isinstance(step, int) else values.index_select(0, step).squeeze(0)

        return Moves(
            pick(self.lr),
            None if self.decay is None else pick(self.decay),
            None if self.smoothing is None else pick(self.smoothing),
            [(pick(threshold), pick(scale)) for threshold, scale in self.rates],
        )

    def tensors(self) -> Iterator[Tensor]:
        """Give all that is not None, always in the same order."""
        yield from (each for each in self[:3] if each is not None)
        for threshold, scale in self.rates:
            yield threshold
            yield scale


def moves(seats: Sequence[Seat], steps: range, noise: Noise, device: torch.device) -> Moves:
    """Give what the members' schedules make of some steps of the training.

    Args:
        seats: The members, in the order of the stack.
        steps: Counted from 0 over the whole training.
        noise: Of the layers whose rates may move.
        device: Where they train.
    """
    training = [seat.member.training for seat in seats]

    def strengths(courses: list[Course]) -> Tensor | None:
        if set(courses) == {"constant"}:
            return None
        return _by_step([seat.strengths(course, steps) for seat, course in zip(seats, courses)], device)

    decay = strengths([each.weight_decay_schedule for each in training])
    dropout = strengths([each.dropout_schedule for each in training])
    smoothing = strengths([each.smoothing_schedule for each in training])
    rates = [] if dropout is None else noise.rates_by_step(dropout.squeeze(-1))
    return Moves(_by_step([seat.multipliers(steps) for seat in seats], device), decay, smoothing, rates)


def _by_step(values: list[NDArray[np.float64]], device: torch.device) -> Tensor:
    """Give the members' values of every step as (S, M, 1)."""
    return torch.from_numpy(np.stack(values, axis=1).astype(np.float32)).unsqueeze(-1).to(device)
