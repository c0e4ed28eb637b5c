"""What becomes of a number to be predicted before it is standardised: nothing, or its logarithm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from automl.errors import TargetError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Transform = Literal["none", "log", "log1p"]
Asked = Literal["none", "log", "auto"]
ASKED: tuple[Asked, ...] = get_args(Asked)

SKEWED = 1.0
"""A target whose skewness is above this has a long tail."""


def settle_transform(asked: str, numbers: NDArray[np.float64], target: str) -> Transform:
    """Say which transform a target gets: log where it is above 0, log(1 + y) where it is 0 too.

    Args:
        asked: `none`, `log`, or `auto`: the logarithm where the target is nowhere below 0, its skewness is above 1, and
            that of the logarithm is nearer to 0.
        numbers: The training rows' target (N,).
        target: Its name.

    Raises:
        TargetError: The logarithm was asked for, and a value is below 0.

    Examples:
        >>> settle_transform("auto", np.array([1.0, 2.0, 3.0, 100.0]), "price")
        'log'
        >>> settle_transform("auto", np.array([1.0, 2.0, 3.0, 4.0]), "price")
        'none'
        >>> settle_transform("log", np.array([0.0, 2.0, -3.0]), "price")
        Traceback (most recent call last):
        automl.errors.TargetError: --target-transform log needs a target from 0 on, but 'price' is -3 in a training row
    """
    least = float(numbers.min())
    if asked == "none" or (asked == "auto" and least < 0):
        return "none"
    if least < 0:
        raise TargetError(
            f"--target-transform log needs a target from 0 on, but {target!r} is {least:g} in a training row"
        )
    chosen: Transform = "log" if least > 0 else "log1p"
    if asked == "log":
        return chosen
    before, after = skewness(numbers), skewness(forward(chosen, numbers))
    return chosen if before > SKEWED and abs(after) < before else "none"


def skewness(numbers: NDArray[np.float64]) -> float:
    """Give the third standardised moment; 0 of a constant.

    Examples:
        >>> skewness(np.array([1.0, 2.0, 3.0])), round(skewness(np.array([0.0, 0.0, 0.0, 1.0])), 3)
        (0.0, 1.155)
    """
    centred = numbers - numbers.mean()
    spread = float(np.sqrt(np.mean(centred**2)))
    return float(np.mean(centred**3)) / spread**3 if spread > 0 else 0.0


def forward(transform: Transform, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Transform numbers; of those that have no logarithm, minus infinity."""
    if transform == "none":
        return numbers
    with np.errstate(divide="ignore"):
        if transform == "log":
            return np.asarray(np.log(np.maximum(numbers, 0.0)))
        return np.asarray(np.log1p(np.maximum(numbers, -1.0)))


def backward(transform: Transform, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Undo `forward`."""
    if transform == "none":
        return numbers
    return np.asarray(np.exp(numbers) if transform == "log" else np.expm1(numbers))


def described(transform: Transform, target: str) -> str:
    """Say what is learned of a target.

    Examples:
        >>> described("log", "price"), described("log1p", "price")
        ('log(price)', 'log(1 + price)')
    """
    return {"none": target, "log": f"log({target})", "log1p": f"log(1 + {target})"}[transform]
