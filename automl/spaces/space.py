"""A search space: parameters with their ranges, choices that open branches, and the one way to walk through them.

A config is flat: `{"optimizer": "adamw", "optimizer.adamw.lr": 0.001}` holds, in the order of the space, the parameters
that are active, that is, whose branch was chosen and whose condition holds. What is written here is taken to be sound;
`automl.spaces.read` is where mistakes in a file are found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from automl.errors import SpaceError, unknown
from automl.spaces.conditions import Clause, Condition, word
from automl.spaces.domains import Choice, Domain, Fixed, Float, Int, Parameter
from automl.trial import Config, Scalar

__all__ = ["Choice", "Condition", "Domain", "Fixed", "Float", "Int", "Parameter", "Space", "Suggest"]


Suggest = Callable[[str, Float | Int | Choice], Scalar]
"""Given a parameter's name and domain, decides its value."""


@dataclass(frozen=True)
class Space:
    """What a search may try.

    Args:
        name: A short name.
        description: One line.
        parameters: In order, each choice holding the parameters of its branches.
        starts: Known-good configs to try before the search proposes its own.
        first: Complete configs that a person wants tried before those, right after the default and in this order.

    Examples:
        >>> space = Space("small", "", (Parameter("width", Int(8, 64, default=16)),))
        >>> space.default()
        {'width': 16}
        >>> space.complete({"widht": 8})
        Traceback (most recent call last):
        automl.errors.SpaceError: unknown parameter 'widht'; did you mean 'width'? Known: width
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    starts: tuple[Config, ...] = ()
    first: tuple[Config, ...] = ()

    @property
    def dimensions(self) -> int:
        """How many parameters can vary, those of every branch counted."""
        return sum(parameter.varies for parameter in self.parameters_flat())

    def parameters_flat(self) -> tuple[Parameter, ...]:
        """List every parameter in order, branches opened; `when` then also names the branch it stands in."""
        return _flat(self.parameters, ())

    def walk(self, suggest: Suggest) -> Config:
        """Visit the active parameters in order and let `suggest` decide each one that is not fixed.

        Raises:
            ValueError: `suggest` gave a value outside the domain it was asked about.
        """
        config: dict[str, Scalar] = {}
        _visit(self.parameters, suggest, config)
        return config

    def default(self) -> Config:
        """Give the config of all defaults."""
        return self.walk(lambda name, domain: domain.default)

    def complete(self, partial: Config) -> Config:
        """Fill a partial config with defaults.

        Raises:
            SpaceError: It names a parameter that is unknown or not active, or gives a value outside its domain; all
                such mistakes are told, one a line.
        """
        mistakes = self.check(partial)
        if mistakes:
            raise SpaceError("\n".join(mistakes.values()))
        return self.walk(lambda name, domain: partial.get(name, domain.default))

    def check(self, partial: Config) -> dict[str, str]:
        """Say of each name in a partial config what is wrong with it; empty where nothing is."""
        flat = {parameter.name: parameter for parameter in self.parameters_flat()}
        mistakes = {name: _mistake(name, value, flat) for name, value in partial.items()}
        sound = {name: value for name, value in partial.items() if not mistakes[name]}
        config = self.walk(lambda name, domain: sound.get(name, domain.default))
        for name in sound.keys() - config.keys():
            clause = _failing(flat[name], config)
            # What hangs on a wrong value is not itself wrong.
            if not mistakes.get(clause.name):
                came = word(config[clause.name]) if clause.name in config else "not active itself"
                mistakes[name] = f"{name}: is active only when {clause}, and it is {came}"
        return {name: mistake for name, mistake in mistakes.items() if mistake}


def _mistake(name: str, value: object, flat: Mapping[str, Parameter]) -> str:
    """Say what is wrong with a value by itself; empty where nothing is."""
    if name not in flat:
        return unknown("parameter", name, _near(name, flat))
    try:
        flat[name].domain.read(value)
    except ValueError as error:
        return f"{name}: {error}"
    return ""


def _flat(parameters: tuple[Parameter, ...], around: tuple[Clause, ...]) -> tuple[Parameter, ...]:
    found: list[Parameter] = []
    for parameter in parameters:
        clauses = around + (parameter.when.clauses if parameter.when else ())
        found.append(replace(parameter, when=Condition(clauses) if clauses else None))
        if isinstance(parameter.domain, Choice):
            for option, branch in parameter.domain.branches.items():
                found.extend(_flat(branch, (*clauses, Clause(parameter.name, (option,)))))
    return tuple(found)


def _visit(parameters: tuple[Parameter, ...], suggest: Suggest, config: dict[str, Scalar]) -> None:
    for parameter in parameters:
        if parameter.when is not None and not parameter.when.holds(config):
            continue
        name, domain = parameter.name, parameter.domain
        if isinstance(domain, Fixed):
            config[name] = domain.value
            continue
        try:
            config[name] = domain.read(suggest(name, domain))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
        if isinstance(domain, Choice):
            _visit(domain.branches.get(config[name], ()), suggest, config)


def _failing(parameter: Parameter, config: Config) -> Clause:
    """Give the outermost clause that keeps a parameter from being active."""
    clauses = parameter.when.clauses if parameter.when else ()
    return next(clause for clause in clauses if not clause.holds(config))


def _near(name: str, names: Mapping[str, object]) -> list[str]:
    """Give the names of the innermost section that exists of the one `name` seems to lie in."""
    parts = name.split(".")[:-1]
    while parts:
        section = [known for known in names if known.startswith(".".join(parts) + ".")]
        if section:
            return section
        parts.pop()
    return list(names)
