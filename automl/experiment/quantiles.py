"""Which quantiles of a number are asked for, as a person writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Iterable


def parse_quantiles(words: Iterable[str]) -> tuple[float, ...]:
    """Read quantiles, and put them in order.

    Raises:
        PlanError: One is no number above 0 and below 1, or comes twice, or there is none.

    Examples:
        >>> parse_quantiles(["0.9", "0.1"])
        (0.1, 0.9)
        >>> parse_quantiles(["10"])
        Traceback (most recent call last):
        automl.errors.PlanError: --quantiles must be numbers above 0 and below 1, each once, such as 0.1,0.5,0.9, got 10
    """
    given = [str(word).strip() for word in words]
    try:
        levels = sorted(float(word) for word in given)
    except ValueError:
        levels = []
    if not levels or len(set(levels)) != len(levels) or not all(0 < level < 1 for level in levels):
        raise PlanError(
            f"--quantiles must be numbers above 0 and below 1, each once, such as 0.1,0.5,0.9, got {','.join(given)}"
        )
    return tuple(levels)
