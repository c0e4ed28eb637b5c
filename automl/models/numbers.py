"""Encoders that make a vector of every number, and of one-hot columns numbers on the scale of those.

They stand in the place of `automl.models.encoders.Plain` where a family asks for them. What they take from training
rows they are given by `settle`, and keep as buffers, beside the weights.

Shapes:
    B rows, n columns, f frequencies, b bins, d numbers a column
    forward  x (B, n) -> (B, n * d)
    wide     x (M, B, n), with the members' weights and buffers, (M, ...) each
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import torch
from torch import nn

from automl.models.elementwise import FAR, Scale, Separate, Shift, draw_evenly

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

_ENDS = 3.0
"""Numbers lie about between minus this and this, until training rows say where."""
_SMOOTH = 3.0
"""Where scaled one-hot columns are clipped, smoothly, as robust scaling does it with numbers."""


class Waves(nn.Module):
    """Cosines of every number: cos(2 pi w x + b), or cosines and sines of 2 pi w x.

    Args:
        n: Columns.
        frequencies: Cosines a column.
        sigma: The deviation of the frequencies w as they are drawn.
        has_phase: Whether there are phases b, drawn from the whole circle, instead of sines.

    Shape:
        (B, n) -> (B, n, f), or (B, n, 2 f) with sines
    """

    def __init__(self, n: int, frequencies: int, sigma: float, *, has_phase: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n, frequencies))
        self.bias = nn.Parameter(torch.empty(n, frequencies)) if has_phase else None
        self._sigma = sigma

    def draw(self, generator: torch.Generator) -> None:
        """Draw frequencies and phases."""
        nn.init.normal_(self.weight, std=self._sigma, generator=generator)
        if self.bias is not None:
            nn.init.uniform_(self.bias, -math.pi, math.pi, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """Give every number's waves."""
        return _waves(x, self.weight, self.bias)

    def wide(self, x: Tensor, own: Mapping[str, Tensor]) -> Tensor:
        """Give those of each member's rows."""
        return _waves(x, own["weight"].unsqueeze(1), own["bias"].unsqueeze(1) if "bias" in own else None)


def _waves(x: Tensor, frequency: Tensor, phase: Tensor | None) -> Tensor:
    angle = 2 * math.pi * frequency * x.unsqueeze(-1)
    if phase is not None:
        return torch.cos(angle + phase)
    return torch.cat([torch.cos(angle), torch.sin(angle)], dim=-1)


class PBLD(nn.Module):
    """Waves with phases, a linear layer a column, and the number itself: periodic, bias, linear, dense.

    Args:
        n: Columns.
        frequencies: Waves a column.
        size: Numbers a column in the end, the number itself among them.
        sigma: The deviation of the frequencies as they are drawn.
        lr_factor: The learning rate of its weights, as a multiple of the network's.

    Source: Holzmueller et al., NeurIPS 2024, section 3 and appendix A.
    """

    def __init__(self, n: int, frequencies: int, size: int, *, sigma: float, lr_factor: float) -> None:
        super().__init__()
        self.waves = Waves(n, frequencies, sigma, has_phase=True)
        self.linear = Separate(n, frequencies, size - 1)
        self.linear.decays = {"bias": True}  # In RealMLP only the biases of linear layers do not decay.
        self.lr_factors = dict.fromkeys(("waves.weight", "waves.bias", "linear.weight", "linear.bias"), lr_factor)
        self.parts = [size] * n

    def forward(self, x: Tensor) -> Tensor:
        """Embed."""
        return torch.cat([self.linear(self.waves(x)), x.unsqueeze(-1)], dim=-1).flatten(-2)


class Periodic(nn.Module):
    """Cosines and sines, a linear layer a column, and ReLU (`PLR`).

    Args:
        n: Columns.
        frequencies: Cosines a column, and as many sines.
        size: Numbers a column in the end.
        sigma: The deviation of the frequencies as they are drawn.

    Source: Gorishniy, Rubachev & Babenko, On Embeddings for Numerical Features, NeurIPS 2022, section 3.3.
    """

    def __init__(self, n: int, frequencies: int, size: int, *, sigma: float) -> None:
        super().__init__()
        self.waves = Waves(n, frequencies, sigma, has_phase=False)
        self.linear = Separate(n, 2 * frequencies, size)
        self.activation = nn.ReLU()
        self.parts = [size] * n

    def forward(self, x: Tensor) -> Tensor:
        """Embed."""
        return cast("Tensor", self.activation(self.linear(self.waves(x))).flatten(-2))


class Bins(nn.Module):
    """The piecewise-linear encoding: how far each number is through each bin of its column, from 0 to 1.

    Below the first bin and above the last it goes on, as a line. The edges are quantiles of the training rows; where
    several are the same value, the column has fewer bins, and the numbers of those it lacks are 0. The last bin has the
    last place.

    Args:
        n: Columns.
        bins: The most bins of a column, 2 at least.

    Shape:
        (B, n) -> (B, n, b)

    Source: Gorishniy et al., NeurIPS 2022, section 3.1.
    """

    slope: Tensor
    offset: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, n: int, bins: int) -> None:
        super().__init__()
        for name in ("slope", "offset", "low", "high"):
            self.register_buffer(name, torch.zeros(n, bins))
        for column in range(n):
            self._take(column, torch.linspace(-_ENDS, _ENDS, bins + 1))

    def settle(self, rows: Tensor) -> None:
        """Take the edges from training rows (B, n)."""
        n_bins = self.slope.shape[1]
        shares = torch.linspace(0, 1, n_bins + 1, dtype=torch.float64)
        for column, values in enumerate(rows.double().T):
            self._take(column, torch.unique(torch.quantile(values, shares).float()))

    def _take(self, column: int, edges: Tensor) -> None:
        """Take a column's edges, which increase."""
        n_bins, last = len(edges) - 1, self.slope.shape[1] - 1
        for buffer in (self.slope, self.offset, self.low, self.high):
            buffer[column] = 0
        places = [*range(n_bins - 1), last] if n_bins else []
        for place, start, width in zip(places, edges.tolist(), edges.diff().tolist()):
            self.slope[column, place], self.offset[column, place] = 1 / width, -start / width
            self.high[column, place] = 1.0
        if places:
            self.low[column, places[0]], self.high[column, last] = -FAR, FAR

    def forward(self, x: Tensor) -> Tensor:
        """Encode."""
        return _encoded(x, self.slope, self.offset, self.low, self.high)

    def wide(self, x: Tensor, own: Mapping[str, Tensor]) -> Tensor:
        """Encode each member's rows."""
        return _encoded(x, *(own[name].unsqueeze(1) for name in ("slope", "offset", "low", "high")))


def _encoded(x: Tensor, slope: Tensor, offset: Tensor, low: Tensor, high: Tensor) -> Tensor:
    through = torch.addcmul(offset, slope, x.unsqueeze(-1))
    return torch.minimum(torch.maximum(through, low), high)


class Spread(nn.Module):
    """Copies every number so often: (B, n) -> (B, n, d)."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def extra_repr(self) -> str:
        """Tell sizes apart."""
        return str(self.size)

    def forward(self, x: Tensor) -> Tensor:
        """Copy."""
        return x.unsqueeze(-1).expand(*x.shape, self.size)


class PiecewiseLinear(nn.Module):
    """A line a number, and a sum of lines over its bins that begins as 0.

    Args:
        n: Columns.
        bins: The most bins of a column.
        size: Numbers a column in the end.

    Source: Gorishniy et al., NeurIPS 2022, section 3.1, in the form of TabM (Gorishniy, Kotelnikov & Babenko, ICLR
    2025, appendix), without an activation.
    """

    def __init__(self, n: int, bins: int, size: int) -> None:
        super().__init__()
        self.copies, self.line, self.start = Spread(size), Scale(n, size), Shift(n, size)
        self.bins = Bins(n, bins)
        self.linear = Separate(n, bins, size, has_bias=False, begins_as_zero=True)
        self.parts = [size] * n

    def draw(self, generator: torch.Generator) -> None:
        """Draw the lines uniformly between +-1 / sqrt(size)."""
        draw_evenly(self.line.weight.shape[1], generator, self.line.weight, self.start.bias)
        self.linear.draw(generator)

    def forward(self, x: Tensor) -> Tensor:
        """Embed."""
        return cast("Tensor", (self.start(self.line(self.copies(x))) + self.linear(self.bins(x))).flatten(-2))


class Centred(nn.Module):
    """One-hot columns centred, scaled and clipped as numbers are under robust scaling.

    Args:
        n: Columns.

    Source: RealMLP's preprocessing (Holzmueller et al., NeurIPS 2024, section 3), which encodes one-hot first.
    """

    middle: Tensor
    factor: Tensor

    def __init__(self, n: int) -> None:
        super().__init__()
        self.register_buffer("middle", torch.zeros(n))
        self.register_buffer("factor", torch.ones(n))

    def settle(self, rows: Tensor) -> None:
        """Take medians and interquartile ranges from training rows (B, n), or half of whole ranges where they are 0."""
        shares = torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64)
        low, middle, high = torch.stack([torch.quantile(column, shares) for column in rows.double().T], dim=1)
        half = (rows.amax(dim=0) - rows.amin(dim=0)).double() / 2
        spread = torch.where(high > low, high - low, half)
        self.middle.copy_(middle)
        self.factor.copy_(torch.where(spread > 0, 1 / spread, 0.0))

    def forward(self, x: Tensor) -> Tensor:
        """Scale."""
        return _centred(x, self.middle, self.factor)

    def wide(self, x: Tensor, own: Mapping[str, Tensor]) -> Tensor:
        """Scale each member's rows."""
        return _centred(x, own["middle"].unsqueeze(1), own["factor"].unsqueeze(1))


def _centred(x: Tensor, middle: Tensor, factor: Tensor) -> Tensor:
    scaled = (x - middle) * factor
    return scaled / torch.sqrt(1 + (scaled / _SMOOTH).square())
