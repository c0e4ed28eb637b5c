"""What may vary in the preparation of the columns: its arguments, importable without any library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

Scaling = Literal["standard", "robust", "quantile", "log"]
Reducing = Literal["none", "svd"]
Reduced = Literal["both", "numeric", "one_hot"]
Redundant = Literal["keep", "drop"]
Frequency = Literal["none", "log"]
SCALINGS: tuple[Scaling, ...] = get_args(Scaling)
WORDS = {
    "numeric": SCALINGS,
    "reduction": get_args(Reducing),
    "reduced": get_args(Reduced),
    "redundant": get_args(Redundant),
    "frequency": get_args(Frequency),
}
LEAST_SIDE, MOST_SIDE = 4, 512
"""Bounds of the side that images may be resized to."""


@dataclass(frozen=True, kw_only=True)
class Preparing:
    """How raw columns become blocks; a space sets these under `preparing.`.

    Args:
        numeric: How numbers are scaled: `standard` (mean and deviation), `robust` (median and interquartile range,
            then a smooth clip), `quantile` (to a normal distribution, by a table), `log` (as `standard`, but of skewed
            columns the logarithm of their size, with its sign).
        one_hot_max: A category with at most so many values, missing counted as one, becomes one-hot; others get codes
            for an embedding.
        rare: Values of a category that fewer training rows have are one value, together with those that no training row
            has. 0 keeps them apart.
        frequency: `log` adds a number for each category: the logarithm of how many training rows have its value,
            standardised; `none` adds nothing. The target has no part in it.
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
        ValueError: A word is none of these, `one_hot_max` or `rare` is negative, `resolution` is neither 0 nor from 4
            to 512, `components` is not above 0 or `correlation` not from 0.5 to 1.

    Examples:
        >>> Preparing(one_hot_max=4).numeric
        'quantile'
        >>> Preparing(numeric="rank")
        Traceback (most recent call last):
        ValueError: numeric must be one of standard, robust, quantile, log, got 'rank'
    """

    bounds: ClassVar[dict[str, tuple[float, float]]] = {
        "one_hot_max": (0, 1e9),
        "rare": (0, 1e9),
        "resolution": (0, MOST_SIDE),
        "components": (0.01, 4096),
        "correlation": (0.5, 1),
    }
    numeric: Scaling = "quantile"
    one_hot_max: int = 10
    rare: int = 0
    frequency: Frequency = "none"
    resolution: int = 0
    reduction: Reducing = "none"
    reduced: Reduced = "both"
    components: float = 0.95
    redundant: Redundant = "keep"
    correlation: float = 0.99

    def __post_init__(self) -> None:
        for name in ("one_hot_max", "rare"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}")
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
