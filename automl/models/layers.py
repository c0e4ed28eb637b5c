"""The small parts every family is built from: activations, norms, dropout, and weights drawn from a seed of their own.

Linear and embedding layers are made without drawing any number; `initialise` then draws all of them from one generator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable

    from automl.models.words import Activation, Initialisation, Norm

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "mish": nn.Mish,
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


def linear(n_in: int, n_out: int, *, before: Norm = "none") -> nn.Linear:
    """Make a linear layer whose weights are not drawn yet.

    Right before a batch norm it has no bias: the norm would take it out again, and its gradient is rounding noise.
    """
    layer = nn.Linear(n_in, n_out, bias=before != "batch", device="meta")
    layer.weight = nn.Parameter(torch.empty(n_out, n_in))  # `nn.utils.skip_init` imports sympy: half a second
    if layer.bias is not None:
        layer.bias = nn.Parameter(torch.empty(n_out))
    return layer


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


def initialise(module: nn.Module, scheme: Initialisation, seed: int) -> None:
    """Draw every linear and embedding weight from `seed` alone, in the order of the modules; biases start at 0.

    Source: Glorot & Bengio 2010; He et al. 2015; LeCun et al. 1998; Saxe et al. 2014.

    Args:
        module: The whole network.
        scheme: How linear weights are drawn; embeddings are always N(0, 0.1^2).
        seed: Same seed, same weights.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in module.modules():
            if isinstance(layer, nn.Linear):
                INITIALISATIONS[scheme](layer.weight, generator)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
            elif isinstance(layer, nn.Embedding):
                nn.init.normal_(layer.weight, std=0.1, generator=generator)
