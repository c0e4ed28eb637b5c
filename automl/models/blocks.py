"""Repeated parts of the families: a hidden layer and a residual block."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from torch import nn

from automl.models.layers import activation as make_activation
from automl.models.layers import dropout as make_dropout
from automl.models.layers import linear
from automl.models.layers import norm as make_norm

if TYPE_CHECKING:
    import torch

    from automl.models.words import Activation, Norm

Sequential = nn.Sequential


class Layer(nn.Module):
    """Linear, norm, activation, dropout; the input is added where `skip` is set and the widths agree.

    Shape:
        (N, n_in) -> (N, n_out)
    """

    def __init__(
        self, n_in: int, n_out: int, *, activation: Activation, norm: Norm, dropout: float, skip: bool
    ) -> None:
        super().__init__()
        self.linear = linear(n_in, n_out, before=norm)
        self.norm = make_norm(norm, n_out)
        self.activation = make_activation(activation)
        self.dropout = make_dropout(dropout)
        self.adds_input = skip and n_in == n_out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Run the layer."""
        out = self.dropout(self.activation(self.norm(self.linear(x))))
        return cast("torch.Tensor", x + out if self.adds_input else out)


class Residual(nn.Module):
    """x + dropout(linear(hidden_dropout(activation(linear(norm(x)))))).

    Shape:
        (N, width) -> (N, width)
    """

    def __init__(
        self, width: int, hidden: int, *, activation: Activation, norm: Norm, dropout: float, hidden_dropout: float
    ) -> None:
        super().__init__()
        self.norm = make_norm(norm, width)
        self.widen = linear(width, hidden)
        self.activation = make_activation(activation)
        self.hidden_dropout = make_dropout(hidden_dropout)
        self.narrow = linear(hidden, width, before=norm)
        self.dropout = make_dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Run the block."""
        hidden = self.hidden_dropout(self.activation(self.widen(self.norm(x))))
        return cast("torch.Tensor", x + self.dropout(self.narrow(hidden)))
