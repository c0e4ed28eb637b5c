"""When a parameter takes part in a config: conditions on the values that were decided before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from automl.trial import Config, Scalar


@dataclass(frozen=True)
class Clause:
    """One thing that must hold of an earlier parameter.

    Args:
        name: The earlier parameter's full name.
        values: The values of it that fit; None means any number but 0.

    Examples:
        >>> Clause("family", ("mlp",)).holds({"family": "mlp"})
        True
        >>> Clause("optimizer.sgd.momentum").holds({"optimizer.sgd.momentum": 0.0})
        False
    """

    name: str
    values: tuple[Scalar, ...] | None = None

    def holds(self, config: Config) -> bool:
        """Tell whether `config` fits; a parameter that takes no part in it fits nothing."""
        if self.name not in config:
            return False
        value = config[self.name]
        if self.values is None:
            return is_number(value) and value != 0
        return any(same(value, fitting) for fitting in self.values)

    def excludes(self, other: Clause) -> bool:
        """Tell whether no config can fit both."""
        if self.name != other.name:
            return False
        if self.values is None or other.values is None:
            values = self.values or other.values
            return values is not None and not any(is_number(value) and value != 0 for value in values)
        return not any(same(mine, theirs) for mine in self.values for theirs in other.values)

    def __str__(self) -> str:
        if self.values is None:
            return f"{self.name} is not 0"
        return f"{self.name} is {' or '.join(word(value) for value in self.values)}"


@dataclass(frozen=True)
class Condition:
    """Clauses that must all hold."""

    clauses: tuple[Clause, ...]

    def holds(self, config: Config) -> bool:
        """Tell whether every clause holds of `config`."""
        return all(clause.holds(config) for clause in self.clauses)

    def __str__(self) -> str:
        return " and ".join(map(str, self.clauses))


def is_number(value: object) -> bool:
    """Tell whether a value is a number; `true` and `false` are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def same(one: Scalar, other: Scalar) -> bool:
    """Tell whether two values are the same; `true` is not 1, but 64.0 is 64.

    Examples:
        >>> same(64.0, 64), same(True, 1)
        (True, False)
    """
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def word(value: object) -> str:
    """Write a value as a space file would.

    Examples:
        >>> word(True), word(None), word(0.0001), word("adamw")
        ('true', 'null', '0.0001', 'adamw')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return str(value)


def shown(value: object) -> str:
    """Write a value that came in: words stand in quotes, so that '3' is not taken for 3."""
    return repr(value) if isinstance(value, str) else word(value)
