"""How many configs a space holds, exactly, without listing them."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from automl.spaces.conditions import is_number
from automl.spaces.domains import Choice, Domain, Fixed, Float, Int

if TYPE_CHECKING:
    from automl.spaces.conditions import Clause
    from automl.spaces.domains import Parameter
    from automl.spaces.space import Space
    from automl.trial import Scalar

Classes = list[tuple["Scalar", int]]
"""Values that no condition tells apart: one of them, and how many they are."""

_ANY_OTHER = math.nan
"""Stands for a number that no condition names: it is not 0, and equals nothing."""


def n_configs(space: Space) -> int:
    """Count the configs of the discrete part of a space.

    Options, whole numbers and steps count each; a continuous range counts once, and once more for being off and for
    each value that a condition names. A parameter counts in the configs in which it takes part.

    Examples:
        >>> from automl.spaces.read import read_space_text
        >>> text = "{name: s, space: {a: {choice: {x: {b: {int: [1, 6], default: 1}}, y: }, default: x}}}"
        >>> n_configs(read_space_text(text, "s.yaml"))
        7
    """
    flat = space.parameters_flat()
    asked: dict[str, list[Clause]] = {}
    last: dict[str, int] = {}
    for place, parameter in enumerate(flat):
        for clause in _clauses(parameter):
            asked.setdefault(clause.name, []).append(clause)
            last[clause.name] = place
    classes = {each.name: _classes(each.domain, asked.get(each.name, [])) for each in flat}

    # By what is decided so far and still asked for, as the places of the values in their classes: how many configs.
    counts: Counter[tuple[tuple[str, int], ...]] = Counter({(): 1})
    for place, parameter in enumerate(flat):
        grown: Counter[tuple[tuple[str, int], ...]] = Counter()
        for decided, count in counts.items():
            config = {name: classes[name][index][0] for name, index in decided}
            kept = tuple(each for each in decided if last[each[0]] > place)
            if not all(clause.holds(config) for clause in _clauses(parameter)):
                grown[kept] += count
                continue
            for index, (_, size) in enumerate(classes[parameter.name]):
                ahead = ((parameter.name, index),) if parameter.name in last else ()
                grown[kept + ahead] += count * size
        counts = grown
    return counts.total()


def n_continuous(space: Space) -> int:
    """Count the dimensions that are no part of the discrete one."""
    domains = (parameter.domain for parameter in space.parameters_flat())
    return sum(isinstance(domain, Float) and domain.step is None for domain in domains)


def _clauses(parameter: Parameter) -> tuple[Clause, ...]:
    return parameter.when.clauses if parameter.when else ()


def _classes(domain: Domain, clauses: list[Clause]) -> Classes:
    """Put the values of a domain into classes, as the clauses on it tell them apart."""
    if isinstance(domain, Choice):
        return [(option, 1) for option in domain.options]
    if isinstance(domain, Fixed):
        return [(domain.value, 1)]
    wanted = (
        {0.0, *(value for clause in clauses for value in clause.values or () if is_number(value))} if clauses else ()
    )
    named = [value for value in wanted if _is_inside(domain, value)]
    off: Classes = [(0, 1)] if domain.zero else []
    rest = _size(domain) - (len(named) if _is_discrete(domain) else 0)
    return [*off, *((value, 1) for value in named), *([(_ANY_OTHER, rest)] if rest else [])]


def _is_discrete(domain: Float | Int) -> bool:
    return domain.step is not None


def _is_inside(domain: Float | Int, value: Scalar) -> bool:
    """Tell whether a number is one of the range itself, beside which 0 may stand."""
    if domain.zero and value == 0:
        return False
    try:
        domain.read(value)
    except ValueError:
        return False
    return True


def _size(domain: Float | Int) -> int:
    return 1 if domain.step is None else round((domain.high - domain.low) / domain.step) + 1
