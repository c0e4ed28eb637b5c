"""What a network is made of: a row a layer, with the size of its output and its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from automl.task import Block


class LayerRow(TypedDict):
    """One layer: where it stands, the shape of its output for one row, its trainable numbers, and its arithmetic.

    That is multiplications with an addition each, for one row forward, in linear layers and convolutions.
    """

    name: str
    output: list[int]
    parameters: int
    multiply_adds: int


def n_parameters(module: nn.Module) -> int:
    """Count the trainable numbers of a module."""
    return sum(parameter.numel() for parameter in module.parameters())


def _multiply_adds(layer: nn.Module, output: torch.Tensor) -> int:
    """Count them for one row of what a layer gave: every number of it is a product with a row of weights."""
    if not isinstance(layer, nn.Linear | nn.Conv2d):
        return int(getattr(layer, "multiply_adds", 0))
    return output[0].numel() * layer.weight[0].numel()


def empty_batch(blocks: Sequence[Block], n_rows: int = 1) -> dict[str, torch.Tensor]:
    """Make a batch of zeros, as a network of these blocks reads it."""
    return {block.name: torch.zeros((n_rows, *block.shape), dtype=getattr(torch, block.dtype)) for block in blocks}


def layers(module: nn.Module, blocks: Sequence[Block]) -> list[LayerRow]:
    """List the layers in the order in which they run, those that only pass on left out.

    Args:
        module: A network; it is run once on a row of zeros, in evaluation.
        blocks: What a batch of it holds.
    """
    rows: list[LayerRow] = []

    def hook_for(name: str) -> Callable[[nn.Module, object, torch.Tensor], None]:
        def record(layer: nn.Module, _inputs: object, output: torch.Tensor) -> None:
            rows.append(
                {
                    "name": f"{name} ({type(layer).__name__})",
                    "output": list(output.shape[1:]),
                    "parameters": n_parameters(layer),
                    "multiply_adds": _multiply_adds(layer, output),
                }
            )

        return record

    leaves = [
        (name, layer)
        for name, layer in module.named_modules()
        if not list(layer.children()) and not isinstance(layer, nn.Identity)
    ]
    handles = [layer.register_forward_hook(hook_for(name)) for name, layer in leaves]
    was_training = module.training
    try:
        with torch.no_grad():
            module.eval()(empty_batch(blocks))
    finally:
        module.train(was_training)
        for handle in handles:
            handle.remove()
    return rows
