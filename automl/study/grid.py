"""Grid search as a sampler of Optuna's: every config of a discrete space once, in an order shuffled by the seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from automl.study.one_by_one import OneByOne
from automl.study.proposal import walk
from automl.study.seeds import seed_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

    from automl.spaces.space import Space
    from automl.trial import Scalar

    Cell = frozenset[tuple[str, str]]

MOST_CONFIGS = 20_000
"""Of more configs none are listed: nobody waits for the end of such a grid."""


class GridSampler(OneByOne):
    """Proposes the configs of a discrete space that no trial has had.

    Args:
        seed: What their order is drawn from.
        space: What may vary, without continuous ranges.
    """

    def __init__(self, seed: int, space: Space) -> None:
        configs = grid_of(space)
        order = np.random.default_rng(seed_of(seed, "grid")).permutation(len(configs))
        self._left = {_cell(configs[place]): configs[place] for place in order}
        self._n_seen = 0
        self._of: tuple[int, int] | None = None
        self._proposed: Mapping[str, Scalar] = {}

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Give the value that the trial's config has; where none is left that fits what is decided, any value."""
        of = (trial.number, trial.system_attrs.get("draw", 0))
        if self._of != of:
            left = self.left(study.get_trials(deepcopy=False), trial.system_attrs.get("fixed_params", {}))
            self._of, self._proposed = of, left[of[1] % len(left)] if left else {}
        if param_name in self._proposed:
            return self._proposed[param_name]
        return _values(param_distribution)[0]

    def left(self, trials: Sequence[FrozenTrial], given: Mapping[str, Any]) -> list[Mapping[str, Scalar]]:
        """List the configs that none of the trials has and that agree with what is decided, in their order.

        Args:
            trials: All trials of the study so far, by number, in whatever state.
            given: Values that are decided, by parameter.
        """
        for trial in trials[self._n_seen :]:
            self._left.pop(_cell(trial.params), None)
        self._n_seen = len(trials)
        wanted = _cell(given)
        return [config for cell, config in self._left.items() if wanted <= cell]


def grid_of(space: Space) -> list[dict[str, Scalar]]:
    """List every config of a discrete space by its parameters, those alone that are active in it.

    Examples:
        >>> from automl.spaces.read import read_space_text
        >>> text = "{name: s, space: {a: {choice: {x: {b: {int: [1, 2], default: 1}}, y: }, default: x}}}"
        >>> grid_of(read_space_text(text, "s.yaml"))
        [{'a': 'x', 'a.x.b': 1}, {'a': 'x', 'a.x.b': 2}, {'a': 'y'}]
    """
    configs = []
    places: list[int] | None = []
    while places is not None:
        config, places = _next(space, places)
        configs.append(config)
    return configs


def _next(space: Space, places: Sequence[int]) -> tuple[dict[str, Scalar], list[int] | None]:
    """Give the config at these places of the first parameters' values, and the places after it; None after the last."""
    config: dict[str, Scalar] = {}
    taken: list[tuple[int, int]] = []

    def decide(name: str, distribution: BaseDistribution) -> Any:
        values = _values(distribution)
        place = places[len(taken)] if len(taken) < len(places) else 0
        taken.append((place, len(values)))
        config[name] = values[place]
        return config[name]

    walk(space, decide)
    while taken and taken[-1][0] + 1 == taken[-1][1]:
        taken.pop()
    following = [place for place, _ in taken]
    return config, [*following[:-1], following[-1] + 1] if following else None


def _values(distribution: BaseDistribution) -> Sequence[Any]:
    """List the values of a discrete parameter; of a continuous one its least."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices
    if isinstance(distribution, IntDistribution):
        return range(distribution.low, distribution.high + 1, distribution.step)
    assert isinstance(distribution, FloatDistribution)
    n_steps = round((distribution.high - distribution.low) / distribution.step) if distribution.step else 0
    return [_rounded(distribution.low + place * (distribution.step or 0.0)) for place in range(n_steps + 1)]


def _rounded(value: float) -> float:
    """Give the same number for what differs in its last digits, as 0.1 + 0.2 and 0.3 do."""
    return float(f"{value:.12g}")


def _cell(params: Mapping[str, Any]) -> Cell:
    """Tell configs apart by their values, a step by the number that a person would write."""
    values = {name: _rounded(value) if isinstance(value, float) else value for name, value in params.items()}
    return frozenset((name, repr(value)) for name, value in values.items())
