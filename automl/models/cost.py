"""What a network costs, by arithmetic alone: sizes, parameters, multiply-adds and memory, before any tensor is made.

A family and an encoder each have a `count` that walks over their layers as `forward` runs them, with a `Tally` that
keeps the size of one row so far. It needs no torch.

Shapes:
    (f,) features, or (C, H, W) channels, rows and columns of an image
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Size = tuple[int, ...]

_FLOAT = 4
"""Bytes of a number in training."""

_COPIES = 4
"""Of all parameters: the weights, the gradient of each layer, the gradient as one row, the best epoch's weights."""


@dataclass(frozen=True)
class LayerCost:
    """One layer on paper.

    Args:
        name: Where it stands in the network.
        output: The size of its output for one row.
        parameters: Its trainable numbers.
        multiply_adds: Multiplications with an addition each, for one row forward.
        passes: How often a row goes through it in a prediction; in training it does once.
    """

    name: str
    output: Size
    parameters: int
    multiply_adds: int
    passes: int = 1


def pixels_after(size: int, kernel: int, *, stride: int, padding: int) -> int:
    """Give an image's side after a convolution or a pool (Dumoulin & Visin, arXiv 1603.07285, relationship 6).

    Examples:
        >>> pixels_after(28, kernel=5, stride=1, padding=0)
        24
        >>> pixels_after(7, kernel=2, stride=2, padding=0)
        3
    """
    return (size + 2 * padding - kernel) // stride + 1


class Tally:
    """Walks through a network on paper, a row a layer.

    Args:
        size: The size of one row where the walk begins.
        name: Where the part stands in the network.

    Examples:
        >>> tally = Tally((1, 8, 8), "stem")
        >>> tally.convolution("first", 4, kernel=3, stride=2)
        >>> tally.rows
        [LayerCost(name='stem.first', output=(4, 4, 4), parameters=40, multiply_adds=576, passes=1)]
    """

    def __init__(self, size: Size, name: str) -> None:
        self.size = size
        self.passes = 1
        self.rows: list[LayerCost] = []
        self._name = name

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """Walk through a module of that name."""
        before, self._name = self._name, f"{self._name}.{name}"
        yield
        self._name = before

    def layer(self, name: str = "", size: Size | None = None, *, parameters: int = 0, multiply_adds: int = 0) -> None:
        """Pass a layer; without a size it keeps the one there is, and without a name it is the part itself."""
        self.size = size or self.size
        full = f"{self._name}.{name}" if name else self._name
        self.rows.append(LayerCost(full, self.size, parameters, multiply_adds, self.passes))

    def linear(self, name: str, width: int, *, before: str = "none") -> None:
        """Pass a linear layer, which has no bias right before a batch norm: in * out + out."""
        weights = self.size[-1] * width
        bias = width if before != "batch" else 0
        self.layer(name, (*self.size[:-1], width), parameters=weights + bias, multiply_adds=weights)

    def norm(self, name: str, kind: str) -> None:
        """Pass a normalisation over features or channels; `none` is no layer.

        Raises:
            ValueError: A group would be a single number, of which nothing would be left.
        """
        if kind == "group" and prod(self.size) == 1:
            raise ValueError(f"{self._name}.{name} would have one channel of one pixel; more width would fit")
        if kind != "none":
            self.layer(name, parameters=2 * self.size[0])

    def convolution(
        self, name: str, width: int, kernel: int, *, stride: int = 1, groups: int = 1, before: str = "none"
    ) -> None:
        """Pass a convolution padded by kernel // 2: in / groups * kernel^2 * out, and out where it has a bias."""
        channels, *sides = self.size
        out = [pixels_after(side, kernel, stride=stride, padding=kernel // 2) for side in sides]
        weights = channels // groups * kernel**2 * width
        bias = width if before != "batch" else 0
        self.layer(name, (width, *out), parameters=weights + bias, multiply_adds=weights * prod(out))

    def pool(self, name: str) -> None:
        """Pass a pool over every 2 x 2 pixels.

        Raises:
            ValueError: Less than a pixel would be left.
        """
        channels, *sides = self.size
        out = [pixels_after(side, 2, stride=2, padding=0) for side in sides]
        if min(out) < 1:
            height, width = sides
            where = f"{self._name}.{name}"
            raise ValueError(f"{where} would leave less than a pixel of {height} x {width}; fewer stages would fit")
        self.layer(name, (channels, *out))

    def flat(self) -> int:
        """Give how many numbers one row is."""
        return prod(self.size)


def operations(rows: Sequence[LayerCost]) -> int:
    """Say how much arithmetic one row takes forward: multiply-adds, and for small layers one a parameter.

    In a network for tables, where every weight is used once a row, it is the number of parameters.
    """
    return sum(max(row.multiply_adds, row.parameters) for row in rows)


def training_bytes(rows: Sequence[LayerCost], batch_size: int, n_slots: int) -> int:
    """Predict the memory that one candidate takes in training, beside the data.

    Args:
        rows: Its layers.
        batch_size: Rows of a step, whose activations wait for the way back.
        n_slots: Numbers that the optimizer keeps a parameter: 2 for Adam, 1 for momentum.
    """
    parameters = sum(row.parameters for row in rows)
    activations = batch_size * sum(prod(row.output) for row in rows)
    return _FLOAT * (parameters * (_COPIES + n_slots) + activations)
