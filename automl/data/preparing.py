"""What may vary in the preparation of the columns: its arguments, importable without any library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

Scaling = Literal["standard", "robust", "quantile"]
Reducing = Literal["none", "svd"]
Reduced = Literal["both", "numeric", "one_hot"]
Redundant = Literal["keep", "drop"]
SCALINGS: tuple[Scaling, ...] = get_args(Scaling)
WORDS = {"reduction": get_args(Reducing), "reduced": get_args(Reduced), "redundant": get_args(Redundant)}
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
        reduction: `svd` puts the directions in which the training rows differ most (a truncated singular value
            decomposition) in the place of the columns of a wide block; `none` leaves the columns.
        reduced: Which blocks that is done to: the scaled numbers, the one-hot columns, each by itself, or one of them.
        components: How many directions: from 1 on so many, rounded; below 1 as many as keep this share of the
            variance. A block that has no more columns stays as it is.
        redundant: `drop` leaves out columns that say again what an earlier one says, and those of one value; `keep`
            keeps them. Training rows decide.
        correlation: From which absolute rank correlation on two numeric columns say the same.

    Raises:
        ValueError: A word is none of these, `one_hot_max` is negative, `resolution` is neither 0 nor from 4 to 512,
            `components` is not above 0 or `correlation` not from 0.5 to 1.

    Examples:
        >>> Preparing(one_hot_max=4).numeric
        'quantile'
        >>> Preparing(numeric="log")
        Traceback (most recent call last):
        ValueError: numeric must be one of standard, robust, quantile, got 'log'
    """

    bounds: ClassVar[dict[str, tuple[float, float]]] = {
        "one_hot_max": (0, 1e9),
        "resolution": (0, MOST_SIDE),
        "components": (0.01, 4096),
        "correlation": (0.5, 1),
    }
    numeric: Scaling = "quantile"
    one_hot_max: int = 10
    resolution: int = 0
    reduction: Reducing = "none"
    reduced: Reduced = "both"
    components: float = 0.95
    redundant: Redundant = "keep"
    correlation: float = 0.99

    def __post_init__(self) -> None:
        if self.numeric not in SCALINGS:
            raise ValueError(f"numeric must be one of {', '.join(SCALINGS)}, got {self.numeric!r}")
        if self.one_hot_max < 0:
            raise ValueError(f"one_hot_max must not be negative, got {self.one_hot_max}")
        if self.resolution and not LEAST_SIDE <= self.resolution <= MOST_SIDE:
            bounds = f"0 or from {LEAST_SIDE} to {MOST_SIDE}"
            raise ValueError(f"resolution must be {bounds}, got {self.resolution}")
        for name, words in WORDS.items():
            if getattr(self, name) not in words:
                raise ValueError(f"{name} must be one of {', '.join(words)}, got {getattr(self, name)!r}")
        for name in ("components", "correlation"):
            low, high = self.bounds[name]
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be from {low:g} to {high:g}, got {getattr(self, name)}")
