"""How configs are proposed: Optuna's samplers, each ask seeded by itself.

A sampler is not stored with its study, and one that is rebuilt with the study's seed would propose its first configs
again. Here every draw is a function of (study seed, trial number, parameter) and of the trials that are over: a
resumed study goes on as one that was never interrupted, even where the kill fell in the middle of an ask.
"""

from __future__ import annotations

import hashlib
import warnings
from typing import TYPE_CHECKING, Any

import optuna

if TYPE_CHECKING:
    from collections.abc import Callable

    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

_STARTUP_TRIALS = 10


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

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Say which parameters are proposed together."""
        self._joint = self._make(seed_of(self._seed, trial.number))
        return self._joint.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Propose those parameters together."""
        joint = self._joint or self._make(seed_of(self._seed, trial.number))
        return joint.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Propose a parameter by itself."""
        alone = self._make(seed_of(self._seed, trial.number, param_name))
        return alone.sample_independent(study, trial, param_name, param_distribution)
