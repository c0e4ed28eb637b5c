"""From a space's domains to Optuna's parameters and back.

A range that may be 0 (off) becomes two parameters: `NAME?`, whether it is on, and `NAME`, its value when it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from automl.spaces.space import Choice, Float, Int, Space

if TYPE_CHECKING:
    from collections.abc import Callable

    import optuna

    from automl.trial import Config, Scalar


def propose(trial: optuna.Trial, space: Space) -> Config:
    """Walk through the space and let the trial suggest every value."""
    return space.walk(lambda name, domain: _suggest(trial, name, domain))


def _suggest(trial: optuna.Trial, name: str, domain: Float | Int | Choice) -> Scalar:
    if isinstance(domain, Choice):
        return trial.suggest_categorical(name, domain.options)
    if domain.zero and not trial.suggest_categorical(f"{name}?", (False, True)):
        return 0
    if isinstance(domain, Int):
        return trial.suggest_int(name, domain.low, domain.high, log=domain.log, step=domain.step)
    return trial.suggest_float(name, domain.low, domain.high, log=domain.log, step=domain.step)


def as_parameters(config: Config, space: Space, belongs: Callable[[str], bool] = lambda name: True) -> dict[str, Any]:
    """Give the values that `propose` would have to be suggested for it to give `config`, or a part of it.

    Args:
        config: A complete config of the space.
        space: The space.
        belongs: Tells of a parameter's name whether it is to be part of it.
    """
    parameters: dict[str, Any] = {}

    def take(name: str, domain: Float | Int | Choice) -> Scalar:
        value = config[name]
        if not isinstance(domain, Choice) and domain.zero:
            parameters[f"{name}?"] = value != 0
        if isinstance(domain, Choice) or not domain.zero or value != 0:
            parameters[name] = value
        return value

    space.walk(take)
    return {name: value for name, value in parameters.items() if belongs(name.removesuffix("?"))}
