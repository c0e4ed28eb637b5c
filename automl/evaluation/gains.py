"""Whether a gain is more than another seed would have made of it, and how many steps of a path carry the whole gain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131)
"""The 97.5 % quantile of Student's t, from one degree of freedom on; two configs with three seeds each have four."""
_Z = 1.95996
"""The same quantile of the normal distribution, which Student's comes close to."""

_MOST_NAMED = 3
_CARRIES = 0.75
"""The first steps carry a gain where they bring so much of it."""


@dataclass(frozen=True)
class Noise:
    """How much scores differ that differ in nothing but the seed.

    Args:
        deviation: The standard deviation of one training's score.
        freedom: On how many degrees of freedom it rests.
    """

    deviation: float
    freedom: int

    def margin(self, n_before: int, n_after: int) -> float:
        """Say what the difference of two means must exceed to be beyond noise, at 95 %.

        Args:
            n_before: Over how many seeds the one is the mean.
            n_after: Over how many the other is.
        """
        first, second = (_Z**3 + _Z) / 4, (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / 96
        of_many = _Z + first / self.freedom + second / self.freedom**2  # Cornish and Fisher 1938
        t = _T[self.freedom - 1] if self.freedom <= len(_T) else of_many
        return t * self.deviation * math.sqrt(1 / n_before + 1 / n_after)


def seed_noise(*repeats: Sequence[float], least: float = 0.0) -> Noise | None:
    """Pool what the seed did to several configs; None where none was trained with two seeds.

    Args:
        repeats: The scores of each config, one a seed.
        least: The least standard deviation there can be: that of rounding, where scores come in steps.

    Examples:
        >>> noise = seed_noise([0.80, 0.82, 0.84], [0.9, 0.9, 0.9])
        >>> round(noise.deviation, 4), noise.freedom, round(noise.margin(3, 3), 4)
        (0.0141, 4, 0.0321)
    """
    freedom = sum(max(len(scores) - 1, 0) for scores in repeats)
    if not freedom:
        return None
    squares = sum((score - fmean(scores)) ** 2 for scores in repeats if scores for score in scores)
    return Noise(max(math.sqrt(squares / freedom), least), freedom)


def rounding(metric: str, n_rows: int) -> float:
    """Give the standard deviation that a score has by being a count of rows; 0 for other metrics.

    Examples:
        >>> round(rounding("accuracy", 200), 5), rounding("rmse", 200)
        (0.00144, 0.0)
    """
    return 1 / n_rows / math.sqrt(12) if metric in ("accuracy", "balanced_accuracy", "f1") else 0.0


def front(gains: Sequence[float]) -> int:
    """Say how many first steps carry the gain of a whole path, at most three of them.

    They are as few as bring three quarters of it; where three do not, those that bring most.

    Args:
        gains: What was gained after each step, all steps before it included; the last is the whole gain, above 0.

    Examples:
        >>> front([0.01, 0.08, 0.09, 0.1]), front([0.01, 0.03, 0.02, 0.02, 0.1])
        (2, 2)
    """
    able = range(1, min(_MOST_NAMED, len(gains)) + 1)
    enough = (steps for steps in able if gains[steps - 1] >= _CARRIES * gains[-1])
    return next(enough, max(able, key=lambda steps: gains[steps - 1]))
