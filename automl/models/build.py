"""Encoders by kind of block, fusion, backbone, head: the whole network of a family, as an ordinary module."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import nn

from automl.models.encoders import ENCODERS
from automl.models.layers import initialise, linear
from automl.models.summary import n_parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automl.models.families.registry import Family
    from automl.task import Block


class Network(nn.Module):
    """Reads a batch of blocks and gives raw outputs.

    Args:
        encoders: One module a block, by the block's name, in the order in which their features are joined.
        backbone: Features (N, f) to features (N, g).
        head: Features (N, g) to outputs (N, n_outputs).

    Shape:
        batch {name: (N, ...)} -> (N, n_outputs): logits a class, or one standardised number.
    """

    def __init__(self, encoders: dict[str, nn.Module], backbone: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.encoders = nn.ModuleDict(encoders)
        self.backbone = backbone
        self.head = head

    def forward(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Encode every block, join the features, run backbone and head."""
        features = [encoder(batch[name]) for name, encoder in self.encoders.items()]
        joined = features[0] if len(features) == 1 else torch.cat(features, dim=-1)
        return cast("torch.Tensor", self.head(self.backbone(joined)))


def build(family: Family, blocks: Sequence[Block], n_outputs: int, seed: int) -> Network:
    """Build a family's network for the given blocks, its weights drawn from `seed` alone.

    Args:
        family: The family's arguments.
        blocks: What a batch holds.
        n_outputs: How many numbers a row gets.
        seed: Same seed, same weights.

    Raises:
        ValueError: There is no block, or one that no encoder reads.
    """
    network = _put_together(family, blocks, n_outputs)
    initialise(network, family.init, seed)
    return network


def count_parameters(family: Family, blocks: Sequence[Block], n_outputs: int) -> int:
    """Say how many trainable numbers the network that `build` would give has; none of them is drawn.

    Raises:
        ValueError: There is no block, or one that no encoder reads.
    """
    return n_parameters(_put_together(family, blocks, n_outputs))


def _put_together(family: Family, blocks: Sequence[Block], n_outputs: int) -> Network:
    if not blocks:
        raise ValueError("a network needs at least one block of inputs")
    for block in blocks:
        if block.name not in ENCODERS:
            raise ValueError(f"no encoder reads the block {block.name!r}; known: {', '.join(ENCODERS)}")
    encoders = {
        block.name: ENCODERS[block.name](block, family.embedding_size, family.embedding_lr_factor) for block in blocks
    }
    n_features = sum(encoder.width for encoder in encoders.values())
    backbone, width = family.backbone(n_features)
    return Network(dict(encoders), backbone, linear(width, n_outputs))
