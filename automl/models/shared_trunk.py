"""The parts of TabM: members that share the weights of a trunk and differ in adapters, and what is made of them.

Shapes:
    B rows, k members of one network, n features, K outputs
    with a stack's axis in front, as many as there are
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, cast

import torch
from torch import nn

from automl.models.elementwise import Scale, Shift, draw_evenly
from automl.models.layers import activation as make_activation
from automl.models.layers import dropout as make_dropout
from automl.models.layers import linear

if TYPE_CHECKING:
    from torch import Tensor

    from automl.models.words import Activation

Draw = Literal["normal", "signs", "ones"]
"""How adapters begin: drawn from N(0, 1), as 1 or -1 at even odds, or as 1."""


class Copies(nn.Module):
    """Gives every member a row of its own: (B, n) -> (B, k, n)."""

    def __init__(self, members: int) -> None:
        super().__init__()
        self.members = members

    def extra_repr(self) -> str:
        """Tell numbers of members apart."""
        return str(self.members)

    def forward(self, x: Tensor) -> Tensor:
        """Copy."""
        return x.unsqueeze(-2).expand(*x.shape[:-1], self.members, x.shape[-1])


class Adapter(nn.Module):
    """Multiplies each member's features by weights of its own: (B, k, n) -> (B, k, n).

    Args:
        members: k.
        width: n.
        begins: How weights are drawn; one for all features of a column, of which the network's builder tells the
            numbers as `parts`.
    """

    def __init__(self, members: int, width: int, begins: Draw) -> None:
        super().__init__()
        self.scale = Scale(members, width)
        self._begins = begins
        if begins != "ones":
            self.parts = [1] * width

    def draw(self, generator: torch.Generator) -> None:
        """Draw the weights."""
        if self._begins == "ones":
            return
        drawn = torch.empty(len(self.scale.weight), len(self.parts))
        if self._begins == "normal":
            drawn.normal_(generator=generator)
        else:
            drawn.bernoulli_(0.5, generator=generator).mul_(2).sub_(1)
        self.scale.weight.copy_(drawn.repeat_interleave(torch.tensor(self.parts), dim=1))

    def forward(self, x: Tensor) -> Tensor:
        """Multiply."""
        return cast("Tensor", self.scale(x))


class Shared(nn.Module):
    """A linear layer that members share, between adapters of their own: s * (W (r * x)) + b.

    Args:
        n_in: Features that go in.
        n_out: Features that come out.
        members: k.
        begins: How r is drawn; s begins as 1, and b alike for all members.

    Source: BatchEnsemble, Wen, Tran & Ba, ICLR 2020, equation 5, as TabM begins it.

    Shape:
        (B, k, n_in) -> (B, k, n_out)
    """

    def __init__(self, n_in: int, n_out: int, members: int, begins: Draw) -> None:
        super().__init__()
        self.before = Adapter(members, n_in, begins)
        self.linear = linear(n_in, n_out, has_bias=False)
        self.after = Scale(members, n_out)
        self.shift = Shift(members, n_out)

    def draw(self, generator: torch.Generator) -> None:
        """Draw adapters, and the weights and the biases uniformly between +-1 / sqrt(n_in)."""
        bias = torch.empty(self.linear.out_features)
        self.before.draw(generator)
        draw_evenly(self.linear.in_features, generator, self.linear.weight, bias)
        self.shift.bias.copy_(bias.expand_as(self.shift.bias))

    def forward(self, x: Tensor) -> Tensor:
        """Run the layer."""
        return cast("Tensor", self.shift(self.after(self.linear(self.before(x)))))


class Same(nn.Module):
    """A linear layer that is the same for all members, drawn uniformly between +-1 / sqrt(n_in).

    Shape:
        (B, k, n_in) -> (B, k, n_out)
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.linear = linear(n_in, n_out)

    def draw(self, generator: torch.Generator) -> None:
        """Draw weights and biases."""
        draw_evenly(self.linear.in_features, generator, self.linear.weight, self.linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Run the layer."""
        return cast("Tensor", self.linear(x))


class Block(nn.Module):
    """A linear layer of members, activation, dropout: (B, k, n_in) -> (B, k, n_out)."""

    def __init__(self, layer: nn.Module, activation: Activation, dropout: float) -> None:
        super().__init__()
        self.layer, self.activation, self.dropout = layer, make_activation(activation), make_dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Run the block."""
        return cast("Tensor", self.dropout(self.activation(self.layer(x))))


class Mean(nn.Module):
    """In evaluation one prediction of all members': the mean of their numbers, or of their probabilities.

    In training each member's outputs stay, and each has a loss of its own.

    Shape:
        (B, k, K) -> in training as it came, in evaluation (B, K): one number, or the logarithm of probabilities
    """

    def forward(self, x: Tensor) -> Tensor:
        """Take the mean."""
        if self.training:
            return x
        if x.shape[-1] == 1:
            return x.mean(dim=-2)
        return torch.logsumexp(torch.log_softmax(x, dim=-1), dim=-2) - math.log(x.shape[-2])
