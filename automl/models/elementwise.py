"""Layers with weights of other shapes than linear ones; each also says how it runs for all members of a stack at once.

A layer that has `wide` needs no form in `automl/training/wide.py`: it is given the members' weights and buffers, each
with an axis of members in front. `decays` says of weights whether they decay where their shape says otherwise.

Shapes:
    B rows, M members
    forward  x (B, ..., n), weights (...)
    wide     x (M, B, ..., n), own {name: (M, ...)}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

FAR = 1e30
"""Where something has no bound."""


def draw_evenly(n_in: int, generator: torch.Generator, *weights: Tensor) -> None:
    """Draw weights evenly between +-1 / sqrt(n_in), in their order, as torch draws those of a linear layer."""
    bound = n_in**-0.5
    for each in weights:
        nn.init.uniform_(each, -bound, bound, generator=generator)


class Scale(nn.Module):
    """Multiplies each number by a weight of its own, which begins as 1.

    Args:
        shape: Of one row of the input.
    """

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape))
        self.decays = {"weight": True}

    def forward(self, x: Tensor) -> Tensor:
        """Multiply."""
        return x * self.weight

    def wide(self, x: Tensor, own: Mapping[str, Tensor]) -> Tensor:
        """Multiply each member's rows."""
        return x * own["weight"].unsqueeze(1)


class Mix(Scale):
    """Goes from each number to another by a weight of its own, which begins as 1: x -> x + w * (other - x)."""

    def forward(self, x: Tensor, other: Tensor) -> Tensor:  # type: ignore[override]
        """Mix."""
        return torch.lerp(x, other, self.weight.to(x.dtype))

    def wide(self, x: Tensor, other: Tensor, own: Mapping[str, Tensor]) -> Tensor:  # type: ignore[override]
        """Mix each member's rows."""
        return torch.lerp(x, other, own["weight"].unsqueeze(1).to(x.dtype))


class Shift(nn.Module):
    """Adds to each number a weight of its own, which begins as 0 and does not decay.

    Args:
        shape: Of one row of the input.
    """

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(shape))
        self.decays = {"bias": False}

    def forward(self, x: Tensor) -> Tensor:
        """Add."""
        return x + self.bias

    def wide(self, x: Tensor, own: Mapping[str, Tensor]) -> Tensor:
        """Add to each member's rows."""
        return x + own["bias"].unsqueeze(1)


class Separate(nn.Module):
    """A linear layer for each of n places of a row, with weights of its own: (B, n, n_in) -> (B, n, n_out).

    Weights and biases are drawn uniformly between +-1 / sqrt(n_in), as torch draws those of a linear layer.

    Args:
        n: Places.
        n_in: Numbers that go into each.
        n_out: Numbers that come out of each.
        has_bias: Whether each has a bias, which does not decay.
        begins_as_zero: Whether weights begin as 0 instead.
    """

    def __init__(self, n: int, n_in: int, n_out: int, *, has_bias: bool = True, begins_as_zero: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n, n_in, n_out))
        self.bias = nn.Parameter(torch.empty(n, n_out)) if has_bias else None
        self.decays = {"bias": False} if has_bias else {}
        self._begins_as_zero = begins_as_zero

    @property
    def multiply_adds(self) -> int:
        """Multiplications with an addition each, for one row."""
        return self.weight.numel()

    def draw(self, generator: torch.Generator) -> None:
        """Draw weights and biases."""
        n_in = self.weight.shape[1]
        if self._begins_as_zero:
            nn.init.zeros_(self.weight)
        else:
            draw_evenly(n_in, generator, self.weight)
        if self.bias is not None:
            draw_evenly(n_in, generator, self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Run all places."""
        out = torch.einsum("bni,nio->bno", x, self.weight)
        return out if self.bias is None else out + self.bias

    def wide(self, x: Tensor, own: Mapping[str, Tensor]) -> Tensor:
        """Run all places of each member's rows."""
        out = torch.einsum("mbni,mnio->mbno", x, own["weight"])
        return out + own["bias"].unsqueeze(1) if "bias" in own else out
