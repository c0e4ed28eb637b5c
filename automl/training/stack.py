"""Networks of equal shape as rows of one matrix, so that one loop trains them all.

The weights of all members are one tensor (M, P), their gradient another; every parameter is a view of its columns. A
step of an optimizer is then a few operations on two matrices, however many layers there are. A stack of one runs its
module directly; a larger one runs it under `vmap` (Horizontally Fused Training Arrays, Wang et al., MLSys 2021).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, cast

import torch
from torch import nn
from torch.func import functional_call, vmap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

Batch = dict[str, "Tensor"]


class Stack:
    """The members' weights, gradients and buffers, and the module that gives them meaning.

    Args:
        modules: Networks whose parameters and buffers agree in names and shapes; the first one is taken over.
        device: Where the stack lives.

    Raises:
        ValueError: The networks' shapes differ.
    """

    def __init__(self, modules: Sequence[nn.Module], device: torch.device) -> None:
        shapes = [{name: p.shape for name, p in module.named_parameters()} for module in modules]
        if any(other != shapes[0] for other in shapes[1:]):
            raise ValueError("networks of one stack need parameters of the same names and shapes")
        self.module = modules[0].to(device)
        self.size = len(modules)
        self._shapes = shapes[0]
        rows = [torch.cat([p.detach().flatten().to(device) for p in module.parameters()]) for module in modules]
        self.weights = torch.stack(rows)
        self.gradient = torch.zeros_like(self.weights)
        self.buffers = {
            name: torch.stack([dict(module.named_buffers())[name].to(device) for module in modules])
            for name, _ in modules[0].named_buffers()
        }
        self._parameters = self._views()
        if self.size == 1:
            self._adopt()

    @property
    def decayed(self) -> Tensor:
        """(P,) 1 for weights of layers, 0 for biases and norms."""
        parts = [torch.full((shape.numel(),), float(len(shape) > 1)) for shape in self._shapes.values()]
        return torch.cat(parts).to(self.weights.device)

    def _views(self) -> dict[str, Tensor]:
        """Make each parameter a leaf that shares its columns of weights and gradient, (M, *shape)."""
        ends = list(itertools.accumulate(shape.numel() for shape in self._shapes.values()))
        views = {}
        for (name, shape), end in zip(self._shapes.items(), ends):
            columns = slice(end - shape.numel(), end)
            leaf = self.weights[:, columns].view(self.size, *shape).detach().requires_grad_()
            leaf.grad = self.gradient[:, columns].view(self.size, *shape)
            views[name] = leaf
        return views

    def _adopt(self) -> None:
        """Let the module itself hold the only member's views, so that it runs without any wrapping."""
        for name, view in self._parameters.items():
            owner, _, own_name = name.rpartition(".")
            parameter = nn.Parameter(view[0].detach())
            parameter.grad = cast("Tensor", view.grad)[0]
            self.module.get_submodule(owner)._parameters[own_name] = parameter
        for name, buffer in self.buffers.items():
            owner, _, own_name = name.rpartition(".")
            self.module.get_submodule(owner)._buffers[own_name] = buffer[0]

    def draw_from(self, generator: torch.Generator) -> None:
        """Give every layer that draws random numbers (it has an attribute `generator`) the generator to draw from."""
        for layer in self.module.modules():
            if hasattr(layer, "generator"):
                vars(layer)["generator"] = generator

    def forward(self, batch: Batch) -> Tensor:
        """Run every member on its own rows: {name: (M, B, ...)} -> (M, B, n_outputs), float32."""
        if self.size == 1:
            outputs: Tensor = self.module({name: block[0] for name, block in batch.items()})
            return outputs.unsqueeze(0).float()

        def one(parameters: Batch, buffers: Batch, rows: Batch) -> Tensor:
            return cast("Tensor", functional_call(self.module, (parameters, buffers), (rows,)))

        return vmap(one, randomness="different")(self._parameters, self.buffers, batch).float()

    def forward_same(self, rows: Batch) -> Tensor:
        """Run every member on the same rows: {name: (B, ...)} -> (M, B, n_outputs), float32."""
        return self.forward({name: block.expand(self.size, *block.shape) for name, block in rows.items()})

    def snapshot(self, member: int) -> dict[str, Tensor]:
        """Copy one member's parameters and lasting buffers, as its module's `state_dict` would give them."""
        state = {}
        for name in self.module.state_dict():
            source = self._parameters if name in self._parameters else self.buffers
            state[name] = source[name][member].detach().clone()
        return state
