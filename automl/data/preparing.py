"""What may vary in the preparation of the columns: its arguments, importable without any library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

Scaling = Literal["standard", "robust", "quantile"]
SCALINGS: tuple[Scaling, ...] = get_args(Scaling)
LEAST_SIDE, MOST_SIDE = 4, 512
"""Bounds of the side that images may be resized to."""


@dataclass(frozen=True, kw_only=True)
class Preparing:
    """How raw columns become blocks; a space sets these under `preparing.`.

    Args:
        numeric: How numbers are scaled: `standard` (mean and deviation), `robust` (median and interquartile range,
            then a smooth clip), `quantile` (to a normal distribution, by a table).
        one_hot_max: A category with at most so many values, missing counted as one, becomes one-hot; others get codes
            for an embedding.
        resolution: The side, in pixels, of the square that images are resized to; but no side is made longer than it is
            stored, which would cost time and show nothing more. 0 leaves both sides as they are.

    Raises:
        ValueError: `numeric` is none of these words, `one_hot_max` is negative, or `resolution` is neither 0 nor from
            4 to 512.

    Examples:
        >>> Preparing(one_hot_max=4)
        Preparing(numeric='quantile', one_hot_max=4, resolution=0)
        >>> Preparing(numeric="log")
        Traceback (most recent call last):
        ValueError: numeric must be one of standard, robust, quantile, got 'log'
    """

    bounds: ClassVar[dict[str, tuple[float, float]]] = {"one_hot_max": (0, 1e9), "resolution": (0, MOST_SIDE)}
    numeric: Scaling = "quantile"
    one_hot_max: int = 10
    resolution: int = 0

    def __post_init__(self) -> None:
        if self.numeric not in SCALINGS:
            raise ValueError(f"numeric must be one of {', '.join(SCALINGS)}, got {self.numeric!r}")
        if self.one_hot_max < 0:
            raise ValueError(f"one_hot_max must not be negative, got {self.one_hot_max}")
        if self.resolution and not LEAST_SIDE <= self.resolution <= MOST_SIDE:
            bounds = f"0 or from {LEAST_SIDE} to {MOST_SIDE}"
            raise ValueError(f"resolution must be {bounds}, got {self.resolution}")
