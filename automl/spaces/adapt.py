"""A config of another space made one of this space, as far as it can be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from automl.spaces.conditions import same, shown, word
from automl.spaces.domains import Domain, Float, Int
from automl.spaces.space import Space
from automl.trial import Config, Scalar


@dataclass(frozen=True)
class Adapted:
    """What became of a config of another space.

    Args:
        config: A complete config of this space; None where too little of the other one would be left.
        changes: What was changed, or why there is no config, each as words.
    """

    config: Config | None
    changes: tuple[str, ...]


def adapt(config: Config, space: Space) -> Adapted:
    """Make a config one of a space.

    A number outside its range becomes the nearest one in it; what the space does not know, or cannot be, is left to the
    space's default. But where an option that brings parameters of its own is none of the space, such as a family of
    networks, there is no such config.

    Args:
        config: A complete config of another space, flat.
        space: The space.

    Examples:
        >>> from automl.spaces.read import read_space
        >>> space = read_space("tabular_small")
        >>> adapt({**space.default(), "family.mlp.width": 512}, space).changes
        ('family.mlp.width is 64 instead of 512',)
        >>> adapt({"family": "cnn", "family.cnn.width": 8}, space).changes
        ("its family is 'cnn', which this space does not have",)
    """
    domains = {parameter.name: parameter.domain for parameter in space.parameters_flat()}
    missing = [name for name in config if name in domains and _is_missing(name, config, domains[name])]
    if missing:
        sentence = "its {} is {}, which this space does not have"
        return Adapted(None, tuple(sentence.format(name, shown(config[name])) for name in missing))
    kept = {name: near for name, value in config.items() if name in domains for near in _near(domains[name], value)}
    while wrong := space.check(kept):
        kept = {name: value for name, value in kept.items() if name not in wrong}
    full = space.complete(kept)
    return Adapted(full, tuple(_changes(config, full)))


def _is_missing(name: str, config: Config, domain: Domain) -> bool:
    """Tell whether a value is an option with parameters of its own that the space does not have."""
    has_branch = any(other.startswith(f"{name}.{word(config[name])}.") for other in config)
    return has_branch and not _near(domain, config[name])


def _near(domain: Domain, value: Scalar) -> list[Scalar]:
    """Give the value of the domain that is nearest, if there is one."""
    try:
        return [domain.read(value)]
    except ValueError:
        if isinstance(domain, Float | Int) and isinstance(value, int | float) and not isinstance(value, bool):
            return [_clipped(domain, value)]
        return []


def _clipped(domain: Float | Int, value: float) -> float:
    inside = min(max(value, domain.low), domain.high)
    if domain.step is not None:
        most = int((domain.high - domain.low) / domain.step + 1e-9)
        inside = domain.low + min(round((inside - domain.low) / domain.step), most) * domain.step
    return domain.read(inside)


def _changes(before: Config, after: Config) -> Iterator[str]:
    for name, value in before.items():
        if name not in after:
            yield f"without {name}, which was {shown(value)}"
        elif not same(after[name], value):
            yield f"{name} is {shown(after[name])} instead of {shown(value)}"
