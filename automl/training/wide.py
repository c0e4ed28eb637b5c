"""Ordinary modules made wide: they run all members of a stack at once, without the cost of `vmap` for every operation.

The layers that hold weights are exchanged for those here, whose weights have a leading axis. Everything around them
(how layers are joined, activations, dropout) runs as it is on (M, B, ...): it must speak of its last axes alone. What
cannot be made wide runs under `vmap`.

Shapes:
    M members, B rows
    inputs (M, B, ...), weights (M, *shape)
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Protocol, cast

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import Tensor


class Seated(Protocol):
    """A layer whose weights are given to it."""

    own: dict[str, Tensor]


def side_by_side(x: Tensor) -> Tensor:
    """Lay the members' channels beside one another: (M, B, n, ...) -> (B, M * n, ...).

    What `apart` gave is not copied.
    """
    return x.transpose(0, 1).flatten(1, 2)


def apart(x: Tensor, n_members: int) -> Tensor:
    """Undo `side_by_side`: (B, M * n, ...) -> (M, B, n, ...)."""
    return x.view(len(x), n_members, -1, *x.shape[2:]).transpose(0, 1)


class Linear(nn.Module):
    """`nn.Linear` of every member: (M, B, ..., n_in) -> (M, B, ..., n_out)."""

    def __init__(self, _layer: nn.Linear) -> None:
        super().__init__()
        self.own: dict[str, Tensor] = {}

    def forward(self, x: Tensor) -> Tensor:
        """Multiply each member's rows by its own weights."""
        weight, bias = self.own["weight"].transpose(1, 2), self.own.get("bias")
        rows = x.flatten(1, -2)
        out = torch.bmm(rows, weight) if bias is None else torch.baddbmm(bias.unsqueeze(1), rows, weight)
        return out.view(*x.shape[:-1], -1)


class Convolution(nn.Module):
    """`nn.Conv2d` of every member, (M, B, C, H, W) -> (M, B, C', H', W'): one convolution in groups, a member each."""

    def __init__(self, layer: nn.Conv2d) -> None:
        super().__init__()
        if layer.padding_mode != "zeros":
            raise TypeError("a convolution padded with anything but zeros has no wide form")
        self.own: dict[str, Tensor] = {}
        self._stride, self._padding, self._dilation = layer.stride, layer.padding, layer.dilation
        self._groups = layer.groups

    def forward(self, x: Tensor) -> Tensor:
        """Convolve each member's images with its own weights."""
        weight, bias = self.own["weight"], self.own.get("bias")
        # The faster by up to a third, on either kind of device.
        layout = torch.channels_last if x.device.type == "cpu" else torch.contiguous_format
        out = functional.conv2d(
            side_by_side(x).contiguous(memory_format=layout),
            weight.flatten(0, 1),
            None if bias is None else bias.flatten(),
            self._stride,
            self._padding,
            self._dilation,
            groups=len(x) * self._groups,
        )
        return apart(out, len(x))


class BatchNorm(nn.Module):
    """`nn.BatchNorm1d` and `nn.BatchNorm2d` of every member, (M, B, n, ...) -> (M, B, n, ...): by its own rows."""

    def __init__(self, layer: nn.BatchNorm1d | nn.BatchNorm2d) -> None:
        super().__init__()
        if layer.momentum is None or not (layer.affine and layer.track_running_stats):
            raise TypeError("a batch norm without weights, statistics or momentum has no wide form")
        self.own: dict[str, Tensor] = {}
        self._momentum, self._eps = layer.momentum, layer.eps

    def forward(self, x: Tensor) -> Tensor:
        """Normalise, as channels of one norm that has all members' channels."""
        if self.training:
            self.own["num_batches_tracked"].add_(1)
        normal = functional.batch_norm(
            side_by_side(x),
            self.own["running_mean"].view(-1),
            self.own["running_var"].view(-1),
            self.own["weight"].reshape(-1),
            self.own["bias"].reshape(-1),
            training=self.training,
            momentum=self._momentum,
            eps=self._eps,
        )
        return apart(normal, len(x))


class GroupNorm(nn.Module):
    """`nn.GroupNorm` of every member: (M, B, n, ...) -> (M, B, n, ...)."""

    def __init__(self, layer: nn.GroupNorm) -> None:
        super().__init__()
        if not layer.affine:
            raise TypeError("a group norm without weights has no wide form")
        self.own: dict[str, Tensor] = {}
        self._groups, self._eps = layer.num_groups, layer.eps

    def forward(self, x: Tensor) -> Tensor:
        """Normalise, as groups of one norm that has all members' groups."""
        weight, bias = self.own["weight"].reshape(-1), self.own["bias"].reshape(-1)
        normal = functional.group_norm(side_by_side(x), len(x) * self._groups, weight, bias, self._eps)
        return apart(normal, len(x))


class LayerNorm(nn.Module):
    """`nn.LayerNorm` over the last axis of every member: (M, B, ..., n) -> (M, B, ..., n)."""

    def __init__(self, layer: nn.LayerNorm) -> None:
        super().__init__()
        if layer.bias is None or len(layer.normalized_shape) != 1:
            raise TypeError("a layer norm without weights, or over several axes, has no wide form")
        self.own: dict[str, Tensor] = {}
        self._shape, self._eps = layer.normalized_shape, layer.eps

    def forward(self, x: Tensor) -> Tensor:
        """Normalise, then scale and shift by each member's own."""
        axes = (len(self.own["weight"]), *(1,) * (x.dim() - 2), -1)
        normal = functional.layer_norm(x, self._shape, eps=self._eps)
        return torch.addcmul(self.own["bias"].view(axes), normal, self.own["weight"].view(axes))


class Embedding(nn.Module):
    """`nn.Embedding` of every member: codes (M, B, ...) -> (M, B, ..., n)."""

    def __init__(self, layer: nn.Embedding) -> None:
        super().__init__()
        if layer.padding_idx is not None or layer.max_norm is not None:
            raise TypeError("an embedding with padding or a largest norm has no wide form")
        self.own: dict[str, Tensor] = {}

    def forward(self, codes: Tensor) -> Tensor:
        """Look up each member's codes in its own table."""
        tables = self.own["weight"]
        n_members, n_codes, width = tables.shape
        first = torch.arange(n_members, device=codes.device) * n_codes
        shifted = codes + first.view(-1, *(1,) * (codes.dim() - 1))
        return functional.embedding(shifted, tables.reshape(n_members * n_codes, width))


class Declared(nn.Module):
    """A layer that says itself how it runs for all members: it has `wide`, which takes their weights and buffers."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.own: dict[str, Tensor] = {}
        self._wide: Callable[..., Tensor] = layer.wide  # type: ignore[assignment]

    def forward(self, *x: Tensor) -> Tensor:
        """Run each member's rows by its own weights."""
        return self._wide(*x, self.own)


class Mixed(nn.Module):
    """Layers without weights that differ from member to member: each runs on its own members, (M, ...) -> (M, ...).

    Args:
        layers: One a member.
    """

    def __init__(self, layers: Sequence[nn.Module]) -> None:
        super().__init__()
        own: dict[str, list[int]] = {}
        for member, layer in enumerate(layers):
            own.setdefault(str(layer), []).append(member)
        self._layers = [layers[members[0]] for members in own.values()]
        self._sizes = [len(members) for members in own.values()]
        self._order = torch.tensor([member for members in own.values() for member in members])
        self._back = torch.argsort(self._order)

    def forward(self, x: Tensor) -> Tensor:
        """Run every layer on its members, side by side, and put their results back in order."""
        self._order, self._back = self._order.to(x.device), self._back.to(x.device)
        parts = torch.split(x[self._order], self._sizes)
        return torch.cat([layer(part) for layer, part in zip(self._layers, parts)])[self._back]


WIDE: dict[type[nn.Module], Callable[..., nn.Module]] = {
    nn.Linear: Linear,
    nn.Conv2d: Convolution,
    nn.BatchNorm1d: BatchNorm,
    nn.BatchNorm2d: BatchNorm,
    nn.GroupNorm: GroupNorm,
    nn.LayerNorm: LayerNorm,
    nn.Embedding: Embedding,
}


class Wide:
    """A network that runs all members of a stack.

    Args:
        networks: The members' networks, which may differ in layers without weights; what is equal is shared with the
            first one.

    Raises:
        TypeError: A layer with weights is none of those that have a wide form.
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        self._layers: dict[str, Seated] = {}
        self._module = self._widen("", networks)

    def _widen(self, name: str, own: Sequence[nn.Module]) -> nn.Module:
        first = own[0]
        make = WIDE.get(type(first), Declared if hasattr(first, "wide") else None)
        if make is not None:
            layer = make(first)
            self._layers[name] = cast("Seated", layer)
            return layer
        if first._parameters:
            raise TypeError(f"{type(first).__name__} has weights, and no wide form")
        if not first._modules:
            is_equal = hasattr(first, "noise") or len({str(each) for each in own}) == 1
            return first if is_equal else Mixed(own)
        wide = copy.copy(first)
        wide._modules = {
            child: self._widen(f"{name}.{child}" if name else child, [each.get_submodule(child) for each in own])
            for child in first._modules
        }
        return wide

    def seat(self, tensors: Mapping[str, Tensor]) -> None:
        """Take the members' weights and buffers, (M, *shape) each, by the names they have in one network."""
        parts = {full.rpartition("."): tensor for full, tensor in tensors.items()}
        for name, layer in self._layers.items():
            layer.own = {own: tensor for (owner, _, own), tensor in parts.items() if owner == name}

    def train(self, mode: bool) -> None:
        """Switch between training and evaluation."""
        self._module.train(mode)

    def __call__(self, batch: dict[str, Tensor]) -> Tensor:
        """Run all members: {name: (M, B, ...)} -> (M, B, n_outputs)."""
        outputs: Tensor = self._module(batch)
        return outputs


def widened(networks: Sequence[nn.Module]) -> Wide | None:
    """Make networks of equal shape one wide network; None where they have layers that have no wide form."""
    try:
        return Wide(networks)
    except TypeError:
        return None
