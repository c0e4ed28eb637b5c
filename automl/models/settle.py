"""What a network takes from training rows before it is trained: bins, scales, where weights begin, limits.

A layer of an encoder that takes something has `settle(rows)` and is given rows of the encoder's block; one behind the
encoders has `settle(rows, generator)` and is given what goes into it. What keeps predicted numbers in bounds has
`limit(target)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from numpy.typing import NDArray
    from torch import nn

    from automl.models.build import Network

_ROWS_ENCODED, _ROWS_PASSED = 65536, 2048
"""So many rows at most are looked at by encoders, and go through the network."""


@torch.no_grad()
def settle(
    network: Network,
    arrays: Mapping[str, NDArray[Any]],
    target: Callable[[], NDArray[Any]],
    seed: int,
    like: Network | None = None,
) -> None:
    """Let every layer take from training rows what it needs of them; most networks take nothing.

    Args:
        network: As it was built, on the CPU.
        arrays: The training rows, {block: (N, ...)}; if there are many, some of them, evenly spaced, stand for all.
        target: Gives their target (N,), class codes or standardised numbers; it is asked where that is needed.
        seed: What layers draw is drawn from it alone.
        like: A network with the same encoders that has taken from these rows what they need; None where there is none.
    """
    for layer in _those_with("limit", network):
        layer.limit(torch.from_numpy(target()))
    if like is None:
        _settle_encoders(network, arrays)
    else:
        for taken, known in zip(network.encoders.buffers(), like.encoders.buffers(), strict=True):
            taken.copy_(known)
    generator = torch.Generator().manual_seed(seed)
    settling = [*_those_with("settle", network.backbone), *_those_with("settle", network.head)]
    if not settling:
        return
    handles = [
        layer.register_forward_pre_hook(lambda each, inputs: each.settle(inputs[0], generator)) for layer in settling
    ]
    was_training = network.training
    network.eval()({name: _some(array, _ROWS_PASSED) for name, array in arrays.items()})
    network.train(was_training)
    for handle in handles:
        handle.remove()


def _settle_encoders(network: Network, arrays: Mapping[str, NDArray[Any]]) -> None:
    for name, encoder in network.encoders.items():
        if settling := _those_with("settle", encoder):
            rows = _some(arrays[name], _ROWS_ENCODED)
            for layer in settling:
                layer.settle(rows)


def _those_with(name: str, module: nn.Module) -> list[Any]:
    return [layer for layer in module.modules() if hasattr(layer, name)]


def _some(array: NDArray[Any], most: int) -> torch.Tensor:
    """Give at most so many rows, evenly spaced."""
    if len(array) <= most:
        return torch.from_numpy(array)
    places = torch.linspace(0, len(array) - 1, most, dtype=torch.float64).round().long()
    return torch.from_numpy(array[places.numpy()])
