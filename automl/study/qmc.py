"""Quasi-random search as a sampler of Optuna's: points of a Sobol sequence, scrambled by the study's seed.

They fill the space more evenly than random draws do (Bergstra & Bengio, JMLR 2012, section 4). Every parameter of the
space has a coordinate of its own, those under conditions too, whose coordinates are passed over where they are not
active. A trial's point is that of its number: several processes, or a study that goes on, repeat none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import optuna
from optuna.distributions import CategoricalDistribution

from automl.study.one_by_one import OneByOne
from automl.study.parzen import axis
from automl.study.proposal import all_parameters
from automl.study.seeds import seed_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

    from automl.spaces.space import Space


class QMCSampler(OneByOne):
    """Proposes the points of a scrambled Sobol sequence.

    Args:
        seed: What scrambles it.
        space: What may vary.
    """

    def __init__(self, seed: int, space: Space) -> None:
        self._seed = seed
        self._columns = {name: column for column, name in enumerate(all_parameters(space))}
        self._of: tuple[int, int] | None = None
        self._point: Sequence[float] = ()

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Give the value at the parameter's coordinate of the trial's point."""
        of = (trial.number, trial.system_attrs.get("draw", 0))
        if self._of != of:
            self._of, self._point = of, self._at(*of)
        place = self._point[self._columns[param_name]]
        if isinstance(param_distribution, CategoricalDistribution):
            return param_distribution.choices[int(place * len(param_distribution.choices))]
        return axis(param_distribution).value(place)

    def _at(self, number: int, draw: int) -> Sequence[float]:
        """Give a point of the sequence; further proposals for a trial come from sequences scrambled otherwise."""
        from scipy.stats.qmc import Sobol  # takes a second, and few studies need it

        sequence = Sobol(len(self._columns), scramble=True, seed=seed_of(self._seed, "sobol", draw))
        if number:
            sequence.fast_forward(number)
        point: Sequence[float] = sequence.random(1)[0]
        return point
