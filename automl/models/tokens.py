"""A vector, or token, of one width for every column of a row, and one more that stands for the whole row.

Shapes:
    B rows, n columns, d numbers a token
    encoders give (B, n * d); `Lead` turns all columns' features into tokens (B, 1 + n, d)
    with an axis of members in front, as many as there are
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import torch
from torch import nn

from automl.models.elementwise import Scale, Shift, draw_evenly
from automl.models.encoders import Embeddings, Normalise
from automl.models.layers import linear
from automl.models.numbers import Spread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from automl.task import Block


class Lines(nn.Module):
    """A token a number: the number times a vector of its column, and a vector more. Neither decays.

    Args:
        n: Columns.
        width: Numbers a token.

    Source: Gorishniy et al., NeurIPS 2021, section 3.3.

    Shape:
        (B, n) -> (B, n * d)
    """

    def __init__(self, n: int, width: int) -> None:
        super().__init__()
        self.copies, self.line, self.start = Spread(width), Scale(n, width), Shift(n, width)
        self.line.decays = {"weight": False}

    def draw(self, generator: torch.Generator) -> None:
        """Draw both uniformly between +-1 / sqrt(d)."""
        draw_evenly(self.line.weight.shape[1], generator, self.line.weight, self.start.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Give the tokens."""
        return cast("Tensor", self.start(self.line(self.copies(x))).flatten(-2))


class Lookups(nn.Module):
    """A token a category: the vector of its code, and one more of its column, which a code never seen has alone.

    Neither decays.

    Args:
        block: The codes' block, with the columns' cardinalities.
        width: Numbers a token.
        lr_factor: The learning rate of all of them, as a multiple of the network's.

    Source: Gorishniy et al., NeurIPS 2021, section 3.3.

    Shape:
        (B, n) int64 -> (B, n * d)
    """

    def __init__(self, block: Block, width: int, lr_factor: float) -> None:
        super().__init__()
        self.embeddings = Embeddings(block, width, lr_factor)
        self.start = Shift(len(block.cardinalities), width)
        self.decays = {"embeddings.table.weight": False}
        self.lr_factors = {"start.bias": lr_factor}

    def draw(self, generator: torch.Generator) -> None:
        """Draw both uniformly between +-1 / sqrt(d)."""
        draw_evenly(self.start.bias.shape[1], generator, self.embeddings.table.weight, self.start.bias)

    def forward(self, codes: Tensor) -> Tensor:
        """Give the tokens."""
        found = self.embeddings(codes).view(*codes.shape, -1)
        return cast("Tensor", self.start(found).flatten(-2))


class Picture(nn.Module):
    """One token of a whole image: a linear map of its pixels.

    Args:
        block: The image's block, with means and deviations of its channels.
        width: Numbers of the token.

    Shape:
        (B, C, H, W) uint8, or float32 from 0 to 255 -> (B, d)
    """

    def __init__(self, block: Block, width: int) -> None:
        super().__init__()
        self.normalise, self.linear = Normalise(block), linear(math.prod(block.shape), width)

    def draw(self, generator: torch.Generator) -> None:
        """Draw weights and biases as torch draws those of a linear layer."""
        draw_evenly(self.linear.in_features, generator, self.linear.weight, self.linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Give the token."""
        return cast("Tensor", self.linear(self.normalise(x).flatten(-3)))


class Lead(nn.Module):
    """Puts a token of its own, which does not decay, before those of the columns; what it becomes stands for the row.

    Args:
        width: Numbers a token.

    Source: the [CLS] token of Devlin et al., BERT, NAACL 2019.

    Shape:
        (B, n * d) -> (B, 1 + n, d)
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width))

    def draw(self, generator: torch.Generator) -> None:
        """Draw it uniformly between +-1 / sqrt(d)."""
        draw_evenly(len(self.weight), generator, self.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Put it there."""
        return _led(x, self.weight)

    def wide(self, x: Tensor, own: Mapping[str, Tensor]) -> Tensor:
        """Put each member's before the tokens of its rows."""
        return _led(x, own["weight"].unsqueeze(1).unsqueeze(1))


def _led(x: Tensor, lead: Tensor) -> Tensor:
    tokens = x.view(*x.shape[:-1], -1, lead.shape[-1])
    return torch.cat([lead.expand(*tokens.shape[:-2], 1, -1), tokens], dim=-2)
