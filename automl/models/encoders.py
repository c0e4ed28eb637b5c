"""One encoder a kind of block: it turns the block's tensor into features of a known width.

numeric, one_hot  (N, a) float32 -> (N, a)
category          (N, c) int64   -> (N, c * embedding_size)
image             (N, C, H, W) uint8, or float32 from 0 to 255 -> (N, C * H * W), unless a family sees to it itself
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Protocol, cast

import torch
from torch import nn

from automl.models.layers import embedding

if TYPE_CHECKING:
    from automl.models.cost import Tally
    from automl.task import Block


class Plain(nn.Module):
    """Passes a block of floats on as it is."""

    def __init__(self, block: Block, embedding_size: int, embedding_lr_factor: float) -> None:
        super().__init__()
        self.width = block.shape[0]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Give the features as they came."""
        return x

    @staticmethod
    def count(tally: Tally, _block: Block, _embedding_size: int) -> None:
        """Walk through it on paper."""
        tally.layer()


class Embeddings(nn.Module):
    """Looks every category column up in one shared table; code 0, never seen in training, is the zero vector.

    Args:
        block: The codes' block, with the columns' cardinalities.
        embedding_size: The width of one column's vector.
        embedding_lr_factor: The table's learning rate, as a multiple of the network's.

    Source: Guo & Berkhahn, arXiv 1604.06737.
    """

    offsets: torch.Tensor

    def __init__(self, block: Block, embedding_size: int, embedding_lr_factor: float) -> None:
        super().__init__()
        starts = list(itertools.accumulate(block.cardinalities, initial=0))
        self.width = embedding_size * len(block.cardinalities)
        self.parts = [embedding_size] * len(block.cardinalities)
        self.table = embedding(starts[-1], embedding_size)
        self.lr_factors = {"table.weight": embedding_lr_factor}
        self.register_buffer("offsets", torch.tensor(starts[:-1]), persistent=False)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Look codes (N, c) up; give (N, c * embedding_size)."""
        vectors = self.table(codes + self.offsets) * (codes > 0).unsqueeze(-1)
        return cast("torch.Tensor", vectors.flatten(-2))

    @staticmethod
    def count(tally: Tally, block: Block, embedding_size: int) -> None:
        """Walk through it on paper."""
        n_codes, n_columns = sum(block.cardinalities), len(block.cardinalities)
        tally.layer("table", (n_columns, embedding_size), parameters=n_codes * embedding_size)
        tally.size = (n_columns * embedding_size,)


class Normalise(nn.Module):
    """Gives every channel of an image mean 0 and deviation 1 over the training rows.

    Args:
        block: The image's block, with means and deviations of its channels.

    Shape:
        (N, C, H, W) uint8, or float32 from 0 to 255 -> (N, C, H, W) float32
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, block: Block) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(block.mean).view(-1, 1, 1), persistent=False)
        std = [each or 1.0 for each in block.std]  # A channel of one colour alone.
        self.register_buffer("std", torch.tensor(std).view(-1, 1, 1), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Subtract the mean and divide by the deviation."""
        normal = (x.to(self.mean.dtype) - self.mean) / self.std
        if normal.dim() > 4:
            return normal
        return normal.to(memory_format=torch.channels_last)  # Convolutions follow, and are a fifth to a third faster.


class Pixels(nn.Module):
    """Normalises an image and lays its pixels out as features."""

    def __init__(self, block: Block, embedding_size: int, embedding_lr_factor: float) -> None:
        super().__init__()
        self.width = math.prod(block.shape)
        self.normalise = Normalise(block)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Give the pixels, channel by channel."""
        return cast("torch.Tensor", self.normalise(x).flatten(-3))

    @staticmethod
    def count(tally: Tally, _block: Block, _embedding_size: int) -> None:
        """Walk through it on paper."""
        tally.layer("normalise")
        tally.size = (tally.flat(),)


class Encoder(Protocol):
    """What reads one kind of block."""

    def __call__(self, block: Block, embedding_size: int, embedding_lr_factor: float) -> Encoding:
        """Make the module, whose `width` is how many features it gives."""

    def count(self, tally: Tally, block: Block, embedding_size: int) -> None:
        """Walk through it on paper, from the size of a row of the block to its features."""


Encoding = Plain | Embeddings | Pixels

ENCODERS: dict[str, Encoder] = {
    "numeric": Plain,
    "one_hot": Plain,
    "category": Embeddings,
    "image": Pixels,
}
