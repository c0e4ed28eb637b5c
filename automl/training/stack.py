"""Networks of equal shape as rows of one matrix, so that one loop trains them all.

The weights of all members are one tensor (M, P), their gradient another; every parameter is a view of its columns. A
step of an optimizer is then a few operations on two matrices, however many layers there are. A stack of one runs its
module directly; a larger one runs it made wide, or else under `vmap` (Horizontally Fused Training Arrays, Wang et al.,
MLSys 2021).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, cast

import torch
from torch import nn
from torch.func import functional_call, vmap

from automl.training.feed import Batch
from automl.training.noise import Noise, Rates
from automl.training.wide import widened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from automl.training.parts import Part


class Stack:
    """The members' weights, gradients and buffers, and the module that gives them meaning.

    Args:
        modules: Networks whose parameters and buffers agree in names and shapes, which are taken over. Layers without
            weights may differ where all others have a wide form.
        seeds: What the members draw at random in training is made of their seeds.
        device: Where the stack lives.

    Raises:
        ValueError: The networks' shapes differ.
    """

    def __init__(self, modules: Sequence[nn.Module], seeds: Sequence[int], device: torch.device) -> None:
        shapes = [signature(module) for module in modules]
        if any(other != shapes[0] for other in shapes[1:]):
            raise ValueError("networks of one stack need parameters of the same names and shapes")
        self._device = device
        rows = torch.stack([torch.cat([p.detach().flatten() for p in module.parameters()]) for module in modules])
        own = [dict(module.named_buffers()) for module in modules]
        buffers = {name: torch.stack([each[name] for each in own]).to(device) for name in own[0]}
        self._take(modules, seeds)
        if self._wide is None and len({_functions(module) for module in modules}) > 1:
            raise ValueError("networks of one stack may differ in their functions only where they have a wide form")
        self._shapes = {name: parameter.shape for name, parameter in self.module.named_parameters()}
        self._decays = _decays(self.module)
        self._seat(rows.to(device), buffers)
        self._best: tuple[Tensor, Batch] | None = None

    def _take(self, networks: Sequence[nn.Module], seeds: Sequence[int]) -> None:
        """Take the members' networks, of which the first gives names and, alone or under `vmap`, runs."""
        self.networks, self._seeds = list(networks), list(seeds)
        self.module = networks[0].to(self._device)
        self.noise = Noise(networks, seeds, self._device)
        self._wide = widened(networks) if len(networks) > 1 else None

    def _seat(self, weights: Tensor, buffers: Batch) -> None:
        """Take weights (M, P) and buffers {name: (M, ...)} as the members'."""
        self.size = len(weights)
        self.weights, self.buffers = weights, buffers
        self._parameters = self._views()
        if self.size == 1:
            self._adopt()
        elif self._wide is not None:
            self._wide.seat(self._parameters | self.buffers)

    def train(self, mode: bool) -> None:
        """Switch all members between training and evaluation."""
        self.module.train(mode)
        if self._wide is not None:
            self._wide.train(mode)

    def keep(self, members: Sequence[int]) -> None:
        """Let only these members stay, in this order."""
        self._take([self.networks[member] for member in members], [self._seeds[member] for member in members])
        rows = torch.tensor(members, device=self.weights.device)
        self._seat(self.weights[rows], {name: buffer[rows] for name, buffer in self.buffers.items()})
        if self._best is not None:
            weights, buffers = self._best
            self._best = weights[rows], {name: buffer[rows] for name, buffer in buffers.items()}

    def load(self, weights: Tensor, buffers: Batch) -> None:
        """Take these as the members' weights (M, P) and buffers {name: (M, ...)}."""
        device = self.weights.device
        self._seat(weights.to(device), {name: buffers[name].to(device) for name in self.buffers})

    @property
    def decayed(self) -> Tensor:
        """(P,) 1 for weights of layers, 0 for biases and norms, and whatever a layer's `decays` says of its own."""
        parts = [torch.full((shape.numel(),), float(self._decays[name])) for name, shape in self._shapes.items()]
        return torch.cat(parts).to(self.weights.device)

    @property
    def layers(self) -> dict[str, slice]:
        """The columns of each layer's weights, by the layer's name, in the network's order; not of biases and norms.

        Nor of weights that a layer's `aside` names: they lie beside the way through the network, and their gradients
        say nothing of it.
        """
        ends = list(itertools.accumulate(shape.numel() for shape in self._shapes.values()))
        columns, aside = {}, _aside(self.module)
        for (name, shape), end in zip(self._shapes.items(), ends):
            if self._decays[name] and name not in aside:
                columns[name.removesuffix(".weight")] = slice(end - shape.numel(), end)
        return columns

    @property
    def is_vmapped(self) -> bool:
        """Whether the members run under `vmap`."""
        return self.size > 1 and self._wide is None

    def _views(self) -> dict[str, Tensor]:
        """Make each parameter a leaf that shares its columns of the weights, (M, *shape)."""
        ends = list(itertools.accumulate(shape.numel() for shape in self._shapes.values()))
        views = {}
        for (name, shape), end in zip(self._shapes.items(), ends):
            columns = self.weights[:, end - shape.numel() : end]
            views[name] = columns.view(self.size, *shape).detach().requires_grad_()
        return views

    def _adopt(self) -> None:
        """Let the module itself hold the only member's views, so that it runs without any wrapping."""
        for name, view in self._parameters.items():
            owner, _, own_name = name.rpartition(".")
            parameter = nn.Parameter(view[0].detach())
            self.module.get_submodule(owner)._parameters[own_name] = parameter
            self._parameters[name] = parameter.detach().unsqueeze(0)  # A graph that lasted could not be recorded again.
        for name, buffer in self.buffers.items():
            owner, _, own_name = name.rpartition(".")
            self.module.get_submodule(owner)._buffers[own_name] = buffer[0]

    def gradient(self, loss: Tensor) -> Tensor:
        """Differentiate the sum of the members' losses: (M, P)."""
        leaves = list(self.module.parameters()) if self.size == 1 else list(self._parameters.values())
        parts = torch.autograd.grad(loss, leaves, allow_unused=True, materialize_grads=True)
        return torch.cat([part.reshape(self.size, -1) for part in parts], dim=1)

    def forward(
        self, batch: Batch, step: Tensor | None = None, rates: Sequence[Rates] = (), part: Part | None = None
    ) -> Tensor:
        """Run every member on its own rows: {name: (M, B, ...)} -> (M, B, n_outputs), float32.

        Args:
            batch: The rows.
            step: In training, the number of the step: what members draw at random is made of it.
            rates: Where rates move, the thresholds and scales of this step, (M,) each, a layer that draws.
            part: Which rows of the step's they are; all of them if None.
        """
        noise = [] if step is None else self.noise.draw(batch, step, part)
        if self.size == 1:
            self.noise.hand([each[0] for each in noise], [(threshold[0], scale[0]) for threshold, scale in rates])
            outputs: Tensor = self.module({name: block[0] for name, block in batch.items()})
            return outputs.unsqueeze(0).float()
        if self._wide is not None:
            self.noise.hand(noise, self.noise.along_rows(rates) if noise else [])
            return self._wide(batch).float()
        return self._run_all(batch, noise, list(rates), rows_axis=0)

    def forward_same(self, rows: Batch) -> Tensor:
        """Run every member on the same rows: {name: (B, ...)} -> (M, B, n_outputs), float32."""
        if self.size == 1:
            return self.forward({name: block.unsqueeze(0) for name, block in rows.items()})
        if self._wide is not None:
            self.noise.hand([], [])
            return self._wide({name: block.expand(self.size, *block.shape) for name, block in rows.items()}).float()
        return self._run_all(rows, [], [], rows_axis=None)

    def _run_all(self, batch: Batch, noise: list[Tensor], rates: list[Rates], rows_axis: int | None) -> Tensor:
        def one(weights: Batch, buffers: Batch, rows: Batch, own_noise: list[Tensor], own_rates: list[Rates]) -> Tensor:
            self.noise.hand(own_noise, own_rates)
            return cast("Tensor", functional_call(self.module, (weights, buffers), (rows,)))

        outputs = vmap(one, in_dims=(0, 0, rows_axis, 0, 0))(self._parameters, self.buffers, batch, noise, rates)
        self.noise.hand([], [])
        return outputs.float()

    def snapshot(self, member: int) -> dict[str, Tensor]:
        """Copy one member's parameters and lasting buffers, as its module's `state_dict` would give them."""
        return self._named(member, self.weights, self.buffers)

    @torch.no_grad()
    def mark(self, members: Sequence[int]) -> None:
        """Keep what these members' parameters and buffers are now as the best that they have been."""
        if self._best is None:
            buffers = {name: torch.empty_like(buffer) for name, buffer in self.buffers.items()}
            self._best = torch.empty_like(self.weights), buffers
        rows = torch.tensor(members, device=self.weights.device)
        weights, buffers = self._best
        weights.index_copy_(0, rows, self.weights[rows])
        for name, buffer in buffers.items():
            buffer.index_copy_(0, rows, self.buffers[name][rows])

    def best(self, member: int) -> dict[str, Tensor]:
        """Copy what `mark` kept of one member."""
        assert self._best is not None
        return self._named(member, *self._best)

    @torch.no_grad()
    def load_best(self, member: int, state: Mapping[str, Tensor]) -> None:
        """Take what `best` gave as what was kept of one member."""
        self.mark([member])
        assert self._best is not None
        weights, buffers = self._best
        own = {name: value.to(weights.device) for name, value in state.items()}
        weights[member] = torch.cat([own[name].flatten() for name in self._shapes])
        for name in own.keys() & buffers.keys():
            buffers[name][member] = own[name]

    def _named(self, member: int, weights: Tensor, buffers: Batch) -> dict[str, Tensor]:
        parts = torch.split(weights[member].clone(), [shape.numel() for shape in self._shapes.values()])
        own = {name: part.view(shape) for (name, shape), part in zip(self._shapes.items(), parts)}
        return {name: own[name] if name in own else buffers[name][member].clone() for name in self.module.state_dict()}


def lr_factors(modules: Sequence[nn.Module], device: torch.device) -> Tensor | None:
    """Collect what each network makes of its learning rate, (M, P); None where nothing is made of it.

    A layer says so by `lr_factors`: {name of a parameter, as the layer itself names it: factor}. What it leaves out has
    its parent's factor, or 1.

    Raises:
        ValueError: A layer names what is no parameter of it.
    """
    found = [_named_factors(module) for module in modules]
    if all(factor == 1 for factors in found for factor in factors.values()):
        return None
    rows = [
        torch.cat([torch.full((each.numel(),), factors.get(name, 1.0)) for name, each in module.named_parameters()])
        for module, factors in zip(modules, found)
    ]
    return torch.stack(rows).to(device)


def _named_factors(module: nn.Module) -> dict[str, float]:
    """Collect the factors of a network by the full names of its parameters."""
    factors = {}
    for prefix, layer in module.named_modules():
        for name, factor in getattr(layer, "lr_factors", {}).items():
            factors[f"{prefix}.{name}" if prefix else name] = float(factor)
    strange = factors.keys() - dict(module.named_parameters()).keys()
    if strange:
        raise ValueError(f"lr_factors must name parameters, and {min(strange)!r} is none")
    return factors


def _decays(module: nn.Module) -> dict[str, bool]:
    """Say of every parameter whether it decays, by its full name: what has several axes does, if its layer agrees."""
    decays = {name: parameter.dim() > 1 for name, parameter in module.named_parameters()}
    for prefix, layer in module.named_modules():
        for name, does in getattr(layer, "decays", {}).items():
            decays[f"{prefix}.{name}" if prefix else name] = does
    return decays


def _aside(module: nn.Module) -> set[str]:
    """Give the full names of the parameters that layers name as `aside`."""
    owners = [(f"{prefix}." if prefix else "", layer) for prefix, layer in module.named_modules()]
    return {f"{prefix}{name}" for prefix, layer in owners for name in getattr(layer, "aside", ())}


def signature(module: nn.Module) -> tuple[object, ...]:
    """Give what networks must have in common to train together: layers with weights, and the shapes of what they hold.

    Of a layer that holds nothing, such as an activation, it has the place alone.
    """
    layers = tuple(
        (name, None if _is_function(layer) else type(layer).__name__) for name, layer in module.named_modules()
    )
    parameters = tuple((name, tuple(each.shape)) for name, each in module.named_parameters())
    return (*layers, *parameters)


def _is_function(layer: nn.Module) -> bool:
    """Tell whether a layer holds neither weights nor layers."""
    return not layer._parameters and not layer._modules and not layer._buffers


def _functions(module: nn.Module) -> tuple[str, ...]:
    """Name a network's layers that hold nothing."""
    return tuple(str(layer) for layer in module.modules() if _is_function(layer))
