"""Looks at the layers of a stack in one step, and changes nothing: gradients of weights, units of activations.

Shapes:
    M members, L layers with weights, P trainable numbers of each member
    outputs of an activation (m, B, ..., n), or (m, B, n, H, W) where it sees images; a unit is one of n
"""

from __future__ import annotations

import contextlib
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn

from automl.training.health import Health

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor

    from automl.training.stack import Stack

_STEEP = 0.95
"""Where |tanh| has a tenth of its greatest slope left; of a sigmoid it is 0.025 and 0.975, for it is tanh rescaled."""


def _dead(outputs: Tensor, rows: tuple[int, ...]) -> Tensor:
    """Tell which units of ReLU gave zero for every row: (m, n)."""
    return outputs.amax(dim=rows) == 0


def _flat_tanh(outputs: Tensor, rows: tuple[int, ...]) -> Tensor:
    """Tell which units are saturated for most rows: (m, n)."""
    return (outputs.abs() > _STEEP).float().mean(dim=rows) > 0.5


def _flat_sigmoid(outputs: Tensor, rows: tuple[int, ...]) -> Tensor:
    return _flat_tanh(2 * outputs - 1, rows)


_DEAD, _SATURATED = 1, 2
_MEASURED: dict[type[nn.Module], tuple[int, Callable[[Tensor, tuple[int, ...]], Tensor]]] = {
    nn.ReLU: (_DEAD, _dead),
    nn.Tanh: (_SATURATED, _flat_tanh),
    nn.Sigmoid: (_SATURATED, _flat_sigmoid),
}
"""What is measured of an activation: its place among a layer's numbers, and which units are such."""


class _Watched(NamedTuple):
    """An activation in the place where it runs, for all members whose networks have the same one there."""

    module: nn.Module
    layer: int
    members: list[int]


class Probe:
    """Reads the layers of a stack's members.

    Activations under `vmap` are not read, for what is seen there cannot leave it; their gradients are.

    Args:
        stack: The members in training.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._gradients: Tensor | None = None
        self._shares: dict[int, Tensor] = {}

    @cached_property
    def _activations(self) -> dict[str, int]:
        """The names of activations, and which layer each of them follows."""
        numbers = {name: number for number, name in enumerate(self._stack.layers)}
        found, last = {}, -1
        for name, module in self._stack.module.named_modules():
            last = numbers.get(name, last)
            if last >= 0 and _is_activation(module):
                found[name] = last
        return found

    @cached_property
    def _watched(self) -> list[_Watched]:
        if self._stack.is_vmapped:
            return []
        watched = []
        for name, layer in self._activations.items():
            own = [network.get_submodule(name) for network in self._stack.networks]
            alike: dict[str, list[int]] = {}
            for member, module in enumerate(own):
                alike.setdefault(str(module), []).append(member)
            groups = [_Watched(own[members[0]], layer, members) for members in alike.values()]
            watched += [group for group in groups if type(group.module) in _MEASURED]
        return watched

    @cached_property
    def _names(self) -> list[list[tuple[str, str]]]:
        """For every member the names of layers, and what follows each."""
        follow: list[list[str]] = [[] for _ in self._stack.layers]
        for name, layer in self._activations.items():
            follow[layer].append(name)
        return [
            [(name, _words(network, own)) for name, own in zip(self._stack.layers, follow)]
            for network in self._stack.networks
        ]

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Look at the units of activations while members run on their rows."""
        handles = [
            each.module.register_forward_hook(self._hook(place, each)) for place, each in enumerate(self._watched)
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _hook(self, place: int, watched: _Watched) -> Callable[[nn.Module, object, Tensor], None]:
        _, which = _MEASURED[type(watched.module)]

        @torch.no_grad()
        def look(module: nn.Module, _inputs: object, outputs: Tensor) -> None:
            if module.training:  # Not where noise only asks for shapes.
                units = outputs.detach().unsqueeze(0) if self._stack.size == 1 else outputs.detach()
                rows = (1, 3, 4) if units.dim() == 5 else tuple(range(1, units.dim() - 1))
                self._shares[place] = which(units, rows).float().mean(dim=1)

        return look

    @torch.no_grad()
    def take(self, gradient: Tensor) -> None:
        """Look at the gradient (M, P) of the step whose units were looked at, before the weights move."""
        layers = self._stack.layers.values()
        norms = torch.stack([torch.linalg.vector_norm(gradient[:, own], dim=1) for own in layers], dim=1)
        sizes = torch.stack([torch.linalg.vector_norm(self._stack.weights[:, own], dim=1) for own in layers], dim=1)
        self._gradients = norms / torch.where(sizes == 0, 1.0, sizes)  # Some weights begin as 0.

    def read(self, epoch: int) -> list[Health]:
        """Fetch what was looked at since the last reading, one a member; nothing where nothing was."""
        if self._gradients is None:
            return []
        fetched = torch.cat([self._gradients.flatten(), *self._shares.values()]).tolist()
        n_members, n_layers = self._gradients.shape
        numbers = [[float("nan")] * (3 * n_layers) for _ in range(n_members)]
        rest = iter(fetched)
        for own in numbers:
            own[::3] = [next(rest) for _ in range(n_layers)]
        for place in self._shares:
            watched = self._watched[place]
            for member in watched.members:
                numbers[member][3 * watched.layer + _MEASURED[type(watched.module)][0]] = next(rest)
        self._gradients, self._shares = None, {}
        return [self.health(member, epoch, own) for member, own in enumerate(numbers)]

    def health(self, member: int, epoch: int, numbers: Sequence[float]) -> Health:
        """Give a member's health of the numbers of its layers."""
        return Health.of(epoch, self._names[member], numbers)


def _is_activation(module: nn.Module) -> bool:
    """Tell whether a layer is one of torch's activations without weights."""
    return type(module).__module__ == nn.ReLU.__module__ and not module._parameters and not module._modules


def _words(network: nn.Module, activations: Sequence[str]) -> str:
    """Give the kinds of activations in lower case; empty where there are none."""
    return ", ".join(type(network.get_submodule(name)).__name__.lower() for name in activations)
