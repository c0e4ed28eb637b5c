"""Encoders by kind of block, fusion, backbone, head: the whole network of a family, as an ordinary module."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn

from automl.models.cost import LayerCost, Tally, largest_output, operations
from automl.models.encoders import ENCODERS
from automl.models.families.registry import Encoder, WithHead
from automl.models.layers import initialise, linear

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

    What builds it says by `largest` how many numbers the largest output of a layer has for one row.

    Shape:
        batch {name: (N, ...)} -> (N, n_outputs): logits a class, or one standardised number.
    """

    def __init__(self, encoders: dict[str, nn.Module], backbone: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.lr_factors: dict[str, float] = {}
        self.largest = 1
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
        ValueError: As `costs`, before any tensor is made.
    """
    rows = costs(family, blocks, n_outputs)
    built = {block.name: _encoder(family, block) for block in blocks}
    backbone, width = family.backbone(sum(n_features for _, n_features in built.values()))
    _tell_parts(backbone, list(built.values()))
    head = family.head(width, n_outputs) if isinstance(family, WithHead) else linear(width, n_outputs)
    network = Network({name: encoder for name, (encoder, _) in built.items()}, backbone, head)
    initialise(network, family.init, seed, embedding_deviation=getattr(family, "embedding_deviation", 0.1))
    _quicken(network, getattr(family, "lr_factor", 1.0))
    network.largest = largest_output(rows)
    return network


def costs(family: Family, blocks: Sequence[Block], n_outputs: int) -> list[LayerCost]:
    """List the layers of the network that `build` would give, with what each costs, by arithmetic alone.

    Raises:
        ValueError: There is no block, one that no encoder reads, none of the kind that the family needs, or an image
            that would shrink to less than a pixel.
    """
    _check(family, blocks)
    rows: list[LayerCost] = []
    n_features = 0
    for block in blocks:
        tally = Tally(block.shape, f"encoders.{block.name}")
        if own := _reader(family, block):
            own.count_encoding(tally, block)
        else:
            ENCODERS[block.name].count(tally, block, family.embedding_size)
        rows += tally.rows
        n_features += tally.size[0]
    tally = Tally((n_features,), "backbone")
    family.count(tally)
    head = Tally(tally.size, "head")
    if isinstance(family, WithHead):
        family.count_head(head, n_outputs)
    else:
        head.linear("", n_outputs)
    return [*rows, *tally.rows, *head.rows]


def infeasible(family: Family, blocks: Sequence[Block]) -> str:
    """Say why there is no such network for these blocks; empty where there is one. No tensor is made."""
    try:
        costs(family, blocks, 1)
    except ValueError as error:
        return str(error)
    return ""


def has_factors(family: Family) -> bool:
    """Tell whether weights of a family's networks have factors on the learning rate."""
    named = [field.name for field in fields(family) if field.name.endswith("lr_factor")]
    return any(getattr(family, name) != 1 for name in named)


def count_parameters(family: Family, blocks: Sequence[Block], n_outputs: int) -> int:
    """Say how many trainable numbers the network that `build` would give has.

    Raises:
        ValueError: As `costs`.
    """
    return sum(row.parameters for row in costs(family, blocks, n_outputs))


def count_operations(family: Family, blocks: Sequence[Block], n_outputs: int) -> int:
    """Say how much arithmetic one row takes forward in that network, as `automl.models.cost.operations` counts it.

    Raises:
        ValueError: As `costs`.
    """
    return operations(costs(family, blocks, n_outputs))


def _quicken(network: Network, factor: float) -> None:
    """Multiply the learning rates of all weights, whatever factors of their own layers have."""
    if factor == 1.0:
        return
    names = [name for name, _ in network.named_parameters()]
    layers = [cast("Any", layer) for layer in network.modules() if hasattr(layer, "lr_factors")]
    for layer in layers:
        layer.lr_factors = {name: own * factor for name, own in layer.lr_factors.items()}
    network.lr_factors = dict.fromkeys(names, factor)


def _tell_parts(backbone: nn.Module, encoders: Sequence[tuple[nn.Module, int]]) -> None:
    """Tell layers that ask for it, by having `parts`, how many of the joined features each column has.

    An encoder says it by `parts` of its own; the features of one that does not count by themselves.
    """
    parts = [part for encoder, n in encoders for part in getattr(encoder, "parts", [1] * n)]
    for layer in backbone.modules():
        if hasattr(layer, "parts"):
            cast("Any", layer).parts = parts


def _reader(family: Family, block: Block) -> Encoder | None:
    """Give the family where it reads the block by an encoder of its own."""
    return family if isinstance(family, Encoder) and block.name in family.encodes else None


def _encoder(family: Family, block: Block) -> tuple[nn.Module, int]:
    if own := _reader(family, block):
        return own.encoding(block)
    encoder = ENCODERS[block.name](block, family.embedding_size, family.embedding_lr_factor)
    return encoder, encoder.width


def _check(family: Family, blocks: Sequence[Block]) -> None:
    names = [block.name for block in blocks]
    if not names:
        raise ValueError("a network needs at least one block of inputs")
    for name in names:
        if name not in ENCODERS:
            raise ValueError(f"no encoder reads the block {name!r}; known: {', '.join(ENCODERS)}")
    needed = getattr(family, "reads", None)
    if needed is not None and needed not in names:
        raise ValueError(f"the family {type(family).__name__.lower()} needs an {needed} column")
