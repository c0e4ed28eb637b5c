"""The samplers by name, and how those of Optuna are made to draw a trial's values from that trial's own seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import optuna

from automl.study.seeds import seed_of_proposal
from automl.study.tpe import N_STARTUP, TPESampler

if TYPE_CHECKING:
    from collections.abc import Callable

    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial


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


def _random(seed: int) -> optuna.samplers.BaseSampler:
    return SeededSampler(lambda own: optuna.samplers.RandomSampler(seed=own), seed)


SAMPLERS: dict[str, Callable[[int], optuna.samplers.BaseSampler]] = {"tpe": TPESampler, "random": _random}
"""Makes a sampler from the study's seed; every draw is a function of it, the trial and the trials that are over."""


def draws_at_random(sampler: str, n_over: int) -> bool:
    """Whether a sampler draws from the whole space, whatever was found, when so many trials are over."""
    return sampler == "random" or n_over < N_STARTUP
