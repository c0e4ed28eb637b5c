"""From a space's domains to Optuna's parameters and back.

A range that may be 0 (off) becomes two parameters: `NAME?`, whether it is on, and `NAME`, its value when it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from automl.spaces.space import Choice, Fixed, Float, Int, Parameter, Space
from automl.study.parzen import axis

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    import optuna
    from optuna.distributions import BaseDistribution

    from automl.trial import Config, Scalar

    Decide = Callable[[str, BaseDistribution], Any]
    Proposal = tuple[Config, dict[str, Any], dict[str, BaseDistribution]]

_ON_OR_OFF = CategoricalDistribution((False, True))


def walk(space: Space, decide: Decide) -> Config:
    """Walk through the space and let `decide` give every parameter's value."""
    return space.walk(lambda name, domain: _decide(decide, name, domain))


def all_parameters(space: Space) -> dict[str, BaseDistribution]:
    """Give every parameter of Optuna's that may be asked for, in the order of the space."""
    return _distributions(space.parameters_flat())


def shared_parameters(space: Space) -> dict[str, BaseDistribution]:
    """Give the parameters of Optuna's that every config has and that can vary, in the order of the space."""
    always = [parameter for parameter in space.parameters_flat() if parameter.when is None]
    found = _distributions(always)
    sometimes = {parameter.name for parameter in always if f"{parameter.name}?" in found}
    return {name: each for name, each in found.items() if name not in sometimes and not each.single()}


def _distributions(parameters: Sequence[Parameter]) -> dict[str, BaseDistribution]:
    found: dict[str, BaseDistribution] = {}
    for parameter in parameters:
        domain = parameter.domain
        if isinstance(domain, Fixed):
            continue
        if not isinstance(domain, Choice) and domain.zero:
            found[f"{parameter.name}?"] = _ON_OR_OFF
        found[parameter.name] = _distribution(domain)
    return found


def _decide(decide: Decide, name: str, domain: Float | Int | Choice) -> Scalar:
    if not isinstance(domain, Choice) and domain.zero and not decide(f"{name}?", _ON_OR_OFF):
        return 0
    value: Scalar = decide(name, _distribution(domain))
    return value


def _distribution(domain: Float | Int | Choice) -> BaseDistribution:
    if isinstance(domain, Choice):
        return CategoricalDistribution(domain.options)
    if isinstance(domain, Int):
        return IntDistribution(domain.low, domain.high, log=domain.log, step=domain.step)
    return FloatDistribution(domain.low, domain.high, log=domain.log, step=domain.step)


def propose(study: optuna.Study, number: int, space: Space, given: Mapping[str, Any], draw: int = 0) -> Proposal:
    """Let the study's sampler propose a trial that the study has not heard of yet.

    Args:
        study: The study.
        number: The number the trial will have.
        space: What may vary.
        given: Values that are decided, by parameter.
        draw: Which of several proposals for the same trial is wanted; each draws from seeds of its own.

    Returns:
        The config, and Optuna's values and distributions by parameter.
    """
    params: dict[str, Any] = {}
    distributions: dict[str, BaseDistribution] = {}
    trial = FrozenTrial(
        number=number,
        state=TrialState.RUNNING,
        value=None,
        datetime_start=None,
        datetime_complete=None,
        params=params,
        distributions=distributions,
        user_attrs={},
        system_attrs={"fixed_params": dict(given), "draw": draw},
        intermediate_values={},
        trial_id=-1,
    )
    sampler = study.sampler
    jointly = sampler.sample_relative(study, trial, sampler.infer_relative_search_space(study, trial))

    def decide(name: str, distribution: BaseDistribution) -> Any:
        if name in given:
            value = given[name]
        elif name in jointly:
            value = jointly[name]
        else:
            value = sampler.sample_independent(study, trial, name, distribution)
        params[name], distributions[name] = value, distribution
        return value

    return walk(space, decide), params, distributions


def at_random(space: Space, rng: np.random.Generator) -> Config:
    """Draw a config from the whole space."""

    def decide(name: str, distribution: BaseDistribution) -> Any:
        one = axis(distribution)
        return one.value(one.anywhere(rng))

    return walk(space, decide)


def as_config(params: Mapping[str, Any], space: Space) -> Config:
    """Give the config whose parameters these are."""
    return walk(space, lambda name, distribution: params[name])


def as_parameters(config: Config, space: Space, belongs: Callable[[str], bool] = lambda name: True) -> dict[str, Any]:
    """Give the values of Optuna's parameters by which `config`, or a part of it, is proposed.

    Args:
        config: A complete config of the space.
        space: The space.
        belongs: Tells of a parameter's name whether it is to be part of it.
    """
    parameters: dict[str, Any] = {}

    def take(name: str, distribution: BaseDistribution) -> Any:
        parameters[name] = config[name.removesuffix("?")] != 0 if name.endswith("?") else config[name]
        return parameters[name]

    walk(space, take)
    return {name: value for name, value in parameters.items() if belongs(name.removesuffix("?"))}
