"""How configs are proposed: Optuna's samplers, each ask seeded by itself.

A sampler is not stored with its study, and one that is rebuilt with the study's seed would propose its first configs
again. Here every draw is a function of (study seed, trial number, parameter) and of the trials that are over: a
resumed study goes on as one that was never interrupted, even where the kill fell in the middle of an ask.
"""

from __future__ import annotations

import hashlib
import warnings
from typing import TYPE_CHECKING, Any, cast

import optuna
from optuna.trial import TrialState

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

_STARTUP_TRIALS = 10
_BEST = 150
_LATEST = 250


def seed_of(*parts: object) -> int:
    """Derive a seed of 32 bits from any parts; the same on every machine.

    Examples:
        >>> seed_of(0, "trial", 7) == seed_of(0, "trial", 7) != seed_of(0, "trial", 8)
        True
    """
    return int.from_bytes(hashlib.sha256("/".join(map(str, parts)).encode()).digest()[:4], "big")


def _tpe(seed: int) -> optuna.samplers.BaseSampler:
    """Tree-structured Parzen estimator over groups of parameters that occur together (Bergstra et al. 2011)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.TPESampler(
            multivariate=True, group=True, constant_liar=True, n_startup_trials=_STARTUP_TRIALS, seed=seed
        )


def _random(seed: int) -> optuna.samplers.BaseSampler:
    return optuna.samplers.RandomSampler(seed=seed)


SAMPLERS: dict[str, Callable[[int], optuna.samplers.BaseSampler]] = {"tpe": _tpe, "random": _random}


class Window:
    """A study as a sampler sees it: every trial that runs, the best that are over, and the latest that are over.

    What a Parzen estimator asks grows with the trials it looks at; the best and the latest tell it most.

    Args:
        study: The study.
        best: How many of the best it sees.
        latest: How many of the latest it sees.
    """

    def __init__(self, study: optuna.Study, best: int = _BEST, latest: int = _LATEST) -> None:
        self._study = study
        self._trials = _in_window(study, best, latest)

    def __getattr__(self, name: str) -> Any:
        """Be the study in everything else."""
        return getattr(self._study, name)

    def _get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None, use_cache: bool = False
    ) -> list[FrozenTrial]:
        return [trial for trial in self._trials if states is None or trial.state in states]

    def get_trials(self, deepcopy: bool = True, states: Container[TrialState] | None = None) -> list[FrozenTrial]:
        """Give the trials in the window, by number."""
        return self._get_trials(deepcopy, states)


def _in_window(study: optuna.Study, best: int, latest: int) -> list[FrozenTrial]:
    trials = study.get_trials(deepcopy=False)
    over = [trial for trial in trials if trial.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    if len(over) <= best + latest:
        return trials
    sign = -1.0 if study.direction == optuna.study.StudyDirection.MAXIMIZE else 1.0
    finished = [trial for trial in over if trial.state is TrialState.COMPLETE and trial.value is not None]
    leaders = sorted(finished, key=lambda trial: (sign * (trial.value or 0.0), trial.number))[:best]
    seen = {trial.number for trial in (*leaders, *over[-latest:])}
    return [trial for trial in trials if not trial.state.is_finished() or trial.number in seen]


class SeededSampler(optuna.samplers.BaseSampler):
    """Builds the named sampler anew for every decision, from a seed that belongs to that decision.

    Args:
        name: A key of `SAMPLERS`.
        seed: The study's seed.
    """

    def __init__(self, name: str, seed: int) -> None:
        self._make = SAMPLERS[name]
        self._seed = seed
        self._joint: optuna.samplers.BaseSampler | None = None
        self._seen: Window | None = None

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Say which parameters are proposed together."""
        self._joint = self._make(seed_of(self._seed, trial.number))
        self._seen = Window(study)
        return self._joint.infer_relative_search_space(cast("optuna.Study", self._seen), trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Propose those parameters together."""
        joint = self._joint or self._make(seed_of(self._seed, trial.number))
        seen = self._seen or Window(study)
        return joint.sample_relative(cast("optuna.Study", seen), trial, search_space)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Propose a parameter by itself."""
        alone = self._make(seed_of(self._seed, trial.number, param_name))
        seen = self._seen or Window(study)
        return alone.sample_independent(cast("optuna.Study", seen), trial, param_name, param_distribution)
