"""A Gaussian process as a sampler of Optuna's: the score modelled over what every config has, improvement sought in it.

`optuna.samplers.GPSampler` does the modelling (with torch and scipy); trials that run are taken into account. What
stands under conditions has no place in such a model, and is proposed by the tree-structured Parzen estimator instead.
Every proposal is made by a model that is fitted anew, so that it is a function of the seed and the trials alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import optuna
from optuna.trial import TrialState, create_trial

from automl.study.proposal import shared_parameters
from automl.study.ranking import Ranking
from automl.study.scored import is_scored, values_of
from automl.study.seeds import seed_of_proposal
from automl.study.tpe import N_DRAWS, N_STARTUP, TPESampler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

    from automl.spaces.space import Space

_BEST, _LATEST = 100, 150
"""The window: so many of the best trials, and so many of the latest; a fit takes as long as the cube of their count."""
_LEAST_SCORED = 3
_N_CANDIDATES = 512


class GPSampler(optuna.samplers.BaseSampler):
    """Proposes what is likely to improve on the best trials, by a Gaussian process.

    Args:
        seed: What its draws come from.
        space: What may vary.
    """

    def __init__(self, seed: int, space: Space) -> None:
        self._seed = seed
        self._shared = shared_parameters(space)
        self._rest = TPESampler(seed)

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Name what every config has."""
        return self._shared

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Propose what every config has, as it goes with what is decided; nothing where too little is known."""
        draw = trial.system_attrs.get("draw", 0)
        given = {name: value for name, value in _given(trial).items() if name in search_space}
        trials = study.get_trials(deepcopy=False)
        n_over = sum(each.state.is_finished() for each in trials)
        scored = [each for each in trials if is_scored(each, len(study.directions))]
        if n_over < N_STARTUP or len(scored) < _LEAST_SCORED or draw >= N_DRAWS or len(given) == len(search_space):
            return {}
        running = [each for each in trials if not each.state.is_finished()]
        memory = self._memory(study, [*_window(scored, study), *running])
        memory.ask()
        chooser = _Chooser(seed_of_proposal(self._seed, trial, "gp"), given, is_first=draw == 0)
        return chooser.sample_relative(memory, memory.get_trials(deepcopy=False)[-1], search_space)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Let the Parzen estimator propose what the process cannot see."""
        return self._rest.sample_independent(study, trial, param_name, param_distribution)

    def _memory(self, study: optuna.Study, trials: list[FrozenTrial]) -> optuna.Study:
        """Keep trials in a study of its own by what every config has of them, those that are over as completed."""
        memory = optuna.create_study(directions=study.directions, sampler=optuna.samplers.RandomSampler(seed=0))
        for trial in trials:
            if self._shared.keys() <= trial.params.keys():
                is_over = trial.state.is_finished()
                memory.add_trial(
                    create_trial(
                        state=TrialState.COMPLETE if is_over else TrialState.RUNNING,
                        values=values_of(trial) if is_over else None,
                        params={name: trial.params[name] for name in self._shared},
                        distributions=self._shared,
                    )
                )
        return memory


class _Chooser(optuna.samplers.GPSampler):
    """Optuna's sampler, which seeks improvement also where something is decided, and more than one place of it.

    Args:
        seed: What its draws come from.
        given: Values that are decided.
        is_first: Whether this is the first proposal for its trial; others are the best of candidates of their own.
    """

    def __init__(self, seed: int, given: Mapping[str, Any], *, is_first: bool) -> None:
        super().__init__(seed=seed, n_startup_trials=0, warn_independent_sampling=False)
        self._given = given
        self._is_first = is_first

    def _optimize_acqf(self, acqf: Any, best_params: NDArray[np.float64] | None) -> NDArray[np.float64]:
        if self._is_first and not self._given:
            return super()._optimize_acqf(acqf, best_params)
        space = acqf.search_space
        candidates: NDArray[np.float64] = space.sample_normalized_params(_N_CANDIDATES, self._rng.rng)
        anywhere = space.get_unnormalized_param(candidates[0])
        decided = space.get_normalized_params([None], [{**anywhere, **self._given}])[0]
        for column, name in enumerate(anywhere):
            if name in self._given:
                candidates[:, column] = decided[column]
        chosen: NDArray[np.float64] = candidates[np.argmax(acqf.eval_acqf_no_grad(candidates))]
        return chosen


def _given(trial: FrozenTrial) -> Mapping[str, Any]:
    fixed: Mapping[str, Any] = trial.system_attrs.get("fixed_params", {})
    return fixed


def _window(scored: list[FrozenTrial], study: optuna.Study) -> list[FrozenTrial]:
    """Give some of the best trials and some of the latest, in their order."""
    ranking = Ranking(_BEST)
    ranking.add(scored, study.directions)
    wanted = {*ranking.leaders, *(trial.number for trial in scored[-_LATEST:])}
    return [trial for trial in scored if trial.number in wanted]
