"""What a space lets vary, as plain rows that a command can print or give as JSON."""

from __future__ import annotations

from typing import TypedDict

from automl.spaces.conditions import word
from automl.spaces.domains import Choice, Domain, Fixed
from automl.spaces.space import Space
from automl.trial import Scalar


class Row(TypedDict):
    """One parameter: its kind is float, int, choice or fixed; range and condition are words for people."""

    name: str
    kind: str
    range: str
    default: Scalar
    condition: str


class Summary(TypedDict):
    """One space: what varies, and the values that do not."""

    name: str
    description: str
    dimensions: int
    varies: list[Row]
    fixed: list[Row]
    starts: int


def describe(space: Space) -> list[Row]:
    """Give one row a parameter, in the order of the space.

    Examples:
        >>> from automl.spaces.space import Float, Parameter
        >>> space = Space("one", "", (Parameter("lr", Float(1e-4, 0.1, default=0.01, log=True)),))
        >>> describe(space)
        [{'name': 'lr', 'kind': 'float', 'range': '0.0001 to 0.1, log', 'default': 0.01, 'condition': ''}]
    """
    return [
        Row(
            name=parameter.name,
            kind=type(parameter.domain).__name__.lower(),
            range=range_text(parameter.domain),
            default=parameter.domain.value if isinstance(parameter.domain, Fixed) else parameter.domain.default,
            condition=str(parameter.when or ""),
        )
        for parameter in space.parameters_flat()
    ]


def summary(space: Space) -> Summary:
    """Give a space at a glance; a choice of one option counts as fixed.

    Examples:
        >>> from automl.spaces.space import Float, Parameter
        >>> summary(Space("one", "", (Parameter("dropout", Float(0.0, 0.5, default=0.1)),)))["dimensions"]
        1
    """
    rows = {row["name"]: row for row in describe(space)}
    flat = space.parameters_flat()
    return Summary(
        name=space.name,
        description=space.description,
        dimensions=space.dimensions,
        varies=[rows[parameter.name] for parameter in flat if parameter.varies],
        fixed=[rows[parameter.name] for parameter in flat if not parameter.varies],
        starts=len(space.starts),
    )


def range_text(domain: Domain) -> str:
    """Write a domain in words.

    Examples:
        >>> from automl.spaces.space import Float
        >>> range_text(Float(1e-4, 0.1, default=0.0, log=True, zero=True))
        '0, or 0.0001 to 0.1, log'
        >>> range_text(Choice((True, False), default=True))
        'true, false'
    """
    if isinstance(domain, Fixed):
        return word(domain.value)
    if isinstance(domain, Choice):
        return ", ".join(map(word, domain.options))
    off = "0, or " if domain.zero else ""
    steps = f", step {word(domain.step)}" if domain.step not in (None, 1) else ""
    scale = ", log" if domain.log else ""
    return f"{off}{word(domain.low)} to {word(domain.high)}{scale}{steps}"
