"""The small parts every family is built from: activations, norms, dropout, and weights drawn from a seed of their own.

Linear, convolution and embedding layers are made without drawing any number; `initialise` then draws all of them from
one generator.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, Protocol, cast

import torch
from torch import nn
from torch.nn import functional

from automl.models.mish import Mish

if TYPE_CHECKING:
    from collections.abc import Callable

    from automl.models.words import Activation, ImageNorm, Initialisation, Norm


class Drawn(Protocol):
    """A layer that draws its own weights, and those of all layers in it."""

    def draw(self, generator: torch.Generator) -> None:
        """Draw them."""


ACTIVATIONS: dict[str, type[nn.Module]] = {
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "mish": Mish,
}

NORMS: dict[str, type[nn.Module]] = {"none": nn.Identity, "batch": nn.BatchNorm1d, "layer": nn.LayerNorm}


class Dropout(nn.Module):
    """Zeroes each value with probability `rate` and scales the others by 1 / (1 - rate).

    The rate is kept in buffers, so that networks stacked along a leading axis each have their own. What is random comes
    from the trainer, which sets `noise` before every step: nothing is drawn from the global random state. Without noise
    the values pass. The rate is exact to 1 / 65536. Where the rate follows a schedule, the trainer also sets `now`, the
    step's threshold and scale; the buffers keep the network's own.

    Source: Srivastava et al., JMLR 2014.

    Shape:
        noise: int16, uniform, of the input's shape
    """

    threshold: torch.Tensor
    scale: torch.Tensor

    def __init__(self, rate: float) -> None:
        super().__init__()
        threshold, scale = self.at(torch.tensor(rate, dtype=torch.float64))
        self.rate = rate
        self.register_buffer("threshold", threshold, persistent=False)
        self.register_buffer("scale", scale, persistent=False)
        self.noise: torch.Tensor | None = None
        self.now: tuple[torch.Tensor, torch.Tensor] | None = None

    @staticmethod
    def at(rates: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Give the thresholds (int16) and scales (float32) of rates (float64), of the same shape."""
        return ((rates * 65536).round() - 32768).to(torch.int16), (1 / (1 - rates)).to(torch.float32)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Drop in training, pass on in evaluation."""
        if not self.training or self.noise is None:
            return x
        threshold, scale = self.now or (self.threshold, self.scale)
        return x * ((self.noise >= threshold) * scale).to(x.dtype)


def activation(name: Activation) -> nn.Module:
    """Make the activation of that name."""
    return ACTIVATIONS[name]()


def norm(name: Norm, width: int) -> nn.Module:
    """Make a normalisation over `width` features; `none` passes on."""
    return nn.Identity() if name == "none" else NORMS[name](width)


def dropout(rate: float) -> nn.Module:
    """Make a dropout layer, also where the rate is 0: networks that differ in their rates alone stack."""
    return Dropout(rate)


def linear(n_in: int, n_out: int, *, before: Norm = "none", has_bias: bool = True) -> nn.Linear:
    """Make a linear layer whose weights are not drawn yet.

    Right before a batch norm it has no bias: the norm would take it out again, and its gradient is rounding noise.
    """
    layer = nn.Linear(n_in, n_out, bias=has_bias and before != "batch", device="meta")
    layer.weight = nn.Parameter(torch.empty(n_out, n_in))  # `nn.utils.skip_init` imports sympy: half a second
    if layer.bias is not None:
        layer.bias = nn.Parameter(torch.empty(n_out))
    return layer


def convolution(
    n_in: int, n_out: int, kernel: int, *, stride: int = 1, groups: int = 1, before: ImageNorm = "none"
) -> nn.Conv2d:
    """Make a convolution whose weights are not drawn yet; with stride 1 and an odd kernel it keeps the image's size.

    Right before a batch norm it has no bias, as in `linear`.
    """
    layer = nn.Conv2d(n_in, n_out, kernel, stride, kernel // 2, groups=groups, bias=before != "batch", device="meta")
    layer.weight = nn.Parameter(torch.empty(layer.weight.shape))
    if layer.bias is not None:
        layer.bias = nn.Parameter(torch.empty(n_out))
    return layer


def image_norm(name: ImageNorm, width: int) -> nn.Module:
    """Make a normalisation over the channels of images; `none` passes on.

    A group norm has up to 8 groups, of 4 channels at least: one channel of one pixel would have nothing left.

    Source: Ioffe & Szegedy 2015; Wu & He, Group Normalization, ECCV 2018.
    """
    if name == "group":
        return nn.GroupNorm(math.gcd(width, 32) // 4 or 1, width)
    return nn.BatchNorm2d(width) if name == "batch" else nn.Identity()


class Pool(nn.Module):
    """The largest or the mean value of every 2 x 2 pixels; a last odd row or column is left out.

    Args:
        name: `max` or `average`.

    Shape:
        (N, C, H, W) -> (N, C, H // 2, W // 2); with an axis of members in front, as many as there are.
    """

    def __init__(self, name: Literal["max", "average"]) -> None:
        super().__init__()
        self.name = name

    def extra_repr(self) -> str:
        """Tell pools apart."""
        return self.name

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pool."""
        pool = functional.max_pool2d if self.name == "max" else functional.avg_pool2d
        if x.dim() == 4:
            return pool(x, 2)
        rows = x.transpose(0, 1)  # Members' channels side by side, as a wide convolution leaves them: no copy.
        out = pool(rows.flatten(1, 2), 2)
        return out.view(*rows.shape[:3], *out.shape[2:]).transpose(0, 1)


def embedding(n_codes: int, width: int) -> nn.Embedding:
    """Make an embedding table whose rows are not drawn yet."""
    return nn.Embedding(n_codes, width, _weight=torch.empty(n_codes, width))


def _lecun(weight: torch.Tensor, generator: torch.Generator) -> None:
    """Draw from N(0, 1 / fan_in) (LeCun et al. 1998, section 4.6)."""
    nn.init.normal_(weight, std=weight[0].numel() ** -0.5, generator=generator)


INITIALISATIONS: dict[str, Callable[[torch.Tensor, torch.Generator], object]] = {
    "glorot": lambda weight, generator: nn.init.xavier_uniform_(weight, generator=generator),
    "he": lambda weight, generator: nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=generator),
    "lecun": _lecun,
    "orthogonal": lambda weight, generator: nn.init.orthogonal_(weight, generator=generator),
}


def initialise(module: nn.Module, scheme: Initialisation, seed: int, *, embedding_deviation: float = 0.1) -> None:
    """Draw every linear, convolution and embedding weight from `seed` alone, in the order of the modules.

    Biases start at 0. A layer that has `draw` draws for itself and for all layers in it.

    Source: Glorot & Bengio 2010; He et al. 2015; LeCun et al. 1998; Saxe et al. 2014.

    Args:
        module: The whole network.
        scheme: How the weights of linear layers and convolutions are drawn.
        seed: Same seed, same weights.
        embedding_deviation: Embeddings are drawn from a normal distribution with this standard deviation.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn: set[nn.Module] = set()
    with torch.no_grad():
        for layer in module.modules():
            if layer in drawn:
                continue
            if hasattr(layer, "draw"):
                cast("Drawn", layer).draw(generator)
                drawn.update(layer.modules())
            elif isinstance(layer, nn.Linear | nn.Conv2d):
                INITIALISATIONS[scheme](layer.weight, generator)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
            elif isinstance(layer, nn.Embedding):
                nn.init.normal_(layer.weight, std=embedding_deviation, generator=generator)
