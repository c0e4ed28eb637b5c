"""The choices in which two configs of a space differ, and the configs that lie between the two."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from automl.spaces.conditions import same
from automl.spaces.domains import Domain, Float, Int, Parameter
from automl.spaces.space import Space
from automl.trial import Config, Scalar


@dataclass(frozen=True)
class Edit:
    """One choice in which a config differs from another, with everything that hangs on it.

    Args:
        name: The parameter, which takes part in both configs.
        before: Its value in the one.
        after: Its value in the other.
        dropped: Parameters with their values that take part in the first config alone, because of it.
        added: Those that take part in the second config alone.
        distance: How far apart the values are, as a share of the range; 1 where they are no two numbers of it.
    """

    name: str
    before: Scalar
    after: Scalar
    dropped: Config = field(default_factory=dict)
    added: Config = field(default_factory=dict)
    distance: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values, without the distance."""
        ends = {"from": self.before, "to": self.after}
        return {"name": self.name, **ends, "dropped": dict(self.dropped), "added": dict(self.added)}


def edits(space: Space, before: Config, after: Config) -> tuple[Edit, ...]:
    """List the choices in which two complete configs differ, in the order of the space.

    A parameter that one of them lacks is no choice of its own: it belongs to the choice for which it is lacking.

    Examples:
        >>> from automl.spaces.read import read_space_text
        >>> text = "{name: s, space: {optimizer: {choice: {sgd: {lr: 0.1}, adam: {lr: 0.01}}, default: sgd}}}"
        >>> space = read_space_text(text, "s.yaml")
        >>> [edit] = edits(space, space.default(), space.complete({"optimizer": "adam"}))
        >>> edit.name, edit.after, edit.added
        ('optimizer', 'adam', {'optimizer.adam.lr': 0.01})
    """
    flat = {parameter.name: parameter for parameter in space.parameters_flat()}
    owners: dict[str, str] = {}
    for name, parameter in flat.items():
        if name in before and name in after:
            if not same(before[name], after[name]):
                owners[name] = name
        elif name in before or name in after:
            owners[name] = owners[_failing(parameter, after if name in before else before)]
    return tuple(
        Edit(
            name,
            before[name],
            after[name],
            dropped={each: before[each] for each, of in owners.items() if of == name and each not in after},
            added={each: after[each] for each, of in owners.items() if of == name and each not in before},
            distance=_distance(flat[name].domain, before[name], after[name]),
        )
        for name, owner in owners.items()
        if name == owner
    )


def between(space: Space, before: Config, after: Config, made: Iterable[Edit]) -> Config:
    """Give the first config with some of the edits made that lead to the second; it is a complete config of the space.

    Args:
        space: The space.
        before: The first config.
        after: The second.
        made: Some of their `edits`; all of them give the second config.
    """
    changed: dict[str, Scalar] = {}
    for edit in made:
        changed |= {edit.name: edit.after, **edit.added}

    def decide(name: str, domain: Any) -> Scalar:
        if name in changed:
            return changed[name]
        value: Scalar = before.get(name, domain.default)
        return value

    return space.walk(decide)


def _failing(parameter: Parameter, config: Config) -> str:
    """Name the outermost parameter for which this one takes no part in the config."""
    clauses = parameter.when.clauses if parameter.when else ()
    return next(clause.name for clause in clauses if not clause.holds(config))


def _distance(domain: Domain, one: Any, other: Any) -> float:
    if not isinstance(domain, Float | Int) or (domain.zero and 0 in (one, other)):
        return 1.0
    place = math.log if domain.log else float
    return abs(place(one) - place(other)) / (place(domain.high) - place(domain.low))
