"""How much a search may spend, in trials and in seconds, and the clock that counts the seconds."""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass

from automl.errors import PlanError

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Budget:
    """What a study may spend in all, resumptions included; None is without limit.

    Args:
        trials: How many trials, counted as completed + pruned + failed.
        seconds: How long, from the command's start to its end.
    """

    trials: int | None = None
    seconds: float | None = None


DEFAULT_BUDGET = Budget(trials=30, seconds=150.0)
"""What a search may spend when it is told neither trials nor time."""


def asked_for(trials: int | None, seconds: float | None) -> Budget:
    """Give the budget of these options: where neither is given, the default."""
    return DEFAULT_BUDGET if trials is None and seconds is None else Budget(trials, seconds)


def parse_duration(text: str) -> float:
    """Read a duration such as `90s`, `10m` or `2h`, in seconds.

    Raises:
        PlanError: The text is not a positive number and one of the units s, m, h.

    Examples:
        >>> parse_duration("10m")
        600.0
        >>> parse_duration("soon")
        Traceback (most recent call last):
        automl.errors.PlanError: a duration is a number and a unit such as 90s, 10m or 2h, got 'soon'
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smh])\s*", text)
    if match is None or float(match[1]) <= 0:
        raise PlanError(f"a duration is a number and a unit such as 90s, 10m or 2h, got {text!r}")
    return float(match[1]) * _UNITS[match[2]]


class Clock:
    """Counts the seconds a study has used, earlier sessions included.

    Args:
        seconds: What the search may use before it must leave; None is without limit.
        used: Seconds that earlier sessions used.
        started: The `time.monotonic()` at which this session began; now if None.
    """

    def __init__(self, seconds: float | None, used: float = 0.0, started: float | None = None) -> None:
        self.seconds = seconds
        self._started = (time.monotonic() if started is None else started) - used

    def end_after(self, seconds: float) -> None:
        """Move the end; where there is no limit, there still is none."""
        self.seconds = None if self.seconds is None else seconds

    def ending(self, seconds: float) -> Clock:
        """Give a clock that began with this one and ends after so many seconds; without a limit, if this one is."""
        return Clock(None if self.seconds is None else seconds, started=self._started)

    def to_json(self) -> dict[str, float | None]:
        """Give the arguments of the same clock for another process of this machine."""
        return {"seconds": self.seconds, "used": 0.0, "started": self._started}

    @property
    def elapsed(self) -> float:
        """Seconds used so far, earlier sessions included."""
        return time.monotonic() - self._started

    @property
    def is_over(self) -> bool:
        """Whether the seconds are used up."""
        return self.seconds is not None and self.elapsed >= self.seconds

    @property
    def left(self) -> float:
        """Seconds that are left; infinite where there is no limit."""
        return math.inf if self.seconds is None else self.seconds - self.elapsed

    @property
    def share_left(self) -> float:
        """What share of the seconds is left, from 1 down to 0; 0 where there is no limit."""
        return 0.0 if self.seconds is None else max(0.0, 1.0 - self.elapsed / self.seconds)
