"""From a flat config to the arguments of preparing, family, optimizer, schedule, training; and a space's lint.

Both need no torch: every room publishes its arguments as plain values.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from automl.data.preparing import Preparing
from automl.errors import SpaceError, unknown
from automl.models.families.registry import FAMILIES
from automl.spaces.space import Choice, Domain, Fixed, Float, Int
from automl.training.arguments import OPTIMIZERS, SCHEDULES, Augmenting, Training

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from automl.models.families.registry import Family
    from automl.spaces.space import Parameter, Space
    from automl.training.arguments import Optimizer, Schedule
    from automl.trial import Config

SECTIONS: dict[str, type[Any]] = {"preparing": Preparing, "augment": Augmenting, "training": Training}
"""The parts of a config that are always there."""

CHOICES: dict[str, Mapping[str, type[Any]]] = {
    "family": FAMILIES,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
}
"""The parts of which there are several kinds, each with arguments of its own."""

DEFAULTS = {"family": "mlp", "optimizer": "adamw", "schedule": "constant"}
"""The kinds that a config has where it names none."""


@dataclass(frozen=True)
class Recipe:
    """Everything a trial is, as the rooms' own arguments."""

    preparing: Preparing
    family: Family
    optimizer: Optimizer
    schedule: Schedule
    augment: Augmenting
    training: Training


def read_recipe(config: Config) -> Recipe:
    """Turn a flat config into arguments; what it leaves out has the arguments' own defaults.

    Raises:
        ValueError: It names a section, a choice or an argument that there is not.

    Examples:
        >>> read_recipe({"family": "mlp", "family.mlp.layers": 2, "training.epochs": 5}).family.layers
        2
    """
    mistakes = [mistake for name in config if (mistake := _unknown_name(name))]
    if mistakes:
        raise ValueError("; ".join(mistakes))
    chosen = {}
    for word, registry in CHOICES.items():
        name = str(config.get(word, DEFAULTS[word]))
        if name not in registry:
            raise ValueError(unknown(word, name, registry))
        chosen[word] = registry[name](**_arguments(config, f"{word}.{name}."))
    sections = {name: kind(**_arguments(config, f"{name}.")) for name, kind in SECTIONS.items()}
    return Recipe(**chosen, **sections)


def _arguments(config: Config, prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): value for name, value in config.items() if name.startswith(prefix)}


def is_shared(name: str) -> bool:
    """Tell whether the trials of a cohort must agree in a parameter: it decides tensors' shapes, or what is computed.

    Examples:
        >>> [is_shared(name) for name in ("family.mlp.width", "preparing.numeric", "training.batch_size")]
        [True, True, True]
        >>> [is_shared(name) for name in ("family.mlp.dropout", "optimizer", "optimizer.adamw.lr", "schedule")]
        [False, False, False, False]
    """
    section, *rest = name.split(".")
    if section == "family" and len(rest) == 2:
        return rest[1] not in FAMILIES[rest[0]].free
    return section in ("family", "preparing") or name == "training.batch_size"


def lint(space: Space, where: str) -> None:
    """Refuse a space that proposes what no room accepts.

    Args:
        space: A sound space.
        where: Its file, as the person named it.

    Raises:
        SpaceError: Unknown names, or values that are no values of theirs; all of them, one a line.
    """
    mistakes = lint_lines(space, where)
    if mistakes:
        raise SpaceError("\n".join(mistakes))


def lint_lines(space: Space, where: str, broken: Iterable[str] = ()) -> list[str]:
    """Say what of a space no room accepts.

    Args:
        space: The sound part of a space.
        where: Its file, as the person named it.
        broken: Names of what is not sound by itself; of these, arguments that there are not are told.

    Returns:
        One line a mistake, with file and name.
    """
    names = (name for name in sorted(broken) if name.count(".") == 2 - (name.partition(".")[0] in SECTIONS))
    found = {name: _unknown_name(name) for name in names}
    for parameter in space.parameters_flat():
        name = parameter.name
        found[name] = _unknown_name(name) or _unfit(name, parameter.domain) or _never_chosen(parameter)
    return [f"{where}: {name}: {mistake}" for name, mistake in found.items() if mistake]


def _unknown_name(name: str) -> str:
    """Say what is unknown about a parameter's name; empty where nothing is."""
    section, *rest = name.split(".")
    if section in SECTIONS and len(rest) == 1:
        return _unknown_argument(SECTIONS[section], rest[0])
    if section in CHOICES and not rest:
        return ""
    if section in CHOICES and len(rest) == 2:
        choice, argument = rest
        if choice not in CHOICES[section]:
            return unknown(section, choice, CHOICES[section])
        return _unknown_argument(CHOICES[section][choice], argument)
    return unknown("parameter", name, [*SECTIONS, *CHOICES])


def _unknown_argument(owner: type[Any], argument: str) -> str:
    known = [field.name for field in fields(owner)]
    return "" if argument in known else unknown("argument", argument, known)


def _unfit(name: str, domain: Domain) -> str:
    """Say what about a domain the owner of the argument would not accept; empty where nothing is."""
    section, *rest = name.split(".")
    if not rest:
        registry = CHOICES[section]
        wrong = [value for value in _values(domain) if value not in registry]
        return unknown(section, wrong[0], registry) if wrong else ""
    owner = SECTIONS[section] if len(rest) == 1 else CHOICES[section][rest[0]]
    accepted = get_type_hints(owner)[rest[-1]]
    bounds = getattr(owner, "bounds", {}).get(rest[-1])
    for value in _values(domain):
        found = _refused(value, accepted) or _outside(value, bounds) or _objection(owner, {rest[-1]: value})
        if found:
            return found
    return ""


def _never_chosen(parameter: Parameter) -> str:
    """Say that an argument stands in no branch of the choice that decides on it; empty where it does."""
    section, *rest = parameter.name.split(".")
    if len(rest) < 2 or rest[0] == DEFAULTS[section]:
        return ""
    if any(clause.name == section for clause in (parameter.when.clauses if parameter.when else ())):
        return ""
    return f"is never reached: where a space has no choice of {section}, it is {DEFAULTS[section]}"


def _values(domain: Domain) -> Iterator[object]:
    """Give the values that a domain stands or falls with: its options, or its ends."""
    if isinstance(domain, Choice):
        yield from domain.options
    elif isinstance(domain, Fixed):
        yield domain.value
    elif isinstance(domain, Float | Int):
        yield from (domain.low, domain.high, *((0 * domain.low,) if domain.zero else ()))


def _refused(value: object, accepted: Any) -> str:
    """Say why an argument of that type does not take the value; empty where it does."""
    if get_origin(accepted) is Literal:
        words = get_args(accepted)
        return "" if value in words else unknown("value", value, words)
    if accepted is float:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        fits = type(value) is accepted
    names = {bool: "true or false", int: "a whole number", float: "a number"}
    return "" if fits else f"must be {names[accepted]}, got {value!r}"


def _outside(value: Any, bounds: tuple[float, float] | None) -> str:
    if bounds is None or bounds[0] <= value <= bounds[1]:
        return ""
    return f"must lie between {bounds[0]:g} and {bounds[1]:g}, got {value!r}"


def _objection(owner: type[Any], arguments: dict[str, object]) -> str:
    """Say what the owner of an argument has against a value; empty where nothing."""
    try:
        owner(**arguments)
    except ValueError as error:
        return str(error)
    return ""
