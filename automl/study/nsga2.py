"""NSGA-II as a sampler of Optuna's: children of the trials that none beats in score and costs together.

What every config has is crossed and mutated by `optuna.samplers.NSGAIISampler` (Deb et al., IEEE TEC 2002). That one
draws what stands under conditions at random; here it comes from one of the parents that has it, but for mutations. The
generations follow from the trials that are over, in their order, so that a study goes on as if it was never stopped.
"""

from __future__ import annotations

import warnings
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import optuna
from optuna.trial import TrialState, create_trial

from automl.study.proposal import shared_parameters
from automl.study.scored import is_scored, values_of
from automl.study.seeds import seed_of_proposal

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

    from automl.spaces.space import Space

POPULATION = 20
"""Trials a generation; the first is drawn at random. Optuna's 50 are more than most studies here have in all."""
_MUTATED = 0.15
"""The share of the values under conditions that are drawn anew."""


class NSGA2Sampler(optuna.samplers.BaseSampler):
    """Proposes children of the best trials of earlier generations.

    Args:
        seed: What its draws come from.
        space: What may vary.
    """

    def __init__(self, seed: int, space: Space) -> None:
        self._seed = seed
        self._shared = shared_parameters(space)
        self._storage = optuna.storages.InMemoryStorage()
        self._memory: optuna.Study | None = None
        self._known: set[int] = set()
        self._generation = 0

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Name what every config has."""
        return self._shared

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Cross two parents in what every config has; in the first generation there are none."""
        memory = self._remember(study)
        self._parents(memory)
        child = copy(trial)
        child.system_attrs = {**trial.system_attrs, _key(): len(self._known) // POPULATION}
        return self._genetic(seed_of_proposal(self._seed, trial, "child")).sample_relative(memory, child, search_space)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Take the value of a parent that has one, or draw one where none has, or what is shared has mutated."""
        seed = seed_of_proposal(self._seed, trial, param_name)
        inherited = [] if param_name in self._shared else self._inherited(study, trial, param_name)
        if inherited and np.random.default_rng(seed).random() > _MUTATED:
            return inherited[0]
        anew = optuna.samplers.RandomSampler(seed=seed)
        return anew.sample_independent(study, trial, param_name, param_distribution)

    def _inherited(self, study: optuna.Study, trial: FrozenTrial, name: str) -> list[Any]:
        """Give the parents' values of a parameter, in an order of the parents that is the trial's own."""
        memory = self._remember(study)
        parents = self._parents(memory)
        order = np.random.default_rng(seed_of_proposal(self._seed, trial, "parents")).permutation(len(parents))
        return [parents[place].params[name] for place in order if name in parents[place].params]

    def _parents(self, memory: optuna.Study) -> list[FrozenTrial]:
        """Give the parents of the generation that is being made; none of the first.

        They are in another order when Optuna names them for the first time; hence all were named before they are used.
        """
        genetic, latest = self._genetic(0), len(self._known) // POPULATION
        while self._generation < latest:
            self._generation += 1
            genetic.get_parent_population(memory, self._generation)
        return genetic.get_parent_population(memory, latest)

    def _remember(self, study: optuna.Study) -> optuna.Study:
        """Keep the trials that are over in a study of its own, each in the generation that its place among them gives.

        Optuna would write the generations into the journal, where a kill leaves some of them.
        """
        new = [
            each
            for each in study.get_trials(deepcopy=False)
            if each.number not in self._known and is_scored(each, len(study.directions))
        ]
        if new or self._memory is None:
            # Opened anew, for an open study keeps to the trials that it had when it was asked for them first.
            self._memory = optuna.create_study(
                storage=self._storage, study_name="memory", directions=study.directions, load_if_exists=True
            )
        for each in new:
            self._memory.add_trial(_individual(each, len(self._known) // POPULATION))
            self._known.add(each.number)
        return self._memory

    def _genetic(self, seed: int) -> optuna.samplers.NSGAIISampler:
        return optuna.samplers.NSGAIISampler(population_size=POPULATION, seed=seed)


def _key() -> str:
    """Name the note by which Optuna knows a trial's generation."""
    return optuna.samplers.NSGAIISampler._get_generation_key()


def _individual(trial: FrozenTrial, generation: int) -> FrozenTrial:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that values of mixed kinds in a choice are not portable
        return create_trial(
            state=TrialState.COMPLETE,
            values=values_of(trial),
            params=trial.params,
            distributions=trial.distributions,
            system_attrs={_key(): generation},
        )
