"""One encoder a kind of block: it turns the block's tensor into features of a known width.

numeric, one_hot  (N, a) float32 -> (N, a)
category          (N, c) int64   -> (N, c * embedding_size)
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import torch
from torch import nn

from automl.models.layers import embedding

if TYPE_CHECKING:
    from automl.task import Block


class Plain(nn.Module):
    """Passes a block of floats on as it is."""

    def __init__(self, block: Block, embedding_size: int, embedding_lr_factor: float) -> None:
        super().__init__()
        self.width = block.shape[0]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Give the features as they came."""
        return x


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
        self.table = embedding(starts[-1], embedding_size)
        self.lr_factors = {"table.weight": embedding_lr_factor}
        self.register_buffer("offsets", torch.tensor(starts[:-1]), persistent=False)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Look codes (N, c) up; give (N, c * embedding_size)."""
        vectors = self.table(codes + self.offsets) * (codes > 0).unsqueeze(-1)
        return cast("torch.Tensor", vectors.flatten(-2))


Encoder = Plain | Embeddings

ENCODERS: dict[str, Callable[[Block, int, float], Encoder]] = {
    "numeric": Plain,
    "one_hot": Plain,
    "category": Embeddings,
}
