"""Repeated parts of convolutional networks: a convolution with its norm, squeeze-and-excitation, a unit, a head.

Shapes:
    x (N, C, H, W); in a network made wide, with an axis of members in front
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Literal, cast

import torch
from torch import nn

from automl.models.layers import Pool, convolution, dropout, image_norm, linear
from automl.models.layers import activation as make_activation

if TYPE_CHECKING:
    from automl.models.stages import Convolution, Stage, Unit
    from automl.models.words import Activation, ImageHead, ImageNorm


class Convolved(nn.Module):
    """Convolution, norm, and activation where there is one after it."""

    def __init__(self, n_in: int, plan: Convolution, *, activation: Activation, norm: ImageNorm) -> None:
        super().__init__()
        self.convolution = convolution(
            n_in, plan.width, plan.kernel, stride=plan.stride, groups=plan.groups, before=norm
        )
        self.norm = image_norm(norm, plan.width)
        self.activation = make_activation(activation) if plan.is_activated else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Run the layer."""
        return cast("torch.Tensor", self.activation(self.norm(self.convolution(x))))


class Squeeze(nn.Module):
    """Weighs every channel by what all of them are on average over the image.

    Source: Hu et al., Squeeze-and-Excitation Networks, CVPR 2018, section 3.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.narrow = linear(width, hidden)
        self.activation = nn.ReLU()
        self.widen = linear(hidden, width)
        self.gate = nn.Sigmoid()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scale the channels."""
        gates = self.gate(self.widen(self.activation(self.narrow(x.mean((-2, -1))))))
        return cast("torch.Tensor", x * gates[..., None, None])


class Body(nn.Module):
    """The convolutions of a unit one after the other; a residual unit adds its input, projected where sizes differ."""

    def __init__(self, n_in: int, plan: Unit, *, activation: Activation, norm: ImageNorm) -> None:
        super().__init__()
        self.layers = nn.Sequential()
        width = n_in
        for each in plan.convolutions:
            self.layers.append(Convolved(width, each, activation=activation, norm=norm))
            width = each.width
        self.squeeze = Squeeze(width, plan.squeezed) if plan.squeezed else nn.Identity()
        self.adds_input = plan.adds_input
        shortcut = plan.shortcut
        self.shortcut = Convolved(n_in, shortcut, activation=activation, norm=norm) if shortcut else nn.Identity()
        self.activation = make_activation(activation) if plan.adds_input else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Run the unit."""
        out = self.squeeze(self.layers(x))
        return cast("torch.Tensor", self.activation(out + self.shortcut(x)) if self.adds_input else out)


class ChannelDropout(nn.Module):
    """Zeroes whole channels of a row: neighbouring pixels say much the same, and would stand in for one another.

    Source: Tompson et al., Efficient Object Localization Using Convolutional Networks, CVPR 2015, section 3.2.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.dropout = dropout(rate)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Drop in training, pass on in evaluation."""
        kept = self.dropout(x.new_ones(x.shape[:-2]))
        return x if self.dropout.noise is None or not self.training else x * kept[..., None, None]


class Overall(nn.Module):
    """One number a channel: the largest, or the mean, of all its pixels.

    Source: Lin et al., Network In Network, ICLR 2014, section 3.2.

    Shape:
        (N, C, H, W) -> (N, C)
    """

    def __init__(self, name: Literal["max", "average"]) -> None:
        super().__init__()
        self.name = name

    def extra_repr(self) -> str:
        """Tell heads apart."""
        return self.name

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Reduce."""
        return x.amax((-2, -1)) if self.name == "max" else x.mean((-2, -1))


class AddMirrored(nn.Module):
    """In evaluation puts the mirror images of a batch, left to right, behind its images.

    Shape:
        (N, C, H, W) -> (2 N, C, H, W), in training (N, C, H, W)
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Double."""
        return x if self.training else torch.cat([x, x.flip(-1)], dim=-4)


class MeanOfBoth(nn.Module):
    """In evaluation gives the mean of what was found in an image and in its mirror image.

    Shape:
        (2 N, C) -> (N, C), in training (N, C)
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Halve."""
        return x if self.training else x.view(*x.shape[:-2], 2, -1, x.shape[-1]).mean(-3)


def head(name: ImageHead) -> nn.Module:
    """Make what turns channels of pixels into features: all pixels one after the other, or a number a channel."""
    return nn.Flatten(-3) if name == "flatten" else Overall(name)


def stage(n_in: int, plan: Stage, *, activation: Activation, norm: ImageNorm, channel_dropout: float) -> nn.Module:
    """Make a stage: a pool where there is one before it, its units, dropout of channels."""
    parts: dict[str, nn.Module] = {}
    if plan.pool is not None:
        parts["pool"] = Pool(plan.pool)
    for place, unit in enumerate(plan.units, start=1):
        parts[f"unit{place}"] = Body(n_in, unit, activation=activation, norm=norm)
        n_in = unit.width
    return named({**parts, "drop": ChannelDropout(channel_dropout)})


def named(parts: dict[str, nn.Module]) -> nn.Sequential:
    """Make a sequence of modules that have names."""
    return nn.Sequential(OrderedDict(parts))
