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

_LASTING = 3
"""Numbers a parameter that are there all the time: its weight, that of the best epoch, whether it decays."""

_MOVING = 2, 3
"""Numbers a parameter while a step moves it by a rule that keeps nothing: its gradient, as layers have it and as one
row; by a rule that keeps something: its gradient, and two for a moment."""

_FACTORS = 1, 2
"""Numbers a parameter that factors on the learning rate take, all the time, and while weights are moved."""

_AT_ONCE = 2
"""How many of the largest outputs there are beside those that are kept, on the way back and in evaluation."""

_KEEP_OUTPUT = ("sigmoid", "tanh", "relu")
"""Activations whose way back needs their output alone, which the next layer keeps too; others need their input."""

_DROPPED = 1.75
"""Numbers a value that dropout adds: the mask as drawn, half a number, the mask as a factor, and mostly the product."""


@dataclass(frozen=True)
class LayerCost:
    """One layer on paper.

    Args:
        name: Where it stands in the network.
        output: The size of its output for one row.
        parameters: Its trainable numbers.
        multiply_adds: Multiplications with an addition each, for one row forward.
        passes: How often a row goes through it in a prediction; in training it does once.
        kept: Numbers of one row that wait for the way back because of it.
        held: Numbers of one row that are there beside its input and output while it runs, in evaluation.
    """

    name: str
    output: Size
    parameters: int
    multiply_adds: int
    passes: int = 1
    kept: int = 0
    held: int = 0


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
        [LayerCost(name='stem.first', output=(4, 4, 4), parameters=40, multiply_adds=576, passes=1, kept=64, held=0)]
    """

    def __init__(self, size: Size, name: str) -> None:
        self.size = size
        self.passes = 1
        self.held = 0
        self.rows: list[LayerCost] = []
        self._name = name

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """Walk through a module of that name."""
        before, self._name = self._name, f"{self._name}.{name}"
        yield
        self._name = before

    def layer(
        self,
        name: str = "",
        size: Size | None = None,
        *,
        parameters: int = 0,
        multiply_adds: int = 0,
        kept: float = 1.0,
    ) -> None:
        """Pass a layer.

        Args:
            name: Without one it is the part itself.
            size: Of its output for one row; without one it stays what it is.
            parameters: Its trainable numbers.
            multiply_adds: For one row forward.
            kept: Of each number of its output, so many wait for the way back.
        """
        self.size = size or self.size
        full = f"{self._name}.{name}" if name else self._name
        n_kept = round(kept * prod(self.size))
        self.rows.append(LayerCost(full, self.size, parameters, multiply_adds, self.passes, n_kept, self.held))

    def activation(self, name: str, kind: str) -> None:
        """Pass an activation, of which there is one output more to keep where its way back needs its input."""
        self.layer(name, kept=0.0 if kind in _KEEP_OUTPUT else 1.0)

    def dropout(self, name: str, rate: float) -> None:
        """Pass a dropout layer, which keeps nothing where nothing is dropped."""
        self.layer(name, kept=_DROPPED if rate > 0 else 0.0)

    def linear(self, name: str, width: int, *, before: str = "none", has_bias: bool = True) -> None:
        """Pass a linear layer, which has no bias right before a batch norm: in * out + out."""
        weights = self.size[-1] * width
        bias = width if has_bias and before != "batch" else 0
        places = self.size[:-1]
        self.layer(name, (*places, width), parameters=weights + bias, multiply_adds=prod(places) * weights)

    def separate(self, name: str, width: int, *, has_bias: bool = True) -> None:
        """Pass a linear layer for each place of a row, with weights of its own: n * (in * out + out)."""
        n, n_in = self.size
        self.layer(name, (n, width), parameters=n * (n_in + has_bias) * width, multiply_adds=n * n_in * width)

    def scale(self, name: str, *, kept: float = 1.0) -> None:
        """Pass a layer that multiplies each number by a weight of its own, or adds one to it and keeps nothing."""
        self.layer(name, parameters=prod(self.size), kept=kept)

    def norm(self, name: str, kind: str) -> None:
        """Pass a normalisation over features or channels, or over each token's numbers; `none` is no layer.

        Raises:
            ValueError: A group would be a single number, of which nothing would be left.
        """
        if kind == "group" and prod(self.size) == 1:
            raise ValueError(f"{self._name}.{name} would have one channel of one pixel; more width would fit")
        if kind != "none":
            self.layer(name, parameters=2 * self.size[-1 if kind == "layer" else 0])

    def convolution(
        self, name: str, width: int, kernel: int, *, stride: int = 1, groups: int = 1, before: str = "none"
    ) -> None:
        """Pass a convolution padded by kernel // 2: in / groups * kernel^2 * out, and out where it has a bias."""
        channels, *sides = self.size
        out = [pixels_after(side, kernel, stride=stride, padding=kernel // 2) for side in sides]
        weights = channels // groups * kernel**2 * width
        bias = width if before != "batch" else 0
        self.layer(name, (width, *out), parameters=weights + bias, multiply_adds=weights * prod(out))

    def pool(self, name: str, kind: str) -> None:
        """Pass a pool over every 2 x 2 pixels; where each maximum came from is kept, as two numbers.

        Raises:
            ValueError: Less than a pixel would be left.
        """
        channels, *sides = self.size
        out = [pixels_after(side, 2, stride=2, padding=0) for side in sides]
        if min(out) < 1:
            height, width = sides
            where = f"{self._name}.{name}"
            raise ValueError(f"{where} would leave less than a pixel of {height} x {width}; fewer stages would fit")
        self.layer(name, (channels, *out), kept=3.0 if kind == "max" else 1.0)

    def flat(self) -> int:
        """Give how many numbers one row is."""
        return prod(self.size)


def operations(rows: Sequence[LayerCost]) -> int:
    """Say how much arithmetic one row takes forward: multiply-adds, and for small layers one a parameter.

    In a network for tables, where every weight is used once a row, it is the number of parameters.
    """
    return sum(max(row.multiply_adds, row.parameters) for row in rows)


def largest_output(rows: Sequence[LayerCost]) -> int:
    """Say how many numbers the largest output of a layer has for one row."""
    return max(prod(row.output) for row in rows)


def training_bytes(
    rows: Sequence[LayerCost],
    batch_size: int,
    *,
    n_slots: int,
    n_decays: int = 0,
    n_evaluated: int = 0,
    has_factors: bool = False,
) -> int:
    """Predict the most memory that one candidate takes at once in training, beside the data.

    That is when the way back begins and all is kept that it needs, or while weights are moved, or in evaluation.

    Args:
        rows: Its layers.
        batch_size: Rows of a step.
        n_slots: Numbers that the optimizer keeps a parameter: 2 for Adam, 1 for momentum.
        n_decays: Numbers a parameter that decay takes: 1 beside the weights, 2 where it is added to the gradient.
        n_evaluated: Rows that are evaluated at a time.
        has_factors: Whether parameters have factors on the learning rate.
    """
    parameters = sum(row.parameters for row in rows)
    largest = _AT_ONCE * largest_output(rows)
    in_evaluation = max(_AT_ONCE * prod(row.output) + row.held for row in rows)
    lasting = parameters * (_LASTING + n_slots + min(n_decays, 1) + (_FACTORS[0] if has_factors else 0))
    back = batch_size * (sum(row.kept for row in rows) + largest)
    moving = parameters * (_MOVING[1] + max(n_decays - 1, 0) if n_slots else _MOVING[0])
    moving += parameters * (_FACTORS[1] if has_factors else 0)
    return _FLOAT * (lasting + max(back, moving, n_evaluated * in_evaluation))
