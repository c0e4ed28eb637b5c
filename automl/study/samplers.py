"""The samplers by name, which spaces each of them serves, and how Optuna's own draw from a trial's own seeds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import optuna

from automl.spaces.count import n_configs
from automl.spaces.domains import Float
from automl.study.gp import GPSampler
from automl.study.grid import MOST_CONFIGS, GridSampler
from automl.study.nsga2 import POPULATION, NSGA2Sampler
from automl.study.proposal import all_parameters, shared_parameters
from automl.study.qmc import QMCSampler
from automl.study.seeds import seed_of_proposal
from automl.study.tpe import N_STARTUP, TPESampler

if TYPE_CHECKING:
    from collections.abc import Callable

    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

    from automl.spaces.space import Space


class SeededSampler(optuna.samplers.BaseSampler):
    """Builds a sampler anew for every decision, from a seed that belongs to that decision.

    A sampler is not stored with its study, and one that is rebuilt with the study's seed would propose its first
    configs again.

    Args:
        make: Makes the sampler from a seed.
        seed: The study's seed.
    """

    def __init__(self, make: Callable[[int], optuna.samplers.BaseSampler], seed: int) -> None:
        self._make = make
        self._seed = seed

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Say which parameters are proposed together."""
        return self._make(seed_of_proposal(self._seed, trial)).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Propose those parameters together."""
        return self._make(seed_of_proposal(self._seed, trial)).sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Propose a parameter by itself."""
        sampler = self._make(seed_of_proposal(self._seed, trial, param_name))
        return sampler.sample_independent(study, trial, param_name, param_distribution)


def _tpe(seed: int, space: Space) -> optuna.samplers.BaseSampler:
    return TPESampler(seed)


def _random(seed: int, space: Space) -> optuna.samplers.BaseSampler:
    return SeededSampler(lambda own: optuna.samplers.RandomSampler(seed=own), seed)


SAMPLERS: dict[str, Callable[[int, Space], optuna.samplers.BaseSampler]] = {
    "tpe": _tpe,
    "random": _random,
    "gp": GPSampler,
    "qmc": QMCSampler,
    "nsga2": NSGA2Sampler,
    "grid": GridSampler,
}
"""Makes a sampler from the study's seed and space; every draw is a function of them, the trial and those before it."""

_AT_RANDOM = {"tpe": N_STARTUP, "random": math.inf, "gp": N_STARTUP, "qmc": 0, "nsga2": POPULATION, "grid": 0}
"""So many trials must be over before proposals are more than random draws."""


def draws_at_random(sampler: str, n_over: int) -> bool:
    """Whether a sampler draws from the whole space, whatever was found, when so many trials are over."""
    return n_over < _AT_RANDOM.get(sampler, N_STARTUP)


def refusal(sampler: str, space: Space) -> str | None:
    """Say why a sampler cannot search a space; None where it can."""
    if sampler == "gp" and not shared_parameters(space):
        return "gp models what every config has, and all that varies in it stands under conditions; use --sampler tpe"
    return _no_grid(space) if sampler == "grid" else None


def _no_grid(space: Space) -> str | None:
    flat = space.parameters_flat()
    continuous = [each.name for each in flat if isinstance(each.domain, Float) and each.domain.step is None]
    if continuous:
        return (
            f"grid tries every config, and there is no end of them in {', '.join(dict.fromkeys(continuous))}: give "
            "these a choice or a step, or use --sampler qmc, which spreads trials evenly"
        )
    size = n_configs(space)
    if size > MOST_CONFIGS:
        return (
            f"grid tries every config, and it has {size:,} of them, more than the {MOST_CONFIGS:,} that are listed: "
            "narrow it, or use --sampler qmc, which spreads trials evenly"
        )
    return None


def remark(sampler: str, space: Space) -> str | None:
    """Say what a person should know of how a sampler searches a space; None where there is nothing."""
    if sampler == "grid":
        return f"the grid has {n_configs(space):,} configs, each of which is tried once"
    n_hidden = len(_hidden(space)) if sampler == "gp" else 0
    if n_hidden:
        they = "parameter under conditions; it is" if n_hidden == 1 else "parameters under conditions; they are"
        return f"gp cannot see {n_hidden} {they} proposed by tpe"
    return None


def _hidden(space: Space) -> list[str]:
    """List the parameters whose values not every config has."""
    shared = shared_parameters(space)
    varying = (name for name, each in all_parameters(space).items() if not each.single())
    return [name for name in varying if name not in shared and not name.endswith("?")]
