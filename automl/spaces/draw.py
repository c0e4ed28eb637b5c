"""Draws a config at random, each parameter for itself."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from automl.spaces.domains import Choice, Float, Int

if TYPE_CHECKING:
    from automl.spaces.space import Space
    from automl.trial import Config, Scalar

_OFF = 0.3
"""How often a range that may be off is."""


def draw(space: Space, seed: int) -> Config:
    """Draw a config; the same seed draws the same.

    Examples:
        >>> from automl.spaces.read import read_space
        >>> space = read_space("tabular")
        >>> draw(space, 0) == draw(space, 0) != draw(space, 1)
        True
    """
    rng = random.Random(seed)
    return space.walk(lambda name, domain: _value(domain, rng))


def _value(domain: Float | Int | Choice, rng: random.Random) -> Scalar:
    if isinstance(domain, Choice):
        return rng.choice(domain.options)
    if domain.zero and rng.random() < _OFF:
        return 0
    if domain.step is not None and not domain.log:
        return domain.low + domain.step * rng.randint(0, round((domain.high - domain.low) / domain.step))
    if not domain.log:
        return rng.uniform(domain.low, domain.high)
    value = math.exp(rng.uniform(math.log(domain.low), math.log(domain.high)))
    inside = min(max(value, domain.low), domain.high)
    return round(inside) if isinstance(domain, Int) else inside
