"""The parts of RealMLP: linear layers in the neural tangent parametrisation, and activations with weights.

Weights and biases begin as what training rows make of them; until `settle` has seen some, as what they would be of rows
of unit variance.

Source: Holzmueller, Grinsztajn & Steinwart, Better by Default, NeurIPS 2024, section 3 and appendix A.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import nn

from automl.models.elementwise import FAR, Mix, Scale
from automl.models.layers import activation as make_activation
from automl.models.layers import dropout as make_dropout
from automl.models.layers import linear

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from automl.models.words import Activation

_CORNERS = 5
"""A bias is minus a random mean of what the unit gives for so many rows (`he+5`, Steinwart, arXiv 1903.11482)."""
_LEAST_SPREAD = 1e-6


class Tangent(nn.Module):
    """A linear layer whose weights are of order 1: x -> W x / sqrt(n_in) + b (Jacot et al., NeurIPS 2018).

    Args:
        n_in: Numbers that go in.
        n_out: Numbers that come out.
        bias_lr_factor: The learning rate of biases, as a multiple of the network's.

    Shape:
        (B, n_in) -> (B, n_out)
    """

    def __init__(self, n_in: int, n_out: int, bias_lr_factor: float) -> None:
        super().__init__()
        self.linear = linear(n_in, n_out)
        self.lr_factors = {"linear.bias": bias_lr_factor}
        self._gain = n_in**-0.5

    def forward(self, x: Tensor) -> Tensor:
        """Run the layer."""
        return cast("Tensor", self.linear(x * self._gain))

    def draw(self, generator: torch.Generator) -> None:
        """Draw weights from N(0, 1), and biases as `settle` would over independent rows of unit variance."""
        nn.init.normal_(self.linear.weight, generator=generator)
        nn.init.normal_(self.linear.bias, std=(2 / (_CORNERS + 1)) ** 0.5, generator=generator)

    def settle(self, rows: Tensor, generator: torch.Generator) -> None:
        """Scale every unit's weights to unit variance over rows, and let its bias put its kink among them.

        Args:
            rows: (B, n_in) what goes into the layer.
            generator: What the rows of each bias are drawn from.
        """
        weight, bias = self.linear.weight, self.linear.bias
        out = nn.functional.linear(rows * self._gain, weight)
        spread = out.std(dim=0, correction=0)
        spread = torch.where(spread > _LEAST_SPREAD, spread, 1.0)
        weight.div_(spread.unsqueeze(1))
        picked = torch.randint(len(rows), (_CORNERS, len(bias)), generator=generator)
        shares = torch.empty(_CORNERS, len(bias)).exponential_(generator=generator)
        bias.copy_(-(out.gather(0, picked) / spread * shares / shares.sum(dim=0)).sum(dim=0))


class Parametric(nn.Module):
    """An activation that each unit mixes with the identity: x -> x + w * (activation(x) - x), where w begins as 1.

    Args:
        width: Units.
        activation: The name of the activation.
        lr_factor: The learning rate of w, as a multiple of the network's.

    Shape:
        (B, width) -> (B, width)
    """

    def __init__(self, width: int, activation: Activation, lr_factor: float) -> None:
        super().__init__()
        self.activation = make_activation(activation)
        self.mix = Mix(width)
        self.lr_factors = {"mix.weight": lr_factor}

    def forward(self, x: Tensor) -> Tensor:
        """Activate."""
        return cast("Tensor", self.mix(x, self.activation(x)))


class Front(nn.Module):
    """Weighs the features, so that those of no use can be turned down quickly.

    Args:
        width: Features.
        lr_factor: The learning rate of the weights, as a multiple of the network's.
    """

    def __init__(self, width: int, lr_factor: float) -> None:
        super().__init__()
        self.scale = Scale(width)
        self.lr_factors = {"scale.weight": lr_factor}

    def forward(self, x: Tensor) -> Tensor:
        """Weigh (B, width)."""
        return cast("Tensor", self.scale(x))


class Hidden(nn.Module):
    """Linear, activation, dropout.

    Shape:
        (B, n_in) -> (B, n_out)
    """

    def __init__(self, tangent: Tangent, activation: nn.Module, dropout: float) -> None:
        super().__init__()
        self.tangent, self.activation, self.dropout = tangent, activation, make_dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Run the layer."""
        return cast("Tensor", self.dropout(self.activation(self.tangent(x))))


class Within(nn.Module):
    """Keeps predicted numbers within those of the training rows; in training they pass.

    Shape:
        (B, 1) -> (B, 1)
    """

    low: Tensor
    high: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("low", torch.full((1,), -FAR))
        self.register_buffer("high", torch.full((1,), FAR))

    def limit(self, target: Tensor) -> None:
        """Take the limits from the training rows' target (N,)."""
        self.low.fill_(float(target.min()))
        self.high.fill_(float(target.max()))

    def forward(self, x: Tensor) -> Tensor:
        """Limit."""
        return x if self.training else torch.minimum(torch.maximum(x, self.low), self.high)

    def wide(self, x: Tensor, own: Mapping[str, Tensor]) -> Tensor:
        """Limit each member's."""
        if self.training:
            return x
        return torch.minimum(torch.maximum(x, own["low"].unsqueeze(1)), own["high"].unsqueeze(1))
