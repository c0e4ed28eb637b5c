"""In what two spaces differ, parameter by parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

from automl.spaces.conditions import word
from automl.spaces.describe import Row, describe

if TYPE_CHECKING:
    from automl.spaces.space import Space
    from automl.trial import Config


class Difference(TypedDict):
    """One parameter: in one space alone, or with another range, default or condition; in words, None for absent."""

    name: str
    what: Literal["only in A", "only in B", "range", "default", "condition"]
    a: str | None
    b: str | None


class Starts(TypedDict):
    """The known-good configs that only one of the spaces has, each as what it changes of the default."""

    only_a: list[Config]
    only_b: list[Config]


def differences(a: Space, b: Space) -> list[Difference]:
    """List the differences, in the order of the first space, then what only the second has.

    Examples:
        >>> from automl.spaces.read import read_space_text
        >>> text = "{name: s, space: {depth: {int: [1, HIGH], default: 2}}}"
        >>> a, b = (read_space_text(text.replace("HIGH", high), "s.yaml") for high in "69")
        >>> differences(a, b)
        [{'name': 'depth', 'what': 'range', 'a': 'int 1 to 6', 'b': 'int 1 to 9'}]
    """
    ones, others = ({row["name"]: row for row in describe(space)} for space in (a, b))
    found: list[Difference] = []
    for name in [*ones, *(name for name in others if name not in ones)]:
        if name not in others:
            found.append({"name": name, "what": "only in A", "a": _range(ones[name]), "b": None})
        elif name not in ones:
            found.append({"name": name, "what": "only in B", "a": None, "b": _range(others[name])})
        else:
            found.extend(_changes(ones[name], others[name]))
    return found


def different_starts(a: Space, b: Space) -> Starts:
    """Give the known-good configs that only one of the spaces has."""
    ones, others = _starts(a), _starts(b)
    return {
        "only_a": [start for start in ones if start not in others],
        "only_b": [start for start in others if start not in ones],
    }


def _starts(space: Space) -> list[Config]:
    default = space.default()
    return [{name: value for name, value in start.items() if default.get(name) != value} for start in space.starts]


def _changes(one: Row, other: Row) -> list[Difference]:
    found: list[Difference] = []
    if _range(one) != _range(other):
        found.append({"name": one["name"], "what": "range", "a": _range(one), "b": _range(other)})
    defaults = word(one["default"]), word(other["default"])
    if defaults[0] != defaults[1] and "fixed" not in (one["kind"], other["kind"]):
        found.append({"name": one["name"], "what": "default", "a": defaults[0], "b": defaults[1]})
    if one["condition"] != other["condition"]:
        conditions = one["condition"] or "always", other["condition"] or "always"
        found.append({"name": one["name"], "what": "condition", "a": conditions[0], "b": conditions[1]})
    return found


def _range(row: Row) -> str:
    return f"{row['kind']} {row['range']}"
