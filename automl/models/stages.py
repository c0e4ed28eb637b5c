"""A convolutional network on paper: what its stages are made of, known without torch, for building and for counting."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Convolution(NamedTuple):
    """One convolution on paper, padded so that with stride 1 the size stays."""

    width: int
    kernel: int
    stride: int = 1
    groups: int = 1
    is_activated: bool = True


class Unit(NamedTuple):
    """Convolutions one after the other; squeezed to so many numbers, added to the input, where those are set."""

    convolutions: tuple[Convolution, ...]
    squeezed: int
    adds_input: bool
    shortcut: Convolution | None

    @property
    def width(self) -> int:
        """How many channels come out."""
        return self.convolutions[-1].width


class Stage(NamedTuple):
    """Units at one resolution, after a pool where there is one."""

    pool: Literal["max", "average"] | None
    units: tuple[Unit, ...]
