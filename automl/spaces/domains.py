"""What a parameter may be: a range of numbers, a choice that opens branches, or a fixed value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from automl.errors import unknown
from automl.spaces.conditions import Condition, same, shown, word
from automl.trial import Scalar


@dataclass(frozen=True)
class Float:
    """Real numbers from `low` to `high`, both included.

    Args:
        low: The least value.
        high: The greatest value.
        default: The value a person would start with.
        log: Whether ratios count rather than differences.
        step: The distance between allowed values, or None for all of them.
        zero: Whether 0 (off) is allowed beside the range.

    Examples:
        >>> Float(1e-4, 0.1, default=0.0, log=True, zero=True).read(0)
        0.0
        >>> Float(0.0, 1.0, default=0.5).read(2)
        Traceback (most recent call last):
        ValueError: must be between 0 and 1, got 2
    """

    low: float
    high: float
    default: float
    log: bool = False
    step: float | None = None
    zero: bool = False

    def read(self, value: object) -> float:
        """Give the value as this range holds it.

        Raises:
            ValueError: It is no number, or outside the range.
        """
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise ValueError(f"must be a number, got {shown(value)}")
        if self.zero and value == 0:
            return 0.0
        inside = _clip(value, self.low, self.high)
        if inside is None or (self.step is not None and not on_grid(inside - self.low, self.step)):
            raise ValueError(f"must be {_bounds(self)}, got {shown(value)}")
        return float(inside)


@dataclass(frozen=True)
class Int:
    """Whole numbers from `low` to `high`, both included; the arguments mean what they mean for `Float`.

    Examples:
        >>> Int(1, 6, default=3).read(4.0)
        4
        >>> Int(1, 6, default=3).read(2.5)
        Traceback (most recent call last):
        ValueError: must be a whole number, got 2.5
    """

    low: int
    high: int
    default: int
    log: bool = False
    step: int = 1
    zero: bool = False

    def read(self, value: object) -> int:
        """Give the value as this range holds it.

        Raises:
            ValueError: It is no whole number, or outside the range.
        """
        whole = whole_number(value)
        if whole is None:
            raise ValueError(f"must be a whole number, got {shown(value)}")
        if self.zero and whole == 0:
            return 0
        if not self.low <= whole <= self.high or (whole - self.low) % self.step:
            raise ValueError(f"must be {_bounds(self)}, got {shown(value)}")
        return whole


@dataclass(frozen=True)
class Choice:
    """One of several options, each of which may open a branch of further parameters.

    Args:
        options: The options, at least one.
        default: The option a person would start with.
        branches: The parameters an option opens; options without any may be left out.

    Examples:
        >>> Choice(("relu", "gelu"), default="relu").read("gelu")
        'gelu'
        >>> Choice(("relu", "gelu"), default="relu").read("gleu")
        Traceback (most recent call last):
        ValueError: unknown option 'gleu'; did you mean 'gelu'? Known: relu, gelu
    """

    options: tuple[Scalar, ...]
    default: Scalar
    branches: Mapping[Scalar, tuple[Parameter, ...]] = field(default_factory=dict, hash=False)

    def read(self, value: object) -> Scalar:
        """Give the option that is meant.

        Raises:
            ValueError: It is none of the options.
        """
        if isinstance(value, Scalar):
            for option in self.options:
                if same(value, option):
                    return option
        raise ValueError(unknown("option", _plain(value), map(word, self.options)))


@dataclass(frozen=True)
class Fixed:
    """A value that does not vary."""

    value: Scalar

    def read(self, value: object) -> Scalar:
        """Give the value, which must be the fixed one.

        Raises:
            ValueError: It is another.
        """
        if isinstance(value, Scalar) and same(value, self.value):
            return self.value
        raise ValueError(f"is fixed at {word(self.value)}, got {shown(value)}")


Domain = Float | Int | Choice | Fixed


@dataclass(frozen=True)
class Parameter:
    """A named domain.

    Args:
        name: The full dotted name.
        domain: The values it may have.
        when: What must hold of earlier values for it to be active, beside its branch; None means nothing.
    """

    name: str
    domain: Domain
    when: Condition | None = None

    @property
    def varies(self) -> bool:
        """Whether there is more than one value to choose from."""
        if isinstance(self.domain, Choice):
            return len(self.domain.options) > 1
        return not isinstance(self.domain, Fixed)


def whole_number(value: object) -> int | None:
    """Give a whole number as an int, 1e3 included; None where it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, float) and value.is_integer() else None


def on_grid(distance: float, step: float) -> bool:
    """Tell whether a distance is a whole number of steps, up to rounding."""
    return math.isclose(distance / step, round(distance / step), rel_tol=1e-9, abs_tol=1e-9)


def _clip(value: float, low: float, high: float) -> float | None:
    """Give the value if it lies in the range; exp(log(low)) may miss low by a rounding, which is then low."""
    if low <= value <= high:
        return value
    for bound in (low, high):
        slack = 1e-9 * abs(bound)
        if bound - slack <= value <= bound + slack:
            return bound
    return None


def _bounds(domain: Float | Int) -> str:
    off = "0 or " if domain.zero else ""
    steps = f" in steps of {word(domain.step)}" if domain.step not in (None, 1) else ""
    return f"{off}between {word(domain.low)} and {word(domain.high)}{steps}"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else word(value)
